"""What goes wrong, for all simulated platforms alike: late, cut, repeated, throttled, killed.

A fault is decided by a seed, the request's key and how often that key was asked: the order in which
several workers ask changes nothing.  Every fault is bounded: after ``most`` answers in a row that
were spoilt, a key is answered well, so a client that tries again always gets through in the end.

.. code-block:: toml

    seed = 7
    most = 2
    until = 2026-10-14T00:00:00Z      # from then on all is quiet

    [throttle]                        # any fault of FAULTS: share of requests, by group
    list = 0.1
    download = 0.2

    [rows]                            # share of pages
    repeat = 0.1
    shuffle = 0.2

    [late]                            # share of items, and by how much
    share = 0.3
    least = "1m"
    longest = "72h"
"""

from __future__ import annotations

import os
import threading
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from catchment.errors import BadSettings
from catchment.model import Clock, period
from catchment.sandbox.chance import Chance

__all__ = ["FAULTS", "Fault", "Faults", "Group", "Lateness", "read_faults"]

Group = Literal["token", "list", "document", "download"]
"""What a request asks for: an access token, a page of a listing, one document, a file."""

Fault = Literal[
    "throttle",  # 429
    "server_error",  # 500, 502 or 503, up to `most` of them in a row
    "reset",  # the connection is cut before the answer
    "truncate",  # the body is cut: with the right length announced, the cut one's, or none
    "html",  # 200 and a page of HTML instead
    "slow",  # the body drips
    "wrong_range",  # a range is answered with the whole, or from another offset
    "changed",  # the ETag is another one while resuming
    "expired_link",  # the link is refused before its time
    "expired_token",  # the token is refused before its time
    "unauthorized_once",  # 401, once for each key and never again
    "cursor_lost",  # the page token is forgotten; for simulators to ask
    "repeat",  # rows stand in a page twice
    "shuffle",  # rows of a page stand in another order
]
FAULTS: tuple[str, ...] = get_args(Fault)
HOW = "'catchment sandbox --help' has an example."
_GROUPS: tuple[str, ...] = get_args(Group)
_NEVER = datetime.max.replace(tzinfo=UTC)

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many items are offered late, and by how much."""

    share: float = 0.0
    least: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=72)


@dataclass
class Faults:
    """What goes wrong, decided by chance that can be asked again, and counted.

    Args:
        seed: The same seed and the same requests give the same faults.
        rates: For each fault, which share of the requests of each group it spoils:
            ``{"throttle": {"list": 0.1}}``.  ``repeat`` and ``shuffle`` know the group ``list``.
        most: How many answers to one key may be spoilt in a row.
        until: From then on nothing goes wrong any more; what is late stays late.
        late: Items that are offered late.
        clock: Tells whether it is ``until`` yet; a :class:`~catchment.sandbox.Simulator` sets its
            own where there is none.

    Attributes:
        counts: How often each fault was done, by ``"fault"`` and by ``"fault.group"``.
    """

    seed: int = 0
    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    most: int = 2
    until: datetime = _NEVER
    late: Lateness = Lateness()
    clock: Clock | None = None
    counts: Counter[str] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        for fault, groups in self.rates.items():
            if fault not in FAULTS or not set(groups) <= set(_GROUPS):
                raise BadSettings(
                    f"there is no fault {fault} of {', '.join(groups)}",
                    remedy=f"Faults are {', '.join(FAULTS)}; groups are {', '.join(_GROUPS)}.",
                )
        self._chance = Chance(self.seed)
        self._lock = threading.Lock()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._spoilt: Counter[tuple[str, str]] = Counter()
        self._burst: Counter[tuple[str, str]] = Counter()
        self._once: set[tuple[str, str]] = set()

    @property
    def quiet(self) -> bool:
        """Whether nothing goes wrong any more."""
        return self.clock is not None and self.clock.now() >= self.until

    def share(self, fault: Fault, group: Group) -> float:
        """The share of *group*'s requests that *fault* spoils, now."""
        return 0.0 if self.quiet else self.rates.get(fault, {}).get(group, 0.0)

    # --- for the layer in front of a simulator ----------------------------------------------------

    def choose(self, group: Group, key: str, possible: Sequence[Fault]) -> Fault | None:
        """What goes wrong with this request; ``None`` for nothing.  Each call is one request.

        Args:
            group: What is asked for.
            key: What tries of the same thing have in common: a file's id, not its signed link.
            possible: What can go wrong with this request at all.
        """
        about = (group, key)
        with self._lock:
            self._asked[about] += 1
            fault = None if self.quiet else self._choose(about, group, possible)
            self._spoilt[about] = 0 if fault is None else self._spoilt[about] + 1
            if fault is not None:
                self._count(fault, group)
            return fault

    def _choose(
        self, about: tuple[str, str], group: Group, possible: Sequence[Fault]
    ) -> Fault | None:
        if self._spoilt[about] >= self.most:
            return None
        if self._burst[about]:
            self._burst[about] -= 1
            return "server_error"
        for fault in possible:
            if self._chance.share(fault, *about, self._asked[about]) >= self.share(fault, group):
                continue
            if fault == "unauthorized_once":
                if about in self._once:
                    continue
                self._once.add(about)
            if fault == "server_error":
                self._burst[about] = self.draw("burst", *about) % self.most
            return fault
        return None

    def draw(self, *about: object) -> int:
        """A number for the details of a fault, always the same for the same *about*."""
        return int.from_bytes(self._chance.bytes_for("draw", *about, size=6), "big")

    def asked(self, group: Group, key: str) -> int:
        """How often *key* was asked for so far."""
        return self._asked[group, key]

    def _count(self, fault: str, group: str) -> None:
        self.counts[fault] += 1
        self.counts[f"{fault}.{group}"] += 1

    # --- for simulators to ask --------------------------------------------------------------------

    def rows(self, rows: Sequence[Row], key: str = "") -> list[Row]:
        """The rows of one page, perhaps with some repeated or in another order.  None is lost.

        Args:
            rows: A finished page; what is repeated is more than the page should hold.
            key: Which page of which listing.
        """
        told = list(rows)
        if told and self._page("repeat", key):
            told.append(told[self.draw("repeat", key) % len(told)])
        if len(told) > 1 and self._page("shuffle", key):
            self._chance.random("shuffle", key).shuffle(told)
        return told

    def _page(self, fault: Fault, key: str) -> bool:
        return self.choose("list", f"{fault} {key}", (fault,)) is not None

    def delay(self, item_id: str) -> timedelta:
        """How much later than usual the item is offered; always the same for the same id."""
        if self._chance.share("late", item_id) >= self.late.share:
            return timedelta()
        span = (self.late.longest - self.late.least).total_seconds()
        return self.late.least + timedelta(
            seconds=round(span * self._chance.share("how late", item_id))
        )

    def cursor_lost(self, key: str) -> bool:
        """Whether the platform has forgotten a cursor of the listing *key*, this time."""
        return self.choose("list", f"cursor {key}", ("cursor_lost",)) is not None


