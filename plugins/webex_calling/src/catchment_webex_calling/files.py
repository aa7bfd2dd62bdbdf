"""The files of a recording, in our words: sound, transcript, and how to get them (1.4).  Pure.

Links are minted by each request for the details and carry their own right: no bearer is sent with
them.  That the whole object is missing is a matter of permission, or of time (4, rows 1 and 3).
"""

from __future__ import annotations

from catchment.model import Json, MediaFile, Way
from catchment.payloads import read_as
from catchment_webex_calling.payloads import Item, Metadata
from catchment_webex_calling.timeline import build_timeline

AUDIO = "audio"
TRANSCRIPT = "transcript"
COMPLIANCE = "spark-compliance:recordings_read"


def map_files(
    details: Json, metadata: Json | None, *, young: bool, exact_size: bool = True
) -> tuple[MediaFile, ...]:
    """Sound and transcript of a recording, as its *details* tell them.

    Args:
        details: The answer of 1.4, with links.
        metadata: That of 1.5, where it could be had; it tells what was paused.
        young: What is missing may still be made.
        exact_size: Hand on the told size as one that must be met.
    """
    item = read_as(Item, details)
    audio = _map_audio(item, read_as(Metadata, metadata), young, exact_size)
    transcript = _map_transcript(item, young)
    return (audio, transcript) if transcript is not None else (audio,)


def _map_audio(item: Item, metadata: Metadata, young: bool, exact_size: bool) -> MediaFile:
    link = item.links.audio_download_link if item.links else ""
    known = (item.size_bytes or 0) > 0
    return MediaFile(
        file_id=AUDIO,
        kind="audio",
        form=item.format.lower() if item.format.isalnum() else "mp3",
        offered="ready" if link else "not_yet" if young else "failed",
        why="" if link else "Webex offers no link to the sound of this recording",
        ways=(Way(link, auth=False),) if link else (),
        timeline=build_timeline(item, metadata),
        size_bytes=item.size_bytes if known and exact_size else None,
        extra={"size_bytes_told": item.size_bytes} if known and not exact_size else {},
    )


def _map_transcript(item: Item, young: bool) -> MediaFile | None:
    """The transcript: named where there is one, or is announced by its language (1.3)."""
    link = item.links.transcript_download_link if item.links else ""
    if not link and not item.transcript_language:
        return None
    return MediaFile(
        file_id=TRANSCRIPT,
        kind="transcript",
        form="vtt",
        offered="ready" if link else "not_yet" if young else "failed",
        why="" if link else "Webex announces a transcript and offers no link to it",
        ways=(Way(link, auth=False),) if link else (),
        extra={"language": item.transcript_language} if item.transcript_language else {},
    )
