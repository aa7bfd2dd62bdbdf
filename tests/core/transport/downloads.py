"""What tests of downloads share: a source of tokens, and the look at what was fetched."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from catchment.transport import Fetched


class Tokens:
    """A token source that hands out t1, t2, … as they are rejected."""

    def __init__(self) -> None:
        self.rejected: list[str] = []

    def token(self) -> str:
        """The token that was not rejected yet."""
        return f"t{len(self.rejected) + 1}"

    def reject(self, token: str) -> None:
        """Remember what was rejected."""
        self.rejected.append(token)


def is_exactly(fetched: Fetched, part: Path, body: bytes) -> bool:
    """Whether exactly *body* was fetched, and nothing is left beside it."""
    return (
        part.read_bytes() == body
        and fetched.size_bytes == len(body)
        and fetched.sha256 == hashlib.sha256(body).hexdigest()
        and fetched.sha512 == hashlib.sha512(body).hexdigest()
        and os.listdir(part.parent) == [part.name]
    )
