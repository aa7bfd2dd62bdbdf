"""What a runner asks of the catalogue takes no longer because more is archived."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from tests.core.engine.platform import HOUR, Stage, TinOfPeople

from catchment.model import Person, Ref

GROWING = (
    "attribute|book|contact|document|fact|file|interaction|job|key|media|party|person_ref|recording"
)
"""Tables with rows for all that was ever archived."""

WALKED = re.compile(
    # What reads a table, or all of it that is a source's, which may be one and the same.
    rf"SCAN ({GROWING})\b"
    rf"|SEARCH ({GROWING}) USING (COVERING )?INDEX \w+ \((source_id|tenant|kind)=\?\)"
)
FEW = re.compile(r"ix_(interaction_(parked|survivor|unsealed)|job_due)\b")
"""Indexes of a few rows only."""

ALLOWED = (
    "SELECT media.sha256 FROM media LIMIT",  # whether there is any
    "SELECT DISTINCT party.interaction_num",  # after a look at the directory: whose name is known
)
"""How those statements begin that may."""


@contextmanager
def noting() -> Iterator[dict[str, Any]]:
    """Every statement that is run inside the block, with values that it was run with."""
    asked: dict[str, Any] = {}

    def note(
        _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", statement):
            asked.setdefault(statement, values[0] if many else values)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_no_step_of_a_run_walks_what_was_archived(stage: Stage) -> None:
    """Recordings that come, change, are joined, renamed and sealed anew find what they need by key.

    The planner of SQLite decides by the indexes alone, so an empty catalogue shows what it does in
    a full one.
    """
    stage.configure(base=TinOfPeople)
    stage.cloud.people = lambda: iter(
        [Person((Ref("user", "u1"),), "Ada Example", "a@example.com")]
    )
    with noting() as asked:
        for number in range(1, 5):
            stage.cloud.hold(f"c{number}", ago=number * HOUR, keys=(f"k{number}",))
        stage.run()
        stage.wait(HOUR)
        stage.cloud.hold("c5", ago=-HOUR / 2, keys=("k1", "k2"))
        stage.run()
        stage.configure(base=TinOfPeople, mapper="tin 2")
        stage.wait(7 * HOUR)
        stage.run()
    assert len({row.interaction_id for row in stage.hits()}) == 3, "two calls were joined"
    walked = dict(_explain(stage, asked))
    assert walked == {}, f"of {len(asked)} statements"


def _explain(stage: Stage, asked: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The statements that walk a table, each with the step that does."""
    with sqlite3.connect(stage.folder / "catchment.db") as catalogue:
        for statement, values in asked.items():
            words = " ".join(statement.split())
            if words.startswith(ALLOWED):
                continue
            for *_, step in catalogue.execute(f"EXPLAIN QUERY PLAN {statement}", values):
                if WALKED.match(step) and not FEW.search(step):
                    yield words, step
