"""What comes late, in pieces or in another order is archived, and the watermark waits (T5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.databases import DATABASES
from tests.proof import spoils
from tests.proof.days import MINUTE, a_day, drop_list, list_ids, settle
from tests.proof.forms import Tally, choose
from tests.proof.front import Front
from tests.proof.judging import conclude

from catchment.model import period
from catchment.sandbox import ASGIApp, Faults
from catchment.testing.gate import Gate
from catchment.testing.judge import Held, Watch, ask, ask_app, judge
from catchment.testing.stage import DAY, HOUR, START, Stage

DELAYS = {"1 min": MINUTE, "1 h": HOUR, "26 h": 26 * HOUR, "72 h": 72 * HOUR}

NEEDS_A_LIST = {"webex_cc"}
"""Platforms of which something is given up that comes 72 hours late, and then not found again by
itself: a person has to ask for it by its id, which stands in ``status`` and ``report``."""

on_databases = pytest.mark.parametrize(
    "catalogue_url", choose(("sqlite",), DATABASES), indirect=True
)


@dataclass
class Staggered(Faults):
    """Every item is offered late, by one of a few delays."""

    by: tuple[timedelta, ...] = ()
    told: dict[str, timedelta] = field(default_factory=dict)

    def delay(self, item_id: str) -> timedelta:
        """How much later than usual the item is offered."""
        chosen = self.by[self.draw("late", item_id) % len(self.by)]
        return self.told.setdefault(item_id, chosen)


def look_when_late(watch: Watch) -> Callable[..., None]:
    """Look at the watermark in the moment in which a page has told of something late."""

    def tell(event: str, **fields: Any) -> None:
        if event == "page.listed" and fields["late"]:
            watch.look()

    return tell


def live(stage: Stage, watch: Watch, *hours: int) -> None:
    """Run at these hours of the World, looking at the watermark before and after."""
    for hour in hours:
        stage.clock.set(max(stage.clock.now(), START + hour * HOUR))
        watch.look()
        stage.run_once(look_when_late(watch))
        watch.look()


def assert_given_up_visibly(stage: Stage, missing: list[Held]) -> None:
    """What was given up is listed as gone, with a reason, in the recording or in the file."""
    rows = ask(
        stage,
        "SELECT r.external_id, f.file_id, r.state AS whole, r.reason AS why, f.state, f.reason"
        " FROM recording r LEFT JOIN file f ON f.recording_id = r.id",
    )
    gone = {row.external_id for row in rows if row.whole == "gone" and row.why}
    files = {(row.external_id, row.file_id) for row in rows if row.state == "gone" and row.reason}
    for held in missing:
        assert held.external_id in gone or (held.external_id, held.file_id) in files, held


MIXED = {"mixed": tuple(DELAYS.values())}
CHOSEN: Mapping[str, tuple[timedelta, ...]] = choose(
    MIXED, {name: (delay,) for name, delay in DELAYS.items()}
)


@pytest.mark.proof("T5")
@pytest.mark.timeout(900)
@on_databases
@pytest.mark.parametrize("delays", CHOSEN.values(), ids=CHOSEN)
def test_what_comes_late_is_archived_and_the_watermark_waits_for_it(
    tmp_path: Path, adapter: str, catalogue_url: str, delays: tuple[timedelta, ...], tally: Tally
) -> None:
    """Nothing that comes late is missed, and no watermark passes it in silence.

    What was promised and does not come within the adapter's patience is ``gone``, with a reason;
    when it comes after that, it is found by the next look back or by a list of ids.

    Proves T5 and promise 1 (S003-3, S003-17).
    """
    late = Staggered(seed=5, by=delays)
    with a_day(
        tmp_path, adapter, catalogue_url, at=START + 9 * HOUR, meetings=2, calls=6, faults=late
    ) as stage:
        watch = Watch.of(stage)
        live(stage, watch, 10, 13, 16, 20, 24, 36, 44, 60, 84, 92, 120, 144)
        for delay in late.told.values():
            tally.injected[f"late by {delay}"] += 1
        missing = judge(stage).missing
        # What was given up is accounted for; a watermark may pass it.
        silent = {external_id for _, external_id in watch.list_silent()}
        assert silent <= {held.external_id for held in missing}
        assert_given_up_visibly(stage, missing)
        assert not missing or adapter in NEEDS_A_LIST
        if missing:
            drop_list(stage, "late.csv", list_ids(stage))
            stage.clock.advance(HOUR)
            settle(stage)
        conclude(stage, tally)


@pytest.mark.proof("T5")
@pytest.mark.timeout(900)
@on_databases
def test_a_listing_that_breaks_off_fails_and_moves_nothing(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """No frontier passes a page that did not come, and no watermark what is not listed.

    Pages are small, their rows come twice and in no order, and page tokens die; of each address
    one answer comes and those after it are cut short.  News that fitted into that answer are
    listed, and their frontier moves; that of a listing that broke off stays where it was.

    Proves T5 and promise 1 (S003-2, S003-30).
    """
    front, gate = Front(after=1), Gate()
    odd = {"list": 0.5}
    rates = {"repeat": odd, "shuffle": odd, "cursor_lost": {"list": 0.2}}
    faults = Faults(seed=3, rates=rates, until=START + 30 * HOUR)

    def wrap(name: str, app: ASGIApp) -> ASGIApp:
        return front.wrap(name, gate.wrap(name, app))

    with (
        a_day(
            tmp_path,
            adapter,
            catalogue_url,
            at=START + 9 * HOUR,
            meetings=6,
            calls=12,
            faults=faults,
            wrap=wrap,
        ) as stage,
        gate.narrowing(2),
    ):
        watch = Watch.of(stage)
        settle(stage)
        front.meet(stage)
        for hours, spoil in ((13, spoils.shortened), (16, spoils.refused(500)), (20, spoils.cut)):
            stage.clock.set(max(stage.clock.now(), START + hours * HOUR))
            watch.look()
            with front.spoiling(spoil, ("answer",)):
                stage.run_once()
            tally.injected["page that did not come"] += front.take_count()
            assert list_failing(stage)
            reached = list_reached(stage)
            tally.injected["listing of news that broke off"] += len(reached)
            assert all(reached.values()), reached
            watch.look()
        stage.clock.set(START + 30 * HOUR)
        stage.run_once()
        watch.look()
        for _ in range(2):  # what a platform promised and never stores is given up
            stage.clock.advance(4 * DAY)
            stage.run_once()
        settle(stage)
        assert tally.injected["listing of news that broke off"]
        assert watch.passed == set()
        conclude(stage, tally)


def list_reached(stage: Stage) -> dict[tuple[str, str], bool]:
    """The feeds and parts whose news are not listed whole, and whether the frontier waits for them.

    A walk of news begins one grain of the platform's time before the frontier.
    """
    question = (
        "SELECT f.feed, f.partition, f.frontier AS reached, w.position AS still FROM feed f"
        " JOIN walk w ON w.feed = f.feed AND w.partition = f.partition"
        " WHERE w.purpose = 'frontier' AND f.frontier IS NOT NULL ORDER BY w.id"
    )
    with stage.open() as app:
        table = app.settings.source(stage.platform.source)
        grains = {one.name: period(one.resolution) for one in table.kind.feeds_of(table.settings)}
        names = [(row.feed, row.partition) for row in ask_app(app, question)]
        reached, still = (ask_app(app, question, column) for column in ("reached", "still"))
    return {
        name: at <= start + grains[name[0]]
        for name, at, start in zip(names, reached, still, strict=True)
    }


def list_failing(stage: Stage) -> set[tuple[str, str]]:
    """The feeds and parts whose last listing failed."""
    rows = ask(stage, "SELECT feed, partition FROM feed WHERE error IS NOT NULL")
    return {(row.feed, row.partition) for row in rows}
