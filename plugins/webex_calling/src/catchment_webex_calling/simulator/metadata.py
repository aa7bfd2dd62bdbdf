"""Tells what is known of the call behind a recording: ``/metadata`` (1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from catchment.sandbox import Call, Leg
from catchment_webex.simulator.ids import Ids
from catchment_webex.simulator.times import write_time
from catchment_webex_calling.simulator.owners import UPPER, Directory, Owner
from catchment_webex_calling.simulator.recordings import Recording

Row = dict[str, Any]

HIDDEN = ("mediaStreams", "participants", "redirectInfo", "redirectedCall")
"""What activities tell only with ``showAllTypes=true`` (1.5)."""

_TYPES = {
    "always": "alwaysON",  # the only literal in Cisco's sample; the others are invented
    "always-pause-resume": "alwaysPauseResume",
    "on-demand": "onDemand",
    "on-demand-user-start": "onDemandUserStart",
}


def tell_metadata(
    recording: Recording,
    owner: Owner,
    ids: Ids,
    directory: Directory,
    *,
    everything: bool,
    starts: bool = True,
) -> Row:
    """The answer of ``GET /convergedRecordings/{id}/metadata``.

    Args:
        recording: What it is about.
        owner: Who owns it now.
        ids: Where further ids come from.
        directory: Who is who.
        everything: ``showAllTypes=true``.
        starts: Starts and stops by hand are among the actions; that is presumed.
    """
    parties = _Parties(recording, ids, directory)
    activity = [
        {k: v for k, v in entry.items() if everything or k not in HIDDEN}
        for entry in parties.list_activity()
    ]
    window = recording.recorded.window
    half = recording.half
    service: Row = {
        "callRecordingId": recording.recording_id,
        "locationId": recording.owner.location.uuid,
        "callSessionId": recording.session,
        "personality": "originator" if half.direction == "ORIGINATING" else "terminator",
        **parties.tell(),
        "callId": f"callhalf-{half.call_id}",
        "sipCallId": f"BW{ids.digits(15, 'sip', half.call_id)}@192.0.2.11",
        "session": {"startTime": write_time(window.start), "stopTime": write_time(window.end)},
        "recordingType": _TYPES[half.trigger or "always"],
        "recordingActions": list(_list_actions(recording, starts=starts)),
        "callActivity": activity,
    }
    told: Row = {
        "id": recording.recording_id,
        "orgId": ids.org,
        "ownerId": owner.uuid,
        "ownerType": UPPER[owner.kind],
        "ownerName": owner.name,
        "storageRegion": recording.owner.location.region,
        "serviceType": recording.service,
        "version": "1.2",
        "serviceData": service,
    }
    return told | ({"ownerEmail": owner.email} if owner.email else {})


def _list_actions(recording: Recording, *, starts: bool) -> Iterator[Row]:
    """Pauses as in Cisco's sample; starts and stops, where a person did them, as switched."""
    window = recording.recorded.window
    by_hand = starts and "user-start" in recording.half.trigger
    if by_hand:
        yield _action("START", window.start)
    for pause in recording.recorded.pauses:
        yield _action("PAUSE", pause.start)
        yield _action("RESUME", pause.end)
    if by_hand:
        yield _action("STOP", window.end)


def _action(name: str, at: datetime) -> Row:
    return {"action": name, "time": write_time(at)}


