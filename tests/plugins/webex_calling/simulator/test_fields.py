"""Every documented field with its type, section by section of the sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from tests.plugins.webex_calling.simulator.cloud import Clouds, Row

from catchment_webex_calling.simulator.records import KEYS

Check = Callable[[Any], bool]

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MISSING = ("", "NA", "na")


def text(value: Any) -> bool:
    """Some text."""
    return isinstance(value, str) and value != ""


def number(value: Any) -> bool:
    """A number, and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def uuid(value: Any) -> bool:
    """A bare UUID."""
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def form(pattern: str) -> Check:
    """Text of a form."""
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def one_of(*values: Any) -> Check:
    """One of a few values."""
    return lambda value: value in values


def optional(check: Check) -> Check:
    """Of call records: also missing."""
    return lambda value: value in MISSING or check(value)


SECOND = form(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
INSTANT = form(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SIP = form(r"sip:\+?\d+@192\.0\.2\.10(;user=phone)?")
CALL_ID = form(r"\d+:\d+")
REASON = optional(one_of("CallQueue", "Deflection"))


@dataclass(frozen=True)
class Everything:
    """What one organisation tells of one day."""

    items: list[Row]
    details: list[Row]
    metadata: list[Row]
    records: list[Row]


@pytest.fixture(scope="module")
def told(clouds: Clouds) -> Everything:
    """Everything, asked once."""
    webex = clouds(rate_per_minute=0, owner_email="null", ai_notes=True)
    items = webex.all()
    details = [webex.details(item["id"]) for item in items]
    metadata = [webex.metadata(item["id"]) for item in items]
    return Everything(items, details, metadata, webex.records())


ITEM: list[tuple[str, str, Check]] = [
    ("0", "id", uuid),
    ("1.3", "topic", form(r"Call with .+-\d{8} \d{4}")),
    ("1.3", "createTime", SECOND),
    ("1.3", "timeRecorded", SECOND),
    ("0", "ownerId", uuid),
    ("1.2", "ownerType", one_of("user", "place", "virtualLine", "callQueue")),
    ("1.3", "ownerEmail", lambda v: v is None or "@" in v),
    ("1.2", "format", one_of("MP3")),
    ("1.3", "durationSeconds", number),
    ("1.3", "sizeBytes", number),
    ("1.2", "serviceType", one_of("calling", "customerAssist")),
    ("1.2", "storageRegion", one_of("US", "DE")),
    ("1.3", "status", one_of("available")),
    ("1.3", "serviceData", lambda v: set(v) == {"locationId", "callSessionId"}),
    ("0", "serviceData.locationId", uuid),
    ("0", "serviceData.callSessionId", uuid),
]


@pytest.mark.parametrize(
    ("field", "check"), [pytest.param(f, c, id=f"{s} {f}") for s, f, c in ITEM]
)
def test_each_field_of_a_list_item(told: Everything, field: str, check: Check) -> None:
    """1.3: in the list, and in details alike."""
    for row in (*told.items, *told.details):
        value: Any = row
        for name in field.split("."):
            value = value[name]
        assert check(value), (field, value)


def test_the_transcript_language_stands_on_list_items_alone(told: Everything) -> None:
    """1.3: only where there is a transcript, and never in details."""
    having = {row["id"] for row in told.items if "transcriptLanguage" in row}
    linked = {
        row["id"]
        for row in told.details
        if "transcriptDownloadLink" in row.get("temporaryDirectDownloadLinks", {})
    }
    assert having == linked
    assert 0 < len(having) < len(told.items)
    assert not any("transcriptLanguage" in row for row in told.details)


LINKS: list[tuple[str, str, Check]] = [
    ("1.4", "audioDownloadLink", form(r"http.*recordUUID=[^&]+&ticket=\w+&timestamp=\d{13}")),
    ("1.4", "transcriptDownloadLink", form(r"http.*recordUUID=[^&]+&ticket=\w+.*")),
    ("1.4", "suggestedNotesDownloadLink", form("http.*")),
    ("1.4", "shortNotesDownloadLink", form("http.*")),
    ("1.4", "actionItemsDownloadLink", form("http.*")),
    ("1.4", "expiration", SECOND),
]


@pytest.mark.parametrize(
    ("field", "check"), [pytest.param(f, c, id=f"{s} {f}") for s, f, c in LINKS]
)
def test_each_link(told: Everything, field: str, check: Check) -> None:
    """1.4: keys of what does not exist are missing, the others are addresses."""
    having = [row["temporaryDirectDownloadLinks"] for row in told.details]
    values = [links[field] for links in having if field in links]
    assert values
    assert all(check(value) for value in values)


METADATA: list[tuple[str, str, Check]] = [
    ("1.5", "id", uuid),
    ("1.5", "orgId", uuid),
    ("1.5", "ownerId", uuid),
    ("1.5", "ownerType", one_of("USER", "PLACE", "VIRTUAL_LINE", "CALL_QUEUE")),
    ("1.5", "ownerName", text),
    ("1.5", "storageRegion", one_of("US", "DE")),
    ("1.5", "serviceType", one_of("calling", "customerAssist")),
    ("1.5", "version", one_of("1.2")),
    ("1.5", "serviceData.callRecordingId", uuid),
    ("0", "serviceData.locationId", uuid),
    ("0", "serviceData.callSessionId", uuid),
    ("1.5", "serviceData.personality", one_of("originator", "terminator")),
    ("1.5", "serviceData.callingParty.number", SIP),
    ("1.5", "serviceData.calledParty.number", SIP),
    ("1.5", "serviceData.answererInfo.number", SIP),
    ("1.5", "serviceData.connectedParty.number", SIP),
    ("0", "serviceData.callId", form(r"callhalf-\d+:\d+")),
    ("1.5", "serviceData.sipCallId", form(r"BW\d+@192\.0\.2\.11")),
    ("1.5", "serviceData.session.startTime", SECOND),
    ("1.5", "serviceData.session.stopTime", SECOND),
    ("1.5", "serviceData.recordingType", text),
    ("1.5", "serviceData.recordingActions", lambda v: isinstance(v, list)),
    ("1.5", "serviceData.callActivity", lambda v: len(v) > 0),
]


@pytest.mark.parametrize(
    ("field", "check"), [pytest.param(f, c, id=f"{s} {f}") for s, f, c in METADATA]
)
def test_each_field_of_metadata(told: Everything, field: str, check: Check) -> None:
    """1.5: what the sample has."""
    for row in told.metadata:
        value: Any = row
        for name in field.split("."):
            value = value[name]
        assert check(value), (field, value)


ACTIVITY: list[tuple[str, str, Check]] = [
    ("1.5", "timeStamp", SECOND),
    ("1.5", "mediaStreams", lambda v: uuid(v[0]["streamId"]) and v[0]["mode"] == "mixed"),
    ("1.5", "participants", lambda v: all(SIP(one["aor"]) and uuid(one["send"]) for one in v)),
    ("1.5", "announcementData", lambda v: v["announcementType"] == "USER_LEVEL"),
    ("1.5", "redirectInfo", lambda v: isinstance(v, dict)),
    ("1.5", "redirectedCall", lambda v: isinstance(v, dict)),
]


@pytest.mark.parametrize(
    ("field", "check"), [pytest.param(f, c, id=f"{s} {f}") for s, f, c in ACTIVITY]
)
def test_each_field_of_call_activity(told: Everything, field: str, check: Check) -> None:
    """1.5: with ``showAllTypes=true``."""
    entries = [e for row in told.metadata for e in row["serviceData"]["callActivity"]]
    values = [entry[field] for entry in entries if field in entry]
    assert values
    assert all(check(value) for value in values)


def test_activities_are_in_order_of_time(told: Everything) -> None:
    """1.5: time-ordered."""
    for row in told.metadata:
        times = [entry["timeStamp"] for entry in row["serviceData"]["callActivity"]]
        assert times == sorted(times)


RECORD: dict[str, Check] = {
    "Start time": INSTANT,
    "Answer time": optional(INSTANT),
    "Release time": INSTANT,
    "Report time": INSTANT,
    "Call transfer Time": optional(INSTANT),
    "Duration": number,
    "Ring duration": number,
    "Hold Duration": number,
    "Answered": one_of("true", "false"),
    "Answer indicator": one_of("Yes", "No"),
    "Answered Elsewhere": optional(one_of("true")),
    "Call outcome": one_of("Success", "Refusal"),
    "Releasing party": one_of("Local", "Remote"),
    "Direction": one_of("ORIGINATING", "TERMINATING"),
    "Call type": one_of("SIP_INBOUND", "SIP_ENTERPRISE", "SIP_INTERNATIONAL", "SIP_NATIONAL"),
    "Client type": one_of("WXC_CLIENT", "WXC_DEVICE", "SIP"),
    "Calling number": form(r"\+\d+"),
    "Called number": form(r"\+\d+"),
    "User": text,
    "User number": form(r"\+\d+"),
    "User type": one_of("User", "Place", "VirtualLine", "CallCenterStandard", "CallCenterPremium"),
    "User UUID": uuid,
    "Correlation ID": uuid,
    "Local call ID": CALL_ID,
    "Remote call ID": CALL_ID,
    "Related call ID": optional(CALL_ID),
    "Transfer related call ID": optional(CALL_ID),
    "Interaction ID": uuid,
    "Network call ID": form(r"BW\d+@192\.0\.2\.11"),
    "Original reason": REASON,
    "Redirect reason": REASON,
    "Related reason": optional(one_of("CallQueue", "Deflection", "ConsultativeTransfer")),
    "Queue Type": optional(one_of("Call Queue", "Customer Assist")),
    "Call Recording Platform Name": optional(one_of("Webex", "DubberRecorder")),
    "Call Recording Result": optional(one_of("successful", "failed", "successful but not kept")),
    "Call Recording Trigger": optional(
        one_of("always", "always-pause-resume", "on-demand", "on-demand-user-start")
    ),
    "Location": text,
    "Site timezone": form(r"-?\d+"),
    "Site UUID": uuid,
    "Org UUID": uuid,
    "Report ID": uuid,
}


@pytest.mark.parametrize("key", [pytest.param(key, id=f"2.2 {key}") for key in KEYS])
def test_each_key_of_a_call_record(told: Everything, key: str) -> None:
    """2.2: all keys are there; values are strings, except three numbers."""
    for row in told.records:
        assert RECORD.get(key, optional(text))(row[key]), (key, row[key])


def test_a_record_has_no_other_keys(told: Everything) -> None:
    """2.2: the keys of the sheet, spaces and odd capitals included."""
    assert all(set(row) == set(KEYS) for row in told.records)
    assert len(KEYS) == len(set(KEYS))


@pytest.mark.parametrize(("form_", "values"), [("empty", {""}), ("NA", {"NA"}), ("na", {"na"})])
def test_how_missing_values_are_written_is_a_switch(
    cloud: Clouds, form_: str, values: set[str]
) -> None:
    """2.2: the empty string, ``NA`` or ``na``."""
    rows = cloud(cdr_missing=form_).records()
    assert {row["ELIN"] for row in rows} == values
    mixed = {row["ELIN"] for row in cloud(cdr_missing="mixed").records()}
    assert mixed == set(MISSING)


@pytest.mark.parametrize(("form_", "sep", "end"), [("iso", "T", "Z"), ("spaced", " ", "")])
def test_the_release_time_has_two_forms(cloud: Clouds, form_: str, sep: str, end: str) -> None:
    """2.2: one of Cisco's samples has a space."""
    for row in cloud(release_time=form_).records():
        told = row["Release time"]
        assert (told[10], told[23:]) == (sep, end)
        assert datetime.fromisoformat(told)
