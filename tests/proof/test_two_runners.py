"""T14: two runners, one of which sleeps, is cut off, or has a wrong clock (promises 1 and 2)."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests.databases import DATABASES
from tests.proof.cable import Cable
from tests.proof.forms import ADAPTERS, LONG, Tally, choose
from tests.proof.judging import build_tables, conclude
from tests.proof.service import PATIENCE_S, UNANSWERED, Service
from tests.proof.sleepers import freeze_amid
from tests.together.harness import staged

from catchment._engine.application import Application
from catchment.sandbox import Faults
from catchment.testing.judge import Watch, ask_app, is_idle
from catchment.testing.quiet import settle
from catchment.testing.stage import HOUR, LEASE, START, Process

KINDS = ("poll", "media", "seal")
"""Jobs at which a runner falls asleep: it asks, it downloads, it writes the archive's word."""

SKEW = timedelta(minutes=10)

SLEEPS = [
    (adapter, kind, database)
    for number, adapter in enumerate(ADAPTERS)
    for place, kind in enumerate(KINDS)
    for which, database in enumerate(DATABASES)
    if LONG or (number % len(KINDS), number % len(DATABASES)) == (place, which)
]
"""Each adapter with one kind of job on one database; with all of them in the long form."""

SKEWS = [
    (adapter, database)
    for number, adapter in enumerate(ADAPTERS)
    for which, database in enumerate(DATABASES)
    if LONG or number == which  # the first adapter on the first database, the second on the other
]


def make_faults() -> Faults:
    """Enough that each job has to be tried again now and then."""
    rates = {"list": 0.05, "document": 0.05, "download": 0.1}
    return Faults(seed=4, rates={"reset": rates, "truncate": rates})


def is_taken(app: Application, kind: str, held: dict[str, int]) -> bool:
    """Whether each of the jobs that one runner held was claimed once more."""
    rows = ask_app(app, f"SELECT key, fence FROM job WHERE kind = '{kind}'")
    fences = {row.key: row.fence for row in rows}
    return all(key not in fences or fences[key] > fence for key, fence in held.items())


def end(runners: list[Process]) -> None:
    """Ask the runners to end, as an administrator would; each does, cleanly."""
    for runner in runners:
        runner.send(signal.SIGTERM)
    assert [runner.wait(PATIENCE_S) for runner in runners] == [0] * len(runners)
    for runner in runners:
        assert "Traceback" not in runner.log.read_text("utf-8")


@pytest.mark.proof("T14")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("adapter", "kind", "catalogue_url"), SLEEPS, indirect=["catalogue_url"])
def test_runner_that_wakes_as_a_zombie_does_nothing_twice(
    tmp_path: Path, adapter: str, kind: str, catalogue_url: str, tally: Tally
) -> None:
    """A runner falls asleep in the middle of a job, and wakes when another one has done it.

    No effect happens twice, and nothing is lost (promise 2): the fence of the job is the other's.
    """
    with (
        staged(
            tmp_path,
            of=(adapter,),
            meetings=4,
            calls=6,
            at=START + 20 * HOUR,
            faults=make_faults(),
            shared_clock=True,
            # Sealed at once, so that it is done bit by bit and somebody can fall asleep at it.
            tables={**build_tables((adapter,), catalogue_url), "seal": {"quiet": "0s"}},
        ) as stage,
        stage.open() as app,
        ExitStack() as dying,
    ):
        with stage.ticking(2) as time:  # slowly: a lease must not run out under one who works
            zombie = stage.start(once=False, name="zombie")
            dying.callback(zombie.kill)
            held = freeze_amid(zombie, stage, app, kind)
            tally.injected["sleep"] += 1
            steady = stage.start(once=False, name="steady")
            dying.callback(steady.kill)
            time.jump(LEASE + timedelta(minutes=1))
            awake = Service(app, tally, steady)
            awake.wait_until(lambda: is_taken(app, kind, held), "the other takes over")
            awake.wait_until(lambda: is_idle(app), "the other has done what was left")
            zombie.send(signal.SIGCONT)
            time.jump(HOUR)
            both = Service(app, tally, zombie, steady)
            both.wait_until(lambda: is_idle(app), "both have done an hour's work")
            end([zombie, steady])
        watch = Watch.of(stage)
        settle(stage)
        watch.look()
        assert watch.list_silent() == []
        # No call is quiet for longer than nothing: its audio may be made before its last recording.
        conclude(stage, tally, remade=True)


