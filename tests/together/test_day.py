"""A simulated day, whole and with everything going wrong: what Zoom offered is in the archive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.together.harness import staged
from tests.together.trouble import make_faults

from catchment.testing.judge import Watch, assert_equal
from catchment.testing.stage import HOUR, START, Stage

CUT = {"list": 0.05, "document": 0.05, "download": 0.4}
HEADERS = ("full", "category", "no_type", "none")


def live_through(stage: Stage, watch: Watch) -> None:
    """The working day by the hour, the platform's headers changing, and then quiet days."""
    for hour in range(8, 20):
        stage.platform.turn(rate_headers=HEADERS[hour % 4], odd_body_every=0 if hour % 3 else 7)
        stage.clock.set(max(stage.clock.now(), START + hour * HOUR))
        stage.run_once()
        watch.look()
    stage.platform.turn(odd_body_every=0)
    for hours in (20, 22, 26, 30, 36, 42, 48):
        stage.clock.set(max(stage.clock.now(), START + hours * HOUR))
        stage.run_once()
        watch.look()


def test_quiet_day_is_archived_whole(tmp_path: Path) -> None:
    """A day without faults is in the archive, once, byte for byte (T1; S003-6, S003-8)."""
    with staged(tmp_path, meetings=6) as stage:
        stage.run_once()
        assert_equal(stage)


def test_faulty_day_is_archived_whole_after_a_quiet_phase(
    tmp_path: Path, catalogue_url: str
) -> None:
    """After a day on which everything went wrong, the archive equals the World.

    Proves T1, T4 and T5 and the promises 1 to 3: throttling with each form of headers, cut
    connections and bodies, HTML under status 200, late files, repeated and reordered rows, lost
    cursors, expired links and tokens, wrong ranges and changed content (S003-1 to S003-3, S003-17).
    """
    with staged(
        tmp_path,
        meetings=6,
        at=START + timedelta(hours=7),
        faults=make_faults(
            11, cut={"list": 0.05, "document": 0.05, "download": 0.4}, longest=20 * HOUR
        ),
        switches={"late_every": 3, "failed_every": 40, "token_seconds": 1200, "link_minutes": 30},
        tables={"catalogue": {"url": catalogue_url}} if catalogue_url else {},
    ) as stage:
        watch = Watch.of(stage)
        live_through(stage, watch)
        assert_equal(stage)
        counts = stage.platform.faults.counts
        done = {fault for fault in stage.platform.faults.rates if counts[fault]}
        assert done == set(stage.platform.faults.rates) - {"cursor_lost"}  # there is but one page
        assert watch.list_silent() == []
