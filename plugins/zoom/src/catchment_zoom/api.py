"""Asks Zoom: two clients that share one token, and the few ways in which the hooks ask.

What continues a listing has a client of its own, because there code 300 means the page token and
anywhere else the question (sheet 1.3, 8.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from catchment.errors import Absent, CatchmentError, CursorLost, Refused, Unreachable
from catchment.model import Json
from catchment.payloads import read_as
from catchment.transport import Answer, Kit, Minted, Request, TokenRejected
from catchment_zoom import refusals, wire
from catchment_zoom.payloads import Listing, read_object
from catchment_zoom.scopes import Scope
from catchment_zoom.settings import ZoomSettings

T = TypeVar("T")


class Api:
    """Zoom's API under one app's credential.  Thread-safe; sends nothing when it is made."""

    def __init__(self, settings: ZoomSettings, kit: Kit) -> None:
        self._settings = settings
        self._kit = kit
        self._auth = kit.client(settings.auth_url, check=refusals.read_token_error)
        self.token = kit.oauth(self.mint, key=settings.client_id)
        url, token = settings.api_url, self.token
        self._first = kit.client(url, auth=token, check=refusals.read_error, budget="medium")
        self._later = kit.client(url, auth=token, check=refusals.read_page_error, budget="medium")

    def mint(self) -> Minted:
        """A new token (2.1); the secret is read anew each time."""
        settings = self._settings
        secret = settings.client_secret.read()
        request = wire.build_token(settings.account_id, settings.client_id, secret)
        return refusals.read_minted(self._auth.send(request))

    def forget_token(self) -> None:
        """Let the next request have a new token: one of before a scope was added lacks it (2.1)."""
        with suppress(CatchmentError):  # without a token there is none to forget
            self.token.reject(self.token.token())

    def now(self) -> datetime:
        """The platform's time."""
        return self._kit.clock.now() + self._kit.offset

    def send(self, request: Request) -> Answer:
        """Send *request* by the client that can read what its refusal means."""
        client = self._later if wire.is_later_page(request) else self._first
        return client.send(request)

    def ask(self, request: Request) -> Json:
        """The JSON object that answers *request*."""
        return read_object(self.send(request))

    def rows(self, build: Callable[..., Request], name: str) -> Iterator[Json]:
        """The rows called *name* of all pages of a short listing that has no cursor of ours."""
        token, seen = "", {""}
        while True:
            try:
                listing = read_as(Listing, self.ask(build(token=token)))
            except CursorLost as error:
                raise Unreachable(f"{error} between two pages; all are asked for again") from error
            yield from getattr(listing, name)
            token = listing.next_page_token
            if not token:
                return
            if token in seen:
                raise Unreachable("Zoom gave the same page token twice")
            seen.add(token)

    def optional(self, scope: Scope, ask: Callable[[], T]) -> T | None:
        """What *ask* gives; ``None`` where the app's scopes or Zoom do not allow it.

        The token says what it may be used for, so that nothing is asked in vain; a dead credential
        is never mistaken for a missing permission.
        """
        if not scope.held(self.token.held().scope):
            return None
        try:
            return ask()
        except TokenRejected:
            raise
        except (Absent, Refused):
            return None
