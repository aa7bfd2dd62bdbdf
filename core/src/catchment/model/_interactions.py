"""What becomes of recordings and facts that share a key: an interaction with its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from catchment.model._files import StoredFile
from catchment.model._listings import Fact
from catchment.model._recordings import Recording
from catchment.model._words import Ref, Window, check_aware, check_known

InteractionKind = Literal["meeting", "webinar", "call"]
Direction = Literal["inbound", "outbound", "internal", ""]


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
        check_aware("a leg", self.start, self.end)


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of an archived sound file that is heard in a contact.

    Attributes:
        recording_id: The platform's id of the recording.
        file_id: The platform's id of the file within it.
        window: Which wall time of the file; where its time line has less, less is heard.
    """

    recording_id: str
    file_id: str
    window: Window


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
        heard: What the contact's own audio is cut from, in order of time, never two at once; the
            engine makes it as soon as the files are archived.  Empty where recordings already are
            one agent's each.
        doubt: Why start, end or agent are not sure, in a sentence that ``report`` shows; empty
            where they are.
    """

    contact_id: str
    agent: str
    start: datetime
    end: datetime | None = None
    legs: tuple[str, ...] = ()
    queue: str = ""
    wrap_up: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    heard: tuple[Heard, ...] = ()
    doubt: str = ""

    def __post_init__(self) -> None:
        check_aware("a contact", self.start, self.end)


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
        check_known("InteractionDraft.kind", self.kind, get_args(InteractionKind))
        check_known("InteractionDraft.direction", self.direction, get_args(Direction))
        check_aware("an interaction", self.started_at, self.ended_at)
