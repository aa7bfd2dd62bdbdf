"""Media as platforms send them, whole and damaged, made by ffmpeg from seconds that can be heard.

Each whole one says how long it plays, on how many channels, and what is heard in each second.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from catchment._media.tool import find_ffmpeg
from catchment.model import Kind
from catchment.sandbox import Take, expected_symbols

SECONDS = 6
PICTURE = timedelta(milliseconds=40)
SOUND = timedelta(milliseconds=65)
"""A frame of AAC with 16,000 samples a second."""

SILENCE = -1
SIGHT = f"testsrc2=size=160x120:rate=25:duration={SECONDS}"
WIDE = f"testsrc2=size=320x180:rate=25:duration={SECONDS}"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "64k")
FAST = ("-movflags", "+faststart")
FRAGMENTS = ("-movflags", "+frag_keyframe+empty_moov")
UNEVEN = ("-vf", "select='not(mod(n,3))+lt(n,75)'", "-fps_mode", "vfr")


@dataclass(frozen=True)
class Piece:
    """One file of the corpus.

    Attributes:
        data: Its bytes.
        form: Its container.
        kind: What the platform says that it is.
        seconds: How long it plays.
        channels: How many the sound has; 0 where there is none.
        symbols: What is heard in each second; empty where nobody listens.
        frame: The longest packet: how far the end may be off.
    """

    data: bytes
    form: str
    kind: Kind = "audio"
    seconds: float = SECONDS
    channels: int = 1
    symbols: list[int] = field(default_factory=list)
    frame: timedelta = timedelta(milliseconds=20)


class Workshop:
    """A folder in which ffmpeg makes things."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ffmpeg = find_ffmpeg(None).path

    def make(self, *arguments: str) -> bytes:
        """Have ffmpeg write the last of *arguments*, and give its bytes."""
        command = [self._ffmpeg, "-nostdin", "-v", "error", "-y", *arguments]
        subprocess.run(command, check=True, cwd=self.folder, timeout=300)
        return (self.folder / arguments[-1]).read_bytes()

    def put(self, name: str, take: Take) -> str:
        """A take as a file here."""
        (self.folder / name).write_bytes(take.read())
        return name


def build_whole(folder: Path, long_seconds: int) -> dict[str, Piece]:
    """Every form that must be archived, by a name, fit for a link, that says what is odd."""
    shop = Workshop(folder)
    shop.put("mono.wav", Take(1, SECONDS, "wav"))
    shop.put("both.wav", Take(2, SECONDS, "wav", channels=2))
    return {**dict(_list_sounds(shop, long_seconds)), **dict(_list_films(shop))}


