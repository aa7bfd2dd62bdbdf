"""Notes of transcripts: the chat beside a call, and what was attached to it (3.8).  Pure.

The platform hands their bytes out inside the row, as base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
import re
from collections.abc import Iterator

from catchment.model import Json, MediaFile
from catchment_dynamics.ids import read_id
from catchment_dynamics.payloads import merge_rows, read_flag, read_rows, read_text

CHAT = "chat"
_EXTENSION = re.compile(r"[a-z0-9]{1,8}")
_OWN = "msdyn_transcript"


def describe_notes(document: Json | None) -> Iterator[MediaFile]:
    """Every note that holds something: a chat as such, all others as attachments.

    Args:
        document: Rows of ``annotation``, as ``fetch_metadata`` keeps them.
    """
    chats = 0
    rows = merge_rows(read_rows(document), "annotationid")
    order = sorted(rows, key=lambda name: (read_text(rows[name], "createdon"), name))
    for note_id in order:
        row = rows[note_id]
        body = row.get("documentbody")
        if not body and read_flag(row, "isdocument") is not True:
            continue
        content = decode(body) if body else None
        chat = _is_chat(row, content)
        chats += chat
        file_id = CHAT if chat and chats == 1 else f"{CHAT if chat else 'attachment'}-{note_id}"
        yield _describe(row, file_id, content, chat=chat)


def decode(body: object) -> bytes | None:
    """The bytes of a note; ``None`` where they are no base64."""
    if not isinstance(body, str):
        return None
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_chat(row: Json, content: bytes | None) -> bool:
    """Whether a note is the chat itself: on the transcript, and a list of messages or nameless.

    Attachments are notes too, on the conversation, and have a file name.
    """
    on = read_text(row, "objecttypecode").lower()
    if on not in ("", _OWN):
        return False
    return _is_messages(content) or (on == _OWN and not read_text(row, "filename"))


def _is_messages(content: bytes | None) -> bool:
    try:
        told = json.loads(content or b"")
    except ValueError:
        return False
    rows = told if isinstance(told, list) else []
    return any(isinstance(row, dict) and ("Content" in row or "content" in row) for row in rows)


def _describe(row: Json, file_id: str, content: bytes | None, *, chat: bool) -> MediaFile:
    empty = not row.get("documentbody")
    broken = "its note has no content" if empty else "the content of its note is no base64"
    return MediaFile(
        file_id=file_id,
        kind="chat" if chat else "attachment",
        form=_find_form(row, content, chat=chat),
        offered="ready" if content is not None else "failed",
        why="" if content is not None else broken,
        inline=content,
        size_bytes=None if content is None else len(content),
        media_type=read_text(row, "mimetype") or None,
        name=read_text(row, "filename") or None,
        extra={"annotation": read_id(row.get("annotationid"))},
    )


def _find_form(row: Json, content: bytes | None, *, chat: bool) -> str:
    if chat:
        return "json" if content is None or _is_json(content) else "txt"
    name = read_text(row, "filename").rpartition(".")[2].lower()
    if "." in read_text(row, "filename") and _EXTENSION.fullmatch(name):
        return name
    guessed = mimetypes.guess_extension(read_text(row, "mimetype").partition(";")[0].strip())
    return (guessed or ".bin").lstrip(".")


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True
