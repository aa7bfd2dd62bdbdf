"""When an interaction is sealed, what its manifest holds, and that a kill changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.core.engine.platform import DAY, HOUR, MINUTE, START, Stage, Tape, revise

from catchment._catalogue import interactions, jobs, tables
from catchment._engine.rebuilding import back_up
from catchment._engine.sealing import build_document, withhold
from catchment.errors import LostRace
from catchment.model import Batch, Bundle, InteractionDraft, Ready


def captured(stage: Stage) -> None:
    """One call, captured and mapped, not sealed."""
    stage.cloud.hold("c1", files={"f": b"words"})
    stage.gather()


def remap(stage: Stage, subject: str) -> None:
    """Let something change that the mapping tells."""
    known = stage.cloud.map

    def changed(bundle: Bundle) -> InteractionDraft:
        return replace(known(bundle), subject=subject)

    stage.cloud.map = changed
    stage.stir("map")
    assert stage.do("map") == [None]


def manifests(stage: Stage) -> dict[int, dict[str, Any]]:
    """Every sealed version, read from the archive."""
    of = stage.interaction().interaction_id
    return {
        version: json.loads(stage.app.archive.read(of, version))
        for version in sorted(stage.app.archive.versions(of))
    }


def test_an_interaction_is_sealed_when_it_was_quiet_for_a_while(stage: Stage) -> None:
    """Nothing is sealed before there was no news for as long as the setting says."""
    captured(stage)
    assert stage.claim("seal") == []
    stage.wait(5 * MINUTE)
    assert stage.do("seal") == [None]
    assert list(manifests(stage)) == [1]
    row = stage.interaction()
    assert (row.version, row.sealed_at, row.unsealed_since) == (1, stage.clock.now(), None)


def test_news_puts_the_seal_off(stage: Stage) -> None:
    """Quiet is counted from the last news."""
    captured(stage)
    stage.wait(4 * MINUTE)
    remap(stage, "news")
    stage.wait(MINUTE)
    stage.do("seal")
    assert manifests(stage) == {}
    assert stage.job("seal").due_at == START + 9 * MINUTE
    stage.wait(4 * MINUTE)
    stage.do("seal")
    assert list(manifests(stage)) == [1]


def test_an_interaction_that_is_never_quiet_is_sealed_at_its_age(stage: Stage) -> None:
    """After ``max_age`` it is sealed although there is news all the time."""
    stage.configure()
    stage.path.write_text(stage.path.read_text() + '[seal]\nquiet = "20m"\nmax_age = "1h"\n')
    captured(stage)
    for number in range(4):
        stage.wait(15 * MINUTE)
        remap(stage, str(number))
        stage.do("seal")
    assert list(manifests(stage)) == [1]
    assert stage.interaction().sealed_at == START + HOUR


def test_a_sealed_version_stays_as_it_was(stage: Stage) -> None:
    """Later news seals the next version, which names the one before; the first is not touched.

    Proves promise 4.
    """
    captured(stage)
    stage.do("seal", once=True)
    stage.stir("seal")
    stage.do("seal", once=True)
    first = manifests(stage)[1]
    stage.wait(HOUR)
    remap(stage, "amended")
    stage.wait(5 * MINUTE)
    stage.do("seal")
    told = manifests(stage)
    assert list(told) == [1, 2]
    assert told[1] == first
    assert told[2]["subject"] == "amended"
    assert first["uuid"] in json.dumps(told[2])
    assert told[2]["uuid"] != first["uuid"]


def test_without_news_nothing_is_sealed_again(stage: Stage) -> None:
    """A seal job that finds nothing unsealed makes no version."""
    captured(stage)
    stage.wait(5 * MINUTE)
    stage.do("seal")
    stage.stir("seal")
    stage.do("seal")
    assert list(manifests(stage)) == [1]


def begin(stage: Stage, at: datetime | None = None) -> dict[str, Any]:
    """Begin a seal at *at*, or now, and die before a byte is written."""
    row = stage.interaction()
    sealing = {
        "version": 1,
        "document_id": "01890a5d-ac96-8b7c-8000-000000000001",
        "at": (at or stage.clock.now()).isoformat(),
        "news_at": row.news_at.isoformat(),
    }
    with stage.app.database.write() as connection:
        interactions.begin_seals(connection, {row.num: sealing})
    return sealing


def test_a_seal_goes_on_with_what_it_was_begun_with(stage: Stage) -> None:
    """After a kill the second try uses the version, the id and the time on record (T3)."""
    captured(stage)
    sealing = begin(stage)
    stage.wait(HOUR)
    stage.do("seal")
    assert manifests(stage)[1]["uuid"] == sealing["document_id"]
    assert datetime.fromisoformat(manifests(stage)[1]["created_at"]) == START
    assert stage.interaction().unsealed_since is None


def test_sealing_twice_gives_the_same_bytes(stage: Stage) -> None:
    """A kill after the manifest was written and before the commit changes no byte of it.

    Proves T3, promise 2.
    """
    captured(stage)
    begin(stage)
    stage.wait(HOUR)
    stage.do("seal")
    of = stage.interaction().interaction_id
    before = stage.app.archive.read(of, 1)
    with stage.app.database.write() as connection:
        num = stage.interaction().num
        connection.execute(
            tables.interaction.update()
            .where(tables.interaction.c.num == num)
            .values(version=0, document_id=None, sealed_at=None, unsealed_since=START)
        )
    begin(stage, at=START)
    stage.stir("seal")
    assert stage.do("seal") == [None]
    assert stage.app.archive.read(of, 1) == before
    assert list(manifests(stage)) == [1]


def test_news_between_two_tries_waits_for_the_next_version(stage: Stage) -> None:
    """What came after a seal was begun is not forgotten: it is sealed as the next version.

    Proves T3, promise 1.
    """
    captured(stage)
    begin(stage)
    stage.wait(MINUTE)
    remap(stage, "came between")
    stage.wait(5 * MINUTE)
    stage.do("seal")
    assert stage.interaction().unsealed_since is not None
    stage.wait(HOUR)
    stage.do("seal")
    assert list(manifests(stage)) == [1, 2]
    assert manifests(stage)[2]["subject"] == "came between"
    assert stage.interaction().unsealed_since is None


def test_links_and_secrets_never_reach_the_archive(stage: Stage) -> None:
    """Fields that the adapter withholds are blanked at any depth, in every byte that is archived.

    Proves promise 5.
    """
    secret = {"link": "https://example.com/?sig=topsecret", "parts": [{"link": "topsecret"}]}

    def tell(batch: Batch) -> Any:
        return (Ready(one, documents={"call": {"id": "c1", **secret}}) for one in batch)

    stage.cloud.metadata = tell
    captured(stage)
    stage.do("seal", once=True)
    stage.stir("seal")
    stage.do("seal", once=True)
    whole = [path.read_bytes() for path in stage.app.archive.root.rglob("*") if path.is_file()]
    assert any(b"[withheld]" in data for data in whole)
    assert not any(b"topsecret" in data or b"http://127" in data for data in whole)


def test_withholding_changes_nothing_else() -> None:
    """Names and values beside a withheld field stay as they were, and an empty one stays empty."""
    told = {"a": 1, "link": "x", "b": [{"link": "", "c": None}, "link"]}
    kept = {"a": 1, "link": "[withheld]", "b": [{"link": "", "c": None}, "link"]}
    assert withhold(told, {"link"}) == kept
    assert json.loads(build_document(told, {"link"})) == kept
    assert told["link"] == "x"


def test_what_is_still_expected_is_in_no_manifest(stage: Stage) -> None:
    """A manifest names what is archived and what was given up, each with its reason.

    Nothing that may still come.
    """
    files = {
        "a": Tape(b"here"),
        "b": Tape(offered="not_yet"),
        "c": Tape(offered="failed", more={"why": "nobody spoke"}),
    }
    stage.cloud.hold("c1", files=files)
    stage.gather()
    stage.wait(5 * MINUTE)
    stage.do("seal")
    text = json.dumps(manifests(stage)[1])
    assert "nobody spoke" in text
    assert '"a"' in text
    assert '"b"' not in text


def test_a_runner_that_lost_the_job_seals_nothing(stage: Stage) -> None:
    """The seal of a zombie is not entered (T14)."""
    captured(stage)
    stage.wait(5 * MINUTE)
    (late,) = stage.claim("seal", "r1")
    stage.wait(11 * MINUTE)
    assert len(stage.claim("seal", "r2")) == 1
    assert isinstance(stage.work(late), LostRace)
    assert stage.interaction().version == 0


def test_an_interaction_of_a_revised_recording_names_both_versions(stage: Stage) -> None:
    """A new version of a file is in the next manifest beside the one it follows (promise 4)."""
    call = stage.cloud.hold("c1", files={"f": b"first"})
    stage.gather()
    stage.wait(5 * MINUTE)
    stage.do("seal")
    revise(call, files={"f": Tape(b"second")})
    with stage.app.database.write() as connection:
        num = stage.recording("c1").id
        job = jobs.NewJob("capture", str(num), stage.source.id, stage.clock.now())
        jobs.want(stage.app.database, connection, [job])
    for kind in ("capture", "media", "map"):
        assert stage.do(kind) == [None]
    stage.wait(DAY)
    stage.do("seal")
    text = json.dumps(manifests(stage)[2])
    assert all(row.sha256 in text for row in stage.files())
    assert len({row.sha256 for row in stage.files()}) == 2


def test_a_version_of_another_history_is_not_taken_for_ours(stage: Stage) -> None:
    """After an old copy of the catalogue was put back, news goes after the archive's newest.

    Both versions stay as they are.  Proves promises 1 and 4.
    """
    captured(stage)
    stage.wait(5 * MINUTE)
    assert stage.do("seal") == [None]
    copy = back_up(stage.read(), stage.folder / "copy.db")
    remap(stage, "known to the archive alone")
    stage.wait(HOUR)
    stage.do("seal")
    before = manifests(stage)
    stage.lose(copy)
    remap(stage, "news since")
    stage.wait(HOUR)
    assert stage.do("seal") == [None]
    told = manifests(stage)
    assert [one["subject"] for one in told.values()][1:] == [
        "known to the archive alone",
        "news since",
    ]
    assert {version: told[version] for version in before} == before
    row = stage.interaction()
    assert (row.version, row.document_id, row.unsealed_since) == (3, told[3]["uuid"], None)


def test_a_seal_whose_number_was_taken_meanwhile_takes_the_next(stage: Stage) -> None:
    """A seal that was begun before the copy was made does not call another's version its own."""
    captured(stage)
    begin(stage)
    copy = back_up(stage.read(), stage.folder / "copy.db")
    with stage.app.database.write() as connection:  # as if it had never been begun
        connection.execute(tables.interaction.update().values(sealing=None))
    stage.wait(HOUR)
    stage.do("seal")
    stage.lose(copy)
    stage.wait(HOUR)
    assert stage.do("seal") == [None]
    assert list(manifests(stage)) == [1, 2]
    assert stage.interaction().document_id == manifests(stage)[2]["uuid"]


def test_news_of_a_runner_whose_clock_is_behind_is_sealed(stage: Stage) -> None:
    """What was mapped after a seal was begun is news, also if a slower clock dates it before.

    Proves promises 1 and 4.
    """
    captured(stage)
    begin(stage)
    stage.wait(5 * MINUTE)
    (late,) = stage.claim("seal", "r1")
    stage.wait(11 * MINUTE)
    (job,) = stage.claim("seal", "r2")
    assert isinstance(stage.work(late), LostRace)  # version 1 is written, and not entered
    stage.clock.advance(-DAY)
    remap(stage, "by a clock that is behind")
    stage.clock.advance(DAY)
    assert stage.work(job) is None
    assert manifests(stage)[1]["subject"] != "by a clock that is behind"
    stage.wait(DAY)
    assert stage.do("seal") == [None]
    assert manifests(stage)[2]["subject"] == "by a clock that is behind"
    assert stage.interaction().unsealed_since is None
