"""Recordings, transcripts and voicemails: what is in them, when they come, when they go."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.plugins.dynamics.simulator.plotted import LATER, build, make_world, read_rows, target

from catchment.sandbox import expected_symbols
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.plot import build_plot
from catchment_dynamics.simulator.store import FileValue
from catchment_dynamics.simulator.switches import DynamicsSwitches

SECOND = timedelta(seconds=1)


def test_a_recording_is_the_call_without_what_was_not_recorded() -> None:
    """From the first answer to the end; pauses are cut out, a stop makes two of it (4.1)."""
    plot = build()
    by_call: dict[str, list[object]] = {}
    for one in plot.recordings:
        if one.window is None or one.take is None:
            continue
        call = plot.calls[one.conversation_id]
        by_call.setdefault(call.call_id, []).append(one)
        begin = (one.window.start - call.started_at) // SECOND
        length = one.window.length // SECOND
        cut = sum(end - start for start, end in one.take.skips)
        assert one.take.begin == begin
        assert one.take.seconds == length - cut
        assert one.take.symbols == expected_symbols(
            one.take.code, length - cut, begin, one.take.skips
        )
        assert not one.take.video
    recorded = {call.call_id: call for call in plot.calls.values() if call.outcome == "recorded"}
    assert by_call.keys() == recorded.keys()
    pauses = sum(len(one.pauses) for call in recorded.values() for one in call.recorded)
    assert pauses
    assert sum(len(one.take.skips) for one in plot.recordings if one.take) == pauses
    assert {len(parts) for parts in by_call.values()} == {1, 2}


def test_a_recording_can_begin_with_the_call() -> None:
    """By switch the greeting is in it; the same seconds sound the same (4.1)."""
    answer, call = build(), build(recording_begins="call")
    later = {one.recording_id: one for one in answer.recordings}
    for one in call.recordings:
        other = later[one.recording_id]
        if one.take is None or other.take is None:
            continue
        assert one.take.code == other.take.code
        assert one.take.begin <= other.take.begin
    assert any(one.take.begin == 0 for one in call.recordings if one.take)


def test_a_recording_for_each_session() -> None:
    """By switch each agent who took over has one; together they are not longer (9.2)."""
    whole, parts = build(), build(recordings_per_call="session")
    assert len(parts.recordings) > len(whole.recordings)
    ends = [one.window for one in parts.recordings if one.window]
    assert all(window.start < window.end for window in ends)
    for call_id in {one.call_id for one in parts.recordings}:
        own = [one.window for one in parts.recordings if one.call_id == call_id and one.window]
        assert all(a.end <= b.start for a, b in pairwise(own))


def test_a_pause_can_keep_its_length() -> None:
    """By switch nothing is cut out (4.1)."""
    plot = build(paused_sound="silent", stereo=True)
    takes = [one.take for one in plot.recordings if one.take]
    assert not any(take.skips for take in takes)
    assert {take.channels for take in takes} == {2}


def test_what_was_not_recorded_has_no_row_and_what_failed_no_file() -> None:
    """Refused and not recorded: nothing; failed: a row whose file stays null (4.1)."""
    plot = build(sales=False, voicemails_every=0)
    rows = read_rows(plot, "msdyn_ocrecording")
    of = {one.recording_id: plot.calls[one.conversation_id].outcome for one in plot.recordings}
    assert set(of.values()) == {"recorded", "failed"}
    assert rows.keys() == of.keys()
    for row_id, row in rows.items():
        assert isinstance(row.get("msdyn_recording"), FileValue) == (of[row_id] == "recorded")


def test_the_file_comes_after_the_row() -> None:
    """First it is null, then it is there, and ``modifiedon`` moves, or not (9.1)."""
    for bumps in (True, False):
        plot = build(file_after_s=60, sales=False, file_bumps=bumps)
        for history in plot.histories:
            if history.table == "msdyn_ocrecording" and len(history.snapshots) > 1:
                first, second = history.snapshots
                assert "msdyn_recording" not in first.values
                assert isinstance(second.values["msdyn_recording"], FileValue)
                assert second.at - first.at == 60 * SECOND
                assert second.quiet is not bumps


def test_rows_can_come_long_after_the_recording() -> None:
    """Consult participants, or else holds, are told 10 to 40 minutes after the file (9.6)."""
    plot = build(late_every=1)
    came = {held.conversation_id: held.available_at for held in plot.held if held.kind == "audio"}
    sessions = read_rows(plot, "msdyn_ocsession")
    seen = 0
    for row in read_rows(plot, "msdyn_sessionparticipant").values():
        if "msdyn_consultmode" not in row:
            continue
        session = sessions[target(row, "msdyn_omnichannelsession")]
        file_at = came.get(target(session, "msdyn_liveworkitemid"))
        if file_at is not None:
            late = row["createdon"] - file_at  # type: ignore[operator]
            assert timedelta(minutes=9) <= late <= timedelta(minutes=40)
            seen += 1
    assert seen > 10


def test_faults_delay_recordings_and_transcripts() -> None:
    """What the World's faults call late comes later by so much."""
    world = make_world()
    hour = timedelta(hours=1)
    late = build_plot(world, world.start, DynamicsSwitches(), Ids(world), lambda item_id: hour)
    usual = {(held.row_id, held.file_id): held.available_at for held in build().held}
    assert {
        held.available_at - usual[held.row_id, held.file_id]
        for held in late.held
        if held.row_id in {one.recording_id for one in late.recordings}
    } == {hour}


