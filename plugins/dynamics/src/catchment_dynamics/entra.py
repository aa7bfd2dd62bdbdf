"""Tokens of Microsoft Entra ID by client credentials (1.1), got with Microsoft's own library.

The library gets our own client instead of its own, so that time limits, proxies, certificate
authorities and errors are those of everything else; and it is made anew for each token, so that it
keeps nothing and a secret that was rotated is read at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from catchment.errors import CatchmentError, Refused, Unreachable
from catchment.transport import Answer, Client, Minted, Request
from catchment_dynamics import wire
from catchment_dynamics.settings import DynamicsSettings

USUAL_LIFE = timedelta(seconds=3599)
"""How long a token lives where the answer does not say (1.1)."""

_ACCEPT = tuple(status for status in range(400, 500) if status not in (408, 429))
"""Statuses that the library reads itself; the rest are errors of ours."""

_PASSING = ("temporarily_unavailable", "server_error")
_CODE = re.compile(r"AADSTS(\d{4,8})")
_ID = re.compile(r"[0-9a-fA-F-]{8,40}")

_NEW_KEY = (
    "Create a new client secret for the app (Entra admin center, App registrations, Certificates & "
    "secrets), put its value where the setting client_secret points, and run 'catchment check'."
)
_CLIENT = (
    "Compare the setting client_id with 'Application (client) ID' of the app registration, and "
    "tenant_id with its 'Directory (tenant) ID'."
)
_TENANT = "Correct the setting tenant_id: 'Directory (tenant) ID' of the app registration."
_RESOURCE = (
    "Correct the setting url: the environment's own address with its region number, of an "
    "environment that belongs to the tenant of tenant_id."
)

_MEANINGS: Mapping[int, tuple[str, str]] = {
    70011: ("the environment's address is no scope: the setting url is wrong", _RESOURCE),
    1002012: ("the environment's address is no scope: the setting url is wrong", _RESOURCE),
    7000215: ("the client secret is wrong: the setting client_secret", _NEW_KEY),
    7000222: ("the client secret has expired: the setting client_secret", _NEW_KEY),
    700016: ("the tenant does not know the application: the setting client_id", _CLIENT),
    7000112: ("the application is disabled: the setting client_id", _CLIENT),
    90002: ("there is no such tenant: the setting tenant_id", _TENANT),
    900023: ("there is no such tenant: the setting tenant_id", _TENANT),
    500011: ("the environment is not one of this tenant: the setting url", _RESOURCE),
}
"""What each code means in terms of our settings (1.1)."""


class Mint:
    """Gets a new token each time it is called.

    Args:
        settings: Of which tenant, as which application, for which environment.
        client: A client of the setting ``login_url``, without a bearer.
    """

    def __init__(self, settings: DynamicsSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def __call__(self) -> Minted:
        """A new token for the environment.

        Raises:
            Refused: Entra does not grant one; the sentence names the setting to look at.
            RateLimited: It asked us to wait.
            Unreachable: It did not answer, or not in the way that is agreed.
        """
        import msal  # slow to import, and not needed until something is asked

        settings = self._settings
        http = _Http(self._client, settings.login_url)
        try:
            app = msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=settings.client_secret.read(),
                authority=f"{settings.login_url}/{settings.tenant_id}",
                instance_discovery=False,
                http_client=http,
            )
            told = app.acquire_token_for_client([f"{settings.url}/.default"])
        except (ValueError, KeyError, RuntimeError) as error:
            raise _explain_discovery(http.refused) from error
        if not isinstance(told, Mapping) or "access_token" not in told:
            raise read_refusal(told if isinstance(told, Mapping) else {})
        return Minted(str(told["access_token"]), _read_life(told.get("expires_in")))


def read_refusal(told: Mapping[str, Any]) -> CatchmentError:
    """What an error of the token endpoint means (1.1).

    Of its description no more than the code is told: the rest may hold names and ids of others.
    The ids of the request are told, which Microsoft's support asks for.
    """
    codes = _list_codes(told)
    support = ", ".join(
        f"{name.replace('_', ' ')} {told[name]}"
        for name in ("trace_id", "correlation_id")
        if isinstance(told.get(name), str) and _ID.fullmatch(told[name])
    )
    name = f"AADSTS{codes[0]}" if codes else "no code"
    what = f"({name}; {support})" if support else f"({name})"
    if told.get("error") in _PASSING:
        return Unreachable(f"Microsoft Entra ID is in trouble {what}")
    known = next((code for code in codes if code in _MEANINGS), None)
    if known is None:
        return Refused(
            f"Microsoft Entra ID does not grant a token {what}",
            remedy="Look up the code at https://login.microsoftonline.com/error, and compare "
            "the settings tenant_id, client_id, client_secret and url with the app registration.",
        )
    meaning, remedy = _MEANINGS[known]
    return Refused(f"{meaning} {what}", remedy=remedy)


def _explain_discovery(refused: Mapping[str, Any] | None) -> CatchmentError:
    """Why the library did not come as far as asking for a token."""
    if refused is None:
        return Unreachable(
            "the login host did not tell where tokens are asked for",
            remedy="See whether the setting login_url is right, and look for a proxy in between.",
        )
    if _list_codes(refused):
        return read_refusal(refused)
    return Refused(
        "the login host does not know the tenant: the setting tenant_id or login_url",
        remedy=_TENANT,
    )


def _list_codes(told: Mapping[str, Any]) -> list[int]:
    codes = told.get("error_codes")
    listed = [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []
    return listed or [int(one) for one in _CODE.findall(str(told.get("error_description") or ""))]


def _read_life(told: object) -> timedelta:
    try:
        return timedelta(seconds=int(str(told)))
    except ValueError:
        return USUAL_LIFE


class _Response:
    """An answer as the library wants it."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.text = answer.body.decode("utf-8", "replace")
        self.headers = answer.headers

    def raise_for_status(self) -> None:
        """Do nothing: what is no answer was raised by the client already."""


class _Http:
    """The library's HTTP client: ours.

    Attributes:
        refused: The body of the last answer that was an error.
    """

    def __init__(self, client: Client, login_url: str) -> None:
        self._client = client
        self._login_url = login_url
        self.refused: Mapping[str, Any] | None = None

    def get(self, url: str, params: Any = None, headers: Any = None, **_further: Any) -> _Response:
        """Send a question."""
        return self._send(Request("GET", url, _pairs(params), headers=_pairs(headers)))

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_further: Any
    ) -> _Response:
        """Send a form."""
        form = {name: str(value) for name, value in (data or {}).items()}
        return self._send(Request("POST", url, _pairs(params), form=form, headers=_pairs(headers)))

    def close(self) -> None:
        """Do nothing: the client is closed with the source."""

    def _send(self, request: Request) -> _Response:
        # The secret goes to the host of the settings, wherever its own words point.
        if not wire.is_same_origin(request.path, self._login_url):
            raise Refused(
                "the login host sends us elsewhere for tokens",
                remedy="See whether the setting login_url is right.",
            )
        answer = self._client.send(
            Request(
                request.method, request.path, request.params,
                form=request.form, headers=request.headers, accept=_ACCEPT,
            )
        )  # fmt: skip
        body = answer.json()
        if answer.status >= 400:
            self.refused = body if isinstance(body, Mapping) else {}
        return _Response(answer)


def _pairs(told: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in dict(told or {}).items())
