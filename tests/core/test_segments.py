"""One contact per agent: stays from rows, and what is heard in each (S002-142 to S002-164)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catchment.model import BadValue, Heard, Window
from catchment.segments import Part, Row, RowPart, Stay, Track, list_heard, list_stays

ZERO = datetime(2026, 10, 13, 9, tzinfo=UTC)


def _at(second: float) -> datetime:
    return ZERO + timedelta(seconds=second)


def _window(start: float, end: float) -> Window:
    return Window(_at(start), _at(end))


def _row(agent: str, part: RowPart, start: float | None, end: float | None, state: str = "") -> Row:
    moments = [None if second is None else _at(second) for second in (start, end)]
    return Row(agent, part, moments[0], moments[1], state)


def _line(start: float, end: float, file_id: str = "main", part: Part = "talk") -> Track:
    return Track("call", file_id, part, _window(start, end))


def _heard(file_id: str, start: float, end: float) -> Heard:
    return Heard("call", file_id, _window(start, end))


def _spans(stays: Sequence[Stay]) -> list[tuple[str, float, float]]:
    return [
        (stay.agent, (stay.start - ZERO).total_seconds(), (stay.end - ZERO).total_seconds())
        for stay in stays
    ]


# --- the guide's examples --------------------------------------------------------------------


def test_the_agent_who_asks_has_the_whole_call_and_who_is_asked_the_consultation() -> None:
    """S002-151 to S002-155: contacts 29 (2:21) and 30 (0:42)."""
    rows = [
        _row("braun", "talk", 0, 50, "connected"),
        _row("braun", "talk", 50, 92, "on-hold"),
        _row("braun", "consult", 50, 92, "consulting"),
        _row("braun", "talk", 92, 141, "hold-done"),
        _row("hodges", "consult", 50, 92, "consulting"),
    ]
    stays = list_stays(rows, _at(141))
    assert _spans(stays) == [("braun", 0, 141), ("hodges", 50, 92)]
    tracks = [_line(0, 141)]
    assert list_heard(stays[0], tracks) == (_heard("main", 0, 141),)
    assert list_heard(stays[1], tracks) == (_heard("main", 50, 92),)


def test_a_transfer_gives_contacts_that_follow_one_another() -> None:
    """S002-160 to S002-162: contacts 27 (0:44) and 28 (1:14)."""
    rows = [_row("braun", "talk", 0, 44), _row("hodges", "talk", 44, 118)]
    stays = list_stays(rows, _at(118))
    assert _spans(stays) == [("braun", 0, 44), ("hodges", 44, 118)]
    assert list_heard(stays[1], [_line(0, 118)]) == (_heard("main", 44, 118),)


def test_a_conference_gives_the_colleague_consultation_and_conference() -> None:
    """S002-163 to S002-165: contacts 31 (2:09) and 32 (1:00)."""
    rows = [
        _row("braun", "talk", 0, 69, "connected"),
        _row("braun", "consult", 69, 89, "consulting"),
        _row("braun", "talk", 89, 129, "conferencing"),
        _row("hodges", "consult", 69, 89, "consulting"),
        _row("hodges", "talk", 89, 129, "conferencing"),
    ]
    stays = list_stays(rows, _at(129))
    assert _spans(stays) == [("braun", 0, 129), ("hodges", 69, 129)]
    tracks = [_line(0, 129), _line(69, 89, "consult", "consult")]
    assert list_heard(stays[0], tracks) == (_heard("main", 0, 129),)
    assert list_heard(stays[1], tracks) == (_heard("consult", 69, 89), _heard("main", 89, 129))


# --- what is told badly ----------------------------------------------------------------------


def test_an_agent_who_comes_back_has_a_second_contact() -> None:
    """A transfer back is a contact of its own: in between the agent heard nothing."""
    rows = [_row("a", "talk", 0, 30), _row("b", "talk", 30, 60), _row("a", "talk", 60, 90)]
    assert [stay.stay_id for stay in list_stays(rows, _at(90))] == ["a:1", "b:1", "a:2"]


def test_rows_that_are_told_twice_change_nothing() -> None:
    """Lookback lists rows again, and so does the generation after a migration."""
    rows = [_row("a", "talk", 0, 30, "connected"), _row("a", "talk", 30, 60, "hold-done")]
    assert list_stays(rows * 2, _at(60)) == list_stays(rows, _at(60))
    assert not list_stays(rows * 2, _at(60))[0].doubt


@pytest.mark.parametrize(
    ("wrong", "doubt", "span"),
    [
        (_row("a", "talk", 10, None), "have no end", ("a", 10, 90)),
        (_row("a", "talk", None, 40), "have no start", ("a", 40, 40)),
        (_row("a", "talk", 40, 10), "end before they start", ("a", 10, 40)),
    ],
)
def test_times_that_are_missing_or_reversed_make_a_contact_in_doubt(
    wrong: Row, doubt: str, span: tuple[str, float, float]
) -> None:
    """The contact is made with what is known, and marked."""
    (stay,) = list_stays([wrong], _at(90))
    assert _spans([stay]) == [span]
    assert doubt in stay.doubt


def test_one_state_twice_at_once_is_a_doubt_and_nested_states_are_none() -> None:
    """A hold runs beside a consultation by design; two talks of one agent cannot."""
    twice = [_row("a", "talk", 0, 40, "connected"), _row("a", "talk", 20, 60, "connected")]
    into = [_row("a", "talk", 0, 40, "connected"), _row("a", "talk", 20, 60, "on-hold")]
    nested = [_row("a", "talk", 0, 60, "on-hold"), _row("a", "talk", 20, 60, "consulting")]
    assert "overlap" in list_stays(twice, _at(60))[0].doubt
    assert "overlap" in list_stays(into, _at(60))[0].doubt
    assert not list_stays(nested, _at(60))[0].doubt


def test_an_agent_without_any_time_has_the_whole_call_in_doubt() -> None:
    """Where the call's own times are not known either, nothing can be cut."""
    rows = [_row("a", "talk", None, None)]
    assert list_stays(rows, _at(90)) == ()
    (stay,) = list_stays(rows, _at(90), _at(0))
    assert _spans([stay]) == [("a", 0, 90)]
    assert "have no times" in stay.doubt


