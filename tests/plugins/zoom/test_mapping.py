"""From documents to the interaction: owner, parties, legs, contact, attributes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from catchment.model import Bundle, InteractionDraft, Json, Recording, Ref
from catchment_zoom.mapping import map_meeting

UUID = "/kQ7v//9TtK2mZpB3uXy4w=="
ROOM = "Yt3mWq0RS5eG8hJk2LxNvA=="
HOST = "_pL3xWq7RZmT0aVb9cKd2g"
START = datetime(2026, 10, 13, 8, 0, 4, tzinfo=UTC)


def at(minute: int, second: int = 0) -> str:
    """A time of the meeting's hour, as Zoom writes it."""
    return f"2026-10-13T08:{minute:02}:{second:02}Z"


def stream(email: str, joined: str, left: str, **changed: object) -> dict[str, Any]:
    """A participant's own stream."""
    return {
        "id": f"{email}{joined}",
        "file_type": "M4A",
        "individual": True,
        "participant_email": email,
        "participant_join_time": joined,
        "participant_leave_time": left,
    } | changed


LISTING: dict[str, Any] = {
    "uuid": UUID,
    "id": 84411220937,
    "account_name": "Northwind Capital",
    "host_id": HOST,
    "topic": "Desk call / EMEA ✓",
    "type": 8,
    "meeting_type": "internal",
    "start_time": at(0, 4),
    "timezone": "Europe/Berlin",
    "duration": 30,
    "duration_in_second": 2711,
    "status": "completed",
    "archive_files": [],
}
PAST: dict[str, Any] = {
    "uuid": UUID,
    "user_name": "Ada Example",
    "user_email": "Ada@northwind.example",
    "dept": "FX",
    "start_time": at(0, 4),
    "end_time": at(45, 15),
    "total_minutes": 131,
    "participants_count": 3,
    "source": "Zoom",
}
PEOPLE: list[dict[str, Any]] = [
    {"id": HOST, "name": "Ada", "user_id": "1", "user_email": "ada@northwind.example"}
    | {"join_time": at(1), "leave_time": at(20)},
    {"id": HOST, "name": "Ada", "user_id": "4", "user_email": "ada@northwind.example"}
    | {"join_time": at(25), "leave_time": at(45)},
    {"id": "", "name": "Guest Bo", "user_id": "2", "user_email": ""}
    | {"join_time": at(2), "leave_time": at(44)},
    {"id": "", "name": "Cy", "user_id": "3", "user_email": "cy@guest.example"}
    | {"join_time": at(3), "leave_time": at(40)},
]


def archived(listing: Json = LISTING, **documents: Json) -> Recording:
    """An archived meeting with its documents."""
    return Recording(str(listing["uuid"]), START, documents={"listing": listing, **documents})


def draft(*recordings: Recording) -> InteractionDraft:
    """The interaction of *recordings*."""
    return map_meeting(Bundle(recordings))


FULL = archived(past_meeting=PAST, participants={"participants": PEOPLE})


def test_a_meeting_belongs_to_its_host_who_never_joined() -> None:
    """S000-29: always associated to the host, even when the host does not attend."""
    people = {"participants": PEOPLE[2:]}
    found = draft(archived(past_meeting=PAST, participants=people))
    host = found.parties[0]
    assert (host.role, host.ref, host.name) == ("host", Ref("user", HOST), "Ada Example")
    (contact,) = found.contacts
    assert (contact.agent, contact.legs) == (host.party_id, ())
    assert (contact.start, contact.end) == (START, datetime(2026, 10, 13, 8, 45, 15, tzinfo=UTC))


def test_the_contact_spans_the_hosts_stay() -> None:
    """From the first joining to the last leaving, with a leg for each stay."""
    (contact,) = draft(FULL).contacts
    assert contact.start == datetime(2026, 10, 13, 8, 1, tzinfo=UTC)
    assert contact.end == datetime(2026, 10, 13, 8, 45, tzinfo=UTC)
    assert len(contact.legs) == 2


