"""A simulated day of Webex Calling, whole and with everything going wrong, is in the archive."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.door import Door
from tests.together.harness import staged
from tests.together.trouble import make_faults

from catchment._catalogue.report import Report, read_report
from catchment._catalogue.status import SourceStatus, list_sources
from catchment._engine.reporting import report as ask_report
from catchment.model import Window
from catchment.sandbox import Call
from catchment.testing.judge import ask, assert_equal
from catchment.testing.stage import DAY, HOUR, START, Stage

OF = ("webex_calling",)
NEVER = ("cursor_lost",)
"""Faults that this platform does not know, or this day has no room for."""
CUT = {"list": 0.05, "document": 0.05}
SINCE = {"webex_calling": {"since": "2026-10-12"}}
"""The month before that was quiet needs not be read by each test."""


def catch_up(stage: Stage, at: datetime) -> None:
    """Run at *at*, and then each minute until the call history has no more to ask.

    It allows one question a minute (2.1), so that a single run cannot come to its end.
    """
    stage.clock.set(max(stage.clock.now(), at))
    for _ in range(60):
        stage.run_once()
        if not ask(stage, "SELECT id FROM walk"):
            return
        stage.clock.set(stage.clock.now() + timedelta(minutes=1))
    raise AssertionError("the call history was not read in an hour")


def live_through(stage: Stage) -> None:
    """The working day every two hours, then quiet days until everything late has come."""
    for hour in (*range(8, 20, 2), 20, 22, 26, 30, 36, 42, 48, 60, 72, 84, 96):
        catch_up(stage, START + hour * HOUR)


def interactions_of(stage: Stage) -> dict[str, set[int]]:
    """The interactions that hold the recordings of each call."""
    homes = {
        row.external_id: row.interaction_num
        for row in ask(stage, "SELECT external_id, interaction_num FROM recording")
    }
    found: dict[str, set[int]] = {}
    for recording in stage.platform.tenant.recordings:
        call_id = recording.call.call_id
        found.setdefault(call_id, set()).add(homes[recording.recording_id])
    return found


def assert_calls_are_whole(stage: Stage, *, tied: bool = True) -> None:
    """S001-9 to S001-11: one interaction per call, and no two calls in one.

    Args:
        stage: What was captured.
        tied: Webex tells what ties a consultation that became no transfer to its call: the session
            or the interaction.
    """
    found = interactions_of(stage)
    kinds = {call.call_id: {m.kind for m in call.moves} for call in stage.platform.world.calls}
    loose = {
        call_id
        for call_id in found
        if not tied and (kinds[call_id] == {"consult"} or "conference" in kinds[call_id])
    }
    assert {len(nums) for call_id, nums in found.items() if call_id not in loose} == {1}
    assert sum(map(len, found.values())) == len(set.union(*found.values()))


def report(stage: Stage, window: Window) -> Report:
    """What was in *window* and what became of it, when patience is over."""
    with stage.open() as app:
        (source,) = ask(stage, "SELECT id FROM source")
        return read_report(app.database, source.id, window, stage.clock.now(), timedelta(days=3))


def calls(stage: Stage, *outcomes: str) -> list[Call]:
    """The calls of the World with one of *outcomes* that somebody answered."""
    return [
        call
        for call in stage.platform.world.calls
        if call.outcome in outcomes and not call.abandoned
    ]


@pytest.mark.parametrize(
    ("keeps", "interaction_id"), [(True, "empty"), (False, "present"), (False, "empty")]
)
def test_quiet_day_is_archived_whole(tmp_path: Path, keeps: bool, interaction_id: str) -> None:
    """A day without faults is in the archive, once, byte for byte; each call is one interaction.

    However Webex numbers the sessions of transfers (4, row 17; S001-6 to S001-11).
    """
    switches = {
        "transfer_keeps_session": keeps,
        "blind_transfer_new_session": not keeps,
        "interaction_id": interaction_id,
    }
    with staged(
        tmp_path, of=OF, meetings=0, calls=12, at=START + 19 * HOUR, switches=switches, tables=SINCE
    ) as stage:
        for hours in (19, 23, 27):
            catch_up(stage, START + hours * HOUR)
        assert_equal(stage)
        assert_calls_are_whole(stage, tied=keeps or interaction_id == "present")


def test_what_is_missing_is_told_by_kind(tmp_path: Path) -> None:
    """The books say which recordings failed or were never made (2.4, rule 5; S001-7)."""
    switches = {"queue_result": "agent", "owners": "users"}
    with staged(
        tmp_path, of=OF, meetings=0, calls=45, at=START + 19 * HOUR, switches=switches, tables=SINCE
    ) as stage:
        for hours in (19, 23, 27):
            catch_up(stage, START + hours * HOUR)
        told = report(stage, Window(START, START + DAY))
        homes = {
            row.fact_id: row.interaction_num
            for row in ask(stage, "SELECT fact_id, interaction_num FROM fact")
        }
        assert told.expecting == told.fulfilled > 0
        kinds: dict[str, set[int]] = {}
        for one in told.differences:
            assert one.what == "cdr", one
            kinds.setdefault(one.kind, set()).add(homes[one.external_id])
        assert len(kinds["failed"]) == len(calls(stage, "failed", "refused"))
        elsewhere = kinds.get("external", set())  # another provider recorded it
        assert len(kinds["not recorded"] | elsewhere) == len(calls(stage, "not_recorded"))
        assert set(kinds) <= {"failed", "not recorded", "external", "unanswered"}


def test_what_is_said_to_be_recorded_and_is_not_there_is_missing(tmp_path: Path) -> None:
    """A recording that Webex claims and never lists is a gap with a name."""
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=15,
        at=START + 19 * HOUR,
        switches={"recording_delay_s": 40 * 86400},
        tables=SINCE,
    ) as stage:
        catch_up(stage, START + 19 * HOUR)
        told = report(stage, Window(START, START + DAY))
        assert told.expecting > 0
        assert told.fulfilled == 0
        assert told.gaps.get("not yet", 0) == told.expecting


def test_a_closed_bin_is_seen_and_can_be_done_without(tmp_path: Path) -> None:
    """It holds the watermark with its reason, and no recording; out of the settings, it does not.

    What may be listed is captured all the while (4, row 11).
    """
    door = Door({"status=purged": 403})
    tables = {"webex_calling": {"since": "2026-10-12", "call_records": False}}
    with staged(tmp_path, of=OF, meetings=0, calls=6, tables=tables, wrap=door.wrap) as stage:
        stage.run_once()
        assert ask(stage, "SELECT * FROM file WHERE state = 'archived'")
        assert ask(stage, "SELECT * FROM recording WHERE state <> 'quiet'") == []
        told = tell(stage)
        assert told.watermark.at is None
        assert told.watermark.feed == ("recordings", "purged")
        (error,) = [feed.error for feed in told.feeds if feed.error]
        assert "purged recordings may not be listed" in error
        assert "'removed'" in error
        stage.configure(webex_calling=tables["webex_calling"] | {"removed": ["deleted"]})
        stage.clock.advance(2 * HOUR)
        stage.run_once()
        told = tell(stage)
        assert told.watermark.at is not None
        assert not [feed for feed in told.feeds if feed.error]
        assert {(gap.feed, gap.partition) for gap in told.gaps} == {("recordings", "purged")}


def test_a_report_says_that_it_waits_for_the_call_history(tmp_path: Path) -> None:
    """One question a minute is allowed (2.1), and whoever sits before it is told so."""
    waits: list[str] = []

    def hear(event: str, **fields: Any) -> None:
        if event == "feed.waiting":
            waits.append(fields["why"])

    with staged(tmp_path, of=OF, meetings=0, calls=3, tables=SINCE) as stage, stage.open() as app:
        app.tell = hear
        ask_report(app, "webex_calling", START, START + 20 * HOUR)
    assert waits
    assert all("the budget of webex_calling/webex_calling/cdr is used up" in why for why in waits)


def tell(stage: Stage) -> SourceStatus:
    """What ``catchment status`` tells of the source."""
    with stage.open() as app:
        (told,) = list_sources(app.database, app.now())
        return told


@pytest.mark.parametrize("transcripts", [True, False], ids=["transcripts", "cut_downloads"])
def test_faulty_day_is_archived_whole_after_a_quiet_phase(
    tmp_path: Path, transcripts: bool
) -> None:
    """After a day on which everything went wrong, the archive equals the World.

    Of transcripts Webex tells no size: one that is cut and announced at the cut length cannot be
    told from a whole one, so that the two are not tried together.

    Lists lose their filters and hold ``max=null`` and empty pages, refresh tokens rotate and kill
    the older ones, links die early, records come late and twice, recordings are binned, purged
    and given away.
    """
    with staged(
        tmp_path,
        of=OF,
        meetings=0,
        calls=15,
        at=START + timedelta(hours=7),
        faults=make_faults(11, cut={**CUT, "download": 0.0 if transcripts else 0.3}, without=NEVER),
        tables=SINCE,
        switches={
            "transcripts": transcripts,
            "link_null": True,
            "link_drops": "status,from",
            "empty_pages": True,
            "links": "all",
            "old_refresh": "dead",
            "tokens": "newest",
            "token_seconds": 1800,
            "link_minutes": 45,
            "media_429_rate": 20,
            "metadata_delay_s": 900,
            "transcript_late_every": 3,
            "binned_every": 6,
            "reassigned_every": 5,
            "reassigned_after_s": 3600,
            "cdr_late_every": 4,
            "cdr_duplicate_every": 4,
            "feed_window_field": "start",
            "list_window": "recorded",
            "retry_after": "missing",
            "rate_body": "html",
        },
    ) as stage:
        live_through(stage)
        assert_equal(stage, remade=True)
        assert_calls_are_whole(stage)
        assert _list_late(stage) == []


def _list_late(stage: Stage) -> list[Any]:
    """Call records that were stored and never came."""
    known = {row.fact_id for row in ask(stage, "SELECT fact_id FROM fact")}
    now: datetime = stage.clock.now()
    entries = stage.platform.tenant.history.find_all()
    return [e.report_id for e in entries if e.stored_at < now and e.report_id not in known]
