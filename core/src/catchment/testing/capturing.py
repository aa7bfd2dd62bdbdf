"""Runs the whole program on a small World of one platform, and compares what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from catchment.errors import CatchmentError
from catchment.sandbox import Faults
from catchment.testing.gate import Gate, list_secrets
from catchment.testing.judge import Watch, judge, list_truth
from catchment.testing.overhearing import Overheard
from catchment.testing.quiet import catch_up
from catchment.testing.rules import MOST_EVIDENCE
from catchment.testing.stage import HOUR, START, Stage, since_start, staged
from catchment.testing.subject import Subject

MEETINGS, CALLS = 2, 5
"""How much the World of one run holds."""

EVENING = START + timedelta(hours=26)
"""When all that is not late has been offered."""

MOST_RUNS = 8
"""So many runs are given to what was set aside before it counts as lost."""


@contextmanager
def staged_day(
    subject: Subject, name: str, faults: Faults | None = None, **arguments: Any
) -> Iterator[Stage]:
    """The adapter's platform with one day, served until the block is left.

    Whether a secret stands in what is told, logged or kept meanwhile is noted for the rule that
    asks for it.
    """
    gate, overheard = Gate(), Overheard("the program")
    with staged(
        subject.new_folder(name),
        (subject.name,),
        faults=faults,
        switches=dict(subject.switches),
        tables=since_start(subject.name),
        wrap=gate.wrap,
        **{"at": EVENING, "meetings": MEETINGS, "calls": CALLS, **arguments},
    ) as stage:
        stage.tell = lambda event, **fields: overheard.note(f"{event} {fields}")
        with overheard.listening():
            yield stage
        subject.days += 1
        secrets = list_secrets(stage.platform, gate)
        subject.leaks += [f"{name}: {leak}" for leak in overheard.list_leaks(secrets)]
        subject.leaks += [f"{name}: {leak}" for leak in _list_written(stage, secrets)]


def _list_written(stage: Stage, secrets: set[str]) -> Iterator[str]:
    """Files of the program in which one of *secrets* stands."""
    for path in sorted(one for one in stage.folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        if any(secret.encode() in data for secret in secrets):
            yield f"a secret stands in {path.relative_to(stage.folder)}"


def run(stage: Stage) -> Iterator[str]:
    """Let the program run once; evidence where it could not even begin."""
    try:
        stage.run_once()
    except CatchmentError as error:
        yield f"the run ended with {type(error).__name__}: {error}"


def settle(stage: Stage) -> Iterator[str]:
    """Run until the archive equals the truth; evidence where it never does."""
    told = ""
    for number in range(MOST_RUNS):
        yield from run(stage)
        catch_up(stage)
        told = str(judge(stage, remade=True))
        if told == "equal":
            if not list_truth(stage):
                yield "the simulator says that it has made nothing available"
            return
        stage.clock.advance(HOUR * (1 + number))
    yield from told.splitlines()[:MOST_EVIDENCE]


def look(watch: Watch) -> Iterator[str]:
    """Evidence where the watermark has passed what is not accounted for."""
    try:
        watch.look()
    except AssertionError as passed:
        yield f"the watermark {passed}"


def list_silent(watch: Watch) -> Iterator[str]:
    """Evidence where it did so and nobody was told."""
    for _, external_id in watch.list_silent():
        yield f"the watermark passed {external_id!r}, and it was not told as late"


def let_pass(stage: Stage, until: datetime) -> None:
    """Turn the hands to *until*, unless it is later already."""
    stage.clock.set(max(stage.clock.now(), until))
