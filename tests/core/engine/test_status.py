"""What went wrong is seen in ``status`` by whoever looks, and when it is over (promise 6)."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.core.engine.platform import (
    CALLS,
    DAY,
    HOUR,
    MINUTE,
    START,
    Stage,
    Tape,
    TinOfPeople,
)

from catchment._archive.layout import locate_package
from catchment._catalogue import decisions, jobs, tables
from catchment._engine import reporting
from catchment._engine.runner import Runner
from catchment.cli import status
from catchment.cli.search import read_shown
from catchment.cli.showing import print_interaction
from catchment.errors import (
    AdapterFault,
    BadSettings,
    CatchmentError,
    NotPermitted,
    Refused,
    Unreachable,
)
from catchment.model import (
    Account,
    Bundle,
    Fact,
    Feed,
    InteractionDraft,
    Key,
    Page,
    Person,
    Ref,
    Span,
)


@pytest.fixture
def look(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Look:
    """Types ``catchment status``."""
    return Look(stage, capsys)


class Look:
    """What ``catchment status`` prints, and its exit code."""

    def __init__(self, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        self.stage = stage
        self.capsys = capsys

    def __call__(self) -> tuple[int, str]:
        """Exit code and text."""
        self.capsys.readouterr()
        code = status.show(self.stage.open(), as_json=False)
        return code, self.capsys.readouterr().out

    def json(self) -> Any:
        """What programs read."""
        self.capsys.readouterr()
        status.show(self.stage.open(), as_json=True)
        return json.loads(self.capsys.readouterr().out)

    def state(self) -> str:
        """What the table of the feeds says of the only feed."""
        lines = [re.split(r"\s{2,}", line) for line in self()[1].splitlines()]
        return next(line[-1] for line in lines if line[:2] == ["tin", "calls"])


def fail_contact(stage: Stage, error: Exception) -> None:
    """Let the platform answer the question who we are with *error*."""

    def account() -> Account:
        raise error

    stage.cloud.account = account


TROUBLE = [
    (Unreachable("no answer"), "no answer"),
    (Refused("the secret has expired", remedy="Renew it."), "the secret has expired. Renew it."),
    (NotPermitted("the scope user:read is missing"), "the scope user:read is missing"),
    (BadSettings("the environment variable SECRET is not set"), "SECRET is not set"),
    (KeyError("secret"), "account failed with KeyError"),
]


@pytest.mark.parametrize(("error", "said"), TROUBLE, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("before", ["never in contact", "in contact before"])
def test_contact_that_fails_is_seen_by_whoever_looks(
    stage: Stage, look: Look, error: Exception, said: str, before: str
) -> None:
    """Another process sees why a source cannot be reached, and ends with 1, until it is over."""
    if before == "in contact before":
        stage.run()
        assert look()[0] == 0
        stage.wait(HOUR)
    answer = stage.cloud.account
    fail_contact(stage, error)
    stage.run()
    code, text = look()
    assert code == 1
    assert said in text.split("Needs a person")[1]
    assert text.split("Needs a person")[1].count(said) == 1
    assert [one["source"] for one in look.json()["outages"]] == ["tin"]
    if before == "in contact before":
        stops = isinstance(error, Refused | BadSettings)  # nobody was asked: a setting is wrong
        assert look.state() == ("stopped" if stops else "no contact")
    stage.cloud.account = answer
    stage.wait(MINUTE)
    stage.run()
    code, text = look()
    assert (code, said in text) == (0, False)
    assert stage.rows(tables.outage) == []


def test_an_outage_says_since_when(stage: Stage, look: Look) -> None:
    """Each try that fails changes the reason, and not the beginning."""
    fail_contact(stage, Unreachable("no answer"))
    stage.run()
    stage.wait(HOUR)
    fail_contact(stage, Unreachable("no name server"))
    stage.run()
    assert f"no contact since {START:%Y-%m-%d %H:%MZ} (60 min): no name server" in look()[1]


def test_a_source_that_is_switched_off_needs_nobody(stage: Stage, look: Look) -> None:
    """What is not wanted may be out of reach."""
    fail_contact(stage, Unreachable("no answer"))
    stage.run()
    stage.path.write_text(stage.path.read_text() + "enabled = false\n")
    assert look()[0] == 0


def test_a_source_that_is_stopped_says_since_when_and_why_once(stage: Stage, look: Look) -> None:
    """The table keeps its width; the first refusal and the newest reason count."""
    stage.run()
    fail_contact(stage, Refused("the secret has expired", remedy="Renew it."))
    stage.run()
    stage.wait(2 * HOUR)
    fail_contact(stage, Refused("the app is disabled"))
    stage.run()
    _, text = look()
    assert f"stopped since {START:%Y-%m-%d %H:%MZ} (2 h): the app is disabled" in text
    assert text.count("the app is disabled") == 1
    assert "the secret has expired" not in text


def test_a_runner_that_was_killed_is_at_work_no_more(stage: Stage, look: Look) -> None:
    """It is told as silent, and since when; with nobody at work, when something was listed last."""
    stage.run()
    stage.wait(2 * HOUR)
    assert "Runners: none is at work; the last listing ended 2 h ago" in look()[1]
    jobs.enter_runner(stage.app.database, "killed", "poll,work", stage.clock.now())
    assert "Runners: killed (0 s ago)" in look()[1]
    stage.wait(34 * MINUTE)
    assert "Runners: none is at work; killed fell silent 34 min ago" in look()[1]
    told = look.json()
    assert ([one["name"] for one in told["silent_runners"]], told["runners"]) == (["killed"], [])
    jobs.enter_runner(stage.app.database, "other", "poll,work", stage.clock.now())
    assert "Runners: other (0 s ago); killed fell silent 34 min ago" in look()[1]


def fail_poll(stage: Stage, error: CatchmentError) -> None:
    """Let every listing fail."""
    stage.cloud.poll = lambda span: (_ for _ in ()).throw(error)


def test_a_source_that_is_stopped_has_no_feed_that_works(stage: Stage, look: Look) -> None:
    """Nothing is asked of it, whatever became of the last listing."""
    stage.run()
    assert look.state() == "works"
    stage.wait(HOUR)
    fail_poll(stage, Refused("the scope is gone"))
    stage.run()
    assert look.state() == "stopped"


def test_a_first_listing_is_under_way(stage: Stage, look: Look) -> None:
    """What was never listed to its end neither works nor fails."""
    seen: list[tuple[str, int, str]] = []

    def poll(span: Span) -> Iterator[Page]:
        code, text = look()
        seen.append((look.state(), code, text))
        yield from stage.cloud.list_pages(span)

    stage.cloud.poll = poll
    stage.run()
    states, codes, texts = zip(*seen, strict=True)
    assert set(states) == {"first listing under way"}
    assert set(codes) == {0}
    assert "the first listing of feed calls" in texts[0]
    assert "never" not in texts[0]


@pytest.mark.parametrize(
    ("error", "code"), [(Unreachable("no answer"), 0), (AdapterFault("adapter tin: a bug"), 1)]
)
def test_what_does_not_pass_by_itself_is_told_at_once(
    stage: Stage, look: Look, error: CatchmentError, code: int
) -> None:
    """A platform that did not answer a moment ago needs nobody yet; what is broken does."""
    fail_poll(stage, error)
    stage.run()
    assert look()[0] == code
    assert look.state() == "fails since 0 s"
    stage.wait(timedelta(minutes=16))
    assert look()[0] == 1


def test_a_feed_that_is_switched_off_is_not_called_working(stage: Stage, look: Look) -> None:
    """It is told that nobody asks for it, and a failure of old needs nobody any more."""
    more = Feed("more", "10m", "1d", horizon="2d")
    stage.configure(feeds=(CALLS, more))
    fail_poll(stage, AdapterFault("adapter tin: a bug"))
    stage.run()
    stage.cloud.poll = stage.cloud.list_pages
    stage.configure(feeds=(more,))
    stage.wait(HOUR)
    stage.run()
    assert look.state() == "switched off"
    assert look()[0] == 0


def test_what_the_archive_does_not_take_is_told_and_tried_again_at_once(
    stage: Stage, look: Look
) -> None:
    """A full disk holds packages back: a person is told, and the next start writes them."""
    stage.cloud.hold("c1")
    stage.gather()
    blocked = (stage.app.archive.root / locate_package(stage.interaction().interaction_id)).parent
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("no folder")
    books = stage.app.archive.root / "books" / "Tin"
    books.write_text("no folder")
    stage.run()
    code, text = look()
    assert code == 1
    assert "tin: 1 package is not written: sealing" in text
    assert "tin: the books are not written: " in text
    blocked.unlink()
    books.unlink()
    stage.wait(MINUTE)
    Runner(stage.open(), ["tin"], ("work",), once=True).run()
    assert stage.interaction().version == 1
    assert look()[0] == 0


# --- the alarm for media that do not come ----------------------------------------------------


def test_media_that_do_not_come_are_an_alarm_past_the_setting(stage: Stage, look: Look) -> None:
    """S002-147, S002-150: not yet is no news for a while; then status names the oldest."""
    stage.configure('alarm_after = "6h"\n')
    stage.cloud.hold("c1", offered="not_yet", files={"f": Tape(offered="not_yet")})
    stage.run()
    stage.wait(5 * HOUR)
    stage.cloud.hold("c2", ago=-4 * HOUR, offered="not_yet", files={"f": Tape(offered="not_yet")})
    stage.run()
    code, text = look()
    assert (code, "Needs a person" in text) == (0, False)
    assert look.json()["sources"][0]["overdue"] is None
    stage.wait(3 * HOUR)
    stage.run()
    code, text = look()
    assert code == 1
    assert text.split("Needs a person\n")[1].splitlines() == [
        "tin: 1 recording lacks media for longer than 6 h, for 8 h: catchment show c1",
    ]
    stage.wait(4 * HOUR)
    assert "2 recordings lack media for longer than 6 h, the oldest for 12 h: " in look()[1]
    told = look.json()["sources"][0]
    assert told["overdue"] == {
        "count": 2,
        "after_s": 6 * 3600,
        "since": "2026-11-02T12:00:00Z",
        "example": "c1",
    }
    assert told["needs"]


def test_the_alarm_ends_when_the_media_come(stage: Stage, look: Look) -> None:
    """S002-150: file not yet uploaded, then file is uploaded; nobody is needed any more."""
    stage.configure('alarm_after = "6h"\n')
    stage.cloud.hold("c1", offered="not_yet", files={"f": Tape(offered="not_yet")})
    stage.run()
    stage.wait(7 * HOUR)
    assert look()[0] == 1
    stage.cloud.hold("c1")
    stage.run()
    assert look()[0] == 0


def test_without_the_setting_there_is_no_alarm(stage: Stage, look: Look) -> None:
    """What the platform has not got yet needs nobody, as long as nobody said otherwise."""
    stage.cloud.hold("c1", offered="not_yet", files={"f": Tape(offered="not_yet")})
    stage.run()
    stage.wait(20 * HOUR)
    assert look()[0] == 0


def test_the_alarm_counts_from_the_call_after_an_outage(stage: Stage, look: Look) -> None:
    """S002-150: what is first listed eight hours late has been waited for these eight hours.

    What the platform itself lists late could not be had earlier, and waits since then.
    """
    again = Feed("calls", every="10m", max_window="1d", horizon="2d", lookback={"10m": "1d"})
    stage.configure('alarm_after = "6h"\n', feeds=(again,))
    stage.run()
    waiting: dict[str, Any] = {"offered": "not_yet", "files": {"f": Tape(offered="not_yet")}}
    stage.wait(9 * HOUR)
    stage.cloud.hold("c1", ago=-HOUR, **waiting)
    stage.run()
    assert look()[0] == 1
    assert "1 recording lacks media for longer than 6 h, for 8 h: " in look()[1]
    stage.cloud.hold("c0", ago=HOUR, **waiting)
    stage.wait(HOUR)
    stage.run()
    assert look.json()["sources"][0]["overdue"]["example"] == "c1"
    assert look.json()["sources"][0]["overdue"]["count"] == 1


# --- what fails and needs nobody yet ---------------------------------------------------------


def test_a_listing_that_just_failed_says_why(stage: Stage, look: Look) -> None:
    """Whoever looks in the first minutes is told the reason too, and only once later."""
    fail_poll(stage, Unreachable("no answer from tin.example.com"))
    stage.run()
    code, text = look()
    assert (code, "Needs a person" in text) == (0, False)
    assert "tin: feed calls fails: no answer from tin.example.com" in text.splitlines()
    assert look.json()["sources"][0]["feeds"][0]["error"] == "no answer from tin.example.com"
    stage.wait(16 * MINUTE)
    code, text = look()
    assert (code, text.count("no answer from tin.example.com")) == (1, 1)


def test_a_directory_that_cannot_be_read_is_told_and_needs_nobody(stage: Stage, look: Look) -> None:
    """Names come later; nothing is lost meanwhile, so that it does not end with 1."""

    def fail() -> Iterator[Person]:
        raise Unreachable("no answer from people.example.com")
        yield

    stage.configure(base=TinOfPeople)
    stage.cloud.people = fail
    stage.run()
    code, text = look()
    assert code == 0
    assert "tin: directory fails, never read: no answer from people.example.com" in text
    stage.cloud.people = lambda: iter([Person((Ref("user", "u1"),), "Ada Example")])
    stage.wait(HOUR)
    stage.run()
    assert "directory" not in look()[1]
    assert look.json()["sources"][0]["directory"] is None
    stage.cloud.people = fail
    stage.wait(7 * HOUR)
    stage.run()
    code, text = look()
    assert code == 0
    assert "tin: directory fails, last read 2026-11-02 13:00Z: no answer from" in text
    assert look.json()["sources"][0]["directory"] == {
        "read_at": "2026-11-02T13:00:00Z",
        "attempts": 1,
        "error": "no answer from people.example.com",
    }


# --- what cannot be mapped -------------------------------------------------------------------


def break_mapping(stage: Stage) -> None:
    """Let no interaction be mapped, until trying again does not help any more."""

    def broken(bundle: Bundle) -> InteractionDraft:
        raise KeyError("never seen before")

    stage.cloud.map = broken
    for kind in ("poll", "capture", "media"):
        stage.do(kind)
    for _ in range(3):
        stage.do("map")
        stage.wait(10 * MINUTE)


def test_what_cannot_be_mapped_needs_a_person(stage: Stage, look: Look) -> None:
    """Promise 6: status counts it with its reason and an example, and ends with 1 until it can."""
    for name in ("c1", "c2"):
        stage.cloud.hold(name)
    good = stage.cloud.map
    break_mapping(stage)
    example = stage.interaction("c1").interaction_id
    why = "it cannot be mapped: adapter tin: map_metadata failed with KeyError"
    code, text = look()
    assert code == 1
    assert f"tin: 2 interactions: {why}" in text.split("Needs a person\n")[1]
    assert f"(catchment show {example})" in text
    (told,) = look.json()["sources"][0]["unmapped"]
    assert (told["count"], told["example"]) == (2, example)
    assert told["reason"].startswith(why)
    assert f"parked {why}" in show(stage, example)
    stage.cloud.map = good
    stage.run()
    assert look()[0] == 0


def test_what_cannot_be_mapped_keeps_a_report_incomplete(stage: Stage) -> None:
    """Its media are archived; whose they are nobody knows."""
    stage.cloud.hold("c1")
    break_mapping(stage)
    told = reporting.report(stage.app, "tin", START - DAY, START + HOUR, ask=False)
    assert not told.complete
    (one,) = [one for one in told.differences if one.kind == "unmapped"]
    assert one.what == "interaction"
    assert one.external_id == stage.interaction().interaction_id
    assert one.reason.startswith("it cannot be mapped: ")
    stage.run()
    later = reporting.report(stage.app, "tin", START, START + HOUR, ask=False)
    assert "unmapped" not in later.gaps


def test_a_join_that_was_refused_needs_a_person_until_one_decides(stage: Stage, look: Look) -> None:
    """Promise 6: both interactions stay; the report names the older one, which says why."""
    stage.cloud.hold("c1", keys=["a"], ago=40 * HOUR)
    stage.cloud.hold("c2", keys=["b"], ago=HOUR)
    stage.gather()
    fact = Fact("cdr", "1", START, (Key("call", "a"), Key("call", "b")))
    stage.cloud.poll = lambda span: iter([Page(facts=(fact,), last=True)])
    stage.wait(10 * MINUTE)
    stage.run()
    code, text = look()
    assert code == 1
    assert "tin: 1 interaction: a shared key asks to join 2 recordings" in text
    told = reporting.report(stage.app, "tin", START - 2 * DAY, START + HOUR, ask=False)
    (one,) = [one for one in told.differences if one.kind == "unjoined"]
    assert one.external_id == stage.interaction("c1").interaction_id
    assert not told.complete
    with stage.app.database.read() as connection:
        item = decisions.find_item(connection, one.external_id)
    assert item is not None
    decisions.decide_all(stage.app.database, [item], "skip", who="Ann", why="two calls", now=START)
    assert look()[0] == 0


def test_what_a_person_parked_is_told_once(stage: Stage, look: Look) -> None:
    """Its recording says so; the interaction does not say it again."""
    stage.cloud.hold("c1", offered="not_yet", files={"f": Tape(offered="not_yet")})
    stage.run()
    with stage.app.database.read() as connection:
        item = decisions.find_item(connection, stage.interaction().interaction_id)
    assert item is not None
    decisions.decide_all(
        stage.app.database, [item], "park", who="Ann", why="legal looks", now=START
    )
    code, text = look()
    assert (code, text.count("legal looks")) == (1, 1)


def show(stage: Stage, name: str) -> str:
    """What ``catchment show`` prints, with single blanks."""
    shown = read_shown(stage.app, name)
    assert shown is not None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        print_interaction(shown, "UTC")
    return "\n".join(" ".join(line.split()) for line in printed.getvalue().splitlines())
