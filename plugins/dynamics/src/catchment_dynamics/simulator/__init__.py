"""A server that behaves like Dynamics 365 Contact Center, for the demo, tests and benchmarks.

It tells the calls and chains of a :class:`~catchment.sandbox.World` as the rows of a Dataverse
environment and answers for them over its Web API, everything a function of a virtual clock.  It is
written from documented and observed behaviour and knows nothing of the adapter beside it.  Numbers
in brackets throughout are sections of the fact sheet that it was written from.

What the platform does one way or the other, or what nobody knows, is a switch: see
:class:`~catchment_dynamics.simulator.switches.DynamicsSwitches` for the table.

===================  ============================================================================
module               what it holds
===================  ============================================================================
switches             the switchboard
odata_switches       the part of it that is about asking, not about calls
ids, sound           identifiers and chance; which second is where, who sounds when
plot                 the World told as rows
tell_*               one kind of row each
truth, held          what an archive of it must hold; the files that are there
stays                who was in which conversation when, by the World alone
store                histories of rows, and which state of each is current
schema               tables and their columns (3, 5)
schema_tables        the same as text
values, labels       what stands in a column, as a value and for people (2.3)
environment          whom it lets in (1.2)
identity, tokens     the identity host, and what it gives out (1.1)
limits               service protection (2.8)
query                query options and preferences (2.1, 2.2)
filters              reads ``$filter`` into a tree
conditions           makes a predicate of the tree
navigation           what ``$expand`` may name
rows                 rows as JSON (2.3)
listing, paging      lists of rows, and the cookies between their pages (2.4)
tracking             changes since a token (2.5)
fetch                a little FetchXML
metadata, csdl       the data dictionary over HTTP
downloads            values, blocks and links of files (2.9)
blobs                the file host
refusals             the error envelope and its codes (2.7)
host                 the organisation's host: which address leads where
app                  all hosts as ASGI applications, the fault layer in front
===================  ============================================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from catchment.model import Clock
from catchment.sandbox import ASGIApp, Faults, Simulator, TruthRow, World
from catchment_dynamics.simulator.app import build_hosts
from catchment_dynamics.simulator.environment import Asked, Client, Environment
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.plot import Plot, build_plot
from catchment_dynamics.simulator.schema import Schema, build_schema
from catchment_dynamics.simulator.store import Store
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.truth import list_truth

__all__ = ["DynamicsSimulator", "DynamicsSwitches"]

RULES = {"phone by hand": "by_hand", "phone by consent": "consent"}
"""Workstreams whose calls need not be recorded, as a person would tell the adapter (4.1)."""


class DynamicsSimulator(Simulator):
    """One environment of Dynamics 365, with its identity host and its blob storage.

    Args:
        world: What really happened.
        clock: The platform's time.
        faults: What goes wrong; nothing, if left out.
        switches: Positions of the switchboard, by name.
        source: The name of the source in ``catchment.toml``.

    Attributes:
        plot: The World as rows.
        environment: The environment; its ``store`` is what an administrator changes.

    Raises:
        BadSettings: A switch that does not exist, or a position that it does not have.
    """

    name: ClassVar[str] = "dynamics"
    tls: ClassVar[bool] = True

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(world, clock, faults, switches, source)
        told = DynamicsSwitches.read(self.switches)
        ids = Ids(world)
        self.plot: Plot = build_plot(world, clock.now(), told, ids, self.faults.delay)
        self.environment = Environment(
            Store(self.plot.histories, self.plot.epoch),
            clock,
            self.faults,
            told,
            _read_schema(told),
            tuple(_register(world, ids, name) for name in ("a", "b")),
        )
        self._hosts = build_hosts(self.environment)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """``login``, ``org`` and ``files``."""
        return self._hosts

    @property
    def clients(self) -> tuple[Client, ...]:
        """The applications with a user in the environment, each with limits of its own (2.8)."""
        return self.environment.clients

    @property
    def asked(self) -> list[Asked]:
        """Method, path and query string of every request to any host so far."""
        return self.environment.asked

    @property
    def counts(self) -> Counter[str]:
        """How often each client, ``a`` or ``b``, asked the organisation's host."""
        return self.environment.counts

    def bind(self, urls: Mapping[str, str]) -> None:
        """Learn under which address each host is served."""
        super().bind(urls)
        self.environment.urls = self.urls

    def settings(self, client: int = 0) -> Mapping[str, object]:
        """The source's table for ``catchment.toml``, with the credentials of one client."""
        told = self.clients[client]
        split = self.plot.switches.workstreams == "split"
        return {
            "tenant_id": self.environment.tenant_id,
            "client_id": told.client_id,
            "client_secret": {"env": self._variable(told)},
            "organisation_id": self.environment.own_id,
            "url": self.urls["org"],
            "login_url": self.urls["login"],
            **({"workstreams": RULES} if split else {}),
        }

    def secrets(self) -> Mapping[str, str]:
        """The environment variables that the settings of both clients refer to."""
        return {self._variable(client): client.secret for client in self.clients}

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that the source's credential could have obtained up to *until*."""
        yield from list_truth(self.plot, until, self.source)

    def _variable(self, client: Client) -> str:
        plain = "".join(one if one.isalnum() else "_" for one in self.source).upper()
        which = "" if client is self.clients[0] else f"_{client.name.upper()}"
        return f"{plain}_CLIENT_SECRET{which}"


def _register(world: World, ids: Ids, name: str) -> Client:
    secret = world.bytes_for("dynamics", "secret", name).hex()
    return Client(name, ids.application(name), secret, ids.application_user(name))


def _read_schema(switches: DynamicsSwitches) -> Schema:
    return build_schema(
        switches.missing_tables.split(),
        switches.missing_columns.split(),
        switches.rejected_columns.split(),
        voicemails=switches.voicemail_columns,
        extra_columns=switches.extra_columns,
    )
