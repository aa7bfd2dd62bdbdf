"""What a call is to the platform: a story of sessions, and who takes part in each (3.2, 3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from catchment.model import Window
from catchment.sandbox import Agent, Call

Mode = Literal["primary", "consult", "monitor"]


@dataclass(slots=True)
class Part:
    """Somebody takes part in a session.

    Attributes:
        agent: Who; ``None`` is somebody outside, or the virtual agent.
        added: When they were asked (3.3).
        joined: When they accepted, if they did.
        left: When they left, or the offer was over.
        public: When a consulted colleague began to speak with the customer.
        reason: Why they left.
        tel: The number of somebody outside.
        holds: When they held the customer.
        transit: While the call was passed on to them.
    """

    part_id: str
    session: Stretch
    mode: Mode
    agent: Agent | None
    added: datetime
    joined: datetime | None
    left: datetime
    public: datetime | None = None
    reason: str = ""
    tel: str = ""
    bot: bool = False
    holds: list[Window] = field(default_factory=list)
    transit: Window | None = None


@dataclass(slots=True)
class Stretch:
    """A session.

    Attributes:
        created: When it began; *queued*, *assigned* and *accepted* likewise, where they happened.
        closure: Why it was closed, without 192350000.
        passed_on: Whether it began because another agent passed the call on.
    """

    session_id: str
    created: datetime
    closed: datetime
    queued: datetime | None = None
    assigned: datetime | None = None
    accepted: datetime | None = None
    closure: int = 0
    passed_on: bool = False
    parts: list[Part] = field(default_factory=list)

    @property
    def primary(self) -> Part | None:
        """Whose session it is; nobody's while it waits in a queue."""
        return next((part for part in self.parts if part.mode == "primary"), None)


@dataclass(slots=True)
class Story:
    """A call in the platform's words.

    Attributes:
        answered: When the first agent spoke with the customer; ``None``: never.
        ended: When the talk was over.
        closed: When the last agent had wrapped up.
        transfers: When the call was given to another agent.
        by_customer: The customer ended it.
    """

    call: Call
    conversation_id: str
    begun: datetime
    ended: datetime
    closed: datetime
    by_customer: bool
    answered: datetime | None = None
    stretches: list[Stretch] = field(default_factory=list)
    transfers: list[datetime] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        """Everybody who took part, session by session."""
        return [part for stretch in self.stretches for part in stretch.parts]

    def list_primaries(self) -> list[Part]:
        """The agents who handled it, in order."""
        return [one for one in self.parts if one.mode == "primary" and one.agent and one.joined]
