"""The conformance kit finds each rule that is broken, and nothing where all is well.

Tin, the adapter of the documentation, is installed as it is and once for each rule with that rule
broken: see ``mutants``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.core.testing.mutants import MORE, MUTANTS, install

from catchment.cli.frame import run_command
from catchment.testing import RULES, STEPS, Examination, Verdict, examine
from catchment.testing.examination import choose_rules

BY_ID = {rule.id: rule for rule in RULES}
LOOKING = ("contract", "hooks")
"""Steps in which a mutant breaks the one rule that it is there for, and no other."""

LIVING = [rule.id for rule in RULES if rule.step not in LOOKING]
MUTANT_IDS = [*(rule.id for rule in choose_rules(LOOKING)), *MORE]
LONG = os.environ.get("CATCHMENT_PROOF", "") == "long"
OTHERS = {mutant for number, mutant in enumerate(MUTANT_IDS) if LONG or number % 4 == 0}
"""Mutants that are held to every rule, so that nothing else is blamed: all in the long form."""

SLOW = {"contract.quiet", "map.process"}
"""Rules that start a process; tried on their own mutants alone."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A folder on the path of this process and of those that it starts."""
    folder, memory = tmp_path / "site", tmp_path / "memory"
    folder.mkdir()
    memory.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        patch.setenv("TIN_MEMORY", str(memory))
        yield folder


def list_broken(name: str, rule_id: str, *, others: bool) -> list[Verdict]:
    """What is found broken of a rule, and of all the *others* in the steps that ask an adapter."""
    with Examination(name) as examination:
        rules = [
            r for r in choose_rules(LOOKING) if r.id == rule_id or (others and r.id not in SLOW)
        ]
        return [verdict for rule in rules if (verdict := examination.judge(rule)).broken]


def test_every_rule_has_an_adapter_that_breaks_it() -> None:
    """No rule is there that nobody has seen broken, and no id is there twice."""
    assert sorted(MUTANTS) == sorted(BY_ID)
    assert len(BY_ID) == len(RULES)


def test_every_rule_can_be_read_by_itself() -> None:
    """A rule is one sentence and says what to change; what it needs comes before it."""
    ids = [rule.id for rule in RULES]
    for number, rule in enumerate(RULES):
        assert rule.step in STEPS
        assert rule.sentence.endswith(".")
        assert rule.remedy.endswith(".")
        assert set(rule.needs) <= set(ids[:number]), rule.id


def test_sound_adapter_breaks_nothing(site: Path) -> None:
    """Tin as it is holds every rule that it can be asked."""
    found = list(examine(install(site), steps=LOOKING))
    assert [verdict.report() for verdict in found if verdict.state in ("broken", "not run")] == []
    without = {verdict.rule.id for verdict in found if verdict.state == "not applicable"}
    assert without == {
        *("check.passes", "check.refused", "directory.answers", "partitions.answers"),
    }


@pytest.mark.parametrize("mutant", MUTANT_IDS)
def test_adapter_that_breaks_one_rule_is_told_that_rule(site: Path, mutant: str) -> None:
    """The one thing that is wrong is found, and nothing else is blamed (proves T15)."""
    rule_id = mutant.partition(":")[0]
    (verdict,) = list_broken(install(site, mutant), rule_id, others=mutant in OTHERS)
    assert verdict.rule.id == rule_id
    assert verdict.evidence
    assert verdict.remedy in verdict.report()
    assert "Traceback" not in verdict.report()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rule_id", LIVING)
def test_adapter_that_loses_recordings_is_told_when(site: Path, rule_id: str) -> None:
    """What it does wrong on a bad day is found by that day's rule (proves T15, with T3 to T5)."""
    with Examination(install(site, rule_id)) as examination:
        evidence = list(BY_ID[rule_id].check(examination.subject))
    assert evidence


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sound_adapter_lives_through_everything(site: Path) -> None:
    """Tin as it is loses nothing on a bad day, by the sample that CI has time for.

    All of it, and more: ``catchment conform tin``, or :data:`MUTANTS` with each its own rule above.
    """
    found = list(examine(install(site), steps=("misbehaviour", "kills", "late"), quick=True))
    assert [verdict.report() for verdict in found if verdict.state != "held"] == []


def test_what_fails_in_a_hook_is_told_with_its_place(site: Path) -> None:
    """An exception of the adapter is evidence: its type, and file and line in its own code."""
    name = install(site, "poll.answers")
    with Examination(name) as examination:
        verdict = examination.judge(BY_ID["poll.answers"])
        later = examination.judge(BY_ID["capture.quiet"])
    (seen,) = verdict.evidence
    assert seen.startswith("poll raised KeyError ('rows') at adapter.py:")
    assert (later.state, later.why) == ("not run", "poll.answers is broken")


