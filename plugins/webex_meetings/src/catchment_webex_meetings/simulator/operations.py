"""The operations of Webex Meetings, with the scopes of each level (3.5 of the common sheet)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from catchment_webex.simulator.operations import Level, Operation
from catchment_webex.simulator.registrations import Resource

Scopes = Mapping[Level, str]

_CO = "spark-compliance:meetings_read"
_MEETINGS: Scopes = {"user": "meeting:schedules_read", "admin": "meeting:admin_schedule_read"}
_MEETINGS_ADMIN: Scopes = {"admin": "meeting:admin_schedule_read", "compliance": _CO}
_RECORDINGS: Scopes = {
    "user": "meeting:recordings_read",
    "admin": "meeting:admin_recordings_read",
    "compliance": _CO,
}
_RECORDINGS_ADMIN: Scopes = {"admin": "meeting:admin_recordings_read", "compliance": _CO}
_WRITE: Scopes = {
    "user": "meeting:recordings_write",
    "admin": "meeting:admin_recordings_write",
}
_DELETE: Scopes = {**_WRITE, "compliance": "spark-compliance:meetings_write"}
_GROUP: Scopes = {"group": "meeting:group_meeting_read"}
_PARTICIPANTS: Scopes = {
    "user": "meeting:participants_read",
    "admin": "meeting:admin_participants_read",
    "compliance": _CO,
}
_TRANSCRIPTS: Scopes = {
    "user": "meeting:transcripts_read meeting:schedules_read",
    "admin": "meeting:admin_transcripts_read",
    "compliance": _CO,
}
_COMPLIANCE: Scopes = {"compliance": _CO}
_ROOM: Scopes = {
    "user": "meeting:preferences_read",
    "admin": "meeting:admin_preferences_read",
}
_USAGE: Scopes = {"admin": "meeting:admin_config_read"}
_ATTENDEES: Scopes = {
    "user": "meeting:participants_read meeting:schedules_read",
    "admin": "meeting:admin_config_read",
}

OPERATIONS = (
    Operation("meetings", "GET", "/meetings", _MEETINGS, "list"),
    Operation("meeting", "GET", "/meetings/{meeting}", _MEETINGS),
    Operation("admin_meetings", "GET", "/admin/meetings", _MEETINGS_ADMIN, "list"),
    Operation("admin_meeting", "GET", "/admin/meetings/{meeting}", _MEETINGS_ADMIN),
    Operation("personal_room", "GET", "/meetingPreferences/personalMeetingRoom", _ROOM),
    Operation("recordings", "GET", "/recordings", _RECORDINGS, "list"),
    Operation("query_recordings", "POST", "/recordings/query", _RECORDINGS, "list"),
    Operation("admin_recordings", "GET", "/admin/recordings", _RECORDINGS_ADMIN, "list"),
    Operation(
        "query_admin_recordings", "POST", "/admin/recordings/query", _RECORDINGS_ADMIN, "list"
    ),
    Operation("group_recordings", "GET", "/group/recordings", _GROUP, "list"),
    Operation("recording", "GET", "/recordings/{recording}", _RECORDINGS),
    Operation("group_recording", "GET", "/group/recordings/{recording}", _GROUP),
    Operation("delete_recording", "DELETE", "/recordings/{recording}", _DELETE),
    Operation(
        "delete_admin_recording",
        "DELETE",
        "/admin/recordings/{recording}",
        {"admin": "meeting:admin_recordings_write"},
    ),
    Operation("trash_recordings", "POST", "/recordings/softDelete", _WRITE),
    Operation("restore_recordings", "POST", "/recordings/restore", _WRITE),
    Operation("purge_recordings", "POST", "/recordings/purge", _WRITE),
    Operation("participants", "GET", "/meetingParticipants", _PARTICIPANTS, "list"),
    Operation("query_participants", "POST", "/meetingParticipants/query", _PARTICIPANTS, "list"),
    Operation("participant", "GET", "/meetingParticipants/{participant}", _PARTICIPANTS),
    Operation("transcripts", "GET", "/meetingTranscripts", _TRANSCRIPTS, "list"),
    Operation("admin_transcripts", "GET", "/admin/meetingTranscripts", _COMPLIANCE, "list"),
    Operation("transcript", "GET", "/meetingTranscripts/{transcript}/download", _TRANSCRIPTS),
    Operation(
        "snippets",
        "GET",
        "/meetingTranscripts/{transcript}/snippets",
        {"user": "meeting:transcripts_read", "compliance": _CO},
        "list",
    ),
    Operation("chats", "GET", "/meetings/postMeetingChats", _COMPLIANCE),
    Operation("captions", "GET", "/meetingClosedCaptions", _COMPLIANCE),
    Operation("caption", "GET", "/meetingClosedCaptions/{captions}/download", _COMPLIANCE),
    Operation("polls", "GET", "/meetings/polls", _COMPLIANCE),
    Operation("poll_results", "GET", "/meetings/pollResults", _COMPLIANCE),
    Operation("questions", "GET", "/meetings/q_and_a", _COMPLIANCE),
    Operation(
        "summaries",
        "GET",
        "/meetingSummaries",
        {"user": "meeting:summaries_read", "compliance": _CO},
    ),
    Operation("usage", "GET", "/meetingReports/usage", _USAGE, "list"),
    Operation("attendees", "GET", "/meetingReports/attendees", _ATTENDEES, "list"),
    Operation("access_summary", "GET", "/recordingReport/accessSummary", _RECORDINGS, "list"),
    Operation("events", "GET", "/events", {"compliance": "spark-compliance:events_read"}, "list"),
)
"""Everything that is answered, besides what all products have."""

RESOURCES = (
    Resource(
        "meetings",
        ("created", "updated", "deleted", "started", "ended"),
        _MEETINGS,
        (
            "id",
            "meetingNumber",
            "meetingType",
            "state",
            "hostEmail",
            "hostUserId",
            "siteUrl",
        ),
    ),
    Resource(
        "recordings",
        ("created", "updated", "deleted"),
        _RECORDINGS,
        (
            "id",
            "meetingId",
            "scheduledMeetingId",
            "meetingSeriesId",
            "hostEmail",
            "hostUserId",
            "siteUrl",
        ),
    ),
    Resource(
        "meetingTranscripts",
        ("created",),
        _TRANSCRIPTS,
        (
            "id",
            "meetingId",
            "scheduledMeetingId",
            "meetingSeriesId",
            "hostEmail",
            "hostUserId",
            "siteUrl",
        ),
    ),
    Resource(
        "meetingParticipants",
        ("joined", "left"),
        {k: v for k, v in _PARTICIPANTS.items() if k != "compliance"},
        ("id", "meetingId", "state", "hostEmail", "hostPersonId", "siteUrl"),
    ),
)
"""What webhooks can be about (9)."""

SCOPES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "administrator": frozenset(
            {
                "meeting:admin_config_read",
                "meeting:admin_participants_read",
                "meeting:admin_preferences_read",
                "meeting:admin_recordings_read",
                "meeting:admin_schedule_read",
                "meeting:admin_transcripts_read",
                "spark-admin:people_read",
                "spark:kms",
            }
        ),
        "compliance_officer": frozenset(
            {
                "meeting:preferences_read",
                "spark-compliance:events_read",
                "spark-compliance:meetings_read",
                "spark:kms",
                "spark:people_read",
            }
        ),
        "group_admin": frozenset({"meeting:group_meeting_read", "spark:kms"}),
        "user": frozenset(
            {
                "meeting:participants_read",
                "meeting:preferences_read",
                "meeting:recordings_read",
                "meeting:recordings_write",
                "meeting:schedules_read",
                "meeting:transcripts_read",
                "spark:kms",
                "spark:people_read",
            }
        ),
    }
)
"""What each profile's grant holds; a compliance officer's account is a user's as well."""
