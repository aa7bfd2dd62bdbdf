"""Feeds by change tracking (2.5): what changed since a mark that Dataverse gave before.

The first poll, and whatever looks back, has no mark and lists by time.  The mark that it hands on
is asked for **before** the listing begins, and the listing then has no end: what changes meanwhile
is in the listing, or after the mark, or in both, and never in neither.

A tracked listing can neither be filtered nor sorted, so it lists ids alone; the rows are asked for
by id, of calls alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from catchment.errors import Absent, AdapterFault, CursorLost, NotPermitted, Truncated
from catchment.model import Page, Span
from catchment_dynamics import wire
from catchment_dynamics.access import Access
from catchment_dynamics.columns import Table
from catchment_dynamics.listings import LISTINGS, Listing, Listings
from catchment_dynamics.refusals import PrivilegeMissing, TableMissing

RECENT = timedelta(minutes=15)
"""A window that ends longer ago than this is followed by another one by time, and needs no mark."""


def list_tracked(listings: Listings, span: Span) -> Iterator[Page]:
    """The pages of *span*'s feed: by its mark where it has one, else by time.

    Raises:
        CursorLost: Mark or cursor are too old (7 days, unless the environment says otherwise), or
            tracking was switched off meanwhile: the window is listed by time.
        NotPermitted: Changes of the table are not tracked, or may not be read.
    """
    listing = LISTINGS[span.feed]
    try:
        if span.mark:
            yield from _follow(listings, listing, span)
        else:
            yield from _begin(listings, listing, span)
    except TableMissing:
        if not listing.optional:
            raise
        yield Page(last=True)


def prove_tracking(access: Access, table: Table) -> None:
    """See that changes of *table* are tracked, with a question for one page.

    Raises:
        NotPermitted: They are not, or may not be read.
    """
    _open(access, table)


# --- with a mark ---------------------------------------------------------------------------------


def _follow(listings: Listings, listing: Listing, span: Span) -> Iterator[Page]:
    """What changed since the mark; deleted rows are told too, and are nothing to us."""
    access, table = listings.reader.access, listing.table
    request = wire.build_tracking(table.entity_set, table.key)
    link = span.cursor or span.mark
    given = {link}
    while True:
        page = access.resume(request, link)
        ids = [row[table.key] for row in page.rows if row.get(table.key)]
        found, facts = listings.read_ids(listing, ids)
        if not page.next_link:
            if not page.delta_link:
                raise CursorLost(f"{table.name}: Dataverse gave no mark to go on from")
            yield Page(found, facts, last=True, mark=page.delta_link)
            return
        if page.next_link in given:
            raise Truncated(f"{table.name}: Dataverse gave the same page of changes twice")
        given.add(page.next_link)
        link = page.next_link
        yield Page(found, facts, cursor=link)


# --- without one ---------------------------------------------------------------------------------


def _begin(listings: Listings, listing: Listing, span: Span) -> Iterator[Page]:
    """First the walk to the mark, in pages without rows that can be gone on from, then the list."""
    access = listings.reader.access
    place = _read_cursor(span.cursor)
    walk, mark = place.get("walk", ""), place.get("mark", "")
    if walk or (span.cursor is None and access.now() - span.window.end < RECENT):
        for link, told in _walk(access, listing.table, walk):
            if link:
                yield Page(cursor=json.dumps({"walk": link}))
            mark = told
    condition = wire.where_modified(span.window)
    if mark:
        condition = wire.where_modified_since(span.window.start)
    for page in listings.walk(listing, condition, place.get("next")):
        if page.last:
            yield replace(page, mark=mark)
        else:
            yield replace(page, cursor=json.dumps({"next": page.cursor, "mark": mark}))


def _read_cursor(cursor: str | None) -> dict[str, str]:
    """Where it goes on: at ``walk``, else at ``next`` with the ``mark`` that it had.

    Raises:
        CursorLost: It is not a cursor of ours: the setting ``listing`` was changed meanwhile.
    """
    if cursor is None:
        return {}
    try:
        told = json.loads(cursor)
        names = ("walk",) if "walk" in told else ("next", "mark")
        return {name: str(told[name]) for name in names}
    except (ValueError, TypeError, KeyError):
        raise CursorLost("the cursor is one of a listing without change tracking") from None


def _walk(access: Access, table: Table, link: str) -> Iterator[tuple[str, str]]:
    """Pass over all ids from *link* on: the next link with each page, with the last the mark.

    Raises:
        CursorLost: Dataverse does not understand the link any more.
        NotPermitted: Changes of the table are not tracked, or may not be read.
        Truncated: The walk does not end.
    """
    request = wire.build_tracking(table.entity_set, table.key)
    page = access.resume(request, link) if link else _open(access, table)
    given = {link}
    while page.next_link:
        if page.next_link in given:
            raise Truncated(f"{table.name}: Dataverse gave the same page of ids twice")
        given.add(page.next_link)
        yield page.next_link, ""
        page = access.resume(request, page.next_link)
    if not page.delta_link:
        raise _refuse(table, "Dataverse gave no mark")
    yield "", page.delta_link


def _open(access: Access, table: Table) -> wire.Rows:
    request = wire.build_tracking(table.entity_set, table.key)
    try:
        page = access.ask_page(request)
    except PrivilegeMissing as error:
        raise NotPermitted(
            f"change tracking wants read access of the whole organisation: {error}",
            remedy=error.remedy,
        ) from error
    except (AdapterFault, Absent) as error:
        raise _refuse(table, str(error)) from error
    if not page.next_link and not page.delta_link:
        raise _refuse(table, "Dataverse gave no mark")
    return page


def _refuse(table: Table, why: str) -> NotPermitted:
    return NotPermitted(
        f"changes of the table {table.name} are not tracked: {why}",
        remedy=f"Turn on 'Track changes' of the table {table.name} (Power Apps, Tables, its "
        'properties), or set listing = "modifiedon".',
    )
