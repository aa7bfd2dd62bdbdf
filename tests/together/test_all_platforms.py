"""One World, told by all platforms at once and captured by one runner on one catalogue."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.together.harness import ALL, staged

from catchment._engine import reporting
from catchment.testing.judge import ask, assert_equal
from catchment.testing.stage import HOUR, START, Stage, since_start

MINUTE = timedelta(minutes=1)


def finish_listing(stage: Stage) -> None:
    """Let the minutes pass that the call history asks for, until every listing is at its end."""
    for _ in range(60):
        if not ask(stage, "SELECT 1 FROM walk LIMIT 1"):
            return
        stage.clock.advance(MINUTE)
        stage.run_once()
    pytest.fail("a listing never came to its end")


def test_the_same_meeting_on_two_platforms_is_two_interactions(tmp_path: Path) -> None:
    """Sources never share a key: what one platform tells says nothing about another (S000-25)."""
    both = ("zoom", "webex_meetings")
    with staged(tmp_path, of=both, meetings=3, tables=since_start(*both)) as stage:
        stage.run_once()
        rows = ask(
            stage,
            "SELECT i.interaction_id FROM recording r JOIN interaction i ON i.num = "
            "r.interaction_num GROUP BY i.interaction_id HAVING count(DISTINCT r.source_id) > 1",
        )
        assert rows == []


def test_a_platform_that_is_down_keeps_no_other_waiting(tmp_path: Path) -> None:
    """While all others answer nothing, Zoom's day is captured; afterwards theirs is too."""
    tables = since_start(*ALL)
    with staged(tmp_path, of=ALL, meetings=3, calls=8, tables=tables) as stage:
        zoom, *others = stage.platforms
        told = {one.source: {**tables[one.source], **one.settings()} for one in others}
        nowhere = dict.fromkeys(("api_url", "auth_url"), "http://127.0.0.1:9/v1")
        nowhere |= dict.fromkeys(("url", "login_url"), "https://127.0.0.1:9")
        broken = {
            name: {**table, **{url: nowhere[url] for url in nowhere.keys() & table.keys()}}
            for name, table in told.items()
        }
        stage.configure(**broken)
        ending = stage.run_once()
        assert set(ending.unreachable) == {one.source for one in others}
        held = ask(stage, "SELECT count(*) AS n FROM file WHERE recipe = '' AND state = 'archived'")
        assert held[0].n == len(list(zoom.truth(stage.clock.now())))
        stage.configure(**told)
        stage.live(stage.clock.now() + 3 * HOUR)
        finish_listing(stage)
        assert_equal(stage)


def test_the_report_says_what_no_recording_tells(tmp_path: Path) -> None:
    """Calls that nobody answered or recorded stand in the report with the kind of gap (S001-7)."""
    name = "webex_calling"
    with staged(tmp_path, of=(name,), calls=30, tables=since_start(name)) as stage:
        stage.live(stage.clock.now() + 3 * HOUR)
        finish_listing(stage)
        with stage.open() as app:
            told = reporting.report(app, name, START, START + 24 * HOUR, ask=False)
        outcomes = {call.outcome for call in stage.platform.world.calls}
        assert {"not_recorded", "failed"} <= outcomes
        assert told.gaps["failed"] > 0
        assert told.gaps["not recorded"] > 0
        assert told.gaps["unanswered"] > 0
        assert set(told.gaps) <= {"failed", "not recorded", "unanswered", "external"}, (
            "one is missing"
        )
        assert told.expecting == told.fulfilled > 0
