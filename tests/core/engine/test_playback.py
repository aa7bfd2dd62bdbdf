"""One audio for a whole call (S001-9, S001-10)."""

from __future__ import annotations

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.core.engine.platform import HOUR, MINUTE, START, Cloud, Stage, Tape

from catchment._archive.manifest import read_manifest
from catchment._catalogue import tables
from catchment._catalogue.files import list_files
from catchment._engine.playback import plan_playback
from catchment._media.tool import find_ffmpeg
from catchment.errors import LostRace, Transient, Unconvertible, Unreachable
from catchment.model import Feed, Ref, Timeline, Window
from catchment.sandbox import Take, expected_symbols, read_symbols

BEGAN = START - HOUR
SILENCE = -1


def window(start: float, end: float) -> Window:
    """A stretch, in seconds from the beginning of the call."""
    return Window(BEGAN + timedelta(seconds=start), BEGAN + timedelta(seconds=end))


def speak(
    cloud: Cloud, name: str, code: int, *stretches: Window, of: str = "", length: float = 0
) -> None:
    """Hold a recording of the one call, whose seconds can be recognised."""
    timeline = Timeline(stretches, "declared")
    plays = length or timeline.length.total_seconds()
    more = {"timeline": timeline, "of": Ref("user", of) if of else None}
    tape = Tape(Take(code, plays, "mp3", video=False).read(), "audio", "mp3", more=more)
    at = START - stretches[0].start
    cloud.hold(name, ago=at, files={"audio": tape}, keys=["the call"])


def heard(stage: Stage) -> list[int]:
    """What the audio of the whole call sounds like."""
    (row,) = [row for row in stage.rows(tables.file) if row.recipe.startswith("call@")]
    return read_symbols(stage.app.archive.path_of(row.sha256))


def work_off(stage: Stage) -> None:
    """Capture, map, put together and seal what there is."""
    stage.gather()
    quieten(stage)
    assert stage.do("playback") == [None]
    assert stage.do("map") == [None]
    quieten(stage)


def quieten(stage: Stage) -> None:
    """Let the interaction be quiet for long enough to be sealed."""
    stage.wait(stage.read().seal.quiet)
    assert stage.do("seal") == [None]


def test_recordings_of_one_call_become_one_audio(stage: Stage, cloud: Cloud) -> None:
    """Pauses and the time between two recordings are silent, and everything stands at its time."""
    speak(cloud, "c1", 1, window(0, 2), window(3, 5))
    speak(cloud, "c2", 2, window(6, 9))
    work_off(stage)
    one, two = expected_symbols(1, 4), expected_symbols(2, 3)
    assert heard(stage) == [*one[:2], SILENCE, *one[2:], SILENCE, *two]


def test_it_says_of_what_it_is_made_and_where_nothing_was_recorded(
    stage: Stage, cloud: Cloud
) -> None:
    """A player marks the gaps without having to listen for them."""
    speak(cloud, "c1", 1, window(0, 2), window(3, 5))
    speak(cloud, "c2", 2, window(6, 9))
    work_off(stage)
    (row,) = [row for row in stage.rows(tables.file) if row.recipe]
    extra = row.description["extra"]
    assert len(extra["made_of"]) == 2
    gaps = [(gap["start"][-14:-6], gap["end"][-14:-6]) for gap in extra["gaps"]]
    assert gaps == [("11:00:02", "11:00:03"), ("11:00:05", "11:00:06")]


def test_a_late_recording_joins_and_everything_is_made_again(stage: Stage, cloud: Cloud) -> None:
    """An hour later one more comes; the call is heard with it, and what was before is dropped."""
    again = Feed("calls", every="10m", max_window="1d", horizon="2d", lookback={"10m": "1d"})
    stage.configure(feeds=(again,))
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    work_off(stage)
    stage.wait(HOUR)
    speak(cloud, "c0", 3, window(-3, -1))
    work_off(stage)
    three = expected_symbols(3, 2)
    rest = [*expected_symbols(1, 2), SILENCE, *expected_symbols(2, 2)]
    assert heard(stage) == [*three, SILENCE, *rest]


