"""Statistics of agents and queues (sheet 4.3, 4.4)."""

from __future__ import annotations

from tests.plugins.webex_cc.simulator.cloud import START, Cloud, Clouds

QUARTER, HOUR = 900_000, 3_600_000
BEGIN = START + 8 * HOUR


def test_windows_are_rounded_down(cloud: Clouds) -> None:
    """4.3: to 15 minutes, without a word."""
    center = cloud()
    told = {"from_": BEGIN + 60_000, "to": BEGIN + HOUR + 60_000, "interval": 15}
    for path in ("/v1/agents/statistics", "/v1/queues/statistics"):
        rows = center.get(path, **told).json()["data"]
        starts = sorted({row["intervalStartTime"] for row in rows})
        assert starts == [BEGIN + n * QUARTER for n in range(4)], path
    center.simulator.turn(statistics_rounding=False)
    rows = center.get("/v1/agents/statistics", **told).json()["data"]
    assert min(row["intervalStartTime"] for row in rows) == BEGIN + 60_000


def test_every_answered_call_is_accepted_once(center: Cloud) -> None:
    """4.4: over a day the intervals add up; ``totalAssignedTasks`` is always 0."""
    told = {"from_": BEGIN, "to": BEGIN + 12 * HOUR, "interval": 60}
    rows = center.get("/v1/queues/statistics", **told).json()["data"]
    connected = sum(
        act.event == "connected" for contact in center.tenant.contacts for act in contact.acts
    )
    assert sum(row["totalAcceptedTasks"] for row in rows) == connected
    abandoned = sum(contact.call.abandoned for contact in center.tenant.contacts)
    assert sum(row["totalAbandonedTasks"] for row in rows) == abandoned > 0
    assert {row["totalAssignedTasks"] for row in rows} == {0}


def test_an_agents_intervals_add_up_to_the_shift(center: Cloud) -> None:
    """4.3: durations are milliseconds, cut to the interval."""
    told = {"from_": BEGIN, "to": BEGIN + 10 * HOUR, "interval": 30}
    rows = center.get("/v1/agents/statistics", **told).json()["data"]
    agent = rows[0]["agentId"]
    own = [row["channels"][0] for row in rows if row["agentId"] == agent]
    assert all(one["totalAvailableTime"] <= 1_800_000 for one in own)
    idle = sum(one["totalUnAvailableTime"] for one in own)
    assert 1_700_000 <= idle <= 1_805_000  # lunch and login
    alone = center.get("/v1/agents/statistics", agentIds=agent, **told).json()["data"]
    assert {row["agentId"] for row in alone} == {agent}


def test_what_cannot_be_asked(center: Cloud) -> None:
    """4.3: a day and more, other intervals, no window."""
    path = "/v1/agents/statistics"
    assert center.get(path, from_=BEGIN, to=BEGIN + 24 * HOUR).status_code == 400
    assert center.get(path, from_=BEGIN, to=BEGIN + HOUR, interval=20).status_code == 400
    assert center.get(path, from_=BEGIN).status_code == 400
