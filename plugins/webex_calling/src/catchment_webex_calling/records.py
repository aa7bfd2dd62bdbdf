"""Call records as facts: what they share, and whether a recording must exist (2.2 to 2.4).  Pure.

A record speaks for one participant of one leg.  Whether somebody else answered the session cannot
be known from it; the report passes over an unanswered leg whose session has a recording.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from catchment.model import Fact, Json, Key
from catchment_webex_calling.ids import list_keys
from catchment_webex_calling.payloads import CallRecord, read_cdr

CDR = "cdr"
EXPECTED = "Webex says that it was recorded successfully"

USERS = frozenset({"user", "place", "virtualline"})
"""Whose legs may be recorded: people, workspaces, virtual lines."""

QUEUES = frozenset({"callcenterstandard", "callcenterpremium", "huntgroup"})
"""What hands calls on to agents."""

_SERVICE_LEGS = frozenset({"callrecording", "ccmonitoringbi", "bargein"})
"""Related reasons of legs that serve the recorder or a supervisor and are no talk of their own."""


def map_fact(row: Json, fallback: datetime) -> Fact:
    """A row of the detailed call history as a fact.

    Args:
        row: The record, verbatim.
        fallback: When it was, where the row does not say.
    """
    record = read_cdr(row)
    at = record.start_time or record.answer_time or record.release_time or record.report_time
    fact_id = record.report_id or _hash(row)
    expects, absence = judge(record)
    return Fact(
        kind=CDR,
        fact_id=fact_id,
        at=at or fallback,
        keys=list_keys(record, at or fallback) or (Key("report", fact_id),),
        expects=expects,
        absence=absence,
        ask=None,
        document=row,
    )


def _hash(row: Json) -> str:
    text = json.dumps(row, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def judge(record: CallRecord) -> tuple[str, str]:
    """Why a recording of *record* should exist, or the kind of gap that it is instead.

    Of queues and other services only what is said outright is heeded, success or failure, and that
    a caller reached nobody: that nothing is said of a recording is no news of them.

    A result counts for Webex where no other recorder is named: rather one recording too many is
    called missing than one that was made is called not recorded.
    """
    platform = record.call_recording_platform_name.lower()
    result = record.call_recording_result.lower()
    ours = platform in ("", "webex", "unknown")
    if ours and result == "successful":
        return EXPECTED, ""
    if ours and result in ("failed", "successful but not kept"):
        return "", "failed"
    if _is_given_up(record):
        return "", "unanswered"
    if not is_talk(record):
        return "", ""
    if not ours:
        return "", "external"
    if is_answered(record):
        return "", "not recorded"
    return "", "" if _is_answered_elsewhere(record) else "unanswered"


def is_talk(record: CallRecord) -> bool:
    """Whether it is the leg of somebody who may have spoken.

    Who passes a call on, blindly or by a rule, has a leg that dials in their name: it follows from
    another call for a reason of redirection, and nobody speaks on it.
    """
    if record.related_reason.lower() in _SERVICE_LEGS or is_passed_on(record):
        return False
    return record.user_type in USERS or (not record.user_type and bool(record.user_uuid))


def _is_given_up(record: CallRecord) -> bool:
    """Whether it is the leg of a caller into a queue that nobody took.

    Where a hunt group rings, those who did not answer have unanswered legs of their own.
    """
    queue = record.user_type in QUEUES and record.user_type != "huntgroup"
    waits = queue and record.direction.upper() == "TERMINATING"
    return waits and not is_answered(record) and not _is_answered_elsewhere(record)


def is_passed_on(record: CallRecord) -> bool:
    """Whether the leg dials in the name of somebody who passed the call on."""
    reason = record.original_reason or record.redirect_reason
    dials = record.direction.upper() == "ORIGINATING"
    return dials and bool(reason) and bool(record.related_call_id)


def is_answered(record: CallRecord) -> bool:
    """Whether this participant was connected."""
    if record.answer_indicator.lower() == "yes-postredirection":
        return False  # somebody else answered, to whom it was passed on
    if record.answered is not None:
        return record.answered
    if record.answer_indicator:
        return record.answer_indicator.lower() == "yes"
    return bool(record.answer_time or record.duration)


def _is_answered_elsewhere(record: CallRecord) -> bool:
    told = record.answered_elsewhere.lower()
    return told in ("yes", "true") or record.answer_indicator.lower() == "yes-postredirection"
