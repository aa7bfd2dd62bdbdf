"""What Zoom means when it does not answer the question (sheet 2.2, 8.2, 8.3): bytes to errors.

The ``code`` of a body is not the HTTP status, the same code means different things in different
places, some errors come with status 200, and a missing scope is 400.  So the code is read first,
and the status only where no code is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

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
from catchment.transport import Answer, Minted, TokenRejected, read_retry_after
from catchment_zoom.payloads import Trouble, read_object, read_trouble
from catchment_zoom.scopes import build_advice

_LARGEST_ERROR = 16 * 1024
_SCOPES = re.compile(r"scopes?\s*:?\s*\[([^\]]*)\]", re.IGNORECASE)
_SECRETIVE = re.compile(r"[^\s\[\],]{80,}|https?://\S+")
_APP = "the server-to-server app in the Zoom App Marketplace"
ARCHIVING = (
    "Archiving must be switched on for the account by Zoom Support ('Meeting and Webinar "
    "Archiving'), and the app's owner needs a role that may see it; an account without archiving "
    'has cloud recordings, which are captured with source = "recordings".'
)


@dataclass(frozen=True, slots=True)
class _Case:
    """One answer that was read: what it says, and what it was the answer to."""

    answer: Answer
    trouble: Trouble
    paging: bool

    @property
    def what(self) -> str:
        """What Zoom said, short, and without anything that may be a token or a link."""
        said = _SECRETIVE.sub("…", " ".join(self.trouble.message.split()))[:160]
        code = f"code {self.trouble.code}" if self.trouble.code else f"status {self.answer.status}"
        return f"{code}: {said}" if said else code


def read_error(answer: Answer, *, paging: bool = False) -> CatchmentError | None:
    """The error that *answer* of the API means; ``None`` where it means none.

    Args:
        answer: Of any status; errors with status 200 occur (5.3, 8.3).
        paging: The request continued a listing, so that code 300 means its page token (1.3).
    """
    if answer.status < 300 and len(answer.body) > _LARGEST_ERROR:
        return None
    trouble = _read_body(answer)
    if answer.status < 300 and not trouble:
        return None
    case = _Case(answer, trouble, paging)
    if answer.status == 429 or trouble.code in (429, 4001):
        return _read_rate(case)
    if answer.status >= 500:
        return Unreachable(f"Zoom is in trouble ({case.what})")
    by_code = _CODES.get(trouble.code or 0)
    if by_code is not None:
        return by_code(case)
    return _read_status(case)


def read_page_error(answer: Answer) -> CatchmentError | None:
    """As :func:`read_error`, for what continues a listing."""
    return read_error(answer, paging=True)


def read_token_error(answer: Answer) -> CatchmentError | None:
    """The error that an answer of the token endpoint means (2.2); ``None`` where it means none.

    Wrong credentials are 400 in several shapes, so any answer that is neither a token nor a
    passing trouble is a refusal that names the settings.
    """
    trouble = _read_body(answer)
    if answer.status < 300 and not trouble:
        return None
    case = _Case(answer, trouble, paging=False)
    if answer.status == 429 or trouble.code in (429, 4001):
        return _read_rate(case)
    if answer.status >= 500 or 300 <= answer.status < 400:
        return Unreachable(f"Zoom's token endpoint is in trouble ({case.what})")
    return _read_credentials(case)


def _read_body(answer: Answer) -> Trouble:
    try:
        return read_trouble(json.loads(answer.body))
    except ValueError:
        return Trouble()


# --- rate limits (8.2) --------------------------------------------------------------------------


def _read_rate(case: _Case) -> RateLimited:
    """Daily or per second: by the header, else by the message, else per second."""
    headers, at = case.answer.headers, case.answer.at
    kind = headers.get("x-ratelimit-type", "").lower() or case.trouble.message.lower()
    told = read_retry_after(headers, at) or _read_reset(headers.get("x-ratelimit-reset", ""))
    if told is not None and told <= at:
        told = None
    if "daily" not in kind:
        return RateLimited("Zoom's limit of requests per second is reached", retry_at=told)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return RateLimited("Zoom's daily limit of requests is reached", retry_at=told or midnight)


def _read_reset(text: str) -> datetime | None:
    """``X-RateLimit-Reset``, which one copy of the documents has, in Unix seconds."""
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"\d{9,10}", text) else None


# --- codes (8.3) --------------------------------------------------------------------------------


def _read_status(case: _Case) -> CatchmentError | None:
    status = case.answer.status
    if status == 401:
        return _token(case)
    if status == 403:
        return _forbidden(case)
    if status in (404, 410):
        return _absent(case)
    if status < 300:
        return Unreachable(f"Zoom answered {status} with an error inside ({case.what})")
    if status >= 400:
        return AdapterFault(f"Zoom did not understand the question ({case.what})")
    return None


def _token(case: _Case) -> CatchmentError:
    if _SCOPES.search(case.trouble.message):
        return _scope(case)
    return TokenRejected(
        f"Zoom does not accept the access token ({case.what})",
        remedy=f"See whether {_APP} is still activated.",
    )


def _scope(case: _Case) -> CatchmentError:
    found = _SCOPES.search(case.trouble.message)
    named = [name for name in re.split(r"[\s,]+", found.group(1)) if name] if found else []
    scopes = " or ".join(named) or "a scope that Zoom did not name"
    return Refused(f"the Zoom app lacks {scopes}", remedy=build_advice(scopes))


def _forbidden(case: _Case) -> CatchmentError:
    return Refused(
        f"Zoom does not permit this ({case.what})",
        remedy="Look at the account's plan and settings and at the role of the app's owner. "
        + ARCHIVING,
    )


def _credentials_dead(case: _Case) -> CatchmentError:
    return Refused(
        f"Zoom does not accept the app ({case.what})",
        remedy=f"See whether {_APP} is activated, was disabled by an administrator, or belonged "
        "to somebody who left.",
    )


def _absent(case: _Case) -> CatchmentError:
    return Absent(f"Zoom does not have it ({case.what})")


def _unfinished(case: _Case) -> CatchmentError:
    return Later(
        f"Zoom is not done with it yet ({case.what})", at=case.answer.at + timedelta(minutes=10)
    )


def _invalid(case: _Case) -> CatchmentError:
    """Code 300: a dead page token, a window that is too long, or a meeting that none may see."""
    message = case.trouble.message.lower()
    if case.paging or "page token" in message:
        return CursorLost(f"Zoom no longer knows the page token ({case.what})")
    if "cannot access" in message:
        return _absent(case)
    if {"from", "to"} & set(case.trouble.fields):
        return TooWide(f"Zoom does not list a period this long ({case.what})")
    fields = ", ".join(case.trouble.fields) or "a field that it did not name"
    return AdapterFault(f"Zoom did not accept {fields} ({case.what})")


_CODES: dict[int, Callable[[_Case], CatchmentError]] = {
    124: _token,
    200: _forbidden,
    300: _invalid,
    1001: _absent,
    1010: _absent,
    2001: _forbidden,
    2300: _absent,
    2305: _forbidden,
    2306: _forbidden,
    3001: _absent,
    3301: _absent,
    3303: _unfinished,
    3310: _unfinished,
    3322: _absent,
    4700: _token,
    4711: _scope,
    4717: _credentials_dead,
    4735: _credentials_dead,
    4738: _credentials_dead,
    4741: _token,
    12702: _absent,
}


# --- the token endpoint (2.2) -------------------------------------------------------------------


def _read_credentials(case: _Case) -> CatchmentError:
    refuse = partial(_refuse_credentials, case)
    code, error = case.trouble.code, case.trouble.error
    if error == "invalid_client" or code in (4702, 4704):
        return refuse("the client_id or client_secret", "client_id and client_secret")
    if error == "unsupported_grant_type" or code == 4705:
        return Refused(
            f"the Zoom app is not a server-to-server app ({case.what})",
            remedy="Create an app of the kind 'Server-to-Server OAuth' in the Zoom App Marketplace "
            "and enter its account_id, client_id and client_secret.",
        )
    if error == "invalid_request":
        return refuse("the account_id", "account_id, and client_id and client_secret beside it,")
    if code in (4717, 4735, 4738, 4741):
        return _credentials_dead(case)
    return refuse("the credentials", "account_id, client_id and client_secret")


def read_minted(answer: Answer) -> Minted:
    """The token in *answer* (2.1), whose scopes are one string with spaces.

    Raises:
        Unreachable: The answer is no token, although its status says so.
    """
    body = read_object(answer)
    token, lives = body.get("access_token"), body.get("expires_in")
    if not isinstance(token, str) or not token or not str(lives).isdigit():
        raise Unreachable("Zoom's token endpoint answered with something that is no token")
    return Minted(token, timedelta(seconds=int(str(lives))), str(body.get("scope") or ""))


def _refuse_credentials(case: _Case, what: str, settings: str) -> CatchmentError:
    said = case.trouble.error or case.what
    return Refused(
        f"Zoom does not accept {what} ({said})",
        remedy=f"Compare the settings {settings} with the page 'App Credentials' of {_APP}, and "
        "see whether it is activated.",
    )
