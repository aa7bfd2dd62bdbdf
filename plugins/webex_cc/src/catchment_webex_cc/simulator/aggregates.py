"""Aggregations: groups by the selected fields, and by intervals (2.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catchment_webex.simulator.answers import malformed
from catchment_webex_cc.simulator.contacts import from_ms, to_ms
from catchment_webex_cc.simulator.filters import fits
from catchment_webex_cc.simulator.queries import DAY_MS

Row = dict[str, Any]
Path = tuple[str, ...]

MOST_KEYS = 10
_MINUTES = {"FIFTEEN_MINUTES": 15, "THIRTY_MINUTES": 30, "HOURLY": 60}

_KINDS: Mapping[str, Callable[[list[Any]], float]] = {
    "count": len,
    "sum": sum,
    "min": min,
    "max": max,
    "average": lambda values: sum(values) / len(values),
    "cardinality": lambda values: len(set(values)),
}


def aggregate(
    rows: Iterable[Row],
    keys: Sequence[Path],
    wanted: Sequence[Mapping[str, Any]],
    interval: Mapping[str, Any] | None,
    stamp: str,
) -> list[Row]:
    """One row for each group that has records; empty intervals are left out.

    Args:
        rows: The records that fit the filter.
        keys: Paths of the selected fields.
        wanted: The aggregations.
        interval: ``interval`` and ``timezone``; ``None`` without.
        stamp: The field by which a record falls into an interval.

    Raises:
        Rejection: 400 for too many keys, or a zone that there is not.
    """
    if len(keys) > MOST_KEYS:
        raise malformed(f"The number of group by fields should not exceed {MOST_KEYS}")
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        bucket = _find_bucket(row[stamp], interval) if interval else None
        groups.setdefault((bucket, *(_find(row, path) for path in keys)), []).append(row)
    return [_tell(key, keys, members, wanted) for key, members in groups.items()]


def check_interval(interval: Mapping[str, Any] | None, span_ms: int) -> None:
    """Long windows have no short intervals.

    Raises:
        Rejection: 400: this one has not.
    """
    if interval is None:
        return
    kind = interval["interval"]
    refused = span_ms > DAY_MS and kind == "FIFTEEN_MINUTES"
    if refused or (span_ms > 7 * DAY_MS and kind in _MINUTES):
        raise malformed(f"Interval {kind} is not allowed for the given time range")


def _find(row: Row, path: Path) -> Any:
    value: Any = row
    for name in path:
        value = (value or {}).get(name)
    return value


def _tell(
    key: tuple[Any, ...],
    keys: Sequence[Path],
    members: list[Row],
    wanted: Sequence[Mapping[str, Any]],
) -> Row:
    told: Row = {"intervalStartTime": key[0]}
    for path, value in zip(keys, key[1:], strict=True):
        inside = told
        for name in path[:-1]:
            inside = inside.setdefault(name, {})
        inside[path[-1]] = value
    told["aggregation"] = [
        {"name": one["name"], "value": _count(members, one)} for one in reversed(wanted)
    ]
    return told


def _count(members: list[Row], one: Mapping[str, Any]) -> float | None:
    fitting = [
        row for row in members if fits(row, one.get("filter")) and fits(row, one.get("predicate"))
    ]
    values = [_find(row, tuple(one["field"].split("."))) for row in fitting]
    told = [value for value in values if value is not None]
    if one["type"] in ("count", "cardinality"):
        return float(_KINDS[one["type"]](told))
    if not told:
        return None
    if not all(isinstance(value, int | float) for value in told):
        raise malformed(f"Field {one['field']} does not support {one['type']}")
    return float(_KINDS[one["type"]](told))


def _find_bucket(at_ms: int, interval: Mapping[str, Any]) -> int:
    """Where the interval of a moment begins, in the wanted zone."""
    try:
        zone = ZoneInfo(interval.get("timezone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise malformed("Invalid timezone") from None
    at: datetime = from_ms(at_ms).astimezone(zone)
    minutes = _MINUTES.get(interval["interval"])
    if minutes is not None:
        passed = at.minute % minutes
        return to_ms(at.replace(minute=at.minute - passed, second=0, microsecond=0))
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if interval["interval"] == "WEEKLY":
        day -= timedelta(days=day.weekday())
    elif interval["interval"] == "MONTHLY":
        day = day.replace(day=1)
    return to_ms(day)
