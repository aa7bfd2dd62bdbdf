"""How everything stands, and what of it needs a person: judged once, told in many ways.

``status`` and ``run`` print it, ``--json`` gives it to programs, ``--metrics`` to a monitoring
system: all of them read it here, so that none says something else than the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment._catalogue import damages, outages, reasons, status
from catchment._catalogue.damages import KnownDamage
from catchment._catalogue.keeping import NO_LIMITS, Limits
from catchment._catalogue.outages import Outage
from catchment._catalogue.status import FeedStatus, RunnerStatus, SourceStatus
from catchment._engine.application import Application
from catchment._words import name_feed, say_age
from catchment.adapters import Adapter
from catchment.errors import StorageUnavailable
from catchment.model import Feed, period
from catchment.settings import Settings, SourceTable

PATIENCE = timedelta(minutes=15)
"""A listing that was not answered a moment ago is tried again by itself and needs nobody yet."""

THROTTLED = timedelta(days=1)
"""A platform that asks us to wait for longer than this before it says who we are lets nothing be
captured: somebody should know."""

WRONG = timedelta(minutes=5)
"""Clocks that lie further apart than this need somebody to set one of them."""

FAILED = 6
"""So often in a row a routine fails before somebody is told: a quarter of an hour at least."""

ALIVE = 3
"""A runner that said nothing for so many leases is at work no more."""

ARCHIVE = "archive"
STOPPED = "stopped"
OUTAGE = "outage"
FEED = "feed"
ROUTINE = "routine"
HORIZON = "horizon"
CLOCK = "clock"
PARKED = "parked"
UNWRITTEN = "unwritten"
DAMAGE = "damage"

KINDS: Mapping[str, str] = {
    ARCHIVE: "the archive is not where the settings say: what is known of it cannot be proved",
    STOPPED: "the credential or a setting was refused: nothing is asked of the source",
    OUTAGE: "no contact could be made with the platform",
    reasons.EXPIRED: "recordings that are not archived and that the platform keeps no longer",
    reasons.DELETION: "recordings that are not archived and that the platform deletes soon",
    HORIZON: "a feed that is listed no further than what can soon be asked for no more",
    reasons.GAP: "periods that a feed could not be asked for",
    CLOCK: "our clock and the platform's lie more than five minutes apart",
    FEED: "a feed that fails for longer than a few minutes, or for good",
    ROUTINE: "work for a source that no item waits for, and that fails again and again",
    reasons.OVERDUE: "recordings without their media for longer than alarm_after",
    PARKED: "items that are set aside",
    reasons.UNMAPPED: "interactions that cannot be mapped",
    reasons.UNJOINED: "interactions that were not joined though they share a key",
    UNWRITTEN: "packages or books that the archive does not take",
    reasons.LIST: "lists of ids that could not be read",
    DAMAGE: "objects of the archive that are damaged or missing",
}
"""Every kind of alarm, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that needs a person.

    Attributes:
        kind: One of :data:`KINDS`.
        source: Whose it is; empty for the archive, which all share.
        count: How many items, periods or objects it is about.
        reason: Why, as a sentence, where there is one.
        since: Since when it is so, where that is known.
        deadline: When something is lost that nobody can bring back, where that is known.
        example: The id of one of them; what ``catchment show`` takes, or names a feed or list.
        reason_kind: Of what is parked: one of :data:`reasons.KINDS`.
        platform: What people call the platform.
        start: Where the period begins that could not be asked for.
        end: Where that period ends.
        after: How long media may take to come; of a feed, the age of the oldest
            that may still be asked.
        recordings: How many of what is parked are recordings without a file that is.
        renditions: How many are what is made of archived files.
        reasons: How many different sentences say why.
        next_attempt_at: When the next one is tried again by itself.
        alike: Of a gap: how many have its name, because they are the same feed's.
    """

    kind: str
    source: str
    count: int = 1
    reason: str = ""
    since: datetime | None = None
    deadline: datetime | None = None
    example: str = ""
    reason_kind: str = ""
    platform: str = ""
    start: datetime | None = None
    end: datetime | None = None
    after: timedelta | None = None
    recordings: int = 0
    renditions: int = 0
    reasons: int = 1
    next_attempt_at: datetime | None = None
    alike: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How everything stands at one moment.

    Attributes:
        now: That moment.
        sources: Every source that was ever in contact.
        unknown: Names of those in the settings that never were.
        outages: Sources with which no contact could be made, by name.
        runners: Who is at work.
        silent: Who was, and ended without a word.
        damaged: What of the archive is damaged or missing.
        alarms: What needs a person, source by source, the most urgent first.
    """

    now: datetime
    sources: tuple[SourceStatus, ...]
    unknown: tuple[str, ...]
    outages: Mapping[str, Outage]
    runners: tuple[RunnerStatus, ...]
    silent: tuple[RunnerStatus, ...]
    damaged: tuple[KnownDamage, ...]
    alarms: tuple[Alarm, ...]


