"""What people decide about single items: try again, set aside, do without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update

from catchment._catalogue import books, identity, reasons
from catchment._catalogue.database import Database, chunks
from catchment._catalogue.jobs import NewJob, want
from catchment._catalogue.outcomes import name_maker
from catchment._catalogue.recordings import settle_recording
from catchment._catalogue.tables import decision, fact, file, interaction, job, recording
from catchment.errors import Misuse

Verb = Literal["retry", "park", "skip"]

TOGETHER = 200
"""How many items are decided about in one transaction, for which the runners' writers wait."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a person named.

    Attributes:
        kind: ``file``, ``recording`` or ``interaction``.
        name: The name that the decision is kept under.
        source_id: Whose it is.
        recording_ids: Row ids of the recordings that it is, has, or belongs to.
        file_ids: Row ids of the files that are meant, the original and what is made of it; empty:
            all of the recordings.
        interaction_num: Its number, where an interaction is meant.
    """

    kind: Literal["file", "recording", "interaction"]
    name: str
    source_id: int
    recording_ids: tuple[int, ...]
    file_ids: tuple[int, ...] = ()
    interaction_num: int | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision changed, and what it left as it was.

    Attributes:
        files: How many files, originals and what is made of them, are in the state decided on.
        recordings: How many recordings without such a file are, or are asked for because the
            platform's books expect them.
        archived: How many originals are archived; they stay so.
    """

    files: int
    recordings: int
    archived: int

    @property
    def changed(self) -> bool:
        """Whether anything is other than it was, or will be."""
        return bool(self.files or self.recordings)


def find_item(connection: Connection, name: str, source_id: int | None = None) -> Item | None:
    """The recording called *name*, the file ``external_id/file_id``, or the interaction.

    An interaction is found by whatever :func:`identity.find_interaction` takes: also by what a
    report calls a fact or a contact of it.

    Args:
        connection: To the catalogue.
        name: What somebody typed, or a listing told.
        source_id: Whose it is; without it, of any source.

    Raises:
        Misuse: *name* stands for items of several sources, or for several interactions.
    """
    recordings = _of_source(identity.find_recordings(connection, name), source_id)
    if len(recordings) > 1:
        raise _ambiguous(name)
    if recordings:
        return Item("recording", name, recordings[0].source_id, (recordings[0].id,))
    files = _of_source(identity.find_files(connection, name), source_id)
    if len({row.recording_id for row in files}) > 1:
        raise _ambiguous(name)
    if files:
        newest = files[-1]
        ids = tuple(row.id for row in files if row.version == newest.version)
        return Item("file", name, newest.source_id, (newest.recording_id,), ids)
    num = identity.find_interaction(connection, name)
    item = None if num is None else _find_interaction(connection, num)
    return item if item is None or source_id in (None, item.source_id) else None


def _of_source(rows: Sequence[Row[Any]], source_id: int | None) -> Sequence[Row[Any]]:
    return [row for row in rows if source_id in (None, row.source_id)]


def _find_interaction(connection: Connection, num: int) -> Item:
    row = connection.execute(select(interaction).where(interaction.c.num == num)).one()
    ids = connection.execute(
        select(recording.c.id).where(recording.c.interaction_num == num).order_by(recording.c.id)
    )
    return Item(
        "interaction",
        row.interaction_id,
        row.source_id,
        tuple(ids.scalars()),
        interaction_num=num,
    )


def _ambiguous(name: str) -> Misuse:
    return Misuse(
        f"{name} is the name of more than one item",
        remedy="Name the interaction by its id instead; catchment search shows it.",
    )


def decide_all(
    database: Database, items: Sequence[Item], verb: Verb, *, who: str, why: str, now: datetime
) -> list[Decided]:
    """Do what a person decided about *items*, and keep for ever who said so and why.

    ``retry`` asks again at once, also for what was gone or skipped; ``park`` sets aside until
    somebody says ``retry``; ``skip`` does without and lets the watermark pass.  What is archived
    stays archived.  :data:`TOGETHER` items of one source are decided in one transaction.

    Returns:
        What was changed of each; nothing, where everything is archived already.
    """
    decided: dict[int, Decided] = {}
    for source_id in sorted({item.source_id for item in items}):
        places = [place for place, item in enumerate(items) if item.source_id == source_id]
        for some in chunks(places, TOGETHER):
            with database.write(source_id) as connection:
                for place in some:
                    decided[place] = _decide(
                        database, connection, items[place], verb, who, why, now
                    )
    return [decided[place] for place in range(len(items))]


def _decide(
    database: Database,
    connection: Connection,
    item: Item,
    verb: Verb,
    who: str,
    why: str,
    now: datetime,
) -> Decided:
    connection.execute(
        insert(decision).values(
            source_id=item.source_id, at=now, who=who, verb=verb, item=item.name, why=why
        )
    )
    body = {"verb": verb, "item": item.name, "kind": item.kind, "who": who, "why": why}
    books.enter(connection, item.source_id, now, "decision", body)
    if verb == "retry":
        decided = _retry(database, connection, item, now)
    else:
        decided = set_aside(connection, item, verb, why, now)
    if item.interaction_num is not None:
        kind = reasons.PERSON if verb == "park" and decided.changed else None
        connection.execute(
            update(interaction)
            .where(interaction.c.num == item.interaction_num)
            .values(parked_kind=kind, parked_why=why if kind else None)
        )
    return decided


