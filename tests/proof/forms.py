"""In which form the proofs run, and what each of them counts.

``CATCHMENT_PROOF=long`` runs them as long as the promises deserve (hours), anything else as long as
CI can wait (minutes).  ``CATCHMENT_PROOF_ADAPTERS`` names the adapters, separated by commas, where
not all five are to be proved.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TypeVar

from tests.together.harness import ALL

LONG = os.environ.get("CATCHMENT_PROOF", "short") == "long"
ADAPTERS = tuple(filter(None, os.environ.get("CATCHMENT_PROOF_ADAPTERS", "").split(","))) or ALL

T = TypeVar("T")


def choose(short: T, long: T) -> T:
    """One of two by the form in which the proofs run."""
    return long if LONG else short


@dataclass
class Tally:
    """What one proof injected, and what came of it; the fixture ``tally`` reports it.

    Attributes:
        injected: Faults by their kind: ``{"kill": 15, "truncate": 40}``.
        offered: Files that the platforms made available.
        survived: Of these, files that the archive holds once, with the platform's bytes.
        lost: Files that it lacks.
        duplicated: Files that it holds more than once, or that no platform ever offered.
    """

    injected: Counter[str] = field(default_factory=Counter)
    offered: int = 0
    survived: int = 0
    lost: int = 0
    duplicated: int = 0
