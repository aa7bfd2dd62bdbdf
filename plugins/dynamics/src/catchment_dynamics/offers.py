"""How files can be had (2.9): by a signed link, in pieces, or whole, as the settings say.

A signed link is asked for first, because it costs the environment nothing and may be continued.
Where the platform refuses it - customer-managed keys, a restriction of addresses - the others are
left, each of which the engine tries in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catchment.errors import Absent, AdapterFault, NotPermitted
from catchment.model import (
    Batch,
    Denied,
    Json,
    MediaFile,
    Nothing,
    NotYet,
    Outcome,
    Ready,
    Recording,
    Way,
)
from catchment_dynamics import columns, documents, files, sightings, wire
from catchment_dynamics.access import Access
from catchment_dynamics.columns import Table
from catchment_dynamics.ids import read_guid
from catchment_dynamics.offer import Offer
from catchment_dynamics.payloads import read_count, read_text
from catchment_dynamics.reader import Reader, Row

_AWAITED = "the platform has not stored the file yet"


class LinkUnavailable(NotPermitted):
    """The environment makes no signed links, or not of this file."""


@dataclass(frozen=True, slots=True)
class Link:
    """What ``GetFileSasUrl`` answers (2.9)."""

    way: Way
    name: str | None = None
    size_bytes: int | None = None
    media_type: str | None = None


def make_link(access: Access, entity_set: str, row_id: str, column: str) -> Link:
    """A signed link to a file, which anybody may follow for an hour.

    Raises:
        LinkUnavailable: The environment makes none; the sentence says why.
        Absent: There is no such row.
    """
    try:
        told = access.ask(wire.build_link(entity_set, row_id, column)).get("Result")
    except Absent:
        raise
    except (AdapterFault, NotPermitted) as error:
        raise LinkUnavailable(
            f"signed links are refused: {error}",
            remedy='Customer-managed keys allow none: leave audio = "auto", or set "chunks".',
        ) from error
    result: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    url = result.get("SasUrl")
    if not isinstance(url, str) or not url.lower().startswith("https://"):
        raise LinkUnavailable("signed links are refused: the answer holds none")
    return Link(
        Way(url, auth=False, ranged=True),
        read_text(result, "FileName") or None,
        read_count(result, "FileSizeInBytes"),
        read_text(result, "MimeType") or None,
    )


def build_ways(access: Access, entity_set: str, row_id: str, column: str) -> dict[str, Way]:
    """The ways that need our bearer: in pieces, and whole."""
    url = access.base_url + wire.file_path(entity_set, row_id, column)
    size = wire.SIZE_HEADER
    return {
        "chunks": Way(url, ranged=True, piece_bytes=wire.PIECE_BYTES, size_header=size),
        "whole": Way(url, ranged=False, size_header=size),
    }


class Offering:
    """Offers the files of one batch.  Not shared between threads.

    Args:
        reader: Reads rows.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._access = reader.access
        self._audio = reader.access.settings.audio
        self._refused: LinkUnavailable | None = None

    def fetch(self, batch: Batch) -> Iterator[Outcome]:
        """An outcome for each recording of *batch*, with links made just now."""
        for table, recordings in documents.split_batch(batch).items():
            if table is None:
                why = "no row of it is known that says what it is"
                yield from (Denied(one, why) for one in recordings)
                continue
            rows = documents.read_rows(self._reader, table, recordings)
            for recording in recordings:
                yield self._answer(table, recording, rows.get(recording.external_id))

    def _answer(self, table: Table, recording: Recording, row: Row | None) -> Outcome:
        if row is None:
            return Nothing(recording, documents.GONE)
        try:
            offers = {one.file_column: one for one in self.list_offers(table, row)}
        except LinkUnavailable as error:
            return Denied(recording, str(error))
        except Absent:
            return Nothing(recording, documents.GONE)
        found = self._describe(table, recording, offers)
        return Ready(recording, files=found) if found else NotYet(recording, _AWAITED)

    def _describe(
        self, table: Table, recording: Recording, offers: Mapping[str, Offer]
    ) -> tuple[MediaFile, ...]:
        if table is columns.RECORDINGS:
            return files.describe_recording(recording, offers, self._access.settings)
        if table is columns.TRANSCRIPTS:
            return files.describe_transcript(recording, offers)
        return files.describe_voicemail(recording, offers)

    def list_offers(self, table: Table, row: Row) -> Iterator[Offer]:
        """The File columns of *row*: those with a file, and the sound, which is waited for.

        Other columns may stay empty for ever and are left out.

        Raises:
            LinkUnavailable: The settings allow signed links alone, and there are none.
            Absent: The row was deleted meanwhile.
        """
        attached = _read_attached(table, row)
        for column, file_id in self._list_columns(table, row):
            if file_id:
                yield self._offer(table, row, column, file_id, attached.get(column, {}))
            elif column in table.needed:
                yield Offer(column, offered="not_yet", why=_AWAITED)

    def _list_columns(self, table: Table, row: Row) -> list[tuple[str, str]]:
        there = self._reader.probe.find(table)
        named = there.list_files() if there else []
        if not named:
            return list(sightings.list_file_columns(documents.NAMES[table], row))
        return [(column, read_guid(row.get(column))) for column in named]

    def _offer(self, table: Table, row: Row, column: str, file_id: str, told: Json) -> Offer:
        row_id = read_guid(row.get(table.key))
        link = self._try_link(table, row_id, column)
        others = build_ways(self._access, table.entity_set, row_id, column)
        wanted = [self._audio] if self._audio != "auto" else list(others)
        ways = [others[name] for name in wanted if name in others]
        size = read_count(told, "filesizeinbytes")
        return Offer(
            column,
            ways=tuple([link.way, *ways] if link else ways),
            size_bytes=link.size_bytes if link and link.size_bytes is not None else size,
            name=(link.name if link else None)
            or read_text(row, f"{column}_name")
            or read_text(told, "filename")
            or None,
            media_type=(link.media_type if link else None) or read_text(told, "mimetype") or None,
            file_id=file_id,
        )

    def _try_link(self, table: Table, row_id: str, column: str) -> Link | None:
        """A signed link, where there are such; refused once, a batch asks for no more."""
        if self._audio not in ("auto", "sas"):
            return None
        try:
            if self._refused is not None:
                raise self._refused
            return make_link(self._access, table.entity_set, row_id, column)
        except LinkUnavailable as error:
            if self._audio == "sas":
                raise
            self._refused = error
            return None


def _read_attached(table: Table, row: Row) -> dict[str, Json]:
    """Size and type of each file by its column, where they were told (2.9)."""
    told = row.get(table.attachments)
    attached = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    return {read_text(one, "regardingfieldname").lower(): one for one in attached}
