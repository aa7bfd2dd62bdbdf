"""Takes back what a fast clock did: when a runner starts, and when its own clock was set back."""

from __future__ import annotations

from sqlalchemy import Connection

from catchment._catalogue import ahead
from catchment._engine.application import Application, LiveSource


class Timekeeper:
    """Watches the clock of one runner."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._seen_at = app.now()

    def begin(self) -> None:
        """Mend what all sources share, before the platforms are asked for anything."""
        with self._app.database.write() as connection:
            ahead.mend_shared(connection, self._app.now())

    def mend(self, source: LiveSource, connection: Connection) -> None:
        """Mend what was written of a source while a clock was fast."""
        now = self._app.now()
        # Where ours is the slow one, the platform's knows that nothing is ahead.
        if ahead.mend_source(connection, source.id, now, now + source.kit.offset):
            self._app.tell("clock.stepped", source=source.name)

    def was_set_back(self) -> bool:
        """Whether our clock was set back since the last look; then everything is mended."""
        before, self._seen_at = self._seen_at, self._app.now()
        if before - self._seen_at <= ahead.AHEAD:
            return False
        self.begin()
        for source in self._app.live.values():
            with self._app.database.write(source.id) as connection:
                self.mend(source, connection)
        return True