def test_who_comes_back_is_one_party_with_several_legs() -> None:
    """A rejoin is a new row with a new ``user_id`` (7.3)."""
    found = draft(FULL)
    assert [party.party_id for party in found.parties] == [
        f"user:{HOST}",
        "email:cy@guest.example",
        "guest:Guest Bo",
    ]
    assert [leg.party_id for leg in found.legs].count(f"user:{HOST}") == 2
    assert len({leg.leg_id for leg in found.legs}) == 4


def test_the_words_of_the_meeting_are_its_attributes() -> None:
    """S000-27: everything that was captured can be searched for."""
    found = draft(FULL)
    assert (found.kind, found.external_id, found.associated_id) == ("meeting", UUID, UUID)
    assert found.subject == "Desk call / EMEA ✓"
    assert found.mapper
    assert found.custom == {
        "account_name": "Northwind Capital",
        "department": "FX",
        "meeting_number": "84411220937",
        "meeting_type": "internal",
        "participants_count": "3",
        "scheduled_minutes": "30",
        "source": "Zoom",
        "timezone": "Europe/Berlin",
        "total_minutes": "131",
        "type": "recurring",
    }


def test_what_the_customer_defined_is_searchable_too() -> None:
    """Custom attributes of the host (7.6) and tracking fields (7.5), as received."""
    host = {
        "id": HOST,
        "display_name": "Ada E.",
        "dept": "Desk",
        "cost_center": "C7",
        "custom_attributes": [{"key": "k", "name": "Floor", "value": "3"}],
    }
    report = {"tracking_fields": [{"field": "Deal", "value": "D-1"}, {"field": "None"}]}
    found = draft(archived(host=host, report=report))
    assert found.custom["host.Floor"] == "3"
    assert found.custom["tracking.Deal"] == "D-1"
    assert found.custom["department"] == "Desk"
    assert found.parties[0].name == "Ada E."


@pytest.mark.parametrize("listing", [LISTING | {"type": kind} for kind in (5, 6, 9)])
def test_a_webinar_is_one(listing: Json) -> None:
    """Types 5, 6 and 9 (3.2)."""
    assert draft(archived(listing)).kind == "webinar"


@pytest.mark.parametrize("kind", [11, None, "8", 0])
def test_an_unknown_type_of_meeting_is_told_as_it_came(kind: object) -> None:
    """New types keep coming (fact 11)."""
    found = draft(archived(LISTING | {"type": kind}))
    assert found.kind == "meeting"
    assert found.custom.get("type", "") in ("11", "", "recurring", "prescheduled")


@pytest.mark.parametrize("removed", [None, "", 0])
def test_an_external_meeting_has_an_owner_without_a_name(removed: object) -> None:
    """The host is not told (fact 8); ours who joined stand among the participants."""
    ours = stream("ada@northwind.example", at(1), at(20))
    gone = dict.fromkeys(("id", "host_id", "topic"), removed)
    found = draft(archived(LISTING | gone | {"meeting_type": "external", "archive_files": [ours]}))
    owner, other = found.parties
    assert (owner.role, owner.ref, owner.name) == ("host", None, "")
    assert (other.role, other.ref) == ("participant", Ref("email", "ada@northwind.example"))
    assert found.contacts[0].agent == owner.party_id
    assert found.custom["meeting_type"] == "external"
    assert "meeting_number" not in found.custom


def test_streams_tell_who_was_there_when_nobody_else_does() -> None:
    """Without the participants' scope, people's own files have joining and leaving times."""
    files = [
        stream("ada@northwind.example", at(1), at(20)),
        stream("ada@northwind.example", at(1), at(20), file_type="MP4", id="video"),
        stream("ada@northwind.example", at(25), at(45)),
        stream("", at(2), at(30), id="guest"),
    ]
    found = draft(archived(LISTING | {"archive_files": files}))
    assert [party.party_id for party in found.parties] == [
        f"user:{HOST}",
        "email:ada@northwind.example",
        "guest:stream guest",
    ]
    assert len(found.legs) == 3


