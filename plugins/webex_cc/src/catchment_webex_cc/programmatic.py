"""The Programmatic APIs of Webex Contact Center 2.0: Search, captures, configuration (2 to 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from catchment.errors import AdapterFault, Unreachable
from catchment.model import (
    Batch,
    Denied,
    Json,
    MediaFile,
    Nothing,
    NotYet,
    Outcome,
    Page,
    Ready,
    Recording,
    Span,
    Window,
)
from catchment.payloads import read_as, read_rows
from catchment_webex.payloads import read_items
from catchment_webex_cc import listings, queries, wire
from catchment_webex_cc.access import Access
from catchment_webex_cc.files import MAIN, SEGMENT, list_awaited, map_files
from catchment_webex_cc.ids import dash, is_uuid, read_task_id
from catchment_webex_cc.payloads import Captures, Task
from catchment_webex_cc.refusals import SchemaRefused
from catchment_webex_cc.sessions import is_legacy, read_session
from catchment_webex_cc.sightings import is_over, map_sighting, may_be_recorded, read_task
from catchment_webex_cc.view import (
    CHAIN_DOCUMENT,
    TASK_DOCUMENT,
)
from catchment_webex_cc.waiting import wait_for

SPAN_WITH_CHAIN = timedelta(days=30) - timedelta(minutes=5)
"""The longest window in which activities may be asked for (2.3), without the time around it."""

SPAN = timedelta(days=364)
REACH = timedelta(days=1094)
"""The longest window, and how far back tasks are told at all (2.3)."""

SAME_SOUND = (MAIN, SEGMENT)
"""Files that hold what the one file of a session of an earlier generation holds (7.5)."""


class Programmatic:
    """Asks the Programmatic APIs; what is answered is read elsewhere.

    Args:
        access: Under which credential.
        chain_page: How many activities of a task are asked for at once.
    """

    def __init__(self, access: Access, chain_page: int = queries.MOST_NODES) -> None:
        self._access = access
        self._chain_page = chain_page
        self._org = access.settings.organisation_id

    # --- what there is -------------------------------------------------------------------------

    def poll(self, span: Span) -> Iterator[Page]:
        """The pages of one window of *span*'s feed."""
        ask = self._access.ask
        if span.feed == listings.ACTIVITIES:
            return listings.list_activities(ask, self._org, span)
        return listings.list_tasks(ask, self._org, span)

    def find(self, asked: str) -> Outcome:
        """The task with the id *asked*, from today back to where the platform's memory ends."""
        end = self._access.now()
        oldest = end - REACH
        while end > oldest:
            created = Window(max(end - SPAN, oldest), end)
            request = wire.build_details(self._org, [dash(asked)], created, queries.build_core(1))
            for row in read_rows(listings.search(self._access.ask, request)["tasks"]):
                return _tell(asked, row, created.start)
            end = created.start
        return Nothing(asked, "the contact center knows no call of this id in 36 months")

    # --- metadata ------------------------------------------------------------------------------

    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """Everything that is told of the tasks, and their activities."""
        for recordings in _split(batch.recordings):
            ids = [spell(recording) for recording in recordings]
            created = Window(recordings[0].occurred_at, recordings[-1].occurred_at)
            details = self._ask_details(ids, created)
            chains = self._ask_chains(ids, created)
            for recording in recordings:
                found = {
                    TASK_DOCUMENT: details.get(recording.external_id) or _find_listed(recording),
                    CHAIN_DOCUMENT: chains.get(recording.external_id),
                }
                documents = {name: told for name, told in found.items() if told is not None}
                yield Ready(recording, documents=documents)

    def _ask_details(self, ids: Sequence[str], created: Window) -> dict[str, Json]:
        """The tasks by id; with the least that is known to work, where the schema lacks more."""
        for build in (queries.build_details, queries.build_least_details):
            request = wire.build_details(self._org, ids, created, build(len(ids)))
            try:
                rows = read_rows(listings.search(self._access.ask, request)["tasks"])
            except SchemaRefused:
                continue
            return {read_task_id(str(row.get("id") or "")): row for row in rows}
        return {}

    def _ask_chains(self, ids: Sequence[str], created: Window) -> dict[str, Json]:
        """The activities by task, all of them; none where the schema has none."""
        query = queries.build_chains(len(ids), self._chain_page)
        request = wire.build_details(self._org, ids, created, query)
        try:
            rows = read_rows(listings.search(self._access.ask, request)["tasks"])
        except SchemaRefused:
            return {}
        return {
            read_task_id(str(row.get("id") or "")): {
                "nodes": list(self._list_nodes(str(row.get("id")), row, created))
            }
            for row in rows
        }

    def _list_nodes(self, task_id: str, row: Json, created: Window) -> Iterator[Json]:
        """All nodes of a task, newest first: the first hundred may lack its beginning (0)."""
        given: set[str] = set()
        query = queries.build_chain_page(self._chain_page)
        while True:
            told = row.get("activities")
            activities: Json = told if isinstance(told, dict) else {}
            yield from read_rows(activities.get("nodes"))
            after = listings.read_next(activities)
            if after is None:
                return
            if after in given:
                raise Unreachable("the contact center gave the same page of activities twice")
            given.add(after)
            request = wire.build_chain_page(self._org, task_id, created, after, query)
            rows = read_rows(listings.search(self._access.ask, request)["tasks"])
            if not rows:
                return
            row = rows[0]

    # --- media ---------------------------------------------------------------------------------

    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """Recordings and transcripts, with fresh links."""
        asked: list[Recording] = []
        for recording in batch:
            settled = _settle(recording)
            if settled is not None:
                yield settled
            else:
                asked.append(recording)
        uuids = [one for one in asked if is_uuid(one.external_id)]
        if uuids:
            yield from self._ask_captures(uuids)
        for recording in asked:
            if recording not in uuids:
                yield from self._ask_captures_of_short(recording)

    def _ask_captures_of_short(self, recording: Recording) -> Iterator[Outcome]:
        """Ids of before a migration are no UUIDs, and may be refused for that (0, 3)."""
        try:
            yield from self._ask_captures([recording])
        except AdapterFault as error:
            yield Denied(recording, f"recordings cannot be asked for by this id: {error}")

    def _ask_captures(self, recordings: Sequence[Recording]) -> Iterator[Outcome]:
        ids = [spell(recording) for recording in recordings]
        whole, pieces = (self._read_captures(ids, segments=segments) for segments in (False, True))
        nothing = Captures()
        for recording in recordings:
            files = map_files(
                whole.get(recording.external_id, nothing),
                pieces.get(recording.external_id, nothing),
            )
            held = _describe_held(recording)
            if held is not None:
                others = [one for one in files if one.file_id.partition("-")[0] not in SAME_SOUND]
                yield Ready(recording, files=(held, *others))
            elif any(file.kind == "audio" for file in files):
                task = _read_told(recording)
                yield Ready(recording, files=(*files, *list_awaited(files, task)))
            else:
                yield wait_for(recording, _read_told(recording), self._access.now())

    def _read_captures(self, ids: Sequence[str], *, segments: bool) -> dict[str, Captures]:
        request = wire.build_captures(self._org, ids, segments=segments)
        rows = read_items(self._access.send(request), "data")
        told = [read_as(Captures, row) for row in rows]
        return {read_task_id(one.task_id): one for one in told}


