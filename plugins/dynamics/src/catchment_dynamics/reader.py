"""Reads rows by the ids that they hold: what listings, documents and searches by id share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from catchment.errors import AdapterFault, NotPermitted
from catchment_dynamics import columns, sightings, wire
from catchment_dynamics.access import Access
from catchment_dynamics.columns import Columns, Table
from catchment_dynamics.probing import Probe

NAMED = (wire.LOOKUPS, wire.NAMES)
"""Annotations of rows whose lookups are shown to people: queues, agents, workstreams."""

Row = dict[str, Any]


class Reader:
    """Reads rows of known tables with the columns that the environment has.  Thread-safe.

    Attributes:
        access: Whom to ask.
        probe: What there is.
    """

    def __init__(self, access: Access, probe: Probe) -> None:
        self.access = access
        self.probe = probe

    def list_by(
        self, table: Table, prop: str, ids: Iterable[str], *, where: str = "", page: int = wire.PAGE
    ) -> list[Row]:
        """All rows of *table* whose *prop* is one of *ids*, and of which *where* is true.

        Raises:
            NotPermitted: They may not be read, or there is no such table.
        """
        found: list[Row] = []
        for lot in wire.cut_ids(ids):
            chain = wire.join_all(where, wire.where_any(prop, lot))
            found += self._list(table, where=chain, page=page)
        return found

    def list_ids(self, table: Table, ids: Iterable[str], *, where: str = "") -> list[Row]:
        """Rows of *table* by id, of which *where* is true.

        Raises:
            NotPermitted: They may not be read, or there is no such table.
        """
        found: list[Row] = []
        for lot in wire.cut_ids(ids):
            found += self._list(table, where=where, ids=lot)
        return found

    def list_all(self, table: Table) -> list[Row]:
        """All rows of *table*.

        Raises:
            NotPermitted: They may not be read, or there is no such table.
        """
        return self._list(table, annotations=())

    def list_with_files(self, table: Table, ids: Iterable[str]) -> list[Row]:
        """Rows of *table* by id, with size and type of their files where these may be read (2.9).

        Raises:
            NotPermitted: They may not be read, or there is no such table.
        """
        expand = f"{table.attachments}({columns.EXPANDED})"
        found: list[Row] = []
        for lot in wire.cut_ids(ids):
            try:
                found += self._list(table, ids=lot, expand=expand)
            except (AdapterFault, NotPermitted):  # of the files' table, perhaps, and not of this
                found += self._list(table, ids=lot)
        return found

    def map_conversations(self, ids: Iterable[str]) -> dict[str, Row]:
        """Conversations by id.

        Raises:
            NotPermitted: They may not be read.
        """
        table = columns.CONVERSATIONS
        return _by_id(table, self.list_ids(table, ids))

    def map_voicemails(self, ids: Iterable[str]) -> dict[str, str]:
        """Conversations of voicemails, by the voicemails' ids.

        Raises:
            NotPermitted: They may not be read, or there is no such table.
        """
        found = _by_id(columns.VOICEMAILS, self.list_ids(columns.VOICEMAILS, ids))
        return {
            name: sightings.find_conversation(sightings.VOICEMAIL, row)
            for name, row in found.items()
        }

    def map_sessions(self, ids: Iterable[str]) -> dict[str, Row]:
        """Sessions by id, of calls alone.

        Raises:
            NotPermitted: They may not be read: whose call a participant was in is not known.
        """
        table = columns.SESSIONS
        where = wire.where_channel_is(columns.VOICE)
        return _by_id(table, self.list_ids(table, ids, where=where))

    def list_siblings(self, ids: Iterable[str]) -> list[Row]:
        """Id and time of every recording of conversations, which tell which is which (3.7)."""
        table = columns.RECORDINGS
        prop = columns.spell_lookup("msdyn_liveworkitemid")
        found: list[Row] = []
        for lot in wire.cut_ids(ids):
            request = wire.build_list(
                table.entity_set,
                select=f"{table.key},createdon,{prop}",
                where=wire.where_any(prop, lot),
                order=f"createdon asc,{table.key} asc",
                annotations=(),
            )
            found += self.access.list_rows(request)
        return found

    def _list(
        self,
        table: Table,
        *,
        where: str = "",
        ids: Sequence[str] = (),
        expand: str = "",
        annotations: Sequence[str] = NAMED,
        page: int = wire.PAGE,
    ) -> list[Row]:
        def ask(there: Columns) -> list[Row]:
            key = there.find_key(table)
            request = wire.build_list(
                table.entity_set,
                select=there.select(table),
                where=wire.join_all(where, wire.where_any(key, ids) if ids else ""),
                expand=expand,
                order=f"{key} asc",
                annotations=annotations,
                page=page,
            )
            return list(self.access.list_rows(request))

        return self.probe.asking(table, ask)


def _by_id(table: Table, rows: Iterable[Row]) -> dict[str, Row]:
    named = ((columns.find_id(table, row), row) for row in rows)
    return {row_id: row for row_id, row in named if row_id}
