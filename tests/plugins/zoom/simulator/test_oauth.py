"""The token endpoint and the bearers it gave (sheet section 2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds


def test_a_token_names_type_lifetime_scopes_and_region_and_no_refresh_token(zoom: Cloud) -> None:
    """2.1: the answer has exactly the documented fields and types."""
    answer = zoom.token().json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "api_url"}
    assert answer["expires_in"] == 3600
    assert answer["api_url"] == zoom.urls["api"]
    assert "archiving:read:list_archived_files:admin" in answer["scope"].split(" ")


@pytest.mark.parametrize("host", ["web", "api"])
def test_parameters_may_stand_in_the_query_with_an_empty_body(zoom: Cloud, host: str) -> None:
    """2.1, 1: the query form works, on both hosts that clients use."""
    own = zoom.simulator.credentials
    answer = zoom.http.post(
        f"{zoom.urls[host]}/oauth/token",
        params={"grant_type": "account_credentials", "account_id": own.account_id},
        auth=(own.client_id, own.client_secret),
    )
    assert answer.status_code == 200
    assert answer.headers["x-zm-trackingid"]


@pytest.mark.parametrize(
    ("switches", "form", "error", "reason"),
    [
        ({}, {"grant_type": "client"}, "unsupported_grant_type", "unsupported grant type"),
        ({"app": "not_s2s"}, {}, "unsupported_grant_type", "unsupported grant type"),
        ({}, {"grant_type": "refresh_token"}, "invalid_grant", "Invalid Token!"),
        ({}, {"account_id": "other"}, "invalid_request", "Bad Request"),
    ],
)
def test_token_errors_are_400_with_reason_and_error(
    cloud: Clouds, switches: dict[str, object], form: dict[str, str], error: str, reason: str
) -> None:
    """2.2: every refusal is HTTP 400, never 401."""
    answer = cloud(**switches).token(**form)
    assert (answer.status_code, answer.json()) == (400, {"reason": reason, "error": error})


@pytest.mark.parametrize("auth", [("x", "y"), None])
def test_wrong_or_missing_credentials_are_400_invalid_client(
    zoom: Cloud, auth: tuple[str, str] | None
) -> None:
    """2.2: a client must not assume 401 for bad credentials."""
    answer = zoom.http.request("POST", f"{zoom.urls['web']}/oauth/token", data={}, auth=auth)
    wanted = {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
    assert (answer.status_code, answer.json()) == (400, wanted)


@pytest.mark.parametrize(("position", "status"), [("reject", 400), ("accept", 200)])
def test_credentials_in_the_body_are_refused_unless_switched(
    cloud: Clouds, position: str, status: int
) -> None:
    """2.1: one project reports invalid_client for them, others call that unproven."""
    zoom = cloud(body_credentials=position)
    own = zoom.simulator.credentials
    data = {
        "grant_type": "account_credentials",
        "account_id": own.account_id,
        "client_id": own.client_id,
        "client_secret": own.client_secret,
    }
    assert zoom.http.post(f"{zoom.urls['web']}/oauth/token", data=data).status_code == status


def test_the_newer_error_shape_by_switch(cloud: Clouds) -> None:
    """2.2: ``{"status": false, "errorCode": 4702, …}`` has been seen since 2026."""
    body = cloud(oauth_errors="newer").token(account_id="other").json()
    assert body["status"] is False
    assert body["errorCode"] == 4706
    assert body["result"] is None


def test_a_deactivated_app_gets_no_token_and_its_tokens_die(zoom: Cloud) -> None:
    """2.1, 2.2: 4717 on asking, 401 on using."""
    assert zoom.get("/users/me").status_code == 200
    zoom.simulator.turn(app="deactivated")
    assert zoom.token().json()["errorCode"] == 4717
    assert zoom.get("/users/me").status_code == 401


def test_a_token_dies_after_3600_seconds_of_virtual_time(zoom: Cloud) -> None:
    """2.1, 8.3: 401 with code 124."""
    zoom.mint()
    zoom.clock.advance(timedelta(seconds=3599))
    assert zoom.get("/users/me").status_code == 200
    zoom.clock.advance(timedelta(seconds=1))
    answer = zoom.get("/users/me")
    wanted = {"code": 124, "message": "Access token is expired."}
    assert (answer.status_code, answer.json()) == (401, wanted)


@pytest.mark.parametrize(("position", "status"), [("many", 200), ("newest", 401)])
def test_a_new_token_ends_the_older_only_by_switch(
    cloud: Clouds, position: str, status: int
) -> None:
    """2.1: several may be valid at once; a 2022 article says otherwise."""
    zoom = cloud(tokens=position)
    older = zoom.mint()
    zoom.mint()
    zoom.bearer = older
    assert zoom.get("/users/me").status_code == status


@pytest.mark.parametrize(
    ("header", "message"),
    [("", "Requires an access token."), ("Bearer x", "Invalid access token.")],
)
def test_missing_and_unknown_bearers_are_told_apart(zoom: Cloud, header: str, message: str) -> None:
    """8.3: both are 401/124."""
    answer = zoom.send("GET", "/users/me", headers={"authorization": header})
    assert (answer.status_code, answer.json()["message"]) == (401, message)


@pytest.mark.parametrize(
    ("switches", "wanted"),
    [({}, (401, 124)), ({"token_code": 4700}, (401, 4700)), ({"token_status": 400}, (400, 124))],
)
def test_code_and_status_of_a_bad_token_are_switches(
    cloud: Clouds, switches: dict[str, object], wanted: tuple[int, int]
) -> None:
    """8.3: newer services say 4700; some documents list 124 under 400."""
    answer = cloud(**switches).send("GET", "/users/me", headers={"authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["code"]) == wanted


def test_a_token_in_the_query_is_refused_even_beside_a_good_header(zoom: Cloud) -> None:
    """2.1: 401/124 since 2023-02-14."""
    answer = zoom.get("/users/me", access_token=zoom.mint())
    assert (answer.status_code, answer.json()["code"]) == (401, 124)


def test_a_missing_scope_is_400_4711_and_names_the_scopes(cloud: Clouds) -> None:
    """8.3, fact 14: neither 401 nor 403."""
    answer = cloud(scopes="user:read:user:admin").get("/archive_files")
    assert answer.status_code == 400
    assert answer.json()["code"] == 4711
    assert "archiving:read:list_archived_files:admin" in answer.json()["message"]


def test_the_master_variant_does_not_open_what_needs_admin(cloud: Clouds) -> None:
    """2.3: the wrong variant behaves like a missing scope."""
    zoom = cloud(scopes="archiving:read:archived_file_statistics:master")
    assert zoom.get("/archive_files/statistics").json()["code"] == 4711


def test_health_checks_pass_while_recording_scopes_are_missing(cloud: Clouds) -> None:
    """10, row 11: ``/users/me`` proves nothing about the archive."""
    zoom = cloud(scopes="user:read:user:admin")
    assert zoom.get("/users/me").status_code == 200
    assert zoom.get("/archive_files").status_code == 400


def test_a_token_minted_before_a_scope_was_added_does_not_carry_it(cloud: Clouds) -> None:
    """2.1: only a token minted afterwards does."""
    zoom = cloud(scopes="user:read:user:admin")
    zoom.mint()
    zoom.simulator.turn(scopes="granular")
    assert zoom.get("/archive_files").json()["code"] == 4711
    zoom.mint()
    assert zoom.get("/archive_files").status_code == 200


@pytest.mark.parametrize("path", ["/archive_files", "/archive_files/statistics", "/users"])
def test_classic_scopes_open_the_same_operations(cloud: Clouds, path: str) -> None:
    """2.3: apps from before the granular scopes still work."""
    assert cloud(scopes="classic").get(path).status_code == 200
