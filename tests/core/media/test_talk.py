"""Silence and talk-over, from sounds of which every moment is known (issue 4, item 4)."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from catchment._media.talk import Talk, intersect, invert, measure_talk
from catchment._media.tool import Ffmpeg
from catchment.errors import Unconvertible

RATE = 8000
Said = Sequence[tuple[float, float]]


def put(path: Path, length: float, *channels: Said, loudness: int = 8000) -> Path:
    """A WAV in which each channel has a tone in some stretches, and zeros elsewhere."""
    count = len(channels)
    data = bytearray()
    for at in range(int(length * RATE)):
        tone = int(loudness * math.sin(2 * math.pi * 440 * at / RATE)) or 1
        for said in channels:
            on = any(start <= at / RATE < end for start, end in said)
            data += struct.pack("<h", tone if on else 0)
    shape = struct.pack("<HHIIHH", 1, count, RATE, RATE * 2 * count, 2 * count, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(shape)) + shape
    body += b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def listen(
    ffmpeg: Ffmpeg, path: Path, length: float, channels: int, *, apart: bool, without: Said = ()
) -> Talk:
    """Measure, with lengths in seconds."""
    return measure_talk(
        ffmpeg,
        path,
        length=timedelta(seconds=length),
        channels=channels,
        apart=apart,
        without=tuple((timedelta(seconds=a), timedelta(seconds=b)) for a, b in without),
    )


def spans(found: Sequence[tuple[timedelta, timedelta]] | None) -> list[tuple[float, float]]:
    """Stretches in seconds, to the hundredth."""
    return [(round(a.total_seconds(), 2), round(b.total_seconds(), 2)) for a, b in found or ()]


def test_silence_and_talk_over_come_from_the_channels(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """One side from 0 to 3, the other from 2 to 5 and from 7 to 8; nobody from 5 to 7."""
    path = put(tmp_path / "c.wav", 9, [(0, 3)], [(2, 5), (7, 8)])
    talk = listen(ffmpeg, path, 9, 2, apart=True)
    assert spans(talk.silence) == [(5, 7), (8, 9)]
    assert spans(talk.talk_over) == [(2, 3)]
    assert [spans(side) for side in talk.talk] == [[(0, 3)], [(2, 5), (7, 8)]]
    assert talk.silence_s == pytest.approx(3, abs=0.01)
    assert talk.talk_over_s == pytest.approx(1, abs=0.01)


def test_one_channel_tells_silence_alone(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """Who talks at once with whom cannot be heard in a mix, and nothing is guessed."""
    path = put(tmp_path / "c.wav", 4, [(1, 2), (3, 4)])
    talk = listen(ffmpeg, path, 4, 1, apart=False)
    assert spans(talk.silence) == [(0, 1), (2, 3)]
    assert (talk.talk_over, talk.talk_over_s, talk.talk) == (None, None, ())


def test_two_channels_of_nobody_in_particular_tell_silence_alone(
    ffmpeg: Ffmpeg, tmp_path: Path
) -> None:
    """A stereo file that is not told to have one side on each channel."""
    path = put(tmp_path / "c.wav", 3, [(0, 1)], [(0, 2)])
    talk = listen(ffmpeg, path, 3, 2, apart=False)
    assert spans(talk.silence) == [(2, 3)]
    assert talk.talk_over is None


def test_a_breath_is_no_silence(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A pause below half a second belongs to the talk around it."""
    path = put(tmp_path / "c.wav", 4, [(0, 1), (1.4, 2), (2.6, 4)])
    assert spans(listen(ffmpeg, path, 4, 1, apart=False).silence) == [(2, 2.6)]


def test_turns_that_leave_a_moment_are_no_silence(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """Each side is silent for long, both together only for a third of a second."""
    path = put(tmp_path / "c.wav", 4, [(0, 2)], [(2.3, 4)])
    assert spans(listen(ffmpeg, path, 4, 2, apart=True).silence) == []


def test_where_nothing_was_recorded_nobody_was_silent(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """A pause of the recording is filled with zeros; it is neither silence nor talk."""
    path = put(tmp_path / "c.wav", 6, [(0, 2), (4, 5)], [])
    talk = listen(ffmpeg, path, 6, 2, apart=True, without=[(2, 4)])
    assert spans(talk.silence) == [(5, 6)]
    assert [spans(side) for side in talk.talk] == [[(0, 2), (4, 5)], []]


@pytest.mark.parametrize(("loudness", "silent"), [(400, False), (250, True)])
def test_a_quiet_line_is_silence_and_a_quiet_talker_is_not(
    ffmpeg: Ffmpeg, tmp_path: Path, loudness: int, silent: bool
) -> None:
    """Peaks above and below -40 dB of full scale."""
    path = put(tmp_path / "c.wav", 2, [(0, 2)], loudness=loudness)
    assert bool(listen(ffmpeg, path, 2, 1, apart=False).silence) is silent


def test_a_long_call_of_many_pauses_is_told_to_its_end(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """More silences than what is kept of ffmpeg's log could name."""
    path = put(tmp_path / "c.wav", 1, [(0, 0.4)])
    body = path.read_bytes()
    data = body[44:] * 2000
    head = bytearray(body[:44])
    head[4:8], head[40:44] = struct.pack("<I", 36 + len(data)), struct.pack("<I", len(data))
    path.write_bytes(bytes(head) + data)
    talk = listen(ffmpeg, path, 2000, 1, apart=False)
    assert len(talk.silence) == 2000
    assert talk.silence_s == pytest.approx(1200, abs=2)


def test_what_cannot_be_read_is_said_to_be_so(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    """No figures are made up of a file that ffmpeg refuses."""
    path = tmp_path / "c.wav"
    path.write_bytes(b"no sound at all")
    with pytest.raises(Unconvertible, match="listen for silence"):
        listen(ffmpeg, path, 1, 1, apart=False)


def test_spans_meet_and_leave_gaps() -> None:
    """What is in both, and what is in none."""
    one, two, three, four = (timedelta(seconds=number) for number in range(1, 5))
    assert intersect(((one, three),), ((two, four),)) == ((two, three),)
    assert intersect(((one, two),), ((two, four),)) == ()
    assert invert(((one, two),), four) == ((timedelta(), one), (two, four))
    assert invert((), four) == ((timedelta(), four),)
