"""Rate limits per account and label (sheet section 8)."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds

from catchment_zoom.simulator.limits import LIMITS


def exhaust(zoom: Cloud, path: str = "/users", calls: int = 60) -> httpx.Response:
    """Make all calls that fit, and answer the one that does not."""
    answers = [zoom.get(path) for _ in range(calls + 1)]
    assert [a.status_code for a in answers[:calls]] == [200] * calls
    return answers[calls]


@pytest.mark.parametrize(
    ("plan", "path", "calls"),
    [
        ("free", "/users/me", 4),
        ("free", "/users", 2),
        ("pro", "/users/me", 30),
        ("pro", "/users", 20),
        ("business", "/users/me", 80),
        ("business", "/users", 60),
    ],
)
def test_so_many_calls_fit_into_a_second(cloud: Clouds, plan: str, path: str, calls: int) -> None:
    """8.1: by plan and label; the next virtual second is a new one."""
    zoom = cloud(plan=plan)
    assert exhaust(zoom, path, calls).status_code == 429
    zoom.clock.advance(timedelta(seconds=1))
    assert zoom.get(path).status_code == 200


def test_labels_have_budgets_of_their_own(cloud: Clouds) -> None:
    """8.1: an exhausted medium budget leaves light calls free."""
    zoom = cloud(plan="free")
    exhaust(zoom, calls=2)
    assert zoom.get("/users/me").status_code == 200


def test_all_documented_numbers_stand_in_the_table() -> None:
    """8.1: light, medium, heavy and resource-intensive of each plan."""
    rates = {plan: [limit.rate for limit in rows.values()] for plan, rows in LIMITS.items()}
    assert rates == {
        "free": [4, 2, 1, 10],
        "pro": [30, 20, 10, 10],
        "business": [80, 60, 40, 20],
    }
    assert [limit.daily for limit in LIMITS["free"].values()] == [6000, 2000, 1000, 30000]


def test_the_daily_budget_of_a_free_plan_ends_until_midnight_utc(cloud: Clouds) -> None:
    """8.1, 8.2: ``Retry-After`` is an ISO instant, not seconds (fact 16)."""
    zoom = cloud(plan="free")
    zoom.site.limiter._days["medium", "2026-10-14T00:00:00Z"] = 2000
    answer = zoom.get("/users")
    assert answer.status_code == 429
    assert "daily" in answer.json()["message"]
    assert answer.headers["retry-after"] == "2026-10-15T00:00:00Z"
    assert answer.headers["x-ratelimit-type"] == "Daily-limit"
    zoom.set(zoom.clock.now() + timedelta(days=1))
    assert zoom.get("/users").status_code == 200


def test_heavy_and_resource_intensive_share_one_daily_budget_on_paid_plans(zoom: Cloud) -> None:
    """8.1, dagger: 60 000 a day together."""
    zoom.site.limiter.spend("resource", 60_000)
    answer = zoom.get("/report/meetings/1")
    assert answer.headers["x-ratelimit-type"] == "Daily-limit"


@pytest.mark.parametrize("form", ["iso", "http_date", "seconds"])
def test_retry_after_comes_in_three_forms(cloud: Clouds, form: str) -> None:
    """8.2: accept ISO-8601, HTTP-date and integer seconds."""
    zoom = cloud(plan="free", retry_after=form)
    zoom.site.limiter._days["medium", "2026-10-14T00:00:00Z"] = 2000
    told = zoom.get("/users").headers["retry-after"]
    if form == "iso":
        assert told == "2026-10-15T00:00:00Z"
    elif form == "seconds":
        assert told == "86400"
    else:
        assert parsedate_to_datetime(told).isoformat() == "2026-10-15T00:00:00+00:00"


@pytest.mark.parametrize(
    ("mode", "headers"),
    [
        ("full", {"category", "limit", "remaining", "type"}),
        ("no_type", {"category", "limit", "remaining"}),
        ("category", {"category"}),
        ("none", set()),
    ],
)
def test_which_headers_are_told_is_a_switch(cloud: Clouds, mode: str, headers: set[str]) -> None:
    """8.2: documented, measured and guessed; on good answers and on 429."""
    zoom = cloud(plan="free", rate_headers=mode)
    good, bad = zoom.get("/users"), exhaust(zoom, calls=1)
    for answer in (good, bad):
        told = {h for h in answer.headers if h.startswith("x-ratelimit-")}
        assert told == {f"x-ratelimit-{name}" for name in headers}
    assert "retry-after" not in bad.headers


def test_a_reset_header_by_switch(cloud: Clouds) -> None:
    """8.2: one copy of the documents adds unix seconds."""
    zoom = cloud(rate_reset=True)
    told = int(zoom.get("/users").headers["x-ratelimit-reset"])
    assert told == int(zoom.clock.now().timestamp()) + 1


@pytest.mark.parametrize("code", [429, 4001])
def test_the_body_code_of_a_429_is_a_switch(cloud: Clouds, code: int) -> None:
    """8.2: 429 by the guide, 4001 by the specification."""
    body = exhaust(cloud(plan="free", rate_code=code), calls=2).json()
    assert body["code"] == code
    assert "per-second" in body["message"]


def test_other_apps_of_the_account_use_up_the_budget(cloud: Clouds) -> None:
    """8.1, fact 16: the limit is shared."""
    exhaust(cloud(other_apps_percent=50), calls=30)


def test_limits_can_be_switched_off(cloud: Clouds) -> None:
    """For demonstrations on a clock that stands still."""
    zoom = cloud(plan="free", rate_limiting=False)
    assert {zoom.get("/users").status_code for _ in range(10)} == {200}


def test_the_odd_body_comes_now_and_then(cloud: Clouds) -> None:
    """8.3: ``{"status": false, "errorCode": …}`` under HTTP 200."""
    zoom = cloud(odd_body_every=3)
    bodies = [zoom.get("/users/me").json() for _ in range(6)]
    assert sum(body.get("status") is False for body in bodies) == 2