def test_what_has_no_end_ends_where_the_agent_does_something_else() -> None:
    """Otherwise the agent would be given what others said after the transfer."""
    rows = [_row("a", "talk", 14, None), _row("a", "away", 60, 70), _row("b", "talk", 60, 141)]
    first, second = list_stays(rows, _at(141))
    assert _spans([first, second]) == [("a", 14, 60), ("b", 60, 141)]
    assert "have no end" in first.doubt
    assert not first.running
    assert not second.doubt


def test_one_bad_row_casts_no_doubt_on_another_stay() -> None:
    """Each contact says of itself what is not sure."""
    rows = [_row("a", "talk", 5, 20), _row("a", "talk", 60, None)]
    first, second = list_stays(rows, _at(90))
    assert (first.doubt, first.running) == ("", False)
    assert "have no end" in second.doubt
    assert second.running


def test_nothing_is_wrong_with_what_has_no_end_yet() -> None:
    """The agent is in a call that goes on; who has left should be told to have left."""
    rows = [
        _row("a", "talk", 5, 20, "connected"),
        _row("a", "talk", 20, None, "on-hold"),
        _row("b", "talk", 5, None),
        _row("b", "away", 30, 40),
        _row("c", "talk", 40, 10),
        _row("c", "talk", 41, None),
    ]
    stays = {stay.agent: stay for stay in list_stays(rows, None)}
    assert (stays["a"].running, stays["a"].doubt) == (True, "")
    assert not stays["b"].running
    assert "have no end" in stays["b"].doubt
    assert stays["c"].doubt == "the activities of the agent end before they start"


def test_a_stay_goes_on_while_a_colleague_is_called() -> None:
    """Consult to queue: states that are neither talk nor consultation break no contact in two."""
    rows = [
        _row("a", "talk", 14, 40, "connected"),
        _row("a", "wait", 40, 66, "ctq"),
        _row("a", "talk", 66, 141, "hold-done"),
        _row("b", "wait", 41, 50, "reserved"),
        _row("b", "consult", 52, 66, "consulting"),
    ]
    assert _spans(list_stays(rows, _at(141))) == [("a", 14, 141), ("b", 52, 66)]


def test_of_two_consultations_each_agent_hears_their_own() -> None:
    """B asks C while A asks B: the file that fits the agent's own times is the right one."""
    rows = [
        _row("a", "talk", 0, 120),
        _row("b", "consult", 40, 100),
        _row("c", "consult", 60, 70),
    ]
    tracks = [_line(0, 120), _line(40, 100, "ab", "consult"), _line(60, 70, "bc", "consult")]
    stays = {stay.agent: stay for stay in list_stays(rows, _at(120))}
    assert list_heard(stays["b"], tracks) == (_heard("ab", 40, 100),)
    assert list_heard(stays["c"], tracks) == (_heard("bc", 60, 70),)


