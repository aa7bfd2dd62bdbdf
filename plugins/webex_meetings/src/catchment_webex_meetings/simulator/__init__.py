"""A server that behaves like Webex Meetings, for the demo, the tests and the benchmarks.

It tells a :class:`~catchment.sandbox.World` in Webex's wire format, on several sites, everything a
function of a virtual clock.  It is written from Webex's documented and observed behaviour and knows
nothing of the adapter beside it.  Numbers in brackets throughout are sections of the fact sheet on
Webex Meetings; "common" marks those of the sheet on the platform beneath.

What Webex does differently from time to time, or what nobody knows, is a switch: see
:class:`~catchment_webex_meetings.simulator.switches.Switches` for the table.

================  ==============================================================================
module            what it holds
================  ==============================================================================
switches          the switchboard
names, content    identifiers (1); what is inside the files
records, telling  what Webex holds of a meeting; the World as that
tenant            the organisation as it stands, and what calls did to it
operations        paths and scopes (3.5, common)
windows           the windows of listings (10)
api_meetings      meetings (3)
api_recordings    recordings (4)
api_removal       the recycle bin and what follows (4.6)
api_participants  participants (5)
api_texts         transcripts, captions, chats (6, 7)
api_reports       reports and events (2, 8)
links, media      direct links, and the hosts beside the API (4.4)
happenings        what webhooks tell (9)
truth             what the configured credential can obtain
app               the hosts as ASGI applications
================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import ClassVar

from catchment.model import Clock
from catchment.sandbox import ASGIApp, Faults, TruthRow, World
from catchment_webex.simulator import WebexSimulator
from catchment_webex.simulator.registrations import Registrations
from catchment_webex.simulator.webhooks import Post, WebhookSender, post_over_http
from catchment_webex_meetings.simulator.app import build_hosts
from catchment_webex_meetings.simulator.happenings import list_happenings
from catchment_webex_meetings.simulator.operations import RESOURCES
from catchment_webex_meetings.simulator.switches import Switches
from catchment_webex_meetings.simulator.tenant import MeetingsTenant
from catchment_webex_meetings.simulator.truth import Oracle

__all__ = ["Switches", "WebexMeetingsSimulator"]

_TOLD = (("meetings", "ended"), ("recordings", "all"), ("meetingTranscripts", "created"))


class WebexMeetingsSimulator(WebexSimulator):
    """The meetings of one organisation.

    Args:
        world: What really happened.
        clock: The platform's time.
        faults: What goes wrong; nothing, if left out.
        switches: Positions of the switchboard, by name.
        source: The name of the source in ``catchment.toml``.

    Raises:
        BadSettings: A switch that does not exist, or a position that it does not have.
    """

    name: ClassVar[str] = "webex_meetings"
    tenant: MeetingsTenant

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(world, clock, faults, switches, source)
        told = Switches.read(self.switches)
        self.tenant = MeetingsTenant(world, clock, self.faults, told, self.credentials)
        self.registrations = Registrations(self.tenant, RESOURCES)
        self._hosts = build_hosts(self.tenant, self.registrations)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """``api``, ``media`` (direct links) and ``site`` (pages for people)."""
        return self._hosts

    def settings(self) -> Mapping[str, object]:
        """The source's table for ``catchment.toml``; all sites."""
        return {**self.app_settings(), "profile": self.tenant.switches.profile}

    def webhooks(self, url: str, secret: str, post: Post = post_over_http) -> WebhookSender:
        """Org-wide webhooks to *url*; their owner calls ``pump`` as time goes by (9)."""
        owner = self.tenant.account.machine(self.tenant.switches.profile)
        for resource, event in _TOLD:
            self.registrations.enter(
                owner,
                name=f"{resource} {event}",
                target_url=url,
                resource=resource,
                event=event,
                secret=secret,
                owned_by="org",
            )
        happened = partial(list_happenings, self.tenant)
        return WebhookSender(self.tenant, self.registrations, happened, post)

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that the configured credential could have had up to *until*."""
        return Oracle(self.tenant, self.source).tell(until)
