"""A server that behaves like Webex Calling, for the demo, the tests and the benchmarks.

It tells the calls of a :class:`~catchment.sandbox.World` in Webex's wire format: converged
recordings, their metadata, and the Detailed Call History, everything a function of a virtual clock.
It is written from Webex's documented and observed behaviour and knows nothing of the adapter beside
it.  Numbers in brackets throughout are sections of the fact sheet that it was written from.

What Webex does one way or the other, or what nobody knows, is a switch: see
:class:`~catchment_webex_calling.simulator.switches.CallingSwitches` for the table.

================  ===============================================================================
module            what it holds
================  ===============================================================================
switches          the switchboard
owners            users, workspaces, virtual lines, call queues, locations
halves, outcomes  a call as its halves: sessions, call ids, transfers (2.3); what was recorded (2.2)
recordings, texts what was recorded, when each part of it is there, what is written of it (1.3)
metadata          the call behind a recording (1.5)
records, history  one call record (2.2); all of them, by each of their times (2.1)
tenant            the organisation as it stands, and what calls did to it
api_recordings    listings, details, metadata (1.1 to 1.5)
api_upkeep        recycle bin, purge, another owner, deletion (1.6)
api_history       the call history hosts (2.1)
links, media      download links, and the hosts that send files (1.4)
app               the hosts as ASGI applications; the webhook resource (3.8)
================  ===============================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from catchment.model import Clock
from catchment.sandbox import ASGIApp, Faults, Take, TruthRow, World
from catchment_webex.simulator import WebexSimulator
from catchment_webex.simulator.registrations import Registrations
from catchment_webex.simulator.webhooks import Post, WebhookSender, post_over_http
from catchment_webex_calling.simulator.app import RECORDINGS, build_hosts
from catchment_webex_calling.simulator.recordings import Recording
from catchment_webex_calling.simulator.switches import CallingSwitches
from catchment_webex_calling.simulator.tenant import CallingTenant

__all__ = ["CallingSwitches", "WebexCallingSimulator"]


class WebexCallingSimulator(WebexSimulator):
    """One organisation on Webex Calling.

    Args:
        world: What really happened.
        clock: The platform's time.
        faults: What goes wrong; nothing, if left out.
        switches: Positions of the switchboard, by name.
        source: The name of the source in ``catchment.toml``.

    Attributes:
        registrations: Its webhooks.

    Raises:
        BadSettings: A switch that does not exist, or a position that it does not have.
    """

    name: ClassVar[str] = "webex_calling"
    tenant: CallingTenant

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(world, clock, faults, switches, source)
        told = CallingSwitches.read(self.switches)
        self.tenant = CallingTenant(world, clock, self.faults, told, self.credentials)
        self.registrations = Registrations(self.tenant, (RECORDINGS,))
        self._hosts = build_hosts(self.tenant, self.registrations)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """``api``, ``cdr`` and ``cdr_eu`` (call history), ``media`` and ``ai`` (files)."""
        return self._hosts

    def settings(self) -> Mapping[str, object]:
        """The source's table for ``catchment.toml``."""
        return {
            **self.app_settings(),
            "cdr_url": self.tenant.base("cdr"),
            "profile": self.tenant.switches.profile,
        }

    def webhooks(self, post: Post = post_over_http) -> WebhookSender:
        """The sender of what was registered; its owner calls ``pump`` as time goes by (3.8)."""
        return WebhookSender(self.tenant, self.registrations, self.tenant.list_events, post)

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that the source's credential could have obtained up to *until*.

        An administrator gets no links, so nothing (quirk 1).  What is in the recycle bin or purged
        is still there for a compliance officer, unless a switch says otherwise.
        """
        if self.tenant.switches.profile == "administrator":
            return
        for recording in self.tenant.recordings:
            yield from self._rows(recording, until)

    def _rows(self, recording: Recording, until: datetime) -> Iterator[TruthRow]:
        ready = {"audio": recording.links_at, "transcript": recording.transcript_at}
        for kind, at in ready.items():
            content = recording.content(kind, at) if at is not None else None
            if at is None or content is None or at > until:
                continue
            state = self.tenant.state(recording, at)
            if state is None or not self.tenant.has_links(recording, state, at):
                continue
            yield TruthRow(
                source=self.source,
                external_id=recording.recording_id,
                file_id=kind,
                kind=kind,
                available_at=at,
                sha256=content.sha256,
                bytes=content.size_bytes,
                duration_s=content.seconds if isinstance(content, Take) else None,
                keys=(f"session:{recording.key}",),
                began_at=recording.recorded_at,
            )
