"""The signature of CMSv1 (7.1): who asks, and proof that they know the user's API key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from catchment.secrets import Secret


def sign(api_key: str, username: str) -> str:
    """Base64 of the HMAC-SHA1 of the user's address under the API key."""
    digest = hmac.new(api_key.encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


class Signature:
    """A token source whose token is no bearer: it travels in two headers of CMSv1's own.

    The key is read anew each time, so that one that was changed needs no restart.
    """

    def __init__(self, username: str, api_key: Secret, tenant_id: str) -> None:
        self._username = username
        self._api_key = api_key
        self._tenant_id = tenant_id

    def token(self) -> str:
        """The signature."""
        return sign(self._api_key.read(), self._username)

    def reject(self, token: str) -> None:
        """There is no other one to be had."""

    def write_headers(self, token: str) -> Mapping[str, str]:
        """The headers that carry *token*."""
        authorization = f"{token}; tenantId={self._tenant_id}"
        return {"From": self._username, "Authorization": authorization}
