"""The switchboard of Webex Calling: what differs, is disputed, or is known to nobody.

Numbers in brackets are sections of the sheet on Webex Calling.  What all Webex products have in
common stands in :class:`~catchment_webex.simulator.switches.CommonSwitches`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catchment_webex.simulator.switches import CommonSwitches


@dataclass(frozen=True)
class CallingSwitches(CommonSwitches):
    """All switches of Webex Calling with their usual positions.

    "One in so many" is chance by id; ``0`` is never, ``1`` always.

    Attributes:
        profile: Whose authorisation the source has; an administrator gets no links, so nothing
            can be captured and ``truth`` is empty (1.4, quirk 1).
        scopes: What the source's authorisation holds; ``usual``, or the scopes themselves,
            separated by spaces (1.1, 2.1).
        cdr_access: The account holds the call history permission (2.1).

        owners: ``mixed``: some lines belong to a workspace or a virtual line; ``users`` (1.2).
        create_time: ``createTime`` with ``Z``, or with a numeric ``offset`` (1.3).
        owner_email: ``ownerEmail`` of owners without an address (1.3).
        queue_recordings: Who owns what Customer Assist queues record (1.2).
        queue_result: Whose call record says that a queue's recording was made (2.4).
        recording_ids: Recording ids with dashes, or ``bare`` hex digits (0).
        session_ids: ``callSessionId`` of recordings, likewise (0).

        recording_delay_s: From the end of a call to its files; ``0`` draws 180 to 780 (1.3).
        links_ready_delay_s: Links come up to so much later than the recording (1.4).
        transcripts: Every other recording gets a transcript (1.4).
        transcript_delay_s: It comes up to so much later than the recording (quirk 3).
        transcript_late_every: One in so many comes three hours later still.
        ai_notes: Notes and action items are offered too, on a host that wants the bearer (1.4).
        metadata_delay_s: Metadata is 204 for so long after the recording is listed (1.1).
        recording_actions: ``recordingActions`` hold starts and stops by hand too, or ``pauses``
            alone (1.5).
        locked_every: Details of one recording in so many are 423 at first (1.1).
        hold_in_file: Whether hold time is inside the file (quirk 19).

        list_window: Which time ``from`` and ``to`` mean (1.2).
        topic_match: How ``topic`` is compared (1.2).
        download_disabled_every: One recording in so many may not be downloaded (1.4).
        binned_every: One in so many is moved to the recycle bin by its owner (quirk 11).
        binned_after_s: That long after it was listed.
        purged_every: Of those one in so many is purged a day later (1.2).
        binned_links: Details have links while the recording is in the recycle bin (quirk 11).
        purged_links: A compliance officer gets links of what was purged (quirk 11, 1.6).
        reassigned_every: One in so many gets another owner (quirk 10).
        reassigned_after_s: That long after it was listed.

        link_minutes: Download links live so long (1.4).
        expired_link: What an expired ticket answers (1.4).
        ranges: The media host honours ``Range``; nobody says.
        media_429_rate: Percentage of files whose first download is refused with 429 (1.4).
        media_retry_after: Seconds that it asks to wait (1.4).

        third_party_every: Of calls that Webex does not record, one in so many is recorded by
            another provider, which only call records tell (1, 2.2).
        transfer_keeps_session: A consultation, and the transfer or conference that follows, has
            the session of the call; otherwise its own (quirk 17, 2.3).
        blind_transfer_new_session: A blind transfer begins a new session (2.3).
        interaction_id: ``Interaction ID`` is told, or empty as in older data (2.3).
        blind_transfer_link: ``Transfer related call ID`` of a blind transfer (2.3).

        cdr_empty: An empty window is 404, or 200 without items (2.1).
        cdr_bad_window: Status of a window that is too old, too new or too long (2.1).
        cdr_page: ``max`` is 500 to 5000, or 1 to 500 as in older documents (2.1).
        cdr_budget: The two resources share the limit of requests, or have one ``each`` (2.1).
        cdr_link: ``Link`` with ``doubled`` angle brackets, or ``plain`` (2.1).
        feed_horizon: How far ``cdr_feed`` goes back: ``30d``, or ``48h`` (2.1).
        feed_window_field: Which time a window of ``cdr_feed`` means (2.1).
        feed_late: What comes late is never in ``cdr_feed``, or later (2.1, quirk 14).
        cdr_late_every: Records of one call in so many are stored late (section 5, 10).
        cdr_late_s: By how much.
        cdr_duplicate_every: One record in so many is stored again ten minutes later (2.1).
        cdr_missing: How a missing value is written (2.2).
        release_time: ``Release time`` in ISO form, or ``spaced`` (2.2).
        region_451: The first call history host is of the wrong region, and says so in these
            words: ``please_use``, ``url``, or ``url_bare`` without ``https://`` (2.1).
    """

    profile: Literal["compliance_officer", "administrator"] = "compliance_officer"
    scopes: str = "usual"
    cdr_access: bool = True

    owners: Literal["mixed", "users"] = "mixed"
    create_time: Literal["zulu", "offset"] = "zulu"
    owner_email: Literal["absent", "null", "empty"] = "absent"
    queue_recordings: Literal["queue", "agent"] = "queue"
    queue_result: Literal["queue", "agent"] = "queue"
    recording_ids: Literal["dashed", "bare"] = "dashed"
    session_ids: Literal["dashed", "bare"] = "dashed"

    recording_delay_s: int = 0
    links_ready_delay_s: int = 120
    transcripts: bool = True
    transcript_delay_s: int = 1800
    transcript_late_every: int = 10
    ai_notes: bool = False
    metadata_delay_s: int = 0
    recording_actions: Literal["all", "pauses"] = "all"
    locked_every: int = 0
    hold_in_file: bool = True

    list_window: Literal["created", "recorded"] = "created"
    topic_match: Literal["substring", "exact"] = "substring"
    download_disabled_every: int = 0
    binned_every: int = 20
    binned_after_s: int = 600
    purged_every: int = 3
    binned_links: bool = True
    purged_links: bool = True
    reassigned_every: int = 30
    reassigned_after_s: int = 86400

    link_minutes: int = 180
    expired_link: Literal[401, 403, 404, 410] = 403
    ranges: bool = True
    media_429_rate: int = 0
    media_retry_after: int = 5

    third_party_every: int = 2
    transfer_keeps_session: bool = False
    blind_transfer_new_session: bool = True
    interaction_id: Literal["present", "empty"] = "present"
    blind_transfer_link: Literal["empty", "filled"] = "empty"

    cdr_empty: Literal[404, 200] = 404
    cdr_bad_window: Literal[400, 403] = 400
    cdr_page: Literal["500-5000", "1-500"] = "500-5000"
    cdr_budget: Literal["shared", "each"] = "shared"
    cdr_link: Literal["doubled", "plain"] = "doubled"
    feed_horizon: Literal["30d", "48h"] = "30d"
    feed_window_field: Literal["report", "start"] = "report"
    feed_late: Literal["misses", "later"] = "misses"
    cdr_late_every: int = 25
    cdr_late_s: int = 1200
    cdr_duplicate_every: int = 50
    cdr_missing: Literal["mixed", "empty", "NA", "na"] = "mixed"
    release_time: Literal["iso", "spaced"] = "iso"
    region_451: Literal["none", "please_use", "url", "url_bare"] = "none"
