"""Finds meetings by what people call them: a UUID in any encoding, or a number (S003-22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from catchment.errors import Absent, Refused
from catchment.model import Denied, Json, Nothing, Outcome, Ready, Sighting
from catchment.payloads import read_as
from catchment.transport import Request, TokenRejected
from catchment_zoom import wire
from catchment_zoom.payloads import Instance, Listing
from catchment_zoom.settings import Product
from catchment_zoom.sightings import (
    map_archive_sighting,
    map_cloud_sighting,
    split_id,
)

_NUMBER = re.compile(r"\d{9,19}")
_UUID = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks ids up.

    Attributes:
        source: Which products the source captures.
        ask: Sends a request and gives the JSON object of its answer.
        now: When a meeting began that does not say it.
    """

    source: Product
    ask: Callable[[Request], Json]
    now: datetime

    def find(self, asked: str) -> Outcome:
        """What Zoom has under the id *asked*."""
        cloud_only, name = split_id(asked.strip())
        number = re.sub(r"[ -]", "", name)
        if _NUMBER.fullmatch(number):
            return self._find_number(asked, number)
        uuid = wire.decode_uuid(name)
        if not _UUID.fullmatch(uuid):
            return Nothing(asked, "this is neither a meeting UUID nor a meeting number")
        found = tuple(self._find_uuid(uuid, cloud_only))
        if not found:
            return Nothing(asked, f"Zoom has nothing of this meeting (asked for: {self.source})")
        return Ready(asked, sightings=found)

    def _find_number(self, asked: str, number: str) -> Outcome:
        """All instances of a number (7.2): the number alone would mean the latest only (1.1)."""
        try:
            listing = read_as(Listing, self.ask(wire.build_instances(number)))
        except Absent:
            return Nothing(asked, "Zoom knows no past meeting of this number")
        except TokenRejected:
            raise
        except Refused as error:
            return Denied(asked, f"{error}, which finding meetings by number needs; use UUIDs")
        uuids = sorted({read_as(Instance, row).uuid for row in listing.meetings} - {""})
        found = tuple(one for uuid in uuids for one in self._find_uuid(uuid))
        if not found:
            return Nothing(asked, f"Zoom has nothing of the {len(uuids)} instances of this number")
        return Ready(asked, sightings=found)

    def _find_uuid(self, uuid: str, cloud_only: bool = False) -> Iterator[Sighting]:
        """A sighting for each captured product that has something of this meeting."""
        if self.source != "recordings" and not cloud_only:
            row = self._look(wire.build_archive_files(uuid))
            if row is not None:
                yield map_archive_sighting(row, self.now)
        if self.source != "archive":
            row = self._look(wire.build_meeting_recordings(uuid))
            if row is not None:
                yield map_cloud_sighting(row, self.now)

    def _look(self, request: Request) -> Json | None:
        try:
            return self.ask(request)
        except Absent:
            return None
