"""From call records to facts: keys that join what belongs together, and what must be recorded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.plugins.webex_calling.samples import (
    CDR,
    CONSULTED,
    CONSULTING,
    DELIVERY,
    ENTRY,
    HEX,
    INTERACTION,
    LONG_AGO,
    MISSED,
    SESSION,
    fact,
)

from catchment.model import Key
from catchment_webex_calling.payloads import read_cdr
from catchment_webex_calling.records import EXPECTED

NOTHINGS = ["", "NA", "na", None, "null", "00000000-0000-0000-0000-000000000000"]


def values(row: dict[str, object], space: str) -> set[str]:
    """The values of a row's keys in *space*."""
    return {key.value for key in fact(row).keys if key.space == space}


# --- what a row says (2.2) ------------------------------------------------------------------------


START, RELEASE = "2026-03-10T14:12:20.118000+00:00", "2026-03-10T14:18:13.447000+00:00"
FIELDS = [
    ("2.2-time", "Start time", "2026-03-10T14:12:20.118Z", "start_time", START),
    ("2.2-spaced-time", "Release time", "2026-03-10 14:18:13.447", "release_time", RELEASE),
    ("2.2-no-time", "Answer time", "NA", "answer_time", None),
    ("2.2-number", "Duration", 343, "duration", 343),
    ("2.2-number-as-text", "Duration", "343", "duration", 343),
    ("2.2-no-number", "Hold Duration", "na", "hold_duration", None),
    ("2.2-true", "Answered", "true", "answered", True),
    ("2.2-false", "Answered", "false", "answered", False),
    ("2.2-neither", "Answered", "NA", "answered", None),
    ("2.2-user-type", "User type", "CallCenterPremium", "user_type", "callcenterpremium"),
    ("2.2-no-text", "User", "NA", "user", ""),
    ("2.2-small-letters", "report ID", "R1", "report_id", "R1"),
    ("2.2-capitals", "CORRELATION ID", SESSION, "correlation_id", SESSION),
    ("2.2-two-spaces", "Call  Recording Trigger", "always", "call_recording_trigger", "always"),
    ("2.2-number-for-text", "Location", 7, "location", "7"),
    ("2.2-list-for-text", "Location", ["x"], "location", ""),
]


@pytest.mark.parametrize(
    ("key", "told", "name", "read"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS]
)
def test_a_field_is_read_in_every_form(key: str, told: object, name: str, read: object) -> None:
    """Odd capitals, strings for numbers, ``NA`` for nothing, two forms of time (2.2)."""
    found = getattr(read_cdr({key: told}), name)
    assert (found.isoformat() if isinstance(found, datetime) else found) == read


def test_a_row_is_one_fact_by_its_report_id() -> None:
    """``Report ID`` is the key of de-duplication (2.1)."""
    told = fact()
    assert (told.kind, told.fact_id) == ("cdr", CDR["Report ID"])
    assert told.at == datetime(2026, 3, 10, 14, 12, 20, 118000, tzinfo=UTC)
    assert told.document == CDR
    assert told.ask is None


def test_a_row_without_report_id_is_told_from_others() -> None:
    """The same row again is the same fact, another one is not."""
    bare = {key: told for key, told in CDR.items() if key != "Report ID"}
    assert fact(bare).fact_id == fact(dict(reversed(bare.items()))).fact_id
    assert fact(bare).fact_id != fact(bare | {"Duration": 1}).fact_id


@pytest.mark.parametrize("row", [{}, {"Report ID": "R"}, dict.fromkeys(CDR, "NA")])
def test_a_row_that_says_nothing_stands_alone(row: dict[str, object]) -> None:
    """It has a key of its own and joins nobody; its time is the window's."""
    told = fact(row)
    assert told.keys == (Key("report", told.fact_id),)
    assert told.at == LONG_AGO


# --- what it shares (2.3, 2.4) --------------------------------------------------------------------


