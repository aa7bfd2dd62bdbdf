"""Reads ``$filter`` into a tree: a tokenizer, and a parser by recursive descent (2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, TypeVar

from catchment_dynamics.simulator.refusals import Refusal, unparsable

Operator: TypeAlias = Literal["eq", "ne", "gt", "ge", "lt", "le"]
OPERATORS: frozenset[str] = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
TEXTS = frozenset({"contains", "startswith", "endswith"})
NAMESPACE = "Microsoft.Dynamics.CRM."

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<guid>{_GUID})(?![\w-])
  | (?P<date>\d{{4}}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)(?!\w)
  | (?P<number>-?\d+(?:\.\d+)?)(?!\w)
  | (?P<string>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"\\]|\\.)*")
  | (?P<name>[A-Za-z_$][\w.]*(?:/[A-Za-z_$][\w.]*)*)
  | (?P<alias>@\w+)
  | (?P<mark>[()\[\],=:])
)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: ``string``, ``number``, ``guid``, ``date``, ``bool`` or ``null``."""

    kind: str
    value: object


@dataclass(frozen=True, slots=True)
class Compare:
    """``name eq value``."""

    name: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Text:
    """``contains(name,'text')`` and its likes."""

    function: str
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Special:
    """A function of Dataverse's own, without its namespace, and its arguments."""

    function: str
    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions of which all or any must hold."""

    operator: Literal["and", "or"]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """A condition that must not hold."""

    part: Node


Node: TypeAlias = Compare | Text | Special | Joined | Negated
NodeT = TypeVar("NodeT")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def read_filter(text: str, aliases: Mapping[str, str] | None = None) -> Node:
    """The tree of a ``$filter``.

    Args:
        text: What the option says, decoded.
        aliases: Values of parameter aliases, by name with ``@``.

    Raises:
        Refusal: It cannot be read.
    """
    parser = _Parser(text, aliases or {})
    node = parser.read_or()
    parser.expect_end()
    return node


def read_literal(text: str) -> Value:
    """One literal by itself, as the value of an alias is written.

    Raises:
        Refusal: It is none.
    """
    parser = _Parser(text, {})
    value = parser.read_value()
    parser.expect_end()
    return value


def _tokenize(text: str) -> list[_Token]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise unparsable(f"Syntax error at position {at} in '{text}'.")
        tokens.append(_Token(found.lastgroup, found.group(found.lastgroup), at))
        at = found.end()
    return tokens


class _Parser:
    """Eats tokens from the left."""

    def __init__(self, text: str, aliases: Mapping[str, str]) -> None:
        self._text, self._aliases = text, aliases
        self._tokens = _tokenize(text)
        self._at = 0

    def read_or(self) -> Node:
        return self._read_joined("or", self.read_and)

    def read_and(self) -> Node:
        return self._read_joined("and", self._read_not)

    def read_value(self) -> Value:
        token = self._take()
        if token.kind == "alias":
            if token.text not in self._aliases:
                return Value("null", None)
            return read_literal(self._aliases[token.text])
        if token.kind == "string":
            return Value("string", token.text[1:-1].replace("''", "'"))
        if token.kind == "quoted":
            return Value("string", re.sub(r"\\(.)", r"\1", token.text[1:-1]))
        if token.kind == "guid":
            return Value("guid", token.text.lower())
        if token.kind == "date":
            return Value("date", read_date(token.text))
        if token.kind == "number":
            return Value("number", float(token.text) if "." in token.text else int(token.text))
        if token.text in ("true", "false"):
            return Value("bool", token.text == "true")
        if token.text == "null":
            return Value("null", None)
        raise self._wrong(token)

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong(self._tokens[self._at])

    def _read_joined(self, word: Literal["and", "or"], read: object) -> Node:
        assert callable(read)
        parts = [read()]
        while self._next("name", word):
            self._at += 1
            parts.append(read())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _read_not(self) -> Node:
        if self._next("name", "not"):
            self._at += 1
            return Negated(self._read_not())
        return self._read_one()

    def _read_one(self) -> Node:
        if self._next("mark", "("):
            self._at += 1
            node = self.read_or()
            self._eat(")")
            return node
        token = self._take()
        if token.kind != "name":
            raise self._wrong(token)
        if self._next("mark", "("):
            self._at += 1
            node = self._read_call(token)
            return self._read_truth(node)
        operator = self._take()
        if operator.text not in OPERATORS:
            raise self._wrong(operator)
        return Compare(token.text, operator.text, self.read_value())

    def _read_truth(self, node: Node) -> Node:
        """A function may be followed by ``eq true`` or ``eq false``."""
        if not self._next("name", "eq"):
            return node
        self._at += 1
        return node if self.read_value().value is True else Negated(node)

    def _read_call(self, token: _Token) -> Node:
        if token.text in TEXTS:
            name = self._take()
            self._eat(",")
            value = self.read_value()
            self._eat(")")
            return Text(token.text, name.text, value)
        if token.text.startswith(NAMESPACE):
            return self._read_special(token.text.removeprefix(NAMESPACE))
        raise unparsable(f"An unknown function with name '{token.text}' was found.")

    def _read_special(self, function: str) -> Node:
        name, values = "", list[Value]()
        while not self._next("mark", ")"):
            key = self._take().text
            self._eat("=")
            if key == "PropertyName":
                name = str(self.read_value().value)
            elif self._next("mark", "["):
                values += self._read_list()
            else:
                values.append(self.read_value())
            if self._next("mark", ","):
                self._at += 1
        self._eat(")")
        if not name:
            raise unparsable(f"The function {NAMESPACE}{function} lacks PropertyName.")
        return Special(function, name, tuple(values))

    def _read_list(self) -> list[Value]:
        self._eat("[")
        values = []
        while not self._next("mark", "]"):
            values.append(self.read_value())
            if self._next("mark", ","):
                self._at += 1
        self._eat("]")
        return values

    def _next(self, kind: str, text: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        token = self._tokens[self._at]
        return token.kind == kind and token.text == text

    def _take(self) -> _Token:
        if self._at >= len(self._tokens):
            raise unparsable(
                f"Expression expected at position {len(self._text)} in '{self._text}'."
            )
        self._at += 1
        return self._tokens[self._at - 1]

    def _eat(self, mark: str) -> None:
        token = self._take()
        if token.kind != "mark" or token.text != mark:
            raise self._wrong(token)

    def _wrong(self, token: _Token) -> Refusal:
        return unparsable(f"Syntax error at position {token.at} in '{self._text}'.")


def read_date(text: str) -> datetime:
    """A date-time literal; UTC where it says nothing else.

    Raises:
        Refusal: There is no such moment.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise unparsable(f"The time '{text}' is out of range.") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
