"""Webex Calling's words as values: recordings (1.3, 1.4), their metadata (1.5), call records (2.2).

Everything but an id may be missing.  Enums are spelled ``virtualLine`` here and ``VIRTUAL_LINE``
there (4, row 8) and are compared in one spelling; keys of call records have odd capitals and are
read in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import AliasGenerator, BeforeValidator, ConfigDict

from catchment.payloads import Count, Flag, Text, read_as, read_nested, read_rows
from catchment_webex.payloads import Moment, Payload

NOTHING = frozenset({"", "na", "n/a", "none", "null", "nil", "-"})
"""How a call record says that it says nothing (2.2), and how others might."""


def _read_people(value: object) -> list[Mapping[str, Any]] | None:
    """The participants of an activity; ``None`` where it says nothing of them."""
    return read_rows(value) if isinstance(value, list) else None


def _read_kind(value: object) -> str:
    """``virtualLine``, ``VIRTUAL_LINE`` and ``VirtualLine`` as one word."""
    return re.sub(r"[^a-z]", "", value.lower()) if isinstance(value, str) else ""


def _read_told(value: object) -> str:
    """A text of a call record: empty where it says ``NA``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = value.strip() if isinstance(value, str) else ""
    return "" if text.lower() in NOTHING else text


def read_number(text: str) -> str:
    """The number in ``sip:+4915550100@192.0.2.10;user=phone`` or ``tel:+49…``; else the text."""
    compact = unquote(text.strip())
    bare = re.sub(r"^(?:sips?|tel):", "", compact, flags=re.IGNORECASE)
    return bare.partition(";")[0].partition("@")[0].strip()


Kind = Annotated[str, BeforeValidator(_read_kind)]
Told = Annotated[str, BeforeValidator(_read_told)]


# --- recordings (1.3, 1.4) ------------------------------------------------------------------------


class ItemService(Payload):
    """``serviceData`` of a row: nothing but where, and which session (1.3)."""

    location_id: Text = ""
    call_session_id: Text = ""


class Links(Payload):
    """``temporaryDirectDownloadLinks`` (1.4)."""

    audio_download_link: Text = ""
    transcript_download_link: Text = ""
    expiration: Moment = None


class Item(Payload):
    """A row of the list, and the details, which are the same with links."""

    id: Text = ""
    topic: Text = ""
    create_time: Moment = None
    time_recorded: Moment = None
    owner_id: Text = ""
    owner_type: Kind = ""
    owner_email: Text = ""
    format: Text = ""
    duration_seconds: Count = None
    size_bytes: Count = None
    service_type: Text = ""
    storage_region: Text = ""
    status: Text = ""
    transcript_language: Text = ""
    service_data: Annotated[ItemService, BeforeValidator(read_nested)] = ItemService()
    temporary_direct_download_links: Annotated[Links | None, BeforeValidator(read_nested)] = None

    @property
    def links(self) -> Links | None:
        """The links, where there are any at all (1.4)."""
        links = self.temporary_direct_download_links
        return links if links is not None and links != Links() else None


# --- metadata (1.5) -------------------------------------------------------------------------------


class Actor(Payload):
    """Who of the organisation it is; outside parties have none."""

    type: Kind = ""
    id: Text = ""
    email: Text = ""


class Side(Payload):
    """One of ``callingParty``, ``calledParty``, ``answererInfo``, ``connectedParty``."""

    actor: Annotated[Actor, BeforeValidator(read_nested)] = Actor()
    name: Text = ""
    number: Text = ""

    @property
    def inside(self) -> bool:
        """Whether it is told to be somebody of the organisation."""
        return bool(self.actor.id or self.actor.email)

    @property
    def tel(self) -> str:
        """The number without the SIP around it."""
        return read_number(self.number)


class Session(Payload):
    """When the recorded party's call began and ended."""

    start_time: Moment = None
    stop_time: Moment = None


class Action(Payload):
    """One of ``recordingActions[]``: ``PAUSE``, and presumably ``RESUME``, ``START``, ``STOP``."""

    action: Kind = ""
    time: Moment = None


class Participant(Payload):
    """One of ``callActivity[].participants[]``."""

    actor: Annotated[Actor, BeforeValidator(read_nested)] = Actor()
    aor: Text = ""


class Activity(Payload):
    """One of ``callActivity[]``: who is heard from a moment on."""

    time_stamp: Moment = None
    participants: Annotated[tuple[Participant, ...] | None, BeforeValidator(_read_people)] = None


_Side = Annotated[Side, BeforeValidator(read_nested)]


class MetadataService(Payload):
    """``serviceData`` of the metadata."""

    location_id: Text = ""
    call_session_id: Text = ""
    personality: Kind = ""
    calling_party: _Side = Side()
    called_party: _Side = Side()
    answerer_info: _Side = Side()
    connected_party: _Side = Side()
    managed_by: _Side = Side()
    call_id: Text = ""
    session: Annotated[Session, BeforeValidator(read_nested)] = Session()
    recording_type: Text = ""
    recording_actions: Annotated[tuple[Action, ...], BeforeValidator(read_rows)] = ()
    call_activity: Annotated[tuple[Activity, ...], BeforeValidator(read_rows)] = ()


class Metadata(Payload):
    """``GET /convergedRecordings/{id}/metadata`` (1.5)."""

    id: Text = ""
    owner_id: Text = ""
    owner_type: Kind = ""
    owner_name: Text = ""
    owner_email: Text = ""
    service_type: Text = ""
    service_data: Annotated[MetadataService, BeforeValidator(read_nested)] = MetadataService()


# --- call records (2.2) ---------------------------------------------------------------------------


def _spell(name: str) -> str:
    """The key of a field, as :func:`read_cdr` spells keys."""
    return name.replace("_", " ")


class CallRecord(Payload):
    """One participant's part of one leg (2.3); unknown keys stay in the document beside it."""

    model_config = ConfigDict(alias_generator=AliasGenerator(alias=_spell))

    start_time: Moment = None
    answer_time: Moment = None
    release_time: Moment = None
    report_time: Moment = None
    duration: Count = None
    ring_duration: Count = None
    hold_duration: Count = None
    answered: Flag = None
    answer_indicator: Told = ""
    answered_elsewhere: Told = ""
    call_outcome: Told = ""
    call_outcome_reason: Told = ""
    releasing_party: Told = ""
    direction: Told = ""
    call_type: Told = ""
    client_type: Told = ""
    calling_number: Told = ""
    called_number: Told = ""
    user: Told = ""
    user_number: Told = ""
    user_type: Kind = ""
    user_uuid: Told = ""
    correlation_id: Told = ""
    local_call_id: Told = ""
    remote_call_id: Told = ""
    related_call_id: Told = ""
    transfer_related_call_id: Told = ""
    interaction_id: Told = ""
    original_reason: Told = ""
    redirect_reason: Told = ""
    related_reason: Told = ""
    transfer_type: Told = ""
    queue_type: Told = ""
    call_recording_platform_name: Told = ""
    call_recording_result: Told = ""
    call_recording_trigger: Told = ""
    location: Told = ""
    department_id: Told = ""
    report_id: Told = ""


def read_cdr(document: Mapping[str, Any] | None) -> CallRecord:
    """A row of the detailed call history, whatever the capitals of its keys."""
    rows = (document or {}).items()
    return read_as(CallRecord, {" ".join(str(key).lower().split()): told for key, told in rows})
