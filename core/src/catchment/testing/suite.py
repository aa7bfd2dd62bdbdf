"""The rules as a class of tests for pytest: one line in a vendor's test file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from catchment.testing.examination import Examination, choose_rules
from catchment.testing.rules import STEPS, Rule


def conformance(
    name: str,
    *,
    steps: Sequence[str] = STEPS,
    quick: bool = False,
    switches: Mapping[str, object] | None = None,
) -> type:
    """A class of tests, one for each rule, that examines the adapter *name*.

    A test that fails prints the rule, what was seen, and what to change; a rule that this adapter
    cannot be asked is skipped with the reason.

    Args:
        name: The adapter's name, which is that of its entry point.
        steps: Which steps of the examination: see :data:`~catchment.testing.STEPS`.
        quick: Whether a sample stands for the whole where a step has much to repeat.
        switches: Positions of the simulator's switches.
    """
    import pytest

    rules = choose_rules(steps, quick=quick)

    class Conformance:
        """Every rule of the contract that can be seen to hold from outside."""

        @pytest.fixture(scope="class")
        @staticmethod
        def examination() -> Iterator[Examination]:
            """The adapter under examination, the same for all rules."""
            with Examination(name, quick=quick, switches=switches) as one:
                yield one

        @pytest.mark.parametrize("rule", rules, ids=[rule.id for rule in rules])
        def test_rule(self, examination: Examination, rule: Rule) -> None:
            """The rule holds."""
            verdict = examination.judge(rule)
            if verdict.broken:
                pytest.fail(f"{name} breaks {verdict.report()}", pytrace=False)
            if verdict.state != "held":
                pytest.skip(f"{verdict.state}: {verdict.why}")

    Conformance.__qualname__ = Conformance.__name__ = f"Conformance_{name}"
    return Conformance
