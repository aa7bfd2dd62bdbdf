"""Zoom's answers to API calls: values that become HTTP, and the error bodies of the sheet (8.3).

A handler returns an :class:`Answer` or raises :class:`Rejection`; neither knows about HTTP
servers, so that rules can be tested as plain functions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MISROUTED = "This API endpoint is not recognized."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform answers: a status, a JSON body (``None``: no body), further headers."""

    status: int = 200
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The body as it goes over the wire: compact, non-ASCII unescaped."""
        if self.body is None:
            return b""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Rejection(Exception):
    """The platform says no; carries the whole answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body}")
        self.answer = answer


def reject(
    status: int, code: int, message: str, *, field_name: str = "", **headers: str
) -> Rejection:
    """An error in the common shape ``{"code", "message"[, "errors"]}`` (8.3)."""
    body: dict[str, Any] = {"code": code, "message": message}
    if field_name:
        body["errors"] = [{"field": field_name, "message": "Invalid field."}]
    return Rejection(Answer(status, body, headers))


def invalid_field(name: str) -> Rejection:
    """400/300 for one parameter."""
    return reject(400, 300, "Validation Failed.", field_name=name)


def no_meeting(meeting: str) -> Rejection:
    """404/3001: unknown, expired, or not ended yet (7.1, 8.3)."""
    return reject(404, 3001, f"Meeting does not exist: {meeting}.")


def no_archive(uuid: str) -> Rejection:
    """404/3001 in the words of the archive endpoints (section 4)."""
    return reject(404, 3001, f"Meeting {uuid} does not exist.")


def no_recording(what: str = "meeting") -> Rejection:
    """404/3301 (5.1 says *session*, 5.3 says *meeting*)."""
    return reject(404, 3301, f"There is no recording for this {what}.")


def no_user(user: str) -> Rejection:
    """404/1001: unknown, or in another account (5.1, 7.6)."""
    return reject(404, 1001, f"User does not exist: {user}.")


def other_shape(code: int, message: str, status: int = 200) -> Answer:
    """The odd body ``{"status": false, "errorCode": …}``, often under HTTP 200 (8.3)."""
    return Answer(
        status, {"status": False, "errorCode": code, "errorMessage": message, "result": None}
    )
