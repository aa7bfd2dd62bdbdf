"""``catchment directory``: who works there, and what is decided of it here."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.core.cli.typed import Type, Typed

from catchment._catalogue import sources
from catchment._catalogue.database import open_database
from catchment._catalogue.directory import save_directory
from catchment._catalogue.tables import decision
from catchment.model import Account, Person, Queue, Ref, Team

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ANNA = Person((Ref("user", "1"),), "Anna Example", "anna@example.com", "Tier 1", agent=True)
BEN = Person((Ref("user", "2"), Ref("ci", "b")), "Ben Example", "ben@example.com", active=False)
TIER_1 = Team(Ref("team", "t1"), "Tier 1")
SALES = Queue(Ref("queue", "q1"), "Sales")


def sync(catalogue: Path, *names: str) -> None:
    """What a sync of each of these sources leaves in the catalogue beside *catalogue*."""
    database = open_database(f"sqlite:///{catalogue.with_name('catalogue.db')}")
    for name in names:
        account = Account(f"account of {name}")
        source_id = sources.pin(
            database, name=name, adapter="tin", platform="Tin", account=account, now=NOW
        )
        save_directory(database, source_id, [TIER_1, SALES, ANNA, BEN], NOW)
    database.close()


@pytest.fixture
def synced(catalogue: Path) -> Path:
    """The settings beside a catalogue with the directory of one source."""
    sync(catalogue, "calls")
    return catalogue


def decide(type_: Type, *arguments: str) -> Typed:
    """Type a decision with a reason."""
    return type_("directory", *arguments, "--why", "shifts", "--by", "ops")


def test_people_are_listed_with_team_role_and_ids(type_: Type, synced: Path) -> None:
    """Who left is listed as well, and says so."""
    done = type_("directory")
    assert (done.code, done.err) == (0, "")
    assert [" ".join(line.split()) for line in done.out.splitlines()] == [
        "SOURCE NAME ADDRESS TEAM ROLE ACTIVE SINCE IDS",
        "calls Anna Example anna@example.com Tier 1 agent yes 2026-11-02 user:1",
        "calls Ben Example ben@example.com no 2026-11-02 ci:b, user:2",
    ]


def test_teams_and_queues_are_listed(type_: Type, synced: Path) -> None:
    """A team that was made here is told from the platform's."""
    assert decide(type_, "team", " Night shift ").out == (
        "source calls has the local team Night shift now\n"
    )
    told = json.loads(type_("directory", "--teams", "--json").out)
    assert [(one["team"], one["made"], one["people"], one["listed"]) for one in told] == [
        ("Night shift", "here", 0, None),
        ("Tier 1", "platform", 1, "2026-11-02T12:00:00Z"),
    ]
    assert type_("directory", "--queues").out.splitlines()[1].split() == [
        *("calls", "Sales", "yes", "2026-11-02", "queue:q1"),
    ]


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ([], 2),
        (["--teams"], 1),
        (["--queues"], 1),
    ],
)
def test_all_of_it_is_exported(type_: Type, synced: Path, what: list[str], rows: int) -> None:
    """The CSV has what JSON has, and is never written over another file."""
    told = json.loads(type_("directory", *what, "--json").out)
    done = type_("directory", *what, "--csv", "out.csv")
    assert (done.code, done.out.endswith(" written to out.csv\n")) == (0, True)
    path = synced.with_name("out.csv")
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(told) == rows
    for row, one in zip(read, told, strict=True):
        assert row.keys() == one.keys()
        plain = {True: "yes", False: "no"}
        for name, value in one.items():
            text = " ".join(value) if isinstance(value, list) else value
            assert row[name] == (plain[text] if isinstance(text, bool) else str(text))
    before = path.read_bytes()
    again = type_("directory", *what, "--csv", "out.csv")
    assert (again.code, path.read_bytes()) == (2, before)
    assert "out.csv exists already" in again.err


def test_who_is_assigned_here_has_a_star(type_: Type, synced: Path) -> None:
    """S002-136, S002-137: one team each, and the one that was said here, until it is taken back."""
    decide(type_, "team", "Night shift")
    done = decide(type_, "assign", "anna@example.com", "night SHIFT")
    assert done.out == "Anna Example is in team Night shift now, whatever the platform says\n"
    assert "  Night shift *  " in type_("directory").out
    assert decide(type_, "rename", "Night shift", "Late shift").code == 0
    assert "  Late shift *  " in type_("directory").out
    assert decide(type_, "unassign", "1").code == 0
    assert "  Tier 1  " in type_("directory").out
    assert decide(type_, "unassign", "1").out == (
        "nothing was changed: Anna Example was not assigned to a team here\n"
    )


