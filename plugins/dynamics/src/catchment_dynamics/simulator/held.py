"""The files of voice conversations that the platform makes available, as they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catchment.sandbox import Content


@dataclass(frozen=True, slots=True)
class Held:
    """A file of a voice conversation that the platform makes available.

    Attributes:
        table: The logical name of the table.
        row_id: Its row, which is the recording that the archive must have.
        file_id: The file's id within it.
        kind: As in :data:`catchment.model.Kind`.
        conversation_id: Whose it is, until *orphaned_at*.
        voicemail_id: The voicemail whose sound it is, where that has a row of its own.
    """

    table: str
    row_id: str
    file_id: str
    kind: str
    content: Content
    available_at: datetime
    conversation_id: str
    orphaned_at: datetime | None = None
    voicemail_id: str = ""

    @property
    def body_table(self) -> str:
        """Where its bytes lie: in the row itself, or in a note (3.8)."""
        is_note = self.file_id == "chat" or self.file_id.startswith("attachment-")
        return "annotation" if is_note else self.table

    @property
    def expected(self) -> bool:
        """Whether it is what an answered conversation should have: a recording of its own."""
        return self.table == "msdyn_ocrecording" and not self.voicemail_id

    @property
    def alone(self) -> str:
        """The key of its row where the conversation is gone, or not known."""
        if self.voicemail_id:
            return f"voicemail:{self.voicemail_id}"
        return f"{self.table.removeprefix('msdyn_').removeprefix('oc')}:{self.row_id}"
