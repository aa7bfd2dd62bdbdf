"""Proves each permission on the endpoint that needs it (1.3): one question for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Literal

from catchment.errors import Absent, CatchmentError, NeedsPerson, WrongAccount
from catchment.model import Finding, Window
from catchment.payloads import read_as
from catchment.transport import TokenRejected
from catchment_webex.payloads import read_items
from catchment_webex_cc import cms_wire, listings, queries, wire
from catchment_webex_cc.access import Access
from catchment_webex_cc.directory import (
    QUEUES,
    TEAMS,
    USERS,
    list_resources,
    list_unmatched,
    list_users,
    open_directory,
    read_tenant,
)
from catchment_webex_cc.payloads import Group
from catchment_webex_cc.refusals import SchemaRefused

_HOUR = timedelta(hours=1)
_ADDRESSES = "Compare region, api_url and media_url with the tenant's."
_FIELDS = "Ask Cisco which fields of the Search API the organisation has."


@dataclass(frozen=True, slots=True)
class Question:
    """A harmless question that proves a permission.

    Attributes:
        what: What it proves, for people.
        ask: Asks it.
        needed: Whether capture does without.
        why: What is lost without it.
        absent_passes: Whether it asks for what nobody has, so that "not there" is permission.
    """

    what: str
    ask: Callable[[], object]
    needed: bool = True
    why: str = ""
    absent_passes: bool = False


def list_findings(access: Access) -> Iterator[Finding]:
    """The credential, whose it is, then what the feeds need and what only enriches.

    What is refused because of the credential itself would be refused seven times over, and is
    told once.
    """
    generation = access.settings.generation
    tenant = "tenant" if generation == "cms1" else "organisation"
    whose = Question(tenant, partial(prove_account, access))
    credential = check_credential(access)
    if credential.verdict == "fail":
        yield credential
        return
    try:
        whose.ask()
    except (TokenRejected, WrongAccount) as error:
        yield Finding("credential", "fail", str(error), error.remedy)
        return
    except CatchmentError as error:
        yield credential
        yield _tell_failure(whose, error)
    else:
        yield credential
        if generation != "cms1":  # there, only the rows of the directory say whose it is
            yield Finding(whose.what, "pass", "permitted")
    newest = generation == "programmatic"
    for question in _list_programmatic(access) if newest else _list_cms(access):
        try:
            question.ask()
        except TokenRejected as error:
            yield _tell_failure(question, error)
            if generation != "cms1":  # there, 403 may be one permission that a user lacks (7.1)
                return
        except CatchmentError as error:
            yield _tell_failure(question, error)
        else:
            yield Finding(question.what, "pass", "permitted")
    if access.settings.teams:
        yield from _check_teams(access)


def check_credential(access: Access) -> Finding:
    """Whether there is a token, or the secrets that a signature is made of."""
    try:
        access.prove()
        expiry = access.told_expiry()
    except CatchmentError as error:
        return Finding("credential", "fail", str(error), error.remedy)
    return Finding("credential", "pass", expiry)


def prove_account(access: Access) -> None:
    """See that the credential belongs to the tenant of the settings.

    Raises:
        WrongAccount: It belongs to another one (9).
    """
    if access.settings.generation == "cms1":
        _prove_tenant(access)
    else:
        access.prove_organisation()


def _prove_tenant(access: Access) -> None:
    """Teams say which tenant they belong to; where there are none, users must answer (7.3)."""
    expected = access.settings.tenant_id
    found = read_tenant(list_resources(access, "team"))
    if not found:
        found = read_tenant(list_users(access)) or expected
    if found != expected:
        raise WrongAccount(
            f"the API key belongs to tenant {found}, and the setting tenant_id names {expected}",
            remedy="Correct tenant_id, or use the API key of a user of that tenant.",
        )


def _list_programmatic(access: Access) -> Iterator[Question]:
    org, now = access.settings.organisation_id, access.now()
    hour = Window(now - _HOUR, now)
    least = wire.build_list(org, hour, None, queries.LIST_LEAST)
    yield Question("search of calls", lambda: listings.search(access.ask, least))
    yield Question(
        "attributes of calls",
        lambda: _ask_attributes(access, hour),
        needed=False,
        why="calls are captured with the attributes that every organisation has",
    )
    yield Question(
        "activities of agents",
        lambda: read_items(access.send(wire.build_activities(org, hour, 0)), "data"),
        why="contacts are cut by what is told of the task alone, in doubt",
    )
    captures = wire.build_captures(org, [wire.NO_SUCH_TASK], segments=False)
    yield Question("recordings", lambda: read_items(access.send(captures), "data"))
    for what, entity in (("users", USERS), ("teams", TEAMS), ("queues", QUEUES)):
        request = wire.build_entities(org, entity, 0, 1)
        yield Question(f"directory of {what}", partial(access.send, request), needed=False)


def _ask_attributes(access: Access, hour: Window) -> None:
    """Ask for all attributes and activities: not every organisation's schema has them (2.1)."""
    org, ids = access.settings.organisation_id, [wire.NO_SUCH_TASK]
    for query in (queries.build_details(1), queries.build_chains(1)):
        listings.search(access.ask, wire.build_details(org, ids, hour, query))


def _list_cms(access: Access) -> Iterator[Question]:
    also = access.settings.organisation_params
    now = access.now()
    hour = Window(now - _HOUR, now)
    for what, resource in (
        ("sessions", cms_wire.SESSIONS),
        ("activities of agents", cms_wire.AGENT_ACTIVITIES),
    ):
        yield Question(what, partial(access.ask, cms_wire.build_records(resource, hour, also)))
    look = cms_wire.build_look(wire.NO_SUCH_TASK, also)
    yield Question("recordings", lambda: access.look(look), absent_passes=True)
    yield Question("directory of users", lambda: list_users(access), needed=False)
    for what, resource in (("teams", "team"), ("queues", "virtual-team")):
        ask = partial(list_resources, access, resource)
        yield Question(f"directory of {what}", ask, needed=False)


def _check_teams(access: Access) -> Iterator[Finding]:
    """Whether each pattern of the setting ``teams`` matches a team that there is (S002-81)."""
    try:
        groups = [read_as(Group, row) for row in open_directory(access).teams()]
    except CatchmentError:
        return  # told of the directory itself
    names = sorted({group.name for group in groups if group.name})
    for pattern in list_unmatched(access.settings.teams, names):
        there = ", ".join(names) or "none"
        yield Finding(
            "setting teams",
            "warn",
            f"no team has a name like {pattern!r}; the teams there are: {there}",
            "Correct the setting teams, in which * and ? stand for anything.",
        )


def _tell_failure(question: Question, error: CatchmentError) -> Finding:
    """What came of *question*, which ended with *error*."""
    verdict: Literal["fail", "warn"] = "fail" if question.needed else "warn"
    detail = "; ".join(part for part in (str(error), question.why) if part)
    if isinstance(error, Absent):
        if question.absent_passes:
            return Finding(question.what, "pass", "permitted")
        return Finding(question.what, verdict, detail, _ADDRESSES)
    if isinstance(error, SchemaRefused):
        return Finding(question.what, verdict, detail, _FIELDS)
    if isinstance(error, NeedsPerson):
        return Finding(question.what, verdict, detail, error.remedy)
    told = f"could not be tried: {error}"
    return Finding(question.what, "warn", told, error.remedy or "Try again later.")
