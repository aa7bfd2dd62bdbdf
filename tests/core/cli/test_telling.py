"""Logs: fixed events, one line each, on stderr, without secrets."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from catchment.cli.outages import Outages
from catchment.cli.progress import Progress
from catchment.cli.tally import Tally
from catchment.cli.telling import Teller, telling
from catchment.clock import ManualClock
from catchment.settings import LogTable

CLOCK = ManualClock(datetime(2026, 7, 1, 6, 30, tzinfo=UTC))


def make_table(**values: Any) -> LogTable:
    """The table ``[log]``."""
    return LogTable(**values)


def say(teller: Teller) -> None:
    """Some events of a run."""
    teller("page.listed", source="zoom", feed="archive", rows=3, new=2, changed=0, late=1)
    teller("file.archived", source="zoom", file="a\x1b[2J", kind="audio", size_bytes=1500)
    teller("file.progress", part="x", got=1, of=2)
    teller("job.failed", source="zoom", kind="media", key="7", error="the link is dead")
    teller("interaction.sealed", source="zoom", version=1)


def test_text_is_one_line_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    """A log for people has time, level, event and fields, no ANSI, and nothing on stdout."""
    with telling(make_table(), CLOCK, what="zoom") as teller:
        say(teller)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert len(lines) == 4
    assert lines[0].startswith("2026-07-01T06:30:00Z [info     ] page.listed")
    assert "source=zoom" in lines[0]
    assert "[warning  ] job.failed" in lines[2]
    assert "\x1b" not in err


def test_json_is_one_object_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    """A log for programs is JSON lines with the same fields."""
    with telling(make_table(format="json"), CLOCK, what="zoom") as teller:
        say(teller)
    rows = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [row["event"] for row in rows][:2] == ["page.listed", "file.archived"]
    assert rows[0]["level"] == "info"
    assert rows[0]["at"] == "2026-07-01T06:30:00Z"
    assert rows[2]["error"] == "the link is dead"


def test_a_wait_is_seen_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that moves says what is waited for, until something happens again."""
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "120")):
        monkeypatch.setenv(name, value)
    with Progress("calls") as progress:
        progress.take("feed.waiting", {"seconds": 58, "why": "one question a minute"})
    assert "calls: waiting for 58 s at most: one question a minute" in last_line(capsys)
    with Progress("calls") as progress:
        progress.take("feed.waiting", {"seconds": 58, "why": "one question a minute"})
        progress.take("page.listed", {"new": 2})
    assert "calls: 2 recordings" in last_line(capsys)


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    """How the line that moves looked in the end."""
    return capsys.readouterr().err.rpartition("\r\x1b[2K\x1b[3")[2]


