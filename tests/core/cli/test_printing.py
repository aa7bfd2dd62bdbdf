"""Tables, JSON and words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from catchment._words import name_feed, say_age, say_limit
from catchment.cli.printing import Cell, plain, print_json, print_pairs, print_table
from catchment.cli.wording import (
    clean,
    count,
    say_length,
    say_moment,
    say_size,
    write_moment,
)
from catchment.model import Finding, Window

AT = datetime(2026, 7, 1, 6, 30, 5, tzinfo=UTC)


def test_a_pipe_gets_aligned_lines_without_colour(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody watches there is no ANSI, nothing is folded and nothing cut."""
    print_table(("name", "size"), [("a" * 200, Cell("7", "bad")), ("b", 1234)], right=(1,))
    head, first, second = capsys.readouterr().out.splitlines()
    assert head == "NAME".ljust(202) + " SIZE"
    assert first == "a" * 200 + "      7"
    assert second == "b".ljust(202) + "1,234"


def test_strangers_do_not_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences, line ends and direction marks in a topic are made visible."""
    print_table(("topic",), [("\x1b[31mred\nnext\u202eback",)])
    assert capsys.readouterr().out == "TOPIC\n�[31mred next�back\n"


def test_empty_pairs_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not known takes no line."""
    print_pairs([("subject", "Weekly"), ("ani", ""), ("to", "me")])
    assert capsys.readouterr().out == "subject  Weekly\nto       me\n"


def test_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Moments are UTC with a Z, lengths seconds under a name that says so, texts as they are."""
    print_json(
        {"at": AT, "length": timedelta(minutes=1), "window": Window(AT, AT), "name": "\x1bö"}
    )
    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-07-01T06:30:05Z",
        "length_s": 60.0,
        "window": {"start": "2026-07-01T06:30:05Z", "end": "2026-07-01T06:30:05Z"},
        "name": "\x1bö",
    }


def test_values_become_plain() -> None:
    """Dataclasses become objects, tuples become arrays."""
    told = plain((Finding("ffmpeg", "pass"),))
    assert told == [{"what": "ffmpeg", "verdict": "pass", "detail": "", "remedy": ""}]


def test_words() -> None:
    """Sizes, lengths and ages are told as people tell them."""
    assert [say_size(n) for n in (0, 999, 1000, 2_500_000)] == ["0 B", "999 B", "1.0 kB", "2.5 MB"]
    assert say_length(timedelta(hours=1, seconds=62)) == "1:01:02"
    assert say_length(timedelta(seconds=7)) == "0:07"
    assert say_length(None) == ""
    ages = ({"days": 3, "hours": 5}, {"hours": 47}, {"minutes": 90}, {"seconds": 90})
    assert [say_age(timedelta(**age)) for age in ages] == ["3 d", "47 h", "90 min", "1 min"]
    assert say_age(timedelta(seconds=-5)) == "0 s"
    limits = (timedelta(hours=11, minutes=59), timedelta(days=30), timedelta())
    assert [say_limit(limit) for limit in limits] == ["11 h 59 min", "30 d", "0 s"]
    assert [name_feed("cdr", ""), name_feed("rooms", "eu")] == ["cdr", "rooms eu"]
    assert (count(1, "try", "tries"), count(2, "try", "tries")) == ("1 try", "2 tries")
    assert clean("Zoë 👋") == "Zoë 👋"


def test_moments_stand_in_the_zone_of_their_column() -> None:
    """People see the source's clock, programs UTC."""
    assert say_moment(AT, "Europe/Berlin") == "2026-07-01 08:30"
    assert say_moment(AT, "UTC", seconds=True) == "2026-07-01 06:30:05"
    assert say_moment(None) == ""
    assert write_moment(AT) == "2026-07-01T06:30:05Z"
