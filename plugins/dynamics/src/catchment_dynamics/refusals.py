"""What Dataverse means when it does not answer the question (2.7, 2.8): bytes to errors.  Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    NotPermitted,
    RateLimited,
    Refused,
    Unreachable,
)
from catchment.transport import Answer, TokenRejected, read_retry_after

CREDENTIAL = (
    "See whether the settings tenant_id, client_id and url belong together, whether the client "
    "secret is still valid, and run 'catchment check'."
)
APPLICATION_USER = (
    "Create an application user for this client id in the environment (Power Platform admin "
    "center, the environment, Settings, Application users) and give it a security role."
)
ADDRESS = "See whether the setting url is the environment's own address, with its region number."

_LIMITS = {
    "0x80072322": "requests in five minutes",
    "0x80072321": "working time in five minutes",
    "0x80072326": "requests at once",
}
"""The three limits of 2.8 by code."""

_NO_USER = "0x80072560"
_NO_SUCH_ROW = "0x80040217"
_NO_SUCH_SEGMENT = "0x8006088a"
_CODE = re.compile(r"0x[0-9a-fA-F]{6,8}")
_PRIVILEGE = re.compile(r"\bprv[A-Z]\w{2,100}")
_SEGMENT = re.compile(r"segment '(\w{1,100})'")
_PROPERTY = re.compile(
    r"(?:property named|property|attribute|column)\s+'(\w{1,100})'"
    r"|doesn't contain attribute with Name\s*=\s*'(\w{1,100})'",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"could not find|doesn't contain|does not exist|doesn't exist|not defined", re.IGNORECASE
)
_SECRETIVE = re.compile(r"[^\s\[\],]{80,}|https?://\S+|\b[\w.+-]+@[\w.-]+")


class PrivilegeMissing(NotPermitted):
    """The application user lacks a privilege.

    Attributes:
        privilege: Its name (``prvReadmsdyn_ocrecording``); empty where it was not told.
    """

    def __init__(self, what: str, *, privilege: str, remedy: str) -> None:
        super().__init__(what, remedy=remedy)
        self.privilege = privilege


class TableMissing(NotPermitted):
    """The environment says that it has no such table."""


class ColumnUnknown(AdapterFault):
    """A query named a column that the environment does not have (6, pain 3).

    Attributes:
        column: Its logical name.
    """

    def __init__(self, what: str, *, column: str) -> None:
        super().__init__(what)
        self.column = column


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error body: ``code`` in lower case and ``message``, either of which may be empty."""

    code: str = ""
    message: str = ""


def read_error(answer: Answer) -> CatchmentError | None:
    """The error that *answer* of Dataverse means; ``None`` for none."""
    status = answer.status
    if 200 <= status < 300:
        page = answer.media_type == "text/html"
        return Unreachable("a page of HTML came in place of Dataverse's answer") if page else None
    trouble = read_trouble(answer.body)
    what = _tell(answer, trouble)
    if status == 429:
        return _read_limit(answer, trouble, what)
    if status == 401:
        return TokenRejected(f"Dataverse does not accept the token ({what})", remedy=CREDENTIAL)
    if status == 403:
        return _read_forbidden(trouble, what)
    if status in (404, 410):
        return _read_absent(trouble, what)
    if status >= 500 and status != 501:
        return Unreachable(f"Dataverse is in trouble ({what})")
    if status < 400 or status == 408:
        return Unreachable(f"Dataverse did not answer the question ({what})")
    if status == 400 and _UNKNOWN.search(trouble.message):
        found = _PROPERTY.search(trouble.message)
        if found:
            named = found[1] or found[2]
            column = named.lower()
            if column.startswith("_") and column.endswith("_value"):  # a lookup (2.2)
                column = column.removeprefix("_").removesuffix("_value")
            return ColumnUnknown(f"the environment has no column {named} ({what})", column=column)
    return AdapterFault(f"Dataverse did not understand the question ({what})")


def read_trouble(body: bytes) -> Trouble:
    """The error of *body*, where it is one (2.7)."""
    try:
        told = json.loads(body)
    except ValueError:
        return Trouble()
    error: Any = told.get("error") if isinstance(told, Mapping) else None
    if not isinstance(error, Mapping):
        return Trouble()
    code, message = error.get("code"), error.get("message")
    return Trouble(
        code.strip().lower() if isinstance(code, str) else "",
        " ".join(message.split()) if isinstance(message, str) else "",
    )


def name_table(privilege: str) -> str:
    """Which table *privilege* is about: ``prvReadmsdyn_ocrecording`` is about its end."""
    return re.sub(r"^prv(Read|Write|Create|Append)?", "", privilege)


def ask_for_privilege(privilege: str) -> str:
    """What to do about a privilege that is missing."""
    return (
        f"Add {privilege} (the table {name_table(privilege)}, Read, Organization) to a security "
        "role of the application user."
    )


def _read_limit(answer: Answer, trouble: Trouble, what: str) -> RateLimited:
    at = read_retry_after(answer.headers, answer.at)
    told = at if at is None or at > answer.at else None
    limit = _LIMITS.get(trouble.code)
    if limit is None:
        return RateLimited(f"Dataverse asks us to wait ({what})", retry_at=told)
    return RateLimited(
        f"the application user's limit of {limit} is reached ({what})", retry_at=told
    )


def _read_forbidden(trouble: Trouble, what: str) -> CatchmentError:
    said = trouble.message.lower()
    if trouble.code == _NO_USER or "not a member of the organization" in said:
        return Refused(
            f"the environment has no application user for this client id ({what})",
            remedy=APPLICATION_USER,
        )
    found = _PRIVILEGE.search(trouble.message)
    if found:
        privilege = found[0]
        return PrivilegeMissing(
            f"the application user may not read {name_table(privilege)}: the privilege "
            f"{privilege} is missing",
            privilege=privilege,
            remedy=ask_for_privilege(privilege),
        )
    return NotPermitted(
        f"Dataverse does not permit this ({what})",
        remedy="See which privileges the application user's security roles give, whether it is "
        "enabled, and whether the environment's firewall lets this address in.",
    )


def _read_absent(trouble: Trouble, what: str) -> CatchmentError:
    """404: believed where the body is Dataverse's own; else a proxy or a gateway answered."""
    segment = _SEGMENT.search(trouble.message)
    if trouble.code == _NO_SUCH_SEGMENT or segment:
        named = segment[1] if segment else "that was asked for"
        return TableMissing(
            f"the environment has no table {named} ({what})",
            remedy="Install the voice channel in this environment, or see whether the setting url "
            "names the right one.",
        )
    if trouble.code == _NO_SUCH_ROW:
        return Absent(f"there is no such row any more ({what})")
    if _CODE.fullmatch(trouble.code):
        return Absent(f"Dataverse does not have it ({what})")
    return Unreachable(f"404 came, and not in Dataverse's words ({what})", remedy=ADDRESS)


def _tell(answer: Answer, trouble: Trouble) -> str:
    """Status, code and what was said, without what may be a secret or a name.

    No id of the request: what is parked for the same reason shall be told as one.
    """
    said = _SECRETIVE.sub("…", trouble.message)[:160]
    code = trouble.code if _CODE.fullmatch(trouble.code) else ""
    return f"status {answer.status}" + (f", {code}" if code else "") + (f": {said}" if said else "")
