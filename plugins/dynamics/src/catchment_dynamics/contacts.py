"""One contact per agent and stay, and the connections of everybody.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from catchment.model import Bundle, Contact, Leg, Window
from catchment.segments import Stay, Track, list_heard, list_tracks
from catchment_dynamics.cast import CUSTOMER, agent_party, name_party
from catchment_dynamics.choices import Choices
from catchment_dynamics.doubts import find_doubts
from catchment_dynamics.payloads import read_count, read_number
from catchment_dynamics.rows import read_queue
from catchment_dynamics.stays import Presence, list_holds, list_presences
from catchment_dynamics.view import View
from catchment_dynamics.words import CONSULT_MODES, MODES, say_option

_NO_TIME = timedelta()
_SUMS = {"msdyn_talktime": "talk_s", "msdyn_holdtime": "hold_s"}


def list_contacts(
    view: View, bundle: Bundle, stays: Sequence[Stay], settings: Choices
) -> Iterator[Contact]:
    """One contact for each of *stays*."""
    tracks = list_sounds(view, bundle)
    latest = max((stay.end for stay in stays), default=view.began)
    for stay in stays:
        mine = list_own(view, stay)
        running = stay.running and view.ended is None
        heard = list_heard(stay, tracks)
        doubts = [stay.doubt, *find_doubts(view, stays, stay, heard, settings)]
        yield Contact(
            contact_id=stay.stay_id,
            agent=agent_party(stay.agent),
            start=stay.start,
            end=None if running else stay.end,
            legs=tuple(one.participant.participant_id for one in mine),
            queue=_find_queue(view, mine, last=stay.end == latest),
            custom=dict(_describe(stay, mine)),
            heard=heard,
            doubt="; ".join(doubt for doubt in doubts if doubt),
        )


def list_sounds(view: View, bundle: Bundle) -> tuple[Track, ...]:
    """The sound files whose wall time is guessed, all of which hold the line to the customer."""
    return list_tracks(replace(bundle, files=view.files), lambda _: "talk")


def list_own(view: View, stay: Stay) -> list[Presence]:
    """The participants that *stay* is made of, by start."""
    return [
        one
        for one in list_presences(view)
        if view.is_agent(one.participant)
        and one.participant.agent_id == stay.agent
        and (one.start is None or stay.start <= one.start <= stay.end)
    ]


def _find_queue(view: View, mine: Sequence[Presence], *, last: bool) -> str:
    """The queue of the stay's first session that names one; the conversation's is the last's."""
    for one in mine:
        session = view.sessions.get(one.participant.session_id)
        if session is not None and session.queue:
            return session.queue
    return read_queue(view.conversation) if last else ""


def _describe(stay: Stay, mine: Sequence[Presence]) -> Iterator[tuple[str, str]]:
    """What is told of one agent's part alone."""
    rows = [one.participant.row for one in mine]
    for column, name in _SUMS.items():
        told = [number for row in rows if (number := read_number(row, column)) is not None]
        if told:
            yield name, write_number(sum(told))
    consulted = sum((window.length for window in stay.consults), _NO_TIME)
    if consulted:
        yield "consulted_s", write_number(consulted.total_seconds())
    wrapped = [read_number(row, "msdyn_activewrapuptime") or 0 for row in rows]
    after = [one.wrap_up.total_seconds() for one in mine]
    wrap_up = sum(wrapped) or max(after, default=0)
    if wrap_up:
        yield "wrap_up_s", write_number(wrap_up)
    modes = dict.fromkeys(say_option(MODES, one.participant.mode) for one in mine)
    yield from _say("mode", ", ".join(word for word in modes if word))
    asked = dict.fromkeys(
        say_option(CONSULT_MODES, read_count(one.participant.row, "msdyn_consultmode"))
        for one in mine
        if one.participant.is_asked
    )
    yield from _say("consult_mode", ", ".join(word for word in asked if word))


def _say(name: str, value: str) -> Iterator[tuple[str, str]]:
    if value:
        yield name, value


def write_number(number: float) -> str:
    """*number* as text, without a point where it is whole."""
    return str(int(number)) if number == int(number) else str(number)


# --- connections ----------------------------------------------------------------------------------


def list_legs(view: View) -> Iterator[Leg]:
    """One leg for each participant who joined, with the holds that it put the customer on."""
    held = list_holds(view)
    for one in list_presences(view):
        party, leg_id = name_party(view, one), one.participant.participant_id
        end = None if one.end and one.start and one.end < one.start else one.end
        if party:
            own = tuple(window for holder, window in held if holder == leg_id)
            yield Leg(leg_id, party, one.start, end, own)


def build_customer_leg(view: View) -> Leg:
    """The customer's connection: the whole call, and when they waited, whoever held."""
    windows = {window for _, window in list_holds(view)}
    holds = tuple(sorted(windows, key=lambda window: (window.start, window.end)))
    return Leg(CUSTOMER, CUSTOMER, view.began, view.ended, _join(holds))


def _join(windows: Sequence[Window]) -> tuple[Window, ...]:
    """*windows*, sorted, without overlaps: several who hold make one wait."""
    joined: list[Window] = []
    for window in windows:
        if joined and window.start <= joined[-1].end:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return tuple(joined)
