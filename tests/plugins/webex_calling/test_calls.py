"""Call records and whole calls through the hooks, over HTTP, against the simulated platform."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.webex_calling.cloud import NEVER, START, Cloud, MakeCloud

from catchment.model import (
    Bundle,
    Key,
)

# --- call records ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feed", "switches"),
    [
        ("cdr_history", {"feed_late": "later"}),
        ("cdr_history", {"feed_late": "later", "feed_window_field": "start", "cdr_link": "plain"}),
        ("cdr_history", {"cdr_late_every": 0, "cdr_empty": 200, "cdr_page": "1-500"}),
        ("cdr", {"cdr_late_every": 0, "cdr_missing": "NA", "release_time": "spaced"}),
    ],
)
def test_every_call_record_is_found(
    make_cloud: MakeCloud, feed: str, switches: dict[str, object]
) -> None:
    """All halves of all calls, each once, by either resource (2.1)."""
    cloud = make_cloud(**switches)
    cloud.clock.set(START + timedelta(hours=7))
    entries = cloud.simulator.tenant.history.find_all()
    assert set(cloud.facts(feed)) == {entry.report_id for entry in entries}


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("blindly", [True, False])
@pytest.mark.parametrize("interaction_id", ["present", "empty"])
def test_all_legs_of_a_call_hang_together_and_strangers_do_not(
    make_cloud: MakeCloud, keeps: bool, blindly: bool, interaction_id: str
) -> None:
    """S001-10: transfers and conferences, whichever way Webex numbers them (4, row 17)."""
    cloud = make_cloud(
        calls=60,
        transfer_keeps_session=keeps,
        blind_transfer_new_session=blindly,
        interaction_id=interaction_id,
        feed_late="later",
    )
    cloud.clock.set(START + timedelta(hours=7))
    call_of = {
        entry.report_id: entry.told.call.call_id
        for entry in cloud.simulator.tenant.history.find_all()
    }
    legs: dict[str, list[set[Key]]] = {}
    for name, fact in cloud.facts().items():
        legs.setdefault(call_of[name], []).append(set(fact.keys))
    assert set(legs) == set(call_of.values())
    untied = set() if keeps or interaction_id == "present" else _list_untied(cloud)
    assert all(_hang_together(keys) for name, keys in legs.items() if name not in untied)
    calls = [set().union(*keys) for keys in legs.values()]
    assert sum(map(len, calls)) == len(set().union(*calls))


def _list_untied(cloud: Cloud) -> set[str]:
    """Calls with a consultation that became no transfer: only the interaction ties it."""
    kinds = {
        call.call_id: {move.kind for move in call.moves} for call in cloud.simulator.world.calls
    }
    return {name for name, kind in kinds.items() if kind & {"consult"} and len(kind) == 1} | {
        name for name, kind in kinds.items() if "conference" in kind
    }


def _hang_together(legs: list[set[Key]]) -> bool:
    """Whether all of *legs* are joined by keys that they share."""
    known, rest = set(legs[0]), legs[1:]
    while near := [leg for leg in rest if leg & known]:
        known |= set().union(*near)
        rest = [leg for leg in rest if leg not in near]
    return not rest


def test_records_say_what_must_be_recorded(make_cloud: MakeCloud) -> None:
    """Rule 5 of 2.4: what is said to be recorded has a recording of its session."""
    cloud = make_cloud(calls=60, feed_late="later", **NEVER)
    sessions = {one.keys[0] for one in cloud.sightings().values()}
    cloud.clock.set(START + timedelta(hours=7))
    facts = cloud.facts().values()
    expecting = [fact for fact in facts if fact.expects]
    assert expecting
    assert all(set(fact.keys) & sessions for fact in expecting)
    assert {fact.absence for fact in facts} >= {"", "failed", "not recorded"}


# --- interactions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("queue_recordings", ["queue", "agent"])
@pytest.mark.parametrize("with_records", [True, False])
def test_the_draft_of_every_recorded_call_is_that_of_the_world(
    make_cloud: MakeCloud, keeps: bool, queue_recordings: str, with_records: bool
) -> None:
    """S001-4, S001-9 to S001-11: direction, numbers, agents; with records also the queue."""
    cloud = make_cloud(
        calls=60,
        owners="users",
        transfer_keeps_session=keeps,
        queue_recordings=queue_recordings,
        feed_late="later",
        **NEVER,
    )
    tenant = cloud.simulator.tenant
    tracks = {name: cloud.described(one) for name, one in cloud.sightings().items()}
    cloud.clock.set(START + timedelta(hours=7))
    facts = cloud.facts() if with_records else {}
    call_of = {e.report_id: e.told.call.call_id for e in tenant.history.find_all()}
    for call in (one for one in cloud.simulator.world.calls if one.recorded):
        own = tuple(
            tracks[r.recording_id] for r in tenant.recordings if r.call.call_id == call.call_id
        )
        books = tuple(fact for name, fact in facts.items() if call_of[name] == call.call_id)
        found = cloud.hooks.map_metadata(Bundle(own, books))
        talked = {
            leg.person.name for leg in call.legs if leg.answered_at and leg.role != "customer"
        }
        names = {party.party_id: party.name for party in found.parties}
        agents = {names[contact.agent] for contact in found.contacts}
        assert found.direction == call.direction, call
        if with_records:
            assert agents == talked, call
            assert (found.ani, found.dnis) == (call.ani, call.dnis)
            first = found.contacts[0]
            assert first.queue == (call.queue.name if call.queue else "")
        else:
            assert agents <= talked
        customers = [party for party in found.parties if party.role == "customer"]
        assert [one.tel for one in customers] == ([call.customer.tel] if call.customer else [])
