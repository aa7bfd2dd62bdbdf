"""Times on the wire: anything of ISO 8601 comes in, one form goes out (4.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catchment_webex.simulator.answers import malformed

ZULU = "%Y-%m-%dT%H:%M:%SZ"


def read_time(text: str, name: str = "from") -> datetime:
    """The instant that *text* names; without a zone it is UTC (4.1).

    Raises:
        Rejection: 400 for what is no time, such as a ``+`` that was not percent-encoded and so
            has become a space.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise malformed(f"'{name}' is not a valid ISO 8601 date-time.") from None
    return (read.replace(tzinfo=UTC) if read.tzinfo is None else read).astimezone(UTC)


def write_time(at: datetime, zone: str = "", *, milliseconds: bool = False) -> str:
    """*at* as answers tell it: ``Z``, or the offset of the ``timezone`` header (4.1).

    Raises:
        Rejection: 400 for a zone that there is not.
    """
    if zone and zone.upper() not in ("UTC", "GMT"):
        try:
            at = at.astimezone(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError):
            raise malformed(f"'{zone}' is not a time zone.") from None
        return at.isoformat(timespec="milliseconds" if milliseconds else "seconds")
    at = at.astimezone(UTC)
    if milliseconds:
        return at.strftime(ZULU[:-1]) + f".{at.microsecond // 1000:03}Z"
    return at.strftime(ZULU)
