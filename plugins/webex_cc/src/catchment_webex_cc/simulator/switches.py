"""The switchboard of Webex Contact Center: what differs, is disputed, or is known to nobody.

Numbers in brackets are sections of the sheet on Webex Contact Center.  What all Webex products have
in common stands in :class:`~catchment_webex.simulator.switches.CommonSwitches`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catchment_webex.simulator.switches import CommonSwitches


@dataclass(frozen=True)
class ContactCenterSwitches(CommonSwitches):
    """All switches of Webex Contact Center with their usual positions.

    "One in so many" is chance by id; ``0`` is never, ``1`` always.

    Attributes:
        generation: Which of the three APIs ``settings`` and ``truth`` are about (7).
        migrated: The settings name the tenant id of before the move to this generation (7).
        scopes: What the source's authorisation holds; ``usual``, or the scopes themselves,
            separated by spaces (1.2).
        role: What the authorising user is; an ``agent`` may read nothing (1.2).
        other_org: The token, or the tenant's objects, belong to another organisation (9).
        wrong_region: The tenant lives in another region; every call is refused with this
            status, ``0`` is the right region (1.1).

        ids: Tasks and users have UUIDs, or those of before a migration 20 characters (0).
        sid_form: Session ids of the older generations, ``bare`` or ``dashed`` (7.5).
        visible_after_s: From the end of the wrap-up to the row in ``/search`` (d1, 10); ``0``
            draws 0 to 7200.
        recording_after_s: From there to its recording (d2 - d1, 10); ``0`` draws 5 to 3600.
        never_every: Of calls that shall have a recording, one in so many never gets one (9).
        requested_null: ``captureRequested`` is null until it is known (4.1).
        active_rows: Whether every other call is in ``/search`` already while it lasts (2.2).
        purged_every: One recording in so many is purged a day after it came (3).
        odd_times_every: One call in so many has an agent activity without an end, with times
            reversed, or overlapping the one before.
        unknown_agent_every: In one call in so many an agent takes part whom the directory lacks.
        consult_to_queue_every: In one call in so many colleagues are asked through a queue (2.7).
        abandoned_late_every: One blind transfer in so many is told as abandoned by the caller,
            though an agent had answered before; ``0`` is never.

        helper_agent: Which member of ``consult*`` and ``Conference*`` nodes names the helper
            (2.7).
        records_cap: So many records can be reached by paging (2.3).
        records_cap_says: What comes after them: nothing, or 413.
        ext_scan: The first page of an ``extFilter`` must be found in so many records (2.3).
        leg_details: Whether ``taskLegDetails`` is there for this tenant, or empty (2.2).

        turns: In the main line caller and agent take turns, else both sound all the time.
        paused_sound: A pause is cut out of the stitched file, or silent in it.
        transcripts: Every other recorded call has a transcript (3).
        segments_default: What a missing ``includeSegments`` means (3).
        expiration_above: ``urlExpiration`` above 60 is refused, or clamped (3).
        captures_unknown: Tasks without a recording are told with ``empty`` lists, or ``absent``.
        staggered: Of a call with consultations, their recordings come first and the main line 40
            minutes later.
        shared_capture_ids: The whole and its first segment have the same id (3).
        truncated_every: The first download of one file in so many is cut, every other of them
            to nothing (3).

        statistics_rounding: Windows of statistics are rounded down to 15 minutes (4.3).
        activities_cap: So many agent activities has a window at most (4.2).
        activities_cap_says: What a window with more is answered: 413, or nothing beyond them.
        page_most: ``pageSize`` above it is lowered without a word (5).
        removed_user: A removed user shows as inactive, or not at all (5).

        data_rows: Rows of ``csrs`` and its likes, as ``arrays`` or ``objects`` (7.2).
        csr_window: What a window of ``csrs`` is compared with (7.2).
        legacy_rows: Agents' rows of ``aars`` have the members and the seven states of the sheet,
            ``plain``, or ``rich`` those of the newest generation as well (7.2).
        legacy_skew_ms: Stamps of these rows are so much later than those of ``/search``.
        q_filter: What becomes of ``valueFilters`` in a ``q`` document (7.2).
        legacy_refused: Status of bad credentials in CMSv1 (7.1).
        media_missing: Status of a recording that is not there yet (7.4).
        media_range: Whether ``Range`` is heeded there; otherwise the whole is sent (7.4).
        media_head: What ``HEAD`` is answered there: 405; 200, whatever was asked for; or 200 of
            what is there and the status of ``GET`` of all else, ``404`` (7.4).

        event_order: Webhooks come in order, or each pair of one call swapped (6.3).
    """

    generation: Literal["programmatic", "cms2", "cms1"] = "programmatic"
    migrated: bool = False
    scopes: str = "usual"
    role: Literal["administrator", "agent"] = "administrator"
    other_org: bool = False
    wrong_region: Literal[0, 401, 403, 404] = 0

    ids: Literal["uuid", "short"] = "uuid"
    sid_form: Literal["bare", "dashed"] = "bare"
    visible_after_s: int = 0
    recording_after_s: int = 0
    never_every: int = 25
    requested_null: bool = False
    active_rows: bool = True
    purged_every: int = 0
    odd_times_every: int = 0
    unknown_agent_every: int = 0
    consult_to_queue_every: int = 4
    abandoned_late_every: int = 0

    helper_agent: Literal["destinationAgentId", "agentId"] = "destinationAgentId"
    records_cap: int = 100_000
    records_cap_says: Literal["end", "413"] = "end"
    ext_scan: int = 2500
    leg_details: bool = True

    turns: bool = True
    paused_sound: Literal["cut", "silent"] = "cut"
    transcripts: bool = True
    segments_default: bool = False
    expiration_above: Literal["400", "clamp"] = "400"
    captures_unknown: Literal["empty", "absent"] = "empty"
    staggered: bool = False
    shared_capture_ids: bool = False
    truncated_every: int = 0

    statistics_rounding: bool = True
    activities_cap: int = 10_000
    activities_cap_says: Literal["413", "end"] = "413"
    page_most: int = 100
    removed_user: Literal["inactive", "vanished"] = "inactive"

    data_rows: Literal["arrays", "objects"] = "arrays"
    csr_window: Literal["cstts", "cetts"] = "cstts"
    legacy_rows: Literal["plain", "rich"] = "plain"
    legacy_skew_ms: int = 0
    q_filter: Literal["honoured", "ignored", "400"] = "honoured"
    legacy_refused: Literal[401, 403] = 401
    media_missing: Literal[404, 204] = 404
    media_range: bool = True
    media_head: Literal["405", "200", "404"] = "405"

    event_order: Literal["kept", "swapped"] = "kept"
