"""Asks Dataverse as one application user, whose tokens Microsoft's own library gets (1).

Nothing is sent when it is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from catchment.errors import Absent, AdapterFault, CursorLost, Truncated, Unreachable
from catchment.model import Json
from catchment.transport import Answer, Kit, OAuthToken, Request
from catchment_dynamics import wire
from catchment_dynamics.entra import Mint
from catchment_dynamics.refusals import TableMissing, read_error
from catchment_dynamics.settings import DynamicsSettings

MOST_PAGES = 10_000
"""A listing of more pages than this does not end; each has up to 5,000 rows."""


def name_budget(settings: DynamicsSettings) -> str:
    """The budget that requests count against: the platform counts each application user (2.8)."""
    return f"api/{settings.client_id}"


class Access:
    """One environment as one application user sees it.  Thread-safe.

    Attributes:
        settings: Which environment, and as whom.
        token: The bearer.
    """

    def __init__(self, settings: DynamicsSettings, kit: Kit) -> None:
        self.settings = settings
        self._kit = kit
        parts = urlsplit(settings.url)
        mint = Mint(settings, kit.client(settings.login_url))
        key = f"dynamics/{settings.client_id}/{parts.netloc}"
        self.token: OAuthToken = kit.oauth(mint, key=key)
        self.base_url = settings.url + wire.ROOT
        self._api = kit.client(
            self.base_url, auth=self.token, check=read_error, budget=name_budget(settings)
        )

    @property
    def token_host(self) -> str:
        """The environment's host alone, as token hosts are told; signed links get no token."""
        parts = urlsplit(self.settings.url)
        assert parts.hostname
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{host}:{parts.port}" if parts.port else host

    def now(self) -> datetime:
        """The platform's time."""
        return self._kit.clock.now() + self._kit.offset

    def read_clock(self) -> datetime:
        """Our time, by which the age of what is remembered is told."""
        return self._kit.clock.now()

    def send(self, request: Request) -> Answer:
        """Send *request* with the headers that each needs (2.1)."""
        return self._api.send(replace(request, headers=(*wire.HEADERS, *request.headers)))

    def ask(self, request: Request) -> Json:
        """The JSON object that answers *request*.

        Raises:
            Unreachable: The answer is none.
        """
        body = self.send(request).json()
        if not isinstance(body, dict):
            raise Unreachable(f"{request.label} was answered with JSON that is not an object")
        return body

    def ask_page(self, request: Request) -> wire.Rows:
        """One page of rows.

        Raises:
            Unreachable: The answer is no list, which must not be taken for an empty one.
        """
        page = wire.read_page(self.ask(request))
        if page is None:
            raise Unreachable(f"{request.label} was answered without a list of rows")
        return page

    def list_rows(self, request: Request) -> Iterator[dict[str, Any]]:
        """All rows that answer *request*, page after page.

        Raises:
            Truncated: The listing does not end.
            Unreachable: It broke off between two pages; another attempt begins anew.
        """
        page = self.ask_page(request)
        yield from page.rows
        if not page.next_link:
            return
        try:
            for after in self.list_pages(request, page.next_link):
                yield from after.rows
        except CursorLost as error:
            raise Unreachable(f"{request.label} broke off: {error}") from error

    def list_pages(self, request: Request, link: str) -> Iterator[wire.Rows]:
        """The page behind *link* and all after it, with the headers of *request*.

        Raises:
            CursorLost: Dataverse does not understand a link any more.
            Truncated: The same page comes again and again, or there are more than ``MOST_PAGES``.
        """
        given: set[str] = set()
        while link:
            if link in given or len(given) >= MOST_PAGES:
                raise Truncated(f"{request.label} gives the same page again and again")
            given.add(link)
            page = self.resume(request, link)
            yield page
            link = page.next_link

    def follow(self, request: Request, link: str) -> Request:
        """The question for the page behind *link*, verbatim, with the headers of *request* (2.4).

        Raises:
            CursorLost: The link leads elsewhere: nobody else is sent our token.
        """
        if not wire.is_same_origin(link, self.settings.url):
            raise CursorLost("the link to the next page leads to another host")
        return Request("GET", link, headers=request.headers)

    def resume(self, request: Request, link: str) -> wire.Rows:
        """The page behind *link*, from where a listing shall go on.

        Raises:
            CursorLost: Dataverse does not understand the link any more.
        """
        try:
            return self.ask_page(self.follow(request, link))
        except (AdapterFault, Absent, TableMissing) as error:
            raise CursorLost(f"the listing cannot be continued: {error}") from error
