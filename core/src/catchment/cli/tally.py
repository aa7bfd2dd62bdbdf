"""What came of a run, counted while it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catchment.cli.wording import count, say_size

FAILED = ("job.failed", "job.unanswered", "job.unstored")
"""Events that a try has failed: for its own reason, without an answer, for want of storage."""


def count_fruitless(fields: Mapping[str, Any]) -> int:
    """How many lines of a list were unknown, refused, or no id; *fields* tell what became of it."""
    told: int = fields["unknown"] + fields["denied"] + len(fields["bad_lines"])
    return told


@dataclass(slots=True)
class Tally:
    """What came of a run so far, for one source.

    Attributes:
        new: Recordings listed for the first time.
        late: Those of them that were found behind the watermark.
        files: Files archived.
        size_bytes: Their bytes.
        sealed: Packages sealed.
        failed: Jobs that failed and will be tried again or set aside.
        fruitless: Lines of lists for recovery that found nothing.
    """

    new: int = 0
    late: int = 0
    files: int = 0
    size_bytes: int = 0
    sealed: int = 0
    failed: int = 0
    fruitless: int = 0

    def take(self, event: str, fields: Mapping[str, Any]) -> None:
        """Count an event."""
        if event == "page.listed":
            self.new += fields.get("new", 0)
            self.late += fields.get("late", 0)
        elif event == "file.archived":
            self.files += 1
            self.size_bytes += fields.get("size_bytes", 0)
        elif event == "interaction.sealed":
            self.sealed += 1
        elif event == "recovery.processed":
            self.fruitless += count_fruitless(fields)
        elif event in FAILED:
            self.failed += 1

    def say_briefly(self) -> str:
        """What came of it, for a line that moves."""
        parts = [count(self.new, "recording"), count(self.files, "file")]
        parts += [say_size(self.size_bytes), count(self.sealed, "package")]
        return ", ".join(parts + ([f"{self.failed:,} failed"] if self.failed else []))

    def __str__(self) -> str:
        late = f" ({self.late:,} late)" if self.late else ""
        parts = [count(self.new, "new recording") + late] if self.new else []
        if self.files:
            parts.append(f"{count(self.files, 'file')} archived ({say_size(self.size_bytes)})")
        if self.sealed:
            parts.append(f"{count(self.sealed, 'package')} sealed")
        if self.failed:
            parts.append(f"{count(self.failed, 'try', 'tries')} failed")
        if self.fruitless:
            lines = count(self.fruitless, "line")
            parts.append(f"{lines} of recovery lists found nothing: see the reports beside them")
        return ", ".join(parts) or "nothing new"
