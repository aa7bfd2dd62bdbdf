"""``/v1/captures/query`` and the object store behind it (sheet 3)."""

from __future__ import annotations

import hashlib
import io
import wave
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tests.plugins.webex_cc.simulator.cloud import Cloud, Clouds, Row, error_of

from catchment.sandbox import expected_symbols, read_symbols
from catchment_webex_cc.simulator.contacts import Contact, from_ms
from catchment_webex_cc.simulator.sound import AGENT, CALLER, read_sounding


def fetch(center: Cloud, attributes: Row) -> bytes:
    """The file behind a link."""
    answer = center.http.get(attributes["filePath"])
    assert answer.status_code == 200, answer.text
    return answer.content


def seconds(body: bytes) -> float:
    """How long a WAV plays."""
    with wave.open(io.BytesIO(body)) as file:
        return float(file.getnframes() / file.getframerate())


def is_loud(body: bytes, second: int, channel: int) -> bool:
    """Whether a channel sounds in a second of a stereo WAV."""
    with wave.open(io.BytesIO(body)) as file:
        assert file.getnchannels() == 2
        file.setpos(second * file.getframerate())
        frames = file.readframes(file.getframerate())
    return any(frames[2 * channel :: 4]) or any(frames[2 * channel + 1 :: 4])


def plain(contact: Contact) -> bool:
    """Nothing was done with this call."""
    return not contact.call.moves and contact.line is not None and not contact.line.pauses


def test_a_call_has_one_stitched_recording(center: Cloud) -> None:
    """S002: 3: its times are the first answer and the end, as milliseconds."""
    contact = center.contact(plain)
    told = center.captures(contact)
    (row,) = told["recording"]
    attributes = row["attributes"]
    assert contact.line is not None
    assert row["segment"] is False
    assert attributes["callType"] == "main"
    assert (attributes["channel1"], attributes["channel2"]) == ("Caller", "Agent")
    begin = contact.ms(contact.line.begin)
    assert (attributes["startTime"], attributes["stopTime"]) == (begin, contact.ended_ms)
    body = fetch(center, attributes)
    assert body[:4] == b"RIFF"
    assert seconds(body) * 1000 == contact.ended_ms - begin


def test_each_consultation_has_a_recording_of_its_own(center: Cloud) -> None:
    """3: never a segment; agents on both sides; people by CI id."""
    contact = center.moved("consult")
    for segments in (False, True):
        rows = center.captures(contact, segments=segments)["recording"]
        (row,) = [one for one in rows if one["attributes"]["callType"] == "consult"]
        assert row["segment"] is False
        assert row["attributes"]["channel2"] == "Agent"
        users = center.get(f"/organization/{center.tenant.org}/v2/user").json()["data"]
        assert set(row["attributes"]["participants"]) <= {user["ciUserId"] for user in users}
        assert len(row["attributes"]["participants"]) == 2


def test_participants_are_ci_ids_and_a_masked_number(center: Cloud) -> None:
    """0: not the ids of search."""
    contact = center.moved("consult", "consult_transfer")
    main = center.captures(contact)["recording"][0]["attributes"]["participants"]
    assert len(main) == 3
    assert "****" in main[-1]
    node = next(n for n in center.nodes(contact) if n["agentId"])
    assert node["agentId"] not in main


def test_a_conference_has_others_on_the_second_side(center: Cloud) -> None:
    """3: with more than two parties."""
    contact = center.moved("consult", "conference")
    assert center.captures(contact)["recording"][0]["attributes"]["channel2"] == "Others"


def test_segments_are_cut_where_another_agent_takes_over(center: Cloud) -> None:
    """3: the first segment that begins at or after ``recording-started``."""
    contact = center.moved("blind_transfer")
    rows = center.captures(contact, segments=True)["recording"]
    started = [
        n["createdTime"] for n in center.nodes(contact) if n["eventName"] == "recording-started"
    ]
    assert [row["attributes"]["startTime"] for row in rows] == started
    assert all(row["segment"] for row in rows)
    whole = fetch(center, center.captures(contact)["recording"][0]["attributes"])
    parts = [fetch(center, row["attributes"]) for row in rows]
    assert b"".join(part[44:] for part in parts) == whole[44:]


