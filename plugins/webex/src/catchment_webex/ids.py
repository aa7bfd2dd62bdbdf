"""Ids of Webex, compared and never parsed, but for what must be joined across APIs.

The same person is ``ciscospark://us/PEOPLE/<uuid>`` in base64 here and the bare UUID there
(sheet 2); the same call is a bare UUID in a recording and its base64 in an event (sheet of Webex
Calling, 0).  Whatever is compared goes through here first.
"""

from __future__ import annotations

import base64
import binascii
import re

_HEX = re.compile(r"[0-9a-f]{32}")


def decode(text: str) -> str:
    """What *text* says when it is read as base64; *text* itself where it is none."""
    compact = text.strip()
    padded = compact.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return compact


def read_uuid(text: str) -> str:
    """The UUID of a person, organisation or place, in lower case, whichever form *text* has (2).

    What is neither a public id nor a UUID is returned as it is: an id nobody has seen yet is still
    an id.
    """
    compact = text.strip()
    told = decode(compact)
    if told.startswith("ciscospark://"):
        return told.rpartition("/")[2].lower()
    return compact.lower() if _HEX.fullmatch(compact.lower().replace("-", "")) else compact


def read_session(text: str) -> str:
    """A call's session id as 32 hex digits, whether it came bare, with dashes, or in base64."""
    bare = text.strip().lower().replace("-", "")
    if _HEX.fullmatch(bare):
        return bare
    told = decode(text).rpartition("/")[2].lower().replace("-", "")
    return told if _HEX.fullmatch(told) else text.strip()


def build_id(kind: str, uuid: str) -> str:
    """The public id of *uuid*: base64 of ``ciscospark://us/<kind>/<uuid>`` without padding (2)."""
    whole = f"ciscospark://us/{kind}/{uuid}"
    return base64.b64encode(whole.encode()).decode("ascii").rstrip("=")
