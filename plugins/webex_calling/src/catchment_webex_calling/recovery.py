"""Finds recordings by id, with or without dashes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from catchment.errors import Absent, AdapterFault, Refused
from catchment.model import Denied, Json, Nothing, NotYet, Outcome, Ready
from catchment.transport import Request, TokenRejected
from catchment_webex_calling import wire
from catchment_webex_calling.ids import is_recording_id, read_recording_id
from catchment_webex_calling.sightings import map_sighting


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks ids up.

    Attributes:
        ask: Sends a request and gives the JSON object of its answer.
        now: When a recording began that does not say it.
    """

    ask: Callable[[Request], Json]
    now: datetime

    def find(self, asked: str) -> Outcome:
        """What Webex has under the id *asked*.

        ``Nothing``, which is final, only where Webex has answered that it knows no such id.
        """
        if not is_recording_id(asked):
            return Nothing(
                asked,
                "this is no id of a recording (32 hexadecimal digits); call records and sessions "
                "cannot be asked by id, recover the period instead",
            )
        try:
            details = look(self.ask, read_recording_id(asked))
        except Absent:
            return Nothing(
                asked,
                "Webex knows no recording of this id; if it is the id of a session, recover the "
                "period of the call instead",
            )
        except TokenRejected:
            raise
        except Refused as error:
            return Denied(asked, str(error))
        except AdapterFault as error:
            return NotYet(asked, f"whether there is a recording was not answered: {error}")
        return Ready(asked, sightings=(map_sighting(details, self.now),))


def look(ask: Callable[[Request], Json], recording_id: str) -> Json:
    """The details of a recording whose id may be spelled with dashes or without (0).

    Raises:
        Absent: Webex knows it in neither spelling.
    """
    try:
        return ask(wire.build_details(recording_id))
    except Absent:
        if "-" not in recording_id or not is_recording_id(recording_id):
            raise
        return ask(wire.build_details(recording_id.replace("-", "")))
