"""Windows, cursors and pages of Zoom's listings.  Pure, but for the one loop over users.

A cursor of ours is JSON that holds all that the next page needs: Zoom's page token dies after 15
minutes and is good only beside exactly the parameters that Zoom *echoed* (sheet 3.1), which are not
always those that were asked.  So no state stands between two calls but the cursor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from catchment.errors import Absent, CursorLost, Refused, TooWide, Truncated
from catchment.model import Json, Page, Sighting, Span, Window
from catchment.payloads import read_as, read_time
from catchment.transport import Answer, Request, TokenRejected
from catchment_zoom import wire
from catchment_zoom.payloads import Listing, User, read_object
from catchment_zoom.sightings import map_archive_sighting, map_cloud_sighting

ARCHIVE_BY = {
    "archive_completed": "archive_complete_time",
    "archive_started": "meeting_start_time",
}
"""``query_date_type`` of the archive's feeds."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
Send = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins.

    Attributes:
        since: ``from`` as it is sent: ours for the first page, then as Zoom echoed it.
        until: ``to``, likewise.
        token: Zoom's page token; empty on a first page.
        user: Of a loop over users: whose recordings the page lists; empty in other listings.
    """

    since: str
    until: str
    token: str = ""
    user: str = ""

    def to_cursor(self) -> str:
        """The place as an opaque string for the ledger."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_cursor(cls, cursor: str) -> Place:
        """The place that :meth:`to_cursor` wrote.

        Raises:
            CursorLost: Nothing of ours wrote *cursor*.
        """
        try:
            return cls(**{name: str(value) for name, value in json.loads(cursor).items()})
        except (ValueError, TypeError, AttributeError):
            raise CursorLost("the cursor of a Zoom listing cannot be read") from None


# --- archive files (3) --------------------------------------------------------------------------


@dataclass
class ArchiveListing:
    """The pages of one archive window; lives as long as one call of ``poll``.

    ``to`` is frozen on our side (section 11, point 3): the engine's window ends before now.
    """

    span: Span
    group_ids: Sequence[str] = ()

    def ask(self, span: Span, cursor: str | None) -> Request:
        """The request for the page at *cursor*."""
        place = Place.from_cursor(cursor) if cursor else self._start(span.window)
        return wire.build_archive_list(
            place.since,
            place.until,
            by=ARCHIVE_BY[span.feed],
            token=place.token,
            group_ids=self.group_ids,
        )

    def read(self, answer: Answer, span: Span) -> Page:
        """The page in *answer*.

        ``total`` is told: ``total_records`` counts meetings, and the window lies in the past, so
        that pages whose rows fall short of it have lost something, and asking again is right.
        """
        listing = read_as(Listing, read_object(answer))
        covers = read_covers(span.window, read_time(listing.since), read_time(listing.until))
        asked = self._start(span.window)
        place = Place(
            listing.since or asked.since, listing.until or asked.until, listing.next_page_token
        )
        total = listing.total_records or 0
        return Page(
            sightings=tuple(_map_rows(map_archive_sighting, listing.meetings, span)),
            covers=covers,
            cursor=place.to_cursor() if place.token else None,
            total=total if total >= len(listing.meetings) and total > 0 else None,
            last=not place.token,
        )

    @staticmethod
    def _start(window: Window) -> Place:
        return Place(write_time(window.start), write_time(window.end))


