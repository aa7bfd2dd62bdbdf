"""Zoom's identifiers, made from a World's (section 1.1, 1.2)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from datetime import datetime

from catchment.sandbox import Meeting, Person, World

ZULU = "%Y-%m-%dT%H:%M:%SZ"
FORMS = ("double_slash", "plus", "slash", "natural")
"""What the UUIDs of a World are made to hold, in turn, so that each kind always occurs."""


def zulu(at: datetime | None) -> str:
    """A time as Zoom writes it: UTC, whole seconds, ``Z``; empty where there is none (1)."""
    return "" if at is None else at.strftime(ZULU)


class Ids:
    """Names for what is in a World, always the same ones.

    Attributes:
        registered: Guests whose address is known by registration or the like (6.3).
    """

    def __init__(self, world: World) -> None:
        self._bytes: Callable[..., bytes] = world.bytes_for
        self._meetings = {meeting.meeting_id: meeting for meeting in world.meetings}
        self.registered = {one.customer_id for one in world.customers[::4]}
        order = [meeting.meeting_id for meeting in world.list_meetings()]
        self._forms = {meeting: FORMS[n % len(FORMS)] for n, meeting in enumerate(order)}

    def uuid(self, meeting: Meeting) -> str:
        """The instance's UUID: 16 bytes in base64, some with ``/``, ``//`` or ``+`` (fact 7)."""
        raw = bytearray(self._bytes("zoom", "uuid", meeting.meeting_id, size=16))
        form = self._forms.get(meeting.meeting_id, "natural")
        if form == "double_slash":
            raw[0] |= 0xFC  # the first sextet: "/"
            raw[3], raw[4] = 0xFF, raw[4] | 0xF0  # the fifth and sixth: "//"
        elif form == "plus":
            raw[0] &= 0x7F  # no leading slash
            raw[6] = 0xF8 | (raw[6] & 0x03)  # the ninth sextet: "+"
        elif form == "slash":
            raw[0], raw[5], raw[7] = raw[0] & 0x7F, raw[5] & 0xDF, raw[7] & 0x7F
            raw[6] = 0xFC | (raw[6] & 0x03)  # "/" with neighbours that are none
        return base64.b64encode(bytes(raw)).decode()

    def number(self, meeting: Meeting) -> int:
        """The meeting number: beyond 32 bits, and one for many instances (fact 20).

        Breakout rooms have their parent's.
        """
        meeting = self._meetings.get(meeting.parent_id, meeting)
        if self.is_personal(meeting):
            return self.personal_number(meeting.host)
        return 80_000_000_000 + meeting.number % 19_999_999_999

    def is_personal(self, meeting: Meeting) -> bool:
        """Whether it took place under the host's own number.

        Personal rooms do, and of what was begun without a plan every other one.
        """
        instant = meeting.scheduled_at is None and not meeting.series_id
        begun = instant and one_in(2, self.chance("instant", meeting.meeting_id))
        return meeting.kind == "personal_room" or begun

    def personal_number(self, host: Person) -> int:
        """10 digits, the host's for ever (1.1)."""
        return 5_000_000_000 + self.chance("pmi", host.email)

    def file(self, *about: str) -> str:
        """A file id: looks like a UUID4; the two products have separate ids (fact 1)."""
        return str(uuid.UUID(bytes=self._bytes("zoom", "file", *about, size=16), version=4))

    def short(self, *about: str) -> str:
        """22 characters of base64url, as users, groups and chat attachments have."""
        raw = self._bytes("zoom", "short", *about, size=16)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def chance(self, *about: str) -> int:
        """A number that belongs to *about*, for "one in so many"."""
        return int.from_bytes(self._bytes("zoom", "chance", *about, size=4), "big")


def one_in(every: int, chance: int) -> bool:
    """Whether *chance* hits, where one in *every* does; ``0`` is never."""
    return every > 0 and chance % every == 0
