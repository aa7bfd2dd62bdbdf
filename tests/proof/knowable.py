"""Faults that somebody can notice: everything but what ``docs/guarantees.md`` does not promise."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catchment.sandbox import Faults
from catchment.sandbox.faults import Fault, Group

UNSIZED = re.compile(r"\btranscript\b")
"""In the key of a request for a text of which no size is told, and that shows no end of its own."""


class Knowable(Faults):
    """Everything but what nobody can know, which ``docs/guarantees.md`` says is not promised.

    That is a transcript of Webex that is cut under the length that it announces.  JSON that is cut
    is seen to be.
    """

    def choose(self, group: Group, key: str, possible: Sequence[Fault]) -> Fault | None:
        """What goes wrong with this request."""
        if group in ("document", "download") and UNSIZED.search(key):
            possible = [fault for fault in possible if fault != "truncate"]
        return super().choose(group, key, possible)
