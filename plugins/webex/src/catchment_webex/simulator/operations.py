"""Operations: where each stands, which scopes and roles it wants at which level (3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal
from urllib.parse import unquote

from catchment_webex.simulator.account import Role
from catchment_webex.simulator.answers import forbidden, not_found, reject
from catchment_webex.simulator.oauth import Token

Level = Literal["user", "group", "admin", "compliance"]
"""As whom a call is answered; one token may hold several levels."""

_HOLE = re.compile(r"\{(\w+)\}")
_ROLES: tuple[tuple[str, frozenset[Role]], ...] = (
    ("meeting:admin_config_", frozenset({"site_admin"})),
    ("meeting:admin_", frozenset({"full_admin", "content_admin"})),
    ("meeting:group_", frozenset({"group_admin"})),
    ("spark-compliance:", frozenset({"compliance_officer"})),
    ("spark-admin:", frozenset({"full_admin"})),
)
"""Which of these roles the account must hold besides a scope that begins so (3.5)."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        name: What handlers and faults call it.
        template: The path below the host's prefix, ``/recordings/{recording}``.
        scopes: For each level at which it may be called, the scopes wanted, separated by spaces;
            an empty mapping is open to every token.
        kind: What it answers: a page of a listing, or one document.
        roles: Wanted besides what the scopes want, at every level; any one of them.
    """

    name: str
    method: str
    template: str
    scopes: Mapping[Level, str] = field(default_factory=dict)
    kind: Literal["list", "document"] = "document"
    roles: frozenset[Role] = frozenset()

    def admit(self, token: Token) -> frozenset[Level]:
        """The levels at which *token* may call this.

        Raises:
            Rejection: 403, if there is none: a scope is missing, or a role.
        """
        if self.roles and not self.roles & token.user.roles:
            raise forbidden()
        if not self.scopes:
            return frozenset({"user"})
        levels = list_levels(self.scopes, token)
        if not levels:
            raise forbidden()
        return levels


def list_levels(scopes: Mapping[Level, str], token: Token) -> frozenset[Level]:
    """The levels of *scopes* for which *token* has every scope, and its owner the roles."""
    return frozenset(level for level, wanted in scopes.items() if _holds(token, wanted))


def _holds(token: Token, wanted: str) -> bool:
    return all(
        scope in token.scopes and _has_role(token.user.roles, scope) for scope in wanted.split()
    )


def _has_role(held: frozenset[Role], scope: str) -> bool:
    for prefix, roles in _ROLES:
        if scope.startswith(prefix):
            return bool(roles & held)
    return True


class Routes:
    """Finds the operation that a path names.

    Args:
        operations: In any order; literal paths win over those with holes.
        prefix: What stands before every template on this host.
    """

    def __init__(self, operations: Iterable[Operation], prefix: str = "/v1") -> None:
        self.prefix = prefix
        self._operations = sorted(operations, key=lambda one: one.template.count("{"))

    def find(self, method: str, raw_path: bytes) -> tuple[Operation, dict[str, str]]:
        """The operation, and what the holes of its path hold, decoded.

        Raises:
            Rejection: 404 for a path that there is not, 405 for a method that it has not.
        """
        path = raw_path.partition(b"?")[0].decode("latin-1")
        known = False
        if path.startswith(self.prefix + "/"):
            for operation in self._operations:
                found = _pattern(operation.template).fullmatch(path.removeprefix(self.prefix))
                if found is None:
                    continue
                if operation.method == method:
                    return operation, {k: unquote(v) for k, v in found.groupdict().items()}
                known = True
        raise reject(405, "Method not allowed.") if known else not_found()


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_HOLE.sub(r"(?P<\1>[^/]+)", template))