def write_time(moment: datetime) -> str:
    """*moment* as a query parameter: UTC, whole seconds, a literal ``Z`` (1)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def read_covers(
    window: Window, since: datetime | None, until: datetime | None, shortest: timedelta = _HOUR
) -> Window | None:
    """The part of *window* that Zoom answered for; ``None`` where it does not say.

    A ``to`` in the future comes back as now (3.1): the frontier moves only that far.

    Raises:
        TooWide: The window was shortened at its *beginning* (10, row 6); a shorter one may be
            answered whole, and a gap is never passed over.
        Truncated: Even this short window was.
    """
    if since is None or until is None:
        return None
    if since > window.start.replace(microsecond=0):
        told = f"Zoom answered from {write_time(since)} on, asked from {write_time(window.start)}"
        raise TooWide(told) if window.length > shortest else Truncated(told)
    return Window(window.start, max(window.start, min(window.end, until)))


def _map_rows(
    tell: Callable[[Json, datetime], Sighting], rows: Sequence[Json], span: Span
) -> Iterator[Sighting]:
    return (tell(row, span.window.start) for row in rows)


# --- cloud recordings (5) -----------------------------------------------------------------------


def build_dates(window: Window) -> Place:
    """The dates that surely hold *window*.

    Whether the bounds belong to the answer is not known (5.1), so a day is added at both ends.
    """
    since, until = (window.start - _DAY).astimezone(UTC), (window.end + _DAY).astimezone(UTC)
    return Place(f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}")


def read_date_covers(window: Window, listing: Listing) -> Window | None:
    """As :func:`read_covers`, for dates: the day of ``to`` is not taken for covered as a whole.

    Its beginning is certain, and up to now it was listed if it is today; a window that ends on
    that day was therefore answered up to its end.
    """
    since, until = read_time(listing.since), read_time(listing.until)
    return read_covers(window, since, until + _DAY if until else None, shortest=_DAY)


@dataclass
class AccountListing:
    """The pages of ``GET /accounts/me/recordings`` (5.2) for one window."""

    span: Span

    def ask(self, span: Span, cursor: str | None) -> Request:
        """The request for the page at *cursor*."""
        place = Place.from_cursor(cursor) if cursor else build_dates(span.window)
        return wire.build_account_recordings(place.since, place.until, token=place.token)

    def read(self, answer: Answer, span: Span) -> Page:
        """The page in *answer*, without ``total``: running meetings come and go between pages."""
        listing, place = _read_recordings(answer, build_dates(span.window))
        return Page(
            sightings=tuple(_map_rows(map_cloud_sighting, listing.meetings, span)),
            covers=read_date_covers(span.window, listing),
            cursor=place.to_cursor() if place.token else None,
            last=not place.token,
        )


def _read_recordings(answer: Answer, asked: Place) -> tuple[Listing, Place]:
    listing = read_as(Listing, read_object(answer))
    return listing, replace(
        asked,
        since=listing.since or asked.since,
        until=listing.until or asked.until,
        token=listing.next_page_token,
    )


def list_users_recordings(send: Send, users: Iterable[User], span: Span) -> Iterator[Page]:
    """Yield the recordings of *users*, one after the other: the fallback of 5.2.

    The users are listed anew by every call and taken in the order of their ids, so that the cursor
    needs to hold only whose turn it is, and no page token of ``GET /users`` can die meanwhile.
    Users without recordings give no page of their own.
    """
    asked = build_dates(span.window)
    place = Place.from_cursor(span.cursor) if span.cursor else asked
    covers: Window | None = None
    for user in sorted(users, key=lambda user: user.id):
        if user.id < place.user:
            continue
        at = place if user.id == place.user else replace(asked, user=user.id)
        while at.user == user.id:
            page, at = _list_user(send, user, at, span)
            covers = _narrower(covers, page.covers)
            if page.sightings:
                yield replace(page, cursor=at.to_cursor(), covers=covers)
    yield Page(covers=covers, last=True)


def _list_user(send: Send, user: User, at: Place, span: Span) -> tuple[Page, Place]:
    """One page of one user, and the place after it: of the same user, or just behind."""
    behind = replace(build_dates(span.window), user=user.id + _BEHIND)
    answer = _ask_user(send, user, at)
    if answer is None:
        return Page(), behind
    listing, following = _read_recordings(answer, replace(at, token=""))
    if following.token and following.token == at.token:
        raise Truncated(f"{span.feed}: Zoom gave the same page token twice")
    found = tuple(_map_rows(map_cloud_sighting, listing.meetings, span))
    covers = read_date_covers(span.window, listing)
    return Page(sightings=found, covers=covers), following if following.token else behind


def _ask_user(send: Send, user: User, at: Place) -> Answer | None:
    """The page at *at*; ``None`` for a user who left meanwhile, or can have no recordings.

    Only licensed users ever have any (5.1), so that Zoom may refuse to list an unlicensed one's;
    a refusal for a licensed one is a refusal.
    """
    try:
        return send(wire.build_user_recordings(user.id, at.since, at.until, token=at.token))
    except Absent:
        return None
    except TokenRejected:
        raise
    except Refused:
        if user.type in (None, _LICENSED):
            raise
        return None


_LICENSED = 2
_BEHIND = "\x00"
"""Appended to an id, the smallest string that is greater: the place between two users."""


def _narrower(one: Window | None, other: Window | None) -> Window | None:
    if one is None or other is None:
        return one or other
    return Window(one.start, min(one.end, other.end))
