"""Requests and answers as values."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from catchment.errors import Unreachable
from catchment.transport import Answer, Request, read_links, read_retry_after

NOW = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)


def test_importing_the_package_does_not_import_httpx() -> None:
    """``catchment --help`` stays instant: httpx is imported when a client is opened."""
    code = "import sys, catchment.transport; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_path_is_appended_as_it_stands() -> None:
    """An adapter's encoding of a path is final."""
    request = Request("GET", "/past_meetings/%252Fa%253D%253D")
    assert request.url("https://api.example/v2/") == (
        "https://api.example/v2/past_meetings/%252Fa%253D%253D"
    )


def test_parameters_are_encoded_and_added_to_those_of_the_path() -> None:
    """Names and values are encoded, in order, after a query that the path has already."""
    params = (("from", "2026-10-20T08:00:00+01:00"), ("q", "a b&c"))
    assert Request("GET", "/x?a=1", params).url("https://api.example") == (
        "https://api.example/x?a=1&from=2026-10-20T08%3A00%3A00%2B01%3A00&q=a%20b%26c"
    )


def test_an_absolute_path_replaces_the_base() -> None:
    """A link to the next page is asked as the platform wrote it."""
    link = "https://api.example/v1/recordings?max=2&cursor=x%2By"
    assert Request("GET", link).url("https://other.example") == link


def test_the_label_has_no_parameters() -> None:
    """What is shown to people of a request holds neither host nor parameters."""
    request = Request("GET", "https://api.example/v1/x?access_token=secret")
    assert request.label == "GET /v1/x"


def test_a_request_does_not_show_what_it_carries() -> None:
    """The repr of a request holds no header, form or body: there may be secrets in them."""
    request = Request("POST", "/t", form={"a": "s3cret"}, headers=(("Authorization", "s3cret"),))
    assert "s3cret" not in repr(request)


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("17", datetime(2026, 10, 20, 8, 0, 17, tzinfo=UTC)),
        ("0", NOW),
        ("Tue, 20 Oct 2026 08:00:30 GMT", datetime(2026, 10, 20, 8, 0, 30, tzinfo=UTC)),
        ("2026-10-21T00:00:00Z", datetime(2026, 10, 21, tzinfo=UTC)),
        ("2026-10-21T02:00:00+02:00", datetime(2026, 10, 21, tzinfo=UTC)),
        ("soon", None),
        ("-5", None),
        ("99999999999999999999", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(said: str, when: datetime | None) -> None:
    """``Retry-After`` may be seconds, an HTTP date or an instant; nonsense is no answer."""
    assert read_retry_after({"retry-after": said}, NOW) == when


def test_no_retry_after_is_no_time() -> None:
    """A platform that does not say when leaves it to us."""
    assert read_retry_after({}, NOW) is None


def test_json_is_read() -> None:
    """A JSON body is read, whatever its media type says."""
    assert Answer(200, {}, b'{"a": [1]}', NOW).json() == {"a": [1]}


def test_html_instead_of_json_is_a_broken_answer() -> None:
    """T4: a login page with status 200 is an error that says what came, and not its content."""
    answer = Answer(200, {"content-type": "text/html; charset=utf-8"}, b"<html>hello", NOW)
    with pytest.raises(Unreachable, match=r"200 with 11 bytes \(text/html\) that are not JSON"):
        answer.json()


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ('<https://a.example/x?max=2>; rel="next"', {"next": "https://a.example/x?max=2"}),
        ("<https://a.example/x>; rel=next", {"next": "https://a.example/x"}),
        ('<<https://a.example/x>>; rel="next"', {"next": "https://a.example/x"}),
        (
            '<https://a.example/1>; rel="first", <https://a.example/2>; title="a"; REL="Next"',
            {"first": "https://a.example/1", "next": "https://a.example/2"},
        ),
        (
            '<https://a.example/1>; rel="next prev"',
            dict.fromkeys(("next", "prev"), "https://a.example/1"),
        ),
        ('<https://a.example/1?a=1,2;b=3>; rel="next"', {"next": "https://a.example/1?a=1,2;b=3"}),
        ("<https://a.example/1>", {}),
        ("nonsense", {}),
        ("", {}),
    ],
)
def test_links_are_read_by_relation(header: str, links: dict[str, str]) -> None:
    """RFC 8288, and the doubled angle brackets that one vendor's own sample shows."""
    assert read_links(Answer(200, {"link": header}, b"", NOW)) == links


@pytest.mark.parametrize(
    ("told", "whole"),
    [
        ("/v1/rows?page=2", "https://api.example/v1/rows?page=2"),
        ("?page=2", "https://api.example/v1/rows?page=2"),
        ("more?page=2", "https://api.example/v1/more?page=2"),
        ("//other.example/x", "https://other.example/x"),
        ("https://other.example/x?a=1", "https://other.example/x?a=1"),
        ("", None),
        ("https://[x/y", None),
    ],
)
def test_a_relative_link_is_one_of_the_server_that_answered(told: str, whole: str | None) -> None:
    """RFC 8288, 3.1: a target is resolved against what was asked."""
    answer = Answer(
        200, {"link": f'<{told}>; rel="next"'}, b"", NOW, "https://api.example/v1/rows?page=1"
    )
    assert read_links(answer).get("next") == whole
