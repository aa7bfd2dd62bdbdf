"""What was lost or never asked for is had again: by the system, by a period, by a list (T6)."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.databases import DATABASES
from tests.proof import spoils
from tests.proof.days import MINUTE, a_day, drop_list, list_archived, list_ids, read_mark, settle
from tests.proof.forms import LONG, Tally, choose
from tests.proof.front import Front
from tests.proof.judging import conclude

from catchment._catalogue import gaps
from catchment._catalogue.reasons import GAP
from catchment._engine.alarms import STOPPED, read_standing
from catchment._engine.reporting import report
from catchment._engine.wanted import want_period
from catchment.model import period
from catchment.testing.judge import ask, judge
from catchment.testing.stage import DAY, HOUR, START, Stage

on_databases = pytest.mark.parametrize(
    "catalogue_url", choose(("sqlite",), DATABASES), indirect=True
)

SHORT_LIVED = {"webex_meetings", "webex_calling", "webex_cc"}
"""Their refresh tokens are dead sooner than their lists end."""

TEN_YEARS = {"dynamics"}
"""They list as much, window by window."""

Loss = Callable[[Stage, random.Random], None]
Way = Callable[[Stage], None]


# --- what is lost ---------------------------------------------------------------------------------


def change(stage: Stage, *statements: str) -> None:
    """Change the catalogue behind the program's back."""
    with stage.open() as app, app.database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))


