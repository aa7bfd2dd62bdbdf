"""A server that behaves like Webex Contact Center, for the demo, the tests and the benchmarks.

It tells the calls and chains of a :class:`~catchment.sandbox.World` in the wire formats of three
generations at once: the programmatic APIs, CMSv2 and CMSv1, everything a function of a virtual
clock.  It is written from documented and observed behaviour and knows nothing of the adapter beside
it.  Numbers in brackets throughout are sections of the fact sheet that it was written from.

What the platform does one way or the other, or what nobody knows, is a switch: see
:class:`~catchment_webex_cc.simulator.switches.ContactCenterSwitches` for the table.

=================  ==============================================================================
module             what it holds
=================  ==============================================================================
switches           the switchboard
directory          users, teams, queues, as an administrator changes them (5)
chain              a call as customer and agent activities (2.7)
contacts           a call as a task: ids, times, delays (0, 10)
sound              the main line: which second is where, who sounds when
recordings         what was recorded, whole and in segments (3)
tenant             the organisation as it stands
metadata           what is known of a contact besides its times (2.6)
sessions, legs     rows about contacts, and about their legs (2.6)
agents             rows about agents (2.6, 4.2)
fields, schema     the data dictionary, and the GraphQL schema made of it (2.6)
graph, selections  runs queries; what they select
filters, nodes     conditions; inner pages (2.4, 2.5)
aggregates         groups and intervals (2.5)
queries, rsql      reads parameters, and filters of lists (4, 5)
api_search         ``/search`` (2)
api_captures       ``/v1/captures/query`` (3)
api_data           ``/v1/tasks``, ``/v1/agents/activities`` (4)
api_directory      configuration (5)
api_statistics     statistics by interval (4.3, 4.4)
subscriptions      webhooks as they are subscribed (6.1)
events, webhooks   what they tell, and their sender (6.2 to 6.4)
legacy             lists of CMSv1 and CMSv2 (7.2)
legacy_questions   what they are asked for with
legacy_records     their rows about calls
legacy_agents      their rows about agents
legacy_access      their credentials (7.1, 7.6)
legacy_directory   their configuration objects (7.3)
legacy_media       their recordings (7.4)
store              signed links, and the host that sends files (3)
host               a host, its error envelope, the faults in front of it (1.3)
app                the hosts as ASGI applications
=================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from catchment.model import Clock
from catchment.sandbox import ASGIApp, Content, Faults, Take, TruthRow, World
from catchment_webex.simulator import WebexSimulator
from catchment_webex.simulator.webhooks import Post, post_over_http
from catchment_webex_cc.simulator.app import build_hosts
from catchment_webex_cc.simulator.contacts import Contact, from_ms, to_ms
from catchment_webex_cc.simulator.recordings import list_files
from catchment_webex_cc.simulator.subscriptions import Subscriptions
from catchment_webex_cc.simulator.switches import ContactCenterSwitches
from catchment_webex_cc.simulator.tenant import ContactCenterTenant
from catchment_webex_cc.simulator.webhooks import EventSender

__all__ = ["ContactCenterSwitches", "WebexContactCenterSimulator"]


class WebexContactCenterSimulator(WebexSimulator):
    """One organisation on Webex Contact Center, in all its generations.

    Args:
        world: What really happened.
        clock: The platform's time.
        faults: What goes wrong; nothing, if left out.
        switches: Positions of the switchboard, by name.
        source: The name of the source in ``catchment.toml``.

    Attributes:
        tenant: The organisation; its ``directory`` is what an administrator changes.
        subscriptions: Its webhooks.

    Raises:
        BadSettings: A switch that does not exist, or a position that it does not have.
    """

    name: ClassVar[str] = "webex_cc"
    tenant: ContactCenterTenant

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(world, clock, faults, switches, source)
        told = ContactCenterSwitches.read(self.switches)
        self.tenant = ContactCenterTenant(world, clock, self.faults, told, self.credentials)
        self.subscriptions = Subscriptions(self.tenant)
        self._hosts = build_hosts(self.tenant, self.subscriptions)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """``auth``, ``api``, ``store``, and of the older generations ``rest`` and ``media``."""
        return self._hosts

    def settings(self) -> Mapping[str, object]:
        """The source's table for ``catchment.toml``, as the switch ``generation`` says."""
        tenant = self.tenant
        generation = tenant.switches.generation
        told: dict[str, object] = {"generation": generation}
        if generation == "cms1":
            return told | {
                "username": tenant.username,
                "api_key": {"env": self._variable("API_KEY")},
                "tenant_id": tenant.tenant_id,
                **self._legacy_urls(),
            }
        told |= self.app_settings()
        told["auth_url"] = f"{tenant.base('auth')}/v1"
        told["organisation_id"] = tenant.ids.org
        if generation == "cms2":
            told |= {"username": tenant.username, **self._legacy_urls()}
        if tenant.switches.migrated:
            told["former_tenant_id"] = tenant.tenant_id
        return told

    def _legacy_urls(self) -> dict[str, object]:
        return {
            "api_url": f"{self.tenant.base('rest')}/aws/api",
            "media_url": f"{self.tenant.base('media')}/cr/get-decrypted-recording",
        }

    def secrets(self) -> Mapping[str, str]:
        """The environment variables that the settings refer to, of all generations."""
        return {**super().secrets(), self._variable("API_KEY"): self.tenant.api_key}

    def webhooks(self, post: Post = post_over_http) -> EventSender:
        """The sender of what was subscribed; its owner calls ``pump`` as time goes by (6)."""
        return EventSender(self.tenant, self.subscriptions, post)

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that the source's credential could have obtained up to *until*."""
        if self.tenant.switches.other_org:
            return
        for contact in self.tenant.contacts:
            if contact.audio_ms is not None and contact.audio_ms <= to_ms(until):
                yield from self._rows(contact, to_ms(until))

    def _rows(self, contact: Contact, until_ms: int) -> Iterator[TruthRow]:
        assert contact.audio_ms is not None
        assert contact.line_ms is not None
        for file_id, content in self._list_files(contact).items():
            consult = file_id.startswith("consult-")
            at_ms = contact.audio_ms if consult else contact.line_ms
            if at_ms > until_ms:
                continue
            yield TruthRow(
                source=self.source,
                external_id=contact.external_id,
                file_id=file_id,
                kind="transcript" if file_id == "transcript" else "audio",
                available_at=from_ms(at_ms),
                sha256=content.sha256,
                bytes=content.size_bytes,
                duration_s=content.seconds if isinstance(content, Take) else None,
                keys=(f"task:{contact.external_id}",),
                began_at=from_ms(contact.created_ms),
            )

    def _list_files(self, contact: Contact) -> Mapping[str, Content]:
        """The older generations have one file: mono in CMSv1, stereo in CMSv2 (7)."""
        generation = self.tenant.switches.generation
        if generation == "programmatic":
            return list_files(contact, self.tenant.ids)
        assert contact.line is not None
        return {"main": contact.line.take(1 if generation == "cms1" else 2)}