def test_an_address_that_belongs_to_a_user_is_that_user() -> None:
    """A stream names its owner by address, the list of participants by id."""
    files = [stream("ADA@northwind.example", at(1), at(20))]
    listing = LISTING | {"archive_files": files}
    for documents in ({"past_meeting": PAST}, {"participants": {"participants": PEOPLE}}):
        found = draft(archived(listing, **documents))
        assert "email:ada@northwind.example" not in {party.party_id for party in found.parties}
        assert found.parties[0].email == "ada@northwind.example"


def test_somebody_in_the_waiting_room_has_no_leg() -> None:
    """Who was never let in was not connected (7.3)."""
    waiting = PEOPLE[3] | {"status": "in_waiting_room"}
    found = draft(archived(participants={"participants": [waiting]}))
    assert found.legs == ()
    assert len(found.parties) == 2


def test_durations_of_zero_do_no_harm() -> None:
    """Right after a large meeting they are 0, and times may be missing (7.3)."""
    rows = [PEOPLE[2] | {"duration": 0, "leave_time": ""}]
    (leg,) = draft(archived(participants={"participants": rows})).legs
    assert leg.end is None


def room(**changed: object) -> Recording:
    """A breakout room of the meeting."""
    listing = LISTING | {
        "uuid": ROOM,
        "topic": "Room 1",
        "type": 100,
        "is_breakout_room": True,
        "parent_meeting_id": UUID,
        "start_time": at(20),
        "duration_in_second": 600,
        "archive_files": [stream("cy@guest.example", at(20), at(30))],
    }
    return Recording(ROOM, START.replace(minute=20), documents={"listing": listing | changed})


def test_a_breakout_room_is_part_of_its_meeting() -> None:
    """One interaction, the parent's, with the room's legs beside the meeting's (fact 9)."""
    found = draft(room(), FULL)
    assert found.external_id == UUID
    assert found.subject == "Desk call / EMEA ✓"
    assert found.custom["breakout_rooms"] == "Room 1"
    assert found.ended_at == datetime(2026, 10, 13, 8, 45, 15, tzinfo=UTC)
    assert [leg.party_id for leg in found.legs].count("email:cy@guest.example") == 2


def test_a_breakout_room_without_its_parent_goes_by_the_parents_name() -> None:
    """It may arrive first or alone (section 11, point 7), and stays the same when not."""
    alone, joined = draft(room()), draft(room(), FULL)
    assert alone.external_id == joined.external_id == UUID
    assert alone.contacts[0].contact_id == joined.contacts[0].contact_id
    assert alone.contacts[0].agent == joined.contacts[0].agent


def cloudy() -> Recording:
    """The cloud recording of the meeting."""
    row = {
        "uuid": UUID,
        "id": 84411220937,
        "host_id": HOST,
        "topic": "Desk call / EMEA ✓",
        "type": "8",
        "start_time": at(0, 4),
        "duration": 44,
        "recording_files": [{"id": "a", "recording_end": at(43)}],
    }
    return Recording(f"cloud:{UUID}", START, documents={"listing": row})


def test_a_cloud_recording_alone_is_a_meeting() -> None:
    """Its ``type`` may be text, its duration is real and not scheduled (5.1)."""
    found = draft(cloudy())
    assert (found.external_id, found.custom["type"]) == (UUID, "recurring")
    assert found.ended_at == datetime(2026, 10, 13, 8, 44, 4, tzinfo=UTC)
    assert "scheduled_minutes" not in found.custom


def test_the_order_inside_the_bundle_means_nothing() -> None:
    """The same draft for every order of recordings, participants and files."""
    backwards = archived(past_meeting=PAST, participants={"participants": PEOPLE[::-1]})
    drafts = {
        repr(draft(*order))
        for full in (FULL, backwards)
        for order in permutations([full, room(), cloudy()])
    }
    assert len(drafts) == 1


@pytest.mark.parametrize("documents", [{}, {"listing": {}}, {"listing": {"uuid": None}}])
def test_a_recording_without_documents_is_still_a_meeting(documents: dict[str, Json]) -> None:
    """Documents may be incomplete: what is known is said."""
    found = draft(Recording(UUID, START, documents=documents))
    assert (found.external_id, found.started_at, found.ended_at) == (UUID, START, None)
    assert [party.role for party in found.parties] == ["host"]