def test_the_agent_role_is_taken_away(type_: Type, synced: Path) -> None:
    """S002-127: until the next sync, as the answer says."""
    done = decide(type_, "revoke", "user:1")
    assert done.out == "Anna Example has no agent role until the next sync of source calls\n"
    assert [one["role"] for one in json.loads(type_("directory", "--json").out)] == ["", ""]
    assert decide(type_, "revoke", "user:1").out == (
        "nothing was changed: Anna Example has no agent role\n"
    )
    sync(synced, "calls")
    assert [one["role"] for one in json.loads(type_("directory", "--json").out)] == ["agent", ""]


def test_who_decided_and_why_is_kept(type_: Type, synced: Path) -> None:
    """A decision that changed something stands with those about recordings; a refused one not."""
    decide(type_, "team", "Night shift")
    decide(type_, "assign", "1", "Night shift")
    decide(type_, "revoke", "2")
    decide(type_, "rename", "Tier 1", "Mine")
    database = open_database(f"sqlite:///{synced.with_name('catalogue.db')}")
    with database.read() as connection:
        kept = connection.execute(select(decision).order_by(decision.c.id)).all()
    database.close()
    assert [(row.verb, row.item, row.who, row.why) for row in kept] == [
        ("make", "team Night shift", "ops", "shifts"),
        ("assign", "person anna@example.com", "ops", "shifts"),
    ]


REFUSED = [
    (["rename", "Tier 1", "Mine"], "the name of team Tier 1 is the platform's"),
    (["team", "TIER 1"], "source calls has a team TIER 1 already"),
    (["team", " "], "the name of the team is empty"),
    (["assign", "1", "Tier 9"], "source calls has no team 'Tier 9'"),
    (["assign", "nobody@example.com", "Tier 1"], "nobody in the directory has the address"),
    (["team", "Night shift", "--source", "more"], "source more was never in contact"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=lambda one: " ".join(one))
def test_what_cannot_be_is_refused_in_a_sentence(
    type_: Type, synced: Path, arguments: list[str], said: str
) -> None:
    """S002-131: wrong use is told with what to do, and changes nothing."""
    before = type_("directory", "--teams", "--json").out
    done = decide(type_, *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert type_("directory", "--teams", "--json").out == before


def test_a_decision_needs_a_reason(type_: Type, synced: Path) -> None:
    """As for every other decision."""
    assert "'--why'" in type_("directory", "team", "Night shift").err
    assert "the reason is empty" in type_("directory", "team", "Night shift", "--why", " ").err


def test_of_several_sources_one_is_named(type_: Type, catalogue: Path) -> None:
    """The same person may be in two of them; nobody is picked by chance."""
    sync(catalogue, "calls", "more")
    done = decide(type_, "team", "Night shift")
    assert (done.code, "there are several sources: calls, more" in done.err) == (2, True)
    done = decide(type_, "revoke", "anna@example.com")
    assert "2 people: 1 in source calls, 1 in source more" in done.err
    assert decide(type_, "revoke", "anna@example.com", "--source", "more").code == 0
    told = json.loads(type_("directory", "--json").out)
    assert [(one["source"], one["role"]) for one in told if one["name"] == "Anna Example"] == [
        ("calls", "agent"),
        ("more", ""),
    ]


def test_options_of_the_list_do_not_go_with_a_decision(type_: Type, synced: Path) -> None:
    """What stands before the word would be passed over without a sound."""
    done = decide(type_, "--source", "calls", "team", "Night shift")
    assert done.code == 2
    assert "do not go with 'team'" in done.err
    assert type_("directory", "--json", "--csv", "out.csv").code == 2


def test_a_directory_without_anybody(type_: Type, catalogue: Path) -> None:
    """An empty answer is an answer; a source that is not in the settings is a slip."""
    assert type_("directory").err == "nothing found\n"
    assert json.loads(type_("directory", "--json").out) == []
    assert "there is no source 'nowhere'" in type_("directory", "--source", "nowhere").err
