"""The World: the same for the same seed, and with every shape that platforms must tell."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from catchment.sandbox import Agent, Call, Customer, Meeting, World

START = datetime(2026, 10, 12, tzinfo=UTC)


def _world(seed: int = 7, days: int = 1) -> World:
    return World(seed, START, days, meetings=26, calls=30)


WORLD = _world()


def test_the_same_seed_is_the_same_world() -> None:
    """Two Worlds of one seed are equal in everything, those of two seeds are not."""
    again = _world()
    assert (again.meetings, again.calls) == (WORLD.meetings, WORLD.calls)
    assert (again.agents, again.shifts) == (WORLD.agents, WORLD.shifts)
    assert _world(seed=8).meetings != WORLD.meetings


def test_another_process_makes_the_same_world() -> None:
    """Nothing depends on the process: hash seeds, memory addresses, the time of day."""
    program = (
        "from datetime import UTC, datetime; from catchment.sandbox import World; import hashlib;"
        "w = World(7, datetime(2026, 10, 12, tzinfo=UTC), meetings=26, calls=30);"
        "print(hashlib.sha256(repr((w.meetings, w.calls)).encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_a_later_day_changes_no_earlier_one() -> None:
    """A World of two days begins with the World of one."""
    longer = _world(days=2)
    assert longer.meetings[:26] == WORLD.meetings
    assert longer.calls[:30] == WORLD.calls
    assert len(longer.meetings) == 52
    assert longer.end == START + timedelta(days=2)


def test_draws_for_one_purpose_disturb_no_other() -> None:
    """Chance and bytes are the same for the same purpose, whatever was drawn before."""
    first = WORLD.random("delay", "a").random()
    WORLD.random("delay", "b").random()
    assert WORLD.random("delay", "a").random() == first
    assert WORLD.bytes_for("id", 1) == _world().bytes_for("id", 1) != WORLD.bytes_for("id", 2)


def test_a_naive_start_is_refused() -> None:
    """A World begins at a moment, not at a wall clock's reading."""
    with pytest.raises(ValueError, match="aware"):
        World(1, START.replace(tzinfo=None))


def test_a_day_has_every_shape_of_meeting() -> None:
    """T5: restarts, pauses, re-joins, breakouts, absent hosts, outside hosts, reused numbers."""
    meetings = WORLD.meetings
    rooms = [m.number for m in _world(days=3).meetings if m.kind == "personal_room"]
    assert {m.kind for m in meetings} == {"scheduled", "personal_room", "webinar"}
    assert any("/" in m.topic for m in meetings)
    assert any(not m.topic.isascii() for m in meetings)
    assert any(len(m.recorded) == 2 for m in meetings)
    assert any(m.recorded and m.recorded[0].pauses for m in meetings)
    assert any(not m.recorded for m in meetings)
    assert any(not m.host_attended for m in meetings)
    assert any(m.external and isinstance(m.host, Customer) for m in meetings)
    assert any(len(m.breakouts) == 2 for m in meetings)
    assert any(len({a.person for a in m.attendances}) < len(m.attendances) for m in meetings)
    assert any(m.series_id for m in meetings)
    assert len(set(rooms)) < len(rooms)


def test_everything_in_a_meeting_happens_while_it_lasts() -> None:
    """Stays, recordings, voices, chat, speech and breakouts lie within their meeting."""
    for meeting in WORLD.list_meetings():
        times = [t for a in meeting.attendances for t in (a.joined_at, a.left_at)]
        times += [t for r in meeting.list_recorded() for t in (r.window.start, r.window.end)]
        times += [line.at for line in meeting.chat] + [line.end for line in meeting.spoken]
        times += [t for b in meeting.breakouts for t in (b.started_at, b.ended_at)]
        assert meeting.started_at <= min(times) <= max(times) <= meeting.ended_at
        assert all(a.joined_at < a.left_at for a in meeting.attendances)
        assert all(b.parent_id == meeting.meeting_id for b in meeting.breakouts)


def test_the_host_attends_or_not_as_it_is_said() -> None:
    """``host_attended`` is what the stays show."""
    for meeting in WORLD.list_meetings():
        present = {stay.person for stay in meeting.attendances}
        assert (meeting.host in present) == meeting.host_attended


