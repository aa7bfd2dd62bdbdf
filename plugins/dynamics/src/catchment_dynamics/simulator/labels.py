"""Formatted values, as the calling user's language has them; nobody should read them (2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from catchment_dynamics.simulator.schema import Column

CHANNELS = {192_360_000: "Live chat", 192_370_000: "Voice", 192_440_000: "Voice call"}
LABELS: Mapping[str, Mapping[int, str]] = {
    "msdyn_channel": CHANNELS,
    "msdyn_streamsource": CHANNELS,
    "msdyn_mode": {
        192_350_002: "Primary",
        192_350_003: "Consult",
        192_350_004: "Monitor",
        192_350_005: "Preview",
    },
    "msdyn_basepresencestatus": {
        192_360_000: "Available",
        192_360_001: "Busy",
        192_360_002: "Busy - Do not disturb",
        192_360_003: "Away",
        192_360_004: "Offline",
    },
}
"""Words for some choices; others are told as their number."""


def tell_label(column: Column, value: object) -> str | None:
    """The formatted value, where a column has one."""
    if isinstance(value, datetime):
        hour = value.hour % 12 or 12
        half = "AM" if value.hour < 12 else "PM"
        return f"{value.month}/{value.day}/{value.year} {hour}:{value.minute:02} {half}"
    if isinstance(value, tuple):
        return "; ".join(_tell_choice(column, one) for one in value)
    if column.kind in ("choice", "state", "status") and isinstance(value, int):
        return _tell_choice(column, value)
    if column.kind == "bool":
        return "Yes" if value else "No"
    if column.kind in ("int", "bigint", "decimal") and isinstance(value, (int, float)):
        return f"{value:,}"
    return None


def _tell_choice(column: Column, value: int) -> str:
    return LABELS.get(column.name, {}).get(value, str(value))
