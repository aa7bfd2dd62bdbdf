"""Recordings: their listings, and the details with the direct links (4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from catchment_webex.simulator import Call
from catchment_webex.simulator.account import User
from catchment_webex.simulator.answers import Answer, forbidden, malformed, not_found
from catchment_webex.simulator.times import write_time
from catchment_webex_meetings.simulator.links import Sort
from catchment_webex_meetings.simulator.records import Recording
from catchment_webex_meetings.simulator.tenant import MeetingsTenant
from catchment_webex_meetings.simulator.windows import read_choice, read_window

FORMATS = ("MP4", "ARF")
SERVICES = ("MeetingCenter", "EventCenter", "SupportCenter", "TrainingCenter")
STATES = ("available", "deleted", "purged")
MONTH = timedelta(days=30)


def list_recordings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /recordings``: own and shared ones, of all sites unless one is named (4.2)."""
    reader = tenant.reader(call)
    lifted = bool(call.query.get("meetingId")) and tenant.switches.meeting_id_window == "lifted"
    query = dict(call.query)
    if query.get("meetingId"):
        query.pop("siteUrl", None)
    window = None if lifted else read_window(query, call.now)
    if query.get("status") == "purged" and not (reader is None and query.get("meetingId")):
        raise forbidden()
    seen = (
        recording
        for recording in _candidates(tenant, query)
        if reader is None or reader.uuid in _holders(recording)
    )
    if query.get("siteUrl"):
        seen = (r for r in list(seen) if r.site == query["siteUrl"])
    found = _select(tenant, call, query, seen)
    rows = [r for r in found if window is None or window.start <= _time(tenant, r) < window.end]
    return tenant.page_of(call, rows, lambda r: tell(tenant, call, r, reader))


def list_admin_recordings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /admin/recordings``: one site, the preferred one unless told; 30 days at most (4.2)."""
    query = call.query
    if query.get("status") == "purged" and "compliance" not in call.levels:
        raise forbidden()
    found = _select(tenant, call, query, _candidates(tenant, query))
    if not query.get("meetingId"):  # it overrides site and window
        window = read_window(
            query, call.now, longest=MONTH, strict=tenant.switches.window_limit == "strict"
        )
        site = query.get("siteUrl") or call.user.sites[0]
        tenant.check_site(site)
        found = [r for r in found if r.site == site]
        found = [r for r in found if window.start <= _time(tenant, r) < window.end]
    return tenant.page_of(call, found, lambda r: tell(tenant, call, r, None, admin=True))


def list_group_recordings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /group/recordings``: one person's available ones, not those shared (4.1, 4.2)."""
    host = _group_host(tenant, call)
    window = read_window(
        call.query, call.now, longest=MONTH, strict=tenant.switches.window_limit == "strict"
    )
    query = {name: value for name, value in call.query.items() if name != "status"}
    found = _select(tenant, call, query, _candidates(tenant, query))
    rows = [r for r in found if r.host is host]
    rows = [r for r in rows if window.start <= _time(tenant, r) < window.end]
    if query.get("siteUrl"):
        rows = [r for r in rows if r.site == query["siteUrl"]]
    return tenant.page_of(call, rows, lambda r: tell(tenant, call, r, host))


def query_recordings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``POST /recordings/query``: the same with the filters in the body (4.1)."""
    return list_recordings(tenant, _from_body(call))


def query_admin_recordings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``POST /admin/recordings/query``: the same with the filters in the body (4.1)."""
    return list_admin_recordings(tenant, _from_body(call))


