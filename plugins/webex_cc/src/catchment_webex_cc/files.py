"""The files of a task, in our words: the call, its consultations, transcripts (3).  Pure.

Captures are asked twice: the stitched recording is what is kept, and its pieces say which wall
time is in it.  What the stitched recording lacks is taken from the pieces (9).  Links are signed by
the object store, which refuses a bearer beside its own signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from catchment.model import Json, MediaFile, Ref, Timeline, Way, Window
from catchment_webex_cc.activities import CONNECTED, RECORDING, list_pauses, read_nodes, read_state
from catchment_webex_cc.payloads import Capture, Captures, Node, Task, Transcription
from catchment_webex_cc.sightings import read_task
from catchment_webex_cc.stamps import write_ms

MAIN, SEGMENT, CONSULT, VIRTUAL = "main", "segment", "consult", "va"
TRANSCRIPT = "transcript"

_SHORT = timedelta(seconds=2)
"""Of a piece, so much may be in no stitched recording: the ends of both are not told alike."""

_SAME_MOMENT = timedelta(milliseconds=20)
"""Pieces no further apart follow one another without a break."""


def map_files(whole: Captures, pieces: Captures) -> tuple[MediaFile, ...]:
    """Every file of a task.

    Args:
        whole: What is answered with ``includeSegments: false``.
        pieces: The same with ``true``; it may repeat what is in no pieces.
    """
    told = {
        (one.id, bool(one.segment)): one for one in (*whole.recording, *pieces.recording) if one.id
    }
    calls: dict[str, list[Capture]] = {MAIN: [], SEGMENT: [], CONSULT: [], VIRTUAL: []}
    for capture in sorted(told.values(), key=_rank):
        calls[_sort(capture)].append(capture)
    mains = sorted(calls[MAIN], key=lambda one: (-_length(one), *_rank(one)))
    found = [
        _map_audio(one, MAIN if not place else f"{MAIN}-{one.id}", calls[SEGMENT])
        for place, one in enumerate(mains)
    ]
    found += [_map_audio(one, f"{SEGMENT}-{one.id}") for one in _stick_out(mains, calls[SEGMENT])]
    for name in (CONSULT, VIRTUAL):
        found += [_map_audio(one, f"{name}-{one.id}") for one in calls[name]]
    return (*found, *_map_transcripts(whole.transcription or pieces.transcription))


def _sort(capture: Capture) -> str:
    kind = capture.attributes.call_type.lower()
    if kind.startswith("va"):
        return VIRTUAL
    if kind == CONSULT:
        return CONSULT
    return SEGMENT if capture.segment else MAIN


def _rank(capture: Capture) -> tuple[int, str]:
    start = capture.attributes.start_time
    return (write_ms(start) if start else 0), capture.id


def _length(capture: Capture) -> float:
    window = read_window(capture)
    return window.length.total_seconds() if window else 0.0


def read_window(capture: Capture) -> Window | None:
    """From when to when it was recorded, where both are told and in order."""
    start, stop = capture.attributes.start_time, capture.attributes.stop_time
    return Window(start, stop) if start and stop and start <= stop else None


def _stick_out(mains: Sequence[Capture], pieces: Sequence[Capture]) -> list[Capture]:
    """Pieces of which something is in no stitched recording; all of them where there is none."""
    windows = sorted(
        (window for one in mains if (window := read_window(one))), key=lambda one: one.start
    )
    if not mains:
        return list(pieces)
    if not windows:
        return []
    return [
        piece
        for piece in pieces
        if (window := read_window(piece)) is not None and _find_bare(window, windows) > _SHORT
    ]


def _find_bare(window: Window, others: Sequence[Window]) -> timedelta:
    """How much of *window* is in none of *others*, which are sorted by start."""
    bare, at = timedelta(), window.start
    for other in others:
        bare += max(timedelta(), min(other.start, window.end) - at)
        at = max(at, min(other.end, window.end))
    return bare + (window.end - at)


def list_awaited(files: Sequence[MediaFile], task: Task) -> Iterator[MediaFile]:
    """The call itself, where other captures of *task* are there before it.

    ``recordingCount`` may count pieces, stitched recordings, or both (2.6 does not say): as long as
    there are pieces, only a count above everything that is there means that the call is missing.
    A virtual agent's part is all that there is of a call that nobody else took.
    """
    sounds = [file.file_id.partition("-")[0] for file in files if file.kind == "audio"]
    if not sounds or MAIN in sounds:
        return
    taken = bool(task.last_agent.id or task.last_agent.name or (task.connected_count or 0) > 0)
    expected = taken or (task.capture_requested is True and CONSULT in sounds)
    if expected and (SEGMENT not in sounds or (task.recording_count or 0) > len(sounds)):
        yield MediaFile(
            file_id=MAIN,
            kind="audio",
            form="wav",
            offered="not_yet",
            why="the contact center offers parts of the recording, and not yet the call itself",
        )


def _map_audio(capture: Capture, file_id: str, pieces: Sequence[Capture] = ()) -> MediaFile:
    told = capture.attributes
    sides = tuple(Ref("side", side) for side in (told.channel1, told.channel2) if side)
    form = told.file_name.rpartition(".")[2].lower()
    return MediaFile(
        file_id=file_id,
        kind="audio",
        form=form if form in ("wav", "mp3", "m4a") else "wav",
        offered="ready" if told.file_path else "not_yet",
        why="" if told.file_path else "the contact center offers no link to this recording yet",
        ways=(Way(told.file_path, auth=False),) if told.file_path else (),
        channels=sides,
        timeline=build_timeline(read_window(capture), pieces),
        name=told.file_name or None,
        extra=_describe(capture),
    )


def _describe(capture: Capture) -> Json:
    """What is worth keeping beside the file; the customer's address is masked already (3)."""
    told = capture.attributes
    stamps = {"startTime": told.start_time, "stopTime": told.stop_time}
    return {
        "id": capture.id,
        "callType": told.call_type,
        "segment": bool(capture.segment),
        "participants": list(told.participants),
        **{name: write_ms(stamp) for name, stamp in stamps.items() if stamp},
    }


