"""The adapter through the hooks of the contract, over HTTP, against the simulated platform."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.plugins.webex_cc.center import HOUR, START, Center, MakeCenter

from catchment.errors import CursorLost, Refused, TooWide, WrongAccount
from catchment.model import Batch, InteractionDraft, Ready, Span, Window
from catchment.sandbox import Agent, Faults
from catchment.transport import TokenRejected
from catchment_webex_cc import listings
from catchment_webex_cc.cms import Cms
from catchment_webex_cc.programmatic import Programmatic

GENERATIONS = ["programmatic", "cms2", "cms1"]


# --- who we are -----------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_account_is_the_tenant(make_center: MakeCenter, generation: str) -> None:
    """The organisation, which the end of the token names (1.2), or the tenant of before."""
    center = make_center(generation=generation, migrated=generation != "cms1")
    tenant, account = center.simulator.tenant, center.hooks.account()
    assert account.account_id == (tenant.tenant_id if generation == "cms1" else tenant.ids.org)
    assert account.formerly == (() if generation == "cms1" else (tenant.tenant_id,))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_another_tenant_is_noticed_before_anything_is_written(
    make_center: MakeCenter, generation: str
) -> None:
    """9: a browser that is signed in elsewhere gives a token of another organisation."""
    center = make_center(generation=generation, other_org=True)
    setting = "tenant_id" if generation == "cms1" else "organisation_id"
    with pytest.raises(WrongAccount, match=setting) as wrong:
        center.hooks.account()
    assert center.settings.account_id in str(wrong.value)
    assert setting in wrong.value.remedy
    (finding,) = center.hooks.check()
    assert (finding.verdict, finding.detail) == ("fail", str(wrong.value))
    assert finding.remedy == wrong.value.remedy


@pytest.mark.parametrize("generation", ["programmatic", "cms2"])
def test_a_token_that_is_refused_is_told_once(make_center: MakeCenter, generation: str) -> None:
    """What is refused because of the credential would be refused for each permission."""
    center = make_center(generation=generation)
    center.simulator.refuse = lambda _verb, path: 0 if "access_token" in path else 401
    findings = list(center.hooks.check())
    assert [one.what for one in findings if one.verdict == "fail"] == [findings[-1].what]
    assert len(findings) == 3
    assert "status 401" in findings[-1].detail


def test_what_a_person_must_settle_is_not_tried_again_later(make_center: MakeCenter) -> None:
    """9: 403 of the attributes of calls names the scope, as it does elsewhere."""
    center = make_center(role="agent")
    told = {one.what: one for one in center.hooks.check()}
    assert told["attributes of calls"].verdict == "warn"
    assert "cjp:config_read" in told["attributes of calls"].remedy


@pytest.mark.parametrize("generation", ["programmatic", "cms2"])
def test_a_dead_authorisation_stops_the_source(make_center: MakeCenter, generation: str) -> None:
    """The remedy is a person's."""
    center = make_center(generation=generation, grant="revoked")
    for ask in (center.hooks.account, lambda: list(center.poll("tasks"))):
        with pytest.raises(Refused) as refused:
            ask()
        assert "refresh_token" in refused.value.remedy
    (finding,) = center.hooks.check()
    assert finding.verdict == "fail"


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_stops_the_source(
    make_center: MakeCenter, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """7.1: which status it is nobody knows."""
    center = make_center(generation="cms1", legacy_refused=status)
    assert center.settings.api_key is not None
    monkeypatch.setenv(center.settings.api_key.name, "another")
    with pytest.raises(TokenRejected) as refused:
        center.hooks.account()
    assert "api_key" in refused.value.remedy
    (finding,) = center.hooks.check()
    assert (finding.verdict, finding.remedy) == ("fail", refused.value.remedy)


def test_a_service_app_asks_for_its_token(
    make_center: MakeCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.2: with another token, for the organisation of the settings."""
    center = make_center()
    token = center.hooks.adapter.credentials()
    assert token is not None
    monkeypatch.setenv("APP_TOKEN", token.token())
    app = {"refresh_token": None, "application_id": "app1", "app_token": {"env": "APP_TOKEN"}}
    assert center.changed(app).account().account_id == center.simulator.tenant.ids.org


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_permission_is_proved_on_its_own_endpoint(
    make_center: MakeCenter, generation: str
) -> None:
    """All of them pass for an administrator."""
    findings = list(make_center(generation=generation).hooks.check())
    assert {finding.verdict for finding in findings} == {"pass"}
    modern = ["organisation", "search of calls", "attributes of calls"]
    before = ["sessions"] if generation == "cms1" else ["organisation", "sessions"]
    assert [finding.what for finding in findings] == [
        "credential",
        *(modern if generation == "programmatic" else before),
        "activities of agents",
        "recordings",
        "directory of users",
        "directory of teams",
        "directory of queues",
    ]


@pytest.mark.parametrize("switches", [{"scopes": "spark:people_read"}, {"role": "agent"}], ids=repr)
def test_a_missing_right_names_scope_and_role(
    make_center: MakeCenter, switches: dict[str, object]
) -> None:
    """9: 403 does not tell which of the two it is."""
    center = make_center(**switches)
    failed = [one for one in center.hooks.check() if one.verdict == "fail"]
    assert [one.what for one in failed] == [
        "search of calls",
        "activities of agents",
        "recordings",
    ]
    assert all("cjp:config_read" in one.remedy and "admin" in one.remedy for one in failed)
    with pytest.raises(Refused):
        list(center.poll("tasks"))


# --- what there is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"captures_unknown": "absent", "requested_null": True, "segments_default": True},
        {"ids": "short", "page_most": 3},
        {"paused_sound": "silent", "transcripts": False},
        {"shared_capture_ids": True, "staggered": True},
        {"abandoned_late_every": 1},
        {"generation": "cms1", "abandoned_late_every": 1, "legacy_rows": "rich"},
        {"generation": "cms2"},
        {"generation": "cms1", "data_rows": "objects", "media_missing": 204},
        {"generation": "cms1", "sid_form": "dashed", "csr_window": "cetts"},
    ],
    ids=repr,
)
def test_every_recording_is_found(make_center: MakeCenter, switches: dict[str, object]) -> None:
    """All that the World made available, by id and kind, and nothing else."""
    center = make_center(**switches)
    assert center.truth()
    assert center.files() == center.truth()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_trouble_loses_nothing(make_center: MakeCenter, generation: str) -> None:
    """Rows repeated and in any order, broken servers, tokens that die."""
    some: dict[str, float] = {"list": 0.3, "document": 0.3}
    rates: dict[str, dict[str, float]] = {
        "repeat": {"list": 0.5},
        "shuffle": {"list": 0.5},
        "server_error": some,
        "unauthorized_once": some,
    }
    faults = Faults(seed=3, rates=rates)
    center = make_center(generation=generation, faults=faults)
    expected = expect_contacts(center)
    for name, draft in center.drafts().items():
        assert tell_contacts(draft) == expected[name]
    assert center.files() == center.truth()
    assert faults.counts["repeat"]
    assert faults.counts["server_error"]


def expect_contacts(center: Center) -> dict[str, set[tuple[str, float, float]]]:
    """Who was part of each recorded call from when to when, as the World knows it."""
    found: dict[str, set[tuple[str, float, float]]] = {}
    for told in center.simulator.tenant.contacts:
        customer = next(leg for leg in told.call.legs if leg.role == "customer")
        answered = customer.answered_at
        found[told.external_id] = {
            (
                told.user(leg.person).email,
                told.ms(max(leg.answered_at, answered)) / 1000,
                told.ms(leg.ended_at) / 1000,
            )
            for leg in told.call.legs
            if isinstance(leg.person, Agent) and leg.answered_at and answered
        }
    return found


def tell_contacts(draft: InteractionDraft) -> set[tuple[str, float, float]]:
    """The same as the draft has it."""
    emails = {party.party_id: party.email for party in draft.parties}
    return {
        (emails[one.agent], one.start.timestamp(), one.end.timestamp())
        for one in draft.contacts
        if one.end is not None
    }


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"ids": "short"},
        {"unknown_agent_every": 1},
        {"consult_to_queue_every": 1},
        {"abandoned_late_every": 1},
        {"generation": "cms2"},
        {"generation": "cms1", "legacy_rows": "rich", "consult_to_queue_every": 1},
        {"generation": "cms1", "sid_form": "dashed"},
    ],
    ids=repr,
)
def test_contacts_are_those_of_the_world(
    make_center: MakeCenter, switches: dict[str, object]
) -> None:
    """One for each agent and stay, from coming to leaving (S002-143 to S002-145)."""
    center = make_center(calls=40, chains=40, **switches)
    expected = expect_contacts(center)
    drafts = center.drafts()
    assert sum(len(draft.contacts) for draft in drafts.values()) > len(drafts)
    for name, draft in drafts.items():
        assert tell_contacts(draft) == expected[name], name
        assert not any(contact.doubt for contact in draft.contacts)


@pytest.mark.parametrize("helper", ["destinationAgentId", "agentId"])
def test_the_chain_alone_tells_the_same_contacts(make_center: MakeCenter, helper: str) -> None:
    """Before the agents' rows are there, whichever member names the helper (2.7)."""
    center = make_center(calls=40, chains=40, helper_agent=helper)
    expected = expect_contacts(center)
    for name, draft in center.drafts(activities=False).items():
        told = {(start, end) for _, start, end in tell_contacts(draft)}
        assert told == {(start, end) for _, start, end in expected[name]}, name


def test_odd_times_are_marked_and_lose_no_agent(make_center: MakeCenter) -> None:
    """Activities without an end, reversed or overlapping: a contact with a doubt."""
    center = make_center(calls=40, chains=20, odd_times_every=1)
    expected = expect_contacts(center)
    doubts = 0
    for name, draft in center.drafts().items():
        agents = {agent for agent, _, _ in tell_contacts(draft)}
        assert agents == {agent for agent, _, _ in expected[name]}
        doubts += any(contact.doubt for contact in draft.contacts)
    assert doubts


# --- pages, limits and what a schema lacks --------------------------------------------------------


def test_a_long_listing_can_be_taken_up_at_any_page(make_center: MakeCenter) -> None:
    """Another adapter goes on at the cursor of the first page (2.4); nothing is lost."""
    center = make_center(calls=330, chains=0)
    whole = list(center.poll("tasks"))
    assert len(whole) > 1
    rest = list(center.poll("tasks", cursor=whole[0].cursor))
    told = [{fact.fact_id for page in pages for fact in page.facts} for pages in (
        whole, [whole[0], *rest])]  # fmt: skip
    everybody = {one.external_id for one in center.simulator.tenant.contacts}
    assert told == [everybody, everybody]
    with pytest.raises(CursorLost):
        list(center.poll("tasks", cursor="nonsense"))


BUSY = Window(START + 6 * HOUR, START + 22 * HOUR)


def test_pages_of_activities_are_followed_to_the_end(make_center: MakeCenter) -> None:
    """4.2: nothing says which one is the last."""
    center = make_center(calls=60)
    ask, org = center.access.ask, center.settings.organisation_id
    span = Span("activities", "", BUSY)
    pages = list(listings.list_activities(ask, org, span, page_size=7))
    assert len(pages) > 3
    told = {fact.fact_id for page in pages for fact in page.facts}
    assert told == {fact.fact_id for page in center.poll("activities", BUSY) for fact in page.facts}
    later = replace(span, cursor=pages[1].cursor)
    rest = list(listings.list_activities(ask, org, later, page_size=7))
    assert [page.facts for page in rest] == [page.facts for page in pages[2:]]


@pytest.mark.parametrize("read", [listings.list_tasks, listings.list_activities])
def test_what_cannot_be_told_at_once_is_asked_in_halves(make_center: MakeCenter, read: Any) -> None:
    """2.3, 4.2: what is beyond the limit is passed over in silence by the platform."""
    center = make_center(calls=60)
    with pytest.raises(TooWide):
        list(read(center.access.ask, center.settings.organisation_id, Span("", "", BUSY), most=20))


@pytest.mark.parametrize("generation", ["cms2", "cms1"])
@pytest.mark.parametrize("feed", ["tasks", "activities"])
def test_earlier_generations_have_no_second_page(
    make_center: MakeCenter, generation: str, feed: str
) -> None:
    """7.2: an answer that is not complete is asked in halves."""
    center = make_center(generation=generation)
    with pytest.raises(TooWide):
        list(Cms(center.access, most=5).poll(Span(feed, "", BUSY)))


def test_a_chain_is_read_to_its_beginning(make_center: MakeCenter) -> None:
    """0, trap 7: newest first, and the beginning of a long call is what is cut off."""
    center = make_center()
    recordings = [center.record(one) for one in center.sightings().values()][:10]
    batch = Batch(tuple(recordings), center.now)
    whole, pieced = (
        {
            outcome.item_id: outcome.documents["activities"]
            for outcome in Programmatic(center.access, chain_page=size).fetch_metadata(batch)
            if isinstance(outcome, Ready)
        }
        for size in (100, 3)
    )
    assert whole == pieced
    assert max(len(chain["nodes"]) for chain in whole.values()) > 12


def test_an_attribute_that_the_schema_lacks_costs_nothing_else(make_center: MakeCenter) -> None:
    """2.1: 400 for an unknown field; capture goes on, and ``check`` says so."""
    center = make_center()
    center.simulator.lacking |= {"globalVariables", "terminationType", "destinationAgentId"}
    assert center.files() == center.truth()
    (recording, *_) = center.describe([center.record(next(iter(center.sightings().values())))])
    assert recording.documents["task"]["lastQueue"]
    assert "activities" not in recording.documents
    (warned,) = [one for one in center.hooks.check() if one.verdict != "pass"]
    assert (warned.what, warned.verdict) == ("attributes of calls", "warn")
