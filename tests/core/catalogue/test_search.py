"""Finding interactions: the same hits on both databases, in pages, by the right index."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from catchment._catalogue import agents, sightings, texts
from catchment._catalogue.database import Database
from catchment._catalogue.files import read_file, save_files
from catchment._catalogue.interactions import Drafted, save_drafts
from catchment._catalogue.outcomes import archive_file
from catchment._catalogue.recordings import settle_recording
from catchment._catalogue.search import Hit, Query, search
from catchment._catalogue.tables import contact, interaction
from catchment.errors import Misuse
from catchment.model import Fact, InteractionDraft, Key, MediaFile

HOUR = timedelta(hours=1)
Keep = Callable[..., int]


@pytest.fixture
def keep(database: Database, see: Callable[..., int], now: datetime) -> Keep:
    """Keep an interaction: ``keep("r1", ago=HOUR, agent="Anna", body="…")`` gives its number."""

    def keep_one(
        name: str,
        *,
        ago: timedelta = HOUR,
        agents: tuple[str, ...] = ("Anna Example",),
        body: str = "",
        **more: Any,
    ) -> int:
        num = see(name, ago=ago)
        began = now - ago
        draft = InteractionDraft(
            "call", name, began, ended_at=began + timedelta(minutes=5), subject=name, **more
        )
        contacts = [
            {
                "contact_id": f"{place}",
                "party_id": agent,
                "agent": agent.casefold(),
                "agent_email": agent.split()[0].casefold() + "@example.com",
                "started_at": began + timedelta(minutes=place),
                "ended_at": None,
                "queue": "",
                "wrap_up": "",
            }
            for place, agent in enumerate(agents)
        ]
        parties = [
            {
                "party_id": agent,
                "role": "agent",
                "name": agent,
                "email": "",
                "tel": "",
                "ref_space": None,
                "ref_value": None,
            }
            for agent in dict.fromkeys(agents)
        ]
        with database.write() as connection:
            save_drafts(connection, [Drafted(num, draft, {}, parties, contacts)], now)
            texts.save_texts(database, connection, {num: body})
        return num

    return keep_one


def names(hits: list[Hit]) -> list[str]:
    """The platform's ids of what was found."""
    return [hit.external_id for hit in hits]


@pytest.fixture
def find(database: Database, now: datetime) -> Callable[..., list[str]]:
    """Search, and give the names of what was found."""

    def find_them(few: int | None = None, **asked: Any) -> list[str]:
        return names(search(database, Query(**asked), now, few=few))

    return find_them


Find = Callable[..., list[str]]


def test_an_agent_is_found_by_name_and_by_address(keep: Keep, find: Find) -> None:
    """S000-28: A name or an address, or part of it, finds an agent, in upper or lower case."""
    keep("a", agents=("Anna Example",))
    keep("b", agents=("Ben Example",))
    assert find(agent="ANNA example") == ["a"]
    assert find(agent="Ben@Example.com") == ["b"]
    assert find(agent="Anna") == find(agent="NN") == find(agent="exam ann") == ["a"]
    assert find(agent="Example") == find(agent="@EXAMPLE") == ["b", "a"]
    assert find(agent="n@exa") == ["b"]
    assert find(agent=".com") == ["b", "a"]
    assert find(agent="Anna Ben") == find(agent=" ") == []
    assert find(agent="ann*") == ["a"]
    assert find(agent="be*@example.com") == []
    assert find(agent="%") == []


def test_hits_come_newest_first_in_the_period(keep: Keep, find: Find, now: datetime) -> None:
    """S000-28: A period is half open, and the newest interaction stands first."""
    for age in (3, 1, 2):
        keep(f"{age}h", ago=age * HOUR)
    assert find() == ["1h", "2h", "3h"]
    assert find(since=now - 3 * HOUR, until=now - 2 * HOUR) == ["3h"]
    assert find(agent="Anna Example", since=now - 2 * HOUR) == ["1h", "2h"]


def test_a_whole_name_is_that_agent_alone(keep: Keep, find: Find) -> None:
    """Who types a whole name does not mean everybody whose longer name holds it."""
    keep("a", agents=("Anna",))
    keep("b", agents=("Anna Example",))
    assert find(agent="anna") == ["a"]
    assert find(agent="anna e") == ["b"]


def test_a_part_of_very_many_names_is_refused(keep: Keep, find: Find) -> None:
    """A part that says too little is told as that, with how many agents it stands for."""
    for number in range(agents.MOST + 1):
        keep(f"r{number}", agents=(f"Agent {number}",))
    with pytest.raises(Misuse, match=r"'agent' is part of the names of 51 agents"):
        find(agent="agent")
    assert find(agent="50") == ["r50"]


