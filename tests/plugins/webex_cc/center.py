"""A simulated Contact Center in hand, and the adapter that is configured for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from catchment.adapters import Hooks, Source
from catchment.clock import ManualClock
from catchment.model import (
    Batch,
    Bundle,
    Fact,
    InteractionDraft,
    Outcome,
    Page,
    Ready,
    Recording,
    Sighting,
    Span,
    StoredFile,
    Window,
)
from catchment.model import Measured as Seen
from catchment.sandbox import ASGIApp
from catchment.transport import Kit
from catchment_webex_cc.access import Access
from catchment_webex_cc.adapter import WebexContactCenter
from catchment_webex_cc.settings import WebexContactCenterSettings
from catchment_webex_cc.simulator import WebexContactCenterSimulator

START = datetime(2026, 10, 12, tzinfo=UTC)
LATER = timedelta(days=1, hours=6)
HOUR = timedelta(hours=1)

File = tuple[str, str, str]


class GuardedSimulator(WebexContactCenterSimulator):
    """A simulated Contact Center whose schema may lack something, and that may refuse anything.

    Attributes:
        lacking: Names of fields; whatever asks for one is refused (2.1).
        asked: Every request so far: the verb and the path.
        refuse: The status with which a verb and path are refused; 0 lets them pass.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.lacking: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.refuse: Callable[[str, str], int] = lambda _verb, _path: 0
        super().__init__(*args, **options)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """The hosts, the API behind a schema of its own."""
        return {
            name: self._guard(self._narrow(app) if name == "api" else app)
            for name, app in super().hosts.items()
        }

    def _guard(self, app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            status = 0
            if scope["type"] == "http":
                asked = (scope["method"], scope["path"])
                self.asked.append(asked)
                status = self.refuse(*asked)
            await (JSONResponse({}, status) if status else app)(scope, receive, send)

        return answer

    def _narrow(self, app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] != "/search":
                await app(scope, receive, send)
                return
            body = await Request(scope, receive).body()
            lacking = [name for name in self.lacking if name.encode() in body]
            if lacking:
                told = {"description": f"Validation error (FieldUndefined) : {lacking[0]}"}
                refusal = JSONResponse({"error": {"key": "400", "message": [told]}}, 400)
                await refusal(scope, receive, send)
                return

            async def repeat() -> Message:
                return {"type": "http.request", "body": body}

            await app(scope, repeat, send)

        return answer


@dataclass
class Center:
    """A simulated Contact Center and an adapter that is configured for it."""

    simulator: GuardedSimulator
    clock: ManualClock
    settings: WebexContactCenterSettings
    hooks: Hooks
    kit: Kit

    @property
    def access(self) -> Access:
        """The contact center under the settings' credential, for single modules."""
        return Access(self.settings, self.kit)

    @property
    def start(self) -> datetime:
        """Before anything happened."""
        return START - HOUR

    @property
    def now(self) -> datetime:
        """The platform's time."""
        return self.clock.now()

    def poll(self, feed: str, window: Window | None = None, cursor: str | None = None
             ) -> Iterator[Page]:  # fmt: skip
        """What *feed* lists up to now."""
        window = window or Window(START - HOUR, self.now - timedelta(minutes=1))
        return self.hooks.poll(Span(feed, "", window, cursor))

    def sightings(self) -> dict[str, Sighting]:
        """All recordings by id."""
        return {one.external_id: one for page in self.poll("tasks") for one in page.sightings}

    def tasks(self) -> dict[str, Fact]:
        """All tasks by id."""
        return {one.fact_id: one for page in self.poll("tasks") for one in page.facts}

    def activities(self) -> dict[str, Fact]:
        """What agents did, window after window as the engine would."""
        found: dict[str, Fact] = {}
        at = START
        while at < self.now:
            window = Window(at, min(at + HOUR, self.now))
            for page in self.poll("activities", window):
                found |= {fact.fact_id: fact for fact in page.facts}
            at += HOUR
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

    def describe(self, recordings: list[Recording]) -> list[Recording]:
        """The same with what is told of them, in batches as the engine asks."""
        found = []
        for batch in _cut(recordings):
            answers = list(self.hooks.fetch_metadata(Batch(batch, self.now)))
            assert len(answers) == len(batch)
            for answer in answers:
                assert isinstance(answer, Ready), answer
                assert isinstance(answer.subject, Recording)
                documents = {**answer.subject.documents, **answer.documents}
                found.append(replace(answer.subject, documents=documents))
        return found

    def media(self, recordings: list[Recording]) -> dict[str, Outcome]:
        """The answers about files by id, in batches as the engine asks."""
        return {
            answer.item_id: answer
            for batch in _cut(recordings)
            for answer in self.hooks.fetch_media(Batch(batch, self.now))
        }

    def files(self) -> set[File]:
        """Every ready file of every recording, as the truth tells it."""
        recordings = self.describe([self.record(one) for one in self.sightings().values()])
        return {
            (name, file.file_id, file.kind)
            for name, answer in self.media(recordings).items()
            if isinstance(answer, Ready)
            for file in answer.files
            if file.offered == "ready"
        }

    def truth(self) -> set[File]:
        """What must be found."""
        rows = self.simulator.truth(self.now)
        return {(row.external_id, row.file_id, row.kind) for row in rows}

    def changed(self, changed: Mapping[str, object]) -> Hooks:
        """The hooks of an adapter with other settings, at the same platform."""
        table = {**self.simulator.settings(), **changed}
        settings = WebexContactCenterSettings.model_validate(table)
        return Hooks(WebexContactCenter(Source("cc", settings), self.kit))

    def drafts(self, activities: bool = True) -> dict[str, InteractionDraft]:
        """Every recorded call as it is mapped once everything is there."""
        facts = [*self.tasks().values(), *(self.activities().values() if activities else ())]
        recordings = self.describe([self.record(one) for one in self.sightings().values()])
        answers = self.media(recordings)
        return {
            one.external_id: self.map(one, facts, answers[one.external_id]) for one in recordings
        }

    def map(
        self, recording: Recording, facts: Sequence[Fact], answer: Outcome | None = None
    ) -> InteractionDraft:
        """One call with those of *facts* that belong to it, and the files of *answer*."""
        mine = tuple(fact for fact in facts if set(fact.keys) & set(recording.keys))
        files = tuple(_store(answer)) if answer else ()
        return self.hooks.map_metadata(Bundle((recording,), mine, files))


def _store(answer: Outcome) -> Iterator[StoredFile]:
    """The files of *answer*, as if they were archived."""
    for file in answer.files if isinstance(answer, Ready) else ():
        seen = Seen("wav", file.timeline.length, (len(file.channels) or 1,))
        yield StoredFile(
            answer.item_id, file.file_id, 1, file.kind, file.form, "original", "", "0" * 64, 1,
            None, file.timeline, seen,
        )  # fmt: skip


def _cut(recordings: list[Recording]) -> Iterator[tuple[Recording, ...]]:
    for at in range(0, len(recordings), 10):
        yield tuple(recordings[at : at + 10])


MakeCenter = Callable[..., Center]
"""Makes a center with switches in any position, each by its name."""
