"""What agents did, minute by minute: rows of activities, and their login sessions (2.6, 4.2).

A row is about a call, or lies between calls: logged in, available, idle in a break, logged out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from catchment.sandbox import Agent, Shift
from catchment_webex_cc.simulator.chain import RESERVED, Spell
from catchment_webex_cc.simulator.contacts import Contact, from_ms, to_ms
from catchment_webex_cc.simulator.directory import IDLE_CODES, User
from catchment_webex_cc.simulator.fields import AGENT_ACTIVITY, CHANNEL, SESSION, fill
from catchment_webex_cc.simulator.metadata import Metadata
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Doing:
    """What an agent did for a while.

    Attributes:
        user: Who, also when the directory lacks him.
        end_ms: ``None`` where the platform lost it.
        contact: What it was about; ``None`` between calls.
        code: Why the agent was idle.
        login: ``1`` for the row of the login, ``-1`` for that of the logout.
    """

    agent: Agent
    user: User
    state: str
    start_ms: int
    end_ms: int | None
    contact: Contact | None = None
    wrap_up: str = ""
    code: str = ""
    login: int = 0

    def lasts(self, now_ms: int) -> bool:
        """Whether it is still going on."""
        return self.end_ms is not None and self.end_ms > now_ms


def list_doings(tenant: ContactCenterTenant, start_ms: int, end_ms: int) -> list[Doing]:
    """Everything that begins in a window and has begun by now, by start (4.2)."""
    everything = list_everything(tenant)
    starts = tenant.kept["starts of doings"]
    low = bisect_left(starts, start_ms)
    return list(everything[low : bisect_left(starts, min(end_ms, tenant.now_ms + 1))])


def list_everything(tenant: ContactCenterTenant) -> list[Doing]:
    """Everything of the World, what is still to come included, by start."""
    contacts = tenant.contacts  # may tell the World anew
    if "doings" not in tenant.kept:
        told = _list_everything(tenant, contacts)
        tenant.kept["doings"] = told
        tenant.kept["starts of doings"] = [one.start_ms for one in told]
    everything: list[Doing] = tenant.kept["doings"]
    return everything


def _list_everything(tenant: ContactCenterTenant, contacts: list[Contact]) -> list[Doing]:
    busy: dict[str, list[tuple[int, int]]] = {}
    found = []
    for contact in contacts:
        for spell in contact.spells:
            found.append(_tell_spell(contact, spell))
            if spell.end_ms is not None and spell.start_ms < spell.end_ms:
                span = (spell.start_ms, spell.end_ms)
                busy.setdefault(spell.agent.agent_id, []).append(span)
    for shift in tenant.world.shifts:
        found += _tell_shift(tenant, shift, busy.get(shift.agent.agent_id, []))
    return sorted(found, key=lambda one: (one.start_ms, one.agent.agent_id, one.state))


def _tell_spell(contact: Contact, spell: Spell) -> Doing:
    user = contact.user(spell.agent)
    start, end = spell.start_ms, spell.end_ms
    return Doing(spell.agent, user, spell.state, start, end, contact, spell.wrap_up)


def _tell_shift(
    tenant: ContactCenterTenant, shift: Shift, busy: list[tuple[int, int]]
) -> Iterator[Doing]:
    """Between calls an agent is available, or idle during a break."""
    agent, user = shift.agent, tenant.directory.user(shift.agent)
    begin, end = to_ms(shift.window.start), to_ms(shift.window.end)
    yield Doing(agent, user, "idle", begin, begin + 5000, code=IDLE_CODES[1], login=1)
    breaks = [(to_ms(one.start), to_ms(one.end)) for one in shift.breaks]
    at = begin + 5000
    for start, until, idle in sorted(
        [(*span, False) for span in busy] + [(*span, True) for span in breaks]
    ):
        if start > end or until < begin:
            continue
        if start > at:
            yield Doing(agent, user, "available", at, start)
        if idle and until > at:
            yield Doing(agent, user, "idle", max(at, start), until, code=IDLE_CODES[0])
        at = max(at, until)
    if at < end:
        yield Doing(agent, user, "available", at, end)
    yield Doing(agent, user, "logged-out", max(at, end), max(at, end), login=-1)


# --- rows of /v1/agents/activities -----------------------------------------------------------


def write_activity(tenant: ContactCenterTenant, doing: Doing) -> Row:
    """A row of ``/v1/agents/activities`` (4.2)."""
    now, contact, user = tenant.now_ms, doing.contact, doing.user
    team = tenant.directory.team(doing.agent.team)
    facts = Metadata(tenant, contact) if contact else None
    lasts = doing.lasts(now)
    ids = tenant.ids
    return {
        "active": lasts,
        "agentId": tenant.id(user),
        "agentName": user.full_name,
        "agentLogin": user.email,
        "agentDn": user.tel,
        "agentSessionId": session_id(tenant, doing),
        "currentState": doing.state,
        "siteId": ids.uuid("site", user.site),
        "siteName": user.site,
        "teamId": tenant.id(team),
        "teamName": team.name,
        "isLogin": int(doing.login == 1),
        "taskId": contact.task_id if contact else None,
        "channelId": channel_id(tenant, doing),
        "channelType": "telephony",
        "subChannelType": None,
        "idleCode": ids.uuid("idle", doing.code) if doing.code else None,
        "idleCodeName": doing.code or None,
        "queueId": facts.queue_facts["id"] if facts else None,
        "queueName": facts.queue.name if facts else None,
        "wrapupCodeName": doing.wrap_up or None,
        "reason": None,
        "startTime": doing.start_ms,
        "endTime": -1 if lasts else doing.end_ms,
        "mmProfileType": "BLENDED",
    }


def session_id(tenant: ContactCenterTenant, doing: Doing) -> str:
    """The login session of the day."""
    return _day_id(tenant, "agent session", doing)


def channel_id(tenant: ContactCenterTenant, doing: Doing) -> str:
    """The telephony channel of the day."""
    return _day_id(tenant, "agent channel", doing)


def _day_id(tenant: ContactCenterTenant, what: str, doing: Doing) -> str:
    if doing.contact is not None:
        day = doing.contact.call.started_at.date().isoformat()
    else:
        day = from_ms(doing.start_ms).date().isoformat()
    return tenant.ids.uuid(what, doing.agent.agent_id, day)


# --- rows of agentSession --------------------------------------------------------------------


def list_sessions(tenant: ContactCenterTenant, start_ms: int, end_ms: int) -> list[Row]:
    """Login sessions that begin in a window, by ``agentSessionId`` (2.2, 2.4)."""
    now = tenant.now_ms
    rows = []
    for shift in tenant.world.shifts:
        begin = to_ms(shift.window.start)
        if start_ms <= begin < end_ms and begin <= now:
            rows.append(_write_session(tenant, shift))
    return sorted(rows, key=lambda row: str(row["agentSessionId"]))


def _write_session(tenant: ContactCenterTenant, shift: Shift) -> Row:
    begin, end = to_ms(shift.window.start), to_ms(shift.window.end)
    agent, user = shift.agent, tenant.directory.user(shift.agent)
    doings = [
        one
        for one in list_doings(tenant, begin, end + 1)
        if one.agent == agent and one.user.uuid == user.uuid
    ]
    over = tenant.now_ms >= end
    team = tenant.directory.team(agent.team)
    told = {
        "agentId": tenant.id(user),
        "agentName": user.full_name,
        "agentSessionId": session_id(tenant, doings[0]),
        "userLoginId": user.email,
        "agentSignOutReason": "AGENT_LOGOUT" if over else None,
        "state": "logged-out" if over else doings[-1].state,
        "siteId": tenant.ids.uuid("site", user.site),
        "siteName": user.site,
        "teamId": tenant.id(team),
        "teamName": team.name,
        "orgId": tenant.org,
        "isActive": not over,
        "startTime": begin,
        "endTime": end if over else -1,
    }
    return {**fill(SESSION, told), "channelInfo": [_write_channel(tenant, doings, begin, end)]}


def _write_channel(tenant: ContactCenterTenant, doings: list[Doing], begin: int, end: int) -> Row:
    now = tenant.now_ms

    def total(*states: str) -> int:
        spans = [(d.start_ms, d.end_ms or d.start_ms) for d in doings if d.state in states]
        return sum(max(0, min(until, now) - start) for start, until in spans)

    def count(*states: str) -> int:
        return sum(one.state in states for one in doings)

    told: Row = {
        "channelId": channel_id(tenant, doings[0]),
        "channelType": "telephony",
        "agentPhoneNumber": doings[0].user.tel,
        "currentState": doings[-1].state,
        "idleCodeName": doings[-1].code or None,
        "lastActivityTime": doings[-1].start_ms,
        "totalDuration": min(end, now) - begin,
    }
    for name, states in (
        ("idle", ("idle",)),
        ("available", ("available",)),
        ("ringing", ("ringing", RESERVED)),
        ("connected", ("connected", "hold-done")),
        ("hold", ("on-hold",)),
        ("wrapup", ("wrapup",)),
        ("conference", ("conferencing",)),
        ("consult", ("consulting",)),
        ("notResponded", ("not-responding",)),
    ):
        told |= {f"{name}Duration": total(*states), f"{name}Count": count(*states)}
    rows = [_write_row(tenant, one) for one in doings]
    return {**fill(CHANNEL, told), "activities": rows[::-1]}


def _write_row(tenant: ContactCenterTenant, doing: Doing) -> Row:
    """One agent activity with every field of the dictionary (2.6)."""
    plain = write_activity(tenant, doing)
    lasts = bool(plain["active"])
    end = plain["endTime"]
    told = {
        "id": f"{plain['channelId']}-telephony-{doing.start_ms}-{doing.state}",
        "state": doing.state,
        "taskId": plain["taskId"],
        "startTime": doing.start_ms,
        "endTime": end,
        "duration": -1 if lasts or end is None else end - doing.start_ms,
        "isOutdial": bool(doing.contact and doing.contact.call.direction == "outbound"),
        "isCurrentActivity": lasts,
        "isLoginActivity": doing.login == 1,
        "isLogoutActivity": doing.login == -1,
        "idleCode": {"id": plain["idleCode"], "name": plain["idleCodeName"]},
        "queue": {"id": plain["queueId"], "name": plain["queueName"]},
        "wrapupCode": {"id": None, "name": plain["wrapupCodeName"]},
    }
    return fill(AGENT_ACTIVITY, told)
