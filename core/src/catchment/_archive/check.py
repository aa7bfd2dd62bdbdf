"""Everything that a vCon must be, beyond what its JSON schema checks.

The tables of draft -04 say which parameter a dialog of which type must or must not have; the prose
says that references point somewhere, that addresses are https, that sets and members agree.  What
nobody checks is written wrongly sooner or later, and an archive is read years later.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from catchment._archive.hashes import read_token
from catchment._archive.vcon import Content, Dialog, Vcon, VconObject

_CONTENT = ("body", "encoding", "url", "content_hash")
_TRANSFER = (
    "transferee",
    "transferor",
    "transfer_target",
    "original",
    "target_dialog",
    "consultation",
)
_REQUIRED = {"recording-set": ("recordings",), "incomplete": ("disposition",)}
_FORBIDDEN = {
    "recording": ("recordings", "disposition", *_TRANSFER),
    "recording-set": (
        *("recording_set", "mediatype", "filename", "disposition", "message_id"),
        *(*_CONTENT, *_TRANSFER),
    ),
    "text": ("recordings", "recording_set", "disposition", *_TRANSFER),
    "transfer": (
        *("parties", "originator", "recordings", "recording_set", "mediatype", "filename"),
        *("disposition", "session_id", "party_history", "message_id", *_CONTENT),
    ),
    "incomplete": (
        *("recordings", "recording_set", "mediatype", "filename", "message_id"),
        *(*_CONTENT, *_TRANSFER),
    ),
}
_PARTY_REFERENCES = ("originator", "transferee", "transferor", "transfer_target")
_DIALOG_REFERENCES = ("recording_set", "original", "target_dialog", "consultation")
_ARRAYS = ("parties", "dialog", "analysis", "attachments")
EXTENSIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "CC": {
        "parties": ("role", "contact_list"),
        "dialog": ("campaign", "interaction_type", "interaction_id", "skill"),
    },
    "catchment": dict.fromkeys(("", *_ARRAYS), ("catchment",)),
}
_OURS = ("schema", "interaction", "version", "source", "kind")


def list_faults(manifest: Mapping[str, Any]) -> list[str]:
    """Say everything that is wrong with *manifest*, one sentence each; nothing when it is good.

    Where an object does not even have the right form, only faults of form are told, because what
    it refers to cannot be judged.
    """
    try:
        vcon = Vcon.model_validate(manifest)
    except ValidationError as error:
        return [f"{_name_place(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
    return [fault for rule in _RULES for fault in rule(vcon)]


def _name_place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in location) or "document"


def _list_objects(vcon: Vcon) -> Iterator[tuple[str, str, VconObject]]:
    yield "", "document", vcon
    for array in _ARRAYS:
        for index, entry in enumerate(getattr(vcon, array)):
            yield array, f"{array}.{index}", entry


def _list_contents(vcon: Vcon) -> Iterator[tuple[str, str, Content]]:
    for array, place, entry in _list_objects(vcon):
        if isinstance(entry, Content):
            yield array, place, entry


def _find_document_faults(vcon: Vcon) -> Iterator[str]:
    if uuid.UUID(vcon.uuid).version != 8:
        yield "uuid: is not of version 8"
    if not vcon.model_fields_set.intersection(_ARRAYS):
        yield f"document: has none of {', '.join(_ARRAYS)}"
    if vcon.amended and vcon.redacted:
        yield "document: cannot be both amended and redacted"
    if vcon.amended and not (vcon.amended.uuid or vcon.amended.url):
        yield "amended: names neither uuid nor url"
    for name, link in (("amended", vcon.amended), ("redacted", vcon.redacted)):
        if link and bool(link.url) != bool(link.content_hash):
            yield f"{name}: url and content_hash need each other"


def _find_extension_faults(vcon: Vcon) -> Iterator[str]:
    declared = {*(vcon.extensions or ()), *(vcon.critical or ())}
    for name in vcon.critical or ():
        if name not in EXTENSIONS:
            yield f"critical: {name!r} is unknown, so this document must not be processed"
        if name not in (vcon.extensions or ()):
            yield f"critical: {name!r} is not among the extensions"
    if not declared <= EXTENSIONS.keys():
        return  # keys that we do not know may belong to an extension that we do not know
    for array, place, entry in _list_objects(vcon):
        known = {key for name in declared for key in EXTENSIONS[name].get(array, ())}
        for key in sorted(set(entry.model_extra or ()) - known):
            yield f"{place}: {key!r} is no parameter of the draft or of a declared extension"


def _find_content_faults(vcon: Vcon) -> Iterator[str]:
    for array, place, entry in _list_contents(vcon):
        if entry.is_inline and not entry.encoding:
            yield f"{place}: has a body without encoding"
        if entry.is_inline and array != "analysis" and not entry.mediatype:
            yield f"{place}: has a body without mediatype"
        if entry.is_inline and entry.url:
            yield f"{place}: has both body and url"
        if bool(entry.url) != bool(entry.content_hash):
            yield f"{place}: url and content_hash need each other"
        if entry.content_hash and not _has_sha512(entry.content_hash):
            yield f"{place}: content_hash has no sha512"
        yield from _find_body_faults(place, entry)


def _find_body_faults(place: str, entry: Content) -> Iterator[str]:
    if entry.encoding not in ("base64url", "none") or not entry.is_inline:
        return
    if not isinstance(entry.body, str):
        yield f"{place}: body is no text although its encoding is {entry.encoding}"
    elif entry.encoding == "base64url":
        try:
            read_token(f"body-{entry.body}")
        except ValueError:
            yield f"{place}: body is not base64url without padding"


def _has_sha512(content_hash: str | list[str]) -> bool:
    tokens = [content_hash] if isinstance(content_hash, str) else content_hash
    return any(read_token(token)[0] == "sha512" for token in tokens)


def _find_dialog_faults(vcon: Vcon) -> Iterator[str]:
    for index, dialog in enumerate(vcon.dialog):
        given = dialog.model_fields_set
        for name in _REQUIRED.get(dialog.type, ()):
            if name not in given:
                yield f"dialog.{index}: a {dialog.type} needs {name}"
        for name in _FORBIDDEN[dialog.type]:
            if name in given:
                yield f"dialog.{index}: a {dialog.type} must not have {name}"
        for entry in dialog.party_history or ():
            if entry.event in ("keydown", "keyup") and not entry.button:
                yield f"dialog.{index}: {entry.event} needs a button"
            for key in entry.model_extra or ():
                yield f"dialog.{index}: {key!r} is no parameter of party_history"


def _find_lost_references(vcon: Vcon) -> Iterator[str]:
    limits = {name: len(getattr(vcon, name)) for name in _ARRAYS}
    for place, array, index in _list_references(vcon):
        if index >= limits[array]:
            yield f"{place}: points at {array}.{index}, which is not there"


def _list_references(vcon: Vcon) -> Iterator[tuple[str, str, int]]:
    for index, dialog in enumerate(vcon.dialog):
        yield from _list_dialog_references(f"dialog.{index}", dialog)
    for index, attachment in enumerate(vcon.attachments):
        yield f"attachments.{index}", "parties", attachment.party
        yield f"attachments.{index}", "dialog", attachment.dialog
    for index, analysis in enumerate(vcon.analysis):
        for position in _flatten(analysis.dialog):
            yield f"analysis.{index}", "dialog", position
        for position in _flatten(analysis.attachment):
            yield f"analysis.{index}", "attachments", position


def _list_dialog_references(place: str, dialog: Dialog) -> Iterator[tuple[str, str, int]]:
    for name in _PARTY_REFERENCES:
        for index in _flatten(getattr(dialog, name)):
            yield f"{place}.{name}", "parties", index
    for name in _DIALOG_REFERENCES:
        for index in _flatten(getattr(dialog, name)):
            yield f"{place}.{name}", "dialog", index
    for index in _flatten(dialog.parties):
        yield f"{place}.parties", "parties", index
    for index in dialog.recordings or ():
        yield f"{place}.recordings", "dialog", index
    for entry in dialog.party_history or ():
        yield f"{place}.party_history", "parties", entry.party


def _flatten(value: Any) -> Iterator[int]:
    if isinstance(value, list):
        for entry in value:
            yield from _flatten(entry)
    elif value is not None:
        yield value


def _find_set_faults(vcon: Vcon) -> Iterator[str]:
    members = {
        (number, index)
        for number, dialog in enumerate(vcon.dialog)
        for index in dialog.recordings or ()
    }
    claims = {
        (dialog.recording_set, index)
        for index, dialog in enumerate(vcon.dialog)
        if dialog.recording_set is not None
    }
    for number, index in sorted(members - claims):
        yield f"dialog.{number}: has recording {index}, which does not point back"
    for number, index in sorted(claims - members):
        yield f"dialog.{index}: says that it is in set {number}, which does not list it"
    for number, index in sorted(members & claims):
        if number < len(vcon.dialog) and vcon.dialog[number].type != "recording-set":
            yield f"dialog.{number}: is no recording-set"
        if index < len(vcon.dialog) and vcon.dialog[index].type != "recording":
            yield f"dialog.{index}: is in a set and no recording"


def _find_channel_faults(vcon: Vcon) -> Iterator[str]:
    """``[0, 1]`` may mean one mix or two channels: more than one channel is always nested."""
    for index, dialog in enumerate(vcon.dialog):
        channels = _read_channels(dialog)
        if dialog.parties is None or channels is None:
            continue
        entries = dialog.parties if isinstance(dialog.parties, list) else [dialog.parties]
        nested = any(not isinstance(entry, int) for entry in entries)
        if channels > 1 and len(entries) != channels:
            yield f"dialog.{index}: has {len(entries)} entries in parties for {channels} channels"
        elif nested != (channels > 1):
            yield f"dialog.{index}: parties are nested if there are several channels, else not"


def _read_channels(dialog: Dialog) -> int | None:
    ours = (dialog.model_extra or {}).get("catchment")
    channels = ours.get("channels") if isinstance(ours, dict) else None
    return channels if isinstance(channels, int) else None


def _find_analysis_faults(vcon: Vcon) -> Iterator[str]:
    for index, analysis in enumerate(vcon.analysis):
        if not {"dialog", "attachment"} & analysis.model_fields_set:
            yield f"analysis.{index}: says neither of which dialog nor of which attachment it is"


def _find_own_faults(vcon: Vcon) -> Iterator[str]:
    """What our extension demands of itself."""
    if "catchment" not in (vcon.extensions or ()):
        return
    ours = (vcon.model_extra or {}).get("catchment")
    if not isinstance(ours, dict):
        yield "catchment: is declared and missing"
        return
    for name in _OURS:
        if name not in ours:
            yield f"catchment: {name} is missing"
    for place, index in _list_contact_dialogs(ours):
        if not 0 <= index < len(vcon.dialog):
            yield f"{place}: points at dialog.{index}, which is not there"


def _list_contact_dialogs(ours: dict[str, Any]) -> Iterator[tuple[str, int]]:
    contacts = ours.get("contacts")
    for position, contact in enumerate(contacts if isinstance(contacts, list) else ()):
        dialogs = contact.get("dialogs") if isinstance(contact, dict) else None
        for index in dialogs if isinstance(dialogs, list) else ():
            if isinstance(index, int):
                yield f"catchment.contacts.{position}", index


_RULES: tuple[Callable[[Vcon], Iterator[str]], ...] = (
    _find_document_faults,
    _find_extension_faults,
    _find_content_faults,
    _find_dialog_faults,
    _find_lost_references,
    _find_set_faults,
    _find_channel_faults,
    _find_analysis_faults,
    _find_own_faults,
)
