"""From details to files: links, sizes, and which wall time the sound covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.plugins.webex_calling.samples import ITEM, LINKS, METADATA, nested

from catchment.model import MediaFile
from catchment.payloads import read_as
from catchment_webex_calling.files import map_files
from catchment_webex_calling.payloads import Item, Metadata
from catchment_webex_calling.timeline import build_timeline

BEGAN = datetime(2026, 3, 10, 14, 12, 31, tzinfo=UTC)


def files(links: object = LINKS, young: bool = False, **changed: object) -> dict[str, MediaFile]:
    """The files of the sample by id."""
    details = ITEM | {"temporaryDirectDownloadLinks": links} | changed
    return {file.file_id: file for file in map_files(details, METADATA, young=young)}


# --- files (1.4) ----------------------------------------------------------------------------------


def test_sound_and_transcript_are_files_without_a_bearer() -> None:
    """S001-8: both links are plain GETs with a right of their own; notes are not captured (1.4)."""
    found = files()
    assert set(found) == {"audio", "transcript"}
    audio, transcript = found["audio"], found["transcript"]
    assert (audio.kind, audio.form, audio.size_bytes) == ("audio", "mp3", 1248264)
    assert (transcript.kind, transcript.form) == ("transcript", "vtt")
    assert [way.auth for file in found.values() for way in file.ways] == [False, False]
    assert {file.offered for file in found.values()} == {"ready"}


def test_a_size_that_is_not_trusted_is_kept_beside_the_file() -> None:
    """``exact_size`` is a setting, for platforms that round."""
    details = ITEM | {"temporaryDirectDownloadLinks": LINKS}
    (audio, _) = map_files(details, None, young=False, exact_size=False)
    assert audio.size_bytes is None
    assert audio.extra == {"size_bytes_told": 1248264}


@pytest.mark.parametrize(("young", "offered"), [(True, "not_yet"), (False, "failed")])
def test_a_missing_key_is_waited_for_while_the_recording_is_young(
    young: bool, offered: str
) -> None:
    """Keys of what does not exist are missing (1.4); what is announced may be late (4, row 3)."""
    links = {"expiration": LINKS["expiration"]}
    found = files(links, young, transcriptLanguage="en")
    assert {file.offered for file in found.values()} == {offered}
    assert all(file.why for file in found.values())


@pytest.mark.parametrize("language", [None, ""])
def test_a_transcript_that_nobody_announced_is_not_missed(language: object) -> None:
    """``transcriptLanguage`` is there only when a transcript is (1.3)."""
    links = {"audioDownloadLink": LINKS["audioDownloadLink"]}
    assert set(files(links, transcriptLanguage=language)) == {"audio"}


@pytest.mark.parametrize("size", [None, 0, "", "many", -1])
def test_a_size_that_is_none_is_not_told(size: object) -> None:
    """Everything but the id is optional (1.5)."""
    assert files(sizeBytes=size)["audio"].size_bytes is None


# --- time lines (1.5; 4, row 5) -------------------------------------------------------------------


def stretches(item: dict[str, Any], metadata: dict[str, Any]) -> tuple[str, list[tuple[int, int]]]:
    """Certainty, and the stretches in seconds after the begin."""
    told = build_timeline(read_as(Item, item), read_as(Metadata, metadata))
    return told.certainty, [
        (round((each.start - BEGAN).total_seconds()), round((each.end - BEGAN).total_seconds()))
        for each in told.stretches
    ]


def acts(*told: tuple[str, int]) -> list[dict[str, str]]:
    """``recordingActions``, in seconds after the begin."""
    return [
        {"action": name, "time": (BEGAN + timedelta(seconds=at)).isoformat()} for name, at in told
    ]


LINES = [
    ("1.5-pause", 312, acts(("PAUSE", 91), ("RESUME", 121)), "declared", [(0, 91), (121, 342)]),
    ("1.5-none", 342, [], "declared", [(0, 342)]),
    ("1.5-off-by-one", 343, [], "declared", [(0, 342)]),
    ("1.5-unordered", 312, acts(("RESUME", 121), ("PAUSE", 91)), "declared",
     [(0, 91), (121, 342)]),
    ("1.5-two-pauses", 282,
     acts(("PAUSE", 91), ("RESUME", 121), ("PAUSE", 200), ("RESUME", 230)), "declared",
     [(0, 91), (121, 200), (230, 342)]),
    ("1.5-start-stop", 100, acts(("START", 0), ("STOP", 100)), "declared", [(0, 100)]),
    ("1.5-late-start", 242, acts(("START", 100)), "declared", [(100, 342)]),
    ("1.5-never-resumed", 91, acts(("PAUSE", 91)), "declared", [(0, 91)]),
    ("1.5-unknown-word", 342, acts(("FLAG", 50)), "declared", [(0, 342)]),
    ("4.5-does-not-fit", 200, acts(("PAUSE", 91), ("RESUME", 121)), "guessed",
     [(0, 91), (121, 230)]),
    ("4.5-longer-than-the-call", 900, [], "guessed", [(0, 900)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "actions", "certainty", "expected"),
    [row[1:] for row in LINES],
    ids=[row[0] for row in LINES],
)
def test_pauses_are_cut_out_of_the_time_line(
    seconds: int,
    actions: list[dict[str, str]],
    certainty: str,
    expected: list[tuple[int, int]],
) -> None:
    """Media time is not wall time; what does not add up is a guess."""
    metadata = nested(METADATA, recordingActions=actions)
    assert stretches(ITEM | {"durationSeconds": seconds}, metadata) == (certainty, expected)


def test_without_metadata_the_time_line_is_a_guess() -> None:
    """Nobody knows of pauses then."""
    assert stretches(ITEM, {}) == ("guessed", [(0, 312)])


def test_without_an_end_it_is_filled_up_to_the_duration() -> None:
    """``stopTime`` may be missing (1.5); pauses are passed over all the same."""
    metadata = nested(METADATA, session={"startTime": "2026-03-10T14:12:31Z"})
    assert stretches(ITEM, metadata) == ("guessed", [(0, 91), (121, 342)])


@pytest.mark.parametrize("item", [{}, {"durationSeconds": 5}, {"timeRecorded": "soon"}])
def test_what_is_not_told_is_no_time_line(item: dict[str, object]) -> None:
    """An empty row has none, and nothing fails."""
    assert stretches(item, {}) == ("guessed", [])