@pytest.mark.parametrize("table", ["msdyn_ocliveworkitem", "msdyn_ocsession"])
def test_orphans_lose_their_conversation(table: str) -> None:
    """The conversation and its sessions vanish, the recording stays without a link (4.4)."""
    plot = build(orphans_every=2, sales=False, voicemails_every=0)
    assert plot.orphaned
    rows = read_rows(plot, table)
    left = {target(row, "msdyn_liveworkitemid") for row in rows.values() if table.endswith("ion")}
    assert not plot.orphaned.keys() & (rows.keys() | left)
    for row_id, row in read_rows(plot, "msdyn_ocrecording").items():
        one = next(each for each in plot.recordings if each.recording_id == row_id)
        gone = one.conversation_id in plot.orphaned
        assert (row["msdyn_liveworkitemid"] is None) == gone
        assert (row["msdyn_recordingtarget"] is None) == gone
    early = [
        held
        for held in plot.held
        if held.orphaned_at and held.kind == "audio" and held.orphaned_at <= held.available_at
    ]
    assert early


def test_recordings_can_be_deleted_early() -> None:
    """By switch a recording is gone so long after its file came (4.4)."""
    plot = build(purged_after_s=3600, sales=False)
    deleted = [one for one in plot.histories if one.deleted_at is not None]
    voicemails = read_rows(plot, "msdyn_ocvoicemail")
    assert voicemails
    kept = sum(one.take is not None for one in plot.recordings)
    assert len(deleted) == kept + len(voicemails)
    assert all(one.deleted_at == one.snapshots[-1].at + 3600 * SECOND for one in deleted)


def test_sales_recordings_have_another_target() -> None:
    """They belong to no conversation, and to no truth (3.7)."""
    plot = build(voicemails_every=0)
    own = {one.recording_id for one in plot.recordings}
    sales = [row for id_, row in read_rows(plot, "msdyn_ocrecording").items() if id_ not in own]
    assert sales
    assert all("msdyn_liveworkitemid" not in row for row in sales)
    kinds = {getattr(row["msdyn_recordingtarget"], "table", "") for row in sales}
    assert kinds == {"phonecall", "appointment"}
    assert not {held.row_id for held in plot.held} & {row["id"] for row in sales}


def test_transcripts_say_what_was_said() -> None:
    """The JSON has the lines of the World; other forms beside it (3.8)."""
    plot = build()
    seen = set()
    for row in read_rows(plot, "msdyn_transcript").values():
        file = row.get("msdyn_voicetranscript")
        if not isinstance(file, FileValue):
            continue
        call = plot.calls[target(row, "msdyn_liveworkitemidid")]
        told = json.loads(file.content.read())["Fragments"]
        assert [one["Text"] for one in told] == [line.text for line in call.spoken]
        seen |= {name for name, value in row.items() if isinstance(value, FileValue)}
    assert seen == {
        "msdyn_voicetranscript",
        "msdyn_voicetranscript_formatted",
        "msdyn_rawvoicetranscript",
        "msdyn_englishtranslatedtranscriptformatted",
    }


