"""The people of a directory, without its teams and queues."""

from __future__ import annotations

from catchment.adapters import Hooks
from catchment.model import Person


def list_people(hooks: Hooks) -> list[Person]:
    """Everybody whom the adapter yields."""
    return [one for one in hooks.sync_directory() if isinstance(one, Person)]
