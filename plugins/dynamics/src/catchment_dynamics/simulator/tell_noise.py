"""Tells what a recorder of calls must leave alone: chats, and recordings of Sales (3.1, 3.7)."""

from __future__ import annotations

import base64
from datetime import datetime

from catchment.sandbox import Agent, Call, ChatLine, Take
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.store import FileValue
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_calls import CLOSED, CONVERSATION, OPEN
from catchment_dynamics.simulator.tell_participants import MODES, PARTICIPANT, PUBLIC
from catchment_dynamics.simulator.tell_recordings import RECORDING
from catchment_dynamics.simulator.tell_rows import CHAT, Book, N, Step, after, refer
from catchment_dynamics.simulator.tell_sessions import SESSION
from catchment_dynamics.simulator.tell_transcripts import TRANSCRIPT, tell_note, write_chat

EVERY = 8
"""Of so many calls one is followed by a chat, and another by a call of Sales."""


def tell_noise(book: Book, ids: Ids, switches: DynamicsSwitches, call: Call) -> None:
    """Tell what else there is, a minute after a call began."""
    agent = next((leg.person for leg in call.legs if isinstance(leg.person, Agent)), None)
    at = after(call.started_at, 60)
    if switches.chats and agent is not None and ids.hits(EVERY, "chat", call.call_id):
        _tell_chat(book, ids, call, agent, at)
    if switches.sales and ids.hits(EVERY, "sales", call.call_id):
        _tell_sales(book, ids, call, at)


def _tell_chat(book: Book, ids: Ids, call: Call, agent: Agent, at: datetime) -> None:
    chat_id = ids.guid("chat", call.call_id)
    session_id = ids.guid("chat session", call.call_id)
    joined, left = after(at, 5), after(at, 5 + ids.span(60, 600, "chat length", call.call_id))
    user = refer("systemuser", ids.user(agent), agent.name)
    conversation: list[Step] = [
        (
            at,
            {
                "subject": "Chat",
                "msdyn_title": "Chat",
                "activitytypecode": CONVERSATION,
                "msdyn_ocliveworkitemid": chat_id,
                "msdyn_channel": (CHAT,),
                "statuscode": OPEN,
                "msdyn_initiatedon": at,
                "msdyn_createdon": at,
                "msdyn_liveworkstreamid": refer(
                    "msdyn_liveworkstream", ids.guid("workstream", "chat"), "chat"
                ),
                "msdyn_isoutbound": False,
                "msdyn_isagentaccepted": False,
                "msdyn_transfercount": 0,
            },
        ),
        (
            left,
            {
                "statecode": 1,
                "statuscode": CLOSED,
                "msdyn_statuschangereason": N + 8,
                "msdyn_isagentaccepted": True,
                "msdyn_startedon": joined,
                "msdyn_closedon": left,
                "msdyn_activeagentid": user,
                "msdyn_lastsessionid": refer(SESSION, session_id),
            },
        ),
    ]
    book.write(CONVERSATION, chat_id, conversation)
    session: dict[str, object] = {
        "subject": "Chat session",
        "activitytypecode": SESSION,
        "msdyn_sessionid": session_id,
        "msdyn_liveworkitemid": refer(CONVERSATION, chat_id),
        "msdyn_channel": CHAT,
        "msdyn_sessioncreatedon": at,
        "msdyn_agentacceptedon": joined,
        "ownerid": user,
    }
    closed = {"statecode": 1, "statuscode": 2, "msdyn_closurereason": N + 21}
    book.write(SESSION, session_id, [(at, session), (left, closed)])
    participant: dict[str, object] = {
        "msdyn_omnichannelsession": refer(SESSION, session_id),
        "msdyn_agentid": user,
        "msdyn_mode": MODES["primary"],
        "msdyn_conversationaccess": PUBLIC,
        "msdyn_addedon": at,
        "msdyn_joinedon": joined,
    }
    row_id = ids.guid("chat participant", call.call_id)
    book.write(PARTICIPANT, row_id, [(joined, participant), (left, {"msdyn_lefton": left})])
    transcript_id = ids.guid("chat transcript", call.call_id)
    link = {"msdyn_name": "Chat", "msdyn_liveworkitemidid": refer(CONVERSATION, chat_id)}
    written_at = after(left, 30)
    book.write(TRANSCRIPT, transcript_id, [(written_at, link)])
    body = write_chat([ChatLine(joined, agent, "Hello")], ids)
    tell_note(
        book,
        ids.guid("note", transcript_id),
        (TRANSCRIPT, transcript_id),
        written_at,
        base64.b64encode(body).decode(),
        "chat.json",
        "application/json",
        body,
    )


def _tell_sales(book: Book, ids: Ids, call: Call, at: datetime) -> None:
    """A recording and a transcript of Sales: their target is no conversation (3.7)."""
    kind = "phonecall" if ids.chance("sales kind", call.call_id) % 2 == 0 else "appointment"
    recording_id = ids.guid("sales recording", call.call_id)
    target = refer(kind, ids.guid(kind, call.call_id), "Sales call")
    take = Take(ids.code("sales", call.call_id), 9, "mp4", video=False)
    file = FileValue(ids.guid("file", recording_id), "recording.mp4", take, "video/mp4")
    row: dict[str, object] = {
        "msdyn_name": "Sales call",
        "msdyn_recordingtarget": target,
        "msdyn_recording": file,
        "msdyn_recording_name": file.name,
    }
    book.write(RECORDING, recording_id, [(at, row)])
    told: dict[str, object] = {"msdyn_name": "Sales call", "msdyn_transcripttarget": target}
    book.write(TRANSCRIPT, ids.guid("sales transcript", call.call_id), [(at, told)])
