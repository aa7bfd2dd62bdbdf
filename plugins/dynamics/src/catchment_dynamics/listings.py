"""The feeds: each lists one table by the time of a row's last change (4.2).

Why the numbers are what they are: *every*, because a purge may come early and nothing is announced
(6, pain 11), and each feed costs one question where nothing is new.  *max_window*, so that a walk
over pages of 500 rows ends in minutes also in a large contact center.  *settle*, because what is
being written has its time before others can see it.  *lookback*, for what became visible late in
spite of that; whatever is changed later is listed again by itself.  *horizon*, because nothing
expires by itself (4.4).  *lag*, because a recording appears after its call has ended, and how long
after is nowhere told (4.1).

A table that an environment need not have, and that is proved to be missing, lists nothing, and its
feed goes on: the contract has no word for "not there", and a feed that stood still would keep the
whole source from ever being complete.  Where the table is installed later, rows that changed
earlier than the look-back are listed by ``recover`` for that period.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catchment.errors import AdapterFault, CursorLost, NotPermitted, Unreachable
from catchment.model import Fact, Feed, Page, Sighting, Span
from catchment.transport import Request
from catchment_dynamics import columns, sightings, wire
from catchment_dynamics.columns import VOICE, Columns, Table
from catchment_dynamics.ids import read_id
from catchment_dynamics.payloads import read_lookup
from catchment_dynamics.reader import NAMED, Reader, Row
from catchment_dynamics.refusals import TableMissing, ask_for_privilege
from catchment_dynamics.settings import DynamicsSettings

RECORDINGS, TRANSCRIPTS, VOICEMAILS = "recordings", "transcripts", "voicemails"
CONVERSATIONS, SESSIONS, CALLS = "conversations", "sessions", "calls"
PARTICIPANTS, PARTICIPANT_EVENTS = "participants", "participant_events"

_LOOKBACK = {"10m": "1h", "6h": "1d", "24h": "7d"}


def _feed(name: str, every: str) -> Feed:
    return Feed(
        name,
        every=every,
        max_window="1d",
        lookback=_LOOKBACK,
        settle="30s",
        horizon="3650d",
        resolution="1s",  # as Dataverse keeps times (2.3)
        by="change",
        lag="2h",
    )


FEEDS = (
    _feed(RECORDINGS, "2m"),
    _feed(CONVERSATIONS, "5m"),
    _feed(SESSIONS, "5m"),
    _feed(PARTICIPANTS, "5m"),
    _feed(PARTICIPANT_EVENTS, "5m"),
    _feed(CALLS, "5m"),
    _feed(TRANSCRIPTS, "5m"),
    _feed(VOICEMAILS, "5m"),
)


def list_feeds(settings: DynamicsSettings) -> tuple[Feed, ...]:
    """The feeds that *settings* ask for.

    Change tracking passes over nothing that became visible late (2.5), so there it is enough to
    look back once a day; each time costs a walk over all ids of the table.
    """
    left_out = {
        name
        for name, wanted in ((TRANSCRIPTS, settings.transcripts), (VOICEMAILS, settings.voicemails))
        if not wanted
    }
    feeds = tuple(feed for feed in FEEDS if feed.name not in left_out)
    if settings.listing == "change_tracking":
        return tuple(replace(feed, lookback={"24h": "1d"}) for feed in feeds)
    return feeds


BY_TIME, BY_CHANGES = "modifiedon", "changes"
"""Kinds of cursors; a link of one way would be taken for a page of the other."""


def write_cursor(by: str, **places: str) -> str:
    """A cursor of the kind *by* that holds *places*."""
    return json.dumps({"by": by, **places})


def read_cursor(by: str, cursor: str | None) -> dict[str, str]:
    """The places in *cursor*; nothing where there is none.

    Raises:
        CursorLost: It is of another kind: the setting ``listing`` was changed meanwhile.
    """
    if cursor is None:
        return {}
    try:
        told = json.loads(cursor)
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.pop("by", "") != by or not any(told.values()):
        raise CursorLost("the cursor is one of another way of listing")
    return {name: str(value) for name, value in told.items()}


def _have_times(rows: Sequence[Row]) -> bool:
    """Whether *rows* are full ones; a list of changes tells ids alone (2.5)."""
    return all(row.get("modifiedon") for row in rows)


Found = tuple[tuple[Sighting, ...], tuple[Fact, ...]]


@dataclass(frozen=True, slots=True)
class Listing:
    """How one feed is asked, and how its rows are read.

    Attributes:
        table: What it lists.
        read: Turns rows of one page into sightings and facts.
        where: What is asked for besides the time.
        optional: Whether environments may lack the table.
    """

    table: Table
    read: Callable[[Listings, Sequence[Row]], Found]
    where: str = ""
    optional: bool = False

    def build(self, there: Columns, condition: str) -> Request:
        """The question for the first page of what fulfils *condition*."""
        return wire.build_list(
            self.table.entity_set,
            select=there.select(self.table),
            where=wire.join_all(condition, self.where),
            order=f"modifiedon asc,{there.find_key(self.table)} asc",
            annotations=NAMED,
        )


class Listings:
    """Reads the feeds for one poll.  Not shared between threads.

    Args:
        reader: Reads rows.
        settings: How conversations are judged.
    """

    def __init__(self, reader: Reader, settings: DynamicsSettings) -> None:
        self.reader = reader
        self.settings = settings
        self._sessions: dict[str, str] = {}

    # --- one walk over pages -------------------------------------------------------------------

    def list_modified(self, span: Span) -> Iterator[Page]:
        """The rows of *span*'s feed that changed inside its window, page by page.

        Raises:
            CursorLost: Dataverse does not understand the cursor any more, or it is one of change
                tracking: the setting ``listing`` was changed meanwhile.
            NotPermitted: The table may not be read, or the environment does not have it.
            Truncated: Dataverse gives a page that it gave before.
            Unreachable: Rows came without the time of their change, or it is not certain whether
                there is such a table.
        """
        listing = LISTINGS[span.feed]
        place = read_cursor(BY_TIME, span.cursor)
        try:
            for page in self.walk(listing, wire.where_modified(span.window), place.get("next", "")):
                told = write_cursor(BY_TIME, next=page.cursor) if page.cursor else None
                yield replace(page, cursor=told)
        except TableMissing as error:
            yield self.pass_over(listing, error)

    def pass_over(self, listing: Listing, error: TableMissing) -> Page:
        """The empty page of a table of which *error* says that it is missing, once it is proved.

        Raises:
            TableMissing: Nothing can be done without it.
            NotPermitted: The metadata may not be read, so that nothing is proved.
            Unreachable: The metadata lists it all the same.
        """
        if not listing.optional:
            raise error
        self.reader.probe.prove_missing(listing.table)
        return Page(last=True)

    def walk(self, listing: Listing, condition: str, link: str) -> Iterator[Page]:
        """Page after page of what fulfils *condition*; from *link* on, where it is not empty.

        The cursor of a page is the bare link to the next one.
        """
        if not link:
            page = self.open(listing, condition)
            if not _have_times(page.rows):
                raise Unreachable(f"{listing.table.name}: rows came without their modifiedon")
            yield self._read(listing, page)
            link = page.next_link
        if link:
            request = listing.build(Columns(), "")  # the link says all but the headers (2.4)
            for page in self.reader.access.list_pages(request, link):
                if not _have_times(page.rows):
                    raise CursorLost(f"{listing.table.name}: the cursor leads to another listing")
                yield self._read(listing, page)

    def _read(self, listing: Listing, page: wire.Rows) -> Page:
        found, facts = listing.read(self, page.rows)
        return Page(found, facts, cursor=page.next_link or None, last=not page.next_link)

    def open(self, listing: Listing, condition: str) -> wire.Rows:
        """The first page of what fulfils *condition*."""
        return self.reader.probe.asking(
            listing.table,
            lambda there: self.reader.access.ask_page(listing.build(there, condition)),
        )

    # --- rows to sightings and facts -----------------------------------------------------------

    def read_recordings(self, rows: Sequence[Row]) -> Found:
        """Recordings of calls, each with its conversation, which says when it began.

        They are captured also while conversations cannot be asked; their own feed complains.
        """
        voicemails = self._find_voicemails(rows)
        if not self.settings.voicemails:
            rows = [row for row in rows if not sightings.find_voicemail(row)]
        ids = [sightings.find_conversation(sightings.RECORDING, row) for row in rows]
        try:
            known = self.reader.map_conversations([*ids, *voicemails.values()])
        except (NotPermitted, AdapterFault):
            known = {}
        found = []
        for row, one in zip(rows, ids, strict=True):
            left_in = voicemails.get(sightings.find_voicemail(row), "")
            conversation = known.get(one or left_in)
            found.append(sightings.map_recording(row, conversation, left_in))
        return tuple(one for one in found if one is not None), ()

    def _find_voicemails(self, rows: Sequence[Row]) -> dict[str, str]:
        """Conversations of the voicemails that recordings are the sound of (3), where told."""
        ids = {sightings.find_voicemail(row) for row in rows} - {""}
        if not ids:
            return {}
        try:
            return self.reader.map_voicemails(ids)
        except (NotPermitted, AdapterFault):  # they then stand alone
            return {}

    def read_transcripts(self, rows: Sequence[Row]) -> Found:
        """Transcripts of calls; those of chats are told apart by their conversation.

        Raises:
            NotPermitted: Conversations may not be read: nobody knows what is a chat's.
        """
        known = self._need_conversations(sightings.TRANSCRIPT, rows)
        found = (sightings.map_transcript(row, one) for row, one in zip(rows, known, strict=True))
        return tuple(one for one in found if one is not None), ()

    def read_voicemails(self, rows: Sequence[Row]) -> Found:
        """Voicemails that hold their sound themselves.

        Raises:
            NotPermitted: Conversations may not be read.
        """
        there = self.reader.probe.find(columns.VOICEMAILS)
        files = there.list_files() if there and there.types is not None else None
        known = self._need_conversations(sightings.VOICEMAIL, rows)
        found = (
            sightings.map_voicemail(row, one, files) for row, one in zip(rows, known, strict=True)
        )
        return tuple(one for one in found if one is not None), ()

    def _need_conversations(self, kind: str, rows: Sequence[Row]) -> list[Row | None]:
        """The conversation of each row.

        Raises:
            NotPermitted: They may not be read, and what is written in chats must not be captured.
        """
        ids = [sightings.find_conversation(kind, row) for row in rows]
        try:
            known = self.reader.map_conversations(ids)
        except NotPermitted as error:
            raise NotPermitted(
                f"{kind}s are held back, because which of them are of calls is not known without "
                f"{columns.CONVERSATIONS.privilege}: {error}",
                remedy=error.remedy or ask_for_privilege(columns.CONVERSATIONS.privilege),
            ) from error
        return [known.get(one) for one in ids]

    def read_conversations(self, rows: Sequence[Row]) -> Found:
        """Conversations that are calls."""
        calls = (row for row in rows if sightings.is_voice(row))
        return (), tuple(sightings.map_conversation(row, self.settings) for row in calls)

    def read_sessions(self, rows: Sequence[Row]) -> Found:
        """Sessions, and calls that went on outside."""
        return (), tuple(fact for row in rows for fact in sightings.map_session(row))

    def read_calls(self, rows: Sequence[Row]) -> Found:
        """Numbers and ids of calls."""
        return (), tuple(map(sightings.map_call, rows))

    def read_participants(self, rows: Sequence[Row]) -> Found:
        """Who took part in calls."""
        return (), tuple(
            sightings.map_participant(row, conversation)
            for row, conversation in self._of_calls(rows, "msdyn_omnichannelsession")
        )

    def read_participant_events(self, rows: Sequence[Row]) -> Found:
        """Holds of who took part in calls."""
        return (), tuple(
            sightings.map_participant_event(row, conversation)
            for row, conversation in self._of_calls(rows, "msdyn_sessionid")
        )

    def _of_calls(self, rows: Sequence[Row], column: str) -> Iterator[tuple[Row, str]]:
        """Rows of sessions that are calls, each with its conversation; others are left out.

        They hold neither the channel nor the conversation, so their sessions are asked for.
        """
        of = [read_lookup(row, column) for row in rows]
        unknown = {*of} - {*self._sessions, ""}
        told = self.reader.map_sessions(unknown)
        for session_id in unknown:
            row = told.get(session_id, {})
            self._sessions[session_id] = read_lookup(row, "msdyn_liveworkitemid")
        for row, session_id in zip(rows, of, strict=True):
            conversation = self._sessions.get(session_id, "")
            if conversation:
                yield row, conversation

    # --- rows by id ----------------------------------------------------------------------------

    def read_ids(self, listing: Listing, ids: Sequence[Any]) -> Found:
        """What *listing* reads of the rows with these ids; those that are gone are left out."""
        wanted = [read_id(one) for one in ids]
        rows = self.reader.list_ids(listing.table, wanted, where=listing.where)
        return listing.read(self, rows)


_CALLS_ALONE = wire.where_channel_is(VOICE)

LISTINGS: Mapping[str, Listing] = {
    RECORDINGS: Listing(columns.RECORDINGS, Listings.read_recordings),
    TRANSCRIPTS: Listing(columns.TRANSCRIPTS, Listings.read_transcripts, optional=True),
    VOICEMAILS: Listing(columns.VOICEMAILS, Listings.read_voicemails, optional=True),
    CONVERSATIONS: Listing(
        columns.CONVERSATIONS,
        Listings.read_conversations,
        wire.where_channel_contains(VOICE),
    ),
    SESSIONS: Listing(columns.SESSIONS, Listings.read_sessions, _CALLS_ALONE),
    PARTICIPANTS: Listing(columns.PARTICIPANTS, Listings.read_participants),
    PARTICIPANT_EVENTS: Listing(columns.PARTICIPANT_EVENTS, Listings.read_participant_events),
    CALLS: Listing(columns.CALLS, Listings.read_calls),
}
"""How each feed is asked."""
