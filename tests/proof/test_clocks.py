"""T14: days of 23 and 25 hours, and a clock that is wrong (promise 1)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from tests.core.cli.typed import make_type
from tests.proof.forms import ADAPTERS, LONG, Tally
from tests.proof.judging import build_tables, conclude
from tests.together.harness import staged

from catchment._engine.application import Application
from catchment._engine.runner import Runner
from catchment.clock import ENVIRONMENT, FileClock, ManualClock
from catchment.model import Clock
from catchment.sandbox import ASGIApp
from catchment.sandbox.layer import Message, Receive, Scope, Send
from catchment.settings import read_settings
from catchment.testing.judge import Watch, ask
from catchment.testing.quiet import settle
from catchment.testing.stage import DAY, HOUR, START

CHANGES = (
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC), 23),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC), 25),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC), 25),
)
"""Where clocks are changed, when, and how many hours that local day has."""

CASES = [
    (adapter, change)
    for number, adapter in enumerate(ADAPTERS)
    for place, change in enumerate(CHANGES)
    if LONG or number == place
]
"""Each change with one adapter; with all of them in the long form."""

FAST = 10 * DAY

BEFORE = timedelta(hours=13)
"""People work from the 8th to the 18th hour of a World: on both sides of the change."""


@pytest.mark.proof("T14")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("adapter", "change"), CASES, ids=lambda one: str(one).partition(" ")[0])
def test_day_on_which_clocks_are_changed_has_no_gap_and_no_duplicate(
    tmp_path: Path,
    adapter: str,
    change: tuple[str, datetime, int],
    tally: Tally,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A source in a zone whose clocks are changed is captured across the change, each file once.

    Its local day has 23 or 25 hours in ``report``, and with its neighbours it holds every recording
    once; ``recover`` of that day finds nothing that was missed.
    """
    zone, at, hours = change
    start = at - BEFORE
    tables = build_tables((adapter,), "", start)
    tables[adapter] = {**tables[adapter], "timezone": zone}
    with staged(
        tmp_path,
        of=(adapter,),
        meetings=8,
        calls=12,
        start=start,
        at=start + 8 * HOUR,
        shared_clock=True,
        tables=tables,
    ) as stage:
        watch = Watch.of(stage)
        while stage.clock.now() < start + 22 * HOUR:
            stage.clock.advance(2 * HOUR)
            stage.run_once()
            watch.look()
        settle(stage)
        assert watch.list_silent() == []
        began = {one.external_id: one.began_at for one in stage.platform.truth(stage.clock.now())}
        sides = {moment < at for moment in began.values() if moment is not None}
        assert sides == {True, False}, "nothing happened on one side of the change"
        assert isinstance(stage.clock, FileClock)
        monkeypatch.setenv(ENVIRONMENT, str(stage.clock.path))
        monkeypatch.setenv("CATCHMENT_CONFIG", str(stage.settings_path))
        type_ = make_type(capsys)
        told = {}
        for days in (-1, 0, 1):
            day = str(date(at.year, at.month, at.day) + timedelta(days=days))
            answer = type_("report", adapter, "--from", day, "--to", day, "--no-ask", "--json")
            told[days] = json.loads(answer.out)
        window = [datetime.fromisoformat(told[0]["window"][name]) for name in ("start", "end")]
        assert window[1] - window[0] == hours * HOUR
        known = len(ask(stage, "SELECT 1 FROM recording"))
        assert sum(one["offered"] for one in told.values()) == known
        day = str(at.date())
        before = ask(stage, "SELECT interaction_id, version FROM interaction")
        with stage.ticking(60):  # one platform allows a question a minute
            done = type_("recover", adapter, "--from", day, "--to", day)
        assert done.code == 0, done.out + done.err
        assert set(ask(stage, "SELECT interaction_id, version FROM interaction")) == set(before)
        tally.injected["changed clocks"] += 1
        settle(stage)  # what was given up as gone was asked for again, as recover is to do
        conclude(stage, tally)


class Dated:
    """Stands in front of every host and writes another time into its answers while it is told to.

    Attributes:
        ahead: By how much that time is ahead of *clock*; ``None`` to leave the answers alone.
    """

    def __init__(self) -> None:
        self.clock: Clock | None = None
        self.ahead: timedelta | None = None

    def wrap(self, name: str, app: ASGIApp) -> ASGIApp:
        """Stand in front of one host."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            async def date(message: Message) -> None:
                if message["type"] == "http.response.start" and self.clock and self.ahead:
                    at = format_datetime(self.clock.now() + self.ahead, usegmt=True)
                    others = [pair for pair in message["headers"] if pair[0].lower() != b"date"]
                    message = {**message, "headers": [*others, (b"date", at.encode())]}
                await send(message)

            await app(scope, receive, date)

        return answer


@pytest.mark.proof("T14")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_clock_that_was_days_ahead_for_one_run_costs_nothing(
    tmp_path: Path, adapter: str, whose: str, tally: Tally
) -> None:
    """Ours or the platform's is ten days fast while one run lasts; the next run is as any other.

    No frontier is beyond the present by then, nothing waits for the day that the clock told, and
    all of the day is archived (promises 1 and 6).
    """
    dated = Dated()
    with staged(
        tmp_path,
        of=(adapter,),
        meetings=4,
        calls=6,
        at=START + 11 * HOUR,
        wrap=dated.wrap,
        tables=build_tables((adapter,), ""),
    ) as stage:
        dated.clock = stage.clock
        stage.run_once()
        stage.clock.advance(HOUR)
        if whose == "theirs":
            dated.ahead = FAST
            stage.run_once()
            dated.ahead = None
        else:
            wrong = ManualClock(stage.clock.now() + FAST)
            with Application.open(read_settings(stage.settings_path), wrong) as app:
                Runner(app, app.choose([]), once=True).run()
        tally.injected[f"{whose} ten days fast"] += 1
        watch = Watch.of(stage)
        for _ in range(4):
            stage.clock.advance(2 * HOUR)
            stage.run_once()
            watch.look()
            listed = [row.frontier for row in ask(stage, "SELECT frontier FROM feed")]
            assert all(str(one) < str(stage.clock.now()) for one in listed if one is not None)
        settle(stage)
        watch.look()
        assert watch.list_silent() == []
        conclude(stage, tally)


@pytest.mark.proof("T14")
@pytest.mark.timeout(600)
def test_clock_that_is_wrong_is_told_by_check(
    tmp_path: Path,
    adapter: str,
    tally: Tally,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten minutes are a warning that says which way; no difference is none (promise 6)."""
    with staged(tmp_path, of=(adapter,), meetings=1, calls=1, shared_clock=True) as stage:
        assert isinstance(stage.clock, FileClock)
        wrong = FileClock(tmp_path / "wrong", stage.clock.now())
        monkeypatch.setenv("CATCHMENT_CONFIG", str(stage.settings_path))
        monkeypatch.setenv(ENVIRONMENT, str(wrong.path))
        type_ = make_type(capsys)
        assert "machine's clock" not in type_("check", adapter).out
        for skew, way in ((timedelta(minutes=10), "fast"), (timedelta(minutes=-10), "slow")):
            wrong.set(stage.clock.now() + skew)
            assert f"this machine's clock is 10 minutes {way}" in " ".join(
                type_("check", adapter).out.split()
            )
            tally.injected["skewed clock"] += 1
