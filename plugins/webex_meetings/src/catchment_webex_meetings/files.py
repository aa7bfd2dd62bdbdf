"""The files of a recording, in our words: kinds, links, and which time each covers.  Pure.

The details' links are pre-signed: no bearer goes to the media hosts, which would answer it with a
sign-in page (sheet 4.4).  A transcript of the meeting is the opposite: it needs the bearer, at the
API alone (6).  ``sizeBytes`` is not known to be exact, so it is told and not insisted on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from catchment.model import Json, MediaFile, Timeline, Way, Window
from catchment.payloads import read_as
from catchment_webex_meetings import wire
from catchment_webex_meetings.payloads import Links, RecordingRow, Transcripts

VIDEO = "video"
AUDIO = "audio"
TRANSCRIPT = "transcript"
MEETING_TRANSCRIPT = "meeting_transcript:"
CHAT = "chat"
CAPTIONS = "captions"

_FILMS = ("mp4", "mov", "m4v", "avi", "mkv", "webm", "wmv", "flv", "mpg", "mpeg", "ts")
_ARF_NOTE = "Webex's own format, which only Cisco's converter reads; it is kept as it is."


def map_recording_files(recording: RecordingRow, links: Links) -> Iterator[MediaFile]:
    """The recording's film, and the transcript of the recording."""
    yield _map_film(recording, links)
    if recording.format == "ARF" and links.audio_download_link:
        # The film cannot be played, so its sound is worth having as Webex hands it out.
        yield MediaFile(
            AUDIO,
            "audio",
            "mp3",
            ways=_ways(links.audio_download_link),
            timeline=map_timeline(recording),
        )
    if links.transcript_download_link:
        yield MediaFile(TRANSCRIPT, "transcript", "vtt", ways=_ways(links.transcript_download_link))


def _map_film(recording: RecordingRow, links: Links) -> MediaFile:
    link = links.recording_download_link
    arf = recording.format == "ARF"
    extra: dict[str, Any] = {"format": recording.format} if recording.format else {}
    if recording.size_bytes is not None:
        extra["size_bytes_told"] = recording.size_bytes
    if arf:
        extra["note_on_format"] = _ARF_NOTE
    return MediaFile(
        VIDEO,
        "attachment" if arf else "video",
        _form(recording),
        offered="ready" if link else "not_yet",
        why="" if link else "Webex gives no link to this file yet",
        ways=_ways(link),
        timeline=map_timeline(recording),
        name=recording.topic or None,
        extra=extra,
    )


def _form(recording: RecordingRow) -> str:
    """An uploaded file may be any container (4.4): its name says which, or its content must."""
    if recording.format == "ARF":
        return "arf"
    if recording.format != "UPLOADED":
        return "mp4"
    suffix = recording.topic.rpartition(".")[2].lower() if "." in recording.topic else ""
    return suffix if suffix in _FILMS else "bin"


def map_timeline(recording: RecordingRow) -> Timeline:
    """From when the record button was pressed; a pause does not split and is not told (4.5)."""
    start, seconds = recording.time_recorded, recording.duration_seconds
    if start is None or not seconds or seconds < 0:
        return Timeline()
    return Timeline((Window(start, start + timedelta(seconds=seconds)),), "declared")


def map_meeting_transcripts(
    document: Json | None, api_url: str, host_email: str
) -> Iterator[MediaFile]:
    """The transcripts of the meeting, each at the API and with the bearer (6)."""
    for each in read_as(Transcripts, document).items:
        if not each.id or each.status == "deleted":
            continue
        url = wire.build_transcript_url(api_url, each.id, host_email)
        yield MediaFile(
            MEETING_TRANSCRIPT + each.id, "transcript", "vtt", ways=(Way(url=url, auth=True),)
        )


def map_captions(document: Json | None, api_url: str, meeting_id: str) -> Iterator[MediaFile]:
    """The captions of the meeting, at the API and with the bearer (7); one set, as a rule."""
    for number, each in enumerate(read_as(Transcripts, document).items):
        if each.id:
            url = wire.build_captions_url(api_url, each.id, meeting_id)
            yield MediaFile(
                f"{CAPTIONS}:{each.id}" if number else CAPTIONS,
                "captions",
                "vtt",
                ways=(Way(url=url, auth=True),),
            )


def map_chat(data: bytes | None) -> Iterator[MediaFile]:
    """The chat as Webex's own JSON; nothing if nobody wrote anything.

    The hash is told, so that what was written later is seen to be another content.
    """
    if data:
        sha256 = hashlib.sha256(data).hexdigest()
        yield MediaFile(CHAT, "chat", "json", inline=data, sha256=sha256)


def is_first(recording: RecordingRow, parts: Sequence[RecordingRow]) -> bool:
    """Whether *recording* is the first of its meeting's *parts*, which has the meeting's files.

    A part that does not know its meeting (4.3) cannot have them.
    """
    others = [part.rank for part in parts if part.meeting_id and part.id != recording.id]
    return all(recording.rank < other for other in others)


def _ways(link: str) -> tuple[Way, ...]:
    """The pre-signed link, without the bearer; whether ``Range`` works is not known (4.4)."""
    return (Way(url=link, auth=False),) if re.match(r"https?://", link) else ()
