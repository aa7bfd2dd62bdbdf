"""The part of a download in the buffer: each claim of its job has a file of its own.

Two runners may share a buffer, and one that lost its job may still be writing.  So a name has the
job's fence in it, as with :func:`catchment._engine.work.staging`, and what an earlier claim left is
copied before it is continued: renamed it would still be the file that the other has open, and what
he writes into it then would come into the archive under a hash that was taken before.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from catchment._archive import durable
from catchment._catalogue.files import KnownFile
from catchment._engine.work import Work

_NAME = re.compile(r"(?P<stem>\d+-\d+)\.(?P<fence>\d+)\.part")
"""Of a part, and of what the downloader remembers of it beside it."""


def name_part(work: Work, known: KnownFile) -> Path:
    """Where this claim of a file's job downloads to."""
    return work.app.buffer / f"{known.id}-{known.version}.{work.job.fence}.part"


def take_over(part: Path) -> None:
    """Have what earlier claims left of a download go on in *part*, and leave nothing else of it.

    Raises:
        StorageUnavailable: The buffer cannot be read or written.
    """
    with durable.storage_errors(f"going on with a download in {part.parent}"):
        _remove(part)  # only another catalogue, which had the same numbers, can have left this
        earlier = sorted(_list_earlier(part), key=_read_fence, reverse=True)
        for left in earlier:
            if _copy(left, part):
                break
        for left in earlier:
            _remove(left)


def sweep(part: Path) -> None:
    """Remove what a download leaves in the buffer; what cannot be removed is swept later."""
    with suppress(OSError):
        _remove(part)


def _list_earlier(part: Path) -> Iterator[Path]:
    """The parts of earlier claims; those of a later one are in the hands of somebody else."""
    stem, fence = part.name.split(".")[0], _read_fence(part)
    if fence == 1:
        return
    names = {match[0] for path in part.parent.iterdir() if (match := _NAME.match(path.name))}
    for name in names:
        left = part.with_name(name)
        if name.startswith(f"{stem}.") and _read_fence(left) < fence:
            yield left


def _read_fence(part: Path) -> int:
    return int(part.name.split(".")[1])


def _copy(left: Path, part: Path) -> bool:
    """Copy a part with what is remembered of it; ``False`` where nothing can be continued.

    What is remembered names only bytes that are surely there, and is forgotten before any of them
    is written anew: if it is the same afterwards, the copy has these bytes.
    """
    memory = _beside(left)
    try:
        remembered = memory.read_bytes()
        shutil.copyfile(left, part)
        same = memory.read_bytes() == remembered
    except FileNotFoundError:  # it was never far enough to be continued, or its owner has woken up
        same = False
    if not same:
        part.unlink(missing_ok=True)
        return False
    durable.sync(part)
    durable.write_synced(_beside(part), remembered)
    return True


def _beside(part: Path, ending: str = ".resume") -> Path:
    return part.with_name(part.name + ending)


def _remove(part: Path) -> None:
    for ending in (".resume-new", ".resume", ""):
        _beside(part, ending).unlink(missing_ok=True)
