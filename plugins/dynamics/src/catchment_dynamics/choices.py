"""The settings that the pure half reads, so that it can be asked without the rest of them.

What they may say is told here once; ``settings`` has it from here.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

Begin = Literal["answer", "call"]
"""What a recording begins with: the first agent's answer, or the call (3.7)."""

Orientation = Literal["from_caller", "from_customer"]
"""What ``msdyn_fromphone`` is of an outbound call: who calls, or the customer (3.6)."""

Rule = Literal["automatic", "by_hand", "consent", "off"]
"""How a workstream records: of every call, or why it may be of none (4.1)."""

AUTOMATIC: Final = "automatic"
BY_HAND: Final = "by_hand"
CONSENT: Final = "consent"
OFF: Final = "off"


class Choices(Protocol):
    """What an administrator knows about an environment and no table tells."""

    @property
    def recording_begins(self) -> Begin:
        """With what recordings of this environment begin."""
        ...

    @property
    def outbound_numbers(self) -> Orientation:
        """How this environment tells the numbers of outbound calls."""
        ...

    def find_rule(self, *names: str | None) -> Rule:
        """How a workstream records, by the first of its ids and names that is told; else all."""
        ...
