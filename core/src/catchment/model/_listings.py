"""What is listed where: feeds, what one call asks of them, and the pages of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from catchment.model._words import BadValue, Json, Key, Window, check_aware, check_known, period

_NEEDED = ("every", "max_window", "horizon", "resolution")
"""Lengths of a feed that cannot be nothing: it would be asked without end, or never."""

ABSENCES = ("unanswered", "not recorded", "failed", "refused", "paused", "external")
"""Kinds of gap that an adapter may tell of a fact; ``report`` adds its own, such as ``missing``."""


FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When the platform deletes what it says that it keeps."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One listing of a source, with its own limits and rhythm.

    Lengths of time are written as in :func:`period`.

    Attributes:
        name: How the feed is called in the catalogue, in ``status`` and in ``Span.feed``.
        every: How often it is asked for what is new.
        max_window: The longest window that one request may name.
        lookback: How often to look how far back for what came late, as a ladder:
            ``{"10m": "3h", "24h": "30d"}``.
        settle: How far the end of a window stays behind the platform's clock, so that rows that
            the platform is still writing are not passed over.
        horizon: The age of the oldest moment that may still be asked.
        resolution: The platform's grain.  Windows are cut on it and overlap by one.
        by: Which time of a recording the feed lists by, for people: ``"completion"``.  Not shown
            anywhere yet.
        lists: What it lists, where several feeds list the same in different ways; they close each
            other's gaps.  The feed's own name, if left out.
        lag: How much later than its start a recording is normally listed.  The watermark stays
            this far behind the frontier, so that what is normal is not reported as late.
    """

    name: str
    every: str
    max_window: str
    lookback: Mapping[str, str] = field(default_factory=dict)
    settle: str = "0s"
    horizon: str = "30d"
    resolution: str = "1s"
    by: str = "start"
    lists: str = ""
    lag: str = "0s"

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name:
            raise BadValue(f"a feed cannot be called {self.name!r}")
        lengths = [(name, getattr(self, name)) for name in _NEEDED]
        lengths += [("lookback", length) for step in self.lookback.items() for length in step]
        for name, length in lengths:
            if period(length) <= timedelta():
                raise BadValue(f"the feed {self.name} needs more than {length!r} as its {name}")
        for length in (self.settle, self.lag):
            period(length)


@dataclass(frozen=True, slots=True)
class Budget:
    """How often a platform may be asked: *rate* requests *per* period, of which we take *share*.

    The platform counts all programs of an account together, so a good citizen leaves room.
    """

    rate: float
    per: str = "1s"
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.rate <= 0 or not 0 < self.share <= 1 or period(self.per) <= timedelta():
            raise BadValue(f"{self} is no budget: it would never allow a request")


@dataclass(frozen=True, slots=True)
class Span:
    """What one call of ``poll`` shall list: a window of one feed and partition.

    Attributes:
        feed: The feed's name.
        partition: The part of it; empty where it has no parts.
        window: The stretch of time.
        cursor: ``None`` for the first page, else the cursor of the last page that was committed.
        mark: The ``Page.mark`` with which the feed's last walk moved the frontier, the same for
            all windows and pages of a walk.  Empty for the first one, for looking back, for the
            recovery of a period and for closing gaps.
    """

    feed: str
    partition: str
    window: Window
    cursor: str | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The platform offers a recording.

    Attributes:
        external_id: The platform's id of the recording, unique within the account.
        occurred_at: When what was recorded began; the watermark is told in this time.
        keys: What the recording shares with others of its interaction; at least one.
        revision: Changes whenever metadata or files may have changed.  The same revision again
            is no work.  Never contains links, which change by themselves.
        offered: ``"ready"`` when there may be something to fetch; ``"not_yet"`` while the
            platform is still working on it.
        document: The row of the listing, verbatim, kept under the name ``"listing"``.
        kept_until: When the platform will delete it, where it says so of this very recording;
            :data:`FOR_EVER` where it says that it will not.  ``None`` leaves it to the rule of the
            source (``Adapter.keeps_of``, or the setting ``platform_keeps``).
    """

    external_id: str
    occurred_at: datetime
    keys: tuple[Key, ...]
    revision: str
    offered: Literal["ready", "not_yet"] = "ready"
    document: Json = field(default_factory=dict)
    kept_until: datetime | None = None

    def __post_init__(self) -> None:
        check_aware("a sighting", self.occurred_at)
        if self.kept_until is not None:
            check_aware("Sighting.kept_until", self.kept_until)
        if not self.keys:
            raise BadValue("a sighting needs at least one key")
        check_known("Sighting.offered", self.offered, ("ready", "not_yet"))


@dataclass(frozen=True, slots=True)
class Fact:
    """What the platform's books say that is not a recording: a call record, a task, a meeting.

    Attributes:
        kind: What sort of row it is, in the platform's words: ``"cdr"``, ``"activity"``.
        fact_id: Unique within the source and kind.
        at: When it happened.
        keys: What it shares with recordings and other facts.
        expects: Why a recording should exist (``"answered"``); empty when none is expected.
            A fact that expects one and finds none by key within ``patience`` is a gap.
        absence: If no recording can be expected, the kind of gap that people should see all the
            same, one of ``ABSENCES``: ``unanswered``, ``not recorded``, ``failed``, ``refused``,
            ``paused`` or ``external``; empty where there is nothing to see.  Together with
            ``expects``: a recording is expected, and its absence may be legitimate.  The platform
            is asked for it by ``ask`` like for any other; without a recording, once the patience is
            over, it is a gap of this kind and never ``missing`` or ``gone``, and leaves no period
            incomplete.
        ask: The id under which ``recover`` finds what is missing: empty for the fact's own id,
            ``None`` where the platform cannot be asked by id: then only a listing that looks back
            shows it, or ``recover --missing``, which has the time around ``at`` listed again.
        document: The row, verbatim.
    """

    kind: str
    fact_id: str
    at: datetime
    keys: tuple[Key, ...]
    expects: str = ""
    absence: str = ""
    ask: str | None = ""
    document: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_aware("a fact", self.at)
        if self.absence:
            check_known("Fact.absence", self.absence, ABSENCES)

    @property
    def asked_id(self) -> str | None:
        """The id under which ``recover`` is asked, where it can be asked by id."""
        return self.fact_id if self.ask == "" else self.ask


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing.

    Attributes:
        sightings: Recordings listed on this page; repeats and any order are allowed.
        facts: Rows of the platform's books on this page.
        covers: The window that the platform says it answered for, where it says so.  The frontier
            moves to its end, not to what was asked.  A window that was asked for by time must be
            answered from its start; of a poll with ``Span.mark`` the mark says from where.
        cursor: Where the next page starts.
        total: How many rows (sightings and facts) the whole listing has.  Told from the first page
            on or not at all; it is checked.
        last: This page is the last one.  A poll that ends without it has failed.
        mark: On the last page: from where the next poll of this feed and partition may go on,
            where the platform gives such a mark (a delta token); kept with the frontier and given
            back as ``Span.mark``.  Whatever this listing did not tell and the platform lists from
            the end of its window on must come from there.
    """

    sightings: tuple[Sighting, ...] = ()
    facts: tuple[Fact, ...] = ()
    covers: Window | None = None
    cursor: str | None = None
    total: int | None = None
    last: bool = False
    mark: str = ""
