"""What went wrong is seen in ``status`` by whoever looks, and when it is over (promise 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.core.engine.platform import CALLS, HOUR, MINUTE, START, Stage

from catchment._archive.layout import locate_package
from catchment._catalogue import tables
from catchment._engine.runner import Runner
from catchment.cli import status
from catchment.errors import (
    AdapterFault,
    BadSettings,
    CatchmentError,
    NotPermitted,
    Refused,
    Unreachable,
)
from catchment.model import Account, Feed, Page, Span


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
        assert look.state() == ("stopped" if isinstance(error, Refused) else "no contact")
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
    assert f"no contact since {START:%Y-%m-%d %H:%MZ}: no name server" in look()[1]


def test_a_source_that_is_switched_off_needs_nobody(stage: Stage, look: Look) -> None:
    """What is not wanted may be out of reach."""
    fail_contact(stage, Unreachable("no answer"))
    stage.run()
    stage.path.write_text(stage.path.read_text() + "enabled = false\n")
    assert look()[0] == 0


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
