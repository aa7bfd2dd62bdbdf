"""What is known of a contact besides its times: variables, codes, how it ended (2.6, 2.8)."""

from __future__ import annotations

from typing import Any

from catchment.sandbox import Agent, Customer
from catchment_webex.simulator.ids import one_in
from catchment_webex_cc.simulator.contacts import Contact
from catchment_webex_cc.simulator.directory import WRAP_UP_CODES, AgentTeam, Entity, ServiceQueue
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

REASONS = ("Invoice", "Delivery", "Technik / Störung", "")
CASES = ("Fall-{0:05}", "Größe-{0:05}", "Case {0:05} 📞")


class Metadata:
    """Facts of one contact, drawn by its id."""

    def __init__(self, tenant: ContactCenterTenant, contact: Contact) -> None:
        self._tenant, self._contact = tenant, contact
        self._call = contact.call

    def draw(self, *about: object) -> int:
        """A number that belongs to this contact."""
        return self._tenant.ids.chance("metadata", self._call.call_id, *about)

    @property
    def queue(self) -> ServiceQueue:
        """Where the caller waited."""
        return self._tenant.directory.queue(self._call.queue)

    @property
    def queue_facts(self) -> dict[str, Any]:
        """Its id and name."""
        return self.name(self.queue)

    @property
    def entry_point(self) -> dict[str, Any]:
        """By which number the call came in."""
        name = f"EP {self.queue.name}"
        return {"id": self._tenant.ids.uuid("entry point", self.queue.uuid), "name": name}

    def site(self, name: str) -> dict[str, Any]:
        """A site."""
        return {"id": self._tenant.ids.uuid("site", name), "name": name}

    def name(self, entity: Entity) -> dict[str, Any]:
        """An entity's id and name."""
        return {"id": self._tenant.id(entity), "name": entity.name}

    def team(self, agent: Agent) -> AgentTeam:
        """The team in which an agent takes calls."""
        return self._tenant.directory.team(agent.team)

    def person(self, agent: Agent) -> dict[str, Any]:
        """An agent, as search tells people."""
        user = self._contact.user(agent)
        return {
            "id": self._tenant.id(user),
            "name": user.full_name,
            "signInId": user.email,
            "sessionId": self.session_id(agent),
            "phoneNumber": user.tel,
            "channelId": self.channel_id(agent),
        }

    def session_id(self, agent: Agent) -> str:
        """The login session of that day."""
        day = self._call.started_at.date().isoformat()
        return self._tenant.ids.uuid("agent session", agent.agent_id, day)

    def channel_id(self, agent: Agent) -> str:
        """Its telephony channel."""
        day = self._call.started_at.date().isoformat()
        return self._tenant.ids.uuid("agent channel", agent.agent_id, day)

    @property
    def variables(self) -> dict[str, str]:
        """Global variables of type string; the second is not always set."""
        told = {"CustomerId": f"{self.draw('customer') % 1_000_000:06}"}
        drawn = self.draw("case")
        if drawn % 4:
            told["CaseNumber"] = CASES[drawn % len(CASES)].format(drawn % 100_000)
        return told

    @property
    def reason(self) -> str | None:
        """``contactReason``."""
        return REASONS[self.draw("reason") % len(REASONS)] or None

    @property
    def score(self) -> int | None:
        """``csatScore``: of those who answered the survey."""
        drawn = self.draw("csat")
        return 1 + drawn // 8 % 5 if drawn % 3 == 0 else None

    @property
    def auto_score(self) -> str | None:
        """``autoCsat``: a number, told as a string."""
        drawn = self.draw("auto csat")
        return f"{1 + drawn % 41 / 10:.1f}" if drawn % 2 else None

    def wrap_up_id(self, name: str) -> str | None:
        """The auxiliary code of a wrap-up."""
        return self._tenant.ids.uuid("wrap-up", name) if name in WRAP_UP_CODES else None

    @property
    def is_abandoned(self) -> bool:
        """Whether the caller is told to have given up; possibly after an agent had answered."""
        transferred = any(move.kind == "blind_transfer" for move in self._call.moves)
        every = self._tenant.switches.abandoned_late_every if transferred else 0
        return self._call.abandoned or one_in(every, self.draw("abandoned late"))

    @property
    def ending(self) -> dict[str, Any]:
        """Who ended it, and how (2.8)."""
        if self.is_abandoned:
            by = "Customer"
        else:
            by = "Agent" if self.draw("ended by") % 3 == 0 else "Customer"
        return {
            "terminatingEnd": by,
            "terminationReason": f"{by} Left",
            "terminationType": "normal",
            "contactHandleType": "abandoned" if self.is_abandoned else "normal",
            "abandonedType": "abandoned_in_queue" if self.is_abandoned else None,
        }

    @property
    def customer(self) -> dict[str, Any]:
        """Who called, as far as it is known."""
        customer: Customer | None = self._call.customer
        return {
            "name": customer.name if customer else None,
            "phoneNumber": customer.tel if customer else None,
            "email": None,
        }
