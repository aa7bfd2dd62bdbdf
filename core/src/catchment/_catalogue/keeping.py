"""For how long a recording may wait: by its age, and by how long the platform keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)

from catchment._catalogue import reasons
from catchment._catalogue.tables import file, recording
from catchment._catalogue.watermark import UNRESOLVED
from catchment.model import FOR_EVER


@dataclass(frozen=True, slots=True)
class Limits:
    """What a source's settings say about waiting.

    Attributes:
        alarm_after: How long a recording may be without its media; for ever where it is not said.
        keeps: How long the platform keeps a recording from when it began; ``None``: not known.
        alarm_before: How long before the platform deletes what is not archived the alarm begins.
        listed: By feed, for how long what it did not list can still be listed, by it or by
            another that lists the same.
    """

    alarm_after: timedelta | None = None
    keeps: timedelta | None = None
    alarm_before: timedelta = timedelta(days=7)
    listed: Mapping[str, timedelta] = field(default_factory=dict)

    def closes(self, feed: str, start: datetime) -> datetime | None:
        """Until when a gap of *feed* that begins at *start* can be closed, if that is known."""
        lasts = self.listed.get(feed, self.keeps)
        return start + lasts if lasts is not None else None


NO_LIMITS = Limits()


# --- by age -----------------------------------------------------------------------------------


def waits_since(pinned_at: datetime) -> ColumnElement[Any]:
    """Since when an open recording could have been had.

    What was listed in time could be had from when it began, or from our first contact with the
    source on; what the platform listed late, or what was taken up again, from then on.
    """
    moment = recording.c.state_at.type
    again = or_(
        recording.c.state_at > recording.c.first_seen_at, recording.c.late_by_s.is_not(None)
    )
    return case(
        (again, recording.c.state_at),
        (recording.c.occurred_at < pinned_at, literal(pinned_at, moment)),
        else_=recording.c.occurred_at,
    )


def is_overdue(source_row: Row[Any], after: timedelta, now: datetime) -> ColumnElement[bool]:
    """Whether a recording has been without its media for longer than *after*."""
    return and_(
        recording.c.source_id == source_row.id,
        recording.c.state == "open",
        recording.c.occurred_at < now - after,  # the index finds them by this
        waits_since(source_row.pinned_at) < now - after,
    )


# --- when the platform deletes it ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deletions:
    """What is not archived and will be deleted by the platform.

    Attributes:
        nearest_at: When the platform deletes the next recording.
        nearest: Its id.
        soon: How many the platform deletes within the time of the alarm.
        expired: Of how many the platform's time of keeping is over.
        expired_since: Since when that of the first is.
        expired_example: Its id.
    """

    nearest_at: datetime | None = None
    nearest: str = ""
    soon: int = 0
    expired: int = 0
    expired_since: datetime | None = None
    expired_example: str = ""


def find_deletions(
    connection: Connection, source_id: int, limits: Limits, now: datetime
) -> Deletions:
    """What the platform deletes next, and soon, of what is not archived."""
    found = Deletions()
    for rule in _list_rules(limits):
        found = _merge(found, _count_rule(connection, source_id, rule, limits, now))
    return found


@dataclass(frozen=True, slots=True)
class _Rule:
    """By which column the recordings *which* are deleted, and how long after it."""

    column: ColumnElement[Any]
    after: timedelta
    which: ColumnElement[bool]


def _list_rules(limits: Limits) -> Iterator[_Rule]:
    told = recording.c.kept_until
    yield _Rule(told, timedelta(), told < FOR_EVER)
    if limits.keeps is not None:
        yield _Rule(recording.c.occurred_at, limits.keeps, told.is_(None))


def _dying(source_id: int, rule: _Rule) -> ColumnElement[bool]:
    return and_(
        recording.c.source_id == source_id,
        recording.c.state.in_(UNRESOLVED),
        rule.which,
        is_unarchived(),
    )


def _count_rule(
    connection: Connection, source_id: int, rule: _Rule, limits: Limits, now: datetime
) -> Deletions:
    of, past = _dying(source_id, rule), rule.column <= now - rule.after
    by_time = select(recording.c.external_id, rule.column.label("at")).order_by(
        rule.column, recording.c.id
    )
    following = connection.execute(by_time.where(of, ~past).limit(1)).first()
    first = connection.execute(by_time.where(of, past).limit(1)).first()
    soon_by = now - rule.after + limits.alarm_before
    number = select(func.count()).select_from(recording)
    soon = following is not None and following.at <= soon_by
    return Deletions(
        nearest_at=following.at + rule.after if following else None,
        nearest=following.external_id if following else "",
        soon=connection.execute(number.where(of, ~past, rule.column <= soon_by)).scalar_one()
        if soon
        else 0,
        expired=connection.execute(number.where(of, past)).scalar_one() if first else 0,
        expired_since=first.at + rule.after if first else None,
        expired_example=first.external_id if first else "",
    )


def _merge(one: Deletions, other: Deletions) -> Deletions:
    near = min((one, other), key=lambda of: of.nearest_at or FOR_EVER)
    past = min((one, other), key=lambda of: of.expired_since or FOR_EVER)
    return Deletions(
        near.nearest_at,
        near.nearest,
        one.soon + other.soon,
        one.expired + other.expired,
        past.expired_since,
        past.expired_example,
    )


def is_unarchived() -> ColumnElement[bool]:
    """Whether an original is still to be archived: a rendition needs the platform no more."""
    original = and_(file.c.recording_id == recording.c.id, file.c.recipe == "")
    due = select(file.c.id).where(original, file.c.state.in_(("expected", "parked")))
    return or_(exists(due), ~exists(select(file.c.id).where(original)))


def delete_at(row: Any, limits: Limits) -> datetime | None:
    """When the platform deletes the recording of a row, as far as that is known."""
    if row.kept_until is not None:
        return None if row.kept_until >= FOR_EVER else row.kept_until
    return row.occurred_at + limits.keeps if limits.keeps is not None else None


def name_loss(deleted_at: datetime | None, limits: Limits, now: datetime) -> str:
    """Of what is deleted at a time: which alarm that is; empty for none."""
    if deleted_at is None or deleted_at - now > limits.alarm_before:
        return ""
    return reasons.DELETION if deleted_at > now else reasons.EXPIRED


def may_need_someone(limits: Limits, now: datetime) -> ColumnElement[bool]:
    """Leaves out most of what is open; the rest is judged one by one."""
    some = [recording.c.kept_until <= now + limits.alarm_before]
    if limits.keeps is not None:
        some.append(recording.c.occurred_at <= now - limits.keeps + limits.alarm_before)
    if limits.alarm_after is not None:
        some.append(recording.c.occurred_at < now - limits.alarm_after)
    return or_(*some)
