"""The helper resources: who am I, who is that, which sites are there (10)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from catchment_webex.simulator.answers import Answer, malformed, not_found
from catchment_webex.simulator.api import Handler
from catchment_webex.simulator.operations import Operation
from catchment_webex.simulator.tenant import Call, Tenant

OPERATIONS = (
    Operation("people_me", "GET", "/people/me"),
    Operation(
        "people",
        "GET",
        "/people",
        {"user": "spark:people_read", "admin": "spark-admin:people_read"},
        "list",
    ),
    Operation(
        "person",
        "GET",
        "/people/{person}",
        {"user": "spark:people_read", "admin": "spark-admin:people_read"},
    ),
    Operation(
        "sites",
        "GET",
        "/meetingPreferences/sites",
        {"user": "meeting:preferences_read", "admin": "meeting:admin_preferences_read"},
    ),
    Operation("token_expiry", "GET", "/authorizations/tokenExpiry"),
)


def build_people(tenant: Tenant[Any]) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    handlers = {
        "people_me": get_me,
        "people": list_people,
        "person": get_person,
        "sites": list_sites,
        "token_expiry": get_token_expiry,
    }
    return {name: partial(handler, tenant) for name, handler in handlers.items()}


def get_me(tenant: Tenant[Any], call: Call) -> Answer:
    """``GET /people/me``: whose token this is."""
    return Answer(200, tenant.account.tell(call.user))


def list_people(tenant: Tenant[Any], call: Call) -> Answer:
    """``GET /people?email=``; an administrator may also list everybody."""
    email, ids = call.query.get("email", ""), call.query.get("id", "")
    if email or ids:
        named = [tenant.account.find(name) for name in (email or ids).split(",")]
        found = [user for user in named if user is not None]
    elif "admin" in call.levels:
        found = list(tenant.account.users)
    else:
        raise malformed("Specify 'email', 'displayName' or 'id'.")
    told = [tenant.account.tell(user) for user in found]
    return tenant.page(call, told, usual=100, most=1000)


def get_person(tenant: Tenant[Any], call: Call) -> Answer:
    """``GET /people/{id}``, public or raw."""
    user = tenant.account.find(call.path["person"])
    if user is None:
        raise not_found("the person")
    return Answer(200, tenant.account.tell(user))


def list_sites(tenant: Tenant[Any], call: Call) -> Answer:
    """``GET /meetingPreferences/sites``: the envelope is ``sites`` here (1)."""
    user = tenant.acting(call, "userEmail") or call.user
    wanted = call.query.get("siteUrl", "")
    told = [
        {"siteUrl": site, "default": number == 0}
        for number, site in enumerate(user.sites)
        if wanted in ("", site)
    ]
    return Answer(200, {"sites": told})


def get_token_expiry(tenant: Tenant[Any], call: Call) -> Answer:
    """``GET /authorizations/tokenExpiry``: milliseconds of the epoch (3.3)."""
    return Answer(200, {"exp": int(call.expires_at.timestamp() * 1000)})
