"""A simulated day of Webex Meetings, whole and with everything going wrong, is in the archive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.plugins.door import Door
from tests.together.harness import staged
from tests.together.trouble import make_faults

from catchment.testing.judge import ask, assert_equal
from catchment.testing.stage import DAY, HOUR, START, Stage

OF = ("webex_meetings",)
NEVER = ("slow", "wrong_range", "changed", "cursor_lost")
"""Faults that this platform does not know, or this day has no room for."""
PROFILES = ("administrator", "compliance_officer")
LACKING = (
    "SELECT * FROM fact WHERE expects <> '' AND kind = 'meeting' AND NOT EXISTS (SELECT 1 FROM"
    " recording r WHERE r.interaction_num = fact.interaction_num)"
)


def live_through(stage: Stage) -> None:
    """The working day by the hour, then quiet days until everything late has come."""
    for hour in (*range(8, 20), 20, 22, 26, 30, 36, 42, 48, 72):
        stage.clock.set(max(stage.clock.now(), START + hour * HOUR))
        stage.run_once()


@pytest.mark.parametrize("profile", PROFILES)
def test_quiet_day_is_archived_whole(tmp_path: Path, profile: str) -> None:
    """A day without faults is in the archive, once, byte for byte, on all sites (S000-23)."""
    with staged(tmp_path, of=OF, meetings=8, switches={"profile": profile}) as stage:
        stage.run_once()
        assert_equal(stage)
        lacking = ask(stage, "SELECT * FROM fact WHERE expects <> '' AND gone_why IS NOT NULL")
        assert lacking == []


@pytest.mark.parametrize("profile", PROFILES)
def test_faulty_day_is_archived_whole_after_a_quiet_phase(tmp_path: Path, profile: str) -> None:
    """After a day on which everything went wrong, the archive equals the World.

    Lists lose their filters and hold ``max=null`` and empty pages, refresh tokens rotate and kill
    the older ones, links die early, and what comes late comes with an old ``createTime``.
    """
    with staged(
        tmp_path,
        of=OF,
        meetings=8,
        at=START + timedelta(hours=7),
        # Not of downloads and documents: of a transcript no size is told, so that one which was
        # cut under the length that it announces cannot be told from a whole one.
        faults=make_faults(11, cut={"list": 0.05}, longest=20 * HOUR, without=NEVER),
        switches={
            "profile": profile,
            "link_null": True,
            "link_drops": "siteUrl,from,hostEmail",
            "empty_pages": True,
            "links": "all",
            "old_refresh": "dead",
            "tokens": "newest",
            "token_seconds": 1800,
            "link_minutes": 45,
            "late_transcript_every": 2,
            "late_shows": "listed",
            "retry_after": "missing",
            "rate_body": "html",
            "absent_every": 5,
            "unknown_time": "1970",
        },
    ) as stage:
        live_through(stage)
        assert_equal(stage)
        counts = stage.platform.faults.counts
        assert all(counts[fault] for fault in stage.platform.faults.rates)


def test_what_the_books_expect_and_nobody_has_is_gone_with_its_reason(tmp_path: Path) -> None:
    """A meeting that was recorded, and whose recording never comes, is asked for and explained.

    Those whose recordings came are no gap (S000-18).
    """
    with staged(tmp_path, of=OF, meetings=13, switches={"lost_every": 1}) as stage:
        stage.run_once()
        young = ask(stage, LACKING)
        assert young
        assert not any(row.gone_why for row in young)
        stage.live(START + 6 * DAY, DAY)
        told = ask(stage, LACKING)
        assert {row.fact_id for row in told} == {row.fact_id for row in young}
        assert all("recorded" in row.gone_why for row in told)
        assert_equal(stage)


@pytest.mark.parametrize("status", [403, 400])
def test_what_webex_would_not_answer_for_is_not_gone(tmp_path: Path, status: int) -> None:
    """A refusal, and a question that was not understood, declare nothing gone: it is asked again.

    Once Webex answers that it has no recording, that is the reason.
    """
    door = Door({"/admin/recordings?meetingId=": status})
    with staged(tmp_path, of=OF, meetings=13, switches={"lost_every": 1}, wrap=door.wrap) as stage:
        stage.live(START + 6 * DAY, DAY)
        refused = ask(stage, LACKING)
        assert refused
        assert not any(row.gone_why for row in refused)
        door.answers = {}
        stage.live(START + 8 * DAY, DAY)
        assert all("recorded" in row.gone_why for row in ask(stage, LACKING))


def test_what_may_not_be_downloaded_waits_for_a_person(tmp_path: Path) -> None:
    """An administrator's refusal says why; with an officer's credential it is captured."""
    with staged(tmp_path, of=OF, meetings=4, switches={"prevented_every": 1}) as stage:
        stage.run_once()
        parked = ask(stage, "SELECT * FROM recording")
        assert parked
        assert {row.state for row in parked} == {"parked"}
        assert all("'Prevent downloading'" in row.reason for row in parked)
    switches = {"prevented_every": 1, "profile": "compliance_officer"}
    folder = tmp_path / "officer"
    folder.mkdir()
    with staged(folder, of=OF, meetings=4, switches=switches) as stage:
        stage.run_once()
        assert_equal(stage)


def test_what_a_host_deletes_before_it_was_captured_is_captured_by_an_officer(
    tmp_path: Path,
) -> None:
    """The recycle bin is listed, and what is in it is given to a compliance officer."""
    switches = {
        "profile": "compliance_officer",
        "deleted_every": 2,
        "deleted_after_minutes": 10,
    }
    with staged(tmp_path, of=OF, meetings=8, switches=switches) as stage:
        stage.run_once()
        assert_equal(stage)
        parts = ask(stage, "SELECT DISTINCT partition FROM feed WHERE feed = 'recordings'")
        assert len(parts) == 4


def test_formats_that_cannot_be_played_are_kept_as_they_are(tmp_path: Path) -> None:
    """ARF is archived and flagged, and its transcript-less recording is whole (11, point 15)."""
    with staged(tmp_path, of=OF, meetings=6, switches={"arf_every": 1}) as stage:
        stage.run_once()
        assert_equal(stage)
        kinds = ask(stage, "SELECT DISTINCT kind, form FROM file WHERE file_id = 'video'")
        assert [(row.kind, row.form) for row in kinds] == [("attachment", "arf")]


@pytest.mark.parametrize("answer", ["html", "403", "410"])
def test_links_that_died_in_the_queue_are_asked_for_anew(tmp_path: Path, answer: str) -> None:
    """Whatever a media host answers to an old link, it is never taken for the film (4.4)."""
    switches = {"link_minutes": 0, "expired_link": answer}
    with staged(tmp_path, of=OF, meetings=2, switches=switches) as stage:
        stage.run_once()
        archived = ask(stage, "SELECT * FROM file WHERE state = 'archived' AND kind = 'video'")
        assert archived == []
        stage.platform.turn(link_minutes=180)
        stage.live(stage.clock.now() + DAY, timedelta(hours=4))
        assert_equal(stage)


@pytest.mark.parametrize("trouble", ["423", "429", "html", "short", "corrupt"])
def test_a_media_host_in_trouble_loses_nothing(tmp_path: Path, trouble: str) -> None:
    """Each first try of a film fails, and what arrives in the end is the film.

    A transcript without a size is excused where it is cut or damaged: nothing tells it.
    """
    switches = {"download_trouble": trouble, "no_transcript_every": 1}
    with staged(tmp_path, of=OF, meetings=3, switches=switches) as stage:
        stage.live(stage.clock.now() + DAY, timedelta(hours=4))
        assert_equal(stage)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_secret_is_in_the_archive(tmp_path: Path, profile: str) -> None:
    """No signed link, no password and no token, in whatever file of it."""
    with staged(tmp_path, of=OF, meetings=6, switches={"profile": profile}) as stage:
        stage.run_once()
        secrets = [value.encode() for value in stage.platform.secrets().values()]
        secrets += [b"ticket=", b"RCID=", b'"password":"Pw']
        with stage.open() as app:
            root = app.settings.archive.root
        texts = [path for path in root.rglob("*") if path.is_file()]
        assert texts
        for path in texts:
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret in data], path
