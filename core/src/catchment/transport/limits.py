"""How patient the clients of a source are, and which limit a request counts against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from catchment.errors import AdapterFault
from catchment.model import Budget


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a client is.

    Attributes:
        connect: How long a connection may take to open.
        read: How long the platform may be silent while it answers.
        whole: How long one answer may take from beginning to end.
        tries: How often a request is sent at most when the platform does not answer well.
        first_delay: How long to wait before the second try; doubled each time, with jitter.
        longest_wait: The longest wait that is waited out here; beyond it the engine decides.
        body_bytes: The largest answer that is read.
    """

    connect: timedelta = timedelta(seconds=10)
    read: timedelta = timedelta(seconds=30)
    whole: timedelta = timedelta(minutes=5)
    tries: int = 4
    first_delay: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(seconds=30)
    body_bytes: int = 64 * 1024 * 1024


def find_budget(name: str | None, budgets: Mapping[str, Budget] | None) -> Budget | None:
    """The budget called *name*; ``None`` where nothing is counted.

    Args:
        name: What a request counts against; ``None`` for what is not counted.
        budgets: What the adapter declares; ``None`` counts nothing and accepts any name.

    Raises:
        AdapterFault: There is none of that name: a limit would be kept by nobody.
    """
    if name is None or budgets is None:
        return None
    if name not in budgets:
        known = f"only {', '.join(map(repr, sorted(budgets)))}" if budgets else "no budget at all"
        raise AdapterFault(
            f"the adapter counts requests against the budget {name!r} and declares {known}",
            remedy="This is a bug of the adapter: its 'budgets' must name it.",
        )
    return budgets[name]
