"""The organisation's host: which address leads to what, and who may go there (2.1, 2.7)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catchment_dynamics.simulator import metadata
from catchment_dynamics.simulator.csdl import write_csdl
from catchment_dynamics.simulator.downloads import Files
from catchment_dynamics.simulator.environment import Client, Environment
from catchment_dynamics.simulator.fetch import run_fetch
from catchment_dynamics.simulator.listing import count_rows, list_page
from catchment_dynamics.simulator.navigation import FILES, find_navigation
from catchment_dynamics.simulator.query import (
    MOST_CHARACTERS,
    SINGLE,
    Preferences,
    Query,
    read_preferences,
    read_query,
)
from catchment_dynamics.simulator.refusals import (
    Refusal,
    absent_row,
    unknown_segment,
    unparsable,
    wrong_method,
)
from catchment_dynamics.simulator.rows import Renderer, View, build_renderer, write_etag
from catchment_dynamics.simulator.schema import Table
from catchment_dynamics.simulator.tracking import count_changes, is_tracking, list_changes

ROOT = re.compile(r"/api/data/v9\.[0-2](?:/(.*))?$", re.DOTALL)
KIND = "application/json; odata.metadata=minimal"
DEAR = 5
"""How many times the usual cost a download has."""

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ROW = re.compile(rf"(\w+)\((?:(\w+)=)?({_GUID})\)(?:/(\w+)(/\$value)?)?")
_DEFINITION = re.compile(r"EntityDefinitions\(([^)]*)\)(?:/(\w+)(?:\(([^)]*)\))?)?")
_SAS = re.compile(r"(?:Microsoft\.Dynamics\.CRM\.)?GetFileSasUrl\((.*)\)", re.DOTALL)
_BLOCKS = ("InitializeFileBlocksDownload", "DownloadBlock")


class OrganisationHost:
    """The host ``org`` as an ASGI application."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; it counts as under way until all of it is sent."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        environment = self._environment
        environment.note(scope)
        body = await request.body()
        annotated = '"*"' in request.headers.get("prefer", "")
        try:
            client = self._admit(request)
        except Refusal as refusal:
            await refusal.respond(annotated=annotated)(scope, receive, send)
            return
        protection = environment.protection[client.client_id]
        try:
            cost = environment.switches.request_cost_ms * (DEAR if is_download(request) else 1)
            protection.draw(environment.now, cost)
        except Refusal as refusal:
            await refusal.respond(annotated=annotated)(scope, receive, send)
            return
        try:
            try:
                response = _Call(environment, client, request, body).respond()
            except Refusal as refusal:
                response = refusal.respond(annotated=annotated)
            response.headers.update(protection.remaining())
            response.headers["x-ms-service-request-id"] = environment.guid(
                "request", len(environment.asked)
            )
            await response(scope, receive, send)
        finally:
            protection.leave()

    def _admit(self, request: Request) -> Client:
        environment = self._environment
        raw = request.scope.get("raw_path", b"") + b"?" + request.scope["query_string"]
        if len(raw) + len(environment.urls["org"]) > MOST_CHARACTERS:
            raise Refusal(
                environment.switches.too_long, "", "The request URL is longer than 32768."
            )
        client = environment.admit(request.headers.get("authorization", ""))
        environment.counts[client.name] += 1
        return client


def is_download(request: Request) -> bool:
    """Whether bytes of a file are asked for."""
    return request.url.path.endswith(("/$value", "/DownloadBlock"))


