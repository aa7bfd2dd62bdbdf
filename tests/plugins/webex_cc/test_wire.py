"""What is asked: milliseconds alone, valid questions, and signatures as the sheet has them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from graphql import parse, validate
from tests.plugins.webex_cc.samples import ORG, PLAIN, TASK

from catchment.model import Window
from catchment.transport import Answer, Request
from catchment_webex_cc import cms_wire, queries, wire
from catchment_webex_cc.ids import build_keys, dash, is_uuid, read_task_id
from catchment_webex_cc.refusals import SchemaRefused, read_error
from catchment_webex_cc.signature import sign
from catchment_webex_cc.simulator.schema import read_schema
from catchment_webex_cc.stamps import read_ms, write_ms

NOW = datetime(2026, 10, 12, 8, 0, 0, 123_456, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(hours=1), NOW)
SHORT = "AXq0Zr1bC2dE3fG4hI5j"

DATED = [
    wire.build_list(ORG, WINDOW, None),
    wire.build_details(ORG, [TASK], WINDOW, queries.build_details(1)),
    wire.build_chain_page(ORG, TASK, WINDOW, "1767100042117", queries.build_chain_page()),
    wire.build_activities(ORG, WINDOW, 0),
    cms_wire.build_records("csrs", WINDOW),
    cms_wire.build_records("aars", WINDOW),
    cms_wire.build_records("cars", WINDOW, session=PLAIN),
]


def list_stamps(request: Request) -> list[Any]:
    """Every value of *request* that is a time, wherever it stands."""
    params = dict(request.params)
    found: list[Any] = [params[name] for name in ("from", "to") if name in params]
    if "q" in params:
        query = json.loads(params["q"])
        found += query["dateBegin"] + query["dateEnd"]
    if request.json:
        found += [request.json["variables"][name] for name in ("from", "to")]
    return found


@pytest.mark.parametrize("request_", DATED, ids=lambda one: one.label)
def test_every_stamp_has_thirteen_digits(request_: Request) -> None:
    """0, trap 1: seconds would be answered with an empty list and no error."""
    stamps = list_stamps(request_)
    assert len(stamps) == 2
    assert all(re.fullmatch(r"\d{13}", str(stamp)) for stamp in stamps)
    assert int(stamps[0]) < int(stamps[1])


@pytest.mark.parametrize("year", [1970, 1999, 2001, 2026, 2286])
def test_no_moment_makes_another_number_of_digits(year: int) -> None:
    """Whatever a clock that went wrong may say."""
    assert len(str(write_ms(datetime(year, 1, 1, tzinfo=UTC)))) == 13


def test_zones_make_no_difference_and_missing_ones_are_refused() -> None:
    """Only aware times become stamps."""
    assert write_ms(NOW) == write_ms(NOW.astimezone(timezone(timedelta(hours=5)))) == 1791792000123
    with pytest.raises(ValueError, match="time zone"):
        write_ms(NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (1767100000000, datetime(2025, 12, 30, 13, 6, 40, tzinfo=UTC)),
        ("1767100000000", datetime(2025, 12, 30, 13, 6, 40, tzinfo=UTC)),
        (1.7671e12, datetime(2025, 12, 30, 13, 6, 40, tzinfo=UTC)),
        (-1, None),
        ("-1", None),
        (None, None),
        (1767100000, None),
        ("soon", None),
        (True, None),
        (1e300, None),
    ],
)
def test_stamps_are_read_as_they_come(told: object, meant: datetime | None) -> None:
    """Numbers and texts; ``-1`` is not over yet (0, trap 2), seconds are no time."""
    assert read_ms(told) == meant


QUERIES = {
    "list": queries.LIST,
    "least": queries.LIST_LEAST,
    "core": queries.build_core(1),
    "details": queries.build_details(10),
    "least details": queries.build_least_details(3),
    "chains": queries.build_chains(10),
    "chain page": queries.build_chain_page(),
}


@pytest.mark.parametrize("name", QUERIES)
def test_every_question_fits_the_schema_of_the_sheet(name: str) -> None:
    """By a GraphQL library; what the platform would answer with 400 never leaves."""
    assert validate(read_schema(), parse(QUERIES[name])) == []


def test_values_travel_as_variables() -> None:
    """An id can change no question."""
    request = wire.build_details(ORG, ['"}) { evil }', TASK], WINDOW, queries.build_details(2))
    assert "evil" not in request.json["query"]
    assert request.json["variables"]["id1"] == TASK


def test_the_list_goes_by_the_end() -> None:
    """0, trap 2: by the begin it would miss long calls; running ones are left out."""
    text = wire.build_list(ORG, WINDOW, None).json
    assert "timeComparator: endedTime" in text["query"]
    assert "isActive: {equals: false}" in text["query"]
    assert text["variables"]["cursor"] == "NA"


def test_captures_are_asked_with_dashes_and_for_minutes() -> None:
    """3: UUIDs, and links that live 1 to 60 minutes."""
    query = wire.build_captures(ORG, [PLAIN, SHORT], segments=True).json["query"]
    assert query["taskIds"] == [TASK, SHORT]
    assert 1 <= query["urlExpiration"] <= 60


def test_one_task_has_one_id_in_all_generations() -> None:
    """7.5: without dashes, in lower case; short ids are opaque and case-sensitive (0, trap 10)."""
    assert read_task_id(TASK.upper()) == read_task_id(PLAIN) == read_task_id(f" {TASK} ") == PLAIN
    assert (read_task_id(SHORT), dash(SHORT), is_uuid(SHORT)) == (SHORT, SHORT, False)
    assert dash(PLAIN) == dash(TASK) == TASK
    assert build_keys("  ") == ()


def test_the_signature_is_the_sheets() -> None:
    """7.1, the test vector."""
    assert sign("k3y-INVENTED-0001", "wfo.service@example.com") == "lwzeOhKpH3n7HatPZ7UYOi9LaGw="


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (400, {"error": {"message": [{"description": "FieldUndefined x"}]}}, "SchemaRefused", "x"),
        (400, {"error": {"message": [{"description": "bad span"}]}}, "AdapterFault", "bad span"),
        (400, {"error": "bare text"}, "AdapterFault", "bare text"),
        (401, {}, "TokenRejected", ""),
        (403, {"error": {"reason": "no role"}}, "Refused", "no role"),
        (404, {}, "Absent", ""),
        (413, {}, "TooWide", ""),
        (429, {}, "RateLimited", ""),
        (503, {"timestamp": "x", "message": "gone fishing"}, "Unreachable", "gone fishing"),
    ],
)
def test_what_a_refusal_means(status: int, body: object, kind: str, said: str) -> None:
    """1.3: three shapes of bodies."""
    error = read_error(Answer(status, {}, json.dumps(body).encode(), NOW))
    assert type(error).__name__ == kind
    assert said in str(error)
    assert isinstance(error, SchemaRefused) == (kind == "SchemaRefused")


def test_links_and_tokens_are_not_repeated() -> None:
    """What an answer says may hold one."""
    link = "https://bucket.example.com/rec.wav?X-Amz-Signature=abc"
    body = {"trackingId": "t_1", "error": {"message": [{"description": f"no {link} {'k' * 90}"}]}}
    told = str(read_error(Answer(500, {}, json.dumps(body).encode(), NOW)))
    assert "Signature" not in told
    assert "kkk" not in told
    assert "t_1" in told
