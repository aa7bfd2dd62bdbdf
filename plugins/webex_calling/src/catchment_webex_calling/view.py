"""The bundle as the mapping looks at it: records and tracks, read and sorted.  Pure.

A *record* is one row of the call history: one participant of one leg.  A *track* is one recording
with its metadata.  Everything is sorted here once, so that order inside the bundle means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catchment.model import Bundle, Fact, Recording
from catchment.payloads import read_as
from catchment_webex.ids import read_uuid
from catchment_webex_calling.ids import SESSION, read_call_id, read_session_key
from catchment_webex_calling.payloads import (
    CallRecord,
    Item,
    Metadata,
    MetadataService,
    Side,
    read_cdr,
    read_number,
)
from catchment_webex_calling.records import CDR, QUEUES, is_answered, is_talk
from catchment_webex_calling.sightings import began_at

INBOUND, OUTBOUND = "TERMINATING", "ORIGINATING"
_QUEUE_OWNER = "callqueue"


class Record:
    """One row of the call history.

    Attributes:
        told: The row, read.
        session: Of the call; empty if none is told.
        began: When the leg began.
        ended: When it ended, as far as known.
        talk: Somebody's leg who may have spoken.
        queue: A queue's or a hunt group's leg.
        answered: This participant was connected.
        outward: The participant dialled, or the service did.
        local: This end of the leg.
        remote: The other end.
        user_id: UUID of the participant in lower case.
        calling: Who dialled, without SIP around it.
        called: Who was dialled.
        number: Of the other side.
    """

    def __init__(self, fact: Fact) -> None:
        told: CallRecord = read_cdr(fact.document)
        self.fact_id = fact.fact_id
        self.told = told
        self.session = read_session_key(told.correlation_id)
        self.began = told.start_time or told.answer_time or fact.at
        self.talk, self.queue = is_talk(told), told.user_type in QUEUES
        self.answered = is_answered(told)
        self.outward = told.direction.upper() == OUTBOUND
        self.local = read_call_id(told.local_call_id)
        self.remote = read_call_id(told.remote_call_id)
        self.user_id = read_uuid(told.user_uuid)
        self.calling, self.called = (
            read_number(told.calling_number),
            read_number(told.called_number),
        )
        self.number = self.called if self.outward else self.calling
        connected = told.answer_time or self.began
        lasted = timedelta(seconds=max(told.duration or 0, 0))
        self.ended = told.release_time or (connected + lasted if told.duration else None)

    @property
    def connected_at(self) -> datetime:
        """When the participant was connected; of who was not, when it began to ring."""
        return self.told.answer_time or self.began

    @property
    def rank(self) -> tuple[datetime, bool, bool, str]:
        """In order of time; who dialled stands before who was called."""
        return self.began, not self.outward, not self.queue, self.fact_id

    @property
    def reasons(self) -> set[str]:
        """Why the leg came about, in lower case."""
        told = self.told
        reasons = (told.original_reason, told.redirect_reason, told.related_reason)
        return {reason.lower() for reason in reasons if reason}


@dataclass(frozen=True, slots=True, order=True)
class Who:
    """Somebody of the organisation as one document names them; ids are in one spelling."""

    user_id: str = ""
    email: str = ""
    kind: str = ""
    name: str = ""
    number: str = ""


class Track:
    """One recording with its documents.

    Attributes:
        recording_id: In the ledger's spelling.
        item: The row of the list.
        metadata: The document of 1.5; empty where there is none.
        session: Of the call; empty if none is told.
        began: When recording began.
        ended: When the recorded party's part ended, as far as known.
        agent: Whose talk it is: the participant, not whoever owns the recording now.
        queue: Who owns it, if a queue does.
        outward: The recorded party dialled; ``None`` where the metadata does not say.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording_id = recording.external_id
        self.item = read_as(Item, recording.documents.get("listing"))
        self.metadata = read_as(Metadata, recording.documents.get("metadata"))
        service = self.metadata.service_data
        sessions = [key.value for key in recording.keys if key.space == SESSION]
        told = read_session_key(self.item.service_data.call_session_id or service.call_session_id)
        self.session = told or min(sessions, default="")
        self.began = began_at(self.item) or service.session.start_time or recording.occurred_at
        self.ended = _find_end(self, service)
        personality = service.personality
        self.outward = {"originator": True, "terminator": False}.get(personality)
        owner_type = self.metadata.owner_type or self.item.owner_type
        self.queue = _owner(self) if owner_type == _QUEUE_OWNER else None
        self.agent = _find_agent(self, service)

    @property
    def rank(self) -> tuple[datetime, str, str]:
        """In order of time."""
        return self.began, self.session, self.recording_id

    @property
    def other(self) -> Side | None:
        """The side that was not recorded, where the metadata tells it (1.5)."""
        service = self.metadata.service_data
        if self.outward is None:
            return None
        first = service.called_party if self.outward else service.calling_party
        return next((side for side in (first, service.connected_party) if side != Side()), None)

    def list_insiders(self) -> list[Who]:
        """Everybody of the organisation whom the metadata names."""
        service = self.metadata.service_data
        sides = (
            service.calling_party,
            service.called_party,
            service.answerer_info,
            service.connected_party,
            service.managed_by,
        )
        return [_who(side) for side in sides if side.inside]


def _find_end(track: Track, service: MetadataService) -> datetime | None:
    if service.session.stop_time is not None:
        return max(service.session.stop_time, track.began)
    seconds = track.item.duration_seconds
    return track.began + timedelta(seconds=seconds) if seconds and seconds > 0 else None


def _owner(track: Track) -> Who:
    item, metadata = track.item, track.metadata
    return Who(
        user_id=read_uuid(metadata.owner_id or item.owner_id),
        email=(metadata.owner_email or item.owner_email).strip().lower(),
        kind=metadata.owner_type or item.owner_type,
        name=metadata.owner_name.strip(),
    )


def _who(side: Side) -> Who:
    actor = side.actor
    return Who(
        user_id=read_uuid(actor.id),
        email=actor.email.strip().lower(),
        kind=actor.type,
        name=side.name.strip(),
        number=side.tel,
    )


def _find_agent(track: Track, service: MetadataService) -> Who | None:
    """Who was recorded: the manager of a queue's recording, else the recorded side, else the owner.

    The owner comes last, because recordings are given to others (4, row 10).
    """
    sides = [service.managed_by]
    if track.outward is True:
        sides.append(service.calling_party)
    elif track.outward is False:
        sides += [service.answerer_info, service.called_party]
    told = next((_who(side) for side in sides if side.inside), None)
    if told is not None:
        return told
    owner = _owner(track)
    return owner if track.queue is None and (owner.user_id or owner.email) else None


@dataclass(frozen=True, slots=True)
class View:
    """The bundle, read and sorted.

    Attributes:
        records: All rows of the call history.
        tracks: All recordings.
    """

    records: Sequence[Record]
    tracks: Sequence[Track]

    @classmethod
    def of(cls, bundle: Bundle) -> View:
        """What *bundle* holds."""
        records = [Record(fact) for fact in bundle.facts if fact.kind == CDR]
        tracks = [Track(recording) for recording in bundle.recordings]
        return cls(
            sorted(records, key=lambda record: record.rank),
            sorted(tracks, key=lambda track: track.rank),
        )

    @property
    def talks(self) -> list[Record]:
        """Legs of people, workspaces and virtual lines."""
        return [record for record in self.records if record.talk]

    @property
    def queues(self) -> list[Record]:
        """Legs of queues and hunt groups."""
        return [record for record in self.records if record.queue]
