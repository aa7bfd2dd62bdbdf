"""Whatever a host does instead of answering: never archived as good, never a token astray (T4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.databases import DATABASES
from tests.proof import spoils
from tests.proof.days import MINUTE, a_day, list_archived, read_mark, settle
from tests.proof.forms import Tally, choose
from tests.proof.front import Front, How, Turns
from tests.proof.judging import conclude

from catchment._engine.runner import Runner
from catchment.adapters import Hooks, Source
from catchment.errors import Transient
from catchment.testing.judge import ask
from catchment.testing.stage import HOUR, Stage
from catchment.transport import Downloader, Kit, Limits

RESUMES = {"zoom", "dynamics"}
"""Platforms of which it was seen that their hosts, as simulated, let a download be continued."""


TEXTS_WITHOUT_SIZE = {"webex_calling", "webex_meetings"}
"""Platforms that tell no size of a text: one that ends early under a matching length passes for
whole, and nothing in it shows that.  So their texts are left out here; their media are not.
"""

on_databases = pytest.mark.parametrize(
    "catalogue_url", choose(("sqlite",), DATABASES), indirect=True
)


def assert_kept(front: Front, stage: Stage) -> None:
    """No token and no secret came to a host that is not the platform's."""
    known = {*front.secrets, *(text.encode() for text in stage.platform.secrets().values())}
    for told in front.strayed:
        assert b"authorization" not in told.lower(), told
        assert not any(secret in told for secret in known), told


# --- files ---------------------------------------------------------------------------------------


SOON = {"retry_after": "120"}
DATE = {"retry_after": "Wed, 14 Oct 2026 06:30:00 GMT"}
ODD = {"retry_after": "soon"}

REFUSALS = {
    "401": How(spoils.refused(401)),
    "429": How(spoils.refused(429)),
    "429 with seconds": How(spoils.refused(429, **SOON)),
    "429 with a date": How(spoils.refused(429, **DATE)),
    "429 with nonsense": How(spoils.refused(429, **ODD)),
    "500": How(spoils.refused(500)),
    "502": How(spoils.refused(502)),
    "503 with seconds": How(spoils.refused(503, **SOON)),
    "reset": How(spoils.reset),
    "cut amid headers": How(spoils.cut_amid_headers),
}

OF_FILES = {
    "cut": How(spoils.cut),
    "shortened": How(spoils.shortened),
    "shortened, no length": How(spoils.unmeasured),
    "empty": How(spoils.nothing),
    "page": How(spoils.page),
    "59 bytes": How(spoils.note),
    "59 bytes as a file": How(spoils.disguised_note),
    "gzip": How(spoils.zipped),
    "expired link": How(spoils.refused(403, content_type="text/html")),
    "circles": How(spoils.in_circles),
    "elsewhere, a page": How(spoils.elsewhere_to_a_page),
    **REFUSALS,
    "elsewhere": How(spoils.elsewhere, harmless=True),
}

HOPS = {
    "hop elsewhere, a page": How(spoils.elsewhere_to_a_page, of=("hop",)),
    "hop elsewhere": How(spoils.elsewhere, harmless=True, of=("hop",)),
}
"""What is done to a redirect that leads to a file, and perhaps carried a bearer so far."""

OF_THE_REST = {
    "from another offset": How(spoils.first_cut(spoils.from_elsewhere)),
    "changed": How(spoils.first_cut(spoils.changed)),
    "whole again": How(spoils.first_cut(spoils.whole_again), harmless=True),
}
"""What is done to a request for the rest of a file that was cut."""

MOST_ROUNDS = 40
"""Enough for a platform that has one file to download."""


def in_turn_or_each(hows: Mapping[str, How]) -> pytest.MarkDecorator:
    """All of *hows*, one answer after the other, in a short test; in the long form one of each."""
    each = {name: {name: how} for name, how in hows.items()}
    chosen = choose({"in turn": dict(hows)}, each)
    return pytest.mark.parametrize("hows", chosen.values(), ids=chosen)


def spoil_in_turn(
    stage: Stage, front: Front, hows: Mapping[str, How], every: int = 1
) -> Iterator[Turns]:
    """Run until each of *hows* was used, at least twice; yields after each run.

    It ends as well where nothing was asked for within an hour: what failed too often is set aside
    until the next day.
    """
    turns = Turns(hows)
    idle = 0
    for number in range(MOST_ROUNDS):
        before = turns.used.total()
        with front.spoiling(turns, turns.kinds, every):
            stage.run_once()
        stage.clock.advance(10 * MINUTE)
        idle = 0 if turns.used.total() > before else idle + 1
        yield turns
        if idle == 6 or (number and not turns.unused):
            return


@pytest.mark.proof("T4")
@pytest.mark.timeout(900)
@on_databases
@in_turn_or_each(OF_FILES)
def test_a_file_that_is_spoilt_is_not_archived_and_has_all_its_bytes_in_the_end(
    tmp_path: Path, adapter: str, catalogue_url: str, hows: Mapping[str, How], tally: Tally
) -> None:
    """No answer but the file itself counts as the file; once it comes, it is archived (T4).

    Where a redirect leads to it, that leads elsewhere as well: no token goes along.
    """
    front = Front()
    with a_day(tmp_path, adapter, catalogue_url, wrap=front.wrap) as stage:
        front.meet(stage)
        if adapter in TEXTS_WITHOUT_SIZE:
            now = stage.clock.now()
            texts = (row for row in stage.platform.truth(now) if row.kind not in ("audio", "video"))
            front.spare = {row.sha256 for row in texts}
        # Files are kept back meanwhile: where no redirect leads to them they would all be had.
        hops = Turns({**HOPS, "kept back": How(spoils.refused(503))})
        with front.spoiling(hops, hops.kinds):
            stage.run_once()
        stage.clock.advance(10 * MINUTE)
        tally.injected.update(hops.used)
        for turns in spoil_in_turn(stage, front, hows):
            archived = list_archived(stage)
            assert archived <= set(front.files), turns.used
            assert not archived & front.spoilt, turns.used
        tally.injected.update(turns.used)
        assert turns.unused == set()
        settle(stage)
        conclude(stage, tally)
        assert front.strayed
        assert_kept(front, stage)