def test_session_and_interaction_are_keys() -> None:
    """S001-11: the session is the consolidation key, as 32 hexadecimal digits."""
    assert values(CDR, "session") == {HEX}
    assert values(CDR, "interaction") == {INTERACTION.replace("-", "")}


@pytest.mark.parametrize("empty", NOTHINGS, ids=repr)
@pytest.mark.parametrize(
    ("key", "space"),
    [("Correlation ID", "session"), ("Interaction ID", "interaction")],
    ids=["2.3-session", "2.3-interaction"],
)
def test_nothing_is_never_a_key(key: str, space: str, empty: object) -> None:
    """Else all calls without an interaction would be one."""
    assert values(CDR | {key: empty}, space) == set()


@pytest.mark.parametrize("empty", [*NOTHINGS, "0:0", "-", "callhalf-"], ids=repr)
def test_no_end_of_a_leg_is_never_a_key(empty: object) -> None:
    """The same for ``Local``, ``Remote``, ``Related`` and ``Transfer related call ID``."""
    names = ("Local call ID", "Remote call ID", "Related call ID", "Transfer related call ID")
    assert values(CDR | dict.fromkeys(names, empty), "call") == set()


JOINED = [
    ("2.3-local-remote", CONSULTING, CONSULTED),
    ("2.3-transfer-related", CDR, CONSULTING),
    ("2.3-queue-delivery", DELIVERY, CDR | {"Correlation ID": "", "Interaction ID": ""}),
    ("2.3-related-call", ENTRY, DELIVERY | {"Correlation ID": "", "Interaction ID": ""}),
    ("2.3-same-session", CDR, MISSED),
]


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in JOINED], ids=[r[0] for r in JOINED])
def test_legs_of_one_call_share_a_key(one: dict[str, object], other: dict[str, object]) -> None:
    """S001-10: transfers and conferences are related (2.4, rule 2)."""
    assert set(fact(one).keys) & set(fact(other).keys)


def test_ids_of_a_leg_are_one_space_in_every_spelling() -> None:
    """``callhalf-<n>:<m>``, bare, and base64 of the path are the same end (0)."""
    spelled = "Y2lzY29zcGFyazovL3VzL0NBTEwvQkNMRC9jYWxsaGFsZi03MzA0NDExOjA"
    for text in ("7304411:0", "callhalf-7304411:0", spelled):
        assert "7304411:0@20260310" in values(CDR | {"Local call ID": text}, "call")


def test_strangers_of_another_day_never_join() -> None:
    """Call ids are counters that start anew; only calls of the same days may share one."""
    moved = {
        key: str(told).replace("2026-03-10", "2026-05-10") if "time" in key else told
        for key, told in CDR.items()
    }
    later = moved | {"Correlation ID": "", "Interaction ID": "", "Report ID": "later"}
    assert not set(fact().keys) & set(fact(later).keys)


def test_a_leg_over_midnight_joins_on_both_days() -> None:
    """Its other side may be told with times of the next day."""
    before = CDR | {"Start time": "2026-03-10T23:59:59Z", "Answer time": "", "Release time": ""}
    after = CDR | {"Start time": "2026-03-11T00:00:01Z", "Answer time": "", "Release time": ""}
    assert values(before, "call") & values(after, "call")


def test_a_queue_does_not_join_its_callers() -> None:
    """Neither the queue's id nor its number is a key: two callers of one queue stay apart."""
    other = {
        "Correlation ID": "bbbbbbbb-6f1b-4a52-9d3c-77e1b2f4a903",
        "Interaction ID": "cccccccc-6f1b-4a52-9d3c-77e1b2f4a903",
        "Local call ID": "8000001:0",
        "Remote call ID": "8000002:0",
        "Related call ID": "8000003:0",
    }
    assert not set(fact(ENTRY).keys) & set(fact(ENTRY | other).keys)


