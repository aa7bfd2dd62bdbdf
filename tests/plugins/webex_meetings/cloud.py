"""A simulated Webex and the adapter that is configured for it, for the tests of the hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.plugins.door import Door

from catchment.adapters import Hooks
from catchment.clock import ManualClock
from catchment.model import (
    Batch,
    Fact,
    Feed,
    MediaFile,
    Outcome,
    Page,
    Ready,
    Recording,
    Sighting,
    Span,
    Window,
)
from catchment.sandbox import ASGIApp
from catchment.transport import Kit
from catchment_webex_meetings.adapter import WebexMeetings
from catchment_webex_meetings.settings import WebexMeetingsSettings
from catchment_webex_meetings.simulator import WebexMeetingsSimulator

START = datetime(2026, 10, 12, tzinfo=UTC)
LATER = timedelta(days=1, hours=6)
PROFILES = ("administrator", "compliance_officer")
OWN_ONLY = "meeting:recordings_read meeting:schedules_read meeting:preferences_read"

Found = set[tuple[str, str, str]]


class GuardedSimulator(WebexMeetingsSimulator):
    """A simulated Webex with a door in front of each host."""

    def __init__(self, *args: Any) -> None:
        self.door = Door()
        super().__init__(*args)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """The hosts, each behind the door."""
        return {name: self.door.wrap(name, app) for name, app in super().hosts.items()}


@dataclass
class Cloud:
    """A simulated Webex and an adapter that is configured for it."""

    simulator: GuardedSimulator
    clock: ManualClock
    settings: WebexMeetingsSettings
    kit: Kit
    adapter: WebexMeetings
    hooks: Hooks

    @property
    def now(self) -> datetime:
        """The platform's time."""
        return self.clock.now()

    def feed(self, name: str) -> Feed:
        """One of the feeds."""
        return next(feed for feed in WebexMeetings.feeds if feed.name == name)

    def poll(self, name: str, partition: str, cursor: str | None = None) -> Iterator[Page]:
        """What a feed lists from a day before the World to now."""
        window = Window(START - timedelta(days=1), self.now - timedelta(seconds=5))
        return self.hooks.poll(Span(name, partition, window, cursor))

    def pages(self, name: str) -> list[Page]:
        """All pages of all parts of a feed."""
        parts = self.hooks.partitions(self.feed(name))
        return [page for part in parts for page in self.poll(name, part)]

    def sightings(self) -> dict[str, Sighting]:
        """The recordings of all sites by id."""
        return {one.external_id: one for page in self.pages("recordings") for one in page.sightings}

    def facts(self, name: str) -> list[Fact]:
        """What a book says."""
        return [fact for page in self.pages(name) for fact in page.facts]

    def record(self, sighting: Sighting, **documents: object) -> Recording:
        """*sighting* as the ledger would hand it back."""
        return Recording(
            sighting.external_id,
            sighting.occurred_at,
            sighting.keys,
            sighting.revision,
            self.now,
            {"listing": sighting.document, **documents},  # type: ignore[dict-item]
        )

    def batch(self, *sightings: Sighting, renew: bool = False) -> Batch:
        """A question about some recordings."""
        return Batch(tuple(map(self.record, sightings)), self.now, renew)

    def media(self, sighting: Sighting, *, renew: bool = False) -> Outcome:
        """The files of a recording."""
        return next(self.hooks.fetch_media(self.batch(sighting, renew=renew)))

    def metadata(self, sighting: Sighting) -> Ready:
        """The documents of a recording."""
        answered = next(self.hooks.fetch_metadata(self.batch(sighting)))
        assert isinstance(answered, Ready)
        return answered

    def files(self, sighting: Sighting) -> dict[str, MediaFile]:
        """The files of a recording by id."""
        answered = self.media(sighting)
        assert isinstance(answered, Ready), answered
        return {file.file_id: file for file in answered.files}

    def everything(self) -> Found:
        """Every file of every recording, as the truth tells it."""
        return {
            (name, file.file_id, file.kind)
            for name, sighting in self.sightings().items()
            for file in self.files(sighting).values()
        }

    def truth(self) -> Found:
        """What must be found."""
        rows = self.simulator.truth(self.now)
        return {(row.external_id, row.file_id, row.kind) for row in rows}

    def recover(self, *ids: str) -> dict[str, Outcome]:
        """The answers for some ids."""
        return {outcome.item_id: outcome for outcome in self.hooks.recover(ids)}


MakeCloud = Callable[..., Cloud]
