"""What is lost soon is told in time, by age and by how long the platform keeps it (promise 6)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.core.engine.dates import tell_time
from tests.core.engine.platform import (
    CALLS,
    DAY,
    HOUR,
    MINUTE,
    START,
    Stage,
    Tape,
    TinOfParts,
    name_parts,
)

from catchment._catalogue import gaps
from catchment._engine import alarms, deciding, metrics, rhythm
from catchment._engine.alarms import Alarm
from catchment._words import say_age
from catchment.cli import needs, status
from catchment.cli import run as runs
from catchment.errors import NotPermitted, RateLimited
from catchment.model import FOR_EVER, Account, Feed, Page, Span, Window

COMING: dict[str, Any] = {"offered": "not_yet", "files": {"f": Tape(offered="not_yet")}}
"""What the platform offers, and has no bytes of yet."""


def list_alarms(stage: Stage) -> dict[str, Alarm]:
    """The alarms by kind."""
    return {one.kind: one for one in alarms.read_standing(stage.open()).alarms}


def say(stage: Stage, kind: str) -> str:
    """What is said of the alarm of this kind."""
    return needs.say_alarm(list_alarms(stage)[kind], stage.clock.now())


def look(stage: Stage) -> tuple[int, str]:
    """Exit code and text of ``catchment status``."""
    with redirect_stdout(io.StringIO()) as printed:
        code = status.show(stage.open(), as_json=False)
    return code, printed.getvalue()


def keep_until(stage: Stage, told: dict[str, datetime]) -> None:
    """Let the platform say of each recording when it deletes it."""

    def poll(span: Span) -> Iterator[Page]:
        for page in stage.cloud.list_pages(span):
            rows = (replace(row, kept_until=told.get(row.external_id)) for row in page.sightings)
            yield replace(page, sightings=tuple(rows))

    stage.cloud.poll = poll


# --- by distance to the platform's own retention -------------------------------------------------


def test_what_the_platform_deletes_soon_is_an_alarm_until_it_is_archived(stage: Stage) -> None:
    """Pain E: it says how many, by whom, in what time, and what to type; then that it is over."""
    stage.configure('platform_keeps = "20h"\n')
    for name, ago in (("c1", HOUR), ("c2", MINUTE)):
        stage.cloud.hold(name, ago=ago, **COMING)
    stage.run()
    stage.wait(13 * HOUR)
    assert alarms.list_statuses(stage.open())[0].deletions.nearest_at == START + 19 * HOUR
    assert list_alarms(stage) == {}
    stage.wait(90 * MINUTE)
    alarm = list_alarms(stage)["deletion"]
    assert (alarm.source, alarm.count, alarm.example) == ("tin", 1, "c1")
    assert alarm.deadline == START + 19 * HOUR
    assert say(stage, "deletion") == (
        "1 recording that is not archived will be deleted by Tin in 4 h: c1 "
        "(catchment items --source tin --reason deletion)"
    )
    stage.wait(HOUR)
    assert "2 recordings that are not archived will be deleted by Tin, the first in 3 h" in (
        say(stage, "deletion")
    )
    assert look(stage)[0] == 1
    stage.cloud.hold("c1")
    stage.cloud.hold("c2")
    stage.run()
    assert list_alarms(stage) == {}


def test_what_the_platform_keeps_no_longer_is_told_as_that(stage: Stage) -> None:
    """Whoever looks too late is told that the time is over, and not that there is some left."""
    stage.configure('platform_keeps = "10h"\n')
    stage.cloud.hold("c1", **COMING)
    stage.run()
    stage.wait(12 * HOUR)
    assert set(list_alarms(stage)) == {"expired"}
    assert "1 recording not archived, and Tin's time of keeping ended 3 h ago: c1" in (
        say(stage, "expired")
    )


def test_the_word_of_the_platform_goes_before_the_rule(stage: Stage) -> None:
    """A recording that the platform keeps for ever is no alarm; one that it deletes early is."""
    stage.configure('platform_keeps = "10h"\nalarm_before = "2h"\n')
    for name in ("kept", "early", "ruled"):
        stage.cloud.hold(name, **COMING)
    keep_until(stage, {"kept": FOR_EVER, "early": START + 3 * HOUR})
    stage.run()
    assert alarms.list_statuses(stage.open())[0].deletions.nearest == "early"
    stage.wait(90 * MINUTE)
    alarm = list_alarms(stage)["deletion"]
    assert (alarm.count, alarm.example, alarm.deadline) == (1, "early", START + 3 * HOUR)
    stage.wait(10 * HOUR)
    assert list_alarms(stage)["expired"].count == 2


def test_nothing_is_known_of_a_platform_that_says_nothing(stage: Stage) -> None:
    """Without a rule there is no distance, and no alarm is made up."""
    stage.cloud.hold("c1", **COMING)
    stage.run()
    stage.wait(23 * HOUR)
    assert "deletion" not in list_alarms(stage)
    assert alarms.list_statuses(stage.open())[0].deletions.nearest_at is None


def test_what_dies_first_at_the_platform_goes_first(stage: Stage) -> None:
    """The order of the work follows how long the platform keeps things, not how far it lists.

    What is three times as old is kept by another rule, and does not go before what dies.
    """
    stage.configure('platform_keeps = "10h"\n')
    live = stage.open().connect("tin")
    now = stage.clock.now()
    old, new = (rhythm.rank(now - age, now, live.horizon) for age in (9.5 * HOUR, HOUR))
    assert old < new
    ancient = rhythm.rank(now - 30 * HOUR, now, live.horizon)
    assert new < ancient
    stage.configure()
    live = stage.open().connect("tin")
    old, new = (rhythm.rank(now - age, now, live.horizon) for age in (9.5 * HOUR, HOUR))
    assert new < old


def test_a_feed_that_falls_back_to_what_may_be_asked_is_an_alarm_before_it_is_a_gap(
    stage: Stage,
) -> None:
    """Nobody ran for long: what is not listed yet can be asked for only so much longer."""
    stage.run()
    stage.wait(35 * HOUR)
    assert list_alarms(stage) == {}
    stage.wait(2 * HOUR)
    alarm = list_alarms(stage)["horizon"]
    assert (alarm.example, alarm.deadline) == ("calls", START + 2 * DAY)
    assert "it can be asked until 2026-11-04 12:00Z, in 11 h" in say(stage, "horizon")
    assert look(stage)[0] == 1
    stage.run()
    assert list_alarms(stage) == {}


def test_a_first_listing_is_given_time_to_get_on(stage: Stage) -> None:
    """It begins at the edge of what may be asked, and is no alarm while it gets on from there."""
    feed = replace(CALLS, horizon="12h", max_window="1h")
    stage.configure(feeds=(feed,))
    pages = stage.cloud.list_pages

    def poll(span: Span) -> Iterator[Page]:
        if span.window.start > START - 10 * HOUR:
            raise RateLimited("one a minute", retry_at=stage.clock.now() + HOUR)
        yield from pages(span)

    stage.cloud.poll = poll
    stage.run()
    assert list_alarms(stage) == {}
    stage.wait(3 * HOUR)
    assert list_alarms(stage)["horizon"].example == "calls"


@pytest.mark.parametrize(("ahead", "way"), [(20 * DAY, "slow"), (-10 * MINUTE, "fast")])
def test_a_clock_that_is_wrong_is_an_alarm_until_it_is_set(
    stage: Stage, ahead: timedelta, way: str
) -> None:
    """Whoever only looks at ``status`` learns that one of the two clocks is wrong (promise 6)."""
    platform = tell_time(stage, ahead)
    stage.run()
    assert f"clock is {say_age(abs(ahead))} {way} by the platform's" in say(stage, "clock")
    assert look(stage)[0] == 1
    platform.ahead = timedelta()
    stage.wait(HOUR)
    stage.run()
    assert list_alarms(stage) == {}


def test_parts_that_cannot_be_asked_are_told_by_nothing_but_an_alarm(stage: Stage) -> None:
    """The feeds that are known go on; what is recorded at a new site is listed by none of them."""
    stage.configure(base=TinOfParts, feeds=(CALLS,))
    name_parts(stage, "north")
    stage.run()
    stage.cloud.parts = lambda _feed: (_ for _ in ()).throw(NotPermitted("sites:read is missing"))
    stage.wait(DAY)
    for _ in range(alarms.FAILED - 1):
        stage.do("parts")
        stage.wait(HOUR)
    assert "routine" not in list_alarms(stage)
    assert "parts fails: sites:read is missing" in look(stage)[1]
    stage.do("parts")
    assert "cannot be asked, so that new ones are not listed, 6 tries: " in say(stage, "routine")
    assert look(stage)[0] == 1
    name_parts(stage, "north", "south")
    stage.wait(HOUR)
    stage.do("parts")
    assert "routine" not in list_alarms(stage)


def test_a_warning_as_long_as_all_the_time_there_is_is_not_taken_at_its_word(stage: Stage) -> None:
    """It would never end: a quarter of the time is taken, which is an alarm that says something."""
    stage.configure('alarm_before = "30d"\n')
    table = stage.read().source("tin")
    assert table.warns(2 * DAY) == 12 * HOUR
    assert table.warns(90 * DAY) == 30 * DAY
    stage.configure()
    assert stage.read().source("tin").warns(90 * DAY) == 7 * DAY


def test_a_gap_is_told_with_the_time_in_which_it_can_be_listed(stage: Stage) -> None:
    """Of the feeds that list the same, the one that reaches furthest back says until when."""
    archive = Feed("archive", every="10m", max_window="30d", horizon="30d", lists="calls")
    stage.configure('platform_keeps = "365d"\n', feeds=(CALLS, archive))
    window = Window(START - 3 * DAY, START - 2 * DAY)
    stage.run()
    with stage.app.database.write() as connection:
        for part in (window, Window(START - 5 * DAY, START - 4 * DAY)):
            gaps.enter(connection, 1, "calls", "", part, "nobody asked", stage.clock.now())
    found = [one for one in alarms.read_standing(stage.open()).alarms if one.kind == "gap"]
    assert [one.deadline for one in found] == [START + 25 * DAY, START + 27 * DAY]
    told = needs.say_alarm(found[1], stage.clock.now())
    assert "Its beginning can be listed until 2026-11-29 12:00Z, in 27 d." in told
    assert told.endswith("catchment skip tin/calls --why REASON (all 2 gaps of this feed at once)")
    items = [item for item in deciding.list_items(stage.open()) if item.what == "gap"]
    assert [item.deleted_at for item in items] == [one.deadline for one in found]


# --- by age --------------------------------------------------------------------------------------


def test_a_backfill_of_old_recordings_is_no_alarm_of_age(stage: Stage) -> None:
    """What began before the first contact could not be had earlier: it waits since then."""
    stage.configure('alarm_after = "6h"\n')
    stage.cloud.hold("old", ago=40 * HOUR, **COMING)
    stage.run()
    assert list_alarms(stage) == {}
    stage.wait(7 * HOUR)
    assert list_alarms(stage)["overdue"].since == START


# --- a platform that asks for time ---------------------------------------------------------------


def test_a_platform_that_asks_us_to_wait_needs_nobody(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told until when, and ends with 0; only where that time passes is somebody needed."""

    def account() -> Account:
        raise RateLimited("Tin asked us to wait", retry_at=START + 30 * MINUTE)

    stage.run()
    stage.cloud.account = account
    ending = stage.run()
    assert dict(ending.throttled) == {"tin": "Tin asked us to wait"}
    assert dict(ending.unreachable) == {}
    code = runs.conclude(stage.open(), ["tin"], ending, {}, as_json=False)
    assert code == 0
    assert "waits: Tin asked us to wait" in capsys.readouterr().out
    code, text = look(stage)
    assert (code, "Needs a person" in text) == (0, False)
    assert "tin: waits until 2026-11-02 12:30Z: Tin asked us to wait" in text
    stage.wait(HOUR)
    code, text = look(stage)
    assert code == 1
    assert "tin: no contact since" in text.split("Needs a person")[1]


