"""Reading Webex's words: nothing in them can stop a listing (sheet 1, 4.1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from catchment.errors import Unreachable
from catchment.payloads import read_as
from catchment.transport import Answer
from catchment_webex.payloads import Me, read_items, read_time, write_time

AT = datetime(2026, 3, 9, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-09T08:00:00Z",
        "2026-03-09T09:00:00+01:00",
        "2026-03-09T08:00:00.000Z",
        "2026-03-09T08:00:00",
        "2026-03-09 08:00:00",
    ],
)
def test_a_time_is_read_in_each_form_and_is_utc_without_a_zone(text: str) -> None:
    """Any form of ISO 8601 (4.1)."""
    assert read_time(text) == AT


@pytest.mark.parametrize("value", ["", "soon", None, 7, "1970-01-01T00:00:00.000Z"])
def test_what_is_no_time_is_not_known(value: object) -> None:
    """1970 means "not known yet" (4.1)."""
    assert read_time(value) is None


def test_a_time_is_written_in_utc() -> None:
    """With a literal ``Z``, so that no plus sign is to be encoded (4.1)."""
    assert write_time(AT.astimezone(timezone(timedelta(hours=5)))) == "2026-03-09T08:00:00Z"


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"emails": None, "displayName": 7, "loginEnabled": "yes", "new": {"a": 1}},
        {"emails": ["a@b.example", None], "roles": "x", "orgId": None},
    ],
)
def test_a_document_of_any_shape_is_read(document: dict[str, object] | None) -> None:
    """Fields are missing, of another type, or new."""
    assert isinstance(read_as(Me, document), Me)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items": null}', b"<html>"])
def test_an_answer_without_its_list_is_no_empty_list(body: bytes) -> None:
    """Taking it for one would lose everything in silence."""
    with pytest.raises(Unreachable):
        read_items(Answer(200, {}, body, AT))
