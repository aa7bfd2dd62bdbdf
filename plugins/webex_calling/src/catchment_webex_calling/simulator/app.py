"""The hosts as ASGI applications: ``api``, the call history of two regions, media, AI notes."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from catchment.sandbox import ASGIApp
from catchment_webex.simulator import Call, api_people, registrations
from catchment_webex.simulator.answers import Answer, malformed
from catchment_webex.simulator.api import ApiHost, Handler
from catchment_webex.simulator.operations import Routes
from catchment_webex.simulator.registrations import Registrations, Resource
from catchment_webex.simulator.trouble import spoil_api
from catchment_webex_calling.simulator import api_recordings, api_upkeep
from catchment_webex_calling.simulator.api_history import HistoryApi
from catchment_webex_calling.simulator.media import build_media
from catchment_webex_calling.simulator.tenant import CallingTenant

RECORDINGS = Resource(
    name="convergedRecordings",
    events=("created",),
    scopes=api_recordings.READ,
    filters=("ownerEmail", "ownerId"),
)
"""The webhook resource (3.8)."""


def build_hosts(tenant: CallingTenant, hooks: Registrations) -> Mapping[str, ASGIApp]:
    """Every host of one organisation."""
    operations = (
        *api_recordings.OPERATIONS,
        *api_upkeep.OPERATIONS,
        *api_people.OPERATIONS,
        *registrations.OPERATIONS,
    )
    handlers = {
        **api_recordings.build_recordings(tenant),
        **api_upkeep.build_upkeep(tenant),
        **api_people.build_people(tenant),
        **hooks.handlers(),
    }
    handlers["create_webhook"] = _demand_org(handlers["create_webhook"])
    hosts = {"api": ApiHost(tenant, Routes(operations), handlers), **HistoryApi(tenant).hosts()}
    return {name: spoil_api(host) for name, host in hosts.items()} | dict(build_media(tenant))


def _demand_org(create: Handler) -> Handler:
    """Filters by owner are for webhooks of the whole organisation only (3.8)."""

    def answer(call: Call) -> Answer:
        filters = dict(parse_qsl(str(call.body.get("filter") or "")))
        if set(filters) & set(RECORDINGS.filters) and call.body.get("ownedBy") != "org":
            raise malformed("'filter' by owner requires 'ownedBy' to be 'org'.")
        return create(call)

    return answer
