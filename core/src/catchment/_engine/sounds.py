"""Which sound files of an interaction count, and which wall time each of them covers.

Platforms tell time lines, files play for as long as they play: what is put together from files
stands on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from catchment._catalogue.files import KnownFile
from catchment.model import Json, Window

_PADDING = timedelta(milliseconds=100)
"""What encoders add at both ends, and nobody hears."""

_SLACK = timedelta(seconds=2)
"""How far a file may differ from the length of its time line and still be placed by it."""


def find_sounds(files: Sequence[KnownFile]) -> dict[tuple[int, str], KnownFile]:
    """The newest version of each archived original that is sound alone.

    Args:
        files: Versions of one file in rising order.

    Returns:
        The files by the row id of their recording and the platform's id of the file.
    """
    newest: dict[tuple[int, str], KnownFile] = {}
    for file in files:
        measured = file.measured if file.state == "archived" and not file.recipe else None
        if measured and measured.audio and not measured.video:
            newest[file.recording_id, file.file_id] = file
    return newest


def read_line(file: KnownFile, began: datetime) -> tuple[Window, ...]:
    """The wall time that *file* covers, as long as it really plays.

    Args:
        file: An archived sound file.
        began: When its recording began: where it stands if it tells no time line.
    """
    assert file.measured is not None
    plays = file.measured.duration or timedelta()
    told = file.described.timeline
    if not told.stretches:
        return (Window(began, began + plays),)
    first, last = told.stretches[0], told.stretches[-1]
    short = plays - told.length
    if abs(short) <= _PADDING:
        return told.stretches
    if abs(short) > _SLACK or last.length + short <= timedelta():
        return (Window(first.start, first.start + plays),)
    return (*told.stretches[:-1], Window(last.start, last.end + short))


def list_offsets(line: Sequence[Window]) -> Iterator[tuple[timedelta, Window]]:
    """The stretches of a file's *line*, each with where it begins inside the file."""
    begins = timedelta()
    for stretch in line:
        yield begins, stretch
        begins += stretch.length


def list_gaps(stretches: Sequence[Window]) -> tuple[Window, ...]:
    """When nothing was recorded between *stretches*, which are in order of their start."""
    gaps, end = [], stretches[0].end
    for stretch in stretches[1:]:
        if stretch.start > end:
            gaps.append(Window(end, stretch.start))
        end = max(end, stretch.end)
    return tuple(gaps)


def tell_gaps(gaps: Sequence[Window]) -> list[Json]:
    """Gaps as they stand beside what was put together."""
    return [{"start": gap.start.isoformat(), "end": gap.end.isoformat()} for gap in gaps]
