"""One audio per contact (issue 4, items 3 and 4; S002-142 to S002-164)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.core.engine.platform import HOUR, MINUTE, START, Cloud, Stage, Tape, draft
from tests.deciding import retry

from catchment import _crash
from catchment._archive.manifest import read_manifest
from catchment._catalogue import decisions, tables
from catchment._engine import exporting
from catchment._engine.rebuilding import rebuild
from catchment._media.tool import find_ffmpeg
from catchment.errors import Unconvertible
from catchment.model import (
    Bundle,
    Contact,
    Feed,
    Heard,
    InteractionDraft,
    Party,
    Ref,
    Timeline,
    Window,
)
from catchment.sandbox import Take, expected_symbols, read_symbols
from catchment.sandbox.media import Form

BEGAN = START - HOUR
SILENCE = -1
AGAIN = Feed("calls", every="10m", max_window="1d", horizon="2d", lookback={"10m": "1d"})

Parts = Mapping[str, tuple[float, float, Sequence[tuple[str, float, float]]]]
"""Agents' parts of the call: from, to, and what is heard from when to when of which recording."""


def at(seconds: float) -> datetime:
    """A moment, in seconds from the beginning of the call."""
    return BEGAN + timedelta(seconds=seconds)


def window(start: float, end: float) -> Window:
    """A stretch, in seconds from the beginning of the call."""
    return Window(at(start), at(end))


def hold(
    cloud: Cloud, name: str, code: int, *stretches: Window, form: Form = "wav", **more: Any
) -> None:
    """Hold a recording of the one call, whose seconds can be recognised."""
    timeline = Timeline(stretches, "declared")
    told = {"timeline": timeline, "channels": more.pop("of_channels", ())}
    take = Take(code, timeline.length.total_seconds(), form, video=False, **more)
    tape = Tape(take.read(), "audio", form, more=told)
    cloud.hold(name, ago=START - stretches[0].start, files={"audio": tape}, keys=["the call"])


def part(cloud: Cloud, parts: Parts) -> None:
    """Have the adapter tell these contacts, as far as it knows the recordings."""

    def map_call(bundle: Bundle) -> InteractionDraft:
        known = {one.external_id for one in bundle.recordings}
        agents = tuple(Party(name, "agent", Ref("user", name), name) for name in parts)
        contacts = tuple(
            Contact(
                contact_id=f"{name}:1",
                agent=name,
                start=at(start),
                end=at(end),
                heard=tuple(Heard(of, "audio", window(a, b)) for of, a, b in heard if of in known),
            )
            for name, (start, end, heard) in parts.items()
        )
        return replace(draft(bundle), parties=agents, contacts=contacts)

    cloud.map = map_call


