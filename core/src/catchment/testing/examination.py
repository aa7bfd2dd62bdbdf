"""Tries the rules on one adapter, each once, and says what came of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from catchment.errors import CatchmentError
from catchment.testing import (
    asking,
    contract,
    declared,
    doubting,
    drafting,
    fetching,
    killing,
    listing,
    misbehaving,
    tardy,
    ways,
    windows,
)
from catchment.testing.rules import (
    MOST_EVIDENCE,
    STEPS,
    HookFailed,
    NotApplicable,
    Rule,
    Verdict,
)
from catchment.testing.subject import Subject

RULES: tuple[Rule, ...] = (
    *contract.RULES,
    *declared.RULES,
    *asking.RULES,
    *listing.RULES,
    *windows.RULES,
    *fetching.RULES,
    *ways.RULES,
    *drafting.RULES,
    *doubting.RULES,
    *asking.LAST_RULES,
    *misbehaving.RULES,
    *killing.RULES,
    *tardy.RULES,
)
"""Every rule, in the order in which they are tried."""

_BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in RULES}


def choose_rules(steps: Sequence[str] = STEPS, *, quick: bool = False) -> tuple[Rule, ...]:
    """The rules of *steps*; where it shall be *quick*, without those that others stand for."""
    return tuple(rule for rule in RULES if rule.step in steps and not (quick and rule.sampled))


class Examination:
    """One adapter under examination; what rules have in common is done once.

    Use it as a context: simulators are served, and folders used, until it is left.

    Args:
        name: The adapter's name, which is that of its entry point.
        quick: Whether a sample stands for the whole where a step has much to repeat.
        switches: Positions of the simulator's switches.
    """

    def __init__(
        self, name: str, *, quick: bool = False, switches: Mapping[str, object] | None = None
    ) -> None:
        self._leaving = ExitStack()
        folder = Path(self._leaving.enter_context(tempfile.TemporaryDirectory()))
        self.subject = Subject(name, folder, quick, dict(switches or {}))
        self._leaving.callback(self.subject.close)
        self._verdicts: dict[str, Verdict] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leaving.close()

    def judge(self, rule: Rule) -> Verdict:
        """What comes of trying *rule*, and before it those that it needs."""
        if rule.id not in self._verdicts:
            self._verdicts[rule.id] = self._judge(rule)
        return self._verdicts[rule.id]

    def _judge(self, rule: Rule) -> Verdict:
        for needed in rule.needs:
            before = self.judge(_BY_ID[needed])
            if before.state in ("broken", "not run"):
                blamed = before.why if before.state == "not run" else f"{needed} is broken"
                return Verdict(rule, "not run", why=blamed)
            if before.state == "not applicable":
                return Verdict(rule, "not applicable", why=before.why)
        try:
            evidence = tuple(islice(rule.check(self.subject), MOST_EVIDENCE))
        except NotApplicable as reason:
            return Verdict(rule, "not applicable", why=str(reason))
        except HookFailed as failure:
            return Verdict(rule, "broken", (str(failure),), change=failure.remedy)
        except CatchmentError as error:
            evidence = (f"{type(error).__name__}: {error}",)
        return Verdict(rule, "broken" if evidence else "held", evidence)


def examine(
    name: str,
    *,
    steps: Sequence[str] = STEPS,
    quick: bool = False,
    switches: Mapping[str, object] | None = None,
) -> Iterator[Verdict]:
    """Try every rule of *steps* on the adapter *name*, one after the other."""
    with Examination(name, quick=quick, switches=switches) as examination:
        for rule in choose_rules(steps, quick=quick):
            yield examination.judge(rule)
