"""What each contact's own audio is cut from: wall time as the adapter tells it, as places in files.

Platforms record a call as one file, or as a few that have nothing to do with who spoke; an adapter
says what of them is heard in each contact.  Nothing here does I/O: the same draft and the same
files give the same plans, and so the same names of what is to be made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from catchment._catalogue.files import KnownFile
from catchment._catalogue.recordings import KnownRecording
from catchment._engine.sounds import find_sounds, list_gaps, list_offsets, read_line
from catchment._media.cut import EXACT
from catchment._media.mix import Piece
from catchment._recipes import CONTACT, is_alike
from catchment.model import Contact, Heard, InteractionDraft, Ref, Window

_FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ContactAudio:
    """How the audio of one contact is made.

    Attributes:
        contact_id: Whose audio.
        agent: Who the agent is in the directory.
        files: The originals that it is cut from, each once, in order of their time.
        pieces: What is heard when; ``source`` counts the files.
        window: From the first moment that was recorded of the contact to the last.
        gaps: When nothing was recorded in between.
        whole: It is all of one file, of which nothing needs to be made.
        recipe: Names how and of what it is made: another of either has another name.
    """

    contact_id: str
    agent: Ref | None
    files: tuple[KnownFile, ...]
    pieces: tuple[Piece, ...]
    window: Window
    gaps: tuple[Window, ...]
    whole: bool
    recipe: str


def plan_contacts(
    draft: InteractionDraft, recordings: Sequence[KnownRecording], files: Sequence[KnownFile]
) -> tuple[ContactAudio, ...]:
    """How to make the audio of each contact of *draft* of which anything is archived.

    Args:
        draft: What the interaction is.
        recordings: All its recordings.
        files: All their files, versions of one file in rising order.
    """
    if not any(contact.heard for contact in draft.contacts):
        return ()
    shelf = _Shelf(recordings, files)
    agents = {party.party_id: party.ref for party in draft.parties}
    plans = (_plan(contact, agents.get(contact.agent), shelf) for contact in draft.contacts)
    return tuple(plan for plan in plans if plan is not None)


def list_made(files: Sequence[KnownFile]) -> dict[str, str]:
    """The state of what was made for contacts so far, by recipe."""
    return {file.recipe: file.state for file in files if is_alike(file.recipe, CONTACT)}


def is_due(plans: Sequence[ContactAudio], files: Sequence[KnownFile]) -> bool:
    """Whether something is to be made, or was made that nobody wants any more."""
    return list_made(files).keys() != {plan.recipe for plan in plans}


@dataclass(frozen=True, slots=True)
class _Cut:
    """A stretch of wall time that a file holds, and where it begins inside the file."""

    file: KnownFile
    begins: timedelta
    window: Window


class _Shelf:
    """The files of an interaction, found as an adapter names them."""

    def __init__(self, recordings: Sequence[KnownRecording], files: Sequence[KnownFile]) -> None:
        self._recordings = {one.value.external_id: one for one in recordings}
        self._sounds = find_sounds(files)

    def list_cuts(self, heard: Heard, within: Window) -> Iterator[_Cut]:
        """What the file of *heard* holds of it inside *within*."""
        recording = self._recordings.get(heard.recording_id)
        file = self._sounds.get((recording.id, heard.file_id)) if recording else None
        if recording is None or file is None:
            return
        for begins, stretch in list_offsets(read_line(file, recording.value.occurred_at)):
            start = max(stretch.start, heard.window.start, within.start)
            end = min(stretch.end, heard.window.end, within.end)
            if start < end:
                yield _Cut(file, begins + (start - stretch.start), Window(start, end))

    def is_all(self, cut: _Cut) -> bool:
        """Whether *cut* is all of its file, as exactly as anything is cut."""
        began = next(
            one.value.occurred_at
            for one in self._recordings.values()
            if one.id == cut.file.recording_id
        )
        first, *others = read_line(cut.file, began)
        edges = (first.start - cut.window.start, first.end - cut.window.end)
        return not others and all(abs(edge) <= EXACT for edge in edges)


def _plan(contact: Contact, agent: Ref | None, shelf: _Shelf) -> ContactAudio | None:
    cuts = _list_cuts(contact, shelf)
    if not cuts:
        return None
    files = tuple({cut.file.id: cut.file for cut in cuts}.values())
    number = {file.id: at for at, file in enumerate(files)}
    zero = cuts[0].window.start
    pieces = tuple(
        Piece(number[cut.file.id], cut.begins, cut.window.length, cut.window.start - zero)
        for cut in cuts
    )
    # Times that were read back are equal to what was written, and look different.
    at = zero.astimezone(UTC).isoformat()
    made_of = [(file.sha256, file.described.channels) for file in files]
    told = (contact.contact_id, agent, made_of, at, pieces)
    digest = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
    return ContactAudio(
        contact_id=contact.contact_id,
        agent=agent,
        files=files,
        pieces=pieces,
        window=Window(zero, cuts[-1].window.end),
        gaps=list_gaps([cut.window for cut in cuts]),
        whole=len(cuts) == 1 and shelf.is_all(cuts[0]),
        recipe=f"{CONTACT}:{digest}",
    )


def _list_cuts(contact: Contact, shelf: _Shelf) -> list[_Cut]:
    """What is heard in *contact*, in order of time and never two at once."""
    cuts: list[_Cut] = []
    at, end = contact.start, contact.end or _FOREVER
    for heard in sorted(contact.heard, key=lambda one: one.window.start):
        if at >= end:
            break
        for cut in shelf.list_cuts(heard, Window(at, end)):
            at = cut.window.end
            last = cuts[-1] if cuts else None
            if last is not None and _follows(cut, last):
                cuts[-1] = replace(last, window=Window(last.window.start, cut.window.end))
            else:
                cuts.append(cut)
    return cuts


def _follows(cut: _Cut, last: _Cut) -> bool:
    """Whether *cut* goes on in the same file where *last* ends."""
    return (
        cut.file.id == last.file.id
        and cut.window.start == last.window.end
        and cut.begins == last.begins + last.window.length
    )
