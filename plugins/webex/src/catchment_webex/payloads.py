"""Webex's words as values: what comes in is read as it is, and nothing in it can stop a listing.

Fields that the schema calls required are missing, unknown ones appear, enums grow (sheet 1).  So
every field has a value for "unknown", enums are plain strings, and unknown fields are left to the
verbatim document that is kept beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from catchment import payloads
from catchment.errors import Unreachable
from catchment.payloads import Flag, Text, Texts, read_rows
from catchment.transport import Answer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(value: object) -> datetime | None:
    """A time of Webex's as an aware UTC datetime; ``None`` for 1970, which means "not known" (4.1).

    A time without a zone is UTC, as every client takes it.
    """
    moment = payloads.read_time(value)
    return None if moment == _EPOCH else moment


def write_time(moment: datetime) -> str:
    """*moment* as a query parameter: UTC, whole seconds, a literal ``Z`` (4.1)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


Moment = Annotated[datetime | None, BeforeValidator(read_time)]


class Payload(payloads.Payload):
    """The base of all, named as we name: Webex's ``hostEmail`` is read into ``host_email``."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class Me(Payload):
    """``GET /people/me``, and a row of ``GET /people`` (10)."""

    id: Text = ""
    emails: Texts = ()
    display_name: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    department: Text = ""
    org_id: Text = ""
    roles: Texts = ()
    site_urls: Texts = ()
    login_enabled: Flag = None
    type: Text = ""

    @property
    def name(self) -> str:
        """How the person is called."""
        return self.display_name or f"{self.first_name} {self.last_name}".strip()


class Site(Payload):
    """One of ``sites[]`` of ``GET /meetingPreferences/sites`` (10)."""

    site_url: Text = ""
    default: Flag = None


def read_object(answer: Answer) -> dict[str, Any]:
    """The JSON object of *answer*, verbatim.

    Raises:
        Unreachable: The body is not a JSON object.
    """
    return payloads.read_object(answer.json(), "Webex")


def read_items(answer: Answer, name: str = "items") -> list[Mapping[str, Any]]:
    """The rows of a list, which stand under ``items`` nearly everywhere (1).

    Raises:
        Unreachable: There is no such list in the answer: it is not what was asked for, and taking
            it for an empty one would lose everything in silence.
    """
    body = read_object(answer)
    rows = body.get(name)
    if not isinstance(rows, list):
        raise Unreachable(f"Webex answered {answer.status} with an object that has no {name!r}")
    return read_rows(rows)