# --- the same, for programs ----------------------------------------------------------------------


def test_programs_get_alarms_with_kind_count_deadline_and_example(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """``status --json`` has every alarm as fields, and the sentence that people read."""
    stage.configure('platform_keeps = "20h"\n')
    stage.cloud.hold("c1", **COMING)
    stage.run()
    stage.wait(16 * HOUR)
    capsys.readouterr()
    assert status.show(stage.open(), as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    (alarm,) = told["alarms"]
    assert alarm["text"] in told["sources"][0]["needs"]
    assert {name: alarm[name] for name in ("kind", "source", "count", "deadline", "example")} == {
        "kind": "deletion",
        "source": "tin",
        "count": 1,
        "deadline": "2026-11-03T07:00:00Z",
        "example": "c1",
    }


def test_metrics_have_every_kind_of_alarm_also_where_there_is_none(stage: Stage) -> None:
    """A rule need not wait for a series to appear; what is counted is what ``status`` counts."""
    stage.configure('platform_keeps = "20h"\n')
    stage.cloud.hold("c1", **COMING)
    stage.run()
    stage.wait(16 * HOUR)
    families = {one.name: one for one in metrics.Collector(stage.open()).collect()}
    counted = {
        sample.labels["kind"]: sample.value
        for sample in families["catchment_alarms"].samples
        if sample.labels["source"] == "tin"
    }
    assert counted == dict.fromkeys(alarms.KINDS, 0) | {"deletion": 1}
    (nearest,) = families["catchment_nearest_deletion_seconds"].samples
    assert nearest.value == timedelta(hours=3).total_seconds()
    ages = families["catchment_feed_frontier_age_seconds"].samples
    assert [sample.labels["feed"] for sample in ages] == [CALLS.name]
