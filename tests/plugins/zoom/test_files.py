"""From Zoom's rows to files: kinds, states, links, time lines and ids, one rule per row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from catchment.model import Kind, MediaFile, Ref, Window
from catchment_zoom.files import map_archive_files, map_cloud_files

UUID = "/kQ7v//9TtK2mZpB3uXy4w=="
URL = "https://zoom.us/rec/archive/download/a.b"


def archive(**changed: object) -> MediaFile:
    """One file of an archived meeting."""
    row: dict[str, Any] = {
        "id": "f1",
        "file_type": "M4A",
        "file_extension": "M4A",
        "file_size": 6120044,
        "status": "completed",
        "individual": False,
        "participant_join_time": "2026-10-13T08:00:21Z",
        "participant_leave_time": "2026-10-13T08:44:58Z",
        "encryption_fingerprint": "9B" * 32,
        "download_url": URL,
    }
    return map_archive_files({"uuid": UUID, "archive_files": [row | changed]})[0]


def cloud_row(**changed: object) -> dict[str, Any]:
    """One of ``recording_files[]``."""
    return {
        "id": "d3f1",
        "recording_start": "2026-10-12T14:00:10Z",
        "recording_end": "2026-10-12T14:43:59Z",
        "file_type": "MP4",
        "file_extension": "MP4",
        "file_size": 119941,
        "download_url": URL,
        "status": "completed",
        "recording_type": "active_speaker",
    } | changed


def cloud(**changed: object) -> MediaFile:
    """One file of a cloud recording."""
    return map_cloud_files({"uuid": UUID, "recording_files": [cloud_row(**changed)]})[0]


@pytest.mark.parametrize(
    ("file_type", "extension", "kind", "form"),
    [
        ("MP4", "MP4", "video", "mp4"),
        ("M4A", "M4A", "audio", "m4a"),
        ("CHAT", "TXT", "chat", "txt"),
        ("CHAT", "", "chat", "txt"),
        ("CC", "VTT", "captions", "vtt"),
        ("CHAT_MESSAGE", "JSON", "chat", "json"),
        ("TRANSCRIPT", "JSON", "transcript", "json"),
        ("TRANSCRIPT", "VTT", "transcript", "vtt"),
        ("SUB_GROUP_MEMBER_LOG", "JSON", "attachment", "json"),
        ("AIC_COVERSATION", "JSON", "attachment", "json"),
        ("CSV", "CSV", "attachment", "csv"),
        ("HOLOGRAM", "HOLO", "attachment", "holo"),
        ("HOLOGRAM", "", "attachment", "bin"),
    ],
)
def test_each_type_of_archive_file_has_a_kind(
    file_type: str, extension: str, kind: Kind, form: str
) -> None:
    """Enums are open (fact 11): what is new is kept as an attachment, and never left out."""
    file = archive(file_type=file_type, file_extension=extension)
    assert (file.kind, file.form) == (kind, form)


@pytest.mark.parametrize(
    ("file_type", "view", "kind"),
    [
        ("MP4", "shared_screen_with_speaker_view(CC)", "video"),
        ("MP4", "shared_screen", "screen"),
        ("MP4", "some_new_view", "video"),
        ("M4A", "audio_only", "audio"),
        ("TB", "thumbnail", "attachment"),
        ("TIMELINE", "timeline", "attachment"),
        ("SUMMARY", "summary", "attachment"),
        ("TRANSCRIPT", "audio_transcript", "transcript"),
        ("CC", "closed_caption", "captions"),
        ("", "", "video"),
    ],
)
def test_each_type_of_recording_file_has_a_kind(file_type: str, view: str, kind: Kind) -> None:
    """Only a view of the shared screen alone is a screen (5.1)."""
    assert cloud(file_type=file_type, recording_type=view).kind == kind


def test_a_ready_file_is_described_and_not_downloaded() -> None:
    """The bearer goes with the link, the stated stay is its time line, the size is exact."""
    file = archive()
    assert file.offered == "ready"
    assert [(way.url, way.auth, way.ranged) for way in file.ways] == [(URL, True, None)]
    assert file.timeline.certainty == "declared"
    assert file.timeline.stretches == (
        Window(
            datetime(2026, 10, 13, 8, 0, 21, tzinfo=UTC),
            datetime(2026, 10, 13, 8, 44, 58, tzinfo=UTC),
        ),
    )
    assert file.size_bytes == 6120044


def test_the_fingerprint_is_a_claim_and_no_proof() -> None:
    """What it hashes is not documented (3.4), so it may be compared and never refuses a file."""
    file = archive()
    assert (file.claimed_sha256, file.sha256) == ("9b" * 32, None)
    for odd in ("", "9b…77", "md5"):
        assert archive(encryption_fingerprint=odd).claimed_sha256 is None
    row = {"uuid": UUID, "archive_files": [{"id": "f", "encryption_fingerprint": "9b" * 32}]}
    assert map_archive_files(row, compare=False)[0].claimed_sha256 is None


@pytest.mark.parametrize(
    ("changed", "offered"),
    [
        ({"status": "completed"}, "ready"),
        ({"status": "some new word"}, "ready"),
        ({"status": "failed"}, "failed"),
        ({"status": "failed", "download_url": ""}, "failed"),
        ({"status": "processing"}, "not_yet"),
        ({"status": "processing", "file_size": 0, "download_url": ""}, "not_yet"),
        ({"status": "", "file_size": 0}, "not_yet"),
        ({"download_url": ""}, "not_yet"),
        ({"download_url": None}, "not_yet"),
        ({"download_url": None, "file_path": "/archive/x.m4a"}, "failed"),
    ],
)
def test_the_state_of_an_archive_file(changed: dict[str, object], offered: str) -> None:
    """A file may fail or wait by itself (fact 10); one kept on premise never comes (3.2)."""
    file = archive(**changed)
    assert file.offered == offered
    assert bool(file.ways) == (offered == "ready")
    assert bool(file.why) == (offered != "ready")


@pytest.mark.parametrize(
    ("changed", "offered"),
    [
        ({}, "ready"),
        ({"status": "", "file_type": "", "recording_end": "", "file_size": 0}, "not_yet"),
        ({"status": "processing", "file_type": "", "recording_end": ""}, "not_yet"),
        ({"status": "processing"}, "not_yet"),
        ({"status": "", "file_size": 0}, "not_yet"),
        ({"status": ""}, "ready"),
        ({"status": None, "file_size": None, "file_type": "TIMELINE"}, "ready"),
        ({"status": None, "file_size": None, "file_type": "CC"}, "ready"),
        ({"file_type": "TIMELINE"}, "ready"),
        ({"status": "failed"}, "failed"),
        ({"download_url": "", "file_path": "/x"}, "failed"),
    ],
)
def test_the_state_of_a_recording_file(changed: dict[str, object], offered: str) -> None:
    """Running recordings wait; CC and TIMELINE come with or without status and size (5.1)."""
    assert cloud(**changed).offered == offered


def test_a_size_of_zero_is_no_size() -> None:
    """A length of 0 would refuse every byte that comes (fact 19)."""
    assert archive(file_size=0).size_bytes is None
    assert archive(file_size="6120044").size_bytes == 6120044


def test_somebodys_own_stream_names_the_person_by_reference() -> None:
    """The address where it is told; a guest without one is still not everybody (6.3)."""
    mail = archive(individual=True, participant_email="Ada@Northwind.example")
    assert mail.of == Ref("email", "ada@northwind.example")
    assert archive(individual=True, participant_email="").of == Ref("stream", "f1")
    assert archive(individual=False, participant_email="").of is None


def test_files_of_the_chat_are_attachments() -> None:
    """``physical_files`` carry a name of the user's and no status (3.2)."""
    name = "Q3\u202flimits.xlsx"
    physical = {"file_id": "mR2s", "file_name": name, "file_size": 40211, "download_url": URL}
    (file,) = map_archive_files({"uuid": UUID, "physical_files": [physical]})
    assert (file.file_id, file.kind, file.form, file.name) == ("mR2s", "attachment", "xlsx", name)
    assert (file.offered, file.size_bytes) == ("ready", 40211)


