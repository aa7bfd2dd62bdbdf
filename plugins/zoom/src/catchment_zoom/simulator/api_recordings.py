"""The operations of cloud recordings (section 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from catchment_zoom.simulator.answers import Answer, invalid_field, no_recording, reject
from catchment_zoom.simulator.ids import zulu
from catchment_zoom.simulator.records import File, Record
from catchment_zoom.simulator.site import Call, Site, Trash, tell_type
from catchment_zoom.simulator.windows import DATE, Asked, read_month

BARE = ("CC", "TIMELINE")
"""Kinds of files that the sheet says have no id, status, size or type of their own (5.1)."""
MAX_TTL = 604_800


def list_of_user(site: Site, call: Call) -> Answer:
    """``GET /users/{userId}/recordings`` (5.1)."""
    user = site.people.find(call.path["user"])
    return _list(site, call, lambda record: _host(site, record) == user.user_id)


def list_of_account(site: Site, call: Call) -> Answer:
    """``GET /accounts/{accountId}/recordings``: perhaps not there at all (5.2)."""
    if not site.switches.account_recordings:
        raise reject(site.switches.unknown_status, 2300, "This API endpoint is not recognized.")
    if call.path["account"] not in ("me", site.credentials.account_id):
        raise reject(400, 2001, f"Account does not exist: {call.path['account']}.")
    return _list(site, call, lambda record: True)


def get_recording(site: Site, call: Call) -> Answer:
    """``GET /meetings/{meetingId}/recordings``, with a pass for its files if asked (5.3)."""
    record = _find(site, call)
    if site.switches.recording_content == "denied":
        # A documented oddity: an error under HTTP 200.
        return Answer(200, {"code": 200, "message": "You do not have the right permissions."})
    body = tell_recording(site, record, call.now)
    audio = [f for f in record.visible(call.now) if f.product == "participant_audio"]
    if audio:
        told = [_tell_audio(site, record, file, call.now) for file in audio]
        body["participant_audio_files"] = told
    body["password"] = ""
    if "download_access_token" in call.query.get("include_fields", "").split(","):
        ttl = timedelta(seconds=_read_ttl(call.query.get("ttl")))
        body["download_access_token"] = site.give_pass(record.uuid, ttl, "access")
    return Answer(200, body)


def delete_recording(site: Site, call: Call) -> Answer:
    """``DELETE /meetings/{id}/recordings?action=trash|delete`` (5.4)."""
    record = _find(site, call)
    if _reads_delete(call):
        site.gone.add(record.uuid)
    else:
        trash = site.trash.get(record.uuid, Trash())
        site.trash[record.uuid] = replace(trash, whole_at=call.now)
    event = "recording.deleted" if _reads_delete(call) else "recording.trashed"
    site.happened.append((call.now, event, record.uuid))
    return Answer(204)


def delete_recording_file(site: Site, call: Call) -> Answer:
    """``DELETE /meetings/{id}/recordings/{fileId}`` (5.4)."""
    record = _find(site, call)
    file = next((f for f in record.visible(call.now) if f.file_id == call.path["file"]), None)
    if file is None or _is_away(site, record, file, call.now):
        raise no_recording()
    if file.state(call.now) != "completed":
        raise reject(400, 3303, "You can not delete an uncompleted meeting recording.")
    if _reads_delete(call):
        site.gone.add(file.file_id)
    else:
        trash = site.trash.get(record.uuid, Trash())
        files = {**trash.files, file.file_id: call.now}
        site.trash[record.uuid] = replace(trash, files=files)
    return Answer(204)


def recover_recording(site: Site, call: Call) -> Answer:
    """``PUT /meetings/{uuid}/recordings/status`` with ``{"action": "recover"}`` (5.4)."""
    uuid = site.latest(call.path["meeting"], call.now)
    if call.body.get("action") != "recover":
        raise invalid_field("action")
    if uuid not in site.trash or site.is_dead(uuid, "", call.now):
        raise no_recording()
    del site.trash[uuid]
    site.happened.append((call.now, "recording.recovered", uuid))
    return Answer(204)


def get_transcript(site: Site, call: Call) -> Answer:
    """``GET /meetings/{id}/transcript``: separate from the recording's VTT (5.5)."""
    if site.switches.transcripts == "forbidden":
        raise reject(403, 2305, "The account's settings do not allow this.")
    uuid = site.latest(call.path["meeting"], call.now)
    record = site.recordings_by_uuid.get(uuid)
    if record is None or not record.is_listed(call.now) or site.switches.transcripts == "none":
        raise reject(404, 3322, "There is no transcript for this meeting.")
    file = next((f for f in record.files if f.file_type == "TRANSCRIPT"), None)
    reason = _restriction(site, record, file, call.now)
    body = {
        "meeting_id": uuid,
        "account_id": site.credentials.account_id,
        "meeting_topic": record.meeting.topic,
        "host_id": _host(site, record),
        "transcript_created_time": zulu(file.ready_at) if file and not reason else "",
        "can_download": not reason,
        "download_url": None,
        **_auto_delete(site, record),
    }
    if reason:
        body["download_restriction_reason"] = reason
    elif file is not None:
        path = site.links.path("transcript", file.file_id, call.now)
        body["download_url"] = site.base("web") + path
    return Answer(200, body)


