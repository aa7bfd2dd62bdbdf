"""A platform that tells what time it is there, with each of its answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from tests.core.engine.platform import Reply, Stage, Tin

from catchment.adapters import Source
from catchment.hookspecs import hookimpl
from catchment.model import Account, Page, Span
from catchment.transport import Client, Kit, Request


@dataclass
class PlatformClock:
    """The clock of the platform.

    Attributes:
        stage: Whose cloud it is.
        ahead: How far it is ahead of ours.
    """

    stage: Stage
    ahead: timedelta
    clients: list[Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server, _, self._path = self.stage.cloud.link("any", "date").partition("/1/")

    def ask(self) -> None:
        """Ask the platform for anything, which comes with its ``Date``."""
        date = format_datetime(self.stage.clock.now() + self.ahead, usegmt=True)
        self.stage.cloud.replies["date"] = [Reply(200, b"{}", headers={"Date": date})]
        self.clients[-1].send(Request("GET", f"/1/{self._path}"))

    def open(self, kit: Kit) -> None:
        """Have an adapter ask through its own connection from now on."""
        self.clients.append(kit.client(self._server))


def tell_time(stage: Stage, ahead: timedelta, **declared: Any) -> PlatformClock:
    """Have the platform's ``Date``, which is *ahead* of our clock, come with each hook's answer.

    Args:
        stage: The stage; what *declared* says is set on its adapter's class.
        ahead: How far ahead.
    """
    clock = PlatformClock(stage, ahead)

    class Dated(Tin):
        def __init__(self, source: Source, kit: Kit) -> None:
            super().__init__(source, kit)
            clock.open(kit)

        @hookimpl
        def account(self) -> Account:
            """Whatever the cloud says it is, and when."""
            clock.ask()
            return super().account()

        @hookimpl
        def poll(self, span: Span) -> Iterator[Page]:
            """What the cloud lists, and when."""
            clock.ask()
            yield from super().poll(span)

    stage.configure(base=Dated, **declared)
    return clock
