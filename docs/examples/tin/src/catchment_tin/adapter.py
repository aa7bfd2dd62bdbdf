"""The hooks of the contract for Tin.  Thin: ``wire`` asks and reads, ``mapping`` understands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from catchment.adapters import Adapter, Source, SourceSettings
from catchment.errors import Absent
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Budget,
    Bundle,
    Feed,
    InteractionDraft,
    Json,
    Nothing,
    Outcome,
    Page,
    Ready,
    Recording,
    Span,
    period,
)
from catchment.secrets import Secret
from catchment.transport import ApiKey, Kit, Request, walk
from catchment_tin import mapping, wire


class TinSettings(SourceSettings):
    """What an administrator enters; the descriptions go into the file that ``init`` writes."""

    url: str = Field(description="Where the tenant is: https://acme.tin.example")
    api_key: Secret = Field(description="The key of a reader, by reference")


class Tin(Adapter):
    """One tenant of Tin."""

    name = "tin"
    platform = "Tin"
    Settings = TinSettings
    feeds = (
        Feed("recordings", every="5m", max_window="1d", lookback={"1h": "1d"}, lag="1h"),
        Feed("calls", every="15m", max_window="7d", lookback={"6h": "3d"}, settle="1m"),
    )
    budgets = {"api": Budget(rate=600, per="1m", share=0.5)}  # noqa: RUF012
    batch = {"fetch_metadata": 50, "fetch_media": 50}  # noqa: RUF012
    links_live = "10m"
    patience = "2d"
    mapper = mapping.MAPPER
    withheld = frozenset({"url"})

    def __init__(self, source: Source, kit: Kit) -> None:
        key = ApiKey(source.settings.api_key.read)
        self._api = kit.client(source.settings.url, auth=key, check=wire.read_fault, budget="api")

    def _ask(self, request: Request) -> Json:
        answer: Json = self._api.send(request).json()
        return answer

    @hookimpl
    def account(self) -> Account:
        """The tenant that the key belongs to."""
        return Account(str(self._ask(Request("GET", "/me"))["tenant"]))

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """The loop that all listings share; a cursor that comes twice ends it with an error."""
        return walk(self._api.send, wire.build_page, mapping.map_page, span)

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """The listing is the metadata."""
        return map(Ready, batch)

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """From the listing's row while its links are young, else asked anew."""
        for recording in batch:
            yield self._media(recording, batch)

    def _media(self, recording: Recording, batch: Batch) -> Outcome:
        row, seen_at = recording.documents.get("listing"), recording.seen_at
        old = seen_at is None or batch.now - seen_at > period(self.links_live)
        try:
            if row is None or old or batch.renew:
                row = self._ask(wire.build_recording(recording.external_id))
        except Absent:
            return Nothing(recording, "Tin has deleted it")
        return Ready(recording, files=tuple(mapping.map_files(row)))

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """The call with everything that is known of it."""
        return mapping.map_call(bundle)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """Recordings by the id that Tin's pages show."""
        for asked in ids:
            try:
                row = self._ask(wire.build_recording(asked))
            except Absent:
                yield Nothing(asked, "Tin knows no such recording")
            else:
                yield Ready(asked, sightings=(mapping.map_sighting(row),))
