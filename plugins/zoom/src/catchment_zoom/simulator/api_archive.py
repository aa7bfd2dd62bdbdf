"""The archive's operations (sections 3 and 4)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from catchment_zoom.simulator.answers import Answer, no_archive, reject
from catchment_zoom.simulator.ids import zulu
from catchment_zoom.simulator.pages import Slice
from catchment_zoom.simulator.people import email_of
from catchment_zoom.simulator.records import File, Record
from catchment_zoom.simulator.site import Call, Site, tell_type
from catchment_zoom.simulator.windows import Asked, read_week

_EXTENSIONS = ("mp4", "m4a", "txt", "json", "vtt")


def list_archive(site: Site, call: Call) -> Answer:
    """``GET /archive_files`` (3.1, 3.2); ``page_size`` counts meetings."""
    _need_archiving(site)
    asked = read_week(call.query, call.now, site.switches)
    groups = _read_groups(call.query)
    by = call.query.get("query_date_type", "meeting_start_time")
    if by not in ("meeting_start_time", "archive_complete_time"):
        raise reject(400, 300, "Validation Failed.", field_name="query_date_type")

    def rows() -> list[Record]:
        now = site.clock.now()
        found = [r for r in site.archive if _matches(site, r, asked, by, now)]
        return list(site.ordered([r for r in found if not groups or groups & set(r.groups)]))

    page = site.cut(call, rows, echoed=asked.query)
    told = [tell_archive_record(site, record, call.now) for record in page.rows]
    return Answer(200, _envelope(site, asked, page) | {"meetings": told})


def list_archive_of_account(site: Site, call: Call) -> Answer:
    """``GET /accounts/{accountId}/archive_files``: the master account's list (2.3)."""
    _check_account(site, call.path["account"])
    return list_archive(site, call)


def get_archive(site: Site, call: Call) -> Answer:
    """``GET /past_meetings/{meetingUUID}/archive_files``: one meeting, not wrapped (4)."""
    _need_archiving(site)
    return Answer(200, tell_archive_record(site, _find(site, call), call.now))


def delete_archive(site: Site, call: Call) -> Answer:
    """``DELETE``: all files of that instance; there is no delete for a single file (4)."""
    _need_archiving(site)
    site.archive_gone.add(_find(site, call).uuid)
    return Answer(204)


def flag_archive_file(site: Site, call: Call) -> Answer:
    """``PATCH /archive_files/{fileId}``: tag for deletion, where Support enabled it (4)."""
    found = site.files.get(call.path["file"])
    if found is None or site.archive_at(found[0].uuid, call.now) is None:
        raise reject(404, 3301, "There is no recording for this meeting.")
    wanted = call.body.get("auto_delete")
    if not site.switches.auto_delete_option or not isinstance(wanted, bool):
        raise reject(400, 300, "Validation Failed.", field_name="auto_delete")
    site.flagged[found[1].file_id] = wanted
    return Answer(204)


def read_statistics(site: Site, call: Call) -> Answer:
    """``GET /archive_files/statistics``; which date it filters on is unknown: the start (4)."""
    _need_archiving(site)
    asked = read_week(call.query, call.now, site.switches)
    records = [
        record
        for record in site.archive
        if _matches(site, record, asked, "meeting_start_time", call.now)
    ]
    files = [f for r in records for f in r.visible(call.now) if f.product == "archive"]
    extensions = Counter(file.extension.lower() for file in files)
    states = Counter(file.state(call.now) for file in files)
    body = {
        **asked.echo,
        "total_records": len(records),
        "statistic_by_file_extension": {f"{e}_file_count": extensions[e] for e in _EXTENSIONS},
        "statistic_by_file_status": {
            "processing_file_count": states["processing"],
            "completed_file_count": states["completed"],
            "failed_file_count": states["failed"],
        },
    }
    return Answer(200, body)


