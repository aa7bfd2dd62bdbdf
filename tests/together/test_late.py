"""What Zoom offers late is captured, and the watermark never passes it in silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.together.harness import staged

from catchment.sandbox import Faults, Lateness
from catchment.testing.judge import Watch, ask, assert_equal
from catchment.testing.stage import DAY, HOUR, START, Stage
from catchment_zoom.simulator.records import Record

DELAYS = {"2 minutes": timedelta(minutes=2), "3 hours": 3 * HOUR, "3 days": 3 * DAY}


def hold_back(stage: Stage, by: timedelta) -> set[str]:
    """Let Zoom hide every other recording for *by*: nothing tells of it before; their UUIDs."""
    site = stage.platform.site
    late = {record.uuid for record in site.archive[::2]}

    def delay(record: Record) -> Record:
        files = tuple(
            replace(file, listed_at=file.listed_at + by, ready_at=file.ready_at + by)
            for file in record.files
        )
        return replace(
            record,
            files=files,
            listed_at=record.listed_at + by,
            complete_at=record.complete_at + by,
            expires_at=record.expires_at + by,
        )

    site.archive = [delay(r) if r.uuid in late else r for r in site.archive]
    site.archive_by_uuid = {record.uuid: record for record in site.archive}
    site.files |= {file.file_id: (record, file) for record in site.archive for file in record.files}
    return late


def look_when_late(watch: Watch) -> Callable[..., None]:
    """Look at the watermark in the moment in which a page has told of something late."""

    def tell(event: str, **fields: Any) -> None:
        if event == "page.listed" and fields["late"]:
            watch.look()

    return tell


def live_through(stage: Stage, watch: Watch, until: timedelta) -> None:
    """Run every half hour of the day and every six hours afterwards, looking before and after."""
    while stage.clock.now() < START + until:
        step = HOUR / 2 if stage.clock.now() < START + timedelta(hours=19) else 6 * HOUR
        stage.clock.set(stage.clock.now() + step)
        watch.look()
        stage.run_once(look_when_late(watch))
        watch.look()


@pytest.mark.parametrize("delay", DELAYS.values(), ids=DELAYS)
def test_recording_that_is_offered_late_is_captured(tmp_path: Path, delay: timedelta) -> None:
    """A meeting of which Zoom says nothing for a while is captured as soon as it is told.

    Proves T5 and promise 1 (S003-3): the watermark waited for it, or stepped back and says so.
    """
    with staged(tmp_path, meetings=4, at=START + timedelta(hours=9)) as stage:
        late = hold_back(stage, delay)
        watch = Watch.of(stage)
        live_through(stage, watch, timedelta(hours=30) + delay)
        assert_equal(stage)
        assert watch.list_silent() == []
        rows = ask(stage, "SELECT external_id, late_by_s FROM recording")
        found_late = {row.external_id for row in rows if row.late_by_s is not None}
        assert found_late <= late
        if delay > 4 * HOUR:  # beyond what is normal for Zoom and waited for
            assert found_late == late
            assert watch.stepped_back


@pytest.mark.parametrize("delay", DELAYS.values(), ids=DELAYS)
def test_files_that_are_ready_late_are_captured(tmp_path: Path, delay: timedelta) -> None:
    """A file that Zoom works on for days, or adds to a complete meeting, is captured.

    Proves T5 and promise 1 (S003-3, S003-17): the watermark stays at what is promised, and steps
    back, saying so, for what was not.
    """
    late = Lateness(share=0.4, least=delay, longest=delay)
    with staged(
        tmp_path, meetings=4, at=START + timedelta(hours=9), faults=Faults(seed=5, late=late)
    ) as stage:
        watch = Watch.of(stage)
        live_through(stage, watch, timedelta(hours=30) + delay)
        assert_equal(stage)
        assert watch.list_silent() == []
