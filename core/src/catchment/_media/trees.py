"""Finds texts in JSON whose schema nobody published, by the names of its fields.

Some platforms send text, names and addresses as base64 inside JSON, without saying which fields.
A field counts as encoded when every value of it in the whole document decodes to printable text:
one word may look like base64 by accident, a whole column does not.

Some platforms send a document inside a text of another: then the texts are those of the inner one.
What a platform writes into a conversation for itself (control messages) is nobody's text.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from catchment._media.stamps import read_stamp

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TEXT = {"text", "content", "message", "msg", "body", "caption", "transcript", "comment"}
_TEXT |= {"utterance", "sentence", "paragraph", "summary", "note", "question", "answer"}
_LABEL = {"id", "ids", "type", "kind", "status", "count", "uuid", "key", "lang", "language"}
_LABEL |= {"encoding", "format", "version", "time", "date", "size", "length", "hash", "url", "is"}
_ADDRESS = {"email", "mail", "address", "phone"}
_NAME = {"name", "speaker", "sender", "receiver", "recipient", "user", "username"}
_NOBODY = {"file", "group", "channel", "room", "meeting", "topic", "receiver", "recipient", "r"}
_ABOUT = _LABEL | _ADDRESS | _NAME

# In order of preference.  Since the archiving began is what fits the media; then what is left.
_TIMES: tuple[set[str], ...] = ({"archive", "time"}, {"elapsed"}, {"start"}, {"begin"}, {"from"})
_TIMES += ({"time"}, {"timestamp"}, {"ts"}, {"offset"})
_PEOPLE = ({"speaker"}, {"sender"}, {"author"}, {"name"}, {"username"}, {"user"}, {"from"})

_MOST_NAMED = 4
"""How deep a person may be described: what is foreign must not choose how deep we call."""


@dataclass(frozen=True, slots=True)
class Found:
    """A text of the tree, with the time and name that stand beside or above it."""

    at: timedelta | None
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A part of the tree still to be looked at; in some, a bare string is a text."""

    node: Any
    at: timedelta | None = None
    speaker: str = ""
    texts: bool = True


def find_texts(document: Any) -> Iterator[Found]:
    """Yield the texts of *document* in its order; a document that is one string is a text."""
    yield from _walk(_Place(document))


def _walk(top: _Place) -> Iterator[Found]:
    encoded = _find_encoded(top.node)
    waiting = [top]  # not recursion: foreign data must not choose how deep we call
    while waiting:
        place = waiting.pop()
        if isinstance(place.node, str):
            if place.texts and place.node.strip():
                yield from _read_text(place)
        elif isinstance(place.node, Mapping):
            if not _is_control(place.node):
                waiting.extend(reversed(_list_fields(place, encoded)))
        elif isinstance(place.node, list):
            waiting.extend(
                _Place(item, place.at, place.speaker, place.texts) for item in place.node[::-1]
            )


def _read_text(place: _Place) -> Iterator[Found]:
    """The text at *place*, or the texts of the document that it is."""
    inner = _read_inner(place.node)
    if inner is None:
        yield Found(place.at, place.speaker, place.node.strip())
    else:
        # A call per document inside a document: each is so much smaller than the one around it,
        # by its backslashes or its base64, that they end long before our calls do.
        yield from _walk(_Place(inner, place.at, place.speaker))


def _read_inner(text: str) -> Any:
    """The document with texts that *text* is, or ``None``: people write braces, too."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return None
    said = (name for name, value in _list_all(inner) if isinstance(value, str) and value)
    return inner if any(_is_text(name) for name in said) else None


def _is_control(fields: Mapping[str, Any]) -> bool:
    """Whether a field says that this is a message of the platform to itself."""
    return any(
        value is True and {"control", "message"} <= _words(name) for name, value in fields.items()
    )


def _list_fields(place: _Place, encoded: set[str]) -> list[_Place]:
    """What to look at inside an object: its texts, and everything that has an inside."""
    fields = {name: _plain(name, value, encoded) for name, value in place.node.items()}
    at = _pick_time(fields) or place.at
    speaker = _pick_person(fields) or place.speaker
    texts = {name for name, value in fields.items() if isinstance(value, str) and _is_text(name)}
    if not texts:
        # No field says that it is the text: then what was encoded like one is taken for it.
        texts = {name for name in fields if name in encoded and not _words(name) & _ABOUT}
    return [
        _Place(value, at, speaker, name in texts or _is_text(name))
        for name, value in fields.items()
        if name in texts or isinstance(value, Mapping | list)
    ]


def _pick_time(fields: Mapping[str, Any]) -> timedelta | None:
    for value in _list_named(fields, _TIMES, frozenset()):
        if isinstance(value, str) and (at := read_stamp(value)) is not None:
            return at
    return None


def _pick_person(fields: Mapping[str, Any], levels: int = _MOST_NAMED) -> str:
    for value in _list_named(fields, _PEOPLE, frozenset(_LABEL | _ADDRESS | _NOBODY)):
        name = _name_person(value, levels) if isinstance(value, Mapping) else value
        if isinstance(name, str) and name.strip() and read_stamp(name) is None:
            return name.strip()
    return ""


def _name_person(described: Mapping[str, Any], levels: int) -> str:
    """The name in what stands under a person's field, itself or one level below it."""
    if not levels:
        return ""
    below = (
        value
        for name, value in described.items()
        if isinstance(value, Mapping) and not _words(name) & _NOBODY
    )
    names = (_pick_person(one, levels - 1) for one in (described, *below))
    return next(filter(None, names), "")


def _list_named(
    fields: Mapping[str, Any], wanted: Iterable[set[str]], unwanted: frozenset[str]
) -> Iterator[Any]:
    for asked in wanted:
        for name, value in fields.items():
            words = _words(name)
            if asked <= words and not words & unwanted:
                yield value


def _is_text(name: str) -> bool:
    words = _words(name)
    return bool(words & _TEXT) and not words & _ABOUT


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name)}


def _find_encoded(document: Any) -> set[str]:
    """Names of fields of which every value in the document is text in base64."""
    encoded: dict[str, bool] = {}
    for name, value in _list_all(document):
        if isinstance(value, str) and value:
            encoded[name] = encoded.get(name, True) and _decode(value) is not None
    return {name for name, every in encoded.items() if every}


def _list_all(document: Any) -> Iterator[tuple[str, Any]]:
    """Every field of every object of *document*, in no order."""
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, Mapping):
            waiting.extend(node.values())
            yield from node.items()


def _plain(name: str, value: Any, encoded: set[str]) -> Any:
    if isinstance(value, str) and name in encoded:
        return _decode(value) or value
    return value


def _decode(value: str) -> str | None:
    """The text that *value* holds in base64, or ``None`` if it holds none."""
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except ValueError:
        return None
    return text if all(c.isprintable() or c in "\r\n\t" for c in text) else None
