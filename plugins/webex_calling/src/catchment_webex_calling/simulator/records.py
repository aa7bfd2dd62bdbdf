"""Writes one call record of the Detailed Call History (2.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from catchment.sandbox import Agent
from catchment_webex.simulator.ids import Ids
from catchment_webex.simulator.times import write_time
from catchment_webex_calling.simulator.halves import Half, Told
from catchment_webex_calling.simulator.owners import Directory
from catchment_webex_calling.simulator.switches import CallingSwitches

Row = dict[str, Any]

NUMBERS = ("Duration", "Ring duration", "Hold Duration")
"""Keys whose values are numbers; all others are strings."""

KEYS: tuple[str, ...] = (
    *("Start time", "Answer time", "Release time", "Report time", "Call transfer Time", *NUMBERS),
    *("Answered", "Answer indicator", "Answer reason", "Answered Elsewhere", "Call outcome"),
    *("Call outcome reason", "Releasing party", "Direction", "Call type", "Client type"),
    *("Sub client type", "Client version", "OS type", "Model", "Device MAC", "Device owner UUID"),
    *("Calling number", "Called number", "Calling line ID", "Called line ID", "Caller ID number"),
    *("External caller ID number", "Dialed digits", "User", "User number", "User type"),
    *("User UUID", "Redirecting number", "Redirecting party UUID", "Original Called Party UUID"),
    *("Correlation ID", "Call ID", "Local call ID", "Remote call ID", "Network call ID"),
    *("Related call ID", "Transfer related call ID", "Interaction ID", "Local SessionID"),
    *("Remote SessionID", "Final local SessionID", "Final remote SessionID", "Original reason"),
    *("Redirect reason", "Related reason", "Transfer type", "Transfer type context"),
    *("Recall Type", "Queue Type", "Auto Attendant Key Pressed", "WxCC consult merge status"),
    *("Call Recording Platform Name", "Call Recording Result", "Call Recording Trigger"),
    *("Location", "Site main number", "Site timezone", "Site UUID", "Org UUID", "Department ID"),
    *("Authorization code", "International country", "Inbound trunk", "Outbound trunk"),
    *("Route group", "Route list calls overage", "PSTN Vendor Name", "PSTN Legal Entity"),
    *("PSTN Vendor Org ID", "PSTN Provider ID", "Public Calling IP Address"),
    *("Public Called IP Address", "Caller Reputation Score", "Caller Reputation Service Result"),
    *("Caller Reputation Score Reason", "ELIN", "Emergency number source", "Report ID"),
)
"""Every key of 2.2."""

MISSING = ("", "NA", "", "na")


class RecordWriter:
    """Writes records; pure."""

    def __init__(self, ids: Ids, directory: Directory, switches: CallingSwitches) -> None:
        self._ids, self._directory, self._switches = ids, directory, switches

    def write(self, told: Told, half: Half, report_id: str, reported_at: datetime) -> Row:
        """One record with every key, in the order of the sheet."""
        shift = reported_at - half.ended_at - REPORTED_AFTER
        known = {
            **self._times(half, shift),
            **self._result(half),
            **self._parties(told, half),
            **self._relations(told, half),
            **self._place(half),
            "Report ID": report_id,
            "Report time": _write(reported_at),
        }
        return {
            key: self._missing(number + half.number) if known.get(key) in (None, "") else known[key]
            for number, key in enumerate(KEYS)
        }

    def _missing(self, number: int) -> str:
        form = self._switches.cdr_missing
        if form == "mixed":
            return MISSING[number % len(MISSING)]
        return "" if form == "empty" else form

    def _times(self, half: Half, shift: timedelta) -> Row:
        released = _write(half.ended_at + shift)
        if self._switches.release_time == "spaced":
            released = released.replace("T", " ").removesuffix("Z")
        answered, moved = half.answered_at, half.moved_at
        talked = half.ended_at - answered if answered else timedelta()
        return {
            "Start time": _write(half.started_at + shift),
            "Answer time": _write(answered + shift) if answered else "",
            "Release time": released,
            "Call transfer Time": _write(moved + shift) if moved else "",
            "Duration": round(talked.total_seconds()),
            "Ring duration": round(((answered or half.ended_at) - half.started_at).total_seconds()),
            "Hold Duration": half.hold_s,
        }

    def _result(self, half: Half) -> Row:
        answered = half.answered_at is not None
        told: Row = {
            "Answered": "true" if answered else "false",
            "Answer indicator": "Yes" if answered else "No",
            "Answered Elsewhere": "" if answered or half.role != "agent" else "true",
            "Call outcome": "Success" if answered else "Refusal",
            "Call outcome reason": "Normal" if answered else "NoAnswer",
            "Releasing party": "Remote" if half.number % 2 else "Local",
        }
        if half.result:
            told |= {
                "Call Recording Platform Name": half.platform,
                "Call Recording Result": half.result,
                "Call Recording Trigger": half.trigger,
            }
        return told

    def _parties(self, told: Told, half: Half) -> Row:
        owner, coming = half.owner, half.direction == "TERMINATING"
        calling, called = (half.far, owner.tel) if coming else (owner.tel, half.far)
        if half.role in ("delivery", "redirect"):
            calling = told.call.ani  # the caller's number is kept
        arrived = half.queue if coming and half.role == "agent" else None
        by = half.redirected_by or arrived
        return {
            "Direction": half.direction,
            "Call type": self._type(told, half),
            "Client type": {"user": "WXC_CLIENT", "place": "WXC_DEVICE"}.get(owner.kind, "SIP"),
            "Calling number": calling,
            "Called number": called,
            "Calling line ID": half.far_name if coming else owner.name,
            "Called line ID": owner.name if coming else half.far_name,
            "Caller ID number": calling,
            "External caller ID number": calling if coming else owner.tel,
            "Dialed digits": "" if coming else called,
            "User": owner.name,
            "User number": owner.tel,
            "User type": owner.user_type,
            "User UUID": owner.uuid,
            "Redirecting number": by.tel if by else "",
            "Redirecting party UUID": by.uuid if by else "",
            "Original Called Party UUID": arrived.uuid if arrived else "",
        }

    def _type(self, told: Told, half: Half) -> str:
        call = told.call
        if half.role in ("consulting", "consulted", "delivery", "redirect"):
            return "SIP_ENTERPRISE"
        if call.direction == "outbound":
            home = isinstance(call.caller, Agent) and call.dnis[:2] == call.ani[:2]
            return "SIP_NATIONAL" if home else "SIP_INTERNATIONAL"
        return "SIP_INBOUND" if call.direction == "inbound" else "SIP_ENTERPRISE"

    def _relations(self, told: Told, half: Half) -> Row:
        pair = "|".join(sorted((half.call_id, half.remote_id)))
        return {
            "Correlation ID": half.session,
            "Call ID": f"SSE{self._ids.digits(15, 'sse', half.call_id)}@192.0.2.10",
            "Local call ID": half.call_id,
            "Remote call ID": half.remote_id,
            "Network call ID": f"BW{self._ids.digits(15, 'network', pair)}@192.0.2.11",
            "Related call ID": half.related_id,
            "Transfer related call ID": half.moved_id,
            "Interaction ID": told.interaction,
            "Local SessionID": self._ids.hex("sip session", half.call_id),
            "Remote SessionID": self._ids.hex("sip session", half.remote_id),
            "Original reason": half.original,
            "Redirect reason": half.original,
            "Related reason": half.reason,
            "Queue Type": half.queue.queue_type if half.queue else "",
        }

    def _place(self, half: Half) -> Row:
        location = half.owner.location
        return {
            "Location": location.name,
            "Site main number": location.tel,
            "Site timezone": str(location.offset_minutes),
            "Site UUID": location.uuid,
            "Org UUID": self._ids.org,
        }


REPORTED_AFTER = timedelta(milliseconds=573)
"""From ``Release time`` to ``Report time``."""


def _write(at: datetime) -> str:
    return write_time(at, milliseconds=True)
