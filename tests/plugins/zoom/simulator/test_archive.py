"""Archive files: the list, what its records hold, and the other operations (sheet 3 and 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds

from catchment.sandbox import Agent, Customer, Faults, Lateness

Row: TypeAlias = dict[str, Any]
"""An object of an answer's JSON."""

ZULU = "%Y-%m-%dT%H:%M:%SZ"
ARCHIVE_FIELDS = {
    "uuid", "id", "account_name", "host_id", "topic", "type", "meeting_type", "start_time",
    "timezone", "duration", "duration_in_second", "complete_time", "status", "is_breakout_room",
    "recording_count", "total_size", "archive_files",
}  # fmt: skip
FILE_FIELDS = {
    "id", "file_type", "file_extension", "file_size", "recording_type", "status", "individual",
    "participant_join_time", "participant_leave_time", "encryption_fingerprint", "download_url",
}  # fmt: skip


def files_of(listing: Row) -> list[Row]:
    """Every archive file of a listing."""
    return [file for meeting in listing["meetings"] for file in meeting["archive_files"]]


def walk(
    zoom: Cloud, asked: Mapping[str, object], change: Callable[[], None] | None = None
) -> list[Row]:
    """All pages of a listing; *change* happens between two of them."""
    pages: list[Row] = []
    token = ""
    while True:
        page = zoom.get(
            "/archive_files", **asked, **({"next_page_token": token} if token else {})
        ).json()
        pages.append(page)
        token = page.get("next_page_token", "")
        if not token:
            return pages
        if change:
            change()


# --- records ---------------------------------------------------------------------------------


def test_every_required_field_is_there_with_its_type(zoom: Cloud) -> None:
    """3.2: all starred fields of meetings and files."""
    listing = zoom.listing()
    for meeting in listing["meetings"]:
        wanted = ARCHIVE_FIELDS
        if meeting["meeting_type"] == "external":
            wanted = wanted - {"id", "host_id", "topic"}
        assert wanted <= set(meeting)
        assert isinstance(meeting["duration_in_second"], int)
    for file in files_of(listing):
        assert set(file) >= FILE_FIELDS
        assert len(file["encryption_fingerprint"]) == 64
    assert listing["total_records"] == len(zoom.site.archive)


def test_all_file_types_occur_under_their_extensions(zoom: Cloud) -> None:
    """12: the misspelt ``AIC_COVERSATION`` among them; no name is told (3.2)."""
    found = {(f["file_type"], f["file_extension"]) for f in files_of(zoom.listing())}
    assert found == {
        ("MP4", "MP4"), ("M4A", "M4A"), ("CHAT", "TXT"), ("CC", "VTT"), ("CHAT_MESSAGE", "JSON"),
        ("TRANSCRIPT", "JSON"), ("SUB_GROUP_MEMBER_LOG", "JSON"), ("AIC_COVERSATION", "JSON"),
    }  # fmt: skip
    assert not any("file_name" in f for f in files_of(zoom.listing()))


def test_several_individual_streams_tell_when_their_participant_was_there(zoom: Cloud) -> None:
    """3.2, 3.3: one M4A for each stay, with its own join and leave times."""
    uuid, meeting = zoom.meeting(lambda m: len(m.voices) > 3 and not m.external)
    own = [f for f in zoom.record(uuid)["archive_files"] if f["individual"]]
    told = sorted((f["participant_join_time"], f["participant_leave_time"]) for f in own)
    voices = [(v.window.start.strftime(ZULU), v.window.end.strftime(ZULU)) for v in meeting.voices]
    assert told == sorted(voices)
    assert all("participant_email" in f for f in own)


def test_the_gateway_times_of_the_whole_are_not_the_meeting_times(zoom: Cloud) -> None:
    """3.2: ``individual: false`` tells when the archiving gateway joined and left."""
    uuid, meeting = zoom.meeting(
        lambda m: bool(m.recorded) and m.recorded[0].window.start > m.started_at
    )
    whole = next(f for f in zoom.record(uuid)["archive_files"] if not f["individual"])
    assert whole["participant_join_time"] > meeting.started_at.strftime(ZULU)
    assert "participant_email" not in whole