@pytest.mark.proof("T4")
@pytest.mark.timeout(900)
@on_databases
@in_turn_or_each(OF_THE_REST)
def test_the_rest_of_a_file_is_joined_to_its_beginning_only_if_it_fits(
    tmp_path: Path, adapter: str, catalogue_url: str, hows: Mapping[str, How], tally: Tally
) -> None:
    """A download goes on where it broke off, or begins again, and never mixes two files (T4)."""
    front = Front()
    with a_day(tmp_path, adapter, catalogue_url, wrap=front.wrap) as stage:
        front.meet(stage)
        for turns in spoil_in_turn(stage, front, hows):
            assert list_archived(stage) <= set(front.files), turns.used
        tally.injected.update(turns.used)
        tally.injected["download that went on"] += front.resumed
        assert front.resumed or adapter not in RESUMES
        settle(stage)
        conclude(stage, tally)


# --- answers --------------------------------------------------------------------------------------

OF_ANSWERS = {
    "shortened": How(spoils.shortened),
    "page": How(spoils.page),
    "59 bytes": How(spoils.note),
    "cut": How(spoils.cut),
    "shortened, no length": How(spoils.unmeasured),
    "empty": How(spoils.nothing),
    "elsewhere": How(spoils.elsewhere),
    **REFUSALS,
}
OF_ANSWERS = {name: replace(how, of=("answer",)) for name, how in OF_ANSWERS.items()}
ZIPPED = {"gzip": How(spoils.zipped, harmless=True, of=("answer",))}


@pytest.mark.proof("T4")
@pytest.mark.timeout(900)
@on_databases
@in_turn_or_each(OF_ANSWERS)
def test_answers_that_are_spoilt_move_nothing_and_lose_nothing(
    tmp_path: Path, adapter: str, catalogue_url: str, hows: Mapping[str, How], tally: Tally
) -> None:
    """What is no answer is never taken for an empty one: no frontier moves, nothing is gone (T4).

    Then every other answer is spoilt, amid the run; then all are compressed, which harms nothing.
    """
    front = Front()
    with a_day(tmp_path, adapter, catalogue_url, wrap=front.wrap) as stage:
        front.meet(stage)
        for turns in spoil_in_turn(stage, front, hows):
            assert list_moved(stage) == [], turns.used
            assert read_mark(stage) is None, turns.used
        tally.injected.update(turns.used)
        assert turns.unused == set()
        assert front.strayed == []
        for turns in spoil_in_turn(stage, front, hows, every=2):
            tally.injected.update(turns.used)
            break
        with front.spoiling(ZIPPED["gzip"].spoil, ("answer",)):
            stage.clock.advance(HOUR)
            stage.run_once()
        tally.injected["gzip"] += 1
        settle(stage)
        conclude(stage, tally)
        assert_kept(front, stage)


def list_moved(stage: Stage) -> list[str]:
    """Feeds that count as listed somewhere, and recordings that count as gone."""
    feeds = ask(stage, "SELECT feed FROM feed WHERE frontier IS NOT NULL")
    gone = ask(stage, "SELECT external_id FROM recording WHERE state = 'gone'")
    return [*(row.feed for row in feeds), *(row.external_id for row in gone)]


# --- hosts that never come to an end --------------------------------------------------------------

QUICK = Limits(read=timedelta(seconds=2), whole=timedelta(seconds=2), tries=1)
"""As patient as a test can be; the usual limits are minutes of real time."""


@pytest.mark.proof("T4")
def test_a_host_that_drips_without_end_is_given_up(
    tmp_path: Path, adapter: str, tally: Tally
) -> None:
    """A byte now and then keeps no thread for ever, in an answer or in a file (T4, slow-loris).

    Headers that drip are not proved here.
    """
    front = Front()
    with a_day(tmp_path, adapter, wrap=front.wrap) as stage:
        front.meet(stage)
        with stage.open() as app:
            table = app.settings.source(adapter)
            with Kit(stage.clock, account="quick", limits=QUICK, ca_file=table.ca_file) as kit:
                made = table.kind(Source(table.name, table.settings, table.timezone), kit)
                front.spared.clear()
                with front.spoiling(spoils.dripping, ("answer",)), pytest.raises(Transient):
                    Hooks(made).account()
                tally.injected["drip of an answer"] += front.take_count()
                live = app.connect(adapter)
                live.downloader.close()
                live.downloader = Downloader(
                    stage.clock,
                    token=made.credentials(),
                    token_hosts=made.token_hosts(),
                    slowest_per=timedelta(seconds=1),
                    ca_file=table.ca_file,
                )
                with front.spoiling(spoils.dripping, ("file",)):
                    Runner(app, [adapter], once=True).run()
                tally.injected["drip of a file"] += front.take_count()
        assert tally.injected["drip of an answer"]
        assert tally.injected["drip of a file"]
        assert list_archived(stage) <= set(front.files)
        stage.clock.advance(HOUR)
        settle(stage)
        conclude(stage, tally)
