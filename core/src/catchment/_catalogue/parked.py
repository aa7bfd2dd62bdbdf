"""What is set aside, what waits for too long, and what the platform deletes soon: item by item.

Each item says by which name a person decides about it, why it waits, since when, and what happens
to it next.  :mod:`catchment._catalogue.status` counts the same by kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    or_,
    select,
)

from catchment._catalogue import gaps, reasons
from catchment._catalogue.keeping import (
    Limits,
    delete_at,
    is_unarchived,
    may_need_someone,
    name_loss,
    waits_since,
)
from catchment._catalogue.tables import decision, file, interaction, job, recording, source
from catchment._catalogue.troubles import is_unmapped
from catchment._catalogue.wanted import list_unreadable

What = Literal["recording", "file", "rendition", "interaction", "gap", "list"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waits for a person, or that somebody should know of.

    Attributes:
        id: What ``retry``, ``park`` and ``skip`` take; of a list the name of its file.
        source: The name of its source.
        what: What it is; a rendition is what is made of an archived file.
        kind: ``audio``, ``video`` … of a file, ``feed`` or ``csv`` of a gap or list; else empty.
        state: ``parked``, ``skipped`` or ``open``.
        reason_kind: One of :data:`reasons.KINDS` or :data:`reasons.FOUND`.
        reason: Why, as a sentence.
        since: Since when it is so.
        attempts: How often it was tried in vain.
        next_attempt_at: When it is tried again; ``None`` if only a person has it tried again.
        who: Which person parked or skipped it; empty where nobody did.
        occurred_at: When what was recorded began, where it was recorded at a time.
        deleted_at: When the platform deletes it, as far as that is known.
        loss: ``deletion`` or ``expired``, where that is an alarm; else empty.
    """

    id: str
    source: str
    what: What
    kind: str
    state: str
    reason_kind: str
    reason: str
    since: datetime
    attempts: int = 0
    next_attempt_at: datetime | None = None
    who: str = ""
    occurred_at: datetime | None = None
    deleted_at: datetime | None = None
    loss: str = ""

    @property
    def reason_kinds(self) -> tuple[str, ...]:
        """Every kind of reason for which somebody may look for it."""
        return (self.reason_kind, self.loss)


# --- what is asked of a recording ----------------------------------------------------------------


def has_parked_file() -> ColumnElement[bool]:
    """Whether a file of the recording is parked, which then says better why it waits."""
    return exists(_files("parked"))


def parked_since() -> ColumnElement[Any]:
    """Since when a parked file waits: what the engine parked, since it is known.

    It is expected again whenever the platform is asked again, so that the moment at which it was
    last set aside says nothing.
    """
    return case((file.c.retry_at.is_(None), file.c.state_at), else_=file.c.first_seen_at)


def _files(*states: str) -> Select[Any]:
    return select(file.c.id).where(file.c.recording_id == recording.c.id, file.c.state.in_(states))


# --- the items -----------------------------------------------------------------------------------


def list_items(
    connection: Connection, source_row: Row[Any], limits: Limits, now: datetime
) -> list[Item]:
    """Everything of a source that is parked, skipped or needs a person, the oldest first."""
    deciders = _read_deciders(connection, source_row.id)
    found = [
        *_list_files(connection, source_row, limits, now, deciders),
        *_list_recordings(connection, source_row, limits, now, deciders),
        *_list_interactions(connection, source_row),
        *_list_gaps(connection, source_row, limits),
        *_list_lists(connection, source_row),
    ]
    return sorted(found, key=lambda one: (one.since, one.id))


def _read_deciders(connection: Connection, source_id: int) -> dict[str, str]:
    """Who decided last about each item that anybody decided about."""
    query = (
        select(decision.c.item, decision.c.who)
        .where(decision.c.source_id == source_id, decision.c.verb.in_(("park", "skip")))
        .order_by(decision.c.id)
    )
    return {row.item: row.who for row in connection.execute(query)}


def _find_decider(row: Any, deciders: dict[str, str], *names: str) -> str:
    if row.retry_at is not None:
        return ""
    return next((deciders[name] for name in names if name in deciders), "")


_OF_RECORDING = (
    recording.c.external_id,
    recording.c.occurred_at,
    recording.c.kept_until,
    interaction.c.interaction_id,
)


def _list_files(
    connection: Connection,
    source_row: Row[Any],
    limits: Limits,
    now: datetime,
    deciders: dict[str, str],
) -> Iterator[Item]:
    query = (
        select(
            file.c.file_id,
            file.c.recipe,
            file.c.kind,
            file.c.state,
            file.c.reason,
            file.c.reason_kind,
            parked_since().label("since"),
            file.c.attempts,
            file.c.retry_at,
            *_OF_RECORDING,
        )
        .join_from(file, recording, file.c.recording_id == recording.c.id)
        .join(interaction, interaction.c.num == recording.c.interaction_num)
        .where(file.c.state.in_(("parked", "skipped")), recording.c.source_id == source_row.id)
    )
    for row in connection.execute(query):
        name = f"{row.external_id}/{row.file_id}"
        deleted_at = None if row.recipe or row.state != "parked" else delete_at(row, limits)
        yield Item(
            id=name,
            source=source_row.name,
            what="rendition" if row.recipe else "file",
            kind=row.kind,
            state=row.state,
            reason_kind=row.reason_kind or name_kind(row.retry_at),
            reason=row.reason or "",
            since=row.since,
            attempts=row.attempts,
            next_attempt_at=row.retry_at,
            who=_find_decider(row, deciders, name, row.external_id, row.interaction_id),
            occurred_at=row.occurred_at,
            deleted_at=deleted_at,
            loss=name_loss(deleted_at, limits, now),
        )


