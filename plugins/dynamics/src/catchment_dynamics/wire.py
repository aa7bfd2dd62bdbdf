"""Requests to Dataverse, built without I/O, and the envelopes of its answers (2).

Ids stand in filters as chains of ``eq`` and ``or``, which are certain for lookups too; what
``Microsoft.Dynamics.CRM.In`` takes is told for plain columns alone (2.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from catchment.model import Json, Window
from catchment.transport import Request

ROOT = "/api/data/v9.2"

HEADERS = (
    ("Accept", "application/json"),
    ("OData-MaxVersion", "4.0"),
    ("OData-Version", "4.0"),
    ("If-None-Match", "null"),
)
"""Sent with every request (2.1); the last keeps answers out of caches."""

PAGE = 500
"""Rows of one page."""

ID_PAGE = 5000
"""Rows of one page where ids alone are asked for; no page may have more (2.4)."""

MOST_IDS = 50
"""So many ids stand in one filter, which keeps the address far below 32,768 characters (6)."""

PIECE_BYTES = 4_194_304
"""The recommended size of a piece of a file (2.9)."""

SIZE_HEADER = "x-ms-file-size"
"""What tells the size of the whole file (2.9)."""

LOOKUPS = "Microsoft.Dynamics.CRM.lookuplogicalname"
"""The annotation that tells which table an id is of."""

NAMES = "OData.Community.Display.V1.FormattedValue"
"""The annotation that tells the name of what a lookup points at."""

DELTA = "@odata.deltaLink"


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of rows, verbatim.

    Attributes:
        rows: The rows.
        next_link: Where the next page is; empty on the last.
        delta_link: Where changes since then are told (2.5); empty where none was asked for.
    """

    rows: tuple[dict[str, Any], ...]
    next_link: str = ""
    delta_link: str = ""


def read_page(body: Json) -> Rows | None:
    """The page in *body*; ``None`` where it is no page."""
    rows = body.get("value")
    if not isinstance(rows, list):
        return None
    found = tuple(row for row in rows if isinstance(row, dict))
    return Rows(found, _text(body.get("@odata.nextLink")), _text(body.get(DELTA)))


def build_list(
    entity_set: str,
    *,
    select: str = "",
    where: str = "",
    order: str = "",
    expand: str = "",
    top: int | None = None,
    annotations: Sequence[str] = (LOOKUPS,),
    page: int = PAGE,
) -> Request:
    """``GET /{entity_set}``: the rows that *where* is true of, page by page (2.2, 2.4).

    With *top* no page size is sent, because it would make the platform ignore the first (2.2).
    """
    told = (("$select", select), ("$expand", expand), ("$filter", where), ("$orderby", order))
    params = tuple((name, value) for name, value in told if value)
    prefer = [] if top else [f"odata.maxpagesize={page}"]
    if annotations:
        prefer.append(f'odata.include-annotations="{",".join(annotations)}"')
    headers = (("Prefer", ",".join(prefer)),) if prefer else ()
    if top:
        params = (*params, ("$top", str(top)))
    return Request("GET", f"/{entity_set}", params, headers=headers)


def build_tracking(entity_set: str, key: str) -> Request:
    """All ids of a table with a mark after them; nothing but ``$select`` may be asked (2.5)."""
    prefer = f"odata.track-changes,odata.maxpagesize={ID_PAGE}"
    return Request("GET", f"/{entity_set}", (("$select", key),), headers=(("Prefer", prefer),))


def build_columns(table: str, *, kinds: bool = True) -> Request:
    """The columns of *table*, as its metadata tells (6, pain 3).

    Args:
        table: Logical name.
        kinds: Ask also for the exact kind, which alone tells File columns.
    """
    select = "LogicalName,AttributeType" + (",AttributeTypeName" if kinds else "")
    path = f"/EntityDefinitions(LogicalName='{quote(table, safe='')}')/Attributes"
    return Request("GET", path, (("$select", select),))


def build_table(table: str) -> Request:
    """Whether *table* exists, and what its primary key is: one row or none."""
    where = f"LogicalName eq '{table}'"
    params = (("$select", "LogicalName,PrimaryIdAttribute"), ("$filter", where))
    return Request("GET", "/EntityDefinitions", params)


def build_who_am_i() -> Request:
    """``GET /WhoAmI``: which organisation, and as whom."""
    return Request("GET", "/WhoAmI")


def build_link(entity_set: str, row_id: str, column: str) -> Request:
    """``GetFileSasUrl``: a link to a file that anybody may follow for an hour (2.9)."""
    target = quote(f"{{'@odata.id':'{entity_set}({row_id})'}}", safe="")
    path = f"/GetFileSasUrl(Target=@p1,FileAttributeName='{quote(column, safe='')}')"
    return Request("GET", f"{path}?@p1={target}")


def file_path(entity_set: str, row_id: str, column: str) -> str:
    """The path of a file's bytes, whole or in pieces (2.9)."""
    return f"/{entity_set}({row_id})/{quote(column, safe='')}/$value"


def where_modified(window: Window) -> str:
    """Rows that changed inside *window*; times have whole seconds (2.3)."""
    return f"modifiedon ge {write_time(window.start)} and modifiedon lt {write_time(window.end)}"


def where_modified_since(start: datetime) -> str:
    """Rows that changed at *start* or later."""
    return f"modifiedon ge {write_time(start)}"


def where_any(prop: str, ids: Sequence[str]) -> str:
    """Rows whose *prop* is one of *ids*."""
    chain = " or ".join(f"{prop} eq {one}" for one in ids)
    return f"({chain})" if len(ids) > 1 else chain


def where_channel_contains(values: Sequence[str]) -> str:
    """Rows of a table on which the channel is a multi-select choice (6, pain 2)."""
    name = "Microsoft.Dynamics.CRM.ContainValues"
    each = (
        f"{name}(PropertyName='msdyn_channel',PropertyValues=[\"{value}\"])" for value in values
    )
    return f"({' or '.join(each)})"


def where_channel_is(values: Sequence[str]) -> str:
    """Rows of a table on which the channel is a plain choice."""
    return f"({' or '.join(f'msdyn_channel eq {value}' for value in values)})"


def join_all(*conditions: str) -> str:
    """What fulfils all *conditions*; empty ones are none."""
    return " and ".join(one for one in conditions if one)


def write_time(moment: datetime) -> str:
    """A time as a filter has it, in UTC and whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def cut_ids(ids: Iterable[str]) -> Iterator[Sequence[str]]:
    """*ids*, each once and no empty one, in lots that fit into one question."""
    known = sorted({*ids} - {""})
    for at in range(0, len(known), MOST_IDS):
        yield known[at : at + MOST_IDS]


def is_same_origin(link: str, base_url: str) -> bool:
    """Whether *link* leads to the host of *base_url*, over the same protocol and port."""
    try:
        one, other = urlsplit(link), urlsplit(base_url)
        ports = one.port or 443, other.port or 443
    except ValueError:
        return False
    same = (one.scheme.lower(), one.hostname) == (other.scheme, other.hostname)
    return same and ports[0] == ports[1] and "@" not in one.netloc


def read_types(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Kind of each column by logical name; File columns are told by the exact kind alone."""
    types: dict[str, str] = {}
    for row in rows:
        name, kind, exact = (
            row.get(key) for key in ("LogicalName", "AttributeType", "AttributeTypeName")
        )
        if not isinstance(name, str) or not name:
            continue
        told = exact.get("Value") if isinstance(exact, Mapping) else None
        types[name.lower()] = "FileType" if told == "FileType" else _text(kind)
    return types


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
