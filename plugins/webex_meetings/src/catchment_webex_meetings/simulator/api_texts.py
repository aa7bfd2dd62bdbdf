"""Transcripts, captions and chats of whole meetings (6, 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from catchment.sandbox import Person
from catchment_webex.simulator import Call
from catchment_webex.simulator.account import User
from catchment_webex.simulator.answers import Answer, forbidden, malformed, not_found
from catchment_webex.simulator.ids import rest_id
from catchment_webex.simulator.pages import answer_page, cut_page
from catchment_webex.simulator.times import write_time
from catchment_webex_meetings.simulator.records import Instance, Text
from catchment_webex_meetings.simulator.tenant import MeetingsTenant
from catchment_webex_meetings.simulator.windows import read_choice, read_window

FORMS = ("vtt", "txt")


def list_transcripts(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingTranscripts`` (6)."""
    query, reader = call.query, tenant.reader(call)
    if query.get("hostEmail") and not query.get("meetingId"):
        raise malformed("'hostEmail' needs 'meetingId'.")
    if query.get("meetingId"):
        seen = [tenant.instance_of(call)]
        tenant.check_host(call, reader, seen[0].host.uuid)
    else:
        site = query.get("siteUrl") or call.user.sites[0]
        seen = [one for one in tenant.instances if one.site == site]
    rows = _transcripts(tenant, call, seen, reader)
    return tenant.page(call, rows)


