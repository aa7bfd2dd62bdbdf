"""The objects of a vCon (draft-ietf-vcon-vcon-core-04), as models.

The draft counts positions: every reference is an index into ``parties``, ``dialog`` or
``attachments``.  The models hold what can be said of one object alone; ``check`` holds what needs
two of them.  Own models rather than a library, because none writes what the draft demands.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from catchment._archive.hashes import read_token

_DATE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9]\d*)?(Z|[+-]\d\d:\d\d)", flags=re.ASCII
)
_LENGTHS = {"sha512": 128, "sha256": 64}


def _check_date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError("is not a date-time such as 2026-09-14T09:00:04Z")
    datetime.fromisoformat(text)
    return text


def _check_uuid(text: str) -> str:
    if str(uuid.UUID(text)) != text.lower():
        raise ValueError("is not a UUID")
    return text


def _check_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("is not an https URL")
    return text


def _check_hash(token: str) -> str:
    algorithm, digest = read_token(token)
    if algorithm in _LENGTHS and len(digest) != _LENGTHS[algorithm]:
        raise ValueError(f"is not as long as a {algorithm}")
    return token


Index = Annotated[int, Field(ge=0)]
Date = Annotated[str, AfterValidator(_check_date)]
Uuid = Annotated[str, AfterValidator(_check_uuid)]
Url = Annotated[str, AfterValidator(_check_url)]
Hash = Annotated[str, AfterValidator(_check_hash)]
ContentHash = Hash | list[Hash]
Parties = Index | list[Index | list[Index] | None]
SessionId = dict[str, str] | list[dict[str, str] | list[dict[str, str]] | None]
Encoding = Literal["base64url", "json", "none"]
Disposition = Literal[
    "no-answer", "congestion", "failed", "busy", "hung-up", "voicemail-no-message"
]
DialogType = Literal["recording", "recording-set", "text", "transfer", "incomplete"]
HistoryEvent = Literal["join", "drop", "hold", "unhold", "mute", "unmute", "keydown", "keyup"]


class VconObject(BaseModel):
    """Any object of a vCon: keys that we do not know are kept, a ``null`` is refused."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_null(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for name in cls.model_fields:
                if name != "body" and name in value and value[name] is None:
                    raise ValueError(f"{name} is null")
        return value


class Content(VconObject):
    """What dialogs, attachments and analyses share: inline or external content."""

    mediatype: str | None = None
    filename: str | None = None
    body: Any = None
    encoding: Encoding | None = None
    url: Url | None = None
    content_hash: ContentHash | None = None

    @property
    def is_inline(self) -> bool:
        """There is a body with something in it."""
        return "body" in self.model_fields_set and self.body != ""


class Party(VconObject):
    """Someone who took part, or who contributed documents."""

    tel: str | None = None
    sip: str | None = None
    stir: str | None = None
    mailto: str | None = None
    name: str | None = None
    did: str | None = None
    validation: str | None = None
    gmlpos: str | None = None
    civicaddress: dict[str, str] | None = None
    uuid: str | None = None
    type: str | None = None
    org: str | None = None
    dept: str | None = None


class HistoryEntry(VconObject):
    """Something that happened to a party during a dialog."""

    party: Index
    time: Date
    event: HistoryEvent
    button: str | None = None


class Dialog(Content):
    """A recorded stretch, a set of them, a message, a transfer, or an attempt that failed."""

    type: DialogType
    start: Date | None = None
    duration: Annotated[float, Field(ge=0)] | None = None
    parties: Parties | None = None
    originator: Index | None = None
    recordings: list[Index] | None = None
    recording_set: Index | None = None
    disposition: Disposition | None = None
    session_id: SessionId | None = None
    party_history: list[HistoryEntry] | None = None
    transferee: Index | None = None
    transferor: Index | None = None
    transfer_target: Index | None = None
    original: Index | None = None
    target_dialog: Index | None = None
    consultation: Index | None = None
    application: str | None = None
    message_id: str | None = None


class Attachment(Content):
    """A file that somebody contributed to a dialog."""

    start: Date
    party: Index
    dialog: Index
    purpose: str | None = None


class Analysis(Content):
    """What a program made of a dialog or an attachment."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, protected_namespaces=())

    type: str
    vendor: str
    product: str | None = None
    format_: str | None = Field(None, alias="schema")
    dialog: Index | list[Index] | None = None
    attachment: Index | list[Index] | None = None


class Redacted(VconObject):
    """What this document is a redacted copy of."""

    type: str
    uuid: Uuid | None = None
    url: Url | None = None
    content_hash: ContentHash | None = None


class Amended(VconObject):
    """What this document is an amended copy of."""

    uuid: Uuid | None = None
    url: Url | None = None
    content_hash: ContentHash | None = None


class Vcon(VconObject):
    """One document."""

    uuid: Uuid
    created_at: Date
    vcon: Literal["0.4.0"] | None = None
    extensions: list[str] | None = None
    critical: list[str] | None = None
    updated_at: Date | None = None
    subject: str | None = None
    redacted: Redacted | None = None
    amended: Amended | None = None
    parties: list[Party] = Field(default_factory=list)
    dialog: list[Dialog] = Field(default_factory=list)
    analysis: list[Analysis] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)


_NEW_NAMES = {
    "mimetype": "mediatype",
    "transfer-target": "transfer_target",
    "target-dialog": "target_dialog",
    "appended": "amended",
    "ammended": "amended",
    "must_support": "critical",
}
_NEW_EVENTS = {"dtmfdown": "keydown", "dtmfup": "keyup"}


def modernise(document: dict[str, Any]) -> dict[str, Any]:
    """Give *document* today's names where an older tool wrote yesterday's.

    Readers accept the old names, writers never emit them.  Only the draft's own objects are
    looked into; what an extension holds stays as it is.
    """
    renewed: dict[str, Any] = _rename(document)
    if renewed.get("vcon") in ("0.0.1", "0.0.2", "0.3.0"):
        del renewed["vcon"]
    for name in ("redacted", "amended", "group"):
        if not renewed.get(name, True):
            del renewed[name]
    for name in ("parties", "dialog", "analysis", "attachments"):
        entries = renewed.get(name)
        if isinstance(entries, list):
            renewed[name] = [_rename(entry) for entry in entries]
    return renewed


def read_vcon(data: bytes) -> Vcon:
    """Read a vCon of this or an older draft.

    Raises:
        ValueError: It is no vCon; pydantic's error names every place.
    """
    return Vcon.model_validate(modernise(json.loads(data)))


def _rename(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    renewed = {_NEW_NAMES.get(key, key): value for key, value in entry.items()}
    if renewed.get("alg") in ("SHA-512", "sha512") and "signature" in renewed:
        del renewed["alg"]
        renewed["content_hash"] = f"sha512-{renewed.pop('signature')}"
    if isinstance(history := renewed.get("party_history"), list):
        renewed["party_history"] = [_rename_event(event) for event in history]
    if isinstance(renewed.get("session_id"), str):
        del renewed["session_id"]
    return renewed


def _rename_event(event: Any) -> Any:
    if not isinstance(event, dict):
        return event
    renewed = dict(event)
    if "dtmf" in renewed:
        renewed["button"] = renewed.pop("dtmf")
    renewed["event"] = _NEW_EVENTS.get(str(renewed.get("event")), renewed.get("event"))
    return renewed
