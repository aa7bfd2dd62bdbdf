"""Configuration objects of the older APIs, in their two envelopes (7.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, not_found
from catchment_webex.simulator.api import Handler
from catchment_webex_cc.simulator.directory import SITES, UPDATED_MS, User, make_short
from catchment_webex_cc.simulator.host import read
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

Row = dict[str, Any]

OPERATIONS = (
    read("users", "/security/users"),
    read("user data", "/auxiliary-data/user-data/{kind}"),
    read("resources", "/auxiliary-data/resources/{kind}"),
    read("resource", "/auxiliary-data/resources/{kind}/{id}", "document"),
)


def build_legacy_directory(tenant: ContactCenterTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    writers: Mapping[str, Callable[[], list[Row]]] = {
        "team": lambda: _list_teams(tenant),
        "virtual-team": lambda: _list_queues(tenant),
        "site": lambda: _list_sites(tenant),
        "skill": list,
        "skill-profile": list,
    }

    def list_users(call: Call) -> Answer:
        rows = tenant.faults.rows(_list_users(tenant), "users")
        return Answer(200, {"details": {"users": rows}})

    def list_user_data(call: Call) -> Answer:
        if call.path["kind"] != "user":
            return Answer(200, {"auxiliaryDataList": []})
        login = call.query.get("login__s")
        rows = [row for row in _list_users(tenant) if login in (None, row["login"])]
        told = [_wrap(row["id"], "user", row["attributes"], "USER-DATA") for row in rows]
        return Answer(200, {"auxiliaryDataList": told})

    def list_resources(call: Call) -> Answer:
        kind = call.path["kind"]
        if kind not in writers:
            raise not_found(kind)
        rows = tenant.faults.rows(writers[kind](), kind)
        return Answer(200, {"auxiliaryDataList": rows})

    def get_resource(call: Call) -> Answer:
        rows = writers[call.path["kind"]]() if call.path["kind"] in writers else []
        found = [row for row in rows if row["id"] == call.path["id"]]
        if not found:
            raise not_found(call.path["kind"])
        return Answer(200, {"auxiliaryDataList": found})

    return {
        "users": list_users,
        "user data": list_user_data,
        "resources": list_resources,
        "resource": get_resource,
    }


def _wrap(own_id: str, kind: str, attributes: Row, sort: str = "RESOURCES") -> Row:
    return {"id": own_id, "auxiliaryDataType": sort, "type": kind, "attributes": attributes}


def _stamp(tenant: ContactCenterTenant, own_id: str, number: int) -> Row:
    return {
        "dbId__l": number,
        "tid": tenant.legacy_tenant,
        "sid": own_id,
        "cstts": 1563309037727,
        "_lmts__l": UPDATED_MS,
    }


def _site_id(tenant: ContactCenterTenant, name: str) -> str:
    return make_short(tenant.ids, "site", name)


def _list_users(tenant: ContactCenterTenant) -> list[Row]:
    gone = tenant.switches.removed_user == "vanished"
    users = tenant.directory.users.values()
    return [_write_user(tenant, user) for user in users if not (user.removed and gone)]


def _write_user(tenant: ContactCenterTenant, user: User) -> Row:
    teams = tenant.directory.teams
    attributes = {
        "firstName__s": user.first,
        "lastName__s": user.last,
        "email__s": user.email,
        "status__i": int(user.active),
        "callCenterEnabled__i": int(user.handles),
        "externalId__s": f"E-{user.number % 10_000}",
        "defaultDn__s": user.tel,
        "siteId__s": _site_id(tenant, user.site),
        "teamIds__sa": [teams[name].short for name in user.teams if name in teams],
        "skillProfileId__s": "0",
        **_stamp(tenant, user.short, user.number),
    }
    return {
        "id": user.short,
        "login": user.email,
        "emailAddress": user.email,
        "attributes": attributes,
    }


def _list_teams(tenant: ContactCenterTenant) -> list[Row]:
    return [
        _wrap(
            team.short,
            "team",
            {
                "name__s": team.name,
                "teamType__i": 1 if team.kind == "AGENT" else 2,
                "teamStatus__s": "In Service" if team.active else "Not Available",
                "status__i": int(team.active),
                "siteId__s": _site_id(tenant, team.site),
                "capacity__l": 0,
                **_stamp(tenant, team.short, team.number),
            },
        )
        for team in tenant.directory.teams.values()
    ]


def _list_queues(tenant: ContactCenterTenant) -> list[Row]:
    """Queues and entry points, told apart by ``type__i``."""
    rows = []
    for queue in tenant.directory.queues.values():
        entry = make_short(tenant.ids, "entry point", queue.uuid)
        for own, name, kind, number in (
            (queue.short, queue.name, 1, queue.number),
            (entry, f"EP {queue.name}", 0, queue.number + 1),
        ):
            told = {"name__s": name, "type__i": kind, "status__i": int(queue.active)}
            rows.append(_wrap(own, "virtual-team", told | _stamp(tenant, own, number)))
    return rows


def _list_sites(tenant: ContactCenterTenant) -> list[Row]:
    return [
        _wrap(
            _site_id(tenant, name),
            "site",
            {"name__s": name, "status__i": 1, **_stamp(tenant, _site_id(tenant, name), number)},
        )
        for number, name in enumerate(SITES, 101)
    ]
