"""Tells voicemails of callers who gave up, in whichever shape the environment has them (3)."""

from __future__ import annotations

from catchment.sandbox import Take
from catchment_dynamics.simulator.held import Held
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.store import FileValue
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_calls import CONVERSATION
from catchment_dynamics.simulator.tell_parts import Story
from catchment_dynamics.simulator.tell_recordings import RECORDING, tell_sound
from catchment_dynamics.simulator.tell_rows import Book, after, refer
from catchment_dynamics.simulator.tell_schedule import Schedule

VOICEMAIL = "msdyn_ocvoicemail"

OWN_FILE = {
    "recording": ("msdyn_liveworkitemid", "msdyn_recording"),
    "voicemail": ("msdyn_conversationid", "msdyn_voicemail"),
}
"""How voicemails that hold their sound themselves spell the conversation and the file."""


class VoicemailTeller:
    """Tells voicemails.

    Attributes:
        held: Every file that is made available.
    """

    def __init__(self, book: Book, ids: Ids, switches: DynamicsSwitches) -> None:
        self._book, self._ids, self._switches = book, ids, switches
        self.held: list[Held] = []

    def is_left(self, story: Story) -> bool:
        """Whether the caller spoke to a machine, having given up."""
        every = self._switches.voicemails_every
        there = self._switches.voicemail_columns != "none"
        call = story.call
        return there and call.abandoned and self._ids.hits(every, "voicemail", call.call_id)

    def tell(self, story: Story, schedule: Schedule) -> None:
        """Tell the voicemail of an abandoned call."""
        call_id = story.call.call_id
        voicemail_id = self._ids.guid("voicemail", call_id)
        seconds = self._ids.span(5, 30, "voicemail length", call_id)
        take = Take(self._ids.code("voicemail", call_id), seconds, "mp4", video=False)
        if self._switches.voicemail_columns == "activity":
            self._tell_activity(story, schedule, voicemail_id, take)
        else:
            self._tell_file(story, schedule, voicemail_id, take)

    def _tell_activity(
        self, story: Story, schedule: Schedule, voicemail_id: str, take: Take
    ) -> None:
        """An activity that names the missed conversation, and a recording that names it."""
        call = story.call
        columns: dict[str, object] = {
            "subject": f"Voicemail from {call.ani}",
            "activitytypecode": VOICEMAIL,
            "msdyn_missedconversationid": refer(CONVERSATION, story.conversation_id),
            "msdyn_sourcephonenumber": call.ani,
            "msdyn_orgphonenumber": call.dnis,
            "msdyn_hascontent": True,
        }
        self._book.write(VOICEMAIL, voicemail_id, [(schedule.recording_at, columns)])
        recording_id = self._ids.guid("recording", "voicemail", call.call_id)
        row: dict[str, object] = {
            "msdyn_name": f"Voicemail {voicemail_id[:8]}",
            "msdyn_recordingtarget": refer(VOICEMAIL, voicemail_id, f"Voicemail from {call.ani}"),
        }
        file_at, purged_s = schedule.file_at, self._switches.purged_after_s
        steps = [
            (schedule.recording_at, row),
            (file_at, tell_sound(self._ids, recording_id, take)),
        ]
        self._book.write(
            RECORDING,
            recording_id,
            steps,
            after(file_at, purged_s) if purged_s else None,
            quiet_at=None if self._switches.file_bumps else file_at,
        )
        place = (file_at, story.conversation_id, None, voicemail_id)
        self.held.append(Held(RECORDING, recording_id, "recording", "audio", take, *place))

    def _tell_file(self, story: Story, schedule: Schedule, voicemail_id: str, take: Take) -> None:
        """A row that names the conversation and holds the sound itself."""
        lookup, column = OWN_FILE[self._switches.voicemail_columns]
        name, at = "voicemail.mp4", schedule.recording_at
        file_id = self._ids.guid("file", voicemail_id, column)
        columns: dict[str, object] = {
            "msdyn_name": f"Voicemail {story.conversation_id[:8]}",
            lookup: refer(CONVERSATION, story.conversation_id),
            column: FileValue(file_id, name, take, "video/mp4"),
            f"{column}_name": name,
        }
        self._book.write(VOICEMAIL, voicemail_id, [(at, columns)])
        place = (at, story.conversation_id)
        self.held.append(Held(VOICEMAIL, voicemail_id, column, "audio", take, *place))
