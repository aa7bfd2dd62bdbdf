"""``demo``: a simulated day, captured in front of somebody who has just installed the program."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catchment.cli import telling
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.needs import print_needs, say_needs
from catchment.cli.printing import (
    Cell,
    Content,
    print_json,
    print_line,
    print_table,
    print_title,
)
from catchment.cli.sandbox import leave_out_unwritten, load_kinds
from catchment.cli.wording import say_moment, say_program, say_size
from catchment.errors import Misuse

if TYPE_CHECKING:
    from catchment._catalogue.search import Hit
    from catchment._engine.application import Application
    from catchment.clock import ManualClock
    from catchment.sandbox import Faults, Simulator, TruthRow
    from catchment.settings import Settings

SEED = 20
MEETINGS = 10
CALLS = 10
STEP = timedelta(minutes=30)
"""A run asks a call history once, for two hours at most; hourly runs would fall behind it."""

DAY = timedelta(hours=24)
LATE = timedelta(minutes=20)
LATEST = timedelta(hours=9)
"""Late files are offered between these lengths of time after the others."""

QUIET = timedelta(hours=12)
"""So long the demo goes on after the day, while nothing goes wrong any more."""

TOLD = "The platforms misbehave on purpose; what fails is tried again."

TROUBLE: Mapping[str, Mapping[str, float]] = {
    "throttle": {"list": 0.1, "download": 0.03},
    "server_error": {"list": 0.05, "download": 0.03},
    "reset": {"download": 0.03},
    "truncate": {"download": 0.03},
    "html": {"download": 0.03},
    "expired_link": {"download": 0.03},
    "repeat": {"list": 0.1},
    "shuffle": {"list": 0.1},
}


@dataclass(frozen=True, slots=True)
class Score:
    """The archive of one source against what its platform offered.

    Attributes:
        offered: Files that the platform offered in the end.
        archived: Platform files in the archive.
        missing: Offered and not archived with the same bytes.
        invented: Archived and never offered.
        size_bytes: Size of what is archived.
        late: Offered files that came after the others of their recording.
        faults: How often the platform misbehaved.
        complete_to: The watermark.
    """

    source: str
    offered: int
    archived: int
    missing: int
    invented: int
    size_bytes: int
    late: int
    faults: int
    complete_to: datetime | None


@click.command()
@click.option(
    "--keep",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where archive and catalogue go: a new or empty folder; a temporary one without it.",
)
@click.option(
    "--meetings", type=click.IntRange(0), default=MEETINGS, show_default=True, help="That day."
)
@click.option("--calls", type=click.IntRange(0), default=CALLS, show_default=True, help="That day.")
@json_option
@pass_frame
def demo(frame: Frame, folder: Path | None, meetings: int, calls: int, as_json: bool) -> int:
    """Capture a simulated day of every installed platform, and compare.

    The platforms misbehave as real ones do: they throttle, cut connections, and offer some files
    hours late.  The day passes in under a minute.  What was captured stays in the folder; the
    sounds of which it is made, a megabyte, are kept in ~/.cache/catchment for the next time.
    """
    from catchment._engine.alarms import read_standing
    from catchment.clock import ManualClock
    from catchment.sandbox import World, serve, write_config
    from catchment.settings import read_settings

    kinds = load_kinds()
    root = prepare_folder(folder)
    midnight = frame.clock().now().replace(hour=0, minute=0, second=0, microsecond=0) - 2 * DAY
    clock = ManualClock(midnight + STEP)
    world = World(SEED, midnight, days=1, meetings=meetings, calls=calls)
    made = [kind(world, clock, _build_faults(midnight)) for kind in kinds]
    simulators = leave_out_unwritten(made)
    config = root / "catchment.toml"
    if not as_json:
        print_line(Cell(TOLD, "faint"))
    with serve(simulators):
        write_config(config, simulators, secrets=root / "secrets", since=world.start)
        settings = read_settings(config)
        with _open(settings, clock) as app:
            capture_day(app, clock, midnight + DAY + QUIET, aloud=not as_json)
            scores = list(compare(app, simulators))
            hits = _find_examples(app)
            standing = read_standing(app)
            needs = say_needs(standing.alarms, standing.now)
    if as_json:
        print_json({"folder": str(root), "sources": scores, "needs": needs})
    else:
        _print_scores(scores)
        print_needs(needs)
        print_ways(config, hits)
        if folder is None:
            print_line(f"All of it is in {root}, which you may remove when you have seen enough.")
    return 1 if any(one.missing or one.invented for one in scores) or any(needs.values()) else 0


def prepare_folder(folder: Path | None) -> Path:
    """The folder to work in.

    Raises:
        Misuse: It holds something already.
    """
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="catchment-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Misuse(
            f"the folder {folder} is not empty", remedy="Name a new one: its files are kept."
        )
    return folder.resolve()


def _build_faults(midnight: datetime) -> Faults:
    from catchment.sandbox import Faults, Lateness

    late = Lateness(share=0.15, least=LATE, longest=LATEST)
    return Faults(seed=SEED, rates=TROUBLE, until=midnight + DAY, late=late)


def _open(settings: Settings, clock: ManualClock) -> Application:
    from catchment._engine.application import Application

    return Application.open(settings, clock)


def capture_day(app: Application, clock: ManualClock, until: datetime, *, aloud: bool) -> None:
    """Let a runner look every half hour, as one that is always there would more often."""
    from catchment._engine.runner import Runner

    names = app.choose([])
    log = app.settings.log.model_copy(update={"level": "error"})
    with telling.telling(log, clock, what="") as teller:
        app.tell = teller
        while clock.now() < until:
            at = clock.now()
            if teller.progress is not None:
                teller.progress.say(f"{at:%a %H:%M}")
            teller.tallies.clear()
            app.stop.clear()
            Runner(app, names, once=True).run()
            if aloud:
                _print_hour(at, teller)
            clock.set(max(at + STEP, clock.now()))


def _print_hour(at: datetime, teller: telling.Teller) -> None:
    for name, tally in teller.tallies.items():
        if tally.new or tally.files:
            line = Cell(f"{at:%a %H:%M}  ", "faint"), f"{name}: {tally}"
            if teller.progress is not None:
                teller.progress.print(f"{line[0].text}{line[1]}")
            else:
                print_line(*line)


def compare(app: Application, simulators: Sequence[Simulator]) -> Iterator[Score]:
    """Compare the archive, source by source, with what the platforms offered."""
    from catchment._catalogue.inventory import list_held
    from catchment._engine.alarms import list_statuses

    statuses = {one.name: one for one in list_statuses(app)}
    for simulator in simulators:
        truth = list(simulator.truth(app.now()))
        offered = {(row.external_id, row.file_id, row.sha256) for row in truth}
        held = list(list_held(app.database, simulator.source))
        archived = {(one.external_id, one.file_id, one.sha256) for one in held}
        one = statuses[simulator.source]
        counts = simulator.faults.counts
        yield Score(
            source=simulator.source,
            offered=len(offered),
            archived=len(held),
            missing=len(offered - archived),
            invented=len(archived - offered),
            size_bytes=sum(one.bytes for one in held),
            late=_count_late(truth),
            faults=sum(number for name, number in counts.items() if "." not in name),
            complete_to=one.watermark.at,
        )


def _count_late(truth: Sequence[TruthRow]) -> int:
    first: dict[str, datetime] = {}
    for row in truth:
        at = first.setdefault(row.external_id, row.available_at)
        first[row.external_id] = min(at, row.available_at)
    return sum(row.available_at - first[row.external_id] >= LATE for row in truth)


def _find_examples(app: Application) -> list[Hit]:
    from catchment._catalogue.search import Query, search

    hits = search(app.database, Query(with_media=True, limit=100), app.now())
    return sorted(hits, key=lambda hit: (hit.version, len(hit.media)), reverse=True)


def _print_scores(scores: Sequence[Score]) -> None:
    print_title("What the platforms offered, and what is in the archive")
    heads = ("source", "offered", "archived", "missing", "invented", "size", "late", "faults")
    print_table(
        (*heads, "complete to (UTC)"),
        [_row(one) for one in scores],
        right=range(1, 8),
        spare=(7, 6),
    )
    print_line(Cell("late: files that were offered after the others of their recording", "faint"))


def _row(one: Score) -> Sequence[Content]:
    return (
        one.source,
        one.offered,
        one.archived,
        Cell(f"{one.missing:,}", "bad" if one.missing else "good"),
        Cell(f"{one.invented:,}", "bad" if one.invented else "good"),
        say_size(one.size_bytes),
        one.late,
        one.faults,
        say_moment(one.complete_to),
    )


def print_ways(config: Path, hits: Sequence[Hit]) -> None:
    """What to type next, to look at what was captured."""
    command = f"{say_program()} --config {shlex.quote(str(config))}"
    words = (word for hit in hits for word in hit.subject.split() if word.isalpha())
    print_title("Look further")
    if hits:
        print_line(f"  {command} search {next(words, '').lower()}".rstrip())
    for hit in hits[:1]:
        print_line(f"  {command} show {hit.interaction_id}")
    print_line(f"  {command} verify")
