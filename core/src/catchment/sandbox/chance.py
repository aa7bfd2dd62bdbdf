"""Chance that can be asked again: every draw belongs to a purpose, none to an order of events."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws for one seed.

    Two purposes never disturb each other: what is drawn for one meeting stays the same when
    another meeting is added, and on every machine.
    """

    seed: int

    def bytes_for(self, *about: object, size: int = 16) -> bytes:
        """Bytes that belong to *about* alone."""
        return hashlib.shake_128(repr((self.seed, *about)).encode()).digest(size)

    def random(self, *about: object) -> random.Random:
        """A source of chance for one purpose, always starting anew."""
        return random.Random(self.bytes_for(*about))

    def share(self, *about: object) -> float:
        """A number in [0, 1) that belongs to *about*."""
        return int.from_bytes(self.bytes_for(*about, size=6), "big") / (1 << 48)

    def code(self, *about: object) -> int:
        """What to film for *about*."""
        return int.from_bytes(self.bytes_for("film", *about, size=6), "big")
