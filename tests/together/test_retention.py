"""What Zoom has thrown away before it could be captured is told, never passed over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.together.harness import staged

from catchment.testing.judge import Watch, ask, assert_equal, list_truth
from catchment.testing.stage import DAY, HOUR, START


def test_recording_that_expired_before_it_was_fetched_is_gone_with_a_reason(tmp_path: Path) -> None:
    """Listed, and deleted by Zoom before its files could be fetched: gone, and why (S003-29)."""
    with staged(
        tmp_path, meetings=3, switches={"retention_days": 1}, tables={"buffer": {"reserve": 10**18}}
    ) as stage:
        stage.run_once()
        offered = {held.file_id for held in list_truth(stage)}
        stage.clock.advance(2 * DAY)
        stage.configure(buffer={"reserve": 0})
        for _ in range(12):
            stage.run_once()
            stage.clock.advance(12 * HOUR)
        rows = ask(stage, "SELECT * FROM file WHERE recipe = ''")
        assert {row.file_id for row in rows} == offered
        assert {row.state for row in rows} <= {"gone", "parked"}
        assert all(row.reason for row in rows)
        recordings = ask(stage, "SELECT * FROM recording")
        assert all(row.state in ("gone", "parked") and row.reason for row in recordings)


def test_period_that_zoom_lists_no_more_is_a_gap_that_people_see(tmp_path: Path) -> None:
    """After 40 days of standstill the first ten can be asked of nobody: that is a gap (S003-4).

    Proves promise 1: every gap is either captured or on a list that a person sees.
    """
    with staged(tmp_path, meetings=2, days=2, at=START + timedelta(hours=20)) as stage:
        stage.run_once()
        first = list_truth(stage)
        stage.clock.advance(40 * DAY)
        stage.run_once()
        gaps = ask(stage, "SELECT * FROM gap")
        assert {row.feed for row in gaps} == {"archive_completed", "archive_started"}
        assert all(row.why and row.closed_at is None for row in gaps)
        books = ask(stage, "SELECT * FROM book WHERE kind = 'gap'")
        assert len(books) == len(gaps)
        assert Watch.of(stage).look() != {}
        missed = {held.file_id for held in list_truth(stage) - first}
        assert missed
        assert_equal(stage, excused=missed)
