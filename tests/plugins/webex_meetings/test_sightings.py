"""From Webex's rows to sightings and facts: identity, keys, revision, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.plugins.webex_meetings.rows import (
    FALLBACK,
    INSTANCE,
    RECORDING,
    START,
    meeting,
    recording,
)

from catchment.errors import Unreachable
from catchment.model import Key
from catchment_webex_meetings.sightings import (
    map_meeting_fact,
    map_report_fact,
    map_sighting,
)


def test_a_recording_shares_its_meeting_with_the_other_parts() -> None:
    """Parts are grouped by the instance, never by title or series (4.5, 11, points 5 and 10)."""
    sighting = map_sighting(recording(), FALLBACK)
    assert sighting.external_id == RECORDING
    assert sighting.occurred_at == START
    assert set(sighting.keys) == {Key("meeting", INSTANCE), Key("recording", RECORDING)}


def test_an_uploaded_recording_stands_alone() -> None:
    """It has no ``meetingId`` (4.3)."""
    sighting = map_sighting(recording(meetingId=None, format="UPLOADED"), FALLBACK)
    assert sighting.keys == (Key("recording", RECORDING),)


@pytest.mark.parametrize(
    ("missing", "at"),
    [
        (("timeRecorded",), datetime(2026, 3, 9, 8, 55, 3, tzinfo=UTC)),
        (("timeRecorded", "createTime"), FALLBACK),
        (("status", "hostEmail", "sizeBytes", "durationSeconds"), START),
    ],
)
def test_fields_that_are_called_required_may_be_missing(
    missing: tuple[str, ...], at: datetime
) -> None:
    """Real answers lack them (4.3)."""
    row = recording(**dict.fromkeys(missing))
    assert map_sighting(row, FALLBACK).occurred_at == at


@pytest.mark.parametrize(
    "changed",
    [
        {"password": "other"},
        {"downloadUrl": "https://corp.webex.com/corp/lsr.php?RCID=other"},
        {"playbackUrl": None},
        {"hostEmail": None, "hostDisplayName": None},
        {"shareToMe": True},
        {"status": None},
        {"integrationTags": None},
        {"temporaryDirectDownloadLinks": {"recordingDownloadLink": "https://x.example/?t=1"}},
        {"new": "field"},
    ],
)
def test_what_changes_by_itself_is_no_news(changed: dict[str, object]) -> None:
    """Links and passwords change, and not every call tells everything (4.3)."""
    before, after = (
        map_sighting(recording(), FALLBACK),
        map_sighting(recording(**changed), FALLBACK),
    )
    assert before.revision == after.revision


@pytest.mark.parametrize(
    "changed",
    [
        {"topic": "Renamed"},
        {"durationSeconds": 12},
        {"sizeBytes": 1},
        {"status": "deleted"},
        {"format": "ARF"},
        {"createTime": "2026-03-10T08:55:03Z"},
        {"timeRecorded": "2026-03-09T08:05:00Z"},
        {"meetingId": None},
    ],
)
def test_what_was_trimmed_renamed_or_moved_is_news(changed: dict[str, object]) -> None:
    """It is looked at again (4.5)."""
    before, after = (
        map_sighting(recording(), FALLBACK),
        map_sighting(recording(**changed), FALLBACK),
    )
    assert before.revision != after.revision


def test_links_stay_out_of_the_document() -> None:
    """Details are seen when somebody asks by id; their links are secrets and new each time."""
    links = {"temporaryDirectDownloadLinks": {"recordingDownloadLink": "https://x.example/?t=1"}}
    assert dict(map_sighting(recording(**links), FALLBACK).document) == recording()


@pytest.mark.parametrize("told", [None, ""])
def test_a_recording_without_an_id_is_an_error(told: object) -> None:
    """Passing over it would lose it in silence."""
    with pytest.raises(Unreachable):
        map_sighting(recording(id=told), FALLBACK)
    with pytest.raises(Unreachable):
        map_meeting_fact(meeting(id=told), FALLBACK)
    with pytest.raises(Unreachable):
        map_report_fact({"recordingId": told}, FALLBACK)


def test_a_meeting_that_was_recorded_expects_its_recording() -> None:
    """S000-18: ended meetings are found, and each that was recorded must have its recording."""
    fact = map_meeting_fact(meeting(), FALLBACK)
    assert (fact.kind, fact.fact_id, fact.asked_id) == ("meeting", INSTANCE, INSTANCE)
    assert fact.keys == (Key("meeting", INSTANCE),)
    assert fact.expects


@pytest.mark.parametrize("told", [False, None])
def test_a_meeting_that_was_not_recorded_expects_nothing(told: object) -> None:
    """Nor does one of which it is not told."""
    fact = map_meeting_fact(meeting(hasRecording=told), FALLBACK)
    assert (fact.expects, fact.absence) == ("", "")


def test_the_report_names_what_must_be_listed_and_whose_it_is() -> None:
    """An administrator can ask for it only together with its host (11, point 8)."""
    row = {
        "recordingId": RECORDING,
        "timeRecorded": "2026-03-09T08:04:31Z",
        "hostEmail": "lena.holt@corp.example",
        "viewCount": 3,
    }
    fact = map_report_fact(row, FALLBACK)
    assert (fact.at, fact.keys) == (START, (Key("recording", RECORDING),))
    assert fact.asked_id == f"{RECORDING}/lena.holt@corp.example"
    viewed = map_report_fact(row | {"viewCount": 4}, FALLBACK)
    assert fact == viewed  # a view is no news
