"""What is asked about a recording, and what becomes of each answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.core.engine.platform import DAY, HOUR, MINUTE, START, Stage, Tape, revise

from catchment._catalogue import tables
from catchment._engine.capture import capture
from catchment._engine.wanted import want_period
from catchment.errors import AdapterFault, LostRace, Unreachable
from catchment.model import Batch, Denied, Key, MediaFile, Nothing, NotYet, Outcome, Ready


def seen(stage: Stage, *names: str, **more: object) -> None:
    """Have calls listed, and no more."""
    for name in names or ("c1",):
        stage.cloud.hold(name, **more)  # type: ignore[arg-type]
    stage.do("poll")


def answer(stage: Stage, kind: type[Outcome], **values: object) -> None:
    """Let the platform answer about every recording in the same way."""
    stage.cloud.metadata = lambda batch: (kind(one, **values) for one in batch)


def test_documents_are_kept_verbatim(stage: Stage) -> None:
    """What the platform says of a recording is kept by name, beside the listing's own row."""
    seen(stage)
    stage.do("capture")
    documents = {row.name: row.body for row in stage.rows(tables.document)}
    assert documents == {"listing": {"id": "c1", "revision": "1"}, "call": {"id": "c1"}}


def test_each_file_that_is_offered_is_wanted_once(stage: Stage) -> None:
    """A recording of two files gives two downloads (S003-17)."""
    seen(stage, files={"a": b"1", "b": b"2"})
    stage.do("capture")
    assert [(row.file_id, row.state) for row in stage.files()] == [
        ("a", "expected"),
        ("b", "expected"),
    ]
    assert len(stage.claim("media")) == 2


def test_links_are_kept_apart_from_the_description(stage: Stage) -> None:
    """A link is a secret that changes: it is no part of what a file is compared by (promise 5)."""
    seen(stage)
    stage.do("capture")
    assert "http" not in str(stage.file().description)
    assert stage.file().ways["ways"][0]["url"].startswith("http")


def test_a_key_that_a_document_reveals_joins_two_recordings(stage: Stage) -> None:
    """Recordings whose documents share a key are one interaction, and the older id survives."""
    seen(stage, "c1", "c2")
    older = stage.interaction("c1").interaction_id
    assert stage.interaction("c2").interaction_id != older
    stage.cloud.metadata = lambda batch: (Ready(one, keys=(Key("session", "s"),)) for one in batch)
    stage.do("capture")
    assert {stage.interaction(name).interaction_id for name in ("c1", "c2")} == {older}


def test_not_yet_is_asked_again_ever_more_seldom(stage: Stage) -> None:
    """``NotYet`` waits for some minutes, then longer, and the recording stays open (T5)."""
    seen(stage)
    answer(stage, NotYet, why="still being cut")
    waits = []
    for _ in range(3):
        stage.do("capture")
        waits.append(stage.job("capture").due_at - stage.clock.now())
        stage.wait(waits[-1])
    assert 4 * MINUTE <= waits[0] <= 5 * MINUTE
    assert waits[0] < waits[1] < waits[2]
    assert (stage.recording("c1").state, stage.recording("c1").reason) == (
        "open",
        "still being cut",
    )


def test_not_yet_until_a_time_is_asked_again_then(stage: Stage) -> None:
    """Where the platform says when, it is asked then."""
    seen(stage)
    answer(stage, NotYet, retry_at=START + 2 * HOUR)
    stage.do("capture")
    assert stage.job("capture").due_at == START + 2 * HOUR


def test_not_yet_is_believed_for_as_long_as_patience_lasts(stage: Stage) -> None:
    """After ``patience`` what never came is gone, with the last reason (promise 6)."""
    seen(stage)
    answer(stage, NotYet, why="still being cut")
    stage.wait(DAY)
    stage.do("capture")
    assert stage.recording("c1").state == "open"
    stage.wait(HOUR)
    stage.do("capture")
    assert stage.recording("c1").state == "gone"
    assert stage.recording("c1").reason == "not offered within 24 h: still being cut"
    assert stage.job("capture").due_at is None


