"""What a plugin implements so that its platform can be simulated.

A plugin registers its class under the entry-point group ``catchment.simulators``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar, cast

from catchment.errors import NotInstalled
from catchment.model import Clock
from catchment.sandbox.faults import Faults
from catchment.sandbox.layer import ASGIApp
from catchment.sandbox.world import World

__all__ = ["ASGIApp", "Simulator", "TruthRow", "find_simulators", "load_simulator"]

GROUP = "catchment.simulators"


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One file that a platform made available and that must be in the archive, once.

    Attributes:
        source: The source's name in ``catchment.toml``.
        external_id: The platform's id of the recording, as the adapter must report it.
        file_id: The file's id within the recording, as the adapter must report it.
        kind: As in :data:`catchment.model.Kind`.
        available_at: When the platform first offered it completely.
        duration_s: How long it plays; ``None`` for text.
        keys: ``"space:value"`` of the keys that the recording must have.
        began_at: When what was recorded began, as the adapter must report it; a watermark that is
            beyond it says that this file is accounted for.  ``None`` where that is not told.
    """

    source: str
    external_id: str
    file_id: str
    kind: str
    available_at: datetime
    sha256: str
    bytes: int
    duration_s: float | None = None
    keys: tuple[str, ...] = ()
    began_at: datetime | None = None

    def to_json(self) -> str:
        """One line of JSON."""
        began_at = None if self.began_at is None else self.began_at.isoformat()
        row = asdict(self) | {"available_at": self.available_at.isoformat(), "began_at": began_at}
        return json.dumps(row, ensure_ascii=False)


class Simulator:
    """One platform's cloud, told from a World: the base class of every plugin's simulator.

    A subclass sets ``name`` and, when made, builds ``hosts``.  Hosts learn each other's addresses
    from ``self.urls``, which is filled by :meth:`bind` before the first request arrives.

    Attributes:
        name: The adapter's name.
        tls: Whether the hosts are served over TLS (``https://``).  For platforms whose own client
            libraries ask nothing else; the plugin then depends on ``trustme``.
        ca_file: While the hosts are served over TLS: the certificate, as PEM, of the authority
            that clients have to trust.  It is there before :meth:`bind` is called.

    Args:
        world: What really happened.
        clock: The platform's time.
        faults: What goes wrong; nothing, if left out.
        switches: Behaviours of the platform that differ or are unknown, by name.
        source: The name of the source in ``catchment.toml``; the platform's if left out.
    """

    name: ClassVar[str] = ""
    tls: ClassVar[bool] = False

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults | None = None,
        switches: Mapping[str, object] | None = None,
        source: str = "",
    ) -> None:
        self.world = world
        self.clock = clock
        self.faults = faults or Faults(seed=world.seed)
        self.faults.clock = self.faults.clock or clock
        self.switches: Mapping[str, object] = dict(switches or {})
        self.source = source or self.name
        self.urls: Mapping[str, str] = {}
        self.ca_file: Path | None = None

    @property
    def hosts(self) -> Mapping[str, ASGIApp]:
        """The platform's hosts by name (``api``, ``web``, ``storage``), each an application."""
        raise NotImplementedError

    def bind(self, urls: Mapping[str, str]) -> None:
        """Learn under which address each host is served: ``{"api": "http://127.0.0.1:4711"}``."""
        self.urls = dict(urls)

    def settings(self) -> Mapping[str, object]:
        """The source's table for ``catchment.toml``, for use after ``bind``.

        Without ``adapter`` and ``ca_file``, which whoever writes the file knows.

        Secrets stand there by reference, ``{"env": "NAME"}``, with their values in ``secrets``.
        """
        raise NotImplementedError

    def secrets(self) -> Mapping[str, str]:
        """Environment variables that ``settings`` refers to."""
        return {}

    def truth(self, until: datetime) -> Iterator[TruthRow]:
        """Every file that the platform has made available up to *until*."""
        raise NotImplementedError


def find_simulators() -> list[str]:
    """Names of the platforms for which a simulator is installed.  Loads none of them."""
    return sorted({point.name for point in _entry_points()})


def load_simulator(name: str) -> type[Simulator]:
    """The simulator class of the platform *name*.

    Raises:
        NotInstalled: No plugin of this name ships a simulator, or it cannot be imported.
    """
    for point in _entry_points():
        if point.name != name:
            continue
        try:
            found = point.load()
        except Exception as error:  # a plugin's import may fail in any way
            raise NotInstalled(
                f"the simulator of {name} cannot be loaded: {error}",
                remedy=f"Install the distribution that ships {point.value} again.",
            ) from error
        return cast("type[Simulator]", found)
    known = ", ".join(find_simulators()) or "none"
    raise NotInstalled(
        f"no simulator of {name} is installed; installed are: {known}",
        remedy="Name one of these, or install a plugin that brings one: it is found by its entry "
        f"point {name} of the group {GROUP}.",
    )


def _entry_points() -> list[EntryPoint]:
    """What is installed at this moment.

    Read without a cache: a plugin that was installed a moment ago has its simulator now.
    """
    from importlib.metadata import entry_points

    return list(entry_points(group=GROUP))
