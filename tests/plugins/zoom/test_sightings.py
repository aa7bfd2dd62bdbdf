"""From Zoom's rows to sightings: identity, keys, revision, and what is missing in rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catchment.errors import Unreachable
from catchment.model import FOR_EVER, Key
from catchment_zoom.sightings import (
    ended_at,
    map_archive_sighting,
    map_cloud_sighting,
    split_id,
)

FALLBACK = datetime(2026, 10, 1, tzinfo=UTC)
UUID = "/kQ7v//9TtK2mZpB3uXy4w=="
ROOM = "Yt3mWq0RS5eG8hJk2LxNvA=="


def file(**changed: object) -> dict[str, Any]:
    """One of ``archive_files[]``."""
    return {
        "id": "5c1f0a52",
        "file_type": "MP4",
        "file_extension": "MP4",
        "file_size": 48210553,
        "status": "completed",
        "participant_join_time": "2026-10-13T08:00:09Z",
        "participant_leave_time": "2026-10-13T08:45:15Z",
        "encryption_fingerprint": "3f" * 32,
        "download_url": "https://zoom.us/rec/archive/download/a.b",
    } | changed


def meeting(*files: dict[str, Any], **changed: object) -> dict[str, Any]:
    """One of ``meetings[]`` of the archive."""
    return {
        "uuid": UUID,
        "id": 84411220937,
        "host_id": "_pL3xWq7RZmT0aVb9cKd2g",
        "topic": "Desk call / EMEA ✓",
        "type": 8,
        "meeting_type": "internal",
        "start_time": "2026-10-13T08:00:04Z",
        "duration": 30,
        "duration_in_second": 2711,
        "complete_time": "2026-10-13T09:21:40Z",
        "status": "completed",
        "is_breakout_room": False,
        "archive_files": list(files) or [file()],
    } | changed


def cloud_file(**changed: object) -> dict[str, Any]:
    """One of ``recording_files[]``."""
    return {
        "id": "d3f1a0b2",
        "recording_start": "2026-10-12T14:00:10Z",
        "recording_end": "2026-10-12T14:43:59Z",
        "file_type": "MP4",
        "file_size": 119941,
        "download_url": "https://us06web.zoom.us/rec/download/x.y",
        "status": "completed",
    } | changed


def cloud(*files: dict[str, Any], **changed: object) -> dict[str, Any]:
    """One of ``meetings[]`` of a recordings list."""
    return {
        "uuid": UUID,
        "id": 91234567890,
        "start_time": "2026-10-12T14:00:02Z",
        "duration": 44,
        "recording_count": 1,
        "total_size": 119941,
        "recording_files": list(files) or [cloud_file()],
    } | changed


def test_two_products_of_one_meeting_are_two_recordings_under_one_key() -> None:
    """Archive files and cloud recordings differ in ids and become one interaction (fact 1)."""
    archived = map_archive_sighting(meeting(), FALLBACK)
    recorded = map_cloud_sighting(cloud(), FALLBACK)
    assert (archived.external_id, recorded.external_id) == (UUID, f"cloud:{UUID}")
    assert archived.keys == recorded.keys == (Key("meeting", UUID),)
    assert split_id(archived.external_id) == (False, UUID)
    assert split_id(recorded.external_id) == (True, UUID)


def test_the_document_is_the_row_verbatim() -> None:
    """What we do not understand today is kept as it came."""
    row = meeting(brand_new={"x": [1]})
    assert map_archive_sighting(row, FALLBACK).document == row


def test_a_breakout_room_joins_its_parent() -> None:
    """A room is a record of its own that names its parent by UUID (fact 9); both are keys."""
    room = map_archive_sighting(
        meeting(uuid=ROOM, is_breakout_room=True, type=100, parent_meeting_id=UUID), FALLBACK
    )
    assert room.external_id == ROOM
    assert set(room.keys) == {Key("meeting", ROOM), Key("meeting", UUID)}


def test_a_meeting_number_is_never_a_key() -> None:
    """One number has many meetings (fact 20)."""
    sightings = map_archive_sighting(meeting(), FALLBACK), map_cloud_sighting(cloud(), FALLBACK)
    assert all(key.value == UUID for sighting in sightings for key in sighting.keys)


@pytest.mark.parametrize("removed", ["absent", None, "", 0])
def test_an_external_meeting_is_read_whatever_stands_for_its_removed_fields(
    removed: object,
) -> None:
    """Absent, null, ``""`` and 0 are one revision and one sighting (fact 8, 3.2)."""
    gone = ("id", "host_id", "topic")
    row = meeting(meeting_type="external", **dict.fromkeys(gone, removed))
    if removed == "absent":
        row = {name: value for name, value in row.items() if name not in gone}
    sighting = map_archive_sighting(row, FALLBACK)
    plain = map_archive_sighting(meeting(meeting_type="external", topic=""), FALLBACK)
    assert sighting.external_id == UUID
    assert sighting.revision == plain.revision


@pytest.mark.parametrize("status", ["completed", "archived some new way", ""])
def test_what_is_not_processing_may_have_something(status: str) -> None:
    """Enums are open: only ``processing`` means wait (fact 11)."""
    assert map_archive_sighting(meeting(status=status), FALLBACK).offered == "ready"


@pytest.mark.parametrize(
    "processing",
    [
        file(status="processing", file_size=0, download_url="", encryption_fingerprint=""),
        {"id": "5c1f0a52", "status": "processing"},
    ],
)
@pytest.mark.parametrize("complete_time", ["", None, "absent"])
def test_a_meeting_in_processing_is_sighted_and_not_ready(
    processing: dict[str, Any], complete_time: object
) -> None:
    """It has an empty ``complete_time`` (fact 10); empty strings, zeros and absence are alike."""
    row = meeting(processing, status="processing", complete_time=complete_time)
    assert map_archive_sighting(row, FALLBACK).offered == "not_yet"


def test_a_completed_file_of_a_meeting_in_processing_can_be_had() -> None:
    """Files are ingested one by one (section 11, point 5)."""
    row = meeting(file(), file(id="2", status="processing"), status="processing")
    assert map_archive_sighting(row, FALLBACK).offered == "ready"


def test_links_and_order_make_no_new_revision() -> None:
    """Links change by themselves and the order of files means nothing, so neither is work."""
    one = meeting(file(), file(id="2"))
    other = meeting(file(id="2", download_url="https://zoom.us/rec/archive/download/z"), file())
    assert map_archive_sighting(one, FALLBACK).revision == (
        map_archive_sighting(other, FALLBACK).revision
    )
    first, second = cloud(share_url="https://a"), cloud(share_url="https://b")
    assert map_cloud_sighting(first, FALLBACK).revision == (
        map_cloud_sighting(second, FALLBACK).revision
    )


@pytest.mark.parametrize(
    "news",
    [
        meeting(file(), file(id="2")),
        meeting(file(status="failed")),
        meeting(file(file_size=1)),
        meeting(file(encryption_fingerprint="00" * 32)),
        meeting(status="processing"),
        meeting(complete_time="2026-10-13T10:00:00Z"),
        meeting(topic="Renamed"),
        meeting(physical_files=[{"file_id": "x", "file_size": 1}]),
    ],
)
def test_news_of_an_archived_meeting_make_a_new_revision(news: dict[str, Any]) -> None:
    """Files are added later under the same UUID (fact 18): a changed row is looked at again."""
    assert map_archive_sighting(news, FALLBACK).revision != (
        map_archive_sighting(meeting(), FALLBACK).revision
    )


@pytest.mark.parametrize(
    "news",
    [
        cloud(cloud_file(), cloud_file(id="2", file_type="TRANSCRIPT")),
        cloud(cloud_file(status="processing")),
        cloud(recording_count=3),
        cloud(total_size=240000),
    ],
)
def test_news_of_a_cloud_recording_make_a_new_revision(news: dict[str, Any]) -> None:
    """Count and size include participants' own audio, which no listing names (5.3)."""
    assert map_cloud_sighting(news, FALLBACK).revision != (
        map_cloud_sighting(cloud(), FALLBACK).revision
    )


