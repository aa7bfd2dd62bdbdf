"""The seam behind which an archive lies: what capture, replay and verification need of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from catchment._archive.hashes import Digests

ManifestPlace = tuple[str, int, Path]
"""Interaction, version, and where its manifest lies."""


class Archive(Protocol):
    """What capture, replay and verification need of an archive, wherever it lies.

    An archive of sealed files or of an object store stands behind the same names.
    """

    @property
    def authority(self) -> str:
        """The host in the addresses of files."""
        ...

    def prepare(self) -> None:
        """Make ready to write, or say why that cannot be."""
        ...

    def put_media(self, staged: Path, sha256: str) -> None:
        """Take over a verified file under its hash."""
        ...

    def put_bytes(self, data: bytes) -> Digests:
        """Keep a document under its hash."""
        ...

    def has(self, sha256: str) -> bool:
        """Whether the bytes with this hash are here."""
        ...

    def open_media(self, sha256: str) -> BinaryIO:
        """The bytes with this hash."""
        ...

    def list_media(self) -> Iterator[str]:
        """Every hash that there is, in one order."""
        ...

    def put_manifest(self, interaction_id: str, version: int, data: bytes) -> None:
        """Seal a version of an interaction."""
        ...

    def versions(self, interaction_id: str) -> list[int]:
        """The sealed versions of an interaction."""
        ...

    def manifests(self) -> Iterator[ManifestPlace]:
        """Every sealed version, in one order."""
        ...

    def read(self, interaction_id: str, version: int) -> bytes:
        """The bytes of a manifest, checked."""
        ...
