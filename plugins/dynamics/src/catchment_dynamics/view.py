"""The bundle as the mapping looks at it: one conversation with its rows and its files.  Pure.

Facts and documents tell the same rows at different times; here each row is read once, as its
newest version tells it, so that order and source inside the bundle mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from catchment.model import Bundle, Json, Recording, StoredFile
from catchment_dynamics import sightings
from catchment_dynamics.ids import CONTINUATION, CONVERSATION
from catchment_dynamics.payloads import (
    merge_rows,
    read_first_time,
    read_flag,
    read_rows,
    read_text,
    read_time,
)
from catchment_dynamics.rows import Event, Participant, Session, list_events

DOCUMENTS = {
    sightings.CONVERSATION: "conversation",
    sightings.SESSION: "sessions",
    sightings.PARTICIPANT: "participants",
    sightings.PARTICIPANT_EVENT: "participant_events",
    sightings.CALL: "calls",
}
"""Where the rows of each kind of fact stand among the documents of a recording."""

SIBLINGS, NOTES = "siblings", "notes"

_AT_ONCE = timedelta(seconds=1)
"""No agent takes a call so soon after it came in: it is offered first."""


@dataclass(frozen=True)
class View:
    """What is known of one conversation.

    Attributes:
        conversation_id: Its id; empty for what belongs to none.
        conversation: Its row; empty where it is not known.
        sessions: By id.
        participants: By when they were added.
        events: By start.
        calls: Rows of the telephony, oldest first.
        siblings: Ids of all recordings of the conversation, oldest first.
        messages: Ids of recordings that are the sound of a voicemail, and no part of the call.
        files: Its files, the newest version of each; without those of voicemails.
        recordings: By id.
        left_outside: Sessions whose closure says that the call went on outside.
        first: The earliest moment that anything in the bundle tells.
    """

    conversation_id: str
    conversation: Json
    sessions: Mapping[str, Session]
    participants: tuple[Participant, ...]
    events: tuple[Event, ...]
    calls: tuple[Json, ...]
    siblings: tuple[str, ...]
    messages: frozenset[str]
    files: tuple[StoredFile, ...]
    recordings: tuple[Recording, ...]
    left_outside: tuple[Json, ...]
    first: datetime

    @classmethod
    def of(cls, bundle: Bundle) -> View:
        """The view of *bundle*."""
        rows = {
            kind: merge_rows(_list_rows(bundle, kind), sightings.IDS[kind]) for kind in DOCUMENTS
        }
        conversation_id = _find_conversation(bundle, rows[sightings.CONVERSATION])
        sessions = rows[sightings.SESSION]
        participants = [
            Participant.of(row_id, row) for row_id, row in rows[sightings.PARTICIPANT].items()
        ]
        recordings = tuple(sorted(bundle.recordings, key=lambda one: one.external_id))
        messages = frozenset(one.external_id for one in recordings if _is_message(one))
        moments = [one.occurred_at for one in recordings] + [fact.at for fact in bundle.facts]
        continued = (fact for fact in bundle.facts if fact.kind == CONTINUATION)
        outside = merge_rows((fact.document for fact in continued), "activityid")
        outside |= {name: row for name, row in sessions.items() if sightings.left_outside(row)}
        return cls(
            conversation_id=conversation_id,
            conversation=rows[sightings.CONVERSATION].get(conversation_id, {}),
            sessions={name: Session.of(name, row) for name, row in sessions.items()},
            participants=tuple(sorted(participants, key=_rank)),
            events=tuple(list_events(rows[sightings.PARTICIPANT_EVENT])),
            calls=tuple(_sort_rows(rows[sightings.CALL])),
            siblings=tuple(one for one in _list_siblings(recordings) if one not in messages),
            messages=messages,
            files=tuple(
                one for one in _list_newest(bundle.files) if one.recording_id not in messages
            ),
            recordings=recordings,
            left_outside=tuple(outside[name] for name in sorted(outside)),
            first=min(moments),
        )

    @cached_property
    def began(self) -> datetime:
        """When the call began: when it came in, or was dialled."""
        told = read_first_time(self.conversation, "msdyn_initiatedon", "msdyn_createdon")
        moments = [told, self.first] if told is None else [told]
        moments += [session.created for session in self.sessions.values() if told is None]
        return min(moment for moment in moments if moment is not None)

    @cached_property
    def answered(self) -> datetime | None:
        """When the first agent took the call."""
        agents = [one for one in self.participants if one.is_primary and self.is_agent(one)]
        joined = {one.session_id for one in agents if one.joined}
        moments = [one.joined for one in agents if one.joined]
        moments += [
            one.accepted for one in self.taken if one.accepted and one.session_id not in joined
        ]
        return min(moments) if moments else read_time(self.conversation, "msdyn_startedon")

    @cached_property
    def taken(self) -> tuple[Session, ...]:
        """Sessions that an agent took, and no bot."""
        sessions = self.sessions.values()
        return tuple(one for one in sessions if one.accepted and not self.is_bots(one))

    def is_bots(self, session: Session) -> bool:
        """Whether *session* was a bot's (3.2).

        How it closed says so, but may be a number that is not known.  Then it is the one that was
        taken as the call came in, or that nobody takes part in, and was over before any agent came.
        """
        if session.by_bot or not self.conversation or session.closed is None:
            return session.by_bot
        started = read_time(self.conversation, "msdyn_startedon")
        over = (
            session.closed <= started if started else not sightings.is_answered(self.conversation)
        )
        at_once = (
            session.accepted is not None
            and session.accepted - self.began <= _AT_ONCE
            and not read_flag(self.conversation, "msdyn_isoutbound")  # whoever dials is there
        )
        joined = any(one.session_id == session.session_id for one in self.participants)
        return over and (at_once or not joined)

    @cached_property
    def wrapped(self) -> datetime | None:
        """When the last agent was out of the call; of a stamp that an earlier one left, nothing."""
        told = read_time(self.conversation, "msdyn_wrapupinitiatedon")
        agents = [one for one in self.participants if not one.watches and not one.is_outside]
        latest = max((one.joined for one in agents if one.joined), default=self.began)
        return told if told and told >= latest else None

    @cached_property
    def ended(self) -> datetime | None:
        """When the call ended, which is before its agents wrapped up; ``None`` while it goes on.

        It goes on without agents while somebody outside is in it, and while the caller waits for
        the next agent, who may never come.
        """
        goes_on = bool(self.conversation) and not sightings.is_over(self.conversation)
        talking = [one for one in self.participants if not one.watches and one.joined]
        stay_on = [one for one in talking if one.is_outside]
        waiting = self._find_waiting()
        given_up = [waiting.closed] if waiting and waiting.closed else []
        if self.wrapped:
            waits = waiting is not None and (not given_up or given_up[0] > self.wrapped)
            if goes_on and (waits or any(one.left is None for one in stay_on)):
                return None
            outside = [moment for one in stay_on if (moment := one.left or one.joined)]
            return max([self.wrapped, *outside, *given_up])
        lefts = [one.left for one in talking if one.left]
        there = any(one.left is None for one in talking)
        if goes_on:
            return None
        closed = read_time(self.conversation, "msdyn_closedon")
        if lefts and not (there and closed):
            return None if there else max([*lefts, *given_up])
        return closed if closed and closed >= self.began else None

    def _find_waiting(self) -> Session | None:
        """The last session, where the caller is handed on in it and nobody has taken it."""
        made = [
            (one.created, one.session_id)
            for one in self.sessions.values()
            if one.created and not self.is_bots(one)
        ]
        answers = [one.accepted for one in self.taken if one.accepted]
        if not made or not answers or max(made)[0] < max(answers):
            return None
        last = self.sessions[max(made)[1]]
        outside = {read_text(row, "activityid").lower() for row in self.left_outside}
        joined = any(one.joined for one in self.participants if one.session_id == last.session_id)
        return None if last.accepted or joined or last.session_id in outside else last

    def is_agent(self, participant: Participant) -> bool:
        """Whether *participant* is a human agent whose call it was, or who was asked."""
        session = self.sessions.get(participant.session_id)
        by_bot = session is not None and self.is_bots(session)
        return bool(participant.agent_id) and not participant.watches and not by_bot


def _list_rows(bundle: Bundle, kind: str) -> Iterator[Json]:
    for recording in bundle.recordings:
        yield from read_rows(recording.documents.get(DOCUMENTS[kind]))
    for fact in bundle.facts:
        if fact.kind == kind:
            yield fact.document


def _find_conversation(bundle: Bundle, rows: Mapping[str, Json]) -> str:
    """The one that the keys name; rows of others, which never share a key, mean nothing."""
    keys = {key for recording in bundle.recordings for key in recording.keys}
    keys |= {key for fact in bundle.facts for key in fact.keys}
    named = sorted(key.value for key in keys if key.space == CONVERSATION)
    return next(iter([*named, *rows]), "")


def _rank(participant: Participant) -> tuple[str, str]:
    moment = participant.added or participant.joined or participant.left
    return (moment.isoformat() if moment else ""), participant.participant_id


def _sort_rows(rows: Mapping[str, Json]) -> list[Json]:
    return [rows[name] for name in sorted(rows, key=lambda name: (_created(rows[name]), name))]


def _created(row: Json) -> str:
    return read_text(row, "createdon")


def _list_siblings(recordings: Sequence[Recording]) -> tuple[str, ...]:
    """All recordings of the conversation by when they were made, as any document tells them."""
    key = sightings.IDS[sightings.RECORDING]
    told = [row for one in recordings for row in read_rows(one.documents.get(SIBLINGS))]
    told += [row for one in recordings if key in (row := one.documents.get("listing", {}))]
    rows = merge_rows(told, key)
    return tuple(sorted(rows, key=lambda name: (_created(rows[name]), name)))


def _is_message(recording: Recording) -> bool:
    rows = (recording.documents.get(name, {}) for name in (sightings.RECORDING, "listing"))
    return any(sightings.find_voicemail(row) for row in rows)


def _list_newest(files: Sequence[StoredFile]) -> list[StoredFile]:
    newest = {
        (file.recording_id, file.file_id): file
        for file in sorted(files, key=lambda one: one.version)
        if file.origin == "original"
    }
    return [newest[name] for name in sorted(newest)]