def read_audit(site: Site, call: Call) -> Answer:
    """``GET /archive_files/download_audit``: who fetched what, from where, when (4)."""
    _need_archiving(site)
    asked = read_week(call.query, call.now, site.switches)

    def rows() -> list[dict[str, Any]]:
        meetings: dict[str, dict[str, list[Any]]] = {}
        for (uuid, file_id, address), times in site.audit.items():
            inside = [zulu(at) for at in times if asked.holds(at)]
            if inside:
                source = _tell_source(address, inside)
                meetings.setdefault(uuid, {}).setdefault(file_id, []).append(source)
        return [
            {
                "meeting_uuid": uuid,
                "files": [{"file_id": f, "sources": sources} for f, sources in files.items()],
            }
            for uuid, files in meetings.items()
        ]

    page = site.cut(call, rows, echoed=asked.query)
    body = {**asked.echo, "page_size": page.page_size, **site.tell_token(page)}
    return Answer(200, body | {"meetings": list(page.rows)})


def tell_archive_record(
    site: Site, record: Record, now: datetime, *, webhook: bool = False
) -> dict[str, Any]:
    """One element of ``meetings[]`` (3.2); in webhooks without ``physical_files`` (9.4)."""
    switches, meeting = site.switches, record.meeting
    files = [f for f in record.visible(now) if f.product == "archive"]
    complete = record.is_complete(now)
    moving = switches.late_files == "move"
    done = [f for f in files if f.state(now) == "completed"]
    body: dict[str, Any] = {
        "uuid": record.uuid,
        "id": _number(site, record),
        "account_name": "Northwind Example",
        "host_id": site.ids.short("user", getattr(meeting.host, "agent_id", "")),
        "topic": meeting.topic,
        "type": _tell_type(site, record),
        "meeting_type": "external" if record.external else "internal",
        "start_time": zulu(meeting.started_at),
        "timezone": meeting.timezone,
        "duration": meeting.scheduled_minutes,
        "duration_in_second": int((meeting.ended_at - meeting.started_at).total_seconds()),
        "complete_time": zulu(record.completed_at(now, moving)) if complete else "",
        "status": "completed" if complete else "processing",
        "is_breakout_room": bool(record.parent_uuid),
        "recording_count": len(files),
        "total_size": sum(file.content.size_bytes for file in done),
        "archive_files": [_tell_file(site, file, now, webhook=webhook) for file in files],
    }
    if record.parent_uuid:
        body["parent_meeting_id"] = record.parent_uuid  # a UUID, not a number (fact 9)
    if record.groups:
        body["group_id"] = ",".join(record.groups)
    attached = [f for f in record.visible(now) if f.product == "attachment"]
    if attached and not webhook:
        body["physical_files"] = [_tell_attachment(site, file, now) for file in attached]
    if not complete and switches.processing_values == "absent":
        del body["complete_time"]
    return _remove_external(body, switches.external_fields) if record.external else body


def _tell_file(site: Site, file: File, now: datetime, *, webhook: bool) -> dict[str, Any]:
    switches, ready = site.switches, file.state(now) == "completed"
    body: dict[str, Any] = {
        "id": file.file_id,
        "file_type": file.file_type,
        "file_extension": file.extension,
        "file_size": file.content.size_bytes if ready else 0,
        "recording_type": file.recording_type,
        "status": file.state(now),
        "individual": file.person is not None,
        "participant_join_time": zulu(file.begin),
        "participant_leave_time": zulu(file.end),
        "encryption_fingerprint": tell_fingerprint(file, switches.fingerprint) if ready else "",
        "download_url": site.tell_path(file, now) if ready else "",
    }
    if file.person is not None:
        body["participant_email"] = email_of(file.person, site.ids, switches)
    if file.messages is not None:
        body["number_of_messages"] = file.messages
    if switches.storage_location:
        body["storage_location"] = switches.storage_location
    if webhook:
        body["file_name"] = file.name  # only the webhook has one (3.2, 9.4)
    elif switches.auto_delete_option:
        body["auto_delete"] = site.flagged.get(file.file_id, False)
    if switches.on_premise:
        del body["download_url"]
        body["file_path"] = f"/archive/{file.file_id}/{file.name}"
    if not ready and switches.processing_values == "absent":
        for name in ("file_size", "encryption_fingerprint", "download_url"):
            body.pop(name, None)
    return body


