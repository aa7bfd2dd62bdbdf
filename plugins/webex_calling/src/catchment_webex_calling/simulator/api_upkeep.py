"""What is done to recordings: recycle bin, purge, another owner, deletion for good (1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed, not_found
from catchment_webex.simulator.api import Handler
from catchment_webex.simulator.operations import Level, Operation
from catchment_webex_calling.simulator.api_recordings import Found, find
from catchment_webex_calling.simulator.owners import Owner
from catchment_webex_calling.simulator.recordings import Act
from catchment_webex_calling.simulator.tenant import CallingTenant

MOST_IDS = 100
LONGEST_COMMENT = 255

_WRITE: Mapping[Level, str] = {
    "user": "spark:recordings_write",
    "admin": "spark-admin:recordings_write",
}
_PATH = "/convergedRecordings"
_ACTS: Mapping[str, tuple[Act, str, str]] = {
    # operation: what it does, its "all" key, the status of what it is done to
    "softDelete": ("bin", "trashAll", "available"),
    "restore": ("restore", "restoreAll", "deleted"),
    "purge": ("purge", "purgeAll", "deleted"),
}

OPERATIONS = (
    *(Operation(name, "POST", f"{_PATH}/{name}", _WRITE) for name in _ACTS),
    Operation("reassign", "POST", f"{_PATH}/reassign", {"admin": _WRITE["admin"]}),
    Operation(
        "erase",
        "DELETE",
        f"{_PATH}/{{recording}}",
        {"compliance": "spark-compliance:recordings_write"},
    ),
)


def build_upkeep(tenant: CallingTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    handlers = dict.fromkeys(_ACTS, move) | {"reassign": reassign, "erase": erase}
    return {name: partial(handler, tenant) for name, handler in handlers.items()}


def move(tenant: CallingTenant, call: Call) -> Answer:
    """``softDelete``, ``restore`` and ``purge``: named ones, or all of an owner (1.6)."""
    act, every, status = _ACTS[call.operation]
    body, ids = call.body, _read_ids(call.body)
    email = str(body.get("ownerEmail") or "")
    if body.get(every) is True:
        if ids or ("admin" in call.levels) is not bool(email):
            raise malformed(f"With '{every}', name the owner as an administrator, and no ids.")
        found = _owned(tenant, call, _owner(tenant, email).uuid if email else call.user.uuid)
    else:
        if email or not 1 <= len(ids) <= MOST_IDS:
            raise malformed(f"'recordingIds' must hold 1 to {MOST_IDS} ids, and no owner be named.")
        found = [find(tenant, call, one) for one in ids]
    for recording, state in found:
        if state.status == status:
            tenant.act(recording, act)
    return Answer(204)


def reassign(tenant: CallingTenant, call: Call) -> Answer:
    """``reassign``: to a user of the organisation; the key is spelled ``ownerID`` (1.6)."""
    body, ids = call.body, _read_ids(call.body)
    email, owner_id = str(body.get("ownerEmail") or ""), str(body.get("ownerID") or "")
    heir = _owner(tenant, str(body.get("reassignOwnerEmail") or ""))
    source = _owner(tenant, email).uuid if email else owner_id  # the address wins
    if not source and not ids:
        raise malformed("Name an owner or recordings.")
    if len(ids) > MOST_IDS:
        raise malformed(f"'recordingIds' must hold at most {MOST_IDS} ids.")
    found = [find(tenant, call, one) for one in ids] or _owned(tenant, call, source)
    found = [one for one in found if source in ("", one[1].owner.uuid)]
    if any(state.owner.kind == "callQueue" for _, state in found):
        raise malformed("Recordings of this owner cannot be reassigned.")
    for recording, _ in found:
        tenant.act(recording, "reassign", heir)
    return Answer(204)


def erase(tenant: CallingTenant, call: Call) -> Answer:
    """``DELETE``: for good, also for compliance (1.6)."""
    if len(str(call.body.get("comment") or "")) > LONGEST_COMMENT:
        raise malformed(f"'comment' can have at most {LONGEST_COMMENT} characters.")
    recording, _ = find(tenant, call, call.path["recording"])
    tenant.act(recording, "erase")
    return Answer(204)


def _owned(tenant: CallingTenant, call: Call, owner_id: str) -> list[Found]:
    states = ((recording, tenant.state(recording, call.now)) for recording in tenant.recordings)
    return [(r, state) for r, state in states if state and state.owner.uuid == owner_id]


def _owner(tenant: CallingTenant, email: str) -> Owner:
    found = tenant.directory.by_email(email) if email else None
    if found is None:
        raise not_found("the user")
    return found


def _read_ids(body: Mapping[str, Any]) -> list[str]:
    told = body.get("recordingIds") or []
    return [str(one) for one in told] if isinstance(told, list) else []
