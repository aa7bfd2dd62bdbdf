"""What Webex tells of one meeting, for the tests of what is made of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

SERIES = "a1f3c57e9b2d4c6088e1d2c3b4a59678"
INSTANCE = f"{SERIES}_I_481516234210815162"
RECORDING = "9c1e0b7fd2a84c53b6e7104f8a2d35c9"
HOST_ID = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS81ZTBjMWY3YS0yYjZkLTRhOTEtOWQzZS03YzRmOGExYjJjM2Q"
HOST_UUID = "5e0c1f7a-2b6d-4a91-9d3e-7c4f8a1b2c3d"
START = datetime(2026, 3, 9, 8, 4, 31, tzinfo=UTC)
FALLBACK = datetime(2026, 3, 1, tzinfo=UTC)


def recording(**changed: object) -> dict[str, Any]:
    """A row of the administrators' list (4.3); a field that is ``None`` is missing."""
    row = {
        "id": RECORDING,
        "meetingId": INSTANCE,
        "scheduledMeetingId": f"{SERIES}_20260309T080000Z",
        "meetingSeriesId": SERIES,
        "topic": "Credit committee-20260309 0804-1",
        "createTime": "2026-03-09T08:55:03Z",
        "timeRecorded": "2026-03-09T08:04:31Z",
        "hostDisplayName": "Lena Holt",
        "hostEmail": "Lena.Holt@corp.example",
        "siteUrl": "corp.webex.com",
        "downloadUrl": "https://corp.webex.com/corp/lsr.php?RCID=0f9d",
        "playbackUrl": "https://corp.webex.com/corp/ldr.php?RCID=7be2",
        "password": "********",
        "format": "MP4",
        "serviceType": "MeetingCenter",
        "durationSeconds": 2569,
        "sizeBytes": 148322190,
        "shareToMe": False,
        "integrationTags": [],
        "status": "available",
    } | changed
    return {name: value for name, value in row.items() if value is not None}


def meeting(**changed: object) -> dict[str, Any]:
    """An ended instance (3.2)."""
    row = {
        "id": INSTANCE,
        "meetingSeriesId": SERIES,
        "scheduledMeetingId": f"{SERIES}_20260309T080000Z",
        "title": "Credit committee",
        "meetingType": "meeting",
        "state": "ended",
        "timezone": "UTC",
        "start": "2026-03-09T08:01:12Z",
        "end": "2026-03-09T08:47:40Z",
        "hostUserId": HOST_ID,
        "hostDisplayName": "Lena Holt",
        "hostEmail": "lena.holt@corp.example",
        "siteUrl": "corp.webex.com",
        "scheduledType": "meeting",
        "hasChat": False,
        "hasRecording": True,
        "hasTranscription": True,
    } | changed
    return {name: value for name, value in row.items() if value is not None}


def device(joined: str, left: str, **changed: object) -> dict[str, Any]:
    """One join of a participant (5)."""
    return {
        "correlationId": f"c0ffee-{joined}",
        "audioType": "voip",
        "joinedTime": f"2026-03-09T{joined}Z",
        "leftTime": f"2026-03-09T{left}Z",
    } | changed


def participant(name: str, email: str, *devices: dict[str, Any], **changed: object) -> Any:
    """A row of the participants (5)."""
    return {
        "id": f"{INSTANCE}_{name}",
        "host": False,
        "email": email,
        "displayName": name,
        "state": "end",
        "hostEmail": "lena.holt@corp.example",
        "devices": list(devices),
    } | changed