def test_a_call_of_one_recording_is_its_own_audio(stage: Stage, cloud: Cloud) -> None:
    """Nothing is made that is there already."""
    speak(cloud, "c1", 1, window(0, 2))
    stage.gather()
    quieten(stage)
    assert stage.claim("playback") == []
    assert stage.interaction().version == 1


def test_what_is_made_is_made_once(stage: Stage, cloud: Cloud) -> None:
    """Mapping again, for whatever reason, does not encode again."""
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    work_off(stage)
    assert stage.claim("playback") == []
    stage.stir("playback")
    assert stage.do("playback") == [None]
    assert len([row for row in stage.rows(tables.file) if row.recipe]) == 1


def test_the_seal_holds_it(stage: Stage, cloud: Cloud) -> None:
    """The package of the call names the audio of the whole call beside the originals."""
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    stage.run()
    (row,) = [row for row in stage.rows(tables.file) if row.recipe]
    sealed = stage.interaction()
    manifest = stage.app.archive.read(sealed.interaction_id, sealed.version)
    files = read_manifest(manifest).files
    (made,) = [file for file in files if file.origin == "derived"]
    assert (made.sha256, made.recipe, made.kind) == (row.sha256, row.recipe, "audio")
    assert made.timeline.stretches == (window(0, 5),)
    assert len(files) == 3


def test_a_file_that_does_not_fit_its_time_line_is_placed_by_its_start(
    stage: Stage, cloud: Cloud
) -> None:
    """Nothing is cut off where the platform's pauses do not add up to what it delivered."""
    speak(cloud, "c1", 1, window(0, 2), window(8, 9), length=8)
    speak(cloud, "c2", 2, window(10, 12))
    work_off(stage)
    assert heard(stage) == [*expected_symbols(1, 8), SILENCE, SILENCE, *expected_symbols(2, 2)]


def test_meetings_are_not_put_together(stage: Stage, cloud: Cloud) -> None:
    """Parts of a meeting have pictures; each is watched by itself."""
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    stage.gather()
    with stage.app.database.read() as connection:
        files = list_files(connection, [row.id for row in stage.rows(tables.recording)])
    began = {row.id: row.occurred_at for row in stage.rows(tables.recording)}
    assert plan_playback("meeting", files, began) is None
    assert plan_playback("call", files, began) is not None


def test_two_who_were_recorded_alone_are_heard_on_two_sides(stage: Stage, cloud: Cloud) -> None:
    """Agent and customer, each in a file of one channel, become left and right."""
    speak(cloud, "c1", 1, window(0, 4), of="agent")
    speak(cloud, "c2", 2, window(1, 4), of="customer")
    work_off(stage)
    (row,) = [row for row in stage.rows(tables.file) if row.recipe]
    path = stage.app.archive.path_of(row.sha256)
    assert row.measured["audio"] == [2]
    assert read_symbols(path, channel=0) == expected_symbols(1, 4)
    assert read_symbols(path, channel=1) == [SILENCE, *expected_symbols(2, 3)]


def test_it_is_made_once_the_call_is_quiet(stage: Stage, cloud: Cloud) -> None:
    """Recordings that come one after the other do not have it made for each of them."""
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    stage.gather()
    assert stage.claim("playback") == []
    assert stage.claim("seal") == []
    quieten(stage)
    assert stage.interaction().version == 0
    assert len(stage.claim("playback")) == 1


def use_ffmpeg(stage: Stage, when_mixing: str) -> None:
    """Use an ffmpeg that runs a command of the shell before it puts a call together."""
    tool = stage.folder / "weak-ffmpeg"
    real = find_ffmpeg(None).path
    tool.write_text(f'#!/bin/sh\ncase "$*" in *amix*) {when_mixing};; esac\nexec {real} "$@"\n')
    tool.chmod(0o755)
    if "[media]" not in stage.path.read_text():
        stage.path.write_text(stage.path.read_text() + f'[media]\nffmpeg = "{tool}"\n')


