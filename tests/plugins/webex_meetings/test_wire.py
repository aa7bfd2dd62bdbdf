"""Requests to Webex Meetings: what is always sent, and what only some may send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.plugins.webex_meetings.rows import INSTANCE, RECORDING, SERIES

from catchment.transport import Request
from catchment_webex_meetings import wire

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = datetime(2026, 3, 8, 1, tzinfo=timezone(timedelta(hours=1)))
API = "https://webexapis.com/v1"


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (wire.build_recordings("corp.webex.com", SINCE, UNTIL), "/admin/recordings"),
        (wire.build_meetings(SINCE, UNTIL), "/meetings"),
        (wire.build_report("corp.webex.com", SINCE, UNTIL), "/recordingReport/accessSummary"),
    ],
)
def test_a_list_names_its_window_and_the_largest_page(request_: Request, path: str) -> None:
    """Else it would be the last seven days, ten at a time (4.2)."""
    params = dict(request_.params)
    assert request_.path == path
    assert (params["from"], params["to"]) == ("2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z")
    assert params["max"] == "100"


def test_a_list_of_recordings_names_its_site() -> None:
    """Without one it is the preferred site alone (11, point 6)."""
    request = wire.build_recordings("corp-emea.webex.com", SINCE, UNTIL)
    assert dict(request.params)["siteUrl"] == "corp-emea.webex.com"
    assert "format" not in dict(request.params)  # which would hide the ARF files (11, point 15)


def test_meetings_are_instances_that_have_ended() -> None:
    """By default they would be series (3.1)."""
    params = dict(wire.build_meetings(SINCE, UNTIL).params)
    assert (params["meetingType"], params["state"]) == ("meeting", "ended")
    assert "hostEmail" not in params  # which would narrow it to one person (2 B)


@pytest.mark.parametrize(
    "build",
    [
        wire.build_recording,
        wire.build_meeting,
        wire.build_participants,
        lambda meeting_id, *host: wire.build_transcripts(meeting_id, SINCE, *host),
    ],
)
def test_the_host_is_named_only_where_somebody_says_so(build: object) -> None:
    """An administrator must, a compliance officer must not (11, point 8)."""
    assert callable(build)
    assert "hostEmail" not in build(INSTANCE).url(API)
    assert "hostEmail=lena%2Bx%40corp.example" in build(INSTANCE, "lena+x@corp.example").url(API)


def test_ids_are_opaque_and_stay_inside_their_path() -> None:
    """Whatever an id holds, it names one thing and no other place."""
    assert wire.build_recording("../people/me?x").path == "/recordings/..%2Fpeople%2Fme%3Fx"
    assert wire.build_admin_meeting(SERIES).path == f"/admin/meetings/{SERIES}"


def test_the_meetings_own_recordings_are_asked_for_without_site_and_window() -> None:
    """They would be ignored (4.2)."""
    assert dict(wire.build_meeting_recordings(INSTANCE).params) == {
        "meetingId": INSTANCE,
        "max": "100",
    }
    assert dict(wire.build_meeting_recordings(SERIES, "deleted").params)["status"] == "deleted"


def test_transcripts_are_asked_for_around_their_meeting() -> None:
    """The default of seven days may stand beside ``meetingId`` too (4.2)."""
    params = dict(wire.build_transcripts(INSTANCE, SINCE).params)
    assert params["from"] < "2026-03-01T00:00:00Z" < params["to"]


def test_a_transcript_is_fetched_from_the_api_itself() -> None:
    """Webex's own link may say ``http`` (6), and it carries the bearer."""
    url = wire.build_transcript_url(API, "5e0c_M_a1f3", "lena@corp.example")
    assert url == (
        f"{API}/meetingTranscripts/5e0c_M_a1f3/download?format=vtt&hostEmail=lena%40corp.example"
    )


def test_what_proves_a_permission_is_well_formed_and_names_nothing() -> None:
    """A question that is answered with 400 would prove less than one with 404."""
    assert len(wire.NO_SUCH_RECORDING) == len(RECORDING)
    assert len(wire.NO_SUCH_MEETING) == len(INSTANCE)
