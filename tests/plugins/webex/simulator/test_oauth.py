"""The token endpoint, and whom a token stands for (3)."""

from __future__ import annotations

import httpx
import pytest
from tests.plugins.webex.simulator.cloud import Cloud, Clouds

DAY = 86400


@pytest.mark.parametrize("sort", ["form", "json", "basic"])
def test_both_bodies_and_basic_are_taken(webex: Cloud, sort: str) -> None:
    """3.3: a form, JSON as Cisco's own downloader sends, or the credentials as Basic."""
    own = webex.simulator.credentials
    given = {"grant_type": "refresh_token", "refresh_token": own.refresh_token}
    app = {"client_id": own.client_id, "client_secret": own.client_secret}
    url = f"{webex.api}/access_token"
    if sort == "basic":
        answer = webex.http.post(url, data=given, auth=(own.client_id, own.client_secret))
    elif sort == "json":
        answer = webex.http.post(url, json=given | app)
    else:
        answer = webex.http.post(url, data=given | app)
    assert answer.status_code == 200
    assert answer.headers["trackingid"]
    webex.bearer = answer.json()["access_token"]
    assert webex.get("/people/me").status_code == 200


@pytest.mark.parametrize(
    ("position", "extra"), [("full", {"token_type", "scope"}), ("bare", set())]
)
def test_the_answer_has_the_documented_fields(
    cloud: Clouds, position: str, extra: set[str]
) -> None:
    """3.3: two tokens with their lifetimes; ``scope`` and ``token_type`` may be absent."""
    told = cloud(grant_fields=position).refresh().json()
    always = {"access_token", "expires_in", "refresh_token", "refresh_token_expires_in"}
    assert set(told) == always | extra
    assert (told["expires_in"], told["refresh_token_expires_in"]) == (1209599, 7775999)
    assert told["access_token"].partition("_PF84_")[2].count("-") == 4


@pytest.mark.parametrize(
    ("rotation", "old", "same", "status"),
    [
        ("same", "alive", True, 200),
        ("same", "dead", True, 200),
        ("new", "alive", False, 200),
        ("new", "dead", False, 400),
    ],
)
def test_refreshing_gives_the_same_or_a_new_refresh_token(
    cloud: Clouds, rotation: str, old: str, same: bool, status: int
) -> None:
    """3.3, 12: rotation is not documented; the newest string always works."""
    webex = cloud(refresh_rotation=rotation, old_refresh=old)
    newest = webex.refresh().json()["refresh_token"]
    assert (newest == webex.simulator.credentials.refresh_token) is same
    assert webex.refresh().status_code == status
    assert webex.refresh(newest).status_code == 200


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"refresh_token": "wrong"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
    ],
)
def test_what_is_refused_is_told_in_the_envelope(
    cloud: Clouds, form: dict[str, str], error: str, status: int
) -> None:
    """3.3, 6: the documented names in the common envelope; the status is not known."""
    answer = cloud(refused_status=status).refresh(**form)
    assert answer.status_code == status
    told = answer.json()
    assert told["errors"] == [{"description": error}]
    assert told["trackingId"] == answer.headers["trackingid"]


def test_a_revoked_grant_ends_access_and_refresh(webex: Cloud) -> None:
    """3.3, 11: nothing of it works any more, and all of it once it is granted again."""
    webex.act_as("administrator")
    webex.simulator.turn(grant="revoked")
    assert (webex.get("/people/me").status_code, webex.refresh().status_code) == (401, 400)
    webex.simulator.turn(grant="active")
    assert (webex.get("/people/me").status_code, webex.refresh().status_code) == (200, 200)


def test_lifetimes_can_be_seconds(cloud: Clouds) -> None:
    """11: ``expires_in`` may be forced to a few seconds, and the refresh token's life as well."""
    webex = cloud(token_seconds=5, refresh_seconds=60)
    told = webex.refresh().json()
    assert (told["expires_in"], told["refresh_token_expires_in"]) == (5, 60)
    webex.bearer = told["access_token"]
    webex.pass_time(4)
    assert webex.get("/people/me").status_code == 200
    webex.pass_time(1)
    assert webex.get("/people/me").status_code == 401
    webex.pass_time(54)
    assert webex.refresh(told["refresh_token"]).status_code == 200
    webex.pass_time(60)
    assert webex.refresh(told["refresh_token"]).status_code == 400


def test_regular_use_keeps_the_grant_alive(cloud: Clouds) -> None:
    """3.3: each refresh gives the refresh token its whole life again."""
    webex = cloud(refresh_rotation="same")
    for _ in range(4):
        webex.pass_time(60 * DAY)
        assert webex.refresh().status_code == 200


@pytest.mark.parametrize(("position", "status"), [("many", 200), ("newest", 401)])
def test_access_tokens_coexist(cloud: Clouds, position: str, status: int) -> None:
    """3.3: several are valid at once, as far as one can see."""
    webex = cloud(tokens=position)
    webex.bearer = webex.refresh().json()["access_token"]
    webex.refresh()
    assert webex.get("/people/me").status_code == status


def test_a_code_is_good_once_and_for_its_address_alone(webex: Cloud) -> None:
    """3.2, 3.3: ``authorization_code`` wants the ``redirect_uri`` of the first request."""
    office, back = webex.tenant.tokens, "https://app.example/back"
    grant = webex.tenant.grant("user", "agent01@corp.example")

    def exchange(code: str, uri: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri}
        return webex.refresh(**form)

    assert exchange(office.consent(grant, back), "https://other.example").status_code == 400
    code = office.consent(grant, back)
    first, second = exchange(code, back), exchange(code, back)
    assert (first.status_code, second.status_code) == (200, 400)
    webex.bearer = first.json()["access_token"]
    assert webex.get("/people/me").json()["emails"] == ["agent01@corp.example"]
    assert webex.refresh(first.json()["refresh_token"]).status_code == 200


def test_a_refresh_token_outlives_a_restart_of_the_server(cloud: Clouds) -> None:
    """A token of an earlier process is known to the next, as the demo is stopped and started."""
    newest = cloud().refresh().json()["refresh_token"]
    later = cloud()
    assert later.refresh(newest).status_code == 200
    assert later.refresh("0" + newest[1:]).status_code == 400


def test_a_token_of_somebody_who_left_is_dead(webex: Cloud) -> None:
    """3.1: an integration dies with the account that authorised it."""
    gone = next(user for user in webex.tenant.account.users if not user.active)
    webex.act_as("user", gone.email)
    assert webex.get("/people/me").status_code == 401


def test_token_expiry_is_told_in_milliseconds(webex: Cloud) -> None:
    """3.3: ``GET /authorizations/tokenExpiry``."""
    webex.act_as("administrator")
    wanted = int(webex.clock.now().timestamp() + 1209599) * 1000
    assert webex.get("/authorizations/tokenExpiry").json() == {"exp": wanted}
