"""What Dataverse and Entra mean when they refuse: a catalogue of answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    NotPermitted,
    RateLimited,
    Refused,
    Unreachable,
)
from catchment.transport import Answer, TokenRejected
from catchment_dynamics.entra import read_refusal
from catchment_dynamics.refusals import (
    ColumnUnknown,
    PrivilegeMissing,
    TableMissing,
    name_table,
    read_error,
)

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def answer(status: int, code: str = "", message: str = "", **headers: str) -> Answer:
    """An error as Dataverse tells it (2.7)."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, told, body, NOW)


def read(status: int, code: str = "", message: str = "", **headers: str) -> CatchmentError:
    """What it means."""
    error = read_error(answer(status, code, message, **headers))
    assert error is not None
    return error


def test_a_good_answer_is_no_error() -> None:
    """Also one without a body."""
    assert read_error(Answer(204, {}, b"", NOW)) is None


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("0x80072322", "requests in five minutes"),
        ("0x80072321", "working time in five minutes"),
        ("0x80072326", "requests at once"),
        ("0x80072999", "asks us to wait"),
        ("", "asks us to wait"),
    ],
)
def test_429_says_which_limit(code: str, limit: str) -> None:
    """2.8: three facets with one status; the wait is told in a header."""
    error = read(429, code, "exceeded", retry_after="30")
    assert isinstance(error, RateLimited)
    assert error.retry_at == NOW + timedelta(seconds=30)
    assert limit in str(error)


def test_429_without_a_wait_leaves_it_to_us() -> None:
    """Then the client waits by its own rule."""
    error = read(429, "0x80072322")
    assert isinstance(error, RateLimited)
    assert error.retry_at is None


def test_401_is_the_tokens() -> None:
    """1.2: a new one is tried once."""
    assert isinstance(read(401, "", "ExpiredAuthTicket"), TokenRejected)


def test_403_without_an_application_user_stops_the_source() -> None:
    """1.2: a valid token is not enough."""
    for error in (
        read(403, "0x80072560", "The user is not a member of the organization."),
        read(403, "", "The user is not a member of the organization."),
    ):
        assert type(error) is Refused
        assert "application user" in error.remedy


def test_403_of_a_privilege_names_table_and_privilege() -> None:
    """1.2: the message names it, among ids that nobody needs."""
    said = (
        "Principal user (Id=a14f0000-0000-0000-0000-000000000000, type=8) is missing "
        "prvReadmsdyn_ocrecording privilege (Id=77) on OTC=10 for entity 'msdyn_ocrecording'."
    )
    error = read(403, "0x80040220", said)
    assert isinstance(error, PrivilegeMissing)
    assert error.privilege == "prvReadmsdyn_ocrecording"
    assert "may not read msdyn_ocrecording" in str(error)
    assert "prvReadmsdyn_ocrecording" in error.remedy
    assert "Organization" in error.remedy


@pytest.mark.parametrize(
    ("privilege", "table"),
    [("prvReadActivity", "Activity"), ("prvReadmsdyn_transcript", "msdyn_transcript")],
)
def test_a_privilege_names_its_table(privilege: str, table: str) -> None:
    """Sessions and conversations share one, that of activities."""
    assert name_table(privilege) == table


def test_403_for_another_reason_is_one_feeds_alone() -> None:
    """A firewall, for example."""
    error = read(403, "0x80095ffe", "The request was blocked.")
    assert type(error) is NotPermitted
    assert "firewall" in error.remedy


def test_404_tells_rows_from_tables() -> None:
    """2.7: a row is purged at any time; a table is missing for good."""
    assert type(read(404, "0x80040217", "Does Not Exist")) is Absent
    missing = read(404, "0x8006088a", "Resource not found for the segment 'msdyn_ocvoicemails'.")
    assert isinstance(missing, TableMissing)
    assert "msdyn_ocvoicemails" in str(missing)
    assert type(read(404, "0x80048d19", "Not found.")) is Absent


@pytest.mark.parametrize("status", [404, 410])
def test_404_of_somebody_else_proves_nothing(status: int) -> None:
    """A proxy's or a gateway's: nothing is gone, and no table is missing."""
    assert type(read(status)) is Unreachable
    assert type(read(status, "", "Resource not found")) is Unreachable
    assert type(read(status, "ResourceNotFound", "The page was moved.")) is Unreachable


