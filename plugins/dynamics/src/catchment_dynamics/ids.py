"""Ids of Dataverse rows, and what rows of one conversation share.  Pure.

Everything is a GUID; people and pages write it in capitals or in braces, the Web API does not.
"""

from __future__ import annotations

import re

from catchment.model import Key

CONVERSATION, SOUND, CONTINUATION = "conversation", "sound", "continuation"
"""Spaces of keys: Dataverse's conversation, what its recording is found by, and what went on
outside of it (3.10).

A conversation itself has the second alone, and recordings have both: otherwise a transcript, which
has the first, would be taken for the recording that is expected.
"""

VOICEMAIL = "voicemail"

BESIDE = ("transcript", VOICEMAIL)
"""What comes beside a recording, or in its stead, and is none."""

_HEX = re.compile(r"[0-9a-f]{32}")


def read_guid(told: object) -> str:
    """*told* as the catalogue spells ids: lower case, with dashes; empty where it is no GUID.

    Braces, capitals and missing dashes are taken as what people copy from pages.
    """
    if not isinstance(told, str):
        return ""
    plain = told.strip().strip("{}").replace("-", "").lower()
    if not _HEX.fullmatch(plain):
        return ""
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def read_id(told: object) -> str:
    """*told* as an id: a GUID in the one spelling, anything else trimmed and in lower case."""
    return read_guid(told) or (told.strip().lower() if isinstance(told, str) else "")


def build_voicemail_keys(conversation_id: str, voicemail_id: str) -> tuple[Key, ...]:
    """What the sound of a voicemail shares with others: it is never the recording of the call.

    Args:
        conversation_id: In which call it was left; empty where that is not told.
        voicemail_id: The voicemail itself.
    """
    return (
        Key(CONVERSATION, conversation_id) if conversation_id else Key(VOICEMAIL, voicemail_id),
    )


def build_keys(conversation_id: str, space: str, row_id: str) -> tuple[Key, ...]:
    """What a row shares with others: its conversation, or only itself where it has lost that.

    Args:
        conversation_id: Whose row it is; empty for an orphan (4.4).
        space: What the row is, for one that stands alone: ``"recording"``.
        row_id: Its own id.
    """
    if not conversation_id:
        return (Key(space, row_id),)
    sound = Key(SOUND, conversation_id)
    if space == CONVERSATION:
        return (sound,)
    shared = Key(CONVERSATION, conversation_id)
    return (shared,) if space in BESIDE else (shared, sound)
