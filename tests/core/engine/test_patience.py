"""How long what is not there yet is waited for, and that nothing waits without being asked for."""

from __future__ import annotations

from sqlalchemy import delete
from tests.core.engine.platform import DAY, HOUR, MINUTE, START, Stage, Tape, revise

from catchment._catalogue import tables
from catchment._engine.wanted import want_period
from catchment.errors import AdapterFault, Unreachable
from catchment.model import NotYet

LATE = Tape(b"words", offered="not_yet", more={"why": "being written"})


def relist(stage: Stage) -> None:
    """Have everything of the last two days listed again by a person's wish."""
    want_period(stage.app, stage.source, stage.clock.now() - 2 * DAY, stage.clock.now())
    assert stage.do("poll") == [None]


def go_on(stage: Stage, hours: int) -> None:
    """Let a runner that never ends work for some hours."""
    for _ in range(hours):
        stage.wait(HOUR)
        for kind in ("capture", "media"):
            stage.do(kind)


def test_a_recording_that_changes_late_is_waited_for_anew(stage: Stage) -> None:
    """Patience begins when news opened the recording, not when it was first seen (promise 1)."""
    call = stage.cloud.hold("c1", files={"f": b"one"})
    stage.gather()
    stage.wait(25 * HOUR)
    revise(call)
    relist(stage)
    stage.cloud.media = lambda batch: (NotYet(one, why="being made anew") for one in batch)
    stage.do("capture")
    assert (stage.recording("c1").state, stage.recording("c1").reason) == (
        "open",
        "being made anew",
    )
    stage.cloud.media = stage.cloud.offer_files
    call.files["g"] = Tape(b"a transcript that came late")
    go_on(stage, 1)
    assert stage.archived()["c1", "g"] == b"a transcript that came late"
    assert stage.recording("c1").state == "quiet"


def test_a_recording_that_changes_late_is_not_waited_for_without_end(stage: Stage) -> None:
    """When patience is over again, what is archived of it is all there is."""
    call = stage.cloud.hold("c1", files={"f": b"one"})
    stage.gather()
    stage.wait(25 * HOUR)
    revise(call)
    relist(stage)
    stage.cloud.media = lambda batch: (NotYet(one, why="being made anew") for one in batch)
    go_on(stage, 23)
    assert stage.recording("c1").state == "open"
    go_on(stage, 3)
    assert stage.recording("c1").state == "quiet"


def test_a_file_that_is_offered_again_late_is_waited_for_anew(stage: Stage) -> None:
    """A file that was gone, and is called "not yet" again, has patience of its own (promise 1)."""
    call = stage.cloud.hold("c1", files={"f": b"one", "g": LATE})
    stage.gather()
    go_on(stage, 26)
    assert stage.file(file_id="g").state == "gone"
    revise(call)
    relist(stage)
    go_on(stage, 2)
    assert stage.file(file_id="g").state == "expected"
    call.files["g"] = Tape(b"words")
    go_on(stage, 2)
    assert stage.archived()["c1", "g"] == b"words"


def test_a_visit_that_hears_not_yet_leaves_the_visits_after_it(stage: Stage) -> None:
    """A recording that has all its files is looked at again at each age that the adapter names."""
    stage.configure(revisit=("25h", "48h"))
    stage.cloud.hold("c1")
    stage.gather()
    stage.cloud.media = lambda batch: (NotYet(one) for one in batch)
    stage.wait(25 * HOUR)
    stage.do("capture")
    assert stage.recording("c1").state == "quiet"
    assert stage.job("capture").due_at == START + 48 * HOUR


def test_a_file_that_is_named_no_more_is_asked_for_until_patience_is_over(stage: Stage) -> None:
    """It ends as gone, with that reason, and its recording waits for nothing more.

    Proves promises 1 and 6.
    """
    call = stage.cloud.hold("c1", files={"f": b"one", "g": LATE})
    stage.gather()
    del call.files["g"]
    go_on(stage, 2)
    row = stage.recording("c1")
    assert (row.state, row.reason) == ("open", "the platform does not name it any more")
    assert stage.job("capture").due_at == row.retry_at
    go_on(stage, 25)
    assert stage.recording("c1").state == "quiet"
    assert (stage.file(file_id="g").state, stage.file(file_id="g").reason) == (
        "gone",
        "not offered within 24 h: the platform does not name it any more",
    )
    assert stage.mark().at == START


def test_a_file_that_is_named_again_is_fetched(stage: Stage) -> None:
    """A platform that left a file out of one answer loses nothing (promise 1)."""
    call = stage.cloud.hold("c1", files={"f": b"one", "g": LATE})
    stage.gather()
    del call.files["g"]
    go_on(stage, 2)
    call.files["g"] = Tape(b"words")
    go_on(stage, 2)
    assert stage.archived()["c1", "g"] == b"words"
    assert stage.recording("c1").state == "quiet"


def test_a_start_downloads_nothing_that_was_never_offered(stage: Stage) -> None:
    """What is not offered yet is asked for with its recording, and parked by no start."""
    stage.cloud.hold("c1", files={"f": b"one", "g": LATE})
    for _ in range(8):
        stage.run()
        stage.wait(10 * MINUTE)
    assert stage.file(file_id="g").state == "expected"
    assert not any(renewed for _, renewed in stage.cloud.asked("fetch_media"))


def test_a_start_asks_for_what_nobody_would_ask_for(stage: Stage) -> None:
    """Also a recording with a file that is not offered yet has a job again (promise 1)."""
    call = stage.cloud.hold("c1", files={"f": b"one", "g": LATE})
    stage.gather()
    with stage.app.database.write() as connection:
        connection.execute(delete(tables.job).where(tables.job.c.kind == "capture"))
    call.files["g"] = Tape(b"words")
    stage.run()
    assert stage.archived()["c1", "g"] == b"words"


def test_a_visit_that_nobody_answers_leaves_a_complete_recording_as_it_is(stage: Stage) -> None:
    """A fault of the network is no news: the watermark stays, and the visit is made up for.

    Proves promise 1.
    """
    stage.configure(revisit=("2h",))
    call = stage.cloud.hold("c1")
    stage.gather()
    mark = stage.mark().at
    stage.wait(2 * HOUR)
    stage.cloud.metadata = lambda batch: (_ for _ in ()).throw(Unreachable("no answer"))
    for _ in range(31):
        (error,) = stage.do("capture")
        assert isinstance(error, Unreachable)
        row = stage.recording("c1")
        assert (row.state, row.reason, row.retry_at) == ("quiet", None, None)
        assert stage.mark().at == mark
        assert stage.job("capture").due_at > stage.clock.now()
        stage.clock.set(stage.job("capture").due_at)
    stage.cloud.metadata = stage.cloud.tell
    call.files["g"] = Tape(b"a file that came late")
    stage.do("capture")
    stage.do("media")
    assert stage.archived()["c1", "g"] == b"a file that came late"


def test_a_visit_that_cannot_be_made_at_all_is_set_aside_for_a_person(stage: Stage) -> None:
    """What only a person can mend is not hidden, whatever is archived (promise 6)."""
    stage.configure(revisit=("2h",))
    stage.cloud.hold("c1")
    stage.gather()
    stage.wait(2 * HOUR)
    stage.cloud.metadata = lambda batch: iter(())
    states = []
    for _ in range(3):
        (error,) = stage.do("capture")
        assert isinstance(error, AdapterFault)
        states.append(stage.recording("c1").state)
        stage.clock.set(stage.job("capture").due_at)
    assert states == ["quiet", "quiet", "parked"]