def name_kind(retry_at: datetime | None) -> str:
    """The kind of a reason that was not kept: what only a person takes up, a person set aside."""
    return reasons.PERSON if retry_at is None else reasons.OTHER


def _list_recordings(
    connection: Connection,
    source_row: Row[Any],
    limits: Limits,
    now: datetime,
    deciders: dict[str, str],
) -> Iterator[Item]:
    """Recordings, unless a file of theirs is listed that says it better."""
    waits = waits_since(source_row.pinned_at)
    query = (
        select(
            recording.c.state,
            recording.c.reason,
            recording.c.reason_kind,
            recording.c.state_at,
            recording.c.attempts,
            recording.c.retry_at,
            waits.label("waits_since"),
            is_unarchived().label("unarchived"),
            *_OF_RECORDING,
        )
        .join_from(recording, interaction, interaction.c.num == recording.c.interaction_num)
        .where(
            recording.c.source_id == source_row.id,
            or_(
                recording.c.state.in_(("parked", "skipped")),
                and_(recording.c.state == "open", may_need_someone(limits, now)),
            ),
            ~exists(_files("parked", "skipped")),
        )
    )
    for row in connection.execute(query):
        item = _tell_recording(row, source_row, limits, now, deciders)
        if item is not None:
            yield item


def _tell_recording(
    row: Any,
    source_row: Row[Any],
    limits: Limits,
    now: datetime,
    deciders: dict[str, str],
) -> Item | None:
    needed = row.unarchived and row.state != "skipped"
    deleted_at = delete_at(row, limits) if needed else None
    loss = name_loss(deleted_at, limits, now)
    kind, since = row.reason_kind or name_kind(row.retry_at), row.state_at
    if row.state == "open":
        since = row.waits_since
        if loss:
            kind = loss
        elif limits.alarm_after is not None and now - since > limits.alarm_after:
            kind = reasons.OVERDUE
        else:
            return None
    return Item(
        id=row.external_id,
        source=source_row.name,
        what="recording",
        kind="",
        state=row.state,
        reason_kind=kind,
        reason=row.reason or "",
        since=since,
        attempts=row.attempts,
        next_attempt_at=row.retry_at,
        who=_find_decider(row, deciders, row.external_id, row.interaction_id)
        if row.state != "open"
        else "",
        occurred_at=row.occurred_at,
        deleted_at=deleted_at,
        loss=loss,
    )


def _list_interactions(connection: Connection, source_row: Row[Any]) -> Iterator[Item]:
    query = (
        select(
            interaction.c.interaction_id,
            interaction.c.parked_kind,
            interaction.c.parked_why,
            interaction.c.started_at,
            interaction.c.news_at,
            job.c.attempts,
            job.c.due_at,
        )
        .join_from(
            interaction,
            job,
            and_(job.c.kind == "map", job.c.key == cast(interaction.c.num, String)),
            isouter=True,
        )
        .where(*is_unmapped(source_row.id))
    )
    for row in connection.execute(query):
        apart = row.parked_kind == reasons.UNJOINED
        yield Item(
            id=row.interaction_id,
            source=source_row.name,
            what="interaction",
            kind="",
            state="parked",
            reason_kind=row.parked_kind,
            reason=row.parked_why,
            since=row.news_at,
            attempts=0 if apart else row.attempts or 0,
            next_attempt_at=None if apart else row.due_at,
            occurred_at=row.started_at,
        )


def _list_gaps(connection: Connection, source_row: Row[Any], limits: Limits) -> Iterator[Item]:
    for gap in gaps.list_told(connection, source_row.id):
        yield Item(
            id="/".join(filter(None, (source_row.name, gap.feed, gap.partition))),
            source=source_row.name,
            what="gap",
            kind="feed",
            state="open",
            reason_kind=reasons.GAP,
            reason=f"{gap.start_at:%Y-%m-%d %H:%MZ} to {gap.end_at:%Y-%m-%d %H:%MZ}: {gap.why}",
            since=gap.found_at or gap.start_at,
            deleted_at=limits.closes(gap.feed, gap.start_at),
        )


def _list_lists(connection: Connection, source_row: Row[Any]) -> Iterator[Item]:
    for told in list_unreadable(connection, source_row.id):
        yield Item(
            id=told.file_name,
            source=source_row.name,
            what="list",
            kind="csv",
            state="open",
            reason_kind=reasons.LIST,
            reason=told.reason,
            since=told.asked_at or source_row.pinned_at,
        )


def list_source_rows(connection: Connection, names: Sequence[str] = ()) -> Sequence[Row[Any]]:
    """The rows of all sources, or of those that are named, by name."""
    query = select(source).order_by(source.c.name)
    if names:
        query = query.where(source.c.name.in_(names))
    return connection.execute(query).all()
