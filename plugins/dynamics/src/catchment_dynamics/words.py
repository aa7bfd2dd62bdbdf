"""What the numbers of Dataverse's choices mean, in the platform's own words (3.1 to 3.3).

The lists grow: a number that is not here stays a number.
"""

from __future__ import annotations

from collections.abc import Mapping

from catchment_dynamics.payloads import OPTIONS

PRIMARY, CONSULT, MONITOR, PREVIEW = (OPTIONS + number for number in (2, 3, 4, 5))
"""What a participant is in a session for (3.3)."""

PRIVATE = 2
"""Who is asked where the customer does not hear it, of ``msdyn_conversationaccess`` (3.3)."""

HOLD, IN_TRANSIT = OPTIONS + 1, OPTIONS + 1
"""The type of a participant's event that is a hold, and the reason of one that is no talk (3.5)."""

BOTS = frozenset(OPTIONS + number for number in (9, 26, 27, 28, 29, 30, 31))
"""Closures that only a bot's session has (3.2)."""

EXTERNAL_REJECTED = OPTIONS + 37
"""The closure of a session whose outside number did not take the call (3.2)."""

GIVEN_AWAY = frozenset((OPTIONS + 6, OPTIONS + 21))
"""Closures of sessions whose agent passed the call on, or ended it for themselves (3.2)."""

ENDED_WAITING = frozenset(OPTIONS + number for number in (9, 10, 11, 12, 14))
"""Reasons of conversations that ended while nobody had them (3.1)."""

MODES: Mapping[int, str] = {
    PRIMARY: "primary",
    CONSULT: "consult",
    MONITOR: "monitor",
    PREVIEW: "preview",
}
CONSULT_MODES: Mapping[int, str] = {0: "chat", 1: "chat and voice", 2: "voice"}
SENTIMENTS: Mapping[int, str] = {
    7: "very negative",
    8: "negative",
    9: "slightly negative",
    10: "neutral",
    11: "slightly positive",
    12: "positive",
    13: "very positive",
}

_CLOSURES = {
    1: "AgentReject",
    2: "AgentTimeout",
    3: "ConversationTimeout",
    4: "AgentClosed",
    5: "ConversationClosed",
    6: "AgentTransfered",
    7: "AgentDisconnected",
    8: "AgentReRouted",
    9: "VirtualAgentClosed",
    10: "AgentTransferToQueue",
    11: "SupervisorAssignToQueue",
    12: "SupervisorTransferToAgent",
    13: "SystemReject",
    14: "ForceClose",
    15: "OverflowQueueTransfer",
    16: "OverflowEndConversation",
    17: "AddAgentFailed",
    18: "AutoClose",
    19: "SecondaryChannelClosed",
    20: "CustomerDisconnect",
    21: "AgentEndConversation",
    22: "CustomerEndConversation",
    23: "QueueTransfer",
    24: "InqueueOverflowQueueTransfer",
    25: "InqueueOverflowEndConversation",
    26: "BotTransferToAgent",
    27: "BotEndConversation",
    28: "BotCallFailureEndConversation",
    29: "BotCallFailureExternalTransfer",
    30: "BotCallFailurePromptAndEscalate",
    31: "BotCallFailureEscalate",
    34: "ManuallyClosedSession",
    36: "ExternalAgentAccept",
    37: "ExternalAgentReject",
    38: "ExternalAgentTransfer",
    54: "VoiceConnectivityProblem",
    55: "MaximumSessionsReached",
    56: "CallTimedOut",
    61: "CustomerNonResponseTimeoutRule",
    62: "AgentNonResponseTimeoutRule",
    63: "AgentMovedConversationToWaiting",
    64: "AutoRejectedDueToBrowserRefresh",
    65: "AutoRejectAsOutboundCallInProgress",
}
CLOSURES: Mapping[int, str] = {OPTIONS + number: word for number, word in _CLOSURES.items()}

_STATUS_REASONS = {
    1: "AwaitingAgentAssignment",
    2: "AwaitingAgentAcceptance",
    3: "InConversation",
    4: "AwaitingCustomerResponse",
    5: "AgentMovedToWrapUp",
    6: "CustomerDisconnectedOrLeftActiveConversation",
    7: "CustomerMovedToWrapUp",
    8: "ConversationEndedByAgent",
    9: "AutoClosedFromWaitingState",
    10: "AutoClosedBySystem",
    11: "ClosedDueToOverflow",
    12: "CustomerDisconnectedOrLeftOpenConversation",
    13: "ConversationEndedByBot",
    14: "ClosedDueToFailure",
    15: "ForceClosedBySupervisor",
    16: "ClosedInDataverseDirectlyByAdmin",
    17: "AssignedBySupervisor",
}
STATUS_REASONS: Mapping[int, str] = {
    OPTIONS + number: word for number, word in _STATUS_REASONS.items()
}


def say_option(words: Mapping[int, str], option: int | None) -> str:
    """The word for *option*; its number where there is none, nothing where it is not told."""
    return "" if option is None else words.get(option, str(option))
