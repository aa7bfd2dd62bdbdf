"""Every platform that there is, and a stage that is Zoom's alone unless a test names others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from catchment.testing import stage

ALL = ("zoom", "webex_meetings", "webex_calling", "webex_cc", "dynamics")
"""Every simulated platform, by the name of its plugin."""


def staged(
    folder: Path, *, of: Sequence[str] = ("zoom",), **told: Any
) -> AbstractContextManager[stage.Stage]:
    """What :func:`catchment.testing.stage.staged` serves; of Zoom unless others are named."""
    return stage.staged(folder, of, **told)
