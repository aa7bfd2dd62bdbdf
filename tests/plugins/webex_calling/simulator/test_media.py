"""Downloads: tickets, names, limits of the media host (sheet 1.4)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import quote

import pytest
from tests.plugins.webex_calling.simulator.cloud import Cloud, Clouds

from catchment_webex_calling.simulator.recordings import Recording


def with_transcript(webex: Cloud) -> Recording:
    """A recording whose transcript is there."""
    now = webex.clock.now()
    return webex.recording(lambda r: r.transcript_at is not None and r.transcript_at <= now)


@pytest.mark.parametrize(
    ("kind", "media_type", "ending"),
    [("audio", "audio/mpeg", "mp3"), ("transcript", "text/vtt", "vtt")],
)
def test_a_plain_get_without_bearer_sends_the_file(
    webex: Cloud, kind: str, media_type: str, ending: str
) -> None:
    """1.4: no redirect, no page, and the name in ``Content-Disposition`` as RFC 5987 has it."""
    recording = with_transcript(webex)
    answer = webex.http.get(webex.links(recording)[f"{kind}DownloadLink"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == media_type
    name = f"{recording.topic.rpartition('-')[0]}.{ending}"
    told = answer.headers["content-disposition"]
    assert told == f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    truth = {
        row.file_id: row
        for row in webex.simulator.truth(webex.clock.now())
        if row.external_id == recording.recording_id
    }
    assert hashlib.sha256(answer.content).hexdigest() == truth[kind].sha256
    assert len(answer.content) == truth[kind].bytes


def test_the_size_is_that_of_the_list(webex: Cloud) -> None:
    """1.3: ``sizeBytes``."""
    recording = webex.plain()
    told = webex.details(recording)
    answer = webex.http.get(told["temporaryDirectDownloadLinks"]["audioDownloadLink"])
    assert len(answer.content) == told["sizeBytes"]


def test_the_transcript_is_web_vtt(webex: Cloud) -> None:
    """1.4: with times of the file."""
    recording = with_transcript(webex)
    text = webex.http.get(webex.links(recording)["transcriptDownloadLink"]).text
    assert text.startswith("WEBVTT\n")
    assert " --> " in text
    last = text.strip().splitlines()[-2].partition(" --> ")[0]
    hours, minutes, seconds = last.split(":")
    at = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    assert at < recording.audio.seconds


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_an_expired_ticket_answers_is_a_switch(cloud: Clouds, status: int) -> None:
    """1.4: unverified; three hours after the details call."""
    webex = cloud(expired_link=status)
    link = webex.links(webex.plain())["audioDownloadLink"]
    webex.clock.advance(timedelta(hours=3) - timedelta(seconds=1))
    assert webex.http.get(link).status_code == 200
    webex.clock.advance(timedelta(seconds=1))
    assert webex.http.get(link).status_code == status


def test_links_may_live_shorter(cloud: Clouds) -> None:
    """1.4: ``expiration`` is the authoritative value."""
    webex = cloud(link_minutes=5)
    links = webex.links(webex.plain())
    assert links["expiration"] == "2026-10-12T19:05:00Z"
    webex.clock.advance(timedelta(minutes=5))
    assert webex.http.get(links["audioDownloadLink"]).status_code == 403


@pytest.mark.parametrize("name", ["ticket", "recordUUID", "timestamp", "type"])
def test_a_changed_link_is_refused(webex: Cloud, name: str) -> None:
    """1.4: the ticket is for one file and one time."""
    link = webex.links(webex.plain())["audioDownloadLink"]
    changed = link.replace(f"{name}=", f"{name}=1", 1)
    assert webex.http.get(changed).status_code == 403


@pytest.mark.parametrize(("rate", "first"), [(100, 429), (0, 200)])
def test_the_media_host_answers_429_itself(cloud: Clouds, rate: int, first: int) -> None:
    """1.4: with ``Retry-After``, and the next try is served."""
    webex = cloud(media_429_rate=rate, media_retry_after=7)
    link = webex.links(webex.plain())["audioDownloadLink"]
    answer = webex.http.get(link)
    assert (answer.status_code, answer.headers.get("retry-after")) == (
        first,
        "7" if rate else None,
    )
    assert webex.http.get(link).status_code == 200


RANGES = [
    ("bytes=10-19", 206, 10, 20),
    ("bytes=10-", 206, 10, None),
    ("bytes=-5", 206, -5, None),
    ("lines=1-2", 200, 0, None),
]


@pytest.mark.parametrize(("text", "status", "start", "end"), RANGES)
def test_ranges_are_served(
    webex: Cloud, text: str, status: int, start: int, end: int | None
) -> None:
    """1.4: nobody says that they are; a switch."""
    link = webex.links(webex.plain())["audioDownloadLink"]
    whole = webex.http.get(link).content
    answer = webex.http.get(link, headers={"range": text})
    assert answer.status_code == status
    assert answer.content == whole[start:end]
    beyond = webex.http.get(link, headers={"range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


def test_ranges_may_be_unknown(cloud: Clouds) -> None:
    """1.4: then the whole is sent, without an ``ETag``."""
    webex = cloud(ranges=False)
    link = webex.links(webex.plain())["audioDownloadLink"]
    answer = webex.http.get(link, headers={"range": "bytes=10-19"})
    assert answer.status_code == 200
    assert not {"etag", "accept-ranges"} & set(answer.headers)
    assert len(answer.content) == int(answer.headers["content-length"])


def test_head_tells_the_length_alone(webex: Cloud) -> None:
    """1.4: the same headers, no body."""
    link = webex.links(webex.plain())["audioDownloadLink"]
    answer = webex.http.head(link)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000


def test_ai_notes_want_the_bearer(cloud: Clouds) -> None:
    """1.4: on a host of their own; the media host does not want it."""
    webex = cloud(ai_notes=True)
    links = webex.links(with_transcript(webex))
    for sort in ("suggestedNotes", "shortNotes", "actionItems"):
        link = links[f"{sort}DownloadLink"]
        assert link.startswith(webex.urls["ai"])
        assert webex.http.get(link).status_code == 401
        answer = webex.send("GET", link)
        assert (answer.status_code, answer.json()["type"]) == (200, sort)


def test_other_paths_are_not_there(webex: Cloud) -> None:
    """1.4: the host has one path."""
    assert webex.http.get(f"{webex.urls['media']}/nbr/").status_code == 404


def test_two_colleagues_leave_two_files_of_one_session(webex: Cloud) -> None:
    """Quirk 4: overlapping, with different bytes, de-duplicated on the id alone."""
    told = webex.call(lambda t: t.call.direction == "internal" and len(t.call.recorded) == 2)
    pair = [r for r in webex.tenant.recordings if r.told is told]
    assert len({r.session for r in pair}) == 1
    assert len({r.owner.uuid for r in pair}) == 2
    assert len({r.recorded_at for r in pair}) == 1
    bodies = {webex.http.get(webex.links(r)["audioDownloadLink"]).content for r in pair}
    assert len(bodies) == 2


def test_a_restarted_recorder_leaves_two_files_of_one_owner(webex: Cloud) -> None:
    """Quirk 6: same session and owner, published together when the call is over."""
    told = webex.call(
        lambda t: t.call.direction == "inbound" and len(t.call.recorded) == 2 and not t.call.moves
    )
    pair = [r for r in webex.tenant.recordings if r.told is told]
    assert len({(r.session, r.owner.uuid, r.created_at) for r in pair}) == 1
    assert pair[0].recorded.window.end < pair[1].recorded.window.start
    actions = webex.metadata(pair[0])["serviceData"]["recordingActions"]
    assert [a["action"] for a in actions] == ["START", "STOP"]
