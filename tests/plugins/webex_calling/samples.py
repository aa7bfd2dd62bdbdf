"""Rows as the sheet shows them (1.3 to 1.5, 2.2), for all tests of Webex Calling."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from catchment.model import Fact, Json, Recording
from catchment_webex_calling.records import map_fact
from catchment_webex_calling.sightings import map_sighting

Row = dict[str, Any]

RECORDING = "d41f6a0e-2b7c-4c1f-8e55-90ab12cd34ef"
SESSION = "c0a8017e-6f1b-4a52-9d3c-77e1b2f4a901"
HEX = SESSION.replace("-", "")
ANNA = "5b6f3f0a-8f5c-4d0e-b0c3-2f7a9c1d4e51"
BEA = "7a1c3f0a-8f5c-4d0e-b0c3-2f7a9c1d4e52"
QUEUE = "11112222-8f5c-4d0e-b0c3-2f7a9c1d4e53"
LOCATION = "9e1d7c44-0b1e-4d53-8f0e-6a2b7c9d1e33"
INTERACTION = "6d0f1c0a-52ab-4f77-8d61-2f1f7f9a0c01"
CUSTOMER = "+4915550100"
LONG_AGO = datetime(2026, 3, 1, tzinfo=UTC)

ITEM: Row = {
    "id": RECORDING,
    "topic": "Call with Bo Lind-20260310 1422",
    "createTime": "2026-03-10T14:22:07Z",
    "timeRecorded": "2026-03-10T14:12:31Z",
    "ownerId": ANNA,
    "ownerType": "user",
    "ownerEmail": "anna.berg@example.com",
    "format": "MP3",
    "durationSeconds": 312,
    "sizeBytes": 1248264,
    "serviceType": "calling",
    "storageRegion": "DE",
    "status": "available",
    "serviceData": {"locationId": LOCATION, "callSessionId": SESSION},
}

LINKS: Row = {
    "audioDownloadLink": "https://media.example.com/nbr/x?ticket=T1",
    "transcriptDownloadLink": "https://media.example.com/nbr/y?ticket=T2",
    "suggestedNotesDownloadLink": "https://ai.example.com/z",
    "expiration": "2026-03-10T17:25:00Z",
}

METADATA: Row = {
    "id": RECORDING,
    "ownerId": ANNA,
    "ownerType": "USER",
    "ownerName": "Anna Berg",
    "ownerEmail": "anna.berg@example.com",
    "storageRegion": "DE",
    "serviceType": "calling",
    "version": "1.2",
    "serviceData": {
        "callRecordingId": RECORDING,
        "locationId": LOCATION,
        "callSessionId": SESSION,
        "personality": "terminator",
        "callingParty": {"number": f"sip:{CUSTOMER}@192.0.2.10;user=phone"},
        "calledParty": {
            "actor": {"type": "USER", "id": ANNA},
            "name": "Anna Berg",
            "number": "sip:2101@192.0.2.10;user=phone",
        },
        "answererInfo": {
            "actor": {"type": "USER", "id": ANNA},
            "number": "sip:2101@192.0.2.10",
        },
        "connectedParty": {"number": f"sip:{CUSTOMER}@192.0.2.10"},
        "managedBy": {
            "actor": {"type": "USER", "id": ANNA, "email": "anna.berg@example.com"},
            "name": "Anna Berg",
            "number": "2101",
        },
        "callId": "callhalf-7304411:0",
        "session": {"startTime": "2026-03-10T14:12:31Z", "stopTime": "2026-03-10T14:18:13Z"},
        "recordingType": "alwaysON",
        "recordingActions": [
            {"action": "PAUSE", "time": "2026-03-10T14:14:02Z"},
            {"action": "RESUME", "time": "2026-03-10T14:14:32Z"},
        ],
        "callActivity": [],
    },
}

CDR: Row = {
    "Start time": "2026-03-10T14:12:20.118Z",
    "Answer time": "2026-03-10T14:12:30.902Z",
    "Release time": "2026-03-10T14:18:13.447Z",
    "Duration": 343,
    "Ring duration": 10,
    "Hold Duration": 25,
    "Answered": "true",
    "Answer indicator": "Yes",
    "Direction": "TERMINATING",
    "Call type": "SIP_INBOUND",
    "Calling number": CUSTOMER,
    "Called number": "+4930555021",
    "Correlation ID": SESSION,
    "Local call ID": "7304411:0",
    "Remote call ID": "7304398:0",
    "Related call ID": "",
    "Transfer related call ID": "NA",
    "Interaction ID": INTERACTION,
    "Original reason": "CallQueue",
    "Redirect reason": "CallQueue",
    "Related reason": "CallQueue",
    "Queue Type": "Customer Assist",
    "User": "Anna Berg",
    "User type": "User",
    "User UUID": ANNA,
    "User number": "+4930555021",
    "Location": "Berlin",
    "Call outcome": "Success",
    "Call outcome reason": "Normal",
    "Releasing party": "Local",
    "Call Recording Platform Name": "Webex",
    "Call Recording Result": "successful",
    "Call Recording Trigger": "always",
    "Report ID": "5f0e1d2c-1111-3222-8333-444455556666",
    "Report time": "2026-03-10T14:18:14.020Z",
}

ENTRY: Row = CDR | {
    "Start time": "2026-03-10T14:12:00.000Z",
    "Answer time": "2026-03-10T14:12:00.000Z",
    "Release time": "2026-03-10T14:18:13.447Z",
    "Hold Duration": 0,
    "Called number": "+4930555020",
    "Local call ID": "7304300:0",
    "Remote call ID": "7304299:0",
    "Related call ID": "7304398:0",
    "Original reason": "",
    "Redirect reason": "",
    "User": "Support DE",
    "User type": "CallCenterPremium",
    "User UUID": QUEUE,
    "User number": "+4930555020",
    "Call Recording Platform Name": "",
    "Call Recording Result": "",
    "Call Recording Trigger": "",
    "Report ID": "entry",
}
"""The customer arrives at the queue."""

DELIVERY: Row = ENTRY | {
    "Start time": "2026-03-10T14:12:20.118Z",
    "Direction": "ORIGINATING",
    "Call type": "SIP_ENTERPRISE",
    "Called number": "+4930555021",
    "Local call ID": "7304398:0",
    "Remote call ID": "7304411:0",
    "Related call ID": "7304300:0",
    "Report ID": "delivery",
}
"""The queue calls Anna."""

MISSED: Row = CDR | {
    "Start time": "2026-03-10T14:12:05.000Z",
    "Answer time": "",
    "Release time": "2026-03-10T14:12:15.000Z",
    "Duration": 0,
    "Hold Duration": 0,
    "Answered": "false",
    "Answer indicator": "No",
    "Local call ID": "7304310:0",
    "Remote call ID": "7304311:0",
    "User": "Bea Holm",
    "User UUID": BEA,
    "User number": "+4930555022",
    "Call Recording Platform Name": "",
    "Call Recording Result": "",
    "Call Recording Trigger": "",
    "Report ID": "missed",
}
"""Bea's phone rang out before Anna's."""

CONSULTING: Row = CDR | {
    "Start time": "2026-03-10T14:15:00.000Z",
    "Answer time": "2026-03-10T14:15:05.000Z",
    "Release time": "2026-03-10T14:18:13.000Z",
    "Duration": 188,
    "Hold Duration": 0,
    "Direction": "ORIGINATING",
    "Call type": "SIP_ENTERPRISE",
    "Calling number": "+4930555021",
    "Called number": "+4930555022",
    "Correlation ID": "aaaabbbb-6f1b-4a52-9d3c-77e1b2f4a902",
    "Local call ID": "7304502:0",
    "Remote call ID": "7304503:0",
    "Transfer related call ID": "7304411:0",
    "Interaction ID": "",
    "Original reason": "",
    "Redirect reason": "",
    "Related reason": "ConsultativeTransfer",
    "Queue Type": "",
    "Call Recording Platform Name": "",
    "Call Recording Result": "",
    "Report ID": "consulting",
}
"""Anna asks Bea, in a session of its own."""

CONSULTED: Row = CONSULTING | {
    "Direction": "TERMINATING",
    "Local call ID": "7304503:0",
    "Remote call ID": "7304502:0",
    "Transfer related call ID": "",
    "User": "Bea Holm",
    "User UUID": BEA,
    "User number": "+4930555022",
    "Report ID": "consulted",
}
"""Bea is asked."""


def fact(row: Json = CDR) -> Fact:
    """A row of the call history as the adapter reports it."""
    return map_fact(row, LONG_AGO)


def recording(item: Json = ITEM, metadata: Json | None = METADATA) -> Recording:
    """A recording with its documents, as the ledger hands it to the mapping."""
    seen = map_sighting(item, LONG_AGO)
    documents = {"listing": deepcopy(seen.document)}
    if metadata is not None:
        documents["metadata"] = metadata
    return Recording(seen.external_id, seen.occurred_at, seen.keys, seen.revision, None, documents)


def nested(row: Row, **changed: object) -> Row:
    """*row* with fields of its ``serviceData`` changed."""
    return row | {"serviceData": row["serviceData"] | changed}