def spell(recording: Recording) -> str:
    """The id as the platform spells it, where its listing was seen."""
    told = read_session(recording.documents.get("listing")).get("id")
    return dash(told if isinstance(told, str) and told else recording.external_id)


def _tell(asked: str, row: Json, fallback: datetime) -> Outcome:
    if not is_over(row):
        return NotYet(asked, "the call has not ended yet")
    if not may_be_recorded(row):
        return Nothing(asked, "it was not recorded, as the contact center says of this call")
    return Ready(asked, sightings=(map_sighting(row, fallback),))


def _settle(recording: Recording) -> Outcome | None:
    """What needs no question: the task says that there is nothing, and nothing is archived."""
    if _describe_held(recording) is not None:
        return None
    task = _read_told(recording)
    if task.is_recording_deleted:
        return Nothing(recording, "the recording was deleted at the platform")
    if task.capture_requested is False:
        return Nothing(recording, "the contact center says that this call was not recorded")
    return None


def _read_told(recording: Recording) -> Task:
    """What is told of the task: all of it, else its row of the list."""
    documents = recording.documents
    return read_task(documents.get(TASK_DOCUMENT) or documents.get("listing"))


def _find_listed(recording: Recording) -> Json | None:
    """The task as it was listed: it exists, although a search by its id does not find it."""
    listed = recording.documents.get("listing")
    return None if is_legacy(listed) else listed


def _describe_held(recording: Recording) -> MediaFile | None:
    """The recording that an earlier generation gave, as that one described it.

    A tenant that was moved gets no second file of the same sound, only what is new beside it.
    Recordings of this generation say which capture they are (3).
    """
    held = recording.held.get(MAIN)
    return held if held is not None and "id" not in held.extra else None


def _split(recordings: Iterable[Recording]) -> Iterator[list[Recording]]:
    """Recordings whose tasks may be asked for together, because they began near each other."""
    group: list[Recording] = []
    for recording in sorted(recordings, key=lambda one: (one.occurred_at, one.external_id)):
        if group and recording.occurred_at - group[0].occurred_at > SPAN_WITH_CHAIN:
            yield group
            group = []
        group.append(recording)
    if group:
        yield group
