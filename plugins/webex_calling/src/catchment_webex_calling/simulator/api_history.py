"""The call history hosts: ``cdr_feed`` and ``cdr_stream`` (2.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode, urlsplit

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, Rejection, forbidden
from catchment_webex.simulator.api import ApiHost, Handler
from catchment_webex.simulator.limits import TOO_MANY
from catchment_webex.simulator.operations import Level, Operation, Routes
from catchment_webex.simulator.times import write_time
from catchment_webex_calling.simulator.history import Entry, Field, time_of
from catchment_webex_calling.simulator.switches import CallingSwitches
from catchment_webex_calling.simulator.tenant import CallingTenant

HOSTS = ("cdr", "cdr_eu")
"""Two regions; which one is ours, the switch ``region_451`` says."""

MINUTE = timedelta(minutes=1)
PAGES = 10
"""So many further pages may be asked for in a minute, and one first page."""

MOST_LOCATIONS = 10

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
_NEXT, _SKIP = "startTimeForNextFetch", "skip"
_SCOPE: Mapping[Level, str] = {"admin": "spark-admin:calling_cdr_read"}

OPERATIONS = (
    Operation("cdr_feed", "GET", "/cdr_feed", _SCOPE, "list", frozenset({"cdr_access"})),
    Operation("cdr_stream", "GET", "/cdr_stream", _SCOPE, "list", frozenset({"cdr_access"})),
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What windows a resource takes."""

    oldest: timedelta
    newest: timedelta
    longest: timedelta


def read_bounds(resource: str, switches: CallingSwitches) -> Bounds:
    """The table of 2.1."""
    if resource == "cdr_stream":
        return Bounds(timedelta(hours=12), MINUTE, timedelta(hours=2))
    oldest = timedelta(days=30) if switches.feed_horizon == "30d" else timedelta(hours=48)
    return Bounds(oldest, 5 * MINUTE, timedelta(hours=12))


class RequestBudget:
    """One first page a minute, and ten further ones, for each token owner."""

    def __init__(self) -> None:
        self._first: dict[str, datetime] = {}
        self._further: defaultdict[str, list[datetime]] = defaultdict(list)

    def draw(self, about: str, now: datetime, *, further: bool) -> None:
        """Count one request.

        Raises:
            Rejection: 429 with the time until there is room again.
        """
        if further:
            recent = [at for at in self._further[about] if now - at < MINUTE]
            self._further[about] = recent
            if len(recent) >= PAGES:
                raise _busy(recent[0] + MINUTE - now)
            recent.append(now)
            return
        last = self._first.get(about)
        if last is not None and now - last < MINUTE:
            raise _busy(last + MINUTE - now)
        self._first[about] = now


