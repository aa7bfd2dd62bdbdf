"""Histories of rows: what is there at which moment (2.3, 2.5, 2.9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.dynamics.simulator.service import MIDNIGHT, guid

from catchment.sandbox import Written
from catchment_dynamics.simulator.store import (
    ATTACHMENT,
    BASE,
    FileValue,
    History,
    Reference,
    Snapshot,
    Store,
)

TABLE = "msdyn_ocrecording"
ROW, OTHER = guid(2, 1), guid(2, 2)
MINUTE = timedelta(minutes=1)


def _file(number: int) -> FileValue:
    return FileValue(guid(5, number), "a.mp4", Written(lambda: b"sound", "video/mp4"), "video/mp4")


def build_store() -> Store:
    """A row that gets a file, another one and vanishes; a row that names something."""
    steps = (
        Snapshot(MIDNIGHT, {"msdyn_name": "a"}),
        Snapshot(MIDNIGHT + 2 * MINUTE, {"msdyn_name": "b", "msdyn_recording": _file(1)}),
        Snapshot(MIDNIGHT + 4 * MINUTE, {"msdyn_name": "b", "msdyn_recording": _file(2)}),
    )
    named = Snapshot(MIDNIGHT + MINUTE, {"msdyn_liveworkitemid": Reference("x", guid(1, 1))})
    return Store(
        [
            History(TABLE, ROW, steps, deleted_at=MIDNIGHT + 9 * MINUTE),
            History(TABLE, OTHER, (named,)),
        ],
        MIDNIGHT,
    )


def test_a_row_is_what_its_history_says() -> None:
    """Not there, made, changed, gone."""
    store = build_store()
    names = []
    for minute in (-1, 0, 3, 9):
        row = store.find(TABLE, ROW, MIDNIGHT + minute * MINUTE)
        names.append(row and row.values["msdyn_name"])
    assert names == [None, "a", "b", None]
    bin_row = store.find_deleted(TABLE, ROW, MIDNIGHT + 9 * MINUTE)
    assert bin_row is not None


def test_versions_follow_time_over_all_rows() -> None:
    """From a large base, later is higher."""
    store = build_store()
    now = MIDNIGHT + 3 * MINUTE
    first, second = store.find(TABLE, ROW, MIDNIGHT), store.find(TABLE, OTHER, now)
    third = store.find(TABLE, ROW, now)
    assert first is not None
    assert second is not None
    assert third is not None
    assert BASE < first.version < second.version < third.version <= store.last_version(now)


def test_files_have_rows_of_their_own() -> None:
    """From when the file comes until it is replaced."""
    store = build_store()
    for minute, found in ((1, []), (3, [guid(5, 1)]), (5, [guid(5, 2)]), (9, [])):
        rows = store.list_rows(ATTACHMENT, MIDNIGHT + minute * MINUTE)
        assert [row.row_id for row in rows] == found


def test_changes_are_rows_and_deletions() -> None:
    """What was deleted before the question began is told as deleted."""
    store = build_store()
    version = store.last_version(MIDNIGHT + 3 * MINUTE)
    changed, deleted = store.list_changes(TABLE, version, MIDNIGHT + 5 * MINUTE)
    assert [row.row_id for row in changed] == [ROW]
    assert not deleted
    changed, deleted = store.list_changes(TABLE, version, MIDNIGHT + 10 * MINUTE)
    assert not changed
    assert [row.row_id for row in deleted] == [ROW]


def test_rows_are_found_by_what_they_name_and_when_they_changed() -> None:
    """The quick ways find no fewer rows than the slow one."""
    store = build_store()
    now = MIDNIGHT + 5 * MINUTE
    named = store.list_referring(TABLE, "msdyn_liveworkitemid", [guid(1, 1)], now)
    assert [row.row_id for row in named] == [OTHER]
    touched = store.list_touched(TABLE, MIDNIGHT + 2 * MINUTE, now, now)
    assert [row.row_id for row in touched] == [ROW]


@pytest.mark.parametrize(
    "history",
    [
        History(TABLE, ROW, ()),
        History(TABLE, ROW, (Snapshot(MIDNIGHT + MINUTE, {}), Snapshot(MIDNIGHT, {}))),
        History(TABLE, ROW.upper().replace("0", "A"), (Snapshot(MIDNIGHT, {}),)),
    ],
)
def test_a_history_that_cannot_be_is_refused(history: History) -> None:
    """Empty, out of order, or an id in capitals."""
    with pytest.raises(ValueError, match=TABLE):
        Store([history], MIDNIGHT)
