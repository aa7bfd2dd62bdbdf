"""Cloud recordings (sheet section 5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias
from urllib.parse import quote

import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds

from catchment_zoom.simulator.records import Record

Row: TypeAlias = dict[str, Any]
"""An object of an answer's JSON."""

WINDOW = {"from": "2026-10-12", "to": "2026-10-13"}
PARENT = "/meetings/{}/recordings"


def files_of(listing: Row) -> list[Row]:
    """Every recording file of a listing."""
    return [file for meeting in listing["meetings"] for file in meeting["recording_files"]]


def path_of(zoom: Cloud, record: Record, tail: str = "") -> str:
    """Where a recording is asked for."""
    return f"/meetings/{zoom.twice(record.uuid)}/recordings{tail}"


def test_all_file_types_occur_and_types_are_numbers(zoom: Cloud) -> None:
    """5.1: live data has integers where the schema has text."""
    listing = zoom.recordings()
    types = {f["file_type"] for f in files_of(listing)}
    assert types == {
        "MP4", "M4A", "CHAT", "CHAT_MESSAGE", "CC", "TRANSCRIPT", "SUMMARY", "TIMELINE", "CSV", "TB"
    }  # fmt: skip
    assert all(isinstance(m["type"], int) for m in listing["meetings"])
    assert all(f.get("meeting_id") == m["uuid"] for m in listing["meetings"] for f in m["recording_files"])  # noqa: E501  # fmt: skip
    assert listing["total_records"] == len(zoom.site.recordings)


def test_the_type_may_be_text(cloud: Clouds) -> None:
    """5.1: as in the schema."""
    meetings = cloud(recording_type_field="text").recordings()["meetings"]
    assert all(isinstance(m["type"], str) for m in meetings)


def test_archive_and_recordings_have_separate_file_ids(zoom: Cloud) -> None:
    """Fact 1: two products, two id spaces, one UUID."""
    archived = {f.file_id for r in zoom.site.archive for f in r.files}
    recorded = {f.file_id for r in zoom.site.recordings for f in r.files}
    assert not archived & recorded
    assert set(zoom.site.recordings_by_uuid) < set(zoom.site.archive_by_uuid)


def test_each_host_lists_its_own_by_id_address_or_me(zoom: Cloud) -> None:
    """5.1: the users' lists together are the account's list."""
    found = []
    for user in zoom.site.people.users[:-1]:
        by_id = zoom.get(f"/users/{user.user_id}/recordings", **WINDOW).json()
        by_mail = zoom.get(f"/users/{quote(user.email)}/recordings", **WINDOW).json()
        assert by_id == by_mail
        assert all(m["host_id"] == user.user_id for m in by_id["meetings"])
        found += [m["uuid"] for m in by_id["meetings"]]
    assert sorted(found) == sorted(m["uuid"] for m in zoom.recordings()["meetings"])
    assert zoom.get("/users/me/recordings", **WINDOW).status_code == 200
    unknown = zoom.get("/users/nobody/recordings", **WINDOW)
    assert (unknown.status_code, unknown.json()["code"]) == (404, 1001)


@pytest.mark.parametrize(("available", "status"), [(True, 200), (False, 404)])
def test_the_account_list_may_not_exist(cloud: Clouds, available: bool, status: int) -> None:
    """5.2: 2300 where it does not."""
    answer = cloud(account_recordings=available).get("/accounts/me/recordings", **WINDOW)
    assert answer.status_code == status
    assert available or answer.json()["code"] == 2300


def test_without_a_window_only_today_is_listed(zoom: Cloud) -> None:
    """5.1: ``from`` is today."""
    told = zoom.get("/accounts/me/recordings").json()
    assert (told["from"], told["to"], told["total_records"]) == ("2026-10-14", "2026-10-15", 0)


def test_a_wide_window_is_shortened_and_the_substitute_is_echoed(cloud: Clouds) -> None:
    """5.1, 10 row 6: silently, so compare what comes back."""
    told = cloud(month_window="clamp").recordings(**{"from": "2026-08-01", "to": "2026-10-13"})
    assert (told["from"], told["to"]) == ("2026-09-12", "2026-10-13")


