"""The Detailed Call History as a store: when each record was stored, and what a window holds (2.1).

Records are written when they are told; what is kept of each are its times, sorted once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from catchment.sandbox import Faults
from catchment_webex.simulator.ids import Ids, one_in
from catchment_webex_calling.simulator.halves import Half, Told
from catchment_webex_calling.simulator.records import REPORTED_AFTER
from catchment_webex_calling.simulator.switches import CallingSwitches

Field = Literal["start", "report", "stored"]

ON_TIME = timedelta(minutes=5)
"""Windows of ``cdr_feed`` end so long before now: what is stored later is late for it."""

_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored record.

    Attributes:
        started_at: ``Start time``; ``reported_at`` is ``Report time``.
        stored_at: When the cloud stored it: before, nobody is told.
        late: So late that a reader of ``cdr_feed`` who goes on has passed it.
    """

    told: Told
    half: Half
    report_id: str
    started_at: datetime
    reported_at: datetime
    stored_at: datetime
    late: bool


_TIMES: Mapping[Field, Callable[[Entry], datetime]] = {
    "start": lambda entry: entry.started_at,
    "report": lambda entry: entry.reported_at,
    "stored": lambda entry: entry.stored_at,
}


class History:
    """All records of an organisation."""

    def __init__(
        self, calls: Iterable[Told], ids: Ids, faults: Faults, switches: CallingSwitches
    ) -> None:
        self._ids, self._faults, self._switches = ids, faults, switches
        entries = [entry for told in calls for entry in self._store(told)]
        self._sorted: dict[Field, list[Entry]] = {}
        self._keys: dict[Field, list[datetime]] = {}
        for field, tell in _TIMES.items():
            self._sorted[field] = sorted(entries, key=tell)
            self._keys[field] = [tell(entry) for entry in self._sorted[field]]

    def find(
        self, field: Field, start: datetime, end: datetime, now: datetime, *, feed: bool
    ) -> list[Entry]:
        """What a window holds at *now*, by *field*.

        Args:
            field: Which time the window means.
            start: Belongs to the window; *end* does not.
            end: Its end.
            now: What is stored later is not told.
            feed: As ``cdr_feed`` tells it: perhaps without what came late (quirk 14).
        """
        keys = self._keys[field]
        rows = self._sorted[field][bisect_left(keys, start) : bisect_left(keys, end)]
        missed = feed and self._switches.feed_late == "misses"
        return [row for row in rows if row.stored_at <= now and not (missed and row.late)]

    def find_all(self) -> list[Entry]:
        """Everything, by ``Start time``."""
        return list(self._sorted["start"])

    def _store(self, told: Told) -> Iterator[Entry]:
        ids, switches = self._ids, self._switches
        slow = one_in(switches.cdr_late_every, ids.chance("late records", told.call.call_id))
        wait = timedelta(seconds=switches.cdr_late_s if slow else 0)
        for half in told.halves:
            report_id = ids.uuid("report", half.call_id)
            chance = ids.chance("stored", half.call_id)
            shift = timedelta(milliseconds=chance % 1000)
            reported = half.ended_at + shift + REPORTED_AFTER
            usual = timedelta(seconds=5 + chance // 1000 % 50)
            stored = reported + usual + wait + self._faults.delay(report_id)
            entry = Entry(
                told=told,
                half=half,
                report_id=report_id,
                started_at=half.started_at + shift,
                reported_at=reported,
                stored_at=stored,
                late=stored - reported > ON_TIME,
            )
            yield entry
            if one_in(switches.cdr_duplicate_every, chance // 7):
                yield replace(entry, stored_at=stored + _AGAIN)


def time_of(entry: Entry, field: Field) -> datetime:
    """The time that a window by *field* compares."""
    return _TIMES[field](entry)
