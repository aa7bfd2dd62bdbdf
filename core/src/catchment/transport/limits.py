"""How patient the clients of a source are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a client is.

    Attributes:
        connect: How long a connection may take to open.
        read: How long the platform may be silent while it answers.
        whole: How long one answer may take from beginning to end.
        tries: How often a request is sent at most when the platform does not answer well.
        first_delay: How long to wait before the second try; doubled each time, with jitter.
        longest_wait: The longest wait that is waited out here; beyond it the engine decides.
        body_bytes: The largest answer that is read.
    """

    connect: timedelta = timedelta(seconds=10)
    read: timedelta = timedelta(seconds=30)
    whole: timedelta = timedelta(minutes=5)
    tries: int = 4
    first_delay: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(seconds=30)
    body_bytes: int = 64 * 1024 * 1024