def test_patience_is_a_setting(stage: Stage) -> None:
    """``gone_after`` of a source overrides the adapter's patience."""
    stage.configure('gone_after = "1h"\n')
    seen(stage)
    answer(stage, NotYet, why="still being cut")
    stage.wait(2 * HOUR)
    stage.do("capture")
    assert stage.recording("c1").state == "gone"


def test_nothing_is_not_believed_of_a_young_recording(stage: Stage) -> None:
    """A platform that denies a recording which it listed a moment ago is asked again (T5)."""
    seen(stage)
    answer(stage, Nothing, why="404")
    stage.do("capture")
    assert stage.recording("c1").state == "open"
    stage.wait(2 * HOUR)
    stage.do("capture")
    assert (stage.recording("c1").state, stage.recording("c1").reason) == ("gone", "404")


def test_a_recording_whose_files_are_archived_is_never_gone(stage: Stage) -> None:
    """When the platform has deleted what we hold, we still hold it."""
    stage.configure(revisit=("2h",))
    stage.cloud.hold("c1")
    stage.gather()
    answer(stage, Nothing, why="404")
    stage.wait(2 * HOUR)
    stage.do("capture")
    assert stage.recording("c1").state == "quiet"


def test_a_gone_recording_holds_the_watermark_no_longer(stage: Stage) -> None:
    """What is gone with a reason is accounted for (promise 1)."""
    seen(stage)
    assert stage.mark().at == START - HOUR
    answer(stage, Nothing, why="404")
    stage.wait(2 * HOUR)
    stage.do("capture")
    assert stage.mark().at == START


def test_what_is_denied_is_parked_for_a_person(stage: Stage) -> None:
    """A recording that the credential may not see is parked with the reason, holds the watermark.

    Is tried again a day later. Proves promise 6.
    """
    seen(stage)
    answer(stage, Denied, why="the scope is missing")
    stage.do("capture")
    row = stage.recording("c1")
    assert (row.state, row.reason) == ("parked", "the scope is missing")
    assert stage.mark().held_by == "recording c1 is parked"
    assert stage.job("capture").due_at == START + DAY


def test_what_was_denied_is_tried_again_at_the_next_start(stage: Stage) -> None:
    """The right may have been given meanwhile: a start of a runner asks again."""
    seen(stage)
    answer(stage, Denied, why="the scope is missing")
    stage.do("capture")
    stage.cloud.metadata = stage.cloud.tell
    stage.wait(MINUTE)
    stage.run()
    assert stage.recording("c1").state == "quiet"


def test_a_recording_without_files_is_asked_about_again(stage: Stage) -> None:
    """No file yet is "not yet"; files that appear later are captured (T5)."""
    seen(stage, files={})
    stage.do("capture")
    assert stage.recording("c1").reason == "no file is offered yet"
    stage.cloud.calls["c1"].files["f"] = Tape(b"late")
    stage.wait(10 * MINUTE)
    stage.do("capture")
    stage.do("media")
    assert stage.archived() == {("c1", "f"): b"late"}


def test_a_file_that_is_not_ready_keeps_its_recording_open(stage: Stage) -> None:
    """What is ready is fetched at once, what is not is waited for with its reason (T5)."""
    late = Tape(b"words", offered="not_yet", more={"why": "being written"})
    stage.cloud.hold("c1", files={"a": b"sound", "b": late})
    stage.gather()
    assert stage.archived() == {("c1", "a"): b"sound"}
    assert stage.recording("c1").state == "open"
    assert stage.file(file_id="b").reason == "being written"
    stage.cloud.calls["c1"].files["b"] = Tape(b"words")
    stage.wait(10 * MINUTE)
    stage.do("capture")
    stage.do("media")
    assert stage.archived()["c1", "b"] == b"words"
    assert stage.recording("c1").state == "quiet"