@pytest.mark.parametrize("agent", ["", "Anna Example", "nna exa"])
def test_pages_give_everything_once(keep: Keep, database: Database, agent: str) -> None:
    """Page after page gives each interaction once, also where several began at one moment."""
    for number in range(7):
        keep(f"r{number}", ago=HOUR if number < 5 else 2 * HOUR, agents=("Anna Example",) * 2)
    everything = names(search(database, Query(agent=agent), datetime.fromisoformat(LATER)))
    found: list[str] = []
    before = ""
    while page := search(
        database, Query(agent=agent, limit=2, before=before), datetime.fromisoformat(LATER)
    ):
        assert len(page) <= 2
        found += names(page)
        before = page[-1].cursor
    assert found == everything
    assert sorted(found) == [f"r{number}" for number in range(7)]


LATER = "2026-11-03T00:00:00+00:00"


def test_an_agent_who_took_part_twice_is_one_hit(keep: Keep, find: Find, now: datetime) -> None:
    """An interaction is one hit, and it is found in the time of any of the agent's parts."""
    keep("r", ago=HOUR, agents=("Anna Example", "Ben Example", "Anna Example"))
    assert find(agent="Anna Example") == ["r"]
    first = now - HOUR
    assert find(agent="Anna Example", until=first + timedelta(minutes=1)) == ["r"]
    assert find(agent="Ben Example", until=first + timedelta(minutes=1)) == []


def test_words_must_all_occur(keep: Keep, find: Find) -> None:
    """S000-27: Words are found without case and accents; all of them must occur."""
    keep("a", body="Budget Révision for anna.mueller@example.com")
    keep("b", ago=2 * HOUR, body="budget only, ÜBER und über")
    assert find(words="BUDGET") == ["a", "b"]
    assert find(words="revision budget") == ["a"]
    assert find(words="rev*") == ["a"]
    assert find(words="rev") == []
    assert find(words="anna.mueller@example.com") == ["a"]
    assert find(words="uber") == ["b"]
    assert find(words="…") == []
    assert find(words='" OR body:* NOT ') == []


@pytest.mark.parametrize(
    "asked",
    [
        {"words": "common"},
        {"words": "rare"},
        {"words": "comm* rare"},
        {"words": "common", "agent": "Ben Example"},
        {"attributes": {"colour": "red"}},
        {"attributes": {"colour": "blue"}, "words": "rare"},
        {"number": "+49 30 1234"},
        {"number": "0049", "words": "common"},
        {"state": "open", "words": "common"},
    ],
)
def test_both_ways_of_searching_find_the_same(
    keep: Keep, find: Find, asked: dict[str, Any]
) -> None:
    """Whether a rare word leads or the time, the hits and their order are the same."""
    for number in range(12):
        keep(
            f"r{number}",
            ago=(number % 5) * HOUR,
            agents=("Anna Example",) if number % 2 else ("Ben Example",),
            body="common" + " rare" * (number % 4 == 0),
            ani="+49301234" if number % 3 else "0049",
            custom={"colour": "red" if number % 2 else "blue"},
        )
    led_by_word = find(**asked)
    assert led_by_word
    assert find(few=-1, **asked) == led_by_word
    assert find(few=-1, limit=2, **asked) == led_by_word[:2]


def test_conditions_hold_together(keep: Keep, find: Find) -> None:
    """S000-27: Source, kind, number and attributes narrow each other."""
    keep("a", ani="+49301234", dnis="+49305678", custom={"colour": "red", "size": "1"})
    keep("b", ani="+49305678", custom={"colour": "red", "size": "2"})
    assert find(number="0049-30") == []
    assert find(number="+49 (30) 56-78") == ["b", "a"]
    assert find(number="49301234", source="calls", kind="call") == ["a"]
    assert find(attributes={"colour": "red", "size": "2"}) == ["b"]
    assert find(source="another") == []
    assert find(kind="meeting") == []
    assert find(tenant="another") == []


def test_state_and_media_are_asked_for(
    keep: Keep, find: Find, database: Database, now: datetime
) -> None:
    """S002-147: An interaction is found while its media are missing, and can be asked for so."""
    keep("there")
    keep("open", ago=2 * HOUR)
    archive(database, 1, now)
    assert find(with_media=True) == ["there"]
    assert find(with_media=False) == ["open"]
    assert find(state="quiet") == ["there"]
    assert find(state="open") == ["open"]
    with pytest.raises(Misuse, match="not a state"):
        find(state="lost")


