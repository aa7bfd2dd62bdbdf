"""How far a role reaches: with less than the organisation's depth, to the user's own rows (1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.plugins.dynamics.simulator.service import (
    AGENT,
    MIDNIGHT,
    SOUND,
    Row,
    Service,
    error_of,
    guid,
    list_rows,
    recording,
    starting,
)

from catchment.sandbox import Written
from catchment_dynamics.simulator.store import FileValue, History, Reference, Snapshot

OWN, OTHER = 8, 1
OWN_ROW, OTHER_ROW = (f"msdyn_ocrecordings({recording(number)})" for number in (OWN, OTHER))
SAS = "GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')"


def tell_own() -> History:
    """A recording of the first application user, whose conversation is somebody else's."""
    content = Written(lambda: SOUND, "video/mp4")
    row: dict[str, object] = {
        "msdyn_name": "mine",
        "ownerid": Reference("systemuser", guid(7, 0), "Recorder"),
        "msdyn_liveworkitemid": Reference("msdyn_ocliveworkitem", guid(1, 1)),
        "msdyn_recording": FileValue(guid(5, OWN), "mine.mp4", content, "video/mp4"),
    }
    at = MIDNIGHT + timedelta(hours=9)
    return History("msdyn_ocrecording", recording(OWN), (Snapshot(at, row),))


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A role that reaches as far as the user."""
    with starting() as starter:
        yield starter(histories=[*list_rows(), tell_own()], depth="user")


def ids(service: Service, path: str, client: int = 0) -> list[object]:
    """The recordings that a list holds."""
    rows: list[Row] = service.data(path, client=client)["value"]
    return [row["msdyn_ocrecordingid"] for row in rows]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?$orderby=createdon",
        f"?$filter=_msdyn_liveworkitemid_value eq {guid(1, 1)}",
        "?$filter=modifiedon ge 2026-10-01T00:00:00Z",
        "?fetchXml=<fetch><entity name='msdyn_ocrecording'/></fetch>",
    ],
)
def test_a_list_holds_the_users_own_rows(service: Service, query: str) -> None:
    """Nothing says that there are others; another user sees none (1.2)."""
    assert ids(service, f"msdyn_ocrecordings{query}") == [recording(OWN)]
    assert ids(service, f"msdyn_ocrecordings{query}", client=1) == []


def test_counts_count_what_is_seen(service: Service) -> None:
    """By itself or beside a list."""
    assert service.get("msdyn_ocrecordings/$count").text == "1"
    assert service.data("msdyn_ocrecordings?$count=true")["@odata.count"] == 1


def test_a_row_of_another_user_is_refused_by_its_id(service: Service) -> None:
    """It is there, and may not be read; so is its file (1.2)."""
    assert service.get(OWN_ROW).status_code == 200
    assert service.get(f"{OWN_ROW}/msdyn_recording/$value").content == SOUND
    for path in (OTHER_ROW, f"{OTHER_ROW}/msdyn_name", f"{OTHER_ROW}/msdyn_recording/$value"):
        status, code, message = error_of(service.get(path))
        assert (status, code) == (403, "0x80040220")
        assert recording(OTHER) in message
    for row, status in ((OWN_ROW, 200), (OTHER_ROW, 403)):
        assert service.get(f"{SAS}?@p1={{'@odata.id':'{row}'}}").status_code == status
    files = service.data("fileattachments")["value"]
    assert [one["fileattachmentid"] for one in files] == [guid(5, OWN)]


def test_what_is_named_is_not_shown(service: Service) -> None:
    """The id of the conversation stands in the row, the conversation is somebody else's."""
    told = service.data(f"{OWN_ROW}?$expand=msdyn_liveworkitemid($select=subject)")
    assert told["_msdyn_liveworkitemid_value"] == guid(1, 1)
    assert told["msdyn_liveworkitemid"] is None


def test_what_belongs_to_all_is_seen_by_all(service: Service) -> None:
    """Users are nobody's; the dictionary says so."""
    rows = service.data("systemusers")["value"]
    assert [row["systemuserid"] for row in rows] == [AGENT]
    asked = "EntityDefinitions?$select=LogicalName&$filter=OwnershipType eq 'OrganizationOwned'"
    told = {one["LogicalName"] for one in service.data(asked)["value"]}
    assert "systemuser" in told
    assert "msdyn_ocrecording" not in told
