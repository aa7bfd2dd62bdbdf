"""What the contact center means when it does not answer the question (1.3): bytes to errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    RateLimited,
    Refused,
    TooWide,
    Unreachable,
)
from catchment.payloads import read_rows
from catchment.transport import Answer, TokenRejected, read_retry_after

SCOPE = "cjp:config_read"
RIGHTS = (
    f"Add the scope {SCOPE} to the app, authorise it anew, and see whether whoever authorised it "
    "is still an administrator of the contact center, and of this organisation and region."
)
_RENEW = (
    "Authorise the app anew as an administrator of the contact center, put the new refresh token "
    "where the setting refresh_token points, and run 'catchment check'."
)
_KEY = (
    "Compare the settings username, api_key and tenant_id with the Management Portal; a key "
    "belongs to one user."
)
_SECRETIVE = re.compile(r"[^\s\[\],]{80,}|https?://\S+")
_SCHEMA = re.compile(r"FieldUndefined|UnknownArgument|WrongType|Validation ?error", re.IGNORECASE)


class SchemaRefused(AdapterFault):
    """The organisation's schema lacks a field that was asked for (2.1)."""


def is_schema_refusal(said: str) -> bool:
    """Whether *said* means that the schema lacks a field; it comes as 400, or as 200 (2.1)."""
    return bool(_SCHEMA.search(said))


def read_error(answer: Answer) -> CatchmentError | None:
    """The error that *answer* of the Programmatic APIs or of CMSv2 means; ``None`` for none."""
    return _read(answer, _RENEW, RIGHTS)


def read_key_error(answer: Answer) -> CatchmentError | None:
    """The same of CMSv1, whose bad credentials may be 401 or 403 (7.1)."""
    if answer.status == 403:
        return TokenRejected(f"the API key is not accepted ({_tell(answer)})", remedy=_KEY)
    return _read(answer, _KEY, _KEY)


def _read(answer: Answer, credential: str, rights: str) -> CatchmentError | None:
    status = answer.status
    if 200 <= status < 300:
        return None
    if status == 429:
        at = read_retry_after(answer.headers, answer.at)
        told = at if at is None or at > answer.at else None
        return RateLimited("the contact center's limit of requests is reached", retry_at=told)
    what = _tell(answer)
    if status == 401:
        return TokenRejected(f"the credential is not accepted ({what})", remedy=credential)
    if status == 403:
        return Refused(f"the contact center does not permit this ({what})", remedy=rights)
    if status in (404, 410):
        return Absent(f"the contact center does not have it ({what})")
    if status == 413:
        return TooWide(f"the contact center does not list as much at once ({what})")
    if status >= 500 or status < 400 or status == 408:
        return Unreachable(f"the contact center is in trouble ({what})")
    if status == 400 and is_schema_refusal(what):
        return SchemaRefused(f"the organisation's schema lacks what was asked for ({what})")
    return AdapterFault(f"the contact center did not understand the question ({what})")


def _tell(answer: Answer) -> str:
    """Status, what was said, and the tracking id, without what may be a token or a link."""
    body = _read_body(answer)
    said = _SECRETIVE.sub("…", next(_list_texts(body), ""))[:160]
    tracking = str(body.get("trackingId") or answer.headers.get("trackingid") or "")
    tracking = tracking if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", tracking) else ""
    told = f"status {answer.status}" + (f": {said}" if said else "")
    return f"{told}; tracking id {tracking}" if tracking else told


def _read_body(answer: Answer) -> Mapping[str, Any]:
    try:
        body = json.loads(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _list_texts(body: Mapping[str, Any]) -> Iterator[str]:
    """Everything that the body says: ``error`` is an object or a bare text (1.3)."""
    error = body.get("error")
    inner = error if isinstance(error, Mapping) else {}
    told = [row.get("description") for row in read_rows(inner.get("message"))]
    told += [inner.get("reason"), inner.get("message"), error, body.get("message")]
    told += [row.get("message") for row in read_rows(body.get("errors"))]
    for text in told:
        if isinstance(text, str) and text.strip():
            yield " ".join(text.split())
