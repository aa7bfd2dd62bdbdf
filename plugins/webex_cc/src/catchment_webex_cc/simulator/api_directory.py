"""Configuration: users, teams, queues and what joins with them (5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, not_found
from catchment_webex.simulator.api import Handler
from catchment_webex_cc.simulator.directory import (
    CREATED_MS,
    IDLE_CODES,
    SITES,
    UPDATED_MS,
    VARIABLES,
    WRAP_UP_CODES,
    AgentTeam,
    ServiceQueue,
    User,
)
from catchment_webex_cc.simulator.host import read
from catchment_webex_cc.simulator.queries import read_number
from catchment_webex_cc.simulator.rsql import matches
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

Row = dict[str, Any]

ARRAYS = {
    "user": (),
    "team": ("userIds", "queueRankings"),
    "contact-service-queue": ("callDistributionGroups", "queueSkillRequirements", "agents"),
    "user-profile": ("permissions",),
}
"""Members that lists drop (5)."""

_HOME = "/organization/{org}"
ENTITIES = (
    "user",
    "team",
    "contact-service-queue",
    "site",
    "auxiliary-code",
    "entry-point",
    "cad-variable",
    "user-profile",
)
OPERATIONS = (
    read("organization", _HOME, "document"),
    read("by_ci", f"{_HOME}/user/by-ci-user-id/{{ci}}", "document"),
    read("by_ci_v2", f"{_HOME}/v2/user/by-ci-user-id/{{ci}}", "document"),
    read("with_profile", f"{_HOME}/user/with-user-profile"),
    *(read(f"list {name}", f"{_HOME}/v2/{name}") for name in ENTITIES),
    *(read(f"get {name}", f"{_HOME}/v2/{name}/{{id}}", "document") for name in ENTITIES),
    *(read(f"plain {name}", f"{_HOME}/{name}") for name in ENTITIES),
    *(read(f"one {name}", f"{_HOME}/{name}/{{id}}", "document") for name in ENTITIES),
    read("list v3 user-profile", f"{_HOME}/v3/user-profile"),
    read("list v3 contact-service-queue", f"{_HOME}/v3/contact-service-queue"),
)


def build_directory(tenant: ContactCenterTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    desk = _Desk(tenant)
    handlers: dict[str, Handler] = {
        "organization": desk.tell_organization,
        "by_ci": desk.get_by_ci,
        "by_ci_v2": desk.get_by_ci,
        "with_profile": partial(desk.list_plain, "user"),
        "list v3 user-profile": partial(desk.list_pages, "user-profile"),
        "list v3 contact-service-queue": partial(desk.list_pages, "contact-service-queue"),
    }
    for name in ENTITIES:
        handlers[f"list {name}"] = partial(desk.list_pages, name)
        handlers[f"plain {name}"] = partial(desk.list_plain, name)
        handlers[f"get {name}"] = handlers[f"one {name}"] = partial(desk.get_one, name)
    return handlers


class _Desk:
    """Answers calls about the configuration."""

    def __init__(self, tenant: ContactCenterTenant) -> None:
        self._tenant = tenant
        self._writers: Mapping[str, Callable[[], list[Row]]] = {
            "user": lambda: list_users(tenant),
            "team": lambda: list_teams(tenant),
            "contact-service-queue": lambda: list_queues(tenant),
            "site": lambda: [self._plain("site", name) for name in SITES],
            "auxiliary-code": self._list_codes,
            "entry-point": self._list_entry_points,
            "cad-variable": lambda: [self._plain("variable", name) for name in VARIABLES],
            "user-profile": self._list_profiles,
        }

    # --- other entities ---------------------------------------------------------------------------

    def _plain(self, sort: str, name: str, **more: Any) -> Row:
        own = {"id": self._tenant.ids.uuid(sort, name), "name": name, "active": True}
        return {"organizationId": self._tenant.org, **own, **more}

    def _list_codes(self) -> list[Row]:
        kinds = (("wrap-up", WRAP_UP_CODES), ("idle", IDLE_CODES))
        return [
            self._plain(sort, name, workTypeCode=f"{sort.replace('-', '_').upper()}_CODE")
            for sort, names in kinds
            for name in names
        ]

    def _list_entry_points(self) -> list[Row]:
        queues = self._tenant.directory.queues.values()
        return [
            self._plain("entry point", queue.uuid) | {"name": f"EP {queue.name}"}
            for queue in queues
        ]

    def _list_profiles(self) -> list[Row]:
        return [
            self._plain("profile", name, profileType=name, permissions=["*"])
            for name in ("ADMINISTRATOR", "SUPERVISOR", "STANDARD_AGENT")
        ]

    # --- calls ------------------------------------------------------------------------------------

    def tell_organization(self, call: Call) -> Answer:
        """Facts of the tenant; not in the specification, used by samples (5)."""
        told = {"id": self._tenant.org, "name": "Example Corp", "timezone": "UTC"}
        return Answer(200, {**told, "tenantId": self._tenant.tenant_id})

    def get_by_ci(self, call: Call) -> Answer:
        """By the id that captures tell; any other is unknown (5)."""
        for row in self._writers["user"]():
            if row["ciUserId"] == call.path["ci"]:
                return Answer(200, row)
        raise not_found("the user")

    def get_one(self, name: str, call: Call) -> Answer:
        """One entity, with its arrays."""
        for row in self._writers[name]():
            if row["id"] == call.path["id"]:
                return Answer(200, row)
        raise not_found(f"the {name}")

    def list_plain(self, name: str, call: Call) -> Answer:
        """The unversioned list: a bare array (5)."""
        return write_array([_drop(name, row) for row in self._writers[name]()])

    def list_pages(self, name: str, call: Call) -> Answer:
        """A page of a list, without the arrays of its members (5)."""
        tenant, query = self._tenant, call.query
        size = min(read_number(query, "pageSize", 100, 1, 1_000_000), tenant.switches.page_most)
        page = read_number(query, "page", 0, 0, 1_000_000)
        told = query.get("filter", "")
        rows = [row for row in self._writers[name]() if not told or matches(row, told)]
        searched = query.get("search", "").casefold()
        if searched:
            rows = [row for row in rows if searched in str(row).casefold()]
        pages = max(1, -(-len(rows) // size))
        wanted = [one for one in query.get("attributes", "").split(",") if one]
        cut = [_drop(name, row) for row in rows[page * size : (page + 1) * size]]
        if wanted:
            cut = [{key: row[key] for key in wanted if key in row} for row in cut]
        path = call.url.partition("/organization/")[2]

        def link(number: int) -> str:
            return f"/organization/{path}?page={number}&pageSize={size}"

        links = {"self": link(page), "first": link(0), "last": link(pages - 1)}
        if page + 1 < pages:
            links["next"] = link(page + 1)
        if page:
            links["prev"] = link(page - 1)
        meta = {"orgid": tenant.org, "page": page, "pageSize": size}
        meta |= {"totalPages": pages, "totalRecords": len(rows), "links": links}
        told_rows = tenant.faults.rows(cut, f"{name} {page}")
        return Answer(200, {"meta": meta, "data": told_rows})


def _drop(name: str, row: Row) -> Row:
    return {key: value for key, value in row.items() if key not in ARRAYS.get(name, ())}


def write_array(rows: list[Row]) -> Answer:
    """A bare JSON array."""
    return Answer(200, raw=json.dumps(rows, ensure_ascii=False).encode())


# --- entities --------------------------------------------------------------------------------


def list_users(tenant: ContactCenterTenant) -> list[Row]:
    """Every user; a removed one is inactive or not there (5)."""
    gone = tenant.switches.removed_user == "vanished"
    users = tenant.directory.users.values()
    return [_write_user(tenant, user) for user in users if not (user.removed and gone)]


def _write_user(tenant: ContactCenterTenant, user: User) -> Row:
    teams = tenant.directory.teams
    told = {
        "organizationId": tenant.org,
        "id": tenant.id(user),
        "version": 4,
        "ciUserId": user.ci_id,
        "firstName": user.first,
        "lastName": user.last,
        "email": user.email,
        "workPhone": user.tel,
        "active": user.active,
        "contactCenterEnabled": user.handles,
        "siteId": tenant.ids.uuid("site", user.site),
        "siteName": user.site,
        "teamIds": [tenant.id(teams[name]) for name in user.teams if name in teams],
        "userProfileId": tenant.ids.uuid("profile", "STANDARD_AGENT"),
        "deafultDialledNumber": user.tel,
        "externalIdentifier": f"E-{user.number % 10_000}",
        "dbId": str(user.number),
        "createdTime": CREATED_MS,
        "lastUpdatedTime": UPDATED_MS,
    }
    return {name: value for name, value in told.items() if value not in ("", [])}


def list_teams(tenant: ContactCenterTenant) -> list[Row]:
    """Every team, with its users."""
    return [_write_team(tenant, name, team) for name, team in tenant.directory.teams.items()]


def _write_team(tenant: ContactCenterTenant, key: str, team: AgentTeam) -> Row:
    users = tenant.directory.users.values()
    return {
        "organizationId": tenant.org,
        "id": tenant.id(team),
        "name": team.name,
        "teamType": team.kind,
        "teamStatus": "IN_SERVICE" if team.active else "NOT_AVAILABLE",
        "active": team.active,
        "siteId": tenant.ids.uuid("site", team.site),
        "siteName": team.site,
        "userIds": [tenant.id(user) for user in users if key in user.teams and user.active],
        "queueRankings": [],
        "dbId": str(team.number),
        "createdTime": CREATED_MS,
        "lastUpdatedTime": UPDATED_MS,
    }


def list_queues(tenant: ContactCenterTenant) -> list[Row]:
    """Every queue."""
    return [_write_queue(tenant, queue) for queue in tenant.directory.queues.values()]


def _write_queue(tenant: ContactCenterTenant, queue: ServiceQueue) -> Row:
    return {
        "organizationId": tenant.org,
        "id": tenant.id(queue),
        "name": queue.name,
        "queueType": queue.direction,
        "channelType": "TELEPHONY",
        "active": queue.active,
        "serviceLevelThreshold": 20,
        "queueRoutingType": "TEAM_BASED",
        "recordingPermitted": True,
        "recordingAllCallsPermitted": True,
        "pauseRecordingPermitted": True,
        "callDistributionGroups": [],
        "agents": [],
        "dbId": str(queue.number),
        "createdTime": CREATED_MS,
        "lastUpdatedTime": UPDATED_MS,
    }
