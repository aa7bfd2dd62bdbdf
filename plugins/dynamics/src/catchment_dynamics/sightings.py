"""Rows of the listings, in our words: what was recorded, and what only happened (3, 4.1).  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from catchment.model import Fact, Json, Key, Sighting
from catchment_dynamics.choices import AUTOMATIC, BY_HAND, CONSENT, OFF, Choices
from catchment_dynamics.ids import CONTINUATION, build_keys, build_voicemail_keys, read_guid
from catchment_dynamics.payloads import (
    OPTIONS,
    VOICE,
    need_id,
    need_time,
    read_count,
    read_first_time,
    read_flag,
    read_lookup,
    read_lookup_name,
    read_lookup_table,
    read_options,
    read_text,
    read_time,
)

RECORDING, TRANSCRIPT, VOICEMAIL = "recording", "transcript", "voicemail"
SESSION, PARTICIPANT, PARTICIPANT_EVENT, CALL = (
    "session",
    "participant",
    "participant_event",
    "call",
)
CONVERSATION = "conversation"
"""Kinds of sightings and facts; the rows of recordings are documents of the same names."""

IDS = {
    RECORDING: "msdyn_ocrecordingid",
    TRANSCRIPT: "msdyn_transcriptid",
    VOICEMAIL: "msdyn_ocvoicemailid",
    CONVERSATION: "activityid",
    SESSION: "activityid",
    PARTICIPANT: "msdyn_sessionparticipantid",
    PARTICIPANT_EVENT: "msdyn_ocsessionparticipanteventid",
    CALL: "msdyn_ocphonecallengagementctxid",
}
"""The column with the id of each kind (3); that of the activities is not named after them (6.1)."""

FILES = {
    RECORDING: ("msdyn_recording", "msdyn_recordingmetadata"),
    TRANSCRIPT: (
        "msdyn_voicetranscript",
        "msdyn_voicetranscript_formatted",
        "msdyn_rawvoicetranscript",
        "msdyn_englishtranslatedtranscriptformatted",
    ),
}
"""File columns (3.7, 3.8); a voicemail's, if it has any, are found by their names."""

UNANSWERED, NOT_RECORDED, REFUSED, EXTERNAL = "unanswered", "not recorded", "refused", "external"
ANSWERED = "answered"

_ABSENCES = {AUTOMATIC: "", BY_HAND: NOT_RECORDED, CONSENT: REFUSED, OFF: NOT_RECORDED}
_OURS, _LEFT_IN = "msdyn_ocliveworkitem", "msdyn_ocvoicemail"
_SALES = ("phonecall", "appointment")
_LOOKUPS = {
    RECORDING: ("msdyn_liveworkitemid", "msdyn_recordingtarget"),
    TRANSCRIPT: ("msdyn_liveworkitemidid", "msdyn_transcripttarget"),
}
"""The lookup to the conversation, and the one that may point there or elsewhere (3.7, 3.8)."""
_BEGAN = ("msdyn_startedon", "msdyn_initiatedon", "msdyn_createdon")
_LEFT_OUTSIDE = frozenset(OPTIONS + number for number in (29, 36, 37, 38))
"""Closures of sessions whose call went on where nothing is recorded (3.2, 3.10)."""


# --- what was recorded ----------------------------------------------------------------------------


def map_recording(row: Json, conversation: Json | None, voicemail_in: str = "") -> Sighting | None:
    """A row of ``msdyn_ocrecording``; ``None`` for what is no call of the contact center.

    Sales keeps its calls in the same table, pointing at phone calls and appointments (3.7).  What
    points nowhere is an orphan whose conversation was deleted (4.4), and ours; so is what points
    into a table that nobody knows.  What points at a voicemail is its sound, and not the recording
    that the call should have.

    Args:
        row: As it was listed, with the annotation that says into which table a lookup points.
        conversation: The row of its conversation, or of its voicemail's, where it is known.
        voicemail_in: The conversation of the voicemail that it points at, where that is told.

    Raises:
        Unreachable: The row has no id or no time.
    """
    if read_lookup_table(row, _LOOKUPS[RECORDING][1]) in _SALES:
        return None
    conversation_id = find_conversation(RECORDING, row) or voicemail_in
    voicemail_id = find_voicemail(row)
    keys = build_voicemail_keys(conversation_id, voicemail_id) if voicemail_id else ()
    return _map(RECORDING, row, conversation_id, conversation, keys=keys)


