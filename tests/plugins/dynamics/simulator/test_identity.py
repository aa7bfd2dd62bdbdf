"""Tokens of the simulated identity host, and what Dataverse makes of them (1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.dynamics.simulator.service import Service, Starter, error_of, starting


@pytest.fixture
def start() -> Iterator[Starter]:
    """Serve with switches."""
    with starting() as starter:
        yield starter


@pytest.fixture
def service(start: Starter) -> Service:
    """All switches in their usual positions."""
    return start()


def test_the_configuration_names_the_token_endpoint(service: Service) -> None:
    """Client libraries read where tokens are given out."""
    login, tenant = service.urls["login"], service.environment.tenant_id
    told = service.http.get(f"{login}/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert told["token_endpoint"] == f"{login}/{tenant}/oauth2/v2.0/token"
    assert {"authorization_endpoint", "issuer"} <= set(told)


def test_a_good_request_gets_a_token(service: Service) -> None:
    """Id, secret and scope are enough, by the tenant's id or its domain, or with HTTP Basic."""
    told = service.ask_token().json()
    assert told["token_type"] == "Bearer"
    assert told["expires_in"] == told["ext_expires_in"] == 3599
    assert service.ask_token(tenant="tenant.example").status_code == 200
    client = service.environment.clients[0]
    answer = service.http.post(
        f"{service.urls['login']}/tenant.example/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": f"{service.urls['org']}/.default"},
        auth=(client.client_id, client.secret),
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "error", "number"),
    [
        ({"scope": "nonsense"}, 400, "invalid_scope", 70011),
        ({"scope": "https://org.example/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "unknown"}, 400, "unauthorized_client", 700016),
        ({"tenant": "other.example"}, 400, "invalid_request", 90002),
        ({"scope": "https://org.example/.default"}, 400, "invalid_resource", 500011),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ],
)
def test_each_mistake_has_its_error(
    service: Service, changed: dict[str, Any], status: int, error: str, number: int
) -> None:
    """The table of 1.1, in the shape that all errors have."""
    answer = service.ask_token(**changed)
    told = answer.json()
    assert (answer.status_code, told["error"], told["error_codes"]) == (status, error, [number])
    assert told["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= set(told)


def test_an_expired_secret_is_not_a_wrong_one(start: Starter) -> None:
    """It has a number of its own; the status is a switch."""
    answer = start(credentials="expired", identity_refused=400).ask_token()
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [7000222])


def test_too_many_tokens_are_refused_for_a_while(start: Starter) -> None:
    """429 with a wait; after it, all is well."""
    service = start(identity_requests=2)
    answers = [service.ask_token() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    service.clock.wait(float(answers[2].headers["retry-after"]))
    assert service.ask_token().status_code == 200


def test_dataverse_wants_a_token(service: Service) -> None:
    """Without one, with a changed one or with one that has expired it is 401 and says where."""
    good = service.bearer()
    for header in ({"authorization": ""}, {"authorization": f"Bearer {good}x"}):
        answer = service.get("WhoAmI", headers=header)
        assert answer.status_code == 401
        assert service.urls["login"] in answer.headers["www-authenticate"]
    kept = {"authorization": f"Bearer {good}"}
    service.clock.advance(timedelta(seconds=3598))
    assert service.get("WhoAmI", headers=kept).status_code == 200
    service.clock.advance(timedelta(seconds=1))
    assert service.get("WhoAmI", headers=kept).status_code == 401


def test_tokens_may_live_shorter(start: Starter) -> None:
    """What the answer says counts, not an hour (1.1)."""
    service = start(token_s=600)
    told = service.ask_token().json()
    assert told["expires_in"] == 600
    kept = {"authorization": f"Bearer {told['access_token']}"}
    service.clock.advance(timedelta(seconds=599))
    assert service.get("WhoAmI", headers=kept).status_code == 200
    service.clock.advance(timedelta(seconds=1))
    assert service.get("WhoAmI", headers=kept).status_code == 401


def test_a_token_is_good_for_one_resource(service: Service) -> None:
    """One for another resource of the tenant is worth nothing here."""
    told = service.ask_token(scope="https://graph.microsoft.com/.default").json()
    answer = service.get("WhoAmI", headers={"authorization": f"Bearer {told['access_token']}"})
    assert answer.status_code == 401


def test_an_application_needs_a_user(start: Starter) -> None:
    """A valid token is not enough (1.2)."""
    status, code, _ = error_of(start(no_app_user=True).get("WhoAmI"))
    assert (status, code) == (403, "0x80072560")


def test_who_am_i_tells_user_and_organisation(start: Starter) -> None:
    """Each application has a user of its own; another organisation is a switch."""
    service, other = start(), start(other_org=True)
    first, second = service.data("WhoAmI"), service.data("WhoAmI", client=1)
    assert first["UserId"] != second["UserId"]
    assert first["OrganizationId"] == second["OrganizationId"]
    assert other.data("WhoAmI")["OrganizationId"] != first["OrganizationId"]


def test_a_missing_privilege_is_named(start: Starter) -> None:
    """Activities share one; a recording can be read without them (1.2)."""
    service = start(lacks="msdyn_ocliveworkitem")
    for table in ("msdyn_ocliveworkitems", "msdyn_ocsessions"):
        status, code, message = error_of(service.get(table))
        assert (status, code) == (403, "0x80040220")
        assert "is missing prvReadActivity privilege" in message
    assert service.get("msdyn_ocrecordings").status_code == 200
    assert service.get("msdyn_ocrecordings?$expand=msdyn_liveworkitemid").status_code == 403
