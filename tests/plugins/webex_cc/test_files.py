"""Captures become files with the wall time that is in them (3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.plugins.webex_cc.samples import BRAUN, LISTED, SESSION, T0, TASK, Row, at, node

from catchment.model import MediaFile, Ref, Window
from catchment.payloads import read_as
from catchment_webex_cc.files import list_awaited, map_files, map_session_file
from catchment_webex_cc.payloads import Captures
from catchment_webex_cc.sightings import read_task

LINK = "https://bucket.example.com/rec.wav?X-Amz-Signature=0"


def capture(
    name: str, start: float, stop: float, *, segment: bool = False, kind: str = "main"
) -> Row:
    """One of ``recording[]``, in seconds of the call."""
    return {
        "id": name,
        "segment": segment,
        "attributes": {
            "fileName": f"{TASK}-{name}.wav",
            "filePath": LINK,
            "startTime": T0 + round(start * 1000),
            "stopTime": T0 + round(stop * 1000),
            "participants": ["1b7e0000-aaaa-4bbb-8ccc-000000000001", "+1555****123"],
            "channel1": "Caller",
            "channel2": "Agent",
            "callType": kind,
        },
    }


def told(*rows: Row, **more: Any) -> Captures:
    """What is answered about a task."""
    return read_as(Captures, {"taskId": TASK, "recording": list(rows), **more})


def by_id(whole: Captures, pieces: Captures | None = None) -> dict[str, MediaFile]:
    """The files by id."""
    return {file.file_id: file for file in map_files(whole, pieces or Captures())}


def stretches(file: MediaFile) -> list[tuple[float, float]]:
    """The time line in seconds of the call."""
    return [
        ((one.start - at(0)).total_seconds(), (one.end - at(0)).total_seconds())
        for one in file.timeline.stretches
    ]


def test_the_stitched_recording_is_the_call() -> None:
    """In stereo, with its own right on the link: the object store refuses a bearer."""
    file = by_id(told(capture("r1", 9, 53)))["main"]
    assert (file.kind, file.form, file.offered) == ("audio", "wav", "ready")
    assert file.channels == (Ref("side", "Caller"), Ref("side", "Agent"))
    assert [way.auth for way in file.ways] == [False]
    assert file.timeline.stretches == (Window(at(9), at(53)),)
    assert file.timeline.certainty == "declared"
    assert file.extra["callType"] == "main"
    assert LINK not in str(file)


def test_pieces_say_what_was_paused() -> None:
    """The stitched recording has no gap where nothing was recorded."""
    pieces = told(
        capture("s1", 9, 20, segment=True),
        capture("s2", 20, 30, segment=True),
        capture("s3", 36, 53, segment=True),
    )
    found = by_id(told(capture("r1", 9, 53)), pieces)
    assert set(found) == {"main"}
    assert stretches(found["main"]) == [(9, 30), (36, 53)]


@pytest.mark.parametrize(
    ("pieces", "meant"),
    [
        ([(50, 100)], [(0, 100)]),
        ([(0, 50)], [(0, 100)]),
        ([(20, 40), (60, 80)], [(0, 40), (60, 100)]),
    ],
)
def test_only_what_lies_between_pieces_is_a_pause(
    pieces: list[tuple[float, float]], meant: list[tuple[float, float]]
) -> None:
    """Of a piece that is not listed at an end, the sound is there: no cut may be off by it."""
    listed = [capture(f"s{start}", start, stop, segment=True) for start, stop in pieces]
    assert stretches(by_id(told(capture("r1", 0, 100)), told(*listed))["main"]) == meant


def test_what_the_stitched_recording_lacks_is_taken_from_the_pieces() -> None:
    """9: more than two seconds at an end."""
    pieces = told(capture("s1", 9, 53, segment=True), capture("s2", 60, 90, segment=True))
    assert set(by_id(told(capture("r1", 9, 55)), pieces)) == {"main", "segment-s2"}
    whole = told(capture("r1", 9, 88.5))
    assert set(by_id(whole, told(capture("s1", 9, 53, segment=True)))) == {"main"}


def test_a_piece_between_two_stitched_recordings_is_taken() -> None:
    """What no recording has is missed wherever it lies, and not at the ends alone."""
    mains = told(capture("r1", 9, 30), capture("r2", 60, 90))
    pieces = [capture(f"s{start}", start, stop, segment=True) for start, stop in (
        (9, 31), (35, 50), (29, 59), (59.5, 90.5), (60, 90))]  # fmt: skip
    assert set(by_id(mains, told(*pieces))) == {"main", "main-r1", "segment-s35", "segment-s29"}


def test_a_whole_and_its_piece_may_have_one_id() -> None:
    """3 does not say that ids of pieces are others."""
    pieces = told(capture("r1", 9, 20, segment=True), capture("s2", 36, 53, segment=True))
    found = by_id(told(capture("r1", 9, 53)), pieces)
    assert set(found) == {"main"}
    assert stretches(found["main"]) == [(9, 20), (36, 53)]


@pytest.mark.parametrize(
    ("rows", "task", "awaited"),
    [
        ([capture("c1", 26, 68, kind="consult")], {}, True),
        ([capture("v1", 0, 9, kind="va-main")], {}, True),
        ([capture("v1", 0, 9, kind="va-main")], {"lastAgent": None}, False),
        ([capture("c1", 26, 68, kind="consult")], {"captureRequested": None, "lastAgent": None},
         False),
        ([capture("s1", 9, 20, segment=True)], {"recordingCount": 1}, False),
        ([capture("s1", 9, 20, segment=True)], {"recordingCount": 2}, True),
        ([capture("r1", 9, 20)], {"recordingCount": 9}, False),
        ([], {}, False),
    ],
)  # fmt: skip
def test_the_call_itself_is_waited_for_where_parts_of_it_are_there(
    rows: list[Row], task: Row, awaited: bool
) -> None:
    """A consultation alone is not the call; what is complete, or nobody's, waits for nothing."""
    files = map_files(told(*rows), Captures())
    found = list(list_awaited(files, read_task(LISTED | task)))
    assert [(file.file_id, file.offered) for file in found] == [("main", "not_yet")] * awaited
    assert all(file.why for file in found)


