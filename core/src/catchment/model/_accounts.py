"""What is told of an account besides its recordings: who it is, its people, checks, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from catchment.model._words import Json, Ref, check_known

Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who the platform says we are; ``account_id`` is pinned at first contact.

    Attributes:
        account_id: The platform's id of the account.
        name: For people.
        formerly: Ids that the same account had before the platform moved it, as the settings say;
            a source that was pinned to one of them goes on as it is.
    """

    account_id: str
    name: str = ""
    formerly: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every id under which it may have been pinned."""
        return (self.account_id, *self.formerly)


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the platform's directory.

    Attributes:
        refs: All ids of the person, the stable one first.
        team: Name of the platform's team; empty for the default team, and where it is unknown.
        active: ``False`` for people who left; they are kept, never deleted.
        agent: Whether the platform lets the person take contacts; no other role is told.
    """

    refs: tuple[Ref, ...]
    name: str = ""
    email: str = ""
    team: str = ""
    active: bool = True
    agent: bool = False


@dataclass(frozen=True, slots=True)
class Team:
    """A team of the platform's directory.

    Attributes:
        ref: Its id, which stays when it is renamed.
        active: ``False`` for one that the platform lists and does not use: nothing follows from it.
    """

    ref: Ref
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of the platform's directory, in which contacts wait.

    Attributes:
        ref: Its id, which stays when it is renamed.
        active: ``False`` for one that the platform lists and does not use; it is kept.
    """

    ref: Ref
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``catchment check``.

    Attributes:
        what: What was tried, in a few words.
        verdict: ``pass``, ``warn`` or ``fail``.
        detail: What came of it.
        remedy: What to do, unless it passed.
    """

    what: str
    verdict: Verdict
    detail: str = ""
    remedy: str = ""

    def __post_init__(self) -> None:
        check_known("Finding.verdict", self.verdict, get_args(Verdict))


@dataclass(frozen=True, slots=True)
class Event:
    """A webhook as it arrived, for ``receive_event``, which is not called yet.

    ``body`` is the bytes that were signed.
    """

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """What to answer to a webhook, and which recordings it hints at; not asked for yet."""

    status: int = 200
    body: Json | None = None
    hints: Sequence[str] = ()
