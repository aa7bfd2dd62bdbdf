"""The hosts as ASGI applications: tokens, the regional API, the object store, the older APIs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from catchment.sandbox import ASGIApp
from catchment_webex.simulator import Call, api_people
from catchment_webex.simulator.answers import Answer, forbidden, unauthorized
from catchment_webex.simulator.api import ApiHost, Handler
from catchment_webex.simulator.operations import Operation, Routes
from catchment_webex.simulator.trouble import spoil_api
from catchment_webex_cc.simulator import (
    api_captures,
    api_data,
    api_directory,
    api_search,
    api_statistics,
    legacy,
    legacy_directory,
    subscriptions,
)
from catchment_webex_cc.simulator.host import ContactCenterHost, spoil
from catchment_webex_cc.simulator.legacy_access import build_admission
from catchment_webex_cc.simulator.legacy_media import build_media
from catchment_webex_cc.simulator.store import build_store
from catchment_webex_cc.simulator.subscriptions import Subscriptions
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

APPLICATION = Operation(
    "application_token",
    "POST",
    "/applications/{application}/token",
    {"user": "spark:applications_token"},
)
"""A Service App's first token for an organisation (1.2)."""


def build_hosts(tenant: ContactCenterTenant, hooks: Subscriptions) -> Mapping[str, ASGIApp]:
    """Every host of one organisation."""
    return {
        "auth": spoil_api(_build_auth(tenant)),
        "api": spoil(_build_api(tenant, hooks)),
        "store": build_store(tenant),
        "rest": spoil(_build_rest(tenant)),
        "media": build_media(tenant),
    }


def _build_auth(tenant: ContactCenterTenant) -> ApiHost:
    routes = Routes((*api_people.OPERATIONS, APPLICATION))
    return ApiHost(
        tenant,
        routes,
        {**api_people.build_people(tenant), APPLICATION.name: _answer_application(tenant)},
        "auth",
    )


def _answer_application(tenant: ContactCenterTenant) -> Handler:
    """Tokens for whoever knows the app's secret, in an organisation that has authorised it."""

    def answer(call: Call) -> Answer:
        own, body = tenant.credentials, call.body
        if (body.get("clientId"), body.get("clientSecret")) != (own.client_id, own.client_secret):
            raise unauthorized()
        if body.get("targetOrgId") != tenant.org:
            raise forbidden()
        form = {
            "grant_type": "refresh_token",
            "client_id": own.client_id,
            "client_secret": own.client_secret,
            "refresh_token": own.refresh_token,
        }
        kind = {"content-type": "application/json"}
        return tenant.tokens.answer(kind, json.dumps(form).encode())

    return answer


def _build_api(tenant: ContactCenterTenant, hooks: Subscriptions) -> ContactCenterHost:
    operations = (
        *api_search.OPERATIONS,
        *api_captures.OPERATIONS,
        *api_data.OPERATIONS,
        *api_directory.OPERATIONS,
        *api_statistics.OPERATIONS,
        *subscriptions.OPERATIONS,
    )
    handlers = {
        **api_search.build_search(tenant),
        **api_captures.build_captures(tenant),
        **api_data.build_data(tenant),
        **api_directory.build_directory(tenant),
        **api_statistics.build_statistics(tenant),
        **hooks.handlers(),
    }
    return ContactCenterHost(tenant, Routes(operations, prefix=""), handlers, "api")


def _build_rest(tenant: ContactCenterTenant) -> ContactCenterHost:
    routes = Routes((*legacy.OPERATIONS, *legacy_directory.OPERATIONS), prefix="/aws/api")
    handlers = {**legacy.build_legacy(tenant), **legacy_directory.build_legacy_directory(tenant)}
    return ContactCenterHost(tenant, routes, handlers, "rest", build_admission(tenant))
