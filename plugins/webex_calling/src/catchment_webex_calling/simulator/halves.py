"""Tells a call as its halves: each participant's side of each connection (2.3).

A half has a ``Local call ID`` and belongs to a session; one half becomes one call record, and a
recording belongs to the half of whoever was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from catchment.sandbox import Call, Leg, Move, World
from catchment_webex.simulator.ids import Ids, one_in
from catchment_webex_calling.simulator.outcomes import Result, list_results
from catchment_webex_calling.simulator.owners import Directory, Owner
from catchment_webex_calling.simulator.switches import CallingSwitches

Direction = Literal["ORIGINATING", "TERMINATING"]


@dataclass(frozen=True, slots=True)
class Half:
    """One side of one connection.

    Attributes:
        call_id: ``<n>:<m>``, as ``Local call ID`` (0).
        remote_id: ``Local call ID`` of the other side.
        session: ``Correlation ID``: a bare UUID (0).
        owner: Whose side it is.
        role: What it is for: ``agent``, ``consulting``, ``consulted``, ``queue`` (the caller's
            way in), ``delivery`` (the queue's call of an agent), ``redirect``.
        started_at: When it was there; ``answered_at`` is ``None`` when nobody answered.
        far: Number of the other side.
        far_name: Name of the other side; empty for outsiders.
        leg_id: The World's leg of an agent; empty for others.
        hold_s: How long it held the other side.
        related_id: ``Related call ID``; ``reason`` its ``Related reason``.
        original: ``Original reason`` and ``Redirect reason``.
        moved_id: ``Transfer related call ID``; ``moved_at`` is ``Call transfer Time``.
        redirected_by: Who passed the call on.
        queue: By which queue the call came; ``None`` without one.
        result: ``Call Recording Result``; empty where nothing was to be recorded.
        trigger: ``Call Recording Trigger``; told where there is a result.
        platform: ``Call Recording Platform Name``, likewise.
        number: Which half of the call this is.
    """

    call_id: str
    remote_id: str
    session: str
    owner: Owner
    role: str
    direction: Direction
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    far: str
    far_name: str = ""
    leg_id: str = ""
    hold_s: int = 0
    related_id: str = ""
    reason: str = ""
    original: str = ""
    moved_id: str = ""
    moved_at: datetime | None = None
    redirected_by: Owner | None = None
    queue: Owner | None = None
    result: Result = ""
    trigger: str = ""
    platform: str = "Webex"
    number: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """A call in Webex's words.

    Attributes:
        halves: In order of beginning.
        interaction: ``Interaction ID`` of all of them; may be empty (2.3).
    """

    call: Call
    halves: tuple[Half, ...]
    interaction: str = ""
    by_leg: dict[str, Half] = field(default_factory=dict)
    deliveries: dict[str, Half] = field(default_factory=dict)


class Teller:
    """Tells calls; pure."""

    def __init__(
        self, world: World, ids: Ids, directory: Directory, switches: CallingSwitches
    ) -> None:
        self._world, self._ids = world, ids
        self._directory, self._switches = directory, switches

    def tell(self, call: Call) -> Told:
        """The halves of *call*."""
        platform = "DubberRecorder" if self._is_dubbed(call) else "Webex"
        halves = [
            replace(half, number=number, platform=platform)
            for number, half in enumerate(self._list_halves(call))
        ]
        present = self._switches.interaction_id == "present"
        return Told(
            call=call,
            halves=tuple(halves),
            interaction=self._ids.uuid("interaction", call.call_id) if present else "",
            by_leg={half.leg_id: half for half in halves if half.leg_id},
            deliveries={half.remote_id: half for half in halves if half.role == "delivery"},
        )

    def _is_dubbed(self, call: Call) -> bool:
        """Whether another provider records the call; Webex does not list that (1)."""
        chance = self._ids.chance("third party", call.call_id)
        never = call.outcome == "not_recorded" and not call.abandoned
        return never and one_in(self._switches.third_party_every, chance)

    # --- sessions and ids -------------------------------------------------------------------------

    def _id(self, *about: str) -> str:
        return f"{self._ids.digits(12, 'half', *about)}:0"

    def _session(self, call: Call, leg: Leg | None = None) -> str:
        return self._ids.uuid("session", call.call_id, leg.leg_id if leg else "")

    # --- halves -----------------------------------------------------------------------------------

    def _list_halves(self, call: Call) -> Iterator[Half]:
        results = list_results(call, dubbed=self._is_dubbed(call))
        moves = {move.to_leg: move for move in call.moves if move.kind in _BRINGING}
        if call.queue is not None:
            yield self._entry(call, self._directory.queue(call.queue))
        for number, leg in enumerate(call.legs):
            owner = self._directory.inside(leg.person)
            if owner is None:
                continue
            move = moves.get(leg.leg_id)
            result, trigger = results.get(leg.leg_id, ("", ""))
            if move is not None and move.kind == "consult":
                yield from self._consult(call, leg, owner, move, result, trigger)
            elif move is not None:
                yield from self._redirect(call, leg, owner, move, result, trigger)
            elif call.queue is not None:
                yield from self._deliver(call, leg, owner, result, trigger)
            elif number == 0:
                yield self._dialled(call, leg, owner, result, trigger)
            else:
                yield self._reached(call, leg, owner, result, trigger)

    def _entry(self, call: Call, queue: Owner) -> Half:
        """The caller arrives at the queue."""
        deliveries = [leg for leg in call.legs if self._is_delivered(call, leg)]
        last = self._id(deliveries[-1].leg_id, "queue") if deliveries else ""
        return Half(
            call_id=self._id(call.call_id, "queue"),
            remote_id=self._id(call.call_id, "gateway"),
            session=self._session(call),
            owner=queue,
            role="queue",
            direction="TERMINATING",
            started_at=call.started_at,
            answered_at=None if call.abandoned else call.started_at,
            ended_at=call.ended_at,
            far=call.ani,
            related_id=last,
            reason="CallQueue" if last else "",
            queue=queue,
        )

    def _is_delivered(self, call: Call, leg: Leg) -> bool:
        brought = {move.to_leg for move in call.moves}
        inside = self._directory.inside(leg.person) is not None
        return call.queue is not None and inside and leg.leg_id not in brought

    def _deliver(
        self, call: Call, leg: Leg, owner: Owner, result: Result, trigger: str
    ) -> Iterator[Half]:
        """The queue calls an agent: one record of each (2.3)."""
        assert call.queue is not None
        queue = self._directory.queue(call.queue)
        mine, theirs = self._id(leg.leg_id), self._id(leg.leg_id, "queue")
        recorded_by_queue = self._is_queues(queue)
        shifted = recorded_by_queue and self._switches.queue_result == "queue"
        agent = self._half(call, leg, owner, mine, theirs)
        yield replace(
            agent,
            role="delivery",
            owner=queue,
            call_id=theirs,
            remote_id=mine,
            leg_id="",
            direction="ORIGINATING",
            far=owner.tel,
            far_name=owner.name,
            related_id=self._id(call.call_id, "queue"),
            reason="CallQueue",
            queue=queue,
            result=result if shifted else "",
            trigger=trigger if shifted else "",
            hold_s=0,
        )
        yield replace(
            self._moved(call, leg, agent),
            far=call.ani,
            original="CallQueue",
            queue=queue,
            result="" if shifted else result,
            trigger=trigger,
        )

    def _is_queues(self, queue: Owner) -> bool:
        """Whether what is recorded of the queue's calls belongs to the queue (1.2)."""
        owned = self._switches.queue_recordings == "queue"
        return owned and queue.queue_type == "Customer Assist"

    def _half(self, call: Call, leg: Leg, owner: Owner, mine: str, theirs: str) -> Half:
        held = sum(
            hold.length.total_seconds()
            for other in call.legs
            if other is not leg
            for hold in other.holds
            if leg.answered_at is not None and leg.answered_at <= hold.start < leg.ended_at
        )
        return Half(
            call_id=mine,
            remote_id=theirs,
            session=self._session(call),
            owner=owner,
            role="agent",
            direction="TERMINATING",
            started_at=leg.offered_at,
            answered_at=leg.answered_at,
            ended_at=leg.ended_at,
            far=call.ani,
            leg_id=leg.leg_id,
            hold_s=round(held),
        )

    def _moved(self, call: Call, leg: Leg, half: Half) -> Half:
        """Add what the agent did with the call: passed it on (2.3)."""
        half = replace(half, reason="CallQueue" if call.queue is not None else "")
        for move in call.moves:
            if move.from_leg != leg.leg_id:
                continue
            if move.kind == "consult_transfer":
                half = replace(
                    half,
                    moved_id=self._id(move.to_leg, "consult"),
                    moved_at=move.window.start,
                    reason="ConsultativeTransfer",
                )
            elif move.kind == "blind_transfer":
                spawned = self._id(move.to_leg, "redirect")
                filled = self._switches.blind_transfer_link == "filled"
                half = replace(
                    half,
                    moved_id=spawned if filled else "",
                    moved_at=move.window.start,
                    related_id=spawned,
                    reason="Deflection",
                )
        return half

    def _dialled(self, call: Call, leg: Leg, owner: Owner, result: Result, trigger: str) -> Half:
        mine = self._id(leg.leg_id)
        other = next((one for one in call.legs if one is not leg), None)
        theirs = self._id(other.leg_id if other else call.call_id)
        colleague = self._directory.inside(other.person) if other else None
        half = replace(
            self._half(call, leg, owner, mine, theirs),
            direction="ORIGINATING",
            far=call.dnis,
            far_name=colleague.name if colleague else "",
            answered_at=other.answered_at if other else leg.answered_at,
            result=result,
            trigger=trigger,
        )
        return self._moved(call, leg, half)

    def _reached(self, call: Call, leg: Leg, owner: Owner, result: Result, trigger: str) -> Half:
        """A colleague is called directly."""
        caller = self._directory.inside(call.caller)
        half = self._half(call, leg, owner, self._id(leg.leg_id), self._id(call.legs[0].leg_id))
        return replace(
            self._moved(call, leg, half),
            far_name=caller.name if caller else "",
            result=result,
            trigger=trigger,
        )

    def _consult(
        self, call: Call, leg: Leg, owner: Owner, move: Move, result: Result, trigger: str
    ) -> Iterator[Half]:
        """An agent asks a colleague: a call of its own, which a transfer joins (2.3)."""
        asking = next(one for one in call.legs if one.leg_id == move.from_leg)
        asker = self._directory.inside(asking.person)
        assert asker is not None
        own = None if self._switches.transfer_keeps_session else leg
        mine, theirs = self._id(leg.leg_id), self._id(leg.leg_id, "consult")
        later = [m for m in call.moves if m.to_leg == leg.leg_id and m.kind != "consult"]
        passed = [m for m in later if m.kind == "consult_transfer"]
        colleague = replace(
            self._half(call, leg, owner, mine, theirs),
            session=self._session(call, own),
            role="consulted",
            far=asker.tel,
            far_name=asker.name,
            hold_s=0,
            reason="ConsultativeTransfer" if passed else "",
            result=result,
            trigger=trigger,
        )
        yield replace(
            colleague,
            role="consulting",
            owner=asker,
            call_id=theirs,
            remote_id=mine,
            leg_id="",
            direction="ORIGINATING",
            far=owner.tel,
            far_name=owner.name,
            ended_at=max([move.window.end, *(m.window.end for m in later)]),
            moved_id=self._id(move.from_leg) if passed else "",
            moved_at=passed[0].window.start if passed else None,
            result="",
            trigger="",
        )
        yield colleague

    def _redirect(
        self, call: Call, leg: Leg, owner: Owner, move: Move, result: Result, trigger: str
    ) -> Iterator[Half]:
        """A blind transfer: the caller is sent on, in the name of who did it (2.3)."""
        sender = next(one for one in call.legs if one.leg_id == move.from_leg)
        by = self._directory.inside(sender.person)
        assert by is not None
        own = leg if self._switches.blind_transfer_new_session else None
        mine, theirs = self._id(leg.leg_id), self._id(leg.leg_id, "redirect")
        reached = replace(
            self._half(call, leg, owner, mine, theirs),
            session=self._session(call, own),
            reason="Deflection",
            original="Deflection",
            redirected_by=by,
            result=result,
            trigger=trigger,
        )
        yield replace(
            reached,
            role="redirect",
            owner=by,
            call_id=theirs,
            remote_id=mine,
            leg_id="",
            direction="ORIGINATING",
            far=owner.tel,
            far_name=owner.name,
            related_id=self._id(move.from_leg),
            redirected_by=None,
            result="",
            trigger="",
            hold_s=0,
        )
        yield reached


_BRINGING = ("consult", "blind_transfer")
"""Moves that bring somebody new into the call."""
