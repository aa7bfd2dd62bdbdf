"""Webex's words as values: what comes in is read as it is, and nothing in it can stop a listing.

Fields that the schema calls required are missing, unknown ones appear, enums grow (sheet 1).  So
every field has a value for "unknown", enums are plain strings, and unknown fields are left to the
verbatim document that is kept beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from catchment.errors import Unreachable
from catchment.transport import Answer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read_text(value: object) -> str:
    if isinstance(value, str):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else ""  # a meeting number is a number here and a text there


def _read_count(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() else None


def read_time(value: object) -> datetime | None:
    """A time of Webex's as an aware UTC datetime; ``None`` for 1970, which means "not known" (4.1).

    A time without a zone is UTC, as every client takes it.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    moment = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return None if moment == _EPOCH else moment


def write_time(moment: datetime) -> str:
    """*moment* as a query parameter: UTC, whole seconds, a literal ``Z`` (4.1)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _read_flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    told = value.strip().lower() if isinstance(value, str) else ""
    return {"true": True, "yes": True, "false": False, "no": False}.get(told)


def read_rows(value: object) -> list[Mapping[str, Any]]:
    """The objects in *value*; nothing where it is no list."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _read_texts(value: object) -> tuple[str, ...]:
    rows = value if isinstance(value, list | tuple) else []
    return tuple(text for row in rows if (text := _read_text(row)))


Text = Annotated[str, BeforeValidator(_read_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_read_texts)]
Count = Annotated[int | None, BeforeValidator(_read_count)]
Moment = Annotated[datetime | None, BeforeValidator(read_time)]
Flag = Annotated[bool | None, BeforeValidator(_read_flag)]


class Payload(BaseModel):
    """The base of all: frozen, silent about fields that it does not know, named as we name.

    Webex's ``hostEmail`` is read into ``host_email``.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


M = TypeVar("M", bound=Payload)


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
    body = answer.json()
    if not isinstance(body, dict):
        raise Unreachable(f"Webex answered {answer.status} with JSON that is not an object")
    return body


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


def read_as(model: Callable[..., M], document: Mapping[str, Any] | None) -> M:
    """*document* as *model*; what is missing or not understood is unknown."""
    return model(**{str(name): value for name, value in (document or {}).items()})
