"""Transcripts, captions and chats of whole meetings (6, 7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.webex_meetings.simulator.cloud import DAY, MIDNIGHT, Cloud, Clouds

SITE = {"siteUrl": "corp.webex.com"}


def test_an_administrator_names_meeting_and_host(webex: Cloud) -> None:
    """6: ``hostEmail`` only together with ``meetingId``."""
    one = webex.instance(lambda o: o.transcript)
    assert webex.get("/meetingTranscripts", hostEmail=one.host.email, **DAY).status_code == 400
    asked = {"meetingId": one.instance_id, "hostEmail": one.host.email} | DAY
    (row,) = webex.items("/meetingTranscripts", **asked)
    assert one.transcript is not None
    assert row["id"] == one.transcript.text_id
    assert webex.get("/meetingTranscripts", meetingId=one.instance_id).status_code == 404
    assert webex.items("/meetingTranscripts", **DAY) == []  # he has hosted nothing


def test_a_user_lists_his_own(webex: Cloud) -> None:
    """6: of the preferred site unless told."""
    one = webex.instance(lambda o: o.transcript and o.site == o.host.sites[0])
    webex.act_as("user", one.host.email)
    found = webex.items("/meetingTranscripts", **DAY)
    assert {row["meetingId"] for row in found} == {
        o.instance_id
        for o in webex.tenant.instances
        if o.transcript and o.host is one.host and o.site == one.site
    }


@pytest.mark.parametrize("path", ["/meetingTranscripts", "/admin/meetingTranscripts"])
def test_the_window_is_a_week(officer: Cloud, path: str) -> None:
    """6: seven days unless told, newest first."""
    rows = officer.items(path, **SITE)
    starts = [row["startTime"] for row in rows]
    assert starts
    assert starts == sorted(starts, reverse=True)
    officer.clock.set(MIDNIGHT + timedelta(days=20))
    officer.act_as("compliance_officer")
    assert officer.items(path, **SITE) == []
    assert officer.items(path, **SITE, **DAY) == rows


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/admin/meetingTranscripts", {}, 400),
        ("/meetingTranscripts", {"meetingId": "series"}, 400),
        ("/meetings/postMeetingChats", {"meetingId": "series"}, 400),
        ("/meetings/postMeetingChats", {}, 400),
        ("/meetings/postMeetingChats", {"meetingId": "0" * 32}, 404),
        ("/meetingClosedCaptions", {"meetingId": "series"}, 400),
        ("/meetingTranscripts/none/download", {}, 404),
        ("/meetingClosedCaptions/none/download", {}, 404),
    ],
)
def test_an_ended_instance_must_be_named(
    officer: Cloud, path: str, asked: dict[str, str], status: int
) -> None:
    """6, 11.11: series ids are refused; ``siteUrl`` is required of the admin list."""
    if asked.get("meetingId") == "series":
        asked = {"meetingId": officer.instance().series_id}
    assert officer.get(path, **asked).status_code == status


@pytest.mark.parametrize(
    "path", ["/admin/meetingTranscripts", "/meetings/postMeetingChats", "/meetingClosedCaptions"]
)
def test_some_are_for_officers_alone(webex: Cloud, path: str) -> None:
    """7: an administrator gets 403."""
    assert webex.get(path, meetingId=webex.instance().instance_id, **SITE).status_code == 403


@pytest.mark.parametrize(
    ("form", "kind"), [("", "text/vtt"), ("vtt", "text/vtt"), ("txt", "text/plain")]
)
def test_transcripts_are_downloaded_with_the_bearer(webex: Cloud, form: str, kind: str) -> None:
    """6: opposite of recording links; ``hostEmail`` is optional; VTT unless told."""
    one = webex.instance(lambda o: o.transcript)
    text = one.transcript
    assert text is not None
    path = f"/meetingTranscripts/{text.text_id}/download"
    asked = {"format": form} if form else {}
    for host in ({}, {"hostEmail": one.host.email}):
        answer = webex.get(path, **asked, **host)
        assert answer.headers["content-type"] == kind
        assert answer.content == (text.txt if form == "txt" else text.vtt).read()
    assert webex.http.get(f"{webex.api}{path}").status_code == 401
    assert webex.get(path, format="srt").status_code == 400
    other = next(o.host for o in webex.tenant.instances if o.host is not one.host)
    assert webex.get(path, hostEmail=other.email).status_code == 404


def test_the_links_lead_to_the_files(officer: Cloud) -> None:
    """6: back to the API."""
    row = officer.items("/admin/meetingTranscripts", **SITE)[0]
    assert row["vttDownloadLink"].startswith(officer.api)
    assert officer.get(row["vttDownloadLink"]).text.startswith("WEBVTT")
    assert officer.get(row["txtDownloadLink"]).headers["content-type"] == "text/plain"


def test_snippets_have_milliseconds(officer: Cloud) -> None:
    """6: what was said, by whom, when."""
    one = officer.instance(lambda o: o.transcript)
    assert one.transcript is not None
    rows = officer.items(f"/meetingTranscripts/{one.transcript.text_id}/snippets")
    assert [row["text"] for row in rows] == [line.text for line in one.meeting.spoken]
    assert {row["durationMillisecond"] for row in rows} == {3000}


def test_chats_come_page_by_page(officer: Cloud) -> None:
    """7: ``max`` and ``offset``."""
    one = officer.instance(lambda o: len(o.meeting.chat) > 1)
    found = officer.items("/meetings/postMeetingChats", meetingId=one.instance_id, max=1)
    assert [row["text"] for row in found] == [line.text for line in one.meeting.chat]


@pytest.mark.parametrize(("position", "status"), [("enabled", 200), ("off", 403)])
def test_captions_are_enabled_on_request(cloud: Clouds, position: str, status: int) -> None:
    """7: VTT and text behind links that want the bearer; one set at most."""
    webex = cloud(profile="compliance_officer", captions=position)
    one = webex.instance(lambda o: o.captions)
    answer = webex.get("/meetingClosedCaptions", meetingId=one.instance_id)
    assert answer.status_code == status
    if status == 200:
        (row,) = answer.json()["items"]
        assert one.captions is not None
        assert webex.get(row["vttDownloadLink"]).content == one.captions.vtt.read()
        none = webex.instance(lambda o: not o.captions)
        asked = {"meetingId": none.instance_id}
        assert webex.get("/meetingClosedCaptions", **asked).json() == {"items": []}


def test_transcripts_may_come_much_later(cloud: Clouds) -> None:
    """6, 13: that of the recording, and that of the meeting, after everything else."""
    webex = cloud(late_transcript_every=1, late_transcript_minutes=600)
    one = webex.instance(lambda o: o.transcript and o.recordings and o.recordings[0].transcript)
    recording, text = one.recordings[0], one.transcript
    assert text is not None
    seen = []
    for at in (one.visible_at, text.ready_at, recording.transcript_at):
        webex.clock.set(at)
        webex.act_as("administrator")
        links = webex.details(recording)["temporaryDirectDownloadLinks"]
        answer = webex.get(f"/meetingTranscripts/{text.text_id}/download")
        seen.append(("transcriptDownloadLink" in links, answer.status_code))
    assert seen[0] == (False, 404)
    assert seen[1][1] == 200
    assert seen[2][0] is True


@pytest.mark.parametrize(("every", "any_there"), [(1, False), (0, True)])
def test_transcripts_may_be_missing(cloud: Clouds, every: int, any_there: bool) -> None:
    """6, 13: a transcript exists only if the assistant was on."""
    webex = cloud(no_transcript_every=every)
    assert any(r.transcript for r in webex.tenant.recordings) is any_there


@pytest.mark.parametrize(
    "path",
    ["/meetings/polls", "/meetings/pollResults", "/meetings/q_and_a", "/meetingSummaries"],
)
def test_what_no_meeting_had_is_an_empty_list(officer: Cloud, path: str) -> None:
    """7, 11.11: of an instance; a series id is refused."""
    one = officer.instance()
    assert officer.get(path, meetingId=one.instance_id).json() == {"items": []}
    assert officer.get(path, meetingId=one.series_id).status_code == 400
