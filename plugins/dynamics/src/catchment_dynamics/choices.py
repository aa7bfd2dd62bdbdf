"""The settings that the pure half reads, so that it can be asked without the rest of them."""

from __future__ import annotations

from typing import Literal, Protocol

AUTOMATIC, BY_HAND, CONSENT, OFF = "automatic", "by_hand", "consent", "off"
"""How a workstream records: of every call, or why it may be of none (4.1)."""


class Choices(Protocol):
    """What an administrator knows about an environment and no table tells."""

    @property
    def recording_begins(self) -> Literal["answer", "call"]:
        """What a recording begins with: the first agent's answer, or the call (3.7)."""
        ...

    @property
    def outbound_numbers(self) -> Literal["from_caller", "from_customer"]:
        """What ``msdyn_fromphone`` is of an outbound call: who calls, or the customer (3.6)."""
        ...

    def find_rule(self, *names: str | None) -> str:
        """How a workstream records, by the first of its ids and names that is told; else all."""
        ...
