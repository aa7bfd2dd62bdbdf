"""Tables and JSON on stdout; a terminal gets colour and folding, a pipe plain aligned lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import click

from catchment.cli.columns import GAP, choose_widths, measure
from catchment.cli.wording import clean, write_moment

STYLES = {"bad": "bold red", "odd": "yellow", "good": "green", "faint": "dim", "head": "bold"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a meaning that a terminal shows as colour: one of :data:`STYLES`."""

    text: str
    tone: str = ""


Content = Cell | str | int


def print_table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Content]],
    *,
    right: Sequence[int] = (),
    whole: Sequence[int] = (),
    loose: Sequence[int] = (),
    spare: Sequence[int] = (),
) -> None:
    """Print *rows* under *heads*: in a pipe one line each, on a terminal as its width allows.

    Args:
        heads: One for each column.
        rows: One content for each column.
        right: Numbers of columns that are set to the right.
        whole: Numbers of columns that a narrow terminal does not fold.
        loose: Numbers of columns with the words of people, whose words may be folded.
        spare: Numbers of columns that a narrow terminal does without, least missed first.
    """
    cells = [[_cell(content) for content in row] for row in rows]
    if not on_terminal():
        _print_plain(heads, cells, right)
        return
    from rich.console import Console

    columns = [[head, *(row[place].text for row in cells)] for place, head in enumerate(heads)]
    room = Console().width
    widths = choose_widths(columns, room, whole=(*whole, *right), loose=loose, spare=spare)
    if widths is None:
        _print_stacked(heads, cells)
    else:
        _print_rich(heads, cells, right, widths)


def print_pairs(pairs: Sequence[tuple[str, Content]]) -> None:
    """Print names and what stands for each, one pair per line; empty ones are left out."""
    told = [(name, _cell(content)) for name, content in pairs]
    told = [(name, cell) for name, cell in told if cell.text]
    width = max((len(name) for name, _ in told), default=0)
    for name, cell in told:
        print_line(Cell(name.ljust(width), "faint"), "  ", cell)


def print_line(*parts: Content) -> None:
    """Print one line made of *parts*."""
    cells = [_cell(part) for part in parts]
    if not on_terminal():
        click.echo("".join(cell.text for cell in cells).rstrip())
        return
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble(*((cell.text, STYLES.get(cell.tone, "")) for cell in cells))
    # Not folded by us: what is copied from a terminal stays one line.
    Console(highlight=False).print(line, soft_wrap=True)


def print_title(text: str) -> None:
    """Print the title of what follows, with an empty line before it."""
    click.echo()
    print_line(Cell(text, "head"))


def print_json(value: object) -> None:
    """Print *value* as JSON."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def print_json_line(value: object) -> None:
    """Print *value* as one line of JSON."""
    click.echo(json.dumps(plain(value), ensure_ascii=False))


def plain(value: Any) -> Any:
    """*value* as JSON has it: moments in UTC with a Z, lengths as seconds under ``…_s``."""
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {_name(str(key), part): plain(part) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain({one.name: getattr(value, one.name) for one in fields(value)})
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | Path):
        return str(value)
    return value


def _name(name: str, value: object) -> str:
    return f"{name}_s" if isinstance(value, timedelta) and not name.endswith("_s") else name


def _cell(content: Content) -> Cell:
    if isinstance(content, Cell):
        return Cell(clean(content.text), content.tone)
    return Cell(f"{content:,}" if isinstance(content, int) else clean(content))


def _print_plain(
    heads: Sequence[str], rows: Sequence[Sequence[Cell]], right: Sequence[int]
) -> None:
    texts = [[_shout(head) for head in heads], *([cell.text for cell in row] for row in rows)]
    widths = [max(measure(line[place]) for line in texts) for place in range(len(heads))]
    for line in texts:
        blanks = [" " * (width - measure(text)) for text, width in zip(line, widths, strict=True)]
        aligned = [
            blank + text if place in right else text + blank
            for place, (text, blank) in enumerate(zip(line, blanks, strict=True))
        ]
        click.echo("  ".join(aligned).rstrip())


def _shout(head: str) -> str:
    """*head* in capitals, but for the name of a zone in brackets."""
    name, bracket, zone = head.partition("(")
    return name.upper() + bracket + zone


def _print_rich(
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    right: Sequence[int],
    widths: Mapping[int, int],
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold underline")
    for place, width in widths.items():
        justify: Literal["left", "right"] = "right" if place in right else "left"
        table.add_column(Text(heads[place]), justify=justify, overflow="fold", width=width)
    for row in rows:
        cells = (row[place] for place in widths)
        table.add_row(*(Text(cell.text, STYLES.get(cell.tone, "")) for cell in cells))
    Console(highlight=False).print(table)


def _print_stacked(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Each row as lines of its own, where a line is too short for all columns."""
    for number, row in enumerate(rows):
        if number:
            click.echo()
        print_pairs(list(zip(heads, row, strict=True)))


def on_terminal() -> bool:
    """Whether somebody watches stdout."""
    return sys.stdout.isatty()
