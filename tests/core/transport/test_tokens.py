"""Tokens that are no bearers: a platform's own headers, sent where a bearer would be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from catchment.clock import SystemClock
from catchment.model import Way
from catchment.transport import (
    ApiKey,
    Downloader,
    Kit,
    Minted,
    OAuthToken,
    OwnHeaders,
    Request,
    TokenRejected,
)

HOUR = timedelta(hours=1)
FILE = bytes(range(256)) * 64


class Signature:
    """A token that travels in two headers."""

    def token(self) -> str:
        """The signature."""
        return "s1"

    def reject(self, token: str) -> None:
        """There is no other."""

    def write_headers(self, token: str) -> Mapping[str, str]:
        """Who asks, and the proof."""
        return {"From": "a@example.com", "Authorization": f"{token}; tenantId=1"}


def told(server: Any) -> list[tuple[str | None, str | None]]:
    """What a server was told of who asks."""
    return [(one.headers.get("from"), one.headers.get("authorization")) for one in server.asked]


def test_the_package_names_what_such_a_source_has() -> None:
    """An author finds it where the other names of transport are; a plain source is not one."""
    assert isinstance(Signature(), OwnHeaders)
    assert not isinstance(OAuthToken(lambda: Minted("t", HOUR), SystemClock()), OwnHeaders)


def test_a_request_carries_the_sources_own_headers(clock: Any, serve: Any, reply: Any) -> None:
    """In place of a bearer."""
    server = serve(lambda asked: reply(body=b"{}"))
    with Kit.for_tests(clock) as kit:
        kit.client(server.url, auth=Signature()).send(Request("GET", "/x"))
    assert told(server) == [("a@example.com", "s1; tenantId=1")]


def test_a_redirected_download_leaves_them_behind(
    clock: Any, serve: Any, reply: Any, tmp_path: Path
) -> None:
    """They go to listed hosts alone, as a bearer does (T4)."""
    there = serve(lambda asked: reply(body=FILE))
    here = serve(lambda asked: reply(302, headers={"Location": there.url + "/f.wav"}))
    loader = Downloader(clock, token=Signature(), token_hosts=(here.host,))
    assert loader.fetch(Way(here.url), tmp_path / "part").size_bytes == len(FILE)
    assert told(here) == [("a@example.com", "s1; tenantId=1")]
    assert told(there) == [(None, None)]
    loader.close()


def test_a_key_is_read_anew_and_has_no_other_to_try(clock: Any, serve: Any, reply: Any) -> None:
    """A new key in the place of the old one is sent at once; one that is refused is refused."""
    keys = iter(["k1", "k2", "k3", "k3"])
    server = serve(
        lambda asked: reply(401 if asked.headers["authorization"].endswith("k3") else 200, b"{}")
    )
    with Kit.for_tests(clock) as kit:
        client = kit.client(server.url, auth=ApiKey(lambda: next(keys)))
        for path in ("/a", "/b"):
            client.send(Request("GET", path))
        with pytest.raises(TokenRejected):
            client.send(Request("GET", "/c"))
    assert [key for _, key in told(server)] == ["Bearer k1", "Bearer k2", "Bearer k3", "Bearer k3"]
