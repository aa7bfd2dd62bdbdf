"""Beside the feeds: users, teams and queues, and recovery by id."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.webex_cc.center import Center, MakeCenter

from catchment.model import Nothing, NotYet, Person, Queue, Ready, Team
from catchment_webex_cc.ids import dash

GENERATIONS = ["programmatic", "cms2", "cms1"]


def people(center: Center) -> dict[str, Person]:
    """Everybody by address."""
    rows = center.hooks.sync_directory()
    return {row.email: row for row in rows if isinstance(row, Person)}


# --- users, teams, queues -------------------------------------------------------------------------


@pytest.mark.parametrize("generation", GENERATIONS)
def test_users_teams_and_queues_are_those_of_the_platform(
    make_center: MakeCenter, generation: str
) -> None:
    """S002-116, S002-120, S002-125, S002-130: names, roles and whether they are active."""
    center = make_center(generation=generation, page_most=3)
    directory = center.simulator.tenant.directory
    found = people(center)
    assert {email: (one.name, one.active, one.agent) for email, one in found.items()} == {
        user.email: (user.full_name, user.active, user.handles) for user in directory.users.values()
    }
    assert {one.team for one in found.values()} == {""}  # S002-124
    rows = list(center.hooks.sync_directory())
    teams = {row.name: row.active for row in rows if isinstance(row, Team)}
    assert teams == {name: team.active for name, team in directory.teams.items()}
    queues = {row.name for row in rows if isinstance(row, Queue)}
    assert queues == {queue.name for queue in directory.queues.values()}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_team_of_a_user_may_be_kept(make_center: MakeCenter, generation: str) -> None:
    """What the guide's product drops (S002-124); the first one counts (S002-137)."""
    center = make_center(generation=generation, changed={"keep_teams": True})
    directory = center.simulator.tenant.directory
    assert {email: one.team for email, one in people(center).items()} == {
        user.email: next((name for name in user.teams if name in directory.teams), "")
        for user in directory.users.values()
    }


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("patterns", [["claims"], ["Supp*", "?laims"]], ids=repr)
def test_patterns_of_team_names_limit_the_users(
    make_center: MakeCenter, generation: str, patterns: list[str]
) -> None:
    """S002-81 to S002-83."""
    center = make_center(generation=generation, changed={"teams": patterns})
    wanted = {"Claims", "Support EMEA"} if len(patterns) == 2 else {"Claims"}
    users = center.simulator.tenant.directory.users.values()
    expected = {user.email for user in users if wanted & set(user.teams)}
    assert set(people(center)) == expected
    assert 0 < len(expected) < len(users)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_pattern_that_matches_no_team_is_told(make_center: MakeCenter, generation: str) -> None:
    """S002-81: with the names that there are, instead of a directory without people."""
    center = make_center(generation=generation, changed={"teams": ["Clams", "Supp*"]})
    (warned,) = [one for one in center.hooks.check() if one.verdict != "pass"]
    assert warned.verdict == "warn"
    assert "'Clams'" in warned.detail
    assert "Supp*" not in warned.detail
    assert all(name in warned.detail for name in center.simulator.tenant.directory.teams)


def test_the_acd_id_is_the_settings(make_center: MakeCenter) -> None:
    """S002-121, 7.3: the system's id, or the number of before."""
    for acd_id, space in (("id", "user"), ("dbId", "db")):
        center = make_center(changed={"acd_id": acd_id})
        for one in people(center).values():
            told = {ref.space: ref.value for ref in one.refs}
            assert told["acd"] == told[space]
            assert set(told) == {"user", "ci", "db", "login", "acd"}


# --- recovery -------------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_call_is_recovered_by_its_id_in_any_spelling(
    make_center: MakeCenter, generation: str
) -> None:
    """What is found is what the feed would have told."""
    center = make_center(generation=generation)
    seen = next(iter(center.sightings().values()))
    spellings = [seen.external_id, dash(seen.external_id), f" {seen.external_id.upper()} "]
    for asked, outcome in zip(spellings, center.hooks.recover(spellings), strict=True):
        assert isinstance(outcome, Ready), outcome
        assert outcome.item_id == asked
        (found,) = outcome.sightings
        assert (found.external_id, found.revision) == (seen.external_id, seen.revision)


def test_a_call_of_years_ago_is_found(make_center: MakeCenter) -> None:
    """In windows of a year at most, 36 months back (2.3)."""
    center = make_center()
    seen = next(iter(center.sightings()))
    for _ in range(11):
        center.clock.advance(timedelta(days=80))
        center.hooks.account()  # keeps the authorisation alive, which dies after 90 days
    (outcome,) = center.hooks.recover([seen])
    assert isinstance(outcome, Ready)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    "asked", ["", "x", "a b c d e f g", "00000000-0000-4000-8000-000000000000", "=HYPERLINK()"]
)
def test_an_unknown_id_is_answered_with_a_sentence(
    make_center: MakeCenter, generation: str, asked: str
) -> None:
    """Whatever stands in the CSV."""
    (outcome,) = make_center(generation=generation, calls=3, chains=0).hooks.recover([asked])
    assert isinstance(outcome, Nothing)
    assert outcome.why


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_call_that_was_not_recorded_is_not_called_unknown(
    make_center: MakeCenter, generation: str
) -> None:
    """The sentence says first that the platform knows it."""
    center = make_center(generation=generation, calls=60)
    unrecorded = center.tasks().keys() - center.sightings().keys()
    (outcome,) = center.hooks.recover([min(unrecorded)])
    assert isinstance(outcome, Nothing)
    assert outcome.why.startswith("it was not recorded")


def test_a_running_call_is_not_recovered_yet(make_center: MakeCenter) -> None:
    """It has no end and no files."""
    center = make_center()
    tenant = center.simulator.tenant
    told = next(
        one for one in tenant.contacts if tenant.ids.chance("active row", one.call.call_id) % 2 == 0
    )
    center.clock.set(told.call.started_at + timedelta(seconds=2))
    (outcome,) = center.hooks.recover([told.task_id])
    assert isinstance(outcome, NotYet)
