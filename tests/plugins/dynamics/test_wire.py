"""Requests to Dataverse and the envelopes of its answers, without the network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from catchment.model import Window
from catchment_dynamics import columns, wire
from catchment_dynamics.columns import Columns

BASE = "https://contoso.crm4.dynamics.com/api/data/v9.2"
GUID = "0d9e7d0e-58d0-f011-8544-6045bd0a11aa"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_times_are_told_in_utc_and_whole_seconds() -> None:
    """2.2, 2.3: unquoted, with a Z, whatever zone they came in."""
    berlin = timezone(timedelta(hours=1))
    moment = datetime(2026, 3, 2, 9, 0, 0, 999_999, berlin)
    assert wire.write_time(moment) == "2026-03-02T08:00:00Z"


def test_windows_are_half_open() -> None:
    """4.2: what changed at the end belongs to the next window."""
    window = Window(START, START + timedelta(hours=1))
    assert wire.where_modified(window) == (
        "modifiedon ge 2026-03-02T08:00:00Z and modifiedon lt 2026-03-02T09:00:00Z"
    )


def test_a_list_is_paged_and_annotated() -> None:
    """2.4: the page size is sent as a preference, and never together with a limit."""
    request = wire.build_list("msdyn_ocrecordings", where="statecode eq 0", page=500)
    (prefer,) = (value for name, value in request.headers if name == "Prefer")
    assert prefer == (
        'odata.maxpagesize=500,odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'
    )
    asked = parse_qs(urlsplit(request.url(BASE)).query)
    assert asked == {"$filter": ["statecode eq 0"]}


def test_a_limit_is_asked_without_a_page_size() -> None:
    """2.2: with a page size the platform ignores it."""
    request = wire.build_list("msdyn_ocrecordings", top=1)
    assert not [value for _, value in request.headers if "maxpagesize" in value]
    assert ("$top", "1") in request.params


def test_tracking_asks_for_nothing_but_ids() -> None:
    """2.5: filter, order, expansion and limit are rejected."""
    request = wire.build_tracking("msdyn_ocrecordings", "msdyn_ocrecordingid")
    assert request.params == (("$select", "msdyn_ocrecordingid"),)
    assert "odata.track-changes" in dict(request.headers)["Prefer"]


def test_fifty_ids_stay_far_below_the_longest_address() -> None:
    """6, pain 6: 32,768 characters are the most."""
    ids = [f"{number:08x}{GUID[8:]}" for number in range(120)]
    lots = list(wire.cut_ids([*ids, *ids, ""]))
    assert [len(lot) for lot in lots] == [50, 50, 20]
    everything = Columns(
        dict.fromkeys((*columns.CONVERSATIONS.needed, *columns.CONVERSATIONS.welcome), "Lookup")
    )
    request = wire.build_list(
        "msdyn_ocliveworkitems",
        select=everything.select(columns.CONVERSATIONS),
        where=wire.where_any("_msdyn_omnichannelsession_value", lots[0]),
    )
    assert len(request.url(BASE)) < 10_000


def test_channels_are_asked_as_each_table_has_them() -> None:
    """6, pain 2: many choices in one column on conversations, one on sessions."""
    assert wire.where_channel_is(columns.VOICE) == (
        "(msdyn_channel eq 192440000 or msdyn_channel eq 192370000)"
    )
    contains = wire.where_channel_contains(columns.VOICE)
    assert contains.count("Microsoft.Dynamics.CRM.ContainValues(") == 2
    assert 'PropertyValues=["192440000"]' in contains


def test_a_link_is_asked_for_by_a_function() -> None:
    """2.9: GET, with the row as an alias."""
    request = wire.build_link("msdyn_ocrecordings", GUID, "msdyn_recording")
    parts = urlsplit(request.url(BASE))
    assert request.method == "GET"
    assert parts.path.endswith("/GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')")
    assert parse_qs(parts.query) == {"@p1": [f"{{'@odata.id':'msdyn_ocrecordings({GUID})'}}"]}


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://contoso.crm4.dynamics.com/api/data/v9.2/x?$skiptoken=1", True),
        ("https://CONTOSO.crm4.dynamics.com:443/api", True),
        ("http://contoso.crm4.dynamics.com/api", False),
        ("https://contoso.crm4.dynamics.com:8443/api", False),
        ("https://contoso.crm4.dynamics.com.evil.example/api", False),
        ("https://contoso.crm4.dynamics.com@evil.example/api", False),
        ("https://user@contoso.crm4.dynamics.com/api", False),
        ("https://contoso.crm4.dynamics.com:port/api", False),
        ("/api/data", False),
    ],
)
def test_links_are_followed_to_the_same_host_alone(link: str, same: bool) -> None:
    """Nobody else is sent our token."""
    assert wire.is_same_origin(link, "https://contoso.crm4.dynamics.com") is same


def test_a_page_is_read_with_its_links() -> None:
    """2.4, 2.5: rows verbatim, where the next page is, and where changes are told."""
    page = wire.read_page(
        {"value": [{"a": 1}, "no row"], "@odata.nextLink": "n", "@odata.deltaLink": "d"}
    )
    assert page == wire.Rows(({"a": 1},), "n", "d")
    assert wire.read_page({"error": {}}) is None


def test_columns_are_read_with_their_kinds() -> None:
    """6, pain 3: a File column is told by its exact kind; without it there is none."""
    rows: list[dict[str, Any]] = [
        {"LogicalName": "msdyn_recording", "AttributeType": "Virtual",
         "AttributeTypeName": {"Value": "FileType"}},
        {"LogicalName": "msdyn_liveworkitemid", "AttributeType": "Lookup"},
        {"LogicalName": "CreatedOn", "AttributeType": "DateTime"},
        {"AttributeType": "DateTime"},
    ]  # fmt: skip
    types = wire.read_types(rows)
    assert types == {
        "msdyn_recording": "FileType", "msdyn_liveworkitemid": "Lookup", "createdon": "DateTime",
    }  # fmt: skip


def test_only_columns_that_exist_are_asked_for() -> None:
    """One unknown name would fail the whole query; lookups have another name in queries."""
    there = Columns(
        {
            "msdyn_ocrecordingid": "Uniqueidentifier",
            "msdyn_recording": "FileType",
            "msdyn_recording_name": "String",
            "msdyn_liveworkitemid": "Lookup",
            "modifiedon": "DateTime",
            "msdyn_unheard": "FileType",
        }
    )
    asked = there.select(columns.RECORDINGS).split(",")
    assert asked == [
        "msdyn_ocrecordingid", "msdyn_recording", "_msdyn_liveworkitemid_value", "modifiedon",
        "msdyn_recording_name", "msdyn_unheard",
    ]  # fmt: skip
    assert there.list_missing(columns.RECORDINGS) == []
    assert "msdyn_channel" in there.list_missing(columns.SESSIONS)


def test_unreadable_metadata_asks_for_everything() -> None:
    """Then nothing is known to be missing."""
    unknown = Columns()
    assert unknown.select(columns.RECORDINGS) == ""
    assert unknown.list_missing(columns.RECORDINGS) == []
    assert unknown.list_files() == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("msdyn_liveworkitemid", "msdyn_liveworkitemid"),
        ("msdyn_conversationid", "msdyn_conversationid"),
        ("msdyn_something", ""),
    ],
)
def test_the_lookup_of_a_voicemail_is_found_by_its_name(name: str, found: str) -> None:
    """3: its columns are not published; a text that is called so is no lookup."""
    there = Columns({name: "Lookup", "msdyn_conversationtitle": "String", "a": "FileType"})
    assert there.find_conversation() == found
    assert there.list_files() == ["a"]


@pytest.mark.parametrize("table", columns.OFFERING, ids=lambda table: str(table.name))
def test_a_row_tells_its_table_by_its_key(table: columns.Table) -> None:
    """The ledger knows an id alone; the row that was listed says what it is of."""
    assert columns.find_table({table.key: GUID}) is table
    assert columns.find_id(table, {table.key: GUID.upper()}) == GUID.lower()
    assert columns.find_table({}) is None


def test_a_voicemail_may_be_an_activity() -> None:
    """3, 6.1: then its key is not named after its table, and is asked for by its own name."""
    there = Columns({"activityid": "Uniqueidentifier", "modifiedon": "DateTime"}, "activityid")
    assert there.select(columns.VOICEMAILS) == "activityid,modifiedon"
    row = {"activityid": GUID}
    assert columns.find_table(row) is columns.VOICEMAILS
    assert columns.find_id(columns.VOICEMAILS, row) == GUID.lower()
    assert columns.find_id(columns.RECORDINGS, row) == ""


def test_what_is_used_is_asked_for() -> None:
    """Other columns are kept for people, and nobody misses them."""
    for table in (columns.CONVERSATIONS, columns.RECORDINGS, columns.PARTICIPANTS):
        assert table.used
        assert table.used < {*table.welcome}
    assert "msdyn_callsid" in columns.CALLS.used
    assert "msdyn_botengagementmode" not in columns.SESSIONS.used
