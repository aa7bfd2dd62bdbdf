"""Asks the contact center: one credential, one client for the API, one for recordings.

Nothing is sent when it is made.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from catchment.errors import AdapterFault, Refused, WrongAccount
from catchment.model import Json
from catchment.payloads import read_as
from catchment.transport import (
    Answer,
    Client,
    Kit,
    Minted,
    OAuthToken,
    Request,
    RotatingToken,
    TokenSource,
)
from catchment_webex import refusals as webex_refusals
from catchment_webex.api import build_refresh
from catchment_webex.ids import read_uuid
from catchment_webex.payloads import Me, read_object
from catchment_webex_cc.refusals import read_error, read_key_error
from catchment_webex_cc.settings import WebexContactCenterSettings
from catchment_webex_cc.signature import Signature

BUDGET = "api"
"""The budget that requests count against, 300 a minute (1.3)."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Access:
    """The contact center under one credential.  Thread-safe.

    Attributes:
        settings: Whose credential.
        token: The bearer, or CMSv1's signature.
    """

    def __init__(self, settings: WebexContactCenterSettings, kit: Kit) -> None:
        self.settings = settings
        self._kit = kit
        signed = settings.generation == "cms1"
        check = read_key_error if signed else read_error
        self._auth: Client | None = None
        if not signed:
            self._auth = kit.client(settings.auth_url, check=webex_refusals.read_token_error)
        self.token: TokenSource = self._open_token()
        self._api = kit.client(settings.api_url, auth=self.token, check=check, budget=BUDGET)
        self._media: Client | None = None
        if settings.media_url:
            self._media = kit.client(
                settings.media_url, auth=self.token, check=check, budget=BUDGET
            )
        self._profile: Client | None = None
        if not signed:
            self._profile = kit.client(settings.auth_url, auth=self.token, check=read_error)

    def now(self) -> datetime:
        """The platform's time."""
        return self._kit.clock.now() + self._kit.offset

    # --- asking --------------------------------------------------------------------------------

    def send(self, request: Request) -> Answer:
        """Send *request* to the API."""
        return self._api.send(request)

    def ask(self, request: Request) -> Json:
        """The JSON object that answers *request*."""
        return read_object(self.send(request))

    def look(self, request: Request) -> Answer:
        """Send *request* to where recordings are."""
        if self._media is None:
            raise AdapterFault("there is no media_url to ask for recordings")
        return self._media.send(request)

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """The one host that is sent the credential with a download, as token hosts are told."""
        parts = urlsplit(self.settings.media_url)
        if not parts.hostname:
            return ()
        if parts.scheme == "http" or parts.port:
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            return (f"{host}:{parts.port or (80 if parts.scheme == 'http' else 443)}",)
        return (parts.hostname,)

    # --- the credential ------------------------------------------------------------------------

    def prove(self) -> None:
        """Get a token: a dead authorisation is never taken for a missing permission."""
        self.token.token()

    def _open_token(self) -> TokenSource:
        settings = self.settings
        if settings.generation == "cms1":
            assert settings.api_key is not None
            return Signature(settings.username, settings.api_key, settings.tenant_id)
        if settings.refresh_token is not None:
            assert settings.client_secret is not None
            return self._kit.rotating_oauth(
                self._mint,
                key=f"webex/{settings.client_id}",
                seed=settings.refresh_token.read,
                seal=settings.client_secret.read,
            )
        key = f"webex/{settings.application_id}/{settings.organisation_id}"
        return self._kit.oauth(self._mint_for_service, key=key)

    def _mint(self, refresh_token: str) -> Minted:
        """New tokens for *refresh_token* (1.2); the client secret is read anew each time."""
        settings = self.settings
        assert self._auth is not None
        assert settings.client_secret is not None
        request = build_refresh(settings.client_id, settings.client_secret.read(), refresh_token)
        return webex_refusals.read_minted(self._auth.send(request))

    def _mint_for_service(self) -> Minted:
        """A token of the Service App for the organisation of the settings (1.2)."""
        settings = self.settings
        assert self._auth is not None
        assert settings.client_secret is not None
        assert settings.app_token is not None
        request = Request(
            "POST",
            f"/applications/{settings.application_id}/token",
            json={
                "clientId": settings.client_id,
                "clientSecret": settings.client_secret.read(),
                "targetOrgId": settings.organisation_id,
            },
            headers=(("Authorization", f"Bearer {settings.app_token.read()}"),),
        )
        return webex_refusals.read_minted(self._auth.send(request))

    # --- whose it is ---------------------------------------------------------------------------

    def told_expiry(self) -> str:
        """Until when the bearer is good, for people; empty for a signature."""
        if isinstance(self.token, OAuthToken | RotatingToken):
            return f"good until {self.token.held().expires_at:%Y-%m-%d}"
        return ""

    def find_organisation(self) -> str:
        """The organisation of the bearer: the end of its text, or what its profile says (1.2)."""
        told = self.token.token().split("_", 2)
        suffix = told[2].lower() if len(told) == 3 else ""
        if _UUID.fullmatch(suffix):
            return suffix
        last = self.token.token().rpartition("_")[2].lower()
        if _UUID.fullmatch(last):
            return last
        assert self._profile is not None
        me = read_as(Me, read_object(self._profile.send(Request("GET", "/people/me"))))
        return read_uuid(me.org_id) if me.org_id else ""

    def prove_organisation(self) -> None:
        """See that the bearer is of the organisation of the settings, before anything is written.

        A browser in which another session was open gives a token of another organisation without
        an error (9).

        Raises:
            WrongAccount: It is another one's.
            Refused: Whose it is cannot be told.
        """
        expected, found = self.settings.organisation_id, self.find_organisation()
        if not found:
            raise Refused(
                "Webex does not say which organisation the token belongs to",
                remedy="Add the scope spark:people_read to the app and authorise it anew.",
            )
        if found != expected:
            raise WrongAccount(
                f"the token belongs to organisation {found}, and the setting organisation_id names "
                f"{expected}",
                remedy="Correct organisation_id, or authorise the app as an administrator of that "
                "organisation, in a browser in which no other one is signed in.",
            )
