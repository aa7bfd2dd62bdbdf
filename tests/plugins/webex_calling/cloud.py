"""A simulated Webex Calling in hand, and the adapter that is configured for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.plugins.door import Door

from catchment.adapters import Hooks
from catchment.clock import ManualClock
from catchment.model import (
    Batch,
    Fact,
    Outcome,
    Page,
    Ready,
    Recording,
    Sighting,
    Span,
    Window,
    period,
)
from catchment.sandbox import ASGIApp
from catchment_webex_calling.adapter import WebexCalling
from catchment_webex_calling.ids import read_recording_id
from catchment_webex_calling.settings import WebexCallingSettings
from catchment_webex_calling.simulator import WebexCallingSimulator

START = datetime(2026, 10, 12, tzinfo=UTC)
LATER = timedelta(days=1, hours=6)
NEVER: dict[str, object] = {"binned_every": 0, "reassigned_every": 0}
"""Nothing happens to recordings after they were made."""

File = tuple[str, str, str, int | None]


class GuardedSimulator(WebexCallingSimulator):
    """A simulated Webex Calling with a door in front of each host."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.door = Door()
        super().__init__(*args, **options)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """The hosts, each behind the door."""
        return {name: self.door.wrap(name, app) for name, app in super().hosts.items()}


@dataclass
class Cloud:
    """A simulated Webex Calling and an adapter that is configured for it."""

    simulator: GuardedSimulator
    clock: ManualClock
    settings: WebexCallingSettings
    hooks: Hooks

    @property
    def now(self) -> datetime:
        """The platform's time."""
        return self.clock.now()

    def poll(self, feed: str, partition: str = "", cursor: str | None = None) -> Iterator[Page]:
        """What *feed* lists up to now."""
        window = Window(START - timedelta(days=1), self.now - timedelta(seconds=5))
        return self.hooks.poll(Span(feed, partition, window, cursor))

    def sightings(self, *partitions: str) -> dict[str, Sighting]:
        """All recordings by id, of all partitions unless some are named."""
        feed = WebexCalling.feeds[0]
        return {
            one.external_id: one
            for partition in partitions or self.hooks.partitions(feed)
            for page in self.poll("recordings", partition)
            for one in page.sightings
        }

    def facts(self, name: str = "cdr_history") -> dict[str, Fact]:
        """All call records of the day by id, window after window as the engine would."""
        feed = next(one for one in WebexCalling.feeds if one.name == name)
        found: dict[str, Fact] = {}
        end = START + timedelta(hours=6)
        while end < START + timedelta(hours=22):
            start, end = end, end + period(feed.max_window)
            one_a_minute = self.now + timedelta(minutes=1)
            self.clock.set(max(one_a_minute, end + timedelta(minutes=30)))
            for page in self.hooks.poll(Span(name, "", Window(start, end))):
                found |= {fact.fact_id: fact for fact in page.facts}
        return found

    def record(self, sighting: Sighting) -> Recording:
        """*sighting* as the ledger would hand it back."""
        return Recording(
            sighting.external_id,
            sighting.occurred_at,
            sighting.keys,
            sighting.revision,
            self.now,
            {"listing": sighting.document},
        )

    def described(self, sighting: Sighting) -> Recording:
        """The same with its metadata."""
        recording = self.record(sighting)
        (answered,) = self.hooks.fetch_metadata(Batch((recording,), self.now))
        assert isinstance(answered, Ready)
        return replace(recording, documents={**recording.documents, **answered.documents})

    def media(self, recording: Recording) -> Outcome:
        """The files of *recording*."""
        return next(self.hooks.fetch_media(Batch((recording,), self.now)))

    def files(self, sightings: dict[str, Sighting]) -> set[File]:
        """Every ready file as the truth tells it."""
        found: set[File] = set()
        for sighting in sightings.values():
            answered = self.media(self.record(sighting))
            assert isinstance(answered, Ready), answered
            ready = [file for file in answered.files if file.offered == "ready"]
            found |= {(sighting.external_id, f.file_id, f.kind, f.size_bytes) for f in ready}
        return found

    def truth(self) -> set[File]:
        """What must be found; the size of a transcript is not told by Webex."""
        return {
            (
                read_recording_id(row.external_id),
                row.file_id,
                row.kind,
                row.bytes if row.file_id == "audio" else None,
            )
            for row in self.simulator.truth(self.now)
        }

    def act_as(self, profile: str, email: str = "") -> None:
        """Let the source's refresh token be somebody else's."""
        tenant = self.simulator.tenant
        tenant.tokens.enter(tenant.credentials.refresh_token, tenant.grant(profile, email))


MakeCloud = Callable[..., Cloud]
"""Makes a cloud with switches in any position, each by its name."""