def _list_files(connection: Connection, item: Item, states: Sequence[str]) -> list[Row[Any]]:
    query = (
        select(file.c.id, file.c.recipe)
        .where(file.c.recording_id.in_(item.recording_ids), file.c.state.in_(states))
        .order_by(file.c.id)
    )
    if item.file_ids:
        query = query.where(file.c.id.in_(item.file_ids))
    return list(connection.execute(query))


def _count_archived(connection: Connection, item: Item) -> int:
    return sum(not row.recipe for row in _list_files(connection, item, ("archived",)))


def _retry(database: Database, connection: Connection, item: Item, now: datetime) -> Decided:
    rows = _list_files(connection, item, ("expected", "parked", "gone", "skipped"))
    originals = [row.id for row in rows if not row.recipe]
    connection.execute(
        update(file)
        .where(file.c.id.in_(originals))
        .values(
            state="expected",
            reason=None,
            reason_kind=None,
            attempts=0,
            retry_at=None,
            state_at=now,
        )
    )
    made = {row.id: row.recipe for row in rows if row.recipe}
    # A rendition stays parked until it is made; with a time to try again it is the engine's.
    ids = list(made)
    connection.execute(update(file).where(file.c.id.in_(ids)).values(state="parked", retry_at=now))
    wanted = [("media", str(one)) for one in originals]
    wanted += [name_maker(connection, one, recipe) for one, recipe in made.items()]
    if not item.file_ids:
        # Asking for the recording gives its documents, files that nobody knew of, and new links.
        wanted += [("capture", str(one)) for one in item.recording_ids]
    jobs = [NewJob(kind, key, item.source_id, now) for kind, key in wanted]
    want(database, connection, jobs)
    asked = 0 if item.interaction_num is None else _ask_anew(database, connection, item, now)
    reopened = 0
    if originals or not item.file_ids:
        reopened = connection.execute(
            update(recording)
            .where(recording.c.id.in_(item.recording_ids), recording.c.state != "quiet")
            .values(
                state="open",
                reason=None,
                reason_kind=None,
                attempts=0,
                retry_at=None,
                state_at=now,
            )
        ).rowcount
    return Decided(len(rows), 0 if rows else reopened + asked, _count_archived(connection, item))


def _ask_anew(database: Database, connection: Connection, item: Item, now: datetime) -> int:
    """Have an interaction mapped, and asked for what its facts expect; how many facts that are."""
    asked = connection.execute(
        update(fact)
        .where(
            fact.c.interaction_num == item.interaction_num,
            fact.c.expects != "",
            fact.c.ask.is_not(None),
        )
        .values(asked_at=None, gone_why=None)
    ).rowcount
    jobs = [NewJob("map", str(item.interaction_num), item.source_id, now)]
    if asked:
        jobs.append(NewJob("missing", str(item.source_id), item.source_id, now))
    want(database, connection, jobs)
    return asked


def set_aside(connection: Connection, item: Item, verb: Verb, why: str, now: datetime) -> Decided:
    """Park or skip what is not archived of *item*, within the caller's transaction."""
    state = "parked" if verb == "park" else "skipped"
    # What is gone is named one by one, or stays gone.
    states = ("expected", "parked", "gone", "skipped") if item.file_ids else ("expected", "parked")
    ids = [row.id for row in _list_files(connection, item, states)]
    connection.execute(
        update(file)
        .where(file.c.id.in_(ids))
        .values(state=state, reason=why, reason_kind=reasons.PERSON, retry_at=None, state_at=now)
    )
    if item.file_ids:
        for one in item.recording_ids:
            settle_recording(connection, one, now)
        return Decided(len(ids), 0, _count_archived(connection, item))
    recordings = connection.execute(
        update(recording)
        .where(recording.c.id.in_(item.recording_ids), recording.c.state != "quiet")
        .values(state=state, reason=why, reason_kind=reasons.PERSON, retry_at=None, state_at=now)
    ).rowcount
    # Nobody asks about it meanwhile; a job in some runner's hands ends by itself.
    keys = [str(one) for one in item.recording_ids]
    connection.execute(
        update(job)
        .where(job.c.kind == "capture", job.c.key.in_(keys), job.c.runner.is_(None))
        .values(due_at=None)
    )
    return Decided(len(ids), 0 if ids else recordings, _count_archived(connection, item))


@dataclass(frozen=True, slots=True)
class KnownDecision:
    """What somebody decided about an item, and why."""

    at: datetime
    who: str
    verb: str
    item: str
    why: str


def list_decisions(
    connection: Connection, source_id: int, items: Sequence[str]
) -> tuple[KnownDecision, ...]:
    """What was ever decided about *items* of a source, oldest first."""
    query = (
        select(decision.c.at, decision.c.who, decision.c.verb, decision.c.item, decision.c.why)
        .where(decision.c.source_id == source_id)
        .order_by(decision.c.id)
    )
    wanted = set(items)  # people decide little: their words are fewer than the items may be
    return tuple(KnownDecision(*row) for row in connection.execute(query) if row.item in wanted)
