"""The switchboard: every behaviour of Zoom that differs, is disputed, or is unknown.

Zoom's documents leave much open and its live behaviour has changed without notice, so what a
client must survive in either form is a switch here.  The comment above each group and the number
behind each field name the sheet's section.  An unknown name or value is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from catchment.sandbox import Switchboard

Plan = Literal["free", "pro", "business"]


@dataclass(frozen=True)
class Switches(Switchboard):
    """All switches with their usual positions.

    Attributes:
        source: Which product the configured source captures (5); decides ``truth``.
        plan: The account's plan, which sets the rate limits (8.1).
        archiving: Zoom Support has switched archiving on; off is 400/200 (3).
        account_recordings: ``/accounts/me/recordings`` exists; off is 404/2300 (5.2).

        app: The OAuth app's state: ``deactivated``, or not a server-to-server app (2.2).
        scopes: What new tokens carry: ``granular``, ``classic``, or the scopes themselves,
            separated by spaces (2.3).  Tokens minted before keep what they had (2.1).
        token_seconds: How long an access token lives (2.1).
        tokens: Several valid at once, or a new one ends the older (2.1).
        oauth_errors: ``reason`` or the ``newer`` shape with ``errorCode`` (2.2).
        body_credentials: Client id and secret in the form body (2.1).
        token_code: Code for a bad token: ``124`` or the newer services' ``4700`` (8.3).
        token_status: Status that goes with it; some documents say ``400`` (8.3).

        misrouted: Code for a path that was split wrongly (1.2).
        unknown_status: Status of 2300, "not recognized" (8.3).

        pages: The listing between pages: unchanged, with new rows in front, or with the last
            row repeated (1.3).
        order: Order of listings, which is undocumented (1.3).
        last_page: ``next_page_token`` of the last page: empty or absent (1.3).
        archive_end: Whether a start or completion exactly at ``to`` is listed (3.1).
        recordings_end: Whether the day of ``to`` is listed (5.1).
        month_window: Recordings windows beyond a month: ``clamp`` or ``reject`` (5.1).
        completing: Whether ``archive_complete_time`` queries list ``processing`` meetings (14).
        late_files: Whether a file that is added later moves ``complete_time`` (14).

        processing_values: Values of a processing record: empty, or absent (3.2).
        external_fields: Removed fields of external records: absent, ``null`` or empty (3.2).
        external: Whether external meetings are archived at all, as audio (3.3).
        fingerprint: ``correct`` is the SHA-256 of the bytes; ``mismatch`` is of something else;
            ``empty`` (3.4).
        auto_delete_option: The "tag for deletion" option is enabled (3.2, 4).
        storage_location: Distributed archiving; empty is off (3.2).
        on_premise: ``file_path`` in place of ``download_url`` (3.2).
        retention_days: Archive files live so long, 1 to 30 (fact 2).
        failed_every: One archive file in so many fails; ``0`` is none (3.2, fact 10).
        late_every: One meeting in so many gets its transcript long after completion (fact 18).
        processing_minutes: From the end of a meeting to its first files (3.2).
        breakout_id: Whether a breakout record repeats its parent's ``id`` (3.2).
        attachments: ``physical_files`` are told; the older interface has none (3.2).

        recording_auto_delete_days: Cloud recordings delete themselves; ``0`` is off (5.1).
        recording_type_field: ``type`` of a recorded meeting: number, or text as in the schema.
        running_status: ``status`` of a recording that still runs (5.1).
        timeline: ``TIMELINE`` and ``CC`` entries with or without ``id`` and size (5.1).
        participant_audio: Separate audio of each participant (5.3).
        recording_content: The *View the recording content* right; without it HTTP 200 with code
            200 (5.3).
        transcripts: The transcript interface: ``available``, ``none`` (3322), ``forbidden`` (5.5).

        guest_emails: Guests' addresses by Zoom's rules, or always hidden, or always shown (6.3).
        durations_after_minutes: Participants' durations are 0 until so long after the end (7.3).
        one_person: Participants of a meeting of one: ``empty`` or ``listed`` (7.3).

        redirect: Downloads go on to the ``storage`` host, or are answered by the first (6.2).
        storage_bearer: What the storage host does with a bearer (6.2).
        unauthorised: A download without a good bearer: 401, or 200 with a login page (6.2).
        download_query: ``?access_token=`` on downloads (6.2).
        ranges: ``Range`` is honoured (6.2).
        link_minutes: A download address from a listing dies after this; ``0`` never (6.2).
        signed_link_minutes: A signed storage address dies after this (6.2).
        download_trouble: What befalls the first tries of a file (6.2, 10).
        trouble_every: One file in so many is in trouble.
        trouble_tries: How many tries of such a file fail.

        rate_limiting: Calls are counted at all (8.1).
        rate_headers: Which headers are told (8.2): as documented; category only, as measured;
            ``no_type``, the daily answer of 2020; none.
        rate_reset: ``X-RateLimit-Reset`` as well (8.2).
        rate_code: Body code of a per-second 429 (8.2).
        retry_after: The daily ``Retry-After`` as ISO instant, HTTP date, or seconds (8.2).
        other_apps_percent: Share of the account's budget that other apps use up (8.1).
        odd_body_every: One answer in so many is an odd ``{"status": false, …}``; ``0`` none (8.3).
        odd_body_status: The HTTP status of the odd body (8.3).

        webhook_secret_scope: The app holds the archive webhook's scope (2.3).
        webhook_timestamp: Unit of ``x-zm-request-timestamp`` (9.3).
        webhook_duplicate_every: One delivery in so many comes twice (9.1).
        webhook_lose_every: One event in so many never comes (9.1).
        webhook_reorder: Events that fall due together come in reverse (9.1).
        webhook_archive_repeats: The archive event comes again when files are added (14).
    """

    platform: ClassVar[str] = "Zoom"

    source: Literal["archive", "recordings", "both"] = "archive"
    plan: Plan = "business"
    archiving: bool = True
    account_recordings: bool = True

    app: Literal["active", "deactivated", "not_s2s"] = "active"
    scopes: str = "granular"
    token_seconds: int = 3600
    tokens: Literal["many", "newest"] = "many"
    oauth_errors: Literal["reason", "newer"] = "reason"
    body_credentials: Literal["reject", "accept"] = "reject"
    token_code: Literal[124, 4700] = 124
    token_status: Literal[401, 400] = 401

    misrouted: Literal[2300, 3001] = 2300
    unknown_status: Literal[404, 400] = 404

    pages: Literal["stable", "inserts", "duplicates"] = "stable"
    order: Literal["oldest_first", "newest_first", "shuffled"] = "oldest_first"
    last_page: Literal["empty", "absent"] = "empty"
    archive_end: Literal["exclusive", "inclusive"] = "exclusive"
    recordings_end: Literal["inclusive", "exclusive"] = "inclusive"
    month_window: Literal["clamp", "reject"] = "clamp"
    completing: Literal["absent", "listed"] = "absent"
    late_files: Literal["keep", "move"] = "keep"

    processing_values: Literal["empty", "absent"] = "empty"
    external_fields: Literal["absent", "null", "empty"] = "absent"
    external: bool = True
    fingerprint: Literal["correct", "mismatch", "empty"] = "correct"
    auto_delete_option: bool = False
    storage_location: str = ""
    on_premise: bool = False
    retention_days: int = 30
    failed_every: int = 0
    late_every: int = 10
    processing_minutes: int = 10
    breakout_id: Literal["repeated", "own"] = "repeated"
    attachments: bool = True

    recording_auto_delete_days: int = 0
    recording_type_field: Literal["number", "text"] = "number"
    running_status: Literal["processing", "empty"] = "processing"
    timeline: Literal["with_id", "without_id"] = "with_id"
    participant_audio: bool = False
    recording_content: Literal["granted", "denied"] = "granted"
    transcripts: Literal["available", "none", "forbidden"] = "available"

    guest_emails: Literal["rules", "hidden", "shown"] = "rules"
    durations_after_minutes: int = 30
    one_person: Literal["empty", "listed"] = "empty"

    redirect: Literal["storage", "none"] = "storage"
    storage_bearer: Literal["ignore", "reject", "require"] = "ignore"
    unauthorised: Literal["401", "html"] = "401"
    download_query: Literal["reject", "accept"] = "reject"
    ranges: bool = True
    link_minutes: int = 0
    signed_link_minutes: int = 60
    download_trouble: Literal[
        "none", "401", "html", "truncated", "wrong_length", "reset", "slow", "corrupt"
    ] = "none"
    trouble_every: int = 1
    trouble_tries: int = 1

    rate_limiting: bool = True
    rate_headers: Literal["full", "category", "no_type", "none"] = "full"
    rate_reset: bool = False
    rate_code: Literal[429, 4001] = 429
    retry_after: Literal["iso", "http_date", "seconds"] = "iso"
    other_apps_percent: int = 0
    odd_body_every: int = 0
    odd_body_status: Literal[200, 500] = 200

    webhook_secret_scope: bool = True
    webhook_timestamp: Literal["seconds", "milliseconds"] = "seconds"
    webhook_duplicate_every: int = 0
    webhook_lose_every: int = 0
    webhook_reorder: bool = False
    webhook_archive_repeats: bool = False
