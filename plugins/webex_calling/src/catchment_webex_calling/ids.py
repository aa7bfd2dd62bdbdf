"""Ids of Webex Calling in one spelling each, so that what is the same compares equal (0).

A recording's id occurs with and without dashes, a session bare, dashed and in base64, a call's id
with and without ``callhalf-``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from catchment.model import Key
from catchment_webex.ids import decode, read_session
from catchment_webex_calling.payloads import NOTHING, CallRecord

SESSION = "session"
INTERACTION = "interaction"
CALL = "call"

_HEX = re.compile(r"[0-9a-f]{32}")
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_MOST_DAYS = 8


def read_recording_id(text: str) -> str:
    """The id of a recording as a dashed UUID in lower case; what is no UUID stays as it is."""
    bare = text.strip().lower().replace("-", "")
    return dash(bare) if _HEX.fullmatch(bare) else text.strip()


def is_recording_id(text: str) -> bool:
    """Whether *text* can be the id of a recording."""
    return bool(_HEX.fullmatch(text.strip().lower().replace("-", "")))


def dash(text: str) -> str:
    """32 hex digits as a dashed UUID, as Webex's pages show it; anything else as it is."""
    if not _HEX.fullmatch(text):
        return text
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def read_session_key(text: str) -> str:
    """A session as 32 hex digits; empty where there is none."""
    session = "" if _is_nothing(text) else read_session(text)
    return "" if _is_nothing(session) else session


def read_call_id(text: str) -> str:
    """The id of one end of a leg: ``7304411:0``; empty where there is none."""
    told = decode(text).rpartition("/")[2].removeprefix("callhalf-")
    return "" if _is_nothing(told) else told


def _is_nothing(text: str) -> bool:
    """Whether *text* says nothing: also zeros alone, which all strangers would share."""
    return text.strip().lower() in NOTHING or not text.strip("0:-. ")


def list_keys(record: CallRecord, at: datetime) -> tuple[Key, ...]:
    """What *record* shares with recordings and other records of its interaction (2.3, 2.4).

    Local, remote, related and transfer-related ids are one number space: each names one end of a
    leg, and who names the same end belongs together.  They are counters of the platform that may
    start anew, so that an id counts only together with the days on which its call took place:
    strangers of another month never meet, and calls around midnight carry both days.  A number
    that was dialled, a queue or a hunt group is never a key.

    Args:
        record: The row.
        at: When it was, where the row itself does not say.
    """
    keys: set[Key] = set()
    session = read_session_key(record.correlation_id)
    if session:
        keys.add(Key(SESSION, session))
    interaction = read_session_key(record.interaction_id)
    if interaction:
        keys.add(Key(INTERACTION, interaction))
    ends = (
        record.local_call_id,
        record.remote_call_id,
        record.related_call_id,
        record.transfer_related_call_id,
    )
    calls = {read_call_id(end) for end in ends} - {""}
    keys |= {Key(CALL, f"{call}@{day}") for call in calls for day in _list_days(record, at)}
    return tuple(sorted(keys))


def _list_days(record: CallRecord, at: datetime) -> Iterator[str]:
    """The days of UTC that the record's leg touches, with an hour at both ends."""
    told = (record.start_time, record.answer_time, record.release_time)
    moments = [moment for moment in told if moment] or [at]
    day, last = (min(moments) - _HOUR).date(), (max(moments) + _HOUR).date()
    for _ in range(_MOST_DAYS):
        yield f"{day:%Y%m%d}"
        if day >= last:
            return
        day += _DAY