class _Parties:
    """Who spoke with whom, and when that changed."""

    def __init__(self, recording: Recording, ids: Ids, directory: Directory) -> None:
        self._recording, self._ids, self._directory = recording, ids, directory
        legs = {leg.leg_id: leg for leg in self._call.legs}
        self._legs = [legs[leg_id] for leg_id in recording.recorded.legs]

    @property
    def _call(self) -> Call:
        return self._recording.call

    def tell(self) -> Row:
        """Calling, called, answering and connected party, and the agent of a queue's call."""
        half, mine = self._recording.half, self._line(self._recording.half.owner, named=True)
        others = [self._party(leg) for leg in self._legs[1:]] or [{"number": half.far}]
        calling, called = (mine, others[0])
        if half.direction == "TERMINATING":
            calling, called = called, calling
        told: Row = {
            "callingParty": calling,
            "calledParty": called,
            "answererInfo": {k: v for k, v in called.items() if k != "name"},
            "connectedParty": {k: v for k, v in others[-1].items() if k != "name"},
        }
        if self._recording.owner.kind == "callQueue":
            told["managedBy"] = self._line(half.owner, named=True, email=True)
        return told

    def list_activity(self) -> Iterator[Row]:
        """Changes of participants and streams, by time."""
        window = self._recording.recorded.window
        first = self._entry(window.start, self._legs)
        first["announcementData"] = {
            "announcementFilename": "http:///media/en_US/RecordingStarted.wav",
            "announcementTimestamp": write_time(window.start),
            "announcementParticipants": [self._recording.half.owner.sip],
            "announcementType": "USER_LEVEL",
        }
        yield first
        if self._recording.half.redirected_by is not None:
            yield self._redirected(window.start)
        moments = {
            at
            for leg in self._legs[1:]
            for hold in leg.holds
            for at in (hold.start, hold.end)
            if window.start < at < window.end
        }
        joined = {m.window.start for m in self._call.moves if m.kind == "conference"}
        for at in sorted(moments | {at for at in joined if window.start < at < window.end}):
            there = [leg for leg in self._present(at) if not _is_held(leg, at)]
            yield self._entry(at, there)

    def _present(self, at: datetime) -> list[Leg]:
        """Who is heard at *at*, those included whom a conference brought in."""
        known = list(self._legs)
        for move in self._call.moves:
            if move.kind == "conference" and move.window.start <= at:
                new = [leg for leg in self._call.legs if leg.leg_id == move.to_leg]
                known += [leg for leg in new if leg not in known]
        return [leg for leg in known if leg.ended_at > at]

    def _entry(self, at: datetime, legs: list[Leg]) -> Row:
        stream = self._ids.uuid("stream", self._recording.recording_id)
        people = [self._participant(leg, stream) for leg in legs]
        return {
            "timeStamp": write_time(at),
            "mediaStreams": [{"streamId": stream, "mode": "mixed", "mLineIndex": "0"}],
            "participants": people,
        }

    def _redirected(self, at: datetime) -> Row:
        """After a blind transfer; the inner form is published nowhere."""
        by = self._recording.half.redirected_by
        assert by is not None
        told = {"reason": "Deflection", "redirectingParty": self._line(by, named=True)}
        call = {"callId": f"callhalf-{self._recording.half.remote_id}"}
        return {"timeStamp": write_time(at), "redirectInfo": told, "redirectedCall": call}

    def _participant(self, leg: Leg, stream: str) -> Row:
        line = self._directory.inside(leg.person)
        if line is None:
            return {"aor": _outside(leg.person.tel), "send": stream}
        return {"actor": _actor(line), "aor": line.sip, "send": stream}

    def _party(self, leg: Leg) -> Row:
        line = self._directory.inside(leg.person)
        if line is None:
            return {"number": f"{_outside(leg.person.tel)};user=phone"}
        return self._line(line, named=True)

    def _line(self, line: Owner, *, named: bool, email: bool = False) -> Row:
        actor = _actor(line) | ({"email": line.email} if email and line.email else {})
        told: Row = {"actor": actor, "number": f"{line.sip};user=phone"}
        return told | ({"name": line.name} if named else {})


def _actor(line: Owner) -> Row:
    return {"type": UPPER[line.kind], "id": line.uuid}


def _outside(tel: str) -> str:
    return f"sip:{tel}@192.0.2.10"


def _is_held(leg: Leg, at: datetime) -> bool:
    return any(hold.start <= at < hold.end for hold in leg.holds)
