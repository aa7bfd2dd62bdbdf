"""Paths with UUIDs in them (sheet 1.2), and tracking ids."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds

from catchment_zoom.simulator.ids import FORMS
from catchment_zoom.simulator.routing import Route, find

ROUTES = (
    Route("GET", "/past_meetings/{meeting}/archive_files"),
    Route("GET", "/past_meetings/{meeting}"),
    Route("GET", "/users/{user}"),
)


def once(uuid: str) -> str:
    """A UUID, encoded once."""
    return quote(uuid, safe="")


def encoded(uuid: str, times: int) -> str:
    """A UUID, encoded so many times."""
    return uuid if times == 0 else encoded(once(uuid), times - 1)


@pytest.mark.parametrize(
    ("uuid", "times", "arrives"),
    [
        ("/kQ7v//9TtK2mZpB3uXy4w==", 1, False),
        ("/kQ7v//9TtK2mZpB3uXy4w==", 2, True),
        ("/kQ7v99TtK2mZpB3uXy4w8==", 1, False),
        ("a/Q7v99TtK2mZpB3uXy4w8==", 1, True),
        ("a/Q7v99TtK2mZpB3uXy4w8==", 2, True),
        ("b7Zr+2KdQfWm0aTyPq9s1g==", 1, True),
        ("b7Zr+2KdQfWm0aTyPq9s1g==", 2, True),
        ("Yt3mWq0RS5eG8hJk2LxNvA==", 0, True),
        ("Yt3mWq0RS5eG8hJk2LxNvA==", 2, True),
    ],
)
@pytest.mark.parametrize("tail", ["", "/archive_files"])
def test_a_uuid_arrives_whole_or_its_path_names_nothing(
    uuid: str, times: int, arrives: bool, tail: str
) -> None:
    """1.2: once-encoded ``/…//…`` is mis-split; the twice-encoded and all safe ones arrive."""
    path = f"/past_meetings/{encoded(uuid, times)}{tail}".encode()
    found = find(ROUTES, "GET", path)
    assert (found is not None and found[1]["meeting"] == uuid) is arrives


def test_only_meeting_ids_may_hold_a_slash() -> None:
    """1.2: a user's id with a slash in it is another path."""
    assert find(ROUTES, "GET", b"/users/a%2Fb") is None


def test_every_form_of_uuid_occurs_in_a_world(zoom: Cloud) -> None:
    """12: UUIDs with ``/``, ``//`` and ``+`` are guaranteed."""
    uuids = [record.uuid for record in zoom.site.archive]
    assert all(len(uuid) == 24 for uuid in uuids)
    assert len(set(uuids)) == len(uuids)
    assert any(uuid.startswith("/") and "//" in uuid for uuid in uuids)
    assert any("+" in uuid for uuid in uuids)
    assert any("/" in uuid.strip("/") and "//" not in uuid for uuid in uuids)
    assert len(FORMS) == 4


def test_over_http_every_uuid_answers_when_encoded_twice(zoom: Cloud) -> None:
    """1.2: several clients always encode twice, and are right."""
    for record in zoom.site.archive[:12]:
        assert zoom.record(record.uuid)["uuid"] == record.uuid


def test_over_http_the_dangerous_uuids_fail_when_encoded_once(zoom: Cloud) -> None:
    """1.2: and all others answer."""
    for record in zoom.site.archive[:12]:
        uuid = record.uuid
        answer = zoom.get(f"/past_meetings/{once(uuid)}/archive_files")
        dangerous = uuid.startswith("/") or "//" in uuid
        assert answer.status_code == (404 if dangerous else 200), uuid


@pytest.mark.parametrize("code", [2300, 3001])
def test_the_body_of_a_mis_split_path_is_a_switch(cloud: Clouds, code: int) -> None:
    """1.2: the exact body is not known."""
    answer = cloud(misrouted=code).get("/past_meetings/%2FkQ7v%2F%2F9Q==/archive_files")
    assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.parametrize("status", [404, 400])
def test_an_unknown_endpoint_is_2300_under_either_status(cloud: Clouds, status: int) -> None:
    """8.3: 400 or 404."""
    answer = cloud(unknown_status=status).get("/no/such/thing")
    assert (answer.status_code, answer.json()["code"]) == (status, 2300)


@pytest.mark.parametrize("path", ["/users/me", "/archive_files", "/nothing", "/users/nobody"])
def test_every_answer_of_the_api_has_a_tracking_id_of_its_own(zoom: Cloud, path: str) -> None:
    """1: ``x-zm-trackingid``, good answers and errors alike."""
    ids = {zoom.get(path).headers["x-zm-trackingid"] for _ in range(3)}
    assert len(ids) == 3
