"""Runs simulators on this machine: each host a server on a port of its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from email.utils import format_datetime
from functools import partial

import uvicorn

from catchment.model import Clock
from catchment.sandbox.certificates import Identity, issued
from catchment.sandbox.layer import CUT, ASGIApp, Message, Receive, Scope, Send
from catchment.sandbox.simulator import Simulator

__all__ = ["serve"]

HERE = "127.0.0.1"
LONGEST = 1 << 17
"""Bytes of a request's first line and headers: platforms take addresses of 32 KB and more."""

PATIENCE = 10.0
"""Real seconds until a server that does not come up is given up."""

Urls = Mapping[str, Mapping[str, str]]


@contextmanager
def serve(
    simulators: Sequence[Simulator], *, ports: Mapping[str, int] | None = None
) -> Iterator[Urls]:
    """Serve every host of *simulators* on 127.0.0.1 until the block is left.

    Those that want TLS share one authority, which is made anew for each call.

    Args:
        simulators: What to serve; each is bound to its addresses before the block begins.
        ports: Wanted ports by ``"source.host"``; others are free ones.

    Yields:
        The address of each host, by source and host: ``urls["zoom"]["api"]``.

    Raises:
        NotInstalled: A simulator wants TLS, and what makes certificates is missing.
    """
    with ExitStack() as stack:
        identity: Identity | None = None
        if any(simulator.tls for simulator in simulators):
            identity = stack.enter_context(issued(HERE, "localhost"))
        listening: dict[str, dict[str, socket.socket]] = {}
        for simulator in simulators:
            sockets = listening.setdefault(simulator.source, {})
            for host in simulator.hosts:
                port = (ports or {}).get(f"{simulator.source}.{host}", 0)
                sockets[host] = stack.enter_context(_listen(port))
            if identity is not None and simulator.tls:
                simulator.ca_file = identity.ca_file
                stack.callback(setattr, simulator, "ca_file", None)
            simulator.bind(_urls(simulator, sockets))
        for simulator in simulators:
            context = identity.context if identity is not None and simulator.tls else None
            cloud = _Cloud(simulator, listening[simulator.source], context)
            stack.callback(cloud.stop)
            cloud.start()
        yield {one.source: _urls(one, listening[one.source]) for one in simulators}


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # What it accepts inherits this.  asyncio sets it by itself, but only for sockets that were made
    # with a protocol number; without it each answer waits for the other side's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((HERE, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _urls(simulator: Simulator, sockets: Mapping[str, socket.socket]) -> dict[str, str]:
    scheme = "https" if simulator.tls else "http"
    return {
        host: f"{scheme}://{HERE}:{listener.getsockname()[1]}" for host, listener in sockets.items()
    }


class _Server(uvicorn.Server):
    """A server that says when it is ready, and looks often whether it shall stop."""

    def __init__(
        self, app: ASGIApp, ready: threading.Semaphore, context: ssl.SSLContext | None
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                h11_max_incomplete_event_size=LONGEST,
                date_header=False,
                log_level="critical",
                lifespan="off",
                proxy_headers=False,
                server_header=False,
                ssl_context_factory=None if context is None else lambda *_: context,
                timeout_graceful_shutdown=1,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.release()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_soon(self._leave_idle)
        await super().shutdown(sockets)

    def _leave_idle(self) -> None:
        """Wait for no client that reads nothing any more: over TLS, closing asks for a reply."""
        for connection in list(self.server_state.connections):
            if connection.transport.is_closing():
                connection.transport.abort()

    async def main_loop(self) -> None:
        while not self.should_exit:
            await asyncio.sleep(0.02)


class _Cloud:
    """All hosts of one simulator, in one thread."""

    def __init__(
        self,
        simulator: Simulator,
        sockets: Mapping[str, socket.socket],
        context: ssl.SSLContext | None,
    ) -> None:
        self._ready = threading.Semaphore(0)
        hosts = simulator.hosts
        self._servers = {
            host: _Server(_hosted(hosts[host], simulator.clock), self._ready, context)
            for host in sockets
        }
        self._sockets = sockets
        self._thread = threading.Thread(target=self._run, name=f"sandbox {simulator.source}")

    def start(self) -> None:
        self._thread.start()
        for host in self._servers:
            if not self._ready.acquire(timeout=PATIENCE):
                raise TimeoutError(f"the simulated host {host} did not come up")

    def stop(self) -> None:
        for server in self._servers.values():
            server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        await asyncio.gather(
            *(server.serve([self._sockets[host]]) for host, server in self._servers.items())
        )


def _hosted(app: ASGIApp, clock: Clock) -> ASGIApp:
    """What a platform's own server does: it tells its time, and it can cut the connection."""

    async def serve_request(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _dated(list(message.get("headers", [])), clock)}
            await send(message)

        # uvicorn's `send` is a method of the request's cycle, which knows the connection
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if scope["type"] == "http" and transport is not None:
            extensions = scope.get("extensions") or {}
            scope["extensions"] = {**extensions, CUT: partial(_cut, transport)}
        await app(scope, receive, tell)

    return serve_request


def _dated(headers: list[tuple[bytes, bytes]], clock: Clock) -> list[tuple[bytes, bytes]]:
    if not any(name.lower() == b"date" for name, _ in headers):
        headers.append((b"date", format_datetime(clock.now(), usegmt=True).encode()))
    return headers


def _cut(transport: asyncio.Transport) -> None:
    linger = struct.pack("ii", 1, 0)  # closing says RST, not FIN
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
