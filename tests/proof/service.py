"""Runners as the system keeps them: whoever ends by itself is started again.

``docs/operating.md`` has the unit that says so.  A runner ends where its database does not answer,
which on a machine whose disk stands still for a minute is no fault of the proof that runs there.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.proof.forms import Tally

from catchment._engine.application import Application
from catchment.testing.judge import ask_app
from catchment.testing.stage import Process, wait_until

PATIENCE_S = 400
"""Real seconds, on a busy machine."""

MOST = 3
"""So often is a runner started again in one proof."""

UNANSWERED = "the work goes on from where it was"
"""What a runner says whose database does not answer, and nobody else."""

WAITING = """
    SELECT kind, key, runner, due_at, attempts, error FROM job
    WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 20
"""


class Service:
    """Some runners of one proof.

    Args:
        app: Their catalogue.
        tally: Counts who was started again.
        runners: Who works; none of them may end but because its database did not answer.
    """

    def __init__(self, app: Application, tally: Tally, *runners: Process) -> None:
        self._app = app
        self._tally = tally
        self._runners = runners

    def wait_until(self, happened: Callable[[], bool], what: str) -> None:
        """Come back as soon as they have made it happen; fail with what they wrote last."""

        def look() -> bool:
            for runner in self._runners:
                self._keep(runner)
            return happened()

        wait_until(look, what, PATIENCE_S, self._quote)

    def _keep(self, runner: Process) -> None:
        if runner.running:
            return
        assert runner.wait() == 1, self._quote()
        assert UNANSWERED in " ".join(runner.said.split()), self._quote()
        self._tally.injected["ended by itself"] += 1
        assert self._tally.injected["ended by itself"] <= MOST, self._quote()
        runner.start()

    def _quote(self) -> str:
        """What they wrote last, and what they should have done."""
        logs = [
            f"--- {runner.log.name}, {'running' if runner.running else 'ended'}:\n"
            f"{runner.log.read_text('utf-8')[-3000:]}"
            for runner in self._runners
        ]
        jobs = [str(tuple(row)) for row in ask_app(self._app, WAITING)]
        return "\n".join([*logs, f"--- jobs at {self._app.now()}:", *jobs])
