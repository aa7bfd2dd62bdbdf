"""Webex's answers to API calls: values that become HTTP, and the error envelope (6).

A handler returns an :class:`Answer` or raises :class:`Rejection`; neither knows about HTTP
servers, so that rules can be tested as plain functions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json;charset=UTF-8"
MALFORMED = (
    "The request could not be understood by the server due to malformed syntax. "
    "See 'errors' for more details."
)
UNAUTHORIZED = "The request requires a valid access token set in the Authorization request header."
FORBIDDEN = (
    "The server understood the request, but refused to fulfill it because the access token is "
    "missing required scopes or the user is missing required roles or licenses."
)
NOT_FOUND = "The requested resource could not be found."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform answers.

    Attributes:
        status: The HTTP status.
        body: JSON; ``None`` for no body, or where ``raw`` is told instead.
        headers: Further headers.
        raw: A body that is no JSON.
        media_type: What ``Content-Type`` says of a body.
    """

    status: int = 200
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    media_type: str = JSON

    def to_bytes(self) -> bytes:
        """The body as it goes over the wire."""
        if self.raw is not None:
            return self.raw
        if self.body is None:
            return b""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Rejection(Exception):
    """The platform says no; carries the whole answer, still without its ``trackingId``."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body}")
        self.answer = answer


def reject(status: int, message: str, *descriptions: str, **headers: str) -> Rejection:
    """An error in the common envelope; ``trackingId`` is added where it is sent (6)."""
    body: dict[str, Any] = {"message": message}
    body["errors"] = [{"description": text} for text in descriptions or (message,)]
    return Rejection(Answer(status, body, headers))


def malformed(description: str) -> Rejection:
    """400: a parameter cannot be used as it stands."""
    return reject(400, MALFORMED, description)


def unauthorized() -> Rejection:
    """401: no token, an unknown one, or one that has expired."""
    return reject(401, UNAUTHORIZED)


def forbidden() -> Rejection:
    """403, in the words that do not tell whether a scope or a role is missing (3.5)."""
    return reject(403, FORBIDDEN)


def not_found(what: str = "") -> Rejection:
    """404: unknown, not this caller's, or not synchronised yet (6)."""
    return reject(404, NOT_FOUND, f"Could not find {what}." if what else NOT_FOUND)
