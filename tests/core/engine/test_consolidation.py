"""Everything under the same keys is one interaction, told by the adapter, found by search."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.core.engine.platform import DAY, HOUR, MINUTE, START, Stage, Tape, TinOfPeople, draft

from catchment._catalogue import interactions, jobs, tables
from catchment._engine.consolidation import consolidate
from catchment._engine.work import Work
from catchment.errors import AdapterFault
from catchment.model import Bundle, Fact, InteractionDraft, Key, Page, Party, Person, Ref


def test_an_interaction_is_found_as_soon_as_it_has_a_document(stage: Stage) -> None:
    """Before a byte of media is there, the interaction is searchable and says what it lacks."""
    stage.cloud.hold("c1")
    for kind in ("poll", "capture", "map"):
        stage.do(kind)
    (hit,) = stage.hits(words="c1")
    assert hit.media == "attachment: not yet, 60 min"


def test_what_is_told_of_a_contact_is_found(stage: Stage) -> None:
    """Queue, wrap-up and further attributes of each agent's part, whatever they say (S002-192).

    A value that no index holds is found by its words, and by itself.
    """
    essay = "".join(chr(0x1F600 + n % 80) for n in range(4000))

    def map_contact(bundle: Bundle) -> InteractionDraft:
        told = draft(bundle)
        (one,) = told.contacts
        custom = {"acd_id": "4711", "case": essay}
        contact = replace(one, queue="Billing", wrap_up="Sale / cross-sell", custom=custom)
        return replace(told, contacts=(contact,), custom={"csat": "5"})

    stage.cloud.map = map_contact
    stage.cloud.hold("c1")
    stage.gather()
    told = {"queue": "Billing", "wrap_up": "Sale / cross-sell", "acd_id": "4711", "case": essay}
    for name, value in (told | {"csat": "5"}).items():
        assert len(stage.hits(attributes={name: value})) == 1, name
    for word in ("billing", "cross", "4711"):
        assert len(stage.hits(words=word)) == 1, word
    assert stage.hits(attributes={"queue": "Sales"}) == []


def test_the_words_of_a_chat_are_found(stage: Stage) -> None:
    """What was written in a chat or a transcript leads to its interaction."""
    stage.cloud.hold("c1", files={"f": Tape(b"the blue parrot\n", "chat", "txt")})
    stage.cloud.hold("c2")
    stage.gather()
    assert [hit.external_id for hit in stage.hits(words="parrot")] == ["c1"]


def test_words_stay_found_while_a_new_version_is_on_its_way(stage: Stage) -> None:
    """A version that is not archived yet takes nothing away from search."""
    call = stage.cloud.hold("c1", files={"f": Tape(b"the blue parrot\n", "chat", "txt")})
    stage.gather()
    call.files["f"] = Tape(b"a green parrot\n", "chat", "txt")
    stage.stir("capture")
    stage.do("capture")
    stage.stir("map")
    stage.do("map")
    assert len(stage.files()) == 2
    assert len(stage.hits(words="blue")) == 1


def test_the_mapping_sees_everything_under_the_keys(stage: Stage) -> None:
    """Recordings with all their documents, facts and measured files are handed to the adapter."""
    stage.cloud.hold("c1", keys=["k"])
    stage.cloud.hold("c2", keys=["k"])
    fact = Fact("cdr", "1", START - HOUR, (Key("call", "k"),))
    told: list[Bundle] = []

    def watch(bundle: Bundle) -> InteractionDraft:
        told.append(bundle)
        return draft(bundle)

    stage.cloud.map = watch
    listed = stage.cloud.list_pages
    stage.cloud.poll = lambda span: (
        replace(page, facts=(fact,), total=None) for page in listed(span)
    )
    stage.gather()
    last = told[-1]
    assert {one.external_id for one in last.recordings} == {"c1", "c2"}
    assert all(set(one.documents) == {"call", "listing"} for one in last.recordings)
    assert last.facts == (fact,)
    assert {file.recording_id for file in last.files} == {"c1", "c2"}


def test_order_means_nothing_to_a_mapping(stage: Stage) -> None:
    """The same bundle in any order gives the same draft.

    What is sealed depends on its inputs alone. Proves promise 4.
    """
    for name in ("c1", "c2", "c3"):
        stage.cloud.hold(name, keys=["k"])
    bundles: list[Bundle] = []

    def watch(bundle: Bundle) -> InteractionDraft:
        bundles.append(bundle)
        return draft(bundle)

    stage.cloud.map = watch
    stage.gather()
    bundle = bundles[-1]
    shuffled = list(bundle.recordings)
    random.Random(7).shuffle(shuffled)
    assert draft(replace(bundle, recordings=tuple(shuffled))) == draft(bundle)


def join(stage: Stage) -> tuple[str, str]:
    """Capture two calls, then let a fact join them; their ids before, the older first."""
    stage.cloud.hold("c1", keys=["a"], ago=2 * HOUR)
    stage.cloud.hold("c2", keys=["b"])
    stage.gather()
    before = (stage.interaction("c1").interaction_id, stage.interaction("c2").interaction_id)
    fact = Fact("cdr", "1", START, (Key("call", "a"), Key("call", "b")))
    stage.cloud.poll = lambda span: iter([Page(facts=(fact,), last=True)])
    stage.wait(timedelta(minutes=10))
    stage.do("poll")
    return before


def test_the_older_id_survives_a_join(stage: Stage) -> None:
    """Two interactions that turn out to be one keep the older id; the other is its alias."""
    older, newer = join(stage)
    stage.do("map")
    assert {stage.interaction(name).interaction_id for name in ("c1", "c2")} == {older}
    with stage.app.database.read() as connection:
        num = stage.interaction("c1").num
        assert interactions.list_aliases(connection, num) == [newer]
    assert stage.interaction("c1").subject == "c1 and c2"


def test_an_alias_is_in_the_books(stage: Stage) -> None:
    """That an id stands for another is written down, so that it resolves for ever."""
    older, newer = join(stage)
    (row,) = [row for row in stage.rows(tables.book) if row.kind == "alias"]
    assert row.body == {"alias": newer, "interaction": older}


def test_an_alias_is_not_found_beside_its_survivor(stage: Stage) -> None:
    """Search finds one interaction where there were two."""
    join(stage)
    stage.do("map")
    assert len(stage.hits()) == 1


@pytest.mark.parametrize("kind", ["map", "seal"])
def test_work_for_an_alias_is_handed_to_who_is_at_the_survivor(stage: Stage, kind: str) -> None:
    """Of two threads that hold the jobs of both, one works, and the other's news comes after it.

    Two that seal one interaction at once left version 1 in the catalogue and two in the archive.
    """
    join(stage)
    if kind == "seal":
        stage.do("map")
        stage.wait(DAY)
        stage.stir("seal")
    else:
        stage.stir("map")
    num = stage.interaction("c1").num
    held = {int(job.key): job for job in stage.claim(kind)}
    own = held.pop(num)
    (alias,) = held.values()

    def done() -> tuple[str, int]:
        row = stage.interaction("c1")
        return row.subject, len(stage.app.archive.versions(row.interaction_id))

    before = done()
    assert stage.work(alias) is None
    assert done() == before
    assert stage.work(own) is None
    after = done()
    assert after != before
    # It was handed over while the survivor's job was held, so that one comes back once more.
    assert [error for error in stage.do(kind) if error] == []
    assert done() == after
    assert stage.claim(kind) == []


def test_work_for_an_alias_is_not_lost(stage: Stage) -> None:
    """Where only the alias has a job, the survivor gets one."""
    join(stage)
    num = stage.interaction("c1").num
    stage.do("map")
    stage.do("map")
    with stage.app.database.write() as connection:
        alias = next(r for r in stage.rows(tables.job) if r.kind == "map" and r.key != str(num))
        news = jobs.NewJob("map", alias.key, stage.source.id, stage.clock.now())
        jobs.want(stage.app.database, connection, [news])
    stage.cloud.map = lambda bundle: replace(draft(bundle), subject="news")
    assert stage.do("map") == [None]
    assert stage.do("map") == [None]
    assert stage.interaction("c1").subject == "news"


def test_a_join_over_more_than_a_day_is_left_to_a_person(stage: Stage) -> None:
    """A key shared by recordings a day apart is more likely a mistake.

    Both stay, and the older one says why. Proves promise 6.
    """
    stage.cloud.hold("c1", keys=["a"], ago=40 * HOUR)
    stage.cloud.hold("c2", keys=["b"], ago=HOUR)
    stage.gather()
    fact = Fact("cdr", "1", START, (Key("call", "a"), Key("call", "b")))
    stage.cloud.poll = lambda span: iter([Page(facts=(fact,), last=True)])
    stage.wait(timedelta(minutes=10))
    stage.do("poll")
    assert stage.interaction("c1").num != stage.interaction("c2").num
    assert "not joined without a person" in stage.interaction("c1").parked_why


def test_a_join_of_too_many_is_left_to_a_person(stage: Stage) -> None:
    """More than fifty recordings are not joined by a key alone."""
    stage.cloud.page_size = 100
    for number in range(26):
        stage.cloud.hold(f"a{number}", keys=["a"])
        stage.cloud.hold(f"b{number}", keys=["b"])
    stage.do("poll")
    fact = Fact("cdr", "1", START, (Key("call", "a"), Key("call", "b")))
    stage.cloud.poll = lambda span: iter([Page(facts=(fact,), last=True)])
    stage.wait(timedelta(minutes=10))
    stage.do("poll")
    assert stage.interaction("a0").num != stage.interaction("b0").num
    assert "52 recordings" in stage.interaction("a0").parked_why


def test_a_fact_alone_is_an_interaction(stage: Stage) -> None:
    """A row of the platform's books without any recording is found too."""
    fact = Fact("cdr", "f1", START - HOUR, (Key("call", "k"),), expects="answered")
    stage.cloud.poll = lambda span: iter([Page(facts=(fact,), last=True)])
    stage.do("poll")
    stage.do("map")
    assert [hit.external_id for hit in stage.hits()] == ["f1"]


