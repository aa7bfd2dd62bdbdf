"""The books: what the archive keeps of a source beside its interactions.

Facts without recordings, people's decisions, gaps, frontiers: rows of the catalogue, written as
immutable leaves of JSON lines, so that a lost catalogue can be built again.  A leaf ends with a
checksum of its lines.  After a crash two leaves may hold the same rows; reading tells each once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from catchment._archive.durable import storage_errors
from catchment._archive.layout import list_entries
from catchment._archive.local import LocalArchive
from catchment.errors import Corrupt

Row = Mapping[str, Any]
_NAME = re.compile(r"(\d+)-(\d+)\.jsonl")


@dataclass(frozen=True, slots=True, order=True)
class SourceKey:
    """Whose books: the platform's adapter and the account there, not the label in the settings."""

    platform: str
    account_id: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """One immutable file of the books.

    Attributes:
        source: Whose books.
        day: The day under which it is filed.
        first: The smallest row id that it may hold.
        last: The largest.
        path: Where it lies.
    """

    source: SourceKey
    day: date
    first: int
    last: int
    path: Path


class Books:
    """The books of all sources in one archive."""

    def __init__(self, archive: LocalArchive) -> None:
        self._archive = archive
        self._root = archive.root / "books"

    def append(
        self, source: SourceKey, day: date, first: int, last: int, rows: Iterable[Row]
    ) -> None:
        """Write one leaf; the same leaf again is fine.

        Args:
            source: Whose books.
            day: The day under which people will look for it.
            first: The smallest id of a row.
            last: The largest; with *first* it names the leaf.
            rows: Plain JSON objects, each with its ``id``.

        Raises:
            LostRace: This leaf exists with other rows.
            StorageUnavailable: The disk is full, read-only or failing.
            ValueError: A row has no id, or one outside *first* to *last*.
        """
        folder = Path("books", *_quote(source), f"{day:%Y}", f"{day:%m}", f"{day:%d}")
        name = folder / f"{first:012}-{last:012}.jsonl"
        self._archive.put_file(name, _build_lines(first, last, rows))

    def list_leaves(self, source: SourceKey | None = None) -> Iterator[Leaf]:
        """Every leaf, or those of one source, in the order of their rows."""
        with storage_errors("listing the books"):
            folders = sorted(list_entries(self._root, depth=1))
        for folder in folders:
            found = SourceKey(unquote(folder.parent.name), unquote(folder.name))
            if source in (None, found):
                yield from sorted(_list_leaves(found, folder), key=lambda x: (x.first, x.last))

    def read(self, source: SourceKey) -> Iterator[Row]:
        """Every row of a source once, by rising id.

        Raises:
            Corrupt: A leaf was altered or is not whole.
        """
        cluster: list[Leaf] = []
        for leaf in self.list_leaves(source):
            if cluster and leaf.first > max(known.last for known in cluster):
                yield from _merge(cluster)
                cluster = []
            cluster.append(leaf)
        yield from _merge(cluster)


def read_leaf(leaf: Leaf) -> list[Row]:
    """The rows of one leaf.

    Raises:
        Corrupt: It was altered or is not whole.
    """
    with storage_errors(f"reading {leaf.path.name}"):
        *lines, trailer = leaf.path.read_bytes().splitlines(keepends=True) or [b""]
    digest = hashlib.sha256(b"".join(lines))
    if trailer != _build_trailer(len(lines), digest.hexdigest()):
        raise Corrupt(f"the books were altered in {leaf.path}")
    return [json.loads(line) for line in lines]


def _merge(leaves: list[Leaf]) -> Iterator[Row]:
    rows = {row["id"]: row for leaf in leaves for row in read_leaf(leaf)}
    for row_id in sorted(rows):
        yield rows[row_id]


def _list_leaves(source: SourceKey, folder: Path) -> Iterator[Leaf]:
    with storage_errors("listing the books"):
        for path in list_entries(folder, depth=3):
            if found := _NAME.fullmatch(path.name):
                year, month, day = (int(part) for part in path.parent.parts[-3:])
                yield Leaf(source, date(year, month, day), int(found[1]), int(found[2]), path)


def _build_lines(first: int, last: int, rows: Iterable[Row]) -> Iterator[bytes]:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        if not isinstance(row.get("id"), int) or not first <= row["id"] <= last:
            raise ValueError(f"a row of the books needs an id from {first} to {last}")
        line = json.dumps(row, sort_keys=True, allow_nan=False).encode() + b"\n"
        digest.update(line)
        count += 1
        yield line
    yield _build_trailer(count, digest.hexdigest())


def _build_trailer(rows: int, sha256: str) -> bytes:
    return json.dumps({"rows": rows, "sha256": sha256}).encode() + b"\n"


def _quote(source: SourceKey) -> list[str]:
    parts = [
        quote(part, safe="").replace(".", "%2E") for part in (source.platform, source.account_id)
    ]
    if not all(parts):
        raise ValueError("books need a platform and an account")
    return parts
