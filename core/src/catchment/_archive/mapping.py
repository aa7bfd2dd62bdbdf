"""Our words as a vCon: which file becomes a dialog, which an attachment, which an analysis.

A recorded stretch is exactly one ``recording`` dialog, pointing at the platform's original, so
that nobody transcribes it twice; what was made from it is an attachment.  What the draft has no
place for goes into the ``catchment`` object beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from catchment._archive.extension import (
    SCHEMA,
    Object,
    build_contact,
    build_date,
    build_fact,
    build_file,
    build_leg,
    build_party,
    build_recording,
    build_seconds,
    build_source,
    drop_empty,
)
from catchment._archive.hashes import build_token
from catchment._archive.package import Package, PackageDocument, PackageFile
from catchment._archive.places import TEXTS, Plan, plan_document
from catchment._recipes import CONTACT, is_alike
from catchment.model import Contact, Party, Ref, Window

ARCHIVE_NAME = "Catchment archive"
WRAP_UP_SCHEMA = "catchment.wrap_up.1"
_MEDIA_TYPES = {
    "mp4": "video/x-mp4",
    "m4a": "audio/x-mp4",
    "wav": "audio/x-wav",
    "mp3": "audio/x-mp3",
    "ogg": "audio/ogg",
    "vtt": "text/vtt",
    "json": "application/json",
    "txt": "text/plain",
}
_DISPOSITIONS = {"unanswered": "no-answer", "failed": "failed", "refused": "busy"}


def build_document(package: Package, authority: str) -> Object:
    """Map *package* to a vCon whose files are served by *authority*."""
    plan = plan_document(package, authority)
    draft = package.draft
    reports = [contact for contact in draft.contacts if contact.wrap_up]
    return drop_empty(
        {
            "uuid": package.document_id,
            "created_at": build_date(package.created_at),
            "extensions": ["CC", "catchment"] if _is_call(package) else ["catchment"],
            "amended": package.previous_document_id and {"uuid": package.previous_document_id},
            "subject": draft.subject,
            "parties": [*_build_parties(package), _build_archive_party()],
            "dialog": _build_dialogs(plan),
            "attachments": [
                *(_build_attachment(plan, file) for file in plan.attached),
                *(_build_platform_document(plan, document) for document in package.documents),
            ],
            "analysis": [
                *(_build_transcript(plan, file) for file in plan.texts),
                *(_build_report(plan, contact) for contact in reports),
            ],
            "catchment": _build_ours(plan),
        }
    )


def _is_call(package: Package) -> bool:
    return package.draft.kind == "call"


# --- parties ---------------------------------------------------------------------------------


def _build_parties(package: Package) -> Iterator[Object]:
    for party in package.draft.parties:
        identity = party.ref and f"{package.source.adapter}:{party.ref.space}:{party.ref.value}"
        plain = {
            "name": party.name,
            "mailto": party.email,
            "tel": party.tel,
            "uuid": identity,
            "type": "person",
            "validation": "platform login" if party.ref else "none",
            "role": party.role if _is_call(package) else None,
        }
        yield drop_empty(plain) | {"catchment": build_party(party)}


def _build_archive_party() -> Object:
    """Who contributed the documents: always the last party."""
    return {"name": ARCHIVE_NAME, "type": "organization", "validation": "none"}


# --- dialogs ---------------------------------------------------------------------------------


def _build_dialogs(plan: Plan) -> list[Object]:
    if not plan.originals:
        return [_build_placeholder(plan)]
    if len(plan.originals) == 1:
        single = _build_recording_dialog(plan, plan.originals[0])
        return [single | drop_empty({"party_history": _build_history(plan)})]
    members = [_build_recording_dialog(plan, file) for file in plan.originals]
    return [_build_set(plan), *(member | {"recording_set": 0} for member in members)]


def _build_common(plan: Plan) -> Object:
    draft = plan.package.draft
    call = _is_call(plan.package)
    return drop_empty(
        {
            "application": plan.package.source.adapter,
            "originator": _find_caller(draft.parties) if draft.direction == "inbound" else None,
            "interaction_id": (draft.associated_id or draft.external_id) if call else None,
        }
    )


def _find_caller(parties: Sequence[Party]) -> int | None:
    """The customer, where the first party is somebody else."""
    customers = (index for index, party in enumerate(parties) if party.role == "customer")
    return next(customers, None)


def _build_placeholder(plan: Plan) -> Object:
    """A dialog for an interaction of which no sound and no picture was captured."""
    package = plan.package
    kinds = {fact.fact.absence for fact in package.facts if fact.fact.absence}
    expected = any(fact.fact.expects for fact in package.facts)
    disposition = _DISPOSITIONS.get(next(iter(kinds)), "") if len(kinds) == 1 else ""
    reasons = {file.reason for file in package.files} | {r.reason for r in package.recordings}
    reasons.discard("")
    why = "; ".join(sorted(reasons or kinds)) or "nothing was recorded"
    type_ = {"type": "incomplete", "disposition": disposition} if disposition else None
    dialog: Object = {"type": "recording"} if expected or not type_ else dict(type_)
    dialog |= {"start": build_date(package.draft.started_at), "catchment": {"not_captured": why}}
    dialog |= _build_common(plan)
    return dialog | drop_empty({"parties": plan.everyone, "party_history": _build_history(plan)})


def _build_set(plan: Plan) -> Object:
    draft = plan.package.draft
    length = draft.ended_at - draft.started_at if draft.ended_at else None
    return {"type": "recording-set", **_build_common(plan)} | drop_empty(
        {
            "start": build_date(draft.started_at),
            "duration": build_seconds(max(length, timedelta())) if length is not None else None,
            "parties": plan.everyone,
            "recordings": list(range(1, len(plan.originals) + 1)),
            "party_history": _build_history(plan),
        }
    )


def _build_recording_dialog(plan: Plan, file: PackageFile) -> Object:
    start = file.timeline.start or _find_start(plan, file)
    return {
        "type": "recording",
        "start": start if isinstance(start, str) else build_date(start),
        **_build_common(plan),
        **drop_empty({"duration": _build_length(file), "parties": _build_heard(plan, file)}),
        **_build_content(plan, file),
    }


def _find_start(plan: Plan, file: PackageFile) -> str:
    times = (r.occurred_at for r in plan.package.recordings if r.external_id == file.recording_id)
    return build_date(next(times, plan.package.draft.started_at))


def _build_length(file: PackageFile) -> float | None:
    if file.measured.duration is not None:
        return build_seconds(file.measured.duration)
    return build_seconds(file.timeline.length) if file.timeline.stretches else None


def _build_heard(plan: Plan, file: PackageFile) -> list[object]:
    """Who is heard: a flat list for one mix, one entry per channel for several."""
    owner = plan.ref_of.get(file.of) if file.of else None
    mix = plan.everyone if owner is None else [owner]
    count = sum(file.measured.audio)
    if count <= 1:
        return list(mix)
    if len(file.channels) != count:
        return [list(mix) or None] * count
    known = [plan.ref_of.get(ref) for ref in file.channels]
    return [None if index is None else [index] for index in known]


def _build_history(plan: Plan) -> list[Object]:
    """Joins, drops and holds of all legs, in the order of time."""
    entries: list[tuple[str, int, str]] = []
    for leg in plan.package.draft.legs:
        party = plan.party_of.get(leg.party_id)
        if party is None:
            continue
        moments = [(leg.start, "join"), (leg.end, "drop")]
        moments += [(hold.start, "hold") for hold in leg.holds]
        moments += [(hold.end, "unhold") for hold in leg.holds]
        entries += [(build_date(at), party, event) for at, event in moments if at]
    order = ("join", "unhold", "hold", "drop")
    entries.sort(key=lambda entry: (entry[0].rstrip("Z"), order.index(entry[2]), entry[1]))
    return [{"time": time, "party": party, "event": event} for time, party, event in entries]


# --- files beside the dialogs ----------------------------------------------------------------


def _build_address(plan: Plan, entry: PackageFile | PackageDocument) -> Object:
    return {
        "url": f"https://{plan.authority}/media/{entry.sha256}",
        "content_hash": [
            build_token("sha512", entry.sha512),
            build_token("sha256", entry.sha256),
        ],
    }


def _build_content(plan: Plan, file: PackageFile) -> Object:
    ours = build_file(file)
    if file.derived_from and file.derived_from in plan.place_of:
        ours["rendition_of"] = plan.place_of[file.derived_from]
    name = file.name or f"{file.file_id}.{file.form}"
    media_type = _MEDIA_TYPES.get(file.form) or file.media_type or "application/octet-stream"
    if file.kind == "audio" and media_type == "video/x-mp4":
        media_type = "audio/x-mp4"
    address = _build_address(plan, file)
    return {"mediatype": media_type, "filename": name, **address, "catchment": ours}


def _build_attachment(plan: Plan, file: PackageFile) -> Object:
    owner = plan.ref_of.get(file.of) if file.of else None
    start = file.timeline.start
    return {
        "purpose": _name_purpose(plan, file),
        "start": build_date(start) if start else _find_start(plan, file),
        "party": plan.archive_party if owner is None else owner,
        "dialog": plan.dialog_of.get(file.recording_id, 0),
        **_build_content(plan, file),
    }


def _name_purpose(plan: Plan, file: PackageFile) -> str:
    if file.origin == "derived":
        voiceless = file.kind == "video" and not file.measured.audio
        return "rendition:voiceless-video" if voiceless else f"rendition:{file.kind}"
    if file.kind in ("audio", "video", *TEXTS):
        return f"superseded:{file.kind}"
    return "screen-recording" if file.kind == "screen" else file.kind


def _build_platform_document(plan: Plan, document: PackageDocument) -> Object:
    ours = {"document": document.name, "recording": document.recording_id}
    return {
        "purpose": "platform-document",
        "start": build_date(document.seen_at),
        "party": plan.archive_party,
        "dialog": plan.dialog_of.get(document.recording_id, 0),
        "mediatype": "application/json",
        "filename": f"{document.name}.json",
        **_build_address(plan, document),
        "catchment": {**ours, "size_bytes": document.size_bytes},
    }


def _build_transcript(plan: Plan, file: PackageFile) -> Object:
    original = file.origin == "original"
    return {
        "type": "transcript",
        "dialog": plan.dialog_of.get(file.recording_id, 0),
        "vendor": plan.package.source.adapter if original else "catchment",
        **_build_content(plan, file),
    }


def _build_report(plan: Plan, contact: Contact) -> Object:
    agent = plan.party_of.get(contact.agent)
    body = {"label": contact.wrap_up} | ({} if agent is None else {"agent": agent})
    return {
        "type": "report",
        "dialog": _find_dialogs(plan, contact) or [0],
        "vendor": plan.package.source.adapter,
        "schema": WRAP_UP_SCHEMA,
        "mediatype": "application/json",
        "encoding": "json",
        "body": body,
    }


# --- our own object --------------------------------------------------------------------------


def _build_ours(plan: Plan) -> Object:
    package, draft = plan.package, plan.package.draft
    always = {
        "schema": SCHEMA,
        "interaction": package.interaction_id,
        "version": package.version,
        "source": build_source(package.source),
        "kind": draft.kind,
        "started_at": build_date(draft.started_at),
    }
    absent = [f for f in package.files if f.state != "archived"]
    return always | drop_empty(
        {
            "ended_at": draft.ended_at and build_date(draft.ended_at),
            "external_id": draft.external_id,
            "session_id": draft.associated_id,
            "direction": draft.direction,
            "ani": draft.ani,
            "dnis": draft.dnis,
            "custom": dict(draft.custom),
            "mapper": draft.mapper,
            "writer": package.writer,
            "contacts": [
                _build_contact_entry(plan, index, contact)
                for index, contact in enumerate(draft.contacts)
            ],
            "legs": [build_leg(leg) for leg in draft.legs],
            "recordings": [build_recording(recording) for recording in package.recordings],
            "facts": [build_fact(fact) for fact in package.facts],
            "absent": [_build_absent(file) for file in absent],
            "aliases": list(package.aliases),
        }
    )


def _build_absent(file: PackageFile) -> Object:
    return build_file(file) | drop_empty({"sha256": file.sha256, "sha512": file.sha512})


def _build_contact_entry(plan: Plan, index: int, contact: Contact) -> Object:
    entry = build_contact(contact) | {"dialogs": _find_dialogs(plan, contact)}
    if contact.agent in plan.party_of:
        entry["agent"] = plan.party_of[contact.agent]
    if contact.wrap_up:
        before = [c for c in plan.package.draft.contacts[:index] if c.wrap_up]
        entry["wrap_up"] = [len(plan.texts) + len(before)]
    screens = [i for i, f in enumerate(plan.attached) if f.kind == "screen" and f.of]
    mine = [i for i in screens if _is_agent(plan, contact, plan.attached[i].of)]
    own = [i for i, f in enumerate(plan.attached) if _is_cut_for(contact, f)]
    return entry | drop_empty({"screens": mine, "audio": own})


def _is_cut_for(contact: Contact, file: PackageFile) -> bool:
    return is_alike(file.recipe, CONTACT) and file.extra.get("contact") == contact.contact_id


def _is_agent(plan: Plan, contact: Contact, ref: Ref | None) -> bool:
    agent = plan.party_of.get(contact.agent)
    return agent is not None and ref is not None and plan.ref_of.get(ref) == agent


def _find_dialogs(plan: Plan, contact: Contact) -> list[int]:
    """The recordings that overlap with the agent's part; all of them where times are unknown."""
    found = []
    for index, file in enumerate(plan.originals, plan.first_recording):
        stretches = file.timeline.stretches
        if not stretches or any(_overlaps(stretch, contact) for stretch in stretches):
            found.append(index)
    return found


def _overlaps(stretch: Window, contact: Contact) -> bool:
    return stretch.end > contact.start and (contact.end is None or stretch.start < contact.end)
