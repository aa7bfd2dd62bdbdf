"""Details, direct links, and the host that sends the files (4.4)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest
from tests.plugins.webex_meetings.simulator.cloud import Cloud, Clouds

from catchment.sandbox import Faults, read_symbols
from catchment.sandbox.media import Take


def is_page(answer: httpx.Response) -> bool:
    """Whether this is HTML in place of a file."""
    return answer.headers["content-type"].startswith("text/html")


# --- who gets links ---------------------------------------------------------------------------


def test_links_are_for_three_hours_and_new_at_each_call(webex: Cloud) -> None:
    """4.4: a new ticket each time; ``confid`` is the instance's number."""
    one = webex.recording()
    first, second = webex.details(one), webex.details(one)
    links = first["temporaryDirectDownloadLinks"]
    assert (
        links["recordingDownloadLink"]
        != second["temporaryDirectDownloadLinks"]["recordingDownloadLink"]
    )
    told = datetime.fromisoformat(links["expiration"])
    assert told == webex.clock.now() + timedelta(hours=3)
    parts = urlsplit(links["recordingDownloadLink"])
    query = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}" == webex.urls["media"] != webex.urls["api"]
    assert parts.path == "/nbr/MultiThreadDownloadServlet"
    assert first["meetingId"].endswith(f"_I_{query['confid'][0]}")
    assert int(query["timestamp"][0]) == webex.clock.now().timestamp() * 1000


@pytest.mark.parametrize(("position", "status"), [(404, 404), (403, 403)])
def test_an_administrator_must_name_the_right_host(
    cloud: Clouds, position: int, status: int
) -> None:
    """4.1, 11.8: details of somebody else's recording; the code is not known."""
    webex = cloud(admin_without_host=position)
    one = webex.recording(lambda r: not r.shared_with)
    path = f"/recordings/{one.recording_id}"
    other = next(r.host for r in webex.tenant.recordings if r.host is not one.host)
    assert webex.get(path).status_code == status
    assert webex.get(path, hostEmail=other.email).status_code == status
    assert webex.get(path, hostEmail=one.host.email.upper()).status_code == 200


@pytest.mark.parametrize(("position", "status"), [("reject", 403), ("ignore", 200)])
def test_an_officer_must_not_name_the_host(cloud: Clouds, position: str, status: int) -> None:
    """4.1, 11.8: without it, everybody's."""
    webex = cloud(profile="compliance_officer", compliance_host_email=position)
    one = webex.recording()
    path = f"/recordings/{one.recording_id}"
    assert webex.get(path).status_code == 200
    assert webex.get(path, hostEmail=one.host.email).status_code == status


def test_host_and_sharee_see_it_and_nobody_else(webex: Cloud) -> None:
    """1: others see it only if it is shared."""
    one = webex.recording(lambda r: r.shared_with)
    seen = {}
    for user in (u for u in webex.tenant.account.users if u.agent and u.active):
        webex.act_as("user", user.email)
        answer = webex.get(f"/recordings/{one.recording_id}")
        seen[user.uuid] = answer.json().get("shareToMe")
    assert {uuid for uuid, shared in seen.items() if shared is not None} == {
        one.host.uuid,
        *one.shared_with,
    }
    assert seen[one.host.uuid] is False


@pytest.mark.parametrize(
    ("profile", "linked"), [("administrator", False), ("compliance_officer", True)]
)
def test_prevented_downloads_are_for_officers_alone(
    cloud: Clouds, profile: str, linked: bool
) -> None:
    """4.4, 11.9: the whole object is absent, and ``downloadUrl`` with it."""
    webex = cloud(profile=profile, prevented_every=1)
    details = webex.details(webex.recording())
    assert ("temporaryDirectDownloadLinks" in details) is linked
    assert "downloadUrl" not in details


def test_the_site_header_must_be_the_recordings(webex: Cloud) -> None:
    """4.4: optional; usually the id says which site."""
    one = webex.recording()
    path, host = f"/recordings/{one.recording_id}", {"hostEmail": one.host.email}
    for site, status in ((one.site, 200), ("other.webex.com", 404)):
        answer = webex.send("GET", path, params=host, headers={"siteUrl": site})
        assert answer.status_code == status


# --- files ------------------------------------------------------------------------------------


def test_the_film_is_what_was_said_of_it(webex: Cloud, tmp_path: Path) -> None:
    """4.4: an MP4 with its length, its name, and every second in it."""
    one = webex.recording(lambda r: "/" in r.topic)
    answer = webex.http.get(webex.link(one))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content[4:8] == b"ftyp"
    assert len(answer.content) == webex.details(one)["sizeBytes"]
    kind, _, name = answer.headers["content-disposition"].partition("filename*=UTF-8''")
    assert kind == "attachment; "
    assert unquote(name) == f"{one.topic}.mp4"
    assert isinstance(one.content, Take)
    (tmp_path / "film.mp4").write_bytes(answer.content)
    assert read_symbols(tmp_path / "film.mp4") == one.content.symbols


def test_the_sound_is_ready_made(webex: Cloud, tmp_path: Path) -> None:
    """4.4: ``audioDownloadLink`` is MP3."""
    one = webex.recording()
    answer = webex.http.get(webex.link(one, "audio"))
    assert answer.headers["content-type"] == "audio/mpeg"
    assert isinstance(one.audio, Take)
    (tmp_path / "sound.mp3").write_bytes(answer.content)
    assert read_symbols(tmp_path / "sound.mp3") == one.audio.symbols


