"""Clocks: what they tell, and who turns their hands."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from catchment.clock import FileClock, ManualClock, SystemClock, clock_from_environment
from catchment.errors import BadSettings

START = datetime(2026, 10, 12, 8, 0, tzinfo=UTC)


def test_system_clock_is_aware() -> None:
    """The system's time is told in UTC and does not run backwards."""
    clock = SystemClock()
    first = clock.now()
    clock.wait(-1)
    assert first.tzinfo is UTC
    assert clock.now() >= first


def test_manual_clock_waits_by_turning_its_hands() -> None:
    """Whoever waits on a manual clock is there at once, so back-offs cost no real time."""
    clock = ManualClock(START)
    clock.wait(3600)
    clock.wait(-5)
    assert clock.advance(timedelta(minutes=1)) == START + timedelta(hours=1, minutes=1)
    clock.set(START)
    assert clock.now() == START


def test_manual_clock_is_shared_by_threads() -> None:
    """No turn of the hands is lost when threads wait together."""
    clock = ManualClock(START)

    def wait_often() -> None:
        for _ in range(200):
            clock.wait(1)

    threads = [threading.Thread(target=wait_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == START + timedelta(seconds=800)


def test_clocks_refuse_naive_times(tmp_path: Path) -> None:
    """A time without a zone is no time."""
    naive = START.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(naive)
    with pytest.raises(ValueError, match="aware"):
        FileClock(tmp_path / "clock", naive)


def test_file_clock_is_the_same_for_all_who_read_it(tmp_path: Path) -> None:
    """What one process sets, another reads at its next look, and times are told in UTC."""
    owner = FileClock(tmp_path / "clock", START)
    reader = FileClock(tmp_path / "clock")
    assert _is_about(reader.now(), START)
    owner.advance(timedelta(hours=2))
    assert _is_about(reader.now(), START + timedelta(hours=2))
    owner.set(datetime(2026, 10, 12, 10, 0, tzinfo=timezone(timedelta(hours=2))))
    assert _is_about(reader.now(), START)
    assert reader.now().tzinfo is UTC
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]


def test_a_file_clock_runs_from_where_it_was_set(tmp_path: Path) -> None:
    """An hour's wait is a blink of real time, and the clock goes on by no more than that."""
    clock = FileClock(tmp_path / "clock", START)
    before = clock.now()
    clock.wait(3600)
    assert clock.now() > before
    assert _is_about(clock.now(), START)


def _is_about(at: datetime, expected: datetime) -> bool:
    """Whether no more than the real time of a test has passed since *expected*."""
    return expected <= at < expected + timedelta(minutes=5)


@pytest.mark.parametrize("text", [None, "", "soon", "2026-10-12T08:00:00"])
def test_a_clock_file_without_a_time_is_an_error(tmp_path: Path, text: str | None) -> None:
    """A missing or unreadable clock file is said, never replaced by the system's time."""
    path = tmp_path / "clock"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadSettings, match="clock file"):
        FileClock(path).now()


def test_the_environment_names_the_clock(tmp_path: Path) -> None:
    """CATCHMENT_CLOCK_FILE decides between a file and the system."""
    FileClock(tmp_path / "clock", START)
    clock = clock_from_environment({"CATCHMENT_CLOCK_FILE": str(tmp_path / "clock")})
    assert _is_about(clock.now(), START)
    assert isinstance(clock_from_environment({}), SystemClock)