def test_a_file_that_never_came_is_gone_and_the_others_stay(stage: Stage) -> None:
    """After ``patience`` only the file that was never offered is gone, with the reason."""
    late = Tape(b"words", offered="not_yet", more={"why": "being written"})
    stage.cloud.hold("c1", files={"a": b"sound", "b": late})
    stage.gather()
    stage.wait(25 * HOUR)
    stage.do("capture")
    assert stage.recording("c1").state == "quiet"
    assert [row.state for row in stage.files()] == ["archived", "gone"]
    assert stage.file(file_id="b").reason == "not offered within 24 h: being written"


def test_giving_up_one_file_gives_up_no_download(stage: Stage) -> None:
    """A recording with a file that is still to be downloaded is open, whatever else is gone.

    Proves promise 1.
    """
    late = Tape(b"words", offered="not_yet")
    seen(stage, files={"a": b"sound", "b": late})
    stage.do("capture")
    stage.wait(25 * HOUR)
    stage.do("capture")
    assert [row.state for row in stage.files()] == ["expected", "gone"]
    assert stage.recording("c1").state == "open"
    assert stage.mark().held_by == "recording c1 is open"


def test_a_file_that_appears_late_gets_patience_of_its_own(stage: Stage) -> None:
    """A file that was named today is waited for today, however old its recording is."""
    stage.cloud.hold("c1", files={"a": b"sound"})
    stage.gather()
    stage.wait(3 * DAY)
    call = stage.cloud.calls["c1"]
    call.at = stage.clock.now() - HOUR  # so that it is still listed
    revise(call, files=call.files | {"b": Tape(b"words", offered="not_yet")})
    stage.do("poll")
    stage.do("capture")
    assert stage.file(file_id="b").state == "expected"
    assert stage.recording("c1").state == "open"


def test_a_file_that_the_platform_gave_up_is_gone(stage: Stage) -> None:
    """A file that failed at the platform is gone with the platform's reason, without a wait."""
    failed = Tape(offered="failed", more={"why": "nobody spoke"})
    seen(stage, files={"a": failed})
    stage.do("capture")
    assert (stage.file(file_id="a").state, stage.file(file_id="a").reason) == (
        "gone",
        "nobody spoke",
    )
    assert stage.recording("c1").state == "gone"


def test_an_adapter_is_told_which_files_the_archive_holds(stage: Stage) -> None:
    """So that a platform's next generation does not offer again what the last one gave."""
    asked: list[dict[str, MediaFile]] = []

    def offer(batch: Batch) -> Iterator[Outcome]:
        asked.extend(dict(one.held) for one in batch)
        return stage.cloud.offer_files(batch)

    stage.cloud.media = offer
    stage.cloud.hold("c1", files={"a": b"1", "b": Tape(offered="not_yet")})
    stage.gather()
    stage.stir("capture")
    stage.do("capture")
    assert [sorted(held) for held in asked] == [[], ["a"]]
    assert (asked[1]["a"].kind, asked[1]["a"].ways) == ("attachment", ())


def test_a_file_that_is_named_no_more_is_not_forgotten(stage: Stage) -> None:
    """What was named once stays expected until it is archived or accounted for (promise 1)."""
    seen(stage, files={"a": b"1", "b": b"2"})
    stage.do("capture")
    del stage.cloud.calls["c1"].files["b"]
    stage.stir("capture")
    stage.do("capture")
    assert [row.file_id for row in stage.files()] == ["a", "b"]
    assert stage.file(file_id="b").state == "expected"


def relist(stage: Stage) -> None:
    """Have everything of the last day listed again by a person's wish."""
    want_period(stage.app, stage.source, stage.clock.now() - DAY, stage.clock.now())
    assert stage.do("poll") == [None]


