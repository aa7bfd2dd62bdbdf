"""Full text of interactions: one row of words each, in SQLite's FTS5 or PostgreSQL's tsvector.

Words are cut and folded here and not by the database, so that both find the same: lower case, no
accents, letters and digits only.  ``anna@example.com`` is the three words anna, example and com.
Order and number of words are not kept; a search asks for interactions that hold *all* its words.

FTS5 gives its rows in their order and leaps to any of them.  So each row has a *place*, a number
that grows with the time at which the interaction began: the newest interactions with a word, of all
times or of a month, are met first, however many others hold it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    cast,
    column,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from catchment._catalogue.database import Database
from catchment._catalogue.tables import interaction

_WORD = re.compile(r"([^\W_]+)(\*?)")
_WORD_CHARACTERS = 100
"""Longer words are cut: they are no words, and PostgreSQL refuses those above 2 KB."""

_MATCHING = table("interaction_text", column("num", BigInteger), column("rowid", BigInteger))
_PLACED = table("interaction_text_place", column("num", BigInteger), column("place", BigInteger))

LAST_NUM = (1 << 31) - 1
"""The lower half of a place is the interaction's number; SQLite never gets so far."""

LAST_SECOND = (1 << 32) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PLACE: ColumnElement[int] = _MATCHING.c.rowid
NUM_OF_PLACE = PLACE.bitwise_and(literal_column(str(LAST_NUM)))


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


def find_second(at: datetime) -> int:
    """The second since 1970 that a place begins with; what lies far off is at the nearest end."""
    return min(max((at - _EPOCH) // timedelta(seconds=1), 0), LAST_SECOND)


def build_place(second: int, num: int) -> int:
    """Where SQLite keeps the words of an interaction that began in *second*."""
    return second << 31 | num


def save_texts(database: Database, connection: Connection, bodies: Mapping[int, str]) -> None:
    """Make each interaction findable by the words of its body, and by no others.

    Called whenever the time of its beginning was changed, too: the place follows from that.
    """
    words = {
        num: list(dict.fromkeys(term.word for term in list_terms(body)))
        for num, body in bodies.items()
    }
    if not words:
        return
    if not database.is_sqlite:
        connection.execute(_SAVE, [{"num": num, "body": found} for num, found in words.items()])
        return
    rows = []
    for num, found in words.items():
        drop_text(database, connection, num)
        began = connection.execute(_BEGAN, {"this": num}).scalar_one()
        place = build_place(find_second(began), num)
        rows.append({"num": num, "place": place, "body": " ".join(found)})
    connection.execute(_SAVE_PLACE, rows)
    connection.execute(_SAVE_WORDS, rows)


def drop_text(database: Database, connection: Connection, num: int) -> None:
    """Make interaction *num* findable by no word at all."""
    if not database.is_sqlite:
        connection.execute(text("DELETE FROM interaction_text WHERE num = :num"), {"num": num})
        return
    place = connection.execute(_PLACE, {"this": num}).scalar()
    if place is not None:
        connection.execute(_DROP_WORDS, {"place": place})
        connection.execute(_DROP_PLACE, {"num": num})


_BEGAN = select(interaction.c.started_at).where(interaction.c.num == bindparam("this"))
_PLACE = select(_PLACED.c.place).where(_PLACED.c.num == bindparam("this"))
_SAVE = text(
    "INSERT INTO interaction_text (num, body) VALUES (:num, array_to_tsvector(:body))"
    " ON CONFLICT (num) DO UPDATE SET body = excluded.body"
)
_SAVE_WORDS = text("INSERT INTO interaction_text (rowid, body) VALUES (:place, :body)")
_SAVE_PLACE = text("INSERT INTO interaction_text_place (num, place) VALUES (:num, :place)")
_DROP_WORDS = text("DELETE FROM interaction_text WHERE rowid = :place")
_DROP_PLACE = text("DELETE FROM interaction_text_place WHERE num = :num")


def match(database: Database, words: str) -> Select[Any]:
    """Numbers of the interactions that hold all of *words*; none where there is no word in them."""
    num = NUM_OF_PLACE if database.is_sqlite else _MATCHING.c.num
    return select(num).select_from(_MATCHING).where(_holds(database, words))


def holds(database: Database, words: str, num: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the interaction *num* of an outer query holds all of *words*."""
    if not database.is_sqlite:
        # No EXISTS: PostgreSQL makes a join of that, and reads whatever holds the words first.
        found = select(_holds(database, words)).where(_MATCHING.c.num == num)
        return found.select_from(_MATCHING).correlate(interaction).scalar_subquery()
    place = select(_PLACED.c.place).where(_PLACED.c.num == num).correlate(interaction)
    asked = and_(_holds(database, words), place.scalar_subquery() == PLACE)
    return select(literal_column("1")).select_from(_MATCHING).where(asked).exists()


def along_places(database: Database, words: str) -> Select[Any]:
    """Interactions that hold all of *words*, to be met by place; on SQLite alone."""
    found = _MATCHING.join(interaction, interaction.c.num == NUM_OF_PLACE)
    return select(interaction.c.num).select_from(found).where(_holds(database, words))


def starts_with(database: Database, name: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Whether *name* begins with *prefix*; by an index range on SQLite, which compares bytes."""
    if database.is_sqlite:
        return and_(name >= prefix, name < prefix + "\U0010ffff")
    return name.startswith(prefix, autoescape=True)


def _holds(database: Database, words: str) -> ColumnElement[bool]:
    terms = list_terms(words)
    if not terms:
        return literal_column("1") == literal_column("0")
    if database.is_sqlite:
        asked = " AND ".join(f'"{term.word}"' + "*" * term.prefix for term in terms)
        return literal_column("interaction_text").op("MATCH", is_comparison=True)(asked)
    asked = " & ".join(f"'{term.word}'" + ":*" * term.prefix for term in terms)
    return literal_column("body").op("@@", is_comparison=True)(cast(asked, TSQUERY))
