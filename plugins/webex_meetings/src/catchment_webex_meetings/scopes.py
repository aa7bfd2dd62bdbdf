"""Which scopes an app needs, by what the authorising account is (sheet common 3.5).

Webex does not say which scope a refusal lacks, so the messages must.
"""

from __future__ import annotations

from collections.abc import Mapping

from catchment_webex.settings import Profile

OFFICER = "spark-compliance:meetings_read"

NEEDED: Mapping[str, Mapping[Profile, str]] = {
    what: {"administrator": scope, "compliance_officer": OFFICER}
    for what, scope in {
        "recordings": "meeting:admin_recordings_read",
        "meetings": "meeting:admin_schedule_read",
        "participants": "meeting:admin_participants_read",
        "transcripts": "meeting:admin_transcripts_read",
        "texts": OFFICER,
    }.items()
}
"""The scope for each thing that is asked for."""

SITES = "meeting:admin_preferences_read"
PEOPLE = "spark-admin:people_read"
