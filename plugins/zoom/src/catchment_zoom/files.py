"""The files of a recording, in our words: kinds, states, links, and which time each covers.  Pure.

A file is described and not downloaded; whether it can be, and if not why, stands in ``offered``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from catchment.model import Json, Kind, MediaFile, Ref, Timeline, Way, Window
from catchment.payloads import read_as
from catchment_zoom.payloads import (
    ArchiveFile,
    ArchiveMeeting,
    CloudFile,
    CloudMeeting,
    PhysicalFile,
)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KINDS: dict[str, Kind] = {
    "MP4": "video",
    "M4A": "audio",
    "CHAT": "chat",
    "CHAT_MESSAGE": "chat",
    "CC": "captions",
    "TRANSCRIPT": "transcript",
}
_FORMS = {"CHAT": "txt", "CC": "vtt", "TB": "jpg", "MP4": "mp4", "M4A": "m4a", "CSV": "csv"}
_WITHOUT_STATUS = ("CC", "TIMELINE")

Offered = Literal["ready", "not_yet", "failed"]
State = tuple[Offered, str]
READY: State = ("ready", "")


def map_archive_files(row: Json, *, compare: bool = True) -> tuple[MediaFile, ...]:
    """Every file of an archived meeting (3.2), and what was exchanged in its chat.

    Args:
        row: The meeting, verbatim.
        compare: Hand on Zoom's fingerprint as a claim to compare; it never refuses a file (3.4).
    """
    meeting = read_as(ArchiveMeeting, row)
    archived = [_map_archive_file(each, meeting, compare) for each in meeting.archive_files]
    chatted = [_map_physical_file(each, meeting.uuid) for each in meeting.physical_files]
    return _distinct([*archived, *chatted])


def map_cloud_files(row: Json) -> tuple[MediaFile, ...]:
    """Every file of a cloud recording, with participants' own audio where there is any (5.3)."""
    meeting = read_as(CloudMeeting, row)
    files = [_map_cloud_file(each, meeting.uuid) for each in meeting.recording_files]
    voices = [
        _map_cloud_file(each, meeting.uuid, individual=True)
        for each in meeting.participant_audio_files
    ]
    return _distinct([*files, *voices])


def archive_state(file: ArchiveFile) -> State:
    """Whether *file* can be fetched, and if not, why (3.2)."""
    if file.status == "failed":
        return "failed", "Zoom could not archive this file"
    if file.status == "processing" or (not file.status and not file.file_size):
        return "not_yet", "Zoom is still processing this file"
    return _reachable(file.download_url, file.file_path)


def cloud_state(file: CloudFile) -> State:
    """Whether *file* can be fetched, and if not, why (5.1).

    A running recording has an empty type and no end.  ``CC`` and ``TIMELINE`` may come without
    status and size although they are complete; for all others an empty status is believed only
    beside a size.
    """
    if file.status == "failed":
        return "failed", "Zoom could not make this file"
    if not file.file_type or (file.recording_end is None and file.status != "completed"):
        return "not_yet", "the recording is still running"
    settled = file.file_size or file.file_type in _WITHOUT_STATUS
    if file.status == "processing" or (not file.status and not settled):
        return "not_yet", "Zoom is still processing this file"
    return _reachable(file.download_url, file.file_path)


def _reachable(url: str, path: str) -> State:
    if url:
        return READY
    if path:
        return "failed", "Zoom keeps this file on the account's own premises and offers no link"
    return "not_yet", "Zoom offers no link to this file yet"


def _map_archive_file(file: ArchiveFile, meeting: ArchiveMeeting, compare: bool) -> MediaFile:
    offered, why = archive_state(file)
    begun = file.participant_join_time
    file_id = file.id or _synthesise(meeting.uuid, file.file_type, _stamp(begun))
    claimed = file.encryption_fingerprint.lower()
    return MediaFile(
        file_id=file_id,
        kind=_kind(file.file_type, file.recording_type),
        form=_form(file.file_type, file.file_extension),
        offered=offered,
        why=why,
        ways=_ways(file.download_url, offered),
        of=_owner(file, file_id) if file.individual else None,
        timeline=_timeline(begun, file.participant_leave_time),
        size_bytes=file.file_size or None,
        claimed_sha256=claimed if compare and _SHA256.fullmatch(claimed) else None,
        extra=_extra(
            file_type=file.file_type,
            recording_type=file.recording_type,
            individual=file.individual,
            encryption_fingerprint=file.encryption_fingerprint,
            number_of_messages=file.number_of_messages,
            storage_location=file.storage_location,
        ),
    )


