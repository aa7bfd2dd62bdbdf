"""Requests to Zoom, built without I/O.  What is answered is read in ``refusals`` and ``listings``.

Each request names the rate label that Zoom counts it under (sheet 2.3, 8.1) as its budget.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote, unquote

from catchment.transport import Request

PAGE_SIZE = 300
"""The most meetings that one page may hold (1.3)."""

NO_SUCH_MEETING = "AAAAAAAAAAAAAAAAAAAAAA=="
"""A well-formed UUID of no meeting, for proving a permission without seeing anything."""


def encode_uuid(uuid: str) -> str:
    """*uuid* as one segment of a path, encoded twice where Zoom's front needs it (1.2)."""
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once


def decode_uuid(text: str) -> str:
    """The UUID that a person or a CSV means: raw, or encoded once or twice.

    A UUID is base64 and holds no ``%``, so what does was encoded.  A ``+`` that a form has turned
    into a space is put back.
    """
    found = text.strip()
    for _ in range(2):
        found = unquote(found)
    return found.replace(" ", "+")


def build_token(account_id: str, client_id: str, client_secret: str) -> Request:
    """``POST /oauth/token``: the parameters in the form, the credentials in the header (2.1)."""
    basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode("ascii")
    return Request(
        "POST",
        "/oauth/token",
        form={"grant_type": "account_credentials", "account_id": account_id},
        headers=(("Authorization", f"Basic {basic}"),),
    )


def build_archive_list(
    since: str,
    until: str,
    *,
    by: str,
    token: str = "",
    group_ids: Iterable[str] = (),
    page_size: int = PAGE_SIZE,
) -> Request:
    """``GET /archive_files`` (3.1).

    Args:
        since: ``from``, with a literal ``Z``; on later pages as Zoom echoed it.
        until: ``to``, likewise.
        by: ``archive_complete_time`` or ``meeting_start_time``; Zoom's default is the latter.
        token: Of the page before; empty for the first.
        group_ids: Only meetings of these groups.
        page_size: Meetings, not files.
    """
    params = [("from", since), ("to", until), ("query_date_type", by)]
    groups = ",".join(group_ids)
    if groups:
        params.append(("group_ids", groups))
    return _build_page("/v2/archive_files", params, token, page_size)


def build_archive_files(uuid: str) -> Request:
    """``GET /past_meetings/{uuid}/archive_files`` (4): one meeting, not wrapped."""
    return Request("GET", f"/v2/past_meetings/{encode_uuid(uuid)}/archive_files", budget="light")


def build_account_recordings(
    since: str, until: str, *, token: str = "", page_size: int = PAGE_SIZE
) -> Request:
    """``GET /accounts/me/recordings`` (5.2), which not every account has."""
    params = [("from", since), ("to", until)]
    return _build_page("/v2/accounts/me/recordings", params, token, page_size)


def build_user_recordings(
    user_id: str, since: str, until: str, *, token: str = "", page_size: int = PAGE_SIZE
) -> Request:
    """``GET /users/{id}/recordings`` (5.1); *since* and *until* are dates."""
    params = [("from", since), ("to", until)]
    return _build_page(f"/v2/users/{quote(user_id, safe='')}/recordings", params, token, page_size)


def build_meeting_recordings(uuid: str) -> Request:
    """``GET /meetings/{uuid}/recordings`` (5.3).

    ``download_access_token`` is not asked for: the bearer opens the same files (6.2, rule 1), and
    a token that is not in a document cannot leak from it.
    """
    return Request("GET", f"/v2/meetings/{encode_uuid(uuid)}/recordings", budget="light")


def build_past_meeting(uuid: str) -> Request:
    """``GET /past_meetings/{uuid}`` (7.1)."""
    return Request("GET", f"/v2/past_meetings/{encode_uuid(uuid)}", budget="light")


def build_instances(number: str) -> Request:
    """``GET /past_meetings/{number}/instances`` (7.2): a number alone means the latest only."""
    path = f"/v2/past_meetings/{quote(number, safe='')}/instances"
    return Request("GET", path, budget="medium")


def build_participants(uuid: str, *, token: str = "") -> Request:
    """``GET /past_meetings/{uuid}/participants`` (7.3)."""
    path = f"/v2/past_meetings/{encode_uuid(uuid)}/participants"
    return _build_page(path, [], token, PAGE_SIZE)


def build_user(user_id: str) -> Request:
    """``GET /users/{id}`` (7.6)."""
    return Request("GET", f"/v2/users/{quote(user_id, safe='')}", budget="light")


def build_users(status: str, *, token: str = "", page_size: int = PAGE_SIZE) -> Request:
    """``GET /users`` (7.6): only the active ones, unless *status* says otherwise."""
    return _build_page("/v2/users", [("status", status)], token, page_size)


def is_later_page(request: Request) -> bool:
    """Whether *request* continues a listing, so that a refusal may mean its page token (1.3)."""
    return any(name == "next_page_token" for name, _ in request.params)


def _build_page(path: str, params: list[tuple[str, str]], token: str, page_size: int) -> Request:
    """A page of any list: all parameters must stay the same from page to page (1.3, 3.1)."""
    paging = [("page_size", str(page_size))] + ([("next_page_token", token)] if token else [])
    return Request("GET", path, params=(*params, *paging), budget="medium")
