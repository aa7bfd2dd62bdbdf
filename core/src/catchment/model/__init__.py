"""The words of Catchment as values: what adapters give and get, and nothing that does I/O.

Times are aware UTC datetimes, durations are :class:`~datetime.timedelta`, sizes are bytes, and
ids of platforms are opaque strings that are compared and never parsed.

The order below is the way of a recording: where it is listed, what is listed, what its fetch
answers, which files it has, and what the interaction becomes.  ``Json`` is one JSON object of a
platform, verbatim: parsed, but nothing renamed, added or left out.
"""

from __future__ import annotations

from catchment.model._accounts import Account, Event, EventAnswer, Finding, Person, Queue, Team
from catchment.model._files import Kind, Measured, MediaFile, StoredFile, Timeline, Way
from catchment.model._interactions import Bundle, Contact, Heard, InteractionDraft, Leg, Party
from catchment.model._listings import (
    ABSENCES,
    FOR_EVER,
    Budget,
    Fact,
    Feed,
    Page,
    Sighting,
    Span,
)
from catchment.model._recordings import Batch, Denied, Nothing, NotYet, Outcome, Ready, Recording
from catchment.model._words import BadValue, Clock, Json, Key, Ref, Window, period

# Sorted as the docstring says and not by name: the page of the contract follows this order.
__all__ = [  # noqa: RUF022
    "Json",
    "BadValue",
    "period",
    "Clock",
    "Window",
    "Key",
    "Ref",
    "Feed",
    "Budget",
    "Span",
    "Sighting",
    "FOR_EVER",
    "ABSENCES",
    "Fact",
    "Page",
    "Recording",
    "Batch",
    "Outcome",
    "Ready",
    "NotYet",
    "Nothing",
    "Denied",
    "Kind",
    "Way",
    "Timeline",
    "MediaFile",
    "Measured",
    "StoredFile",
    "Bundle",
    "Party",
    "Leg",
    "Heard",
    "Contact",
    "InteractionDraft",
    "Account",
    "Person",
    "Team",
    "Queue",
    "Finding",
    "Event",
    "EventAnswer",
]