@pytest.mark.proof("T14")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("adapter", "catalogue_url"), SKEWS, indirect=["catalogue_url"])
def test_runners_whose_clocks_are_wrong_do_everything_once(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """One clock is ten minutes slow and the other ten fast: more than a lease lies between them.

    Each takes what the other holds for given up, and no file is archived twice; windows end by the
    platform's time, so that nothing is passed over; and both logs say that the clock is wrong.
    """
    with (
        staged(
            tmp_path,
            of=(adapter,),
            meetings=4,
            calls=6,
            at=START + 11 * HOUR,
            faults=make_faults(),
            shared_clock=True,
            tables=build_tables((adapter,), catalogue_url),
        ) as stage,
        stage.open() as app,
        ExitStack() as dying,
    ):
        watch = Watch.of(stage)
        with stage.ticking(5) as time:
            runners = [
                stage.start(once=False, name=f"{skew}", clock=time.skew(skew))
                for skew in (-SKEW, SKEW)
            ]
            for runner in runners:
                dying.callback(runner.kill)
            tally.injected["skewed clock"] += len(runners)
            listed = "SELECT 1 FROM feed WHERE frontier IS NOT NULL"
            both = Service(app, tally, *runners)
            both.wait_until(lambda: bool(ask_app(app, listed)), "something is listed")
            for _ in range(4):
                time.jump(2 * HOUR)
                both.wait_until(lambda: is_idle(app), "the work of two hours is done")
            end(runners)
            told = [runner.log.read_text("utf-8") for runner in runners]
        assert any("clock.skewed" in log for log in told)
        watch.look()
        settle(stage)
        watch.look()
        assert watch.list_silent() == []
        # What is quiet for long enough by the fast clock may be news by the slow one.
        conclude(stage, tally, remade=True)


@pytest.mark.proof("T14")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("catalogue_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("adapter", choose(ADAPTERS[:1], ADAPTERS))
def test_runner_that_loses_its_database_for_a_while_loses_nothing(
    tmp_path: Path, adapter: str, catalogue_url: str, tally: Tally
) -> None:
    """The cable between one runner and the database is pulled in the middle of its work.

    It says so and ends, and is started again, as ``docs/operating.md`` has the system do it; the
    other one does what it held, and once the cable is back it works on by itself.
    """
    server = make_url(catalogue_url)
    with (
        Cable((server.host or "127.0.0.1", server.port or 5432)) as cable,
        staged(
            tmp_path,
            of=(adapter,),
            meetings=4,
            calls=6,
            at=START + 11 * HOUR,
            shared_clock=True,
            tables=build_tables((adapter,), catalogue_url),
        ) as stage,
        stage.open() as app,
        ExitStack() as dying,
    ):
        behind = server.set(host="127.0.0.1", port=cable.port)
        other = tmp_path / "behind.toml"
        text = stage.settings_path.read_text("utf-8")
        assert catalogue_url in text
        other.write_text(
            text.replace(catalogue_url, behind.render_as_string(hide_password=False)), "utf-8"
        )
        working = "SELECT 1 FROM job WHERE runner IS NOT NULL"
        with stage.ticking(5) as time:
            cut = stage.start(once=False, name="cut", settings=other)
            dying.callback(cut.kill)
            Service(app, tally, cut).wait_until(
                lambda: bool(ask_app(app, working)), "it is at work"
            )
            cable.pull()
            tally.injected["partition"] += 1
            assert cut.wait(PATIENCE_S) == 1
            assert UNANSWERED in " ".join(cut.said.split())
            steady = stage.start(once=False, name="steady")
            dying.callback(steady.kill)
            time.jump(LEASE + timedelta(minutes=1))
            Service(app, tally, steady).wait_until(
                lambda: is_idle(app), "the other has done what was left"
            )
            cable.plug()
            again = stage.start(once=False, name="again", settings=other)
            dying.callback(again.kill)
            end([steady])
            alone = Service(app, tally, again)
            for _ in range(3):
                time.jump(2 * HOUR)
                alone.wait_until(lambda: is_idle(app), "the first works on alone")
            end([again])
        settle(stage)
        conclude(stage, tally)