def test_a_mapping_that_fails_loses_nothing(stage: Stage) -> None:
    """A fault of the mapping is kept with the job and tried again; media is archived meanwhile.

    Proves promise 6.
    """
    stage.cloud.hold("c1")
    told: dict[str, InteractionDraft] = {}
    stage.cloud.map = lambda _bundle: told["missing"]
    for kind in ("poll", "capture", "media"):
        stage.do(kind)
    (error,) = stage.do("map")
    assert isinstance(error, AdapterFault)
    assert "map_metadata failed with KeyError" in stage.job("map").error
    assert stage.archived() == {("c1", "f"): b"hello"}
    stage.cloud.map = draft
    stage.wait(DAY)
    assert stage.do("map") == [None]
    assert len(stage.hits()) == 1


def test_a_new_mapper_maps_everything_again(stage: Stage) -> None:
    """After an upgrade that changes the mapping each interaction is told anew."""
    stage.cloud.hold("c1")
    stage.run()
    stage.configure(mapper="tin 2")
    stage.cloud.map = lambda bundle: replace(draft(bundle), subject="anew", mapper="tin 2")
    stage.run()
    assert stage.interaction().mapper == "tin 2"
    assert stage.interaction().subject == "anew"


def test_a_party_is_named_by_the_directory(stage: Stage) -> None:
    """Who is known by a reference only gets a name once the directory knows it, also later."""
    stage.configure(base=TinOfPeople)
    stage.cloud.hold("c1")
    stage.run()
    assert stage.hits(agent="Ada Example") == []
    person = Person((Ref("user", "u1"),), "Ada Example", "ada@example.com")
    stage.cloud.people = lambda: iter([person])
    stage.wait(6 * HOUR)
    stage.run()
    assert [hit.agents for hit in stage.hits(agent="Ada Example")] == [("Ada Example",)]


