"""The files of a recording, a transcript or a voicemail, in our words (3.7, 3.8).  Pure.

No table tells when a recording begins or ends, so that its time line is a guess from the books: it
is nearly always one file of the complete call (4.1), from the first agent's answer or from the
call's own beginning, as the settings say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from catchment.model import Bundle, Kind, MediaFile, Recording, Timeline, Window
from catchment_dynamics.choices import Choices
from catchment_dynamics.notes import describe_notes
from catchment_dynamics.offer import Offer, Offers
from catchment_dynamics.sightings import FILES, RECORDING, TRANSCRIPT
from catchment_dynamics.stays import list_presences
from catchment_dynamics.view import View

AUDIO, METADATA = "recording", "metadata"
"""File ids of a recording: its sound, and the side file of which nothing is told (3.7)."""

_SOUND, _SIDE = FILES[RECORDING]
_COLUMN_PREFIX = "msdyn_"
_SOUNDS = ("mp4", "m4a", "mp3", "wav", "ogg", "webm", "aac")
_TEXTS = ("json", "txt", "html", "vtt")
_TYPES = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}


def describe_recording(
    recording: Recording, offers: Offers, settings: Choices
) -> tuple[MediaFile, ...]:
    """The sound and its side file.

    A side file that is not there is not waited for: when it comes, the row has a new revision.  One
    that is there and cannot be had is told, with the reason.

    Args:
        recording: With the documents of ``fetch_metadata``.
        offers: What the File columns hold now.
        settings: Where recordings of this environment begin.
    """
    view = View.of(Bundle((recording,)))
    timeline = guess_timeline(view, recording.external_id, settings.recording_begins)
    files = []
    if _SOUND in offers:
        form = _read_form(offers[_SOUND], _SOUNDS, "mp4")
        files.append(_describe(offers[_SOUND], AUDIO, "audio", form, timeline))
    side = offers.get(_SIDE)
    if side is not None and side.there:
        files.append(_describe(side, METADATA, "attachment", _read_form(side, _TEXTS, "json")))
    return tuple(files)


def describe_transcript(recording: Recording, offers: Offers) -> tuple[MediaFile, ...]:
    """The transcripts in File columns, and what stands in notes (document ``notes``) (3.8).

    A file that cannot be had is told, with the reason, and stops nothing else.
    """
    found = [
        _describe(offer, column.removeprefix(_COLUMN_PREFIX), "transcript", form)
        for column in FILES[TRANSCRIPT]
        if (offer := offers.get(column)) is not None and offer.there
        for form in [_read_form(offer, _TEXTS, "json")]
    ]
    return (*found, *describe_notes(recording.documents.get("notes")))


def describe_voicemail(offers: Offers) -> tuple[MediaFile, ...]:
    """One file for each File column; what is no text is taken for the message itself.

    A column that stays empty is only waited for while none has anything.
    """
    there = [column for column in sorted(offers) if offers[column].there]
    return tuple(_describe_message(offers[column]) for column in there or sorted(offers))


def _describe_message(offer: Offer) -> MediaFile:
    text = _read_extension(offer.name or "")
    if text in _TEXTS:
        return _describe(offer, offer.file_column, "transcript", text)
    form = _TYPES.get((offer.media_type or "").partition(";")[0].strip().lower(), "mp4")
    return _describe(offer, offer.file_column, "audio", _read_form(offer, _SOUNDS, form))


def _describe(
    offer: Offer, file_id: str, kind: Kind, form: str, timeline: Timeline | None = None
) -> MediaFile:
    """A file; the GUID in its column makes it a new one when the platform replaces it."""
    ready = offer.offered == "ready"
    return MediaFile(
        file_id=file_id,
        kind=kind,
        form=form,
        offered=offer.offered,
        why="" if ready else offer.why or "the platform has not stored the file yet",
        ways=offer.ways,
        timeline=timeline or Timeline(),
        size_bytes=offer.size_bytes,
        media_type=offer.media_type,
        name=offer.name,
        extra={"column": offer.file_column, "file": offer.file_id},
    )


def _read_form(offer: Offer, known: Collection[str], otherwise: str) -> str:
    found = _read_extension(offer.name or "")
    return found if found in known else otherwise


def _read_extension(name: str) -> str:
    found = name.rpartition(".")[2].strip().lower()
    return "html" if found == "htm" else found


# --- time lines -----------------------------------------------------------------------------------


def guess_timeline(view: View, recording_id: str, begins: str) -> Timeline:
    """Which wall time a recording covers, as far as the books tell it (4.1).

    Of as many recordings as agents had the call, each is one agent's, in order.  Of any other
    number only their order is known: each is given its share of the call, one after the other, so
    that none is laid over another.

    Args:
        view: The conversation.
        recording_id: Which of its recordings.
        begins: ``"answer"`` or ``"call"``, as the setting says.
    """
    number, place = len(view.siblings), 0
    if number > 1 and recording_id in view.siblings:
        stretches, place = list_stretches(view), view.siblings.index(recording_id)
        if len(stretches) == number:
            return Timeline((stretches[place],), "guessed")
    else:
        number = 1
    start = view.began if begins == "call" else view.answered
    end = view.ended
    if start is None or end is None or end <= start:
        return Timeline()
    share = (end - start) / number
    return Timeline((Window(start + place * share, start + (place + 1) * share),), "guessed")


def list_stretches(view: View) -> list[Window]:
    """When each primary agent had the call, by start: one stretch for each session taken."""
    found = [window for window in map(_build_window, _list_times(view)) if window is not None]
    return sorted(found, key=lambda window: (window.start, window.end))


def _list_times(view: View) -> Iterator[tuple[datetime | None, datetime | None]]:
    """From when to when each session was taken: by its participant, else as it tells itself."""
    told: dict[str, tuple[datetime | None, datetime | None]] = {}
    for one in list_presences(view):
        if view.is_agent(one.participant) and one.participant.is_primary:
            told[one.participant.session_id] = (one.start, one.end or view.ended)
    yield from told.values()
    for session in view.taken:
        if session.session_id not in told:
            yield session.accepted, session.closed or view.ended


def _build_window(times: tuple[datetime | None, datetime | None]) -> Window | None:
    start, end = times
    return Window(start, end) if start and end and start < end else None
