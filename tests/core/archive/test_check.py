"""Every rule of the vCon draft refuses what breaks it, and nothing else does."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from catchment._archive.check import list_faults
from catchment._archive.manifest import build_manifest
from catchment._archive.package import Package
from catchment._archive.vcon import read_vcon

Document = dict[str, Any]
HASH = "sha512-" + "A" * 86
RECORDING = {"type": "recording", "start": "2026-09-14T09:00:04Z", "parties": [0, 1]}
SET = {"type": "recording-set", "recordings": [3, 4]}
INCOMPLETE = {"type": "incomplete", "disposition": "busy"}
TRANSFER = {"type": "transfer", "transferee": 0, "original": 0}
TEXT = {"type": "text", "body": "hi", "encoding": "none", "mediatype": "text/plain"}
MEMBER = {"type": "recording", "recording_set": 5}


def good() -> Document:
    """A document with one object of every sort, which breaks no rule."""
    return {
        "uuid": "01a09f60-8ce0-83a7-96c1-fdda7fd5c3e1",
        "created_at": "2026-09-14T10:05:00Z",
        "extensions": ["catchment"],
        "parties": [{"name": "Dana"}, {"tel": "+15550100123"}],
        "dialog": [
            {
                **RECORDING,
                "mediatype": "audio/x-wav",
                "url": "https://a.invalid/media/1",
                "content_hash": HASH,
                "party_history": [{"party": 0, "time": "2026-09-14T09:00:04Z", "event": "join"}],
                "catchment": {"channels": 1},
            },
            TRANSFER,
            TEXT,
            MEMBER,
            MEMBER,
            SET,
            INCOMPLETE,
        ],
        "attachments": [
            {"start": "2026-09-14T09:00:04Z", "party": 1, "dialog": 0, "purpose": "chat"}
        ],
        "analysis": [
            {
                "type": "report",
                "vendor": "v",
                "dialog": 0,
                "schema": "x",
                "body": {"code": 1},
                "encoding": "json",
            }
        ],
        "catchment": {
            "schema": 1,
            "interaction": "i",
            "version": 1,
            "source": {},
            "kind": "call",
            "contacts": [{"id": "c", "agent": 0, "dialogs": [0]}],
        },
    }


def put(place: str, value: Any) -> Callable[[Document], None]:
    """A change that writes *value* at a place such as ``dialog.0.start``."""

    def change(document: Document) -> None:
        *path, last = place.split(".")
        target: Any = document
        for step in path:
            target = target[int(step) if isinstance(target, list) else step]
        target[int(last) if isinstance(target, list) else last] = value

    return change


def drop(place: str) -> Callable[[Document], None]:
    """A change that takes a place out."""

    def change(document: Document) -> None:
        *path, last = place.split(".")
        target: Any = document
        for step in path:
            target = target[int(step) if isinstance(target, list) else step]
        del target[int(last) if isinstance(target, list) else last]

    return change


def only(**given: Any) -> Callable[[Document], None]:
    """A change that leaves the document with its id and time, and *given*."""

    def change(document: Document) -> None:
        kept = {name: document[name] for name in ("uuid", "created_at")}
        document.clear()
        document.update(kept, **given)

    return change


BREACHES: list[tuple[str, Callable[[Document], None], str]] = [
    # 1.1 top level
    ("uuid missing", drop("uuid"), "uuid: Field required"),
    ("uuid no uuid", put("uuid", "abc"), "uuid: "),
    ("uuid of another version", put("uuid", "5d0f6a3e-1a57-4c2e-9a39-0f6f2f7f1c11"), "version 8"),
    ("created_at missing", drop("created_at"), "created_at: Field required"),
    ("vcon of an old syntax", put("vcon", "0.0.1"), "vcon: "),
    ("extensions no list", put("extensions", "catchment"), "extensions: "),
    ("updated_at no date", put("updated_at", "yesterday"), "updated_at: "),
    ("subject null", put("subject", None), "subject is null"),
    ("critical unknown", put("critical", ["odd"]), "must not be processed"),
    ("critical not declared", put("critical", ["CC"]), "not among the extensions"),
    ("redacted empty", put("redacted", {}), "redacted.type: Field required"),
    ("redacted half a link", put("redacted", {"type": "x", "url": "https://a.b"}), "each other"),
    ("amended empty", put("amended", {}), "neither uuid nor url"),
    ("amended half a link", put("amended", {"url": "https://a.b"}), "need each other"),
    (
        "amended and redacted",
        only(amended={"uuid": good()["uuid"]}, redacted={"type": "x"}, extensions=[], parties=[]),
        "both amended and redacted",
    ),
    ("group", put("group", []), "'group' is no parameter"),
    ("none of the four arrays", only(), "has none of"),
    # 1.3 content
    ("body without encoding", drop("dialog.2.encoding"), "without encoding"),
    ("unknown encoding", put("dialog.2.encoding", "base64"), "encoding: "),
    ("dialog body without mediatype", drop("dialog.2.mediatype"), "without mediatype"),
    (
        "attachment body without mediatype",
        put(
            "attachments.0",
            {
                "start": "2026-09-14T09:00:04Z",
                "party": 0,
                "dialog": 0,
                "body": "x",
                "encoding": "none",
            },
        ),
        "attachments.0: has a body without mediatype",
    ),
    ("body no text", put("dialog.2.body", {"a": 1}), "body is no text"),
    (
        "body no base64url",
        put("dialog.2", {**TEXT, "encoding": "base64url", "body": "a=b"}),
        "not base64url",
    ),
    ("body and url", put("analysis.0.url", "https://a.invalid/1"), "both body and url"),
    ("url without hash", drop("dialog.0.content_hash"), "need each other"),
    ("hash without url", drop("dialog.0.url"), "need each other"),
    ("http", put("dialog.0.url", "http://a.invalid/1"), "not an https URL"),
    ("relative url", put("dialog.0.url", "media/1"), "not an https URL"),
    ("url without host", put("dialog.0.url", "https:///media/1"), "not an https URL"),
    ("hash malformed", put("dialog.0.content_hash", "sha512:abc"), "content_hash"),
    ("hash too short", put("dialog.0.content_hash", "sha512-AAAA"), "not as long as"),
    ("hash padded", put("dialog.0.content_hash", HASH + "=="), "content_hash"),
    ("hash without sha512", put("dialog.0.content_hash", "sha256-" + "A" * 43), "no sha512"),
    # dates
    ("zero fraction", put("created_at", "2026-09-14T10:05:00.000Z"), "created_at: "),
    ("lower-case date", put("created_at", "2026-09-14t10:05:00z"), "created_at: "),
    ("date without zone", put("created_at", "2026-09-14T10:05:00"), "created_at: "),
    ("no such day", put("created_at", "2026-02-30T10:05:00Z"), "created_at: "),
    # 1.4 parties
    ("tel a number", put("parties.0.tel", 15550100123), "parties.0.tel: "),
    ("party role without CC", put("parties.0.role", "agent"), "'role' is no parameter"),
    ("party id", put("parties.0.id", "1"), "'id' is no parameter"),
    # 1.5 dialog
    ("type unknown", put("dialog.0.type", "audio"), "dialog.0.type: "),
    ("type missing", drop("dialog.0.type"), "dialog.0.type: "),
    ("start no date", put("dialog.0.start", "9:00"), "dialog.0.start: "),
    ("duration negative", put("dialog.0.duration", -1), "dialog.0.duration: "),
    ("duration a text", put("dialog.0.duration", "12"), "dialog.0.duration: "),
    ("party out of range", put("dialog.0.parties", [0, 7]), "points at parties.7"),
    ("party out of range, nested", put("dialog.4.parties", [[0], [7]]), "points at parties.7"),
    ("party negative", put("dialog.0.parties", [-1]), "dialog.0.parties"),
    ("originator out of range", put("dialog.0.originator", 2), "originator: points at"),
    ("recording with recordings", put("dialog.0.recordings", [1]), "must not have recordings"),
    ("recording with disposition", put("dialog.0.disposition", "busy"), "must not have disp"),
    ("recording with transferee", put("dialog.0.transferee", 0), "must not have transferee"),
    ("set without recordings", put("dialog.5", {"type": "recording-set"}), "needs recordings"),
    ("set with content", put("dialog.5.url", "https://a.invalid/1"), "must not have url"),
    ("set with filename", put("dialog.5.filename", "x"), "must not have filename"),
    ("set in a set", put("dialog.5.recording_set", 5), "must not have recording_set"),
    ("set member lost", put("dialog.5.recordings", [3, 4, 99]), "points at dialog.99"),
    ("member not listed", put("dialog.5.recordings", [3]), "does not list it"),
    ("member not pointing back", put("dialog.4", RECORDING), "does not point back"),
    ("member no recording", put("dialog.4", {**INCOMPLETE, "recording_set": 5}), "no recording"),
    ("text with recording_set", put("dialog.2.recording_set", 5), "must not have recording_set"),
    ("transfer with parties", put("dialog.1.parties", [0]), "must not have parties"),
    ("transfer with content", put("dialog.1.body", "x"), "must not have body"),
    ("transfer with history", put("dialog.1.party_history", []), "must not have party_history"),
    ("transfer with message_id", put("dialog.1.message_id", "x"), "must not have message_id"),
    ("transfer of several", put("dialog.1.original", [0, 1]), "dialog.1.original: "),
    ("transferee out of range", put("dialog.1.transferee", 9), "points at parties.9"),
    ("original out of range", put("dialog.1.original", 9), "points at dialog.9"),
    ("target out of range", put("dialog.1.target_dialog", 9), "points at dialog.9"),
    ("consultation out of range", put("dialog.1.consultation", 9), "points at dialog.9"),
    ("incomplete without disposition", drop("dialog.6.disposition"), "needs disposition"),
    ("disposition unknown", put("dialog.6.disposition", "bored"), "dialog.6.disposition: "),
    ("incomplete with content", put("dialog.6.url", "https://a.invalid/1"), "must not have url"),
    ("incomplete with mediatype", put("dialog.6.mediatype", "a/b"), "must not have mediatype"),
    ("session_id a text", put("dialog.0.session_id", "abc"), "dialog.0.session_id"),
    ("dialog unknown key", put("dialog.0.transfer", {}), "'transfer' is no parameter"),
    ("channels and flat parties", put("dialog.0.catchment.channels", 2), "parties are nested"),
    (
        "channels and too few parties",
        put("dialog.0", {**good()["dialog"][0], "parties": [[0]], "catchment": {"channels": 2}}),
        "1 entries in parties for 2 channels",
    ),
    ("mono and nested parties", put("dialog.0.parties", [[0], [1]]), "parties are nested"),
    # 1.6 party_history
    ("event unknown", put("dialog.0.party_history.0.event", "pause"), "party_history.0.event"),
    ("event without time", drop("dialog.0.party_history.0.time"), "party_history.0.time"),
    ("event without party", drop("dialog.0.party_history.0.party"), "party_history.0.party"),
    ("event of nobody", put("dialog.0.party_history.0.party", 9), "points at parties.9"),
    ("key without button", put("dialog.0.party_history.0.event", "keydown"), "needs a button"),
    ("event unknown key", put("dialog.0.party_history.0.dtmf", "1"), "'dtmf' is no parameter"),
    # 1.7 attachment and analysis
    ("attachment without start", drop("attachments.0.start"), "attachments.0.start: "),
    ("attachment without party", drop("attachments.0.party"), "attachments.0.party: "),
    ("attachment without dialog", drop("attachments.0.dialog"), "attachments.0.dialog: "),
    ("attachment with type", put("attachments.0.type", "x"), "'type' is no parameter"),
    ("attachment of nobody", put("attachments.0.party", 9), "points at parties.9"),
    ("attachment of no dialog", put("attachments.0.dialog", 9), "points at dialog.9"),
    ("analysis without type", drop("analysis.0.type"), "analysis.0.type: "),
    ("analysis without vendor", drop("analysis.0.vendor"), "analysis.0.vendor: "),
    ("analysis of nothing", drop("analysis.0.dialog"), "neither of which dialog"),
    ("analysis of no dialog", put("analysis.0.dialog", [0, 9]), "points at dialog.9"),
    ("analysis of no attachment", put("analysis.0.attachment", 9), "points at attachments.9"),
    ("analysis with start", put("analysis.0.start", "x"), "'start' is no parameter"),
    # our own object
    ("ours not declared", put("extensions", []), "'catchment' is no parameter"),
    ("ours missing", drop("catchment"), "is declared and missing"),
    ("ours without interaction", drop("catchment.interaction"), "interaction is missing"),
    ("contact of no dialog", put("catchment.contacts.0.dialogs", [9]), "points at dialog.9"),
]


def test_the_good_document_has_no_faults() -> None:
    """Without a good one, the bad ones below would prove nothing."""
    assert list_faults(good()) == []


@pytest.mark.parametrize(
    ("change", "fault"), [b[1:] for b in BREACHES], ids=[b[0] for b in BREACHES]
)
def test_a_breach_is_a_fault(change: Callable[[Document], None], fault: str) -> None:
    """Each rule finds its breach and says where."""
    document = copy.deepcopy(good())
    change(document)
    assert any(fault in found for found in list_faults(document)), list_faults(document)


@pytest.mark.parametrize(
    "change",
    [
        put("extensions", ["catchment", "odd_extension"]),
        put("extensions", ["CC", "catchment"]),
        put("vcon", "0.4.0"),
        put("created_at", "2026-09-14T12:05:00.25+02:00"),
        put("dialog.0.parties", 0),
        put("dialog.3.parties", [[0], None]),
        put("dialog.0.content_hash", [HASH, "sha256-" + "A" * 43]),
        put("parties.0", {}),
        put("dialog.0.session_id", {"local": "a", "remote": "b"}),
    ],
)
def test_what_the_draft_allows_is_no_fault(change: Callable[[Document], None]) -> None:
    """The rules do not demand more than the draft does."""
    document = copy.deepcopy(good())
    change(document)
    assert list_faults(document) == []


def test_old_names_are_read(package: Package) -> None:
    """Documents of older drafts are read; what we write needs no translation."""
    old = {
        "uuid": good()["uuid"],
        "created_at": good()["created_at"],
        "vcon": "0.0.1",
        "redacted": {},
        "group": [],
        "parties": [{}],
        "must_support": ["CC"],
        "dialog": [
            {
                "type": "recording",
                "mimetype": "audio/x-wav",
                "session_id": "old",
                "url": "https://a.invalid/1",
                "alg": "SHA-512",
                "signature": "A" * 86,
                "party_history": [
                    {"party": 0, "time": "2026-09-14T09:00:04Z", "event": "dtmfdown", "dtmf": "1"}
                ],
            },
            {"type": "transfer", "transfer-target": 0, "target-dialog": 0},
        ],
    }
    read = read_vcon(json.dumps(old).encode())
    first, transfer = read.dialog
    assert (first.mediatype, first.content_hash) == ("audio/x-wav", HASH)
    assert first.party_history is not None
    assert (first.party_history[0].event, first.party_history[0].button) == ("keydown", "1")
    assert (transfer.transfer_target, transfer.target_dialog) == (0, 0)
    assert read.critical == ["CC"]
    assert len(read_vcon(build_manifest(package)).dialog) == 1
