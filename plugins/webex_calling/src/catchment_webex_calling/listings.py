"""Listings page by page: recordings (1.2) and the detailed call history (2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from catchment.errors import AdapterFault, CursorLost, Truncated, Unreachable
from catchment.model import Page, Span
from catchment.transport import Answer, Request
from catchment_webex.paging import build_next, read_cursor, write_cursor
from catchment_webex.payloads import read_items, read_object
from catchment_webex_calling import wire
from catchment_webex_calling.records import map_fact
from catchment_webex_calling.sightings import map_sighting

Send = Callable[[Request], Answer]

RECORDINGS = "recordings"
LIVE = "cdr"
HISTORY = "cdr_history"
"""The feeds."""

STREAM_REACH = timedelta(hours=12) - timedelta(minutes=1)
"""How old the oldest moment of ``cdr_stream`` may be, with a minute of slack (2.1)."""

FEED_REACH = timedelta(days=30) - timedelta(minutes=1)
"""The same of ``cdr_feed``."""

LONGEST_CALL = timedelta(hours=4)
"""By how much a window of ``cdr_feed`` begins earlier: it may list by the call's start (2.1)."""

_NO_RECORDS = re.compile(r"\bno\b.*\b(cdrs?|records?|data)\b", re.IGNORECASE)


def list_recordings(send: Send, first: Request, span: Span) -> Iterator[Page]:
    """The pages of *first*, from *span*'s cursor on."""
    start = span.window.start
    for answer, cursor in _walk(send, first, span):
        found = tuple(map_sighting(row, start) for row in read_items(answer))
        yield Page(sightings=found, cursor=cursor, last=cursor is None)


def build_records(span: Span, now: datetime) -> Request | None:
    """The first request of a window of call records; ``None`` if it is too old to be asked.

    ``cdr_stream`` lists by the time of storing.  ``cdr_feed`` may list by the call's start, so that
    its windows begin a call's length earlier (2.1).
    """
    live = span.feed == LIVE
    oldest = now - (STREAM_REACH if live else FEED_REACH)
    start = max(span.window.start - (timedelta() if live else LONGEST_CALL), oldest)
    if start >= span.window.end:
        return None
    return wire.build_cdr("cdr_stream" if live else "cdr_feed", start, span.window.end)


def list_records(send: Send, first: Request, span: Span) -> Iterator[Page]:
    """The call records of *first*, from *span*'s cursor on; an empty window is 404 (2.1)."""
    for answer, cursor in _walk(send, first, span, pages=wire.CDR_PAGES):
        facts = tuple(map_fact(row, span.window.start) for row in read_records(answer))
        yield Page(facts=facts, cursor=cursor, last=cursor is None)


def read_records(answer: Answer) -> list[Mapping[str, Any]]:
    """The records of *answer*.

    Raises:
        Unreachable: It is a 404 that does not speak of records: a wrong path or a proxy, which
            must not be taken for a quiet hour.
    """
    if answer.status != 404:
        return read_items(answer)
    body = read_object(answer)
    message = str(body.get("message") or "")
    if str(body.get("errorCode") or "") == "404" or _NO_RECORDS.search(message):
        return []
    raise Unreachable(
        "Webex's call history answered that there is no such address",
        remedy="Compare the setting cdr_url with the hosts in docs/webex_calling.md.",
    )


def _walk(
    send: Send, first: Request, span: Span, pages: str | None = None
) -> Iterator[tuple[Answer, str | None]]:
    """Answers, each with the cursor of the page after it.

    Args:
        send: Sends a request.
        first: The request for the window's first page.
        span: Where to go on.
        pages: The budget of all pages but the first.

    Raises:
        Truncated: The platform gave a page that it gave before.
        CursorLost: The platform does not understand the cursor any more.
    """
    request: Request | None = read_cursor(first, span.cursor)
    later = span.cursor is not None
    seen = {span.cursor}
    while request is not None:
        request = replace(request, budget=pages) if later and pages else request
        try:
            answer = send(request)
        except AdapterFault as error:
            if later:
                raise CursorLost(f"the listing {span.feed} cannot be continued: {error}") from error
            raise
        request, later = build_next(first, answer), True
        cursor = write_cursor(request) if request else None
        if cursor is not None and cursor in seen:
            raise Truncated(f"{span.feed}: Webex gave the same page twice")
        seen.add(cursor)
        yield answer, cursor