def test_a_party_whom_the_platform_named_gets_an_address(stage: Stage) -> None:
    """Whoever searches by address finds also what was mapped before the directory was read."""
    stage.configure(base=TinOfPeople)
    named = Party("host", "host", Ref("user", "u1"), name="Ada Example")
    stage.cloud.map = lambda bundle: replace(draft(bundle), parties=(named,))
    stage.cloud.hold("c1")
    stage.run()
    assert [row.agent_email for row in stage.rows(tables.contact)] == [""]
    person = Person((Ref("user", "u1"),), "Ada Example", "ada@example.com")
    stage.cloud.people = lambda: iter([person])
    stage.wait(6 * HOUR)
    stage.run()
    assert [row.agent_email for row in stage.rows(tables.contact)] == ["ada@example.com"]
    sealed = stage.events("interaction.sealed")
    stage.wait(6 * HOUR)
    stage.run()
    assert stage.events("interaction.sealed") == sealed


@pytest.mark.parametrize("state", ["parked", "gone"])
def test_an_interaction_says_what_became_of_its_media(stage: Stage, state: str) -> None:
    """What will never be heard is told with its state instead of being left out (promise 6)."""
    stage.cloud.hold("c1")
    stage.gather()
    with stage.app.database.write() as connection:
        connection.execute(update(tables.file).values(state=state, reason="why"))
    (hit,) = stage.hits()
    assert hit.media == f"attachment: {state}"


