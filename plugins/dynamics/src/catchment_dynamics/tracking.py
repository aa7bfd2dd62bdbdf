"""Feeds by change tracking (2.5): what changed since a mark that Dataverse gave before.

The first poll, and whatever looks back, has no mark and lists by time.  The mark that it hands on
is asked for **before** the listing begins, and the listing then has no end: what changes meanwhile
is in the listing, or after the mark, or in both, and never in neither.

A tracked listing can neither be filtered nor sorted, so it lists ids alone; the rows are asked for
by id, of calls alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain

from catchment.errors import Absent, AdapterFault, CursorLost, NotPermitted
from catchment.model import Page, Span
from catchment.transport import Request
from catchment_dynamics import wire
from catchment_dynamics.access import Access
from catchment_dynamics.columns import VOICEMAILS, Table, find_id
from catchment_dynamics.listings import (
    BY_CHANGES,
    LISTINGS,
    Listing,
    Listings,
    read_cursor,
    write_cursor,
)
from catchment_dynamics.refusals import PrivilegeMissing, TableMissing

RECENT = timedelta(minutes=15)
"""A window that ends longer ago than this is followed by another one by time, and needs no mark."""


def list_tracked(listings: Listings, span: Span) -> Iterator[Page]:
    """The pages of *span*'s feed: by its mark where it has one, else by time.

    Raises:
        CursorLost: Mark or cursor are too old (7 days, unless the environment says otherwise), or
            tracking was switched off meanwhile: the window is listed by time.  Or the cursor is of
            a listing by time: the setting ``listing`` was changed meanwhile.
        NotPermitted: Changes of the table are not tracked, or may not be read.
        Unreachable: It is not certain whether there is such a table.
    """
    listing = LISTINGS[span.feed]
    try:
        if span.mark:
            yield from _follow(listings, listing, span)
        else:
            yield from _begin(listings, listing, span)
    except TableMissing as error:
        yield listings.pass_over(listing, error)


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
    place = read_cursor(BY_CHANGES, span.cursor)
    link = place.get("delta", "") if place else span.mark
    if not link:
        raise CursorLost("the cursor is one of a listing without a mark")
    for page in access.list_pages(_build(table), link):
        found, facts = listings.read_ids(listing, [find_id(table, row) for row in page.rows])
        if page.next_link:
            yield Page(found, facts, cursor=write_cursor(BY_CHANGES, delta=page.next_link))
        elif page.delta_link:
            yield Page(found, facts, last=True, mark=page.delta_link)
        else:
            raise CursorLost(f"{table.name}: Dataverse gave no mark to go on from")


# --- without one ---------------------------------------------------------------------------------


def _begin(listings: Listings, listing: Listing, span: Span) -> Iterator[Page]:
    """First the walk to the mark, in pages without rows that can be gone on from, then the list."""
    access = listings.reader.access
    place = read_cursor(BY_CHANGES, span.cursor)
    if "delta" in place:
        raise CursorLost("the cursor is one of changes since a mark, which is no longer known")
    walk, mark = place.get("walk", ""), place.get("mark", "")
    if walk or (span.cursor is None and access.now() - span.window.end < RECENT):
        for link, told in _walk(access, listing.table, walk):
            if link:
                yield Page(cursor=write_cursor(BY_CHANGES, walk=link))
            mark = told
    condition = wire.where_modified(span.window)
    if mark:
        condition = wire.where_modified_since(span.window.start)
    for page in listings.walk(listing, condition, place.get("next", "")):
        if page.cursor is None:
            yield replace(page, mark=mark)
        else:
            yield replace(page, cursor=write_cursor(BY_CHANGES, next=page.cursor, mark=mark))


def _walk(access: Access, table: Table, link: str) -> Iterator[tuple[str, str]]:
    """Pass over all ids from *link* on: the next link with each page, with the last the mark.

    Raises:
        CursorLost: Dataverse does not understand the link any more.
        NotPermitted: Changes of the table are not tracked, or may not be read.
        Truncated: The walk does not end.
    """
    if link:
        pages = access.list_pages(_build(table), link)
    else:
        first = _open(access, table)
        rest = access.list_pages(_build(table), first.next_link)
        pages = chain((first,), rest)
    delta = ""
    for page in pages:
        delta = page.delta_link
        if page.next_link:
            yield page.next_link, ""
    if not delta:
        raise _refuse(table, "Dataverse gave no mark")
    yield "", delta


def _build(table: Table) -> Request:
    """The key of voicemails has several names (3); it is told also where it is not asked for."""
    return wire.build_tracking(table.entity_set, "modifiedon" if table is VOICEMAILS else table.key)


def _open(access: Access, table: Table) -> wire.Rows:
    try:
        page = access.ask_page(_build(table))
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