def cut_rows(stage: Stage) -> dict[str, Any]:
    """The files that were made for contacts, by contact."""
    rows = [row for row in stage.rows(tables.file) if row.recipe.startswith("contact@")]
    found = {row.description["extra"]["contact"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def heard(stage: Stage, contact: str, channel: int = 0) -> list[int]:
    """What the audio of a contact sounds like."""
    row = cut_rows(stage)[contact]
    return read_symbols(stage.app.archive.path_of(row.sha256), channel=channel)


def fall_quiet(stage: Stage) -> None:
    """Let the time pass after which a call is sealed: what is made of it is made before."""
    stage.wait(stage.read().seal.quiet)
    assert stage.do("seal") == [None]


def work_off(stage: Stage) -> None:
    """Capture, map and cut, until the mapping has seen what was cut."""
    stage.gather()
    fall_quiet(stage)
    assert stage.do("contact") == [None]
    assert stage.do("map") == [None]


TRANSFER: Parts = {"ann": (0, 4, [("c1", 0, 4)]), "bob": (4, 9, [("c1", 4, 9)])}


def test_each_agent_gets_the_audio_of_their_own_part(stage: Stage, cloud: Cloud) -> None:
    """A transfer: one recording becomes two contacts that follow one another (S002-151)."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    work_off(stage)
    one = expected_symbols(1, 9)
    assert heard(stage, "ann:1") == one[:4]
    assert heard(stage, "bob:1") == one[4:]


def test_what_stands_beside_a_contacts_audio(stage: Stage, cloud: Cloud) -> None:
    """Whose it is, when it was, of what it is made, and how much of it is silence."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    work_off(stage)
    row = cut_rows(stage)["bob:1"]
    (original,) = [one for one in stage.files() if not one.recipe]
    assert (row.kind, row.form, row.measured["audio"]) == ("audio", "wav", [1])
    assert row.measured["duration"] == "PT5S"
    assert row.description["of"] == {"space": "user", "value": "bob"}
    (stretch,) = row.description["timeline"]["stretches"]
    assert [datetime.fromisoformat(stretch[end]) for end in ("start", "end")] == [at(4), at(9)]
    assert row.description["extra"] == {
        "contact": "bob:1",
        "made_of": [original.sha256],
        "gaps": [],
        "silence_s": 0.0,
        "talk_over_s": None,
        "sides": {},
    }


def test_the_cut_is_exact_to_one_sample(stage: Stage, cloud: Cloud) -> None:
    """At a time between two seconds the samples of the original are copied (S002-143)."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, {"ann": (1.2345, 5.5, [("c1", 1.2345, 5.5)])})
    work_off(stage)
    (original,) = stage.archived().values()
    row = cut_rows(stage)["ann:1"]
    made = stage.app.archive.path_of(row.sha256).read_bytes()
    first, count = round(1.2345 * 8000), round(4.2655 * 8000)
    assert made[44:] == original[44:][first * 2 : (first + count) * 2]


def test_a_pause_is_a_gap_on_the_time_line(stage: Stage, cloud: Cloud) -> None:
    """The file lacks what was not recorded; the contact is silent then, and says when (S002-144).

    Silence that was not recorded counts as no silence of the call.
    """
    hold(cloud, "c1", 1, window(0, 3), window(5, 9))
    part(cloud, {"ann": (1, 8, [("c1", 1, 8)])})
    work_off(stage)
    one = expected_symbols(1, 7)
    assert heard(stage, "ann:1") == [*one[1:3], SILENCE, SILENCE, *one[3:6]]
    extra = cut_rows(stage)["ann:1"].description["extra"]
    assert extra["gaps"] == [{"start": at(3).isoformat(), "end": at(5).isoformat()}]
    assert extra["silence_s"] == 0


def test_a_contact_is_clipped_to_what_was_recorded(stage: Stage, cloud: Cloud) -> None:
    """An agent who was there before and after the recording has no silence at the ends."""
    hold(cloud, "c1", 1, window(2, 6))
    part(cloud, {"ann": (0, 9, [("c1", 0, 4), ("c1", 5, 9)])})
    work_off(stage)
    one = expected_symbols(1, 4)
    assert heard(stage, "ann:1") == [*one[:2], SILENCE, one[3]]


def test_two_recordings_make_one_contact(stage: Stage, cloud: Cloud) -> None:
    """The consultation from its own recording, the call from the other (S002-156)."""
    hold(cloud, "c1", 1, window(0, 9))
    hold(cloud, "c2", 2, window(3, 6))
    part(cloud, {"bob": (3, 9, [("c2", 3, 6), ("c1", 6, 9)])})
    work_off(stage)
    assert heard(stage, "bob:1") == [*expected_symbols(2, 3), *expected_symbols(1, 9)[6:]]
    assert len(cut_rows(stage)["bob:1"].description["extra"]["made_of"]) == 2


def test_never_are_two_recordings_heard_at_once(stage: Stage, cloud: Cloud) -> None:
    """Where an adapter tells two for one moment, the one that began first is heard to its end."""
    hold(cloud, "c1", 1, window(0, 5))
    hold(cloud, "c2", 2, window(3, 8))
    part(cloud, {"bob": (0, 8, [("c1", 0, 5), ("c2", 3, 8)])})
    work_off(stage)
    assert heard(stage, "bob:1") == [*expected_symbols(1, 5), *expected_symbols(2, 5)[2:]]


def test_compressed_recordings_are_cut_by_ffmpeg(stage: Stage, cloud: Cloud) -> None:
    """What has no plain samples is encoded anew, with as many channels as it has."""
    hold(cloud, "c1", 1, window(0, 9), form="mp3")
    part(cloud, TRANSFER)
    work_off(stage)
    assert heard(stage, "bob:1") == expected_symbols(1, 9)[4:]
    row = cut_rows(stage)["bob:1"]
    assert (row.form, row.measured["audio"]) == ("m4a", [1])


def test_sides_stay_apart_and_tell_who_talks(stage: Stage, cloud: Cloud) -> None:
    """Silence, talk-over and each side's talk come from the channels (S002-145, issue 4 item 4)."""
    sides = (Ref("side", "agent"), Ref("side", "customer"))
    quiet = ((0, 3, 6), (1, 0, 2), (1, 5, 8))
    hold(cloud, "c1", 1, window(0, 9), channels=2, of_channels=sides, quiet=quiet)
    part(cloud, {"ann": (1, 9, [("c1", 1, 9)])})
    work_off(stage)
    extra = cut_rows(stage)["ann:1"].description["extra"]
    assert extra["silence_s"] == pytest.approx(1, abs=0.05)
    assert extra["talk_over_s"] == pytest.approx(2, abs=0.05)
    assert extra["sides"]["side:agent"] == pytest.approx(5, abs=0.05)
    assert extra["sides"]["side:customer"] == pytest.approx(4, abs=0.05)
    assert cut_rows(stage)["ann:1"].measured["audio"] == [2]
    assert len(cut_rows(stage)["ann:1"].description["channels"]) == 2


# --- when it is made -------------------------------------------------------------------------


def test_a_whole_recording_is_kept_once(stage: Stage, cloud: Cloud) -> None:
    """The only agent's contact is the recording itself, in the catalogue, the seal and an export.

    Rebuilt from the archive, the catalogue says the same of it.
    """
    hold(cloud, "c1", 1, window(0, 9), form="mp3")
    part(cloud, {"ann": (0, 9, [("c1", 0, 9)])})
    stage.run()
    original, made = stage.files()
    assert (original.recipe, made.recipe[:10]) == ("", "contact@1:")
    assert original.sha256 == made.sha256
    assert (made.form, made.size_bytes) == ("mp3", original.size_bytes)
    assert len(list(stage.app.archive.list_media())) == len(stage.rows(tables.media))
    folder = exporting.export(stage.app, "c1", stage.folder / "out", "files")
    named = sorted(path.name for path in (folder / "media").iterdir())
    assert [name[:2] for name in named] == ["01", "02"]
    before = [(row.recipe, row.sha256, row.description["extra"]) for row in stage.files()]
    rebuilt = anew(stage)
    assert [(row.recipe, row.sha256, row.description["extra"]) for row in rebuilt.files()] == before


def test_what_differs_by_a_hair_is_not_encoded_anew(stage: Stage, cloud: Cloud) -> None:
    """A contact that lacks 20 ms of a recording is that recording; one that lacks more is cut."""
    hold(cloud, "c1", 1, window(0, 9), form="mp3")
    part(cloud, {"ann": (0.02, 9, [("c1", 0, 9)]), "bob": (0.03, 9, [("c1", 0, 9)])})
    work_off(stage)
    (original,) = [row for row in stage.files() if not row.recipe]
    assert cut_rows(stage)["ann:1"].sha256 == original.sha256
    assert cut_rows(stage)["bob:1"].form == "m4a"


def anew(stage: Stage) -> Stage:
    """The same archive under an empty catalogue that was rebuilt from it."""
    stage.close()
    (stage.folder / "catchment.db").rename(stage.folder / "old.db")
    for left in ("catchment.db-wal", "catchment.db-shm"):
        (stage.folder / left).unlink(missing_ok=True)
    again = Stage(stage.folder, stage.cloud)
    rebuild(again.app)
    return again


def test_what_is_made_is_made_once(stage: Stage, cloud: Cloud) -> None:
    """Mapping again wants no cut, and a cut that is asked for again makes nothing and maps nothing.

    Proves promise 2.
    """
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    work_off(stage)
    fall_quiet(stage)
    assert stage.claim("contact") == []
    before = [(row.id, row.recipe, row.archived_at) for row in stage.rows(tables.file)]
    stage.stir("contact")
    stage.wait(MINUTE)
    assert stage.do("contact") == [None]
    assert stage.claim("map") == []
    assert [(row.id, row.recipe, row.archived_at) for row in stage.rows(tables.file)] == before


def test_a_rebuilt_catalogue_makes_nothing_again(stage: Stage, cloud: Cloud) -> None:
    """The package holds what each contact is cut from, so that mapping it again finds it made."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    stage.run()
    before = {contact: row.recipe for contact, row in cut_rows(stage).items()}
    again = anew(stage)
    again.run()
    assert {contact: row.recipe for contact, row in cut_rows(again).items()} == before
    assert again.events("contact.cut") == []
    again.close()


def test_a_recording_that_comes_later_has_it_made_again(stage: Stage, cloud: Cloud) -> None:
    """What there was is heard until the other is there; then the older audio is dropped."""
    stage.configure(feeds=(AGAIN,))
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, {"bob": (3, 9, [("c2", 3, 6), ("c1", 6, 9)])})
    work_off(stage)
    assert heard(stage, "bob:1") == expected_symbols(1, 9)[6:]
    stage.wait(HOUR)
    hold(cloud, "c2", 2, window(3, 6))
    work_off(stage)
    assert heard(stage, "bob:1") == [*expected_symbols(2, 3), *expected_symbols(1, 9)[6:]]


def test_nothing_is_cut_before_the_call_is_quiet(stage: Stage, cloud: Cloud) -> None:
    """A contact of two files is not cut twice when they come one after the other.

    What nobody wants would lie in the archive for ever.
    """
    hold(cloud, "c1", 1, window(0, 9))
    hold(cloud, "c2", 2, window(3, 6))
    part(cloud, {"bob": (3, 9, [("c2", 3, 6), ("c1", 6, 9)])})
    for kind in ("poll", "capture"):
        assert stage.do(kind)
    first, second = stage.claim("media")
    assert stage.work(first) is None
    assert stage.do("map") == [None]
    assert stage.claim("contact") == []
    assert stage.work(second) is None
    assert stage.do("map") == [None]
    assert stage.claim("contact") == []
    fall_quiet(stage)
    assert stage.do("contact") == [None]
    assert heard(stage, "bob:1") == [*expected_symbols(2, 3), *expected_symbols(1, 9)[6:]]


def test_a_seal_does_not_wait_for_what_may_never_come(stage: Stage, cloud: Cloud) -> None:
    """Once the call is quiet, its contacts are cut from what is there."""
    hold(cloud, "c1", 1, window(0, 9))
    hold(cloud, "c2", 2, window(3, 6))
    cloud.calls["c2"].files["audio"].offered = "not_yet"
    part(cloud, {"bob": (3, 9, [("c2", 3, 6), ("c1", 6, 9)])})
    stage.gather()
    fall_quiet(stage)
    assert stage.interaction().version == 0
    assert stage.do("contact") == [None]
    assert stage.do("map") == [None]
    stage.wait(stage.read().seal.quiet)
    assert stage.do("seal") == [None]
    assert stage.interaction().version == 1
    assert heard(stage, "bob:1") == expected_symbols(1, 9)[6:]


def test_a_contact_that_disappears_takes_its_audio_along(stage: Stage, cloud: Cloud) -> None:
    """Another mapping tells one agent instead of two; the seal holds what is left."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    work_off(stage)
    part(cloud, {"ann": (0, 6, [("c1", 0, 6)])})
    stage.stir("map")
    assert stage.do("map") == [None]
    fall_quiet(stage)
    assert stage.do("contact") == [None]
    assert heard(stage, "ann:1") == expected_symbols(1, 6)
    assert list(cut_rows(stage)) == ["ann:1"]
    part(cloud, {})
    stage.stir("map")
    assert stage.do("map") == [None]
    fall_quiet(stage)
    assert stage.do("contact") == [None]
    assert cut_rows(stage) == {}
    assert stage.do("map") == [None]
    fall_quiet(stage)
    assert stage.claim("contact") == []


def test_recordings_that_are_one_agents_each_are_left_alone(stage: Stage, cloud: Cloud) -> None:
    """A platform that tells nothing of what is heard costs no job."""
    hold(cloud, "c1", 1, window(0, 9))
    stage.gather()
    fall_quiet(stage)
    assert stage.claim("contact") == []
    assert [row for row in stage.rows(tables.job) if row.kind == "contact"] == []


def test_the_seal_holds_the_audio_of_each_contact(stage: Stage, cloud: Cloud) -> None:
    """The package names it beside the originals, and the contact says which one is its own."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    stage.run()
    sealed = stage.interaction()
    data = stage.app.archive.read(sealed.interaction_id, sealed.version)
    document = json.loads(data)
    for contact in document["catchment"]["contacts"]:
        (place,) = contact["audio"]
        beside = document["attachments"][place]["catchment"]
        assert (beside["kind"], beside["extra"]["contact"]) == ("audio", contact["id"])
    package = read_manifest(data)
    made = {file.extra["contact"]: file for file in package.files if file.origin == "derived"}
    assert {name: file.timeline.stretches for name, file in made.items()} == {
        "ann:1": (window(0, 4),),
        "bob:1": (window(4, 9),),
    }
    assert [contact.heard for contact in package.draft.contacts] == [
        (Heard("c1", "audio", window(0, 4)),),
        (Heard("c1", "audio", window(4, 9)),),
    ]


# --- when it fails ---------------------------------------------------------------------------


def use_ffmpeg(stage: Stage, when: str, then: str) -> None:
    """Use an ffmpeg that runs a command of the shell where its arguments hold *when*."""
    tool = stage.folder / "weak-ffmpeg"
    real = find_ffmpeg(None).path
    tool.write_text(f'#!/bin/sh\ncase "$*" in *{when}*) {then};; esac\nexec {real} "$@"\n')
    tool.chmod(0o755)
    if "[media]" not in stage.path.read_text():
        stage.path.write_text(stage.path.read_text() + f'[media]\nffmpeg = "{tool}"\n')


def test_a_contact_that_cannot_be_cut_costs_no_other(stage: Stage, cloud: Cloud) -> None:
    """Its call is sealed without it and says so; at the next start it is tried again."""
    hold(cloud, "c1", 1, window(0, 9), form="mp3")
    part(cloud, TRANSFER)
    use_ffmpeg(stage, "start=4.0", "exit 1")
    stage.gather()
    fall_quiet(stage)
    for _ in range(2):
        assert isinstance(stage.do("contact")[0], Unconvertible)
        stage.wait(10 * MINUTE)
    assert stage.do("map") == [None]
    rows = cut_rows(stage)
    assert {name: row.state for name, row in rows.items()} == {
        "ann:1": "archived",
        "bob:1": "parked",
    }
    assert "could not cut the contact's audio" in rows["bob:1"].reason
    stage.wait(stage.read().seal.quiet)
    stage.do("seal")
    assert stage.interaction().version == 1
    use_ffmpeg(stage, "nothing", ":")
    stage.wait(HOUR)
    stage.run()
    assert heard(stage, "bob:1") == expected_symbols(1, 9)[4:]
    assert stage.recording("c1").state == "quiet"
    assert stage.interaction().version == 2


def test_a_person_has_it_tried_again(stage: Stage, cloud: Cloud) -> None:
    """``retry`` of the recording wants the cut, and not what is made of films."""
    hold(cloud, "c1", 1, window(0, 9), form="mp3")
    part(cloud, TRANSFER)
    use_ffmpeg(stage, "start=4.0", "exit 1")
    stage.gather()
    fall_quiet(stage)
    for _ in range(2):
        stage.do("contact")
        stage.wait(10 * MINUTE)
    use_ffmpeg(stage, "nothing", ":")
    with stage.app.database.read() as connection:
        item = decisions.find_item(connection, "c1")
    assert item is not None
    now = stage.clock.now()
    decisions.decide_all(
        stage.app.database, [item], "retry", who="ann", why="it is mended", now=now
    )
    assert stage.claim("derive") == []
    assert stage.do("contact") == [None]
    assert cut_rows(stage)["bob:1"].state == "archived"


class Killed(BaseException):
    """The process ended."""


@pytest.mark.parametrize(
    "point", ["derive.made", "archive.synced", "archive.renamed", "interaction.mapped"]
)
def test_a_kill_anywhere_costs_nothing(
    stage: Stage, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """After the lease the job runs again and makes the same; nothing is doubled (T3)."""

    def end(_code: int) -> None:
        raise Killed

    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    kind = "map" if point == "interaction.mapped" else "contact"
    stage.gather()
    fall_quiet(stage)
    if kind == "map":
        assert stage.do("contact") == [None]
    with monkeypatch.context() as armed:
        armed.setattr(_crash, "_ARMED", point)
        armed.setattr(os, "_exit", end)
        with pytest.raises(Killed):
            stage.do(kind)
    stage.wait(11 * MINUTE)
    for again in ("contact", "map"):
        assert [error for error in stage.do(again) if error] == []
    one = expected_symbols(1, 9)
    assert (heard(stage, "ann:1"), heard(stage, "bob:1")) == (one[:4], one[4:])
    assert stage.claim("contact") == []
    assert list(stage.app.buffer.iterdir()) == []


def test_audio_that_the_archive_lost_is_cut_again(stage: Stage, cloud: Cloud) -> None:
    """``retry`` after damage makes it from the original, which is not fetched again."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    stage.run()
    row = cut_rows(stage)["bob:1"]
    path = stage.app.archive.path_of(row.sha256)
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    fetched = len(cloud.fetched)
    assert retry(stage.app, "c1", who="ann", why="damaged").lost == 1
    stage.run()
    assert heard(stage, "bob:1") == expected_symbols(1, 9)[4:]
    assert cut_rows(stage)["bob:1"].sha256 == row.sha256
    assert len(cloud.fetched) == fetched
    assert stage.recording("c1").state == "quiet"


def test_a_whole_recording_that_the_archive_lost_is_fetched_again(
    stage: Stage, cloud: Cloud
) -> None:
    """The contact that it is has its audio again when the platform gave it again."""
    hold(cloud, "c1", 1, window(0, 9), form="mp3")
    part(cloud, {"ann": (0, 9, [("c1", 0, 9)])})
    stage.run()
    path = stage.app.archive.path_of(cut_rows(stage)["ann:1"].sha256)
    path.unlink()
    retry(stage.app, "c1", who="ann", why="lost")
    stage.run()
    assert heard(stage, "ann:1") == expected_symbols(1, 9)
    assert len(cloud.fetched) == 2
    assert stage.recording("c1").state == "quiet"
