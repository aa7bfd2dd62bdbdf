"""What records of CMSv1 and CMSv2 are asked for with: the ``q`` document (7.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from catchment_webex.simulator.answers import malformed

USUAL = 1000
"""``numberOfRecords`` unless told."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a ``q`` document asks for."""

    begin_ms: int
    end_ms: int
    most: int
    last: bool
    conditions: tuple[tuple[str, tuple[str, ...]], ...]

    def covers(self, stamp: int) -> bool:
        """Whether a moment is in the window."""
        return self.begin_ms <= stamp < self.end_ms

    def move(self, by_ms: int) -> Question:
        """The same of a window that is so much later."""
        return replace(self, begin_ms=self.begin_ms + by_ms, end_ms=self.end_ms + by_ms)


def read_question(text: str) -> Question:
    """Read a ``q`` document.

    Raises:
        Rejection: 400: it is none, or has no window.
    """
    try:
        told = json.loads(text)
        begin, end = int(told["dateBegin"][0]), int(told["dateEnd"][0])
        most = int(told.get("numberOfRecords", USUAL))
        groups = [
            group for one in told.get("aggregations", ()) for group in one.get("filterGroups", ())
        ]
        filters = [one for group in groups for one in group.get("valueFilters", ())]
        conditions = tuple(
            (
                str(one["columnName"]).partition("__")[0],
                tuple(str(value) for value in one.get("values", [one.get("value")])),
            )
            for one in filters
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise malformed("The query parameter 'q' is missing or malformed.") from None
    return Question(begin, end, most, bool(told.get("lastNRecords")), conditions)
