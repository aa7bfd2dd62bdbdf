"""Everything that is known of one interaction, for a person who looks at it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select

from catchment._catalogue import availability, identity, interactions
from catchment._catalogue.database import Database
from catchment._catalogue.decisions import KnownDecision, list_decisions
from catchment._catalogue.doubts import find_doubts
from catchment._catalogue.files import KnownFile, list_files
from catchment._catalogue.recordings import KnownRecording, list_recording_ids, read_recordings
from catchment._catalogue.tables import contact, fact, job, party, source
from catchment._plain import from_plain
from catchment._recipes import CONTACT, is_alike
from catchment.model import InteractionDraft, Measured

NOT_YET = "not yet"

NOTHING_HEARD = "none: no sound is archived for its times"
"""Of a contact whose call is sealed, and of which nothing came that it is heard in."""


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of a recording: the platform's original, or with a ``recipe`` what was made of it.

    Attributes:
        contact: Which contact's audio it is; empty where it is not one contact's.
    """

    file_id: str
    version: int
    recipe: str
    kind: str
    form: str
    state: str
    reason: str | None
    attempts: int
    retry_at: datetime | None
    sha256: str | None
    size_bytes: int | None
    measured: Measured | None
    archived_at: datetime | None
    note: str | None
    contact: str


@dataclass(frozen=True, slots=True)
class ShownRecording:
    """A recording with its files, originals before their renditions.

    Attributes:
        documents: Names of the platform's documents.
        late_by: How far behind the watermark it was found; ``None`` if in time.
    """

    external_id: str
    occurred_at: datetime
    state: str
    reason: str | None
    first_seen_at: datetime
    late_by: timedelta | None
    revision: str
    documents: tuple[str, ...]
    files: tuple[ShownFile, ...]


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A row of the platform's books."""

    kind: str
    fact_id: str
    at: datetime
    expects: str
    absence: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An interaction with all that belongs to it.

    Attributes:
        num: Its number inside the catalogue.
        aliases: Ids of interactions that were joined into it.
        draft: What the adapter made of it; ``None`` while it was not mapped.
        parties: Rows of the parties.
        contacts: Rows of the contacts, by time, each with its attributes (``custom``), what is not
            sure of it (``doubt``) as ``report`` tells it, and what became of its own audio:
            ``audio`` (its state; empty where it has none of its own, ``"not yet"`` before it was
            made, :data:`NOTHING_HEARD` where it cannot be), ``audio_s``, ``silence_s`` and
            ``talk_over_s`` in seconds, where known, the ``recipe`` that its file is listed with,
            and the ``sha256`` under which it is archived.
        media: What can be heard and seen, in words.
        version: Of the newest sealed package; 0 while there is none.
        unsealed_since: Since when there is news that no package holds.
        decisions: What people decided about it, its recordings and their files.
    """

    num: int
    interaction_id: str
    aliases: tuple[str, ...]
    source: str
    kind: str
    external_id: str
    started_at: datetime
    ended_at: datetime | None
    subject: str
    draft: InteractionDraft | None
    parties: tuple[Mapping[str, Any], ...]
    contacts: tuple[Mapping[str, Any], ...]
    recordings: tuple[ShownRecording, ...]
    facts: tuple[ShownFact, ...]
    media: str
    version: int
    document_id: str | None
    sealed_at: datetime | None
    unsealed_since: datetime | None
    parked_why: str | None
    decisions: tuple[KnownDecision, ...]


def read_interaction(
    database: Database,
    name: str,
    now: datetime,
    *,
    partial: Collection[str] = (),
    patience: Mapping[str, timedelta] = MappingProxyType({}),
) -> Shown | None:
    """The interaction called *name* as :func:`identity.find_interaction` understands it.

    Args:
        partial: The sources whose directory leaves people out on purpose: that it does not know an
            agent is no doubt there.
        patience: How long "not yet" is believed, by the names of the sources.

    Raises:
        Misuse: *name* stands for more than one interaction.
    """
    with database.read() as connection:
        num = identity.find_interaction(connection, name)
        return None if num is None else _read(connection, num, now, partial, patience)


def _read(
    connection: Connection,
    num: int,
    now: datetime,
    partial: Collection[str],
    patience: Mapping[str, timedelta],
) -> Shown:
    row = interactions.read(connection, num)
    assert row is not None
    query = select(source.c.name).where(source.c.id == row.source_id)
    name = connection.execute(query).scalar_one()
    aliases = tuple(interactions.list_aliases(connection, row.num))
    files = list_files(connection, list_recording_ids(connection, num))
    recordings = _list_recordings(connection, num, files)
    draft = None if row.draft is None else from_plain(InteractionDraft, row.draft)
    knows_all = name not in partial
    doubts = find_doubts(connection, row.source_id, row.num, knows_all=knows_all)
    sealed = row.version > 0 and row.unsealed_since is None
    lacking = NOTHING_HEARD if sealed and _is_over(connection, num, recordings) else NOT_YET
    items = [row.interaction_id, *aliases, *_list_items(recordings)]
    return Shown(
        num=row.num,
        interaction_id=row.interaction_id,
        aliases=aliases,
        source=name,
        kind=row.kind,
        external_id=row.external_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        subject=row.subject,
        draft=draft,
        parties=_list_rows(connection, party, num, party.c.party_id),
        contacts=tuple(
            {
                **one,
                "doubt": doubts.get(one["contact_id"], ""),
                **_describe_contact(one["contact_id"], draft, files, lacking),
            }
            for one in _list_rows(connection, contact, num, contact.c.started_at)
        ),
        recordings=recordings,
        facts=_list_facts(connection, num),
        media=availability.summarise(connection, [num], now, patience).get(num, ""),
        version=row.version,
        document_id=row.document_id,
        sealed_at=row.sealed_at,
        unsealed_since=row.unsealed_since,
        parked_why=row.parked_why,
        decisions=list_decisions(connection, row.source_id, items),
    )


def _list_items(recordings: Sequence[ShownRecording]) -> Iterator[str]:
    """The names under which decisions about recordings and files are kept."""
    for recording in recordings:
        yield recording.external_id
        yield from (f"{recording.external_id}/{file.file_id}" for file in recording.files)


def _list_rows(
    connection: Connection, table: Any, num: int, order: Any
) -> tuple[Mapping[str, Any], ...]:
    query = select(table).where(table.c.interaction_num == num).order_by(order)
    return tuple(
        {name: value for name, value in row.items() if name != "interaction_num"}
        for row in connection.execute(query).mappings()
    )


def _is_over(connection: Connection, num: int, recordings: Sequence[ShownRecording]) -> bool:
    """Whether nothing is expected any more of which a contact's audio could be made."""
    to_make = select(job.c.id).where(
        job.c.kind == "contact", job.c.key == str(num), job.c.due_at.is_not(None)
    )
    return connection.execute(to_make).first() is None and not any(
        recording.state == "open" or any(file.state == "expected" for file in recording.files)
        for recording in recordings
    )


