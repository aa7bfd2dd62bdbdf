"""What a rule is, and what comes of trying one.  The rules themselves stand beside their checks.

A rule is data: an id, the step in which it is tried, one sentence, and what to change where it is
broken.  Its check is a function that yields evidence, sentence by sentence; no evidence means that
the rule holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from catchment.testing.subject import Subject

    Check = Callable[[Subject], Iterator[str]]

STEPS = ("contract", "hooks", "misbehaviour", "kills", "late")
"""In which order rules are tried: from what costs nothing to what takes a minute."""

State = Literal["held", "broken", "not applicable", "not run"]

MOST_EVIDENCE = 5
"""So many sentences of evidence are kept; the first ones show what is wrong."""


class NotApplicable(Exception):
    """The adapter under examination cannot be asked this; the reason is told to people."""


class HookFailed(Exception):
    """A hook raised what no hook may raise; the sentence names the place in the adapter's code.

    Attributes:
        remedy: What to change, where the failure says it better than the rule does.
    """

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the contract that can be seen to hold from outside.

    Attributes:
        id: Its name for reports: ``"poll.last"``.
        step: One of :data:`STEPS`.
        sentence: What holds.
        remedy: What to change where it does not.
        needs: Ids of rules without which there is nothing to try.
        sampled: Whether it is left out where a sample stands for the whole.
        check: Yields evidence that it is broken.
    """

    id: str
    step: str
    sentence: str
    remedy: str
    needs: tuple[str, ...] = ()
    sampled: bool = False
    check: Check = field(kw_only=True, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of trying a rule.

    Attributes:
        rule: The rule.
        state: ``held``, ``broken``, ``not applicable``, or ``not run`` where a rule that it needs
            is broken.
        evidence: What was seen, if it is broken.
        why: Why it was not tried, if it was not.
        change: What to change, where what was seen says it better than the rule does.
    """

    rule: Rule
    state: State
    evidence: tuple[str, ...] = ()
    why: str = ""
    change: str = ""

    @property
    def broken(self) -> bool:
        """Whether the rule was seen to be broken."""
        return self.state == "broken"

    @property
    def remedy(self) -> str:
        """What to change."""
        return self.change or self.rule.remedy

    def report(self) -> str:
        """The rule, the evidence, and what to change."""
        lines = [f"{self.rule.id}: {self.rule.sentence}"]
        lines += [f"  seen: {one}" for one in self.evidence]
        return "\n".join([*lines, f"  change: {self.remedy}"])


class Declared:
    """Collects the rules of one step, in the order in which their checks are written down.

    Args:
        step: One of :data:`STEPS`.
        needs: Rules that every rule declared here needs.
    """

    def __init__(self, step: str, *needs: str) -> None:
        self.step = step
        self.needs = needs
        self.rules: list[Rule] = []

    def __call__(
        self,
        rule_id: str,
        sentence: str,
        remedy: str,
        *,
        needs: tuple[str, ...] = (),
        sampled: bool = False,
    ) -> Callable[[Check], Check]:
        """Declare the decorated function as the check of a rule."""

        def declare(check: Check) -> Check:
            wanted = (*self.needs, *needs)
            found = Rule(rule_id, self.step, sentence, remedy, wanted, sampled, check=check)
            self.rules.append(found)
            return check

        return declare
