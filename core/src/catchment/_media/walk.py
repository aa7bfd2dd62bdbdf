"""Reads a media file to its last packet, so that only whole files are archived.

Most files are proved whole by their own tables (:mod:`catchment._media.ordinary`).  All others
ffmpeg reads.  ffprobe does not come with every ffmpeg, and headers may announce what is not there.
So it copies every packet, and nothing else, through its ``framecrc`` muxer: one line per packet
with stream, times, size and checksum.  What is measured is what was really read.

Relied on, and checked with ffmpeg 9.0: the ``#key stream: value`` header lines of framecrc
(``channel_layout_name`` is there in every release since 3.4), its six comma-separated columns,
``-v level+info``, and the lines ``Input #0, FORMAT, from`` and ``Duration:``.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from catchment._media.boxes import check_boxes
from catchment._media.ordinary import read_ordinary
from catchment._media.tool import Ffmpeg, Report, file_url
from catchment.errors import Corrupt
from catchment.model import Measured

# Only containers that hold their own media: a playlist under the name of a film must not make
# ffmpeg open other files.
_FORMATS = "mov,matroska,webm,mp3,wav,w64,aac,ogg,flac,aiff,au,amr,asf,avi,mpegts,mpeg,flv,caf"
INPUT: dict[str, str] = {"format_whitelist": _FORMATS}
"""Options of an input whose bytes came from outside, as ffmpeg-python takes them."""

PACKETS = ("-c", "copy", "-flush_packets", "0", "-f", "framecrc", "pipe:1")
"""An output that lists the packets, for :meth:`Tally.read_line`; many lines at a time."""

_PLAYS = ("-map", "0:V?", "-map", "0:a?")  # V: films, not the cover picture of a song
_ALL = (*_PLAYS, "-map", "0:s?", "-map", "0:d?")  # subtitles and data can be cut as well
_GLANCE = ("-map", "0:V:0", "-c", "copy", "-frames:v", "1", "-f", "null", "-")
_TIME_LIMIT = timedelta(minutes=10)
_RATE_FLOOR_BYTES = 4 * 1024 * 1024  # per second; slower than any disk that still works
_DECODE_FACTOR = 4
_NO_TIME = -(2**63)
_SHORT = timedelta(seconds=0.5)
_HEADER = re.compile(r"#(\w+) (\d+): (.*)")
_INPUT = re.compile(r"Input #0, (\S+), from ")
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?),")
_BEGINS = re.compile(r"Duration: [^,]+, start: (-?\d+\.\d+)")
_GUESSED = "Estimating duration from bitrate"
_LAYOUTS = {"mono": 1, "stereo": 2, "downmix": 2, "binaural": 2, "quad": 4, "cube": 8}
_LAYOUTS |= {"hexagonal": 6, "octagonal": 8, "hexadecagonal": 16}


@dataclass(slots=True)
class Stream:
    """What was read of one stream.

    Attributes:
        media: ``"audio"``, ``"video"``, or what else ffmpeg calls it.
        codec: Name of the codec.
        channels: Of audio.
        size: ``(width, height)`` of video.
        time_base: Seconds of one tick.
        packets: How many.
        size_bytes: Of all packets together.
        digest: Changes with the order, size or content of any packet.
        start: Earliest presentation time, in ticks.
        end: Latest moment that a packet covers, in ticks.
        longest: The longest packet, in ticks: one frame.
    """

    media: str = ""
    codec: str = ""
    channels: int = 0
    size: tuple[int, int] = (0, 0)
    time_base: Fraction = Fraction(1, 1000)
    packets: int = 0
    size_bytes: int = 0
    digest: int = 0
    start: int = 0
    end: int = 0
    longest: int = 0

    @property
    def span(self) -> timedelta:
        """From the first packet to the end of the last."""
        return self.seconds(self.end - self.start)

    @property
    def frame(self) -> timedelta:
        """How long the longest packet lasts."""
        return self.seconds(self.longest)

    def seconds(self, ticks: int) -> timedelta:
        """Length of *ticks* of this stream."""
        return timedelta(seconds=float(ticks * self.time_base))


@dataclass(slots=True)
class Tally:
    """Counts packets as ffmpeg lists them; holds one small record per stream.

    Attributes:
        streams: By ffmpeg's number.
        at: How far reading has come.
        begins: The file's own time of its first packet, which ffmpeg counts as zero.
    """

    streams: dict[int, Stream] = field(default_factory=dict)
    at: timedelta = timedelta()
    begins: timedelta = timedelta()

    def read_line(self, line: str) -> None:
        """Take in one line of framecrc.

        Raises:
            ValueError: The line is not what framecrc writes.
        """
        if line.startswith("#"):
            if header := _HEADER.fullmatch(line):
                _read_header(self.streams.setdefault(int(header[2]), Stream()), *header.group(1, 3))
        elif line:
            self._read_packet(line)

    def _read_packet(self, line: str) -> None:
        number, dts, pts, duration, size, rest = line.split(",", 5)
        stream = self.streams.setdefault(int(number), Stream())
        start, length = int(pts), int(duration)
        if start == _NO_TIME:  # some containers only say when to decode
            start = int(dts)
        stream.start = min(stream.start, start) if stream.packets else start
        stream.end = max(stream.end, start + length) if stream.packets else start + length
        stream.longest = max(stream.longest, length)
        stream.packets += 1
        stream.size_bytes += int(size)
        stream.digest = zlib.crc32((size + rest[:11]).encode(), stream.digest)
        if stream.packets % 512 == 0:
            self.at = stream.seconds(stream.end)

    def of(self, media: str) -> list[Stream]:
        """The streams of one sort that hold anything, in order."""
        ordered = (self.streams[number] for number in sorted(self.streams))
        return [stream for stream in ordered if stream.media == media and stream.packets]

    @property
    def end(self) -> timedelta:
        """When the last packet of any stream ends."""
        held = (stream for stream in self.streams.values() if stream.packets)
        return max((stream.seconds(stream.end) for stream in held), default=timedelta())

    def measured(self, container: str) -> Measured:
        """What these packets are together."""
        plays = [*self.of("audio"), *self.of("video")]
        end = max((stream.seconds(stream.end) for stream in plays), default=timedelta())
        return Measured(
            format=container,
            duration=end,
            audio=tuple(stream.channels for stream in self.of("audio")),
            video=tuple(stream.size for stream in self.of("video")),
        )


def walk(ffmpeg: Ffmpeg, path: Path, *, decode: bool = False) -> Measured:
    """Read every packet of *path* and say what is in it; a damaged file does not pass.

    What :mod:`catchment._media.ordinary` can prove costs no walk: of a film ffmpeg then decodes
    the first pictures, as it does before every walk, and a sound it does not see at all.  Memory
    stays flat whatever the size.  A fragmented file that was cut exactly between two fragments is
    whole in itself: only its size or its hash can tell.

    Args:
        ffmpeg: The program.
        path: The file.
        decode: Also decode everything, which finds damage inside packets.

    Raises:
        Corrupt: Something is damaged, missing or empty; the message says what.
        Transient: ffmpeg was killed or took too long, which says nothing about the file.
    """
    measured = None if decode else read_ordinary(path)
    if measured is None:
        return walk_streams(ffmpeg, path, decode=decode)[0]
    if measured.video:
        arguments = [*_read_options(), "-i", file_url(path), *_GLANCE]
        _refuse_damage(_read(ffmpeg, arguments, _TIME_LIMIT, lambda _: None))
    return measured


def walk_streams(ffmpeg: Ffmpeg, path: Path, *, decode: bool = False) -> tuple[Measured, Tally]:
    """Like :func:`walk`, always by ffmpeg, with what was counted of each stream."""
    tally = Tally()
    arguments = [*_read_options(), "-i", file_url(path), *_ALL, *PACKETS]
    if decode:
        arguments += [*_PLAYS, "-f", "null", "-"]
    limit = walk_limit(path) * (_DECODE_FACTOR if decode else 1)
    report = _read(ffmpeg, arguments, limit, tally.read_line)
    _refuse_damage(report)
    container, begins = _INPUT.search(report.log), _BEGINS.search(report.log)
    tally.begins = timedelta(seconds=float(begins[1])) if begins else timedelta()
    measured = tally.measured(container[1] if container else "")
    _refuse_emptiness(measured)
    _refuse_shortness(report.log, tally.end)
    if measured.format.startswith("mov"):
        check_boxes(path)
    return measured, tally


def walk_limit(path: Path) -> timedelta:
    """How long reading the whole of *path* may take before something must be wrong."""
    return _TIME_LIMIT + timedelta(seconds=path.stat().st_size / _RATE_FLOOR_BYTES)


def _read_options() -> list[str]:
    return [word for name, value in INPUT.items() for word in (f"-{name}", value)]


def _read(
    ffmpeg: Ffmpeg, arguments: Sequence[str], limit: timedelta, on_line: Callable[[str], None]
) -> Report:
    try:
        return ffmpeg.read(arguments, time_limit=limit, on_line=on_line)
    except ValueError as error:
        raise Corrupt("ffmpeg lists packets that cannot be understood") from error


def _refuse_damage(report: Report) -> None:
    if report.problems:
        # The first names the damage, the ones after it only that it could not go on.
        raise Corrupt(f"the media is damaged: {report.problems[0]}")
    if report.exit_code != 0:
        raise Corrupt(f"ffmpeg could not read the media (exit code {report.exit_code})")


def _refuse_emptiness(measured: Measured) -> None:
    if not measured.audio and not measured.video:
        raise Corrupt("the media holds neither a packet of audio nor one of video")
    if not measured.duration or measured.duration <= timedelta():
        raise Corrupt("the media plays for no time at all")


def _refuse_shortness(log: str, end: timedelta) -> None:
    announced = _DURATION.search(log)
    if announced is None or _GUESSED in log:
        return
    hours, minutes, seconds = (float(number) for number in announced.groups())
    promised = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if end < promised - _SHORT:
        whole, played = promised.total_seconds(), end.total_seconds()
        raise Corrupt(f"the media is cut: it announces {whole:.2f} s and plays {played:.2f} s")


def _read_header(stream: Stream, key: str, value: str) -> None:
    if key == "media_type":
        stream.media = value
    elif key == "codec_id":
        stream.codec = value
    elif key == "tb":
        stream.time_base = Fraction(value)
    elif key == "dimensions":
        width, _, height = value.partition("x")
        stream.size = (int(width), int(height))
    elif key == "channel_layout_name":
        stream.channels = read_channels(value)


def read_channels(layout: str) -> int:
    """How many channels ffmpeg means by a layout such as ``stereo``, ``5.1(side)``, ``3 channels``.

    Zero when the name is not known.
    """
    word = layout.split("(")[0].strip().lower()
    if word in _LAYOUTS:
        return _LAYOUTS[word]
    counted = re.match(r"(\d+) channels", word)
    if counted:
        return int(counted[1])
    return sum(int(number) for number in re.findall(r"\d+", word))
