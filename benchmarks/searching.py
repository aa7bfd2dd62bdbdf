"""(d) Search over many interactions, as people ask: by agent and date, and by words.

``python -m benchmarks.searching {…}`` fills a catalogue and asks.  The rows go into the tables
directly; what is asked goes through the search that the command line uses, and a hit is read with
its agents and its media.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Table, text

from benchmarks import databases
from benchmarks.measuring import read_arguments, run_worker, scratch, tell
from benchmarks.table import Row
from catchment._catalogue import schema, sources, texts
from catchment._catalogue.database import Database, open_database
from catchment._catalogue.search import Query, search
from catchment._catalogue.tables import contact, file, interaction, party, recording
from catchment.model import Account

NOW = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
AGENTS = 2_000
WORDS = 20_000
CHUNK = 20_000
COMMON, MIDDLING, RARE = (0, 5), (200, 1000), (15_000, WORDS)
"""Words by rank: in a fifth of all interactions or more, in some of a thousand, in a few."""

GOAL_FIELDS, GOAL_WORDS = 5.0, 60.0
"""Milliseconds below which 95 of 100 answers shall lie."""


def measure(small: bool) -> list[Row]:
    """The rows of this benchmark."""
    count = 50_000 if small else 1_000_000
    rows: list[Row] = []
    for kind in databases.KINDS:
        with scratch() as folder, databases.fresh(kind, folder) as url:
            told = run_worker("searching", {"url": url, "count": count})
        for name, times in told["times"].items():
            ordered = sorted(times)
            p95 = ordered[int(len(ordered) * 0.95)]
            notes = (
                f"95th percentile of {len(times)}, baseline is the goal; median "
                f"{statistics.median(times):.2f} ms, worst {ordered[-1]:.1f} ms; "
                f"hits {told['hits'][name]:.0f} of 50; loaded in {told['load_s']:.0f} s"
            )
            goal = GOAL_WORDS if "word" in name else GOAL_FIELDS
            memory = told["peak_bytes"]
            label = f"d  {name}, {count:,}, {kind}"
            rows.append(Row(label, p95, goal, "ms", False, memory, notes))
    return rows


# --- what is there ---------------------------------------------------------------------------


def _fill(database: Database, count: int) -> None:
    if not database.is_sqlite:
        _run(database, "CREATE UNLOGGED TABLE words (num bigint, body text)")
    for first in range(1, count + 1, CHUNK):
        rows, bodies = _invent_some(range(first, min(first + CHUNK, count + 1)), count)
        with database.write() as connection:
            _fill_some(database, connection, rows, bodies)
    if not database.is_sqlite:
        _run(
            database,
            "INSERT INTO interaction_text (num, body)"
            " SELECT num, array_to_tsvector(string_to_array(body, ' ')) FROM words",
        )
        _run(database, "DROP TABLE words")
        with database.engine.connect() as plain:  # as its autovacuum would do soon
            plain.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def _run(database: Database, statement: str) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(statement)


Rows = dict[Table, list[dict[str, Any]]]


def _invent_some(nums: range, count: int) -> tuple[Rows, list[tuple[int, str]]]:
    rows: Rows = {table: [] for table in (interaction, recording, file, party, contact)}
    bodies: list[tuple[int, str]] = []
    for num in nums:
        invented = _invent(num, count)
        for table in rows:
            rows[table] += invented[table]
        bodies.append((num, invented["words"]))
    return rows, bodies


def _fill_some(
    database: Database, connection: Connection, rows: Rows, bodies: list[tuple[int, str]]
) -> None:
    for table, some in rows.items():
        _write(database, connection, table.name, list(some[0]), [tuple(r.values()) for r in some])
    if not database.is_sqlite:
        _write(database, connection, "words", ["num", "body"], bodies)
        return
    began = {row["num"]: texts.find_second(row["started_at"]) for row in rows[interaction]}
    places = {num: texts.build_place(second, num) for num, second in began.items()}
    _write(database, connection, "interaction_text_place", ["num", "place"], list(places.items()))
    placed = [(places[num], body) for num, body in bodies]
    _write(database, connection, "interaction_text", ["rowid", "body"], placed)


def _write(
    database: Database,
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    driver: Any = connection.connection.driver_connection
    if database.is_sqlite:
        marks = ", ".join("?" * len(columns))
        driver.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",
            [
                tuple(f"{v:%Y-%m-%d %H:%M:%S.%f}" if isinstance(v, datetime) else v for v in row)
                for row in rows
            ],
        )
        return
    with driver.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _weigh(count: int) -> list[float]:
    """Running sums of weights that fall as the use of words does: one, a half, a third."""
    return list(accumulate(1 / rank for rank in range(1, count + 1)))


_AGENT_WEIGHTS = list(accumulate(1 / (rank + 200) for rank in range(AGENTS)))
_WORD_WEIGHTS = _weigh(WORDS)


def name_agent(number: int) -> str:
    """The name of an agent."""
    return f"Agent {number:04d} Example"


def _invent(num: int, count: int) -> dict[Any, Any]:
    chance = random.Random(num)
    at = NOW - YEAR + YEAR * num / count + timedelta(seconds=chance.uniform(0, 60))
    lasts = timedelta(seconds=chance.expovariate(1 / 400))
    agent = chance.choices(range(AGENTS), cum_weights=_AGENT_WEIGHTS)[0]
    name, email = name_agent(agent), f"agent{agent}@example.com"
    number = f"+1555{chance.randrange(10**7):07d}"
    said = chance.choices(range(WORDS), cum_weights=_WORD_WEIGHTS, k=chance.randint(10, 120))
    subject = f"Order {num}"
    draft = {"subject": subject, "parties": [name, number], "note": "x" * 500}
    common = {"first_seen_at": at, "state_at": at}
    hash_of = f"{num:064x}"
    return {
        "words": " ".join(dict.fromkeys(f"word{word}" for word in said)),
        interaction: [
            {
                "num": num,
                "interaction_id": f"{num:032x}",
                "source_id": 1,
                "kind": "call",
                "external_id": f"call-{num}",
                "started_at": at,
                "ended_at": at + lasts,
                "subject": subject,
                "ani": number,
                "dnis": "+15550000000",
                "mapper": "1",
                "draft": json.dumps(draft),
                "created_at": at,
                "news_at": at,
                "version": 1,
            }
        ],
        recording: [
            {
                "id": num,
                "source_id": 1,
                "external_id": f"recording-{num}",
                "interaction_num": num,
                "occurred_at": at,
                "revision": "1",
                "state": "quiet",
                "seen_at": at,
                **common,
            }
        ],
        file: [
            {
                "recording_id": num,
                "file_id": kind,
                "version": 1,
                "kind": kind,
                "form": form,
                "state": "archived",
                "description": "{}",
                "sha256": hash_of,
                **common,
            }
            for kind, form in (("audio", "m4a"), ("transcript", "vtt"))
        ],
        party: [
            {
                "interaction_num": num,
                "party_id": role,
                "role": role,
                "name": name if role == "agent" else "",
                "email": email if role == "agent" else "",
                "tel": "" if role == "agent" else number,
            }
            for role in ("agent", "customer")
        ],
        contact: [
            {
                "interaction_num": num,
                "contact_id": "1",
                "party_id": "agent",
                "agent": name.casefold(),
                "agent_email": email,
                "started_at": at,
                "ended_at": at + lasts,
                "queue": f"queue {agent % 20}",
                "wrap_up": "",
            }
        ],
    }


# --- what is asked ---------------------------------------------------------------------------


def _list_questions() -> dict[str, Callable[[random.Random], Query]]:
    def within(query: Query, days: int, chance: random.Random) -> Query:
        since = NOW - timedelta(days=chance.uniform(days, 360))
        return replace(query, since=since, until=since + timedelta(days=days))

    def agent(chance: random.Random) -> Query:
        number = chance.choices(range(AGENTS), cum_weights=_AGENT_WEIGHTS)[0]
        return Query(agent=name_agent(number))

    def word(first: int, last: int, chance: random.Random) -> Query:
        return Query(words=f"word{chance.randrange(first, last)}")

    def two_words(chance: random.Random) -> Query:
        return Query(words=f"{word(*COMMON, chance).words} {word(*MIDDLING, chance).words}")

    return {
        "agent and a month": lambda chance: within(agent(chance), 30, chance),
        "agent, newest": agent,
        "date, one day": lambda chance: within(Query(), 1, chance),
        "common word": lambda chance: word(*COMMON, chance),
        "common word and a month": lambda chance: within(word(*COMMON, chance), 30, chance),
        "middling word": lambda chance: word(*MIDDLING, chance),
        "middling word and a month": lambda chance: within(word(*MIDDLING, chance), 30, chance),
        "rare word": lambda chance: word(*RARE, chance),
        "two words and a month": lambda chance: within(two_words(chance), 30, chance),
    }


def _ask(database: Database) -> Iterator[tuple[str, list[float], float]]:
    for name, build in _list_questions().items():
        chance = random.Random(name)
        times, hits = [], 0
        for turn in range(220):
            query = build(chance)
            begun = time.perf_counter()
            found = search(database, query, NOW)
            if turn >= 20:  # the first ones load pages from the disk
                times.append((time.perf_counter() - begun) * 1000)
                hits += len(found)
        yield name, times, hits / len(times)


def _measure(url: str, count: int) -> dict[str, Any]:
    database = open_database(url)
    schema.prepare(database)
    pinned = sources.pin(
        database,
        name="calls",
        adapter="cloud",
        platform="Cloud",
        account=Account("1"),
        now=NOW,
    )
    assert pinned == 1
    begun = time.perf_counter()
    _fill(database, count)
    load_s = time.perf_counter() - begun
    asked = list(_ask(database))
    database.close()
    return {
        "load_s": load_s,
        "times": {name: times for name, times, _ in asked},
        "hits": {name: hits for name, _, hits in asked},
    }


if __name__ == "__main__":
    given = read_arguments()
    tell(**_measure(given["url"], given["count"]))
