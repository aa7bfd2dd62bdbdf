"""Refuses what cannot be the promised form by its first bytes, before anything dearer is done.

Platforms answer 200 with a sign-in page, or with an error as JSON, and call it a film.  The bytes
decide; the content type is believed only where it confesses to be a web page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from catchment.errors import Corrupt
from catchment.model import Kind

HEAD_BYTES = 4096
"""How many of the first bytes are worth passing."""

_PAGES = ("html", "htm", "xhtml")
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|meta|title|script)\b", re.IGNORECASE)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BOXES = (b"ftyp", b"moov", b"moof", b"mdat", b"styp", b"sidx", b"free", b"skip", b"wide", b"pnot")
_FAILURE = {"error", "errors", "errorcode", "error_code", "errormessage", "error_message"}
_AROUND_FAILURE = _FAILURE | {
    *("status", "statuscode", "success", "result", "code", "message", "reason", "detail"),
    *("details", "description", "error_description", "timestamp", "path", "trackingid"),
    *("requestid", "request_id"),
}


def check_signature(kind: Kind, form: str, head: bytes, media_type: str | None) -> None:
    """Let *head* pass unless it cannot be the beginning of a file of *form*.

    A form that is not known may hold anything but a web page.

    Args:
        kind: What the file was promised to be.
        form: The promised format, as a file extension.
        head: The first bytes, or the whole file if it is shorter than :data:`HEAD_BYTES`.
        media_type: The content type that came with it.

    Raises:
        Corrupt: It cannot be; the message says what it is instead, where that can be seen.
    """
    form = form.lower().lstrip(".")
    declared = (media_type or "").split(";")[0].strip().lower()
    if form not in _PAGES and (declared in _PAGE_TYPES or (form in _LOOKS and _is_page(head))):
        raise Corrupt(f"a web page was sent where {form or kind} was promised")
    looks = _LOOKS.get(form)
    if looks is None:
        return
    if not head and form != "txt":  # nobody wrote anything: a chat may be empty
        raise Corrupt(f"nothing was sent where {form} was promised")
    if not looks(head):
        sent = "a JSON document" if _is_json(head) else "something else"
        raise Corrupt(f"{sent} was sent where {form} was promised")
    if form == "json" and kind != "attachment" and _is_failure(head):
        raise Corrupt(f"an error message was sent where the {kind} was promised")


def is_page(text: str) -> bool:
    """Whether *text* begins as a web page does."""
    return _is_page(text[:HEAD_BYTES].encode("utf-8", "replace"))


def _is_page(head: bytes) -> bool:
    plain = _unmark(head).replace(b"\x00", b"").lstrip()
    while plain.startswith((b"<!--", b"<?xml")):
        _, _, plain = plain.partition(b">")
        plain = plain.lstrip()
    return _PAGE.match(plain) is not None


def _is_iso(head: bytes) -> bool:
    return head[4:8] in _BOXES


def _is_mp3(head: bytes) -> bool:
    if head.startswith(b"ID3"):
        return True
    synchronised = len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    # A layer, a bit rate and a sample rate must be named; 0xFFFE alone is also a mark of UTF-16.
    return synchronised and head[1] & 0x06 != 0 and head[2] >> 4 != 15 and head[2] & 0x0C != 0x0C


def _is_wav(head: bytes) -> bool:
    return head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE"


def _is_vtt(head: bytes) -> bool:
    return re.match(rb"WEBVTT(?:[ \t\r\n]|$)", _unmark(head)) is not None


def _is_json(head: bytes) -> bool:
    return _is_text(head) and _unmark(head).lstrip().startswith((b"{", b"["))


def _is_text(head: bytes) -> bool:
    return head.startswith(_MARKS) or b"\x00" not in head


def _is_failure(head: bytes) -> bool:
    """An object that tells of an error and of nothing else; a cut one cannot be judged."""
    try:
        document = json.loads(head)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    names = {str(name).lower() for name in document}
    told = names & _FAILURE or {"code", "message"} <= names
    return bool(told) and names <= _AROUND_FAILURE


def _unmark(head: bytes) -> bytes:
    return head.removeprefix(_MARKS[0])


_LOOKS: dict[str, Callable[[bytes], bool]] = {
    "mp4": _is_iso,
    "m4a": _is_iso,
    "m4v": _is_iso,
    "mov": _is_iso,
    "mp3": _is_mp3,
    "wav": _is_wav,
    "vtt": _is_vtt,
    "json": _is_json,
    "txt": _is_text,
    "arf": bool,  # what a recording in this form begins with is nowhere told; it begins
}
