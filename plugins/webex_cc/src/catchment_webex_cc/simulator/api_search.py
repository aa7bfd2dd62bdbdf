"""``/search``: what a query may ask for, and its four roots (2)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import GraphQLResolveInfo

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed, reject
from catchment_webex.simulator.api import Handler
from catchment_webex_cc.simulator.agents import list_sessions
from catchment_webex_cc.simulator.aggregates import aggregate, check_interval
from catchment_webex_cc.simulator.contacts import Contact, from_ms, to_ms
from catchment_webex_cc.simulator.filters import count_arguments, fits
from catchment_webex_cc.simulator.graph import run_query
from catchment_webex_cc.simulator.host import read
from catchment_webex_cc.simulator.legs import list_legs
from catchment_webex_cc.simulator.nodes import cut_nodes
from catchment_webex_cc.simulator.queries import DAY_MS, is_seconds
from catchment_webex_cc.simulator.selections import find_fields, find_order, list_keys
from catchment_webex_cc.simulator.sessions import list_nodes, write_session
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

OPERATIONS = (read("search", "/search", "list", "POST"),)

Row = dict[str, Any]

OLDEST_YEARS = 3
LONGEST_DAYS, LONGEST_WITH_ROWS_DAYS = 365, 30
PAGE = {"tasks": 250, "agentSessions": 250, "taskLegs": 500}
GROUPS = 1000
FIRST = ("NA", "0", "", None)
"""Cursors of the first page (2.4)."""


def build_search(tenant: ContactCenterTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    return {"search": partial(search, tenant)}


def search(tenant: ContactCenterTenant, call: Call) -> Answer:
    """One GraphQL query."""
    query, variables = call.body.get("query"), call.body.get("variables")
    if not isinstance(query, str) or not isinstance(variables or {}, dict):
        raise malformed("The request body should have a query")
    roots = Roots(tenant)
    resolvers = {
        "task": roots.find_tasks,
        "taskDetails": roots.find_tasks,
        "agentSession": roots.find_sessions,
        "taskLegDetails": roots.find_legs,
    }
    return Answer(200, {"data": run_query(query, variables or {}, resolvers)})


@dataclass(frozen=True)
class _Window:
    start_ms: int
    end_ms: int


class Roots:
    """Resolves the roots of one query."""

    def __init__(self, tenant: ContactCenterTenant) -> None:
        self._tenant = tenant

    def find_tasks(self, info: GraphQLResolveInfo[Any], **given: Any) -> Row:
        """``task`` and ``taskDetails``."""
        rows = bool(find_fields(info, "tasks", "activities")) or bool(given.get("extFilter"))
        window = self._window(given, info, "tasks", rows=rows)
        contacts, stamp = self._list_contacts(given, window)
        found = self._fitting(contacts, given)
        if _is_aggregated(given):
            return self._aggregate(info, "tasks", found, given, window, stamp)
        if find_order(info, "createdTime", "tasks") == "asc":
            found.reverse()
        order = find_order(info, "createdTime", "tasks", "activities", "nodes") or find_order(
            info, "endedTime", "tasks", "activities", "nodes"
        )
        page, told = self._page("tasks", found, given)
        for row in page:
            row["activities"] = self._activities(row, given, order)
        return {"tasks": page, "pageInfo": told}

    def find_legs(self, info: GraphQLResolveInfo[Any], **given: Any) -> Row:
        """``taskLegDetails``: nothing for a tenant that has not been enabled (2.2)."""
        window = self._window(given, info, "taskLegs", rows=False)
        contacts, stamp = self._list_contacts(given, window)
        if not self._tenant.switches.leg_details:
            contacts = []
        legs = [row for contact in contacts for row in list_legs(self._tenant, contact)]
        found = [row for row in legs if fits(row, given.get("filter"))]
        if _is_aggregated(given):
            return self._aggregate(info, "taskLegs", found, given, window, stamp)
        page, told = self._page("taskLegs", found, given)
        return {"taskLegs": page, "pageInfo": told}

    def find_sessions(self, info: GraphQLResolveInfo[Any], **given: Any) -> Row:
        """``agentSession``: by login time (2.2)."""
        inner = find_fields(info, "agentSessions", "channelInfo", "activities")
        window = self._window(given, info, "agentSessions", rows=bool(inner))
        told = list_sessions(self._tenant, window.start_ms, window.end_ms)
        found = [row for row in told if fits(row, given.get("filter"))]
        if _is_aggregated(given):
            return self._aggregate(info, "agentSessions", found, given, window, "startTime")
        page, last = self._page("agentSessions", found, given, key="agentSessionId")
        condition = _inner(given.get("extFilter"), "channelInfo")
        for row in page:
            for channel in row["channelInfo"]:
                nodes = [one for one in channel["activities"] if fits(one, condition)]
                channel["activities"] = partial(cut_nodes, nodes, "startTime", None)
        return {"agentSessions": page, "pageInfo": last}

    # --- windows ----------------------------------------------------------------------------------

    def _window(
        self, given: Mapping[str, Any], info: GraphQLResolveInfo[Any], container: str, *, rows: bool
    ) -> _Window:
        """A future end is now, without a word; seconds are a window of long ago (2.3)."""
        now = self._tenant.now_ms
        start, end = int(given["from"]), min(int(given["to"]), now)
        conditions = [given.get("filter"), given.get("extFilter")]
        conditions += [one.get("predicate") for one in given.get("aggregations") or ()]
        count_arguments(*conditions)
        if start > int(given["to"]):
            raise malformed("'from' should be less than or equal to 'to'")
        if is_seconds(start) and is_seconds(int(given["to"])):
            return _Window(start, end)
        if start < find_oldest(now):
            raise malformed("'from' should not be older than 36 months")
        if end - start > LONGEST_DAYS * DAY_MS:
            raise malformed(f"The time range should not exceed {LONGEST_DAYS} days")
        if rows and end - start > LONGEST_WITH_ROWS_DAYS * DAY_MS:
            raise malformed(f"The time range should not exceed {LONGEST_WITH_ROWS_DAYS} days")
        check_interval(given.get("aggregationInterval"), end - start)
        return _Window(start, end)

    def _list_contacts(
        self, given: Mapping[str, Any], window: _Window
    ) -> tuple[list[Contact], str]:
        stamp = given.get("timeComparator") or "createdTime"
        find = self._tenant.list_ended if stamp == "endedTime" else self._tenant.list_created
        return find(window.start_ms, window.end_ms + 1), stamp

    # --- filters ----------------------------------------------------------------------------------

    def _fitting(self, contacts: Sequence[Contact], given: Mapping[str, Any]) -> list[Row]:
        """Rows that fit both filters; an ``extFilter`` looks at so many records only (2.3)."""
        extended = given.get("extFilter")
        found: list[Row] = []
        for number, contact in enumerate(contacts):
            if extended and number == self._tenant.switches.ext_scan and len(found) < PAGE["tasks"]:
                raise reject(413, "The result set is too large. Please reduce the time range.")
            row = write_session(self._tenant, contact)
            if not fits(row, given.get("filter")):
                continue
            row["_contact"] = contact
            if extended and not self._matching(row, extended):
                continue
            found.append(row)
        return found

    def _matching(self, row: Row, extended: Mapping[str, Any]) -> list[Row]:
        nodes = list_nodes(self._tenant, row["_contact"])
        return [node for node in nodes if _fits_node(node, extended)]

    def _activities(
        self, row: Row, given: Mapping[str, Any], order: str | None
    ) -> Callable[..., Row]:
        """The nodes of a task; with an ``extFilter`` those alone that fit it (2.5)."""
        extended = given.get("extFilter")

        def cut(_: object, first: int | None = None, after: str | None = None) -> Row:
            nodes = (
                self._matching(row, extended)
                if extended
                else list_nodes(self._tenant, row["_contact"])
            )
            return cut_nodes(nodes, "createdTime", order, first=first, after=after)

        return cut

    # --- pages ------------------------------------------------------------------------------------

    def _page(
        self, container: str, rows: list[Row], given: Mapping[str, Any], key: str = ""
    ) -> tuple[list[Row], Row]:
        """A page of fixed size, and where the next begins (2.4)."""
        cursor = (given.get("pagination") or {}).get("cursor")
        size, switches = PAGE[container], self._tenant.switches
        start = _read_cursor(cursor, rows, size, key)
        reach = len(rows) if key else min(len(rows), switches.records_cap)
        if reach <= start and reach < len(rows):
            raise reject(413, "The result set is too large. Please reduce the time range.")
        end = min(start + size, reach)
        page = rows[start:end]
        refuses = reach < len(rows) and switches.records_cap_says == "413"
        more = end < reach or refuses
        following = str(page[-1][key]) if key and page else str(start // size + 1)
        about = f"search {container} {given['from']} {given['to']} {cursor}"
        told = self._tenant.faults.rows(page, about)
        info = {"hasNextPage": more, "endCursor": following if more else None}
        return [dict(row) for row in told], info

    def _aggregate(
        self,
        info: GraphQLResolveInfo[Any],
        container: str,
        rows: list[Row],
        given: Mapping[str, Any],
        window: _Window,
        stamp: str,
    ) -> Row:
        wanted = given.get("aggregations") or given["aggregation"]["aggr"]
        keys = list_keys(info, container)
        interval = given.get("aggregationInterval")
        groups = aggregate(rows, keys, wanted, interval, stamp)
        cursor = (given.get("pagination") or {}).get("cursor")
        start = 0 if cursor in FIRST else int(str(cursor).rpartition("=")[2] or 0)
        page, more = groups[start : start + GROUPS], start + GROUPS < len(groups)
        last = f"intervalStartTime={window.start_ms}::page={start + GROUPS}" if more else None
        told = {"hasNextPage": more, "endCursor": last}
        return {container: page, "pageInfo": told, "intervalInfo": interval}


def find_oldest(now_ms: int) -> int:
    """36 calendar months before *now_ms*, in milliseconds: the same day of the month (2.3)."""
    now = from_ms(now_ms)
    year = now.year - OLDEST_YEARS
    day = min(now.day, monthrange(year, now.month)[1])
    return to_ms(now.replace(year=year, day=day))


def _is_aggregated(given: Mapping[str, Any]) -> bool:
    return bool(given.get("aggregations") or (given.get("aggregation") or {}).get("aggr"))


def _read_cursor(cursor: str | None, rows: list[Row], size: int, key: str) -> int:
    if cursor in FIRST:
        return 0
    if key:
        ids = [str(row[key]) for row in rows]
        return ids.index(cursor) + 1 if cursor in ids else len(ids)
    if not str(cursor).isdigit():
        raise malformed("Invalid cursor")
    return int(str(cursor)) * size


def _inner(extended: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    inside = (extended or {}).get(name) or {}
    told = (inside.get("activities") or {}).get("nodes") or {}
    return dict(told)


def _fits_node(node: Row, extended: Mapping[str, Any]) -> bool:
    """An ``extFilter`` about activities, compound or not."""
    for name, inside in extended.items():
        if name == "and" and not all(_fits_node(node, one) for one in inside):
            return False
        if name == "or" and not any(_fits_node(node, one) for one in inside):
            return False
        if name == "activities" and not fits(node, (inside or {}).get("nodes")):
            return False
    return True
