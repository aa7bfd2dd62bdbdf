"""Full text of interactions: one row of words each, in SQLite's FTS5 or PostgreSQL's tsvector.

Words are cut and folded here and not by the database, so that both find the same: lower case, no
accents, letters and digits only.  ``anna@example.com`` is the three words anna, example and com.
Order and number of words are not kept; a search asks for interactions that hold *all* its words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    cast,
    column,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from catchment._catalogue.database import Database

_WORD = re.compile(r"([^\W_]+)(\*?)")
_WORD_CHARACTERS = 100
"""Longer words are cut: they are no words, and PostgreSQL refuses those above 2 KB."""

_MATCHING = table("interaction_text", column("num", BigInteger), column("rowid", BigInteger))


@dataclass(frozen=True, slots=True)
class Term:
    """A word that is searched for; with ``prefix`` any word that begins like it."""

    word: str
    prefix: bool = False


def fold_name(name: str) -> str:
    """*name* as ``contact.agent`` and ``contact.agent_email`` hold it, and as a search asks."""
    return name.strip().casefold()


def list_terms(words: str) -> list[Term]:
    """The words of *words*, folded, each once; a star behind a word makes it a prefix."""
    plain = unicodedata.normalize("NFKD", words).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.category(letter).startswith("M"))
    found = (Term(match[1][:_WORD_CHARACTERS], bool(match[2])) for match in _WORD.finditer(plain))
    return list(dict.fromkeys(found))


def save_text(database: Database, connection: Connection, num: int, body: str) -> None:
    """Make interaction *num* findable by the words of *body*, and by no others."""
    words = list(dict.fromkeys(term.word for term in list_terms(body)))
    if database.is_sqlite:
        statement = "INSERT OR REPLACE INTO interaction_text (rowid, body) VALUES (:num, :body)"
        connection.execute(text(statement), {"num": num, "body": " ".join(words)})
        return
    statement = (
        "INSERT INTO interaction_text (num, body) VALUES (:num, array_to_tsvector(:body))"
        " ON CONFLICT (num) DO UPDATE SET body = excluded.body"
    )
    connection.execute(text(statement), {"num": num, "body": words})


def drop_text(database: Database, connection: Connection, num: int) -> None:
    """Make interaction *num* findable by no word at all."""
    name = "rowid" if database.is_sqlite else "num"
    connection.execute(text(f"DELETE FROM interaction_text WHERE {name} = :num"), {"num": num})  # noqa: S608


def match(database: Database, words: str) -> Select[Any]:
    """Numbers of the interactions that hold all of *words*; none where there is no word in them."""
    num = _number(database)
    return select(num).select_from(_MATCHING).where(_holds(database, words))


def holds(database: Database, words: str, num: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the interaction *num* of an outer query holds all of *words*."""
    asked = and_(_holds(database, words), _number(database) == num)
    return select(literal_column("1")).select_from(_MATCHING).where(asked).exists()


def starts_with(database: Database, name: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Whether *name* begins with *prefix*; by an index range on SQLite, which compares bytes."""
    if database.is_sqlite:
        return and_(name >= prefix, name < prefix + "\U0010ffff")
    return name.startswith(prefix, autoescape=True)


def _number(database: Database) -> ColumnElement[Any]:
    return _MATCHING.c.rowid if database.is_sqlite else _MATCHING.c.num


def _holds(database: Database, words: str) -> ColumnElement[bool]:
    terms = list_terms(words)
    if not terms:
        return literal_column("1") == literal_column("0")
    if database.is_sqlite:
        asked = " AND ".join(f'"{term.word}"' + "*" * term.prefix for term in terms)
        return literal_column("interaction_text").op("MATCH", is_comparison=True)(asked)
    asked = " & ".join(f"'{term.word}'" + ":*" * term.prefix for term in terms)
    return literal_column("body").op("@@", is_comparison=True)(cast(asked, TSQUERY))
