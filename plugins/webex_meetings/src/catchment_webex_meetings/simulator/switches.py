"""The switchboard of Webex Meetings: what differs, and what is not known (13, 14).

The switches that all Webex products have stand in
:class:`~catchment_webex.simulator.CommonSwitches`.  The number behind each name is the section of
the sheet on Webex Meetings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catchment_webex.simulator import CommonSwitches


@dataclass(frozen=True)
class Switches(CommonSwitches):
    """All switches with their usual positions.

    Attributes:
        profile: Who has authorised the app; decides ``settings`` and ``truth`` (3.5 of the
            common sheet).
        administered: The administrator is site administrator of all sites, or of the preferred
            one alone (11.14).
        scopes: What the app was granted, separated by spaces; empty is all it needs.

        ended_minutes: From the end of a meeting to its details in REST; 404 until then (3.1).
        processing_minutes: From the end of a meeting to its recordings (4.5).
        late_shows: What a late recording is late with: its ``createTime``, or its listing (4.3).
        part_times: Parts of one meeting have ``equal`` or ``own`` ``createTime`` (4.5).
        late_transcript_every: One meeting in so many gets its transcripts much later (6).
        late_transcript_minutes: How much later (6).
        no_transcript_every: One recording in so many has no transcript (6).

        window_limit: A window beyond 30 or 90 days is 400, or answered anyway (2, 13).
        meetings_by: What ``from``/``to`` of ``/meetings`` are compared with (3.1).
        meetings_order: Order of ``/meetings``, which is not documented (3.1).
        recordings_by: What ``from``/``to`` of recordings are compared with (4.2).
        meeting_id_window: Whether ``meetingId`` lifts the window of ``/recordings`` (4.2).
        topic_filter: ``topic`` is compared as substring, or as a whole (4.2).

        admin_without_host: Status of details asked by an administrator without the right
            ``hostEmail`` (11.8).
        compliance_host_email: ``hostEmail`` of a compliance officer is refused, or ignored (11.8).
        prevented_every: One meeting in so many has *Prevent downloading* (4.4).
        deleted_every: One recording in so many is moved to the recycle bin by its host (4.6).
        deleted_after_minutes: How long after its ``createTime`` that happens (4.6).
        purged_after_days: From the recycle bin to the end; ``0`` is never (4.6).
        lost_every: One unrecorded meeting in so many says ``hasRecording`` (4.5).
        arf_every: One meeting in so many is recorded as ARF (4.4).
        uploaded_every: One host in so many has uploaded a file, which has no ``meetingId`` (4.3).
        absent_fields: Fields that some recordings lack although they are said to be there,
            separated by commas (13).
        absent_every: One recording in so many lacks them (13).
        host_fields: ``hostEmail`` and ``hostDisplayName`` outside the admin list: told, or not
            as in the schema (4.3).
        clear_passwords: ``password`` of a recording is clear as for the host, or masked (4.3).
        size: ``sizeBytes`` is exact, or about right (4.3).
        webinar_service: ``serviceType`` of webinars (4.3).

        link_minutes: How long a direct link lives (4.4).
        expired_link: What the media host answers after that (4.4).
        media_bearer: What it does with an ``Authorization`` header (4.4).
        ranges: ``Range`` is honoured (4.4).
        download_trouble: What befalls the first tries of a file (4.4, 11).
        trouble_every: One file in so many is in trouble.
        trouble_tries: How many tries of such a file fail.

        participant_id: First part of a participant's id: the instance, or the series (1).
        guest_emails: Addresses of guests: told, empty, or invented by the platform (5).
        unknown_time: The time at which the last one left is known, absent, or 1970 (5).
        transcript_links: Download links of transcripts: ``https`` as the API's own address, or
            with ``meetingId`` as well (6).
        captions: The caption interface, which Webex enables on request (7).
    """

    profile: Literal["administrator", "compliance_officer"] = "administrator"
    administered: Literal["all", "preferred"] = "all"
    scopes: str = ""

    ended_minutes: int = 15
    processing_minutes: int = 8
    late_shows: Literal["created", "listed"] = "created"
    part_times: Literal["equal", "own"] = "equal"
    late_transcript_every: int = 0
    late_transcript_minutes: int = 120
    no_transcript_every: int = 4

    window_limit: Literal["strict", "lenient"] = "strict"
    meetings_by: Literal["start", "end", "overlap"] = "start"
    meetings_order: Literal["newest_first", "oldest_first", "shuffled"] = "newest_first"
    recordings_by: Literal["createTime", "timeRecorded"] = "createTime"
    meeting_id_window: Literal["kept", "lifted"] = "kept"
    topic_filter: Literal["substring", "equal"] = "substring"

    admin_without_host: Literal[404, 403] = 404
    compliance_host_email: Literal["reject", "ignore"] = "reject"
    prevented_every: int = 0
    deleted_every: int = 0
    deleted_after_minutes: int = 1440
    purged_after_days: int = 0
    lost_every: int = 0
    arf_every: int = 0
    uploaded_every: int = 0
    absent_fields: str = "timeRecorded,status,meetingId"
    absent_every: int = 0
    host_fields: Literal["told", "absent"] = "absent"
    clear_passwords: bool = True
    size: Literal["exact", "about"] = "exact"
    webinar_service: Literal["MeetingCenter", "EventCenter", "TrainingCenter"] = "MeetingCenter"

    link_minutes: int = 180
    expired_link: Literal["html", "403", "410"] = "html"
    media_bearer: Literal["html", "ignore"] = "html"
    ranges: bool = True
    download_trouble: Literal["none", "423", "429", "html", "short", "corrupt"] = "none"
    trouble_every: int = 1
    trouble_tries: int = 1

    participant_id: Literal["instance", "series"] = "instance"
    guest_emails: Literal["told", "empty", "pseudo"] = "told"
    unknown_time: Literal["none", "absent", "1970"] = "none"
    transcript_links: Literal["plain", "with_meeting"] = "plain"
    captions: Literal["enabled", "off"] = "enabled"
