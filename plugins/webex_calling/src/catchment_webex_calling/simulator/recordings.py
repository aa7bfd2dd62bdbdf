"""Tells what was recorded as converged recordings (1.3, 1.4).

One for each recorded stretch of each recorded party: two colleagues who are both recorded leave two
files, a recorder that was stopped and started again leaves two of one owner (quirks 4, 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from catchment.model import Window
from catchment.sandbox import Call, Content, Faults, Recorded, Take, Written
from catchment_webex.simulator.ids import Ids, one_in
from catchment_webex_calling.simulator.halves import Half, Told
from catchment_webex_calling.simulator.owners import Directory, Owner
from catchment_webex_calling.simulator.switches import CallingSwitches
from catchment_webex_calling.simulator.texts import list_spoken, write_vtt

Act = Literal["bin", "restore", "purge", "erase", "reassign"]

_LATE = timedelta(hours=3)
_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False, slots=True)
class Recording:
    """One converged recording, with the moments at which each part of it can be had.

    Attributes:
        recording_id: As it is told (0).
        session: ``callSessionId`` as it is told.
        told: The call; ``half`` is the recorded party's side of it.
        owner: The first owner; it may be reassigned (quirk 10).
        cuts: Stretches that are not in the file.
        created_at: ``createTime``: when the file was produced, after the call.
        listed_at: When listings first tell of it.
        links_at: When details first have links.
        transcript_at: When the transcript is there; ``None`` when there is none.
        downloadable: Downloading is not disabled for it.
        fate: What its owner and the administrators will do with it, by time.
    """

    recording_id: str
    session: str
    told: Told
    half: Half
    recorded: Recorded
    owner: Owner
    topic: str
    cuts: tuple[Window, ...]
    created_at: datetime
    listed_at: datetime
    links_at: datetime
    transcript_at: datetime | None
    audio: Take
    transcript: Written | None
    downloadable: bool
    fate: tuple[tuple[datetime, Act, Owner | None], ...]

    @property
    def call(self) -> Call:
        """What really happened."""
        return self.told.call

    @property
    def recorded_at(self) -> datetime:
        """``timeRecorded``: when recording began."""
        return self.recorded.window.start

    @property
    def service(self) -> str:
        """``serviceType``: queue-owned recordings are another service (quirk 9)."""
        return "customerAssist" if self.owner.kind == "callQueue" else "calling"

    @property
    def key(self) -> str:
        """The session in 32 hex digits."""
        return self.half.session.replace("-", "")

    def content(self, kind: str, now: datetime) -> Content | None:
        """The file of *kind* (``audio`` or ``transcript``), if it is there at *now*."""
        if now < self.links_at:
            return None
        if kind == "audio":
            return self.audio
        if kind == "transcript" and self.transcript_at is not None and now >= self.transcript_at:
            return self.transcript
        return None


class Publisher:
    """Tells the recordings of calls; pure, apart from asking the faults."""

    def __init__(
        self, ids: Ids, directory: Directory, faults: Faults, switches: CallingSwitches
    ) -> None:
        self._ids, self._directory = ids, directory
        self._faults, self._switches = faults, switches

    def tell(self, told: Told) -> Iterator[Recording]:
        """All recordings of a call; they are published together when it is over (quirk 6)."""
        call, switches = told.call, self._switches
        drawn = 180 + self._ids.chance("recording delay", call.call_id) % 601
        delay = timedelta(seconds=switches.recording_delay_s or drawn)
        for recorded in call.recorded:
            yield self._tell(told, recorded, call.ended_at + delay)

    def _tell(self, told: Told, recorded: Recorded, created_at: datetime) -> Recording:
        ids, switches = self._ids, self._switches
        half = told.by_leg[recorded.legs[0]]
        about = ids.uuid("converged", recorded.recorded_id)  # all chance is of this, in any form
        owner, cuts = self._owner(half), self._list_cuts(told.call, recorded)
        listed_at = created_at + self._faults.delay(about)
        links_at = listed_at + self._draw("links", about, switches.links_ready_delay_s)
        transcript = self._write(told.call, recorded, cuts)
        pause = self._draw("transcript", about, switches.transcript_delay_s)
        if one_in(switches.transcript_late_every, ids.chance("late transcript", about)):
            pause += _LATE
        return Recording(
            recording_id=_form(about, switches.recording_ids),
            session=_form(half.session, switches.session_ids),
            told=told,
            half=half,
            recorded=recorded,
            owner=owner,
            topic=f"Call with {self._far(told, recorded, half)}-{created_at:%Y%m%d %H%M}",
            cuts=cuts,
            created_at=created_at,
            listed_at=listed_at,
            links_at=links_at,
            transcript_at=links_at + pause if transcript else None,
            audio=_film(recorded, cuts),
            transcript=transcript,
            downloadable=not one_in(
                switches.download_disabled_every, ids.chance("disabled", about)
            ),
            fate=tuple(self._list_fate(about, owner, listed_at)),
        )

    def _owner(self, half: Half) -> Owner:
        """The queue, where a Customer Assist queue records; otherwise the line (1.2)."""
        queue = half.queue
        if queue is None or self._switches.queue_recordings == "agent":
            return half.owner
        return queue if queue.queue_type == "Customer Assist" else half.owner

    def _list_cuts(self, call: Call, recorded: Recorded) -> tuple[Window, ...]:
        cuts = list(recorded.pauses)
        if not self._switches.hold_in_file:  # nobody knows (quirk 19)
            for leg in call.legs:
                heard = leg.holds if leg.leg_id in recorded.legs else ()
                cuts += [hold for hold in heard if _is_inside(hold, recorded.window)]
        return tuple(sorted(cuts, key=lambda cut: cut.start))

    def _write(self, call: Call, recorded: Recorded, cuts: tuple[Window, ...]) -> Written | None:
        if not self._switches.transcripts:
            return None
        if not one_in(2, self._ids.chance("transcribed", recorded.recorded_id)):
            return None
        if not any(list_spoken(call, recorded.window, cuts)):
            return None
        return Written(partial(write_vtt, call, recorded.window, cuts), "text/vtt")

    def _far(self, told: Told, recorded: Recorded, half: Half) -> str:
        """Name or number of the other side: personal data in ``topic`` (1.3)."""
        others = [leg for leg in told.call.legs if leg.leg_id in recorded.legs[1:]]
        outside = [leg for leg in others if self._directory.inside(leg.person) is None]
        return (outside or others)[0].person.name if others else half.far

    def _draw(self, what: str, about: str, most: int) -> timedelta:
        return timedelta(seconds=self._ids.chance(what, about) % (most + 1))

    def _list_fate(
        self, about: str, owner: Owner, listed_at: datetime
    ) -> Iterator[tuple[datetime, Act, Owner | None]]:
        switches, chance = self._switches, partial(self._ids.chance, about)
        if one_in(switches.binned_every, chance("binned")):
            binned_at = listed_at + timedelta(seconds=switches.binned_after_s)
            yield binned_at, "bin", None
            if one_in(switches.purged_every, chance("purged")):
                yield binned_at + _DAY, "purge", None
        elif owner.kind != "callQueue" and one_in(switches.reassigned_every, chance("moved")):
            users = [line for line in self._directory.lines if line.kind == "user"]
            heir = users[chance("heir") % len(users)]
            at = listed_at + timedelta(seconds=switches.reassigned_after_s)
            yield at, "reassign", heir


def _film(recorded: Recorded, cuts: tuple[Window, ...]) -> Take:
    """The MP3, without what was cut out."""
    begin = recorded.window.start
    skips = tuple(
        (round((cut.start - begin).total_seconds()), round((cut.end - begin).total_seconds()))
        for cut in cuts
    )
    gone = sum(cut.length.total_seconds() for cut in cuts)
    seconds = recorded.window.length.total_seconds() - gone
    return Take(recorded.code, seconds, "mp3", skips=skips, video=False)


def _is_inside(inner: Window, outer: Window) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _form(uuid: str, form: str) -> str:
    return uuid.replace("-", "") if form == "bare" else uuid
