"""Writes down what becomes of rows: steps in time, each changing some columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter

from catchment_dynamics.simulator.store import History, Reference, Snapshot

N = 192350000
"""What the numbers of most choices begin at: the sheet writes them as n more than this."""

VOICE, VOICE_CALL, CHAT = 192370000, 192440000, 192360000
"""Channels (3.1)."""

Step = tuple[datetime, Mapping[str, object]]
"""From this moment on, these columns have these values."""


def after(at: datetime, seconds: int) -> datetime:
    """So many seconds later."""
    return at + timedelta(seconds=seconds)


def count_seconds(start: datetime, end: datetime) -> int:
    """Whole seconds from *start* to *end*."""
    return int((end - start).total_seconds())


def refer(table: str, row_id: str, name: str = "") -> Reference:
    """The value of a lookup."""
    return Reference(table, row_id, name)


def change(
    steps: Iterable[Step], usual: Mapping[str, object], quiet_at: datetime | None = None
) -> tuple[Snapshot, ...]:
    """Snapshots of a row; what changes in the same second is one.

    Args:
        steps: What changes when, in any order.
        usual: What the columns are before the first step.
        quiet_at: The step that does not move ``modifiedon``.
    """
    told: list[Snapshot] = []
    held: Mapping[str, object] = usual
    for at, columns in sorted(steps, key=itemgetter(0)):
        held = {**held, **columns}
        if told and told[-1].at == at:
            told.pop()
        told.append(Snapshot(at, held, quiet=at == quiet_at))
    return tuple(told)


class Book:
    """Takes down the rows of an environment.

    Args:
        service: The user in whose name the platform writes.
    """

    def __init__(self, service: Reference) -> None:
        self._usual: Mapping[str, object] = {
            "createdby": service,
            "modifiedby": service,
            "ownerid": service,
            "statecode": 0,
            "statuscode": 1,
        }
        self.histories: list[History] = []

    def write(
        self,
        table: str,
        row_id: str,
        steps: Iterable[Step],
        deleted_at: datetime | None = None,
        quiet_at: datetime | None = None,
    ) -> None:
        """Tell a row; what would happen after its deletion does not.

        Args:
            table: The logical name of its table.
            row_id: Its GUID.
            steps: What changes when, in any order.
            deleted_at: When it vanishes.
            quiet_at: The step that does not move ``modifiedon``.
        """
        told = [step for step in steps if deleted_at is None or step[0] < deleted_at]
        if told:
            snapshots = change(told, self._usual, quiet_at)
            self.histories.append(History(table, row_id, snapshots, deleted_at))
