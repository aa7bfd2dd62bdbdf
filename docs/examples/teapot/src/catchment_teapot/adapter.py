"""The hooks of the contract for Teapot.  Thin: ``wire`` asks, ``mapping`` understands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from catchment import model
from catchment.adapters import Adapter, Source
from catchment.errors import Absent
from catchment.hookspecs import hookimpl
from catchment.transport import ApiKey, Kit, Request, walk
from catchment_teapot import mapping, wire
from catchment_teapot.settings import TeapotSettings


class Teapot(Adapter):
    """One account of Teapot."""

    name = "teapot"
    platform = "Teapot"
    Settings = TeapotSettings
    feeds = (model.Feed("calls", every="5m", max_window="1d", lag="1h"),)
    budgets: ClassVar[Mapping[str, model.Budget]] = {"api": model.Budget(300, per="1m")}
    withheld = frozenset({"audio"})

    def __init__(self, source: Source, kit: Kit) -> None:
        key = ApiKey(source.settings.api_key.read)
        self._api = kit.client(source.settings.url, auth=key, check=wire.read_fault, budget="api")

    @hookimpl
    def account(self) -> model.Account:
        """The account that the key belongs to."""
        return model.Account(str(self._api.send(Request("GET", "/account")).json()["id"]))

    @hookimpl
    def poll(self, span: model.Span) -> Iterator[model.Page]:
        """The loop that all listings share; a cursor that comes twice ends it with an error."""
        return walk(self._api.send, wire.build_page, mapping.map_page, span)

    @hookimpl
    def fetch_metadata(self, batch: model.Batch) -> Iterator[model.Outcome]:
        """The listing is the metadata."""
        return map(model.Ready, batch)

    @hookimpl
    def fetch_media(self, batch: model.Batch) -> Iterator[model.Outcome]:
        """The one file of each call, asked for anew each time, so that its link is fresh."""
        for call in batch:
            try:
                row = self._api.send(wire.build_call(call.external_id)).json()
            except Absent:
                yield model.Nothing(call, "Teapot has poured it away")
            else:
                yield model.Ready(call, files=(mapping.map_file(row),))

    @hookimpl
    def map_metadata(self, bundle: model.Bundle) -> model.InteractionDraft:
        """The call with everything that is known of it."""
        return mapping.map_call(bundle)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[model.Outcome]:
        """Calls by the id that Teapot's pages show."""
        for asked in ids:
            try:
                row = self._api.send(wire.build_call(asked)).json()
            except Absent:
                yield model.Nothing(asked, "Teapot knows no such call")
            else:
                yield model.Ready(asked, sightings=(mapping.map_sighting(row),))