def test_notes_hold_what_was_typed() -> None:
    """A note of the transcript is base64 of a list in a list; some are broken (3.8)."""
    plot = build()
    notes = read_rows(plot, "annotation").values()
    typed = [row for row in notes if row["objecttypecode"] == "msdyn_transcript"]
    bodies = [json.loads(base64.b64decode(str(row["documentbody"]))) for row in typed]
    assert all(json.loads(body[0]["Content"]) for body in bodies)
    assert any(row["objecttypecode"] == "msdyn_ocliveworkitem" for row in notes)
    broken = build(broken_notes_every=1)
    assert not [held for held in broken.held if held.file_id == "chat"]


@pytest.mark.parametrize("shape", ["activity", "recording", "voicemail", "none"])
def test_voicemails_have_one_shape_or_another(shape: str) -> None:
    """Three shapes of a table that the sheet leaves open, or no row (3)."""
    plot = build(voicemails_every=1, voicemail_columns=shape)
    rows = read_rows(plot, "msdyn_ocvoicemail")
    abandoned = {key for key, call in plot.calls.items() if call.abandoned}
    left = abandoned if shape != "none" else set()
    assert len(rows) == len(left)
    conversations = read_rows(plot, "msdyn_ocliveworkitem", LATER)
    assert {key for key, row in conversations.items() if row.get("leftvoicemail")} == left
    held = [one for one in plot.held if one.conversation_id in abandoned]
    assert len(held) == len(rows)
    assert {one.table for one in held} <= {
        "msdyn_ocrecording" if shape == "activity" else "msdyn_ocvoicemail"
    }


def test_the_sound_of_a_voicemail_is_a_recording_that_names_it() -> None:
    """The voicemail is an activity without a file, and names the missed conversation (3)."""
    plot = build(voicemails_every=1)
    voicemails = read_rows(plot, "msdyn_ocvoicemail")
    recordings = read_rows(plot, "msdyn_ocrecording")
    sounds = [one for one in plot.held if one.voicemail_id]
    assert {one.voicemail_id for one in sounds} == voicemails.keys()
    for one in sounds:
        row, voicemail = recordings[one.row_id], voicemails[one.voicemail_id]
        call = plot.calls[target(voicemail, "msdyn_missedconversationid")]
        assert one.conversation_id == target(voicemail, "msdyn_missedconversationid")
        assert voicemail["msdyn_sourcephonenumber"] == call.ani
        assert voicemail["msdyn_orgphonenumber"] == call.dnis
        assert voicemail["msdyn_hascontent"] is True
        assert not [value for value in voicemail.values() if isinstance(value, FileValue)]
        assert target(row, "msdyn_recordingtarget") == one.voicemail_id
        assert row.get("msdyn_liveworkitemid") is None
        file = row["msdyn_recording"]
        assert isinstance(file, FileValue)
        assert file.content == one.content


def test_recordings_may_have_no_side_file() -> None:
    """By switch there is the sound alone (3.7)."""
    plot = build(metadata_files=False)
    assert {one.file_id for one in plot.held if one.table == "msdyn_ocrecording"} == {"recording"}
    rows = read_rows(plot, "msdyn_ocrecording").values()
    assert not any("msdyn_recordingmetadata" in row for row in rows)


def test_transcripts_come_as_late_as_they_are_told_to() -> None:
    """By switch so long after the close of the conversation (3.8)."""
    plot = build(transcript_after_s=7200)
    conversations = read_rows(plot, "msdyn_ocliveworkitem")
    rows = [
        row
        for row in read_rows(plot, "msdyn_transcript").values()
        if row.get("msdyn_liveworkitemidid") and target(row, "msdyn_liveworkitemidid") in plot.calls
    ]
    assert rows
    for row in rows:
        closed = conversations[target(row, "msdyn_liveworkitemidid")]["msdyn_closedon"]
        assert row["createdon"] - closed == 7200 * SECOND  # type: ignore[operator]
