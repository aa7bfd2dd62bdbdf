"""What a person decides about one item, as the command line hands it on."""

from __future__ import annotations

from catchment._engine.application import Application
from catchment._engine.deciding import find_targets
from catchment._engine.verifying import Retried, retry_all


def retry(app: Application, name: str, *, who: str, why: str) -> Retried:
    """What ``catchment retry NAME`` does."""
    (target,) = find_targets(app, [name], None, with_gaps=False)
    assert target.item is not None
    return retry_all(app, [target.item], who=who, why=why)[0]
