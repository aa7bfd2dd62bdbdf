"""``--switch``: what a simulated platform does one way or the other, as somebody types it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from catchment.errors import BadSettings, Misuse

if TYPE_CHECKING:
    from catchment.model import Clock
    from catchment.sandbox import Simulator

HELP = """Have a platform behave so; repeatable.  With several platforms: ADAPTER.NAME=VALUE."""


def read_switches(typed: Sequence[str], platforms: Sequence[str]) -> dict[str, dict[str, object]]:
    """The switches of each of *platforms*, of what was typed as ``[ADAPTER.]NAME=VALUE``.

    Raises:
        Misuse: One is not written like that, or is of no platform that is served.
    """
    found: dict[str, dict[str, object]] = {name: {} for name in platforms}
    for one in typed:
        left, equals, value = one.partition("=")
        platform, _, name = left.strip().rpartition(".")
        if not equals or not name:
            raise Misuse(
                f"--switch {one} is not written NAME=VALUE",
                remedy="Give it a value; a name that there is not is answered with those that are.",
            )
        if not platform and len(platforms) > 1:
            raise Misuse(
                f"--switch {one} does not say of which platform it is",
                remedy=f"Write ADAPTER.{one}; served are: {', '.join(platforms)}.",
            )
        platform = platform or platforms[0]
        if platform not in found:
            raise Misuse(
                f"--switch {one} is of the platform {platform}, which is not served; "
                f"served are: {', '.join(platforms)}",
                remedy="Name one of these, or have this one served as well.",
            )
        found[platform][name] = _read_value(value.strip())
    return found


def _read_value(text: str) -> object:
    """``true`` and whole numbers as in TOML, and so is what stands in quotes; else the text."""
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    value = table["value"]
    return value if len(table) == 1 and type(value) in (bool, int, str) else text


def refuse_unread(kind: type[Simulator], given: Mapping[str, object], clock: Clock) -> None:
    """Refuse switches for a simulator that would take any, because it reads none.

    Raises:
        Misuse: It is such a simulator.
    """
    from catchment.sandbox import World

    if not given:
        return
    nothing = World(1, clock.now() - timedelta(days=1), days=1, meetings=0, calls=0)
    try:
        kind(nothing, clock, None, {"": True})
    except BadSettings:
        return
    raise Misuse(
        f"the simulator of {kind.name} has no switches", remedy="Leave --switch out for it."
    )
