"""Reads what a request asks for: query options, aliases and preferences (2.1, 2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import unquote_plus

from catchment_dynamics.simulator.refusals import Refusal, unparsable

COLLECTION = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$expand"}
    | {"$count", "$skiptoken", "$deltatoken", "$apply", "fetchXml"}
)
SINGLE = frozenset({"$select", "$expand"})
MOST_CHARACTERS = 32_768
MOST_EXPANDED = 15


@dataclass(frozen=True, slots=True)
class Preferences:
    """What ``Prefer`` asks for.

    Attributes:
        page: Rows of a page, if it says so.
        annotations: Patterns of annotations.
        track: Changes are to be tracked.
    """

    page: int | None = None
    annotations: tuple[str, ...] = ()
    track: bool = False

    def wants(self, annotation: str) -> bool:
        """Whether an annotation is asked for, by its name or a wildcard."""
        return any(fnmatchcase(annotation, pattern) for pattern in self.annotations)

    def applied(self) -> str:
        """What ``Preference-Applied`` echoes."""
        told = []
        if self.page is not None:
            told.append(f"odata.maxpagesize={self.page}")
        if self.annotations:
            told.append(f'odata.include-annotations="{",".join(self.annotations)}"')
        if self.track:
            told.append("odata.track-changes")
        return ",".join(told)


@dataclass(frozen=True, slots=True)
class Expansion:
    """One navigation property of ``$expand`` with the options in its parentheses."""

    name: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Query:
    """The options of a request, decoded.

    Attributes:
        raw: The query string as it came.
        options: By name, ``$`` in front.
        aliases: Values of parameter aliases, ``@`` in front.
    """

    raw: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """An option, or the alias that it names."""
        value = self.options.get(name)
        if value is not None and value.startswith("@"):
            return self.aliases.get(value)
        return value

    def check(self, allowed: frozenset[str]) -> None:
        """Refuse what is not among *allowed*.

        Raises:
            Refusal: An option is unknown here.
        """
        for name in self.options:
            if name not in allowed:
                raise unparsable(f"The query parameter {name} is not supported.")

    def without(self, *names: str) -> str:
        """The query string as it came, less some options."""
        pieces = [piece for piece in self.raw.split("&") if piece]
        return "&".join(
            piece for piece in pieces if unquote_plus(piece.partition("=")[0]) not in names
        )


def read_query(raw: str) -> Query:
    """Split and decode a query string; ``%24`` and ``+`` are understood (2.2).

    Raises:
        Refusal: An option is there twice.
    """
    options: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for piece in raw.split("&"):
        name, _, value = piece.partition("=")
        name, value = unquote_plus(name), unquote_plus(value)
        if not name:
            continue
        kept = aliases if name.startswith("@") else options
        if name in kept:
            raise unparsable(f"Query option '{name}' was specified more than once.")
        kept[name] = value
    return Query(raw, options, aliases)


def read_preferences(header: str, most: int) -> Preferences:
    """Read ``Prefer``; a page is never larger than *most*."""
    page, annotations, track = None, tuple[str, ...](), False
    for found in re.finditer(r'([\w.-]+)(?:\s*=\s*("[^"]*"|[^",;\s]+))?', header):
        name, value = found[1].lower(), (found[2] or "").strip('"')
        if name in ("odata.maxpagesize", "maxpagesize") and value.isdigit() and int(value):
            page = min(int(value), most)
        elif name in ("odata.include-annotations", "include-annotations"):
            annotations = tuple(part.strip() for part in value.split(",") if part.strip())
        elif name in ("odata.track-changes", "track-changes"):
            track = True
    return Preferences(page, annotations, track)


def read_expansions(text: str) -> tuple[Expansion, ...]:
    """Read ``$expand``.

    Raises:
        Refusal: It cannot be read, or expands too much.
    """
    found = []
    for piece in split_outside(text, ","):
        match = re.fullmatch(r"(\w+)(?:\((.*)\))?", piece.strip(), re.DOTALL)
        if match is None:
            raise unparsable(f"Term '{piece}' is not valid in a $select or $expand expression.")
        options = {}
        for option in split_outside(match[2] or "", ";"):
            name, _, value = option.strip().partition("=")
            if name not in ("$select", "$filter", "$orderby", "$top", "$expand"):
                raise unparsable(f"The query parameter {name} is not supported in $expand.")
            options[name] = value
        found.append(Expansion(match[1], options))
    if len(found) > MOST_EXPANDED:
        raise Refusal(400, "0x8004430d", "Number of $expand options exceeds the maximum of 15.")
    return tuple(found)


def split_outside(text: str, mark: str) -> list[str]:
    """Split at *mark*, but neither inside parentheses nor inside quotes."""
    pieces, depth, quoted, start = [], 0, False, 0
    for at, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == mark and depth == 0:
            pieces.append(text[start:at])
            start = at + 1
    return [piece for piece in [*pieces, text[start:]] if piece.strip()]