def test_breakout_rooms_are_records_of_their_own(zoom: Cloud) -> None:
    """Fact 9: type 100, an own UUID, and the parent's UUID as ``parent_meeting_id``."""
    rooms = [m for m in zoom.listing()["meetings"] if m["is_breakout_room"]]
    assert rooms
    for room in rooms:
        parent = zoom.record(room["parent_meeting_id"])
        assert room["type"] == 100
        assert room["uuid"] != parent["uuid"]
        assert room["id"] == parent["id"]
        assert parent["is_breakout_room"] is False
        assert "parent_meeting_id" not in parent


def test_whether_a_room_repeats_its_parents_id_is_a_switch(cloud: Clouds) -> None:
    """3.2: unknown."""
    zoom = cloud(breakout_id="own")
    room = next(m for m in zoom.listing()["meetings"] if m["is_breakout_room"])
    assert room["id"] != zoom.record(room["parent_meeting_id"])["id"]


@pytest.mark.parametrize(
    ("position", "told"),
    [("absent", {}), ("null", dict.fromkeys(("id", "host_id", "topic"))),
     ("empty", {"id": 0, "host_id": "", "topic": ""})],
)  # fmt: skip
def test_external_records_lose_their_fields_in_three_ways(
    cloud: Clouds, position: str, told: Row
) -> None:
    """Fact 8, 3.2: absent, ``null`` or empty is not known."""
    zoom = cloud(external_fields=position)
    external = [m for m in zoom.listing()["meetings"] if m["meeting_type"] == "external"]
    assert external
    for meeting in external:
        assert {k: meeting[k] for k in ("id", "host_id", "topic") if k in meeting} == told
        assert {f["file_type"] for f in meeting["archive_files"]} <= {"M4A"}  # 3.3: audio only


def test_external_meetings_are_archived_only_where_support_enabled_it(cloud: Clouds) -> None:
    """3.3: nothing by default at Zoom."""
    listing = cloud(external=False).listing()
    assert {m["meeting_type"] for m in listing["meetings"]} == {"internal"}


def test_one_number_belongs_to_many_uuids_and_exceeds_32_bits(zoom: Cloud) -> None:
    """Fact 20: personal rooms and series use theirs again; 10 digits for a personal room."""
    meetings = [m for m in zoom.listing()["meetings"] if "id" in m and not m["is_breakout_room"]]
    numbers = [m["id"] for m in meetings]
    assert len(set(numbers)) < len(numbers)
    assert all(number > 2**32 for number in numbers)
    assert {len(str(m["id"])) for m in meetings if m["type"] == 4} == {10}
    assert {len(str(m["id"])) for m in meetings if m["type"] != 4} == {11}


def test_unicode_topics_with_slashes_arrive_unescaped(zoom: Cloud) -> None:
    """12: in raw bytes, not as escapes."""
    raw = zoom.get("/archive_files", **{"from": "2026-10-12T00:00:00Z", "page_size": 300}).content
    topics = [m.get("topic", "") for m in zoom.listing()["meetings"]]
    strange = next(topic for topic in topics if not topic.isascii())
    assert strange.encode() in raw
    assert any("/" in topic for topic in topics)


def test_attachments_have_names_of_users_and_ids_of_another_form(
    zoom: Cloud, cloud: Clouds
) -> None:
    """3.2: ``physical_files``, absent in the older interface."""
    having = [m for m in zoom.listing()["meetings"] if "physical_files" in m]
    file = having[0]["physical_files"][0]
    assert set(file) == {"file_id", "file_name", "file_size", "download_url"}
    assert len(file["file_id"]) == 22
    assert "\u202f" in file["file_name"]
    assert "/rec/archive/attached/download/" in file["download_url"]
    older = cloud(attachments=False).listing()
    assert not any("physical_files" in m for m in older["meetings"])