def test_every_voice_is_within_the_whole_and_its_own_stay() -> None:
    """Who was recorded when follows from who was there while the recorder ran."""
    for meeting in WORLD.list_meetings():
        for voice in meeting.voices:
            assert any(
                whole.window.start <= voice.window.start < voice.window.end <= whole.window.end
                for whole in meeting.recorded
            )
            assert any(
                stay.person == voice.person
                and stay.joined_at <= voice.window.start
                and voice.window.end <= stay.left_at
                for stay in meeting.attendances
            )


def test_recordings_are_told_apart() -> None:
    """Every recording of a World has an id and a film of its own."""
    owners: list[Meeting | Call] = [*WORLD.list_meetings(), *WORLD.calls]
    recorded = [part for owner in owners for part in owner.list_recorded()]
    assert len({part.recorded_id for part in recorded}) == len(recorded)
    assert len({part.code for part in recorded}) == len(recorded)
    assert all(part.seconds > 0 for part in recorded)


def test_a_pause_is_not_in_the_file() -> None:
    """The file of a paused recording plays for the window without its pauses."""
    paused = next(m.recorded[0] for m in WORLD.meetings if m.recorded and m.recorded[0].pauses)
    take = paused.take("wav")
    since, to = take.skips[0]
    assert take.seconds == paused.window.length.total_seconds() - (to - since)
    assert paused.window.start + timedelta(seconds=since) == paused.pauses[0].start


def test_a_day_has_every_scene_of_a_call() -> None:
    """Consults, transfers, conferences, holds, bounces, losses and refusals all happen."""
    calls = WORLD.calls
    kinds = {move.kind for call in calls for move in call.moves}
    assert kinds == {"consult", "blind_transfer", "consult_transfer", "conference"}
    assert {call.direction for call in calls} == {"inbound", "outbound", "internal"}
    assert {call.outcome for call in calls} == {"recorded", "not_recorded", "failed", "refused"}
    assert any(leg.holds for call in calls for leg in call.legs)
    assert any(leg.answered_at is None for call in calls for leg in call.legs)
    assert any(call.abandoned for call in calls)
    assert any(part.pauses for call in calls for part in call.recorded)


def test_legs_and_moves_of_a_call_fit_together() -> None:
    """Moves name legs of their call, legs lie within it, and recordings within heard legs."""
    for call in WORLD.calls:
        legs = {leg.leg_id: leg for leg in call.legs}
        assert call.started_at == min(leg.offered_at for leg in call.legs)
        for leg in call.legs:
            assert leg.offered_at <= (leg.answered_at or leg.offered_at) <= leg.ended_at
            assert leg.ended_at <= call.ended_at
        for move in call.moves:
            assert {move.from_leg, move.to_leg} <= set(legs)
        for part in call.recorded:
            assert isinstance(part.person, Agent)
            for leg_id in part.legs:
                heard = legs[leg_id]
                assert heard.answered_at is not None
                assert heard.answered_at <= part.window.start
                assert part.window.end <= heard.ended_at


def test_only_recorded_calls_have_recordings() -> None:
    """A call has recordings exactly when its outcome says so."""
    for call in WORLD.calls:
        assert bool(call.recorded) == (call.outcome == "recorded")


def test_life_size_is_as_long_as_life() -> None:
    """Without it meetings last seconds, with it many minutes."""
    long = World(7, START, meetings=13, calls=15, life_size=True)
    assert all(m.ended_at - m.started_at <= timedelta(seconds=40) for m in WORLD.meetings)
    assert all(m.ended_at - m.started_at >= timedelta(minutes=10) for m in long.meetings)
    assert max(call.ended_at - call.started_at for call in long.calls) > timedelta(minutes=2)


def test_things_happen_in_order_within_the_working_day() -> None:
    """Meetings and calls are listed by start, between the 8th and the 18th hour."""
    both: tuple[tuple[Meeting | Call, ...], ...] = (WORLD.meetings, WORLD.calls)
    for rows in both:
        assert all(a.started_at <= b.started_at for a, b in pairwise(rows))
        assert rows[0].started_at >= START + timedelta(hours=8)
        assert rows[-1].ended_at <= START + timedelta(hours=18)


def test_importing_the_sandbox_is_cheap() -> None:
    """Importing the package loads none of its modules; its names are all there all the same."""
    program = (
        "import sys, catchment.sandbox as s;"
        "assert not [m for m in sys.modules if m.startswith('catchment.sandbox.')];"
        "assert 'uvicorn' not in sys.modules;"
        "[getattr(s, name) for name in s.__all__];"
        "from catchment.sandbox import serve; assert callable(serve)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
