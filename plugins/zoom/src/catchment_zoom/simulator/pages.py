"""Page tokens: bound to every parameter, dead after 15 minutes, empty on the last page (1.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar

from catchment_zoom.simulator.answers import Rejection, invalid_field, reject

LIFETIME = timedelta(minutes=15)
Between = Literal["stable", "inserts", "duplicates"]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """One page: its rows, how many rows the listing has, the token of the next page or ``""``."""

    rows: Sequence[Row]
    total: int
    next_page_token: str
    page_size: int


@dataclass(frozen=True, slots=True)
class _Bookmark(Generic[Row]):
    rows: Sequence[Row]
    offset: int
    expected: tuple[Mapping[str, str], ...]
    operation: str
    expires_at: datetime


class Pages(Generic[Row]):
    """Hands out the pages of listings and remembers where each token continues."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._marks: dict[str, _Bookmark[Row]] = {}

    def cut(
        self,
        operation: str,
        parameters: Mapping[str, str],
        rows: Callable[[], Sequence[Row]],
        *,
        echoed: Mapping[str, str],
        either: bool = False,
        between: Between = "stable",
        most: int = 300,
    ) -> Slice[Row]:
        """The page that *parameters* ask for.

        Args:
            operation: A token of one endpoint opens no other.
            parameters: The request's query, verbatim.
            rows: Everything that the listing holds right now.
            echoed: The query with what the platform changed in it (the clamped ``to``, 3.1);
                following pages must repeat exactly this.
            either: Following pages may also repeat the query as it was first sent.
            between: What happens to the listing between pages.
            most: The largest ``page_size`` of this endpoint.

        Raises:
            Rejection: 400/300 for a bad size, or for a token that is unknown, too old, or sent
                with other parameters than the page before.
        """
        size = read_page_size(parameters, most)
        token = parameters.get("next_page_token", "")
        plain = _without_token(parameters)
        if token:
            mark = self._open(operation, token, plain)
            held, offset, expected = mark.rows, mark.offset, mark.expected
        else:
            held, offset, expected = rows(), 0, _bindings(plain, echoed, either)
        if between == "inserts":
            held = _with_news(held, rows()) if token else held
        elif between == "duplicates" and token and size > 1:
            offset -= 1
        end = offset + size
        more = end < len(held)
        mark = _Bookmark(held, end, expected, operation, self._now() + LIFETIME)
        return Slice(held[offset:end], len(held), self._keep(mark) if more else "", size)

    def _open(self, operation: str, token: str, plain: Mapping[str, str]) -> _Bookmark[Row]:
        mark = self._marks.get(token)
        good = (
            mark is not None
            and mark.operation == operation
            and plain in mark.expected
            and self._now() <= mark.expires_at
        )
        if mark is None or not good:
            raise lost_token()
        return mark

    def _keep(self, mark: _Bookmark[Row]) -> str:
        seed = f"{len(self._marks)}|{mark.operation}|{mark.offset}|{mark.expires_at.isoformat()}"
        token = hashlib.sha256(seed.encode()).hexdigest()[:32]
        self._marks[token] = mark
        return token


def lost_token() -> Rejection:
    """400/300: the recovery is to restart the window from page one (1.3)."""
    return reject(400, 300, "The next page token is invalid or expired.")


def read_page_size(parameters: Mapping[str, str], most: int) -> int:
    """``page_size``: 30 unless told, at most *most* (1.3).

    Raises:
        Rejection: 400/300 when it is no number between 1 and *most*.
    """
    text = parameters.get("page_size", "30")
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid_field("page_size")
    return int(text)


def _without_token(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name != "next_page_token"}


def _bindings(
    plain: Mapping[str, str], echoed: Mapping[str, str], either: bool
) -> tuple[Mapping[str, str], ...]:
    strict = _without_token(echoed)
    return (strict, plain) if either else (strict,)


def _with_news(held: Sequence[Row], fresh: Sequence[Row]) -> Sequence[Row]:
    """Rows that came since the first page stand in front: pages shift, and the last row repeats.

    A row that vanished meanwhile stays, as the platform gives no promise either way.
    """
    known = set(map(id, held))
    news = [row for row in fresh if id(row) not in known]
    return [*(row for row in news if not isinstance(row, dict) or row not in held), *held]
