"""The data dictionary: which fields each record has, and of which type (2.6).

``S`` are strings, ``L`` 64-bit integers, ``I`` integers, ``B`` booleans, ``J`` JSON; what stands
under other names are objects of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Table = Mapping[str, Any]

_PERSON = {"S": "id name signInId sessionId phoneNumber channelId"}
_NAMED = {"S": "id name"}

_COUNTERS = """connectedCount queueCount holdCount consultCount conferenceCount transferCount
blindTransferCount agentToAgentTransferCount agentToQueueTransferCount
agentToEntrypointTransferCount agentToDnTransferCount agentTransferedInCount transferInToEPCount
transferErrorCount selfserviceCount overflowCount abandonedSlCount agentHangupCount
callCompletedCount consultToQueueCount consultToEPCount outdialConsultCount
outdialConsultToQueueCount outdialConsultToEPCount suddenDisconnectCount shortInIVRCount
shortInQueueCount ivrEndedCount silentMonitoringCount midcallMonitoringCount fullMonitoringCount
totalMonitoringCount bargedInCount bargedInFailedCount chainedInToEPCount chainedInToQueueCount
epTransferToEPCount queueTransferToEPCount queueTransferToQueueCount manualAssignCount"""

TASK: Table = {
    "S": """id status channelSubType origin destination direction contactReason firstQueueId
firstQueueName previousAgentId previousAgentName previousAgentSessionId preferredAgentSystemId
preferredAgentName routingType ivrScriptId ivrScriptName ivrScriptTagId ivrScriptTagName
flowActivityName flowActivitySequence recordingLocation recordingStereoBlobId terminationType
terminationReason terminatingEnd contactHandleType abandonedType lastWrapUpCodeId
lastWrapupCodeName autoCsat sentiment topicName contactDriver outdialType campaignId campaignName
campaignStatus cpaStatus botName monitorFullName transferEpDN matchedSkillsProfile
skillsAssignedIn""",
    "L": """createdTime endedTime lastActivityTime totalDuration connectedDuration holdDuration
consultDuration conferenceDuration wrapupDuration ringingDuration queueDuration
selfserviceDuration pausedDuration postCallDuration consultToQueueDuration consultToEPDuration
outdialConsultToQueueDuration outdialConsultToEPDuration bargedInDuration totalBnrDuration
monitoringTimestamp emailDate recordingFileSize""",
    "I": f"""recordingCount recordingErrorCount pausedCount resumedCount csatScore contactPriority
{_COUNTERS}""",
    "B": """captureRequested isRecordingDeleted isTranscriptionAvailable isActive isOutdial
isCallback isCampaign isContactHandled isContactOffered isContactEscalatedToQueue isOptOutOfQueue
isWithInServiceLevel isHandledByPreferredAgent isMonitored isBarged isEmailSent
emailHasAttachments""",
    "J": "globalVariables matchedSkills requiredSkills",
    "customer": {"S": "name phoneNumber email"},
    "owner": _NAMED,
    "lastAgent": _PERSON,
    "lastQueue": {"S": "id name", "L": "duration"},
    "lastTeam": _NAMED,
    "lastSite": _NAMED,
    "lastEntryPoint": _NAMED,
    "previousQueue": _NAMED,
    "callbackData": {
        "S": """callbackNumber callbackStatus callbackOrigin callbackType callbackQueueName
callbackAgentName callbackTeamName""",
        "L": "callbackRequestTime callbackConnectTime",
        "I": "callbackRetryCount",
    },
    "feedback": {
        "S": "surveyOptIn type comment",
        "I": "questionsAnswered questionsPresented",
        "B": "surveyCompleted",
    },
}

_WITHOUT_FILTER = """createdTime recordingLocation conferenceDuration consultDuration
consultToQueueDuration consultToEPCount consultToEPDuration outdialConsultToEPDuration autoCsat
globalVariables"""
NOT_FILTERED = frozenset(_WITHOUT_FILTER.split())
"""Fields of a task that no filter takes (2.6)."""

ACTIVITY: Table = {
    "S": """id eventName previousState nextState activityType activityName agentId agentName
