"""The base class of the simulators of Webex products: credentials, addresses, switches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catchment.model import Clock
from catchment.sandbox import Faults, Simulator, World
from catchment_webex.simulator.oauth import Credentials
from catchment_webex.simulator.tenant import Tenant


class WebexSimulator(Simulator):
    """One product of one organisation on Webex.

    A product's class makes its ``tenant`` and its ``hosts``.

    Args:
        world: What really happened.
        clock: The platform's time.
        faults: What goes wrong; nothing, if left out.
        switches: Positions of the switchboard, by name.
        source: The name of the source in ``catchment.toml``.
    """

    tenant: Tenant[Any]

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(world, clock, faults, switches, source)
        given = world.bytes_for("webex", self.name, "app", size=40).hex()
        self.credentials = Credentials(
            client_id=f"C{given[:32]}",
            client_secret=f"simulated-{given[32:56]}",
            refresh_token=f"simulated-refresh-{given[56:]}",
        )

    def bind(self, urls: Mapping[str, str]) -> None:
        """Learn under which address each host is served."""
        super().bind(urls)
        self.tenant.urls = self.urls

    def turn(self, **switches: object) -> None:
        """Put some switches into another position, at any time.

        Raises:
            BadSettings: A name or a position that is not in the table.
        """
        self.switches = {**self.switches, **switches}
        self.tenant.turn(self.tenant.switches.turn(**switches))

    def app_settings(self) -> dict[str, object]:
        """The part of a source's table that all products have; secrets by reference."""
        return {
            "client_id": self.credentials.client_id,
            "client_secret": {"env": self._variable("CLIENT_SECRET")},
            "refresh_token": {"env": self._variable("REFRESH_TOKEN")},
            "api_url": self.tenant.base("api"),
        }

    def secrets(self) -> Mapping[str, str]:
        """The environment variables that the settings refer to."""
        return {
            self._variable("CLIENT_SECRET"): self.credentials.client_secret,
            self._variable("REFRESH_TOKEN"): self.credentials.refresh_token,
        }

    def _variable(self, what: str) -> str:
        plain = "".join(c if c.isalnum() else "_" for c in self.source).upper()
        return f"{plain}_{what}"