def test_guests_addresses_are_empty_unless_an_exception_holds(cloud: Clouds) -> None:
    """6.3: by rules, always hidden, always shown."""
    shown = {}
    for position in ("rules", "hidden", "shown"):
        zoom = cloud(guest_emails=position)
        addresses = {}
        for record in zoom.site.archive:
            told = {f["id"]: f for f in zoom.record(record.uuid)["archive_files"]}
            for file in record.files:
                if file.person is not None and file.file_id in told:
                    addresses[file.person] = told[file.file_id]["participant_email"]
        ours = [p for p in addresses if isinstance(p, Agent)]
        assert all(addresses[p] == p.email for p in ours)
        guests = [p for p in addresses if isinstance(p, Customer)]
        shown[position] = sum(addresses[p] == p.email for p in guests) / len(guests)
        assert all(addresses[p] in ("", p.email) for p in guests)
    assert shown["hidden"] == 0.0 < shown["rules"] < shown["shown"] == 1.0


def test_optional_fields_come_by_switch(cloud: Clouds) -> None:
    """3.2: storage location, deletion tags, on-premise paths."""
    plain = files_of(cloud().listing())[0]
    assert not {"storage_location", "auto_delete", "file_path"} & set(plain)
    zoom = cloud(storage_location="EU", auto_delete_option=True, on_premise=True)
    file = files_of(zoom.listing())[0]
    assert file["storage_location"] == "EU"
    assert file["auto_delete"] is False
    assert file["file_path"]
    assert "download_url" not in file


@pytest.mark.parametrize("mode", ["correct", "mismatch", "empty"])
def test_the_fingerprint_is_the_hash_of_the_bytes_or_not(cloud: Clouds, mode: str) -> None:
    """3.4: what is hashed is documented nowhere."""
    zoom = cloud(fingerprint=mode, redirect="none")
    record, file = zoom.some_file("MP4")
    told = next(f for f in zoom.record(record.uuid)["archive_files"] if f["id"] == file.file_id)
    body = zoom.download(told["download_url"]).content
    real = hashlib.sha256(body).hexdigest()
    assert len(body) == told["file_size"]
    if mode == "mismatch":
        assert len(told["encryption_fingerprint"]) == 64
        assert told["encryption_fingerprint"] != real
    else:
        assert told["encryption_fingerprint"] == (real if mode == "correct" else "")


# --- life ------------------------------------------------------------------------------------


def test_a_record_goes_from_hidden_over_processing_to_completed(zoom: Cloud) -> None:
    """Fact 10: ``complete_time`` is an empty string while it is processing."""
    record, file = zoom.some_file("MP4")
    path = f"/past_meetings/{zoom.twice(record.uuid)}/archive_files"
    zoom.set(record.listed_at - timedelta(seconds=1))
    assert zoom.get(path).status_code == 404
    zoom.set(record.listed_at)
    told = zoom.get(path).json()
    assert (told["status"], told["complete_time"], told["total_size"]) == ("processing", "", 0)
    row = next(f for f in told["archive_files"] if f["id"] == file.file_id)
    assert (row["status"], row["file_size"], row["download_url"]) == ("processing", 0, "")
    zoom.set(record.complete_at)
    told = zoom.get(path).json()
    assert told["status"] == "completed"
    assert told["complete_time"] == record.complete_at.strftime(ZULU)
    assert told["total_size"] == sum(f["file_size"] for f in told["archive_files"]) > 0


def test_values_of_a_processing_record_may_be_absent(cloud: Clouds) -> None:
    """3.2: the shape is unknown."""
    zoom = cloud(processing_values="absent")
    record, _file = zoom.some_file("MP4")
    zoom.set(record.listed_at)
    told = zoom.record(record.uuid)
    assert "complete_time" not in told
    assert not {"file_size", "download_url"} & set(told["archive_files"][0])


