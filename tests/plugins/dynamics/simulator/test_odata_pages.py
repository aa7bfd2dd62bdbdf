"""Pages and changes of the simulated Web API (2.4, 2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import unquote

import pytest
from tests.plugins.dynamics.simulator.service import (
    MIDNIGHT,
    NOON,
    Service,
    Starter,
    error_of,
    guid,
    recording,
    starting,
)

from catchment.sandbox import Faults
from catchment_dynamics.simulator.store import History, Snapshot

THREE = "odata.maxpagesize=3"
TRACK = "odata.track-changes"
EXACT = "$orderby=modifiedon asc,msdyn_ocrecordingid asc"


@pytest.fixture
def start() -> Iterator[Starter]:
    """Serve with switches."""
    with starting() as starter:
        yield starter


@pytest.fixture
def service(start: Starter) -> Service:
    """All switches in their usual positions."""
    return start()


# --- pages ------------------------------------------------------------------------------------


def test_pages_are_as_large_as_preferred(service: Service) -> None:
    """The link is absolute and carries a cookie; the last page has none (2.4)."""
    answer = service.get(f"msdyn_ocrecordings?$select=createdon&{EXACT}", prefer=THREE)
    told = answer.json()
    assert answer.headers["preference-applied"] == THREE
    assert len(told["value"]) == 3
    link = told["@odata.nextLink"]
    assert link.startswith(service.urls["org"])
    assert "$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22" in link
    assert unquote(link).endswith('istracking="False" />')
    assert service.numbers(f"msdyn_ocrecordings?{EXACT}", prefer=THREE) == list(range(7))
    assert service.numbers("msdyn_ocrecordings", prefer=THREE) == list(range(7))
    down = service.numbers("msdyn_ocrecordings?$orderby=msdyn_ocrecordingid desc", prefer=THREE)
    assert down == list(range(7))[::-1]


@pytest.mark.parametrize("track", ["", f"{TRACK},"])
def test_a_page_keeps_its_size(service: Service, track: str) -> None:
    """``Prefer`` must be repeated unchanged on every page (2.4)."""
    link = service.data("msdyn_ocrecordings", prefer=track + THREE)["@odata.nextLink"]
    for prefer in ("", "odata.maxpagesize=4"):
        assert error_of(service.get(link, prefer=prefer))[:2] == (400, "0x80040203")
    assert len(service.data(link, prefer=THREE)["value"]) == 3


@pytest.mark.parametrize("track", ["", f"{TRACK},"])
@pytest.mark.parametrize(
    "appended",
    ["&$count=true", "&$select=createdon", "&$orderby=createdon", "&@p=1", "&$top=5", "%20", "x"],
)
def test_nothing_may_be_appended_to_a_link(service: Service, track: str, appended: str) -> None:
    """It is opaque, and repeated as it is (2.4)."""
    link = service.data("msdyn_ocrecordings", prefer=track + THREE)["@odata.nextLink"]
    assert service.get(link + appended, prefer=THREE).status_code == 400
    assert service.get(link, prefer=THREE).status_code == 200


def test_no_page_is_larger_than_the_platform_allows(start: Starter) -> None:
    """Also without any preference."""
    service = start(page_most=2)
    assert len(service.data("msdyn_ocrecordings")["value"]) == 2
    assert len(service.data("msdyn_ocrecordings", prefer=THREE)["value"]) == 2
    assert len(service.rows("msdyn_ocrecordings")) == 7


def _tell_moving() -> list[History]:
    """Six rows, of which the second changes at half past twelve."""
    at = MIDNIGHT + timedelta(hours=8)
    rows = []
    for number in range(6):
        steps = [Snapshot(at + timedelta(minutes=number), {"msdyn_name": str(number)})]
        if number == 1:
            steps.append(Snapshot(NOON + timedelta(minutes=30), {"msdyn_name": "again"}))
        rows.append(History("msdyn_ocrecording", recording(number), tuple(steps)))
    return rows


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("modifiedon asc,msdyn_ocrecordingid asc", [0, 1, 2, 3, 4, 5, 1]),
        ("modifiedon asc", [0, 1, 2, 4, 5, 1]),
    ],
)
def test_rows_that_change_between_pages(start: Starter, order: str, found: list[int]) -> None:
    """An order with the key loses nothing; without it, a page begins where another row moved."""
    service = start(histories=_tell_moving())
    told = service.data(f"msdyn_ocrecordings?$orderby={order}", prefer=THREE)
    numbers = [int(row["msdyn_ocrecordingid"][-12:], 16) for row in told["value"]]
    service.clock.advance(timedelta(hours=1))
    numbers += service.numbers(told["@odata.nextLink"], prefer=THREE)
    assert numbers == found


def test_an_edited_cookie_is_refused(service: Service) -> None:
    """It is opaque (2.4)."""
    link = service.data("msdyn_ocrecordings", prefer=THREE)["@odata.nextLink"]
    for edited in (link.replace("pagenumber", "page"), link[:-20]):
        assert service.get(edited, prefer=THREE).status_code == 400


def test_cookies_get_lost_and_rows_repeated(start: Starter) -> None:
    """As the faults of a listing say, and never for ever."""
    lost = start(Faults(seed=1, rates={"cursor_lost": {"list": 1.0}}))
    link = lost.data("msdyn_ocrecordings", prefer=THREE)["@odata.nextLink"]
    assert [lost.get(link, prefer=THREE).status_code for _ in range(3)] == [400, 400, 200]
    repeated = start(Faults(seed=1, rates={"repeat": {"list": 1.0}}))
    assert len(repeated.data("msdyn_ocrecordings")["value"]) == 8


# --- changes ----------------------------------------------------------------------------------


def test_changes_begin_with_everything(service: Service) -> None:
    """All rows, page by page, and a link for what comes after on the last page alone (2.5)."""
    answer = service.get("msdyn_ocrecordings?$select=msdyn_name", prefer=f"{TRACK},{THREE}")
    assert TRACK in answer.headers["preference-applied"]
    first = answer.json()
    assert "@odata.deltaLink" not in first
    second = service.data(first["@odata.nextLink"], prefer=THREE)
    last = service.data(second["@odata.nextLink"], prefer=THREE)
    assert [len(page["value"]) for page in (first, second, last)] == [3, 3, 1]
    assert "$deltatoken=" in last["@odata.deltaLink"]
    assert "%2110%2F12%2F2026%2012%3A00%3A00" in last["@odata.deltaLink"]


def test_later_changes_are_rows_and_then_deletions(service: Service) -> None:
    """Each once; the next link knows of them (2.5)."""
    link = service.data("msdyn_ocrecordings", prefer=TRACK)["@odata.deltaLink"]
    assert service.data(link)["value"] == []
    store = service.environment.store
    store.delete("msdyn_ocrecording", recording(2), NOON + timedelta(minutes=1))
    service.clock.advance(timedelta(hours=2))
    told = service.data(link)
    assert told["@odata.context"].endswith("#msdyn_ocrecordings/$delta")
    changed, deleted = told["value"]
    assert changed["msdyn_ocrecordingid"] == recording(6)
    assert changed["msdyn_recording_name"] == "recording 6.mp4"
    assert deleted["@odata.context"].endswith("#msdyn_ocrecordings/$deletedEntity")
    assert (deleted["id"], deleted["reason"]) == (recording(2), "deleted")
    assert service.get(f"msdyn_ocrecordings/$count?{link.partition('?')[2]}").text == "2"
    pages = service.rows(link, prefer="odata.maxpagesize=1")
    assert pages == told["value"]
    assert service.data(told["@odata.deltaLink"])["value"] == []


@pytest.mark.parametrize(
    "option", ["$filter=statecode eq 0", "$orderby=createdon", "$expand=msdyn_x", "$top=2"]
)
def test_four_options_are_not_for_changes(service: Service, option: str) -> None:
    """Voice rows alone cannot be asked for (2.5)."""
    status, _, message = error_of(service.get(f"msdyn_ocrecordings?{option}", prefer=TRACK))
    assert status == 400
    name = option.partition("=")[0]
    assert message == (
        f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
    )


def test_a_token_is_good_for_a_week(service: Service) -> None:
    """An older one takes a full resync (2.5)."""
    link = service.data("msdyn_ocrecordings", prefer=TRACK)["@odata.deltaLink"]
    service.clock.advance(timedelta(days=7))
    assert service.get(link).status_code == 200
    service.clock.advance(timedelta(seconds=1))
    assert error_of(service.get(link))[:2] == (400, "0x80044352")


def test_a_token_may_be_good_for_longer_or_less(start: Starter) -> None:
    """An organisation sets the number of days (2.5)."""
    service = start(tracking_days=2)
    link = service.data("msdyn_ocrecordings", prefer=TRACK)["@odata.deltaLink"]
    service.clock.advance(timedelta(days=2))
    assert service.get(link).status_code == 200
    service.clock.advance(timedelta(seconds=1))
    assert service.get(link).status_code == 400


def test_tracking_may_be_off_or_out_of_reach(start: Starter) -> None:
    """The dictionary tells which tables have it; it needs organisation-level read (2.5)."""
    off, low = start(change_tracking=False), start(depth="user")
    asked = "EntityDefinitions?$select=SchemaName&$filter=ChangeTrackingEnabled eq true"
    assert off.data(asked)["value"] == []
    assert low.data(asked)["value"]
    assert off.get("msdyn_ocrecordings", prefer=TRACK).status_code == 400
    assert low.get("msdyn_ocrecordings", prefer=TRACK).status_code == 403
    assert low.get("msdyn_ocrecordings").status_code == 200


def test_a_quiet_change_has_a_version_of_its_own(start: Starter) -> None:
    """Tracking sees what ``modifiedon`` does not tell (9.1)."""
    steps = (
        Snapshot(MIDNIGHT, {"msdyn_name": "a"}),
        Snapshot(NOON + timedelta(minutes=1), {"msdyn_name": "b"}, quiet=True),
    )
    service = start(histories=[History("msdyn_ocrecording", guid(2, 1), steps)])
    first = service.data("msdyn_ocrecordings", prefer=TRACK)
    service.clock.advance(timedelta(hours=1))
    (later,) = service.data(first["@odata.deltaLink"])["value"]
    assert later["modifiedon"] == first["value"][0]["modifiedon"]
    assert later["versionnumber"] > first["value"][0]["versionnumber"]
