"""The files of a recording: as the platform describes them, and as they turned out to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from catchment.model._words import BadValue, Json, Ref, Window, check_known

Kind = Literal["audio", "video", "screen", "chat", "transcript", "captions", "attachment"]
Certainty = Literal["exact", "declared", "guessed"]
Origin = Literal["original", "derived"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to get the bytes of a file.

    Attributes:
        url: Where; it may hold a signature, so it is never logged and never archived.
        method: The HTTP method.
        headers: Further headers.  Never a token: that is what ``auth`` is for.
        auth: Send the bearer of the adapter's ``credentials()``, and that only where its
            ``token_hosts()`` allow it, judged anew at each redirect; where there is no bearer,
            nothing is sent.  It goes into the headers that the client's does
            (:class:`catchment.transport.OwnHeaders`).
        ranged: The platform honours ``Range``: ``True``, ``False``, or ``None`` where unknown.
        piece_bytes: Where the platform gives no more than so many bytes at once: the file is
            asked for in pieces of this size, each with its ``Range`` and each a request that
            counts against the budget.  ``None`` asks for all at once.
        size_header: A header that tells the size of the whole file in bytes, in any case of its
            letters, where the usual headers do not (``"x-ms-file-size"``).
        budget: The adapter's budget that requests along this way count against, and that waits when
            one of them is told to: that of its clients where the file lies behind the same limit as
            the interface.  Without a name it is the one for downloads.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: bool = True
    ranged: bool | None = None
    piece_bytes: int | None = None
    size_header: str = ""
    budget: str = ""

    def __post_init__(self) -> None:
        if self.piece_bytes is None:
            return
        if self.piece_bytes < 1:
            raise BadValue("Way.piece_bytes must be at least 1, or None for all bytes at once")
        if self.ranged is False:
            raise BadValue("Way.piece_bytes needs ranges, and Way.ranged says that there are none")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Which stretches of wall time a file covers, pauses cut out.

    Attributes:
        stretches: One window per stretch, in order.
        certainty: ``"exact"`` is checked against the measured duration and a file that does not
            fit is refused, ``"declared"`` is checked and a difference is noted, ``"guessed"`` is
            not checked.
    """

    stretches: tuple[Window, ...] = ()
    certainty: Certainty = "guessed"

    def __post_init__(self) -> None:
        check_known("Timeline.certainty", self.certainty, get_args(Certainty))

    @property
    def length(self) -> timedelta:
        """How long the file must be: the sum of its stretches."""
        return sum((stretch.length for stretch in self.stretches), timedelta())

    @property
    def start(self) -> datetime | None:
        """When the first stretch begins."""
        return self.stretches[0].start if self.stretches else None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file that the platform holds for a recording, described and not yet downloaded.

    Attributes:
        file_id: The platform's id of the file, unique within the recording.
        kind: What it is.
        form: The format, as a lower-case file extension: ``"mp4"``, ``"vtt"``.
        offered: ``"ready"``, ``"not_yet"`` while the platform works on it, ``"failed"`` when the
            platform says that it will never come.
        why: The reason when it is not ready.
        ways: Ways to the bytes in order of preference.
        inline: The bytes themselves, where the platform hands them out inside a document.
        of: Whose stream it is, when it is one party's; ``None`` for the whole.
        channels: Who is heard on which channel, where known.
        timeline: Which wall time it covers.
        size_bytes: The exact size, where told.
        sha256: Hex digest, where told by a platform whose word can be relied on.
        claimed_sha256: Hex digest that is only compared and noted, never a reason to refuse.
        media_type: The MIME type, where told.
        name: A file name for people, where told; only a label.
        extra: Anything else worth keeping beside the file in the manifest, as plain JSON values.
    """

    file_id: str
    kind: Kind
    form: str
    offered: Literal["ready", "not_yet", "failed"] = "ready"
    why: str = ""
    ways: tuple[Way, ...] = ()
    inline: bytes | None = field(default=None, repr=False)
    of: Ref | None = None
    channels: tuple[Ref, ...] = ()
    timeline: Timeline = Timeline()
    size_bytes: int | None = None
    sha256: str | None = None
    claimed_sha256: str | None = None
    media_type: str | None = None
    name: str | None = None
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_known("MediaFile.kind", self.kind, get_args(Kind))
        check_known("MediaFile.offered", self.offered, ("ready", "not_yet", "failed"))


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found out about stored bytes by looking at them.

    Attributes:
        format: The container, in ffmpeg's words (``"mov,mp4,m4a,3gp,3g2,mj2"``); empty for text.
        duration: How long it plays; ``None`` for what does not play.
        audio: Channels of each audio stream, in order.
        video: ``(width, height)`` of each video stream, in order.
    """

    format: str = ""
    duration: timedelta | None = None
    audio: tuple[int, ...] = ()
    video: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a bundle: what the platform said of it, and what its bytes turned out to be."""

    recording_id: str
    file_id: str
    version: int
    kind: Kind
    form: str
    origin: Origin
    recipe: str
    sha256: str
    size_bytes: int
    of: Ref | None
    timeline: Timeline
    measured: Measured

    def __post_init__(self) -> None:
        check_known("StoredFile.kind", self.kind, get_args(Kind))
        check_known("StoredFile.origin", self.origin, get_args(Origin))
