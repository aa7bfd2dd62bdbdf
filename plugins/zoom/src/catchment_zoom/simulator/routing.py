"""Which endpoint a path names, decided on the raw path (sheet 1.2).

A layer in front of the API decodes the path once before routing; what a route captures is decoded
again.  So an id that was encoded twice always arrives whole, an id that was encoded once arrives
whole unless the first decoding leaves a leading ``/`` or a ``//``: then the path is mis-split and
names nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

_HOLE = re.compile(r"\{(\w+)\}")
_SLASHED = {"meeting": "(?P<meeting>.+)"}
"""Only meeting UUIDs may hold a slash that came from one encoding (``aa%2Fbb``)."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template such as ``/past_meetings/{meeting}/archive_files``."""

    method: str
    template: str

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """What the holes hold, decoded for the second time, or ``None``."""
        if method != self.method:
            return None
        found = _pattern(self.template).fullmatch(path)
        return None if found is None else {k: unquote(v) for k, v in found.groupdict().items()}


def _pattern(template: str) -> re.Pattern[str]:
    def hole(found: re.Match[str]) -> str:
        name = found.group(1)
        return _SLASHED.get(name, f"(?P<{name}>[^/]+)")

    return re.compile(_HOLE.sub(hole, template))


def find(
    routes: Sequence[Route], method: str, raw_path: bytes
) -> tuple[Route, Mapping[str, str]] | None:
    """The first route that *raw_path* names, with its parameters; ``None`` if it is mis-split.

    Args:
        routes: In the order in which they are tried: the longer templates of a family first.
        method: The request's method.
        raw_path: The path as it stood on the wire, below ``/v2``, without the query.
    """
    once = unquote(raw_path.decode("latin-1"))
    if "//" in once:
        return None
    for route in routes:
        found = route.match(method, once)
        if found is not None:
            return route, found
    return None