def test_a_running_recording_is_not_ready() -> None:
    """Empty type, extension and end, and a size of 0 (fact 19)."""
    running = cloud_file(file_type="", file_extension="", recording_end="", file_size=0)
    for status in ("processing", ""):
        row = cloud(running | {"status": status})
        assert map_cloud_sighting(row, FALLBACK).offered == "not_yet"


def test_a_meeting_without_start_begins_with_its_first_file() -> None:
    """The watermark is told in this time, so the best that is known is taken."""
    joined = datetime(2026, 10, 13, 8, 0, 9, tzinfo=UTC)
    assert map_archive_sighting(meeting(start_time=""), FALLBACK).occurred_at == joined
    bare = {"uuid": UUID, "status": "processing"}
    assert map_archive_sighting(bare, FALLBACK).occurred_at == FALLBACK


@pytest.mark.parametrize("row", [meeting(uuid=""), {}, meeting(uuid=None)])
def test_a_row_without_uuid_fails_the_listing(row: dict[str, Any]) -> None:
    """Silently missed recordings are worse than a feed that stands still and says why."""
    with pytest.raises(Unreachable):
        map_archive_sighting(row, FALLBACK)


def test_age_counts_from_the_end() -> None:
    """A long meeting that has just finished is young (8.3)."""
    began = datetime(2026, 10, 13, 8, 0, 4, tzinfo=UTC)
    assert ended_at(meeting(complete_time=""), began) == began + timedelta(seconds=2711)
    assert ended_at(meeting(), began) == datetime(2026, 10, 13, 9, 21, 40, tzinfo=UTC)
    assert ended_at(cloud(), began) == began
    assert ended_at({}, began) == began


@pytest.mark.parametrize(
    ("told", "kept_until"),
    [
        (
            {"auto_delete": True, "auto_delete_date": "2026-11-11"},
            datetime(2026, 11, 11, tzinfo=UTC),
        ),
        ({"auto_delete": False}, FOR_EVER),
        ({}, None),
        ({"auto_delete": None, "auto_delete_date": "soon"}, None),
    ],
)
def test_a_cloud_recording_says_until_when_zoom_keeps_it(
    told: dict[str, object], kept_until: datetime | None
) -> None:
    """5.1: the beginning of the day is the safe end; where nothing is said, nothing is made up."""
    assert map_cloud_sighting(cloud(**told), FALLBACK).kept_until == kept_until


def test_that_zoom_keeps_it_longer_is_no_work() -> None:
    """Another day of deletion changes no file, so that it is no new revision."""
    one = map_cloud_sighting(cloud(auto_delete=True, auto_delete_date="2026-11-11"), FALLBACK)
    assert one.revision == map_cloud_sighting(cloud(), FALLBACK).revision
