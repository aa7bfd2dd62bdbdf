"""The bytes of one download on their way to disk: judged, counted, and joined from its pieces."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from catchment.errors import Corrupt, Unreachable
from catchment.model import Way
from catchment.transport._links import Ask, Head
from catchment.transport._part import Kept, PartFile

OnHead = Callable[[bytes, str | None], None]
"""Gets a file's first bytes (up to 4096) and its media type; raises ``Corrupt`` if they lie."""

_BLOCK_BYTES = 1024 * 1024
_HEAD_BYTES = 4096
_CHECKPOINT_BYTES = 128 * 1024 * 1024


class Afresh(Exception):
    """What is there cannot be continued; the file is fetched from zero."""


@dataclass(frozen=True, slots=True)
class Errand:
    """The arguments of :meth:`catchment.transport.Downloader.fetch`."""

    way: Way
    part: Path
    expected_bytes: int | None
    on_head: OnHead | None
    on_progress: Callable[[int], None] | None
    stop: threading.Event


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was downloaded whole and is on disk.

    Attributes:
        size_bytes: Its size.
        sha256: Hex digest.
        sha512: Hex digest.
        media_type: As the server said, in lower case and without parameters.
        etag: As the server said.
        name: The file name that the server offered, without any folder; a label for people.
    """

    size_bytes: int
    sha256: str
    sha512: str
    media_type: str | None = None
    etag: str | None = None
    name: str | None = None


class Pace:
    """Sees to it that a server does not drip; only time spent reading bytes is counted."""

    def __init__(self, least_bytes: int, per_s: float) -> None:
        self._least_bytes = least_bytes
        self._per_s = per_s
        self._since = time.monotonic()
        self._seconds = 0.0
        self._bytes = 0

    def begin(self) -> None:
        """Count from now on: bytes are about to be read."""
        self._since = time.monotonic()

    def keeps_up(self, got_bytes: int) -> bool:
        """Whether the server is quick enough, with *got_bytes* more."""
        now = time.monotonic()
        self._seconds += now - self._since
        self._since = now
        self._bytes += got_bytes
        if self._seconds <= self._per_s:
            return True
        quick = self._bytes >= self._least_bytes
        self._seconds, self._bytes = 0.0, 0
        return quick


class Stream:
    """What comes in for one file, from one answer or from one per piece.

    Args:
        errand: What was asked for.
        kept: What an earlier call left and this one continues.
    """

    def __init__(self, errand: Errand, kept: Kept) -> None:
        self._errand = errand
        self._known = kept
        self._opened: tuple[PartFile, Head] | None = None  # with the answer that it began with
        self._ends: int | None = None  # where the piece that comes in must end
        self._waiting = bytearray()
        self._judged = False
        self._checkpoint = 0
        self.done = False

    @property
    def begun(self) -> bool:
        """Whether an answer came already."""
        return self._opened is not None

    def ask(self) -> Ask:
        """What to ask for next."""
        start, piece = self._got_bytes, self._errand.way.piece_bytes
        # Not cut at the size that the platform told: a file that is longer shall show it.
        return Ask(start, start + piece if piece else None, self._known.validator)

    def begin(self, head: Head, host: str) -> None:
        """Get ready for the bytes of an answer.

        Raises:
            Afresh: They do not follow what is there, or are of another version of the file.
            Corrupt: They are not what was announced or not what was asked for.
        """
        if head.partial:
            self._check_continues(head)
        expected = self._errand.expected_bytes
        if None not in (expected, head.total_bytes) and head.total_bytes != expected:
            raise Corrupt(f"{host} offers {head.total_bytes} bytes, and {expected} were announced")
        if not head.partial or self._opened is None:
            self._open(head)
        self._ends = self._find_end(head, host)

    def add(self, chunk: bytes) -> None:
        """Take *chunk*.

        Raises:
            Corrupt: It is more than there should be, or not the file that was announced.
        """
        if self._ends is not None and self._got_bytes + len(chunk) > self._ends:
            raise Corrupt(f"a piece of the file goes on after its end at {self._ends} bytes")
        self._waiting += chunk
        if len(self._waiting) >= (_BLOCK_BYTES if self._judged else _HEAD_BYTES):
            self._flush()

    def end(self, head: Head) -> None:
        """The bytes of an answer came to their end: judge them, and after the last the whole.

        Raises:
            Unreachable: The connection broke off where the server had announced no length.
            Corrupt: The size is not what the platform told.
        """
        got, total = self._got_bytes, self._total_bytes
        if self._ends is not None:
            if got == self._ends and got != total:
                return
            if got < self._ends and head.framed:
                raise Corrupt(f"a piece of the file ends at {got} bytes, not at {self._ends}")
        self._flush()
        if total is not None and got < total and not (head.framed and head.reaches_end):
            raise Unreachable(f"the transfer broke off at {got} of {total} bytes")
        if total not in (None, got):
            raise Corrupt(f"the file has {got} bytes, and {total} were announced")
        self.done = True

    def keep(self) -> None:
        """Write the rest and remember it; a first stretch too short to be judged is dropped."""
        if self._opened and (self._judged or len(self._waiting) >= _HEAD_BYTES):
            self._flush()
            self._opened[0].checkpoint()

    def finish(self) -> Fetched:
        """Bring the whole file to disk, and say what it is."""
        file, head = self._need()
        sha256, sha512 = file.finish()
        return Fetched(file.size_bytes, sha256, sha512, head.media_type, head.etag, head.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the part."""
        if self._opened:
            self._opened[0].close()

    @property
    def _got_bytes(self) -> int:
        there = self._opened[0].size_bytes if self._opened else self._known.synced_bytes
        return there + len(self._waiting)

    @property
    def _total_bytes(self) -> int | None:
        expected = self._errand.expected_bytes
        return self._known.total_bytes if expected is None else expected

    def _need(self) -> tuple[PartFile, Head]:
        assert self._opened is not None, "bytes come after the head of their answer"
        return self._opened

    def _check_continues(self, head: Head) -> None:
        there = replace(self._known, synced_bytes=self._got_bytes)
        if not head.continues(there):
            raise Afresh
        if self._opened:
            proved = head.fits(self._opened[1])
        else:
            proved = not there.synced_bytes or head.proves(there)
        if not proved:
            raise Afresh

    def _open(self, head: Head) -> None:
        """Open the part as the first answer wants it; a whole one replaces what is there."""
        self.close()
        if not head.start:
            self._known = Kept(0, head.strong_etag, head.last_modified, origin=head.origin)
        if self._known.total_bytes is None:
            self._known = replace(self._known, total_bytes=head.total_bytes)
        self._opened = PartFile(self._errand.part, self._known), head
        self._waiting.clear()
        self._judged = head.start > 0  # its first bytes were judged before they were kept
        self._checkpoint = head.start + _CHECKPOINT_BYTES

    def _find_end(self, head: Head, host: str) -> int | None:
        piece, total = self._errand.way.piece_bytes, self._total_bytes
        if piece is None or not head.partial:
            return None
        if total is None:
            raise Corrupt(f"{host} gives the file in pieces and does not say how large it is")
        length = min(piece, total - head.start)
        if head.length_bytes not in (None, length):
            raise Corrupt(f"{host} gives {head.length_bytes} bytes where {length} were due")
        return head.start + length

    def _flush(self) -> None:
        (file, head), errand = self._need(), self._errand
        if not self._judged and errand.on_head:
            errand.on_head(bytes(self._waiting[:_HEAD_BYTES]), head.media_type)
        self._judged = True
        if not self._waiting:
            return
        file.write(self._waiting)
        self._waiting = bytearray()
        got = file.size_bytes
        if errand.expected_bytes is not None and got > errand.expected_bytes:
            raise Corrupt(f"the file is longer than the {errand.expected_bytes} bytes announced")
        if got >= self._checkpoint:
            file.checkpoint()
            self._checkpoint = got + _CHECKPOINT_BYTES
        if errand.on_progress:
            errand.on_progress(got)