def read_faults(path: str | os.PathLike[str]) -> Faults:
    """Read a TOML file as described at the top of this module.

    Raises:
        BadSettings: The file cannot be read, or names what there is not.
    """
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadSettings(f"the faults {path} cannot be read: {why}", remedy=HOW) from None
    except UnicodeDecodeError:
        raise BadSettings(f"{path} is not UTF-8", remedy="Save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path} is not TOML: {error}", remedy=HOW) from None
    try:
        return _read_table(table)
    except ValueError as error:
        raise BadSettings(f"the faults in {path} are wrong: {error}", remedy=HOW) from None


def _read_table(table: dict[str, Any]) -> Faults:
    """The faults of a document.

    Raises:
        ValueError: A key is none that there is, or its value of another kind.
        BadSettings: There is no such fault or group.
    """
    known: dict[str, Any] = {}
    for name, read in {"seed": _read_number, "most": _read_number, "until": _read_moment}.items():
        if name in table:
            known[name] = read(name, table.pop(name))
    late = _read_late(_read_section("late", table.pop("late", {})))
    rates = {
        "rows": _read_section("rows", table.pop("rows", {})),
        **{fault: _read_section(fault, groups) for fault, groups in table.items()},
    }
    shares = {
        fault: {group: _read_share(f"{fault}.{group}", share) for group, share in groups.items()}
        for fault, groups in rates.items()
    }
    paged = {fault: {"list": share} for fault, share in shares.pop("rows").items()}
    return Faults(rates=shares | paged, late=late, **known)


def _read_late(table: dict[str, Any]) -> Lateness:
    given: dict[str, Any] = {}
    for name, value in table.items():
        if name == "share":
            given[name] = _read_share("late.share", value)
        elif name in ("least", "longest"):
            try:
                given[name] = period(value)
            except (ValueError, TypeError, OverflowError):
                raise ValueError(f'late.{name} is no length of time, as in "1m"') from None
        else:
            raise ValueError(f"late.{name} is not known; write share, least or longest")
    return Lateness(**given)


def _read_section(name: str, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    known = "seed, most, until" if name not in (*FAULTS, "late", "rows") else ""
    hint = f"not known; keys without a table are {known}" if known else f"a table: write [{name}]"
    raise ValueError(f"{name} is {hint}")


def _read_share(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} is no share of the requests; write a number from 0 to 1")
    return float(value)


def _read_number(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} is no whole number from 0 on")
    return value


def _read_moment(name: str, value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{name} is no time with a zone, as in 2026-10-14T00:00:00Z")
    return value
