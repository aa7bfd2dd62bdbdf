"""A cable between a runner and its database that a test can pull out and plug in again."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType


class Cable:
    """Passes connections on to *target*, on a port of its own, as long as it is plugged in.

    Args:
        target: Host and port of what stands behind it.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._plugged = True
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="cable", daemon=True)

    def __enter__(self) -> Cable:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pull()
        self._listener.close()

    def pull(self) -> None:
        """Cut everything that runs through it, and refuse what comes."""
        with self._lock:
            self._plugged = False
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
            self._ends.clear()

    def plug(self) -> None:
        """Let through what comes from now on."""
        with self._lock:
            self._plugged = True

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                near, _ = self._listener.accept()
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        with self._lock:
            if not self._plugged:
                near.close()
                return
            far = socket.create_connection(self._target)
            self._ends += [near, far]
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes one way until either end is closed; then close both ways."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