def test_without_a_stitched_recording_all_pieces_are_taken() -> None:
    """Nothing is heard in fewer seconds than were recorded."""
    pieces = told(capture("s1", 9, 20, segment=True), capture("s2", 20, 53, segment=True))
    assert set(by_id(told(), pieces)) == {"segment-s1", "segment-s2"}


def test_of_several_stitched_recordings_the_longest_is_the_call() -> None:
    """The others are kept beside it."""
    found = by_id(told(capture("r1", 9, 20), capture("r2", 30, 90)))
    assert stretches(found["main"]) == [(30, 90)]
    assert stretches(found["main-r1"]) == [(9, 20)]


def test_consultations_and_virtual_agents_have_files_of_their_own() -> None:
    """Once, although both questions tell them (3)."""
    rows = [capture("c1", 26, 68, kind="consult"), capture("v1", 0, 9, kind="va-main")]
    found = by_id(told(capture("r1", 9, 90), *rows), told(*rows))
    assert set(found) == {"main", "consult-c1", "va-v1"}


def test_a_transcript_is_a_file() -> None:
    """Its members have capitals, its times are texts (3)."""
    row = {
        "Source": "recording", "Provider": "CISCO", "id": "cfg-17", "languageCode": "en-US",
        "fileName": "voiceTranscript.json", "filePath": LINK, "startTime": str(T0),
    }  # fmt: skip
    file = by_id(told(capture("r1", 9, 53), transcription=[row]))["transcript"]
    assert (file.kind, file.form, file.extra["provider"]) == ("transcript", "json", "CISCO")


@pytest.mark.parametrize(
    "changed", [{"startTime": None}, {"stopTime": -1}, {"stopTime": T0}], ids=repr
)
def test_times_that_cannot_be_are_no_time_line(changed: Row) -> None:
    """The file is kept all the same."""
    row = capture("r1", 9, 53)
    row["attributes"] |= changed
    file = by_id(told(row))["main"]
    assert (file.offered, file.timeline.stretches) == ("ready", ())


def test_a_link_that_is_missing_is_waited_for() -> None:
    """It is named, and not ready."""
    row = capture("r1", 9, 53)
    row["attributes"]["filePath"] = None
    file = by_id(told(row))["main"]
    assert (file.offered, file.ways) == ("not_yet", ())


def test_a_session_of_before_has_one_file() -> None:
    """7.4: from the first answer on, without the pauses; a guess, as nothing tells its times."""
    chain = {
        "nodes": [
            node("connected", 9, 20, BRAUN),
            node("paused", 30, 36, BRAUN),
            node("resumed", 36, 36, BRAUN),
        ]
    }
    file = map_session_file(SESSION, chain)
    assert (file.file_id, file.timeline.certainty) == ("main", "guessed")
    assert stretches(file) == [(9, 30), (36, 141)]
    assert stretches(map_session_file(SESSION, None)) == [(0, 141)]
    assert stretches(map_session_file(None, None)) == []
