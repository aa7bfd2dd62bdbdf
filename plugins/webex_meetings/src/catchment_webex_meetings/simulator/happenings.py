"""What happens as time goes by, for webhooks (9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from catchment_webex.simulator.ids import rest_id
from catchment_webex.simulator.registrations import Event
from catchment_webex.simulator.times import write_time
from catchment_webex_meetings.simulator.records import Instance, Recording
from catchment_webex_meetings.simulator.tenant import MeetingsTenant


def list_happenings(tenant: MeetingsTenant, since: datetime, until: datetime) -> Iterator[Event]:
    """Every event after *since*, up to and including *until*; REST may lag behind (9.5, common)."""
    for event in _all(tenant):
        if since < event.at <= until:
            yield event


def _all(tenant: MeetingsTenant) -> Iterator[Event]:
    for one in tenant.instances:
        yield _meeting(tenant, one, "started", one.meeting.started_at)
        yield _meeting(tenant, one, "ended", one.meeting.ended_at)
        yield from _participants(tenant, one)
        if one.transcript is not None:
            yield _transcript(tenant, one, one.transcript.text_id, one.transcript.ready_at)
    for recording in tenant.recordings:
        early = tenant.switches.late_shows == "created"
        at = recording.created_at if early else recording.listed_at
        yield _recording(tenant, recording, "created", at)
        moved = tenant.moved.get(recording.recording_id)
        if moved is not None and moved[0] == "purged":
            yield _recording(tenant, recording, "deleted", moved[1])
        elif recording.purged_at is not None:  # nothing tells of the recycle bin (4.6)
            yield _recording(tenant, recording, "deleted", recording.purged_at)


def _host(one: Instance | Recording) -> dict[str, str]:
    person = rest_id("PEOPLE", one.host.uuid)
    return {
        "hostEmail": one.host.email,
        "hostUserId": person,
        "hostPersonId": person,
        "siteUrl": one.site,
    }


def _meeting(tenant: MeetingsTenant, one: Instance, name: str, at: datetime) -> Event:
    """``data.id`` is the meeting here, and nowhere else (9)."""
    ended = name == "ended"
    data: dict[str, Any] = {
        "id": one.instance_id,
        "meetingType": "meeting",
        "state": "ended" if ended else "inProgress",
        "timezone": "UTC",
        "start": write_time(one.meeting.started_at),
        **({"end": write_time(one.meeting.ended_at)} if ended else {}),
        "hostUserId": rest_id("PEOPLE", one.host.uuid),
        "hostEmail": one.host.email,
        "siteUrl": one.site,
        "orgId": tenant.ids.org,
    }
    more = {"meetingNumber": one.number, **_host(one)}
    return Event(at, "meetings", name, one.host.uuid, data, more)


def _recording(tenant: MeetingsTenant, recording: Recording, name: str, at: datetime) -> Event:
    """Never with a download link (9)."""
    data: dict[str, Any] = {"id": recording.recording_id}
    if recording.meeting is not None:
        data |= {
            "meetingId": tenant.names.instance(recording.meeting),
            "meetingSeriesId": tenant.names.series(recording.meeting),
        }
        scheduled = tenant.names.scheduled(recording.meeting)
        data |= {"scheduledMeetingId": scheduled} if scheduled else {}
    data |= {
        "topic": recording.topic,
        "createTime": write_time(recording.created_at),
        "timeRecorded": write_time(recording.recorded_at),
        "siteUrl": recording.site,
        "format": recording.format,
        "durationSeconds": int(recording.seconds),
        "sizeBytes": recording.content.size_bytes,
        "hostEmail": recording.host.email,
        "hostUserId": rest_id("PEOPLE", recording.host.uuid),
    }
    return Event(at, "recordings", name, recording.host.uuid, data, _host(recording))


def _transcript(tenant: MeetingsTenant, one: Instance, text_id: str, at: datetime) -> Event:
    data: dict[str, Any] = {
        "id": text_id,
        "meetingId": one.instance_id,
        "meetingSeriesId": one.series_id,
        "siteUrl": one.site,
    }
    return Event(at, "meetingTranscripts", "created", one.host.uuid, data, _host(one))


def _participants(tenant: MeetingsTenant, one: Instance) -> Iterator[Event]:
    series = tenant.switches.participant_id == "series"
    for stay in one.meeting.attendances:
        person = tenant.names.participant(one.meeting, stay.person, of_series=series)
        for name, at in (("joined", stay.joined_at), ("left", stay.left_at)):
            data: dict[str, Any] = {
                "id": person,
                "meetingId": one.instance_id,
                "email": stay.person.email,
                "displayName": stay.person.name,
                "state": "joined" if name == "joined" else "end",
                "host": stay.person is one.meeting.host,
                "hostEmail": one.host.email,
                "siteUrl": one.site,
            }
            yield Event(at, "meetingParticipants", name, one.host.uuid, data, _host(one))
