"""Requests to the Programmatic APIs, built without I/O (2, 3, 4, 5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from catchment.model import Window
from catchment.transport import Request
from catchment_webex_cc import queries
from catchment_webex_cc.ids import dash
from catchment_webex_cc.stamps import write_ms

ACTIVITIES_PAGE = 1000
"""Rows of one page of agents' activities, of which 1 to 1,000 may be asked for (4.2)."""

USUAL_PAGE = 100
"""Rows of a page where the server goes by its own size (4.2)."""

MOST_ACTIVITIES = 10_000
"""Rows of one window of agents' activities; what is beyond is not told (4.2)."""

MOST_TASKS = 100_000
"""Tasks of one window that can be reached by paging (2.3)."""

CONFIG_PAGE = 100
LINKS_LIVE_MIN = 30
"""Minutes for which links to recordings are asked to live; 1 to 60 may be (3)."""

NO_SUCH_TASK = "00000000-0000-4000-8000-000000000000"
_AROUND = timedelta(minutes=1)
"""Taken around the times of tasks that are asked for by id: other APIs may round theirs."""


def build_search(organisation_id: str, query: str, variables: dict[str, Any]) -> Request:
    """``POST /search``: a GraphQL question with its variables (2.1)."""
    return Request(
        "POST",
        "/search",
        params=(("orgId", organisation_id),),
        json={"query": query, "variables": variables},
    )


def build_list(
    organisation_id: str, window: Window, cursor: str | None, query: str = queries.LIST
) -> Request:
    """The calls that ended in *window*; the first page has the cursor ``NA`` (2.4)."""
    variables = _span(window.start, window.end) | {"cursor": cursor or "NA"}
    return build_search(organisation_id, query, variables)


def build_details(organisation_id: str, ids: Sequence[str], created: Window, query: str) -> Request:
    """What is told of tasks by id, which are looked for by the time of their begin (2.3).

    Args:
        organisation_id: Whose tasks.
        ids: As the platform spells them.
        created: From the first task's begin to the last one's, both of them included.
        query: With as many ``$id`` as there are ids.
    """
    named = {f"id{place}": task_id for place, task_id in enumerate(ids)}
    return build_search(organisation_id, query, _span_around(created) | named)


def build_chain_page(
    organisation_id: str, task_id: str, created: Window, after: str, query: str
) -> Request:
    """The activities of one task behind *after* (2.4), as *query* asks for them."""
    variables = _span_around(created) | {"id0": task_id, "after": after}
    return build_search(organisation_id, query, variables)


def build_captures(organisation_id: str, task_ids: Sequence[str], *, segments: bool) -> Request:
    """``POST /v1/captures/query``: recordings and transcripts of up to ten tasks (3)."""
    query = {
        "orgId": organisation_id,
        "urlExpiration": LINKS_LIVE_MIN,
        "taskIds": [dash(task_id) for task_id in task_ids],
        "includeSegments": segments,
        "includeVARecordings": True,
    }
    return Request("POST", "/v1/captures/query", json={"query": query})


def build_activities(
    organisation_id: str, window: Window, page: int, page_size: int = ACTIVITIES_PAGE
) -> Request:
    """``GET /v1/agents/activities``: what agents did that began in *window* (4.2)."""
    return Request(
        "GET",
        "/v1/agents/activities",
        params=(
            ("from", str(write_ms(window.start))),
            ("to", str(write_ms(window.end))),
            ("channelTypes", "telephony"),
            ("page", str(page)),
            ("pageSize", str(page_size)),
            ("orgId", organisation_id),
        ),
    )


def build_entities(
    organisation_id: str, entity: str, page: int, page_size: int = CONFIG_PAGE
) -> Request:
    """``GET /organization/{orgid}/v2/{entity}``: users, teams or queues, page by page (5)."""
    return Request(
        "GET",
        f"/organization/{quote(organisation_id, safe='')}/v2/{entity}",
        params=(("page", str(page)), ("pageSize", str(page_size))),
    )


def build_entity(organisation_id: str, entity: str, entity_id: str) -> Request:
    """One of them with the lists that a page leaves out (5)."""
    path = f"/organization/{quote(organisation_id, safe='')}/{entity}/{quote(entity_id, safe='')}"
    return Request("GET", path)


def _span_around(created: Window) -> dict[str, Any]:
    return _span(created.start - _AROUND, created.end + _AROUND)


def _span(start: datetime, end: datetime) -> dict[str, Any]:
    return {"from": write_ms(start), "to": write_ms(end)}
