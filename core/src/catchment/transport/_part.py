"""The file a download is written to, and what is remembered to continue it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from catchment import _crash
from catchment.errors import StorageUnavailable

_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a part: enough to continue it, and never its url.

    Attributes:
        synced_bytes: How many of its bytes are surely on disk; what follows is not relied on.
        etag: The strong entity tag of the file, if it has one.
        last_modified: Its ``Last-Modified``, if it has one.
        total_bytes: Its whole size, if told.
        origin: Scheme, host and port of the server that told all this.
    """

    synced_bytes: int = 0
    etag: str | None = None
    last_modified: str | None = None
    total_bytes: int | None = None
    origin: str = ""

    @property
    def validator(self) -> str | None:
        """What ``If-Range`` says; without one a part is not continued."""
        return self.etag or self.last_modified


@contextmanager
def storing(part: Path) -> Iterator[None]:
    """Turn what the file system raises about *part* into an error of ours.

    Raises:
        StorageUnavailable: The buffer is full, read-only or failing.
    """
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"the buffer {part.parent} cannot be written: {error.strerror or type(error).__name__}",
            remedy="Free space in the buffer's file system, or let the buffer be somewhere else.",
        ) from error


def read_kept(part: Path) -> Kept | None:
    """What an earlier call left of *part*, if it can be continued."""
    try:
        kept = Kept(**json.loads(_beside(part).read_bytes()))
        whole = part.stat().st_size >= kept.synced_bytes > 0
    except (OSError, ValueError, TypeError):
        return None  # no part, or none that can be trusted: the download starts from zero
    return kept if whole and kept.validator else None


def remove(part: Path) -> None:
    """Remove *part* and what is remembered of it."""
    with storing(part):
        _forget(part)
        part.unlink(missing_ok=True)


def _beside(part: Path, ending: str = ".resume") -> Path:
    return part.with_name(part.name + ending)


def _forget(part: Path) -> None:
    _beside(part).unlink(missing_ok=True)
    _beside(part, ".resume-new").unlink(missing_ok=True)


class PartFile:
    """A part that is open for writing: hashed with SHA-256 and SHA-512 while it is written."""

    def __init__(self, part: Path, known: Kept) -> None:
        self._part = part
        self._known = known
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self.size_bytes = 0
        with storing(part):
            if not known.synced_bytes:
                _forget(part)
            self._file = part.open("r+b" if known.synced_bytes else "wb")
            if known.synced_bytes:
                self._take_up(known.synced_bytes)

    def write(self, data: bytes | bytearray) -> None:
        """Append *data*."""
        with storing(self._part):
            self._file.write(data)
            self._file.flush()
        self._count(data)
        _crash.point("media.part")

    def checkpoint(self) -> None:
        """Bring what is there to disk and remember it, so that it is never fetched again."""
        with storing(self._part):
            self._sync()
            known = replace(self._known, synced_bytes=self.size_bytes)
            fresh = _beside(self._part, ".resume-new")
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(asdict(known), file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(_beside(self._part))

    def finish(self) -> tuple[str, str]:
        """Bring the whole file to disk; its SHA-256 and SHA-512 as hex digests."""
        with storing(self._part):
            self._sync()
            _forget(self._part)
        return self._sha256.hexdigest(), self._sha512.hexdigest()

    def close(self) -> None:
        """Close the file, which neither finishes nor remembers it."""
        # Closing writes what is buffered: after an error it may fail again, for the same reason.
        with suppress(OSError):
            self._file.close()

    def _take_up(self, size_bytes: int) -> None:
        while self.size_bytes < size_bytes:
            block = self._file.read(min(_BLOCK, size_bytes - self.size_bytes))
            if not block:
                raise OSError("the part became shorter while it was read")
            self._count(block)
        self._file.seek(size_bytes)
        self._file.truncate()

    def _count(self, data: bytes | bytearray) -> None:
        self._sha256.update(data)
        self._sha512.update(data)
        self.size_bytes += len(data)

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
