"""A simulated environment of Dynamics 365 in hand, and the adapter that is configured for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from catchment.adapters import Hooks, Source
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
)
from catchment.sandbox import ASGIApp
from catchment.transport import Kit
from catchment_dynamics.access import Access
from catchment_dynamics.adapter import Dynamics
from catchment_dynamics.probing import Probe
from catchment_dynamics.reader import Reader
from catchment_dynamics.settings import DynamicsSettings
from catchment_dynamics.simulator import DynamicsSimulator

START = datetime(2026, 10, 12, tzinfo=UTC)
LATER = timedelta(days=1, hours=6)
HOUR = timedelta(hours=1)
BATCH = 10

FEEDS = ("recordings", "transcripts", "voicemails")
BOOKS = ("conversations", "sessions", "participants", "participant_events", "calls")

File = tuple[str, str, str]


class GuardedSimulator(DynamicsSimulator):
    """A simulated environment that may refuse anything.

    Attributes:
        refuse: The status and code with which a verb and path are refused; 0 lets them pass.
        seen: Path and query of every request to the organisation's host.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.refuse: Callable[[str, str], tuple[int, str]] = lambda _verb, _path: (0, "")
        self.seen: list[tuple[str, str]] = []
        super().__init__(*args, **options)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """The hosts, the organisation's behind a guard."""
        return {
            name: self._guard(app) if name == "org" else app for name, app in super().hosts.items()
        }

    def _guard(self, app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            status, code = 0, ""
            if scope["type"] == "http":
                self.seen.append((scope["path"], scope["query_string"].decode()))
                status, code = self.refuse(scope["method"], scope["path"])
            if status:
                body = {"error": {"code": code, "message": "refused by the test"}}
                await JSONResponse(body, status)(scope, receive, send)
            else:
                await app(scope, receive, send)

        return answer


@dataclass
class Organisation:
    """A simulated environment and an adapter that is configured for it."""

    simulator: GuardedSimulator
    clock: ManualClock
    settings: DynamicsSettings
    hooks: Hooks
    kit: Kit

    @property
    def now(self) -> datetime:
        """The platform's time."""
        return self.clock.now()

    @property
    def access(self) -> Access:
        """The environment under the settings' credential, for single modules."""
        return Access(self.settings, self.kit)

    @property
    def reader(self) -> Reader:
        """The tables under the settings' credential, for single modules."""
        access = self.access
        return Reader(access, Probe(access))

    def changed(self, **changed: object) -> Hooks:
        """The hooks of an adapter with other settings, at the same platform."""
        return self._hooks({**self.simulator.settings(), **changed})

    def of_client(self, number: int) -> Hooks:
        """The hooks of an adapter that is another application user."""
        return self._hooks(self.simulator.settings(number))

    def _hooks(self, table: Mapping[str, object]) -> Hooks:
        settings = DynamicsSettings.model_validate(table)
        kit = Kit(self.clock, budgets=Dynamics.budgets_of(settings), ca_file=self.simulator.ca_file)
        return Hooks(Dynamics(Source("dynamics", settings), kit))

    def window(self) -> Window:
        """All that happened."""
        return Window(START - HOUR, self.now - timedelta(seconds=30))

    def poll(
        self,
        feed: str,
        window: Window | None = None,
        *,
        cursor: str | None = None,
        mark: str = "",
        hooks: Hooks | None = None,
    ) -> Iterator[Page]:
        """What *feed* lists."""
        span = Span(feed, "", window or self.window(), cursor, mark)
        return (hooks or self.hooks).poll(span)

    def sightings(self, hooks: Hooks | None = None) -> dict[str, Sighting]:
        """Everything that was recorded, by id."""
        return {
            one.external_id: one
            for feed in FEEDS
            for page in self.poll(feed, hooks=hooks)
            for one in page.sightings
        }

    def facts(self, feed: str) -> dict[str, Fact]:
        """What *feed* tells of the books, by id."""
        return {f"{one.kind}/{one.fact_id}": one for page in self.poll(feed) for one in page.facts}

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

    def recordings(self) -> list[Recording]:
        """Everything that was recorded, as the ledger would hand it back."""
        return [self.record(one) for one in self.sightings().values()]

    def describe(self, recordings: list[Recording]) -> list[Recording]:
        """The same with what is told of them, in batches as the engine asks."""
        found = []
        for lot in _cut(recordings):
            answers = list(self.hooks.fetch_metadata(Batch(lot, self.now)))
            assert len(answers) == len(lot)
            for answer in answers:
                assert isinstance(answer, Ready), answer
                assert isinstance(answer.subject, Recording)
                documents = {**answer.subject.documents, **answer.documents}
                found.append(replace(answer.subject, documents=documents))
        return found

    def media(self, recordings: list[Recording], hooks: Hooks | None = None) -> dict[str, Outcome]:
        """The answers about files by id, in batches as the engine asks."""
        return {
            answer.item_id: answer
            for lot in _cut(recordings)
            for answer in (hooks or self.hooks).fetch_media(Batch(lot, self.now))
        }

    def files(self) -> set[File]:
        """Every ready file of everything that was recorded."""
        answers = self.media(self.describe(self.recordings()))
        return {
            (name, file.file_id, file.kind)
            for name, answer in answers.items()
            if isinstance(answer, Ready)
            for file in answer.files
            if file.offered == "ready"
        }

    def truth(self) -> set[File]:
        """What must be found."""
        rows = self.simulator.truth(self.now)
        return {(row.external_id, row.file_id, row.kind) for row in rows}


def _cut(recordings: list[Recording]) -> Iterator[tuple[Recording, ...]]:
    for at in range(0, len(recordings), BATCH):
        yield tuple(recordings[at : at + BATCH])


MakeOrganisation = Callable[..., Organisation]
"""Makes an environment with switches in any position, each by its name."""
