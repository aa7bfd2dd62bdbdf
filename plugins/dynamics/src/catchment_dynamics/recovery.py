"""Finds calls by what people have of them: an id of a conversation, or of one of its recordings.

``Nothing`` is said of what the environment was asked for and does not have, and never of what could
not be asked: the engine takes it for the platform's word that the recording is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from catchment.errors import AdapterFault, NotPermitted
from catchment.model import Denied, Nothing, NotYet, Outcome, Ready, Sighting
from catchment_dynamics import columns, sightings
from catchment_dynamics.columns import Table, spell_lookup
from catchment_dynamics.ids import SOUND, read_guid
from catchment_dynamics.listings import LISTINGS, RECORDINGS, TRANSCRIPTS, VOICEMAILS, Listings
from catchment_dynamics.reader import Row
from catchment_dynamics.refusals import TableMissing

_TARGET = "msdyn_recordingtarget"


class Finder:
    """Looks ids up.

    Args:
        listings: Reads rows into sightings.
    """

    def __init__(self, listings: Listings) -> None:
        self._listings = listings
        self._reader = listings.reader
        settings = listings.settings
        wanted = (
            (RECORDINGS, True),
            (TRANSCRIPTS, settings.transcripts),
            (VOICEMAILS, settings.voicemails),
        )
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
        return _Search(self._listings, self._feeds, asked, row_id).answer()


class _Search:
    """The search for one id.

    Args:
        listings: Reads rows into sightings.
        feeds: What is captured.
        asked: The id as people spell it.
        row_id: The id itself.
    """

    def __init__(self, listings: Listings, feeds: list[str], asked: str, row_id: str) -> None:
        self._listings = listings
        self._reader = listings.reader
        self._feeds = feeds
        self._asked = asked
        self._id = row_id
        self._refused: dict[str, str] = {}

    def answer(self) -> Outcome:
        """What there is; or why nothing can be said."""
        conversation = self._find_conversation()
        found = {one.external_id: one for one in self._list_of_conversation()}
        if conversation is None:
            found |= {} if found else {one.external_id: one for one in self._list_by_id()}
            if found:
                return Ready(self._asked, sightings=tuple(found.values()))
            return self._deny() or Nothing(
                self._asked, "the environment knows no call and no recording of a call of this id"
            )
        recorded = any(key.space == SOUND for one in found.values() for key in one.keys)
        if found and (recorded or not _should_be_recorded(conversation)):
            return Ready(self._asked, sightings=tuple(found.values()))
        of_recordings = self._deny() if RECORDINGS in self._refused else None
        return of_recordings or _explain(self._asked, conversation, len(found))

    def _deny(self) -> Outcome | None:
        """That something could not be asked, where that is so."""
        if not self._refused:
            return None
        told = "; ".join(dict.fromkeys(self._refused.values()))
        return Denied(self._asked, f"not everything could be asked: {told}")

    def _find_conversation(self) -> Row | None:
        try:
            return self._reader.map_conversations([self._id]).get(self._id)
        except NotPermitted as error:
            self._refused["conversations"] = str(error)
            return None

    def _list_of_conversation(self) -> Iterator[Sighting]:
        """Everything that was recorded of a conversation."""
        voicemails: list[str] = []
        if VOICEMAILS in self._feeds:
            lookup = self._find_lookup(columns.VOICEMAILS)
            rows = self._ask(VOICEMAILS, lookup, [self._id]) if lookup else []
            voicemails = [columns.find_id(columns.VOICEMAILS, row) for row in rows]
            yield from self._read(VOICEMAILS, rows)
        link = spell_lookup("msdyn_liveworkitemid")
        yield from self._read(RECORDINGS, self._ask(RECORDINGS, link, [self._id]))
        there = self._reader.probe.find(columns.RECORDINGS)
        if there and there.has(_TARGET):
            of = [self._id, *voicemails]
            yield from self._read(RECORDINGS, self._ask(RECORDINGS, spell_lookup(_TARGET), of))
        if TRANSCRIPTS in self._feeds:
            link = spell_lookup("msdyn_liveworkitemidid")
            yield from self._read(TRANSCRIPTS, self._ask(TRANSCRIPTS, link, [self._id]))

    def _list_by_id(self) -> Iterator[Sighting]:
        """The one recording, transcript or voicemail of that id."""
        for feed in self._feeds:
            yield from self._read(feed, self._ask(feed, "", [self._id]))

    def _ask(self, feed: str, prop: str, ids: list[str]) -> list[Row]:
        """Rows of *feed* whose *prop*, or whose own id where that is empty, is one of *ids*."""
        listing = LISTINGS[feed]
        try:
            if not prop:
                return self._reader.list_ids(listing.table, ids)
            return self._reader.list_by(listing.table, prop, ids)
        except TableMissing as error:
            self._miss(feed, error)
        except (NotPermitted, AdapterFault) as error:
            self._refused[feed] = str(error)
        return []

    def _miss(self, feed: str, error: TableMissing) -> None:
        """Note that a table is missing, unless that is proved of one that need not be there."""
        listing = LISTINGS[feed]
        try:
            if listing.optional:
                self._reader.probe.prove_missing(listing.table)
                return
        except NotPermitted as unproved:
            error = TableMissing(str(unproved))
        self._refused[feed] = str(error)

    def _read(self, feed: str, rows: list[Row]) -> tuple[Sighting, ...]:
        try:
            return LISTINGS[feed].read(self._listings, rows)[0]
        except NotPermitted as error:  # transcripts of nobody knows what are held back
            self._refused[feed] = str(error)
            return ()

    def _find_lookup(self, table: Table) -> str:
        """The property of *table* with the conversation's id; empty where it has none."""
        there = self._reader.probe.find(table)
        named = there.find_conversation() if there else ""
        return spell_lookup(named) if named else ""


def _should_be_recorded(conversation: Row) -> bool:
    """Whether a recording of it is what is asked for, and transcripts are not."""
    return sightings.is_voice(conversation) and sightings.is_answered(conversation)


def _explain(asked: str, conversation: Row, beside: int) -> Outcome:
    """Why there is no recording of a conversation that is known, *beside* what there is of it."""
    if not sightings.is_voice(conversation):
        return Nothing(asked, "this conversation is no call: its channel is another one")
    if not sightings.is_over(conversation):
        return NotYet(asked, "the call goes on, or its agent has not closed it")
    if not sightings.is_answered(conversation):
        return NotYet(asked, "no agent accepted the call, and there is no recording of it")
    if beside:
        return NotYet(
            asked,
            "the call is known, and there is no recording of it so far; its transcripts and "
            "voicemails are captured as they are listed",
        )
    return NotYet(asked, "the call is known, and there is no recording of it so far")
