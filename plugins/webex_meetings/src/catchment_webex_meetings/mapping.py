"""A Webex meeting as one interaction: parties, legs, the host's contact, attributes.  Pure.

The bundle holds the parts of one instance, or one uploaded recording, or only what the books say.
Everything is sorted before it is read, so that the order inside the bundle means nothing.

The meeting belongs to its host, also when the host never joined (S000-29).
"""

from __future__ import annotations

from collections.abc import Iterator

from catchment.model import Bundle, Contact, Fact, InteractionDraft, Recording, Window
from catchment_webex_meetings.parties import Cast, build_cast, first_start, last_end
from catchment_webex_meetings.sightings import MEETING, RECORDING
from catchment_webex_meetings.view import View

MAPPER = "webex-meetings-1"

_WEBINAR = "webinar"


def map_meeting(bundle: Bundle) -> InteractionDraft:
    """The interaction of *bundle*; what no document tells stays empty."""
    facts = sorted(bundle.facts, key=lambda fact: (fact.kind, fact.fact_id))
    recordings = bundle.recordings or tuple(map(_stand_in, facts))
    views = sorted((View(one, facts) for one in recordings), key=lambda view: view.rank)
    root = next((view for view in views if view.meeting_id), views[0])
    external_id = root.meeting_id or root.recording.external_id
    span = _span(views)
    cast = build_cast(views)
    webinar = any(view.meeting.scheduled_type == _WEBINAR for view in views)
    return InteractionDraft(
        kind="webinar" if webinar else "meeting",
        external_id=external_id,
        started_at=span.start,
        ended_at=span.end if span.end > span.start else None,
        subject=next((view.topic for view in views if view.topic), ""),
        associated_id=external_id,
        parties=cast.parties,
        legs=cast.legs,
        contacts=(_map_contact(external_id, bool(root.meeting_id), cast, span),),
        custom=dict(_list_custom(views)),
        mapper=MAPPER,
    )


def _stand_in(fact: Fact) -> Recording:
    """What a book says of a recording that nobody has seen yet."""
    name = MEETING if fact.kind == MEETING else "listing"
    return Recording(fact.fact_id, fact.at, keys=fact.keys, documents={name: fact.document})


def _span(views: list[View]) -> Window:
    """From the meeting's start to its end, else what was recorded of it."""
    start = min(view.meeting.start or view.recording.occurred_at for view in views)
    told = [view.meeting.end for view in views if view.meeting.end]
    ends = told or [end for view in views for end in view.list_ends()]
    return Window(start, max([start, *ends]))


def _map_contact(external_id: str, met: bool, cast: Cast, span: Window) -> Contact:
    """The host's part: from the first joining to the last leaving, or all of it if absent."""
    legs = [leg for leg in cast.legs if leg.party_id == cast.owner]
    return Contact(
        contact_id=f"{MEETING if met else RECORDING}:{external_id}",
        agent=cast.owner,
        start=first_start(legs) or span.start,
        end=last_end(legs) or (span.end if span.end > span.start else None),
        legs=tuple(leg.leg_id for leg in legs),
    )


def _list_custom(views: list[View]) -> Iterator[tuple[str, str]]:
    """Searchable attributes by name, each from the first view that has it."""
    found: dict[str, str] = {}
    for view in views:
        for name, value in _list_attributes(view):
            if value:
                found.setdefault(name, value)
    rooms = {
        room.name
        for view in views
        for row in view.participants
        for room in row.breakout_sessions_attended
        if room.name
    }
    if rooms:
        found["breakout_rooms"] = ", ".join(sorted(rooms))
    yield from sorted(found.items())


def _list_attributes(view: View) -> Iterator[tuple[str, str]]:
    meeting, row = view.meeting, view.row
    yield "site", row.site_url or meeting.site_url
    yield "meeting_number", meeting.meeting_number
    yield "meeting_series_id", meeting.meeting_series_id or row.meeting_series_id
    yield "scheduled_meeting_id", meeting.scheduled_meeting_id or row.scheduled_meeting_id
    yield "scheduled_type", meeting.scheduled_type
    yield "service_type", row.service_type
    yield "timezone", meeting.timezone
    yield "agenda", meeting.agenda
    yield "recording_topic", row.topic
    yield "integration_tags", ", ".join(row.integration_tags or meeting.integration_tags)
    yield "participants_count", str(len(view.participants) or "")
    for name, told in (
        ("has_recording", meeting.has_recording),
        ("has_transcription", meeting.has_transcription),
        ("has_chat", meeting.has_chat),
        ("has_closed_caption", meeting.has_closed_caption),
        ("has_summary", meeting.has_summary),
        ("has_polls", meeting.has_polls),
        ("has_q_and_a", meeting.has_q_and_a),
        ("has_slido", meeting.has_slido),
        ("has_registration", meeting.has_registration),
    ):
        yield name, "" if told is None else str(told).lower()