def test_a_wide_window_is_rejected_by_switch(cloud: Clouds) -> None:
    """5.1: as reported in 2026."""
    zoom = cloud(month_window="reject")
    wide = zoom.get("/accounts/me/recordings", **{"from": "2026-08-01", "to": "2026-10-13"})
    assert (wide.status_code, wide.json()["code"]) == (400, 300)
    assert zoom.get("/accounts/me/recordings", **WINDOW).status_code == 200


@pytest.mark.parametrize(("position", "some"), [("inclusive", True), ("exclusive", False)])
def test_whether_the_last_day_is_listed_is_a_switch(
    cloud: Clouds, position: str, some: bool
) -> None:
    """5.1: asked on the forum, unanswered."""
    told = cloud(recordings_end=position).recordings(**{"from": "2026-10-11", "to": "2026-10-12"})
    assert bool(told["total_records"]) is some


def test_times_are_no_dates(zoom: Cloud) -> None:
    """Fact 3: dates here, date-times in the archive."""
    answer = zoom.get("/accounts/me/recordings", **{"from": "2026-10-12T00:00:00Z"})
    assert answer.json()["code"] == 300


@pytest.mark.parametrize(("position", "status"), [("processing", "processing"), ("empty", "")])
def test_a_running_recording_has_empty_fields(cloud: Clouds, position: str, status: str) -> None:
    """Fact 19: no type, no extension, no end, no size."""
    zoom = cloud(running_status=position)
    record = zoom.site.recordings[0]
    zoom.set(record.meeting.recorded[0].window.start)
    told = next(m for m in zoom.recordings()["meetings"] if m["uuid"] == record.uuid)
    assert (told["duration"], told["total_size"], told["recording_count"]) == (0, 0, 0)
    for file in told["recording_files"]:
        assert file["file_type"] == file["file_extension"] == file["recording_end"] == ""
        assert (file["file_size"], file["status"]) == (0, status)


def test_a_restarted_recorder_leaves_two_sets_of_files(zoom: Cloud) -> None:
    """10, row 21: with different ``recording_start``."""
    record = next(r for r in zoom.site.recordings if len(r.meeting.recorded) > 1)
    told = zoom.get(path_of(zoom, record)).json()
    assert (
        len({f["recording_start"] for f in told["recording_files"] if f["file_type"] == "MP4"}) == 2
    )


def test_the_transcript_and_the_summary_come_later_under_the_same_uuid(zoom: Cloud) -> None:
    """Fact 18: first the media, then the transcript, then the summary."""
    record = next(r for r in zoom.site.recordings if r.meeting.spoken)
    zoom.set(record.complete_at)
    first = {f["file_type"] for f in zoom.get(path_of(zoom, record)).json()["recording_files"]}
    assert "MP4" in first
    assert not {"TRANSCRIPT", "SUMMARY"} & first
    zoom.set(record.complete_at + timedelta(hours=2))
    later = {f["file_type"] for f in zoom.get(path_of(zoom, record)).json()["recording_files"]}
    assert {"TRANSCRIPT", "SUMMARY"} <= later


@pytest.mark.parametrize(("position", "bare"), [("with_id", False), ("without_id", True)])
def test_timelines_and_captions_may_have_no_id(cloud: Clouds, position: str, bare: bool) -> None:
    """5.1: documented without, measured with; never a play address."""
    files = files_of(cloud(timeline=position).recordings())
    thin = [f for f in files if f["file_type"] in ("TIMELINE", "CC")]
    assert thin
    for file in thin:
        assert "play_url" not in file
        assert bool({"id", "status", "file_size", "recording_type"} & set(file)) is not bare
        assert {"file_type", "recording_start", "download_url"} <= set(file)


def test_meeting_id_narrows_the_list(zoom: Cloud) -> None:
    """5.1: by meeting number."""
    number = zoom.recordings()["meetings"][0]["id"]
    assert {m["id"] for m in zoom.recordings(meeting_id=number)["meetings"]} == {number}