def _list_sounds(shop: Workshop, long_seconds: int) -> Iterator[tuple[str, Piece]]:
    one, two = expected_symbols(1, SECONDS), expected_symbols(2, SECONDS)
    mp3, aac = timedelta(milliseconds=27), timedelta(milliseconds=128)
    take = Take(3, long_seconds, "wav")
    yield "long", Piece(take.read(), "wav", seconds=long_seconds, symbols=take.symbols)
    yield "mono-WAV", Piece((shop.folder / "mono.wav").read_bytes(), "wav", symbols=one)
    stereo = (shop.folder / "both.wav").read_bytes()
    yield "stereo-WAV", Piece(stereo, "wav", channels=2, symbols=two)
    for side, other in ((0, "right"), (1, "left")):
        take = Take(2, SECONDS, "wav", channels=2, quiet=((side, 0, SECONDS),))
        yield f"the-{other}-side-alone", Piece(take.read(), "wav", channels=2)
    short = shop.make("-i", "mono.wav", "-t", "0.2", *AAC, "-ar", "16000", "short.m4a")
    yield "short", Piece(short, "m4a", seconds=0.2, frame=aac)
    quiet = ("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "3")
    silent = shop.make(*quiet, *AAC, "silent.m4a")
    yield "silent", Piece(silent, "m4a", seconds=3, symbols=[SILENCE] * 3, frame=aac)
    primed = shop.make("-i", "both.wav", *AAC, "-ar", "48000", "primed.m4a")
    yield "AAC-with-priming", Piece(primed, "m4a", channels=2, symbols=two)
    adts = shop.make("-i", "mono.wav", *AAC, "-ar", "48000", "bare.aac")
    yield "AAC-without-a-container", Piece(adts, "aac", symbols=one, frame=2 * aac)
    sets = {"with": ("-write_xing", "1"), "without": ("-write_xing", "0")}
    for word, xing in sets.items():
        for how, rate in {"constant": ("-b:a", "48k"), "variable": ("-q:a", "5")}.items():
            name = f"{how}-MP3-{word}-a-Xing-header"
            data = shop.make("-i", "mono.wav", *rate, *xing, "-ar", "44100", f"{how}-{word}.mp3")
            # Without the header nobody knows that the encoder put two frames of silence around it.
            off = mp3 if word == "with" else 4 * mp3
            yield name, Piece(data, "mp3", symbols=one, frame=off)
    bare = ("-write_xing", "0", "-id3v2_version", "0")
    slow = shop.make("-i", "mono.wav", "-ar", "22050", *bare, "slow.mp3")
    quick = (shop.folder / "constant-without.mp3").read_bytes()
    yield "changing-sample-rate", Piece(slow + quick, "mp3", seconds=2 * SECONDS, frame=8 * mp3)
    flac = shop.make("-i", "both.wav", "lossless.flac")
    yield "FLAC", Piece(flac, "flac", channels=2, symbols=two, frame=timedelta(seconds=0.3))


def _list_films(shop: Workshop) -> Iterator[tuple[str, Piece]]:
    one = expected_symbols(1, SECONDS)
    sound, sight = ("-i", "mono.wav"), ("-f", "lavfi", "-i", SIGHT)

    def film(data: bytes, **more: object) -> Piece:
        told = {"symbols": one, "frame": PICTURE, **more}
        return Piece(data, "mp4", "video", **told)  # type: ignore[arg-type]  # named in each call

    made = (*sight, *sound, *H264, *AAC, "-ar", "16000")
    yield "moov-at-the-end", film(shop.make(*made, "late.mp4"))
    copy = ("-i", "late.mp4", "-map", "0", "-c", "copy")
    yield "moov-at-the-beginning", film(shop.make(*copy, *FAST, "fast.mp4"))
    cut = shop.make(*copy, *FRAGMENTS, "fragments.mp4")
    yield "fragmented", film(cut, frame=SOUND)  # the encoder's first frame of silence stays in it
    yield "uneven-pictures", film(shop.make(*made, *UNEVEN, "uneven.mp4"), frame=3 * PICTURE)
    drifting = ("-filter:v", "setpts=1.05*PTS")
    data = shop.make(*made, *drifting, "drift.mp4")
    yield "drifting-pictures", film(data, seconds=SECONDS * 1.05, frame=2 * PICTURE)
    mute = shop.make("-i", "late.mp4", "-an", "-c", "copy", "mute.mp4")
    yield "no-voice", film(mute, channels=0, symbols=[])
    shop.make(*sight, *H264, "-f", "h264", "small.h264")
    shop.make("-f", "lavfi", "-i", WIDE, *H264, "-f", "h264", "wide.h264")
    both = b"".join((shop.folder / name).read_bytes() for name in ("small.h264", "wide.h264"))
    (shop.folder / "both.h264").write_bytes(both)
    pictures = ("-framerate", "25", "-i", "both.h264")
    resized = shop.make(*pictures, *sound, "-c:v", "copy", *AAC, "-ar", "16000", "resized.mp4")
    yield "changing-picture-size", film(resized, seconds=2 * SECONDS)
    late = ("-itsoffset", "1", "-i", "mono.wav", "-map", "0:v", "-map", "1:a")
    data = shop.make("-i", "mute.mp4", *late, "-c:v", "copy", *AAC, "-ar", "16000", "shifted.mp4")
    yield "sound-that-sets-in-late", film(data, seconds=SECONDS + 1, symbols=[], frame=2 * PICTURE)
    two = shop.make(*sight, "-i", "both.wav", *H264, *AAC, "-ar", "48000", "stereo.mp4")
    yield "film-in-stereo", film(two, channels=2, symbols=expected_symbols(2, SECONDS))


# --- damage ------------------------------------------------------------------------------------


def build_damaged(whole: dict[str, Piece]) -> dict[str, tuple[bytes, Piece]]:
    """What must never be archived: damaged bytes, and the whole file that they were."""
    cuts: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
        "mdat-cut": ("moov-at-the-beginning", lambda data: data[: len(data) * 6 // 10]),
        "the-last-byte-missing": ("moov-at-the-beginning", lambda data: data[:-1]),
        "moov-cut": ("moov-at-the-end", lambda data: data[: data.index(b"moov") + 200]),
        "moov-missing": ("moov-at-the-end", lambda data: data[: data.index(b"moov") - 4]),
        "fragment-cut": ("fragmented", lambda data: data[: data.rindex(b"mdat") + 100]),
        "hole-of-zeros-in-a-film": ("moov-at-the-beginning", zero_middle),
        "end-of-a-film-in-zeros": ("moov-at-the-end", lambda data: zero_end(data)),
        "WAV-cut": ("stereo-WAV", lambda data: data[: len(data) * 9 // 10]),
        "WAV-without-samples": ("mono-WAV", empty_wav),
        "M4A-cut": ("AAC-with-priming", lambda data: data[: len(data) * 9 // 10]),
        "MP3-cut": ("variable-MP3-with-a-Xing-header", lambda data: data[: len(data) // 2]),
        "FLAC-cut": ("FLAC", lambda data: data[: len(data) // 2]),
        "nothing-but-a-head": ("moov-at-the-end", lambda data: data[: data.index(b"mdat") + 4]),
        "garbage-after-a-film": ("moov-at-the-end", lambda data: data + b"garbage!" * 8),
    }
    return {name: (spoil(whole[of].data), whole[of]) for name, (of, spoil) in cuts.items()}


def zero_middle(data: bytes) -> bytes:
    """A tenth of the bytes, in the middle, are zeros: a disk's sector that was never written."""
    first, length = len(data) // 2, len(data) // 10
    return data[:first] + bytes(length) + data[first + length :]


def zero_end(data: bytes) -> bytes:
    """Everything after the middle of the packets is zeros, as after a crash."""
    middle = (data.index(b"mdat") + data.index(b"moov")) // 2
    return data[:middle] + bytes(len(data) - middle)


def empty_wav(data: bytes) -> bytes:
    """The head of a WAV that says that it has no samples."""
    at = data.index(b"data")
    return data[:4] + struct.pack("<I", at) + data[8:at] + b"data" + bytes(4)
