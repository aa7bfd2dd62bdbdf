"""The report: what the platform has in a period, against the archive (S003-8 to S003-13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.core.engine.platform import CALLS, Stage
from tests.core.engine.platform import START as BEGIN
from tests.core.engine.tiny import NOON, Row, Site, make_cloud

from catchment._catalogue import gaps, jobs, status
from catchment._catalogue.inventory import list_held
from catchment._engine import deciding, reporting, verifying, wanted
from catchment._engine.application import Application
from catchment._engine.reporting import Report
from catchment._engine.work import feed_key
from catchment.errors import Misuse, RateLimited, Refused, StorageUnavailable, Unreachable
from catchment.model import Fact, Feed, Key, Page, Span, Window

START, END = NOON - timedelta(days=1), NOON


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A day that was captured."""
    site = Site(tmp_path, make_cloud())
    site.run()
    return site


def report(site: Site, start: datetime = START, end: datetime = END, *, ask: bool = True) -> Report:
    """One report."""
    with site.open() as app:
        return reporting.report(app, "tiny", start, end, ask=ask)


def list_waits(site: Site) -> list[tuple[int, str]]:
    """The waits that one report told of: how long at most, and why."""
    with site.open() as app:
        waits: list[tuple[int, str]] = []

        def tell(event: str, **fields: Any) -> None:
            if event == "feed.waiting":
                waits.append((fields["seconds"], fields["why"]))

        app.tell = tell
        reporting.report(app, "tiny", START, END)
        return waits


def test_a_captured_day_is_complete(site: Site) -> None:
    """A day of which everything is archived has no difference."""
    told = report(site)
    assert told.complete
    assert (told.offered, told.archived_files, told.differences) == (3, 4, ())
    assert told.asked


def test_a_report_finds_what_was_never_listed(site: Site) -> None:
    """A recording that the platform lists only now is found missing, and not captured (S003-13)."""
    site.cloud.rows.append(Row("r9", NOON - timedelta(hours=10), {"z": b"late"}))
    site.cloud.fetched.clear()
    told = report(site)
    assert [(one.external_id, one.kind) for one in told.differences] == [("r9", "not yet")]
    assert not told.complete
    assert site.cloud.fetched == []


def test_the_next_run_captures_what_a_report_found(site: Site) -> None:
    """What a report found is captured by the next run without being asked for (S003-14)."""
    site.cloud.rows.append(Row("r9", NOON - timedelta(hours=10), {"z": b"late"}))
    report(site)
    site.run()
    assert report(site).complete


def test_without_asking_the_platform_is_left_alone(site: Site) -> None:
    """A report that does not ask compares with what is known."""
    site.cloud.rows.append(Row("r9", NOON - timedelta(hours=10)))
    site.cloud.polled.clear()
    told = report(site, ask=False)
    assert (told.offered, told.asked, site.cloud.polled) == (3, False, [])


def test_the_whole_period_is_asked(site: Site) -> None:
    """The windows of the listing cover the period (S003-9)."""
    site.cloud.polled.clear()
    start = NOON - timedelta(days=9)
    report(site, start, END)
    covered = start
    for window in sorted(site.cloud.polled, key=lambda window: window.start):
        if window.start <= covered:
            covered = max(covered, window.end)
    assert covered >= END - timedelta(seconds=1)


def test_facts_without_recordings_are_told_by_kind(site: Site) -> None:
    """A call that was answered and has no recording is missing; an unanswered one is told so."""
    at = NOON - timedelta(hours=2)
    site.cloud.facts = [
        Fact("cdr", "c1", at, (Key("talk", "lost"),), expects="answered"),
        Fact("cdr", "c2", at, (Key("talk", "rang"),), absence="unanswered"),
        Fact("cdr", "c3", at, (Key("talk", "t2"),), expects="answered"),
    ]
    told = report(site)
    assert told.gaps == {"not yet": 1, "unanswered": 1}
    site.clock.advance(timedelta(days=2))
    told = report(site)
    assert (told.gaps, told.expecting, told.fulfilled) == ({"missing": 1, "unanswered": 1}, 2, 1)


def test_what_was_found_damaged_is_not_told_as_archived(site: Site) -> None:
    """What verification found damaged or missing is listed, and counts again once it is mended."""
    with site.open() as app:
        held = list(list_held(app.database, "tiny"))
        path = app.archive.path_of(held[0].sha256)
        path.chmod(0o600)
        path.unlink()
        verifying.verify(app)
    told = report(site, ask=False)
    assert not told.complete
    assert (told.gaps, told.archived_files) == ({"damaged": 1}, len(held) - 1)
    (lost,) = told.differences
    assert lost.external_id == f"{held[0].external_id}/{held[0].file_id}"
    assert "missing" in lost.reason
    site.clock.advance(timedelta(minutes=1))
    with site.open() as app:
        target = deciding.find_targets(app, [lost.external_id], "tiny", with_gaps=False)[0]
        assert target.item is not None
        verifying.retry_all(app, [target.item], who="ada", why="damaged")
    site.run()
    assert report(site, ask=False).complete