def map_transcript(row: Json, conversation: Json | None) -> Sighting | None:
    """A row of ``msdyn_transcript``, likewise; those of chats are not ours.

    Raises:
        Unreachable: The row has no id or no time.
    """
    if read_lookup_table(row, _LOOKUPS[TRANSCRIPT][1]) in _SALES:
        return None
    return _map(TRANSCRIPT, row, find_conversation(TRANSCRIPT, row), conversation)


def map_voicemail(
    row: Json, conversation: Json | None, files: Sequence[str] | None = None
) -> Sighting | None:
    """A row of ``msdyn_ocvoicemail``, likewise; ``None`` where it has no File column.

    Then its sound is a row of ``msdyn_ocrecording``, and there is nothing to wait for here.

    Args:
        row: As it was listed.
        conversation: The row of its conversation, where it is known.
        files: Names of its File columns; ``None`` where the metadata may not be read.

    Raises:
        Unreachable: The row has no id or no time.
    """
    if files is None:
        held = dict(list_file_columns(VOICEMAIL, row))
    else:
        held = {name: read_guid(row.get(name)) for name in files}
    if not held:
        return None
    return _map(VOICEMAIL, row, find_conversation(VOICEMAIL, row), conversation, held=held)


def find_voicemail(row: Json) -> str:
    """The voicemail whose sound a recording is (3); empty for every other recording."""
    target = _LOOKUPS[RECORDING][1]
    return read_lookup(row, target) if read_lookup_table(row, target) == _LEFT_IN else ""


def find_conversation(kind: str, row: Json) -> str:
    """The conversation of a row; empty for an orphan (4.4), and for what is of Sales.

    A voicemail's columns differ: it is the lookup that is named so.  The sound of a voicemail has
    its conversation through it.
    """
    if kind in _LOOKUPS:
        link, target = _LOOKUPS[kind]
        ours = read_lookup_table(row, target) == _OURS
        return read_lookup(row, link) or (read_lookup(row, target) if ours else "")
    found = [
        ("liveworkitem" not in name, name, read_guid(value))
        for name, value in row.items()
        if name.startswith("_")
        and name.endswith("_value")
        and ("liveworkitem" in name or "conversation" in name)
        and read_guid(value)
    ]
    return min(found, default=(False, "", ""))[2]


def _map(
    kind: str,
    row: Json,
    conversation_id: str,
    conversation: Json | None,
    *,
    keys: tuple[Key, ...] = (),
    held: Mapping[str, str] | None = None,
) -> Sighting | None:
    """A sighting; ``None`` where *conversation* is no call.

    Its revision says whether the conversation was known: only then is told when it began.
    """
    external_id = find_id(kind, row)
    if conversation is not None and not is_voice(conversation):
        return None
    created = need_time(row, f"a {kind}")
    began = read_first_time(conversation, *_BEGAN) if conversation is not None else None
    files = dict(list_file_columns(kind, row)) if held is None else held
    waiting = kind == RECORDING and not files["msdyn_recording"]
    unknown = ("unknown",) if conversation_id and conversation is None else ()
    told = (f"{name}={files[name]}" for name in sorted(files))
    return Sighting(
        external_id=external_id,
        occurred_at=min(began, created) if began else created,
        keys=keys or build_keys(conversation_id, kind, external_id),
        revision="|".join((conversation_id, *unknown, *told)),
        offered="not_yet" if waiting else "ready",
        document=dict(row),
    )


def find_id(kind: str, row: Json) -> str:
    """The id of a recording, a transcript or a voicemail, which may be an activity (6.1).

    Raises:
        Unreachable: There is none.
    """
    activity = kind == VOICEMAIL and not row.get(IDS[VOICEMAIL]) and row.get("activityid")
    return need_id(row, "activityid" if activity else IDS[kind], f"a {kind}")


def list_file_columns(kind: str, row: Json) -> Iterator[tuple[str, str]]:
    """The File columns of *row* and the id of the file in each; empty where there is none (2.9).

    Where they are not documented, a column is one if another has its name and ``_name``.
    """
    if kind in FILES:
        for name in FILES[kind]:
            yield name, read_text(row, name).lower()
        return
    for name in sorted(row):
        if f"{name}_name" in row and (row[name] is None or read_guid(row[name])):
            yield name, read_guid(row[name])


def is_voice(row: Json) -> bool:
    """Whether a conversation or a session is a call; of one that does not tell it may be."""
    channels = read_options(row, "msdyn_channel")
    return not channels or bool(channels & VOICE)


# --- what happened --------------------------------------------------------------------------------


