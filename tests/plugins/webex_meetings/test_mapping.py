"""From documents to the interaction: owner, parties, legs, contact, attributes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from tests.plugins.webex_meetings.rows import (
    FALLBACK,
    HOST_UUID,
    INSTANCE,
    RECORDING,
    SERIES,
    START,
    device,
    meeting,
    participant,
    recording,
)

from catchment.adapters import Hooks, Source
from catchment.clock import SystemClock
from catchment.model import Bundle, Fact, InteractionDraft, Json, Key, Recording, Ref
from catchment.transport import Kit
from catchment_webex_meetings.adapter import WebexMeetings
from catchment_webex_meetings.mapping import map_meeting
from catchment_webex_meetings.settings import WebexMeetingsSettings
from catchment_webex_meetings.sightings import map_keys, map_meeting_fact, map_report_fact

SETTINGS = WebexMeetingsSettings.model_validate(
    {"client_id": "C", "client_secret": {"env": "X"}, "refresh_token": {"env": "Y"}}
)
PIOTR = "piotr.nowak@corp.example"
PEOPLE: list[dict[str, Any]] = [
    participant(
        "Lena",
        "LENA.HOLT@corp.example",
        device("08:02:00", "08:20:00"),
        device("08:25:00", "08:47:00"),
        host=True,
    ),
    participant("Piotr", PIOTR, device("08:01:12", "08:47:38"), device("08:10:00", "08:12:00")),
    participant("Call-in user", "", device("08:05:00", "08:30:00", phoneNumber="+4930123456")),
]


def captured(row: Json | None = None, **documents: Json) -> Recording:
    """A recording with its documents."""
    listing = row or recording()
    keys = map_keys(str(listing["id"]), str(listing.get("meetingId", "")))
    return Recording(str(listing["id"]), START, keys, documents={"listing": listing, **documents})


def draft(*recordings: Recording, facts: tuple[Fact, ...] = ()) -> InteractionDraft:
    """The interaction of *recordings*, as the engine accepts it."""
    with Kit(SystemClock(), budgets=WebexMeetings.budgets) as kit:
        hooks = Hooks(WebexMeetings(Source("webex", SETTINGS), kit))
        return hooks.map_metadata(Bundle(recordings, facts))


FULL = captured(meeting=meeting(), participants={"items": PEOPLE})


def test_a_meeting_belongs_to_its_host_who_never_joined() -> None:
    """S000-29: always associated to the host, even when the host does not attend."""
    made = draft(captured(meeting=meeting(), participants={"items": PEOPLE[1:]}))
    owner = made.parties[0]
    assert (owner.role, owner.name, owner.email) == (
        "host",
        "Lena Holt",
        "lena.holt@corp.example",
    )
    assert owner.ref == Ref("user", HOST_UUID)
    (contact,) = made.contacts
    assert (contact.agent, contact.legs) == (owner.party_id, ())
    assert (contact.start, contact.end) == (made.started_at, made.ended_at)


def test_somebody_else_who_had_the_host_role_is_not_the_owner() -> None:
    """An alternate host ran the meeting; it stays the host's (12, point 3)."""
    people = [PEOPLE[1] | {"host": True}]
    made = draft(captured(meeting=meeting(), participants={"items": people}))
    assert made.parties[0].email == "lena.holt@corp.example"
    assert [party.role for party in made.parties] == ["host", "participant"]


@pytest.mark.parametrize(
    "documents",
    [
        {"meeting": meeting()},
        {"participants": {"items": PEOPLE[1:]}},
        {},
    ],
)
def test_the_owner_is_found_wherever_it_is_told(documents: dict[str, Json]) -> None:
    """By the meeting, by the administrators' list, or by any participant's row (12, point 3)."""
    row = recording() if not documents else recording(hostEmail=None, hostDisplayName=None)
    made = draft(captured(row, **documents))
    assert made.contacts[0].agent == "email:lena.holt@corp.example"


def test_a_meeting_whose_host_nobody_tells_has_an_owner_all_the_same() -> None:
    """It can be found, and is somebody's as soon as somebody tells."""
    made = draft(captured(recording(hostEmail=None, hostDisplayName=None)))
    assert (made.parties[0].role, made.parties[0].ref) == ("host", None)


def test_each_join_is_a_leg_of_one_party() -> None:
    """Several devices, and who comes back, are one person (5)."""
    made = draft(FULL)
    counts = {party.party_id: 0 for party in made.parties}
    for leg in made.legs:
        counts[leg.party_id] += 1
    assert sorted(counts.values()) == [1, 2, 2]
    assert made.contacts[0].start == datetime(2026, 3, 9, 8, 2, tzinfo=UTC)
    assert made.contacts[0].end == datetime(2026, 3, 9, 8, 47, tzinfo=UTC)


def test_a_caller_without_an_address_is_a_party_with_a_number() -> None:
    """Phone callers have no address (5)."""
    made = draft(FULL)
    (caller,) = [party for party in made.parties if party.tel]
    assert (caller.tel, caller.ref, caller.email) == ("+4930123456", None, "")


