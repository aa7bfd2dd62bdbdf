"""The words of Catchment are values that cannot be nonsense."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from catchment import model
from catchment._plain import from_plain, to_plain
from catchment.model import (
    ABSENCES,
    BadValue,
    Batch,
    Contact,
    Fact,
    Feed,
    Finding,
    InteractionDraft,
    Key,
    MediaFile,
    NotYet,
    Party,
    Recording,
    Ref,
    Sighting,
    Timeline,
    Way,
    Window,
    period,
)

AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYS = (Key("call", "1"),)
VALUES = [
    kind for _, kind in inspect.getmembers(model, inspect.isclass) if dataclasses.is_dataclass(kind)
]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0s", timedelta()),
        ("10m", timedelta(minutes=10)),
        ("1h30m", timedelta(minutes=90)),
        ("30d", timedelta(days=30)),
        (" 2 h ", timedelta(hours=2)),
        (HOUR, HOUR),
    ],
)
def test_a_length_of_time_is_read(text: str | timedelta, length: timedelta) -> None:
    """Numbers with s, m, h or d are added up; what is a length already stays as it is."""
    assert period(text) == length


@pytest.mark.parametrize("text", ["", "10", "m", "10 parsecs", "1.5h", "-1h", "1h and more", "1H"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    """A typing error is never taken for some other length."""
    with pytest.raises(ValueError, match="is not a length of time; write for example"):
        period(text)


def test_a_window_needs_aware_times() -> None:
    """A time without a zone would be somebody's local time sooner or later."""
    with pytest.raises(ValueError, match="aware"):
        Window(AT.replace(tzinfo=None), AT)


def test_a_window_never_ends_before_it_starts() -> None:
    """A window is half-open and may be empty, and never runs backwards."""
    assert Window(AT, AT).length == timedelta()
    with pytest.raises(ValueError, match="cannot end"):
        Window(AT, AT - HOUR)


def test_a_window_is_told_in_utc_to_the_second() -> None:
    """People read a window as two times."""
    assert str(Window(AT, AT + HOUR)) == "2026-11-02T12:00:00Z..2026-11-02T13:00:00Z"


WORDS: list[tuple[str, str, Callable[[], object]]] = [
    ("MediaFile.kind", "podcast", lambda: MediaFile("f", "podcast", "mp3")),  # type: ignore[arg-type]
    ("MediaFile.offered", "soon", lambda: MediaFile("f", "audio", "mp3", offered="soon")),  # type: ignore[arg-type]
    ("Sighting.offered", "failed", lambda: Sighting("r", AT, KEYS, "1", offered="failed")),  # type: ignore[arg-type]
    ("Timeline.certainty", "sure", lambda: Timeline(certainty="sure")),  # type: ignore[arg-type]
    ("Finding.verdict", "ok", lambda: Finding("scope", "ok")),  # type: ignore[arg-type]
    ("InteractionDraft.kind", "Call", lambda: InteractionDraft("Call", "c1", AT)),
    (
        "InteractionDraft.direction",
        "inwards",
        lambda: InteractionDraft("call", "c1", AT, direction="inwards"),
    ),
    ("Fact.absence", "Not Recorded", lambda: Fact("cdr", "1", AT, KEYS, absence="Not Recorded")),
]


@pytest.mark.parametrize(("where", "value", "make"), WORDS, ids=[one[0] for one in WORDS])
def test_a_word_that_nobody_knows_is_refused(
    where: str, value: str, make: Callable[[], object]
) -> None:
    """The catalogue would keep it, and whoever reads it later would not understand it."""
    with pytest.raises(BadValue, match=f"^{where} cannot be '{value}', only one of '"):
        make()


@pytest.mark.parametrize("absence", ["", *ABSENCES])
def test_an_absence_is_one_that_the_report_shows(absence: str) -> None:
    """Every kind of gap that the contract names may be told, and that there is none."""
    assert Fact("cdr", "1", AT, KEYS, absence=absence).absence == absence


def test_a_wrong_word_is_not_quoted_at_length() -> None:
    """What stands where a word should may be anything: a link, a document."""
    with pytest.raises(BadValue) as caught:
        Finding("scope", "https://example.com/?" + "x" * 500)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("name", ["every", "max_window", "horizon", "resolution"])
def test_a_feed_has_no_length_of_nothing(name: str) -> None:
    """Such a feed would be asked without end, or for nothing."""
    lengths = {"every": "5m", "max_window": "1d", name: "0s"}
    with pytest.raises(BadValue, match=f"the feed calls needs more than '0s' as its {name}"):
        Feed("calls", **lengths)  # type: ignore[arg-type]


@pytest.mark.parametrize("step", [{"0s": "1d"}, {"1h": "0s"}])
def test_a_feed_looks_back_over_some_time(step: dict[str, str]) -> None:
    """A step of the ladder has a pause before it and a period to look at."""
    with pytest.raises(BadValue, match="the feed calls needs more than '0s' as its lookback"):
        Feed("calls", every="5m", max_window="1d", lookback=step)


def test_a_time_line_is_as_long_as_its_stretches() -> None:
    """Pauses between stretches are not counted, and the start is that of the first."""
    line = Timeline((Window(AT, AT + HOUR), Window(AT + 3 * HOUR, AT + 4 * HOUR)))
    assert (line.length, line.start) == (2 * HOUR, AT)
    assert (Timeline().length, Timeline().start) == (timedelta(), None)


def test_a_batch_is_its_recordings() -> None:
    """A batch can be counted, walked over, and asked for its ids."""
    first, second = Recording("a", AT), Recording("b", AT)
    batch = Batch((first, second), AT)
    assert (len(batch), list(batch), batch.ids) == (2, [first, second], ["a", "b"])


def test_an_outcome_names_its_item() -> None:
    """Whether a recording or an id was asked for, an outcome says for which it stands."""
    assert NotYet(Recording("a", AT)).item_id == NotYet("a").item_id == "a"


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_values_never_change(kind: type) -> None:
    """Every value is frozen, so that no hook can change what another one sees."""
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(kind)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_every_value_is_explained(kind: type) -> None:
    """A docstring that dataclasses make up by themselves is none."""
    assert not (kind.__doc__ or "").startswith(f"{kind.__name__}(")


@pytest.mark.parametrize(
    "value",
    [
        MediaFile(
            "f",
            "audio",
            "wav",
            ways=(Way("https://example.com/f"),),
            of=Ref("user", "1"),
            timeline=Timeline((Window(AT, AT + HOUR),), "exact"),
            extra={"a": [1, None]},
        ),
        InteractionDraft(
            "call",
            "1",
            AT,
            parties=(Party("p", "host", Ref("user", "1")),),
            contacts=(Contact("c", "p", AT, custom={"a": "b"}),),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_survives_being_kept(value: object) -> None:
    """What is written into a column or a manifest is read back as the value that it was."""
    assert from_plain(type(value), to_plain(value)) == value