def read_standing(app: Application, names: Sequence[str] = ()) -> Standing:
    """How every source stands, or those that are named, and the archive."""
    now = app.now()
    told = list_statuses(app, names)
    known = list_outages(app)
    damaged = damages.list_damages(app.database)
    unknown = sorted(set(names or app.settings.sources) - {one.name for one in told})
    alarms = list(_judge_archive(app))
    for name in unknown:
        alarms += _judge_outage(name, known.get(name), now)
    for one in told:
        alarms += list_alarms(one, app.settings, now, known.get(one.name))
    if damaged:
        since = min(one.found_at for one in damaged)
        alarms.append(Alarm(DAMAGE, "", len(damaged), since=since, example=damaged[0].name))
    longest = ALIVE * app.settings.runner.lease
    runners = status.list_runners(app.database)
    return Standing(
        now=now,
        sources=tuple(told),
        unknown=tuple(unknown),
        outages=known,
        runners=tuple(one for one in runners if now - one.seen_at <= longest),
        silent=tuple(one for one in runners if now - one.seen_at > longest),
        damaged=tuple(damaged),
        alarms=tuple(alarms),
    )


def list_statuses(app: Application, names: Sequence[str] = ()) -> list[SourceStatus]:
    """The status of every source, or of those that are named."""
    told = status.list_sources(
        app.database, app.now(), _read_lags(app.settings), read_limits(app.settings)
    )
    return [one for one in told if not names or one.name in names]


def list_outages(app: Application) -> dict[str, Outage]:
    """The sources of the settings with which no contact could be made, by name."""
    wanted = {name for name, table in app.settings.sources.items() if table.enabled}
    known = outages.list_outages(app.database)
    return {name: outage for name, outage in known.items() if name in wanted}


def read_limits(settings: Settings) -> dict[str, Limits]:
    """What the settings of each source say about waiting."""
    return {name: _read_limits(table) for name, table in settings.sources.items()}


def _read_limits(table: SourceTable) -> Limits:
    return Limits(table.alarm_after, table.keeps, table.warns(table.keeps), _measure_gaps(table))


def _measure_gaps(table: SourceTable) -> dict[str, timedelta]:
    """For how long a gap of each feed can be closed: by the one that reaches furthest back.

    What the platform keeps no longer is not there to be found, whatever a feed may list.
    """
    longest: dict[str, timedelta] = {}
    feeds = table.kind.feeds_of(table.settings)
    for feed in feeds:
        horizon, same = period(feed.horizon), feed.lists or feed.name
        longest[same] = max(horizon, longest.get(same, horizon))
    lasts = {feed.name: longest[feed.lists or feed.name] for feed in feeds}
    return {name: min(one, table.keeps or one) for name, one in lasts.items()}


def _read_lags(settings: Settings) -> dict[str, dict[str, timedelta]]:
    return {
        name: {feed.name: period(feed.lag) for feed in table.kind.feeds_of(table.settings)}
        for name, table in settings.sources.items()
    }


# --- what needs a person -------------------------------------------------------------------------


def list_alarms(
    one: SourceStatus, settings: Settings, now: datetime, outage: Outage | None = None
) -> list[Alarm]:
    """What of a source needs a person, the most urgent first."""
    found = [
        *_judge_contact(one, outage, now),
        *_judge_deletions(one, settings, now),
        *_judge_feeds(one, settings, now),
        *_judge_clock(one),
        *(() if outage is not None else _judge_routines(one)),
        *_judge_items(one),
    ]
    order = list(KINDS)
    return sorted(found, key=lambda alarm: order.index(alarm.kind))


def needs_person(feed: FeedStatus, now: datetime) -> bool:
    """Whether a feed fails in a way, or for so long, that waiting alone does not help."""
    if feed.failing_since is None or feed.off:
        return False
    return feed.lasting or now - feed.failing_since > PATIENCE


def is_waiting(outage: Outage, now: datetime) -> bool:
    """Whether nothing is wrong but that the platform asked us to wait, and not for too long."""
    if outage.until is None:
        return False
    return now <= outage.until + PATIENCE and now - outage.since <= THROTTLED


def name_platform(settings: Settings, source: str, default: str = "the platform") -> str:
    """What people call the platform of a source."""
    table = settings.sources.get(source)
    kind: type[Adapter] | None = table.kind if table is not None else None
    return kind.platform if kind is not None else default


def _judge_archive(app: Application) -> Iterator[Alarm]:
    """Whoever only reads the catalogue would believe that all of it is there."""
    try:
        app.require_archive()
    except StorageUnavailable as error:
        yield Alarm(ARCHIVE, "", reason=f"{error}. {error.remedy}", example=str(app.archive.root))