def _describe_contact(
    contact_id: str, draft: InteractionDraft | None, files: Sequence[KnownFile], lacking: str
) -> Mapping[str, Any]:
    """A contact's attributes, and what there is of its own audio; *lacking* where it was to be."""
    told = draft.contacts if draft is not None else ()
    told = tuple(one for one in told if one.contact_id == contact_id)
    made = next((one for one in files if _name_contact(one) == contact_id), None)
    heard = any(one.heard for one in told)
    extra = made.described.extra if made is not None else {}
    length = made.measured.duration if made is not None and made.measured is not None else None
    return {
        "custom": dict(told[0].custom) if told else {},
        "audio": made.state if made is not None else lacking if heard else "",
        "audio_s": None if length is None else length.total_seconds(),
        "silence_s": extra.get("silence_s"),
        "talk_over_s": extra.get("talk_over_s"),
        "recipe": made.recipe if made is not None else "",
        "sha256": made.sha256 if made is not None else None,
    }


def _list_recordings(
    connection: Connection, num: int, known: Sequence[KnownFile]
) -> tuple[ShownRecording, ...]:
    files: dict[int, list[ShownFile]] = {}
    for one in known:
        files.setdefault(one.recording_id, []).append(_show_file(one))
    recordings = read_recordings(connection, list_recording_ids(connection, num))
    return tuple(_show_recording(one, tuple(files.get(one.id, ()))) for one in recordings)


def _show_recording(known: KnownRecording, files: tuple[ShownFile, ...]) -> ShownRecording:
    late = known.late_by_s
    return ShownRecording(
        external_id=known.value.external_id,
        occurred_at=known.value.occurred_at,
        state=known.state,
        reason=known.reason,
        first_seen_at=known.first_seen_at,
        late_by=None if late is None else timedelta(seconds=late),
        revision=known.value.revision,
        documents=tuple(known.value.documents),
        files=files,
    )


def _show_file(known: KnownFile) -> ShownFile:
    return ShownFile(
        file_id=known.file_id,
        version=known.version,
        recipe=known.recipe,
        kind=known.kind,
        form=known.form,
        state=known.state,
        reason=known.reason,
        attempts=known.attempts,
        retry_at=known.retry_at,
        sha256=known.sha256,
        size_bytes=known.size_bytes,
        measured=known.measured,
        archived_at=known.archived_at,
        note=known.note,
        contact=_name_contact(known),
    )


def _name_contact(known: KnownFile) -> str:
    """Which contact's audio a file is; empty where it is not one contact's."""
    return str(known.described.extra.get("contact", "")) if is_alike(known.recipe, CONTACT) else ""


def _list_facts(connection: Connection, num: int) -> tuple[ShownFact, ...]:
    query = (
        select(fact.c.kind, fact.c.fact_id, fact.c.at, fact.c.expects, fact.c.absence)
        .where(fact.c.interaction_num == num)
        .order_by(fact.c.at, fact.c.kind, fact.c.fact_id)
    )
    return tuple(ShownFact(*row) for row in connection.execute(query))