class HistoryApi:
    """Answers the two resources, on either host."""

    def __init__(self, tenant: CallingTenant) -> None:
        self._tenant = tenant
        self._budget = RequestBudget()

    def hosts(self) -> Mapping[str, ApiHost]:
        """One API host for each region."""
        return {
            name: ApiHost(self._tenant, Routes(OPERATIONS), self._handlers(name), name)
            for name in HOSTS
        }

    def _handlers(self, host: str) -> Mapping[str, Handler]:
        def answer(call: Call) -> Answer:
            return self._answer(call, host)

        return dict.fromkeys(("cdr_feed", "cdr_stream"), answer)

    def _answer(self, call: Call, host: str) -> Answer:
        switches = self._tenant.switches
        if not switches.cdr_access:
            raise forbidden()
        self._check_region(host)
        further = _NEXT in call.query
        shared = switches.cdr_budget == "shared"
        about = call.user.uuid if shared else f"{call.user.uuid} {call.operation}"
        self._budget.draw(about, call.now, further=further)
        start, end = self._read_window(call, further=further)
        feed = call.operation == "cdr_feed"
        field: Field = switches.feed_window_field if feed else "stored"
        rows = self._tenant.history.find(field, start, end, call.now, feed=feed)
        names = _read_locations(call.query)
        rows = [row for row in rows if not names or row.half.owner.location.name in names]
        if not rows and switches.cdr_empty == 404:
            raise _refuse(404, "No CDRs for requested time range and filters")
        return self._page(call, rows, field)

    def _check_region(self, host: str) -> None:
        """451 names the right host in free text, in two wordings (2.1)."""
        wording = self._tenant.switches.region_451
        right = HOSTS[0] if wording == "none" else HOSTS[1]
        if host == right:
            return
        url = self._tenant.base(right)
        place = urlsplit(url).netloc
        told = {"url": f"URL: {url}", "url_bare": f"URL: {place}"}
        hint = told.get(wording, f"Please use {place}")
        raise _refuse(451, f"The data of this organization is in another region. {hint}")

    def _read_window(self, call: Call, *, further: bool) -> tuple[datetime, datetime]:
        switches = self._tenant.switches
        start, end = (_read_time(call.query, name) for name in ("startTime", "endTime"))
        bounds, status = read_bounds(call.operation, switches), switches.cdr_bad_window
        if start >= end:
            raise _refuse(400, "startTime must be before endTime")
        if end - start > bounds.longest:
            raise _refuse(status, "The time range is too long")
        if not further and start < call.now - bounds.oldest:
            raise _refuse(status, "startTime is too far in the past")
        if end > call.now - bounds.newest:
            raise _refuse(status, "endTime is too recent")
        return start, end

    def _page(self, call: Call, rows: list[Entry], field: Field) -> Answer:
        tenant, size = self._tenant, _read_max(call.query, self._tenant.switches)
        at = 0
        if _NEXT in call.query:
            mark = _read_time(call.query, _NEXT)
            skip = call.query.get(_SKIP, "0")
            at = sum(_cut(time_of(row, field)) < mark for row in rows)
            at += int(skip) if skip.isdigit() else 0
        shown, headers = rows[at : at + size], {}
        if at + size < len(rows):
            mark = _cut(time_of(rows[at + size], field))
            same = sum(_cut(time_of(row, field)) == mark for row in rows[: at + size])
            plain = {k: v for k, v in call.query.items() if k != _SKIP}
            query = plain | {
                _NEXT: write_time(mark, milliseconds=True),
                "totalCount": str(len(rows)),
                "orgId": tenant.account.org_id,
                "max": str(size),
                **({_SKIP: str(same)} if same else {}),
            }
            link = f"<{call.url}?{urlencode(query)}>"
            doubled = tenant.switches.cdr_link == "doubled"
            headers["Link"] = f'{f"<{link}>" if doubled else link}; rel="next"'
        key = f"{call.operation} {call.query.get(_NEXT, '')}"
        told = [
            tenant.writer.write(row.told, row.half, row.report_id, row.reported_at)
            for row in tenant.faults.rows(shown, key)
        ]
        return Answer(200, {"items": told}, headers)


def _cut(at: datetime) -> datetime:
    """Whole milliseconds, as the wire has them."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _read_time(query: Mapping[str, str], name: str) -> datetime:
    """Exactly ``YYYY-MM-DDTHH:MM:SS.mmmZ`` (2.1)."""
    text = query.get(name, "")
    try:
        if len(text) != len("2026-03-10T14:12:20.118Z"):
            raise ValueError(text)
        return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except ValueError:
        raise _refuse(400, f"{name} must be in the format YYYY-MM-DDTHH:MM:SS.mmmZ") from None


def _read_max(query: Mapping[str, str], switches: CallingSwitches) -> int:
    """``max``: silently clamped (2.1)."""
    least, most = (500, 5000) if switches.cdr_page == "500-5000" else (1, 500)
    text = query.get("max", str(most))
    if not text.isascii() or not text.isdigit():
        raise _refuse(400, "max must be a number")
    return max(least, min(int(text), most))


def _read_locations(query: Mapping[str, str]) -> set[str]:
    names = {name.strip() for name in query.get("locations", "").split(",") if name.strip()}
    if len(names) > MOST_LOCATIONS:
        raise _refuse(400, "At most 10 locations can be specified")
    return names


def _refuse(status: int, message: str, **headers: str) -> Rejection:
    """An error in this API's own envelope (2.1)."""
    body: dict[str, Any] = {"errorCode": status, "message": message}
    return Rejection(Answer(status, body, headers))


def _busy(wait: timedelta) -> Rejection:
    seconds = str(max(1, ceil(wait.total_seconds())))
    return _refuse(429, TOO_MANY, **{"Retry-After": seconds})