# --- what must be recorded (2.4, rule 5) ----------------------------------------------------------

BARE = {"Call Recording Platform Name": "", "Call Recording Result": ""}
UNANSWERED = BARE | {"Answered": "false", "Answer indicator": "No", "Answer time": ""}
JUDGED = [
    ("2.4-successful", {}, (EXPECTED, "")),
    ("2.4-case", {"Call Recording Platform Name": "WEBEX"}, (EXPECTED, "")),
    ("2.4-queue-successful", {"User type": "CallCenterPremium"}, (EXPECTED, "")),
    ("2.2-failed", {"Call Recording Result": "failed"}, ("", "failed")),
    ("2.2-not-kept", {"Call Recording Result": "successful but not kept"}, ("", "failed")),
    ("2.2-queue-failed", {"User type": "CallCenterPremium", "Call Recording Result": "failed"},
     ("", "failed")),
    ("2.2-other-platform", {"Call Recording Platform Name": "Imagicle"}, ("", "external")),
    ("2.2-no-platform-successful", {"Call Recording Platform Name": ""}, (EXPECTED, "")),
    ("2.2-unknown-successful", {"Call Recording Platform Name": "Unknown"}, (EXPECTED, "")),
    ("2.2-unknown-failed", {"Call Recording Platform Name": "Unknown",
                            "Call Recording Result": "failed"}, ("", "failed")),
    ("2.2-other-platform-failed", {"Call Recording Platform Name": "Imagicle",
                                   "Call Recording Result": "failed"}, ("", "external")),
    ("2.2-unknown-platform", BARE | {"Call Recording Platform Name": "Unknown"},
     ("", "not recorded")),
    ("2.2-not-recorded", BARE, ("", "not recorded")),
    ("2.2-na", {"Call Recording Platform Name": "NA", "Call Recording Result": "na"},
     ("", "not recorded")),
    ("2.2-place", BARE | {"User type": "Place"}, ("", "not recorded")),
    ("2.2-virtual-line", BARE | {"User type": "VirtualLine"}, ("", "not recorded")),
    ("2.2-unanswered", UNANSWERED, ("", "unanswered")),
    ("2.2-answered-elsewhere", UNANSWERED | {"Answered Elsewhere": "Yes"}, ("", "")),
    ("2.2-post-redirection", UNANSWERED | {"Answer indicator": "Yes-PostRedirection"}, ("", "")),
    ("2.2-no-flag", BARE | {"Answered": "NA", "Answer indicator": ""}, ("", "not recorded")),
    ("2.3-queue", BARE | {"User type": "CallCenterStandard"}, ("", "")),
    ("2.3-given-up", UNANSWERED | {"User type": "CallCenterStandard"}, ("", "unanswered")),
    ("2.3-tried", UNANSWERED | {"User type": "CallCenterStandard", "Direction": "ORIGINATING"},
     ("", "")),
    ("2.3-hunt-group", UNANSWERED | {"User type": "HuntGroup"}, ("", "")),
    ("2.2-attendant", BARE | {"User type": "AutomatedAttendantVideo"}, ("", "")),
    ("2.2-new-type", BARE | {"User type": "SomethingNew"}, ("", "")),
    ("2.2-recorder", BARE | {"Related reason": "CallRecording"}, ("", "")),
    ("2.2-supervisor", BARE | {"Related reason": "CCMonitoringBI"}, ("", "")),
    ("2.3-passed-on", BARE | {"Direction": "ORIGINATING", "Related call ID": "1:0"}, ("", "")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "judged"), [row[1:] for row in JUDGED], ids=[row[0] for row in JUDGED]
)
def test_a_record_says_whether_a_recording_must_exist(
    changed: dict[str, object], judged: tuple[str, str]
) -> None:
    """S001-7: a completed call that Webex says it recorded; otherwise why there is nothing."""
    told = fact(CDR | changed)
    assert (told.expects, told.absence) == judged