@pytest.mark.parametrize(("level", "number"), [("debug", 5), ("info", 4), ("warning", 1)])
def test_level(
    level: Literal["debug", "info", "warning"], number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is less important than the level is left out."""
    with telling(make_table(level=level), CLOCK, what="zoom") as teller:
        say(teller)
    assert len(capsys.readouterr().err.splitlines()) == number


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ({}, "info"),
        ({"unknown": 1}, "warning"),
        ({"denied": 1}, "warning"),
        ({"bad_lines": [3]}, "warning"),
    ],
)
def test_a_list_that_found_less_than_it_names_is_a_warning(
    capsys: pytest.CaptureFixture[str], told: dict[str, Any], level: str
) -> None:
    """What somebody missed and the platform did not give is seen in the log and in the summary."""
    whole = {"found": 1, "unknown": 0, "denied": 0, "bad_lines": [], **told}
    with telling(make_table(format="json"), CLOCK, what="zoom") as teller:
        teller("recovery.processed", source="zoom", file="missed.csv", **whole)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["level"] == level
    said = "1 line of recovery lists found nothing" in str(teller.tallies["zoom"])
    assert said == (level == "warning")


def test_libraries_are_not_heard(capsys: pytest.CaptureFixture[str]) -> None:
    """A library that quotes an address is silent; a record of ours is told without traceback."""
    with telling(make_table(), CLOCK, what="zoom"):
        logging.getLogger("httpx").warning("GET https://x.example/?access_token=s3cret")
        try:
            raise ValueError("s3cret")
        except ValueError:
            logging.getLogger("catchment.runner").exception("job.crashed media 7")
    err = capsys.readouterr().err
    assert "s3cret" not in err
    assert "Traceback" not in err
    assert "[error    ] job.crashed media 7" in err
    assert "ValueError" in err


@pytest.mark.parametrize(
    ("name", "level", "told"),
    [("runner", "error", "job.crashed media 7"), ("adapters", "debug", "hook.failed poll")],
)
def test_whoever_debugs_is_told_where_it_failed(
    name: str, level: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The frames are shown and what the error quotes is not, for our own bugs and an adapter's."""
    with telling(make_table(level="debug"), CLOCK, what="zoom"):
        try:
            raise ValueError("s3cret")
        except ValueError:
            logger = logging.getLogger(f"catchment.{name}")
            logger.log(getattr(logging, level.upper()), told, exc_info=True)
    err = capsys.readouterr().err
    assert f"[{level:9}] {told}" in err
    assert "test_telling.py:" in err
    assert "s3cret" not in err


def test_a_tally_counts_by_source() -> None:
    """What came of a run is told in a sentence, of what there was."""
    teller = Teller(lambda event, **fields: None, Outages(CLOCK))
    say(teller)
    assert str(teller.tallies["zoom"]) == (
        "2 new recordings (1 late), 1 file archived (1.5 kB), 1 package sealed, 1 try failed"
    )
    assert str(Tally()) == "nothing new"


def fail(teller: Teller, times: int, kind: str = "capture", source: str = "zoom") -> None:
    """Some jobs of a platform that does not answer."""
    for number in range(times):
        teller(
            "job.unanswered",
            source=source,
            kind=kind,
            item=f"r{number}",
            attempt=1,
            error="the host cannot be reached",
        )


def test_an_outage_is_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A platform that is down is told once, and once that it answers again, with the count."""
    clock = ManualClock(CLOCK.now())
    with telling(make_table(level="warning"), clock, what="zoom") as teller:
        fail(teller, 412)
        clock.advance(timedelta(minutes=12))
        teller("page.listed", source="zoom", rows=1, new=1)
        fail(teller, 1)
    begun, over, again = capsys.readouterr().err.splitlines()
    assert "[warning  ] job.unanswered" in begun
    assert "the host cannot be reached" in begun
    assert "[warning  ] source.recovered" in over
    assert "failed=412" in over
    assert "after='12 min'" in over
    assert "job.unanswered" in again
    assert teller.tallies["zoom"].failed == 413


def test_an_outage_concerns_one_source_and_one_kind_of_host(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Lists may answer while downloads do not, and another platform says nothing about it."""
    with telling(make_table(level="warning"), CLOCK, what="zoom") as teller:
        fail(teller, 2, kind="media")
        teller("page.listed", source="zoom", rows=1, new=0)
        teller("file.archived", source="other", size_bytes=1)
        fail(teller, 2, kind="media")
        fail(teller, 2, source="other")
        teller("file.archived", source="zoom", size_bytes=1)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[3] for line in lines] == [
        *("job.unanswered", "job.unanswered", "source.recovered")
    ]
    assert "failed=4" in lines[-1]


def test_a_full_disk_is_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be stored is told once, until something is stored again; each item is counted."""
    with telling(make_table(level="warning"), CLOCK, what="zoom") as teller:
        for number in range(7):
            error = "the volume of the buffer has no room"
            teller("job.unstored", source="zoom", kind="media", item=f"r{number}", error=error)
            teller("page.listed", source="zoom", rows=1, new=1)
        teller("file.archived", source="zoom", size_bytes=1)
    begun, over = capsys.readouterr().err.splitlines()
    assert "[warning  ] job.unstored" in begun
    assert "has no room" in begun
    assert "what=storage failed=7" in over
    assert teller.tallies["zoom"].failed == 7


def test_no_contact_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A runner that tries every minute to make contact does not say so every minute."""
    with telling(make_table(level="info"), CLOCK, what="zoom") as teller:
        for _ in range(5):
            teller("source.unreachable", source="zoom", error="no answer")
        teller("source.live", source="zoom", woken=0)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[3] for line in lines] == [
        *("source.unreachable", "source.recovered", "source.live")
    ]


def test_a_single_failure_has_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    """One request without an answer is one line, and whoever debugs sees every one."""
    with telling(make_table(level="debug"), CLOCK, what="zoom") as teller:
        fail(teller, 1)
        teller("poll.walked", source="zoom")
        fail(teller, 3)
    lines = capsys.readouterr().err.splitlines()
    assert sum("job.unanswered" in line for line in lines) == 2
    assert sum("job.failed_again" in line for line in lines) == 2
    assert not any("source.recovered" in line for line in lines)