def build_timeline(window: Window | None, pieces: Sequence[Capture]) -> Timeline:
    """Which wall time is in the file: its own, without what lies between the pieces.

    Only that is a pause.  Before the first piece that is told and after the last one, pieces may be
    missing, and the sound is there all the same.
    """
    if window is None:
        return Timeline()
    stretches: list[Window] = []
    for piece in pieces:
        one = read_window(piece)
        if one is None or one.end <= window.start or one.start >= window.end:
            continue
        start, end = max(one.start, window.start), min(one.end, window.end)
        if stretches and start - stretches[-1].end <= _SAME_MOMENT:
            stretches[-1] = Window(stretches[-1].start, max(end, stretches[-1].end))
        else:
            stretches.append(Window(start, end))
    if not stretches:
        return Timeline((window,), "declared")
    stretches[0] = Window(window.start, stretches[0].end)
    stretches[-1] = Window(stretches[-1].start, window.end)
    return Timeline(tuple(stretches), "declared")


def _map_transcripts(told: Sequence[Transcription]) -> Iterator[MediaFile]:
    for place, one in enumerate(told):
        yield MediaFile(
            file_id=TRANSCRIPT if not place else f"{TRANSCRIPT}-{place + 1}",
            kind="transcript",
            form="json",
            offered="ready" if one.file_path else "not_yet",
            why="" if one.file_path else "the contact center offers no link to the transcript yet",
            ways=(Way(one.file_path, auth=False),) if one.file_path else (),
            name=one.file_name or None,
            extra={"language": one.language_code, "provider": one.provider},
        )


# --- earlier generations --------------------------------------------------------------------------


def map_session_file(
    session: Json | None, chain: Json | None, ways: tuple[Way, ...] = ()
) -> MediaFile:
    """The one file of a session of an earlier generation (7.4).

    When it begins is not told: with the first activity that says so, and without the pauses
    (:func:`find_beginning`).  It
    is described from documents alone, so that a later generation can describe it likewise.
    """
    return MediaFile(
        file_id=MAIN,
        kind="audio",
        form="wav",
        ways=ways,
        timeline=_guess_timeline(session, chain),
    )


def _guess_timeline(session: Json | None, chain: Json | None) -> Timeline:
    task, nodes = read_task(session), read_nodes(chain)
    start, end = find_beginning(nodes) or task.created_time, task.ended_time
    if start is None or end is None or end <= start:
        return Timeline()
    stretches: list[Window] = []
    at: datetime = start
    for pause_start, pause_end in sorted(list_pauses(nodes)):
        if at < pause_start < end:
            stretches.append(Window(at, pause_start))
        at = max(at, min(pause_end, end))
    if at < end:
        stretches.append(Window(at, end))
    return Timeline(tuple(stretches), "guessed")


def find_beginning(nodes: Sequence[Node]) -> datetime | None:
    """When recording began, by the first activity that says so: with the first answer."""
    begins = [
        node.created_time
        for node in nodes
        if node.created_time and read_state(node.event_name) in (RECORDING, CONNECTED)
    ]
    return min(begins, default=None)
