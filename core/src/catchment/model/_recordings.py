"""Recordings, what is asked about them in one go, and the answer for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catchment.model._files import MediaFile
from catchment.model._listings import Sighting
from catchment.model._words import Json, Key


@dataclass(frozen=True, slots=True)
class Recording:
    """What a hook is told about a recording that the ledger knows.

    Attributes:
        external_id: The platform's id.
        occurred_at: When what was recorded began.
        keys: All keys known so far.
        revision: The newest revision seen.
        seen_at: When a listing or a fetch last told us about it.
        documents: The platform's documents by name, newest of each; ``"listing"`` is the row.
        held: Each original that the archive holds already, by ``file_id``, as it was described when
            it was archived, without its ways.
    """

    external_id: str
    occurred_at: datetime
    keys: tuple[Key, ...] = ()
    revision: str = ""
    seen_at: datetime | None = None
    documents: Mapping[str, Json] = field(default_factory=dict)
    held: Mapping[str, MediaFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Recordings to be asked about in one go; never more than the adapter's ``batch`` allows.

    Attributes:
        recordings: The recordings, each once.
        now: The platform's time at which the question is asked.
        renew: Only for ``fetch_media``: links that the documents hold are too old or dead, so
            the platform must be asked again.
    """

    recordings: tuple[Recording, ...]
    now: datetime
    renew: bool = False

    def __iter__(self) -> Iterator[Recording]:
        return iter(self.recordings)

    def __len__(self) -> int:
        return len(self.recordings)

    @property
    def ids(self) -> list[str]:
        """The platform's ids of the recordings."""
        return [recording.external_id for recording in self.recordings]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer for one item of a batch.

    Attributes:
        subject: The recording of the batch, or the id that a person asked for (``recover``).
    """

    subject: Recording | str

    @property
    def item_id(self) -> str:
        """The id of the item that this answers."""
        return self.subject if isinstance(self.subject, str) else self.subject.external_id


@dataclass(frozen=True, slots=True)
class Ready(Outcome):
    """The platform answered.

    Attributes:
        documents: From ``fetch_metadata``: documents by name, verbatim.
        keys: Further keys that the documents gave.
        files: From ``fetch_media``: every file of the recording, also those not ready yet.  None
            at all is "not yet".
        sightings: From ``recover``: the recordings found under the id that was asked for.
    """

    documents: Mapping[str, Json] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    files: tuple[MediaFile, ...] = ()
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class NotYet(Outcome):
    """Nothing yet, for the reason given; asked again until ``patience`` is over, then gone."""

    why: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Nothing(Outcome):
    """There is nothing and there will be nothing; the recording is gone, with this reason."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Denied(Outcome):
    """The credential may not see this one item; it is parked for a person, with this reason."""

    why: str = ""
