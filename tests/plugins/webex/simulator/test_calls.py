"""How calls are let in, and what every answer has (1, 3.5, 3.6, 6, 7, 10)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from tests.plugins.webex.simulator.cloud import Cloud, Clouds

from catchment.sandbox import Faults
from catchment_webex.simulator.ids import raw_id, rest_id
from catchment_webex.simulator.oauth import Grant

FORBIDDEN = (
    "The server understood the request, but refused to fulfill it because the access token is "
    "missing required scopes or the user is missing required roles or licenses."
)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer nobody", "Basic YTpi", "nobody"], ids=repr
)
def test_without_a_good_token_it_is_401(webex: Cloud, header: str) -> None:
    """6: the wire's own words, and the tracking id inside and outside."""
    told = {"authorization": header} if header else {}
    answer = webex.http.get(f"{webex.api}/people/me", headers=told)
    assert answer.status_code == 401
    body = answer.json()
    assert body["message"].startswith("The request requires a valid access token")
    assert body["errors"] == [{"description": body["message"]}]
    assert body["trackingId"] == answer.headers["trackingid"]


@pytest.mark.parametrize(
    ("profile", "email", "status"),
    [
        ("user", "agent01@corp.example", 200),
        ("administrator", "", 200),
        ("compliance_officer", "", 200),
        ("roleless", "agent01@corp.example", 403),  # the scopes without the roles
    ],
)
def test_scope_and_role_are_both_wanted(
    webex: Cloud, profile: str, email: str, status: int
) -> None:
    """3.5: the message does not tell which of them is missing."""
    webex.act_as(profile, email)
    answer = webex.get("/numbers")
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["message"] == FORBIDDEN


def test_a_role_without_the_scope_is_the_same_403(webex: Cloud) -> None:
    """3.5: one and the same message."""
    officer = webex.tenant.account.machine("administrator")
    grant = Grant(officer, frozenset({"spark:kms"}))
    webex.bearer = webex.tenant.tokens.mint(grant).value
    answer = webex.get("/numbers")
    assert (answer.status_code, answer.json()["message"]) == (403, FORBIDDEN)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("DELETE", "/numbers", 405), ("GET", "/", 404)],
)
def test_unknown_paths_and_methods(webex: Cloud, method: str, path: str, status: int) -> None:
    """6: 404 and 405 in the envelope."""
    answer = webex.send(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"message", "errors", "trackingId"}


@pytest.mark.parametrize("path", ["/people/me", "/numbers", "/nothing"])
def test_every_answer_can_be_tracked(webex: Cloud, path: str) -> None:
    """1: ``Trackingid``, success included, another one each time."""
    first, second = webex.get(path), webex.get(path)
    assert first.headers["trackingid"].startswith("ROUTERGW_")
    uuid.UUID(first.headers["trackingid"].partition("_")[2])
    assert first.headers["trackingid"] != second.headers["trackingid"]
    assert first.headers["content-type"] == "application/json;charset=UTF-8"


@pytest.mark.parametrize(
    ("position", "start", "whole"),
    [("own", "ROUTERGW_", False), ("echo", "me_1", True), ("suffix", "me_1_", False)],
)
def test_a_callers_tracking_id_may_be_echoed(
    cloud: Clouds, position: str, start: str, whole: bool
) -> None:
    """1, 12: unchanged, with a suffix, or not at all."""
    answer = cloud(tracking=position).send("GET", "/people/me", headers={"TrackingID": "me_1"})
    told = answer.headers["trackingid"]
    assert told.startswith(start)
    assert (told == "me_1") is whole


@pytest.mark.parametrize("position", [True, False])
def test_fields_appear_without_notice(cloud: Clouds, position: bool) -> None:
    """1: in rows and in objects; parsers must ignore them."""
    webex = cloud(novelties=position)
    row = webex.get("/numbers").json()["items"][0]
    for told in (row, webex.get("/people/me").json()):
        assert ("addedLater" in told) is position


# --- acting for others ------------------------------------------------------------------------


