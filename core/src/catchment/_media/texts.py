"""Reads the words of chats, captions and transcripts, so that people can search for them.

Platforms change these formats without notice, and the archive keeps the original anyway.  So the
readers know shapes, not vendors, and give what they find; only what is no text at all is refused.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from itertools import chain
from typing import Any, BinaryIO

from catchment._media import trees
from catchment._media.signature import is_page
from catchment._media.stamps import STAMP, read_groups
from catchment.errors import Corrupt
from catchment.model import Kind

_CHUNK_BYTES = 64 * 1024
_PAGES = ("html", "htm", "xhtml")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CUE = re.compile(rf"\s*{STAMP}\s*-->\s*{STAMP}")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"<[^>]*>")
_SAID = re.compile(r"([^\W\d_][^:<>]{0,60}?):\s+(\S.*)", re.DOTALL)
_FROM = re.compile(rf"\[?{STAMP}\]?\s+From\s+(.+?)(?:\s+to\s+(.+?))?\s*:\s*(.*)", re.IGNORECASE)
_TABBED = re.compile(rf"\[?{STAMP}\]?\t\s*(.+?)\s*:?\t\s*(.*)")
_HEADING = re.compile(rf"\s*([^\W\d_][^:\t]{{0,60}}?)(?<=[^\s\d]){STAMP}\s*")
_STAMPED = re.compile(rf"\[?{STAMP}\]?\s+([^:\t]{{1,80}}?)\s*:\s+(.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """Something that somebody wrote or said.

    Attributes:
        at: When, counted from the zero that the file uses; ``None`` where it does not say plainly.
        speaker: Who, as the file names them; empty where it does not.
        text: What; never empty.
    """

    at: timedelta | None
    speaker: str
    text: str


def read_text(kind: Kind, form: str, stream: BinaryIO) -> Iterator[Line]:
    """Yield what was written or said in *stream*, in its order.

    ``vtt`` and ``srt`` give one line per cue, ``json`` one per text found in the tree, every other
    form one per message that begins with a time, else one per row.  JSON is held in memory whole,
    the others row by row.

    Raises:
        Corrupt: It is a web page where something else was promised, no text at all, or JSON that
            ends before its end.
    """
    form = form.lower().lstrip(".")
    rows = _read_rows(stream, kind, form)
    if form == "json":
        yield from _read_json(rows, kind)
    elif form in ("vtt", "srt"):
        yield from _read_cues(rows)
    elif kind != "attachment":
        yield from _read_chat(rows)
    else:
        yield from (Line(None, "", row.strip()) for row in rows if row.strip())


# --- bytes to rows ---------------------------------------------------------------------------


def _read_rows(stream: BinaryIO, kind: Kind, form: str) -> Iterator[str]:
    head = stream.read(_CHUNK_BYTES)
    decoder = codecs.getincrementaldecoder(_encoding_of(head, kind))(errors="replace")
    first = decoder.decode(head)
    if form not in _PAGES and is_page(first):
        raise Corrupt(f"a web page was sent where {form or kind} was promised")
    if len(_CONTROL.findall(first)) * 100 > len(first):
        raise Corrupt(f"the {kind} is not text")
    rest = (decoder.decode(chunk) for chunk in iter(lambda: stream.read(_CHUNK_BYTES), b""))
    pending = ""
    for piece in chain([first], rest):
        *rows, pending = (pending + piece).split("\n")
        yield from (row.rstrip("\r") for row in rows)
    if pending := pending + decoder.decode(b"", final=True):
        yield pending.rstrip("\r")


def _encoding_of(head: bytes, kind: Kind) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in head:
        raise Corrupt(f"the {kind} is not text")
    try:
        # Not final: the last character of the head may go on in the next chunk.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


# --- messages --------------------------------------------------------------------------------


def _read_chat(rows: Iterator[str]) -> Iterator[Line]:
    """Messages begin with a time; what follows without one goes on with the message before.

    Headings of name and time (``Agent0:07``) begin messages only where the first row is one:
    elsewhere such a row is what somebody wrote.
    """
    open_line: Line | None = None
    begin: Callable[[str], Line | None] | None = None
    for row in rows:
        if begin is None and row.strip():
            begin = _begin_under_heading if _HEADING.fullmatch(row) else _begin_message
        begun = begin(row) if begin else None
        if begun:
            yield from _close(open_line)
            open_line = begun
        elif not row.strip():
            continue
        elif open_line:
            open_line = replace(open_line, text=f"{open_line.text}\n{row.strip()}".strip())
        else:
            yield Line(None, "", row.strip())
    yield from _close(open_line)


def _begin_message(row: str) -> Line | None:
    if found := _FROM.match(row):
        return Line(read_groups(found.groups()[:4]), found[5].strip(), found[7].strip())
    for shape in (_TABBED, _STAMPED):
        if found := shape.match(row):
            return Line(read_groups(found.groups()[:4]), found[5].strip(), found[6].strip())
    return None


def _begin_under_heading(row: str) -> Line | None:
    found = _HEADING.fullmatch(row)
    return Line(read_groups(found.groups()[1:]), found[1].strip(), "") if found else None


def _close(line: Line | None) -> Iterator[Line]:
    if line and line.text:
        yield line


# --- cues ------------------------------------------------------------------------------------


def _read_cues(rows: Iterator[str]) -> Iterator[Line]:
    """A cue is a row with an arrow and what follows until an empty row; all else is about style."""
    at: timedelta | None = None
    words: list[str] = []
    inside = False
    for row in chain(rows, [""]):
        if found := _CUE.match(row):
            at, inside = read_groups(found.groups()[:4]), True
        elif inside and row.strip():
            words.append(row.strip())
        else:
            yield from _read_cue(at, words)
            words, inside = [], False


def _read_cue(at: timedelta | None, words: list[str]) -> Iterator[Line]:
    marked = "\n".join(words)
    voice = _VOICE.search(marked)
    plain = unescape(_TAG.sub("", marked)).strip()
    said = None if voice else _SAID.fullmatch(plain)
    speaker = voice[1] if voice else said[1] if said else ""
    if text := said[2] if said else plain:
        yield Line(at, unescape(speaker).strip(), text.strip())


# --- trees -----------------------------------------------------------------------------------


def _read_json(rows: Iterator[str], kind: Kind) -> Iterator[Line]:
    """Texts of a JSON document, or of JSON lines; what is neither was cut on its way."""
    kept = [row for row in rows if row.strip()]
    try:
        documents: list[Any] = [json.loads("\n".join(kept))]
    except RecursionError:
        documents = [row.strip() for row in kept]
    except ValueError:
        documents = [_parse_row(row, kind) for row in kept]
    for document in documents:
        for found in trees.find_texts(document):
            yield Line(found.at, found.speaker, found.text)


def _parse_row(row: str, kind: Kind) -> Any:
    try:
        return json.loads(row)
    except RecursionError:
        return row.strip()
    except ValueError as error:
        raise Corrupt(f"the {kind} is no whole JSON document: it was cut, or is none") from error
