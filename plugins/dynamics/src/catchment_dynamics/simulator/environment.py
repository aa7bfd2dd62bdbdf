"""The simulated environment: who it is, what it holds, and whom it lets in."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.types import Scope

from catchment.model import Clock
from catchment.sandbox import Faults
from catchment_dynamics.simulator.limits import Protection
from catchment_dynamics.simulator.odata_switches import ODataSwitches
from catchment_dynamics.simulator.refusals import NO_MEMBER, PRIVILEGE, Refusal
from catchment_dynamics.simulator.schema import Schema, Table, build_schema
from catchment_dynamics.simulator.store import ATTACHMENT, Current, Reference, Store
from catchment_dynamics.simulator.tokens import Claims, Tokens

DOMAIN = "tenant.example"
"""By which the tenant may be called as well as by its id (1.1)."""

PREFIX = "/api/data/v9.2"

Asked: TypeAlias = tuple[str, str, str]
"""Method, path and query string of a request."""


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """An application that is registered in the tenant, and its application user (1.2).

    Attributes:
        name: ``a`` or ``b``.
        user_id: Its ``systemuser`` row in the environment.
    """

    name: str
    client_id: str
    secret: str
    user_id: str


class Environment:
    """One environment of one tenant.

    Args:
        store: Its rows.
        clock: The platform's time.
        faults: What goes wrong.
        switches: How it behaves where that differs.
        schema: Its tables.
        clients: The applications that are registered in the tenant.

    Attributes:
        urls: Where its hosts are: ``login``, ``org``, ``files``.
        own_id: The organisation that the environment should be.
        organisation_id: The one that it says it is.
        asked: Every request to any host, in order.
        counts: Requests to the organisation's host by name of client.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        faults: Faults,
        switches: ODataSwitches,
        schema: Schema,
        clients: tuple[Client, ...],
    ) -> None:
        self.store, self.clock, self.faults, self.switches = store, clock, faults, switches
        self.schema, self.clients = schema, clients
        self.urls: Mapping[str, str] = {}
        self.tenant_id = self.guid("tenant")
        self.own_id = self.guid("organisation")
        self.organisation_id = self.guid("another") if switches.other_org else self.own_id
        self.business_unit_id = self.guid("business unit")
        self.tokens = Tokens(self.bytes_for("tokens"))
        tables = {**build_schema().tables, **schema.tables}
        self._lacking = {
            tables[name].privilege if name in tables else f"prvRead{name}"
            for name in switches.lacks.split()
        }
        self.protection = {
            client.client_id: Protection(
                switches.throttle_requests,
                switches.throttle_time_s,
                switches.throttle_concurrency,
            )
            for client in self.clients
        }
        self.asked: list[Asked] = []
        self.counts: Counter[str] = Counter()

    # --- who it is --------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The platform's time."""
        return self.clock.now()

    @property
    def api(self) -> str:
        """The root of the Web API."""
        return self.urls["org"] + PREFIX

    def bytes_for(self, *about: object) -> bytes:
        """Thirty-two bytes that belong to *about* in this environment alone."""
        return hashlib.sha256(repr((self.clients[0].client_id, *about)).encode()).digest()

    def guid(self, *about: object) -> str:
        """A GUID that belongs to *about* in this environment alone."""
        return str(uuid.UUID(bytes=self.bytes_for("guid", *about)[:16], version=4))

    def note(self, scope: Scope) -> None:
        """Write down that a request came."""
        query = scope["query_string"].decode("latin-1")
        self.asked.append((scope["method"], scope["path"], query))

    # --- whom it lets in --------------------------------------------------------------------------

    def admit(self, header: str) -> Client:
        """Whose bearer this is (1.2).

        Raises:
            Refusal: 401 of a bad bearer, 403 of an application without a user.
        """
        kind, _, bearer = header.partition(" ")
        if kind.lower() != "bearer" or not bearer:
            raise self.unauthorised("MissingCrmAuthenticationToken")
        claims = self.tokens.read(bearer)
        if claims is None:
            raise self.unauthorised("InvalidAuthTicket")
        if claims.ends_at <= self.now:
            raise self.unauthorised("ExpiredAuthTicket")
        return self._admit_claims(claims)

    def _admit_claims(self, claims: Claims) -> Client:
        client = next((one for one in self.clients if one.client_id == claims.client_id), None)
        host = urlsplit(self.urls["org"]).netloc
        if claims.tenant_id != self.tenant_id or claims.audience != host or client is None:
            raise self.unauthorised("InvalidAuthTicket")
        if self.switches.no_app_user:
            raise Refusal(403, NO_MEMBER, "The user is not a member of the organization.")
        return client

    def unauthorised(self, cause: str = "ExpiredAuthTicket") -> Refusal:
        """401 for a token that is missing, expired, tampered with or meant for another host."""
        told = (
            f"Bearer authorization_uri={self.urls['login']}/{self.tenant_id}/oauth2/authorize, "
            f"resource_id={self.urls['org']}/"
        )
        return Refusal(
            401, "", f"HTTP Error 401 - Unauthorized: {cause}", {"WWW-Authenticate": told}
        )

    def require(self, client: Client, table: Table) -> None:
        """Refuse to read a table without the privilege (1.2).

        Raises:
            Refusal: 403, naming the privilege.
        """
        if table.privilege in self._lacking:
            raise Refusal(
                403,
                PRIVILEGE,
                f"Principal user (Id={client.user_id}, type=8, roleCount=1, privilegeCount=12, "
                f"accessMode=4), is missing {table.privilege} privilege "
                f"(Id={self.guid('privilege', table.privilege)}) on OTC={table.type_code} for "
                f"entity '{table.name}' (LocalizedName='{table.name}'). "
                f"context.Caller={client.user_id}.",
            )

    def sees(self, client: Client, row: Current) -> bool:
        """Whether a client's role reaches as far as a row, whose table it may read (1.2).

        Short of the organisation it reaches the user's own rows, and those that belong to all; a
        file is its row's.
        """
        if self.switches.depth == "organisation":
            return True
        if row.table == ATTACHMENT:
            owner = row.values["objectid"]
            assert isinstance(owner, Reference)
            parent = self.store.find(owner.table, owner.row_id, self.now)
            return parent is not None and self.sees(client, parent)
        if not self.schema.tables[row.table].owned:
            return True
        owner = row.values.get("ownerid")
        return isinstance(owner, Reference) and owner.row_id == client.user_id

    def require_row(self, client: Client, row: Current) -> None:
        """Refuse to read a row that is out of the role's reach (1.2).

        Raises:
            Refusal: 403.
        """
        if not self.sees(client, row):
            raise Refusal(
                403,
                PRIVILEGE,
                f"SecLib::AccessCheckEx failed. ObjectID: {row.row_id}, "
                f"ObjectTypeCode: {self.schema.tables[row.table].type_code}, "
                f"CallingUser: {client.user_id}, AccessRights: ReadAccess.",
            )

    def tell_user(self, client: Client) -> Mapping[str, object]:
        """The answer of ``WhoAmI``."""
        return {
            "BusinessUnitId": self.business_unit_id,
            "UserId": client.user_id,
            "OrganizationId": self.organisation_id,
        }
