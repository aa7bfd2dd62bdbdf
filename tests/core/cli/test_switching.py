"""Switches of simulated platforms, as somebody types them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pytest

from catchment.cli.switching import read_switches, refuse_unread
from catchment.clock import ManualClock
from catchment.errors import BadSettings, Misuse
from catchment.model import Clock
from catchment.sandbox import Faults, Simulator, Switchboard, World

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Board(Switchboard):
    """Some switches."""

    platform = "Tin"

    paging: Literal["full", "short"] = "full"
    late_every: int = 0
    renewals: bool = True
    refusal: Literal["none", "403", "true", 404] = "none"
    greeting: str = ""


class Switched(Simulator):
    """Reads its switches when it is made, as the simulators of plugins do."""

    name = "tin"

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(world, clock, faults, switches, source)
        self.board = Board.read(self.switches)


class Plain(Simulator):
    """Reads none."""

    name = "plain"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("true", True),
        ("false", False),
        ("5", 5),
        ('"5"', "5"),
        ("short", "short"),
        ("", ""),
        ("a=b", "a=b"),
        ("1.5", "1.5"),
        ("[1]", "[1]"),
        ("2026-03-03", "2026-03-03"),
        ("1\nmore = 2", "1\nmore = 2"),
    ],
)
def test_values_are_truths_numbers_or_text(typed: str, value: object) -> None:
    """What is neither true, false nor a whole number is text as it stands."""
    assert read_switches([f"paging={typed}"], ["tin"]) == {"tin": {"paging": value}}


def test_each_platform_gets_its_own() -> None:
    """Where several are served the switch names its platform; the last of one name counts."""
    typed = ["tin.paging=full", "copper.late_every=2", "tin.paging=short"]
    assert read_switches(typed, ["tin", "copper", "lead"]) == {
        "tin": {"paging": "short"},
        "copper": {"late_every": 2},
        "lead": {},
    }


@pytest.mark.parametrize(
    ("typed", "platforms", "said"),
    [
        ("paging", ["tin"], "--switch paging is not written NAME=VALUE"),
        ("=short", ["tin"], "--switch =short is not written NAME=VALUE"),
        ("a=1", ["tin", "lead"], "--switch a=1 does not say of which platform it is"),
        ("zinc.a=1", ["tin"], "is of the platform zinc, which is not served; served are: tin"),
    ],
)
def test_what_cannot_be_a_switch_is_refused(typed: str, platforms: list[str], said: str) -> None:
    """The sentence says what is wrong with what was typed."""
    with pytest.raises(Misuse) as caught:
        read_switches([typed], platforms)
    assert said in str(caught.value)
    assert caught.value.remedy


def test_a_platform_without_switches_says_so() -> None:
    """A switch that nothing reads would prove nothing."""
    clock = ManualClock(NOON)
    refuse_unread(Switched, {"paging": "short"}, clock)
    refuse_unread(Plain, {}, clock)
    with pytest.raises(Misuse, match=r"^the simulator of plain has no switches$"):
        refuse_unread(Plain, {"paging": "short"}, clock)


def test_a_misspelt_switch_names_those_that_there_are() -> None:
    """The nearest first: it is the one that was meant."""
    with pytest.raises(BadSettings) as caught:
        Board.read({"late": 3})
    said = "the Tin simulator has no switch 'late'; it has late_every, "
    assert str(caught.value).startswith(said)
    others = {"paging", "renewals", "refusal", "greeting"}
    assert set(str(caught.value).removeprefix(said).split(", ")) == others


@pytest.mark.parametrize(
    ("typed", "position"),
    [
        ("refusal=403", "403"),
        ('refusal="403"', "403"),
        ("refusal=true", "true"),
        ("refusal=404", 404),
        ("greeting=5", "5"),
        ("late_every=403", 403),
        ("renewals=false", False),
    ],
)
def test_a_number_that_spells_a_position_is_that_position(typed: str, position: object) -> None:
    """Nobody has to know that a position is a text, and put quotes around it twice."""
    given = read_switches([typed], ["tin"])["tin"]
    (name,) = given
    found = getattr(Board.read(given), name)
    assert (found, type(found)) == (position, type(position))


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("paging", "long", "full | short"),
        ("late_every", True, "a whole number from 0 on"),
        ("late_every", -1, "a whole number from 0 on"),
        ("renewals", 1, "true or false"),
        ("refusal", 405, "none | 403 | true | 404"),
        ("refusal", False, "none | 403 | true | 404"),
    ],
)
def test_a_position_that_there_is_not_is_refused(name: str, value: object, takes: str) -> None:
    """What it takes stands beside it."""
    with pytest.raises(BadSettings, match=f"switch {name} cannot be {value!r}") as caught:
        Board.read({name: value})
    assert caught.value.remedy == f"It takes {takes}."