def test_without_the_archive_nothing_is_compared(site: Site) -> None:
    """A disk that is not mounted is no day of which everything is archived."""
    (site.root / "archive").rename(site.root / "away")
    for ask in (True, False):
        with pytest.raises(StorageUnavailable, match="holds no archive"):
            report(site, ask=ask)


def test_what_explains_itself_keeps_nothing_incomplete(site: Site) -> None:
    """A call that nobody answered is listed, and the period is complete all the same."""
    at = NOON - timedelta(hours=2)
    site.cloud.facts = [Fact("cdr", "c2", at, (Key("talk", "rang"),), absence="unanswered")]
    told = report(site)
    assert (len(told.differences), told.complete) == (1, True)


def test_what_is_expected_and_may_be_absent_is_of_the_kind_of_its_absence(site: Site) -> None:
    """Expected, and its absence may be legitimate: waited for, then told by its kind."""
    at = NOON - timedelta(hours=2)
    site.cloud.facts = [
        Fact("cdr", key, at, (Key("talk", key),), expects="answered", absence="refused")
        for key in ("lost", "t2")
    ]
    for days, kind in ((0, "not yet"), (2, "refused")):
        site.clock.advance(timedelta(days=days))
        told = report(site)
        assert (told.gaps, told.complete) == ({kind: 1}, kind == "refused")
        assert (told.expecting, told.fulfilled) == (2, 1)


def test_a_period_before_the_horizon_was_never_listed(site: Site) -> None:
    """What no feed could ever be asked for is told, and keeps the period incomplete."""
    told = report(site, NOON - timedelta(days=60), NOON - timedelta(days=50))
    (part,) = told.not_listed
    assert (part.feed, part.end_at) == ("all", NOON - timedelta(days=50))
    assert not told.complete


def test_gaps_inside_the_period_are_told(site: Site) -> None:
    """A period that could not be asked is a gap of the report too."""
    start = NOON - timedelta(days=20)
    with site.open() as app, app.database.write() as connection:
        gap = Window(start, start + timedelta(days=1))
        gaps.enter(connection, 1, "all", "", gap, "not asked in time", app.now())
    told = report(site, start, END, ask=False)
    assert [part.why for part in told.not_listed] == ["not asked in time"]
    assert not told.complete


def test_a_gap_that_a_person_does_without_is_told_and_keeps_nothing_incomplete(site: Site) -> None:
    """What nothing can list any more has a name under it, for ever, and ``status`` is content."""
    start = NOON - timedelta(days=40)
    site.run()
    with site.open() as app:
        gap = Window(start, start + timedelta(days=1))
        with app.database.write() as connection:
            gaps.enter(connection, 1, "all", "", gap, "not asked in time", app.now())
        (source,) = status.list_sources(app.database, app.now())
        with app.database.read() as connection:
            found = gaps.find(connection, f"{source.name}/all")
        assert found is not None
        assert len(source.gaps) == 1
        assert gaps.skip(app.database, found, who="ada", why="holidays", now=app.now()) == (gap,)
        assert gaps.skip(app.database, found, who="bob", why="again", now=app.now()) == ()
        (source,) = status.list_sources(app.database, app.now())
        assert source.gaps == ()
    told = report(site, start, gap.end, ask=False)
    assert [part.excused for part in told.not_listed] == ["ada: holidays"]
    assert told.complete


def test_a_platform_that_refuses_is_told(site: Site) -> None:
    """A feed that may not be listed keeps the period incomplete, with the reason."""
    site.cloud.fails["poll"] = Refused("the scope is missing", remedy="Grant it.")
    told = report(site)
    assert [part.why for part in told.not_listed] == ["the scope is missing. Grant it."]
    assert not told.complete


def test_a_platform_that_does_not_answer_ends_the_report(site: Site) -> None:
    """After the second try it says so at once, and how to do without the platform."""
    site.cloud.fails["poll"] = Unreachable("no answer")
    begun = site.clock.now()
    with pytest.raises(Unreachable, match=r"^tiny does not answer \(no answer\)$") as caught:
        report(site)
    assert "--no-ask" in caught.value.remedy
    assert site.count("job.unanswered") == wanted.TRIES == 2
    assert site.clock.now() - begun < timedelta(seconds=10)


def test_a_platform_that_cannot_be_asked_who_we_are_ends_the_report(site: Site) -> None:
    """The same is said where it does not even come to a listing."""
    site.cloud.fails["account"] = Unreachable("no answer")
    with pytest.raises(Unreachable, match=r"^tiny does not answer \(no answer\)$"):
        report(site)


def test_what_no_run_has_listed_is_told_without_asking(site: Site) -> None:
    """A period behind the frontier is not called complete because nothing is known of it."""
    site.clock.advance(timedelta(hours=3))
    end = NOON + timedelta(hours=2)
    told = report(site, START, end, ask=False)
    (part,) = told.not_listed
    assert (part.feed, part.start_at, part.end_at) == ("all", NOON, end)
    assert part.why == "no run has listed it yet"
    assert not told.complete
    site.run()
    assert report(site, START, end, ask=False).complete