def test_participants_own_audio_is_among_the_files() -> None:
    """It stands beside ``recording_files`` in the answer of 5.3."""
    voice = cloud_row(id="v1", file_type="M4A", file_name="Audio only - Ada")
    row = {"uuid": UUID, "recording_files": [cloud_row()], "participant_audio_files": [voice]}
    files = {file.file_id: file for file in map_cloud_files(row)}
    assert files["v1"].of == Ref("stream", "v1")
    assert files["v1"].name == "Audio only - Ada"
    assert files["d3f1"].of is None


@pytest.mark.parametrize("without", [None, ""])
def test_a_file_without_id_gets_the_same_one_every_time(without: object) -> None:
    """Of meeting, type and begin (5.1), so that it is neither lost nor stored twice."""
    first = cloud(id=without, file_type="TIMELINE")
    assert first.file_id == cloud(id=without, file_type="TIMELINE", download_url="x").file_id
    assert first.file_id != cloud(id=without, file_type="CC").file_id
    later = cloud(id=without, file_type="TIMELINE", recording_start="2026-10-12T15:00:00Z")
    assert first.file_id != later.file_id


def test_two_files_without_id_that_are_alike_stay_two() -> None:
    """Captions in two languages have one type and one begin."""
    rows = [cloud_row(id="", file_type="CC", file_size=size) for size in (9, 5)]
    files = map_cloud_files({"uuid": UUID, "recording_files": rows})
    assert len({file.file_id for file in files}) == 2
    again = map_cloud_files({"uuid": UUID, "recording_files": rows[::-1]})
    assert {(f.file_id, f.size_bytes) for f in files} == {(f.file_id, f.size_bytes) for f in again}


def test_one_file_that_is_named_twice_is_one() -> None:
    """A repeated row must not become a second file; the copy that is ready wins."""
    rows = [cloud_row(status="processing"), cloud_row()]
    (file,) = map_cloud_files({"uuid": UUID, "recording_files": rows})
    assert file.offered == "ready"


def test_a_stay_that_ends_before_it_begins_is_no_time_line() -> None:
    """Nonsense is not passed on as knowledge."""
    assert archive(participant_leave_time="2026-10-13T07:00:00Z").timeline.stretches == ()
    assert archive(participant_leave_time="").timeline.certainty == "guessed"


@pytest.mark.parametrize("row", [{}, {"archive_files": None}, {"archive_files": "x", "uuid": 3}])
def test_nonsense_in_place_of_files_is_no_file(row: dict[str, Any]) -> None:
    """A reader that stops at a strange field loses all that is beside it."""
    assert map_archive_files(row) == ()
