"""The catalogue of Webex's refusals (sheet 3.3, 6, 7, 8): each answer means one error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    Later,
    RateLimited,
    Refused,
    TooWide,
    Unreachable,
)
from catchment.transport import Answer, TokenRejected
from catchment_webex.refusals import WrongRegion, read_error, read_minted, read_token_error

AT = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
MALFORMED = (
    "The request could not be understood by the server due to malformed syntax. "
    "See 'errors' for more details."
)
FORBIDDEN = (
    "The server understood the request, but refused to fulfill it because the access token is "
    "missing required scopes or the user is missing required roles or licenses."
)


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of Webex's."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {"content-type": "application/json"} | dict(headers or {}), raw, AT)


def says(message: str, *descriptions: str) -> dict[str, object]:
    """The common error body (6)."""
    errors = [{"description": text} for text in descriptions]
    return {"message": message, "errors": errors, "trackingId": "ROUTERGW_7b0f3c1e-52aa"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, says("The request requires a valid access token."), TokenRejected),
        (401, b"", TokenRejected),
        (403, says(FORBIDDEN), Refused),
        (403, b"<html>no", Refused),
        (404, says("Not found"), Absent),
        (410, b"", Absent),
        (423, b"", Later),
        (400, says(MALFORMED, "'from' cannot be after 'to'."), AdapterFault),
        (400, says(MALFORMED, "The interval between from and to exceeds 30 days."), TooWide),
        (400, says(MALFORMED, "max must be between 1 and 100"), AdapterFault),
        (405, b"", AdapterFault),
        (415, says("x"), AdapterFault),
        (429, says("x"), RateLimited),
        (451, says("This org is elsewhere."), WrongRegion),
        (500, says("x"), Unreachable),
        (502, b"<html>Bad gateway", Unreachable),
        (503, b"", Unreachable),
        (504, says("lower max"), Unreachable),
        (302, b"", Unreachable),
    ],
)
def test_each_status_means_one_thing(
    status: int, body: object, error: type[CatchmentError]
) -> None:
    """What the engine does next depends on nothing else (6)."""
    assert type(read_error(answer(status, body))) is error


def test_what_is_no_refusal_means_nothing() -> None:
    """Success is not looked into."""
    assert read_error(answer(200, {"items": []})) is None
    assert read_error(answer(204, b"")) is None


@pytest.mark.parametrize(
    ("headers", "at"),
    [
        ({"retry-after": "3600"}, AT + timedelta(hours=1)),
        ({"retry-after": "soon"}, None),
        ({}, None),
        ({"retry-after": "0"}, None),
    ],
)
def test_a_limit_says_until_when_or_nothing(headers: dict[str, str], at: datetime | None) -> None:
    """``Retry-After`` may be an hour, malformed or missing, and the body HTML (7)."""
    error = read_error(answer(429, b"<html>", headers | {"content-type": "text/html"}))
    assert isinstance(error, RateLimited)
    assert error.retry_at == at


def test_what_is_locked_is_asked_for_again_when_it_says() -> None:
    """423 concerns the one file and not the whole limit (8)."""
    error = read_error(answer(423, b"", {"retry-after": "90"}))
    assert isinstance(error, Later)
    assert error.at == AT + timedelta(seconds=90)


@pytest.mark.parametrize(
    "message",
    ["Please use analytics-eu.example.org", "See URL: https://analytics-eu.example.org/v1/x"],
)
@pytest.mark.parametrize("descriptions", [(), ("Unavailable for legal reasons.",)])
def test_a_wrong_region_names_the_right_host(message: str, descriptions: tuple[str, ...]) -> None:
    """Both wordings, with and without a scheme (Webex Calling, 2), and beside other words."""
    error = read_error(answer(451, says(message, *descriptions)))
    assert isinstance(error, WrongRegion)
    assert error.host == "analytics-eu.example.org"
    assert error.remedy == 'Set api_url = "https://analytics-eu.example.org/v1".'


def test_a_wrong_region_without_a_host_names_the_setting() -> None:
    """There is nothing more to say."""
    error = read_error(answer(451, says("This org is elsewhere.")))
    assert isinstance(error, WrongRegion)
    assert not error.host
    assert "api_url" in error.remedy


def test_a_refusal_speaks_of_scope_and_role_because_webex_does_not_say_which() -> None:
    """One message stands for both (3.5)."""
    error = read_error(answer(403, says(FORBIDDEN)))
    assert error is not None
    assert "scopes" in error.remedy
    assert "role" in error.remedy
    assert "ROUTERGW_7b0f3c1e-52aa" in str(error)


def test_no_secret_and_no_link_is_repeated() -> None:
    """A body may quote what was sent."""
    secret = "N" * 90
    error = read_error(answer(400, says(MALFORMED, f"bad {secret} at https://x.example/?t=1")))
    assert secret not in str(error)
    assert "x.example" not in str(error)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_dead_refresh_token_needs_a_person(status: int) -> None:
    """Whatever 4xx it is, the app must be authorised anew (3.3); it is no missing permission."""
    error = read_token_error(answer(status, says("no")))
    assert type(error) is TokenRejected
    assert "refresh_token" in error.remedy
    assert "client_secret" in error.remedy


@pytest.mark.parametrize(
    "tell",
    [
        lambda name: {"error": name},
        lambda name: {"error": name, "error_description": "Something is wrong."},
        lambda name: {"error_description": f"{name}: no"},
        lambda name: {"message": name, "errors": [{"description": "Something is wrong."}]},
        lambda name: says("Something is wrong.", name),
    ],
)
@pytest.mark.parametrize(
    ("name", "what", "helps", "helps_not"),
    [
        ("invalid_client", "secret", "client_secret", "refresh_token"),
        ("unauthorized_client", "secret", "client_secret", "refresh_token"),
        ("invalid_grant", "refresh token", "refresh_token", "client_secret"),
    ],
)
def test_a_wrong_secret_is_told_from_a_dead_refresh_token(
    tell: Callable[[str], object], name: str, what: str, helps: str, helps_not: str
) -> None:
    """Wherever the name stands (3.3): authorising anew does not mend a wrong secret."""
    error = read_token_error(answer(400, tell(name)))
    assert type(error) is TokenRejected
    assert what in str(error)
    assert helps in error.remedy
    assert helps_not not in error.remedy


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (500, Unreachable)])
def test_a_token_endpoint_in_trouble_is_not_a_dead_token(
    status: int, kind: type[CatchmentError]
) -> None:
    """429 and 5xx pass by themselves (3.3)."""
    assert type(read_token_error(answer(status, b""))) is kind


def test_the_lifetime_and_the_new_refresh_token_are_those_of_the_answer() -> None:
    """Never hard-coded, and ``scope`` may be absent (3.3)."""
    minted = read_minted(
        answer(200, {"access_token": "a", "expires_in": 1209599, "refresh_token": "r2"})
    )
    assert (minted.expires_in, minted.scope) == (timedelta(seconds=1209599), "")
    assert minted.refresh_token == "r2"
    assert "r2" not in repr(minted)


def test_something_that_is_no_token_is_no_success() -> None:
    """A login page with status 200 is a broken platform, not a token."""
    with pytest.raises(Unreachable):
        read_minted(answer(200, b"<html>"))
    with pytest.raises(Unreachable):
        read_minted(answer(200, {"access_token": ""}))
