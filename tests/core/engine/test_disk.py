"""Folders that several runners use at once."""

from __future__ import annotations

import threading
from pathlib import Path

from catchment._engine.disk import prepare_folder
from catchment.errors import StorageUnavailable


def test_runners_that_start_at_the_same_moment_do_not_refuse_each_others_buffer(
    tmp_path: Path,
) -> None:
    """What one writes to prove that it can is not what the other removes (T14)."""
    refused: list[StorageUnavailable] = []
    together = threading.Barrier(4)

    def start() -> None:
        together.wait()
        for _ in range(200):
            try:
                prepare_folder(tmp_path / "buffer", "the buffer", "buffer.root")
            except StorageUnavailable as error:
                refused.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert list((tmp_path / "buffer").iterdir()) == []