def lose_recordings(stage: Stage, chance: random.Random) -> None:
    """Some recordings, with their files, documents and keys."""
    rows = ask(stage, "SELECT id FROM recording ORDER BY id")
    ids = ", ".join(str(row.id) for row in chance.sample(rows, -(-len(rows) // 2)))
    change(
        stage,
        f"DELETE FROM file WHERE recording_id IN ({ids})",
        f"DELETE FROM document WHERE recording_id IN ({ids})",
        f"DELETE FROM recording_key WHERE recording_id IN ({ids})",
        f"DELETE FROM recording WHERE id IN ({ids})",
    )


def lose_frontiers(stage: Stage, _: random.Random) -> None:
    """How far each feed is listed, and with it the watermark."""
    change(stage, "DELETE FROM walk", "DELETE FROM feed")
    assert read_mark(stage) is None


def lose_jobs(stage: Stage, _: random.Random) -> None:
    """What is to be done."""
    change(stage, "DELETE FROM job")


LOSSES: tuple[Loss, ...] = (lose_recordings, lose_frontiers, lose_jobs)


# --- how it is had again -------------------------------------------------------------------------


def wait_a_day(stage: Stage) -> None:
    """The system looks back by itself."""
    stage.clock.advance(DAY + HOUR)


def name_the_period(stage: Stage) -> None:
    """An operator says ``recover SOURCE --from --to``."""
    with stage.open() as app:
        want_period(app, app.connect(stage.platform.source), START, START + DAY)


def name_the_ids(stage: Stage) -> None:
    """Somebody drops a list of ids into the source's folder."""
    drop_list(stage, "all.csv", list_ids(stage))
    stage.clock.advance(20 * MINUTE)


WAYS: tuple[Way, ...] = (name_the_ids, name_the_period, wait_a_day)

SHORT_PAIRS: list[tuple[Loss, Way]] = [
    *((lose_recordings, way) for way in WAYS),
    (lose_frontiers, name_the_ids),
    (lose_jobs, wait_a_day),
]
LONG_PAIRS: list[tuple[Loss, Way]] = [(lose, way) for lose in LOSSES for way in WAYS] * 20
PAIRS = choose(SHORT_PAIRS, LONG_PAIRS)
"""What is lost, and how it is had again: one after the other."""


@pytest.mark.proof("T6")
@pytest.mark.timeout(900)
@on_databases
def test_what_the_catalogue_lost_is_had_again_in_each_of_three_ways(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """The archive equals the World after each loss and each recovery, and nothing comes twice.

    Proves T6 (S003-5, S003-6, S003-8 to S003-17, S003-23).
    """
    with a_day(tmp_path, adapter, catalogue_url) as stage:
        settle(stage)
        for seed, (lose, recover) in enumerate(PAIRS):
            lose(stage, random.Random(seed))
            tally.injected[f"loss of {lose.__name__.removeprefix('lose_')}"] += 1
            recover(stage)
            settle(stage)
            assert str(judge(stage)) == "equal", (lose.__doc__, recover.__doc__)
        # Each feed is listed again in its own rhythm; until then nobody says how far all reaches.
        wait_a_day(stage)
        settle(stage)
        assert read_mark(stage) is not None
        conclude(stage, tally)


@pytest.mark.proof("T6")
@pytest.mark.timeout(900)
@on_databases
def test_what_is_amid_its_capture_goes_on_although_its_jobs_are_lost(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """The start of a runner finds what is unresolved and has no job; nothing stays open for good.

    Proves T6 and promise 6.
    """
    front = Front()
    with a_day(tmp_path, adapter, catalogue_url, wrap=front.wrap) as stage:
        front.meet(stage)
        with front.spoiling(spoils.refused(503), ("file",)):
            stage.run_once()
        assert front.take_count()
        lose_jobs(stage, random.Random(0))
        tally.injected["loss of jobs amid capture"] += 1
        stage.clock.advance(10 * MINUTE)
        settle(stage)
        conclude(stage, tally)


@pytest.mark.proof("T6")
@pytest.mark.timeout(900)
@on_databases
def test_a_runner_that_stood_still_for_three_days_catches_up_by_itself(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """The system itself sets the period that it missed (T6; S003-4, S003-6, S003-10, S003-12)."""
    with a_day(tmp_path, adapter, catalogue_url, days=4, at=START + 12 * HOUR) as stage:
        stage.run_once()
        before = list_archived(stage)
        stage.clock.advance(3 * DAY + 12 * HOUR)
        tally.injected["stop of three days"] += 1
        settle(stage)
        assert list_archived(stage) > before
        stage.clock.advance(DAY)
        settle(stage)
        conclude(stage, tally)


@pytest.mark.proof("T6")
@pytest.mark.timeout(900)
@on_databases
def test_a_runner_that_stood_still_for_longer_than_the_platform_lists_says_what_it_missed(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """What no feed lists any more is a gap: an alarm, and no report of that time is complete.

    Until a person does without it, with a reason (promises 1 and 6; S003-6).  Where the credential
    did not live as long, the source is stopped, which is told, and nothing is called complete.
    """
    if adapter in TEN_YEARS and not LONG:
        pytest.skip(f"{adapter} lists ten years, which takes minutes: in the long form")
    with a_day(tmp_path, adapter, catalogue_url, at=START + 12 * HOUR) as stage:
        stage.run_once()
        stopped = stage.clock.now()
        with stage.open() as app:
            table = app.settings.source(stage.platform.source)
            feeds = table.kind.feeds_of(table.settings)
        horizons = {feed.name: period(feed.horizon) for feed in feeds}
        stage.clock.advance(max(horizons.values()) + 2 * DAY)
        tally.injected["stop beyond the horizon"] += 1
        settle(stage)
        source = stage.platform.source
        with stage.open() as app:
            alarms = read_standing(app).alarms
            later = report(app, source, stopped, stopped + DAY, ask=False)
            assert not later.complete
            if adapter in SHORT_LIVED:
                assert STOPPED in {one.kind for one in alarms}
                return
            told = {one.example for one in alarms if one.kind == GAP}
            assert {name.split("/")[1] for name in told} == set(horizons)
            assert {one.feed for one in later.not_listed if not one.excused} == set(horizons)
            for name in told:
                with app.database.read() as connection:
                    found = gaps.find(connection, name)
                assert found is not None
                gaps.skip(app.database, found, who="a person", why="proved", now=app.now())
            later = report(app, source, stopped, stopped + DAY, ask=False)
            assert all(one.excused for one in later.not_listed)
            assert not [one for one in read_standing(app).alarms if one.kind == GAP]


# --- lists --------------------------------------------------------------------------------------


def read_report(stage: Stage, name: str) -> dict[int, str]:
    """What became of each line of a list."""
    with (stage.processed / name).open(encoding="utf-8", newline="") as stream:
        return {int(row[0]): row[2] for row in list(csv.reader(stream))[1:]}


@pytest.mark.proof("T6")
@pytest.mark.timeout(900)
@on_databases
def test_a_list_is_moved_once_when_it_is_whole_and_its_bad_lines_are_told(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """A list that somebody still writes stays, and every line of it is answered in the end.

    Proves T6 (S003-18 to S003-27).
    """
    with a_day(
        tmp_path, adapter, catalogue_url, at=START + 30 * HOUR, own={"since": "1h"}
    ) as stage:
        stage.run_once()
        assert list_archived(stage) == set()
        ids = list_ids(stage)
        stage.inbox.mkdir(parents=True, exist_ok=True)
        with (stage.inbox / "wanted.csv").open("w", encoding="utf-8") as stream:
            stream.write(f"# wanted\n{ids[0]}\n")
            stream.flush()
            for _ in range(2):
                stage.clock.advance(20 * MINUTE)
                stage.run_once()
                assert list_names(stage) == (["wanted.csv"], [])
            tally.injected["list being written"] += 1
            stream.write("".join(f"{one}\n" for one in ids[1:]))
            stream.write(f'"not closed\n\0\n{ids[0]}\n')
        for _ in range(3):
            stage.clock.advance(20 * MINUTE)
            settle(stage)
            assert list_names(stage) == ([], ["wanted.csv", "wanted.report.csv"])
        found = range(2, len(ids) + 2)
        last = len(ids) + 4
        tally.injected["bad line"] += 2
        assert read_report(stage, "wanted.report.csv") == {
            **dict.fromkeys(found, "found"),
            last - 2: "refused",
            last - 1: "refused",
            last: "found",
        }
        conclude(stage, tally)


def list_names(stage: Stage) -> tuple[list[str], list[str]]:
    """What lies in the folder for lists, and where they go."""
    folders = (stage.inbox, stage.processed)
    told = [sorted(path.name for path in one.iterdir()) if one.exists() else [] for one in folders]
    return told[0], told[1]
