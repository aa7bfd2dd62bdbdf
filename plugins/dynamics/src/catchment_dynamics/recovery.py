"""Finds calls by what people have of them: an id of a conversation, or of one of its recordings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catchment.errors import NotPermitted
from catchment.model import Nothing, NotYet, Outcome, Ready, Sighting
from catchment_dynamics import columns, sightings
from catchment_dynamics.columns import Table, spell_lookup
from catchment_dynamics.ids import read_guid
from catchment_dynamics.listings import LISTINGS, RECORDINGS, TRANSCRIPTS, VOICEMAILS, Listings
from catchment_dynamics.reader import Row
from catchment_dynamics.refusals import TableMissing


class Finder:
    """Looks ids up.

    Args:
        listings: Reads rows into sightings.
    """

    def __init__(self, listings: Listings) -> None:
        self._listings = listings
        self._reader = listings.reader
        settings = listings.settings
        wanted = ((RECORDINGS, True), (TRANSCRIPTS, settings.transcripts),
                  (VOICEMAILS, settings.voicemails))  # fmt: skip
        self._feeds = [name for name, on in wanted if on]

    def find(self, asked: str) -> Outcome:
        """What the environment has under the id *asked*, in any spelling of a GUID."""
        row_id = read_guid(asked.strip().strip("\"'"))
        if not row_id:
            return Nothing(
                asked,
                "this is no id of a conversation or recording, which is a GUID such as "
                "0f2c7a54-1b7e-4a53-9d8e-3c5a7b9d1e22",
            )
        conversation = self._find_conversation(row_id)
        found = tuple(self._list_of_conversation(row_id))
        if found:
            return Ready(asked, sightings=found)
        if conversation is not None:
            return _explain(asked, conversation)
        found = tuple(self._list_by_id(row_id))
        if found:
            return Ready(asked, sightings=found)
        return Nothing(asked, "the environment knows no call and no recording of a call of this id")

    def _find_conversation(self, row_id: str) -> Row | None:
        try:
            return self._reader.map_conversations([row_id]).get(row_id)
        except NotPermitted:
            return None

    def _list_of_conversation(self, row_id: str) -> Iterator[Sighting]:
        """Everything that was recorded of a conversation."""
        for feed in self._feeds:
            table = LISTINGS[feed].table
            prop = self._find_lookup(table)
            if prop:
                yield from self._read(feed, prop, row_id)

    def _list_by_id(self, row_id: str) -> Iterator[Sighting]:
        """The one recording, transcript or voicemail of that id."""
        for feed in self._feeds:
            yield from self._read(feed, LISTINGS[feed].table.key, row_id)

    def _read(self, feed: str, prop: str, row_id: str) -> tuple[Sighting, ...]:
        listing = LISTINGS[feed]
        try:
            rows: list[dict[str, Any]] = self._reader.list_by(listing.table, prop, [row_id])
        except NotPermitted as error:
            if feed == RECORDINGS and not isinstance(error, TableMissing):
                raise
            return ()
        return listing.read(self._listings, rows)[0]

    def _find_lookup(self, table: Table) -> str:
        """The property with the conversation's id; empty where the table has none."""
        if table is columns.RECORDINGS:
            return spell_lookup("msdyn_liveworkitemid")
        if table is columns.TRANSCRIPTS:
            return spell_lookup("msdyn_liveworkitemidid")
        there = self._reader.probe.find(table)
        named = there.find_conversation() if there else ""
        return spell_lookup(named) if named else ""


def _explain(asked: str, conversation: Row) -> Outcome:
    """Why there is nothing of a conversation that is known."""
    if not sightings.is_voice(conversation):
        return Nothing(asked, "this conversation is no call: its channel is another one")
    if not sightings.is_over(conversation):
        return NotYet(asked, "the call goes on, or its agent has not closed it")
    if not sightings.is_answered(conversation):
        return NotYet(asked, "no agent accepted the call, and there is no recording of it")
    return NotYet(asked, "the call is known, and there is no recording of it so far")
