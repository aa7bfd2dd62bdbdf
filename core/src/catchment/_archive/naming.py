"""Names for people: what a topic, a file or a document is called in a folder somewhere else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from catchment._archive.hashes import Digests
from catchment._archive.package import Package, PackageFile
from catchment._recipes import CONTACT, is_alike
from catchment.model import InteractionDraft

_UNSAFE = re.compile(r"[^\w.()+,@-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", flags=re.IGNORECASE)
_LONGEST_BYTES = 100


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file of the archive and what it is called outside, relative and with ``/``."""

    path: str
    digests: Digests


@dataclass(frozen=True, slots=True)
class Part:
    """Whose part of an interaction a file is: the contact, its agent, and when it began."""

    contact_id: str
    agent: str
    start: datetime


def build_safe_name(text: str, fallback: str = "untitled") -> str:
    """A name that every file system takes, as close to *text* as that allows."""
    plain = _UNSAFE.sub(" ", unicodedata.normalize("NFC", text)).strip(" .")
    while len(plain.encode()) > _LONGEST_BYTES:
        plain = plain[:-1].rstrip(" .")
    if _RESERVED.fullmatch(plain):
        plain = f"_{plain}"
    return plain or fallback


def name_folder(package: Package) -> str:
    """What the folder of an interaction is called: its time, its topic, and enough of its id."""
    draft = package.draft
    topic = build_safe_name(draft.subject or draft.kind, "interaction")
    return f"{draft.started_at:%Y-%m-%d %H.%M} {topic} {package.interaction_id.replace('-', '')}"


def list_named_files(package: Package) -> Iterator[NamedFile]:
    """Yield every file and document of *package* under a name of its own."""
    for number, file in enumerate(package.archived, 1):
        digests = Digests(file.sha256, file.sha512, file.size_bytes)
        form = build_safe_name(file.form, "bin")
        yield NamedFile(f"media/{number:02} {_label(file, package.draft)}.{form}", digests)
    for number, document in enumerate(package.documents, 1):
        digests = Digests(document.sha256, document.sha512, document.size_bytes)
        name = build_safe_name(document.name, "document")
        yield NamedFile(f"documents/{number:02} {name}.json", digests)


def find_part(file: PackageFile, draft: InteractionDraft) -> Part | None:
    """Whose part *file* is; ``None`` where it is not the audio of one contact."""
    if not is_alike(file.recipe, CONTACT):
        return None
    contact = next((c for c in draft.contacts if c.contact_id == file.extra.get("contact")), None)
    if contact is None:
        return None
    party = next((p for p in draft.parties if p.party_id == contact.agent), None)
    if party is None:
        return Part(contact.contact_id, contact.agent, contact.start)
    agent = party.name or party.email or (party.ref.value if party.ref else party.party_id)
    return Part(contact.contact_id, agent, contact.start)


def _label(file: PackageFile, draft: InteractionDraft) -> str:
    stem = (file.name or "").removesuffix(f".{file.form}")
    part = find_part(file, draft)
    if part is not None:  # the agent last: a long name is cut, and the time must stay
        return build_safe_name(f"{file.kind} {part.start:%H.%M.%S} {part.agent}", "rendition")
    if file.origin == "derived":
        return build_safe_name(f"{file.kind} {file.recipe}", "rendition")
    return build_safe_name(stem, file.kind)