def tell_recording(
    site: Site,
    record: Record,
    now: datetime,
    *,
    trashed: bool = False,
    family: str = "",
    webhook: bool = False,
) -> dict[str, Any]:
    """The meeting object of 5.1; while it runs, sizes and counts are 0 (fact 19)."""
    switches, meeting = site.switches, record.meeting
    number = tell_type(site, meeting)
    seconds = max(0.0, (min(now, meeting.ended_at) - meeting.started_at).total_seconds())
    files = [f for f in record.visible(now) if _is_told(site, record, f, now, trashed)]
    done = [f for f in files if f.state(now) == "completed"]
    listed = [f for f in files if f.product == "recording"]
    return {
        "uuid": record.uuid,
        "id": site.ids.number(meeting),
        "account_id": site.credentials.account_id,
        "host_id": _host(site, record),
        "topic": meeting.topic,
        "type": number if switches.recording_type_field == "number" else str(number),
        "start_time": zulu(meeting.started_at),
        "timezone": meeting.timezone,
        "duration": int(seconds // 60) if now >= meeting.ended_at else 0,
        "total_size": sum(file.content.size_bytes for file in done),
        "recording_count": len(done),
        "share_url": f"{site.base('web')}/rec/share/{site.ids.short('share', record.uuid)}",
        "recording_play_passcode": site.ids.short("passcode", record.uuid)[:10],
        **_auto_delete(site, record),
        "recording_files": [
            _tell_file(site, record, file, now, family=family, webhook=webhook) for file in listed
        ],
    }


def _list(site: Site, call: Call, wanted: Callable[[Record], bool]) -> Answer:
    if call.query.get("trash", "false") == "true":
        return _list_trash(site, call, wanted)
    asked = read_month(call.query, call.now, site.switches)
    number = call.query.get("meeting_id", "")

    def rows() -> list[Record]:
        now = site.clock.now()
        found = [
            record
            for record in site.recordings
            if asked.holds(record.meeting.started_at)
            and wanted(record)
            and (not number or number == str(site.ids.number(record.meeting)))
            and _is_there(site, record, now)
        ]
        return list(site.ordered(found))

    page = site.cut(call, rows, echoed=asked.query, either=True)
    told = [tell_recording(site, record, call.now) for record in page.rows]
    return Answer(200, _envelope(site, asked, page) | {"meetings": told})


def _list_trash(site: Site, call: Call, wanted: Callable[[Record], bool]) -> Answer:
    """What was thrown away, whole meetings or single files; without ``from``/``to`` (5.1)."""
    if call.query.get("from") or call.query.get("to"):
        raise invalid_field("trash")
    single = call.query.get("trash_type", "meeting_recordings") == "recording_file"

    def rows() -> list[Record]:
        now = site.clock.now()
        return [r for r in site.recordings if wanted(r) and _is_trashed(site, r, single, now)]

    page = site.cut(call, rows)
    today = call.now.strftime(DATE)
    asked = Asked(call.now, call.now, {"from": today, "to": today}, call.query)
    told = [tell_recording(site, record, call.now, trashed=True) for record in page.rows]
    return Answer(200, _envelope(site, asked, page) | {"meetings": told})


def _is_trashed(site: Site, record: Record, single: bool, now: datetime) -> bool:
    trash = site.trash.get(record.uuid, Trash())
    if site.is_dead(record.uuid, "", now):
        return False
    if single:
        return any(not site.is_dead(record.uuid, file_id, now) for file_id in trash.files)
    return trash.whole_at is not None


def _envelope(site: Site, asked: Asked, page: Any) -> dict[str, Any]:
    return {
        **asked.echo,
        "page_count": -(-page.total // page.page_size),
        "page_size": page.page_size,
        "total_records": page.total,
        **site.tell_token(page),
    }


def _tell_file(
    site: Site, record: Record, file: File, now: datetime, *, family: str, webhook: bool
) -> dict[str, Any]:
    running, state = now < file.end, file.state(now)
    body: dict[str, Any] = {
        "id": file.file_id,
        "meeting_id": record.uuid,  # the UUID (5.1)
        "recording_start": zulu(file.begin),
        "recording_end": "" if running else zulu(file.end),
        "file_type": "" if running else file.file_type,
        "file_extension": "" if running else file.extension,
        "file_size": file.content.size_bytes if state == "completed" else 0,
        "play_url": f"{site.base('web')}/rec/play/{file.file_id}",
        "download_url": site.tell_path(file, now, family),
        "status": "" if running and site.switches.running_status == "empty" else state,
    }
    if not running:
        body["recording_type"] = file.recording_type
    if webhook:
        body["file_name"] = file.name
    if file.file_type in BARE:
        dropped = ["play_url"]
        if site.switches.timeline == "without_id":
            dropped += ["id", "status", "file_size", "recording_type"]
        body = {name: value for name, value in body.items() if name not in dropped}
    trashed_at = site.trashed_at(record.uuid, file.file_id) or site.trashed_at(record.uuid)
    return body | ({"deleted_time": zulu(trashed_at)} if trashed_at else {})


def _tell_audio(site: Site, record: Record, file: File, now: datetime) -> dict[str, Any]:
    told = _tell_file(site, record, file, now, family="", webhook=False)
    name = f"Audio only - {file.person.name if file.person else ''}"
    without = ("meeting_id", "recording_type", "file_extension")
    return {k: v for k, v in told.items() if k not in without} | {"file_name": name}


def _auto_delete(site: Site, record: Record) -> dict[str, Any]:
    if not site.switches.recording_auto_delete_days:
        return {"auto_delete": False}
    return {"auto_delete": True, "auto_delete_date": record.expires_at.strftime(DATE)}


def _restriction(site: Site, record: Record, file: File | None, now: datetime) -> str:
    if file is None:
        return "NO_TRANSCRIPT_DATA"
    if site.trashed_at(record.uuid) or record.uuid in site.gone or file.file_id in site.gone:
        return "DELETED_OR_TRASHED"
    return "" if now >= file.ready_at else "NOT_READY"


def _is_there(site: Site, record: Record, now: datetime) -> bool:
    away = site.trashed_at(record.uuid) or record.uuid in site.gone
    return record.is_listed(now) and not away


def _is_away(site: Site, record: Record, file: File, now: datetime) -> bool:
    trashed = site.trashed_at(record.uuid, file.file_id) is not None
    return trashed or site.is_dead(record.uuid, file.file_id, now)


def _is_told(site: Site, record: Record, file: File, now: datetime, trashed: bool) -> bool:
    if not trashed or site.trashed_at(record.uuid):
        return not _is_away(site, record, file, now)
    return site.trashed_at(record.uuid, file.file_id) is not None


def _find(site: Site, call: Call) -> Record:
    uuid = site.latest(call.path["meeting"], call.now)
    record = site.recordings_by_uuid.get(uuid)
    if record is None or not _is_there(site, record, call.now):
        raise no_recording()
    return record


def _reads_delete(call: Call) -> bool:
    action = call.query.get("action", "trash")
    if action not in ("trash", "delete"):
        raise invalid_field("action")
    return action == "delete"


def _read_ttl(text: str | None) -> int:
    if text is None:
        return 86_400
    if not text.isdigit() or int(text) > MAX_TTL:
        raise invalid_field("ttl")
    return int(text)


def _host(site: Site, record: Record) -> str:
    return site.ids.short("user", getattr(record.meeting.host, "agent_id", ""))


RECORDINGS: dict[str, Callable[[Site, Call], Answer]] = {
    "user_recordings": list_of_user,
    "account_recordings": list_of_account,
    "recording_get": get_recording,
    "recording_delete": delete_recording,
    "recording_file_delete": delete_recording_file,
    "recording_recover": recover_recording,
    "transcript": get_transcript,
}
"""Handlers by operation."""
