"""A few small days of any platform, and what the proofs ask of their catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

from tests.proof.judging import build_tables
from tests.together.harness import staged

from catchment.sandbox import Faults
from catchment.testing.judge import ask, read_watermark
from catchment.testing.stage import HOUR, START, Stage, Wrap

MINUTE = timedelta(minutes=1)

PROMPT: Mapping[str, Mapping[str, object]] = {
    "webex_cc": {"visible_after_s": 60, "recording_after_s": 60, "never_every": 0}
}
"""Switches with which a platform offers everything within the day."""


def a_day(
    folder: Path,
    adapter: str,
    url: str = "",
    *,
    at: datetime = START + 30 * HOUR,
    days: int = 1,
    meetings: int = 2,
    calls: int = 3,
    faults: Faults | None = None,
    wrap: Wrap | None = None,
    own: Mapping[str, object] | None = None,
) -> AbstractContextManager[Stage]:
    """A small World, told by one platform from its first day on.

    The call history of Webex Calling, which may be asked once a minute, is left out: its own tests
    read it.

    Args:
        folder: Where everything lies.
        adapter: The platform.
        url: The catalogue; empty for SQLite beside the settings.
        at: The time to begin with.
        days: How many days the World has.
        meetings: How many meetings each day has.
        calls: How many calls each day has.
        faults: What goes wrong.
        wrap: What stands in front of each host.
        own: Settings of the source.
    """
    tables = build_tables((adapter,), url)
    quick = {"call_records": False} if adapter == "webex_calling" else {}
    tables[adapter] = {**tables[adapter], **quick, **(own or {})}
    return staged(
        folder,
        of=(adapter,),
        meetings=meetings,
        calls=calls,
        days=days,
        at=at,
        faults=faults,
        switches=PROMPT.get(adapter),
        wrap=wrap,
        tables=tables,
    )


def settle(stage: Stage) -> None:
    """Run until everything is accounted for, as it is when nothing goes wrong any more."""
    for _ in range(12):
        stage.run_once()
        if not ask(
            stage,
            "SELECT 1 FROM file WHERE state NOT IN ('archived', 'gone')"
            " UNION SELECT 1 FROM recording WHERE state NOT IN ('quiet', 'gone')"
            " UNION SELECT 1 FROM walk",
        ):
            return
        stage.clock.advance(HOUR)


def list_archived(stage: Stage) -> set[str]:
    """Hashes of the platforms' own files that count as archived."""
    rows = ask(stage, "SELECT sha256 FROM file WHERE state = 'archived' AND recipe = ''")
    return {row.sha256 for row in rows}


def read_mark(stage: Stage) -> datetime | None:
    """The watermark of the stage's source."""
    with stage.open() as app:
        return read_watermark(app, stage.platform.source)


def drop_list(stage: Stage, name: str, lines: Iterable[str]) -> None:
    """Put a list of ids into the source's folder."""
    stage.inbox.mkdir(parents=True, exist_ok=True)
    (stage.inbox / name).write_text("".join(f"{line}\n" for line in lines), "utf-8")


def list_ids(stage: Stage) -> list[str]:
    """The ids of everything that was offered until now, as lines of a list."""
    rows = stage.platform.truth(stage.clock.now())
    return [write_cell(name) for name in sorted({row.external_id for row in rows})]


def write_cell(text: str) -> str:
    """*text* as it stands in a CSV."""
    return '"' + text.replace('"', '""') + '"'
