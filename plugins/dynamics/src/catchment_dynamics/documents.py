"""What is told of recordings, transcripts and voicemails, and of their conversations (4.2).

Asked for a whole batch at once, one question per table.  A document that the credential may not
read is left out: the feed of its table, and ``check``, say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from catchment.errors import NotPermitted
from catchment.model import Batch, Denied, Json, Nothing, Outcome, Ready, Recording
from catchment_dynamics import columns, sightings
from catchment_dynamics.columns import (
    CALLS,
    NOTES,
    PARTICIPANT_EVENTS,
    PARTICIPANTS,
    SESSIONS,
    Table,
    spell_lookup,
)
from catchment_dynamics.ids import CONVERSATION, read_id
from catchment_dynamics.payloads import read_lookup
from catchment_dynamics.reader import Reader, Row
from catchment_dynamics.refusals import ColumnUnknown
from catchment_dynamics.view import DOCUMENTS, SIBLINGS
from catchment_dynamics.view import NOTES as NOTES_DOCUMENT

NAMES = {
    columns.RECORDINGS: sightings.RECORDING,
    columns.TRANSCRIPTS: sightings.TRANSCRIPT,
    columns.VOICEMAILS: sightings.VOICEMAIL,
}
"""The document with the row itself, by table."""

GONE = "deleted at the platform"
"""Rows are purged at any time: by hand, or by jobs (4.4)."""

_NOTE_PAGE = 20
"""Notes of one page: each holds a whole file."""

Rows = Sequence[Row]
T = TypeVar("T")


def find_kind(recording: Recording) -> Table | None:
    """Which table *recording* is a row of, by the rows that are known of it."""
    for name in ("listing", *NAMES.values()):
        found = columns.find_table(recording.documents.get(name) or {})
        if found is not None:
            return found
    return None


def split_batch(recordings: Iterable[Recording]) -> dict[Table | None, list[Recording]]:
    """The recordings by the table that each is a row of."""
    lots: dict[Table | None, list[Recording]] = {}
    for recording in recordings:
        lots.setdefault(find_kind(recording), []).append(recording)
    return lots


def fetch_documents(reader: Reader, batch: Batch) -> Iterator[Outcome]:
    """An outcome for each recording of *batch*."""
    asked: list[tuple[Recording, Table, Row]] = []
    for table, recordings in split_batch(batch).items():
        if table is None:
            yield from (
                Denied(one, "no row of it is known that says what it is") for one in recordings
            )
            continue
        rows = read_rows(reader, table, recordings)
        for recording in recordings:
            row = rows.get(recording.external_id)
            if row is None:
                yield Nothing(recording, GONE)
            else:
                asked.append((recording, table, row))
    told = _Told.of(reader, [find_conversation(*one) for one in asked])
    transcripts = [row for _, table, row in asked if table is columns.TRANSCRIPTS]
    notes = _list_notes(reader, transcripts)
    for recording, table, row in asked:
        documents: dict[str, Json] = {NAMES[table]: row}
        conversation = find_conversation(recording, table, row)
        if conversation:
            documents |= told.of_conversation(conversation)
        if table is columns.TRANSCRIPTS and notes is not None:
            ids = {recording.external_id, conversation} - {""}
            mine = [note for note in notes if read_lookup(note, "objectid") in ids]
            documents[NOTES_DOCUMENT] = {"rows": mine}
        yield Ready(recording, documents=documents)


def find_conversation(recording: Recording, table: Table, row: Row) -> str:
    """The conversation of *recording*; a voicemail's sound has it in its keys alone."""
    of_row = sightings.find_conversation(NAMES[table], row)
    keys = (key.value for key in recording.keys if key.space == CONVERSATION)
    return of_row or next(keys, "")


def read_rows(reader: Reader, table: Table, recordings: Sequence[Recording]) -> dict[str, Row]:
    """The rows themselves by id, with size and type of their files where these may be read."""
    rows = reader.list_with_files(table, [one.external_id for one in recordings])
    return {columns.find_id(table, row): row for row in rows}


class _Told:
    """What is told of several conversations.

    Args:
        documents: Rows by conversation, by the name of the document; a document that may not be
            read is not in it.
    """

    def __init__(self, documents: Mapping[str, Mapping[str, Rows]]) -> None:
        self._documents = documents

    @classmethod
    def of(cls, reader: Reader, asked: Sequence[str]) -> _Told:
        """Ask for the conversations *asked*."""
        ids = sorted({*asked} - {""})
        if not ids:
            return cls({})
        item = spell_lookup("msdyn_liveworkitemid")
        found: dict[str, Mapping[str, Rows] | None] = {}

        def by_conversation(table: Table) -> Mapping[str, Rows] | None:
            return _optional(
                lambda: _group(reader.list_by(table, item, ids), "msdyn_liveworkitemid")
            )

        found[sightings.CONVERSATION] = _optional(
            lambda: {name: [row] for name, row in reader.map_conversations(ids).items()}
        )
        sessions = found[sightings.SESSION] = by_conversation(SESSIONS)
        found[sightings.CALL] = by_conversation(CALLS)
        owners = {
            read_id(row.get(SESSIONS.key)): conversation
            for conversation, rows in (sessions or {}).items()
            for row in rows
        }
        for kind, table, column in (
            (sightings.PARTICIPANT, PARTICIPANTS, "msdyn_omnichannelsession"),
            (sightings.PARTICIPANT_EVENT, PARTICIPANT_EVENTS, "msdyn_sessionid"),
        ):
            found[kind] = _list_of_sessions(reader, table, column, owners, sessions is not None)
        named = {DOCUMENTS[kind]: rows for kind, rows in found.items() if rows is not None}
        siblings = _optional(lambda: _group(reader.list_siblings(ids), "msdyn_liveworkitemid"))
        return cls(named | ({SIBLINGS: siblings} if siblings is not None else {}))

    def of_conversation(self, conversation_id: str) -> dict[str, Json]:
        """The documents of one conversation."""
        return {
            name: {"rows": list(rows.get(conversation_id, ()))}
            for name, rows in self._documents.items()
        }


def _list_of_sessions(
    reader: Reader, table: Table, column: str, owners: Mapping[str, str], known: bool
) -> Mapping[str, Rows] | None:
    """Rows of *table* by conversation, over the sessions that they belong to."""
    if not known:
        return None

    def ask() -> Mapping[str, Rows]:
        grouped: dict[str, list[Row]] = {}
        for row in reader.list_by(table, spell_lookup(column), owners):
            grouped.setdefault(owners.get(read_lookup(row, column), ""), []).append(row)
        return grouped

    return _optional(ask)


def _list_notes(reader: Reader, transcripts: Rows) -> Rows | None:
    """Notes of transcripts and of their conversations, whose attachments are notes too (3.8)."""
    if not transcripts:
        return ()
    prop = spell_lookup("objectid")
    ids = [read_id(row.get(columns.TRANSCRIPTS.key)) for row in transcripts]
    ids += [sightings.find_conversation(sightings.TRANSCRIPT, row) for row in transcripts]
    return _optional(lambda: reader.list_by(NOTES, prop, ids, page=_NOTE_PAGE))


def _group(rows: Rows, column: str) -> dict[str, Rows]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(read_lookup(row, column), []).append(row)
    return dict(grouped)


def _optional(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except (NotPermitted, ColumnUnknown):
        return None
