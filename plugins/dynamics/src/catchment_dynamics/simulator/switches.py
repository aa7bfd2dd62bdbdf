"""The switchboard of Dynamics 365: how a call becomes rows, and what nobody knows about it.

Numbers in brackets are sections of the sheet on Microsoft Dynamics 365.  What is about asking for
the rows stands in :class:`~catchment_dynamics.simulator.odata_switches.ODataSwitches`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catchment_dynamics.simulator.odata_switches import ODataSwitches


@dataclass(frozen=True)
class DynamicsSwitches(ODataSwitches):
    """All switches of Dynamics 365 with their usual positions.

    "One in so many" is chance by id; ``0`` is never, ``1`` always.  Delays are seconds; ``0``
    draws one for each call, ``1`` is as good as at once.

    Attributes:
        bot_rows: The virtual agent that greets a caller has a ``session`` of its own, a
            ``participant`` in it as well, or ``none`` (3.2).
        offers_leave_rows: A rejected or unanswered offer leaves a session and a participant (9.8).
        transit_rows: A transfer leaves participant events "in transit" and "accepted" (3.5).
        access: ``msdyn_conversationaccess`` is told, or everywhere ``default`` or ``null`` (3.3).
        leaves_at: The last agent's ``msdyn_lefton`` is when the tab was closed, or when the call
            had ended (3.3).
        outbound_phones: Of an outbound call, ``msdyn_fromphone`` is who called, or who the
            customer is (3.6).
        call_ids: A call keeps ``one`` ``msdyn_callsid``, or gets another with each ``transfer``,
            in a row of its own (3.6).
        workstreams: What is not recorded or was refused belongs to workstreams where recording is
            started by hand or takes consent (``split``), or all is in ``one`` (4.1).
        monitors_every: In one call in so many a supervisor listens in.
        external_every: One call in so many ends in an external transfer that is not bridged (3.10).
        bridged_every: In one call in so many somebody outside joins (3.10).
        unbridged_closure: How the session of such an end was closed: 192350000 and this; by ``6``
            and ``21`` the number that never joined is all there is to see of it (3.2).

        conversation_lag_s: How late the conversation's columns are; 1 to 15 (9.6).
        participant_lag_s: How late participants' columns are; up to 180 (9.6).
        hold_rows: A hold is written when it starts, when it ends, or after the call (3.5).
        hold_lag_s: How late that is; up to 60, after the call up to 300 (9.6).
        late_every: One call in so many has its consult participants or its holds 10 to 40 minutes
            after its recording (9.6).
        recording_after_s: From the close of the conversation to the recording's row; 5 to 600
            (9.1).
        file_after_s: From there to its file; up to 240, every third at once (9.1).
        file_bumps: Whether ``modifiedon`` moves when the file comes (9.1).
        transcript_after_s: From the close of the conversation to the transcript; 30 to 1800.

        recording_begins: The recording begins when an agent answers, or with the call (4.1).
        recordings_per_call: A call has one recording, more only where the recorder was stopped,
            or one for each session of an agent (9.2).
        paused_sound: A pause is cut out of the file; or ``silent``, which keeps the length (the
            simulated file sounds on meanwhile) (4.1).
        stereo: Recordings have two channels (9.3).
        media_uri: ``msdyn_mediauri`` is null, or junk (3.7).
        metadata_files: Whether recordings have a side file (3.7).
        transcripts: Every other recorded call has a transcript (3.8).
        broken_notes_every: The body of one note in so many is not base64 (3.8).
        voicemails_every: One abandoned call in so many left a voicemail.
        voicemail_columns: A voicemail is an ``activity`` that names the missed conversation, and
            its sound a recording whose ``msdyn_recordingtarget`` is the voicemail; or it holds its
            sound itself, in ``msdyn_recording`` beside ``msdyn_liveworkitemid`` (``recording``) or
            in ``msdyn_voicemail`` beside ``msdyn_conversationid`` (``voicemail``); or there are
            ``none`` (3).

        orphans_every: The conversation of one recording in so many is deleted, half of them before
            the file is there (4.4).
        purged_after_s: So long after its file came, a recording is deleted; ``0`` is never (4.4).
        unknown_options_every: One call in so many has choices that stand in no reference (3.2).
        reversed_times_every: One call in so many has a participant who left before joining.
        participants_missing_every: One call in so many lacks the row of a participant.

        chats: Whether there are chat conversations as well.
        sales: Whether there are recordings of Sales as well (3.7).
        reference_call: Whether the sheet's scripted call takes place too, at noon (7).
    """

    bot_rows: Literal["session", "participant", "none"] = "session"
    offers_leave_rows: bool = True
    transit_rows: bool = True
    access: Literal["told", "default", "null"] = "told"
    leaves_at: Literal["close", "end"] = "close"
    outbound_phones: Literal["from_caller", "from_customer"] = "from_caller"
    call_ids: Literal["one", "transfer"] = "one"
    workstreams: Literal["split", "one"] = "split"
    monitors_every: int = 8
    external_every: int = 20
    bridged_every: int = 20
    unbridged_closure: Literal[38, 36, 37, 29, 6, 21] = 38

    conversation_lag_s: int = 0
    participant_lag_s: int = 0
    hold_rows: Literal["start", "end", "close"] = "start"
    hold_lag_s: int = 0
    late_every: int = 12
    recording_after_s: int = 0
    file_after_s: int = 0
    file_bumps: bool = True
    transcript_after_s: int = 0

    recording_begins: Literal["answer", "call"] = "answer"
    recordings_per_call: Literal["one", "session"] = "one"
    paused_sound: Literal["cut", "silent"] = "cut"
    stereo: bool = False
    media_uri: Literal["null", "junk"] = "null"
    metadata_files: bool = True
    transcripts: bool = True
    broken_notes_every: int = 0
    voicemails_every: int = 2
    voicemail_columns: Literal["activity", "recording", "voicemail", "none"] = "activity"

    orphans_every: int = 0
    purged_after_s: int = 0
    unknown_options_every: int = 15
    reversed_times_every: int = 0
    participants_missing_every: int = 0

    chats: bool = True
    sales: bool = True
    reference_call: bool = False
