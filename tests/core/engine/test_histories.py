"""An archive with two histories, because an old copy of the catalogue was put back (T12)."""

from __future__ import annotations

import pytest
from tests.core.engine.platform import HOUR, Stage, Tape, revise

from catchment._engine.rebuilding import back_up, rebuild
from catchment.model import Feed

DEEP = Feed("calls", every="10m", max_window="1d", horizon="60d", lookback={"1h": "30d"})


@pytest.fixture(autouse=True)
def looking_back(stage: Stage) -> None:
    """Each run lists everything again."""
    stage.configure(feeds=(DEEP,))


def run(stage: Stage) -> None:
    """A run in a process of its own, two hours later."""
    stage.forget()
    stage.wait(2 * HOUR)
    stage.run()


def test_both_branches_of_an_interaction_come_back(stage: Stage) -> None:
    """What only the version knows that was left behind is in the next one after a rebuild.

    The platform has it no more.  Proves promise 1.
    """
    call = stage.cloud.hold("c1", files={"f": b"one"})
    run(stage)
    copy = back_up(stage.read(), stage.folder / "copy.db")
    revise(call, files={"f": Tape(b"one"), "g": Tape(b"two")})
    run(stage)
    stage.lose(copy)
    revise(call, files={"f": Tape(b"one"), "h": Tape(b"three")})
    run(stage)
    assert stage.app.archive.versions(stage.interaction().interaction_id) == [1, 2, 3]
    check_rebuilt(stage, {"f": [b"one"], "g": [b"two"], "h": [b"three"]})
    assert stage.interaction().version == 4


def test_two_packages_of_one_recording_become_one_interaction(stage: Stage) -> None:
    """A recording that the copy did not know has a package in each history, and then one.

    What each of them holds of it is kept; the same bytes count once, whatever version they were.
    """
    stage.cloud.hold("other")
    run(stage)
    copy = back_up(stage.read(), stage.folder / "copy.db")
    call = stage.cloud.hold("c1", files={"f": b"first", "g": b"two"})
    run(stage)
    older = stage.interaction().interaction_id
    stage.lose(copy)
    revise(call, files={"f": Tape(b"second"), "h": Tape(b"three")})
    run(stage)
    newer = stage.interaction().interaction_id
    assert newer != older
    check_rebuilt(stage, {"f": [b"first", b"second"], "g": [b"two"], "h": [b"three"]})
    assert stage.interaction().interaction_id == older
    assert stage.app.archive.read(older, 2)


def check_rebuilt(stage: Stage, expected: dict[str, list[bytes]]) -> None:
    """Rebuild, run once, and find exactly these bytes of each file, nothing fetched for it."""
    stage.lose()
    assert rebuild(stage.app).unreadable == {}
    before = len(stage.cloud.fetched)
    run(stage)
    assert len(stage.cloud.fetched) == before
    found: dict[str, list[bytes]] = {}
    for row in stage.files():
        if not row.recipe:
            assert row.state == "archived"
            found.setdefault(row.file_id, []).append(
                stage.app.archive.path_of(row.sha256).read_bytes()
            )
    assert {name: sorted(some) for name, some in found.items()} == expected
    assert stage.interaction().unsealed_since is None
