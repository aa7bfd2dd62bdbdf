"""The kinds of values that settings have beside TOML's own: lengths of time, sizes, paths, zones.

Each reader takes what stands in the file and gives the value or a ``ValueError`` whose message is
half a sentence for a person: what is wrong, and after a semicolon what to write instead.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, StrictInt, ValidationInfo

from catchment.model import period

BASE = "base"
"""Under this name the validation context holds the folder that relative paths start from."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?)?B", re.IGNORECASE)
_LONGEST = timedelta(days=36_525)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def suggest(name: str, known: list[str]) -> str:
    """What *name* was probably meant to be, as the end of a sentence."""
    near = get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known are {', '.join(sorted(known))}" if known else "take it out"


def read_period(value: object) -> timedelta:
    """Read ``"10m"`` as a length of time."""
    if not isinstance(value, str | timedelta):
        raise ValueError('is not a length of time; write for example "10m", "3h" or "30d"')
    try:
        length = period(value)
    except OverflowError:
        length = timedelta.max
    if length > _LONGEST:  # beyond it, sums with today leave the calendar
        raise ValueError(f"{value!r} is more than a hundred years; write less")
    return length


def read_size(value: object) -> int:
    """Read ``"2GB"``, ``"500MB"``, ``"1GiB"`` or a number of bytes as bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError('is not a size; write for example "2GB", "500MB" or a number of bytes')
    unit = (found[2] or "").lower()
    step = 1024 if unit.endswith("i") else 1000
    return int(float(found[1]) * step ** _POWERS[unit.removesuffix("i")])


def resolve_path(value: object, info: ValidationInfo) -> Path:
    """Make a path absolute, seen from the settings file and not from where the command runs."""
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError('is not a path; write for example "archive" or "/srv/archive"')
    return beside(Path(value), info)


def beside(path: Path, info: ValidationInfo) -> Path:
    """*path*, seen from the folder of the settings file where there is one."""
    try:
        expanded = path.expanduser()
    except RuntimeError:
        raise ValueError("begins with a ~ that names nobody; write the path in full") from None
    base = (info.context or {}).get(BASE)
    return expanded if base is None else base / expanded


def check_zone(name: str) -> str:
    """*name* itself, if it is the IANA name of a time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        hint = near[0] if near else "Europe/Zurich"
        raise ValueError(
            f"{name!r} is not a time zone; write an IANA name such as {hint}"
        ) from None
    return name


def check_host(name: str) -> str:
    """*name* itself, if it can be the name of a host."""
    if not _HOST.fullmatch(name):
        raise ValueError("is not a domain name; write one that is yours, in lower case")
    return name


def read_since(value: object, zone: str) -> datetime | timedelta | None:
    """Read a date, a time or a length of time; what has no zone is told in *zone*."""
    if value is None or isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return _read_since_text(value, zone)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError('is not a date; write for example 2024-01-31 or "30d"')
    try:
        return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside of the calendar; write a later date") from None


def _read_since_text(text: str, zone: str) -> datetime | timedelta | None:
    try:
        return read_since(datetime.fromisoformat(text), zone)
    except ValueError:
        pass  # not a date: then it must be a length of time
    try:
        return read_period(text)
    except ValueError:
        raise ValueError(
            f'{text!r} is neither a date nor a length of time; write 2024-01-31 or "30d"'
        ) from None


Period = Annotated[timedelta, BeforeValidator(read_period)]
"""A length of time, written ``"10m"``."""

Size = Annotated[StrictInt, BeforeValidator(read_size)]
"""A number of bytes, written ``"2GB"`` or as a number."""

Beside = Annotated[Path, BeforeValidator(resolve_path)]
"""A path, relative to the settings file."""

Zone = Annotated[str, AfterValidator(check_zone)]
"""The IANA name of a time zone."""

Host = Annotated[str, AfterValidator(check_host)]
"""A domain name."""
