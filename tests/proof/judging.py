"""How a proof ends: the judge's verdict is counted in the tally, and then nothing may be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tests.proof.forms import Tally

from catchment._catalogue.report import MISSING, NOT_YET
from catchment._catalogue.sources import find
from catchment._engine.reporting import INCOMPLETE, report
from catchment.testing.judge import Comparison, judge, list_truth, read_watermark
from catchment.testing.stage import START, Stage, since_start

GIVEN_UP = {MISSING, NOT_YET, "gone"}
"""What a platform told of and never had, as simulators do: no report calls that complete.

No recording is "not yet" where the judge has found everything settled; a fact that expects one may.
"""

Tables = dict[str, Mapping[str, object]]


def build_tables(of: Sequence[str], catalogue_url: str, start: datetime = START) -> Tables:
    """Settings of the sources *of*, none of which looks before *start*, and of their catalogue."""
    catalogue: Tables = {"catalogue": {"url": catalogue_url}} if catalogue_url else {}
    return since_start(*of, start=start) | catalogue


def conclude(
    stage: Stage, tally: Tally, *, excused: set[str] | None = None, remade: bool = False
) -> Comparison:
    """Judge, count what was offered, survived, was lost or came twice, and fail where anything did.

    Faults are counted as the simulators did them.  Everything else that was injected is the proof's
    own to count.
    """
    verdict = judge(stage, excused=excused, remade=remade)
    offered = {one for one in list_truth(stage) if one.file_id not in (excused or ())}
    tally.offered += len(offered)
    tally.lost += len(verdict.missing)
    tally.duplicated += len(verdict.duplicates) + len(verdict.invented)
    tally.survived += len(offered - {*verdict.missing, *verdict.duplicates})
    for faults in {id(one.faults): one.faults for one in stage.platforms}.values():
        kinds = {kind: number for kind, number in faults.counts.items() if "." not in kind}
        tally.injected.update(kinds)
    assert offered, "the platform has offered nothing, so nothing is proved"
    assert str(verdict) == "equal", str(verdict)
    assert_reported(stage)
    return verdict


def assert_reported(stage: Stage) -> None:
    """What lies behind each watermark is told as complete, but for what the platform has not got.

    It is asked where the judge has found that everything is there, so that a report which is wrong
    either way is seen: the judge has counted what is gone, with a reason.
    """
    now = stage.clock.now()
    with stage.open() as app:
        for platform in stage.platforms:
            mark = read_watermark(app, platform.source)
            rows = [one for one in platform.truth(now) if one.began_at is not None]
            if mark is None or not rows:
                continue
            table, row = app.settings.source(platform.source), find(app.database, platform.source)
            assert row is not None
            began = min(one.began_at for one in rows if one.began_at is not None)
            began = max(began, table.starts_at(row.pinned_at) or began)
            if began >= mark:
                continue
            told = report(app, platform.source, began, mark, ask=False)
            reasons = {kind for kind, count in told.gaps.items() if count and kind in INCOMPLETE}
            left = [one for one in told.not_listed if not one.excused]
            others = [one for one in told.differences if one.kind in reasons - GIVEN_UP]
            assert not others, f"{platform.source}: {others}"
            assert not left, f"{platform.source}: {left}"
            assert told.complete == (not reasons)
