"""A day on which everything goes wrong, until the evening."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from catchment.sandbox import Faults, Lateness
from catchment.testing.stage import HOUR, START

QUIET_FROM = START + 20 * HOUR


def make_faults(
    seed: int,
    *,
    cut: Mapping[str, float] | None = None,
    longest: timedelta = 8 * HOUR,
    without: Collection[str] = (),
) -> Faults:
    """Every fault that there is, each so often that a small day has some of it.

    Args:
        seed: The same seed is the same trouble.
        cut: The share of answers that are cut short, by group, perhaps with the cut length
            announced; of pages, documents and files alike, if left out.
        longest: No file is later than that.
        without: Faults that do not happen to this platform.
    """
    everywhere = {"token": 0.2, "list": 0.08, "document": 0.08, "download": 0.04}
    at_the_door = {"list": 0.04, "document": 0.04}
    in_the_body = {"list": 0.05, "document": 0.05, "download": 0.1}
    rates: dict[str, Mapping[str, float]] = {
        "throttle": everywhere,
        "server_error": everywhere,
        "reset": everywhere,
        "truncate": in_the_body if cut is None else cut,
        "html": in_the_body,
        "slow": {"download": 0.02},
        "wrong_range": {"download": 0.4},
        "changed": {"download": 0.6},
        "expired_link": {"download": 0.06},
        "expired_token": at_the_door,
        "unauthorized_once": at_the_door,
        "cursor_lost": {"list": 0.3},
        "repeat": {"list": 0.3},
        "shuffle": {"list": 0.3},
    }
    return Faults(
        seed=seed,
        rates={fault: shares for fault, shares in rates.items() if fault not in without},
        until=QUIET_FROM,
        late=Lateness(share=0.2, least=timedelta(minutes=1), longest=longest),
    )
