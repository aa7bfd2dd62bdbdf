"""Tasks, in our words: what was or may be recorded, and what only happened (2.9, 4.1).  Pure.

Every generation gives the same ids, keys and revisions, so that a tenant that Cisco moves to the
next one has nothing captured twice.
"""

from __future__ import annotations

from datetime import datetime

from catchment.errors import Unreachable
from catchment.model import Fact, Json, Sighting
from catchment.payloads import read_as
from catchment_webex_cc.ids import build_keys, read_task_id
from catchment_webex_cc.payloads import Task
from catchment_webex_cc.sessions import is_legacy, read_session
from catchment_webex_cc.stamps import write_ms

TASK = "task"
UNANSWERED, NOT_RECORDED = "unanswered", "not recorded"
_UNANSWERED = frozenset({"abandoned", "self_service", "selfservice"})


def read_task(row: Json | None) -> Task:
    """A task as any generation tells it."""
    return read_as(Task, read_session(row))


def is_over(row: Json) -> bool:
    """Whether the task has ended: a running one has no files and no revision yet."""
    task = read_task(row)
    return task.ended_time is not None and task.is_active is not True


def is_answered(task: Task, *, legacy: bool = False) -> bool:
    """Whether an agent took the call; of whom nothing is told, nobody was.

    How a call ended says little: who is transferred and then hangs up in a queue has been talked
    to, and abandons.  So what is counted or was to be recorded counts first, and in the *legacy*
    generations, which tell neither, an agent's name.
    """
    if task.capture_requested is True or (task.connected_count or 0) > 0:
        return True
    agent = task.last_agent
    if not (agent.id or agent.name or agent.sign_in_id):
        return False
    words = {task.contact_handle_type.lower(), task.termination_type.lower()}
    return legacy or not words & _UNANSWERED


def may_be_recorded(row: Json) -> bool:
    """Whether there is a recording, or may be one.

    ``captureRequested`` that is not told is not yet known (4.1); the earlier generations never
    tell it, and record what was answered.
    """
    task = read_task(row)
    if is_legacy(row):
        return is_answered(task, legacy=True)
    return task.capture_requested is not False


def map_sighting(row: Json, fallback: datetime) -> Sighting:
    """A task that is or may be recorded.

    Raises:
        Unreachable: It has no id; passing over it would lose a recording in silence.
    """
    task = read_task(row)
    external_id = _identify(task)
    return Sighting(
        external_id=external_id,
        occurred_at=task.created_time or fallback,
        keys=build_keys(external_id),
        revision=revise(task),
        document=dict(row),
    )


def map_fact(row: Json, fallback: datetime) -> Fact:
    """That there was such a task: it stands in the catalogue before, and without, its sound."""
    task = read_task(row)
    external_id = _identify(task)
    absence = ""
    if not is_answered(task, legacy=is_legacy(row)):
        absence = UNANSWERED
    elif task.capture_requested is False:
        absence = NOT_RECORDED
    return Fact(
        kind=TASK,
        fact_id=external_id,
        at=task.created_time or fallback,
        keys=build_keys(external_id),
        absence=absence,
        document=dict(row),
    )


def revise(task: Task) -> str:
    """What makes a new revision, the same in all generations: a task that goes on ends later.

    In whole seconds: a generation that rounds its stamps makes nothing new.
    """
    stamps = (task.created_time, task.ended_time)
    return "-".join("" if stamp is None else str(write_ms(stamp) // 1000) for stamp in stamps)


def _identify(task: Task) -> str:
    external_id = read_task_id(task.id)
    if not external_id:
        raise Unreachable("the contact center listed a task without an id")
    return external_id