def map_conversation(row: Json, settings: Choices) -> Fact:
    """A row of ``msdyn_ocliveworkitem``: whether a recording should be, and why there may be none.

    Raises:
        Unreachable: The row has no id or no time.
    """
    fact_id = need_id(row, IDS[CONVERSATION], "a conversation")
    expects, absence = judge(row, settings)
    return Fact(
        kind=CONVERSATION,
        fact_id=fact_id,
        at=need_time(row, "a conversation", *_BEGAN),
        keys=build_keys(fact_id, CONVERSATION, fact_id),
        expects=expects,
        absence=absence,
        document=dict(row),
    )


def judge(row: Json, settings: Choices) -> tuple[str, str]:
    """Why a conversation should have a recording, and why it may have none (4.1).

    One that goes on says neither.  Both together: it should have one, and where it has none the
    workstream's way of recording is the reason.
    """
    if not is_over(row):
        return "", ""
    if not is_answered(row):
        return "", UNANSWERED
    workstream = "msdyn_liveworkstreamid"
    rule = settings.find_rule(read_lookup(row, workstream), read_lookup_name(row, workstream))
    return ("" if rule == OFF else ANSWERED), _ABSENCES.get(rule, "")


def is_over(row: Json) -> bool:
    """Whether a conversation is closed or resolved: then its sessions are final (3.1)."""
    return read_count(row, "statecode") in (1, 2) or read_count(row, "statuscode") in (4, 6)


def is_answered(row: Json) -> bool:
    """Whether an agent took the call, whatever became of it afterwards.

    Who is transferred and hangs up in a queue has been talked to, and abandons.
    """
    accepted = read_flag(row, "msdyn_isagentaccepted")
    if accepted or read_lookup(row, "msdyn_activeagentid"):
        return True
    if accepted is False or read_flag(row, "msdyn_isabandoned"):
        return False
    return read_time(row, "msdyn_startedon") is not None


def map_session(row: Json) -> list[Fact]:
    """A row of ``msdyn_ocsession``, and that its call went on outside, if it did (3.10).

    Nothing for sessions of other channels.

    Raises:
        Unreachable: The row has no id or no time.
    """
    if not is_voice(row):
        return []
    fact_id = need_id(row, IDS[SESSION], "a session")
    conversation_id = read_lookup(row, "msdyn_liveworkitemid")
    created = need_time(row, "a session", "msdyn_sessioncreatedon", "msdyn_agentassignedon")
    facts = [_tell(SESSION, row, fact_id, conversation_id, created)]
    if left_outside(row):
        facts.append(
            Fact(
                kind=CONTINUATION,
                fact_id=fact_id,
                at=read_time(row, "msdyn_sessionclosedon") or created,
                keys=(Key(CONTINUATION, fact_id),),
                absence=EXTERNAL,
                ask=None,
                document=dict(row),
            )
        )
    return facts


def left_outside(row: Json) -> bool:
    """Whether a session ended because its call went on outside: not recorded, and not told."""
    return read_count(row, "msdyn_closurereason") in _LEFT_OUTSIDE


def map_participant(row: Json, conversation_id: str) -> Fact:
    """A row of ``msdyn_sessionparticipant`` of the conversation given.

    Raises:
        Unreachable: The row has no id or no time.
    """
    fact_id = need_id(row, IDS[PARTICIPANT], "a participant")
    at = need_time(row, "a participant", "msdyn_joinedon", "msdyn_addedon")
    return _tell(PARTICIPANT, row, fact_id, conversation_id, at)


def map_participant_event(row: Json, conversation_id: str) -> Fact:
    """A row of ``msdyn_ocsessionparticipantevent`` of the conversation given: a hold (3.5).

    Raises:
        Unreachable: The row has no id or no time.
    """
    fact_id = need_id(row, IDS[PARTICIPANT_EVENT], "a participant's event")
    at = need_time(row, "a participant's event", "msdyn_eventstarttime")
    return _tell(PARTICIPANT_EVENT, row, fact_id, conversation_id, at)


def map_call(row: Json) -> Fact:
    """A row of ``msdyn_ocphonecallengagementctx``: numbers and the telephony's call id (3.6).

    Raises:
        Unreachable: The row has no id or no time.
    """
    fact_id = need_id(row, IDS[CALL], "a call's context")
    conversation_id = read_lookup(row, "msdyn_liveworkitemid")
    return _tell(CALL, row, fact_id, conversation_id, need_time(row, "a call's context"))


def _tell(kind: str, row: Json, fact_id: str, conversation_id: str, at: datetime) -> Fact:
    """A row of the books that expects nothing by itself."""
    keys = build_keys(conversation_id, kind, fact_id)
    return Fact(kind=kind, fact_id=fact_id, at=at, keys=keys, ask=None, document=dict(row))
