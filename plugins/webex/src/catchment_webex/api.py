"""Asks Webex: one client, one rotating token, and the few ways in which the hooks ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from catchment.errors import Absent, CatchmentError, NeedsPerson, Refused, Unreachable
from catchment.model import Account, Finding, Json, Person, Ref
from catchment.payloads import read_as, read_rows
from catchment.transport import Answer, Check, Client, Kit, Minted, Request, TokenRejected
from catchment_webex import paging, refusals
from catchment_webex.ids import read_uuid
from catchment_webex.payloads import Me, Site, read_items, read_object
from catchment_webex.settings import WebexSettings

T = TypeVar("T")

BUDGET = "api"
"""The budget that requests count against: adapters declare it, about 300 a minute (7)."""

PER_MINUTE = 300
PROFILE_SCOPES = "spark:people_read"


class Api:
    """Webex's API under one app's credential.  Thread-safe; sends nothing when it is made.

    Args:
        settings: Whose credential.
        kit: Clock, clients and tokens.
        budget: The name of the adapter's budget that requests count against.

    Attributes:
        settings: Whose credential.
        token: The bearer, renewed with a refresh token that may change each time (3.3).
    """

    def __init__(self, settings: WebexSettings, kit: Kit, *, budget: str = BUDGET) -> None:
        self.settings = settings
        self._kit = kit
        self._budget = budget
        self._auth = kit.client(settings.api_url, check=refusals.read_token_error)
        self.token = kit.rotating_oauth(
            self.mint,
            key=f"webex/{settings.client_id}",
            seed=settings.refresh_token.read,
            seal=settings.client_secret.read,
        )
        self._client = self.client(settings.api_url)

    def client(self, base_url: str, *, check: Check = refusals.read_error) -> Client:
        """A client of *base_url* under the same bearer: the API, or another host of Webex's."""
        return self._kit.client(base_url, auth=self.token, check=check, budget=self._budget)

    def mint(self, refresh_token: str) -> Minted:
        """New tokens for *refresh_token*; the client secret is read anew each time (3.3)."""
        secret = self.settings.client_secret.read()
        return refusals.read_minted(
            self._auth.send(build_refresh(self.settings.client_id, secret, refresh_token))
        )

    def now(self) -> datetime:
        """The platform's time."""
        return self._kit.clock.now() + self._kit.offset

    # --- asking --------------------------------------------------------------------------------

    def send(self, request: Request) -> Answer:
        """Send *request* to the API."""
        return self._client.send(request)

    def ask(self, request: Request) -> Json:
        """The JSON object that answers *request*."""
        return read_object(self.send(request))

    def pages(self, request: Request) -> Iterator[Answer]:
        """The answers to *request* and to all pages after it.

        Raises:
            Unreachable: The platform gave a page that it gave before; it would never end.
        """
        seen: set[str] = set()
        following: Request | None = request
        while following is not None:
            seen.add(paging.write_cursor(following))
            answer = self.send(following)
            yield answer
            following = paging.build_next(request, answer)
            if following is not None and paging.write_cursor(following) in seen:
                raise Unreachable(f"Webex gave the same page twice ({request.label})")

    def rows(self, request: Request, name: str = "items") -> Iterator[Mapping[str, Any]]:
        """The rows called *name* of all pages of a list that is short enough to hold."""
        for answer in self.pages(request):
            yield from read_items(answer, name)

    def optional(self, ask: Callable[[], T]) -> T | None:
        """What *ask* gives; ``None`` where Webex has it not or does not permit it.

        A dead credential is never mistaken for a missing permission.
        """
        try:
            return ask()
        except TokenRejected:
            raise
        except (Absent, Refused):
            return None

    def may(self, *scopes: str) -> bool:
        """Whether the token has one of *scopes*; true where the platform did not say (3.3)."""
        held = set(self.token.held().scope.replace(",", " ").split())
        return not held or not held.isdisjoint(scopes)

    # --- who we are ----------------------------------------------------------------------------

    def me(self) -> Me:
        """Who the token acts as (10)."""
        return read_as(Me, self.ask(Request("GET", "/people/me")))

    def account(self) -> Account:
        """The organisation of the token, by its bare UUID, which is the same in every region.

        Raises:
            Refused: The token is not accepted, or may not tell whose it is.
        """
        try:
            me = self.me()
        except (TokenRejected, refusals.WrongRegion):
            raise
        except Refused as error:
            raise Refused(
                f"the organisation cannot be told: {error}",
                remedy=f"Add the scope {PROFILE_SCOPES} to the app and authorise it anew.",
            ) from error
        if not me.org_id:
            raise Unreachable("Webex did not say which organisation the token belongs to")
        return Account(read_uuid(me.org_id))

    def sites(self) -> tuple[Site, ...]:
        """The sites that the account reaches, the preferred one first (10).

        ``/meetingPreferences/sites`` says which is preferred; where it is not permitted, the sites
        of the account's own profile stand in.
        """
        told = self.optional(lambda: self.ask(Request("GET", "/meetingPreferences/sites")))
        sites = [read_as(Site, row) for row in read_rows((told or {}).get("sites"))]
        if not sites:
            sites = [Site(site_url=url) for url in self.me().site_urls]
        named = {site.site_url.lower(): site for site in reversed(sites) if site.site_url}
        return tuple(sorted(named.values(), key=lambda site: (not site.default, site.site_url)))

    def people(self) -> Iterator[Person]:
        """Everybody in the directory, by UUID and e-mail address."""
        params = (("max", str(paging.PAGE_SIZE)),)
        for row in self.rows(Request("GET", "/people", params=params)):
            person = map_person(read_as(Me, row))
            if person is not None:
                yield person

    # --- what catchment check asks -------------------------------------------------------------

    def check_token(self) -> Iterator[Finding]:
        """Renew the token, so that a dead refresh token shows now, and say whose it is."""
        try:
            self.token.reject(self.token.token())
            held = self.token.held()
        except CatchmentError as error:
            yield Finding("access token", "fail", str(error), error.remedy)
            return
        scopes = f"{len(held.scope.split())} scopes granted" if held.scope else "renewed"
        yield Finding("access token", "pass", f"{scopes}, good until {held.expires_at:%Y-%m-%d}")
        yield self.probe("own profile", self.me, scope=PROFILE_SCOPES)

    def probe(
        self,
        what: str,
        ask: Callable[[], object],
        *,
        scope: str = "",
        needed: bool = True,
        why: str = "",
        absent_passes: bool = True,
    ) -> Finding:
        """Ask a harmless question and say what came of it.

        Args:
            what: What it proves, in a few words.
            ask: The question.
            scope: What the app needs for it.
            needed: The source cannot do without.
            why: What is lost without it.
            absent_passes: "No such thing" proves the permission: it was about nothing.
        """
        verdict: Any = "fail" if needed else "warn"
        advice = f"Add the scope {scope} to the app and authorise it anew; " if scope else ""
        remedy = advice + refusals.SCOPES_AND_ROLES if advice else refusals.SCOPES_AND_ROLES
        try:
            ask()
        except Absent as error:
            if absent_passes:
                return Finding(what, "pass", "permitted")
            return Finding(what, verdict, _join(str(error), why), remedy)
        except refusals.WrongRegion as error:
            return Finding(what, verdict, _join(str(error), why), error.remedy)
        except NeedsPerson as error:
            return Finding(what, verdict, _join(str(error), why), remedy)
        except CatchmentError as error:
            return Finding(what, "warn", f"could not be tried: {error}", "Try again later.")
        return Finding(what, "pass", "permitted")


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def build_refresh(client_id: str, client_secret: str, refresh_token: str) -> Request:
    """``POST /access_token`` with the refresh grant, as a form (3.3)."""
    return Request(
        "POST",
        "/access_token",
        form={
            "grant_type": "refresh_token",
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": refresh_token,
        },
    )


def map_person(row: Me) -> Person | None:
    """A row of ``/people`` as a person; ``None`` for one without any id."""
    emails = tuple(dict.fromkeys(email.strip().lower() for email in row.emails if email.strip()))
    refs = [Ref("user", read_uuid(row.id))] if row.id else []
    refs += [Ref("email", email) for email in emails]
    if not refs:
        return None
    return Person(
        refs=tuple(refs),
        name=row.name,
        email=next(iter(emails), ""),
        team=row.department,
        active=row.login_enabled is not False,
    )
