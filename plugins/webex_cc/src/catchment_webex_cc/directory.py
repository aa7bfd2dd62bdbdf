"""Users, teams and queues, in three questions (5, 7.3; S002-116 to S002-137)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from catchment.errors import Absent, Unreachable
from catchment.model import Json, Person, Queue, Ref, Team
from catchment.payloads import read_as, read_rows
from catchment.transport import Request
from catchment_webex.payloads import read_items
from catchment_webex_cc import cms_wire, wire
from catchment_webex_cc.access import Access
from catchment_webex_cc.payloads import Group, User
from catchment_webex_cc.sessions import strip_names
from catchment_webex_cc.settings import WebexContactCenterSettings

USERS, TEAMS, QUEUES = "user", "team", "contact-service-queue"
_ENTRY_POINT = "0"
"""``type`` of a virtual team that is an entry point; what queues have is not certain (7.3)."""

Rows = Callable[[], Iterator[Json]]


@dataclass(frozen=True, slots=True)
class Directory:
    """Where rows come from, in the words of the newest generation."""

    users: Rows
    teams: Rows
    queues: Rows
    look: Callable[[str], Json | None]
    """A user by id with the lists that pages leave out; ``None`` for nobody."""


def open_directory(access: Access) -> Directory:
    """The directory of the generation that *access* speaks to."""
    return _open_cms(access) if access.settings.generation != "programmatic" else _open(access)


def list_directory(
    settings: WebexContactCenterSettings, directory: Directory
) -> Iterator[Person | Team | Queue]:
    """Everybody and everything: teams, queues, then people.

    Teams of any kind come as the platform has them (S002-130).  The setting ``teams`` limits
    people alone (S002-81), and ``keep_teams`` tells the first team of each (S002-124, S002-137).
    """
    names: dict[str, str] = {}
    for row in directory.teams():
        group = read_as(Group, row)
        if group.id and group.name:
            names[group.id] = group.name
            yield Team(Ref("team", group.id), group.name, group.active is not False)
    for row in directory.queues():
        group = read_as(Group, row)
        if group.id and group.name:
            yield Queue(Ref("queue", group.id), group.name, group.active is not False)
    for row in directory.users():
        user = read_as(User, row)
        teams = _find_teams(settings, directory, user, names)
        if user.id and _is_wanted(settings.teams, teams):
            yield map_person(user, teams[0] if settings.keep_teams and teams else "", settings)


def map_person(user: User, team: str, settings: WebexContactCenterSettings) -> Person:
    """A user by all of their ids, the stable one first."""
    email = user.email.strip().lower()
    acd = user.db_id if settings.acd_id == "dbId" else user.id
    told = (
        ("user", user.id),
        ("ci", user.ci_user_id),
        ("db", user.db_id),
        ("login", email),
        ("acd", acd),
    )
    return Person(
        refs=tuple(Ref(space, value) for space, value in told if value),
        name=user.name,
        email=email,
        team=team,
        active=user.active is not False,
        agent=user.contact_center_enabled is True,
    )


def _find_teams(
    settings: WebexContactCenterSettings,
    directory: Directory,
    user: User,
    names: Mapping[str, str],
) -> list[str]:
    """Names of a user's teams, asked for alone where the list left them out and they matter."""
    if not settings.teams and not settings.keep_teams:
        return []
    ids = user.team_ids
    if ids is None and user.id:
        row = directory.look(user.id)
        ids = read_as(User, row).team_ids if row is not None else None
    return [names[team_id] for team_id in ids or () if team_id in names]


def list_unmatched(patterns: Sequence[str], teams: Sequence[str]) -> list[str]:
    """Those of *patterns* that no name in *teams* matches."""
    return [pattern for pattern in patterns if not _is_wanted((pattern,), teams)]


def _is_wanted(patterns: Sequence[str], teams: Sequence[str]) -> bool:
    wanted = [pattern.strip().lower() for pattern in patterns]
    return not wanted or any(
        fnmatchcase(team.lower(), pattern) for team in teams for pattern in wanted
    )


# --- programmatic (5) -----------------------------------------------------------------------------


def _open(access: Access) -> Directory:
    def look(user_id: str) -> Json | None:
        try:
            return access.ask(wire.build_entity(access.settings.organisation_id, USERS, user_id))
        except Absent:
            return None

    return Directory(
        users=lambda: _list_entities(access, USERS),
        teams=lambda: _list_entities(access, TEAMS),
        queues=lambda: _list_entities(access, QUEUES),
        look=look,
    )


def _list_entities(access: Access, entity: str) -> Iterator[Json]:
    """All pages, by how many there are: the server may lower what was asked for (5)."""
    page, pages = 0, 1
    while page < pages:
        request = wire.build_entities(access.settings.organisation_id, entity, page)
        answer = access.send(request)
        yield from read_items(answer, "data")
        meta = answer.json().get("meta")
        told = meta.get("totalPages") if isinstance(meta, Mapping) else None
        if not isinstance(told, int):
            raise Unreachable(f"the contact center did not say how many pages of {entity} it has")
        page, pages = page + 1, told


# --- earlier generations (7.3) --------------------------------------------------------------------


def _open_cms(access: Access) -> Directory:
    return Directory(
        users=lambda: map(_read_user, list_users(access)),
        teams=lambda: map(_read_group, list_resources(access, "team")),
        queues=lambda: (
            _read_group(row) for row in list_resources(access, "virtual-team") if is_queue(row)
        ),
        look=lambda _user_id: None,
    )


def list_users(access: Access) -> list[Json]:
    """``details.users`` (7.3)."""
    request = cms_wire.build_users(access.settings.organisation_params)
    return _read_list(access, request, "details", "users")


def list_resources(access: Access, resource: str) -> list[Json]:
    """``auxiliaryDataList`` (7.3)."""
    also = access.settings.organisation_params
    return _read_list(access, cms_wire.build_resources(resource, also), "auxiliaryDataList")


def _read_list(access: Access, request: Request, *path: str) -> list[Json]:
    found: object = access.ask(request)
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        raise Unreachable(f"{request.label} was answered without {path[-1]}")
    return list(read_rows(found))


def is_queue(row: Json) -> bool:
    """Whether a virtual team is a queue: what is not told to be an entry point is one."""
    return str(_attributes(row).get("type")) != _ENTRY_POINT


def read_tenant(rows: Sequence[Json]) -> str:
    """The tenant that configured things say they belong to; empty where none says so (7.3)."""
    return next((str(told) for row in rows if (told := _attributes(row).get("tid"))), "")


def _attributes(row: Json) -> Json:
    told = row.get("attributes")
    return strip_names(told) if isinstance(told, Mapping) else {}


def _read_group(row: Json) -> Json:
    told = _attributes(row)
    return {"id": row.get("id"), "name": told.get("name"), "active": _is_on(told.get("status"))}


def _read_user(row: Json) -> Json:
    told = _attributes(row)
    return {
        "id": row.get("id"),
        "dbId": told.get("dbId"),
        "firstName": told.get("firstName"),
        "lastName": told.get("lastName"),
        "email": row.get("login") or row.get("emailAddress") or told.get("email"),
        "active": _is_on(told.get("status")),
        "contactCenterEnabled": _is_on(told.get("callCenterEnabled")),
        "teamIds": told.get("teamIds"),
    }


def _is_on(value: object) -> bool | None:
    """1 and 0; what is not told is not known."""
    return {"1": True, "0": False}.get(str(value))
