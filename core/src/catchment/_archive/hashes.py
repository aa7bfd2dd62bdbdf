"""Both hashes of a file in one pass over its bytes.

SHA-256 is the address in the archive, because platforms speak it; SHA-512 is what a vCon demands.
Reading twice would double the time that a large recording takes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Digests:
    """The identity of some bytes: both hashes in lower-case hex, and their number."""

    sha256: str
    sha512: str
    size_bytes: int


class Hashes:
    """Takes bytes as they stream by and knows their digests at the end."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self._size_bytes = 0

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._sha256.update(chunk)
        self._sha512.update(chunk)
        self._size_bytes += len(chunk)

    @property
    def digests(self) -> Digests:
        """The digests of all bytes so far."""
        return Digests(self._sha256.hexdigest(), self._sha512.hexdigest(), self._size_bytes)


def list_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what *stream* holds in pieces that fit into memory."""
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def read_digests(path: Path) -> Digests:
    """Read the whole file at *path* and say what it is."""
    hashes = Hashes()
    with path.open("rb") as stream:
        for chunk in list_chunks(stream):
            hashes.update(chunk)
    return hashes.digests


def build_digests(data: bytes) -> Digests:
    """Say what *data* is."""
    hashes = Hashes()
    hashes.update(data)
    return hashes.digests


def build_token(algorithm: str, digest: str) -> str:
    """Write a hex *digest* the way a vCon's ``content_hash`` wants it."""
    packed = base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode()
    return f"{algorithm}-{packed}"


def read_token(token: str) -> tuple[str, str]:
    """Split a ``content_hash`` token into algorithm and hex digest.

    The digest may hold hyphens itself, so only the first one divides.

    Raises:
        ValueError: It is no such token.
    """
    algorithm, hyphen, packed = token.partition("-")
    if not hyphen or not algorithm or "=" in packed:
        raise ValueError(f"{token[:20]!r} is not a hash token such as sha512-…")
    raw = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != packed:
        raise ValueError(f"{token[:20]!r} is not base64url without padding")
    return algorithm, raw.hex()
