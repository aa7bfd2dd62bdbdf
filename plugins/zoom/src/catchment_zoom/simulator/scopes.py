"""Every operation of the simulated API: its route, the scopes that open it, its rate label.

The table of the sheet's section 2.3 as data, one line per operation.  A token opens an operation
when it carries any one of the scopes; the wrong variant behaves like a missing scope.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from catchment_zoom.simulator.answers import Rejection, reject
from catchment_zoom.simulator.routing import Route

Label = Literal["light", "medium", "heavy", "resource"]

ARCHIVE_WEBHOOK_SCOPE = "cloud_recording:read:archive_files:admin"
"""The archive webhook needs a scope of *another* family (2.3)."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation.

    Attributes:
        name: How the simulator calls it.
        route: Method and path template below ``/v2``.
        label: The budget that a call draws on; ``None`` where Zoom names none.
        granular: Scopes of new apps; any one suffices.
        classic: Scopes of old apps; any one suffices.
    """

    name: str
    route: Route
    label: Label | None
    granular: tuple[str, ...]
    classic: tuple[str, ...]

    def check_scopes(self, held: Iterable[str]) -> None:
        """Let a token with the scopes *held* pass.

        Raises:
            Rejection: 400/4711 with the missing scopes: neither 401 nor 403 (8.3, fact 14).
        """
        if set(held) & {*self.granular, *self.classic} or not self.granular:
            return
        raise missing_scopes(self.granular)


def missing_scopes(scopes: Iterable[str]) -> Rejection:
    """400/4711: "Invalid access token, does not contain scopes:[…]" (8.3)."""
    return reject(
        400, 4711, f"Invalid access token, does not contain scopes:[{', '.join(scopes)}]."
    )


def _expand(stem: str, *variants: str) -> tuple[str, ...]:
    return tuple(f"{stem}:{variant}" if variant else stem for variant in variants)


def _op(
    name: str,
    method: str,
    path: str,
    label: Label | None,
    granular: tuple[str, ...],
    *classic: str,
) -> Operation:
    return Operation(name, Route(method, path), label, granular, classic)


_READ = ("recording:read", "recording:read:admin", "recording:master")
_WRITE = ("recording:write", "recording:write:admin")
_MEETING = ("meeting:read", "meeting:read:admin")
_ARCHIVES = _expand("archiving:read:list_archived_files", "admin", "master")

OPERATIONS: tuple[Operation, ...] = (
    _op("archive_list", "GET", "/archive_files", "medium", _ARCHIVES, "recording:read:admin"),
    _op(
        "archive_statistics",
        "GET",
        "/archive_files/statistics",
        "medium",
        ("archiving:read:archived_file_statistics:admin",),
        "recording:read:admin",
    ),
    # Scope and label of the audit are unknown; it asks for what the list asks for (section 4).
    _op(
        "download_audit",
        "GET",
        "/archive_files/download_audit",
        "medium",
        _ARCHIVES,
        "recording:read:admin",
    ),
    _op(
        "archive_flag",
        "PATCH",
        "/archive_files/{file}",
        "light",
        _expand("archiving:update:archived_file_auto_delete_status", "", "admin"),
        *_WRITE,
    ),
    _op(
        "archive_list_master",
        "GET",
        "/accounts/{account}/archive_files",
        "medium",
        ("archiving:read:list_archived_files:master",),
        "recording:master",
    ),
    _op(
        "archive_get",
        "GET",
        "/past_meetings/{meeting}/archive_files",
        "light",
        _expand("archiving:read:archived_files", "admin", ""),
        "recording:read",
    ),
    _op(
        "archive_delete",
        "DELETE",
        "/past_meetings/{meeting}/archive_files",
        "light",
        ("archiving:delete:archived_files:admin",),
        "recording:write:admin",
    ),
    _op(
        "account_recordings",
        "GET",
        "/accounts/{account}/recordings",
        None,
        _expand("cloud_recording:read:list_account_recordings", "admin", "master"),
        "recording:read:admin",
        "recording:master",
    ),
    _op(
        "user_recordings",
        "GET",
        "/users/{user}/recordings",
        "medium",
        _expand("cloud_recording:read:list_user_recordings", "", "admin", "master"),
        "recording:read",
        "recording:read:admin",
    ),
    _op(
        "recording_file_delete",
        "DELETE",
        "/meetings/{meeting}/recordings/{file}",
        "light",
        _expand("cloud_recording:delete:recording_file", "", "admin"),
        *_WRITE,
    ),
    # The sheet gives no scope for recovering; the classic write scopes are what it had (5.4).
    _op(
        "recording_recover",
        "PUT",
        "/meetings/{meeting}/recordings/status",
        "light",
        _expand("cloud_recording:update:recover_meeting_recordings", "", "admin"),
        *_WRITE,
    ),
    _op(
        "recording_get",
        "GET",
        "/meetings/{meeting}/recordings",
        "light",
        _expand("cloud_recording:read:list_recording_files", "", "admin", "master"),
        *_READ,
    ),
    _op(
        "recording_delete",
        "DELETE",
        "/meetings/{meeting}/recordings",
        "light",
        _expand("cloud_recording:delete:meeting_recording", "", "admin"),
        *_WRITE,
    ),
    _op(
        "transcript",
        "GET",
        "/meetings/{meeting}/transcript",
        "medium",
        _expand("cloud_recording:read:meeting_transcript", "", "admin"),
        "recording:read",
        "recording:read:admin",
    ),
    _op(
        "instances",
        "GET",
        "/past_meetings/{meeting}/instances",
        "medium",
        _expand("meeting:read:list_past_instances", "", "admin"),
        *_MEETING,
    ),
    _op(
        "participants",
        "GET",
        "/past_meetings/{meeting}/participants",
        "medium",
        _expand("meeting:read:list_past_participants", "", "admin"),
        *_MEETING,
    ),
    _op(
        "past_meeting",
        "GET",
        "/past_meetings/{meeting}",
        "light",
        _expand("meeting:read:past_meeting", "", "admin"),
        *_MEETING,
    ),
    _op(
        "report_participants",
        "GET",
        "/report/meetings/{meeting}/participants",
        "heavy",
        ("report:read:list_meeting_participants:admin",),
        "report:read:admin",
    ),
    _op(
        "report_meeting",
        "GET",
        "/report/meetings/{meeting}",
        "heavy",
        ("report:read:meeting:admin",),
        "report:read:admin",
    ),
    _op(
        "users",
        "GET",
        "/users",
        "medium",
        ("user:read:list_users:admin",),
        "user:read:admin",
    ),
    _op(
        "user",
        "GET",
        "/users/{user}",
        "light",
        _expand("user:read:user", "", "admin"),
        "user:read",
        "user:read:admin",
    ),
)
"""Tried in this order; the longer templates of a family stand first."""

ROUTES = tuple(operation.route for operation in OPERATIONS)
BY_ROUTE = {operation.route: operation for operation in OPERATIONS}

GRANULAR: tuple[str, ...] = tuple(
    sorted(
        {s for operation in OPERATIONS for s in operation.granular if s.endswith(":admin")}
        | {ARCHIVE_WEBHOOK_SCOPE, "cloud_recording:read:recording:admin"}
    )
)
"""What a new account-level app is given: the ``:admin`` variant of everything."""

CLASSIC: tuple[str, ...] = (
    "meeting:read:admin",
    "recording:read",  # past_meetings/{uuid}/archive_files lists only this one (2.3)
    "recording:read:admin",
    "recording:write:admin",
    "report:read:admin",
    "user:read:admin",
)
"""What an app from before the granular scopes was given."""
