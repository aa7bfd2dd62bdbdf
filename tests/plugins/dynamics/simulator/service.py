"""A served environment with a handful of rows, and the few calls that every test makes."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeAlias

import httpx

from catchment.clock import ManualClock
from catchment.sandbox import ASGIApp, Faults, Simulator, World, Written, serve
from catchment_dynamics.simulator.app import build_hosts
from catchment_dynamics.simulator.environment import Client, Environment
from catchment_dynamics.simulator.odata_switches import ODataSwitches
from catchment_dynamics.simulator.schema import build_schema
from catchment_dynamics.simulator.store import FileValue, History, Reference, Snapshot, Store

Row: TypeAlias = dict[str, Any]
"""An object of an answer's JSON."""

MIDNIGHT = datetime(2026, 10, 12, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)
API = "/api/data/v9.2"
LARGE = 9 << 20
SOUND = bytes(range(256)) * 40
BODY_5 = (bytes(range(251)) * (LARGE // 251 + 1))[:LARGE]


def guid(kind: int, number: int) -> str:
    """A GUID of so many-th of a kind."""
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def conversation(number: int) -> str:
    """The id of a conversation."""
    return guid(1, number)


def recording(number: int) -> str:
    """The id of a recording; number 6 has no file before one o'clock, number 5 is large."""
    return guid(2, number)


def session(number: int) -> str:
    """The id of a session."""
    return guid(3, number)


AGENT = guid(4, 1)


def _file(number: int) -> FileValue:
    body = BODY_5 if number == 5 else SOUND + bytes([number])
    content = Written(lambda: body, "video/mp4")
    return FileValue(guid(5, number), f"recording {number}.mp4", content, "video/mp4")


def _tell_recording(number: int) -> History:
    at = MIDNIGHT + timedelta(hours=8, minutes=number // 2, milliseconds=700)
    row: dict[str, object] = {
        "msdyn_name": f"Recording O'Neill {number}",
        "msdyn_liveworkitemid": Reference("msdyn_ocliveworkitem", conversation(number % 3)),
        "msdyn_recordingtarget": Reference("msdyn_ocliveworkitem", conversation(number % 3)),
    }
    filed = at + timedelta(hours=5) if number == 6 else at + timedelta(seconds=30)
    steps = (Snapshot(at, row), Snapshot(filed, {**row, "msdyn_recording": _file(number)}))
    return History("msdyn_ocrecording", recording(number), steps)


def list_rows() -> Iterator[History]:
    """Three conversations with a session each, seven recordings, an agent, a transcript's note."""
    at = MIDNIGHT + timedelta(hours=7)
    person = {"fullname": "First Agent", "domainname": "first@corp.example", "isdisabled": False}
    yield History("systemuser", AGENT, (Snapshot(at, person),))
    channels = ((192440000,), (192360000,), (192370000, 192440000))
    for number, channel in enumerate(channels):
        row: dict[str, object] = {
            "subject": f"Call {number}",
            "msdyn_channel": channel,
            "statecode": 1,
            "statuscode": 4,
            "msdyn_closedon": at + timedelta(minutes=number),
            "msdyn_activeagentid": Reference("systemuser", AGENT) if number else None,
            "msdyn_isoutbound": number == 1,
            "msdyn_transfercount": number * 1000,
        }
        yield History("msdyn_ocliveworkitem", conversation(number), (Snapshot(at, row),))
        part: dict[str, object] = {
            "msdyn_liveworkitemid": Reference("msdyn_ocliveworkitem", conversation(number)),
            "msdyn_channel": channel[-1],
        }
        yield History("msdyn_ocsession", session(number), (Snapshot(at, part),))
    yield from map(_tell_recording, range(7))


class Tables(Simulator):
    """An environment whose rows are told by hand."""

    name: ClassVar[str] = "dynamics"
    tls: ClassVar[bool] = True

    def __init__(
        self,
        clock: ManualClock,
        faults: Faults | None,
        histories: list[History],
        switches: Mapping[str, object],
    ) -> None:
        super().__init__(World(1, MIDNIGHT, meetings=0), clock, faults, switches)
        told = ODataSwitches.read(switches)
        schema = build_schema(
            told.missing_tables.split(),
            told.missing_columns.split(),
            told.rejected_columns.split(),
            extra_columns=told.extra_columns,
        )
        clients = tuple(Client(name, guid(6, n), f"s&cret+{n}", guid(7, n)) for n, name in _NAMES)
        store = Store(histories, MIDNIGHT - timedelta(days=30))
        self.environment = Environment(store, clock, self.faults, told, schema, clients)
        self._hosts = build_hosts(self.environment)

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """All three."""
        return self._hosts

    def bind(self, urls: Mapping[str, str]) -> None:
        """Learn the addresses."""
        super().bind(urls)
        self.environment.urls = self.urls


_NAMES = ((0, "a"), (1, "b"))


class Service:
    """One served environment."""

    def __init__(self, simulator: Tables, clock: ManualClock) -> None:
        assert simulator.ca_file is not None
        self.simulator, self.clock = simulator, clock
        self.environment, self.urls = simulator.environment, simulator.urls
        self.ca_file = str(simulator.ca_file)
        trust = ssl.create_default_context(cafile=self.ca_file)
        self.http = httpx.Client(verify=trust, trust_env=False, timeout=20)
        self._bearers: dict[int, tuple[str, datetime]] = {}

    def ask_token(self, client: int = 0, tenant: str = "", **changed: str) -> httpx.Response:
        """Ask for a token, some fields of the form changed."""
        told = self.environment.clients[client]
        form = {
            "grant_type": "client_credentials",
            "client_id": told.client_id,
            "client_secret": told.secret,
            "scope": f"{self.urls['org']}/.default",
        } | changed
        path = f"/{tenant or self.environment.tenant_id}/oauth2/v2.0/token"
        return self.http.post(self.urls["login"] + path, data=form)

    def bearer(self, client: int = 0) -> str:
        """A token of a client, asked for anew where the last one is old."""
        held, until = self._bearers.get(client, ("", MIDNIGHT))
        if until <= self.clock.now():
            held = str(self.ask_token(client).json()["access_token"])
            self._bearers[client] = held, self.clock.now() + timedelta(minutes=50)
        return held

    def send(
        self, method: str, path: str, *, client: int = 0, prefer: str = "", **more: Any
    ) -> httpx.Response:
        """One request to the Web API; *path* may be a whole link."""
        headers = {"authorization": f"Bearer {self.bearer(client)}"} | more.pop("headers", {})
        if prefer:
            headers["prefer"] = prefer
        url = path if path.startswith("https:") else f"{self.urls['org']}{API}/{path}"
        return self.http.request(method, url, headers=headers, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        """One ``GET``."""
        return self.send("GET", path, **more)

    def data(self, path: str, **more: Any) -> Row:
        """What a good answer says."""
        answer = self.get(path, **more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def rows(self, path: str, **more: Any) -> list[Row]:
        """The rows of all pages."""
        told = self.data(path, **more)
        found = list(told["value"])
        while "@odata.nextLink" in told:
            told = self.data(told["@odata.nextLink"], **more)
            found += told["value"]
        return found

    def numbers(self, path: str, **more: Any) -> list[int]:
        """The numbers of the rows of all pages, whatever their table."""
        names = ("activityid", "msdyn_ocrecordingid", "systemuserid")
        rows = self.rows(path, **more)
        return [int(next(row[one] for one in names if one in row)[-12:], 16) for row in rows]


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["message"]


Starter: TypeAlias = Callable[..., Service]
"""Serves an environment with the given switches, each by its name."""


@contextmanager
def starting() -> Iterator[Starter]:
    """Serve environments at noon until the block is left."""
    with ExitStack() as stack:

        def start(
            faults: Faults | None = None,
            histories: list[History] | None = None,
            at: datetime = NOON,
            **switches: object,
        ) -> Service:
            clock = ManualClock(at)
            rows = list(list_rows()) if histories is None else histories
            simulator = Tables(clock, faults, rows, switches)
            stack.enter_context(serve([simulator]))
            made = Service(simulator, clock)
            stack.callback(made.http.close)
            return made

        yield start