def test_the_transcript_of_a_recording_has_a_link_of_its_own(webex: Cloud) -> None:
    """6: WebVTT; absent where there is none."""
    spoken = webex.recording(lambda r: r.transcript)
    answer = webex.http.get(webex.link(spoken, "transcript"))
    assert answer.text.startswith("WEBVTT\n")
    assert "mediaType=2" in webex.link(spoken, "transcript")
    silent = webex.recording(lambda r: not r.transcript)
    assert "transcriptDownloadLink" not in webex.details(silent)["temporaryDirectDownloadLinks"]


def test_old_formats_are_opaque_and_uploads_are_files(cloud: Clouds) -> None:
    """4.4: ARF has no sound of its own; ``UPLOADED`` may be anything."""
    webex = cloud(arf_every=1, uploaded_every=1)
    old = webex.recording(lambda r: r.format == "ARF")
    answer = webex.http.get(webex.link(old))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert hashlib.sha256(answer.content).hexdigest() == old.content.sha256
    assert answer.headers["content-disposition"].endswith(".arf")
    assert "audioDownloadLink" not in webex.details(old)["temporaryDirectDownloadLinks"]
    brought = webex.recording(lambda r: r.format == "UPLOADED")
    assert webex.http.get(webex.link(brought)).content[4:8] == b"ftyp"


@pytest.mark.parametrize("name", ["downloadUrl", "playbackUrl"])
def test_the_pages_for_people_are_no_files(webex: Cloud, name: str) -> None:
    """4.4, 11.1: about 17 kB of HTML, the most common error in the field."""
    answer = webex.http.get(webex.details(webex.recording())[name])
    assert answer.status_code == 200
    assert is_page(answer)
    assert 16_000 < len(answer.content) < 18_000


@pytest.mark.parametrize(("position", "page"), [("html", True), ("ignore", False)])
def test_a_bearer_at_the_media_host(cloud: Clouds, position: str, page: bool) -> None:
    """4.4, 11.2: a login page with status 200; never send it."""
    webex = cloud(media_bearer=position)
    told = {"authorization": f"Bearer {webex.bearer}"}
    answer = webex.http.get(webex.link(webex.recording()), headers=told)
    assert (answer.status_code, is_page(answer)) == (200, page)


@pytest.mark.parametrize(("position", "status"), [("html", 200), ("403", 403), ("410", 410)])
@pytest.mark.parametrize(("minutes", "late"), [(179, False), (180, True)])
def test_a_link_dies_after_three_hours(
    cloud: Clouds, position: str, status: int, minutes: int, late: bool
) -> None:
    """4.4, 14: HTML with 200, 403, or 410; it needs no token until then."""
    webex = cloud(expired_link=position)
    url = webex.link(webex.recording())
    webex.clock.set(webex.clock.now() + timedelta(minutes=minutes))
    answer = webex.http.get(url)
    assert is_page(answer) is late
    assert answer.status_code == (status if late else 200)


def test_links_may_live_for_minutes(cloud: Clouds) -> None:
    """13: scaled."""
    webex = cloud(link_minutes=2)
    url = webex.link(webex.recording())
    webex.clock.set(webex.clock.now() + timedelta(minutes=2))
    assert is_page(webex.http.get(url))


def test_a_forged_ticket_opens_nothing(webex: Cloud) -> None:
    """4.4: pre-signed, and for one path alone."""
    url = webex.link(webex.recording())
    for other in (url.replace("ticket=", "ticket=A"), url.partition("?")[0],
                  url.replace("Servlet?", "Servlet/audio.mp3?")):  # fmt: skip
        assert is_page(webex.http.get(other))


@pytest.mark.parametrize(("position", "status"), [(True, 206), (False, 200)])
def test_ranges_may_be_honoured(cloud: Clouds, position: bool, status: int) -> None:
    """4.4, 14: use them only after 206."""
    webex = cloud(ranges=position)
    one = webex.recording()
    answer = webex.http.get(webex.link(one), headers={"range": "bytes=100-199"})
    assert answer.status_code == status
    whole = one.content.read()
    assert answer.content == (whole[100:200] if position else whole)
    assert ("etag" in answer.headers) is position
    beyond = webex.http.get(webex.link(one), headers={"range": f"bytes={len(whole)}-"})
    assert beyond.status_code == (416 if position else 200)


@pytest.mark.parametrize("trouble", ["423", "429", "html", "short", "corrupt"])
def test_the_first_tries_of_a_file_may_fail(cloud: Clouds, trouble: str) -> None:
    """4.4; 7 and 8 of the common sheet: 429 and 423 with ``Retry-After``, pages, bad bytes."""
    webex = cloud(download_trouble=trouble, trouble_tries=2)
    one = webex.recording()
    answers = [webex.http.get(webex.link(one)) for _ in range(3)]
    for answer in answers[:2]:
        if trouble.isdigit():
            assert (answer.status_code, answer.headers["retry-after"]) == (int(trouble), "5")
        assert hashlib.sha256(answer.content).hexdigest() != one.content.sha256
    assert answers[2].content == one.content.read()


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("throttle", {429}),
        ("expired_link", {410}),
        ("server_error", {500, 502, 503}),
        ("html", {200}),
    ],
)
def test_faults_of_the_media_host_end(cloud: Clouds, fault: str, statuses: set[int]) -> None:
    """13: a file is the same whatever its link says today."""
    webex = cloud(Faults(seed=4, rates={fault: {"download": 1.0}}), expired_link="410")
    one = webex.recording()
    answers = [webex.http.get(webex.link(one)) for _ in range(4)]
    spoilt = [a for a in answers if a.content != one.content.read()]
    assert 0 < len(spoilt) < 4
    assert {answer.status_code for answer in spoilt} <= statuses