def test_refused_value_is_told_with_its_own_remedy(site: Path) -> None:
    """A naive time is no answer that cannot be read: the report says what to make of the value."""
    for mutant, hook in (("poll.answers:naive", "poll"), ("map.answers:naive", "map_metadata")):
        rule = BY_ID[mutant.partition(":")[0]]
        with Examination(install(site, mutant)) as examination:
            verdict = examination.judge(rule)
        (seen,) = verdict.evidence
        assert seen.startswith(f"{hook} raised BadValue (")
        assert "has no time zone) at mapping.py:" in seen
        assert "change: Make the value as that sentence says" in verdict.report()
        assert rule.remedy not in verdict.report()


def test_evidence_says_where_and_how_much(site: Path) -> None:
    """A lost row is told with its window and with counts; a failure with one layer of words."""
    seen = judge_mutant(site, "poll.complete")
    told = re.match(
        r"the truth has (\d+) recordings until now, and the listings tell (\d+)$", seen[0]
    )
    assert told is not None
    assert int(told[2]) < int(told[1])
    assert re.search(r"is in no listing: recordings 2026-\S+ tells \d+ rows", seen[1])
    (seen_partial,) = judge_mutant(site, "map.partial")
    assert re.match(r"without facts.*: map_metadata raised AttributeError \(", seen_partial)
    assert "HookFailed" not in seen_partial


def test_a_secret_is_told_once_with_who_said_it(site: Path) -> None:
    """However often it is said: the hook, how often, and the text without the secret."""
    (seen,) = judge_mutant(site, "secrets.hidden")
    assert re.match(r"__init__ said \d+ times: asking with <the secret>$", seen)


def judge_mutant(site: Path, mutant: str) -> tuple[str, ...]:
    """The evidence against *mutant*, of the rule that it is there for."""
    with Examination(install(site, mutant)) as examination:
        return examination.judge(BY_ID[mutant.partition(":")[0]]).evidence


# --- the two ways to run it --------------------------------------------------------------------

ONE_LINE = (
    "from catchment.testing import conformance\nTestIt = conformance({name!r}, steps={steps})\n"
)


def run_tests(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of a vendor's test file of one line."""
    (folder / "test_it.py").write_text(ONE_LINE.format(name=name, steps=("contract",)), "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "test_it.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_one_line_is_a_test_for_each_rule(site: Path, tmp_path: Path) -> None:
    """Pytest names every rule, and a broken one is told in our words, without a traceback."""
    told = run_tests(tmp_path, install(site, "contract.arguments"))
    assert told.returncode == 1
    assert "1 failed" in told.stdout
    assert "test_rule[contract.arguments]" in told.stdout
    assert "wants 'wanted'; it is given ids" in told.stdout
    assert "change: Rename the arguments" in told.stdout
    assert "Traceback" not in told.stdout


def test_command_tells_each_rule_and_then_what_to_change(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each rule; then the rule, what was seen, and what to change; exit code 1."""
    name = install(site, "contract.must")
    assert run_command(["conform", name, "--step", "contract"]) == 1
    out = capsys.readouterr().out
    assert "\nbroken          contract.must: " in out
    assert "  seen: there is no method recover\n" in out
    assert "  change: Write the method" in out
    assert out.count("\nheld ") >= 15


def test_command_tells_json(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every verdict with its rule, for programs."""
    name = install(site, "contract.batch")
    assert run_command(["conform", name, "--step", "contract", "--json"]) == 1
    rows = {row["rule"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["contract.loads"]["state"] == "held"
    assert rows["contract.batch"]["evidence"] == ["batch names poll, which takes no batch"]
    assert rows["contract.batch"]["remedy"]


def test_command_ends_well_where_all_rules_hold(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, and how many rules held."""
    assert run_command(["conform", install(site), "--step", "contract"]) == 0
    rules = choose_rules(("contract",))
    assert capsys.readouterr().out.endswith(f"\n{len(rules)} held\n")


@pytest.mark.parametrize(
    "typed", [["nobody"], ["tin_sound", "--step", "prayer"], ["tin_sound", "--switch", "left"]]
)
def test_wrong_use_is_refused(
    site: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """An adapter that is not installed, or a step that there is not, is no rule broken: 2."""
    install(site)
    assert run_command(["conform", *typed]) == 2
    assert capsys.readouterr().out == ""
