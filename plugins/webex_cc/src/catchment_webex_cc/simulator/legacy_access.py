"""Who may ask the older APIs: a signed header in CMSv1, a bearer in CMSv2 (7.1, 7.6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta

from starlette.requests import Request

from catchment_webex.simulator.answers import reject
from catchment_webex.simulator.oauth import Token
from catchment_webex_cc.simulator.tenant import ContactCenterTenant


def sign(api_key: str, email: str) -> str:
    """What ``Authorization`` begins with: HMAC-SHA1 of the user's address (7.1)."""
    drawn = hmac.new(api_key.encode(), email.encode(), hashlib.sha1).digest()
    return base64.b64encode(drawn).decode()


def has_bearer(request: Request) -> bool:
    """Whether this is CMSv2."""
    return request.headers.get("authorization", "").lower().startswith("bearer ")


def build_admission(tenant: ContactCenterTenant) -> Callable[[Request], Token]:
    """Says whose request it is, in either generation."""

    def admit(request: Request) -> Token:
        if has_bearer(request):
            return tenant.tokens.admit(request.headers["authorization"])
        told, _, rest = request.headers.get("authorization", "").partition(";")
        # with or without a blank behind the semicolon (7.1)
        named = rest.strip() == f"tenantId={tenant.tenant_id}"
        signed = hmac.compare_digest(told.strip(), sign(tenant.api_key, tenant.username))
        if not (named and signed and request.headers.get("from") == tenant.username):
            raise reject(tenant.switches.legacy_refused, "Authentication failed.")
        grant = tenant.grant("administrator")
        until = tenant.clock.now() + timedelta(hours=1)
        return Token("", grant.user, frozenset({"cjp:config_read"}), until, 0)

    return admit
