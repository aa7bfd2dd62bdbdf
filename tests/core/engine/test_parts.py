"""Downloads of several claims in one buffer: none writes into what is another's, or archived."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.core.engine.platform import MINUTE, Reply, Stage, Tape

from catchment._engine import parts
from catchment.errors import LostRace, Unreachable


def offer(stage: Stage, data: bytes) -> None:
    """Have one call with one file captured as far as its links."""
    stage.cloud.hold("c1", files={"f": data})
    stage.do("poll")
    stage.do("capture")


def break_off(stage: Stage, data: bytes) -> None:
    """Let the transfer of *data* break off after 60,000 bytes, which are kept."""
    etag = {"ETag": f'"{hash(data)}"'}
    stage.cloud.replies["f"] = [Reply(200, data[:60_000], length=len(data), headers=etag)]
    (error,) = stage.do("media")
    assert isinstance(error, Unreachable)
    stage.clock.set(stage.job("media").due_at)


def test_a_runner_that_wakes_amid_a_download_writes_nothing_into_the_archive(stage: Stage) -> None:
    """What it goes on writing is its own part, although another has archived the file meanwhile.

    Proves T14, promises 2 and 3.
    """
    old, new = random.Random(1).randbytes(3_000_000), random.Random(2).randbytes(3_000_000)
    offer(stage, old)
    (zombie,) = stage.claim("media", "r1")
    told: list[str] = []

    def stand_still(event: str, **_: Any) -> None:
        told.append(event)
        if told == ["file.progress"]:  # its first bytes are in the buffer
            stage.wait(11 * MINUTE)
            stage.cloud.calls["c1"].files["f"] = Tape(new)
            (taken,) = stage.claim("media", "r2")
            assert stage.work(taken) is None
            assert stage.archived() == {("c1", "f"): new}

    stage.app.tell = stand_still
    assert isinstance(stage.work(zombie), LostRace)
    assert stage.archived() == {("c1", "f"): new}
    assert [row.state for row in stage.files()] == ["archived"]
    assert list(stage.app.buffer.iterdir()) == []
    assert "job.failed" not in told


def test_who_still_has_an_earlier_part_open_writes_into_no_later_one(stage: Stage) -> None:
    """What an earlier claim left is continued as a copy (T4, T14)."""
    data = bytes(range(256)) * 400
    offer(stage, data)
    break_off(stage, data)
    (left,) = stage.app.buffer.glob("*.part")
    with left.open("r+b") as earlier:
        assert stage.do("media") == [None]
        assert stage.cloud.fetched[-1][1] == "bytes=60000-"
        earlier.write(b"what a runner writes that woke up")
    assert stage.archived() == {("c1", "f"): data}
    assert list(stage.app.buffer.iterdir()) == []


def test_a_part_without_its_memory_is_fetched_again_from_zero(stage: Stage) -> None:
    """Of what a killed runner left only that is used which is surely on disk (T4)."""
    data = bytes(range(256)) * 400
    offer(stage, data)
    break_off(stage, data)
    (memory,) = stage.app.buffer.glob("*.resume")
    memory.unlink()
    assert stage.do("media") == [None]
    assert stage.cloud.fetched[-1][1] == ""
    assert stage.archived() == {("c1", "f"): data}
    assert list(stage.app.buffer.iterdir()) == []


def test_the_part_of_a_later_claim_and_of_another_file_is_left_alone(tmp_path: Path) -> None:
    """Only what is older than the own claim is taken over or removed."""
    for name in ("7-1.1.part", "7-1.2.part", "7-1.2.part.resume", "7-1.4.part", "71-1.1.part"):
        (tmp_path / name).write_text(name)
    parts.take_over(tmp_path / "7-1.3.part")
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {
        "7-1.3.part": "7-1.2.part",
        "7-1.3.part.resume": "7-1.2.part.resume",
        "7-1.4.part": "7-1.4.part",
        "71-1.1.part": "71-1.1.part",
    }


def test_a_part_under_the_own_name_is_not_believed(tmp_path: Path) -> None:
    """Another catalogue had the same numbers: its part may be of any file."""
    for name in ("7-1.1.part", "7-1.1.part.resume", "7-1.1.part.resume-new"):
        (tmp_path / name).write_text("foreign")
    parts.take_over(tmp_path / "7-1.1.part")
    assert list(tmp_path.iterdir()) == []
