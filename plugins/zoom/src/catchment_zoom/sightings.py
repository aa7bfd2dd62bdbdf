"""What Zoom lists, in our words: sightings of recordings.  Pure.

Archive files and cloud recordings of one meeting are two products with two id spaces (sheet 0,
fact 1), so they are two recordings that share the key ``("meeting", uuid)`` and hence one
interaction.  The archive's is called by the meeting's UUID, as it stands in Zoom's pages and in
people's lists; the cloud recording's is ``cloud:<uuid>``, and no UUID holds a colon.

A breakout room is a meeting of its own with its parent's UUID beside it (fact 9): it carries both
keys and so joins its parent, whichever of the two comes first, also when the parent never comes.
A meeting *number* is never a key: it is used again for other meetings (fact 20).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from catchment.errors import Unreachable
from catchment.model import FOR_EVER, Json, Key, Sighting
from catchment.payloads import read_as
from catchment_zoom.files import archive_state, cloud_state
from catchment_zoom.payloads import ArchiveMeeting, CloudFile, CloudMeeting

CLOUD = "cloud:"
MEETING = "meeting"


def split_id(external_id: str) -> tuple[bool, str]:
    """Whether *external_id* is a cloud recording's, and the meeting's UUID."""
    return external_id.startswith(CLOUD), external_id.removeprefix(CLOUD)


def map_archive_sighting(row: Json, fallback: datetime) -> Sighting:
    """A row of ``GET /archive_files``, or the answer of section 4, as a sighting.

    Args:
        row: The meeting, verbatim.
        fallback: When it began, if neither the meeting nor its files say so.

    Raises:
        Unreachable: The row has no UUID; passing over it would lose a meeting in silence.
    """
    meeting = read_as(ArchiveMeeting, row)
    _require(meeting.uuid)
    joined = [each.participant_join_time for each in meeting.archive_files]
    offered = meeting.status != "processing" or any(
        archive_state(each)[0] == "ready" for each in meeting.archive_files
    )
    return Sighting(
        external_id=meeting.uuid,
        occurred_at=meeting.start_time or _earliest(joined) or meeting.complete_time or fallback,
        keys=map_keys(meeting),
        revision=_revise(_archive_revision(meeting)),
        offered="ready" if offered else "not_yet",
        document=row,
    )


def map_cloud_sighting(row: Json, fallback: datetime) -> Sighting:
    """A row of a recordings list (5.1), or the answer of 5.3, as a sighting.

    Raises:
        Unreachable: The row has no UUID.
    """
    meeting = read_as(CloudMeeting, row)
    _require(meeting.uuid)
    files = (*meeting.recording_files, *meeting.participant_audio_files)
    begun = _earliest(each.recording_start for each in files)
    ready = any(cloud_state(each)[0] == "ready" for each in files)
    return Sighting(
        external_id=CLOUD + meeting.uuid,
        occurred_at=meeting.start_time or begun or fallback,
        keys=(Key(MEETING, meeting.uuid),),
        revision=_revise(_cloud_revision(meeting)),
        offered="ready" if ready else "not_yet",
        document=row,
        kept_until=read_kept_until(meeting),
    )


def read_kept_until(meeting: CloudMeeting) -> datetime | None:
    """When Zoom deletes a cloud recording, by its own word (5.1): not before that day begins.

    Each recording says so itself, and the account's time may have been another when it was made.
    """
    if meeting.auto_delete is False:
        return FOR_EVER
    return meeting.auto_delete_date


def map_keys(meeting: ArchiveMeeting) -> tuple[Key, ...]:
    """The meeting's own UUID, and of a breakout room its parent's."""
    parent = meeting.parent_meeting_id
    own = Key(MEETING, meeting.uuid)
    return (own, Key(MEETING, parent)) if parent and parent != meeting.uuid else (own,)


def _require(uuid: str) -> None:
    if not uuid:
        raise Unreachable("Zoom listed a meeting without a UUID, which cannot be told from others")


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _revise(said: object) -> str:
    text = json.dumps(said, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _archive_revision(meeting: ArchiveMeeting) -> object:
    """What makes a new revision; no link, and nothing that depends on the order of files."""
    files = [
        (
            f.id,
            f.file_type,
            f.status,
            f.file_size or 0,
            f.encryption_fingerprint,
            bool(f.download_url),
        )
        for f in meeting.archive_files
    ]
    return (
        meeting.status,
        meeting.complete_time,
        meeting.topic,
        meeting.duration_in_second,
        sorted(files),
        sorted((f.file_id, f.file_size or 0) for f in meeting.physical_files),
    )


def _cloud_revision(meeting: CloudMeeting) -> object:
    """Count and size include participants' own audio, which the listing does not name (5.3)."""
    files = [
        (f.id, f.file_type, f.recording_type, f.status, f.file_size or 0, _stretch(f))
        for f in meeting.recording_files
    ]
    return (
        meeting.topic,
        meeting.duration,
        meeting.recording_count,
        meeting.total_size,
        sorted(files),
    )


def _stretch(file: CloudFile) -> str:
    return f"{file.recording_start}/{file.recording_end}"


def ended_at(row: Json, began_at: datetime) -> datetime:
    """When the platform was done with the meeting in *row*, as far as it says, for judging age."""
    archived = read_as(ArchiveMeeting, row)
    lasted = timedelta(seconds=max(archived.duration_in_second or 0, 0))
    stopped = [each.recording_end for each in read_as(CloudMeeting, row).recording_files]
    known = [began_at + lasted, archived.complete_time, *stopped]
    return max(moment for moment in known if moment)