def test_a_file_may_fail_and_its_meeting_is_completed_all_the_same(cloud: Clouds) -> None:
    """Fact 10: the meeting's status has no ``failed``."""
    listing = cloud(failed_every=3).listing()
    failed = [f for f in files_of(listing) if f["status"] == "failed"]
    assert failed
    assert all(f["file_size"] == 0 and f["download_url"] == "" for f in failed)
    assert {m["status"] for m in listing["meetings"]} == {"completed"}


def test_files_appear_under_the_same_uuid_after_completion(cloud: Clouds) -> None:
    """Fact 18, 10 row 2: a transcript hours later, by switch for every meeting."""
    zoom = cloud(late_every=1)
    record = next(r for r in zoom.site.archive if any(f.added_late for f in r.files))
    late = next(f for f in record.files if f.added_late)
    zoom.set(late.ready_at - timedelta(seconds=1))
    before = zoom.record(record.uuid)
    zoom.set(late.ready_at)
    after = zoom.record(record.uuid)
    assert before["status"] == after["status"] == "completed"
    assert before["complete_time"] == after["complete_time"]
    assert after["recording_count"] == before["recording_count"] + 1


@pytest.mark.parametrize(("position", "moves"), [("keep", False), ("move", True)])
def test_whether_a_late_file_moves_complete_time_is_a_switch(
    cloud: Clouds, position: str, moves: bool
) -> None:
    """14: nobody knows; the default is the harder for a client."""
    zoom = cloud(late_every=1, late_files=position)
    record = next(r for r in zoom.site.archive if any(f.added_late for f in r.files))
    told = zoom.record(record.uuid)["complete_time"]
    assert (told > record.complete_at.strftime(ZULU)) is moves


def test_delays_of_the_fault_layer_make_files_late(cloud: Clouds) -> None:
    """Files minutes, hours, days late; each is offered at exactly ``ready_at``."""
    late = Lateness(share=0.5, least=timedelta(minutes=2), longest=timedelta(days=3))
    zoom = cloud(faults=Faults(seed=3, late=late))
    ready = [f.ready_at - r.meeting.ended_at for r in zoom.site.archive for f in r.files]
    assert max(ready) > timedelta(days=1)
    assert any(f.added_late for r in zoom.site.archive for f in r.files)
    assert any(r.complete_at - r.meeting.ended_at > timedelta(hours=3) for r in zoom.site.archive)


def test_after_the_retention_the_record_vanishes_and_its_files_are_html(cloud: Clouds) -> None:
    """Fact 2, 12: 404/3001, absent in lists, and 200 with a page for the old address."""
    zoom = cloud(retention_days=7)
    record, file = zoom.some_file()
    url = zoom.url_of(file)
    zoom.set(record.expires_at - timedelta(seconds=1))
    assert zoom.download(url).status_code == 302
    zoom.set(record.expires_at)
    answer = zoom.get(f"/past_meetings/{zoom.twice(record.uuid)}/archive_files")
    assert (answer.status_code, answer.json()["code"]) == (404, 3001)
    assert record.uuid not in {m["uuid"] for m in zoom.listing()["meetings"]}
    gone = zoom.download(url)
    assert gone.status_code == 200
    assert gone.headers["content-type"].startswith("text/html")


# --- the list --------------------------------------------------------------------------------


def test_a_future_to_is_clamped_echoed_and_required_verbatim(zoom: Cloud) -> None:
    """Fact 5: the query as first sent is refused with the token of page one."""
    asked = {"from": "2026-10-12T00:00:00Z", "to": "2026-10-17T00:00:00Z", "page_size": 5}
    first = zoom.get("/archive_files", **asked).json()
    assert first["to"] == zoom.clock.now().strftime(ZULU)
    token = first["next_page_token"]
    stubborn = zoom.get("/archive_files", **asked, next_page_token=token)
    assert (stubborn.status_code, stubborn.json()["code"]) == (400, 300)
    good = zoom.get("/archive_files", **(asked | {"to": first["to"]}), next_page_token=token)
    assert good.status_code == 200


