"""Words of foreign answers: whatever comes, a value comes out of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catchment.errors import Unreachable
from catchment.payloads import (
    Count,
    Flag,
    Moment,
    Payload,
    Text,
    Texts,
    read_as,
    read_nested,
    read_object,
    read_rows,
    read_whole,
)

NOON = datetime(2026, 10, 13, 12, tzinfo=UTC)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Call(Payload):
    """A call as some platform tells it."""

    call_id: Text = ""
    labels: Texts = ()
    seconds: Count = None
    recorded: Flag = None
    started_at: Moment = None


@given(ANYTHING)
def test_no_value_stops_a_listing(value: object) -> None:
    """Whatever stands in a field, reading it gives a value of the field's kind."""
    told = read_as(Call, dict.fromkeys(Call.model_fields, value))
    assert isinstance(told.call_id, str)
    assert all(isinstance(label, str) for label in told.labels)
    assert told.started_at is None or told.started_at.utcoffset() is not None


@pytest.mark.parametrize(
    ("field", "told", "meant"),
    [
        ("call_id", 4711, "4711"),
        ("call_id", True, ""),
        ("labels", ["a", None, 7], ("a", "7")),
        ("labels", "a", ()),
        ("seconds", " 90 ", 90),
        ("seconds", 90.0, 90),
        ("seconds", 90.5, None),
        ("seconds", True, None),
        ("recorded", "Yes", True),
        ("recorded", "false", False),
        ("recorded", 1, None),
        ("started_at", "2026-10-13T14:00:00+02:00", NOON),
        ("started_at", "2026-10-13T12:00:00", NOON),
        ("started_at", "", None),
    ],
)
def test_a_word_means_what_platforms_mean_by_it(field: str, told: object, meant: object) -> None:
    """Numbers as texts, words as flags and any zone are understood; guesses are not made."""
    assert getattr(read_as(Call, {field: told}), field) == meant


def test_fields_that_nobody_knows_are_left_out() -> None:
    """A new field of the platform changes nothing; a missing document is an unknown call."""
    assert read_as(Call, {"call_id": "a", "novelty": 1}) == Call(call_id="a")
    assert read_as(Call, None) == Call()


def test_rows_and_objects_are_taken_only_where_there_are_any() -> None:
    """What is no object is left out of a list, and stands for an empty one inside another."""
    assert read_rows([{"a": 1}, None, "b"]) == [{"a": 1}]
    assert read_rows({"a": 1}) == []
    assert read_nested(None) == {}


def test_an_answer_that_is_no_object_is_not_the_platforms() -> None:
    """A whole answer of another shape fails by name, as somebody else may have given it."""
    assert read_object({"a": 1}, "Tin") == {"a": 1}
    with pytest.raises(Unreachable, match="Tin answered with JSON that is not an object"):
        read_object(["a"], "Tin")


class Listing(Payload):
    """A page, which is none without its rows."""

    rows: list[str]
    next: Text = ""


def test_what_a_listing_stands_on_must_be_there() -> None:
    """With its rows a page is read, whatever else stands in it; an empty page is one as well."""
    told = {"rows": ["a"], "novelty": 1}
    assert read_whole(Listing, told, "Tin") == Listing(rows=["a"])
    assert read_whole(Listing, {"rows": []}, "Tin").rows == []


@pytest.mark.parametrize("answer", [{}, {"rows": None}, {"rows": "a"}, [], None, "wait"])
def test_an_answer_that_does_not_look_like_the_model_is_unreachable(answer: object) -> None:
    """It is no empty page: it is asked for again, and the sentence quotes nothing of it."""
    with pytest.raises(Unreachable, match=r"^Tin answered with something that is no Listing$"):
        read_whole(Listing, answer, "Tin")