def archive(database: Database, recording_id: int, now: datetime) -> None:
    """Archive one film of a recording."""
    with database.write() as connection:
        offer = MediaFile("f1", "video", "mp4")
        (row_id,) = save_files(connection, recording_id, [offer], now)
        known = read_file(connection, row_id)
        assert known is not None
        archive_file(
            database,
            connection,
            known,
            sha256="ab",
            sha512="cd",
            size_bytes=1,
            measured=None,
            note=None,
            now=now,
        )
        settle_recording(connection, recording_id, now)


def test_a_hit_says_what_people_want_to_know(keep: Keep, database: Database, now: datetime) -> None:
    """A hit shows whose it is, how long it was, and what of it cannot be heard yet, and why.

    What was recorded four hours ago is not yet there for four hours, whenever it was first seen.
    """
    keep("r", agents=("Ömer Example", "Ben Example"))
    archive(database, 1, now)
    with database.write() as connection:
        chat = MediaFile("f2", "chat", "txt", offered="not_yet")
        gone = MediaFile("f3", "audio", "m4a", offered="failed")
        save_files(connection, 1, [chat, gone], now)
    (hit,) = search(database, Query(), now + 3 * HOUR)
    assert (hit.source, hit.kind, hit.subject) == ("calls", "call", "r")
    assert hit.agents == ("Ömer Example", "Ben Example")
    assert hit.duration == timedelta(minutes=5)
    assert hit.media == "video; audio: gone; chat: not yet, 4 h"
    assert hit.version == 0


def test_a_recording_without_files_is_not_yet_there(
    keep: Keep, database: Database, now: datetime
) -> None:
    """What was only listed so far is a hit that says so."""
    keep("r")
    (hit,) = search(database, Query(), now + timedelta(days=3))
    assert hit.media == "media: not yet, 3 d"


def tell_absence(
    database: Database, source_id: int, now: datetime, key: str, *absences: str
) -> None:
    """Have the platform's books say why there is no recording, one row for each reason."""
    keys = (Key("meeting", key),)
    facts = [
        Fact("cdr", f"{key}-{number}", now - HOUR + timedelta(minutes=number), keys, absence=why)
        for number, why in enumerate(absences)
    ]
    with database.write() as connection:
        sightings.record(
            database,
            connection,
            source_id=source_id,
            epoch=1,
            sightings=[],
            facts=facts,
            now=now,
            complete_to=None,
            rank=lambda _at: 0,
        )


@pytest.mark.parametrize(
    ("absences", "said"),
    [
        (["not recorded"], "none: not recorded"),
        (["unanswered", "not recorded", "unanswered"], "none: unanswered, not recorded"),
        ([""], ""),
    ],
)
def test_where_there_is_no_recording_the_books_say_why(
    database: Database, source_id: int, now: datetime, absences: list[str], said: str
) -> None:
    """S002-145: nothing to expect is said, and is not the same as nothing known."""
    tell_absence(database, source_id, now, "k", *absences)
    (hit,) = search(database, Query(), now)
    assert hit.media == said


def test_where_there_is_a_recording_the_books_are_not_asked(
    keep: Keep, database: Database, source_id: int, now: datetime
) -> None:
    """What was listed is there or to come, whatever another row of the books says."""
    keep("r")
    tell_absence(database, source_id, now, "r", "not recorded")
    (hit,) = search(database, Query(), now)
    assert hit.media == "media: not yet, 60 min"


def test_a_joined_interaction_is_one_hit(see: Callable[..., int], find: Find) -> None:
    """The alias of an interaction is no hit of its own."""
    see("r1", key="m1")
    see("r2", key="m1")
    assert len(find()) == 1


def test_a_text_that_is_dropped_is_found_no_more(
    keep: Keep, find: Find, database: Database
) -> None:
    """A new text replaces the one before; a dropped one is gone."""
    num = keep("r", body="alpha beta")
    with database.write() as connection:
        texts.save_texts(database, connection, {num: "gamma " * 3 + "x" * 5000})
    assert find(words="alpha") == []
    assert find(words="gamma") == ["r"]
    with database.write() as connection:
        texts.drop_text(database, connection, num)
    assert find(words="gamma") == []


def test_a_cursor_that_is_none_is_refused(find: Find) -> None:
    """A place that no page ended at is the caller's mistake, and not the first page."""
    with pytest.raises(Misuse, match="not where a page"):
        find(before="yesterday")