def test_what_lies_before_the_first_listing_is_told_without_asking(site: Site) -> None:
    """What the platform did not list any more at first contact is as unknown as when it is asked.

    What a person does without is told once.
    """
    start = NOON - timedelta(days=35)
    told = report(site, start, END, ask=False)
    (part,) = told.not_listed
    assert (part.start_at, part.end_at) == (start, NOON - timedelta(days=30))
    assert not told.complete
    with site.open() as app, app.database.write() as connection:
        gap = Window(start + timedelta(days=1), NOON - timedelta(days=30))
        gaps.enter(connection, 1, "all", "", gap, "not asked in time", app.now())
    told = report(site, start, END, ask=False)
    assert [(part.start_at, part.end_at) for part in told.not_listed] == [
        (start, start + timedelta(days=1)),
        (start + timedelta(days=1), NOON - timedelta(days=30)),
    ]


def test_what_lies_before_since_is_told_without_asking(site: Site) -> None:
    """What no run was to list is not known, whatever a person did by hand."""
    table = site.settings.sources["tiny"].model_copy(update={"since": NOON - timedelta(hours=6)})
    settings = site.settings.model_copy(update={"sources": {"tiny": table}})
    with Application.open(settings, site.clock) as app:
        (part,) = reporting.report(app, "tiny", START, END, ask=False).not_listed
        assert (part.start_at, part.end_at) == (START, NOON - timedelta(hours=6))
        assert "before 'since' in the settings" in part.why
        assert reporting.report(app, "tiny", part.end_at, END, ask=False).complete


def test_one_of_two_feeds_that_does_not_answer_is_told(stage: Stage) -> None:
    """A platform that answered one list is not dead: the other is named, and the rest told."""
    other = Feed("moved", every="10m", max_window="1d", horizon="2d")
    stage.configure(feeds=(CALLS, other))
    poll = stage.cloud.poll

    def answer(span: Span) -> Iterator[Page]:
        if span.feed == "moved":
            raise Unreachable("no answer")
        return poll(span)

    stage.cloud.poll = answer
    told = reporting.report(stage.app, "tin", BEGIN - timedelta(days=1), BEGIN)
    assert [(part.feed, part.why) for part in told.not_listed] == [("moved", "no answer")]


def test_a_feed_that_never_came_to_its_end_is_told_without_asking(tmp_path: Path) -> None:
    """Where not even the first listing succeeded, the whole period is unknown."""
    site = Site(tmp_path, make_cloud())
    site.cloud.fails["poll"] = Unreachable("no answer")
    site.run()
    (part,) = report(site, ask=False).not_listed
    assert (part.start_at, part.end_at, part.why) == (START, END, "it was never listed to its end")


def test_a_report_waits_as_long_as_the_platform_asks(site: Site) -> None:
    """A platform that asks to wait is asked again after that, for some minutes."""
    begun = site.clock.now()
    site.cloud.fails["poll"] = RateLimited("slow down", retry_at=begun + timedelta(hours=2))
    assert report(site).not_listed[0].why == "slow down"
    assert site.clock.now() - begun < wanted.PATIENCE + timedelta(minutes=1)


def test_a_long_wait_is_told(site: Site) -> None:
    """Whoever sits before a report is told what it waits for; a moment is not worth a word."""
    begun = site.clock.now()
    site.cloud.fails["poll"] = RateLimited("one a minute", retry_at=begun + timedelta(minutes=1))
    assert (60, "one a minute") in list_waits(site)
    begun = site.clock.now()
    site.cloud.fails["poll"] = RateLimited("in a moment", retry_at=begun + timedelta(seconds=2))
    assert list_waits(site) == []


def test_another_runner_is_given_time(site: Site) -> None:
    """A feed that another runner is listing is waited for, and told, at once and in the end."""
    with site.open() as app:
        claimed = jobs.claim(
            app.database,
            ("poll",),
            runner_name="other",
            now=app.now(),
            lease=timedelta(days=1),
            limit=1,
            ahead=timedelta(days=1),
            keys=(feed_key(1, "all", ""),),
        )
    assert len(claimed) == 1
    why = "another runner is still listing it"
    assert list_waits(site) == [(600, why)]
    assert report(site).not_listed[0].why == why


def test_the_platforms_own_counts_are_told(site: Site) -> None:
    """Where an adapter reads statistics, they stand in the report."""
    site.cloud.statistics = [Fact("day", "2026-03-02", START, (), document={"meetings": 3})]
    (one,) = report(site).statistics
    assert (one.kind, one.told) == ("day", {"meetings": 3})


def test_an_unknown_source_must_be_asked_first(tmp_path: Path) -> None:
    """Without any contact there is nothing to compare with."""
    site = Site(tmp_path, make_cloud())
    with pytest.raises(Misuse, match="never in contact"):
        report(site, ask=False)


def test_an_empty_period_is_misuse(site: Site) -> None:
    """A period that ends before it begins is refused."""
    with pytest.raises(Misuse, match="ends before"):
        report(site, END, START)
