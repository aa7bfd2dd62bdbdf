"""(a) Bytes per second from the platform into the archive, against the chain typed by hand."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import media, plain
from benchmarks.measuring import run_worker, say_range, scratch, settle
from benchmarks.serving import Server, serve
from benchmarks.table import Row

PARALLEL = 4

FETCH = 'curl -fsS --cacert "$CA" -o "$1" "$URL/$1" && sha256sum "$1" > "$1.sha256"'
SPLIT = (
    ' && "$FFMPEG" -nostdin -v error -i "$1"'
    ' -map 0:a -c copy "$1.audio.m4a" -map 0:v -c copy "$1.voiceless.mp4"'
)
SYNC = ' && sync "$1" "$1.sha256" "$1".*.m*4*'
"""What one file costs a careful administrator; ``xargs -P`` runs it for several at once."""


def measure(small: bool) -> list[Row]:
    """The rows of this benchmark."""
    films = media.make_films(4 if small else 10, 60 if small else 600)
    repeats = 3 if small else 5
    rows: list[Row] = []
    with scratch() as work:
        with _served(work / "split", films, "mp4") as server:
            rows += _compare(server, work, films, repeats, split=True)
        # Another name for the format: a film that no rendition is made of.
        with _served(work / "whole", films, "f4v") as server:
            rows += _compare(server, work, films, repeats, split=False)
    with scratch() as work:
        long = media.make_long_film(200_000_000 if small else 2_000_000_000)
        with _served(work / "long", [long], "mp4") as server:
            rows.append(_measure_memory(server, work, long))
    return rows


def _served(folder: Path, films: list[Path], form: str):  # type: ignore[no-untyped-def]
    files = folder / "files"
    files.mkdir(parents=True)
    plain.write_listing(files, films, "video", form)
    for film in films:
        film.read_bytes()  # the server shall read from memory, for everybody
    return serve(files, folder)


def _compare(
    server: Server, work: Path, films: list[Path], repeats: int, *, split: bool
) -> list[Row]:
    size = sum(film.stat().st_size for film in films)
    chain = FETCH + SPLIT if split else FETCH
    contenders: dict[str, Callable[[], tuple[float, float, int]]] = {
        "ours": lambda: _run_ours(server, work, len(films), split),
        "chain": lambda: _run_chain(server, work, films, chain),
    }
    if split:
        contenders["synced"] = lambda: _run_chain(server, work, films, chain + SYNC)
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    peak = 0
    for turn in range(repeats + 1):
        for name, run in contenders.items():
            seconds, used, memory = run()
            peak = max(peak, memory)
            if turn:  # the first turn only warms up
                speeds[name].append(size / 1e6 / seconds)
                cpu[name].append(used)
    ours = statistics.median(speeds["ours"])
    what = "capture with renditions" if split else "capture without renditions"
    included = f"{len(films)} x {size / len(films) / 1e6:.0f} MB, {PARALLEL} at a time, TLS by "
    included += f"{server.name}; {say_range(speeds['ours'], 'MB/s')}"
    spent = {name: statistics.median(values) for name, values in cpu.items()}
    baselines = {"chain": "chain: curl, sha256sum" + (", ffmpeg" if split else "")}
    baselines["synced"] = "the same chain with sync of each file, as ours"
    return [
        Row(
            f"a  {what}" + (", chain synced" if name == "synced" else ""),
            ours,
            statistics.median(speeds[name]),
            "MB/s",
            memory_bytes=peak,
            notes=f"{baselines[name]} ({say_range(speeds[name], 'MB/s')}); {included}; "
            f"cpu {spent['ours']:.1f} and {spent[name]:.1f} s",
        )
        for name in contenders
        if name != "ours"
    ]


def _run_ours(server: Server, work: Path, count: int, split: bool) -> tuple[float, float, int]:
    root = work / "ours"
    root.mkdir()
    settle()
    given = {"root": str(root), "base_url": server.url, "parallel": PARALLEL}
    result = run_worker("plain", given, environment=server.environment)
    assert result["count"] == result["sealed"] == count, result
    assert result["made"] == (2 * count if split else 0), result
    shutil.rmtree(root)
    return result["seconds"], result["cpu_s"], result["peak_bytes"]


def _run_chain(
    server: Server, work: Path, films: list[Path], chain: str
) -> tuple[float, float, int]:
    root = work / "chain"
    root.mkdir()
    settle()
    environment = {"CA": str(server.certificate), "URL": server.url, "FFMPEG": media.ffmpeg()}
    command = ["xargs", "-P", str(PARALLEL), "-n", "1", "sh", "-c", chain, "sh"]
    names = "\n".join(film.name for film in films)
    begun, before = time.perf_counter(), _read_children_cpu()
    subprocess.run(
        command, input=names.encode(), cwd=root, env=os.environ | environment, check=True
    )
    seconds, used = time.perf_counter() - begun, _read_children_cpu() - before
    shutil.rmtree(root)
    return seconds, used, 0


def _read_children_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _measure_memory(server: Server, work: Path, film: Path) -> Row:
    root = work / "memory"
    root.mkdir()
    given = {"root": str(root), "base_url": server.url, "parallel": PARALLEL}
    result = run_worker("plain", given, environment=server.environment, watch_children=True)
    size = film.stat().st_size
    children = result["children_peak_bytes"] / 1e6
    notes = f"{size / 1e9:.1f} GB with renditions, once; largest ffmpeg {children:.0f} MB"
    speed = size / 1e6 / result["seconds"]
    return Row(
        "a  one large file", speed, unit="MB/s", memory_bytes=result["peak_bytes"], notes=notes
    )
