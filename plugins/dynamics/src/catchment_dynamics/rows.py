"""Rows of a conversation as values: sessions, participants, their events (3.2, 3.3, 3.5).  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catchment.model import Json
from catchment_dynamics.payloads import (
    read_count,
    read_first_time,
    read_lookup,
    read_lookup_name,
    read_text,
    read_time,
)
from catchment_dynamics.words import BOTS, CONSULT, HOLD, IN_TRANSIT, MONITOR, PREVIEW

_REFUSED = frozenset({"agentreject", "agenttimeout"})


@dataclass(frozen=True, slots=True)
class Session:
    """A row of ``msdyn_ocsession``: a stretch with one primary agent, or an offer (3.2)."""

    session_id: str
    created: datetime | None
    accepted: datetime | None
    closed: datetime | None
    closure: int | None
    queue: str

    @property
    def by_bot(self) -> bool:
        """Whether it was a bot's, as its closure says."""
        return self.closure in BOTS

    @classmethod
    def of(cls, session_id: str, row: Json) -> Session:
        """The session that *row* tells."""
        return cls(
            session_id=session_id,
            created=read_first_time(row, "msdyn_sessioncreatedon", "createdon"),
            accepted=read_time(row, "msdyn_agentacceptedon"),
            closed=read_time(row, "msdyn_sessionclosedon"),
            closure=read_count(row, "msdyn_closurereason"),
            queue=read_queue(row),
        )


@dataclass(frozen=True, slots=True)
class Participant:
    """A row of ``msdyn_sessionparticipant``: an agent or a number in a session (3.3)."""

    participant_id: str
    session_id: str
    agent_id: str
    name: str
    number: str
    mode: int | None
    access: int | None
    added: datetime | None
    joined: datetime | None
    left: datetime | None
    left_reason: str
    row: Json

    @property
    def watches(self) -> bool:
        """Whether it only listens or looks on: no part of the call."""
        return self.mode in (MONITOR, PREVIEW)

    @property
    def is_asked(self) -> bool:
        """Whether it was asked by a colleague."""
        return self.mode == CONSULT

    @property
    def is_primary(self) -> bool:
        """Whether the call was its own; a mode that is not known is taken for that."""
        return not self.watches and not self.is_asked

    @property
    def is_outside(self) -> bool:
        """Whether it is a number outside, and no agent."""
        return bool(self.number) and not self.agent_id

    @property
    def refused(self) -> bool:
        """Whether it left because it did not take the call."""
        return self.left_reason.replace(" ", "").lower() in _REFUSED

    @classmethod
    def of(cls, participant_id: str, row: Json) -> Participant:
        """The participant that *row* tells."""
        return cls(
            participant_id=participant_id,
            session_id=read_lookup(row, "msdyn_omnichannelsession"),
            agent_id=read_lookup(row, "msdyn_agentid"),
            name=read_lookup_name(row, "msdyn_agentid"),
            number=read_text(row, "msdyn_externalparticipantchannel"),
            mode=read_count(row, "msdyn_mode"),
            access=read_count(row, "msdyn_conversationaccess"),
            added=read_time(row, "msdyn_addedon"),
            joined=read_time(row, "msdyn_joinedon"),
            left=read_time(row, "msdyn_lefton"),
            left_reason=read_text(row, "msdyn_leftonreason"),
            row=row,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A row of ``msdyn_ocsessionparticipantevent`` that means something: a hold, or no talk (3.5).

    Attributes:
        participant_id: Whose.
        in_transit: The call was on its way to somebody; otherwise the customer was on hold.
    """

    participant_id: str
    in_transit: bool
    start: datetime
    end: datetime | None


def read_queue(row: Json) -> str:
    """The queue of a conversation or a session: its name, else its id."""
    for column in ("msdyn_cdsqueueid", "msdyn_queueid"):
        found = read_lookup_name(row, column) or read_lookup(row, column)
        if found:
            return found
    return ""


def list_events(rows: Mapping[str, Json]) -> list[Event]:
    """Holds and transits, by start; other types have no meaning that anybody tells (3.5)."""
    events = set()
    for row in rows.values():
        start, end = read_time(row, "msdyn_eventstarttime"), read_time(row, "msdyn_eventendtime")
        transit = read_count(row, "msdyn_eventreason") == IN_TRANSIT
        if start and (transit or read_count(row, "msdyn_eventtype") == HOLD):
            participant_id = read_lookup(row, "msdyn_sessionparticipantid")
            events.add(Event(participant_id, transit, start, end))
    return sorted(
        events,
        key=lambda one: (one.start, one.end or one.start, one.participant_id, one.in_transit),
    )
