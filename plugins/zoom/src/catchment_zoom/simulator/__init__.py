"""A server that behaves like Zoom, for the demo, the tests and the benchmarks.

It tells a :class:`~catchment.sandbox.World` in Zoom's wire format: archive files and cloud
recordings, on three hosts, everything a function of a virtual clock.  It is written from Zoom's
documented and observed behaviour and knows nothing of the adapter beside it.  Numbers in brackets
throughout are sections of the fact sheet that it was written from.

What Zoom does differently from time to time, or what nobody knows, is a switch: see
:class:`~catchment_zoom.simulator.switches.Switches` for the table.

=================  ==============================================================================
module             what it holds
=================  ==============================================================================
switches           the switchboard
oauth, scopes      tokens and their errors (2); operations with their scopes and rate labels (2.3)
routing, pages     raw paths, decoded twice (1.2); page tokens (1.3)
limits             rate limits per account and label (8)
ids, content       identifiers (1.1); what is inside the files (4.1)
records            what Zoom holds: values that say when each thing can be seen
telling_archive    the World as archive files (3)
telling_recordings the World as cloud recordings (5)
site               the account as it stands, and what calls did to it
api_archive        archive operations (3, 4)
api_recordings     recording operations (5)
api_meetings       ended meetings, participants, reports, users (7)
links, downloads   addresses of files, and the two hosts that send them (6)
webhooks           the sender (9)
app                the hosts as ASGI applications
=================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from catchment.model import Clock
from catchment.sandbox import ASGIApp, Faults, Simulator, Take, TruthRow, World
from catchment_zoom.simulator.api_recordings import BARE
from catchment_zoom.simulator.app import build_hosts
from catchment_zoom.simulator.ids import zulu
from catchment_zoom.simulator.oauth import Credentials
from catchment_zoom.simulator.records import File, Record
from catchment_zoom.simulator.site import Site
from catchment_zoom.simulator.switches import Switches
from catchment_zoom.simulator.webhooks import Post, WebhookSender, post_over_http

__all__ = ["Switches", "ZoomSimulator"]

_SECRET_NAME = "ZOOM_CLIENT_SECRET"  # noqa: S105


class ZoomSimulator(Simulator):
    """One Zoom account.

    Args:
        world: What really happened.
        clock: The platform's time.
        faults: What goes wrong; nothing, if left out.
        switches: Positions of the switchboard, by name.
        source: The name of the source in ``catchment.toml``.

    Raises:
        BadSettings: A switch that does not exist, or a position that it does not have.
    """

    name: ClassVar[str] = "zoom"

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(world, clock, faults, switches, source)
        given = world.bytes_for("zoom", "account", size=24).hex()
        self.credentials = Credentials(given[:22], given[22:34], f"simulated-{given[34:]}")
        told = Switches.read(self.switches)
        self.site = Site(world, clock, self.faults, told, self.credentials)
        self._hosts = build_hosts(self.site)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """``api``, ``web`` (tokens and ``/rec/…``) and ``storage`` (signed addresses)."""
        return self._hosts

    def bind(self, urls: Mapping[str, str]) -> None:
        """Learn under which address each host is served."""
        super().bind(urls)
        self.site.urls = self.urls

    def turn(self, **switches: object) -> None:
        """Put some switches into another position, at any time.

        Raises:
            BadSettings: As when the simulator is made.
        """
        self.switches = {**self.switches, **switches}
        self.site.turn(self.site.switches.turn(**switches))

    def settings(self) -> Mapping[str, object]:
        """The source's table for ``catchment.toml``; the bearer may go to API and web host."""
        urls, own = self.site.base, self.site.switches
        trusted = ["api", "web"] + (["storage"] if own.storage_bearer == "require" else [])
        return {
            "account_id": self.credentials.account_id,
            "client_id": self.credentials.client_id,
            "client_secret": {"env": self._secret_name()},
            "api_url": urls("api"),
            "auth_url": urls("web"),
            "token_hosts": [urlsplit(urls(host)).netloc for host in trusted],
            "source": own.source,
            "plan": own.plan,
        }

    def secrets(self) -> Mapping[str, str]:
        """The environment variable that ``settings`` refers to."""
        return {self._secret_name(): self.credentials.client_secret}

    def webhooks(self, url: str, secret: str, post: Post = post_over_http) -> WebhookSender:
        """A subscription of *url*; its owner calls ``pump`` as time goes by (9)."""
        return WebhookSender(self.site, url, secret, post)

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that a listing has shown as completed up to *until*.

        Only of the product that the switch ``source`` names.  ``external_id`` is the UUID of the
        instance, of a cloud recording behind ``cloud:``, so that the two products of one meeting
        stay two.  Files to which Zoom gives no id (``timeline`` switch, 5.1) are named by meeting,
        type and start, as the sheet advises.
        """
        for record in self._captured():
            for file in record.files:
                if file.ready_at <= until and _comes_true(file, record):
                    yield self._row(record, file)

    def _captured(self) -> Iterator[Record]:
        if self.site.switches.source in ("archive", "both"):
            yield from self.site.archive
        if self.site.switches.source in ("recordings", "both"):
            yield from self.site.recordings

    def _row(self, record: Record, file: File) -> TruthRow:
        keys = [f"meeting:{record.uuid}"]
        if record.parent_uuid:
            keys.append(f"meeting:{record.parent_uuid}")
        cloudy = file.product not in ("archive", "attachment")
        bare = self.site.switches.timeline == "without_id" and file.file_type in BARE
        return TruthRow(
            source=self.source,
            external_id=f"cloud:{record.uuid}" if cloudy else record.uuid,
            file_id=f"{record.uuid}:{file.file_type}:{zulu(file.begin)}"
            if bare and cloudy
            else file.file_id,
            kind=file.kind,
            available_at=file.ready_at,
            sha256=file.content.sha256,
            bytes=file.content.size_bytes,
            duration_s=file.content.seconds if isinstance(file.content, Take) else None,
            keys=tuple(keys),
            began_at=record.meeting.started_at,
        )

    def _secret_name(self) -> str:
        if self.source == self.name:
            return _SECRET_NAME
        plain = "".join(c if c.isalnum() else "_" for c in self.source).upper()
        return f"{_SECRET_NAME}_{plain}"


def _comes_true(file: File, record: Record) -> bool:
    """Whether *file* is ever offered: it does not fail, and is ready before its record goes."""
    return not file.failed and file.ready_at < record.expires_at
