"""Query options of the simulated Web API (2.1 to 2.3, 2.6, 2.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import httpx
import pytest
from tests.plugins.dynamics.simulator.service import (
    AGENT,
    API,
    Service,
    Starter,
    conversation,
    error_of,
    recording,
    starting,
)

from catchment.errors import BadSettings


@pytest.fixture
def start() -> Iterator[Starter]:
    """Serve with switches."""
    with starting() as starter:
        yield starter


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """All switches in their usual positions; nobody changes anything."""
    with starting() as starter:
        yield starter()


CRM = "Microsoft.Dynamics.CRM"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (f"msdyn_ocrecordingid eq {recording(3)}", [3]),
        (f"msdyn_ocrecordingid eq {recording(3).upper()}", [3]),
        (f"_msdyn_liveworkitemid_value eq {conversation(1)}", [1, 4]),
        (
            f"_msdyn_liveworkitemid_value eq {conversation(1)} or "
            f"_msdyn_liveworkitemid_value eq {conversation(2)}",
            [1, 2, 4, 5],
        ),
        (f"{CRM}.In(PropertyName='msdyn_ocrecordingid',PropertyValues=[\"{recording(2)}\"])", [2]),
        ("createdon eq 2026-10-12T08:01:00Z", [2, 3]),
        ("createdon ge 2026-10-12T08:01:00Z and createdon lt 2026-10-12T08:02:00Z", [2, 3]),
        (
            "createdon gt 2026-10-12T10:01:00+02:00 and not (createdon gt 2026-10-12T08:02:00Z)",
            [4, 5],
        ),
        ("modifiedon le 2026-10-12T08:00:30Z", [0, 1]),
        ("modifiedon ge 2026-10-12T08:03:00Z", [6]),
        (f"{CRM}.OnOrAfter(PropertyName='createdon',PropertyValue='2026-10-12T08:03:00Z')", [6]),
        (
            f"{CRM}.Between(PropertyName='createdon',"
            'PropertyValues=["2026-10-12T08:00:00Z","2026-10-12T08:00:59Z"])',
            [0, 1],
        ),
        (f"{CRM}.LastXHours(PropertyName='createdon',PropertyValue=3)", []),
        (f"{CRM}.LastXHours(PropertyName='createdon',PropertyValue='4')", list(range(7))),
        ("msdyn_recording ne null", [0, 1, 2, 3, 4, 5]),
        ("msdyn_recording eq null", [6]),
        ("msdyn_recording_name eq 'RECORDING 3.MP4'", [3]),
        ("msdyn_name eq 'Recording O''Neill 4'", [4]),
        ("contains(msdyn_name,'o''neill 5')", [5]),
        ("startswith(msdyn_name,'rec%neill_3')", [3]),
        ("endswith(msdyn_name,'[23]')", [2, 3]),
        ("endswith(msdyn_name,'3') eq false and statecode eq 0", [0, 1, 2, 4, 5, 6]),
        ("msdyn_mediauri ne 'x' and msdyn_mediauri eq null", list(range(7))),
        ("msdyn_liveworkitemid/msdyn_isoutbound eq true", [1, 4]),
    ],
)
def test_a_filter_finds_what_it_says(service: Service, condition: str, found: list[int]) -> None:
    """Operators, functions, nulls, GUIDs and dates without quotes, texts without their case."""
    assert service.numbers(f"msdyn_ocrecordings?$filter={quote(condition)}") == found


def test_a_channel_of_several_is_asked_for_with_a_function(start: Starter) -> None:
    """An integer is a mismatch, or finds nothing; on sessions it is a plain choice (3.1, 6.2)."""
    service, loose = start(), start(channel_eq="nothing")
    asked = f"{CRM}.ContainValues(PropertyName='msdyn_channel',PropertyValues=[\"192440000\"])"
    assert service.numbers(f"msdyn_ocliveworkitems?$filter={asked}") == [0, 2]
    assert (
        error_of(service.get("msdyn_ocliveworkitems?$filter=msdyn_channel eq 192440000"))[0] == 400
    )
    assert loose.numbers("msdyn_ocliveworkitems?$filter=msdyn_channel eq 192440000") == []
    assert service.numbers("msdyn_ocsessions?$filter=msdyn_channel eq 192440000") == [0, 2]
    shown = service.data(f"msdyn_ocliveworkitems({conversation(2)})")
    assert shown["msdyn_channel"] == "192370000,192440000"


@pytest.mark.parametrize(
    "query",
    [
        "$select=msdyn_nothing",
        "$select=msdyn_liveworkitemid",
        "$filter=msdyn_nothing eq null",
        "$filter=statecode eq 'x'",
        "$filter=statecode eq",
        "$filter=(statecode eq 0",
        f"$filter=_msdyn_liveworkitemid_value eq '{conversation(0)}'",
        "$filter=LastXHours(PropertyName='createdon',PropertyValue=3)",
        "$filter=createdon ge 2026-13-01T00:00:00Z",
        "$filter=statecode in (0,1)",
        "$orderby=msdyn_nothing",
        "$orderby=createdon upwards",
        "$expand=msdyn_nothing",
        "$top=many",
        "$skip=1",
        "$search=x",
        "$format=json",
        "$Filter=statecode eq 0",
        "page=2",
    ],
)
def test_what_cannot_be_read_is_refused(service: Service, query: str) -> None:
    """One unknown column is enough for the whole query (6.3)."""
    status, code, _ = error_of(service.get(f"msdyn_ocrecordings?{query}"))
    assert (status, code) == (400, "0x80060888")


def test_a_selection_keeps_the_key(service: Service) -> None:
    """The primary key is told unasked; lookups by their value."""
    path = f"msdyn_ocrecordings({recording(1)})?$select=createdon,_msdyn_liveworkitemid_value"
    told = service.data(path)
    assert told.pop("@odata.context").endswith(
        "#msdyn_ocrecordings(createdon,_msdyn_liveworkitemid_value)/$entity"
    )
    assert told.pop("@odata.etag").startswith('W/"9')
    assert told == {
        "createdon": "2026-10-12T08:00:00Z",
        "_msdyn_liveworkitemid_value": conversation(1),
        "msdyn_ocrecordingid": recording(1),
    }


def test_without_a_selection_every_column_is_told(service: Service) -> None:
    """Those that every table has as well."""
    told = service.data(f"msdyn_ocliveworkitems({conversation(0)})")
    assert {"activityid", "activitytypecode", "versionnumber", "_ownerid_value"} <= set(told)
    assert told["msdyn_closedon"] == "2026-10-12T07:00:00Z"


def test_dollar_and_spaces_may_be_encoded(service: Service) -> None:
    """``%24`` and ``+`` are what many libraries send (2.2)."""
    asked = f"msdyn_ocrecordings?%24filter={quote_plus('statecode eq 0 and endswith(msdyn_name,')}"
    assert service.numbers(asked + "%276%27)&%24select=createdon") == [6]


def test_an_alias_stands_for_a_value(service: Service) -> None:
    """In a filter as well as in functions."""
    asked = f"msdyn_ocrecordings?$filter=msdyn_ocrecordingid eq @id&@id={recording(2)}"
    assert service.numbers(asked) == [2]


def test_rows_come_in_the_order_asked_for(service: Service) -> None:
    """Descending, several columns, nulls first."""
    path = "msdyn_ocrecordings?$orderby="
    assert service.numbers(path + "createdon desc,msdyn_name asc") == [6, 4, 5, 2, 3, 0, 1]
    assert service.numbers(path + "msdyn_recording asc")[0] == 6


def test_top_is_ignored_beside_a_page_size(service: Service) -> None:
    """And limits the list otherwise, without a next page (2.2)."""
    told = service.data("msdyn_ocrecordings?$top=2&$count=true")
    assert len(told["value"]) == 2
    assert told["@odata.count"] == 7
    assert "@odata.nextLink" not in told
    assert len(service.rows("msdyn_ocrecordings?$top=2", prefer="odata.maxpagesize=3")) == 7


def test_rows_can_be_counted(service: Service) -> None:
    """With or without a filter."""
    assert service.get("msdyn_ocrecordings/$count").text == "7"
    assert service.get("msdyn_ocrecordings/$count?$filter=msdyn_recording eq null").text == "1"


def test_files_can_be_expanded(service: Service) -> None:
    """Size and type without downloading; in lists with a link of its own (2.2, 2.9)."""
    nested = "($select=mimetype,filesizeinbytes,filename,regardingfieldname;$top=1)"
    expand = f"$select=createdon&$expand=msdyn_ocrecording_FileAttachments{nested}"
    told = service.data(f"msdyn_ocrecordings({recording(1)})?{expand}")
    (file,) = told["msdyn_ocrecording_FileAttachments"]
    assert file.pop("@odata.etag")
    assert file.pop("fileattachmentid")
    assert file == {
        "mimetype": "video/mp4",
        "filesizeinbytes": 10241,
        "filename": "recording 1.mp4",
        "regardingfieldname": "msdyn_recording",
    }
    row = service.data(f"msdyn_ocrecordings?{expand}")["value"][0]
    link = row["msdyn_ocrecording_FileAttachments@odata.nextLink"]
    assert service.data(link)["value"] == []


def test_lookups_can_be_expanded(service: Service) -> None:
    """By the names that are verified; null where nothing is named."""
    for name in ("msdyn_liveworkitemid", "msdyn_recordingtarget_msdyn_liveworkitemid"):
        told = service.data(f"msdyn_ocrecordings({recording(4)})?$expand={name}($select=subject)")
        assert told[name]["subject"] == "Call 1"
    told = service.data(f"msdyn_ocrecordings({recording(4)})?$expand=msdyn_sourcelanguage")
    assert told["msdyn_sourcelanguage"] is None


def test_annotations_come_when_asked_for(service: Service) -> None:
    """All of them, or those that a pattern names; without, none but the ETag (2.3)."""
    path = f"msdyn_ocliveworkitems({conversation(2)})"
    name = "_msdyn_activeagentid_value"
    answer = service.get(path, prefer='odata.include-annotations="*"')
    told = answer.json()
    assert answer.headers["preference-applied"] == 'odata.include-annotations="*"'
    assert told[f"{name}@OData.Community.Display.V1.FormattedValue"] == "First Agent"
    assert told[f"{name}@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"
    assert told[name] == AGENT
    only = 'odata.include-annotations="Microsoft.Dynamics.CRM.*"'
    names = [one for one in service.data(path, prefer=only) if "@" in one.lstrip("@")]
    assert names
    assert all("@Microsoft.Dynamics.CRM." in one for one in names)
    assert not [one for one in service.data(path) if "@" in one.lstrip("@")]


def test_a_row_that_did_not_change_is_not_sent_again(service: Service) -> None:
    """``If-None-Match`` with its ETag is 304; ``null`` is nothing (2.6)."""
    path = f"msdyn_ocrecordings({recording(0)})"
    etag = service.data(path)["@odata.etag"]
    assert service.get(path, headers={"if-none-match": etag}).status_code == 304
    assert service.get(path, headers={"if-none-match": "null"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("msdyn_ocrecordingz", 404, "0x8006088a"),
        ("msdyn_ocrecordings/other", 404, "0x8006088a"),
        (f"msdyn_ocrecordings({recording(99)})", 404, "0x80040217"),
        (f"msdyn_ocrecordings({recording(1)})/msdyn_nothing", 404, "0x8006088a"),
        (f"msdyn_ocsessions(msdyn_ocsessionid={recording(1)})", 400, "0x80060888"),
    ],
)
def test_addresses_that_lead_nowhere(service: Service, path: str, status: int, code: str) -> None:
    """An unknown segment is not an absent row (2.7)."""
    assert error_of(service.get(path))[:2] == (status, code)


def test_errors_say_more_when_annotations_are_wanted(service: Service) -> None:
    """The details beside code and message (2.7)."""
    told = service.get("nothing", prefer='odata.include-annotations="*"').json()["error"]
    assert "@Microsoft.PowerApps.CDS.HelpLink" in told


def test_other_methods_are_refused(service: Service) -> None:
    """405 of whatever is only read."""
    assert service.send("POST", "msdyn_ocrecordings", json={}).status_code == 405


@pytest.mark.parametrize("status", [414, 400])
def test_long_addresses_are_refused(start: Starter, status: int) -> None:
    """Above 32 768 characters, and not before (2.2)."""
    service = start(too_long=status)
    transport = httpx.ASGITransport(service.simulator.hosts["org"])
    bearer = {"authorization": f"Bearer {service.bearer()}"}

    async def ask(count: int) -> int:
        """Past our server, which cuts what is much longer by itself."""
        condition = " or ".join(f"msdyn_ocrecordingid eq {recording(n)}" for n in range(count))
        async with httpx.AsyncClient(transport=transport, headers=bearer) as http:
            url = f"{service.urls['org']}{API}/msdyn_ocrecordings?$filter={condition}"
            return (await http.get(url)).status_code

    assert asyncio.run(ask(400)) == 200
    assert asyncio.run(ask(500)) == status


@pytest.mark.parametrize(
    "query", ["$select=msdyn_mediauri", "$filter=msdyn_mediauri eq null", "$orderby=msdyn_mediauri"]
)
def test_a_column_may_be_in_the_dictionary_alone(start: Starter, query: str) -> None:
    """A query that names it fails as a whole, and rows are without it (6.3)."""
    service = start(rejected_columns="msdyn_ocrecording.msdyn_mediauri")
    path = "EntityDefinitions(LogicalName='msdyn_ocrecording')/Attributes?$select=LogicalName"
    assert "msdyn_mediauri" in {one["LogicalName"] for one in service.data(path)["value"]}
    status, code, message = error_of(service.get(f"msdyn_ocrecordings?{query}"))
    assert (status, code) == (400, "0x80060888")
    assert "'msdyn_mediauri'" in message
    assert "msdyn_mediauri" not in service.data(f"msdyn_ocrecordings({recording(0)})")
    assert 'Name="msdyn_mediauri"' not in service.get("$metadata").text


def test_a_rejected_file_or_lookup_leads_nowhere(start: Starter) -> None:
    """Neither its value nor the row that it names can be asked for (6.3)."""
    table = "msdyn_ocrecording"
    service = start(rejected_columns=f"{table}.msdyn_recording {table}.msdyn_liveworkitemid")
    row = f"msdyn_ocrecordings({recording(0)})"
    assert service.get(f"{row}/msdyn_recording/$value").status_code == 400
    assert service.get(f"{row}?$expand=msdyn_liveworkitemid").status_code == 400
    assert service.get(f"{row}?$select=_msdyn_liveworkitemid_value").status_code == 400


@pytest.mark.parametrize("switch", ["missing_columns", "rejected_columns"])
@pytest.mark.parametrize(
    "key",
    [
        "msdyn_ocrecording.msdyn_ocrecordingid",
        "queue.queueid",
        "msdyn_ocsession.activityid",
        "msdyn_ocvoicemail.activityid",
    ],
)
def test_no_table_is_without_its_key(start: Starter, switch: str, key: str) -> None:
    """Such an environment does not exist, and is refused before it is served."""
    with pytest.raises(BadSettings, match="cannot be without"):
        start(**{switch: key})


def test_environments_differ_in_their_columns(start: Starter) -> None:
    """Columns and tables may be missing, others may be there (3.3, 6.3)."""
    service = start(
        missing_columns="msdyn_ocrecording.msdyn_mediauri msdyn_ocrecording.msdyn_applicationid",
        missing_tables="msdyn_ocvoicemail",
        extra_columns=True,
    )
    told = service.data(f"msdyn_ocrecordings({recording(0)})")
    assert "msdyn_mediauri" not in told
    assert told["msdyn_previewmode"] == 192359999
    assert service.get("msdyn_ocrecordings?$select=msdyn_mediauri").status_code == 400
    assert error_of(service.get("msdyn_ocvoicemails"))[:2] == (404, "0x8006088a")
