"""Our one extension object of a vCon, ``catchment``: what the draft has no place for.

Each pair of functions is an exact inverse.  The names written here are a format that outlives the
program, so they are spelled out instead of following the fields of our classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from catchment._archive.package import PackageFact, PackageFile, PackageRecording, PackageSource
from catchment.model import Contact, Fact, Heard, Key, Leg, Measured, Party, Ref, Timeline, Window

Object = dict[str, Any]
SCHEMA = 1
_ORIGINS = {"original": "platform", "derived": "derived"}
_ORIGIN_NAMES = {written: origin for origin, written in _ORIGINS.items()}


def build_date(at: datetime) -> str:
    """Write *at* as the draft wants it: UTC, ``Z``, and no fraction that is zero."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def read_date(text: str) -> datetime:
    """The inverse of :func:`build_date`."""
    return datetime.fromisoformat(text).astimezone(UTC)


def drop_empty(value: Mapping[str, Any]) -> Object:
    """*value* without what is empty or unknown; zero and ``False`` say something and stay."""
    return {key: entry for key, entry in value.items() if entry not in (None, "", [], {})}


def build_source(source: PackageSource) -> Object:
    """Write where an interaction came from."""
    return {
        "name": source.name,
        "adapter": source.adapter,
        "account": source.account_id,
        "epoch": source.epoch,
    }


def read_source(value: Object) -> PackageSource:
    """The inverse of :func:`build_source`."""
    return PackageSource(value["name"], value["adapter"], value["account"], value["epoch"])


def build_recording(recording: PackageRecording) -> Object:
    """Write a recording of the ledger."""
    return drop_empty(
        {
            "id": recording.external_id,
            "epoch": recording.epoch,
            "occurred_at": build_date(recording.occurred_at),
            "state": recording.state,
            "reason": recording.reason,
            "revision": recording.revision,
            "keys": _build_keys(recording.keys),
            "late_by": recording.late_by.total_seconds() or None,
        }
    )


def read_recording(value: Object) -> PackageRecording:
    """The inverse of :func:`build_recording`."""
    return PackageRecording(
        external_id=value.get("id", ""),
        epoch=value["epoch"],
        occurred_at=read_date(value["occurred_at"]),
        state=value["state"],
        reason=value.get("reason", ""),
        revision=value.get("revision", ""),
        keys=_read_keys(value),
        late_by=timedelta(seconds=value.get("late_by", 0)),
    )


def build_fact(entry: PackageFact) -> Object:
    """Write a fact, without its document."""
    return drop_empty(
        {
            "kind": entry.fact.kind,
            "id": entry.fact.fact_id,
            "at": build_date(entry.fact.at),
            "keys": _build_keys(entry.fact.keys),
            "expects": entry.fact.expects,
            "absence": entry.fact.absence,
            "ask": False if entry.fact.ask is None else entry.fact.ask,
            "document": entry.document_sha256,
        }
    )


def read_fact(value: Object) -> PackageFact:
    """The inverse of :func:`build_fact`."""
    fact = Fact(
        kind=value.get("kind", ""),
        fact_id=value.get("id", ""),
        at=read_date(value["at"]),
        keys=_read_keys(value),
        expects=value.get("expects", ""),
        absence=value.get("absence", ""),
        ask=None if value.get("ask") is False else value.get("ask", ""),
    )
    return PackageFact(fact, value.get("document", ""))


def build_file(file: PackageFile) -> Object:
    """Write a file, without its hashes, which stand as ``content_hash`` beside it."""
    return drop_empty(
        {
            "role": "original" if file.origin == "original" else file.kind,
            "recording": file.recording_id,
            "file_id": file.file_id,
            "version": file.version,
            "kind": file.kind,
            "form": file.form,
            "origin": _ORIGINS[file.origin],
            "recipe": file.recipe,
            "state": file.state,
            "reason": file.reason,
            "size_bytes": file.size_bytes,
            "of": _build_ref(file.of),
            "heard": [_build_ref(ref) for ref in file.channels],
            "channels": sum(file.measured.audio),
            "duration": build_seconds(file.measured.duration),
            "format": file.measured.format,
            "audio": list(file.measured.audio),
            "video": [list(size) for size in file.measured.video],
            "timeline": _build_timeline(file.timeline),
            "pauses": _build_pauses(file.timeline),
            "archived_at": file.archived_at and build_date(file.archived_at),
        }
    ) | {
        key: entry
        for key, entry in (
            ("media_type", file.media_type),
            ("name", file.name),
            ("derived_from", file.derived_from),
            ("platform_hash", file.claimed_sha256),
            ("extra", dict(file.extra) or None),
        )
        if entry is not None
    }


def read_file(value: Object, sha256: str, sha512: str) -> PackageFile:
    """The inverse of :func:`build_file`; the hashes come from beside it."""
    return PackageFile(
        recording_id=value.get("recording", ""),
        file_id=value.get("file_id", ""),
        version=value["version"],
        kind=value["kind"],
        form=value.get("form", ""),
        origin=_ORIGIN_NAMES[value["origin"]],  # type: ignore[arg-type]
        recipe=value.get("recipe", ""),
        derived_from=value.get("derived_from"),
        state=value["state"],
        reason=value.get("reason", ""),
        sha256=sha256,
        sha512=sha512,
        size_bytes=value["size_bytes"],
        media_type=value.get("media_type"),
        name=value.get("name"),
        of=_read_ref(value.get("of")),
        channels=tuple(Ref(ref["space"], ref["value"]) for ref in value.get("heard", ())),
        timeline=_read_timeline(value["timeline"]),
        measured=Measured(
            format=value.get("format", ""),
            duration=read_seconds(value.get("duration")),
            audio=tuple(value.get("audio", ())),
            video=tuple((width, height) for width, height in value.get("video", ())),
        ),
        claimed_sha256=value.get("platform_hash"),
        archived_at=_read_moment(value, "archived_at"),
        extra=value.get("extra", {}),
    )


