"""What Webex means when it does not answer the question (sheet 6, 7, 8): bytes to errors.

One sentence stands for a missing scope and for a missing role, and Webex does not tell which
(3.5), so the remedies name both.  A body is read only where it is JSON: gateways, and the official
page's own 429, answer HTML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

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
from catchment.payloads import read_rows
from catchment.transport import Answer, Minted, TokenRejected, read_retry_after
from catchment_webex.payloads import read_object

SCOPES_AND_ROLES = (
    "Look at the scopes of the Service App or integration on developer.webex.com, authorise it "
    "anew in Control Hub after changing them, and see whether the account that authorised it "
    "holds the role for them."
)
_APP = (
    "Compare the settings client_id and client_secret with the app's page on developer.webex.com "
    "(My Webex Apps), correct them where they point, and run 'catchment check'."
)
_RENEW = (
    "Authorise the Service App (Control Hub, Apps, Service Apps) or the integration anew, put the "
    "new refresh token where the setting refresh_token points, and run 'catchment check'."
)
_SECRETIVE = re.compile(r"[^\s\[\],]{80,}|https?://\S+")
_HOST = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.){2,}[a-z]{2,})", re.IGNORECASE)
_GRANT = re.compile(r"\b(invalid_client|unauthorized_client|invalid_grant)\b")
_WINDOW = re.compile(r"\b(days?|interval|period|time ?range|date ?range)\b", re.IGNORECASE)


class WrongRegion(Refused):
    """The organisation's data is answered for by another host (451).

    Attributes:
        host: The host that Webex named; empty if it named none.
    """

    def __init__(self, what: str, *, remedy: str = "", host: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.host = host


def read_error(answer: Answer) -> CatchmentError | None:
    """The error that *answer* of the API means; ``None`` where it means none."""
    status = answer.status
    if status < 300:
        return None
    if status == 429:
        return _read_rate(answer)
    what = _tell(answer)
    if status == 401:
        return TokenRejected(f"Webex does not accept the access token ({what})", remedy=_RENEW)
    if status == 403:
        return Refused(f"Webex does not permit this ({what})", remedy=SCOPES_AND_ROLES)
    if status in (404, 410):
        return Absent(f"Webex does not have it ({what})")
    if status == 423:
        at = read_retry_after(answer.headers, answer.at)
        return Later(
            f"Webex has not released it yet ({what})", at=at or answer.at + timedelta(minutes=1)
        )
    if status == 451:
        return _read_region(answer)
    if status >= 500 or status < 400:
        return Unreachable(f"Webex is in trouble ({what})")
    if status == 400 and _WINDOW.search(what):
        return TooWide(f"Webex does not list a period this long ({what})")
    return AdapterFault(f"Webex did not understand the question ({what})")


def read_token_error(answer: Answer) -> CatchmentError | None:
    """The error that an answer of the token endpoint means; ``None`` where it means none.

    Any 4xx but 429 needs a person (3.3).  It is told from a missing permission, which other parts
    of the work may survive.  What the person must do depends on the error's name, where the answer
    holds one: its exact place is not documented.
    """
    if answer.status < 300:
        return None
    if answer.status == 429:
        return _read_rate(answer)
    what = _tell(answer)
    if answer.status in (408, 423) or answer.status >= 500 or answer.status < 400:
        return Unreachable(f"Webex's token endpoint is in trouble ({what})")
    named = _GRANT.search(" ".join(_list_texts(_read_body(answer))))
    if named is None:
        return TokenRejected(
            f"Webex does not renew the access token ({what})",
            remedy=f"{_APP} If they are right: {_RENEW}",
        )
    if named.group(1) == "invalid_grant":
        return TokenRejected(
            f"Webex does not accept the refresh token any more ({what})", remedy=_RENEW
        )
    return TokenRejected(f"Webex does not know the app by its secret ({what})", remedy=_APP)


def read_minted(answer: Answer) -> Minted:
    """The tokens in *answer* (3.3): the refresh token may be a new one.

    Raises:
        Unreachable: The answer is no token, although its status says so.
    """
    body = read_object(answer)
    token, lives = body.get("access_token"), body.get("expires_in")
    if not isinstance(token, str) or not token or not str(lives).isdigit():
        raise Unreachable("Webex's token endpoint answered with something that is no token")
    refresh = body.get("refresh_token")
    return Minted(
        token,
        timedelta(seconds=int(str(lives))),
        str(body.get("scope") or ""),
        refresh_token=refresh if isinstance(refresh, str) else "",
    )


def _read_rate(answer: Answer) -> RateLimited:
    """``Retry-After`` may be an hour, missing or malformed (7)."""
    at = read_retry_after(answer.headers, answer.at)
    told = at if at is None or at > answer.at else None
    return RateLimited("Webex's limit of requests is reached", retry_at=told)


def _read_region(answer: Answer) -> WrongRegion:
    found = _HOST.search(" ".join(_list_texts(_read_body(answer))))
    host = found.group(1).lower() if found else ""
    return WrongRegion(
        "Webex keeps the organisation's data in another region"
        + (f", which {host} answers for" if host else ""),
        remedy=f'Set api_url = "https://{host}/v1".'
        if host
        else "Let the setting api_url name the host of the organisation's region.",
        host=host,
    )


def _read_body(answer: Answer) -> Mapping[str, Any]:
    if answer.media_type.endswith("html"):
        return {}
    try:
        body = json.loads(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _read_message(body: Mapping[str, Any]) -> str:
    """What the body says: the descriptions of ``errors`` are clearer than ``message`` (6)."""
    return next(_list_texts(body), "")


def _list_texts(body: Mapping[str, Any]) -> Iterator[str]:
    """Everything that the body says, the clearest first."""
    told = [row.get("description") for row in read_rows(body.get("errors"))]
    told += [body.get(name) for name in ("message", "error_description", "error")]
    for text in told:
        if isinstance(text, str) and text.strip():
            yield " ".join(text.split())


def _tell(answer: Answer) -> str:
    """Status, what Webex said, and its tracking id, without what may be a token or a link."""
    body = _read_body(answer)
    said = _SECRETIVE.sub("…", _read_message(body))[:160]
    tracking = str(body.get("trackingId") or answer.headers.get("trackingid") or "")
    tracking = tracking if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", tracking) else ""
    told = f"status {answer.status}" + (f": {said}" if said else "")
    return f"{told}; tracking id {tracking}" if tracking else told
