"""One organisation on Webex as it stands: its people, its tokens, and what was asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from catchment.model import Clock
from catchment.sandbox import Faults, World
from catchment_webex.simulator.account import Account, User
from catchment_webex.simulator.answers import Answer, forbidden, not_found
from catchment_webex.simulator.ids import Ids
from catchment_webex.simulator.limits import Limiter
from catchment_webex.simulator.oauth import Credentials, Grant, TokenOffice
from catchment_webex.simulator.operations import Level
from catchment_webex.simulator.pages import Row, answer_page, cut_page
from catchment_webex.simulator.switches import CommonSwitches

S = TypeVar("S", bound=CommonSwitches)


@dataclass(frozen=True, slots=True)
class Call:
    """One API call that was let in.

    Attributes:
        operation: The operation's name.
        user: Whose token it is.
        levels: As whom it may be answered (3.5).
        scopes: Of the token.
        path: What the holes of the path hold.
        url: Absolute, without the query.
        headers: By lower-case name.
        expires_at: When the token does.
    """

    operation: str
    user: User
    levels: frozenset[Level]
    scopes: frozenset[str]
    path: Mapping[str, str]
    url: str
    now: datetime
    expires_at: datetime
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """The ``timezone`` header (4.1)."""
        return self.headers.get("timezone", "")


class Tenant(Generic[S]):
    """What all hosts of one simulated product share; a product's own tenant inherits from it.

    Args:
        world: What really happened.
        clock: The platform's time.
        faults: What goes wrong.
        switches: The switchboard.
        credentials: The app's.
        scopes: What each profile's grant holds: one of a machine account, or ``user``.
        profile: The one that the first refresh token stands for.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults,
        switches: S,
        credentials: Credentials,
        scopes: Mapping[str, frozenset[str]],
        profile: str,
    ) -> None:
        self.world, self.clock, self.faults = world, clock, faults
        self.switches = switches
        self.credentials = credentials
        self.urls: Mapping[str, str] = {}
        self.ids = Ids(world)
        self.account = Account(world, self.ids)
        self._scopes = scopes
        self.tokens = TokenOffice(
            credentials, self.grant(profile), self.ids.org, clock.now, lambda: self.switches
        )
        self.limiter = Limiter(clock.now, lambda: self.switches)
        self._answers = 0

    def turn(self, switches: S) -> None:
        """Put the switches into another position."""
        self.switches = switches

    def base(self, host: str) -> str:
        """The address of one of our hosts."""
        return self.urls.get(host, "https://webexapis.com" if host == "api" else f"https://{host}")

    def grant(self, profile: str, email: str = "") -> Grant:
        """What a machine account, or the person with *email*, would authorise."""
        user = self.account.find(email) if email else self.account.machine(profile)
        if user is None:
            raise LookupError(f"nobody in the organisation has the address {email}")
        return Grant(user, self._scopes[profile])

    def acting(self, call: Call, name: str = "hostEmail") -> User | None:
        """As whom the call shall be answered, where it names somebody (3.6).

        Raises:
            Rejection: 404 for an unknown person; 403 without an admin scope, if so switched.
        """
        told = call.query.get(name) or str(call.body.get(name) or "")
        if not told:
            return None
        if "admin" not in call.levels:
            if self.switches.host_email == "reject":
                raise forbidden()
            return None
        user = self.account.find(told)
        if user is None:
            raise not_found("the user")
        return user

    def page(
        self,
        call: Call,
        rows: Sequence[Mapping[str, Any]],
        *,
        usual: int = 10,
        most: int = 100,
        envelope: str = "items",
    ) -> Answer:
        """The page that *call* asks for, with the faults that befall listings (5)."""
        return self.page_of(call, rows, dict, usual=usual, most=most, envelope=envelope)

    def page_of(
        self,
        call: Call,
        rows: Sequence[Row],
        tell: Callable[[Row], Mapping[str, Any]],
        *,
        usual: int = 10,
        most: int = 100,
        envelope: str = "items",
    ) -> Answer:
        """The same of rows that are told one by one, and only those of the page."""
        cut, headers = cut_page(rows, call.url, call.query, self.switches, usual=usual, most=most)
        told = [tell(row) for row in cut]
        key = f"{call.operation} {sorted(call.path.items())} {call.query.get('offset', '')}"
        return answer_page(self.faults.rows(told, key), headers, envelope)

    def tracking_id(self, asked: str = "") -> str:
        """The ``Trackingid`` of the next answer (1)."""
        self._answers += 1
        mode = self.switches.tracking
        if asked and mode != "own":
            return asked if mode == "echo" else f"{asked}_{self._answers}"
        return f"ROUTERGW_{self.ids.uuid('tracking', self._answers)}"
