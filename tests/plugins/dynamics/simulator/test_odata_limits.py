"""Service protection of the simulated Web API, and the fault layer in its words (2.7, 2.8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.plugins.dynamics.simulator.service import (
    API,
    Starter,
    error_of,
    recording,
    starting,
)

from catchment.sandbox import Faults


@pytest.fixture
def start() -> Iterator[Starter]:
    """Serve with switches."""
    with starting() as starter:
        yield starter


def test_requests_are_counted_over_a_sliding_window(start: Starter) -> None:
    """Per application user; the wait ends when the oldest one leaves the window."""
    service = start(throttle_requests=3)
    left = "x-ms-ratelimit-burst-remaining-xrm-requests"
    assert [service.get("WhoAmI").headers[left] for _ in range(3)] == ["2", "1", "0"]
    service.clock.advance(timedelta(seconds=100))
    refused = service.get("WhoAmI")
    assert error_of(refused) == (
        429,
        "0x80072322",
        "Number of requests exceeded the limit of 3 over time window of 300 seconds.",
    )
    assert refused.headers["retry-after"] == "200"
    assert service.get("WhoAmI", client=1).status_code == 200
    service.clock.wait(200)
    assert service.get("WhoAmI").status_code == 200


def test_sending_on_lengthens_the_wait(start: Starter) -> None:
    """Every request in spite of a refusal costs a second more."""
    service = start(throttle_requests=1)
    service.get("WhoAmI")
    waits = [int(service.get("WhoAmI").headers["retry-after"]) for _ in range(3)]
    assert waits == [300, 300, 300]
    service.clock.advance(timedelta(seconds=200))
    waits = [int(service.get("WhoAmI").headers["retry-after"]) for _ in range(3)]
    assert waits == sorted(set(waits))


def test_execution_time_is_counted_too(start: Starter) -> None:
    """A virtual cost for each request; downloads are dearer."""
    service = start(throttle_time_s=1, request_cost_ms=200)
    service.get(f"msdyn_ocrecordings({recording(1)})/msdyn_recording/$value")
    status, code, message = error_of(service.get("WhoAmI"))
    assert (status, code) == (429, "0x80072321")
    assert "exceeded limit of 1,000 milliseconds over time window of 300 seconds." in message


def test_concurrency_bites_at_once(start: Starter) -> None:
    """A download that is not read yet is under way."""
    service = start(throttle_concurrency=1)
    path = f"{service.urls['org']}{API}/msdyn_ocrecordings({recording(5)})/msdyn_recording/$value"
    headers = {"authorization": f"Bearer {service.bearer()}"}
    with service.http.stream("GET", path, headers=headers) as download:
        assert download.status_code == 200
        refused = service.get("WhoAmI")
        assert error_of(refused)[:2] == (429, "0x80072326")
        download.read()
    assert service.get("WhoAmI").status_code == 200


def test_requests_are_written_down(start: Starter) -> None:
    """Method, path and query for all hosts, a count for each client."""
    service = start()
    service.get("WhoAmI")
    service.get("WhoAmI", client=1)
    service.get("msdyn_ocrecordings?$top=1", client=1)
    environment = service.environment
    assert environment.counts == {"a": 1, "b": 2}
    assert ("GET", f"{API}/msdyn_ocrecordings", "$top=1") in environment.asked
    assert sum(path.endswith("/token") for _, path, _ in environment.asked) == 2


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("throttle", 429, "0x80072322"),
        ("server_error", 503, ""),
        ("expired_token", 401, ""),
    ],
)
def test_faults_speak_the_platforms_words(
    start: Starter, fault: str, status: int, code: str
) -> None:
    """Twice at most, then the answer is good."""
    service = start(Faults(seed=3, rates={fault: {"list": 1.0}}))
    answers = [service.get("msdyn_ocrecordings") for _ in range(3)]
    assert error_of(answers[0])[:2] == (status, code)
    assert answers[2].status_code == 200
    if fault == "throttle":
        assert answers[0].headers["retry-after"].isdigit()


def test_identity_and_files_have_faults_of_their_own(start: Starter) -> None:
    """An identity error in its shape, an expired link in XML."""
    faults = Faults(
        seed=3, rates={"throttle": {"token": 1.0}, "expired_link": {"download": 1.0}}, most=1
    )
    service = start(faults)
    refused = service.ask_token()
    assert (refused.status_code, refused.json()["error_codes"]) == (429, [90055])
    asked = "GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')"
    target = f"@p1={{'@odata.id':'msdyn_ocrecordings({recording(1)})'}}"
    link = service.data(f"{asked}?{target}")["Result"]["SasUrl"]
    past = service.http.get(link)
    assert past.status_code == 403
    assert "<Code>AuthenticationFailed</Code>" in past.text
    assert service.http.get(link).status_code == 200
