"""Everything that one version of one interaction is sealed from, in our own words.

A package is a value: the engine reads it from the catalogue, ``manifest`` writes it as a vCon and
reads it back, ``rebuild`` puts it into an empty catalogue.  Its parts are kept in one order,
whatever order they were given in, so that sealing twice gives the same bytes.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from catchment.model import Fact, InteractionDraft, Json, Key, Kind, Measured, Ref, Timeline

RecordingState = Literal["open", "quiet", "gone", "skipped"]
FileState = Literal["archived", "gone", "skipped", "parked"]


@dataclass(frozen=True, slots=True)
class PackageSource:
    """Where the interaction came from.

    Attributes:
        name: The source's label in the settings.
        adapter: The adapter's name.
        account_id: Who the platform says we are.
        epoch: The period of the source under one kind of ids.
    """

    name: str
    adapter: str
    account_id: str
    epoch: int = 1


@dataclass(frozen=True, slots=True)
class PackageRecording:
    """A recording of the ledger, as it stood when the package was sealed.

    Attributes:
        external_id: The platform's id.
        epoch: The epoch of the source in which it was seen.
        occurred_at: When what was recorded began.
        state: ``quiet`` when nothing more is expected, ``open`` when sealed at the maximum age.
        reason: Why it is gone or skipped.
        revision: The newest revision seen.
        keys: All keys of the recording, in one order.
        late_by: How far behind the watermark it was found; zero when in time.
    """

    external_id: str
    epoch: int
    occurred_at: datetime
    state: RecordingState
    reason: str = ""
    revision: str = ""
    keys: tuple[Key, ...] = ()
    late_by: timedelta = timedelta()

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", tuple(sorted(self.keys)))


@dataclass(frozen=True, slots=True)
class PackageFact:
    """A row of the platform's books under the interaction's keys.

    The fact's document is not in it: the package lists it among its documents (with an empty
    ``recording_id``), or it is in the books only.

    Attributes:
        fact: The row, with an empty document and its keys in one order.
        document_sha256: Hash of the document in the archive; empty when only the books hold it.
    """

    fact: Fact
    document_sha256: str = ""

    def __post_init__(self) -> None:
        plain = replace(self.fact, document={}, keys=tuple(sorted(self.fact.keys)))
        object.__setattr__(self, "fact", plain)


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file of a recording: archived, or why not.

    Attributes:
        recording_id: The platform's id of the recording.
        file_id: The platform's id of the file; of a derived file, that of its original.
        version: Counts the bytes that the platform gave under the same ``file_id``.
        kind: What it is.
        form: The format, as a lower-case file extension.
        origin: The platform's own bytes, or made by us.
        recipe: How a derived file was made, with the recipe's version.
        derived_from: SHA-256 of what it was made from.
        state: ``archived``, or what became of it instead.
        reason: Why it is not archived.
        sha256: Hex digest, its address in the archive; empty when there are no bytes.
        sha512: Hex digest.
        size_bytes: Number of bytes.
        media_type: The MIME type, where told.
        name: A label for people, where told.
        of: Whose stream it is.
        channels: Who is heard on which channel, where known.
        timeline: Which wall time it covers.
        measured: What its bytes turned out to be.
        claimed_sha256: What the platform claims; only noted.
        archived_at: When it was archived.
        extra: Anything else that the adapter wants kept, as plain JSON values.
    """

    recording_id: str
    file_id: str
    version: int
    kind: Kind
    form: str
    origin: Literal["original", "derived"] = "original"
    recipe: str = ""
    derived_from: str | None = None
    state: FileState = "archived"
    reason: str = ""
    sha256: str = ""
    sha512: str = ""
    size_bytes: int = 0
    media_type: str | None = None
    name: str | None = None
    of: Ref | None = None
    channels: tuple[Ref, ...] = ()
    timeline: Timeline = field(default_factory=Timeline)
    measured: Measured = field(default_factory=Measured)
    claimed_sha256: str | None = None
    archived_at: datetime | None = None
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.state == "archived" and not (self.sha256 and self.sha512):
            raise ValueError(f"{self.recording_id}: {self.file_id} is archived without its hashes")


@dataclass(frozen=True, slots=True)
class PackageDocument:
    """A document of the platform, verbatim in the archive.

    Attributes:
        recording_id: The recording that it describes; empty when it belongs to a fact.
        name: What the adapter calls it.
        seen_at: When the platform gave it.
        sha256: Hex digest, its address in the archive.
        sha512: Hex digest.
        size_bytes: Number of bytes.
    """

    recording_id: str
    name: str
    seen_at: datetime
    sha256: str
    sha512: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Package:
    """One version of one interaction.

    Attributes:
        interaction_id: Stable through all versions, a UUID.
        version: 1, 2, 3, …
        document_id: The UUID of this version; kept in the catalogue before sealing, so that
            sealing again after a crash gives the same bytes.  See :func:`build_document_id`.
        previous_document_id: That of the version before; ``None`` for the first.
        created_at: When this version was decided on.
        source: Where it came from.
        writer: Name and version of the program.
        draft: What the interaction is.
        recordings: All recordings under its keys.
        facts: All facts under its keys.
        files: Every file of every recording, originals and what was made from them.
        documents: The platform's documents.
        aliases: Ids of interactions that were joined into this one.
    """

    interaction_id: str
    version: int
    document_id: str
    previous_document_id: str | None
    created_at: datetime
    source: PackageSource
    writer: str
    draft: InteractionDraft
    recordings: tuple[PackageRecording, ...] = ()
    facts: tuple[PackageFact, ...] = ()
    files: tuple[PackageFile, ...] = ()
    documents: tuple[PackageDocument, ...] = ()
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, order in _ORDERS.items():
            object.__setattr__(self, name, tuple(sorted(getattr(self, name), key=order)))

    @property
    def archived(self) -> tuple[PackageFile, ...]:
        """The files whose bytes are in the archive."""
        return tuple(file for file in self.files if file.state == "archived")

    def list_references(self) -> Iterator[tuple[str, int]]:
        """Yield hash and size of all that the archive must hold for this package."""
        for file in self.archived:
            yield file.sha256, file.size_bytes
        for document in self.documents:
            yield document.sha256, document.size_bytes


def build_document_id(at: datetime, counter: int, host: str) -> str:
    """A UUID of version 8 for a document of *host*, as the vCon draft lays it out.

    Two ids of one host differ by the millisecond and by the low 12 bits of *counter*, so the
    caller counts, and keeps the id, so that a second attempt uses it again.
    """
    milliseconds = int(at.timestamp() * 1000)
    name = int.from_bytes(hashlib.sha1(host.encode(), usedforsecurity=False).digest(), "big") >> 98
    bits = milliseconds << 80 | 8 << 76 | (counter & 0xFFF) << 64 | 2 << 62 | name
    return str(uuid.UUID(int=bits))


def _recording_order(recording: PackageRecording) -> tuple[object, ...]:
    return (recording.occurred_at, recording.external_id, recording.epoch)


def _file_order(file: PackageFile) -> tuple[object, ...]:
    derived = file.origin == "derived"
    place = (file.recording_id, file.file_id, file.version)
    return (derived, *place, file.recipe, file.kind, file.form, file.state, file.sha256)


def _document_order(document: PackageDocument) -> tuple[object, ...]:
    return (document.recording_id, document.name, document.seen_at, document.sha256)


_ORDERS: dict[str, Callable[[Any], Any]] = {
    "recordings": _recording_order,
    "facts": lambda entry: (entry.fact.kind, entry.fact.fact_id, entry.fact.at),
    "files": _file_order,
    "documents": _document_order,
    "aliases": str,
}