@pytest.mark.parametrize("paused", ["cut", "silent"])
def test_a_pause_is_cut_or_silent(cloud: Clouds, tmp_path: Path, paused: str) -> None:
    """3: whichever; every second that is there is the right one."""
    center = cloud(paused_sound=paused, turns=False)
    contact = center.contact(lambda c: c.line is not None and len(c.line.pauses) > 0)
    line = contact.line
    assert line is not None
    body = fetch(center, center.captures(contact)["recording"][0]["attributes"])
    lost = sum(until - since for since, until in line.pauses)
    assert seconds(body) == line.seconds - (lost if paused == "cut" else 0)
    file = tmp_path / "main.wav"
    file.write_bytes(body)
    everything = expected_symbols(line.code, line.seconds)
    quiet = {s for since, until in line.pauses for s in range(since, until)}
    if paused == "cut":
        wanted = [symbol for second, symbol in enumerate(everything) if second not in quiet]
    else:
        wanted = [-1 if second in quiet else s for second, s in enumerate(everything)]
    assert read_symbols(file) == wanted


def test_a_pause_is_between_two_segments(center: Cloud) -> None:
    """3."""
    contact = center.contact(
        lambda c: c.line is not None and bool(c.line.pauses) and not c.call.moves
    )
    rows = [r["attributes"] for r in center.captures(contact, segments=True)["recording"]]
    node = next(n for n in center.nodes(contact) if n["eventName"] == "paused")
    assert rows[0]["stopTime"] == node["createdTime"]
    assert rows[1]["startTime"] == node["endedTime"]


def test_caller_and_agent_take_turns(center: Cloud) -> None:
    """Who sounds in which second follows from the call's id alone."""
    contact = center.contact(lambda c: plain(c) and c.line is not None and c.line.seconds > 20)
    assert contact.line is not None
    body = fetch(center, center.captures(contact)["recording"][0]["attributes"])
    told = [
        (is_loud(body, second, CALLER), is_loud(body, second, AGENT))
        for second in range(contact.line.seconds)
    ]
    wanted = [read_sounding(contact.call.call_id, n) for n in range(contact.line.seconds)]
    assert told == wanted
    drawn = [read_sounding("any", n) for n in range(600)]
    assert drawn.count((True, True)) > 30
    assert 5 < drawn.count((False, False)) < drawn.count((True, True))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"urlExpiration": 0}, "urlExpiration should be greater than 0"),
        ({"urlExpiration": 61}, "urlExpiration"),
        ({"taskIds": []}, "taskIds"),
        ({"taskIds": [str(uuid4()) for _ in range(11)]}, "taskIds"),
        ({"taskIds": ["AXq0Zr1bC2dE3fG4hI5j"]}, "uuid"),
        ({"includeSegments": "yes"}, "includeSegments"),
    ],
)
def test_a_query_has_rules(center: Cloud, more: Row, words: str) -> None:
    """3."""
    answer = center.query_captures(str(uuid4()), **more)
    assert answer.status_code == 400
    assert words in error_of(answer)


def test_an_expiration_above_an_hour_may_be_clamped(cloud: Clouds) -> None:
    """3: unverified."""
    center = cloud(expiration_above="clamp")
    answer = center.query_captures(center.contact().task_id, urlExpiration=300)
    assert answer.json()["meta"]["urlExpiration"] == 60


def test_unknown_tasks_are_200_and_empty(cloud: Clouds) -> None:
    """0: whether they are named at all is unverified."""
    center = cloud()
    answer = center.query_captures(str(uuid4()))
    assert answer.status_code == 200
    assert [row["recording"] for row in answer.json()["data"]] == [[]]
    center.simulator.turn(captures_unknown="absent")
    assert center.query_captures(str(uuid4())).json()["data"] == []


def test_ten_tasks_at_once(center: Cloud) -> None:
    """3: in the order that was asked for."""
    ids = [c.task_id for c in center.tenant.contacts if c.audio_ms][:10]
    assert [row["taskId"] for row in center.query_captures(*ids).json()["data"]] == ids


def test_short_task_ids_are_accepted_of_migrated_tenants(cloud: Clouds) -> None:
    """0."""
    center = cloud(ids="short")
    contact = center.contact(lambda c: len(c.task_id) == 20)
    assert center.captures(contact)["recording"]


def test_what_a_missing_include_segments_means(cloud: Clouds) -> None:
    """3: unverified."""
    center = cloud(segments_default=True)
    contact = center.moved("blind_transfer")
    row = center.query_captures(contact.task_id).json()["data"][0]
    assert len(row["recording"]) == 2


def test_recordings_come_later_than_rows_and_some_never(cloud: Clouds) -> None:
    """9, 10: empty until d2; ``captureRequested`` all the same."""
    center = cloud(recording_after_s=900, never_every=4)
    contact = center.contact()
    assert contact.audio_ms == contact.visible_ms + 900_000
    for moment, there in ((contact.audio_ms - 1, False), (contact.audio_ms, True)):
        center.clock.set(from_ms(moment))
        assert bool(center.captures(contact)["recording"]) is there
        events = {node["eventName"] for node in center.nodes(contact)}
        assert ("recording-available" in events) is there
    center.clock.advance(timedelta(days=2))
    lost = next(c for c in center.tenant.contacts if c.line and c.audio_ms is None)
    assert lost.requested
    assert center.captures(lost)["recording"] == []