def test_by_start_and_by_completion_are_two_questions(zoom: Cloud) -> None:
    """Fact 4: a meeting that ended late lies in a later completion window."""
    record, _file = zoom.some_file("MP4")
    done = record.complete_at.strftime(ZULU)
    window = {"from": done, "to": (record.complete_at + timedelta(seconds=1)).strftime(ZULU)}
    by_end = zoom.listing(**window, query_date_type="archive_complete_time")
    assert record.uuid in [m["uuid"] for m in by_end["meetings"]]
    by_start = zoom.listing(**window)  # the default
    assert record.uuid not in [m["uuid"] for m in by_start["meetings"]]


@pytest.mark.parametrize(("position", "there"), [("absent", False), ("listed", True)])
def test_processing_meetings_in_completion_queries_are_a_switch(
    cloud: Clouds, position: str, there: bool
) -> None:
    """14: unknown."""
    zoom = cloud(completing=position)
    record, _file = zoom.some_file("MP4")
    zoom.set(record.listed_at)
    window = {"from": "2026-10-12T00:00:00Z", "to": record.listed_at.strftime(ZULU)}
    listing = zoom.listing(**window, query_date_type="archive_complete_time")
    assert (record.uuid in [m["uuid"] for m in listing["meetings"]]) is there


@pytest.mark.parametrize(("position", "there"), [("exclusive", False), ("inclusive", True)])
def test_whether_to_belongs_to_the_window_is_a_switch(
    cloud: Clouds, position: str, there: bool
) -> None:
    """3.1: inclusivity is unknown."""
    zoom = cloud(archive_end=position)
    record = zoom.site.archive[5]
    listing = zoom.listing(to=record.meeting.started_at.strftime(ZULU))
    assert (record.uuid in [m["uuid"] for m in listing["meetings"]]) is there


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "2026-10-06T00:00:00Z", "to": "2026-10-13T00:00:01Z"},
        {"from": "2026-10-12"},
        {"from": "2026-10-13T00:00:00Z", "to": "2026-10-12T00:00:00Z"},
        {"page_size": "301"},
        {"page_size": "0"},
        {"page_size": "many"},
        {"query_date_type": "end_time"},
        {"group_ids": "1,2,3,4,5,6,7,8"},
        {"next_page_token": "nonsense"},
    ],
)
def test_what_cannot_be_asked_is_400_300(zoom: Cloud, wrong: dict[str, str]) -> None:
    """3.1, 8.3: a window beyond 7 days, bad times, sizes, enums, too many groups."""
    answer = zoom.get("/archive_files", **wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)


def test_groups_narrow_the_list(zoom: Cloud) -> None:
    """3.1: ``group_ids``, comma-separated; the deprecated ``group_id`` as well."""
    group = zoom.listing()["meetings"][0]["group_id"].split(",")[0]
    for name in ("group_ids", "group_id"):
        narrowed = zoom.listing(**{name: group})
        assert 0 < narrowed["total_records"] <= zoom.listing()["total_records"]
        assert all(group in m["group_id"].split(",") for m in narrowed["meetings"])
    assert zoom.listing(group_ids="nobody")["total_records"] == 0


def test_page_size_is_30_and_total_records_counts_meetings(zoom: Cloud) -> None:
    """1.3, 3.1: default size; an empty token on the last page."""
    first = zoom.get("/archive_files", **{"from": "2026-10-12T00:00:00Z"}).json()
    assert first["page_size"] == 30
    pages = walk(zoom, {"from": "2026-10-12T00:00:00Z", "to": "2026-10-13T00:00:00Z"})
    uuids = [m["uuid"] for page in pages for m in page["meetings"]]
    assert len(uuids) == len(set(uuids)) == pages[0]["total_records"]
    assert pages[-1]["next_page_token"] == ""


