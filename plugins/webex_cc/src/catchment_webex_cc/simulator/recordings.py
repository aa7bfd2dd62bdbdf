"""What was recorded of a contact, as captures and legacy downloads offer it (3, 7.4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from catchment.sandbox import Agent, Call, Content, Customer, Take, Written
from catchment_webex.simulator.ids import Ids
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.sound import MainLine, find_customer

CallType = Literal["main", "consult"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording of a contact.

    Attributes:
        piece_id: Its id in captures.
        segment: A part of the main line.
        agents: Whose voices are on the agents' side.
        sides: What ``channel1`` and ``channel2`` are.
    """

    piece_id: str
    call_type: CallType
    segment: bool
    name: str
    start_ms: int
    stop_ms: int
    take: Take
    agents: tuple[Agent, ...]
    sides: tuple[str, str]


def list_pieces(
    contact: Contact, ids: Ids, *, segments: bool, shared_ids: bool = False
) -> Iterator[Piece]:
    """The main line, whole or in segments, then each consultation (3).

    Args:
        contact: Whose.
        ids: Draws the ids.
        segments: In segments.
        shared_ids: The first segment has the id of the whole.
    """
    line = contact.line
    if line is None:
        return
    if segments:
        for number, piece in enumerate(_list_segments(contact, line, ids)):
            shares = shared_ids and number == 0
            yield replace(piece, piece_id=_piece_id(contact, ids, "main")) if shares else piece
    else:
        yield _main(contact, line, ids, "main", 0, line.seconds, segment=False)
    yield from list_consults(contact, ids)


def list_consults(contact: Contact, ids: Ids) -> Iterator[Piece]:
    """The consultations, each with a file of its own."""
    customer = find_customer(contact.call)
    own = customer.leg_id if customer else ""
    legs = {leg.leg_id: leg for leg in contact.call.legs}
    consults = [recorded for recorded in contact.call.recorded if own not in recorded.legs]
    for number, recorded in enumerate(sorted(consults, key=lambda one: one.window.start), 1):
        people = [legs[leg_id].person for leg_id in recorded.legs]
        yield Piece(
            ids.uuid("capture", recorded.recorded_id),
            "consult",
            False,
            f"{contact.task_id}-consult-{number}.wav",
            contact.ms(recorded.window.start),
            contact.ms(recorded.window.end),
            recorded.take("wav", channels=2),
            tuple(person for person in people if isinstance(person, Agent)),
            ("Agent", "Agent"),
        )


def _list_segments(contact: Contact, line: MainLine, ids: Ids) -> Iterator[Piece]:
    """Cut at pauses, unless they are silent in the file, and where another agent takes over."""
    started = [act for act in contact.acts if act.event == "recording-started"]
    begin = contact.ms(line.begin)
    cuts = {(act.start_ms - begin) // 1000 for act in started} - {0}
    pauses = () if line.silent else line.pauses
    edges = sorted({0, line.seconds, *cuts, *(second for pause in pauses for second in pause)})
    number = 0
    for since, until in pairwise(edges):
        if any(start <= since < end for start, end in pauses) or until > line.seconds:
            continue
        number += 1
        yield _main(contact, line, ids, f"main-{number}", since, until, segment=True)


def _main(
    contact: Contact,
    line: MainLine,
    ids: Ids,
    name: str,
    since: int,
    until: int,
    *,
    segment: bool,
) -> Piece:
    start = contact.ms(line.begin) + 1000 * since
    stop = contact.ms(line.begin) + 1000 * until
    agents = _list_agents(contact.call, contact, start, stop)
    together = any(
        act.event == "conferencing" and act.start_ms < stop and start < act.end_ms
        for act in contact.acts
    )
    return Piece(
        _piece_id(contact, ids, name),
        "main",
        segment,
        f"{contact.task_id}-{name}.wav",
        start,
        stop,
        line.take(2, since, until),
        agents,
        ("Caller", "Others" if together else "Agent"),
    )


def _piece_id(contact: Contact, ids: Ids, name: str) -> str:
    return ids.uuid("capture", contact.call.call_id, name)


_HEARD = ("connected", "hold-done", "consult-done", "conferencing", "conference-done")


def _list_agents(call: Call, contact: Contact, start: int, stop: int) -> tuple[Agent, ...]:
    """Who spoke with the customer between two moments."""
    found: dict[str, Agent] = {}
    for act in contact.acts:
        if act.event in _HEARD and act.start_ms < stop and start < act.end_ms:
            for agent in (act.agent, act.helper if act.event == "conferencing" else None):
                if agent is not None:
                    found.setdefault(agent.agent_id, agent)
    return tuple(found.values())


def mask(customer: Customer | None, tel: str) -> str:
    """How captures tell a customer's number (3)."""
    number = customer.tel if customer is not None else tel
    return f"{number[:5]}****{number[-3:]}"


def write_transcript(contact: Contact) -> Content:
    """What was said, line by line."""

    def write() -> bytes:
        lines = [
            {
                "start": contact.ms(line.start),
                "end": contact.ms(line.end),
                "role": "Agent" if isinstance(line.person, Agent) else "Caller",
                "text": line.text,
            }
            for line in contact.call.spoken
        ]
        told: dict[str, Any] = {"taskId": contact.task_id, "languageCode": "en-US", "lines": lines}
        return json.dumps(told, ensure_ascii=False).encode()

    return Written(write, "application/json")


def list_files(contact: Contact, ids: Ids) -> dict[str, Content]:
    """Every file that the programmatic API offers, by the id that the archive knows it by."""
    if contact.line is None:
        return {}
    found: dict[str, Content] = {"main": contact.line.take(2)}
    for piece in list_consults(contact, ids):
        found[f"consult-{piece.piece_id}"] = piece.take
    if contact.transcript:
        found["transcript"] = write_transcript(contact)
    return found
