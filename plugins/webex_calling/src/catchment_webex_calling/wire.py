"""Requests to Webex Calling, built without I/O.  What is answered is read elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from catchment.model import Window
from catchment.transport import Request
from catchment_webex.paging import PAGE_SIZE
from catchment_webex.payloads import write_time
from catchment_webex_calling.settings import Whose

CDR_BUDGET = "cdr"
CDR_PAGES = "cdr_pages"
CDR_PAGE_SIZE = 1000
"""Records of one page, of which 500 to 5,000 may be asked for (2.1).

A page is held in memory whole; ten further ones may be asked for each minute, 10,000 records.
"""

NO_SUCH_RECORDING = "00000000-0000-4000-8000-000000000000"


def build_recordings(
    window: Window, status: str, whose: Whose = "organisation", page_size: int = PAGE_SIZE
) -> Request:
    """``GET /admin/convergedRecordings`` or, of the own ones, ``GET /convergedRecordings`` (1.2).

    Never with ``serviceType``, which would hide the queues' recordings (4, row 9); always with
    both bounds, because the platform's own are seven days (4, row 7).
    """
    path = "/admin/convergedRecordings" if whose == "organisation" else "/convergedRecordings"
    params = (
        ("from", write_time(window.start)),
        ("to", write_time(window.end)),
        ("status", status),
        ("max", str(page_size)),
    )
    return Request("GET", path, params=params)


def build_details(recording_id: str) -> Request:
    """``GET /convergedRecordings/{id}``: the row with new links (1.4)."""
    return Request("GET", f"/convergedRecordings/{quote(recording_id, safe='')}")


def build_metadata(recording_id: str) -> Request:
    """``GET /convergedRecordings/{id}/metadata`` with all that is hidden otherwise (1.5)."""
    path = f"/convergedRecordings/{quote(recording_id, safe='')}/metadata"
    return Request("GET", path, params=(("showAllTypes", "true"),))


def build_cdr(endpoint: str, start: datetime, end: datetime, size: int = CDR_PAGE_SIZE) -> Request:
    """``GET /cdr_stream`` or ``GET /cdr_feed`` (2.1).

    An empty window is 404.  All locations: they are named by names, which change.
    """
    params = (
        ("startTime", write_millis(start)),
        ("endTime", write_millis(end)),
        ("max", str(size)),
    )
    return Request("GET", f"/{endpoint}", params=params, budget=CDR_BUDGET, accept=(404,))


def write_millis(moment: datetime) -> str:
    """*moment* exactly as ``YYYY-MM-DDTHH:MM:SS.mmmZ`` (2.1)."""
    at = moment.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
