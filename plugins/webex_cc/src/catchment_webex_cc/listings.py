"""Listings of the Programmatic APIs page by page: tasks (2) and what agents did (4.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from catchment.errors import AdapterFault, CursorLost, TooWide, Truncated, Unreachable
from catchment.model import Json, Page, Span
from catchment.payloads import read_rows
from catchment.transport import Request
from catchment_webex_cc import queries, wire
from catchment_webex_cc.activities import is_of_a_call, map_activity
from catchment_webex_cc.refusals import SchemaRefused, is_schema_refusal
from catchment_webex_cc.sightings import is_over, map_fact, map_sighting, may_be_recorded

Ask = Callable[[Request], Json]

TASKS, ACTIVITIES = "tasks", "activities"
"""The feeds, under one name in every generation: a tenant that is moved keeps its watermark."""


def search(ask: Ask, request: Request) -> Json:
    """The ``taskDetails`` that answer *request*.

    Raises:
        SchemaRefused: The organisation's schema lacks a field that was asked for.
        Unreachable: There is none, which must not be taken for an empty one.
    """
    body = ask(request)
    data = body.get("data")
    found = data.get("taskDetails") if isinstance(data, dict) else None
    if isinstance(found, dict) and isinstance(found.get("tasks"), list):
        return found
    told = " ".join(str(row.get("message")) for row in read_rows(body.get("errors")))
    if is_schema_refusal(told):
        raise SchemaRefused("the organisation's schema lacks what was asked for")
    raise Unreachable("the contact center answered a search without any taskDetails")


def list_tasks(
    ask: Ask, organisation_id: str, span: Span, *, most: int = wire.MOST_TASKS
) -> Iterator[Page]:
    """The calls that ended in *span*'s window, from its cursor on; fewer than *most*.

    Raises:
        TooWide: More tasks than can be reached by paging; those beyond are not told (2.3).
        Truncated: The platform gave a page that it gave before.
        CursorLost: It does not understand the cursor any more.
    """
    seen, cursor = read_cursor(span.cursor)
    given = {cursor}
    while True:
        try:
            found = _ask_page(ask, organisation_id, span, cursor)
        except SchemaRefused:
            raise
        except AdapterFault as error:
            if cursor is not None:
                raise CursorLost(f"the list of tasks cannot be continued: {error}") from error
            raise
        rows = read_rows(found["tasks"])
        seen += len(rows)
        if seen >= most:
            raise TooWide(f"more than {most} calls ended in {span.window}")
        cursor = read_next(found)
        if cursor is not None and cursor in given:
            raise Truncated("the contact center gave the same page of tasks twice")
        given.add(cursor)
        yield build_page(rows, span, None if cursor is None else f"{seen}:{cursor}")
        if cursor is None:
            return


def _ask_page(ask: Ask, organisation_id: str, span: Span, cursor: str | None) -> Json:
    try:
        return search(ask, wire.build_list(organisation_id, span.window, cursor))
    except SchemaRefused:
        query = queries.LIST_LEAST
        return search(ask, wire.build_list(organisation_id, span.window, cursor, query))


def build_page(rows: list[Any], span: Span, cursor: str | None) -> Page:
    """Tasks that are over: each a fact, and a sighting if there is or may be a recording."""
    over = [row for row in rows if is_over(row)]
    fallback = span.window.start
    return Page(
        sightings=tuple(map_sighting(row, fallback) for row in over if may_be_recorded(row)),
        facts=tuple(map_fact(row, fallback) for row in over),
        cursor=cursor,
        last=cursor is None,
    )


def read_next(found: Json) -> str | None:
    """The cursor of the next page; ``None`` on the last one, or where there is none to go on by.

    Raises:
        Truncated: There is a next page, and nothing says where.
    """
    info = found.get("pageInfo")
    if not isinstance(info, dict) or info.get("hasNextPage") is not True:
        return None
    cursor = info.get("endCursor")
    if cursor in (None, ""):
        raise Truncated("the contact center told of another page and not where it begins")
    return str(cursor)


def read_cursor(told: str | None) -> tuple[int, str | None]:
    """How many tasks came before, and the platform's own cursor.

    Raises:
        CursorLost: Nothing of ours wrote *told*.
    """
    if told is None:
        return 0, None
    seen, colon, cursor = told.partition(":")
    if not colon or not seen.isdigit() or not cursor:
        raise CursorLost("the cursor of the list of tasks cannot be read")
    return int(seen), cursor


def list_activities(
    ask: Ask,
    organisation_id: str,
    span: Span,
    *,
    page_size: int = wire.ACTIVITIES_PAGE,
    most: int = wire.MOST_ACTIVITIES,
) -> Iterator[Page]:
    """What agents did in calls that began in *span*'s window, from its cursor on; below *most*.

    Nothing says which page is the last, the server may lower a page's size without a word, and may
    repeat rows: only a page with fewer rows than its usual size ends the list.

    Raises:
        TooWide: So many rows that the rest is not told (4.2).
    """
    page, seen = _read_place(span.cursor)
    while True:
        body = ask(wire.build_activities(organisation_id, span.window, page, page_size))
        if not isinstance(body.get("data"), list):
            raise Unreachable("the contact center answered without any activities of agents")
        rows = [_flatten(row) for row in read_rows(body["data"])]
        seen += len(rows)
        if seen >= most:
            raise TooWide(f"more than {most} activities of agents in {span.window}")
        last = len(rows) < min(page_size, wire.USUAL_PAGE)
        page += 1
        facts = [map_activity(row, span.window.start) for row in rows if is_of_a_call(row)]
        cursor = None if last else f"{page}:{seen}"
        yield Page(facts=tuple(facts), cursor=cursor, last=last)
        if last:
            return


def _flatten(row: Any) -> dict[str, Any]:
    """A row whose members may stand under ``attributes``, as those of its siblings do (4.1)."""
    inner = row.get("attributes")
    return {**row, **inner} if isinstance(inner, dict) else dict(row)


def _read_place(told: str | None) -> tuple[int, int]:
    if told is None:
        return 0, 0
    page, _, seen = told.partition(":")
    if not page.isdigit() or not seen.isdigit():
        raise CursorLost("the cursor of the activities of agents cannot be read")
    return int(page), int(seen)
