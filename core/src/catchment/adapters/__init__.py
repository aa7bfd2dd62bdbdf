"""Adapters: what a plugin derives from, how it is found, and the one class that calls its hooks.

pluggy holds the hook specifications and checks every signature; the rest of Catchment never sees
pluggy.  There is one plugin manager per source, so that arguments and failures of one source never
reach another.
"""

from __future__ import annotations

from catchment.adapters._adapter import Adapter, Source, SourceSettings
from catchment.adapters._discovery import (
    GROUP,
    AdapterStatus,
    list_adapters,
    list_hooks,
    list_shortcomings,
    load_adapter,
)
from catchment.adapters._hooks import Hooks, guard

__all__ = [
    "GROUP",
    "Adapter",
    "AdapterStatus",
    "Hooks",
    "Source",
    "SourceSettings",
    "guard",
    "list_adapters",
    "list_hooks",
    "list_shortcomings",
    "load_adapter",
]
