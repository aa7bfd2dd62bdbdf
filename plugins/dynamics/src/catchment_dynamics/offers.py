"""How files can be had (2.9): by a signed link, in pieces, or whole, as the settings say.

A signed link is asked for first, because it costs the environment nothing and may be continued.
Where the platform refuses it - customer-managed keys, a restriction of addresses - the others are
left, each of which the engine tries in turn.  What is refused of one file is refused of it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from catchment.errors import Absent, AdapterFault, CatchmentError, NotPermitted, Unreachable
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
from catchment_dynamics.access import Access, name_budget
from catchment_dynamics.columns import Table
from catchment_dynamics.ids import read_guid
from catchment_dynamics.offer import Offer
from catchment_dynamics.payloads import read_count, read_text
from catchment_dynamics.reader import Reader, Row

LINK, PIECES, WHOLE = "sas", "chunks", "whole"
"""The ways to a file, as the setting ``audio`` names them (2.9)."""

_AWAITED = "the platform has not stored the file yet"


class LinkUnavailable(NotPermitted):
    """There is no signed link, or none that can be followed."""


class LinkAbsent(LinkUnavailable):
    """The platform knows nothing of the file that a link was asked for, or of its row."""


@dataclass(frozen=True, slots=True)
class Link:
    """What ``GetFileSasUrl`` answers (2.9)."""

    way: Way
    name: str | None = None
    size_bytes: int | None = None
    media_type: str | None = None


def list_ways(audio: str) -> tuple[str, ...]:
    """The ways that the setting ``audio`` allows, in the order in which they are tried."""
    return (LINK, PIECES, WHOLE) if audio == "auto" else (audio,)


def make_link(access: Access, entity_set: str, row_id: str, column: str) -> Link:
    """A signed link to a file, which anybody may follow for an hour.

    Raises:
        LinkUnavailable: The environment makes none; the sentence says why.
        LinkAbsent: There is no such row, no file in it, or no such question.
        Unreachable: Dataverse is in trouble, which it may be for each question of this kind.
    """
    remedy = 'Customer-managed keys allow none: leave audio = "auto", or set "chunks".'
    try:
        told = access.ask(wire.build_link(entity_set, row_id, column)).get("Result")
    except Absent as error:
        raise LinkAbsent(f"there is no signed link to {column}: {error}", remedy=remedy) from error
    except (AdapterFault, NotPermitted) as error:
        why = "as customer-managed keys or a restriction make it"
        raise LinkUnavailable(f"signed links are refused, {why}: {error}", remedy=remedy) from error
    result: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    url = result.get("SasUrl")
    if not isinstance(url, str) or not _is_link(url):
        raise LinkUnavailable("signed links are refused: the answer holds none", remedy=remedy)
    return Link(
        Way(url, auth=False, ranged=True),
        read_text(result, "FileName") or None,
        read_count(result, "FileSizeInBytes"),
        read_text(result, "MimeType") or None,
    )


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def build_ways(access: Access, entity_set: str, row_id: str, column: str) -> dict[str, Way]:
    """The ways that need our bearer: in pieces, and whole; both count as our questions do (2.8)."""
    url = access.base_url + wire.file_path(entity_set, row_id, column)
    whole = Way(
        url, ranged=False, size_header=wire.SIZE_HEADER, budget=name_budget(access.settings)
    )
    return {PIECES: replace(whole, ranged=True, piece_bytes=wire.PIECE_BYTES), WHOLE: whole}


class Offering:
    """Offers the files of one batch.  Not shared between threads.

    Args:
        reader: Reads rows.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._access = reader.access
        self._ways = list_ways(reader.access.settings.audio)
        self._refused: CatchmentError | None = None

    def fetch(self, batch: Batch) -> Iterator[Outcome]:
        """An outcome for each recording of *batch*, with links made just now.

        Raises:
            Unreachable: Dataverse is in trouble, and the settings allow signed links alone.
        """
        for table, recordings in documents.split_batch(batch).items():
            if table is None:
                why = "no row of it is known that says what it is"
                yield from (Denied(one, why) for one in recordings)
                continue
            rows = documents.read_rows(self._reader, table, recordings)
            for recording in recordings:
                yield self._answer(table, recording, rows.get(recording.external_id))

    def _answer(self, table: Table, recording: Recording, row: Row | None) -> Outcome:
        """What there is of *recording*.

        It is gone where its row is not there, and for no other reason.  It is for a person where
        there are files and the settings leave no way to any of them.
        """
        if row is None:
            return Nothing(recording, documents.GONE)
        offers = {one.file_column: one for one in self._list_offers(table, recording, row)}
        if any(one.doubted for one in offers.values()) and self._is_gone(table, recording):
            return Nothing(recording, documents.GONE)
        found = self._describe(table, recording, offers)
        refused = next((one for one in offers.values() if one.refused), None)
        if refused is not None and not any(one.offered == "ready" for one in found):
            return Denied(recording, refused.why)
        return Ready(recording, files=found) if found else NotYet(recording, _AWAITED)

    def _is_gone(self, table: Table, recording: Recording) -> bool:
        """Whether the row, read once more by its id, is not there."""
        try:
            rows = documents.read_rows(self._reader, table, [recording])
        except Absent:  # an address that is not there says nothing of a row
            return False
        return recording.external_id not in rows

    def _describe(
        self, table: Table, recording: Recording, offers: Mapping[str, Offer]
    ) -> tuple[MediaFile, ...]:
        if table is columns.RECORDINGS:
            return files.describe_recording(recording, offers, self._access.settings)
        if table is columns.TRANSCRIPTS:
            return files.describe_transcript(recording, offers)
        return files.describe_voicemail(offers)

    def _list_offers(self, table: Table, recording: Recording, row: Row) -> Iterator[Offer]:
        """The File columns of *row*: those with a file, and the sound, which is waited for.

        Other columns may stay empty for ever and are left out.
        """
        attached = _read_attached(table, row)
        for column, file_id in self._list_columns(table, row):
            if file_id:
                told = attached.get(column, {})
                yield self._offer(table, recording, row, told, column, file_id)
            elif column in table.needed:
                yield Offer(column, offered="not_yet", why=_AWAITED)

    def _list_columns(self, table: Table, row: Row) -> list[tuple[str, str]]:
        there = self._reader.probe.find(table)
        named = there.list_files() if there else []
        if not named:
            return list(sightings.list_file_columns(documents.NAMES[table], row))
        return [(column, read_guid(row.get(column))) for column in named]

    def _offer(
        self, table: Table, recording: Recording, row: Row, told: Json, column: str, file_id: str
    ) -> Offer:
        """How the file can be had.

        What the platform does not know when it is asked for a link is tried in the other ways where
        it is sound; any other file is waited for.
        """
        place = self._access, table.entity_set, recording.external_id, column
        link = self._try_link(*place) if LINK in self._ways else None
        found = link if isinstance(link, Link) else None
        doubted = isinstance(link, LinkAbsent)
        by_name: dict[str, Way] = (
            {} if doubted and not _is_sound(table, column) else build_ways(*place)
        )
        if found is not None:
            by_name[LINK] = found.way
        ways = tuple(by_name[name] for name in self._ways if name in by_name)
        size = read_count(told, "filesizeinbytes")
        return Offer(
            column,
            ways=ways,
            size_bytes=found.size_bytes if found and found.size_bytes is not None else size,
            name=(found.name if found else None)
            or read_text(row, f"{column}_name")
            or read_text(told, "filename")
            or None,
            media_type=(found.media_type if found else None) or read_text(told, "mimetype") or None,
            file_id=file_id,
            offered="ready" if ways else "not_yet",
            why="" if ways else str(link),
            doubted=doubted,
        )

    def _try_link(
        self, access: Access, entity_set: str, row_id: str, column: str
    ) -> Link | CatchmentError:
        """A signed link, or why there is none; refused once, a batch asks for no more.

        One file that is not known says nothing of the others.

        Raises:
            Unreachable: Dataverse is in trouble, and there is no other way: another attempt helps.
        """
        if self._refused is not None:
            return self._refused
        try:
            return make_link(access, entity_set, row_id, column)
        except LinkAbsent as error:
            return error
        except (LinkUnavailable, Unreachable) as error:
            if isinstance(error, Unreachable) and self._ways == (LINK,):
                raise
            self._refused = error
            return error


def _is_sound(table: Table, column: str) -> bool:
    """Whether *column* holds sound; of voicemails it is not documented which does (3)."""
    return table is columns.VOICEMAILS or column in table.needed


def _read_attached(table: Table, row: Row) -> dict[str, Json]:
    """Size and type of each file by its column, where they were told (2.9)."""
    told = row.get(table.attachments)
    attached = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    return {read_text(one, "regardingfieldname").lower(): one for one in attached}
