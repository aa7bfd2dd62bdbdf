"""The catalogue of Zoom's refusals (sheet 2.2, 5.3, 8.2, 8.3): each answer means one error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    CursorLost,
    Later,
    RateLimited,
    Refused,
    TooWide,
    Unreachable,
)
from catchment.transport import Answer, TokenRejected
from catchment_zoom.refusals import (
    read_error,
    read_minted,
    read_page_error,
    read_token_error,
)

AT = datetime(2026, 10, 13, 21, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 10, 14, tzinfo=UTC)


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of Zoom's, in the evening of a day."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers or {}, raw, AT)


def says(code: int, message: str = "", **more: object) -> dict[str, object]:
    """Zoom's usual error body."""
    return {"code": code, "message": message, **more}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, says(124, "Invalid access token."), TokenRejected),
        (401, says(124, "Access token is expired."), TokenRejected),
        (400, says(124, "Requires an access token."), TokenRejected),
        (401, says(4700, "Invalid access token."), TokenRejected),
        (401, b"", TokenRejected),
        (400, says(4711, "does not contain scopes:[a:b:admin]"), Refused),
        (401, says(4700, "Invalid access token, does not contain scopes:[a:b]"), Refused),
        (400, says(200, "Not available for this account."), Refused),
        (400, says(200, "No permission."), Refused),
        (400, says(1010, "User does not belong to this account."), Absent),
        (404, says(1001, "User does not exist: x."), Absent),
        (400, says(2001, "Account does not exist: x."), Refused),
        (400, says(2300, "This API endpoint is not recognized."), Absent),
        (404, says(2300, "This API endpoint is not recognized."), Absent),
        (404, says(3001, "Meeting does not exist: 84411220937."), Absent),
        (404, says(3301, "There is no recording for this meeting."), Absent),
        (400, says(3303, "uncompleted meeting"), Later),
        (404, says(3322, "none"), Absent),
        (400, says(12702, "older than a year"), Absent),
        (403, says(2305, "forbidden"), Refused),
        (403, b"no JSON", Refused),
        (404, b"<html>", Absent),
        (400, says(300, "Cannot access meeting information."), Absent),
        (400, says(300, "The next page token is invalid or expired."), CursorLost),
        (400, says(300, "Validation Failed.", errors=[{"field": "from"}]), TooWide),
        (400, says(300, "Validation Failed.", errors=[{"field": "group_ids"}]), AdapterFault),
        (418, says(99999, "new"), AdapterFault),
        (500, b"", Unreachable),
        (503, says(200, "No permission."), Unreachable),
        (200, says(200, "You do not have the right permissions."), Refused),
        (200, {"status": False, "errorCode": 3001, "errorMessage": "x", "result": None}, Absent),
        (200, {"status": False, "errorCode": 77, "errorMessage": "x"}, Unreachable),
        (500, {"status": False, "errorCode": 3001, "errorMessage": "x"}, Unreachable),
        (429, b"", RateLimited),
        (400, says(4001, "rate"), RateLimited),
    ],
)
def test_each_answer_means_one_error(
    status: int, body: object, error: type[CatchmentError]
) -> None:
    """The code of the body decides, and the status only where the code is not known (8.3)."""
    assert type(read_error(answer(status, body))) is error


@pytest.mark.parametrize(
    "body",
    [b"", b"not JSON", {}, {"code": 0}, {"meetings": []}, {"status": "completed"}, [1], None],
)
def test_what_is_no_error_is_left_alone(body: object) -> None:
    """A listing, a meeting whose ``status`` is a word, and ``code`` 0 are no errors."""
    assert read_error(answer(200, body)) is None


def test_any_validation_error_of_a_later_page_is_a_lost_cursor() -> None:
    """What Zoom says of a dead page token is not certain: 300 restarts the window (1.3)."""
    body = says(300, "Validation Failed.", errors=[{"field": "next_page_token"}])
    assert isinstance(read_page_error(answer(400, body)), CursorLost)


def test_a_missing_scope_is_named_with_the_place_to_add_it() -> None:
    """J of the guarantees: a permission that is missing is an alarm that names it (fact 14)."""
    message = (
        "Invalid access token, does not contain scopes:"
        "[archiving:read:list_archived_files:admin, archiving:read:list_archived_files:master]"
    )
    error = read_error(answer(400, says(4711, message)))
    assert isinstance(error, Refused)
    assert "archiving:read:list_archived_files:admin or " in str(error)
    assert "archiving:read:list_archived_files:master" in error.remedy
    assert "Scopes" in error.remedy


