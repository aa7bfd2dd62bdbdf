"""Simulated platforms: one World that really happened, and what it takes to tell it over HTTP.

Names are loaded when they are first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catchment.sandbox.cast import (
        Agent,
        Attachment,
        Attendance,
        Call,
        ChatLine,
        Customer,
        Leg,
        Meeting,
        Move,
        Person,
        Queue,
        Recorded,
        Shift,
        SpokenLine,
        Team,
    )
    from catchment.sandbox.content import Content, Written
    from catchment.sandbox.faults import Faults, Lateness, read_faults
    from catchment.sandbox.handout import write_config, write_truth
    from catchment.sandbox.layer import Answer, ASGIApp, FaultLayer, Scope
    from catchment.sandbox.media import Take, expected_symbols
    from catchment.sandbox.recogniser import read_symbols
    from catchment.sandbox.sending import (
        Extent,
        read_extent,
        refuse_range,
        send_file,
        stream_bytes,
    )
    from catchment.sandbox.server import serve
    from catchment.sandbox.simulator import (
        Simulator,
        TruthRow,
        find_simulators,
        load_simulator,
    )
    from catchment.sandbox.switches import Switchboard
    from catchment.sandbox.world import World

_CAST = (
    "Agent Attachment Attendance Call ChatLine Customer Leg Meeting Move Person Queue Recorded "
    "Shift SpokenLine Team"
)
_HOMES = {
    "cast": _CAST,
    "content": "Content Written",
    "faults": "Faults Lateness read_faults",
    "layer": "ASGIApp Answer FaultLayer Scope",
    "media": "Take expected_symbols",
    "recogniser": "read_symbols",
    "handout": "write_config write_truth",
    "sending": "Extent read_extent refuse_range send_file stream_bytes",
    "server": "serve",
    "simulator": "Simulator TruthRow find_simulators load_simulator",
    "switches": "Switchboard",
    "world": "World",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "ASGIApp",
    "Agent",
    "Answer",
    "Attachment",
    "Attendance",
    "Call",
    "ChatLine",
    "Content",
    "Customer",
    "Extent",
    "FaultLayer",
    "Faults",
    "Lateness",
    "Leg",
    "Meeting",
    "Move",
    "Person",
    "Queue",
    "Recorded",
    "Scope",
    "Shift",
    "Simulator",
    "SpokenLine",
    "Switchboard",
    "Take",
    "Team",
    "TruthRow",
    "World",
    "Written",
    "expected_symbols",
    "find_simulators",
    "load_simulator",
    "read_extent",
    "read_faults",
    "read_symbols",
    "refuse_range",
    "send_file",
    "serve",
    "stream_bytes",
    "write_config",
    "write_truth",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
