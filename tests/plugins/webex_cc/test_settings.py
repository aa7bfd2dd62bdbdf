"""What an administrator may enter, and what is refused with a sentence (S002-71 to S002-115)."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from catchment_webex_cc.adapter import WebexContactCenter
from catchment_webex_cc.settings import WebexContactCenterSettings

ORG = "0f2c7a54-1b7e-4a53-9d8e-3c5a7b9d1e22"
APP: dict[str, object] = {
    "client_id": "C1",
    "client_secret": {"env": "A"},
    "refresh_token": {"env": "B"},
    "organisation_id": ORG,
}
URLS: dict[str, object] = {
    "api_url": "https://rest-tenant.ccone.example/aws/api",
    "media_url": "https://rd-tenant.ccone.example/cr/get-decrypted-recording",
    "username": "wfo.service@example.com",
}
KEY: dict[str, object] = {"api_key": {"env": "C"}, "tenant_id": "1000777", **URLS}


def settings(**told: object) -> WebexContactCenterSettings:
    """What was entered, as settings."""
    return WebexContactCenterSettings.model_validate(told)


def test_the_newest_generation_needs_an_app_and_an_organisation() -> None:
    """S002-107, S002-108, S002-111: everything else has a value."""
    told = settings(**APP)
    assert (told.generation, told.account_id) == ("programmatic", ORG)
    assert told.api_url == "https://api.wxcc-us1.cisco.com"


def test_the_region_names_the_host() -> None:
    """1.1; what is entered goes first (S002-110)."""
    assert settings(**APP, region="eu2").api_url == "https://api.wxcc-eu2.cisco.com"
    told = settings(**APP, region="eu2", api_url="https://gateway.example.com/")
    assert told.api_url == "https://gateway.example.com"


def test_the_first_generation_needs_a_key_and_both_urls() -> None:
    """S002-71 to S002-74, S002-84 to S002-89."""
    told = settings(generation="cms1", **KEY)
    assert (told.account_id, told.api_url) == ("1000777", URLS["api_url"])


def test_the_generation_between_needs_both() -> None:
    """S002-105: an app, and the URLs."""
    assert settings(generation="cms2", **APP, **URLS).account_id == ORG


@pytest.mark.parametrize(
    ("generation", "whole", "name"),
    [("programmatic", APP, name) for name in APP]
    + [("cms1", KEY, name) for name in KEY]
    + [("cms2", APP | URLS, name) for name in (*APP, *URLS)],
)
def test_what_is_missing_is_named(generation: str, whole: dict[str, object], name: str) -> None:
    """In one sentence, with the generation that needs it."""
    told = {key: value for key, value in whole.items() if key != name}
    with pytest.raises(ValidationError, match=f"'{generation}' needs .*{name}"):
        settings(generation=generation, **told)


def test_a_service_app_needs_no_refresh_token() -> None:
    """1.2: its tokens are asked for with another one."""
    app = {name: value for name, value in APP.items() if name != "refresh_token"}
    told = settings(**app, application_id="Y2lz", app_token={"env": "T"})
    assert told.refresh_token is None
    with pytest.raises(ValidationError, match="application_id with app_token"):
        settings(**app, application_id="Y2lz")


@pytest.mark.parametrize("entered", ["9m", "0s", "599s"])
def test_the_interval_has_a_least(entered: str) -> None:
    """S002-90, S002-91: ten minutes."""
    with pytest.raises(ValidationError, match="10m"):
        settings(**APP, interval=entered)
    assert WebexContactCenter.directory_every_of(settings(**APP)) == "10m"
    assert WebexContactCenter.directory_every_of(settings(**APP, interval="2h")) == "2h"


def test_a_directory_of_some_teams_is_not_the_whole() -> None:
    """S002-81: that it does not know an agent of another team is no doubt."""
    assert WebexContactCenter.reads_whole_directory_of(settings(**APP))
    assert not WebexContactCenter.reads_whole_directory_of(settings(**APP, teams=["Tier *"]))


@pytest.mark.parametrize(
    "changed",
    [
        {"api_url": "api.wxcc-us1.cisco.com"},
        {"api_url": "http://api.example.com"},
        {"auth_url": "ftp://example.com"},
        {"organisation_id": "1000777"},
        {"organisation_id": "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8x"},
        {"tenant_id": "tenant-1"},
        {"username": "wfo.service"},
        {"region": "us2"},
        {"generation": "cms3"},
        {"acd_id": "tid"},
        {"share": 0},
        {"former_tenant_id": "tenant_1"},
        {"former_tenant_id": "a b"},
        {"teams": [" "]},
        {"client_secret": "plain text"},
        {"clientid": "x"},
        {"capture_delay": "5m"},
    ],
    ids=repr,
)
def test_what_is_not_understood_is_refused(changed: dict[str, object]) -> None:
    """A URL without its protocol, a base64 id, a misspelled name, a setting nothing reads."""
    with pytest.raises(ValidationError):
        settings(**APP | changed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tenant_id": 1000777}, 'write it in quotes: tenant_id = "1000777"'),
        ({"former_tenant_id": 1000777}, 'write it in quotes: former_tenant_id = "1000777"'),
        ({"interval": 10}, 'write it in quotes: interval = "10"'),
        ({"teams": "Sales*"}, r'write a list: teams = \["Sales\*"\]'),
        ({"former_tenant_id": ORG.upper()}, "as it is called now"),
        ({"application_id": "Y2lz", "app_token": {"env": "T"}}, "leave one of them out"),
        ({"app_token": {"env": "T"}}, "leave one of them out"),
    ],
    ids=repr,
)
def test_a_slip_is_answered_with_what_to_write(changed: dict[str, object], said: str) -> None:
    """Numbers where text is meant, text where a list is, and two ways to the same thing."""
    with pytest.raises(ValidationError, match=said):
        settings(**APP | changed)


def test_hosts_that_are_asked_stand_in_the_settings() -> None:
    """``catchment check`` names them: the region's, and none that a generation never asks."""
    assert settings(**APP, region="eu2").model_dump()["api_url"] == "https://api.wxcc-eu2.cisco.com"
    assert settings(generation="cms1", **KEY).auth_url == ""


def test_every_setting_is_explained() -> None:
    """``catchment init`` writes the explanation above it."""
    fields = WebexContactCenterSettings.model_fields
    assert not [name for name, field in fields.items() if not field.description]


def test_the_feeds_have_one_name_in_all_generations() -> None:
    """A tenant that is moved keeps its watermark."""
    for told in (settings(**APP), settings(generation="cms1", **KEY)):
        names = [feed.name for feed in WebexContactCenter.feeds_of(told)]
        assert names == ["tasks", "activities"]
        assert WebexContactCenter.budgets_of(told)["api"].share == 0.5