def tell_fingerprint(file: File, mode: str) -> str:
    """``encryption_fingerprint``: what is hashed is documented nowhere (3.4)."""
    if mode == "empty":
        return ""
    if mode == "mismatch":
        return hashlib.sha256(f"encrypted {file.file_id}".encode()).hexdigest()
    return file.content.sha256


def _tell_attachment(site: Site, file: File, now: datetime) -> dict[str, Any]:
    return {
        "file_id": file.file_id,
        "file_name": file.name,
        "file_size": file.content.size_bytes,
        "download_url": site.tell_path(file, now),
    }


def _remove_external(body: dict[str, Any], mode: str) -> dict[str, Any]:
    """Whether removed fields are absent, ``null`` or empty is unknown (3.2, fact 8)."""
    empty: dict[str, Any] = {"id": 0, "host_id": "", "topic": ""}
    for name, value in empty.items():
        if mode == "absent":
            del body[name]
        else:
            body[name] = None if mode == "null" else value
    return body


def _tell_type(site: Site, record: Record) -> int:
    if record.parent_uuid:
        return 100
    return tell_type(site, record.meeting)


def _number(site: Site, record: Record) -> int:
    """A breakout record's ``id``: whether it is the parent's is unknown (3.2)."""
    if record.parent_uuid and site.switches.breakout_id == "own":
        return 80_000_000_000 + site.ids.chance("room", record.uuid)
    return site.ids.number(record.meeting)


def _matches(site: Site, record: Record, asked: Asked, by: str, now: datetime) -> bool:
    if record.uuid in site.archive_gone or not record.is_listed(now):
        return False
    if by == "meeting_start_time":
        return asked.holds(record.meeting.started_at)
    if not record.is_complete(now):
        listed = site.switches.completing == "listed"
        return listed and asked.holds(record.meeting.started_at)
    return asked.holds(record.completed_at(now, site.switches.late_files == "move"))


def _find(site: Site, call: Call) -> Record:
    record = site.archive_at(site.latest(call.path["meeting"], call.now), call.now)
    if record is None:
        raise no_archive(call.path["meeting"])
    return record


def _need_archiving(site: Site) -> None:
    if not site.switches.archiving:
        raise reject(400, 200, "Not available for this account.")


def _check_account(site: Site, account: str) -> None:
    if account not in ("me", site.credentials.account_id):
        raise reject(400, 2001, f"Account does not exist: {account}.")


def _read_groups(query: Any) -> set[str]:
    text = query.get("group_ids") or query.get("group_id") or ""
    groups = {group for group in text.split(",") if group}
    if len(groups) > 7:
        raise reject(400, 300, "Validation Failed.", field_name="group_ids")
    return groups


def _envelope(site: Site, asked: Asked, page: Slice[Record]) -> dict[str, Any]:
    return {
        **asked.echo,
        "page_size": page.page_size,
        "total_records": page.total,
        **site.tell_token(page),
    }


def _tell_source(address: str, times: list[str]) -> dict[str, Any]:
    return {
        "source_ip": address,
        "download_timestamps": times,
        "total_download_count": len(times),
        "first_download_time": times[0],
        "last_download_time": times[-1],
    }


ARCHIVE: dict[str, Callable[[Site, Call], Answer]] = {
    "archive_list": list_archive,
    "archive_list_master": list_archive_of_account,
    "archive_get": get_archive,
    "archive_delete": delete_archive,
    "archive_flag": flag_archive_file,
    "archive_statistics": read_statistics,
    "download_audit": read_audit,
}
"""Handlers by operation."""
