"""The platform's words as values: what comes in is read as it is, and nothing stops a listing.

Vocabularies differ from API to API in capitals and words (0, trap 9), so that enums are plain
strings.  What an earlier generation told is put into these words first
(:mod:`~catchment_webex_cc.sessions`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from catchment.payloads import Count, Flag, Text, Texts, read_nested, read_rows
from catchment_webex.payloads import Payload
from catchment_webex_cc.stamps import read_ms

Stamp = Annotated[datetime | None, BeforeValidator(read_ms)]


# --- tasks and their activities (2.6) -------------------------------------------------------------


class Named(Payload):
    """Something with an id and a name."""

    id: Text = ""
    name: Text = ""


class LastAgent(Named):
    """``lastAgent``: who had the call last."""

    sign_in_id: Text = ""
    phone_number: Text = ""


class Customer(Payload):
    """``customer`` of a task."""

    name: Text = ""
    phone_number: Text = ""
    email: Text = ""


_Named = Annotated[Named, BeforeValidator(read_nested)]


class Task(Payload):
    """A row of ``taskDetails``: a customer session (CSR)."""

    id: Text = ""
    direction: Text = ""
    origin: Text = ""
    destination: Text = ""
    channel_type: Text = ""
    created_time: Stamp = None
    ended_time: Stamp = None
    is_active: Flag = None
    capture_requested: Flag = None
    is_recording_deleted: Flag = None
    is_outdial: Flag = None
    connected_count: Count = None
    transfer_count: Count = None
    agent_to_agent_transfer_count: Count = None
    agent_to_queue_transfer_count: Count = None
    agent_to_entrypoint_transfer_count: Count = None
    agent_to_dn_transfer_count: Count = None
    consult_count: Count = None
    conference_count: Count = None
    recording_count: Count = None
    last_agent: Annotated[LastAgent, BeforeValidator(read_nested)] = LastAgent()
    last_queue: _Named = Named()
    customer: Annotated[Customer, BeforeValidator(read_nested)] = Customer()
    contact_handle_type: Text = ""
    termination_type: Text = ""
    last_wrapup_code_name: Text = ""


class Node(Payload):
    """One of ``activities.nodes`` of a task (CAR)."""

    id: Text = ""
    event_name: Text = ""
    created_time: Stamp = None
    ended_time: Stamp = None
    agent_id: Text = ""
    agent_name: Text = ""
    destination_agent_id: Text = ""
    destination_agent_name: Text = ""
    queue_name: Text = ""


class AgentActivity(Payload):
    """A row of ``/v1/agents/activities`` (4.2): what one agent did."""

    agent_id: Text = ""
    agent_db_id: Text = ""
    agent_login: Text = ""
    agent_name: Text = ""
    agent_dn: Text = ""
    team_name: Text = ""
    site_name: Text = ""
    queue_name: Text = ""
    wrapup_code_name: Text = ""
    current_state: Text = ""
    task_id: Text = ""
    channel_type: Text = ""
    start_time: Stamp = None
    end_time: Stamp = None


# --- captures (3) ---------------------------------------------------------------------------------


class CaptureAttributes(Payload):
    """``attributes`` of a recording."""

    file_name: Text = ""
    file_path: Text = ""
    start_time: Stamp = None
    stop_time: Stamp = None
    participants: Texts = ()
    channel1: Text = ""
    channel2: Text = ""
    call_type: Text = ""


class Capture(Payload):
    """One of ``recording[]``: a piece, or the whole."""

    id: Text = ""
    segment: Flag = None
    attributes: Annotated[CaptureAttributes, BeforeValidator(read_nested)] = CaptureAttributes()


class Transcription(Payload):
    """One of ``transcription[]``; its times are texts, and two names have capitals (3)."""

    source: Annotated[Text, Field(alias="Source")] = ""
    provider: Annotated[Text, Field(alias="Provider")] = ""
    id: Text = ""
    file_name: Text = ""
    file_path: Text = ""
    start_time: Stamp = None
    create_time: Stamp = None
    language_code: Text = ""


class Captures(Payload):
    """One of ``data[]`` of the captures query: what there is of a task."""

    task_id: Text = ""
    recording: Annotated[tuple[Capture, ...], BeforeValidator(read_rows)] = ()
    transcription: Annotated[tuple[Transcription, ...], BeforeValidator(read_rows)] = ()


# --- users, teams, queues (5) ---------------------------------------------------------------------


class User(Payload):
    """A user of the contact centre; ``team_ids`` is ``None`` where the list left it out (5)."""

    id: Text = ""
    ci_user_id: Text = ""
    db_id: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    email: Text = ""
    active: Flag = None
    contact_center_enabled: Flag = None
    team_ids: Annotated[Texts | None, BeforeValidator(lambda told: told or None)] = None

    @property
    def name(self) -> str:
        """First and last name (S002-120)."""
        return f"{self.first_name} {self.last_name}".strip()


class Group(Payload):
    """A team or a queue."""

    id: Text = ""
    name: Text = ""
    active: Flag = None
