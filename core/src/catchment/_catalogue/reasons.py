"""Why something waits, as kinds that stay the same while the sentences change.

A sentence names ids, hosts and sizes, so that no two are alike; people group, count and decide by
the kind.  What is parked keeps its kind beside the sentence; the kinds of the second list are found
when somebody looks, because they depend on the time and the settings.
"""

from __future__ import annotations

from collections.abc import Mapping

PERSON = "person"
PERMISSION = "permission"
UNREACHABLE = "unreachable"
LINK = "link"
BYTES = "bytes"
STORAGE = "storage"
TOOL = "tool"
CONVERSION = "conversion"
ADAPTER = "adapter"
DAMAGE = "damage"
OTHER = "other"

KINDS: Mapping[str, str] = {
    PERSON: "a person set it aside",
    PERMISSION: "the credential may not see it",
    UNREACHABLE: "no answer, or that of a broken server, many times over",
    LINK: "the platform gives no way to it that works",
    BYTES: "the bytes are not what was announced",
    STORAGE: "the archive or the buffer cannot be written",
    TOOL: "ffmpeg is not there or does not run",
    CONVERSION: "ffmpeg cannot make it of good bytes",
    ADAPTER: "the adapter broke its contract",
    DAMAGE: "its bytes in the archive were damaged or lost",
    OTHER: "what nobody foresaw",
}
"""Why something is parked."""

OVERDUE = "overdue"
DELETION = "deletion"
EXPIRED = "expired"
UNMAPPED = "unmapped"
UNJOINED = "unjoined"
GAP = "gap"
LIST = "list"

FOUND: Mapping[str, str] = {
    OVERDUE: "without its media for longer than alarm_after",
    DELETION: "the platform deletes it soon, and it is not archived",
    EXPIRED: "the platform's time of keeping it is over, and it is not archived",
    UNMAPPED: "the adapter does not understand what the platform tells of it",
    UNJOINED: "it shares a key with another interaction, and is apart from it",
    GAP: "a period that a feed could not be asked for",
    LIST: "a list of ids that could not be read",
}
"""Why something needs a person, or soon will, without being parked."""