@pytest.mark.parametrize(
    "message",
    [
        "Could not find a property named 'msdyn_gone' on type 'Microsoft.Dynamics.CRM.x'.",
        "Could not find a property named '_msdyn_gone_value' on type 'Microsoft.Dynamics.CRM.x'.",
        "'msdyn_x' entity doesn't contain attribute with Name = 'msdyn_gone'.",
    ],
)
def test_400_of_an_unknown_column_names_it(message: str) -> None:
    """6, pain 3: then what is known of the columns is wrong."""
    error = read(400, "0x80060888", message)
    assert isinstance(error, ColumnUnknown)
    assert error.column == "msdyn_gone"
    assert "msdyn_gone" in str(error)


@pytest.mark.parametrize("status", [400, 405, 412, 413, 414, 501])
def test_other_refusals_are_faults_of_the_question(status: int) -> None:
    """Whatever code they have."""
    error = read(status, "0x80048d19", "bad")
    assert type(error) is AdapterFault
    assert "0x80048d19" in str(error)


@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504])
def test_trouble_passes(status: int) -> None:
    """Another attempt may succeed."""
    assert isinstance(read(status), Unreachable)


def test_what_is_told_holds_no_link_and_no_name() -> None:
    """No signature, no name, and no id by which one reason looked like many."""
    said = "see https://files.example/x?sig=abc of rosa@contoso.example " + "k" * 90
    error = read(400, "0x1", said, x_ms_service_request_id="7c1f-22")
    for hidden in ("sig=abc", "rosa@", "k" * 90, "7c1f-22"):
        assert hidden not in str(error)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"code": 1}}']
)
def test_bodies_that_nobody_knows_are_survived(body: bytes) -> None:
    """A proxy's page, another shape, nothing at all."""
    error = read_error(Answer(400, {}, body, NOW))
    assert isinstance(error, AdapterFault)


def test_a_page_of_html_is_trouble_also_with_a_good_status() -> None:
    """A proxy's or a login page; the client tries again, as it does after 503."""
    page = Answer(200, {"content-type": "text/html; charset=utf-8"}, b"<html>", NOW)
    assert isinstance(read_error(page), Unreachable)


# --- Entra ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "setting"),
    [
        (70011, "url"),
        (1002012, "url"),
        (7000215, "client_secret"),
        (7000222, "client_secret"),
        (700016, "client_id"),
        (90002, "tenant_id"),
        (500011, "url"),
    ],
)
def test_each_code_names_the_setting(number: int, setting: str) -> None:
    """1.1: one row of the table each."""
    error = read_refusal({"error": "invalid_client", "error_codes": [number]})
    assert type(error) is Refused
    assert f"the setting {setting}" in str(error)
    assert f"AADSTS{number}" in str(error)
    assert setting in error.remedy


def test_a_description_is_not_repeated() -> None:
    """It may hold names and ids of others; the ids of the request are what support asks for."""
    error = read_refusal(
        {
            "error": "unauthorized_client",
            "error_description": "AADSTS700016: Application 'x1' was not found in 'Contoso'.",
            "trace_id": "5c0e7a3b-0000-0000-0000-000000000000",
            "correlation_id": "not an id",
        }
    )
    assert "AADSTS700016" in str(error)
    assert "trace id 5c0e7a3b" in str(error)
    for hidden in ("Contoso", "'x1'", "not an id"):
        assert hidden not in str(error)


def test_unknown_codes_stop_the_source_all_the_same() -> None:
    """Without a token nothing can be asked."""
    error = read_refusal({"error": "invalid_grant", "error_codes": [53003]})
    assert type(error) is Refused
    assert "AADSTS53003" in str(error)
    assert type(read_refusal({})) is Refused


@pytest.mark.parametrize("name", ["temporarily_unavailable", "server_error"])
def test_trouble_of_entra_passes(name: str) -> None:
    """Another attempt may succeed."""
    assert isinstance(read_refusal({"error": name, "error_codes": [90033]}), Unreachable)