def test_a_changed_revision_is_looked_at_again(stage: Stage) -> None:
    """A new revision asks for documents and files again.

    Other bytes under the same id are a new version, and the first stays. Proves promises 2 and 4.
    """
    call = stage.cloud.hold("c1", files={"f": b"first"})
    stage.gather()
    revise(call, files={"f": Tape(b"second!")})
    relist(stage)
    stage.do("capture")
    stage.do("media")
    versions = [(row.version, row.state) for row in stage.files()]
    assert versions == [(1, "archived"), (2, "archived")]
    kept = [stage.app.archive.path_of(row.sha256).read_bytes() for row in stage.files()]
    assert kept == [b"first", b"second!"]


def test_the_same_bytes_under_another_description_are_no_new_version(stage: Stage) -> None:
    """A file that was only described anew is compared, and its version dropped (promise 2)."""
    call = stage.cloud.hold("c1", files={"f": Tape(b"first")})
    stage.gather()
    revise(call, files={"f": Tape(b"first", more={"name": "renamed.bin"})})
    relist(stage)
    stage.do("capture")
    stage.do("media")
    (row,) = stage.files()
    assert (row.version, row.state, row.description["name"]) == (1, "archived", "renamed.bin")
    revise(call)
    relist(stage)
    stage.do("capture")
    assert stage.claim("media") == []


def test_only_links_that_changed_are_no_news(stage: Stage) -> None:
    """An archived file whose link alone is another is not fetched again (promise 2)."""
    call = stage.cloud.hold("c1")
    stage.gather()
    stage.cloud.kill_links()
    revise(call)
    relist(stage)
    stage.do("capture")
    assert stage.claim("media") == []


def test_a_recording_is_looked_at_again_at_the_ages_that_the_adapter_names(stage: Stage) -> None:
    """``revisit`` asks again although nothing changed, and then leaves the recording alone."""
    stage.configure(revisit=("30m", "2h"))
    stage.cloud.hold("c1")
    stage.gather()
    dues = [stage.job("capture").due_at]
    for wait in (30 * MINUTE, 90 * MINUTE):
        stage.wait(wait)
        stage.do("capture")
        dues.append(stage.job("capture").due_at)
    assert dues == [START + 30 * MINUTE, START + 2 * HOUR, None]


def test_a_visit_without_news_makes_no_version(stage: Stage) -> None:
    """An interaction is mapped and sealed again only when something is known that was not.

    Proves promise 4.
    """
    stage.configure(revisit=("2h",))
    stage.cloud.hold("c1")
    stage.gather()
    stage.do("seal", once=True)
    stage.wait(2 * HOUR)
    stage.do("capture")
    assert stage.claim("map") == []


def test_what_is_not_yet_there_is_sealed_once_and_again_when_it_is_gone(stage: Stage) -> None:
    """Asking again and hearing the same makes no version; giving it up is news (promise 4)."""
    seen(stage)
    answer(stage, NotYet, why="still being cut")
    versions = []
    for wait in (HOUR, HOUR, HOUR, DAY, HOUR, HOUR):
        for kind in ("capture", "map", "seal"):
            assert [error for error in stage.do(kind, once=True) if error] == []
        versions.append(stage.interaction("c1").version)
        stage.wait(wait)
    # News is sealed when it has been quiet for a while.
    assert versions == [0, 1, 1, 1, 1, 2]
    assert stage.recording("c1").state == "gone"


def test_news_of_a_visit_makes_a_version(stage: Stage) -> None:
    """A document that changed by itself has its interaction mapped again."""
    stage.configure(revisit=("2h",))
    stage.cloud.hold("c1")
    stage.gather()
    stage.cloud.metadata = lambda batch: (
        Ready(one, documents={"call": {"rated": 5}}) for one in batch
    )
    stage.wait(2 * HOUR)
    stage.do("capture")
    assert len(stage.claim("map")) == 1


def test_a_recording_without_an_answer_is_asked_again(stage: Stage) -> None:
    """An adapter that leaves a recording out has failed for that recording, with its name."""
    seen(stage)
    stage.cloud.metadata = lambda batch: iter(())
    (error,) = stage.do("capture")
    assert isinstance(error, AdapterFault)
    assert "c1" in str(error)
    assert stage.recording("c1").state == "open"
    assert stage.job("capture").due_at > START


