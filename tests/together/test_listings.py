"""Listings that do not come to their end, and behaviours of Zoom that nobody can rely on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from tests.together.harness import staged
from tests.together.proxies import Lists

from catchment.testing.judge import Watch, ask, assert_equal
from catchment.testing.stage import HOUR, START, Stage


def read_frontiers(stage: Stage) -> dict[object, object]:
    """How far each feed is listed."""
    return {row.feed: row.frontier for row in ask(stage, "SELECT feed, frontier FROM feed")}


def list_windows(lists: Lists) -> set[tuple[str, ...]]:
    """The windows of which the first page was asked for."""
    first = [query for query in lists.asked if not query.get("next_page_token")]
    return {(query["query_date_type"], query["from"], query["to"]) for query in first}


@pytest.mark.parametrize(
    ("pause", "resumes"), [(timedelta(minutes=2), True), (timedelta(minutes=20), False)]
)
def test_poll_whose_third_page_fails_moves_nothing(
    tmp_path: Path, pause: timedelta, resumes: bool
) -> None:
    """Frontier and watermark stay where they were until the last page was read.

    Then the listing goes on at the page that failed or, where Zoom has forgotten the page token
    meanwhile, begins again; nothing is archived twice (T5, promise 1; S003-2, S003-30).
    """
    lists = Lists(page_size=2)
    with staged(tmp_path, meetings=12, at=START + timedelta(hours=10), wrap=lists.wrap) as stage:
        stage.run_once()
        watch = Watch.of(stage)
        mark, frontiers = watch.look(), read_frontiers(stage)
        stage.clock.set(START + timedelta(hours=20))
        lists.fails_at = 3
        stage.run_once()
        assert watch.look() == mark
        assert read_frontiers(stage) == frontiers
        assert all(row.error for row in ask(stage, "SELECT * FROM feed"))
        failed = list_windows(lists)
        lists.fails_at = 0
        lists.asked.clear()
        stage.clock.advance(pause)
        stage.run_once()
        first = {query["query_date_type"]: query for query in reversed(lists.asked)}
        assert all(query.get("next_page_token") for query in first.values())
        assert list_windows(lists).isdisjoint(failed) == resumes
        stage.clock.advance(timedelta(minutes=10))
        stage.run_once()
        assert all(
            read_frontiers(stage)[feed] > frontier  # type: ignore[operator]
            for feed, frontier in frontiers.items()
        )
        assert_equal(stage)


def test_page_tokens_that_die_in_the_middle_of_a_listing_lose_nothing(tmp_path: Path) -> None:
    """A page token that is older than 15 minutes begins the listing again (T5; S003-2)."""
    lists = Lists(page_size=2)
    with staged(tmp_path, meetings=9, wrap=lists.wrap) as stage:
        slow = [3, 3]  # the third page is waited for too long, once in each of the two feeds

        def dawdle(number: int) -> None:
            if number in slow:
                slow.remove(number)
                stage.clock.advance(timedelta(minutes=16))

        lists.on_page = dawdle
        stage.run_once()
        stage.clock.advance(HOUR)
        stage.run_once()
        assert slow == []
        assert_equal(stage)


def test_windows_that_zoom_shortens_lose_nothing(tmp_path: Path) -> None:
    """A window that is answered only for its end is halved until it is answered whole (T5)."""
    lists = Lists(shrink_to=timedelta(hours=5))
    recent = {"zoom": {"since": "2d"}}
    with staged(tmp_path, meetings=4, wrap=lists.wrap, tables=recent) as stage:
        stage.run_once()
        assert len(lists.asked) > 10
        assert_equal(stage)


SWITCHES: Mapping[str, Mapping[str, object]] = {
    "cloud recordings": {"source": "recordings"},
    "cloud recordings of each user": {"source": "recordings", "account_recordings": False},
    "cloud recordings, told otherwise": {
        "source": "recordings",
        "recordings_end": "exclusive",
        "timeline": "without_id",
        "running_status": "empty",
        "recording_type_field": "text",
        "participant_audio": True,
    },
    "both products": {"source": "both", "breakout_id": "own"},
    "rows that come between pages": {"pages": "inserts", "order": "newest_first"},
    "rows twice on two pages": {"pages": "duplicates", "last_page": "absent"},
    "no order": {"order": "shuffled", "archive_end": "inclusive", "token_code": 4700},
    "late files move the time": {"late_files": "move", "late_every": 2, "completing": "listed"},
    "empty values are absent": {"processing_values": "absent", "external_fields": "null"},
    "no redirect": {"redirect": "none", "fingerprint": "mismatch", "external_fields": "empty"},
    "storage refuses the bearer": {"storage_bearer": "reject", "ranges": False},
    "storage wants the bearer": {"storage_bearer": "require", "fingerprint": "empty"},
    "login page": {"unauthorised": "html", "token_seconds": 600, "tokens": "newest"},
    "another shape of errors": {"oauth_errors": "newer", "token_status": 400, "misrouted": 3001},
    "classic scopes": {"scopes": "classic", "guest_emails": "hidden", "one_person": "listed"},
    "a small plan": {"plan": "pro", "other_apps_percent": 60, "rate_headers": "none"},
    "truncated downloads": {"download_trouble": "truncated", "trouble_every": 3},
    "cut downloads": {"download_trouble": "reset", "trouble_every": 2, "trouble_tries": 2},
    "wrong lengths": {"download_trouble": "wrong_length", "trouble_every": 3},
    "pages under 200": {"download_trouble": "html", "trouble_every": 2, "link_minutes": 20},
}


@pytest.mark.parametrize("switches", SWITCHES.values(), ids=SWITCHES)
def test_day_is_archived_whole_however_zoom_behaves(
    tmp_path: Path, switches: Mapping[str, object]
) -> None:
    """Whatever Zoom's documents leave open: in either form, the archive equals the World.

    Proves T1, T4 and T5 for each switch of the simulator that an archive could trip over
    (S003-8, S003-10, S003-15, S003-17).
    """
    lists = Lists(page_size=2)
    with staged(
        tmp_path,
        meetings=4,
        at=START + timedelta(hours=13),
        switches=switches,
        wrap=lists.wrap,
    ) as stage:
        for hours in (13, 14, 26, 27, 40):
            stage.clock.set(max(stage.clock.now(), START + hours * HOUR))
            stage.run_once()
        assert_equal(stage)