class _Call:
    """One request of an application that was let in."""

    def __init__(
        self, environment: Environment, client: Client, request: Request, body: bytes
    ) -> None:
        self._environment, self._client, self._request = environment, client, request
        self._body = body
        self._files = Files(environment, client)
        self._query = Query()
        self._preferences = Preferences()

    def respond(self) -> Response:
        request = self._request
        found = ROOT.match(request.url.path)
        if found is None:
            return Response(status_code=404)
        self._query = read_query(request.scope["query_string"].decode("latin-1"))
        most = self._environment.switches.page_most
        self._preferences = read_preferences(",".join(request.headers.getlist("prefer")), most)
        path = (found[1] or "").removesuffix("/")
        sas = _SAS.fullmatch(path)
        if sas is not None:
            if self._environment.switches.sas_post == "405" or request.method != "POST":
                self._only("GET")
            return self._json(self._files.give_link(sas[1], self._query))
        if path in _BLOCKS:
            self._only("POST")
            answer = self._files.begin_blocks if path == _BLOCKS[0] else self._files.send_block
            told = {"@odata.context": f"{self._environment.api}/$metadata#{path}Response"}
            return self._json(told | dict(answer(_read_body(self._body))))
        self._only("GET")
        return self._get(path)

    def _only(self, method: str) -> None:
        if self._request.method != method:
            raise wrong_method(self._request.method)

    def _get(self, path: str) -> Response:
        environment, query = self._environment, self._query
        plain: Mapping[str, Callable[[], Response]] = {
            "": lambda: Response(metadata.tell_service(environment), media_type=KIND),
            "$metadata": lambda: Response(
                write_csdl(environment.schema), media_type="application/xml"
            ),
            "WhoAmI": self._tell_user,
            "WhoAmI()": self._tell_user,
            "EntityDefinitions": lambda: self._json(metadata.list_tables(environment, query)),
        }
        if path in plain:
            return plain[path]()
        definition = _DEFINITION.fullmatch(path)
        if definition is not None:
            return self._define(*definition.groups())
        row = _ROW.fullmatch(path)
        if row is not None:
            return self._get_row(*row.groups())
        name, _, rest = path.partition("/")
        table = environment.schema.sets.get(name)
        if table is None:
            raise unknown_segment(name.partition("(")[0])
        if "(" in name or rest not in ("", "$count"):
            raise unknown_segment(rest or name)
        view = self._view(table)
        if rest == "$count":
            tracking = "$deltatoken" in query.options
            count = count_changes(view, query) if tracking else count_rows(view, query)
            return Response(str(count), media_type="text/plain")
        if "fetchXml" in query.options:
            return self._json(run_fetch(view, query, self._preferences))
        tracked = is_tracking(query, self._preferences)
        answer = list_changes if tracked else list_page
        return self._json(answer(view, query, self._preferences))

    def _tell_user(self) -> Response:
        told = {
            "@odata.context": f"{self._environment.api}/$metadata#Microsoft.Dynamics.CRM."
            "WhoAmIResponse"
        }
        return self._json(told | dict(self._environment.tell_user(self._client)))

    def _define(self, key: str, part: str | None, inner: str | None) -> Response:
        environment, query = self._environment, self._query
        if part is None:
            return self._json(metadata.show_table(environment, key, query))
        if part != "Attributes":
            raise unknown_segment(part)
        if inner is not None:
            return self._json(metadata.show_column(environment, key, inner, query))
        return self._json(metadata.list_columns(environment, key, query))

    def _get_row(
        self, name: str, key: str | None, row_id: str, part: str | None, value: str | None
    ) -> Response:
        environment = self._environment
        table = environment.schema.sets.get(name)
        if table is None:
            raise unknown_segment(name)
        if key not in (None, table.primary):
            raise unparsable(f"The key '{key}' is not the key of {table.name}.")
        view = self._view(table)
        row_id = row_id.lower()
        if value is not None:
            assert part is not None
            return self._files.send_value(self._request, table, row_id, part)
        row = environment.store.find(table.name, row_id, view.now)
        if row is None:
            raise absent_row(table.name, row_id)
        environment.require_row(self._client, row)
        if part is not None:
            return self._get_part(view, row_id, part)
        self._query.check(SINGLE)
        renderer = build_renderer(view, self._preferences, self._query, linked=False)
        etag = write_etag(row)
        if self._request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag, "OData-Version": "4.0"})
        context = f"{environment.api}/$metadata#{renderer.context}/$entity"
        answer = self._json({"@odata.context": context, **renderer.render(row)})
        answer.headers["ETag"] = etag
        return answer

    def _get_part(self, view: View, row_id: str, part: str) -> Response:
        """A column of a row by itself, its files, or the row that a lookup names."""
        environment, table = view.environment, view.table
        row = environment.store.find(table.name, row_id, view.now)
        assert row is not None
        found = find_navigation(environment.schema, table, part)
        if found is None:
            column = table.known_as.get(part)
            if column is None:
                raise unknown_segment(part)
            context = f"{environment.api}/$metadata#{table.entity_set}({row_id})/{part}"
            shown = Renderer(view, self._preferences, part).render(row)
            return self._json({"@odata.context": context, "value": shown[part]})
        other = view.beyond(found.table)
        renderer = build_renderer(other, self._preferences, self._query, linked=False)
        context = f"{environment.api}/$metadata#{renderer.context}"
        if part == table.name + FILES:
            # a link beside an expanded collection leads behind its only page
            rows = [] if "$skiptoken" in self._query.options else view.list_files(row)
            return self._json(
                {"@odata.context": context, "value": [renderer.render(one) for one in rows]}
            )
        assert found.column is not None
        target = view.follow(row, found.column, found.table)
        if target is None:
            return Response(status_code=204, headers={"OData-Version": "4.0"})
        return self._json({"@odata.context": f"{context}/$entity", **renderer.render(target)})

    def _view(self, table: Table) -> View:
        environment = self._environment
        environment.require(self._client, table)
        return View(environment, table, self._client, environment.now)

    def _json(self, told: Mapping[str, object]) -> Response:
        headers = {"OData-Version": "4.0"}
        applied = self._preferences.applied()
        if applied:
            headers["Preference-Applied"] = applied
        body = json.dumps(told, ensure_ascii=False).encode()
        return Response(body, 200, headers, KIND)


def _read_body(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise unparsable("The request body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise unparsable("The request body is not an object.")
    return body
