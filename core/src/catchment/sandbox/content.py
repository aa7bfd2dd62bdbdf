"""What is inside a file of a simulated platform: a take of the World, or what is written for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol


class Content(Protocol):
    """Bytes that are made when they are read; a :class:`~catchment.sandbox.Take` is one."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""
        ...

    @property
    def sha256(self) -> str:
        """Their SHA-256, in hexadecimal."""
        ...

    @property
    def media_type(self) -> str:
        """What ``Content-Type`` says."""
        ...

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from *start* up to, not including, *end*."""
        ...


@dataclass(frozen=True)
class Written:
    """A small file, written when it is first asked about.

    Attributes:
        write: Gives its bytes, always the same.
        media_type: What ``Content-Type`` says.
    """

    write: Callable[[], bytes]
    media_type: str

    @cached_property
    def _bytes(self) -> bytes:
        return self.write()

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""
        return len(self._bytes)

    @cached_property
    def sha256(self) -> str:
        """Their SHA-256, in hexadecimal."""
        return hashlib.sha256(self._bytes).hexdigest()

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from *start* up to, not including, *end*."""
        return self._bytes[start:end]