def test_words_move_with_the_time_of_the_interaction(
    keep: Keep, find: Find, database: Database, now: datetime
) -> None:
    """An interaction that began at another time than was thought is found at the right one."""
    num = keep("a", ago=HOUR, body="alpha")
    keep("b", ago=2 * HOUR, body="alpha")
    assert find(words="alpha") == ["a", "b"]
    with database.write() as connection:
        draft = InteractionDraft("call", "a", now - 3 * HOUR)
        save_drafts(connection, [Drafted(num, draft, {}, [], [])], now)
        texts.save_texts(database, connection, {num: "alpha beta"})
    assert find(words="alpha") == ["b", "a"]
    assert find(words="beta", until=now - 2 * HOUR) == ["a"]
    assert find(words="alpha", since=now - 2 * HOUR) == ["b"]


def test_times_beyond_every_calendar_are_found(
    keep: Keep, find: Find, database: Database, now: datetime
) -> None:
    """A platform's year 1 or 9999 stands at its end of the list, with words as without."""
    ends = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
    for name, ago in {"first": now - ends[0], "today": HOUR, "last": now - ends[1]}.items():
        keep(name, ago=ago, body="alpha")
    assert find(words="alpha") == find() == ["last", "today", "first"]
    assert find(words="alpha", until=now) == ["today", "first"]


WHO = ("Anna Example", "Ben Example")


def test_every_search_finds_what_looking_at_all_finds(
    keep: Keep, database: Database, now: datetime
) -> None:
    """S000-27: Words, dates, agents and pages, by chance: the hits are those of a plain loop."""
    chance = random.Random(27)
    kept: list[tuple[datetime, int, str, frozenset[str], str, str]] = []
    for number in range(40):
        # Many in one second and some at one moment: places know seconds, the answer is exact.
        ago = timedelta(minutes=chance.randrange(3), microseconds=chance.randrange(4) * 250_000)
        held = frozenset(word for word in ("one", "two", "three") if chance.random() < 0.6)
        who, ani = chance.choice(WHO), chance.choice(["+491", "+492"])
        num = keep(f"r{number}", ago=ago, agents=(who,), body=" ".join(held), ani=ani)
        kept.append((now - ago, num, f"r{number}", held, who, ani))
    kept.sort(reverse=True)
    for _ in range(25):
        words = chance.sample(["one", "two", "three", "none"], k=chance.randrange(1, 3))
        since = now - timedelta(seconds=chance.randrange(200)) if chance.random() < 0.5 else None
        until = (
            now - timedelta(milliseconds=chance.randrange(10**5)) if chance.random() < 0.5 else None
        )
        called = chance.choice(["", "", "+491"])
        agent = chance.choice(["", "", *WHO])
        wanted = [
            name
            for began, _, name, held, who, ani in kept
            if held >= set(words)
            and (since is None or began >= since)
            and (until is None or began < until)
            and called in ("", ani)
            and agent in ("", who)
        ]
        asked = Query(
            words=" ".join(words), since=since, until=until, number=called, agent=agent, limit=7
        )
        assert read_pages(database, asked, now, chance.choice([None, 20, -1])) == wanted


def read_pages(database: Database, query: Query, now: datetime, few: int | None) -> list[str]:
    """The names of all hits of *query*, page after page."""
    found: list[str] = []
    while page := search(database, query, now, few=few):
        assert len(page) <= query.limit
        found += names(page)
        query = replace(query, before=page[-1].cursor)
    return found


# --- by which index --------------------------------------------------------------------------


def plan_of(database: Database, query: Query, now: datetime, few: int | None = None) -> str:
    """How the database finds the page of *query*."""
    plans = list_plans(database, query, now, few)
    (plan,) = (plan for statement, plan in plans if "AS position" in statement)
    return plan


