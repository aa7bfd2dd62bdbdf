"""Converged recordings: listings, details with links, and metadata (1.1 to 1.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, overload

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, forbidden, malformed, not_found, reject
from catchment_webex.simulator.api import Handler
from catchment_webex.simulator.ids import one_in
from catchment_webex.simulator.operations import Level, Operation
from catchment_webex.simulator.times import read_time, write_time
from catchment_webex_calling.simulator.links import AI_NOTES, mint_link
from catchment_webex_calling.simulator.metadata import tell_metadata
from catchment_webex_calling.simulator.recordings import Recording
from catchment_webex_calling.simulator.tenant import CallingTenant, State

Row = dict[str, Any]
Found = tuple[Recording, State]

WEEK, CAP = timedelta(days=7), timedelta(days=30)
REGIONS = ("US", "SG", "GB", "JP", "DE", "AU", "IN", "CA")

READ: Mapping[Level, str] = {
    "user": "spark:recordings_read",
    "admin": "spark-admin:recordings_read",
    "compliance": "spark-compliance:recordings_read",
}
_ONE = "/convergedRecordings/{recording}"

OPERATIONS = (
    Operation("own", "GET", "/convergedRecordings", {"user": READ["user"]}, "list"),
    Operation(
        "all",
        "GET",
        "/admin/convergedRecordings",
        {"admin": READ["admin"], "compliance": READ["compliance"]},
        "list",
    ),
    Operation("details", "GET", _ONE, READ),
    Operation("metadata", "GET", f"{_ONE}/metadata", READ),
)


def build_recordings(tenant: CallingTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    handlers = {
        "own": list_own,
        "all": list_all,
        "details": get_details,
        "metadata": get_metadata,
    }
    return {name: partial(handler, tenant) for name, handler in handlers.items()}


def list_own(tenant: CallingTenant, call: Call) -> Answer:
    """``GET /convergedRecordings``: the caller's own (1.2)."""
    mine = call.user.uuid
    return _list(tenant, call, lambda found: found[1].owner.uuid == mine, capped=False)


def list_all(tenant: CallingTenant, call: Call) -> Answer:
    """``GET /admin/convergedRecordings``: the organisation's, of at most 30 days (1.2)."""
    owner_id, email = call.query.get("ownerId", ""), call.query.get("ownerEmail", "").casefold()

    def wanted(found: Found) -> bool:
        owner = found[1].owner
        return owner_id in ("", owner.uuid) and email in ("", owner.email.casefold())

    return _list(tenant, call, wanted, capped=True)


def get_details(tenant: CallingTenant, call: Call) -> Answer:
    """``GET /convergedRecordings/{id}``: with links for whoever may download (1.4)."""
    recording, state = find(tenant, call, call.path["recording"])
    _refuse_locked(tenant, recording)
    told = tell_recording(tenant, recording, state, call, listed=False)
    officer = "compliance" in call.levels
    if (officer or is_own(call, state)) and tenant.has_links(recording, state, call.now):
        told["temporaryDirectDownloadLinks"] = _tell_links(tenant, recording, call)
    return Answer(200, told)


def get_metadata(tenant: CallingTenant, call: Call) -> Answer:
    """``GET /convergedRecordings/{id}/metadata``: 204 while there is none (1.1, 1.5)."""
    recording, state = find(tenant, call, call.path["recording"])
    if call.now < recording.listed_at + timedelta(seconds=tenant.switches.metadata_delay_s):
        return Answer(204)
    everything = _read_choice(call, "showAllTypes", ("true", "false"), "false") == "true"
    ids, directory = tenant.ids, tenant.directory
    starts = tenant.switches.recording_actions == "all"
    told = tell_metadata(
        recording, state.owner, ids, directory, everything=everything, starts=starts
    )
    return Answer(200, told)


def _refuse_locked(tenant: CallingTenant, recording: Recording) -> None:
    """423 with ``Retry-After``, once for a recording that is so switched (1.1)."""
    seen = recording.recording_id in tenant.opened
    tenant.opened.add(recording.recording_id)
    chance = tenant.ids.chance("locked", recording.recording_id)
    if not seen and one_in(tenant.switches.locked_every, chance):
        raise reject(423, "The resource is locked.", **{"Retry-After": "10"})


def find(tenant: CallingTenant, call: Call, recording_id: str) -> Found:
    """The recording that a call names, and what it is now.

    Raises:
        Rejection: 404: unknown, not yet listed, erased, or not the caller's.
    """
    recording = tenant.by_id.get(recording_id)
    state = tenant.state(recording, call.now) if recording else None
    if recording is None or state is None:
        raise not_found("the recording")
    if not call.levels & {"admin", "compliance"} and not is_own(call, state):
        raise not_found("the recording")
    return recording, state


def is_own(call: Call, state: State) -> bool:
    """Whether the caller asks as the owner."""
    return "user" in call.levels and state.owner.uuid == call.user.uuid


