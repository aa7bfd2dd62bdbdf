"""A simulated day, whole and with everything going wrong: what Zoom offered is in the archive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.together.harness import HOUR, START, Stage, staged
from tests.together.judge import Watch, assert_equal

from catchment.sandbox import Faults, Lateness

QUIET_FROM = START + timedelta(hours=20)
HEADERS = ("full", "category", "no_type", "none")


def make_faults(seed: int, **late: object) -> Faults:
    """Everything that can go wrong, until the evening."""
    everywhere = {"token": 0.2, "list": 0.1, "document": 0.1, "download": 0.04}
    at_the_door = {"list": 0.05, "document": 0.05, "download": 0.04}
    in_the_body = {"list": 0.05, "document": 0.05, "download": 0.05}
    return Faults(
        seed=seed,
        rates={
            "throttle": everywhere,
            "server_error": everywhere,
            "reset": everywhere,
            "truncate": in_the_body | {"download": 0.4},
            "html": in_the_body,
            "slow": {"download": 0.02},
            "wrong_range": {"download": 0.4},
            "changed": {"download": 0.6},
            "expired_link": {"download": 0.06},
            "expired_token": at_the_door,
            "unauthorized_once": at_the_door,
            "cursor_lost": {"list": 0.3},
            "repeat": {"list": 0.3},
            "shuffle": {"list": 0.3},
        },
        until=QUIET_FROM,
        late=Lateness(share=0.2, least=timedelta(minutes=1), longest=timedelta(hours=20)),
    )


def live_through(stage: Stage, watch: Watch) -> None:
    """The working day by the hour, the platform's headers changing, and then quiet days."""
    for hour in range(8, 20):
        stage.platform.turn(rate_headers=HEADERS[hour % 4], odd_body_every=0 if hour % 3 else 7)
        stage.clock.set(max(stage.clock.now(), START + hour * HOUR))
        stage.run_once()
        watch.look()
    stage.platform.turn(odd_body_every=0)
    for hours in (20, 22, 26, 30, 36, 42, 48):
        stage.clock.set(max(stage.clock.now(), START + hours * HOUR))
        stage.run_once()
        watch.look()


def test_quiet_day_is_archived_whole(tmp_path: Path) -> None:
    """A day without faults is in the archive, once, byte for byte (T1; S003-6, S003-8)."""
    with staged(tmp_path, meetings=6) as stage:
        stage.run_once()
        assert_equal(stage)


def test_faulty_day_is_archived_whole_after_a_quiet_phase(
    tmp_path: Path, catalogue_url: str
) -> None:
    """After a day on which everything went wrong, the archive equals the World.

    Proves T1, T4 and T5 and the promises 1 to 3: throttling with each form of headers, cut
    connections and bodies, HTML under status 200, late files, repeated and reordered rows, lost
    cursors, expired links and tokens, wrong ranges and changed content (S003-1 to S003-3, S003-17).
    """
    with staged(
        tmp_path,
        meetings=6,
        at=START + timedelta(hours=7),
        faults=make_faults(11),
        switches={"late_every": 3, "failed_every": 40, "token_seconds": 1200, "link_minutes": 30},
        tables={"catalogue": {"url": catalogue_url}} if catalogue_url else {},
    ) as stage:
        watch = Watch.of(stage)
        live_through(stage, watch)
        assert_equal(stage)
        counts = stage.platform.faults.counts
        done = {fault for fault in stage.platform.faults.rates if counts[fault]}
        assert done == set(stage.platform.faults.rates) - {"cursor_lost"}  # there is but one page
        assert watch.list_silent() == []