def _judge_outage(name: str, outage: Outage | None, now: datetime) -> Iterator[Alarm]:
    if outage is not None and not is_waiting(outage, now):
        yield Alarm(OUTAGE, name, reason=outage.why, since=outage.since)


def _judge_contact(one: SourceStatus, outage: Outage | None, now: datetime) -> Iterator[Alarm]:
    if one.stopped_why:
        yield Alarm(STOPPED, one.name, reason=one.stopped_why, since=one.stopped_at)
    if outage is not None and outage.why != one.stopped_why:
        yield from _judge_outage(one.name, outage, now)


def _judge_clock(one: SourceStatus) -> Iterator[Alarm]:
    if one.skew is not None and abs(one.skew) > WRONG:
        way = "slow" if one.skew > timedelta() else "fast"
        reason = f"this machine's clock is {say_age(abs(one.skew))} {way} by the platform's"
        yield Alarm(CLOCK, one.name, reason=reason)


def _judge_routines(one: SourceStatus) -> Iterator[Alarm]:
    for routine in one.routines:
        if routine.attempts >= FAILED:
            yield Alarm(
                ROUTINE, one.name, routine.attempts, reason=routine.error, example=routine.kind
            )


def _judge_deletions(one: SourceStatus, settings: Settings, now: datetime) -> Iterator[Alarm]:
    lost, platform = one.deletions, name_platform(settings, one.name)
    if lost.expired:
        yield Alarm(
            reasons.EXPIRED,
            one.name,
            lost.expired,
            since=lost.expired_since,
            deadline=lost.expired_since,
            example=lost.expired_example,
            platform=platform,
        )
    if lost.soon:
        yield Alarm(
            reasons.DELETION,
            one.name,
            lost.soon,
            deadline=lost.nearest_at,
            example=lost.nearest,
            platform=platform,
        )


def _judge_feeds(one: SourceStatus, settings: Settings, now: datetime) -> Iterator[Alarm]:
    table = settings.sources.get(one.name)
    known: dict[str, Feed] = {}
    if table is not None:
        known = {feed.name: feed for feed in table.kind.feeds_of(table.settings)}
    for feed in one.feeds:
        example = name_feed(feed.feed, feed.partition)
        if needs_person(feed, now):
            since, why = feed.failing_since, feed.error or ""
            yield Alarm(FEED, one.name, reason=why, since=since, example=example)
        declared = known.get(feed.feed)
        if declared is None or table is None or feed.frontier is None or feed.off:
            continue
        horizon = period(declared.horizon)
        deadline = feed.frontier + horizon
        # A first listing begins at the edge of what may be asked, and is given time to get on.
        first = feed.walked_at is None and feed.failing_since is None
        if first and now - one.pinned_at < table.warns(horizon):
            continue
        if deadline - now < table.warns(horizon):
            yield Alarm(
                HORIZON,
                one.name,
                since=feed.frontier,
                deadline=deadline,
                example=example,
                after=horizon,
                platform=table.kind.platform,
            )
    limits = _read_limits(table) if table is not None else NO_LIMITS
    alike = Counter((gap.feed, gap.partition) for gap in one.gaps)
    for gap in one.gaps:
        yield Alarm(
            reasons.GAP,
            one.name,
            reason=gap.why,
            since=gap.found_at,
            deadline=limits.closes(gap.feed, gap.start_at),
            example="/".join(filter(None, (one.name, gap.feed, gap.partition))),
            start=gap.start_at,
            end=gap.end_at,
            alike=alike[gap.feed, gap.partition],
        )


def _judge_items(one: SourceStatus) -> Iterator[Alarm]:
    if one.overdue is not None:
        yield Alarm(
            reasons.OVERDUE,
            one.name,
            one.overdue.count,
            since=one.overdue.since,
            example=one.overdue.example,
            after=one.overdue.after,
        )
    for parked in one.parked:
        yield Alarm(
            PARKED,
            one.name,
            parked.count,
            reason=parked.reason,
            since=parked.since,
            example=parked.example,
            reason_kind=parked.reason_kind,
            recordings=parked.recordings,
            renditions=parked.renditions,
            reasons=parked.reasons,
            next_attempt_at=parked.next_attempt_at,
        )
    for kind in (reasons.UNMAPPED, reasons.UNJOINED):
        some = [told for told in one.unmapped if told.kind == kind]
        if some:
            yield Alarm(
                kind,
                one.name,
                sum(told.count for told in some),
                reason=some[0].reason,
                example=some[0].example,
                reasons=len(some),
            )
    for unwritten in one.unwritten:
        yield Alarm(
            UNWRITTEN,
            one.name,
            unwritten.count,
            reason=unwritten.reason,
            example=unwritten.what,
        )
    for unread in one.unreadable:
        yield Alarm(
            reasons.LIST,
            one.name,
            reason=unread.reason,
            since=unread.asked_at,
            example=unread.file_name,
        )