def list_plans(
    database: Database, query: Query, now: datetime, few: int | None = None
) -> list[tuple[str, str]]:
    """What the database is asked for a page of *query*, and how it finds each of it."""
    asked: list[tuple[str, Any]] = []

    def note(
        _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool
    ) -> None:
        if " FROM " in statement.replace("\n", " ") and "EXPLAIN" not in statement:
            asked.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    search(database, query, now, few=few)
    event.remove(database.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    plans = []
    with database.read() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, values in asked:
            rows = connection.exec_driver_sql(explain + statement, values)
            plans.append((statement, "\n".join(str(row[-1]) for row in rows)))
    return plans


@pytest.fixture
def thousands(database: Database, source_id: int, now: datetime) -> int:
    """Two thousand calls of fifty agents in a hundred days."""
    nums = range(1, 2001)
    began = {num: now - timedelta(hours=1.2 * num) for num in nums}
    with database.write() as connection:
        connection.execute(
            insert(interaction),
            [
                {
                    "interaction_id": f"i{num}",
                    "source_id": source_id,
                    "started_at": began[num],
                    "created_at": now,
                    "news_at": now,
                }
                for num in nums
            ],
        )
        connection.execute(
            insert(contact),
            [
                {
                    "interaction_num": num,
                    "contact_id": "c",
                    "agent": f"agent {num % 50}",
                    "agent_email": f"agent{num % 50}@example.com",
                    "started_at": began[num],
                    "queue": "",
                    "wrap_up": "",
                }
                for num in nums
            ],
        )
    if not database.is_sqlite:
        with database.write() as connection:
            connection.execute(text("ANALYZE interaction, contact"))
    return len(nums)


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"agent": "agent 7"}, "ix_contact_agent"),
        ({"agent": "agent7@example.com"}, "ix_contact_agent_email"),
        ({"agent": "ent 17"}, "ix_contact_agent"),
        ({"agent": "t17@exam"}, "ix_contact_agent_email"),
        ({}, "ix_interaction_started"),
    ],
)
def test_pages_follow_an_index(
    database: Database, thousands: int, now: datetime, asked: dict[str, Any], index: str
) -> None:
    """No page reads or sorts all that is archived."""
    days = Query(**asked, since=now - timedelta(days=30))
    plan = plan_of(database, days, now)
    assert f"{index} " in plan
    if database.is_sqlite:
        assert "SCAN" not in plan
        # Only interactions of one moment are sorted among themselves.
        assert "USE TEMP B-TREE FOR ORDER BY" not in plan


def test_what_is_shown_of_a_hit_is_found_by_an_index(
    database: Database, thousands: int, now: datetime
) -> None:
    """Agents and media of a page are looked up, not sought in all that is archived."""
    plans = list_plans(database, Query(since=now - timedelta(days=30)), now)
    lists = [plan for statement, plan in plans if "json_each" in statement or "ANY" in statement]
    assert len(lists) >= 3, "hits, agents and media"
    for plan in lists:
        scanned = re.findall(r"(?:SCAN|Seq Scan on) (\w+)", plan)
        assert set(scanned) <= {"json_each", "source"}, plan


def test_words_are_followed_in_the_order_of_time(
    database: Database, thousands: int, now: datetime
) -> None:
    """On SQLite words give the newest interactions first; nothing else is read or sorted."""
    if not database.is_sqlite:
        pytest.skip("PostgreSQL decides by its statistics")
    for few in (None, -1):
        plan = plan_of(database, Query(words="rare", since=now - timedelta(days=30)), now, few)
        first, second = plan.splitlines()
        assert first.startswith("SCAN interaction_text VIRTUAL TABLE")
        assert "interaction USING INTEGER PRIMARY KEY" in second


def test_postgresql_is_told_whether_a_word_or_the_time_leads(
    database: Database, thousands: int, now: datetime
) -> None:
    """Left to itself it walks along a million interactions for a word of which it has no figure."""
    if database.is_sqlite:
        pytest.skip("SQLite follows the places of words")
    with database.write() as connection:
        bodies = {num: "common" + " seldom" * (num % 500 == 0) for num in range(1, thousands + 1)}
        texts.save_texts(database, connection, bodies)
        connection.execute(text("ANALYZE interaction_text"))
    seldom, common = Query(words="seldom"), Query(words="common")
    assert "CTE rarest" in plan_of(database, seldom, now, few=4)
    assert "ix_interaction_started" not in plan_of(database, seldom, now, few=4)
    assert "ix_interaction_started" in plan_of(database, common, now, few=4)


def test_a_rare_number_leads_before_a_common_word(
    keep: Keep, database: Database, now: datetime
) -> None:
    """On SQLite the rarest of what is asked gives the interactions, the others are checked."""
    if not database.is_sqlite:
        pytest.skip("PostgreSQL decides by its statistics")
    for number in range(3):
        keep(f"r{number}", body="common", ani="+49301234" if number else "0049")
    asked = Query(words="common", number="0049")
    assert "ix_interaction_ani" in plan_of(database, asked, now, few=1)
    assert "SCAN interaction_text" in plan_of(database, asked, now, few=-1)
