"""Takes: every second can be recognised, every byte is the same again, and ffmpeg is content."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from catchment.errors import Corrupt
from catchment.sandbox import Take, expected_symbols, read_symbols
from catchment.sandbox.media import Form
from catchment.sandbox.palette import find_ffmpeg, other_side

TAKES = [
    Take(7, 12, "mp4"),
    Take(7, 7.3, "mp4", channels=2),
    Take(8, 20.5, "m4a"),
    Take(8, 3, "m4a", channels=2),
    Take(9, 11, "mp3"),
    Take(9, 5, "mp3", channels=2),
    Take(10, 10.25, "wav"),
    Take(10, 4, "wav", channels=2),
    Take(11, 64 + 5, "wav"),
]


def _write(folder: Path, take: Take) -> Path:
    path = folder / f"take.{take.form}"
    path.write_bytes(take.read())
    return path


def _ffmpeg(*arguments: str) -> str:
    """What ffmpeg complains about."""
    command = [find_ffmpeg(), "-hide_banner", "-nostdin", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr


def _name(take: Take) -> str:
    return f"{take.form}-{take.channels}-{take.seconds}"


@pytest.mark.parametrize("take", TAKES, ids=_name)
def test_every_second_is_recognised(tmp_path: Path, take: Take) -> None:
    """T1, T9: what is heard in each whole second is what the code says, on either channel."""
    path = _write(tmp_path, take)
    assert read_symbols(path) == take.symbols
    assert len(take.symbols) == int(take.seconds)
    if take.channels == 2:
        assert read_symbols(path, channel=1) == [other_side(symbol) for symbol in take.symbols]


@pytest.mark.parametrize("take", [*TAKES, Take(1, 9, audio=False), Take(1, 0.4)], ids=_name)
def test_a_full_decode_finds_nothing_to_complain_about(tmp_path: Path, take: Take) -> None:
    """T9: every stream decodes to its end without a warning."""
    # of every WAV that names no speakers, ffmpeg warns that it guesses them
    level = "error" if take.form == "wav" else "warning"
    path = _write(tmp_path, take)
    assert _ffmpeg("-v", level, "-i", str(path), "-f", "null", "-") == ""


@pytest.mark.parametrize("take", TAKES, ids=_name)
def test_the_duration_is_the_one_asked_for(tmp_path: Path, take: Take) -> None:
    """T9: a file says it plays as long as was asked for, within one frame."""
    said = _ffmpeg("-i", str(_write(tmp_path, take)))
    hours, minutes, seconds = said.partition("Duration: ")[2].split(",")[0].split(":")
    duration = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    assert duration == pytest.approx(take.seconds, abs=0.04)


def test_a_missing_second_is_seen(tmp_path: Path) -> None:
    """T1: without one of its seconds, a recording is heard as another sequence."""
    take = Take(77, 20, "wav")
    head, body = Take(77, 19, "wav").read(0, 44), take.read(44)
    start = 8 * 16_000
    (tmp_path / "short.wav").write_bytes(head + body[:start] + body[start + 16_000 :])
    heard = read_symbols(tmp_path / "short.wav")
    assert heard == [*take.symbols[:8], *take.symbols[9:]]
    assert heard != take.symbols


def test_swapped_seconds_are_seen(tmp_path: Path) -> None:
    """T1: two seconds in the wrong order are heard in the wrong order."""
    take = Take(78, 10, "wav")
    whole = take.read()
    seconds = [whole[44 + at : 44 + at + 16_000] for at in range(0, len(whole) - 44, 16_000)]
    seconds[3], seconds[4] = seconds[4], seconds[3]
    (tmp_path / "swapped.wav").write_bytes(whole[:44] + b"".join(seconds))
    expected = take.symbols
    expected[3], expected[4] = expected[4], expected[3]
    assert read_symbols(tmp_path / "swapped.wav") == expected != take.symbols


def test_a_cut_file_is_corrupt(tmp_path: Path) -> None:
    """T4: a file that ends early does not pass for a whole one."""
    path = tmp_path / "cut.mp4"
    path.write_bytes(Take(1, 20, "mp4").read()[:-2000])
    with pytest.raises(Corrupt, match="does not decode"):
        read_symbols(path)


def test_silence_is_none_of_our_seconds(tmp_path: Path) -> None:
    """What carries no symbol is not taken for one."""
    take = Take(1, 3, "wav")
    (tmp_path / "silent.wav").write_bytes(take.read()[:44] + bytes(48_000))
    assert read_symbols(tmp_path / "silent.wav") == [-1, -1, -1]


def test_what_was_cut_out_is_not_heard() -> None:
    """A pause leaves out its seconds, a late start begins later, of the same sequence."""
    whole = expected_symbols(5, 30)
    assert expected_symbols(5, 23, begin=7) == whole[7:]
    assert expected_symbols(5, 20, skips=((4, 14),)) == whole[:4] + whole[14:]
    assert expected_symbols(5, 10, begin=2, skips=((0, 3), (3, 5))) == whole[7:17]


@pytest.mark.parametrize("take", TAKES, ids=_name)
def test_parts_are_parts_of_the_whole(take: Take) -> None:
    """Size, hash and every range belong to the same bytes."""
    whole = take.read()
    assert take.size_bytes == len(whole)
    assert take.sha256 == hashlib.sha256(whole).hexdigest()
    assert take.open().read() == whole
    for start, end in ((0, 1), (1, 5000), (len(whole) // 3, len(whole) // 2), (50, None)):
        assert take.read(start, end) == whole[start:end]
    assert take.read(len(whole) + 5) == take.read(9, 9) == b""


def test_other_arguments_are_another_file() -> None:
    """Code, length, form, channels and streams each change the bytes."""
    take = Take(3, 6, "mp4")
    others = [
        replace(take, code=4),
        replace(take, seconds=7),
        replace(take, begin=1),
        replace(take, channels=2),
        replace(take, video=False),
        replace(take, audio=False),
        replace(take, form="m4a"),
    ]
    assert len({other.sha256 for other in [take, *others]}) == 8
    assert Take(3, 6, "mp4").sha256 == take.sha256


@pytest.mark.parametrize("form", ["m4a", "mp3", "wav"])
def test_only_a_film_may_be_silent(form: Form) -> None:
    """A sound file without sound is refused, as is a file without length."""
    with pytest.raises(ValueError, match="silent"):
        Take(1, 5, form, audio=False)
    with pytest.raises(ValueError, match="length"):
        Take(1, 0, form)


def test_streams_are_the_ones_asked_for(tmp_path: Path) -> None:
    """A film has a picture and a sound, each only if wanted."""
    both = _ffmpeg("-i", str(_write(tmp_path, Take(1, 4))))
    mute = _ffmpeg("-i", str(_write(tmp_path, Take(1, 4, audio=False))))
    blind = _ffmpeg("-i", str(_write(tmp_path, Take(1, 4, video=False))))
    assert ("Video: h264" in both, "Audio: aac" in both) == (True, True)
    assert ("Video: h264" in mute, "Audio: aac" in mute) == (True, False)
    assert ("Video: h264" in blind, "Audio: aac" in blind) == (False, True)


def test_thousands_of_takes_need_no_process() -> None:
    """A thousand films are hashed without ffmpeg: only its palette is ever asked for."""
    Take(0, 20).size_bytes  # noqa: B018 - makes the palette
    hashes = {Take(code, 20).sha256 for code in range(1000)}
    assert len(hashes) == 1000


def test_processes_that_start_together_make_the_same_files(tmp_path: Path) -> None:
    """The palette is the same whoever makes it, and a damaged one is made anew."""
    program = "from catchment.sandbox import Take; print(Take(5, 9, 'm4a').sha256)"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}

    def run() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    told = [process.communicate()[0] for process in [run(), run()]]
    (kept,) = (tmp_path / "catchment" / "sandbox").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    told.append(run().communicate()[0])
    assert told == [Take(5, 9, "m4a").sha256 + "\n"] * 3
