"""The books: what the archive keeps of a source beside its interactions.

People's decisions, gaps, frontiers, what came late: rows of the catalogue, written as
immutable leaves of JSON lines, so that a lost catalogue can be built again.  A leaf ends with a
checksum of its lines, and with the row that it follows on, so that a lost leaf leaves a hole that
is seen.  After a crash two leaves may hold the same rows; reading tells each once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

    def locate(self, source: SourceKey) -> Path:
        """Where the books of a source lie, seen from the root of the archive."""
        return Path("books", *_quote(source))

    def append(
        self,
        source: SourceKey,
        day: date,
        first: int,
        last: int,
        rows: Iterable[Row],
        *,
        after: int = 0,
    ) -> None:
        """Write one leaf; the same leaf again is fine.

        Args:
            source: Whose books.
            day: The day under which people will look for it.
            first: The smallest id of a row.
            last: The largest; with *first* it names the leaf.
            rows: Plain JSON objects, each with its ``id``.
            after: The id of the row of this source that was written last before; 0 if none was.

        Raises:
            LostRace: This leaf exists with other rows.
            StorageUnavailable: The disk is full, read-only or failing.
            ValueError: A row has no id, or one outside *first* to *last*.
        """
        folder = self.locate(source) / f"{day:%Y}" / f"{day:%m}" / f"{day:%d}"
        name = folder / f"{first:012}-{last:012}.jsonl"
        self._archive.put_file(name, _build_lines(first, last, rows, after))

    def list_leaves(self, source: SourceKey | None = None) -> Iterator[Leaf]:
        """Every leaf, or those of one source, in the order of their rows."""
        with storage_errors(f"listing the books {self._root}"):
            folders = sorted(list_entries(self._root, depth=1))
        for folder in folders:
            found = SourceKey(unquote(folder.parent.name), unquote(folder.name))
            if source in (None, found):
                yield from sorted(_list_leaves(found, folder), key=lambda x: (x.first, x.last))

    def find_last(self) -> int:
        """The largest id that a row of any source may have; 0 if there is none."""
        return max((leaf.last for leaf in self.list_leaves()), default=0)

    def read(self, source: SourceKey) -> Iterator[Row]:
        """Every row of a source once, by rising id.

        Raises:
            Corrupt: A leaf was altered or is not whole, or two tell one row differently.
        """
        for cluster in self._list_clusters(source):
            rows: dict[int, Row] = {}
            for leaf in cluster:
                for row in read_leaf(leaf):
                    if rows.setdefault(row["id"], row) != row:
                        raise Corrupt(f"two rows of the books have the number {row['id']}")
            for row_id in sorted(rows):
                yield rows[row_id]

    def find_doubled(self, source: SourceKey) -> list[int]:
        """Numbers that two different rows of a source have; damaged leaves are passed over."""
        doubled: set[int] = set()
        for cluster in self._list_clusters(source):
            rows: dict[int, Row] = {}
            for leaf in cluster:
                with contextlib.suppress(Corrupt):
                    found = read_leaf(leaf)
                    doubled |= {
                        row["id"] for row in found if rows.setdefault(row["id"], row) != row
                    }
        return sorted(doubled)

    def _list_clusters(self, source: SourceKey) -> Iterator[list[Leaf]]:
        """Leaves that may hold the same rows, together."""
        cluster: list[Leaf] = []
        for leaf in self.list_leaves(source):
            if cluster and leaf.first > max(known.last for known in cluster):
                yield cluster
                cluster = []
            cluster.append(leaf)
        if cluster:
            yield cluster

    def list_taken(self, first: int, last: int) -> Iterator[tuple[SourceKey, int, Row | None]]:
        """Yield each id from *first* to *last* that some leaf uses: whose it is, and its row.

        The ids of a leaf that cannot be read are all taken, and their rows are ``None``.
        """
        for leaf in self.list_leaves():
            if leaf.first > last or leaf.last < first:
                continue
            try:
                rows: dict[int, Row | None] = {row["id"]: row for row in read_leaf(leaf)}
            except Corrupt:
                rows = dict.fromkeys(range(leaf.first, leaf.last + 1))
            for number, row in rows.items():
                if first <= number <= last:
                    yield leaf.source, number, row

    def find_lost(self, source: SourceKey, expected: Iterable[int] = ()) -> list[int]:
        """Rows of a source that stand in no leaf, because a leaf is lost.

        A leaf says which row it follows on.  The last leaves of a source are followed by none: only
        who knows their rows can miss them.  What a damaged leaf may hold is not called lost.

        Args:
            source: Whose books.
            expected: Ids of rows that somebody knows to be there.
        """
        wanted, found = set(expected), {0}
        damaged: list[Leaf] = []
        for leaf in self.list_leaves(source):
            try:
                rows, after = _read_leaf(leaf)
            except Corrupt:
                damaged.append(leaf)
                continue
            wanted.add(after)
            found.update(row["id"] for row in rows)
        return sorted(
            one
            for one in wanted - found
            if not any(leaf.first <= one <= leaf.last for leaf in damaged)
        )


def say_lost(ids: Sequence[int]) -> str:
    """That these rows are in no leaf, for people."""
    shown = ", ".join(map(str, ids[:5]))
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    rows = "rows" if len(ids) > 1 else "row"
    return f"{rows} {shown}{more} of the books: in no leaf"


def read_leaf(leaf: Leaf) -> list[Row]:
    """The rows of one leaf.

    Raises:
        Corrupt: It was altered or is not whole.
    """
    return _read_leaf(leaf)[0]


def _read_leaf(leaf: Leaf) -> tuple[list[Row], int]:
    """The rows of a leaf, and the row that it follows on."""
    with storage_errors(f"reading {leaf.path}"):
        *lines, trailer = leaf.path.read_bytes().splitlines(keepends=True) or [b""]
    digest = hashlib.sha256(b"".join(lines))
    after = _read_after(trailer)
    if trailer != _build_trailer(len(lines), digest.hexdigest(), after):
        raise Corrupt(f"the books were altered in {leaf.path}")
    return [json.loads(line) for line in lines], after


def _list_leaves(source: SourceKey, folder: Path) -> Iterator[Leaf]:
    with storage_errors(f"listing the books {folder}"):
        for path in list_entries(folder, depth=3):
            if found := _NAME.fullmatch(path.name):
                year, month, day = (int(part) for part in path.parent.parts[-3:])
                yield Leaf(source, date(year, month, day), int(found[1]), int(found[2]), path)


def _build_lines(first: int, last: int, rows: Iterable[Row], after: int) -> Iterator[bytes]:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        if not isinstance(row.get("id"), int) or not first <= row["id"] <= last:
            raise ValueError(f"a row of the books needs an id from {first} to {last}")
        line = json.dumps(row, sort_keys=True, allow_nan=False).encode() + b"\n"
        digest.update(line)
        count += 1
        yield line
    yield _build_trailer(count, digest.hexdigest(), after)


def _build_trailer(rows: int, sha256: str, after: int) -> bytes:
    return json.dumps({"rows": rows, "sha256": sha256, "after": after}).encode() + b"\n"


def _read_after(trailer: bytes) -> int:
    try:
        after = json.loads(trailer)["after"]
    except (ValueError, KeyError, TypeError):
        return 0
    return after if isinstance(after, int) else 0


def _quote(source: SourceKey) -> list[str]:
    parts = [
        quote(part, safe="").replace(".", "%2E") for part in (source.platform, source.account_id)
    ]
    if not all(parts):
        raise ValueError("books need a platform and an account")
    return parts
