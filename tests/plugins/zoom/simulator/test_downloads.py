"""Downloads: two hosts, two sorts of permission, and what goes wrong (sheet section 6)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds

from catchment_zoom.simulator.records import File


def a_file(zoom: Cloud, file_type: str = "M4A") -> tuple[File, str]:
    """A fresh bearer, a file, and its address."""
    zoom.mint()
    _record, file = zoom.some_file(file_type)
    return file, zoom.url_of(file)


def place_of(zoom: Cloud, url: str) -> str:
    """Where the first host sends on to."""
    answer = zoom.download(url)
    assert answer.status_code == 302
    return answer.headers["location"]


def test_the_first_host_sends_on_to_a_signed_address_of_the_second(zoom: Cloud) -> None:
    """6.2, rule 3: and the bytes there are the file."""
    file, url = a_file(zoom)
    place = place_of(zoom, url)
    assert place.startswith(zoom.urls["storage"])
    assert "X-Signature=" in place
    answer = zoom.http.get(place)
    assert answer.headers["content-type"] == "audio/mp4"
    assert len(answer.content) == int(answer.headers["content-length"]) == file.content.size_bytes
    assert hashlib.sha256(answer.content).hexdigest() == file.content.sha256


def test_the_file_name_stands_in_the_redirect_and_in_content_disposition(zoom: Cloud) -> None:
    """6.2, rule 4: recordings have the typical names."""
    zoom.mint()
    file = zoom.site.recordings[0].files[0]
    place = place_of(zoom, zoom.url_of(file))
    assert unquote(urlsplit(place).path.rpartition("/")[2]) == file.name
    assert file.name.startswith("GMT20261012-")
    assert file.name in zoom.http.get(place).headers["content-disposition"]


def test_the_families_of_addresses(zoom: Cloud) -> None:
    """6.1: archive, attachment, recording."""
    paths = {
        file.product: urlsplit(zoom.url_of(file)).path.rpartition("/")[0]
        for record in (*zoom.site.archive, *zoom.site.recordings)
        for file in record.files
    }
    assert paths == {
        "archive": "/rec/archive/download",
        "attachment": "/rec/archive/attached/download",
        "recording": "/rec/download",
    }


def test_without_a_redirect_the_first_host_sends_the_bytes(cloud: Clouds) -> None:
    """6.2: the address *may* redirect."""
    zoom = cloud(redirect="none")
    file, url = a_file(zoom)
    assert len(zoom.download(url).content) == file.content.size_bytes


@pytest.mark.parametrize(("position", "status"), [("401", 401), ("html", 200)])
def test_the_first_host_requires_a_bearer(cloud: Clouds, position: str, status: int) -> None:
    """6.2, rules 1 and 5: 401, or a login page under HTTP 200."""
    zoom = cloud(unauthorised=position)
    _file, url = a_file(zoom)
    for bearer in ("", "wrong"):
        answer = zoom.download(url, bearer)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html") is (status == 200)


@pytest.mark.parametrize(
    ("position", "with_bearer", "without"),
    [("ignore", 200, 200), ("reject", 400, 200), ("require", 200, 401)],
)
def test_what_the_second_host_does_with_a_bearer(
    cloud: Clouds, position: str, with_bearer: int, without: int
) -> None:
    """6.2, rule 3: it ignores, rejects or requires it."""
    zoom = cloud(storage_bearer=position)
    _file, url = a_file(zoom)
    place = place_of(zoom, url)
    assert zoom.download(place).status_code == with_bearer
    assert zoom.download(place, "").status_code == without


def test_a_signed_address_dies_and_cannot_be_forged(zoom: Cloud) -> None:
    """6.2, rule 7."""
    _file, url = a_file(zoom)
    place = place_of(zoom, url)
    assert zoom.http.get(place[:-1] + ("A" if place[-1] != "A" else "B")).status_code == 403
    zoom.clock.advance(timedelta(minutes=60))
    assert zoom.http.get(place).status_code == 403


@pytest.mark.parametrize(("minutes", "alive"), [(0, True), (30, False)])
def test_an_address_from_a_listing_may_die(cloud: Clouds, minutes: int, alive: bool) -> None:
    """6.2, rule 7: stored addresses; whether they expire is unknown."""
    zoom = cloud(link_minutes=minutes)
    _file, url = a_file(zoom)
    zoom.set(zoom.clock.now() + timedelta(minutes=41))
    assert (zoom.download(url).status_code == 302) is alive


def test_addresses_change_by_themselves(zoom: Cloud) -> None:
    """6.2: so they are no part of what has changed."""
    file, url = a_file(zoom)
    zoom.clock.advance(timedelta(minutes=10))
    assert zoom.url_of(file) != url
    assert zoom.download(url).status_code == 302


@pytest.mark.parametrize(
    "path", ["/rec/archive/download/nonsense", "/rec/play/x", "/rec/download/"]
)
def test_a_made_up_address_is_a_page_under_200(zoom: Cloud, path: str) -> None:
    """Fact 13."""
    zoom.mint()
    answer = zoom.download(zoom.urls["web"] + path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("position", "status"), [("reject", 401), ("accept", 302)])
def test_a_token_in_the_query_of_a_download_is_a_switch(
    cloud: Clouds, position: str, status: int
) -> None:
    """6.2, rule 2: refused since 2023, and still documented."""
    zoom = cloud(download_query=position)
    _file, url = a_file(zoom)
    assert zoom.download(f"{url}?access_token={zoom.bearer}", "").status_code == status


def test_an_access_token_is_checked_at_the_start_only(zoom: Cloud) -> None:
    """6.2, rule 7: a long download outlives it."""
    _file, url = a_file(zoom)
    place = place_of(zoom, url)
    zoom.clock.advance(timedelta(minutes=59))
    assert zoom.http.get(place).status_code == 200
    zoom.clock.advance(timedelta(minutes=1))
    assert zoom.download(url).status_code == 401


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=10-19", 10, 20), ("bytes=-5", -5, None), ("bytes=7-", 7, None)],
)
def test_ranges_are_honoured_by_switch(
    cloud: Clouds, asked: str, start: int, end: int | None
) -> None:
    """6.2, rule 8: support is unknown."""
    zoom = cloud(ranges=True)
    file, url = a_file(zoom)
    answer = zoom.download(place_of(zoom, url), "", range=asked)
    whole = file.content.read()
    assert (answer.status_code, answer.content) == (206, whole[start:end])
    assert answer.headers["content-range"].endswith(f"/{len(whole)}")
    without = cloud(ranges=False)
    _file, url = a_file(without)
    answer = without.download(place_of(without, url), "", range=asked)
    assert (answer.status_code, answer.content) == (200, whole)
    assert "accept-ranges" not in answer.headers


def test_a_range_beyond_the_end_is_416(zoom: Cloud) -> None:
    """6.2, rule 8."""
    _file, url = a_file(zoom)
    assert zoom.download(place_of(zoom, url), "", range="bytes=99999999-").status_code == 416


@pytest.mark.parametrize("trouble", ["401", "html"])
def test_the_first_host_refuses_once_and_then_not(cloud: Clouds, trouble: str) -> None:
    """6.2, rule 6; 10, rows 8 and 13: 401-then-200, a page-then-200."""
    zoom = cloud(download_trouble=trouble, trouble_tries=1)
    _file, url = a_file(zoom)
    first = zoom.download(url)
    assert first.status_code == (401 if trouble == "401" else 200)
    assert zoom.download(url).status_code == 302


@pytest.mark.parametrize(
    ("trouble", "difference"), [("truncated", None), ("wrong_length", 1), ("corrupt", 0)]
)
def test_bodies_may_be_short_long_or_spoilt(
    cloud: Clouds, trouble: str, difference: int | None
) -> None:
    """10, rows 8 and 14: verify what came, and download again."""
    zoom = cloud(download_trouble=trouble, redirect="none")
    file, url = a_file(zoom)
    whole, answer = file.content.read(), zoom.download(url)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.content != whole
    wanted = len(whole) // 2 if difference is None else len(whole) + difference
    assert len(answer.content) == wanted
    assert zoom.download(url).content == whole


@pytest.mark.parametrize("redirect", ["storage", "none"])
def test_a_connection_may_break_in_the_middle(cloud: Clouds, redirect: str) -> None:
    """10, row 17: resume; the second try gets everything."""
    zoom = cloud(download_trouble="reset", redirect=redirect)
    file, url = a_file(zoom)

    def fetch() -> httpx.Response:
        return zoom.download(place_of(zoom, url) if redirect == "storage" else url)

    with pytest.raises(httpx.TransportError):
        fetch()
    assert len(fetch().content) == file.content.size_bytes


def test_a_body_may_dribble(cloud: Clouds) -> None:
    """12: a slow body is whole all the same."""
    zoom = cloud(download_trouble="slow", redirect="none")
    file, url = a_file(zoom)
    answer = zoom.download(url)
    assert answer.elapsed > timedelta(seconds=0.2)
    assert answer.content == file.content.read()


def test_trouble_befalls_only_one_file_in_so_many(cloud: Clouds) -> None:
    """12: by switch."""
    zoom = cloud(download_trouble="401", trouble_every=3)
    zoom.mint()
    files = [f for r in zoom.site.archive for f in r.files if f.file_type == "CC"]
    statuses = [zoom.download(zoom.url_of(file)).status_code for file in files]
    assert {401, 302} == set(statuses)