def tell_recording(
    tenant: CallingTenant, recording: Recording, state: State, call: Call, *, listed: bool
) -> Row:
    """A list item, or the same part of details (1.3)."""
    owner, take = state.owner, recording.audio
    told: Row = {
        "id": recording.recording_id,
        "topic": recording.topic,
        "createTime": _write_created(tenant, recording, call.zone),
        "timeRecorded": write_time(recording.recorded_at, call.zone),
        "ownerId": owner.uuid,
        "ownerType": owner.kind,
        "ownerEmail": owner.email,
        "format": "MP3",
        "durationSeconds": round(take.seconds),
        "sizeBytes": take.size_bytes,
        "serviceType": recording.service,
        "storageRegion": recording.owner.location.region,
        "status": state.status,
        "serviceData": {
            "locationId": recording.owner.location.uuid,
            "callSessionId": recording.session,
        },
    }
    if not owner.email:
        form = tenant.switches.owner_email
        told |= {"ownerEmail": None if form == "null" else ""}
        if form == "absent":
            del told["ownerEmail"]
    if listed and recording.content("transcript", call.now) is not None:
        told["transcriptLanguage"] = "en"
    return told


def _write_created(tenant: CallingTenant, recording: Recording, zone: str) -> str:
    told = write_time(recording.created_at, zone)
    offset = tenant.switches.create_time == "offset"
    return told.replace("Z", "+00:00") if offset else told


def _list(
    tenant: CallingTenant, call: Call, wanted: Callable[[Found], bool], *, capped: bool
) -> Answer:
    start, end = read_window(call, capped=capped)
    fits = _read_filters(tenant, call)
    found = []
    for recording in tenant.list_between(start, end):
        state = tenant.state(recording, call.now)
        if state is not None and fits((recording, state)) and wanted((recording, state)):
            found.append((recording, state))
    return tenant.page(call, _Rows(tenant, call, found))


def read_window(call: Call, *, capped: bool) -> tuple[datetime, datetime]:
    """``from`` and ``to``: 7 days where either is left out; 30 at most, where *capped* (1.2).

    Raises:
        Rejection: 400 for what is no time, or a window that is backwards or too long.
    """
    since, until = call.query.get("from"), call.query.get("to")
    start = read_time(since, "from") if since else None
    end = read_time(until, "to") if until else None
    if end is None:
        end = start + WEEK if start else call.now
    if start is None:
        start = end - WEEK
    if start > end:
        raise malformed("'from' cannot be after 'to'.")
    if capped and end - start > CAP:
        raise malformed("The period between 'from' and 'to' cannot exceed 30 days.")
    return start, end


def _read_filters(tenant: CallingTenant, call: Call) -> Callable[[Found], bool]:
    status = _read_choice(call, "status", ("available", "deleted", "purged"), "available")
    if status == "purged" and "compliance" not in call.levels:
        raise forbidden()
    service = _read_choice(call, "serviceType", ("calling", "customerAssist"))
    kind = _read_choice(call, "ownerType", ("user", "place", "virtualLine", "callQueue"))
    region = _read_choice(call, "storageRegion", REGIONS)
    _read_choice(call, "format", ("MP3",))
    location, topic = call.query.get("locationId", ""), call.query.get("topic", "").casefold()
    exact = tenant.switches.topic_match == "exact"

    def fits(found: Found) -> bool:
        recording, state = found
        place, told = recording.owner.location, recording.topic.casefold()
        return (
            state.status == status
            and service in ("", recording.service)
            and kind in ("", state.owner.kind)
            and region in ("", place.region)
            and location in ("", place.uuid)
            and (not topic or (told == topic if exact else topic in told))
        )

    return fits


def _read_choice(call: Call, name: str, choices: Sequence[str], usual: str = "") -> str:
    """One of *choices*, case-sensitive (common sheet, 4.2)."""
    told = call.query.get(name, usual)
    if told != usual and told not in choices:
        raise malformed(f"'{name}' must be one of {', '.join(choices)}.")
    return told


def _tell_links(tenant: CallingTenant, recording: Recording, call: Call) -> Row:
    """Minted anew for each call; keys of what does not exist are missing (1.4)."""
    told: Row = {"audioDownloadLink": mint_link(tenant, recording, "audio", call.now)}
    if recording.content("transcript", call.now) is not None:
        told["transcriptDownloadLink"] = mint_link(tenant, recording, "transcript", call.now)
        if tenant.switches.ai_notes:
            for sort in AI_NOTES:
                told[f"{sort}DownloadLink"] = mint_link(tenant, recording, sort, call.now)
    until = call.now + timedelta(minutes=tenant.switches.link_minutes)
    return told | {"expiration": write_time(until)}


class _Rows(Sequence[Row]):
    """List items that are written when a page shows them."""

    def __init__(self, tenant: CallingTenant, call: Call, found: Sequence[Found]) -> None:
        self._tenant, self._call, self._found = tenant, call, found

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...

    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, slice):
            return [self._tell(found) for found in self._found[at]]
        return self._tell(self._found[at])

    def _tell(self, found: Found) -> Row:
        return tell_recording(self._tenant, *found, self._call, listed=True)
