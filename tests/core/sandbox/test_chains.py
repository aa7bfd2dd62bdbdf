"""Chains: calls that are passed on again and again, and what holds for each of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from catchment.sandbox import Agent, Call, Take, World, expected_symbols

START = datetime(2026, 10, 12, tzinfo=UTC)
WORLD = World(7, START, days=2, meetings=3, calls=15, chains=150)


def list_stretches(call: Call) -> list[tuple[datetime, datetime]]:
    """When an agent spoke with the customer, by start."""
    customer = call.legs[0].leg_id
    heard = [part.window for part in call.recorded if customer in part.legs]
    return sorted((window.start, window.end) for window in heard)


def test_a_world_without_chains_is_what_it_was() -> None:
    """Chains draw from chance of their own."""
    without = World(7, START, days=2, meetings=3, calls=15)
    assert without.chains == ()
    assert (without.calls, without.meetings) == (WORLD.calls, WORLD.meetings)
    assert (without.shifts, without.agents) == (WORLD.shifts, WORLD.agents)


def test_a_later_day_changes_no_earlier_chain() -> None:
    """A World of more days begins with the World of fewer."""
    shorter = World(7, START, days=1, meetings=0, chains=150)
    assert WORLD.chains[:150] == shorter.chains
    assert len(WORLD.chains) == 300


def test_chains_have_every_act_and_many_agents() -> None:
    """S002: consult, transfer, conference in any order, three agents and more, returning ones."""
    chains = WORLD.chains
    kinds = {move.kind for call in chains for move in call.moves}
    assert kinds == {"consult", "blind_transfer", "consult_transfer", "conference"}
    crews = [[leg.person for leg in call.legs if isinstance(leg.person, Agent)] for call in chains]
    assert sum(len({agent.agent_id for agent in crew}) >= 3 for crew in crews) > 60
    assert any(len({agent.agent_id for agent in crew}) < len(crew) for crew in crews)
    assert any(part.pauses for call in chains for part in call.recorded)
    assert any(len(call.moves) >= 5 for call in chains)
    left_first = [call for call in chains for move in call.moves if ended_by_first(call, move)]
    assert left_first


def ended_by_first(call: Call, move: object) -> bool:
    """Whether a conference ended because the first agent left, and the call went on."""
    legs = {leg.leg_id: leg for leg in call.legs}
    kind, window = getattr(move, "kind", ""), getattr(move, "window", None)
    first = legs[getattr(move, "from_leg", "")]
    return kind == "conference" and window is not None and first.ended_at < call.ended_at


def test_legs_moves_and_recordings_fit_together() -> None:
    """What is true of every call is true of a chain."""
    for call in WORLD.chains:
        legs = {leg.leg_id: leg for leg in call.legs}
        assert call.outcome == "recorded"
        assert call.started_at == call.legs[0].offered_at
        assert call.ended_at == call.legs[0].ended_at
        for leg in call.legs:
            assert leg.answered_at is not None
            assert leg.offered_at <= leg.answered_at < leg.ended_at <= call.ended_at
        for move in call.moves:
            assert {move.from_leg, move.to_leg} <= set(legs)
            assert call.started_at <= move.window.start <= move.window.end <= call.ended_at
        for part in call.recorded:
            for leg in (legs[leg_id] for leg_id in part.legs):
                assert leg.answered_at is not None
                assert leg.answered_at <= part.window.start < part.window.end <= leg.ended_at
            for pause in part.pauses:
                assert part.window.start < pause.start < pause.end < part.window.end
    recorded = [part for call in (*WORLD.calls, *WORLD.chains) for part in call.recorded]
    assert len({part.code for part in recorded}) == len(recorded)


def test_there_is_always_somebody_with_the_customer() -> None:
    """From the first answer on an agent is there, but for the ringing of a blind transfer."""
    for call in WORLD.chains:
        ringing = {move.window for move in call.moves if move.kind == "blind_transfer"}
        stretches = list_stretches(call)
        end = stretches[0][1]
        for start, until in stretches[1:]:
            assert start <= end or any(w.start == end and w.end == start for w in ringing)
            end = max(end, until)
        assert end == call.ended_at


def test_a_transfer_is_preceded_by_its_consult() -> None:
    """A consult transfer or conference begins where its own consult ends."""
    for call in WORLD.chains:
        for before, move in pairwise((None, *call.moves)):
            if move is not None and move.kind in ("consult_transfer", "conference"):
                assert before is not None
                assert (before.kind, before.to_leg) == ("consult", move.to_leg)
                assert before.window.end == move.window.start


def test_nobody_is_twice_in_a_call_at_one_time() -> None:
    """Whoever comes back has left before."""
    for call in WORLD.chains:
        for one in call.legs:
            for other in call.legs:
                if one.leg_id < other.leg_id and one.person == other.person:
                    apart = one.ended_at <= other.offered_at or other.ended_at <= one.offered_at
                    assert apart, call.call_id


def test_a_channel_of_a_take_may_be_quiet() -> None:
    """Samples of zero in that channel, for these seconds, and nowhere else."""
    plain = Take(4, 6, "wav", begin=2, skips=((1, 3),), channels=2)
    take = Take(4, 6, "wav", begin=2, skips=((1, 3),), channels=2, quiet=((0, 3, 5), (1, 4, 6)))
    assert take.symbols == plain.symbols == expected_symbols(4, 6, 2, ((1, 3),))
    assert take.size_bytes == plain.size_bytes
    second = 8000 * 4
    for number, (left, right) in enumerate(
        [(1, 1), (0, 1), (0, 0), (1, 0), (1, 1), (1, 1)]  # seconds 0, 3, 4, 5, 6, 7 after begin
    ):
        heard = take.read()[44 + number * second : 44 + (number + 1) * second]
        usual = plain.read()[44 + number * second : 44 + (number + 1) * second]
        for channel, sounds in ((0, left), (1, right)):
            samples = [heard[at : at + 2] for at in range(2 * channel, second, 4)]
            assert any(any(sample) for sample in samples) == bool(sounds)
            if sounds:
                assert samples == [usual[at : at + 2] for at in range(2 * channel, second, 4)]


def test_only_a_wav_may_have_a_quiet_channel() -> None:
    """Whoever asks for it of another form learns that at once."""
    with pytest.raises(ValueError, match="WAV"):
        Take(1, 3, "mp3", quiet=((0, 1, 2),))


def test_chains_stay_within_the_working_day() -> None:
    """Also at full length."""
    long = World(3, START, meetings=0, chains=40, life_size=True)
    assert long.chains[0].started_at >= START + timedelta(hours=8)
    assert max(call.ended_at for call in long.chains) <= START + timedelta(hours=18)
    assert all(a.started_at <= b.started_at for a, b in pairwise(long.chains))
