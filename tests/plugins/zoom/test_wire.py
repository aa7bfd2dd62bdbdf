"""Requests to Zoom: the UUID in a path, the parameters of each listing, the token's form."""

from __future__ import annotations

import base64
from urllib.parse import unquote

import pytest

from catchment.transport import Request
from catchment_zoom import wire

SLASHED = "/kQ7v//9TtK2mZpB3uXy4w=="
PLAIN = "Yt3mWq0RS5eG8hJk2LxNvA=="


@pytest.mark.parametrize(
    ("uuid", "encoded"),
    [
        (SLASHED, "%252FkQ7v%252F%252F9TtK2mZpB3uXy4w%253D%253D"),
        (PLAIN, "Yt3mWq0RS5eG8hJk2LxNvA%3D%3D"),
        ("b7Zr+2Kd/fWm0aTyPq9s1g==", "b7Zr%2B2Kd%2FfWm0aTyPq9s1g%3D%3D"),
        ("b7Zr2Kd//fWm0aTyPq9s1g==", "b7Zr2Kd%252F%252FfWm0aTyPq9s1g%253D%253D"),
    ],
)
def test_a_uuid_is_encoded_twice_only_where_zoom_needs_it(uuid: str, encoded: str) -> None:
    """A UUID that begins with a slash or holds two is encoded twice, any other once (1.2)."""
    assert wire.encode_uuid(uuid) == encoded


@pytest.mark.parametrize("uuid", [SLASHED, PLAIN, "b7Zr+2KdQfWm0aTyPq9s1g=="])
@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_uuid_is_understood_raw_and_encoded_once_or_twice(uuid: str, times: int) -> None:
    """S003-20: people copy ids out of pages and addresses, in whatever encoding they stand."""
    from urllib.parse import quote

    text = uuid
    for _ in range(times):
        text = quote(text, safe="")
    assert wire.decode_uuid(f" {text} ") == uuid


def test_a_plus_that_became_a_space_is_put_back() -> None:
    """A form that was decoded on the way turns ``+`` into a space; no UUID holds one."""
    assert wire.decode_uuid("b7Zr 2KdQfWm0aTyPq9s1g==") == "b7Zr+2KdQfWm0aTyPq9s1g=="


def test_the_unknown_meeting_is_well_formed() -> None:
    """A permission is proved with a UUID of 16 bytes that no meeting has."""
    assert base64.b64decode(wire.NO_SUCH_MEETING) == bytes(16)


def test_credentials_go_into_the_header_alone() -> None:
    """The form names grant and account; id and secret are in the Basic header only (2.1)."""
    request = wire.build_token("acc", "id", "s3cret")
    assert request.form == {"grant_type": "account_credentials", "account_id": "acc"}
    assert request.headers == (
        ("Authorization", "Basic " + base64.b64encode(b"id:s3cret").decode()),
    )
    assert "s3cret" not in repr(request) + request.label


def test_the_archive_list_always_names_both_ends_and_the_kind_of_date() -> None:
    """Zoom's defaults are unknown or wrong for us, so nothing is left to them (3.1)."""
    request = wire.build_archive_list(
        "2026-10-12T00:00:00Z", "2026-10-13T00:00:00Z", by="archive_complete_time"
    )
    assert request.params == (
        ("from", "2026-10-12T00:00:00Z"),
        ("to", "2026-10-13T00:00:00Z"),
        ("query_date_type", "archive_complete_time"),
        ("page_size", "300"),
    )
    assert request.budget == "medium"
    assert not wire.is_later_page(request)


def test_a_later_page_repeats_every_parameter() -> None:
    """A page token is good only beside exactly the parameters of the page before (1.3, 3.1)."""
    first = wire.build_archive_list("a", "b", by="c", group_ids=["g1", "g2"])
    later = wire.build_archive_list("a", "b", by="c", group_ids=["g1", "g2"], token="t==")
    assert later.params == (*first.params, ("next_page_token", "t=="))
    assert ("group_ids", "g1,g2") in first.params
    assert wire.is_later_page(later)


@pytest.mark.parametrize(
    ("request_", "path", "budget"),
    [
        (wire.build_archive_files(PLAIN), f"/v2/past_meetings/{PLAIN}/archive_files", "light"),
        (wire.build_meeting_recordings(PLAIN), f"/v2/meetings/{PLAIN}/recordings", "light"),
        (wire.build_past_meeting(PLAIN), f"/v2/past_meetings/{PLAIN}", "light"),
        (wire.build_participants(PLAIN), f"/v2/past_meetings/{PLAIN}/participants", "medium"),
        (wire.build_instances("84411220937"), "/v2/past_meetings/84411220937/instances", "medium"),
        (wire.build_user("_pL3x"), "/v2/users/_pL3x", "light"),
        (wire.build_users("inactive"), "/v2/users", "medium"),
        (wire.build_account_recordings("a", "b"), "/v2/accounts/me/recordings", "medium"),
        (wire.build_user_recordings("u/1", "a", "b"), "/v2/users/u/1/recordings", "medium"),
    ],
)
def test_each_request_counts_under_its_rate_label(
    request_: Request, path: str, budget: str
) -> None:
    """Paths as in 4, 5 and 7, rate labels as in 2.3; nothing heavy is ever asked."""
    assert unquote(request_.path) == path
    assert request_.budget == budget


def test_inactive_users_are_asked_for_by_name() -> None:
    """``GET /users`` is silent about those who left, unless they are asked for (7.6)."""
    assert ("status", "inactive") in wire.build_users("inactive").params
