"""How the file of one File column can be had: what the asking half tells the describing half.

Pure.  ``offers`` makes them, ``files`` turns them into described files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from catchment.model import Way


@dataclass(frozen=True, slots=True)
class Offer:
    """One File column of one row, and the ways to its bytes (2.9).

    Attributes:
        file_column: Logical name of the column: ``"msdyn_recording"``.
        ways: Ways to the bytes in order of preference; none where there is no file.
        size_bytes: The exact size, where told; no hash is ever told.
        name: The file's name, where told.
        media_type: The MIME type, where told.
        file_id: What the column holds: the file's GUID; empty where there is no file.
        offered: ``"ready"``, or ``"not_yet"`` while there is no file, or no way to it.
        why: The reason when it is not ready.
        doubted: The platform knew nothing of it when it was asked for a link; its row may be gone.
    """

    file_column: str
    ways: tuple[Way, ...] = ()
    size_bytes: int | None = None
    name: str | None = None
    media_type: str | None = None
    file_id: str = ""
    offered: Literal["ready", "not_yet"] = "ready"
    why: str = ""
    doubted: bool = False

    @property
    def there(self) -> bool:
        """Whether the column names a file, be there a way to it or not."""
        return bool(self.file_id)

    @property
    def refused(self) -> bool:
        """Whether there is a file, and no way to it."""
        return self.there and self.offered != "ready"


Offers = Mapping[str, Offer]
"""The offers of one row by File column; a column that the environment lacks is left out."""
