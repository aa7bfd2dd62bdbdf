"""The words of Catchment as values: what adapters give and get, and nothing that does I/O.

Times are aware UTC datetimes, durations are :class:`~datetime.timedelta`, sizes are bytes, and
ids of platforms are opaque strings that are compared and never parsed.

The order below is the way of a recording: where it is listed, what is listed, what its fetch
answers, which files it has, and what the interaction becomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, get_args

Json = Mapping[str, Any]
"""One JSON object of a platform, verbatim: parsed, but nothing renamed, added or left out."""


class BadValue(ValueError):
    """A value that cannot be, refused where it is made: later nobody knows who made it.

    The sentence is ours and names no more than the field and what stood in it, so that it can be
    shown to people, as what foreign code says cannot.
    """


_PERIOD = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MOST_QUOTED = 40
"""So many characters of a wrong value are shown: what it really is, nobody knows."""


def period(text: str | timedelta) -> timedelta:
    """Read a length of time such as ``"10m"``, ``"3h"``, ``"30d"`` or ``"1h30m"``.

    Raises:
        BadValue: *text* is not made of numbers followed by s, m, h or d.
    """
    if isinstance(text, timedelta):
        return text
    compact = text.replace(" ", "")
    found = _PERIOD.findall(compact)
    if not found or "".join(number + unit for number, unit in found) != compact:
        raise BadValue(f"{text!r} is not a length of time; write for example 10m, 3h or 30d")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in found), timedelta())


class Clock(Protocol):
    """Where time comes from.  Tests and sandboxes put a virtual one in its place."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Let *seconds* of this clock's time pass."""
        ...


def _check_aware(what: str, *moments: datetime | None) -> None:
    """Refuse times without a zone.

    Raises:
        BadValue: One of *moments* is naive.
    """
    for moment in moments:
        if moment is not None and moment.tzinfo is None:
            raise BadValue(f"{what} needs aware times, and {moment} has no time zone")


