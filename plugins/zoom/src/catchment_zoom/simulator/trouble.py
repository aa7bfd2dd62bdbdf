"""The fault layer in front of each host, told in Zoom's words (8.2, 8.3, 6.2, 12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from starlette.types import Scope

from catchment.sandbox import Answer as Spoilt
from catchment.sandbox import ASGIApp, FaultLayer
from catchment_zoom.simulator.answers import Answer, Rejection, other_shape, reject
from catchment_zoom.simulator.oauth import refuse_token
from catchment_zoom.simulator.routing import find
from catchment_zoom.simulator.scopes import BY_ROUTE, ROUTES
from catchment_zoom.simulator.site import Site

Asked = tuple[Literal["token", "list", "document", "download"], str]
"""What a request asks for, and what all tries of the same thing share."""

_LISTS = (
    "archive_list",
    "archive_list_master",
    "account_recordings",
    "user_recordings",
    "download_audit",
    "instances",
    "participants",
    "report_participants",
    "users",
)
_PAGE = b"<!DOCTYPE html><html><head><title>Zoom</title></head><body>Sign in</body></html>"
_DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"


def spoil_hosts(site: Site, hosts: Mapping[str, ASGIApp]) -> Mapping[str, ASGIApp]:
    """Put the fault layer in front of every host."""
    return {name: _layer(site, name, app) for name, app in hosts.items()}


def _layer(site: Site, name: str, app: ASGIApp) -> ASGIApp:
    def classify(scope: Scope) -> Asked | None:
        if scope["path"] == "/oauth/token":
            return "token", "oauth"
        return _asked_api(scope) if name == "api" else _asked_file(site, name, scope)

    return FaultLayer(app, site.faults, classify, _words(site, name))


def _asked_api(scope: Scope) -> Asked | None:
    """All tries of one page are one key, whatever token the page before gave."""
    found = find(ROUTES, scope["method"], scope["raw_path"].removeprefix(b"/v2"))
    if found is None:
        return None
    route, path = found
    operation = BY_ROUTE[route].name
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    page = "further" if query.pop("next_page_token", "") else "first"
    key = f"{operation} {sorted(path.items())} {urlencode(query)} {page}"
    return ("list", key) if operation in _LISTS else ("document", key)


def _asked_file(site: Site, host: str, scope: Scope) -> Asked | None:
    """A file is the same whatever its address says today; each host has tries of its own."""
    path = scope["raw_path"].decode("latin-1")
    file_id = site.links.name(path)
    return None if file_id is None else ("download", f"{host} {file_id}")


def _words(site: Site, host: str) -> Mapping[str, Callable[[Scope], Spoilt]]:
    rejections: dict[str, Callable[[], Answer]] = {
        "throttle": lambda: site.limiter.refuse(site.switches),
        "server_error": lambda: _server_error(site),
        "expired_token": lambda: _of(refuse_token("Access token is expired.", site.switches)),
        "unauthorized_once": lambda: _of(refuse_token("Invalid access token.", site.switches)),
    }

    def word(tell: Callable[[], Answer]) -> Callable[[Scope], Spoilt]:
        return lambda scope: _spell(site, tell())

    words = {fault: word(tell) for fault, tell in rejections.items()}
    words["expired_link"] = lambda scope: _expired(host)
    return words


def _spell(site: Site, answer: Answer) -> Spoilt:
    headers = {
        "content-type": "application/json;charset=UTF-8",
        "x-zm-trackingid": f"v=2.0;clid=sim1;rid=WEB_{sum(site.faults.counts.values()):022}",
        **answer.headers,
    }
    return Spoilt(answer.status, answer.to_bytes(), headers)


def _server_error(site: Site) -> Answer:
    """A 5xx, and every third time the odd body instead, as switched (8.3)."""
    count = site.faults.counts["server_error"]
    if count % 3 == 0:
        return other_shape(5000, "Internal error.", site.switches.odd_body_status)
    return _of(reject((500, 503)[count % 2], 500, "Internal server error."))


def _expired(host: str) -> Spoilt:
    """Zoom answers 200 and a page (6.2, rule 5); the storage host refuses."""
    if host == "storage":
        return Spoilt(403, _DENIED, {"content-type": "application/xml"})
    return Spoilt(200, _PAGE, {"content-type": "text/html;charset=UTF-8"})


def _of(rejection: Rejection) -> Answer:
    return rejection.answer