def test_pages_may_repeat_the_query_as_sent_or_as_echoed(zoom: Cloud) -> None:
    """1.3, 5.1: page tokens work here too."""
    wide = {"from": "2026-08-01", "to": "2026-10-13", "page_size": 10}
    first = zoom.get("/accounts/me/recordings", **wide).json()
    assert first["page_count"] == -(-first["total_records"] // 10)
    token = first["next_page_token"]
    for params in (wide, wide | {"from": first["from"]}):
        answer = zoom.get("/accounts/me/recordings", **params, next_page_token=token)
        assert answer.status_code == 200
    strange = zoom.get("/accounts/me/recordings", **WINDOW, next_page_token=token)
    assert strange.json()["code"] == 300


def test_participants_audio_stands_in_the_single_answer_only(cloud: Clouds) -> None:
    """5.3: ``participant_audio_files``, counted in ``recording_count``."""
    zoom = cloud(participant_audio=True)
    record = next(r for r in zoom.site.recordings if r.meeting.voices)
    told = zoom.get(path_of(zoom, record)).json()
    audio = told["participant_audio_files"]
    assert len(audio) == len(record.meeting.voices)
    assert all(file["file_name"].startswith("Audio only - ") for file in audio)
    assert told["recording_count"] == len(audio) + len(told["recording_files"])
    assert "participant_audio_files" not in zoom.recordings()["meetings"][0]
    assert "participant_audio_files" not in cloud().get(path_of(zoom, record)).json()


def test_a_pass_for_the_files_is_given_on_request_and_dies_after_ttl(zoom: Cloud) -> None:
    """5.3: ``include_fields=download_access_token&ttl=…``."""
    record = zoom.site.recordings[0]
    assert "download_access_token" not in zoom.get(path_of(zoom, record)).json()
    told = zoom.get(path_of(zoom, record), include_fields="download_access_token", ttl=60).json()
    url, bearer = told["recording_files"][0]["download_url"], told["download_access_token"]
    assert zoom.download(url, bearer).status_code == 302
    other = zoom.recordings()["meetings"][-1]["recording_files"][0]["download_url"]
    assert zoom.download(other, bearer).status_code == 401
    zoom.clock.advance(timedelta(seconds=60))
    assert zoom.download(url, bearer).status_code == 401
    wrong = zoom.get(path_of(zoom, record), include_fields="download_access_token", ttl=604801)
    assert wrong.json()["code"] == 300


def test_a_missing_right_is_an_error_under_http_200(cloud: Clouds) -> None:
    """5.3: a documented oddity."""
    zoom = cloud(recording_content="denied")
    answer = zoom.get(path_of(zoom, zoom.site.recordings[0]))
    assert (answer.status_code, answer.json()["code"]) == (200, 200)


def test_a_meeting_without_recording_is_404_3301(zoom: Cloud) -> None:
    """5.3: also for what does not exist."""
    uuid, _meeting = zoom.meeting(lambda m: not m.recorded)
    for name in (zoom.twice(uuid), "85555555555"):
        answer = zoom.get(f"/meetings/{name}/recordings")
        assert (answer.status_code, answer.json()["code"]) == (404, 3301)


def test_trash_recover_and_delete(zoom: Cloud) -> None:
    """5.4, 5.1: 30 days recoverable; listed with ``deleted_time``; then gone."""
    record = zoom.site.recordings[0]
    url = zoom.url_of(record.files[0])
    assert zoom.send("DELETE", path_of(zoom, record)).status_code == 204
    assert zoom.get(path_of(zoom, record)).json()["code"] == 3301
    assert zoom.download(url).headers["content-type"].startswith("text/html")
    trash = zoom.get("/accounts/me/recordings", trash="true").json()["meetings"]
    assert [m["uuid"] for m in trash] == [record.uuid]
    assert trash[0]["recording_files"][0]["deleted_time"] == "2026-10-14T00:00:00Z"
    recover = {"json": {"action": "recover"}}
    assert zoom.send("PUT", path_of(zoom, record, "/status"), **recover).status_code == 204
    assert zoom.get(path_of(zoom, record)).status_code == 200
    assert zoom.send("DELETE", path_of(zoom, record), params={"action": "delete"}).is_success
    assert zoom.send("PUT", path_of(zoom, record, "/status"), **recover).status_code == 404
    assert not zoom.get("/accounts/me/recordings", trash="true").json()["meetings"]


def test_what_is_trashed_cannot_be_recovered_after_30_days(zoom: Cloud) -> None:
    """5.4."""
    record = zoom.site.recordings[0]
    zoom.send("DELETE", path_of(zoom, record), params={"action": "trash"})
    zoom.set(zoom.clock.now() + timedelta(days=30))
    answer = zoom.send("PUT", path_of(zoom, record, "/status"), json={"action": "recover"})
    assert answer.json()["code"] == 3301
    assert not zoom.get("/accounts/me/recordings", trash="true").json()["meetings"]


def test_single_files_are_trashed_apart(zoom: Cloud) -> None:
    """5.1, 5.4: ``trash_type=recording_file``; 3303 while it is not completed."""
    record = zoom.site.recordings[0]
    file = record.files[0]
    path = path_of(zoom, record, f"/{file.file_id}")
    zoom.set(record.meeting.ended_at)
    assert zoom.send("DELETE", path).json()["code"] == 3303
    zoom.set(record.complete_at)
    assert zoom.send("DELETE", path).status_code == 204
    assert zoom.send("DELETE", path).json()["code"] == 3301
    left = zoom.get(path_of(zoom, record)).json()["recording_files"]
    assert file.file_id not in [f.get("id") for f in left]
    params = {"trash": "true", "trash_type": "recording_file"}
    trash = zoom.get("/accounts/me/recordings", **params).json()["meetings"]
    assert [f["id"] for m in trash for f in m["recording_files"]] == [file.file_id]
    assert not zoom.get("/accounts/me/recordings", trash="true").json()["meetings"]


def test_trash_takes_no_window(zoom: Cloud) -> None:
    """5.1: with ``trash=true``, do not send ``from``/``to``."""
    assert zoom.get("/accounts/me/recordings", trash="true", **WINDOW).json()["code"] == 300


def test_recordings_delete_themselves_by_switch(cloud: Clouds) -> None:
    """5.1: ``auto_delete_date``, and then they are gone."""
    zoom = cloud(recording_auto_delete_days=30)
    record = zoom.site.recordings[0]
    told = zoom.get(path_of(zoom, record)).json()
    assert (told["auto_delete"], told["auto_delete_date"]) == (True, "2026-11-11")
    zoom.set(record.expires_at)
    assert zoom.get(path_of(zoom, record)).json()["code"] == 3301
    assert cloud().get(path_of(zoom, record)).json()["auto_delete"] is False


def test_the_transcript_has_an_interface_of_its_own(zoom: Cloud) -> None:
    """5.5: not ready, then downloadable, then deleted."""
    record = next(r for r in zoom.site.recordings if r.meeting.spoken)
    path = f"/meetings/{zoom.twice(record.uuid)}/transcript"
    zoom.set(record.complete_at)
    early = zoom.get(path).json()
    assert (early["can_download"], early["download_url"]) == (False, None)
    assert early["download_restriction_reason"] == "NOT_READY"
    zoom.set(record.complete_at + timedelta(hours=2))
    told = zoom.get(path).json()
    assert "/rec/meeting/transcript/download/" in told["download_url"]
    place = zoom.download(told["download_url"]).headers["location"]
    assert zoom.http.get(place).content.startswith(b"WEBVTT")
    zoom.send("DELETE", path_of(zoom, record))
    assert zoom.get(path).json()["download_restriction_reason"] == "DELETED_OR_TRASHED"


@pytest.mark.parametrize(
    ("position", "wanted"), [("none", (404, 3322)), ("forbidden", (403, 2305))]
)
def test_transcripts_may_not_be_had(cloud: Clouds, position: str, wanted: tuple[int, int]) -> None:
    """5.5, 8.3."""
    zoom = cloud(transcripts=position)
    answer = zoom.get(f"/meetings/{zoom.twice(zoom.site.recordings[0].uuid)}/transcript")
    assert (answer.status_code, answer.json()["code"]) == wanted
