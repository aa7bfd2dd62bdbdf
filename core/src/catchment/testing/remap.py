"""Maps bundles in a process of its own: ``python -m catchment.testing.remap``, pickles in and out.

The order of a set differs between processes, and so does ``hash``; one process alone never shows
it.
"""

from __future__ import annotations

import pickle
import sys
from datetime import UTC, datetime

from catchment.adapters import Source, load_adapter
from catchment.clock import ManualClock
from catchment.transport import Kit


def main() -> None:
    """Read name, settings, time zone and bundles; write the drafts."""
    told = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own process
    name, settings, timezone, bundles = told
    kind = load_adapter(name)
    with Kit(ManualClock(datetime(2026, 10, 14, tzinfo=UTC))) as kit:
        adapter = kind(Source(name, settings, timezone), kit)
        drafts = [adapter.map_metadata(bundle=bundle) for bundle in bundles]  # type: ignore[attr-defined]
    sys.stdout.buffer.write(pickle.dumps(drafts))


if __name__ == "__main__":
    main()
