"""The scanner that knows where each setting stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catchment.settings.lines import Spot, find_line, read_lines


@pytest.mark.parametrize(
    ("text", "spot", "line"),
    [
        ("a = 1\nb = 2\n", ("b",), 2),
        ("# a = 1\n\n  b = 2", ("b",), 3),
        ("[t]\nx = 1\n[t.u]\ny = 2", ("t", "u", "y"), 4),
        ("[ t . 'u v' ]\ny = 2", ("t", "u v", "y"), 2),
        ("[t]\nu.v.w = 1", ("t", "u", "v", "w"), 2),
        ("[t]\nu.v.w = 1", ("t", "u"), 2),
        ('"a.b".c = 1', ("a.b", "c"), 1),
        ('"q\\"]" = "]"\nz = 1', ("z",), 2),
        ("t = { a = 1, b = { c = [1, 2] } }\nz = 1", ("t", "b", "c", 1), 1),
        ("t = [\n  1, # ] one\n  [2,\n  3],\n]\nz = 1", ("t", 1, 1), 4),
        ("t = [\n  { a = 1 },\n  { a = 2 },\n]", ("t", 1, "a"), 3),
        ("[[t]]\na = 1\n[[t]]\na = 2", ("t", 1, "a"), 4),
        ("[[t]]\n[[t.u]]\na = 1\n[[t.u]]\na = 2\n[t.u.v]\nb = 1", ("t", 0, "u", 1, "v", "b"), 7),
        ("[[t]]\n[[t.u]]\n[[t]]\n[[t.u]]\na = 2", ("t", 1, "u", 0, "a"), 5),
        ('t = """\nx = 1 \\"""\n"""""\nz = 1', ("z",), 4),
        ("t = '''\n'x' = 1\n''''\nz = 1", ("z",), 4),
        ("t = 'C:\\'\nz = 1", ("z",), 2),
        ("t = \"\"\nu = ''\nz = 1", ("z",), 3),
        ("t = 1979-05-27 07:32:00Z # x\nz = +1e6", ("z",), 2),
        ("[t]\n\n[u]\nx=1", ("u",), 3),
    ],
)
def test_a_setting_is_found_where_it_stands(text: str, spot: Spot, line: int) -> None:
    """Every way in which TOML writes a key leads to the line of that key."""
    assert read_lines(text)[spot] == line


def test_what_is_missing_is_told_at_its_table() -> None:
    """A setting that does not stand anywhere has the line of the nearest table around it."""
    lines = read_lines("a = 1\n[t]\n[t.u]\nx = 1")
    assert find_line(lines, ("t", "u", "y")) == 3
    assert find_line(lines, ("v", "y")) == 1


_TEXTS = st.text(st.sampled_from("ab\"'#=[]{},.\\\n é"), max_size=6)
_VALUES = st.recursive(
    st.integers() | st.booleans() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(k)} = {_write(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[ # ]\n" + "".join(f"  {_write(v)}, # '\n" for v in value) + "]"
    return str(value)


def _spots(value: Any, at: Spot = ()) -> Iterator[Spot]:
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for name, part in parts:
        yield (*at, name)
        if isinstance(part, dict | list):
            yield from _spots(part, (*at, name))


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(_TEXTS, _VALUES, min_size=1, max_size=4))
def test_the_scanner_sees_what_the_parser_sees(document: dict[str, Any]) -> None:
    """Every key and item that ``tomllib`` reads has a line, and nothing else has one."""
    text = "".join(f"{_quoted(key)} = {_write(value)}\n" for key, value in document.items())
    lines = read_lines(text)
    assert set(lines) == set(_spots(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") for line in lines.values())