def list_admin_transcripts(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /admin/meetingTranscripts``: of one site, newest first (6)."""
    site = call.query.get("siteUrl", "")
    if not site:
        raise malformed("'siteUrl' is required.")
    seen = [one for one in tenant.instances if one.site == site]
    return tenant.page(call, _transcripts(tenant, call, seen, None))


def download_transcript(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingTranscripts/{id}/download``: wants the bearer (6)."""
    one, text = _find_transcript(tenant, call)
    reader = tenant.reader(call)
    if not ("admin" in call.levels and not call.query.get("hostEmail")):
        tenant.check_host(call, reader, one.host.uuid)
    return _send(call, text)


def list_snippets(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingTranscripts/{id}/snippets`` (6)."""
    one, text = _find_transcript(tenant, call)
    tenant.check_host(call, tenant.reader(call), one.host.uuid)
    rows = [
        {
            "id": f"{text.text_id}_{number}",
            "text": line.text,
            "personName": line.person.name,
            "personEmail": line.person.email,
            "offsetMillisecond": _milliseconds(line.start, one.meeting.started_at),
            "durationMillisecond": _milliseconds(line.end, line.start),
        }
        for number, line in enumerate(one.meeting.spoken)
    ]
    return tenant.page(call, rows)


def list_chats(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetings/postMeetingChats``: of an instance, page by page (7)."""
    rows = list(_chats(tenant, tenant.instance_of(call), call.zone))
    # one document, so that rows are not repeated as in other listings
    told, headers = cut_page(rows, call.url, call.query, tenant.switches)
    return answer_page(told, headers)


def write_chats(tenant: MeetingsTenant, one: Instance) -> bytes:
    """The chats of a meeting as one document.

    Webex has no file of them, only pages: a capture puts the rows of all pages into one envelope,
    and this is the form agreed on for it.
    """
    rows = list(_chats(tenant, one, ""))
    return json.dumps({"items": rows}, ensure_ascii=False, indent=1).encode()


def list_captions(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingClosedCaptions``: one set at most (7)."""
    _need_captions(tenant)
    one = tenant.instance_of(call)
    if one.captions is None or one.captions.ready_at > call.now:
        return Answer(200, {"items": []})
    text = one.captions
    link = f"{tenant.base('api')}/v1/meetingClosedCaptions/{text.text_id}/download?format="
    told = {
        "id": text.text_id,
        "meetingId": one.instance_id,
        "vttDownloadLink": f"{link}vtt",
        "txtDownloadLink": f"{link}txt",
        "start": write_time(one.meeting.started_at, call.zone),
    }
    return Answer(200, {"items": [told]})


def download_captions(tenant: MeetingsTenant, call: Call) -> Answer:
    """``GET /meetingClosedCaptions/{id}/download``: wants the bearer (7)."""
    _need_captions(tenant)
    for one in tenant.visible(call.now):
        if one.captions is not None and one.captions.text_id == call.path["captions"]:
            return _send(call, one.captions)
    raise not_found("the closed captions")


def _chats(tenant: MeetingsTenant, one: Instance, zone: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(one.meeting.chat):
        yield {
            "id": tenant.ids.uuid("chat", one.instance_id, number),
            "chatTime": write_time(line.at, zone),
            "text": line.text,
            "meetingId": one.instance_id,
            "type": "private" if line.to else "public",
            "sender": _person(tenant, line.person),
            "receivers": [_person(tenant, line.to)] if line.to else [],
        }


def list_nothing(tenant: MeetingsTenant, call: Call) -> Answer:
    """Polls, questions and summaries: interfaces that exist, for meetings that had none (7)."""
    tenant.instance_of(call)
    return Answer(200, {"items": []})


def _transcripts(
    tenant: MeetingsTenant, call: Call, seen: list[Instance], reader: User | None
) -> list[dict[str, Any]]:
    one_meeting = bool(call.query.get("meetingId"))
    lifted = one_meeting and tenant.switches.meeting_id_window == "lifted"
    window = None if lifted else read_window(call.query, call.now)
    rows = []
    for one in reversed(seen):
        start, text = one.meeting.started_at, one.transcript
        if text is None or text.ready_at > call.now or reader not in (None, one.host):
            continue
        if window is None or window.start <= start < window.end:
            rows.append(_tell_transcript(tenant, call, one, text))
    return rows


def _tell_transcript(
    tenant: MeetingsTenant, call: Call, one: Instance, text: Text
) -> dict[str, Any]:
    link = f"{tenant.base('api')}/v1/meetingTranscripts/{text.text_id}/download?format="
    more = ""
    if tenant.switches.transcript_links == "with_meeting":
        more = f"&meetingId={one.instance_id}"
    return {
        "id": text.text_id,
        "siteUrl": one.site,
        "startTime": write_time(one.meeting.started_at, call.zone),
        "meetingTopic": one.meeting.topic,
        "meetingId": one.instance_id,
        **({"scheduledMeetingId": one.scheduled_id} if one.scheduled_id else {}),
        "meetingSeriesId": one.series_id,
        "hostUserId": rest_id("PEOPLE", one.host.uuid),
        "vttDownloadLink": f"{link}vtt{more}",
        "txtDownloadLink": f"{link}txt{more}",
        "status": "available",
    }


def _find_transcript(tenant: MeetingsTenant, call: Call) -> tuple[Instance, Text]:
    for one in tenant.instances:
        text = one.transcript
        if text is not None and text.text_id == call.path["transcript"]:
            if text.ready_at <= call.now:
                return one, text
            break
    raise not_found("the transcript")


def _send(call: Call, text: Text) -> Answer:
    form = read_choice(call.query, "format", FORMS) or "vtt"
    content = text.vtt if form == "vtt" else text.txt
    return Answer(200, None, {}, content.read(), content.media_type)


def _need_captions(tenant: MeetingsTenant) -> None:
    if tenant.switches.captions == "off":
        raise forbidden()


def _person(tenant: MeetingsTenant, person: Person) -> dict[str, Any]:
    return {
        "email": person.email,
        "displayName": person.name,
        "personId": rest_id("PEOPLE", tenant.ids.person(person)),
        "orgId": tenant.account.org_id,
    }


def _milliseconds(at: datetime, since: datetime) -> int:
    return round((at - since).total_seconds() * 1000)