def test_an_administrator_acts_for_a_host_in_any_case(webex: Cloud) -> None:
    """2, 3.6: answered as if that user had asked."""
    answer = webex.get("/numbers", hostEmail="AGENT01@corp.example")
    assert answer.json()["items"][0]["owner"] == "agent01@corp.example"
    assert webex.get("/numbers", hostEmail="nobody@corp.example").status_code == 404


@pytest.mark.parametrize(("position", "status"), [("ignore", 200), ("reject", 403)])
def test_host_email_without_an_admin_scope(cloud: Clouds, position: str, status: int) -> None:
    """3.6, 12: ignored or refused."""
    webex = cloud(host_email=position)
    webex.act_as("user", "agent02@corp.example")
    answer = webex.get("/numbers", hostEmail="agent01@corp.example")
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["items"][0]["owner"] == "agent02@corp.example"


# --- limits -----------------------------------------------------------------------------------


def test_the_budget_is_the_owners_and_is_new_each_minute(cloud: Clouds) -> None:
    """7: counted per user, whatever tokens and apps are used."""
    webex = cloud(rate_per_minute=3)
    webex.pass_time(20)
    webex.act_as("administrator")
    assert [webex.get("/people/me").status_code for _ in range(2)] == [200, 200]
    webex.act_as("administrator")
    assert [webex.get("/people/me").status_code for _ in range(2)] == [200, 429]
    webex.act_as("user", "agent01@corp.example")
    assert webex.get("/people/me").status_code == 200
    webex.act_as("administrator")
    webex.pass_time(40)
    assert webex.get("/people/me").status_code == 200


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        ({"retry_after": "seconds"}, "60"),
        ({"retry_after_seconds": 3600}, "3600"),
        ({"retry_after": "missing"}, None),
        ({"retry_after": "malformed"}, "soon"),
    ],
)
def test_retry_after_may_be_large_missing_or_malformed(
    cloud: Clouds, switches: dict[str, object], said: str | None
) -> None:
    """7: seconds; the official example shows 3600."""
    webex = cloud(rate_per_minute=1, **switches)
    webex.get("/people/me")
    answer = webex.get("/people/me")
    assert (answer.status_code, answer.headers.get("retry-after")) == (429, said)
    assert answer.headers["trackingid"]


@pytest.mark.parametrize(
    ("position", "kind"), [("json", "application/json"), ("html", "text/html")]
)
def test_the_429_may_be_a_page(cloud: Clouds, position: str, kind: str) -> None:
    """6, 7: parse JSON only if the media type says so."""
    webex = cloud(rate_per_minute=1, rate_body=position)
    webex.get("/people/me")
    answer = webex.get("/people/me")
    assert answer.headers["content-type"].startswith(kind)
    assert ("trackingId" in answer.text) is (position == "json")


def test_zero_is_no_limit_and_other_apps_spend_too(cloud: Clouds) -> None:
    """7: the quota is shared by all apps of the account."""
    webex = cloud(rate_per_minute=5)
    webex.tenant.limiter.spend(webex.tenant.account.machine("administrator").uuid, 5)
    assert webex.get("/people/me").status_code == 429
    webex.simulator.turn(rate_per_minute=0)
    assert webex.get("/people/me").status_code == 200


# --- helper resources and ids -----------------------------------------------------------------


def test_people_me_has_the_documented_fields(webex: Cloud) -> None:
    """10: a good first health check."""
    me = webex.get("/people/me").json()
    assert me["emails"] == ["administrator@corp.example"]
    assert (me["type"], me["timezone"]) == ("appuser", "UTC")
    assert me["siteUrls"] == list(webex.tenant.account.sites)
    assert me["orgId"] == rest_id("ORGANIZATION", webex.tenant.ids.org)
    assert len(me["roles"]) == 4


def test_ids_are_unpadded_base64_and_raw_ones_are_taken_as_well(webex: Cloud) -> None:
    """2: ``ciscospark://us/PEOPLE/<uuid>``, or the bare UUID."""
    person = webex.get("/people", email="agent01@corp.example").json()["items"][0]
    assert "=" not in person["id"]
    raw = raw_id(person["id"])
    assert rest_id("PEOPLE", raw) == person["id"]
    for name in (raw, person["id"]):
        assert webex.get(f"/people/{name}").json() == person
    assert webex.get("/people/nobody").status_code == 404


