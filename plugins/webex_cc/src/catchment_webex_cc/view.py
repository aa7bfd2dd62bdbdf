"""The bundle as the mapping looks at it: one task, its chain, its agents' rows, its files.  Pure.

Everything is read and sorted here once, so that order inside the bundle means nothing.  Documents
of several generations may stand side by side after a tenant was moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catchment.model import Bundle, Json, StoredFile, Window
from catchment.payloads import read_as
from catchment.segments import Track
from catchment_webex_cc.activities import (
    ACTIVITY,
    leave_out_earlier,
    read_agent_activity,
    read_nodes,
)
from catchment_webex_cc.files import CONSULT, MAIN, SEGMENT
from catchment_webex_cc.ids import dash
from catchment_webex_cc.payloads import AgentActivity, Node, Task
from catchment_webex_cc.sessions import is_legacy, read_session
from catchment_webex_cc.sightings import TASK

TASK_DOCUMENT, CHAIN_DOCUMENT = "task", "activities"
SESSION_DOCUMENT, SESSION_CHAIN_DOCUMENT = "session", "session_activities"
"""Documents by generation: under names of their own none takes another's place."""


@dataclass(frozen=True, slots=True)
class View:
    """What is known of one task.

    Attributes:
        told: Its row in the words of the newest generation, as full as any document has it.
        task: The same, read.
        task_id: In one spelling, whichever generation told it: a UUID with its dashes.
        began: When it began, as far as anything says.
        legacy: It was captured in an earlier generation.
        nodes: Its chain, oldest first.
        mentions: What its agents did, by start, as every generation tells it.
        activities: The same, of each agent as the newest generation tells it.
        files: Its sound files, the newest version of each.
    """

    told: Json
    task: Task
    task_id: str
    began: datetime
    legacy: bool
    nodes: tuple[Node, ...]
    mentions: tuple[AgentActivity, ...]
    activities: tuple[AgentActivity, ...]
    files: tuple[StoredFile, ...]

    @classmethod
    def of(cls, bundle: Bundle) -> View:
        """The view of *bundle*."""
        rows = list(_list_rows(bundle))
        told: dict[str, Any] = {}
        for row in reversed(rows):
            told |= {name: value for name, value in row.items() if value not in (None, "", {})}
        task = read_as(Task, told)
        ids = [str(row["id"]) for row in rows if row.get("id")]
        acts = _list_activities(bundle)
        mentions = tuple(map(read_agent_activity, acts))
        ids += [told.task_id for told in mentions if told.task_id]
        ids += sorted(one.external_id for one in bundle.recordings)
        moments = [one.occurred_at for one in bundle.recordings] + [f.at for f in bundle.facts]
        return cls(
            told=told,
            task=task,
            task_id=dash(next(iter(ids), "")),
            began=task.created_time or min(moments),
            legacy=any(_is_of_before(one.documents) for one in bundle.recordings),
            nodes=_read_chain(bundle),
            mentions=mentions,
            activities=tuple(leave_out_earlier(acts)),
            files=_list_sounds(bundle),
        )

    @property
    def ended(self) -> datetime | None:
        """When the task ended."""
        return self.task.ended_time

    def list_tracks(self) -> list[Track]:
        """The sound files whose wall time is known, as the segmenter wants them."""
        tracks = []
        for file in self.files:
            stretches = file.timeline.stretches
            if stretches:
                part = file.file_id.partition("-")[0]
                window = Window(stretches[0].start, stretches[-1].end)
                what: Any = "consult" if part == CONSULT else "talk"
                tracks.append(Track(file.recording_id, file.file_id, what, window))
        return tracks


def _list_rows(bundle: Bundle) -> Iterator[Json]:
    """Everything that is a row of the task, the fullest first."""
    recordings = sorted(bundle.recordings, key=lambda one: one.external_id)
    for name in (TASK_DOCUMENT, SESSION_DOCUMENT, "listing"):
        for recording in recordings:
            row = recording.documents.get(name)
            if row:
                yield read_session(row)
    for fact in sorted(bundle.facts, key=lambda one: one.fact_id):
        if fact.kind == TASK:
            yield read_session(fact.document)


def _is_of_before(documents: Mapping[str, Json]) -> bool:
    return bool(documents.get(SESSION_DOCUMENT)) or is_legacy(documents.get("listing"))


def _read_chain(bundle: Bundle) -> tuple[Node, ...]:
    """The newest generation's chain, else that of before."""
    for name in (CHAIN_DOCUMENT, SESSION_CHAIN_DOCUMENT):
        for recording in sorted(bundle.recordings, key=lambda one: one.external_id):
            nodes = read_nodes(recording.documents.get(name))
            if nodes:
                return nodes
    return ()


def _list_activities(bundle: Bundle) -> list[Json]:
    facts = sorted(
        (fact for fact in bundle.facts if fact.kind == ACTIVITY),
        key=lambda fact: (fact.at, fact.fact_id),
    )
    return [fact.document for fact in facts]


def _list_sounds(bundle: Bundle) -> tuple[StoredFile, ...]:
    newest: dict[tuple[str, str], StoredFile] = {}
    for file in sorted(bundle.files, key=lambda one: (one.recording_id, one.file_id, one.version)):
        kept = file.origin == "original" and file.kind == "audio"
        if kept and file.file_id.partition("-")[0] in (MAIN, SEGMENT, CONSULT):
            newest[file.recording_id, file.file_id] = file
    return tuple(newest[name] for name in sorted(newest))
