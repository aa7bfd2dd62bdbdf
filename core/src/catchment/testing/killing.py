"""Step ``kills``: runners that are killed at each durable boundary and run again (T3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from catchment._crash import CRASHED
from catchment.testing.capturing import list_silent, look, settle, staged_day
from catchment.testing.judge import Watch
from catchment.testing.misbehaving import QUIET
from catchment.testing.rules import Declared, NotApplicable
from catchment.testing.stage import HOUR, Stage
from catchment.testing.subject import Subject

Phase = tuple[str, tuple[str, ...], str]

PHASES: Mapping[str, Phase] = {
    "listing": (
        "while a listing is read",
        ("page.read:recordings", "page.committed", "poll.walked"),
        "Let poll tell everything in its window however often it is asked: what was told before "
        "may have been told to nobody.",
    ),
    "fetching": (
        "while documents and files are asked for, or a list of ids",
        # A list is moved when all is sealed, and nothing is left to be asked for after that.
        ("metadata.read", "files.listed", "recovery.listed", "recovery.moved"),
        "Answer fetch_metadata, fetch_media and recover however often they are asked.",
    ),
    "media": (
        "while files are downloaded and archived",
        ("media.part", "media.verified", "archive.synced", "archive.renamed", "media.committed"),
        "Give out links to a file however often it is asked for.",
    ),
    "sealing": (
        "while interactions are mapped and sealed",
        ("derive.made", "interaction.mapped", "seal.written", "books.written"),
        "Keep map_metadata pure: it is run again, in another process.",
    ),
}
"""When runners are killed, at which points, and what an adapter does about it."""

rule = Declared("kills", QUIET)
RULES = rule.rules


def check_phase(subject: Subject, *, name: str) -> Iterator[str]:
    """Kill a runner at each point in turn, run again, and compare each byte."""
    points = PHASES[name][1]
    killed = 0
    with staged_day(subject, f"kills-{name}", shared_clock=True) as stage:
        watch = Watch.of(stage)
        if name == "fetching":
            _drop_list(stage)
        with stage.ticking() as time:
            for point in points[:1] if subject.quick else points:
                killed += stage.start(crash_at=point).wait(300) == CRASHED
                yield from look(watch)
                time.jump(HOUR)
        yield from settle(stage)
        yield from look(watch)
        yield from list_silent(watch)
        if name == "fetching":
            yield from _read_report(stage)
    if not killed:
        raise NotApplicable("no runner comes to any of these points")


def _drop_list(stage: Stage) -> None:
    """Put a list of one recording into the source's folder, as a person would."""
    stage.inbox.mkdir(parents=True, exist_ok=True)
    wanted = min(row.external_id for row in stage.platform.truth(stage.clock.now()))
    (stage.inbox / "wanted.csv").write_text(f'external_id\n"{wanted}"\n', "utf-8")


def _read_report(stage: Stage) -> Iterator[str]:
    reports = list(stage.processed.glob("*.report.csv")) if stage.processed.is_dir() else []
    if len(reports) != 1:
        yield f"the list of ids has {len(reports)} reports"
    for path in reports:
        yield from (f"the list of ids was answered with {one}" for one in _list_unknown(path))


def _list_unknown(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines()[1:]:
        if ",unknown," in line:
            yield line


for _name, (_when, _points, _remedy) in PHASES.items():
    rule(
        f"kill.{_name}",
        f"A runner that is killed {_when}, and run again, loses nothing and repeats nothing.",
        _remedy,
        sampled=_name not in ("listing", "media"),
    )(partial(check_phase, name=_name))
