"""Every documented field with its type, told where the sheet says that it is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.plugins.webex_meetings.simulator.cloud import DAY, Cloud, Clouds

HEX = r"[0-9a-f]{32}"
INSTANCE = HEX + r"_I_\d{18}"
SCHEDULED = HEX + r"_\d{8}T\d{6}Z"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
PERSON = r"[A-Za-z0-9+/]+"
SITE = r"[a-z-]+\.webex\.com"
URL = r"https?://\S+"
MAIL = r"\S+@\S+"

Fields = dict[str, object]
"""A pattern for text, a type for others; a ``?`` behind the name: not in every row."""

RECORDING: Fields = {
    "id": HEX, "meetingId": INSTANCE, "scheduledMeetingId?": SCHEDULED, "meetingSeriesId": HEX,
    "topic": r"(?s).+-\d{8} \d{4}-\d+", "createTime": TIME, "timeRecorded": TIME, "siteUrl": SITE,
    "downloadUrl": URL + rf"lsr\.php\?RCID={HEX}", "playbackUrl": URL + rf"ldr\.php\?RCID={HEX}",
    "format": "MP4", "serviceType": "MeetingCenter", "durationSeconds": int, "sizeBytes": int,
    "integrationTags": list, "status": "available",
}  # fmt: skip
HOST: Fields = {"hostDisplayName": str, "hostEmail": MAIL}
OWN: Fields = {"password": r"Pw\w+", "shareToMe": bool}
LINKS: Fields = {
    "recordingDownloadLink": URL, "audioDownloadLink": URL, "transcriptDownloadLink?": URL,
    "expiration": TIME,
}  # fmt: skip
MEETING: Fields = {
    "id": INSTANCE, "meetingSeriesId": HEX, "scheduledMeetingId?": SCHEDULED, "title": str,
    "agenda": "", "meetingType": "meeting", "state": "ended", "timezone": "UTC", "start": TIME,
    "end": TIME, "hostUserId": PERSON, "hostDisplayName": str, "hostEmail": MAIL, "siteUrl": SITE,
    "webLink": URL, "scheduledType": "meeting|webinar", "integrationTags": list, "hasChat": bool,
    "hasRecording": bool, "hasTranscription": bool, "hasSummary": bool, "hasClosedCaption": bool,
    "hasPolls": bool, "hasQA": bool, "hasSlido": bool, "hasRegistration": bool,
    "hasPostEventSurvey": bool,
}  # fmt: skip
PARTICIPANT: Fields = {
    "id": INSTANCE + r"_[0-9a-f-]{36}", "host": bool, "coHost": bool, "spaceModerator": bool,
    "email": MAIL, "displayName": str, "invitee": bool, "muted": bool, "video": "on|off",
    "state": "end", "meetingStartTime": TIME, "joinedTime": TIME, "leftTime": TIME,
    "siteUrl": SITE, "meetingId": INSTANCE, "hostEmail": MAIL, "devices": list,
    "breakoutSessionsAttended?": list,
}  # fmt: skip
DEVICE: Fields = {
    "correlationId": r"[0-9a-f-]{36}", "deviceType": str, "audioType": "pstn|voip",
    "joinedTime": str, "leftTime": str, "durationSecond": int, "callType?": "callIn",
}  # fmt: skip
TRANSCRIPT: Fields = {
    "id": rf"[0-9a-f-]{{36}}_M_{HEX}", "siteUrl": SITE, "startTime": TIME, "meetingTopic": str,
    "meetingId": INSTANCE, "scheduledMeetingId?": SCHEDULED, "meetingSeriesId": HEX,
    "hostUserId": PERSON, "vttDownloadLink": URL + "format=vtt",
    "txtDownloadLink": URL + "format=txt", "status": "available",
}  # fmt: skip
CHAT: Fields = {
    "id": str, "chatTime": TIME, "text": str, "meetingId": INSTANCE, "type": "private|public",
    "sender": dict, "receivers": list,
}  # fmt: skip
USAGE: Fields = {
    "meetingId": INSTANCE, "meetingNumber": r"\d{9,11}", "meetingTitle": str, "start": TIME,
    "end": TIME, "duration": int, "scheduledType": "meeting|webinar", "hostDisplayName": str,
    "hostEmail": MAIL, "totalPeopleMinutes": int, "totalParticipants": int, "peakAttendee": int,
    "totalInvitee": int, "totalRegistered": int, "totalVoipMinutes": int,
    "totalCallInMinutes": int, "totalCallOutMinutes": int, "serviceType": "MeetingCenter",
    "trackingCodes": list,
}  # fmt: skip
ATTENDEE: Fields = {
    "meetingId": INSTANCE, "meetingNumber": r"\d{9,11}", "meetingTitle": str, "displayName": str,
    "email": MAIL, "joinedTime": TIME, "leftTime": TIME, "duration": int,
    "participantType": "host|attendee", "registered": bool, "invited": bool,
}  # fmt: skip
ACCESS: Fields = {
    "recordingId": HEX, "topic": str, "timeRecorded": TIME, "siteUrl": SITE, "viewCount": int,
    "downloadCount": int, "hostEmail": MAIL,
}  # fmt: skip
EVENT: Fields = {
    "id": PERSON, "resource": "meetings", "type": "ended", "actorId": PERSON, "orgId": PERSON,
    "created": str, "data": dict,
}  # fmt: skip
CAPTIONS: Fields = {
    "id": HEX, "meetingId": INSTANCE, "vttDownloadLink": URL + "format=vtt",
    "txtDownloadLink": URL + "format=txt", "start": TIME,
}  # fmt: skip
SITED = {"siteUrl": "corp.webex.com"}
ENDED = {"meetingType": "meeting", "state": "ended"}

LISTINGS: list[tuple[str, str, str, dict[str, str], Fields]] = [
    ("4.3 admin", "administrator", "/admin/recordings", DAY | SITED, RECORDING | HOST),
    ("4.3 officer", "compliance_officer", "/admin/recordings", DAY | SITED, RECORDING | HOST),
    ("4.3 of everybody", "compliance_officer", "/recordings", DAY, RECORDING | {"password": str}),
    ("3.2", "administrator", "/meetings", DAY | ENDED, MEETING),
    ("6", "compliance_officer", "/admin/meetingTranscripts", DAY | SITED, TRANSCRIPT),
    ("6 of everybody", "compliance_officer", "/meetingTranscripts", DAY | SITED, TRANSCRIPT),
    ("8 usage", "administrator", "/meetingReports/usage", DAY | SITED, USAGE),
    ("2 D", "administrator", "/recordingReport/accessSummary",
     DAY | SITED | {"hostEmail": "all"}, ACCESS),
    ("2 E", "compliance_officer", "/events", DAY, EVENT),
]  # fmt: skip


def check(row: dict[str, Any], fields: Fields) -> None:
    """A row has every field, no other, and each with its type or pattern."""
    names = {name.rstrip("?"): kind for name, kind in fields.items()}
    assert set(row) <= set(names)
    assert {name for name in fields if not name.endswith("?")} <= set(row)
    for name, value in row.items():
        kind = names[name]
        if isinstance(kind, str):
            assert isinstance(value, str), name
            assert re.fullmatch(kind, value), (name, value)
        else:
            assert type(value) is kind, (name, value)


@pytest.mark.parametrize(
    ("profile", "path", "asked", "fields"),
    [row[1:] for row in LISTINGS],
    ids=[row[0] for row in LISTINGS],
)
def test_every_row_has_the_documented_fields(
    cloud: Clouds, profile: str, path: str, asked: dict[str, str], fields: Fields
) -> None:
    """Type by type, and nothing else; optional ones occur and are missing."""
    rows = cloud(profile=profile).items(path, **asked)
    assert len(rows) > 5
    for row in rows:
        check(row, fields)
    seen = [name for name in fields if name.endswith("?")]
    for name in (name.rstrip("?") for name in seen):
        assert {name in row for row in rows} == {True, False}, name


def test_a_users_own_row_and_the_details(webex: Cloud) -> None:
    """4.3, 4.4: ``password`` and ``shareToMe``; the details alone have links."""
    own = webex.recording(lambda r: r.transcript)
    webex.act_as("user", own.host.email)
    row = webex.items("/recordings", **DAY)[0]
    check(row, RECORDING | OWN)
    details = webex.details(own)
    links = details.pop("temporaryDirectDownloadLinks")
    check(details, RECORDING | OWN)
    check(links, LINKS)
    assert "transcriptDownloadLink" in links


@pytest.mark.parametrize(
    ("profile", "told"), [("administrator", False), ("compliance_officer", True)]
)
def test_participants_and_their_devices(cloud: Clouds, profile: str, told: bool) -> None:
    """5: a phone number is told to a compliance officer alone."""
    webex = cloud(profile=profile)
    phones = []
    for one in webex.tenant.instances:
        for row in webex.items(
            "/meetingParticipants", meetingId=one.instance_id, **webex.host(one)
        ):
            check(row, PARTICIPANT)
            for device in row["devices"]:
                phones.append("phoneNumber" in device)
                device.pop("phoneNumber", None)
                check(device, DEVICE)
    assert any(phones) is told


def test_texts_of_a_meeting(officer: Cloud) -> None:
    """7: chats and captions, for compliance officers."""
    chatty = officer.instance(lambda one: any(line.to for line in one.meeting.chat))
    rows = officer.items("/meetings/postMeetingChats", meetingId=chatty.instance_id)
    for row in rows:
        check(row, CHAT)
        for person in (row["sender"], *row["receivers"]):
            assert set(person) == {"email", "displayName", "personId", "orgId"}
        assert bool(row["receivers"]) is (row["type"] == "private")
    titled = officer.instance(lambda one: one.captions)
    (row,) = officer.items("/meetingClosedCaptions", meetingId=titled.instance_id)
    check(row, CAPTIONS)


def test_attendees_and_events(webex: Cloud, officer: Cloud) -> None:
    """8, 2 E: who was there, and what the stream tells of a meeting."""
    one = webex.instance()
    asked = {"siteUrl": one.site, "meetingId": one.instance_id} | DAY
    rows = webex.items("/meetingReports/attendees", **asked)
    assert len(rows) == len(one.meeting.attendances)
    for row in rows:
        check(row, ATTENDEE)
    told = officer.items("/events", **DAY)[0]["data"]
    assert set(told) == {
        "meetingId", "host", "attendees", "recordingEnabled", "transcriptionEnabled"
    }  # fmt: skip
    assert told["recordingEnabled"] in ("yes", "no")


@pytest.mark.parametrize("position", ["told", "absent"])
def test_the_host_outside_the_admin_list(cloud: Clouds, position: str) -> None:
    """4.3: never rely on it."""
    webex = cloud(host_fields=position)
    details = webex.details(webex.recording())
    assert ({"hostEmail", "hostDisplayName"} <= set(details)) is (position == "told")


@pytest.mark.parametrize(("position", "shape"), [(True, r"Pw\w+"), (False, r"\*{8}")])
def test_passwords_are_clear_or_masked(cloud: Clouds, position: bool, shape: str) -> None:
    """4.3: a secret, for whoever keeps it in a log."""
    webex = cloud(clear_passwords=position)
    assert re.fullmatch(shape, webex.details(webex.recording())["password"])


@pytest.mark.parametrize(("position", "exact"), [("exact", True), ("about", False)])
def test_sizes_are_exact_or_about_right(cloud: Clouds, position: str, exact: bool) -> None:
    """4.3, 14: ``sizeBytes`` against the bytes that come."""
    webex = cloud(size=position)
    told = {row["id"]: row["sizeBytes"] for row in webex.listed()}
    real = {r.recording_id: r.content.size_bytes for r in webex.tenant.recordings}
    assert (told == real) is exact
    assert all(0 <= told[name] - real[name] < 1024 for name in told)


def test_fields_that_are_said_to_be_there_may_be_missing(cloud: Clouds) -> None:
    """13: ``timeRecorded``, ``status``, ``meetingId``, of some recordings."""
    webex = cloud(absent_every=3, absent_fields="timeRecorded,status,meetingId")
    gone = [{"timeRecorded", "status", "meetingId"} - set(row) for row in webex.listed()]
    assert {len(names) for names in gone} == {0, 3}


@pytest.mark.parametrize("service", ["MeetingCenter", "EventCenter", "TrainingCenter"])
def test_the_service_of_webinars(cloud: Clouds, service: str) -> None:
    """4.3, 14: not known, so not to be filtered on."""
    webex = cloud(webinar_service=service)
    webinar = webex.instance(lambda one: one.meeting.kind == "webinar")
    assert webex.details(webinar.recordings[0])["serviceType"] == service


@pytest.mark.parametrize(
    ("position", "guests"),
    [("told", "@mail.example"), ("empty", ""), ("pseudo", "@guest.webex.localhost")],
)
def test_addresses_of_guests(cloud: Clouds, position: str, guests: str) -> None:
    """5, 14: told, empty, or invented."""
    webex = cloud(guest_emails=position)
    one = webex.instance()
    rows = webex.items("/meetingParticipants", meetingId=one.instance_id, **webex.host(one))
    told = [row["email"] for row in rows if not row["invitee"]]
    assert told
    assert all(email.endswith(guests) and bool(email) is bool(guests) for email in told)


@pytest.mark.parametrize(
    ("position", "left"),
    [("none", TIME), ("absent", ""), ("1970", r"1970-01-01T00:00:00\.000Z")],
)
def test_a_time_that_is_not_known(cloud: Clouds, position: str, left: str) -> None:
    """5: missing, or the beginning of the epoch."""
    webex = cloud(unknown_time=position)
    one = webex.instance()
    rows = webex.items("/meetingParticipants", meetingId=one.instance_id, **webex.host(one))
    assert re.fullmatch(left, rows[-1].get("leftTime", ""))


@pytest.mark.parametrize(("position", "shape"), [("instance", INSTANCE), ("series", HEX)])
def test_the_first_part_of_a_participants_id(cloud: Clouds, position: str, shape: str) -> None:
    """1: series or instance, which is not known."""
    webex = cloud(participant_id=position)
    one = webex.instance()
    rows = webex.items("/meetingParticipants", meetingId=one.instance_id, **webex.host(one))
    assert all(re.fullmatch(shape + r"_[0-9a-f-]{36}", row["id"]) for row in rows)


@pytest.mark.parametrize(("position", "more"), [("plain", False), ("with_meeting", True)])
def test_links_of_transcripts(cloud: Clouds, position: str, more: bool) -> None:
    """6: some have ``meetingId`` as well."""
    webex = cloud(transcript_links=position, profile="compliance_officer")
    row = webex.items("/admin/meetingTranscripts", siteUrl="corp.webex.com", **DAY)[0]
    assert ("&meetingId=" in row["vttDownloadLink"]) is more