def test_a_row_without_devices_is_one_stay_and_a_lobby_none() -> None:
    """Where joins are not told the row's own times count."""
    here = participant("Ann", "ann@guest.example") | {
        "joinedTime": "2026-03-09T08:10:00Z",
        "leftTime": "1970-01-01T00:00:00.000Z",
    }
    waiting = here | {"id": "w", "email": "bo@guest.example", "state": "lobby"}
    made = draft(captured(meeting=meeting(), participants={"items": [here, waiting]}))
    (leg,) = made.legs
    assert (leg.party_id, leg.end) == ("email:ann@guest.example", None)
    assert "email:bo@guest.example" in {party.party_id for party in made.parties}


@pytest.mark.parametrize(("told", "kind"), [("webinar", "webinar"), ("meeting", "meeting")])
def test_a_webinar_is_one(told: str, kind: str) -> None:
    """S000-21."""
    assert draft(captured(meeting=meeting(scheduledType=told))).kind == kind


def test_times_are_those_of_the_meeting_else_of_its_recordings() -> None:
    """S000-28: found by the meeting's date."""
    made = draft(FULL)
    assert made.started_at == datetime(2026, 3, 9, 8, 1, 12, tzinfo=UTC)
    assert made.ended_at == datetime(2026, 3, 9, 8, 47, 40, tzinfo=UTC)
    alone = draft(captured())
    assert (alone.started_at, alone.subject) == (START, "Credit committee-20260309 0804-1")
    assert alone.ended_at == datetime(2026, 3, 9, 8, 47, 20, tzinfo=UTC)


def test_everything_that_was_told_can_be_searched_for() -> None:
    """S000-27: by any captured metadata."""
    made = draft(FULL)
    assert made.subject == "Credit committee"
    wanted = {
        "site": "corp.webex.com",
        "scheduled_type": "meeting",
        "service_type": "MeetingCenter",
        "meeting_series_id": SERIES,
        "has_transcription": "true",
        "has_chat": "false",
        "participants_count": "3",
    }
    assert wanted.items() <= made.custom.items()
    assert "has_polls" not in made.custom  # not told is not "no"
    assert made.external_id == made.associated_id == INSTANCE


def test_parts_of_one_meeting_are_one_interaction_in_whatever_order() -> None:
    """The draft does not depend on the order of the bundle."""
    second = recording(id="b" * 32, timeRecorded="2026-03-09T08:30:00Z")
    parts = [FULL, captured(second, participants={"items": PEOPLE[::-1]}), captured()]
    facts = (
        map_meeting_fact(meeting(), FALLBACK),
        map_report_fact({"recordingId": RECORDING}, FALLBACK),
    )
    drafts = {
        repr(map_meeting(Bundle(tuple(order), facts[::step])))
        for order in permutations(parts)
        for step in (1, -1)
    }
    assert len(drafts) == 1


def test_the_list_of_meetings_stands_in_for_a_meeting_that_may_not_be_seen() -> None:
    """What is known from anywhere is known."""
    made = draft(captured(), facts=(map_meeting_fact(meeting(), FALLBACK),))
    assert (made.subject, made.parties[0].ref) == ("Credit committee", Ref("user", HOST_UUID))


@pytest.mark.parametrize(
    "fact",
    [
        map_meeting_fact(meeting(), FALLBACK),
        map_report_fact({"recordingId": RECORDING, "hostEmail": "a@b.example"}, FALLBACK),
    ],
)
def test_what_only_the_books_know_can_be_shown(fact: Fact) -> None:
    """A recording that is missing is seen by whose and when it was."""
    made = draft(facts=(fact,))
    assert made.started_at
    assert made.parties[0].email


def test_an_uploaded_recording_is_an_interaction_of_its_host() -> None:
    """It has no meeting (4.3)."""
    made = draft(captured(recording(meetingId=None, meetingSeriesId=None, format="UPLOADED")))
    assert (made.external_id, made.contacts[0].contact_id) == (RECORDING, f"recording:{RECORDING}")


def test_a_meeting_told_only_by_the_details_is_known_by_its_key() -> None:
    """A row may lack ``meetingId`` although the recording has a meeting (4.3)."""
    row = recording(meetingId=None)
    keys = (Key("meeting", INSTANCE), Key("recording", RECORDING))
    made = draft(Recording(RECORDING, START, keys, documents={"listing": row}))
    assert made.external_id == INSTANCE


@pytest.mark.parametrize(
    "document",
    [{}, {"items": None}, {"items": [{}]}, {"items": [{"devices": [{}], "email": 7}]}],
)
def test_documents_that_say_little_are_mapped_all_the_same(document: dict[str, Any]) -> None:
    """Say what is known: nothing of it can stop the interaction."""
    made = draft(captured(meeting=document, participants=document))
    assert made.contacts
