"""Step ``late``: what is offered late, told twice, or cut off in the middle (T5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial

from catchment.errors import CatchmentError
from catchment.sandbox import Answer, Faults, Lateness
from catchment.testing.capturing import list_silent, look, run, settle, staged_day
from catchment.testing.gate import CUTS
from catchment.testing.judge import Watch, ask
from catchment.testing.listing import LAST
from catchment.testing.misbehaving import QUIET, capture_amid, check_together
from catchment.testing.rules import Declared, NotApplicable
from catchment.testing.scene import Listed
from catchment.testing.stage import HOUR, START, Stage
from catchment.testing.subject import Subject

HOURS = (9, 11, 13, 15, 18, 21, 26, 38, 50, 62, 74, 86, 98)
"""When a runner looks, counted from the first midnight: the day, and the three nights after it."""

rule = Declared("late")
RULES = rule.rules


@rule(
    "late.cut",
    "A listing that breaks off fails; it is never taken for one that came to its end.",
    "Let what the client raises leave poll, raise Unreachable for an answer that cannot be read, "
    "and say last=True only where the platform said so.",
    needs=(LAST,),
)
def check_cut(subject: Subject) -> Iterator[str]:
    """Let the first page come, and break the next one off."""
    fullest = sorted(subject.scene.paged, key=lambda one: (-len(one.pages), -len(one.names)))
    seen: set[str] = set()
    for listed in fullest:
        if listed.span.feed not in seen:
            seen.add(listed.span.feed)
            for what, answer in CUTS.items():
                yield from _cut(subject, listed, what, answer)


def _cut(subject: Subject, listed: Listed, what: str, answer: Answer) -> Iterator[str]:
    scene = subject.scene
    adapter = scene.make()
    scene.ask("account", adapter)  # the token is there before anything breaks
    pages = iter(scene.begin("poll", adapter, span=listed.span))
    with scene.small_pages():
        told = [subject.guard("poll", lambda: next(pages))] if len(listed.pages) > 1 else []
        with scene.gate.answering(lambda asked: answer):
            try:
                told += subject.guard("poll", lambda: list(pages))
            except CatchmentError:
                return
    if told and told[-1].last:
        number = min(2, len(listed.pages))
        yield f"{listed.span.feed}, page {number}: the answer {what}, and poll says it is the last"


def _read_frontiers(stage: Stage) -> dict[object, object]:
    return {
        (row.feed, row.partition): row.frontier
        for row in ask(stage, "SELECT feed, partition, frontier FROM feed")
    }


@rule(
    "late.held",
    "While listings fail, no frontier and no watermark moves; then everything is archived.",
    "Let errors leave poll: whoever answers them with an empty last page moves the frontier over "
    "what nobody has seen.",
    needs=(QUIET,),
)
def check_held(subject: Subject) -> Iterator[str]:
    """A morning as it should be, an afternoon of failing listings, and a quiet night."""
    faults = Faults(seed=5, rates={"server_error": {"list": 1.0}}, most=10**6)
    faults.until = START
    with staged_day(subject, "held", faults, at=START + 12 * HOUR) as stage:
        yield from run(stage)
        watch, before = Watch.of(stage), _read_frontiers(stage)
        marks = watch.look()
        stage.clock.advance(6 * HOUR)
        faults.until = stage.clock.now() + HOUR
        yield from run(stage)
        yield from _compare_frontiers(before, _read_frontiers(stage))
        if marks != watch.look():
            yield "the watermark moved although no listing came to its end"
        stage.clock.advance(8 * HOUR)
        yield from settle(stage)


def _compare_frontiers(
    before: Mapping[object, object], after: Mapping[object, object]
) -> Iterator[str]:
    for name, frontier in before.items():
        if after.get(name) != frontier:
            yield f"the frontier of {name} moved although its listing failed"


@rule(
    "late.items",
    "What is offered a minute to three days late is archived, and the watermark waits or says so.",
    "List by the time of change or completion, or look back by the feed's ladder for as long as "
    "the platform may be late; say NotYet while it works.",
    needs=(QUIET,),
)
def check_items(subject: Subject) -> Iterator[str]:
    """Half of the files are late, by anything up to 72 hours."""
    late = Lateness(0.5, timedelta(minutes=1), timedelta(hours=72))
    with staged_day(subject, "late", Faults(seed=5, late=late), at=START + 9 * HOUR) as stage:
        watch = Watch.of(stage)
        for hour in HOURS[::3] if subject.quick else HOURS:
            stage.clock.set(max(stage.clock.now(), START + hour * HOUR))
            yield from look(watch)
            yield from run(stage)
            yield from look(watch)
        yield from settle(stage)
        yield from list_silent(watch)


MANY = 12
"""So many calls a day has whose listings shall have a second page."""

ROWS: Mapping[str, tuple[str, str]] = {
    "cursor_lost": (
        "A cursor that the platform forgets costs nothing.",
        "Raise CursorLost where the platform says that it does not know the page; the window is "
        "listed again.",
    ),
    "repeat": (
        "Rows that stand in a page twice are archived once.",
        "Take the platform's own ids for external_id and fact_id; repeats may be told.",
    ),
    "shuffle": (
        "Rows in any order are archived as well.",
        "Choose nothing by its place in a page.",
    ),
}


def check_rows(subject: Subject, *, name: str) -> Iterator[str]:
    """Capture a day whose listings behave so, and compare each byte."""
    rates = {name: {"list": 1.0}}
    yield from capture_amid(subject, f"rows-{name}", rates, name, calls=MANY)


for _name, (_sentence, _remedy) in ROWS.items():
    rule(f"late.{_name}", _sentence, _remedy, needs=(QUIET,), sampled=True)(
        partial(check_rows, name=_name)
    )


@rule(
    "secrets.days",
    "On none of these days does a secret or a token stand in what is told, logged or kept.",
    "Build reasons and errors from names and numbers, name in Adapter.withheld the fields that "
    "hold tokens, and put tokens into credentials(), not into Way.headers.",
    needs=(QUIET,),
)
def check_days(subject: Subject) -> Iterator[str]:
    """Read what was noted while days were captured, of which there is at least one."""
    if not subject.days:
        with suppress(NotApplicable):
            for _ in check_together(subject):
                pass  # that is another rule's
    yield from subject.leaks
