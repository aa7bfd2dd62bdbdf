"""Change tracking: everything at first, then what changed since a token (2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from urllib.parse import quote

from catchment_dynamics.simulator.paging import Cookie, lost, read_cookie
from catchment_dynamics.simulator.query import COLLECTION, Preferences, Query
from catchment_dynamics.simulator.refusals import ARGUMENT, PRIVILEGE, Refusal, unparsable
from catchment_dynamics.simulator.rows import Shown, View, build_renderer
from catchment_dynamics.simulator.store import Current, Deleted

EXPIRED = "0x80044352"
DATE = "%m/%d/%Y %H:%M:%S"
REJECTED = ("$filter", "$orderby", "$expand", "$top")

Change: TypeAlias = Current | Deleted


@dataclass(frozen=True, slots=True)
class _Token:
    """A moment of a table: the version up to which everything is known."""

    version: int
    at: datetime

    def write(self) -> str:
        """As the platform spells it: ``version!date``."""
        return f"{self.version}!{self.at.strftime(DATE)}"


def list_changes(view: View, query: Query, preferences: Preferences) -> Shown:
    """One page of all rows, or of what changed since ``$deltatoken``.

    Raises:
        Refusal: An option is not supported here, the token is too old, or tracking is not there.
    """
    environment, table = view.environment, view.table
    _check(view, query)
    renderer = build_renderer(view, preferences, query, linked=False)
    since = _read_token(view, query)
    cookie = read_cookie(query, preferences.page, tracking=True)
    start = _Token(environment.store.last_version(view.now), view.now)
    changes = _find_changes(view, since, initial=since is None)
    if cookie.page > 1:
        try:
            start = _Token(int(cookie.last["start"]), cookie.last["at"])
            after = bool(cookie.last["gone"]), int(cookie.last["last"])
        except (KeyError, TypeError, ValueError) as error:
            raise lost() from error
        changes = [one for one in changes if _place(one) > after]
    size = preferences.page or environment.switches.page_most
    page = changes[:size]
    delta = "" if since is None else "/$delta"
    context = f"{environment.api}/$metadata#{renderer.context}{delta}"
    shown: Shown = {"@odata.context": context}
    shown["value"] = [
        _tell_deleted(view, one) if isinstance(one, Deleted) else renderer.render(one)
        for one in page
    ]
    base = f"{environment.api}/{table.entity_set}?"
    if len(changes) > size:
        gone, last = _place(page[-1])
        told = {"start": start.version, "at": start.at, "gone": gone, "last": last}
        following = Cookie(cookie.page + 1, told, tracking=True, asked=cookie.asked).write()
        asked = query.without("$skiptoken")
        shown["@odata.nextLink"] = f"{base}{asked}{'&' if asked else ''}$skiptoken={following}"
    else:
        asked = query.without("$skiptoken", "$deltatoken")
        token = quote(start.write(), safe="")
        shown["@odata.deltaLink"] = f"{base}{asked}{'&' if asked else ''}$deltatoken={token}"
    return shown


def count_changes(view: View, query: Query) -> int:
    """How many changes there are since a token.

    Raises:
        Refusal: As :func:`list_changes`.
    """
    _check(view, query)
    return len(_find_changes(view, _read_token(view, query), initial=False))


def is_tracking(query: Query, preferences: Preferences) -> bool:
    """Whether a list is one of changes."""
    return (
        preferences.track
        or "$deltatoken" in query.options
        or 'istracking="True"' in (query.get("$skiptoken") or "")
    )


def _check(view: View, query: Query) -> None:
    query.check(COLLECTION)
    for name in REJECTED:
        if name in query.options:
            raise unparsable(
                f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
            )
    switches = view.environment.switches
    if not switches.change_tracking:
        raise Refusal(
            400, ARGUMENT, f"Change tracking is not enabled for the entity '{view.table.name}'."
        )
    if switches.depth != "organisation":
        raise Refusal(
            403,
            PRIVILEGE,
            f"Principal user (Id={view.client.user_id}) is missing {view.table.privilege} "
            "privilege with organization-level depth, which change tracking needs.",
        )


def _read_token(view: View, query: Query) -> _Token | None:
    text = query.get("$deltatoken")
    if text is None:
        return None
    version, _, stamp = text.partition("!")
    try:
        token = _Token(int(version), datetime.strptime(stamp, DATE).replace(tzinfo=UTC))
    except ValueError as error:
        raise unparsable(f"The delta token '{text}' is not valid.") from error
    if token.at < view.now - timedelta(days=view.environment.switches.tracking_days):
        raise Refusal(
            400,
            EXPIRED,
            "Version stamp associated with the client has expired. Please perform a full sync.",
        )
    return token


def _find_changes(view: View, since: _Token | None, *, initial: bool) -> list[Change]:
    version = 0 if since is None else since.version
    changed, deleted = view.environment.store.list_changes(view.table.name, version, view.now)
    return [*changed, *([] if initial else deleted)]


def _place(change: Change) -> tuple[bool, int]:
    """Where a change stands: rows by version, then deletions by theirs."""
    return isinstance(change, Deleted), change.version


def _tell_deleted(view: View, deleted: Deleted) -> Shown:
    environment = view.environment
    return {
        "@odata.context": (f"{environment.api}/$metadata#{view.table.entity_set}/$deletedEntity"),
        "id": deleted.row_id,
        "reason": "deleted",
    }
