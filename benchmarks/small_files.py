"""(b) Recordings per second of many small recordings, against a loop that only downloads them.

``python -m benchmarks.small_files {…}`` is that loop: httpx, the same pages, the same parallelism,
no verification, no hash, no archive, no record of anything.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import media, plain
from benchmarks.measuring import read_arguments, run_worker, say_range, scratch, settle, tell
from benchmarks.serving import Server, serve
from benchmarks.table import Row

PARALLEL = 8

# What a turn wrote stays until the last one is over: for some time after many files were removed,
# ext4 makes new ones so slowly that it shows.


def measure(small: bool) -> list[Row]:
    """The rows of this benchmark."""
    sounds = media.make_sounds(200 if small else 2000)
    rates: dict[str, list[float]] = {"ours": [], "loop": []}
    cpu: dict[str, list[float]] = {"ours": [], "loop": []}
    peak = 0
    with scratch() as work:
        files = work / "files"
        files.mkdir()
        plain.write_listing(files, sounds, "audio", "m4a")
        with serve(files, work) as server:
            contenders: dict[str, Callable[[], tuple[float, float, int]]] = {
                "ours": lambda: _run_ours(server, work, len(sounds)),
                "loop": lambda: _run_loop(server, work, len(sounds)),
            }
            for turn in range(4):
                for name, run in contenders.items():
                    seconds, used, memory = run()
                    peak = max(peak, memory if name == "ours" else 0)
                    if turn:  # the first turn only warms up
                        rates[name].append(len(sounds) / seconds)
                        cpu[name].append(used / len(sounds) * 1000)
    spent = {name: statistics.median(values) for name, values in cpu.items()}
    notes = (
        f"{len(sounds)} M4A of {sounds[0].stat().st_size / 1000:.0f} KB, {PARALLEL} at a time, TLS "
        f"by {server.name}; {say_range(rates['ours'], 'rec/s')}; httpx loop without any check: "
        f"{say_range(rates['loop'], 'rec/s')}; "
        f"cpu {spent['ours']:.1f} and {spent['loop']:.1f} ms/rec"
    )
    ours, loop = (statistics.median(rates[name]) for name in rates)
    return [Row("b  small recordings", ours, loop, "rec/s", memory_bytes=peak, notes=notes)]


def _run_ours(server: Server, work: Path, count: int) -> tuple[float, float, int]:
    root = Path(tempfile.mkdtemp(prefix="ours-", dir=work))
    settle()
    given = {"root": str(root), "base_url": server.url, "parallel": PARALLEL}
    result = run_worker("plain", given, environment=server.environment)
    assert result["count"] == result["sealed"] == count, result
    return result["seconds"], result["cpu_s"], result["peak_bytes"]


def _run_loop(server: Server, work: Path, count: int) -> tuple[float, float, int]:
    root = Path(tempfile.mkdtemp(prefix="loop-", dir=work))
    settle()
    given = {"root": str(root), "base_url": server.url, "parallel": PARALLEL}
    result = run_worker("small_files", given, environment=server.environment)
    assert len(list(root.iterdir())) == count
    return result["seconds"], result["cpu_s"], result["peak_bytes"]


def _loop(root: Path, base_url: str, parallel: int) -> None:
    import httpx

    own = threading.local()  # a client per thread: httpx's pool is slower when it is shared

    def client() -> httpx.Client:
        if not hasattr(own, "client"):
            own.client = httpx.Client(base_url=base_url)
        kept: httpx.Client = own.client
        return kept

    def download(name: str) -> None:
        with client().stream("GET", f"/{name}") as response, (root / name).open("wb") as target:
            response.raise_for_status()
            for chunk in response.iter_raw():
                target.write(chunk)

    with ThreadPoolExecutor(parallel) as pool:
        pending = []
        page: str | None = "0"
        while page is not None:
            body = client().get(f"/listing-{page}.json").raise_for_status().json()
            pending += [pool.submit(download, row["name"]) for row in body["files"]]
            page = body["next"]
        for one in pending:
            one.result()


if __name__ == "__main__":
    given = read_arguments()
    begun, before = time.perf_counter(), sum(os.times()[:4])
    _loop(Path(given["root"]), given["base_url"], given["parallel"])
    tell(seconds=time.perf_counter() - begun, cpu_s=sum(os.times()[:4]) - before)