def test_a_recording_without_an_answer_fails_alone(stage: Stage) -> None:
    """The others of its batch are kept, and are not asked about again."""
    seen(stage, "c1", "c2", "c3")

    def silent(batch: Batch) -> Iterator[Outcome]:
        return (Ready(one) for one in batch if one.external_id != "c2")

    stage.cloud.metadata = silent
    failed = capture(stage.app, stage.source, stage.claim("capture"))
    assert [str(error) for _, error in failed] == ["adapter tin gave no answer for c2"]
    stage.do("media")
    states = {name: stage.recording(name).state for name in ("c1", "c2", "c3")}
    assert states == {"c1": "quiet", "c2": "open", "c3": "quiet"}


def test_a_batch_is_asked_in_one_call(stage: Stage) -> None:
    """As many recordings as the adapter takes are asked about at once."""
    seen(stage, "c1", "c2", "c3")
    capture(stage.app, stage.source, stage.claim("capture"))
    (ids,) = stage.cloud.asked("fetch_metadata")
    assert sorted(ids) == ["c1", "c2", "c3"]


def test_media_is_not_asked_of_what_metadata_settled(stage: Stage) -> None:
    """Files are asked for only of recordings whose documents came."""
    seen(stage)
    answer(stage, NotYet)
    stage.do("capture")
    assert stage.cloud.asked("fetch_media") == []


def test_a_platform_that_does_not_answer_is_tried_again_and_then_parked(stage: Stage) -> None:
    """After thirty attempts a recording is parked with the reason, for an hour at a time.

    Proves promise 6.
    """
    seen(stage)
    stage.cloud.metadata = lambda batch: (_ for _ in ()).throw(Unreachable("no answer"))
    for _ in range(30):
        assert stage.recording("c1").state == "open"
        (error,) = stage.do("capture")
        assert isinstance(error, Unreachable)
        stage.clock.set(stage.job("capture").due_at)
    assert (stage.recording("c1").state, stage.recording("c1").reason) == ("parked", "no answer")
    stage.cloud.metadata = stage.cloud.tell
    stage.do("capture")
    stage.do("media")
    assert stage.recording("c1").state == "quiet"


def test_a_zombie_changes_nothing(stage: Stage) -> None:
    """A runner that wakes up after its lease ran out has its effect rolled back.

    Proves T14, promise 2.
    """
    seen(stage)
    (zombies,) = stage.claim("capture", "r1")
    stage.wait(11 * MINUTE)
    (taken,) = stage.claim("capture", "r2")
    answer(stage, Nothing, why="404")
    stage.wait(HOUR)
    assert isinstance(stage.work(zombies), LostRace)
    assert stage.recording("c1").state == "open"
    stage.cloud.metadata = stage.cloud.tell
    assert stage.work(taken) is None
    assert [row.file_id for row in stage.files()] == ["f"]


def test_a_zombie_that_fails_reopens_nothing(stage: Stage) -> None:
    """Also the failure of a runner that lost its lease has no effect (T14)."""
    seen(stage)
    (zombies,) = stage.claim("capture", "r1")
    stage.wait(11 * MINUTE)
    (taken,) = stage.claim("capture", "r2")
    assert stage.work(taken) is None
    stage.do("media")
    stage.cloud.metadata = lambda batch: (_ for _ in ()).throw(Unreachable("no answer"))
    with pytest.raises(LostRace):
        stage.work(zombies)
    assert stage.recording("c1").state == "quiet"


def test_a_file_without_ways_is_not_ready_for_anybody(stage: Stage) -> None:
    """A file called ready that has neither link nor bytes is asked for anew."""
    seen(stage)
    stage.cloud.media = lambda batch: (
        Ready(one, files=(MediaFile("f", "audio", "wav"),)) for one in batch
    )
    stage.do("capture")
    (error,) = stage.do("media")
    assert str(error) == "the platform gives no link for it now"