agentPhoneNumber agentSessionId agentChannelId entrypointId entrypointName queueId queueName
siteId siteName teamId teamName transferType consultEpId consultEpName childContactId
childContactType destinationAgentId destinationAgentName destinationAgentSessionId
destinationAgentChannelId destinationAgentTeamId destinationAgentTeamName destinationQueueId
destinationQueueName terminationReason ivrScriptId ivrScriptName ivrScriptTagId ivrScriptTagName
bnrMode skillsAssignedIn contactAssignmentType""",
    "L": "createdTime endedTime duration lastActivityTime destinationAgentPhoneNumber",
    "B": "isActive emailHasAttachments",
}

_COUNTED = """idle available ringing connected hold wrapup conference consult consultAnswer
consultRequest consultToQueue consultToQueueAnswer consultToQueueRequest notResponded postCall
postCallAssistance"""
_PAIRS = _COUNTED.split()
_OUTDIAL = [f"outdial{name[0].upper()}{name[1:]}" for name in _PAIRS[:9]]

CHANNEL: Table = {
    "S": "channelId channelType subChannelType agentPhoneNumber currentState idleCodeName",
    "L": "lastActivityTime totalDuration totalReservationTime "
    + " ".join(f"{name}Duration" for name in (*_PAIRS, *_OUTDIAL)),
    "I": """disconnectedCount disconnectedHoldCallsCount agentToAgentTransferCount
blindTransferCount transferCount agentTransferToQueueRequestCount outdialCount
outdialTransferCount outdialBlindTransferCount callBackCount reservationCount manualAssignCount """
    + " ".join(f"{name}Count" for name in (*_PAIRS, *_OUTDIAL)),
}

SESSION: Table = {
    "S": """agentId agentName agentSessionId userLoginId agentSignOutReason state siteId siteName
teamId teamName orgId orgName parentOrgId parentOrgName multiMediaProfileType skillsProfile""",
    "L": "startTime endTime",
    "B": "isActive",
    "J": "agentSkills",
}

AGENT_ACTIVITY: Table = {
    "S": "id state taskId outboundType changedById changedByName contactAssignmentType",
    "L": "startTime endTime duration",
    "B": "isOutdial isCurrentActivity isLoginActivity isLogoutActivity",
    "idleCode": _NAMED,
    "queue": _NAMED,
    "wrapupCode": _NAMED,
}

LEG: Table = {
    "S": """id taskId status contactState origin destination channelSubType direction callType
handleType queuedTo slaValue abandonedType terminatingEnd terminationReason lastWrapupCodeName
consultEpId consultEpName childContactId childContactType preferredAgentSystemId
preferredAgentName routingType ivrScriptId ivrScriptName ivrScriptTagId ivrScriptTagName
transferEpDN matchedSkillsProfile skillsAssignedIn""",
    "L": """createdTime endedTime lastActivityTime ringingDuration connectedDuration holdDuration
wrapupDuration consultDuration conferenceDuration handleTime selfserviceDuration postCallDuration
optOutOfQueueTimestamp consultToQueueDuration consultToEPDuration outdialConsultDuration
outdialConferenceDuration outdialConsultToQueueDuration outdialConsultToEPDuration""",
    "I": """connectedCount holdCount selfserviceCount queueCount transferCount blindTransferCount
transferErrorCount taskLegCount abandonedSlCount agentToDnTransferCount agentTransferedInCount
manualAssignCount consultToQueueCount consultToEPCount outdialConsultCount outdialConferenceCount
outdialConsultToQueueCount outdialConsultToEPCount consultToAgentErrorCount
consultToQueueErrorCount consultToEpErrorCount consultToDnErrorCount consultSuccessCount
conferenceSuccessCount interQueueBlindTransferCount interQueueConsultTransferCount
blindTransferToAgentCount consultToQueueHandledCount isWithinServiceLevel""",
    "B": "isActive isOutdial isTaskLegHandled isOptOutOfQueue isHandledByPreferredAgent",
    "J": "matchedSkills requiredSkills globalVariables",
    "customer": {"S": "name phoneNumber email"},
    "entryPoint": _NAMED,
    "queue": {"S": "id name", "L": "duration"},
    "owner": _PERSON,
    "site": _NAMED,
    "team": _NAMED,
}

SCALARS = "SLIBJ"


def fill(table: Table, told: Mapping[str, Any]) -> dict[str, Any]:
    """A record with every field of *table*: those that are not *told* are null."""
    row: dict[str, Any] = {}
    for name, inside in table.items():
        if name in SCALARS:
            row |= dict.fromkeys(inside.split())
        else:
            row[name] = fill(inside, told.get(name) or {})
    return row | {name: value for name, value in told.items() if name not in table}
