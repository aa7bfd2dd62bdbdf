"""A Zoom meeting as one interaction: parties, legs, the host's contact, attributes.  Pure.

The bundle may hold an archived meeting, its cloud recording, its breakout rooms, or any of these
alone.  Everything is sorted before it is read, so that the order inside the bundle means nothing.

The meeting belongs to its host, also when the host never joined (S000-29).  Of an external meeting
the host is not told (sheet 0, fact 8): the owner is then a host without a name, and our own people
stand among the participants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from catchment.model import Bundle, Contact, InteractionDraft, Leg, Window
from catchment_zoom.parties import Cast, build_cast
from catchment_zoom.view import View

MAPPER = "zoom-1"

_TYPES = {
    0: "prescheduled",
    1: "instant",
    2: "scheduled",
    3: "recurring without fixed time",
    4: "personal meeting room",
    5: "webinar",
    6: "recurring webinar without fixed time",
    7: "personal audio conference",
    8: "recurring",
    9: "recurring webinar",
    99: "uploaded",
    100: "breakout room",
}
_WEBINARS = (5, 6, 9)


def map_meeting(bundle: Bundle) -> InteractionDraft:
    """The interaction of *bundle*; what no document tells stays empty."""
    views = sorted(map(View, bundle.recordings), key=lambda view: view.rank)
    root = views[0]
    span = _span(views)
    cast = build_cast(views)
    return InteractionDraft(
        kind="webinar" if any(view.type in _WEBINARS for view in views) else "meeting",
        external_id=root.root_uuid,
        started_at=span.start,
        ended_at=span.end if span.end > span.start else None,
        subject=next((view.topic for view in views if view.topic), ""),
        associated_id=root.root_uuid,
        parties=cast.parties,
        legs=cast.legs,
        contacts=(_map_contact(root.root_uuid, cast, span),),
        custom=dict(_list_custom(views)),
        mapper=MAPPER,
    )


def _span(views: list[View]) -> Window:
    """From the earliest start to the end; that of 7.1 where it is told."""
    start = min(view.past.start_time or view.recording.occurred_at for view in views)
    told = [view.past.end_time for view in views if view.past.end_time and not view.breakout]
    ends = told or [end for view in views for end in view.list_ends()]
    return Window(start, max([start, *ends]))


def _map_contact(root_uuid: str, cast: Cast, span: Window) -> Contact:
    """The host's part: from the first joining to the last leaving, or all of it if absent."""
    legs = [leg for leg in cast.legs if leg.party_id == cast.owner]
    return Contact(
        contact_id=f"meeting:{root_uuid}",
        agent=cast.owner,
        start=min((leg.start for leg in legs if leg.start), default=span.start),
        end=_last_end(legs) or (span.end if span.end > span.start else None),
        legs=tuple(leg.leg_id for leg in legs),
    )


def _last_end(legs: list[Leg]) -> datetime | None:
    return max((leg.end for leg in legs if leg.end), default=None)


def _list_custom(views: list[View]) -> Iterator[tuple[str, str]]:
    """Searchable attributes by name, each from the first view that has it."""
    found: dict[str, str] = {}
    for view in views:
        for name, value in _list_attributes(view):
            if value:
                found.setdefault(name, value)
    rooms = sorted({view.topic for view in views if view.breakout and view.topic})
    if rooms:
        found["breakout_rooms"] = ", ".join(rooms)
    yield from sorted(found.items())


def _list_attributes(view: View) -> Iterator[tuple[str, str]]:
    meeting, past, host = view.archive, view.past, view.host
    yield "meeting_number", _number(meeting.id or past.id)
    yield "meeting_type", meeting.meeting_type
    yield "account_name", meeting.account_name
    yield "department", past.dept or host.dept
    yield "timezone", meeting.timezone
    yield "type", _TYPES.get(view.type, _number(view.type)) if view.type is not None else ""
    yield "scheduled_minutes", "" if view.cloudy else _number(meeting.duration)
    yield "participants_count", _number(past.participants_count)
    yield "total_minutes", _number(past.total_minutes)
    yield "source", past.source
    yield "employee_id", host.employee_unique_id
    yield "cost_center", host.cost_center
    yield from _list_own(view)


def _list_own(view: View) -> Iterator[tuple[str, str]]:
    """What the customer defined: attributes of the host, tracking fields of the meeting (7.5)."""
    for each in view.host.custom_attributes:
        yield f"host.{each.name or each.key}", each.value
    report: Mapping[str, object] = view.recording.documents.get("report", {})
    fields = report.get("tracking_fields")
    for row in fields if isinstance(fields, list) else []:
        if isinstance(row, Mapping):
            yield f"tracking.{row.get('field', '')}", str(row.get("value") or "")


def _number(value: int | None) -> str:
    return str(value) if value else ""