def test_nothing_is_left_in_the_buffer(stage: Stage, tmp_path: Path) -> None:
    """After a whole run the buffer is empty: what is archived is nowhere twice (T17)."""
    stage.cloud.hold("c1", files={"a": b"1", "b": b"2"})
    stage.run()
    assert list((tmp_path / "buffer").iterdir()) == []


def test_what_cannot_be_mapped_says_so_and_is_tried_again(stage: Stage) -> None:
    """A bug of an adapter's mapping is seen beside the interaction, and goes when it is mended."""
    stage.cloud.hold("c1")
    good = stage.cloud.map

    def broken(bundle: Bundle) -> InteractionDraft:
        raise KeyError("never seen before")

    stage.cloud.map = broken
    for kind in ("poll", "capture", "media"):
        stage.do(kind)
    for _ in range(3):
        assert isinstance(stage.do("map")[0], AdapterFault)
        stage.wait(10 * MINUTE)
    assert stage.interaction().parked_why.startswith("it cannot be mapped: adapter tin")
    assert stage.recording("c1").state == "quiet"
    stage.cloud.map = good
    stage.run()
    assert stage.interaction().parked_why is None
    assert stage.interaction().kind == "call"


def test_what_could_not_be_mapped_and_was_joined_is_not_mapped_at_each_start(stage: Stage) -> None:
    """What an alias was parked for is over; else each start would seal a version without news."""
    good = stage.cloud.map

    def broken(bundle: Bundle) -> InteractionDraft:
        if [one.external_id for one in bundle.recordings] == ["c2"]:
            raise KeyError("half of a call")
        return good(bundle)

    stage.cloud.map = broken
    stage.cloud.hold("c1", keys=["a"], ago=2 * HOUR)
    stage.cloud.hold("c2", keys=["b"])
    for kind in ("poll", "capture", "media"):
        stage.do(kind)
    for _ in range(3):
        stage.do("map")
        stage.wait(10 * MINUTE)
    assert stage.interaction("c2").parked_why
    fact = Fact("cdr", "1", START, (Key("call", "a"), Key("call", "b")))
    stage.cloud.poll = lambda span: iter([Page(facts=(fact,), last=True)])
    for _ in range(2):
        stage.wait(DAY)
        stage.run()
    before = stage.app.archive.versions(stage.interaction("c2").interaction_id)
    for _ in range(2):
        stage.wait(DAY)
        stage.run()
    assert stage.app.archive.versions(stage.interaction("c2").interaction_id) == before


def test_what_a_recording_joins_is_told_as_one_whatever_becomes_of_it(stage: Stage) -> None:
    """A recording whose capture fails has joined two calls all the same, and both are found."""
    stage.cloud.hold("c1", keys=["a"], ago=2 * HOUR)
    stage.cloud.hold("c2", keys=["b"])
    stage.gather()
    older = stage.interaction("c1").num
    with stage.app.database.write() as connection:
        interactions.assign(
            stage.app.database,
            connection,
            stage.source.id,
            [interactions.Seed((Key("call", "a"), Key("call", "b")), START)],
            stage.clock.now(),
        )
    assert stage.interaction("c2").num == older
    assert [error for error in stage.do("map") if error] == []
    assert stage.interaction("c1").subject == "c1 and c2"


def test_what_is_joined_while_it_is_mapped_is_mapped_as_one(stage: Stage) -> None:
    """Of two calls that were read apart neither is kept apart (promise 1)."""
    stage.cloud.hold("c1", keys=["a"], ago=2 * HOUR)
    stage.cloud.hold("c2", keys=["b"])
    for kind in ("poll", "capture", "media"):
        stage.do(kind)
    seed = interactions.Seed((Key("call", "a"), Key("call", "b")), START)
    good = stage.cloud.map

    def joining(bundle: Bundle) -> InteractionDraft:
        stage.cloud.map = good
        with stage.app.database.write() as connection:
            now, source_id = stage.clock.now(), stage.source.id
            interactions.assign(stage.app.database, connection, source_id, [seed], now)
        return good(bundle)

    stage.cloud.map = joining
    consolidate([Work(stage.app, stage.source, job) for job in stage.claim("map")])
    stage.do("map")
    assert stage.interaction("c1").subject == "c1 and c2"
    parties = {row.interaction_num for row in stage.rows(tables.party)}
    assert parties == {stage.interaction("c1").num}
    assert stage.claim("map") == []
