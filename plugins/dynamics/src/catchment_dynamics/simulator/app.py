"""The hosts as ASGI applications, the fault layer in front of each speaking their words (2.7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.types import Receive, Scope, Send

from catchment.sandbox import Answer, ASGIApp, FaultLayer
from catchment.sandbox.faults import Group
from catchment_dynamics.simulator.blobs import XML, BlobHost, write_error
from catchment_dynamics.simulator.downloads import HIDDEN_RANGE
from catchment_dynamics.simulator.environment import Environment
from catchment_dynamics.simulator.host import KIND, OrganisationHost
from catchment_dynamics.simulator.identity import ENDPOINT, IdentityHost
from catchment_dynamics.simulator.limits import refuse, refuse_requests_text
from catchment_dynamics.simulator.refusals import TOO_MANY, Refusal

WAITS = (1, 2, 5, 17)
"""Seconds of ``Retry-After``, one after the other."""

_ROW = re.compile(r"/\w+\([^)]*\)")
_LISTS = re.compile(r"/api/data/v9\.\d/\w+(?:/\$count)?$")


def build_hosts(environment: Environment) -> Mapping[str, ASGIApp]:
    """``login``, ``org`` and ``files`` of one environment."""
    return {
        "login": _spoil_identity(environment),
        "org": _spoil_organisation(environment),
        "files": _spoil_files(environment),
    }


def _spoil_organisation(environment: Environment) -> ASGIApp:
    def classify(scope: Scope) -> tuple[Group, str] | None:
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        if path.endswith(("/$value", "/DownloadBlock")):
            return "download", path
        if _LISTS.fullmatch(path) and not path.endswith("FileBlocksDownload"):
            return "list", f"{path}?{query}"
        return "document", f"{path}?{query}" if _ROW.search(path) else path

    def throttle() -> Refusal:
        count = environment.faults.counts["throttle"]
        limit = environment.switches.throttle_requests
        return refuse(TOO_MANY, refuse_requests_text(limit), WAITS[count % len(WAITS)])

    def word(tell: Callable[[], Refusal]) -> Callable[[Scope], Answer]:
        def spell(scope: Scope) -> Answer:
            environment.note(scope)
            told = tell()
            headers = {"content-type": KIND, "OData-Version": "4.0", **told.headers}
            return Answer(told.status, told.to_bytes(), headers)

        return spell

    answers = {
        "throttle": word(throttle),
        "server_error": word(lambda: Refusal(503, "", "The service is unavailable.")),
        "expired_token": word(environment.unauthorised),
        "unauthorized_once": word(environment.unauthorised),
        "expired_link": word(environment.unauthorised),
    }
    host = FaultLayer(OrganisationHost(environment), environment.faults, classify, answers)
    return host if environment.switches.range_header else _hide_ranges(host)


def _hide_ranges(app: ASGIApp) -> ASGIApp:
    """Hide from the fault layer that a part is asked for.

    It may answer with another part, as long as ``Content-Range`` tells; here nothing would.
    """

    async def pass_on(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            names = {b"range": HIDDEN_RANGE.encode()}
            lines = [(names.get(name, name), value) for name, value in scope["headers"]]
            scope = {**scope, "headers": lines}
        await app(scope, receive, send)

    return pass_on


def _spoil_identity(environment: Environment) -> ASGIApp:
    host = IdentityHost(environment)

    def classify(scope: Scope) -> tuple[Group, str] | None:
        return ("token", scope["path"]) if scope["path"].endswith(ENDPOINT) else None

    def throttle(_: Scope) -> Answer:
        told = host.refuse_many()
        return Answer(429, bytes(told.body), dict(told.headers))

    return FaultLayer(host, environment.faults, classify, {"throttle": throttle})


def _spoil_files(environment: Environment) -> ASGIApp:
    def classify(scope: Scope) -> tuple[Group, str] | None:
        return "download", scope["path"]

    def word(status: int, code: str, text: str) -> Callable[[Scope], Answer]:
        headers = {"content-type": XML, "x-ms-error-code": code}
        return lambda _: Answer(status, write_error(code, text), headers)

    past = word(403, "AuthenticationFailed", "Signature not valid in the specified time frame.")
    answers = {
        "throttle": word(503, "ServerBusy", "The server is busy."),
        "server_error": word(500, "InternalError", "The server encountered an internal error."),
        "expired_link": past,
        "expired_token": past,
        "unauthorized_once": past,
    }
    return FaultLayer(BlobHost(environment), environment.faults, classify, answers)
