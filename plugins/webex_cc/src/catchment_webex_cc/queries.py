"""The questions to the Search API, as constant texts (2).  Pure.

Values travel as variables and never inside a text.  What an organisation's schema may lack stands
in a question of its own, so that it costs nothing else (2.9).
"""

from __future__ import annotations

MOST_NODES = 100
"""Activities of a task that one question asks for; 25 are told unasked (2.4)."""

_CORE = """
  id status channelType direction origin destination createdTime endedTime totalDuration
  lastActivityTime isActive captureRequested recordingCount isRecordingDeleted
  contactHandleType terminationType connectedCount
  lastAgent { id name signInId } lastQueue { id name } lastTeam { id name }
  lastEntryPoint { id name }
"""
"""What every organisation has (2.9), and what tells whether somebody answered."""

_LEAST = """
  id status direction origin destination createdTime endedTime totalDuration lastActivityTime
  captureRequested recordingCount isRecordingDeleted
  lastAgent { id name signInId } lastQueue { id name } lastTeam { id name }
  lastEntryPoint { id name }
"""
"""The question of 2.9, to the letter."""

_ALL = (
    _CORE
    + """
  channelSubType contactReason customer { name phoneNumber email } owner { id name }
  lastSite { id name } previousQueue { id name } firstQueueId firstQueueName
  previousAgentId previousAgentName ivrScriptName flowActivityName routingType
  connectedDuration holdDuration consultDuration conferenceDuration wrapupDuration
  ringingDuration queueDuration selfserviceDuration pausedDuration
  recordingErrorCount pausedCount resumedCount isTranscriptionAvailable
  terminationReason terminatingEnd abandonedType lastWrapUpCodeId lastWrapupCodeName
  csatScore autoCsat feedback { surveyOptIn surveyCompleted type comment }
  queueCount holdCount consultCount conferenceCount transferCount
  blindTransferCount agentToAgentTransferCount agentToQueueTransferCount
  agentToEntrypointTransferCount agentToDnTransferCount consultToQueueCount consultToEPCount
  isOutdial isCallback isCampaign isContactHandled isWithInServiceLevel isMonitored isBarged
  outdialType campaignName botName transferEpDN globalVariables
"""
)

_PAGE = "pageInfo { hasNextPage endCursor }"

_NODE = """
  id eventName previousState nextState activityType activityName createdTime endedTime duration
  agentId agentName agentSessionId queueId queueName teamId teamName siteId siteName
  entrypointId entrypointName transferType destinationAgentId destinationAgentName
  destinationQueueId destinationQueueName consultEpName childContactId childContactType
  terminationReason
"""

_LIST = """
query ($from: Long!, $to: Long!, $cursor: String) {{
  taskDetails(from: $from, to: $to, timeComparator: endedTime,
    filter: {{and: [{{channelType: {{equals: telephony}}}}, {{isActive: {{equals: false}}}}]}},
    pagination: {{cursor: $cursor}}) {{
    tasks {{ {fields} }}
    {page}
  }}
}}
"""

LIST = _LIST.format(fields=_CORE, page=_PAGE)
"""The calls that ended within a window."""

LIST_LEAST = _LIST.format(fields=_LEAST, page=_PAGE)
"""The same with the least that is known to work."""


def build_details(count: int) -> str:
    """Everything that is told of *count* tasks, whose ids are ``$id0`` and on."""
    return _ask(count, _ALL)


def build_least_details(count: int) -> str:
    """The same with the least that is known to work."""
    return _ask(count, _LEAST)


def build_chains(count: int, first: int = MOST_NODES) -> str:
    """The newest *first* activities of each of *count* tasks (2.4)."""
    nodes = f"activities(first: {first}) {{ totalCount nodes {{ {_NODE} }} {_PAGE} }}"
    return _ask(count, f"id {nodes}")


def build_chain_page(first: int = MOST_NODES) -> str:
    """Further activities of one task: a cursor is good for one task alone (2.4)."""
    return f"""
query ($from: Long!, $to: Long!, $id0: String!, $after: String) {{
  taskDetails(from: $from, to: $to, filter: {{id: {{equals: $id0}}}}) {{
    tasks {{
      id
      activities(first: {first}, after: $after) {{ totalCount nodes {{ {_NODE} }} {_PAGE} }}
    }}
    {_PAGE}
  }}
}}
"""


def _ask(count: int, fields: str) -> str:
    names = [f"$id{place}" for place in range(count)]
    declared = ", ".join(f"{name}: String!" for name in names)
    alike = ", ".join(f"{{id: {{equals: {name}}}}}" for name in names)
    condition = f"{{or: [{alike}]}}" if count > 1 else alike
    return f"""
query ($from: Long!, $to: Long!, {declared}) {{
  taskDetails(from: $from, to: $to, filter: {condition}) {{
    tasks {{ {fields} }}
    {_PAGE}
  }}
}}
"""


def build_core(count: int) -> str:
    """*count* tasks as the list would tell them."""
    return _ask(count, _CORE)
