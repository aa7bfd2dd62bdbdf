"""The truth is every file of a call that could be had, from when on, and nothing else."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from tests.plugins.dynamics.simulator.plotted import (
    LATER,
    build,
    make_world,
    read_rows,
    target,
)

from catchment_dynamics.simulator.store import FileValue
from catchment_dynamics.simulator.truth import list_truth


@pytest.mark.parametrize("shape", ["activity", "voicemail"])
def test_the_truth_is_what_the_rows_offer(shape: str) -> None:
    """Each File column that is filled is a row of the truth, chats and Sales excepted."""
    plot = build(voicemails_every=1, media_uri="junk", voicemail_columns=shape)
    told = {(row.external_id, row.file_id): row for row in list_truth(plot, LATER, "dynamics")}
    offered = {}
    own = {held.row_id for held in plot.held}
    for table in ("msdyn_ocrecording", "msdyn_transcript", "msdyn_ocvoicemail"):
        for row_id, row in read_rows(plot, table).items():
            for column, value in row.items():
                if isinstance(value, FileValue) and row_id in own:
                    name = column.removeprefix("msdyn_")
                    name = "metadata" if name == "recordingmetadata" else name
                    name = column if table == "msdyn_ocvoicemail" else name
                    offered[row_id, name] = value
    notes = {key for key in told if key[1] == "chat" or key[1].startswith("attachment-")}
    assert notes
    assert told.keys() - notes == offered.keys()
    for key, value in offered.items():
        body = value.content.read()
        assert told[key].bytes == len(body)
        assert told[key].sha256 == hashlib.sha256(body).hexdigest()
    kinds = {row.kind for row in told.values()}
    assert kinds == {"audio", "attachment", "transcript", "chat"}


def test_nothing_is_true_before_it_is_there() -> None:
    """A file is in the truth from the moment on at which its column is filled."""
    plot = build()
    noon = make_world().start + timedelta(hours=12)
    early = {(row.external_id, row.file_id) for row in list_truth(plot, noon, "dynamics")}
    rows = read_rows(plot, "msdyn_ocrecording", noon)
    for one in plot.recordings:
        there = isinstance(rows.get(one.recording_id, {}).get("msdyn_recording"), FileValue)
        assert there == ((one.recording_id, "recording") in early)
    assert early
    assert len(early) < len(plot.held)


def test_orphans_are_true_under_their_own_key() -> None:
    """They belong to the conversation while there is one, to themselves afterwards (4.4)."""
    plot = build(orphans_every=2)
    for row in list_truth(plot, LATER, "dynamics"):
        held = next(one for one in plot.held if one.row_id == row.external_id)
        if held.conversation_id in plot.orphaned:
            assert row.keys in ((f"recording:{held.row_id}",), (f"transcript:{held.row_id}",))
        else:
            assert row.keys[0] == f"conversation:{held.conversation_id}"


def test_a_voicemail_belongs_to_the_missed_conversation() -> None:
    """It is no recording that was expected; where voicemails cannot be read, it is alone (3)."""

    def list_keys(**switches: object) -> set[tuple[str, ...]]:
        plot = build(voicemails_every=1, **switches)
        sounds = {one.row_id for one in plot.held if one.voicemail_id}
        rows = [one for one in list_truth(plot, LATER, "dynamics") if one.external_id in sounds]
        assert {(one.file_id, one.kind) for one in rows} == {("recording", "audio")}
        return {one.keys for one in rows}

    plot = build(voicemails_every=1)
    voicemails = read_rows(plot, "msdyn_ocvoicemail")
    missed = {target(row, "msdyn_missedconversationid") for row in voicemails.values()}
    assert list_keys() == {(f"conversation:{one}",) for one in missed}
    alone = {(f"voicemail:{one}",) for one in voicemails}
    assert list_keys(missing_tables="msdyn_ocvoicemail") == alone
    assert list_keys(lacks="msdyn_ocliveworkitem") == alone


def test_what_may_not_be_read_is_not_true() -> None:
    """A table without a privilege, or that is missing, gives nothing; so does a stranger's."""
    for switches in ({"lacks": "msdyn_transcript"}, {"missing_tables": "msdyn_transcript"}):
        rows = list(list_truth(build(**switches), LATER, "dynamics"))
        assert {row.kind for row in rows} == {"audio", "attachment"}
    for nothing in ({"no_app_user": True}, {"depth": "user"}):
        assert not list(list_truth(build(**nothing), LATER, "dynamics"))


def test_stays_are_the_worlds() -> None:
    """Every agent who answered has one; a colleague who was asked first has two that touch."""
    plot = build()
    asked = [stay for stay in plot.stays if stay.consult]
    consults = [m for call in plot.calls.values() for m in call.moves if m.kind == "consult"]
    assert len(asked) == len(consults)
    talk = {(stay.conversation_id, stay.email, stay.start) for stay in plot.stays}
    stayed = [one for one in asked if (one.conversation_id, one.email, one.end) in talk]
    passed = [
        move
        for call in plot.calls.values()
        for move in call.moves
        if move.kind in ("consult_transfer", "conference")
    ]
    assert len(stayed) == len(passed)
    assert all(stay.start < stay.end for stay in plot.stays)
