"""Windows and pages of the three lists.  Pure.

A cursor of ours holds the parameters of the next page, and how many rows came before it: a list of
meetings ends after 10 000 rows and does not say so (sheet 3.1), so one that long is halved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from catchment.errors import CursorLost, TooWide
from catchment.model import Fact, Json, Page, Span
from catchment.transport import Answer, Request
from catchment_webex import paging
from catchment_webex.payloads import read_items
from catchment_webex_meetings import wire
from catchment_webex_meetings.sightings import map_meeting_fact, map_report_fact, map_sighting

RECORDINGS = "recordings"
MEETINGS = "meetings"
REPORT = "report"

BIN = " (recycle bin)"
"""Ends the name of the part of a feed that lists what was deleted on a site."""

MOST_MEETINGS = 10_000
"""So many instances one query lists, however many pages are asked for (3.1)."""


@dataclass
class Listing:
    """The pages of one window; lives as long as one call of ``poll``.

    Attributes:
        first: The request for its first page, whose filters no other may lose (common 5).
        rows: How many rows were told before the page that is asked for.
    """

    first: Request
    rows: int = 0

    def ask(self, span: Span, cursor: str | None) -> Request:
        """The request for the page at *cursor*.

        Raises:
            CursorLost: Nothing of ours wrote *cursor*.
        """
        rows, _, page = (cursor or "0 ").partition(" ")
        if not rows.isdigit():
            raise CursorLost("the cursor of a Webex listing cannot be read")
        self.rows = int(rows)
        return paging.read_cursor(self.first, page if cursor else None)

    def read(self, answer: Answer, span: Span) -> Page:
        """The page in *answer*.

        Raises:
            TooWide: There may be more meetings than the platform lists.
        """
        rows = read_items(answer)
        start = span.window.start
        self.rows += len(rows)
        following = paging.build_next(self.first, answer)
        if span.feed == MEETINGS and self.rows >= MOST_MEETINGS:
            raise TooWide(f"Webex lists no more than {MOST_MEETINGS} meetings at once")
        sightings = [map_sighting(row, start) for row in rows] if span.feed == RECORDINGS else []
        facts = [_FACTS[span.feed](row, start) for row in rows] if span.feed in _FACTS else []
        return Page(
            sightings=tuple(sightings),
            facts=tuple(facts),
            cursor=f"{self.rows} {paging.write_cursor(following)}" if following else None,
            last=following is None,
        )


_FACTS: dict[str, Callable[[Json, datetime], Fact]] = {
    MEETINGS: map_meeting_fact,
    REPORT: map_report_fact,
}


def build_first(span: Span, *, everybody: str) -> Request:
    """The request for the first page of *span*.

    Args:
        span: Its partition is the site; a list of meetings is of all sites.
        everybody: ``hostEmail`` of the report, where one must be given.
    """
    since, until = span.window.start, span.window.end
    if span.feed == MEETINGS:
        return wire.build_meetings(since, until)
    if span.feed == REPORT:
        return wire.build_report(span.partition, since, until, everybody)
    site, deleted, _ = span.partition.partition(BIN)
    status: wire.Status = "deleted" if deleted else "available"
    return wire.build_recordings(site, since, until, status=status)
