"""Records of CMSv1 and CMSv2 about agents: activities and login sessions (7.2)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from catchment_webex_cc.simulator.agents import (
    Doing,
    list_doings,
    list_everything,
    list_sessions,
    write_activity,
)
from catchment_webex_cc.simulator.chain import RESERVED
from catchment_webex_cc.simulator.legacy_questions import Question
from catchment_webex_cc.simulator.legacy_records import Row, tell_sid, tell_stamp
from catchment_webex_cc.simulator.metadata import Metadata
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

_STATES = {
    "idle": "Idle",
    "available": "Available",
    "ringing": "Ringing",
    RESERVED: "Ringing",
    "wrapup": "Wrapup",
    "not-responding": "NotResponding",
    "logged-out": "LoggedOut",
}
"""All else that an agent does in a call is ``Connected``, and no row tells of a logout (7.2)."""


def list_spells(tenant: ContactCenterTenant, question: Question) -> list[Row]:
    """Agent activities by start."""
    if tenant.switches.legacy_rows == "rich":
        doings = list_doings(tenant, question.begin_ms, question.end_ms)
        return [_write_rich(tenant, doing) for doing in doings]
    everything = _list_plain(tenant)
    end_ms = min(question.end_ms, tenant.now_ms + 1)
    low = bisect_left(everything, question.begin_ms, key=_start)
    return [
        _write_plain(tenant, doing)
        for doing in everything[low : bisect_left(everything, end_ms, key=_start)]
    ]


def _start(doing: Doing) -> int:
    return doing.start_ms


def _list_plain(tenant: ContactCenterTenant) -> list[Doing]:
    """What agents did in the few words of the sheet, as told already or made now."""
    told = list_everything(tenant)
    if "plain doings" not in tenant.kept:
        tenant.kept["plain doings"] = sorted(_join(told), key=_start)
    found: list[Doing] = tenant.kept["plain doings"]
    return found


def _join(doings: list[Doing]) -> Iterator[Doing]:
    """Whatever an agent does in a call without a gap is one row: ``Connected`` (7.2, 7.5)."""
    running: dict[tuple[str, str], Doing] = {}
    for doing in doings:
        state = _name_state(doing)
        if state == "LoggedOut":
            continue
        if state != "Connected" or doing.contact is None or doing.end_ms is None:
            yield replace(doing, state=state)
            continue
        about = (doing.agent.agent_id, doing.contact.task_id)
        before = running.get(about)
        if before is not None and before.end_ms is not None and doing.start_ms <= before.end_ms:
            running[about] = replace(before, end_ms=max(before.end_ms, doing.end_ms))
            continue
        if before is not None:
            yield before
        running[about] = replace(doing, state=state)
    yield from running.values()


def _name_state(doing: Doing) -> str:
    return "LoggedIn" if doing.login == 1 else _STATES.get(doing.state, "Connected")


def _write_plain(tenant: ContactCenterTenant, doing: Doing) -> Row:
    """A row with the members that the sheet names: no system id of the agent, no queue (7.2)."""
    plain, user = write_activity(tenant, doing), doing.user
    team = tenant.directory.team(doing.agent.team)
    start_ms = tell_stamp(tenant, doing.start_ms)
    end_ms = None if plain["endTime"] is None else tell_stamp(tenant, plain["endTime"])
    return {
        "id": f"{plain['agentSessionId']}-telephony-{start_ms}-{doing.state}",
        "agentId": user.number,
        "agentName": user.full_name,
        "agentlogin": user.email,
        "agentDn": user.tel,
        "agentSessionId": plain["agentSessionId"],
        "callSessionId": tell_sid(tenant, doing.contact) if doing.contact else None,
        "currentState": doing.state,
        "cstts": start_ms,
        "cetts": end_ms,
        "duration": end_ms - start_ms if end_ms not in (-1, None) else -1,
        "channelId": plain["channelId"],
        "channelType": "telephony",
        "idleCodeName": plain["idleCodeName"],
        "idleCodeSystemId": plain["idleCode"],
        "outdialFlag": int(bool(doing.contact and doing.contact.call.direction == "outbound")),
        "siteName": user.site,
        "siteSystemId": plain["siteId"],
        "teamId": team.number,
        "teamName": team.name,
        "teamSystemId": team.short,
        "tid": tenant.legacy_tenant,
    }


def _write_rich(tenant: ContactCenterTenant, doing: Doing) -> Row:
    """A row that has the newest generation's states, an agent's system id, and a queue as well."""
    queue = Metadata(tenant, doing.contact).queue if doing.contact else None
    state = doing.state
    if doing.login == 1 or state in ("logged-out", "not-responding"):
        word = _name_state(doing)
    else:
        word = state if state != state.lower() else state.capitalize()
    told = _write_plain(tenant, doing)
    return told | {
        "currentState": word,
        "agentSystemId": doing.user.short,
        "queueId": queue.number if queue else None,
        "queueName": queue.name if queue else None,
    }


def list_logins(tenant: ContactCenterTenant, question: Question) -> list[Row]:
    """Agent sessions by start."""
    rows = []
    by_email = tenant.directory.users
    for session in list_sessions(tenant, question.begin_ms, question.end_ms):
        user, channel = by_email[session["userLoginId"]], session["channelInfo"][0]
        rows.append(
            {
                "id": session["agentSessionId"],
                "agentId": user.number,
                "agentSystemId": user.short,
                "agentName": user.full_name,
                "agentlogin": user.email,
                "agentSessionId": session["agentSessionId"],
                "cstts": tell_stamp(tenant, session["startTime"]),
                "cetts": tell_stamp(tenant, session["endTime"]),
                "availableCount": channel["availableCount"],
                "idleCount": channel["idleCount"],
                "totalAvailableTime": channel["availableDuration"],
                "tid": tenant.legacy_tenant,
            }
        )
    return sorted(rows, key=lambda row: int(row["cstts"]))