def _check_known(what: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse a word that the catalogue and whoever reads it would not understand.

    Raises:
        BadValue: *value* is none of *allowed*.
    """
    if value not in allowed:
        words = ", ".join(map(repr, allowed))
        raise BadValue(f"{what} cannot be {repr(value)[:_MOST_QUOTED]}, only one of {words}")


# --- listings -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time: ``start`` belongs to it, ``end`` does not."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        _check_aware("a window", self.start, self.end)
        if self.end < self.start:
            raise BadValue(f"a window cannot end ({self.end}) before it starts ({self.start})")

    @property
    def length(self) -> timedelta:
        """How long the window is."""
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}..{self.end:%Y-%m-%dT%H:%M:%SZ}"


_NEEDED = ("every", "max_window", "horizon", "resolution")
"""Lengths of a feed that cannot be nothing: it would be asked without end, or never."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One listing of a source, with its own limits and rhythm.

    Lengths of time are written as in :func:`period`.

    Attributes:
        name: How the feed is called in the catalogue, in ``status`` and in ``Span.feed``.
        every: How often it is asked for what is new.
        max_window: The longest window that one request may name.
        lookback: How often to look how far back for what came late, as a ladder:
            ``{"10m": "3h", "24h": "30d"}``.
        settle: How far the end of a window stays behind the platform's clock, so that rows that
            the platform is still writing are not passed over.
        horizon: The age of the oldest moment that may still be asked.
        resolution: The platform's grain.  Windows are cut on it and overlap by one.
        by: Which time of a recording the feed lists by, for people: ``"completion"``.
        lists: What it lists, where several feeds list the same in different ways; they close each
            other's gaps.  The feed's own name, if left out.
        lag: How much later than its start a recording is normally listed.  The watermark stays
            this far behind the frontier, so that what is normal is not reported as late.
    """

    name: str
    every: str
    max_window: str
    lookback: Mapping[str, str] = field(default_factory=dict)
    settle: str = "0s"
    horizon: str = "30d"
    resolution: str = "1s"
    by: str = "start"
    lists: str = ""
    lag: str = "0s"

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name:
            raise BadValue(f"a feed cannot be called {self.name!r}")
        lengths = [(name, getattr(self, name)) for name in _NEEDED]
        lengths += [("lookback", length) for step in self.lookback.items() for length in step]
        for name, length in lengths:
            if period(length) <= timedelta():
                raise BadValue(f"the feed {self.name} needs more than {length!r} as its {name}")
        for length in (self.settle, self.lag):
            period(length)


@dataclass(frozen=True, slots=True)
class Budget:
    """How often a platform may be asked: *rate* requests *per* period, of which we take *share*.

    The platform counts all programs of an account together, so a good citizen leaves room.
    """

    rate: float
    per: str = "1s"
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.rate <= 0 or not 0 < self.share <= 1 or period(self.per) <= timedelta():
            raise BadValue(f"{self} is no budget: it would never allow a request")


@dataclass(frozen=True, slots=True)
class Span:
    """What one call of ``poll`` shall list: a window of one feed and partition.

    ``cursor`` is ``None`` for the first page, else the cursor of the last page that was committed.
    """

    feed: str
    partition: str
    window: Window
    cursor: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """An id that recordings and facts of one interaction share: ``(space, value)``.

    A row with two keys joins two interactions.  Spaces are chosen by the adapter
    (``"meeting"``, ``"session"``) and belong to one source: two sources never share a key.
    """

    space: str
    value: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """The platform offers a recording.

    Attributes:
        external_id: The platform's id of the recording, unique within the account.
        occurred_at: When what was recorded began; the watermark is told in this time.
        keys: What the recording shares with others of its interaction; at least one.
        revision: Changes whenever metadata or files may have changed.  The same revision again
            is no work.  Never contains links, which change by themselves.
        offered: ``"ready"`` when there may be something to fetch; ``"not_yet"`` while the
            platform is still working on it.
        document: The row of the listing, verbatim, kept under the name ``"listing"``.
    """

    external_id: str
    occurred_at: datetime
    keys: tuple[Key, ...]
    revision: str
    offered: Literal["ready", "not_yet"] = "ready"
    document: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_aware("a sighting", self.occurred_at)
        if not self.keys:
            raise BadValue("a sighting needs at least one key")
        _check_known("Sighting.offered", self.offered, ("ready", "not_yet"))


ABSENCES = ("unanswered", "not recorded", "failed", "refused", "paused", "external")
"""Kinds of gap that an adapter may tell of a fact; ``report`` adds its own, such as ``missing``."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What the platform's books say that is not a recording: a call record, a task, a meeting.

    Attributes:
        kind: What sort of row it is, in the platform's words: ``"cdr"``, ``"activity"``.
        fact_id: Unique within the source and kind.
        at: When it happened.
        keys: What it shares with recordings and other facts.
        expects: Why a recording should exist (``"answered"``); empty when none is expected.
            A fact that expects one and finds none by key within ``patience`` is a gap.
        absence: If no recording can be expected, the kind of gap that people should see all the
            same, one of :data:`ABSENCES`; empty where there is nothing to see.
        ask: The id under which ``recover`` finds what is missing: empty for the fact's own id,
            ``None`` where the platform cannot be asked by id and the time around ``at`` is listed
            again instead.
        document: The row, verbatim.
    """

    kind: str
    fact_id: str
    at: datetime
    keys: tuple[Key, ...]
    expects: str = ""
    absence: str = ""
    ask: str | None = ""
    document: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_aware("a fact", self.at)
        if self.absence:
            _check_known("Fact.absence", self.absence, ABSENCES)

    @property
    def asked_id(self) -> str | None:
        """The id under which ``recover`` is asked, where it can be asked by id."""
        return self.fact_id if self.ask == "" else self.ask


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing.

    Attributes:
        sightings: Recordings listed on this page; repeats and any order are allowed.
        facts: Rows of the platform's books on this page.
        covers: The window that the platform says it answered for, where it says so.  The frontier
            moves to its end, not to what was asked.
        cursor: Where the next page starts.
        total: How many rows (sightings and facts) the whole listing has.  Told from the first page
            on or not at all; it is checked.
        last: This page is the last one.  A poll that ends without it has failed.
    """

    sightings: tuple[Sighting, ...] = ()
    facts: tuple[Fact, ...] = ()
    covers: Window | None = None
    cursor: str | None = None
    total: int | None = None
    last: bool = False


# --- recordings and what is asked about them -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recording:
    """What a hook is told about a recording that the ledger knows.

    Attributes:
        external_id: The platform's id.
        occurred_at: When what was recorded began.
        keys: All keys known so far.
        revision: The newest revision seen.
        seen_at: When a listing or a fetch last told us about it.
        documents: The platform's documents by name, newest of each; ``"listing"`` is the row.
    """

    external_id: str
    occurred_at: datetime
    keys: tuple[Key, ...] = ()
    revision: str = ""
    seen_at: datetime | None = None
    documents: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Recordings to be asked about in one go; never more than the adapter's ``batch`` allows.

    Attributes:
        recordings: The recordings, each once.
        now: The platform's time at which the question is asked.
        renew: Only for ``fetch_media``: links that the documents hold are too old or dead, so
            the platform must be asked again.
    """

    recordings: tuple[Recording, ...]
    now: datetime
    renew: bool = False

    def __iter__(self) -> Iterator[Recording]:
        return iter(self.recordings)

    def __len__(self) -> int:
        return len(self.recordings)

    @property
    def ids(self) -> list[str]:
        """The platform's ids of the recordings."""
        return [recording.external_id for recording in self.recordings]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer for one item of a batch.

    Attributes:
        subject: The recording of the batch, or the id that a person asked for (``recover``).
    """

    subject: Recording | str

    @property
    def item_id(self) -> str:
        """The id of the item that this answers."""
        return self.subject if isinstance(self.subject, str) else self.subject.external_id


@dataclass(frozen=True, slots=True)
class Ready(Outcome):
    """The platform answered.

    Attributes:
        documents: From ``fetch_metadata``: documents by name, verbatim.
        keys: Further keys that the documents gave.
        files: From ``fetch_media``: every file of the recording, also those not ready yet.
        sightings: From ``recover``: the recordings found under the id that was asked for.
    """

    documents: Mapping[str, Json] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    files: tuple[MediaFile, ...] = ()
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class NotYet(Outcome):
    """Nothing yet, for the reason given; asked again until ``patience`` is over, then gone."""

    why: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Nothing(Outcome):
    """There is nothing and there will be nothing; the recording is gone, with this reason."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Denied(Outcome):
    """The credential may not see this one item; it is parked for a person, with this reason."""

    why: str = ""


# --- files -----------------------------------------------------------------------------------

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
        auth: Send the source's bearer, and that only to hosts of the source's list, judged anew
            at each redirect.
        ranged: The platform honours ``Range``: ``True``, ``False``, or ``None`` where unknown.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: bool = True
    ranged: bool | None = None


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
        _check_known("Timeline.certainty", self.certainty, get_args(Certainty))

    @property
    def length(self) -> timedelta:
        """How long the file must be: the sum of its stretches."""
        return sum((stretch.length for stretch in self.stretches), timedelta())

    @property
    def start(self) -> datetime | None:
        """When the first stretch begins."""
        return self.stretches[0].start if self.stretches else None


@dataclass(frozen=True, slots=True)
class Ref:
    """A person named by reference, ``Ref("user", "abc")``; the directory knows all ids of one."""

    space: str
    value: str


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
        _check_known("MediaFile.kind", self.kind, get_args(Kind))
        _check_known("MediaFile.offered", self.offered, ("ready", "not_yet", "failed"))


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
        _check_known("StoredFile.kind", self.kind, get_args(Kind))
        _check_known("StoredFile.origin", self.origin, get_args(Origin))


# --- interactions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything known under the keys of one interaction, for ``map_metadata``.

    Order carries no meaning; the mapping must give the same draft whatever the order.

    Attributes:
        recordings: With all their documents.
        facts: Rows of the platform's books that share a key.
        files: Files archived so far, measured.
        timezone: IANA name of the source's time zone, for local days.
    """

    recordings: tuple[Recording, ...]
    facts: tuple[Fact, ...] = ()
    files: tuple[StoredFile, ...] = ()
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Party:
    """Someone, or something, that took part.

    Attributes:
        party_id: Unique within the draft and stable whenever it is mapped again.
        role: In the platform's sense: ``host``, ``participant``, ``agent``, ``customer``.
        ref: Who it is in the directory; ``None`` for people outside.
        name: Display name; empty when unknown.
        email: Address; empty when unknown.
        tel: Telephone number as received; empty when unknown.
    """

    party_id: str
    role: str
    ref: Ref | None = None
    name: str = ""
    email: str = ""
    tel: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """One party's connection.

    Attributes:
        leg_id: Unique within the draft and stable.
        party_id: Whose connection.
        start: When it began; ``None`` if the platform does not say.
        end: When it ended.
        holds: When the party was on hold.
    """

    leg_id: str
    party_id: str
    start: datetime | None = None
    end: datetime | None = None
    holds: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        _check_aware("a leg", self.start, self.end)


@dataclass(frozen=True, slots=True)
class Contact:
    """One agent's part of an interaction.

    Attributes:
        contact_id: Unique within the draft and stable; contacts match by it when mapped again.
        agent: ``party_id`` of the agent (of a meeting: of its host).
        start: When the agent's part began.
        end: When it ended.
        legs: ``leg_id`` of the legs that belong to it.
        queue: Name or id of the queue; empty when there was none.
        wrap_up: What the agent said it was about; empty when nothing.
        custom: Further attributes, names and values as received.
    """

    contact_id: str
    agent: str
    start: datetime
    end: datetime | None = None
    legs: tuple[str, ...] = ()
    queue: str = ""
    wrap_up: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_aware("a contact", self.start, self.end)


@dataclass(frozen=True, slots=True)
class InteractionDraft:
    """What an interaction is, as the adapter reads its documents.

    Attributes:
        kind: ``"meeting"``, ``"webinar"``, ``"call"``.
        external_id: The platform's id for people to recognise it by.
        started_at: When it began.
        ended_at: When it ended, if known.
        subject: Topic; empty when there is none.
        direction: ``inbound``, ``outbound``, ``internal``; empty when it has none.
        ani: Calling number as received.
        dnis: Called number as received.
        associated_id: What all contacts of one call share (*associated call id*).
        parties: Everyone who took part, the owner first.
        legs: Connections.
        contacts: One per agent; a meeting has one, its host's.
        custom: Further attributes, searchable, names and values as received.
        mapper: Name and version of the mapping, kept in the manifest; the engine sets it to the
            adapter's ``mapper``.
    """

    kind: str
    external_id: str
    started_at: datetime
    ended_at: datetime | None = None
    subject: str = ""
    direction: str = ""
    ani: str = ""
    dnis: str = ""
    associated_id: str = ""
    parties: tuple[Party, ...] = ()
    legs: tuple[Leg, ...] = ()
    contacts: tuple[Contact, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)
    mapper: str = ""

    def __post_init__(self) -> None:
        _check_aware("an interaction", self.started_at, self.ended_at)


# --- accounts, people, checks ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """Who the platform says we are; ``account_id`` is pinned at first contact."""

    account_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the platform's directory.

    Attributes:
        refs: All ids of the person, the stable one first.
        active: ``False`` for people who left; they are kept, never deleted.
    """

    refs: tuple[Ref, ...]
    name: str = ""
    email: str = ""
    team: str = ""
    active: bool = True


Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``catchment check``.

    Attributes:
        what: What was tried, in a few words.
        verdict: ``pass``, ``warn`` or ``fail``.
        detail: What came of it.
        remedy: What to do, unless it passed.
    """

    what: str
    verdict: Verdict
    detail: str = ""
    remedy: str = ""

    def __post_init__(self) -> None:
        _check_known("Finding.verdict", self.verdict, get_args(Verdict))


@dataclass(frozen=True, slots=True)
class Event:
    """A webhook as it arrived, for ``receive_event``; ``body`` is the bytes that were signed."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """What to answer to a webhook, and which recordings it hints at."""

    status: int = 200
    body: Json | None = None
    hints: Sequence[str] = ()