def build_party(party: Party) -> Object:
    """Write what a vCon's party has no place for."""
    return {"id": party.party_id, "role": party.role} | drop_empty({"ref": _build_ref(party.ref)})


def read_party(value: Object) -> Party:
    """The inverse of a party and its extension object together."""
    ours = value["catchment"]
    return Party(
        party_id=ours["id"],
        role=ours["role"],
        ref=_read_ref(ours.get("ref")),
        name=value.get("name", ""),
        email=value.get("mailto", ""),
        tel=value.get("tel", ""),
    )


def build_leg(leg: Leg) -> Object:
    """Write one party's connection."""
    return {"id": leg.leg_id, "party": leg.party_id} | drop_empty(
        {
            "start": leg.start and build_date(leg.start),
            "end": leg.end and build_date(leg.end),
            "holds": _build_windows(leg.holds),
        }
    )


def read_leg(value: Object) -> Leg:
    """The inverse of :func:`build_leg`."""
    return Leg(
        leg_id=value["id"],
        party_id=value["party"],
        start=_read_moment(value, "start"),
        end=_read_moment(value, "end"),
        holds=_read_windows(value.get("holds", ())),
    )


def build_contact(contact: Contact) -> Object:
    """Write one agent's part; where it points to is added by the mapping."""
    length = contact.end - contact.start if contact.end else None
    return {"id": contact.contact_id, "agent_id": contact.agent} | drop_empty(
        {
            "start": build_date(contact.start),
            "end": contact.end and build_date(contact.end),
            "duration": build_seconds(length),
            "legs": list(contact.legs),
            "queue": contact.queue and {"name": contact.queue},
            "custom": dict(contact.custom),
            "heard": [_build_heard(heard) for heard in contact.heard],
            "doubt": contact.doubt,
        }
    )


def _build_heard(heard: Heard) -> Object:
    window = {"start": build_date(heard.window.start), "end": build_date(heard.window.end)}
    return {"recording": heard.recording_id, "file_id": heard.file_id, **window}


def _read_heard(value: Object) -> Heard:
    window = Window(read_date(value["start"]), read_date(value["end"]))
    return Heard(value["recording"], value["file_id"], window)


def read_contact(value: Object, wrap_up: str) -> Contact:
    """The inverse of :func:`build_contact`; the wrap-up comes from its analysis."""
    return Contact(
        contact_id=value["id"],
        agent=value["agent_id"],
        start=read_date(value["start"]),
        end=_read_moment(value, "end"),
        legs=tuple(value.get("legs", ())),
        queue=value.get("queue", {}).get("name", ""),
        wrap_up=wrap_up,
        custom=value.get("custom", {}),
        heard=tuple(_read_heard(heard) for heard in value.get("heard", ())),
        doubt=value.get("doubt", ""),
    )


def build_seconds(length: timedelta | None) -> float | None:
    """Write a length of time in seconds, a whole number where it is one."""
    if length is None:
        return None
    seconds = length.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def read_seconds(value: float | None) -> timedelta | None:
    """The inverse of :func:`build_seconds`."""
    return None if value is None else timedelta(seconds=value)


def _read_moment(value: Object, name: str) -> datetime | None:
    return read_date(value[name]) if name in value else None


def _build_keys(keys: tuple[Key, ...]) -> list[Object]:
    return [{"space": key.space, "value": key.value} for key in keys]


def _read_keys(value: Object) -> tuple[Key, ...]:
    return tuple(Key(key["space"], key["value"]) for key in value.get("keys", ()))


def _build_ref(ref: Ref | None) -> Object | None:
    return {"space": ref.space, "value": ref.value} if ref else None


def _read_ref(value: Object | None) -> Ref | None:
    return Ref(value["space"], value["value"]) if value else None


def _build_windows(windows: tuple[Window, ...]) -> list[Object]:
    return [{"start": build_date(w.start), "end": build_date(w.end)} for w in windows]


def _read_windows(values: Any) -> tuple[Window, ...]:
    return tuple(Window(read_date(w["start"]), read_date(w["end"])) for w in values)


def _build_timeline(timeline: Timeline) -> Object:
    return {
        "certainty": timeline.certainty,
        "stretches": _build_windows(timeline.stretches),
    }


def _read_timeline(value: Object) -> Timeline:
    return Timeline(_read_windows(value["stretches"]), value["certainty"])


def _build_pauses(timeline: Timeline) -> list[Object]:
    """The gaps between stretches, with where in the file they are."""
    pauses: list[Object] = []
    offset = timedelta()
    for before, after in zip(timeline.stretches, timeline.stretches[1:], strict=False):
        offset += before.length
        pause = {"offset": build_seconds(offset), "reason": "unknown", "filled": "removed"}
        pauses.append(pause | {"start": build_date(before.end), "end": build_date(after.start)})
    return pauses
