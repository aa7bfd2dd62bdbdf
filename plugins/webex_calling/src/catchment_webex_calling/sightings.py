"""What Webex lists, in our words: sightings of recordings (1.3).  Pure.

A recording is one file of one recorded party: both sides of an internal call may have theirs, and
who stops and starts again makes several (4, rows 4 and 6).  They share the session's key.  Owner
and topic change and are neither key nor revision (4, row 10).
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from catchment.errors import Unreachable
from catchment.model import Json, Key, Sighting
from catchment.payloads import read_as
from catchment_webex_calling.ids import SESSION, read_recording_id, read_session_key
from catchment_webex_calling.payloads import Item

LINKS = "temporaryDirectDownloadLinks"
AVAILABLE = "available"


def map_sighting(row: Json, fallback: datetime) -> Sighting:
    """A row of the list, or the details without their links, as a sighting.

    Args:
        row: The recording, verbatim.
        fallback: When it began, if the row does not say.

    Raises:
        Unreachable: The row has no id; passing over it would lose a recording in silence.
    """
    item = read_as(Item, row)
    if not item.id:
        raise Unreachable("Webex listed a recording without an id, which cannot be told apart")
    external_id = read_recording_id(item.id)
    return Sighting(
        external_id=external_id,
        occurred_at=began_at(item) or fallback,
        keys=map_keys(item.service_data.call_session_id) or (Key("recording", external_id),),
        revision=_revise(item),
        document={name: told for name, told in row.items() if name != LINKS},
    )


def map_keys(session_id: str) -> tuple[Key, ...]:
    """The key of a session in any form; none where none is told."""
    session = read_session_key(session_id)
    return (Key(SESSION, session),) if session else ()


def began_at(item: Item) -> datetime | None:
    """When recording began; that the file was made after the call is the next best (1.3)."""
    return item.time_recorded or item.create_time


def made_at(item: Item, began: datetime) -> datetime:
    """When the platform made the file, as far as it says, for judging age."""
    return item.create_time or began + timedelta(seconds=max(item.duration_seconds or 0, 0))


def _revise(item: Item) -> str:
    """What makes a new revision: moving to the bin and back does, its owner does not."""
    said: tuple[Any, ...] = (
        item.create_time,
        item.time_recorded,
        item.duration_seconds,
        item.size_bytes,
        item.format.lower(),
        item.service_type.lower(),
        (item.status or AVAILABLE).lower(),
        item.transcript_language,
        read_session_key(item.service_data.call_session_id),
    )
    text = json.dumps(said, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
