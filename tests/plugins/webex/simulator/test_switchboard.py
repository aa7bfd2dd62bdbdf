"""The switchboard, and what a product's simulator inherits."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from pathlib import Path

import pytest
from tests.plugins.webex.simulator.cloud import Cloud, NumbersSimulator

import catchment_webex.simulator
from catchment.clock import ManualClock
from catchment.errors import BadSettings
from catchment.sandbox import World
from catchment_webex.simulator import CommonSwitches


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"colour": "red"}, "colour"), ({"links": "never"}, "next"), ({"empty_pages": 1}, "true or"),
     ({"rate_per_minute": -1}, "whole number"), ({"refused_status": "400"}, "401")],
)  # fmt: skip
def test_an_unknown_switch_or_position_is_refused(
    world: World, wrong: dict[str, object], word: str
) -> None:
    """The message names the switch or its positions."""
    with pytest.raises(BadSettings) as caught:
        NumbersSimulator(world, ManualClock(world.end), switches=wrong)
    assert word in f"{caught.value} {caught.value.remedy}"


def test_every_switch_is_documented() -> None:
    """The table has a line for each field."""
    table = inspect.getdoc(CommonSwitches) or ""
    assert [f.name for f in fields(CommonSwitches) if f"\n    {f.name}: " not in table] == []


def test_secrets_stand_in_the_settings_by_reference(webex: Cloud) -> None:
    """What ``catchment.toml`` holds can be shown to anybody."""
    told, secrets = webex.simulator.app_settings(), webex.simulator.secrets()
    own = webex.simulator.credentials
    assert own.client_secret not in repr(told)
    assert own.refresh_token not in repr(told)
    assert secrets == {
        "NUMBERS_CLIENT_SECRET": own.client_secret,
        "NUMBERS_REFRESH_TOKEN": own.refresh_token,
    }
    assert told["client_secret"] == {"env": "NUMBERS_CLIENT_SECRET"}


def test_two_processes_tell_the_same(world: World) -> None:
    """Ids, people and credentials are functions of the World."""
    one, other = (NumbersSimulator(world, ManualClock(world.end)) for _ in range(2))
    assert one.credentials == other.credentials
    assert one.tenant.account.users == other.tenant.account.users


def test_the_simulator_imports_nothing_of_the_adapter() -> None:
    """It would prove nothing if it shared the adapter's reading of the platform."""
    home = Path(catchment_webex.simulator.__file__).parent
    for path in home.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                ours = node.module.startswith("catchment_webex")
                assert not ours or node.module.startswith("catchment_webex.simulator"), path.name
                assert not node.module.startswith("catchment._"), path.name