def test_the_last_token_may_be_absent(cloud: Clouds) -> None:
    """1.3: until it is empty or absent."""
    assert "next_page_token" not in cloud(last_page="absent").listing()


def test_a_token_lives_15_minutes_and_is_bound_to_every_parameter(zoom: Cloud) -> None:
    """Fact 6, 12: page size, window, date type; and to its endpoint."""
    asked = {"from": "2026-10-12T00:00:00Z", "to": "2026-10-13T00:00:00Z", "page_size": 5}
    token = zoom.get("/archive_files", **asked).json()["next_page_token"]
    for change in ({"page_size": 6}, {"from": "2026-10-12T00:00:01Z"}, {"group_ids": "x"}):
        answer = zoom.get("/archive_files", **(asked | change), next_page_token=token)
        assert answer.json()["message"] == "The next page token is invalid or expired."
    assert zoom.get("/users", page_size=5, next_page_token=token).status_code == 400
    zoom.clock.advance(timedelta(minutes=15))
    assert zoom.get("/archive_files", **asked, next_page_token=token).status_code == 200
    zoom.clock.advance(timedelta(seconds=1))
    assert zoom.get("/archive_files", **asked, next_page_token=token).status_code == 400


@pytest.mark.parametrize("position", ["stable", "inserts", "duplicates"])
def test_between_pages_the_listing_may_move(cloud: Clouds, position: str) -> None:
    """1.3, 12: unchanged; new rows in front; the last row repeated.  Nothing old is lost."""
    zoom = cloud(pages=position, order="newest_first")
    zoom.set(zoom.site.world.start + timedelta(hours=14))
    asked = {"from": "2026-10-12T00:00:00Z", "to": "2026-10-12T14:00:00Z", "page_size": 5}
    asked["query_date_type"] = "meeting_start_time"
    there = zoom.get("/archive_files", **(asked | {"page_size": 300})).json()["meetings"]
    late = zoom.site.archive[3]
    zoom.site.archive_gone.add(late.uuid)  # is listed only between the pages
    pages = walk(zoom, asked, change=zoom.site.archive_gone.clear)
    uuids = [m["uuid"] for page in pages for m in page["meetings"]]
    repeated = len(uuids) - len(set(uuids))
    assert set(uuids) >= {m["uuid"] for m in there} - {late.uuid}
    assert (repeated == 0) if position == "stable" else (repeated > 0)


def test_the_order_of_listings_is_a_switch(cloud: Clouds) -> None:
    """1.3: undocumented on all lists."""
    orders = {}
    for position in ("oldest_first", "newest_first", "shuffled"):
        listing = cloud(order=position).listing()
        orders[position] = [m["start_time"] for m in listing["meetings"]]
    assert all(a <= b for a, b in pairwise(orders["oldest_first"]))
    assert all(a >= b for a, b in pairwise(orders["newest_first"]))
    assert orders["shuffled"] not in (orders["oldest_first"], orders["newest_first"])
    assert sorted(orders["shuffled"]) == orders["oldest_first"]


def test_an_account_without_archiving_is_refused(cloud: Clouds) -> None:
    """3: 400/200, as its documented neighbours say."""
    answer = cloud(archiving=False).get("/archive_files")
    wanted = {"code": 200, "message": "Not available for this account."}
    assert (answer.status_code, answer.json()) == (400, wanted)


def test_the_master_list_needs_its_own_scope_and_a_known_account(cloud: Clouds) -> None:
    """2.3, 8.3: 2001 for an account that does not exist."""
    zoom = cloud(scopes="archiving:read:list_archived_files:master")
    own = zoom.simulator.credentials.account_id
    assert zoom.get(f"/accounts/{own}/archive_files").status_code == 200
    assert zoom.get("/accounts/other/archive_files").json()["code"] == 2001
    assert cloud().get(f"/accounts/{own}/archive_files").json()["code"] == 4711


# --- other operations ------------------------------------------------------------------------


