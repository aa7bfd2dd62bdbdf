"""Asking Webex over real HTTP: the rotating token, lists of several pages, who we are, checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.webex.simulator.cloud import MIDNIGHT, NumbersSimulator

from catchment.clock import ManualClock
from catchment.errors import Refused
from catchment.model import Budget
from catchment.sandbox import ASGIApp, World, serve
from catchment.transport import Kit, LocalVault, Request, TokenRejected
from catchment_webex.api import BUDGET, PER_MINUTE, Api
from catchment_webex.refusals import WrongRegion
from catchment_webex.settings import WebexSettings

NUMBERS = Request("GET", "/numbers", params=(("max", "10"), ("siteUrl", "corp.webex.com")))


@dataclass
class Cloud:
    """A simulated product and what asks it."""

    simulator: NumbersSimulator
    clock: ManualClock
    make_api: Callable[[], Api]

    @property
    def api(self) -> Api:
        """Another process that asks: it shares nothing but what is kept for all."""
        return self.make_api()


class ElsewhereSimulator(NumbersSimulator):
    """A host that keeps the tokens, and nothing of the organisation (Webex Calling, 2)."""

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """The hosts, which answer with 451 whoever asks who he is."""
        return {name: self._send_away(app) for name, app in super().hosts.items()}

    def _send_away(self, app: ASGIApp) -> ASGIApp:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if not scope.get("path", "").endswith("/people/me"):
                await app(scope, receive, send)
                return
            head = [(b"content-type", b"application/json")]
            body = b'{"message": "Please use api-eu.example.org"}'
            await send({"type": "http.response.start", "status": 451, "headers": head})
            await send({"type": "http.response.body", "body": body})

        return answer


MakeCloud = Callable[..., Cloud]


@pytest.fixture
def make_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeCloud]:
    """Make clouds with switches in any position; all of them end with the test."""
    with ExitStack() as stack:

        def make(kind: type[NumbersSimulator] = NumbersSimulator, **switches: object) -> Cloud:
            clock = ManualClock(MIDNIGHT + timedelta(hours=9))
            simulator = kind(World(7, MIDNIGHT, meetings=0), clock, None, switches)
            stack.enter_context(serve([simulator]))
            for name, value in simulator.secrets().items():
                monkeypatch.setenv(name, value)
            settings = WebexSettings.model_validate(simulator.app_settings())
            vault = LocalVault()

            def make_api() -> Api:
                budgets = {BUDGET: Budget(PER_MINUTE, "1m")}
                kit = Kit(clock, account="test", budgets=budgets, vault=vault)
                return Api(settings, stack.enter_context(kit))

            return Cloud(simulator, clock, make_api)

        yield make


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"links": "all", "empty_pages": True},
        {"link_null": True, "link_drops": "max,siteUrl", "empty_pages": True},
        {"rate_per_minute": 2, "retry_after_seconds": 30},
    ],
    ids=str,
)
def test_a_list_is_read_to_its_end_whatever_its_links_lose(
    make_cloud: MakeCloud, switches: dict[str, object]
) -> None:
    """Every row once, over empty pages, lost filters and a limit (5, 7)."""
    rows = list(make_cloud(**switches).api.rows(NUMBERS))
    assert len(rows) == 25
    assert len({str(row) for row in rows}) == 25


@pytest.mark.parametrize("rotation", ["same", "new"])
@pytest.mark.parametrize("old", ["alive", "dead"])
@pytest.mark.parametrize("tokens", ["many", "newest"])
def test_two_processes_share_what_was_renewed(
    make_cloud: MakeCloud, rotation: str, old: str, tokens: str
) -> None:
    """Neither kills what the other got, however often it is renewed (3.3)."""
    cloud = make_cloud(refresh_rotation=rotation, old_refresh=old, tokens=tokens, token_seconds=600)
    one, other = cloud.api, cloud.api
    for _ in range(3):
        assert one.me().id == other.me().id
        assert one.token.token() == other.token.token()
        cloud.clock.advance(timedelta(hours=1))


def test_a_missing_permission_is_no_row_and_a_dead_credential_an_error(
    make_cloud: MakeCloud,
) -> None:
    """What may be left out is left out only where the credential is alive."""
    cloud = make_cloud(token_seconds=600)
    api = cloud.api
    absent = Request("GET", "/people/nobody")
    assert api.optional(lambda: api.ask(absent)) is None
    cloud.simulator.turn(grant="revoked")
    cloud.clock.advance(timedelta(hours=1))
    with pytest.raises(Refused):
        api.optional(lambda: api.ask(absent))


def test_the_account_and_the_sites_are_the_organisations(make_cloud: MakeCloud) -> None:
    """The organisation by its bare UUID; the preferred site first (2, 10)."""
    cloud = make_cloud()
    assert cloud.api.account().account_id == cloud.simulator.tenant.ids.org
    sites = cloud.api.sites()
    assert tuple(site.site_url for site in sites) == cloud.simulator.tenant.account.sites
    assert sites[0].default


def test_people_have_an_id_and_an_address(make_cloud: MakeCloud) -> None:
    """Everybody, also who left."""
    cloud = make_cloud()
    people = list(cloud.api.people())
    assert len(people) == len(cloud.simulator.tenant.account.users)
    assert {ref.space for person in people for ref in person.refs} == {"user", "email"}
    assert any(not person.active for person in people)


def test_what_a_token_may_be_used_for_is_believed_where_it_is_told(make_cloud: MakeCloud) -> None:
    """``scope`` may be absent from the answer (3.3): then it is tried."""
    assert make_cloud().api.may("spark-admin:people_read")
    assert not make_cloud().api.may("spark:other")
    assert make_cloud(grant_fields="bare").api.may("spark:other")


def test_checking_renews_the_token_so_that_a_dead_one_shows(make_cloud: MakeCloud) -> None:
    """A token that is still good for days would hide it."""
    cloud = make_cloud()
    api = cloud.api
    before = api.token.token()
    assert [finding.verdict for finding in api.check_token()] == ["pass", "pass"]
    assert api.token.token() != before
    cloud.simulator.turn(grant="revoked")
    (finding,) = api.check_token()
    assert finding.verdict == "fail"
    assert "refresh_token" in finding.remedy


def test_a_wrong_secret_and_a_dead_refresh_token_are_mended_differently(
    make_cloud: MakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``check`` and whoever stops the source say the same, and not the same of both (3.3)."""
    cloud = make_cloud()
    told = {}
    for name, value in cloud.simulator.secrets().items():
        monkeypatch.setenv(name, f"{value}x")
        api = cloud.api
        (finding,) = api.check_token()
        with pytest.raises(TokenRejected) as stopped:
            api.account()
        assert finding.remedy == stopped.value.remedy
        assert finding.detail.partition(" (")[0] == str(stopped.value).partition(" (")[0]
        told[name] = finding.remedy
        monkeypatch.setenv(name, value)
    remedies = {"SECRET" in name: remedy for name, remedy in told.items()}
    assert "client_secret" in remedies[True]
    assert "refresh_token" not in remedies[True]
    assert "refresh_token" in remedies[False]
    assert "client_secret" not in remedies[False]


def test_the_region_of_the_organisation_is_no_missing_scope(make_cloud: MakeCloud) -> None:
    """Whoever asks which organisation it is is told the host (Webex Calling, 2)."""
    api = make_cloud(kind=ElsewhereSimulator).api
    with pytest.raises(WrongRegion) as refused:
        api.account()
    assert refused.value.remedy == 'Set api_url = "https://api-eu.example.org/v1".'


def test_a_probe_says_what_is_lost_and_what_to_do(make_cloud: MakeCloud) -> None:
    """``fail`` where the source cannot do without, else ``warn``; nothing there is permitted."""
    cloud = make_cloud()
    api = cloud.api
    absent = Request("GET", "/people/nobody")
    assert api.probe("people", lambda: api.ask(absent)).verdict == "pass"
    assert api.probe("people", lambda: api.ask(absent), absent_passes=False).verdict == "fail"

    def refuse() -> None:
        raise Refused("no")

    finding = api.probe("lists", refuse, scope="a:b", needed=False, why="all is lost")
    assert (finding.verdict, finding.detail) == ("warn", "no; all is lost")
    assert "a:b" in finding.remedy