def test_a_purged_recording_is_gone(cloud: Clouds) -> None:
    """3: and its row says so."""
    center = cloud(purged_every=1)
    contact = center.contact()
    assert center.captures(contact)["recording"]
    center.clock.advance(timedelta(days=2))
    assert center.captures(contact)["recording"] == []
    rows = {row["id"]: row for row in center.tasks("id isRecordingDeleted")}
    assert rows[contact.task_id]["isRecordingDeleted"] is True


def test_transcripts_are_capitalised_and_have_strings_for_times(cloud: Clouds) -> None:
    """3."""
    center = cloud()
    contact = center.contact(lambda c: c.transcript)
    (row,) = center.captures(contact)["transcription"]
    assert contact.line is not None
    assert (row["Source"], row["Provider"]) == ("recording", "CISCO")
    assert row["startTime"] == str(contact.ms(contact.line.begin))
    told = center.http.get(row["filePath"]).json()
    assert len(told["lines"]) == len(contact.call.spoken) > 0
    center.simulator.turn(transcripts=False)
    assert center.captures(contact)["transcription"] == []


def test_pieces_may_come_one_by_one(cloud: Clouds) -> None:
    """3: consultations first, the main line 40 minutes later; truth and links follow."""
    center = cloud(staggered=True)
    contact = center.contact(
        lambda c: c.transcript and any(move.kind == "consult" for move in c.call.moves)
    )
    assert contact.audio_ms is not None
    for after_ms, kinds in ((0, {"consult"}), (2_399_999, {"consult"}), (2_400_000, WHOLE)):
        moment = from_ms(contact.audio_ms + after_ms)
        center.clock.set(moment)
        told = center.captures(contact)
        links = [one["attributes"] for one in told["recording"]] + told["transcription"]
        assert {one.get("callType", "transcript") for one in links} == kinds
        assert {center.http.get(one["filePath"]).status_code for one in links} == {200}
        truth = [r for r in center.simulator.truth(moment) if r.external_id == contact.external_id]
        assert {row.file_id.partition("-")[0] for row in truth} == kinds
        whole = center.legacy(f"/cr/get-decrypted-recording/{contact.external_id}", "media")
        assert whole.status_code == (200 if kinds == WHOLE else 404)
        rows = {row["id"]: row for row in center.tasks("id recordingCount")}
        assert rows[contact.task_id]["recordingCount"] == len(told["recording"])
    alone = center.contact(plain)
    assert alone.line_ms == alone.audio_ms


WHOLE = {"main", "consult", "transcript"}


@pytest.mark.parametrize("shared", [False, True])
def test_a_whole_and_its_first_piece_may_have_one_id(cloud: Clouds, shared: bool) -> None:
    """3: unverified; the second piece has its own in any case."""
    center = cloud(shared_capture_ids=shared)
    contact = center.moved("blind_transfer")
    (whole,) = center.captures(contact)["recording"]
    first, second = center.captures(contact, segments=True)["recording"]
    assert (first["id"] == whole["id"]) is shared
    assert second["id"] not in (first["id"], whole["id"])
    assert first["attributes"]["fileName"] != whole["attributes"]["fileName"]


# --- the object store ------------------------------------------------------------------------


def test_a_link_dies_and_says_so_in_xml(center: Cloud) -> None:
    """3: 403 "Request has expired", not a Contact Center error."""
    link = center.captures(center.contact())["recording"][0]["attributes"]["filePath"]
    assert center.http.get(link).status_code == 200
    center.clock.advance(timedelta(minutes=30))
    answer = center.http.get(link)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<Message>Request has expired</Message>" in answer.text


def test_a_link_wants_no_other_credentials(center: Cloud) -> None:
    """3: object stores refuse two mechanisms."""
    link = center.captures(center.contact())["recording"][0]["attributes"]["filePath"]
    assert center.http.get(link, headers={"authorization": "Bearer x"}).status_code == 400
    assert center.http.get(link.replace("Nonce=", "Nonce=1")).status_code == 403
    assert center.http.get(link, headers={"range": "bytes=0-3"}).content == b"RIFF"


def test_the_first_download_of_a_file_may_be_cut(cloud: Clouds) -> None:
    """3: clients guard against that; the second is whole."""
    center = cloud(truncated_every=1)
    row = center.captures(center.contact())["recording"][0]["attributes"]
    first, second = fetch(center, row), fetch(center, row)
    assert len(first) < len(second)
    assert hashlib.sha256(second).digest() == hashlib.sha256(fetch(center, row)).digest()