def get_recording(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /recordings/{id}``: the only call that tells direct links (4.4)."""
    reader = tenant.reader(call)
    recording = find_recording(tenant, call)
    tenant.check_host(call, reader, *_holders(recording))
    if reader is not None and tenant.status(recording, call.now) == "purged":
        raise not_found("the recording")
    return Answer(200, tell(tenant, call, recording, reader) | _links(tenant, call, recording))


def get_group_recording(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /group/recordings/{id}`` (4.1)."""
    host = _group_host(tenant, call)
    recording = find_recording(tenant, call)
    if recording.host is not host or tenant.status(recording, call.now) != "available":
        raise not_found("the recording")
    return Answer(200, tell(tenant, call, recording, host) | _links(tenant, call, recording))


def find_recording(tenant: MeetingsTenant, call: Call) -> Recording:
    """The recording of the path, once it is listed.

    Raises:
        Rejection: 404; also where the ``siteUrl`` header names another site.
    """
    recording = tenant.recordings_by_id.get(call.path["recording"])
    site = call.headers.get("siteurl", "")
    if recording is None or recording.listed_at > call.now or site not in ("", recording.site):
        raise not_found("the recording")
    return recording


def tell(
    tenant: MeetingsTenant,
    call: Call,
    recording: Recording,
    reader: User | None,
    *,
    admin: bool = False,
) -> dict[str, Any]:
    """A recording as listings and details tell it (4.3).

    Args:
        tenant: The organisation.
        call: What was asked.
        recording: What is told.
        reader: As whom; ``None`` for a compliance officer.
        admin: The admin listing always names the host, and has neither ``password`` nor
            ``shareToMe``.
    """
    switches, host = tenant.switches, recording.host
    web = f"{tenant.base('site')}/{recording.site.partition('.')[0]}"
    page = tenant.ids.hex("page", recording.recording_id)
    told: dict[str, Any] = {
        "id": recording.recording_id,
        **_meeting_ids(tenant, recording),
        "topic": recording.topic,
        "createTime": write_time(recording.created_at, call.zone),
        "timeRecorded": write_time(recording.recorded_at, call.zone),
        "siteUrl": recording.site,
        "downloadUrl": f"{web}/lsr.php?RCID={page}",
        "playbackUrl": f"{web}/ldr.php?RCID={page}",
        "format": recording.format,
        "serviceType": recording.service,
        "durationSeconds": int(recording.seconds),
        "sizeBytes": _size(tenant, recording),
        "integrationTags": [],
        "status": tenant.status(recording, call.now),
    }
    if admin or switches.host_fields == "told":
        told |= {"hostDisplayName": host.name, "hostEmail": host.email}
    if not admin:
        told["password"] = f"Pw{page[:6]}" if switches.clear_passwords else "*" * 8
    if not admin and reader is not None:
        told["shareToMe"] = reader is not host
    if recording.prevented:
        del told["downloadUrl"]
    return {name: value for name, value in told.items() if name not in recording.absent}


def _links(tenant: MeetingsTenant, call: Call, recording: Recording) -> dict[str, Any]:
    """The direct links that the caller may have (4.4)."""
    officer = "compliance" in call.levels
    status = tenant.status(recording, call.now)
    if status == "purged" or (not officer and (recording.prevented or status != "available")):
        return {}
    confid = tenant.names.confid(recording.meeting) if recording.meeting else "0"

    def give(sort: Sort) -> str:
        return tenant.base("media") + tenant.links.give(
            recording.recording_id, sort, confid, call.now
        )

    life = timedelta(minutes=tenant.switches.link_minutes)
    links = {"recordingDownloadLink": give("recording")}
    if recording.audio is not None:
        links["audioDownloadLink"] = give("audio")
    if recording.transcript is not None and recording.transcript_at <= call.now:
        links["transcriptDownloadLink"] = give("transcript")
    links["expiration"] = write_time(call.now + life, call.zone)
    return {"temporaryDirectDownloadLinks": links}


def _select(
    tenant: MeetingsTenant,
    call: Call,
    query: Mapping[str, str],
    recordings: Iterable[Recording],
) -> list[Recording]:
    """Those that are listed now and pass every filter but window and site."""
    status = read_choice(query, "status", STATES) or "available"
    form = read_choice(query, "format", FORMATS)
    service = read_choice(query, "serviceType", SERVICES)
    topic = query.get("topic", "").casefold()
    whole = tenant.switches.topic_filter == "equal"
    rows = []
    for recording in recordings:
        if recording.listed_at > call.now or tenant.status(recording, call.now) != status:
            continue
        if form not in ("", recording.format) or service not in ("", recording.service):
            continue
        named = recording.topic.casefold()
        if topic and not (topic == named if whole else topic in named):
            continue
        if not query.get("integrationTag"):  # nobody has tagged anything
            rows.append(recording)
    return rows


def _candidates(tenant: MeetingsTenant, query: Mapping[str, str]) -> list[Recording]:
    """All there are, or those of the meeting that is named by any of its ids (4.2)."""
    meeting_id = query.get("meetingId", "")
    return tenant.recordings_of(meeting_id) if meeting_id else tenant.recordings


def _meeting_ids(tenant: MeetingsTenant, recording: Recording) -> dict[str, str]:
    if recording.meeting is None:
        return {}
    scheduled = tenant.names.scheduled(recording.meeting)
    return {
        "meetingId": tenant.names.instance(recording.meeting),
        **({"scheduledMeetingId": scheduled} if scheduled else {}),
        "meetingSeriesId": tenant.names.series(recording.meeting),
    }


def _size(tenant: MeetingsTenant, recording: Recording) -> int:
    size = recording.content.size_bytes
    return size if tenant.switches.size == "exact" else -(-size // 1024) * 1024


def _time(tenant: MeetingsTenant, recording: Recording) -> Any:
    """What the window is compared with, in whole seconds as answers tell it (4.2)."""
    by = tenant.switches.recordings_by
    at = recording.created_at if by == "createTime" else recording.recorded_at
    return at.replace(microsecond=0)


def _holders(recording: Recording) -> tuple[str, ...]:
    return recording.host.uuid, *recording.shared_with


def _group_host(tenant: MeetingsTenant, call: Call) -> User:
    name = call.headers.get("hostemail") or call.query.get("personId", "")
    if not name:
        raise malformed("'personId' or the header 'hostEmail' is required.")
    host = tenant.account.find(name)
    if host is None:
        raise not_found("the user")
    return host


def _from_body(call: Call) -> Call:
    query = {name: str(value) for name, value in call.body.items() if value is not None}
    return replace(call, query={**query, **call.query}, body={})
