"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from catchment.cli.dates import read_period, read_time
from catchment.errors import Misuse

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        ("2026-07-01", "UTC", "2026-07-01T00:00Z", "2026-07-02T00:00Z"),
        ("2026-07-01", "Europe/Berlin", "2026-06-30T22:00Z", "2026-07-01T22:00Z"),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        ("2026-07-01T08:30", "Europe/Berlin", "2026-07-01T06:30Z", "2026-07-01T06:30Z"),
        ("2026-07-01 08:30", "UTC", "2026-07-01T08:30Z", "2026-07-01T08:30Z"),
        ("2026-07-01T08:30Z", "Europe/Berlin", "2026-07-01T08:30Z", "2026-07-01T08:30Z"),
        ("2026-07-01T08:30+05:30", "UTC", "2026-07-01T03:00Z", "2026-07-01T03:00Z"),
        ("36h", "Europe/Berlin", "2026-11-01T00:00Z", "2026-11-01T00:00Z"),
    ],
)
def test_times_mean_what_people_mean(text: str, zone: str, start: str, end: str) -> None:
    """Without an offset times are local to the source, a day after ``--to`` is included whole."""
    typed = read_time(text)
    assert typed.start(zone, NOW) == datetime.fromisoformat(start)
    assert typed.end(zone, NOW) == datetime.fromisoformat(end)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "31.01.2026", "12", "3 weeks"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r".*"):
        read_time(text)


def test_a_period_without_end_ends_now() -> None:
    """``--to`` may be left out."""
    assert read_period(read_time("2h"), None, "UTC", NOW) == (NOW - timedelta(hours=2), NOW)


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-02-01", "2026-01-31"), ("2026-02-01T10:00", "2026-02-01T10:00Z"), ("1h", "2h")],
)
def test_a_period_that_ends_before_it_begins_is_refused(since: str, until: str) -> None:
    """The sentence tells both ends as they were typed."""
    said = rf"ends \(--to {until}\) before it begins \(--from {since}\)"
    with pytest.raises(Misuse, match=said):
        read_period(read_time(since), read_time(until), "UTC", NOW)


@pytest.mark.parametrize("until", [None, "2027-02-01"])
def test_a_period_in_the_future_is_refused(until: str | None) -> None:
    """What has not begun cannot be asked for, and the sentence says so."""
    with pytest.raises(Misuse, match=r"--from 2027-01-01\) has not begun yet"):
        read_period(read_time("2027-01-01"), (until and read_time(until)) or None, "UTC", NOW)
