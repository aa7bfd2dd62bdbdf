"""Settings are refused where they cannot work, with a sentence that says why."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from catchment_dynamics.adapter import Dynamics
from catchment_dynamics.choices import (
    AUTOMATIC,
    BY_HAND,
    CONSENT,
    OFF,
    Begin,
    Orientation,
    Rule,
)
from catchment_dynamics.settings import DynamicsSettings

CLIENT = "9a1c7a54-1b7e-4a53-9d8e-3c5a7b9d1e22"
NEEDED = {
    "tenant_id": "contoso.onmicrosoft.com",
    "client_id": CLIENT,
    "client_secret": {"env": "DYNAMICS_CLIENT_SECRET"},
    "url": "https://contoso.crm4.dynamics.com",
}


def build(**changed: Any) -> DynamicsSettings:
    """Settings that work, changed."""
    return DynamicsSettings.model_validate({**NEEDED, **changed})


def test_four_settings_are_enough() -> None:
    """Everything else has a value with which most environments work."""
    settings = build()
    assert settings.login_url == "https://login.microsoftonline.com"
    assert (settings.listing, settings.audio, settings.recording_begins) == (
        "modifiedon", "auto", "answer",
    )  # fmt: skip
    assert settings.transcripts
    assert settings.voicemails


def test_ids_are_taken_in_any_spelling() -> None:
    """People copy GUIDs with braces and capitals; the address is copied with a slash."""
    settings = build(
        client_id=f" {{{CLIENT.upper()}}} ",
        organisation_id=CLIENT.upper(),
        url="https://Contoso.crm4.dynamics.com/",
    )
    assert settings.client_id == settings.organisation_id == CLIENT
    assert settings.url == "https://contoso.crm4.dynamics.com"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "http://contoso.crm4.dynamics.com"}, "must begin with https://"),
        ({"url": "https://contoso.crm4.dynamics.com/main.aspx?appid=1"}, "a host alone"),
        ({"url": "https://who@contoso.crm4.dynamics.com"}, "a host alone"),
        ({"login_url": "login.microsoftonline.com"}, "must begin with https://"),
        ({"client_id": "my app"}, "Application (client) ID"),
        ({"organisation_id": "contoso"}, "Organization ID"),
        ({"tenant_id": "common"}, "one tenant"),
        ({"tenant_id": "a/b"}, "domain names"),
        ({"tenant_id": 4711}, "in quotes"),
        ({"client_secret": "s3cret"}, "does not belong into the settings file"),
        ({"workstreams": {"Support": "sometimes"}}, "by_hand"),
        ({"workstreams": ["Support"]}, "write a table"),
        ({"workstreams": {" ": "off"}}, "empty"),
        ({"audio": "fast"}, "sas"),
        ({"listing": "webhook"}, "change_tracking"),
        ({"share": 0}, "greater than 0"),
        ({"certificate": "x"}, "Extra inputs"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_work_is_refused(changed: dict[str, Any], said: str) -> None:
    """The sentence says what to write instead, and never repeats a secret."""
    with pytest.raises(ValidationError) as refused:
        build(**changed)
    (error,) = refused.value.errors()
    told = f"{error['msg']} {error.get('ctx', '')}"
    assert said in told
    assert "s3cret" not in told


def test_a_workstream_is_found_by_name_or_id() -> None:
    """However capitals and blanks are written; what is not named records each call."""
    settings = build(workstreams={"Support  line": "by_hand", f"{{{CLIENT.upper()}}}": "consent"})
    assert settings.find_rule(None, "support line") == "by_hand"
    assert settings.find_rule(CLIENT, "Sales") == "consent"
    assert settings.find_rule("", "Sales") == "automatic"


def test_a_choice_is_told_in_one_place() -> None:
    """What the pure half knows of is what the settings take."""
    fields = DynamicsSettings.model_fields
    for name, choice in (("recording_begins", Begin), ("outbound_numbers", Orientation)):
        assert get_args(fields[name].annotation) == get_args(choice)
    assert {AUTOMATIC, BY_HAND, CONSENT, OFF} == {*get_args(Rule)}


def test_each_application_user_has_a_budget_of_its_own() -> None:
    """2.8, 8: the platform counts each alone, so nodes with a client id each share nothing."""
    (name,) = Dynamics.budgets_of(build(share=0.25))
    budget = Dynamics.budgets_of(build(share=0.25))[name]
    assert name == f"api/{CLIENT}"
    assert (budget.rate, budget.per, budget.share) == (6000, "5m", 0.25)
    other = "00000000-0000-4000-8000-000000000001"
    assert set(Dynamics.budgets_of(build(client_id=other))) == {f"api/{other}"}


def test_feeds_that_are_not_wanted_are_not_asked() -> None:
    """Transcripts and voicemails can be left out; recordings come first."""
    names = [feed.name for feed in Dynamics.feeds_of(build())]
    assert names[0] == "recordings"
    assert {"transcripts", "voicemails"} <= {*names}
    fewer = Dynamics.feeds_of(build(transcripts=False, voicemails=False))
    assert {*names} - {feed.name for feed in fewer} == {"transcripts", "voicemails"}


def test_tracked_feeds_look_back_once_a_day() -> None:
    """2.5: nothing is passed over, and looking back walks over all ids."""
    for feed in Dynamics.feeds_of(build(listing="change_tracking")):
        assert feed.lookback == {"24h": "1d"}


def test_settings_show_no_secret() -> None:
    """A reference is all that they hold."""
    assert "Secret(kind='env', name='DYNAMICS_CLIENT_SECRET')" in repr(build())
