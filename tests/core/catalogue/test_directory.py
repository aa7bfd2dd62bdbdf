"""People and their ids, teams and queues, and what people decide about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catchment._catalogue import assignments, roster
from catchment._catalogue.assignments import Reason
from catchment._catalogue.database import Database
from catchment._catalogue.directory import Synced, names_of, save_directory
from catchment._catalogue.roster import KnownPerson
from catchment._catalogue.tables import book, decision, person
from catchment.errors import Misuse, Unreachable
from catchment.model import Person, Queue, Ref, Team

ANNA = Person((Ref("user", "1"), Ref("ci", "a")), "Anna Example", "anna@example.com", "Team 1")
BEN = Person((Ref("user", "2"),), "Ben Example", "ben@example.com")
HOUR = timedelta(hours=1)


def read_people(database: Database) -> list[Any]:
    """All rows of people, by name."""
    with database.read() as connection:
        return list(connection.execute(select(person).order_by(person.c.name)))


def test_every_id_of_a_person_gives_the_name(
    database: Database, source_id: int, now: datetime
) -> None:
    """An interaction may name a person by any id; an unknown one stays unknown."""
    assert save_directory(database, source_id, [ANNA, BEN], now) == Synced(new=2)
    with database.read() as connection:
        asked = [Ref("user", "1"), Ref("ci", "a"), Ref("ci", "2")]
        assert names_of(connection, source_id, asked) == {
            Ref("user", "1"): ("Anna Example", "anna@example.com"),
            Ref("ci", "a"): ("Anna Example", "anna@example.com"),
        }
        assert names_of(connection, source_id + 1, asked) == {}


def test_whoever_is_listed_twice_is_one_person(
    database: Database, source_id: int, now: datetime
) -> None:
    """Pages of a listing that moves meanwhile repeat rows."""
    for moment in (now, now + HOUR):
        save_directory(database, source_id, [ANNA, BEN, ANNA], moment)
        assert [(row.name, row.active) for row in read_people(database)] == [
            ("Anna Example", True),
            ("Ben Example", True),
        ]


def test_who_is_listed_no_more_stays_and_is_inactive(
    database: Database, source_id: int, now: datetime
) -> None:
    """People who left are kept, never deleted, and their ids still give their name."""
    save_directory(database, source_id, [ANNA, BEN], now)
    assert save_directory(database, source_id, [ANNA], now + HOUR) == Synced(left=1)
    assert [(row.name, row.active) for row in read_people(database)] == [
        ("Anna Example", True),
        ("Ben Example", False),
    ]
    with database.read() as connection:
        assert names_of(connection, source_id, [Ref("user", "2")])
    assert save_directory(database, source_id, [ANNA, BEN], now + 2 * HOUR) == Synced(changed=1)


def test_a_list_that_breaks_off_makes_nobody_inactive(
    database: Database, source_id: int, now: datetime
) -> None:
    """Half a directory says nothing about the people of the other half."""
    save_directory(database, source_id, [ANNA, BEN], now)

    def broken() -> Iterator[Person]:
        yield ANNA
        raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        save_directory(database, source_id, broken(), now + HOUR)
    assert all(row.active for row in read_people(database))


def test_a_new_id_joins_the_person_who_has_the_old_one(
    database: Database, source_id: int, now: datetime
) -> None:
    """A person is recognised by any id, and keeps those that are told no more."""
    save_directory(database, source_id, [ANNA], now)
    married = Person((Ref("ci", "a"), Ref("user", "9")), "Anna Other", "anna@example.com")
    assert save_directory(database, source_id, [married], now + HOUR) == Synced(changed=1)
    with database.read() as connection:
        refs = [Ref("user", "1"), Ref("user", "9")]
        known = names_of(connection, source_id, refs)
    assert set(known.values()) == {("Anna Other", "anna@example.com")}
    assert len(known) == 2
    assert len(read_people(database)) == 1


def test_changes_are_entered_in_the_books(
    database: Database, source_id: int, now: datetime
) -> None:
    """What the directory said at which time can be rebuilt; an unchanged person is no news."""
    save_directory(database, source_id, [ANNA, BEN], now)
    save_directory(database, source_id, [ANNA], now + HOUR)
    with database.read() as connection:
        rows = connection.execute(select(book).order_by(book.c.id)).all()
    assert [(row.kind, row.body["name"], row.body["active"]) for row in rows] == [
        ("person", "Anna Example", True),
        ("person", "Ben Example", True),
        ("person", "Ben Example", False),
    ]
    assert rows[0].body["refs"] == [["ci", "a"], ["user", "1"]]


def test_a_large_directory_is_kept_in_pieces(
    database: Database, source_id: int, now: datetime
) -> None:
    """Thousands of people are one sync, whatever fits one transaction."""
    people = [
        Person((Ref("user", str(number)),), f"P {number}", f"p{number}@example.com")
        for number in range(1201)
    ]
    assert save_directory(database, source_id, people, now) == Synced(new=1201)
    assert save_directory(database, source_id, people[1:], now + HOUR) == Synced(left=1)


# --- the guide's rules for users -------------------------------------------------------------


def list_people(database: Database) -> dict[str, KnownPerson]:
    """Everybody, by name."""
    with database.read() as connection:
        return {one.name: one for one in roster.list_people(connection)}


def test_who_is_inactive_and_unknown_is_not_imported_until_restored(
    database: Database, source_id: int, now: datetime
) -> None:
    """S002-119: users who are not active are not imported unless they are restored."""
    left = replace(BEN, active=False)
    done = save_directory(database, source_id, [ANNA, left], now, imports_left=False)
    assert (done, list(list_people(database))) == (Synced(new=1), ["Anna Example"])
    done = save_directory(database, source_id, [ANNA, BEN], now + HOUR, imports_left=False)
    assert done == Synced(new=1)
    assert list_people(database)["Ben Example"].active


def test_platforms_whose_old_recordings_need_names_keep_who_left(
    database: Database, source_id: int, now: datetime
) -> None:
    """Unless the adapter says otherwise, somebody who left gives old recordings their name."""
    save_directory(database, source_id, [replace(BEN, active=False)], now)
    assert not list_people(database)["Ben Example"].active
    with database.read() as connection:
        assert names_of(connection, source_id, BEN.refs)


def test_a_user_who_becomes_inactive_is_deactivated_and_never_deleted(
    database: Database, source_id: int, now: datetime
) -> None:
    """S002-129: told as inactive or not told any more, a known user stays, deactivated."""
    save_directory(database, source_id, [ANNA, BEN], now, imports_left=False)
    left = replace(BEN, active=False)
    save_directory(database, source_id, [left], now + HOUR, imports_left=False)
    told = list_people(database)
    assert {name: one.active for name, one in told.items()} == {
        "Anna Example": False,
        "Ben Example": False,
    }


def test_a_user_starts_on_the_day_of_the_first_sync(
    database: Database, source_id: int, now: datetime
) -> None:
    """S002-122, S002-123: the date of the first sync stays, and the default team has no name."""
    save_directory(database, source_id, [BEN], now)
    save_directory(database, source_id, [ANNA], now + HOUR)
    save_directory(database, source_id, [ANNA, BEN], now + 2 * HOUR)
    ben = list_people(database)["Ben Example"]
    assert (ben.since, ben.team, ben.assigned) == (now, "", False)


def test_a_changed_name_is_changed(database: Database, source_id: int, now: datetime) -> None:
    """S002-128: name changed, name changed; whoever it is keeps the date and the ids."""
    save_directory(database, source_id, [ANNA], now)
    save_directory(database, source_id, [replace(ANNA, name="Anna Other")], now + HOUR)
    (only,) = list_people(database).values()
    assert (only.name, only.since, set(only.refs)) == ("Anna Other", now, set(ANNA.refs))


def test_a_role_that_was_taken_away_here_is_given_again_by_the_next_sync(
    database: Database, source_id: int, now: datetime
) -> None:
    """S002-125, S002-127: whom the platform lets take contacts is an agent after each sync."""
    agent = replace(ANNA, agent=True)
    save_directory(database, source_id, [agent, BEN], now)
    reason = Reason("ops", "training", now)
    with database.write() as connection:
        one = roster.find_person(connection, "ANNA@example.com")
        assert assignments.revoke(database, connection, one, reason)
        again = roster.find_person(connection, "1")
        assert not assignments.revoke(database, connection, again, reason)
    assert not list_people(database)["Anna Example"].agent
    assert save_directory(database, source_id, [agent, BEN], now + HOUR) == Synced(changed=1)
    told = list_people(database)
    assert (told["Anna Example"].agent, told["Ben Example"].agent) == (True, False)
    with database.read() as connection:
        (kept,) = connection.execute(select(decision)).all()
    assert (kept.verb, kept.item, kept.who, kept.why) == (
        "revoke",
        "person anna@example.com",
        "ops",
        "training",
    )


# --- teams and queues ------------------------------------------------------------------------

TIER_1 = Team(Ref("team", "t1"), "Tier 1")
SALES = Queue(Ref("queue", "q1"), "Sales")


def list_teams(database: Database) -> list[tuple[str, bool]]:
    """Name of each team, and whether it is local."""
    with database.read() as connection:
        return [(one.name, one.local) for one in roster.list_teams(connection)]


def test_teams_are_added_and_renamed_as_long_as_they_are_active(
    database: Database, source_id: int, now: datetime
) -> None:
    """S002-130, S002-131, S002-132: an inactive team is not added; a renamed one is renamed."""
    idle = Team(Ref("team", "t2"), "Tier 2", active=False)
    assert save_directory(database, source_id, [TIER_1, ANNA, idle], now) == Synced(new=1, teams=1)
    assert list_teams(database) == [("Tier 1", False)]
    renamed = replace(TIER_1, name="Front desk")
    assert save_directory(database, source_id, [ANNA, renamed], now + HOUR).teams == 1
    assert save_directory(database, source_id, [ANNA, renamed], now + 2 * HOUR) == Synced()
    assert list_teams(database) == [("Front desk", False)]


@pytest.mark.parametrize("told", [[ANNA], [ANNA, replace(TIER_1, name="Gone", active=False)]])
def test_a_team_that_is_deleted_stays_as_it_was(
    database: Database, source_id: int, now: datetime, told: list[Person | Team | Queue]
) -> None:
    """S002-135: a team that the platform lists no more, or not as active, changes nothing."""
    save_directory(database, source_id, [TIER_1, ANNA], now)
    assert save_directory(database, source_id, told, now + HOUR) == Synced()
    assert list_teams(database) == [("Tier 1", False)]


def test_the_name_of_a_platform_team_is_read_only(
    database: Database, source_id: int, now: datetime
) -> None:
    """S002-131, S002-136: a local rename is refused, but of a team that was made here."""
    save_directory(database, source_id, [TIER_1, ANNA], now)
    reason = Reason("ops", "shifts", now)
    with database.write() as connection:
        tier = assignments.find_team(connection, "TIER 1", "calls")
        with pytest.raises(Misuse, match="name of team Tier 1 is the platform's"):
            assignments.rename_team(database, connection, tier, "Mine", reason)
        with pytest.raises(Misuse, match="has a team tier 1 already"):
            assignments.make_team(database, connection, source_id, "calls", "tier 1", reason)
        assignments.make_team(database, connection, source_id, "calls", "Night", reason)
        night = assignments.find_team(connection, "night", "calls")
        assignments.rename_team(database, connection, night, "Late shift", reason)
    save_directory(database, source_id, [TIER_1, ANNA], now + HOUR)
    assert list_teams(database) == [("Late shift", True), ("Tier 1", False)]


def test_a_team_assigned_here_goes_before_the_platforms_and_stays(
    database: Database, source_id: int, now: datetime
) -> None:
    """S002-133, S002-134, S002-137: one team each; what a person said outlives every sync."""
    save_directory(database, source_id, [TIER_1, ANNA, BEN], now)
    reason = Reason("ops", "shifts", now)
    with database.write() as connection:
        ben = roster.find_person(connection, "user:2")
        tier = assignments.find_team(connection, "t1", "calls")
        assignments.assign(database, connection, ben, tier, reason)
    moved = replace(BEN, team="Elsewhere")
    renamed = replace(TIER_1, name="Front desk")
    save_directory(database, source_id, [renamed, replace(ANNA, team="Team 2"), moved], now + HOUR)
    told = list_people(database)
    assert (told["Ben Example"].team, told["Ben Example"].assigned) == ("Front desk", True)
    assert (told["Anna Example"].team, told["Anna Example"].assigned) == ("Team 2", False)
    with database.read() as connection:
        assert [one.people for one in roster.list_teams(connection)] == [1]
    with database.write() as connection:
        ben = roster.find_person(connection, "2")
        assignments.assign(database, connection, ben, None, reason)
    assert list_people(database)["Ben Example"].team == "Elsewhere"


def test_queues_are_added_renamed_and_kept(
    database: Database, source_id: int, now: datetime
) -> None:
    """A queue that is listed no more is kept and inactive; a list without queues says nothing."""
    other = Queue(Ref("queue", "q2"), "Billing")

    def told() -> dict[str, bool]:
        with database.read() as connection:
            return {one.name: one.active for one in roster.list_queues(connection)}

    assert save_directory(database, source_id, [SALES, other, ANNA], now).queues == 2
    renamed = replace(SALES, name="New sales")
    assert save_directory(database, source_id, [ANNA, renamed], now + HOUR).queues == 2
    assert told() == {"Billing": False, "New sales": True}
    assert save_directory(database, source_id, [ANNA], now + 2 * HOUR).queues == 0
    assert told() == {"Billing": False, "New sales": True}
    assert save_directory(database, source_id, [other, renamed], now + 3 * HOUR).queues == 1
    assert told() == {"Billing": True, "New sales": True}
    assert list_people(database)["Anna Example"].active


def test_a_list_that_breaks_off_leaves_the_queues_in_use(
    database: Database, source_id: int, now: datetime
) -> None:
    """Nothing is missed in a list that was not told to its end."""
    save_directory(database, source_id, [SALES, ANNA, BEN], now)

    def broken() -> Iterator[Person | Team | Queue]:
        yield Queue(Ref("queue", "q2"), "Billing")
        raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        save_directory(database, source_id, broken(), now + HOUR)
    with database.read() as connection:
        assert [one.name for one in roster.list_queues(connection) if one.active] == ["Sales"]
    assert all(one.active for one in list_people(database).values())


def test_an_address_of_two_people_is_nobodys(
    database: Database, source_id: int, now: datetime
) -> None:
    """Whoever is meant must be one person; an id says which, and an unknown one is nobody."""
    twin = Person((Ref("user", "3"),), "Anna Twin", "anna@example.com")
    save_directory(database, source_id, [ANNA, twin], now)
    with database.read() as connection:
        with pytest.raises(Misuse, match="2 people: a in source calls, 3 in source calls"):
            roster.find_person(connection, "anna@example.com")
        assert roster.find_person(connection, "3").name == "Anna Twin"
        for unknown in ("", "nobody@example.com", "ci:3"):
            with pytest.raises(Misuse, match="nobody in the directory has"):
                roster.find_person(connection, unknown)
