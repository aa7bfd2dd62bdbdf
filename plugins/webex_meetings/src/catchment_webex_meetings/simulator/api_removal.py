"""What ends recordings: the recycle bin, its emptying, and deletion for good (4.1, 4.6)."""

from __future__ import annotations

from typing import Any

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed, not_found
from catchment_webex_meetings.simulator.api_recordings import find_recording
from catchment_webex_meetings.simulator.records import Recording, Status
from catchment_webex_meetings.simulator.tenant import MeetingsTenant

BATCH = 100
"""So many ids in one call, all on one site."""


def delete_recording(tenant: MeetingsTenant, call: Call) -> Answer:
    """``DELETE /recordings/{id}``: for good; a compliance officer gives a reason (4.1)."""
    recording = find_recording(tenant, call)
    if "compliance" in call.levels:
        comment = str(call.body.get("comment", ""))
        if not call.body.get("reason") or len(comment) > 255:
            raise malformed("'reason' is required; 'comment' has at most 255 characters.")
    else:
        tenant.check_host(call, tenant.acting(call) or call.user, recording.host.uuid)
    tenant.moved[recording.recording_id] = ("purged", call.now)
    return Answer(204)


def delete_admin_recording(tenant: MeetingsTenant, call: Call) -> Answer:
    """``DELETE /admin/recordings/{id}`` (4.1)."""
    tenant.moved[find_recording(tenant, call).recording_id] = ("purged", call.now)
    return Answer(204)


def trash_recordings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``POST /recordings/softDelete``: into the recycle bin."""
    return _move(tenant, call, "available", "deleted", every="trashAll")


def restore_recordings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``POST /recordings/restore``: out of it."""
    return _move(tenant, call, "deleted", "available", every="restoreAll")


def purge_recordings(tenant: MeetingsTenant, call: Call) -> Answer:
    """``POST /recordings/purge``: the end of what is in it."""
    return _move(tenant, call, "deleted", "purged", every="purgeAll")


def _move(
    tenant: MeetingsTenant, call: Call, before: Status, after: Status, *, every: str
) -> Answer:
    body = call.body
    ids: Any = body.get("recordingIds") or []
    whole = body.get(every) is True
    if not isinstance(ids, list) or len(ids) > BATCH or whole == bool(ids):
        raise malformed(f"'recordingIds' must have 1 to {BATCH} ids, or none with '{every}'.")
    host = tenant.acting(call) or call.user
    own = [
        recording
        for recording in tenant.recordings
        if recording.host is host and recording.listed_at <= call.now
    ]
    chosen = [r for r in own if whole or r.recording_id in ids]
    if not whole and len(chosen) != len(ids):
        raise not_found("the recording")
    site = str(body.get("siteUrl") or "")
    if whole and site:
        chosen = [r for r in chosen if r.site == site]
    elif not whole and len({r.site for r in chosen} | ({site} if site else set())) > 1:
        raise malformed("All recordings must be on one site.")
    for recording in _with_status(tenant, call, chosen, before):
        tenant.moved[recording.recording_id] = (after, call.now)
    return Answer(204)


def _with_status(
    tenant: MeetingsTenant, call: Call, recordings: list[Recording], status: Status
) -> list[Recording]:
    return [r for r in recordings if tenant.status(r, call.now) == status]