def test_a_call_that_cannot_be_put_together_is_sealed_and_says_so(
    stage: Stage, cloud: Cloud
) -> None:
    """The originals are kept and sealed; at the next start it is tried again."""
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    use_ffmpeg(stage, "exit 1")
    stage.gather()
    quieten(stage)
    for _ in range(2):
        assert isinstance(stage.do("playback")[0], Unconvertible)
        stage.wait(10 * MINUTE)
    quieten(stage)
    assert stage.interaction().version == 1
    (row,) = [row for row in stage.rows(tables.file) if row.recipe]
    assert row.state == "parked"
    assert "could not put the call together" in row.reason
    assert stage.mark().at is not None
    use_ffmpeg(stage, ":")
    stage.wait(HOUR)
    stage.run()
    (row,) = [row for row in stage.rows(tables.file) if row.recipe]
    assert row.state == "archived"
    assert stage.interaction().version == 2


def test_a_seal_waits_no_longer_than_its_oldest_age(stage: Stage, cloud: Cloud) -> None:
    """What cannot be put together for now is sealed without it at the latest after ``max_age``.

    Made later, it makes the next version.
    """
    use_ffmpeg(stage, "kill -9 $$")
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    stage.gather()
    oldest = stage.read().seal.max_age
    quieten(stage)
    while stage.clock.now() < START + oldest:
        assert stage.interaction().version == 0
        (error,) = stage.do("playback") or [Unreachable("not due")]
        assert isinstance(error, Transient)
        stage.do("seal")
        stage.wait(HOUR)
    stage.do("seal")
    assert stage.interaction().version == 1
    assert [row.recipe for row in stage.rows(tables.file) if row.recipe] == []
    use_ffmpeg(stage, ":")
    stage.wait(HOUR)
    assert stage.do("playback") == [None]
    assert stage.do("map") == [None]
    quieten(stage)
    assert stage.interaction().version == 2
    assert heard(stage)


def test_a_single_run_seals_what_cannot_be_put_together_for_now(stage: Stage, cloud: Cloud) -> None:
    """It ends, and what it captured is in a package; a later run puts the call together."""
    use_ffmpeg(stage, "kill -9 $$")
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    stage.run()
    assert stage.interaction().version == 1
    use_ffmpeg(stage, ":")
    stage.wait(HOUR)
    stage.run()
    assert stage.interaction().version == 2
    assert heard(stage)


def test_two_runners_never_write_to_one_name(stage: Stage, cloud: Cloud) -> None:
    """Who lost the job in the middle goes on writing beside who has it now (T14).

    Nothing is left in the buffer by either.
    """
    log, begun, go = (stage.folder / name for name in ("written", "begun", "go"))
    wait = f"if mkdir {begun}; then while [ ! -e {go} ]; do sleep 0.02; done; fi"
    use_ffmpeg(stage, f'echo "$*" >> {log}; {wait}')
    speak(cloud, "c1", 1, window(0, 2))
    speak(cloud, "c2", 2, window(3, 5))
    stage.gather()
    quieten(stage)
    (slow,) = stage.claim("playback", runner="r1")
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(stage.work, slow)
        while not begun.exists():
            assert not ended.done()
        stage.wait(11 * MINUTE)
        (quick,) = stage.claim("playback", runner="r2")
        try:
            assert stage.work(quick) is None
        finally:
            go.touch()
        assert isinstance(ended.result(60), LostRace)
    names = re.findall(r"\S+\.m4a\.part", log.read_text())
    assert len(names) == len(set(names)) == 2
    assert list(stage.app.buffer.iterdir()) == []
    assert heard(stage)


def test_what_a_kill_leaves_in_the_buffer_is_swept(stage: Stage, cloud: Cloud) -> None:
    """A file that nobody touched for two days goes at the next start, whatever its name."""
    stage.source  # noqa: B018 - makes the buffer
    old, young = (stage.app.buffer / f"playback-1.{fence}.m4a.part" for fence in (1, 2))
    for path in (old, young):
        path.write_bytes(b"half")
    two_days_ago = time.time() - timedelta(days=2, hours=1).total_seconds()
    os.utime(old, (two_days_ago, two_days_ago))
    stage.run()
    assert list(stage.app.buffer.iterdir()) == [young]