@pytest.mark.parametrize(
    "make",
    [
        lambda: _row("a", "talking", 0, 1),  # type: ignore[arg-type]
        lambda: _line(0, 1, "main", "Talk"),  # type: ignore[arg-type]
        lambda: Row("a", "talk", ZERO.replace(tzinfo=None), ZERO),
    ],
)
def test_rows_and_tracks_that_cannot_be_are_refused(make: Callable[[], object]) -> None:
    """Where they are made: later nobody knows why a contact has no sound."""
    with pytest.raises(BadValue):
        make()


def test_what_no_file_has_is_not_heard() -> None:
    """A hole between two recordings stays a hole."""
    (stay,) = list_stays([_row("a", "talk", 0, 60)], _at(60))
    pieces = list_heard(stay, [_line(10, 20, "one"), _line(40, 90, "two")])
    assert pieces == (_heard("one", 10, 20), _heard("two", 40, 60))


# --- against a model that paints seconds -----------------------------------------------------

AGENTS = ("a", "b", "c", "d")


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Row], list[dict[str, Part]]]:
    """A random chain, as rows, and as who is in the call for what in each second."""
    seconds: list[dict[str, Part]] = []
    rows: list[Row] = []
    here = draw(st.sampled_from(AGENTS))
    others: list[str] = []
    for _ in range(draw(st.integers(1, 7))):
        free = [one for one in AGENTS if one != here and one not in others]
        act = draw(st.sampled_from(["talk", "consult", "transfer", "join", "leave", "hold"]))
        begin, length = len(seconds), draw(st.integers(3, 20))
        present: dict[str, Part] = dict.fromkeys([here, *others], "talk")
        if act == "consult" and free:
            present[draw(st.sampled_from(free))] = "consult"
        elif act == "transfer" and free:
            del present[here]
            here = draw(st.sampled_from(free))
            present[here] = "talk"
        elif act == "join" and free:
            others.append(draw(st.sampled_from(free)))
            present[others[-1]] = "talk"
        elif act == "leave" and others:
            del present[others.pop()]
        seconds += [present] * length
        rows += [
            _row(agent, part, begin, begin + length, f"{act}{begin}")
            for agent, part in present.items()
        ]
    draw(st.randoms(use_true_random=False)).shuffle(rows)
    return rows, seconds


def paint(seconds: Sequence[dict[str, Part]]) -> set[tuple[str, int, int, tuple[int, ...]]]:
    """Each agent's runs of seconds, and which of them came before the customer."""
    found = set()
    for agent in AGENTS:
        inside = [agent in present for present in seconds]
        edges = [n for n, (a, b) in enumerate(pairwise([False, *inside, False])) if a != b]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            asked = []
            for second in range(start, end):
                if seconds[second][agent] == "talk":
                    break
                asked.append(second)
            found.add((agent, start, end, tuple(asked)))
    return found


def _count(stay: Stay) -> tuple[str, int, int, tuple[int, ...]]:
    asked = [second for one in stay.consults for second in _seconds(one)]
    start, end = ((moment - ZERO).total_seconds() for moment in (stay.start, stay.end))
    return stay.agent, int(start), int(end), tuple(asked)


def _seconds(one: Window) -> Iterator[int]:
    return iter(
        range(
            int((one.start - ZERO).total_seconds()),
            int((one.end - ZERO).total_seconds()),
        )
    )


@given(chains())
def test_stays_are_what_a_model_paints_second_by_second(
    chain: tuple[list[Row], list[dict[str, Part]]],
) -> None:
    """S002-143 to S002-145, for any chain of consults, transfers and conferences."""
    rows, seconds = chain
    stays = list_stays(rows, _at(len(seconds)))
    assert {_count(stay) for stay in stays} == paint(seconds)
    assert not any(stay.doubt for stay in stays)


@given(chains())
def test_each_second_of_a_stay_is_heard_once_from_the_right_line(
    chain: tuple[list[Row], list[dict[str, Part]]],
) -> None:
    """The consultation from its own file, everything else from the line to the customer."""
    rows, seconds = chain
    consults = [
        Track("call", f"consult-{number}", "consult", one)
        for number, stay in enumerate(list_stays(rows, _at(len(seconds))))
        for one in stay.consults
    ]
    tracks = [_line(0, len(seconds)), *consults]
    for stay in list_stays(rows, _at(len(seconds))):
        told = [
            (second, piece.file_id)
            for piece in list_heard(stay, tracks)
            for second in _seconds(piece.window)
        ]
        agent, start, end, asked = _count(stay)
        assert [second for second, _ in told] == list(range(start, end)), agent
        assert all((file_id == "main") == (second not in asked) for second, file_id in told)
