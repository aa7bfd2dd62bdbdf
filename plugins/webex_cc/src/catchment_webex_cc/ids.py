"""Ids of tasks: opaque, but for the UUIDs that generations spell with dashes and without.  Pure.

(0, trap 10; 7.5.)  Short ids are case-sensitive; a UUID is one in any spelling.
"""

from __future__ import annotations

import re

from catchment.model import Key

TASK = "task"
_HEX = re.compile(r"[0-9a-f]{32}")


def read_task_id(told: str) -> str:
    """The id as the catalogue spells it: a UUID without dashes in lower case, others as told."""
    bare = told.strip()
    plain = bare.replace("-", "").lower()
    return plain if _HEX.fullmatch(plain) else bare


def dash(task_id: str) -> str:
    """The id as the platform's newest generation spells it: a UUID with its dashes."""
    plain = read_task_id(task_id)
    if not _HEX.fullmatch(plain):
        return plain
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def is_uuid(task_id: str) -> bool:
    """Whether *task_id* is a UUID in any spelling."""
    return bool(_HEX.fullmatch(read_task_id(task_id)))


def build_keys(task_id: str) -> tuple[Key, ...]:
    """What everything of one task shares; nothing where no task is told."""
    found = read_task_id(task_id)
    return (Key(TASK, found),) if found else ()