def _map_physical_file(file: PhysicalFile, uuid: str) -> MediaFile:
    offered, why = _reachable(file.download_url, file.file_path)
    suffix = file.file_name.rpartition(".")[2] if "." in file.file_name else ""
    return MediaFile(
        file_id=file.file_id or _synthesise(uuid, "PHYSICAL", file.file_name),
        kind="attachment",
        form=suffix.lower() if suffix.isascii() and suffix.isalnum() else "bin",
        offered=offered,
        why=why,
        ways=_ways(file.download_url, offered),
        size_bytes=file.file_size or None,
        name=file.file_name or None,
    )


def _map_cloud_file(file: CloudFile, uuid: str, *, individual: bool = False) -> MediaFile:
    offered, why = cloud_state(file)
    file_id = file.id or _synthesise(uuid, file.file_type, _stamp(file.recording_start))
    return MediaFile(
        file_id=file_id,
        kind=_kind(file.file_type, file.recording_type),
        form=_form(file.file_type, file.file_extension),
        offered=offered,
        why=why,
        ways=_ways(file.download_url, offered),
        of=Ref("stream", file_id) if individual else None,
        timeline=_timeline(file.recording_start, file.recording_end),
        size_bytes=file.file_size or None,
        name=file.file_name or None,
        extra=_extra(
            file_type=file.file_type,
            recording_type=file.recording_type,
            individual=individual,
        ),
    )


def _owner(file: ArchiveFile, file_id: str) -> Ref:
    """Whose stream it is; a guest has no address (6.3), but is not everybody either."""
    email = file.participant_email.strip().lower()
    return Ref("email", email) if email else Ref("stream", file_id)


def _kind(file_type: str, recording_type: str) -> Kind:
    """Views of a cloud recording differ only in ``recording_type``; new ones keep coming (5.1)."""
    if file_type == "MP4" and recording_type == "shared_screen":
        return "screen"
    if not file_type:
        return "video"  # still running: what it will be is not told yet
    return _KINDS.get(file_type, "attachment")


def _form(file_type: str, extension: str) -> str:
    """By the extension: one ``TRANSCRIPT`` is VTT and another JSON (9.4)."""
    if extension:
        return extension.lower()
    return _FORMS.get(file_type, "bin")


def _ways(url: str, offered: Offered) -> tuple[Way, ...]:
    """The link with the bearer (6.2, rule 1); whether ``Range`` works is not known (rule 8)."""
    return (Way(url=url, auth=True),) if url and offered == "ready" else ()


def _timeline(start: datetime | None, end: datetime | None) -> Timeline:
    if start is None or end is None or end < start:
        return Timeline()
    return Timeline((Window(start, end),), "declared")


def _extra(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None, False)}


_SEAM = ":"
"""Joins the parts of ids of our own making; Zoom's own ids never hold it (1.1)."""


def _synthesise(*parts: str) -> str:
    """An id for a file that Zoom gave none: meeting, type and begin (5.1)."""
    return _SEAM.join(parts)


def _stamp(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def _distinct(files: Iterable[MediaFile]) -> tuple[MediaFile, ...]:
    """*files* with ids of their own, in an order that does not depend on Zoom's."""
    ordered = sorted(files, key=_rank)
    groups = groupby(ordered, key=lambda file: file.file_id)
    return tuple(file for file_id, group in groups for file in _tell_apart(file_id, list(group)))


def _rank(file: MediaFile) -> tuple[str, bool, str, str, int]:
    kind_of_view = str(file.extra.get("recording_type"))
    unready = file.offered != "ready"
    return file.file_id, unready, file.form, kind_of_view, file.size_bytes or 0


def _tell_apart(file_id: str, files: list[MediaFile]) -> Iterator[MediaFile]:
    """One file named twice is one; two files without an id that are otherwise alike are two."""
    yield files[0]
    if _SEAM in file_id:
        for count, file in enumerate(files[1:], start=2):
            yield replace(file, file_id=f"{file_id}#{count}")