def test_an_administrator_lists_everybody_and_a_user_must_say_whom(webex: Cloud) -> None:
    """10: lookup by address or id."""
    everybody = webex.get("/people").json()["items"]
    assert len(everybody) == len(webex.tenant.account.users)
    webex.act_as("user", "agent01@corp.example")
    assert webex.get("/people").status_code == 400
    assert webex.get("/people", email="nobody@corp.example").json() == {"items": []}


def test_people_are_on_several_sites_with_one_preferred(webex: Cloud) -> None:
    """10, 11.8: the envelope is ``sites``; ``default`` marks the preferred one."""
    own = webex.get("/meetingPreferences/sites").json()["sites"]
    assert [(s["siteUrl"], s["default"]) for s in own] == [
        ("corp.webex.com", True),
        ("corp-emea.webex.com", False),
    ]
    told = {
        user.email: [
            (site["siteUrl"], site["default"])
            for site in webex.get("/meetingPreferences/sites", userEmail=user.email).json()["sites"]
        ]
        for user in webex.tenant.account.users
        if user.agent
    }
    assert {len(sites) for sites in told.values()} == {1, 2}
    assert {sites[0][0] for sites in told.values()} == set(webex.tenant.account.sites)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-09T08:00:00Z", "2026-03-09T08:00:00Z"),
        ("2026-03-09T08:00:00%2B01:00", "2026-03-09T07:00:00Z"),
        ("2026-03-09T08:00:00.000Z", "2026-03-09T08:00:00Z"),
        ("2026-03-09T08:00:00", "2026-03-09T08:00:00Z"),
        ("2026-03-09", "2026-03-09T00:00:00Z"),
        ("2026-03-09%2008:00:00", "2026-03-09T08:00:00Z"),
    ],
)
def test_any_iso_8601_is_read(webex: Cloud, text: str, read: str) -> None:
    """4.1: all forms of the official samples; without a zone it is UTC."""
    assert webex.get(f"/times/{text}").json() == {"time": read}


def test_times_are_told_in_the_zone_asked_for(webex: Cloud) -> None:
    """4.1: the ``timezone`` header."""
    path, zone = "/times/2026-03-09T09:41:07Z", {"timezone": "Europe/Prague"}
    assert webex.send("GET", path, headers=zone).json() == {"time": "2026-03-09T10:41:07+01:00"}
    assert webex.send("GET", path, headers={"timezone": "Nowhere/No"}).status_code == 400
    assert webex.get("/times/yesterday").status_code == 400
    assert webex.get("/times/2026-03-09T08:00:00%2001:00").status_code == 400  # was a plus


# --- faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "group", "path", "statuses"),
    [
        ("throttle", "document", "/people/me", {429}),
        ("server_error", "list", "/numbers", {500, 502, 503, 504}),
        ("unauthorized_once", "document", "/people/me", {401}),
        ("expired_token", "list", "/numbers", {401}),
    ],
)
def test_faults_speak_in_webexs_words(
    cloud: Clouds, fault: str, group: str, path: str, statuses: set[int]
) -> None:
    """11.5: the envelope where the service answers, a page where a gateway does."""
    webex = cloud(Faults(seed=4, rates={fault: {group: 1.0}}))
    seen = [webex.get(path) for _ in range(9)]
    spoilt = [answer for answer in seen if answer.status_code != 200]
    assert {answer.status_code for answer in spoilt} <= statuses
    assert len(spoilt) < len(seen)
    for answer in spoilt:
        page = answer.headers["content-type"].startswith("text/html")
        assert page or answer.json()["trackingId"] == answer.headers["trackingid"]


def test_faults_end(cloud: Clouds) -> None:
    """From ``until`` on all is quiet."""
    webex = cloud(Faults(seed=4, rates={"throttle": {"list": 1.0, "token": 1.0}}))
    webex.simulator.faults.until = webex.clock.now() + timedelta(seconds=1)
    assert (webex.refresh().status_code, webex.get("/numbers").status_code) == (429, 429)
    webex.pass_time(1)
    assert (webex.refresh().status_code, webex.get("/numbers").status_code) == (200, 200)