@pytest.mark.parametrize(
    ("headers", "message", "retry_at"),
    [
        ({"x-ratelimit-type": "QPS"}, "", None),
        ({}, "You have reached the maximum per-second rate limit for this API.", None),
        ({}, "", None),
        ({"x-ratelimit-category": "Medium"}, "", None),
        ({}, "You have reached the maximum daily rate limit for this API.", MIDNIGHT),
        ({"x-ratelimit-type": "Daily-limit"}, "", MIDNIGHT),
        (
            {"x-ratelimit-type": "Daily-limit", "retry-after": "2026-10-14T06:00:00Z"},
            "",
            datetime(2026, 10, 14, 6, tzinfo=UTC),
        ),
        ({"x-ratelimit-type": "Daily-limit", "retry-after": "2026-10-13T00:00:00Z"}, "", MIDNIGHT),
        ({"retry-after": "7"}, "", AT + timedelta(seconds=7)),
        ({"retry-after": "Tue, 13 Oct 2026 21:31:00 GMT"}, "", AT + timedelta(minutes=1)),
        ({"x-ratelimit-reset": str(int(AT.timestamp()) + 9)}, "", AT + timedelta(seconds=9)),
    ],
)
@pytest.mark.parametrize("code", [429, 4001])
def test_the_wait_is_read_in_all_header_modes(
    headers: dict[str, str], message: str, retry_at: datetime | None, code: int
) -> None:
    """By the type, else by the message, else per second; a daily limit ends at midnight (8.2)."""
    error = read_error(answer(429, says(code, message), headers))
    assert isinstance(error, RateLimited)
    assert error.retry_at == retry_at


@pytest.mark.parametrize(
    ("status", "body", "setting"),
    [
        (
            400,
            {"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
            "secret",
        ),
        (401, {"reason": "…", "error": "invalid_client"}, "client_id and client_secret"),
        (
            400,
            {"status": False, "errorCode": 4702, "errorMessage": "Invalid client_id: x"},
            "client_id",
        ),
        (
            400,
            {"reason": "unsupported grant type", "error": "unsupported_grant_type"},
            "Server-to-",
        ),
        (400, {"reason": "Bad Request", "error": "invalid_request"}, "account_id"),
        (400, {"status": False, "errorCode": 4738, "errorMessage": "disabled"}, "activated"),
        (400, b"<html>", "account_id, client_id and client_secret"),
        (404, {"whatever": 1}, "account_id, client_id and client_secret"),
        (200, {"status": False, "errorCode": 4704, "errorMessage": "x"}, "client_secret"),
    ],
)
def test_bad_credentials_name_the_settings_in_every_shape(
    status: int, body: object, setting: str
) -> None:
    """Zoom answers bad credentials with 400 and several bodies (2.2)."""
    error = read_token_error(answer(status, body))
    assert isinstance(error, Refused)
    assert setting in error.remedy


@pytest.mark.parametrize(
    ("status", "error"), [(500, Unreachable), (302, Unreachable), (429, RateLimited)]
)
def test_a_token_endpoint_in_trouble_is_no_refusal(
    status: int, error: type[CatchmentError]
) -> None:
    """What passes by itself must not stop a source."""
    assert type(read_token_error(answer(status, b""))) is error


def test_a_token_is_read_with_its_scopes() -> None:
    """``scope`` is one string with spaces; ``expires_in`` may come as text (2.1)."""
    body = {"access_token": "eyJ.x.y", "token_type": "bearer", "expires_in": "3599", "scope": "a b"}
    assert read_token_error(answer(200, body)) is None
    minted = read_minted(answer(200, body))
    assert (minted.access_token, minted.scope) == ("eyJ.x.y", "a b")
    assert minted.expires_in == timedelta(seconds=3599)


@pytest.mark.parametrize(
    "body", [{}, {"access_token": 1, "expires_in": 3600}, {"access_token": "x"}]
)
def test_what_is_no_token_is_not_used_as_one(body: object) -> None:
    """An answer of 200 without a token is a broken server, not a credential."""
    with pytest.raises(Unreachable):
        read_minted(answer(200, body))


def test_no_token_and_no_link_gets_into_a_message() -> None:
    """Errors are shown and logged, so what looks like a token or a link is left out of them."""
    secret = "eyJ" + "a" * 100
    body = says(200, f"No permission for {secret} at https://zoom.us/rec/download/x?t=1 today")
    error = read_error(answer(400, body))
    assert error is not None
    assert secret not in str(error) + error.remedy
    assert "https" not in str(error)
