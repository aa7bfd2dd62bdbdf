"""The moving lines on a terminal while the engine works."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich import progress as rich
from rich.console import Console
from rich.text import Text

from catchment.cli.tally import Tally
from catchment.cli.wording import clean

LARGE_BYTES = 5_000_000
"""Smaller downloads come and go too quickly to be read."""


class Progress:
    """One line that counts, and one more for each large file on its way.

    Args:
        what: What is being done, in front of the line.
    """

    def __init__(self, what: str) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live = rich.Progress(
            rich.SpinnerColumn(),
            rich.TextColumn("{task.description}"),
            rich.TimeElapsedColumn(),
            console=self._console,
            transient=True,
            expand=False,
        )
        self._what = what
        self._tally = Tally()
        self._line = self._live.add_task(what, total=None)
        self._files: dict[str, rich.TaskID] = {}

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def write(self, line: str) -> None:
        """Write a line that stays, above those that move."""
        self._console.print(Text(line, "yellow"))

    def print(self, line: str) -> None:
        """Print a line of the result above those that move."""
        self._console.print(Text(line))

    def say(self, what: str) -> None:
        """Say what is being done now."""
        self._what = what
        self._show()

    def take(self, event: str, fields: Mapping[str, Any]) -> None:
        """Show an event."""
        if event == "file.progress":
            self._follow(fields["part"], fields["got"], fields["of"])
            return
        if event == "derive.progress":
            return
        if event.endswith(".progress"):
            counts = (f"{number:,} {name}" for name, number in fields.items() if _is_count(number))
            self._live.update(self._line, description=clean(f"{self._what}: {', '.join(counts)}"))
            return
        if event == "feed.waiting":
            said = f"{self._what}: waiting for {fields['seconds']} s at most: {fields['why']}"
            self._live.update(self._line, description=clean(said))
            return
        self._tally.take(event, fields)
        self._show()

    def _show(self) -> None:
        self._live.update(
            self._line, description=clean(f"{self._what}: {self._tally.say_briefly()}")
        )

    def _follow(self, part: str, got: int, of: int | None) -> None:
        if of is None or of < LARGE_BYTES:
            return
        if got >= of:
            known = self._files.pop(part, None)
            if known is not None:
                self._live.remove_task(known)
            return
        if part not in self._files:
            self._files[part] = self._live.add_task("", total=of)
        said = f"  {got * 100 // of:3} % of {of / 1e6:,.0f} MB"
        self._live.update(self._files[part], completed=got, description=said)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
