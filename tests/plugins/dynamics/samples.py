"""Rows as the sheet shows them (3), and its scripted call (7), for all pure tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from catchment.model import Bundle, Fact, Json, Measured, Recording, StoredFile, Timeline, Window
from catchment_dynamics import sightings
from catchment_dynamics.choices import AUTOMATIC, Begin, Orientation, Rule
from catchment_dynamics.payloads import FORMATTED, LOGICAL_NAME
from catchment_dynamics.sightings import map_conversation, map_recording
from catchment_dynamics.words import CONSULT, HOLD, PRIMARY

Row = dict[str, Any]

T0 = datetime(2026, 3, 2, 8, 13, 58, tzinfo=UTC)


def guid(number: int) -> str:
    """A GUID that is easy to recognise."""
    return f"{number:08x}-51d0-4011-8544-6045bd0a11aa"


CONVERSATION, RECORDING, CALL = guid(0xC0), guid(0x1000), guid(0xC4)
S0, S1, S2, S3 = (guid(0x500 + number) for number in range(4))
P1, P2, P3, P4 = (guid(0x700 + number) for number in range(1, 5))
A, B, C, D = (guid(0xA0 + number) for number in range(4))
QUEUE, WORKSTREAM = guid(0x31), guid(0x66)
NAMES = {A: "Ada Hodges", B: "Bea Braun", C: "Cem Demir", D: "Dora Vidal"}


@dataclass(frozen=True)
class Chosen:
    """Settings as a test wants them."""

    recording_begins: Begin = "answer"
    outbound_numbers: Orientation = "from_caller"
    rules: Mapping[str, Any] = field(default_factory=dict)

    def find_rule(self, *names: str | None) -> Rule:
        """The rule of the first of *names* that has one."""
        told = (self.rules[name] for name in names if name and name in self.rules)
        return cast(Rule, next(told, AUTOMATIC))


DEFAULT = Chosen()


def at(second: float) -> datetime:
    """A moment of the call."""
    return T0 + timedelta(seconds=second)


def stamp(second: float | None) -> str | None:
    """The same as Dataverse writes it."""
    return None if second is None else f"{at(second):%Y-%m-%dT%H:%M:%SZ}"


def look_up(column: str, row_id: str, name: str = "", table: str = "") -> Row:
    """A lookup with its annotations."""
    told: Row = {f"_{column}_value": row_id}
    if name:
        told[f"_{column}_value{FORMATTED}"] = name
    if table:
        told[f"_{column}_value{LOGICAL_NAME}"] = table
    return told


def conversation(**more: Any) -> Row:
    """The conversation of the scripted call, closed."""
    return {
        "@odata.etag": 'W/"90211733"',
        "activityid": CONVERSATION,
        "msdyn_ocliveworkitemid": CONVERSATION,
        "subject": "Call from +493012345678",
        "msdyn_title": "Call from +493012345678",
        "msdyn_channel": "192440000",
        "statecode": 1,
        "statuscode": 4,
        "msdyn_statuschangereason": 192350008,
        "msdyn_isoutbound": False,
        "msdyn_createdon": stamp(0),
        "msdyn_initiatedon": stamp(0),
        "msdyn_startedon": stamp(60),
        "msdyn_wrapupinitiatedon": stamp(600),
        "msdyn_closedon": stamp(660),
        "msdyn_transfercount": 1,
        "msdyn_conversationhandletimeinseconds": 600,
        **look_up("msdyn_activeagentid", D, NAMES[D]),
        **look_up("msdyn_cdsqueueid", QUEUE, "Billing"),
        **look_up("msdyn_liveworkstreamid", WORKSTREAM, "Support line"),
        "_msdyn_lastsessionid_value": S3,
        "_msdyn_customer_value": None,
        "createdon": stamp(1),
        "modifiedon": stamp(680),
        "versionnumber": 90211733,
    } | more


def session(
    session_id: str,
    created: float,
    accepted: float | None,
    closed: float | None,
    closure: int | None,
    **more: Any,
) -> Row:
    """A session, in seconds of the call; *closure* counts from 192350000."""
    return {
        "activityid": session_id,
        "_msdyn_liveworkitemid_value": CONVERSATION,
        "msdyn_channel": 192440000,
        "msdyn_sessioncreatedon": stamp(created),
        "msdyn_agentacceptedon": stamp(accepted),
        "msdyn_sessionclosedon": stamp(closed),
        "msdyn_closurereason": None if closure is None else 192350000 + closure,
        **look_up("msdyn_cdsqueueid", QUEUE, "Billing"),
        "createdon": stamp(created),
        "modifiedon": stamp(created),
        "versionnumber": 90211000,
    } | more


def participant(
    participant_id: str,
    session_id: str,
    agent: str,
    added: float,
    joined: float | None,
    left: float | None,
    **more: Any,
) -> Row:
    """A primary participant, in seconds of the call."""
    who = look_up("msdyn_agentid", agent, NAMES.get(agent, ""), "systemuser") if agent else {}
    return {
        "msdyn_sessionparticipantid": participant_id,
        "_msdyn_omnichannelsession_value": session_id,
        **who,
        "msdyn_mode": PRIMARY,
        "msdyn_conversationaccess": 0,
        "msdyn_addedon": stamp(added),
        "msdyn_joinedon": stamp(joined),
        "msdyn_lefton": stamp(left),
        "createdon": stamp(added),
        "modifiedon": stamp(added),
        "versionnumber": 90211001,
    } | more


def asked(
    participant_id: str, session_id: str, agent: str, joined: float, left: float | None, access: int
) -> Row:
    """A participant of a consultation; *access* 1 is public, 2 private."""
    mode = {"msdyn_mode": CONSULT, "msdyn_conversationaccess": access, "msdyn_consultmode": 2}
    return participant(participant_id, session_id, agent, joined, joined, left) | mode


def hold(number: int, participant_id: str, start: float, end: float | None, **more: Any) -> Row:
    """A hold, in seconds of the call."""
    return {
        "msdyn_ocsessionparticipanteventid": guid(0xE000 + number),
        "_msdyn_sessionparticipantid_value": participant_id,
        "msdyn_eventtype": HOLD,
        "msdyn_eventreason": 192350000,
        "msdyn_eventstarttime": stamp(start),
        "msdyn_eventendtime": stamp(end),
        "createdon": stamp(start),
        "versionnumber": 90211002,
    } | more


def context(**more: Any) -> Row:
    """What the telephony tells."""
    return {
        "msdyn_ocphonecallengagementctxid": CALL,
        "_msdyn_liveworkitemid_value": CONVERSATION,
        "msdyn_callsid": "22f1d3b0-0e7d-4c58-9a4f-6a3f0f9f6c11",
        "msdyn_fromphone": "+493012345678",
        "msdyn_tophone": "+4980012345",
        "msdyn_providername": "Azure Communication Services",
        "createdon": stamp(0),
        "versionnumber": 90211003,
    } | more


def recorded(recording_id: str = RECORDING, **more: Any) -> Row:
    """A row of ``msdyn_ocrecording``."""
    return {
        "msdyn_ocrecordingid": recording_id,
        "msdyn_name": "Recording",
        **look_up("msdyn_liveworkitemid", CONVERSATION, "", "msdyn_ocliveworkitem"),
        **look_up("msdyn_recordingtarget", CONVERSATION, "", "msdyn_ocliveworkitem"),
        "msdyn_recording": guid(0xF1),
        "msdyn_recording_name": "recording.mp4",
        "msdyn_recordingmetadata": guid(0xF2),
        "msdyn_recordingmetadata_name": "recordingmetadata.json",
        "createdon": stamp(670),
        "modifiedon": stamp(680),
        "versionnumber": 90211801,
        "statecode": 0,
    } | more


@dataclass(frozen=True)
class Told:
    """All rows of one call; the scripted one of section 7 if nothing else is said."""

    conversation: Row = field(default_factory=conversation)
    sessions: Sequence[Row] = (
        session(S0, 0, None, 20, 26),
        session(S1, 20, None, 50, 2),
        session(S2, 52, 60, 300, 6),
        session(S3, 300, 300, 660, 21),
    )
    participants: Sequence[Row] = (
        participant(P1, S1, A, 20, None, 50, msdyn_leftonreason="AgentTimeout"),
        participant(P2, S2, B, 52, 60, 300, msdyn_talktime=155, msdyn_holdtime=85),
        asked(P3, S2, C, 150, 200, 2),
        participant(P4, S3, D, 300, 300, 660),
    )
    events: Sequence[Row] = (hold(1, P2, 120, 205),)
    calls: Sequence[Row] = (context(),)
    recordings: Sequence[Row] = (recorded(),)

    def list_documents(self, row: Row) -> dict[str, Json]:
        """What ``fetch_metadata`` keeps of a recording."""
        return {
            "listing": row,
            "recording": row,
            "conversation": {"rows": [self.conversation]},
            "sessions": {"rows": list(self.sessions)},
            "participants": {"rows": list(self.participants)},
            "participant_events": {"rows": list(self.events)},
            "calls": {"rows": list(self.calls)},
            "siblings": {
                "rows": [
                    {name: one[name] for name in ("msdyn_ocrecordingid", "createdon")}
                    for one in self.recordings
                ]
            },
        }

    def list_facts(self, settings: Chosen = DEFAULT) -> tuple[Fact, ...]:
        """What the feeds tell."""
        facts = [map_conversation(self.conversation, settings)]
        for row in self.sessions:
            facts += sightings.map_session(row)
        facts += [sightings.map_participant(row, CONVERSATION) for row in self.participants]
        facts += [sightings.map_participant_event(row, CONVERSATION) for row in self.events]
        facts += [sightings.map_call(row) for row in self.calls]
        return tuple(facts)

    def list_recordings(self, *, bare: bool = False) -> tuple[Recording, ...]:
        """The recordings with their documents, or with the listing's row alone."""
        found = []
        for row in self.recordings:
            seen = map_recording(row, self.conversation)
            assert seen is not None
            documents = {"listing": row} if bare else self.list_documents(row)
            found.append(
                Recording(
                    seen.external_id, seen.occurred_at, seen.keys, seen.revision, None, documents
                )
            )
        return tuple(found)

    def bundle(self, *files: StoredFile) -> Bundle:
        """Everything of the call, as the mapping is given it."""
        return Bundle(self.list_recordings(), self.list_facts(), files)


def stored(
    start: float = 60, end: float = 600, plays: float | None = None, recording_id: str = RECORDING
) -> StoredFile:
    """An archived sound file with its place in the call, and how long it really plays."""
    window = Window(at(start), at(end))
    length = window.length if plays is None else timedelta(seconds=plays)
    return StoredFile(
        recording_id, "recording", 1, "audio", "mp4", "original", "", "0" * 64, 1, None,
        Timeline((window,), "guessed"), Measured("mp4", length, (1,)),
    )  # fmt: skip