def test_one_meeting_is_not_wrapped_and_equals_its_row(zoom: Cloud) -> None:
    """4: the same fields as ``meetings[]``."""
    row = zoom.listing()["meetings"][0]
    assert zoom.record(row["uuid"]) == row


def test_a_number_selects_the_latest_instance(zoom: Cloud) -> None:
    """1.1, 10 row 10: the wrong occurrence, if one keys on numbers."""
    numbers = [m["id"] for m in zoom.listing()["meetings"] if m.get("type") in (4, 8)]
    number = next(n for n in numbers if numbers.count(n) > 1)
    starts = [m["start_time"] for m in zoom.listing()["meetings"] if m.get("id") == number]
    assert zoom.record(str(number))["start_time"] == max(starts)


def test_deleting_takes_all_files_of_the_instance(zoom: Cloud) -> None:
    """4: 204; afterwards 404/3001."""
    record, file = zoom.some_file()
    path, url = f"/past_meetings/{zoom.twice(record.uuid)}/archive_files", zoom.url_of(file)
    assert zoom.send("DELETE", path).status_code == 204
    again = zoom.send("DELETE", path)
    assert (again.status_code, again.json()["code"]) == (404, 3001)
    assert zoom.download(url).headers["content-type"].startswith("text/html")
    assert record.uuid not in {m["uuid"] for m in zoom.listing()["meetings"]}


def test_tagging_for_deletion_needs_the_option(cloud: Clouds) -> None:
    """4: ``PATCH`` with ``auto_delete``; shown by the listing."""
    zoom = cloud(auto_delete_option=True)
    record, file = zoom.some_file()
    path = f"/archive_files/{file.file_id}"
    assert zoom.send("PATCH", path, json={"auto_delete": True}).status_code == 204
    told = next(f for f in zoom.record(record.uuid)["archive_files"] if f["id"] == file.file_id)
    assert told["auto_delete"] is True
    assert zoom.send("PATCH", path, json={}).status_code == 400
    assert zoom.send("PATCH", "/archive_files/x", json={"auto_delete": True}).status_code == 404
    assert cloud().send("PATCH", path, json={"auto_delete": True}).status_code == 400


def test_statistics_agree_with_the_listing(cloud: Clouds) -> None:
    """4: by extension and by status."""
    zoom = cloud(failed_every=5)
    window = {"from": "2026-10-12T00:00:00Z", "to": "2026-10-13T00:00:00Z"}
    told, files = zoom.get("/archive_files/statistics", **window).json(), files_of(zoom.listing())
    by_extension = told["statistic_by_file_extension"]
    for extension in ("mp4", "m4a", "txt", "json", "vtt"):
        wanted = sum(f["file_extension"] == extension.upper() for f in files)
        assert by_extension[f"{extension}_file_count"] == wanted
    by_status = told["statistic_by_file_status"]
    for status in ("processing", "completed", "failed"):
        assert by_status[f"{status}_file_count"] == sum(f["status"] == status for f in files)
    assert told["total_records"] == zoom.listing()["total_records"]


def test_the_audit_tells_every_download(zoom: Cloud) -> None:
    """4: by meeting, file, address and time."""
    record, file = zoom.some_file()
    zoom.mint()
    zoom.download(zoom.url_of(file))
    zoom.clock.advance(timedelta(minutes=1))
    zoom.download(zoom.url_of(file))
    zoom.clock.advance(timedelta(minutes=1))
    window = {"from": "2026-10-14T00:00:00Z", "to": "2026-10-14T00:02:00Z"}
    told = zoom.get("/archive_files/download_audit", **window).json()
    assert [m["meeting_uuid"] for m in told["meetings"]] == [record.uuid]
    source = told["meetings"][0]["files"][0]["sources"][0]
    assert source["source_ip"] == "127.0.0.1"
    assert source["total_download_count"] == 2
    assert source["last_download_time"] == "2026-10-14T00:01:00Z"
