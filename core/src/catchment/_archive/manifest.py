"""A package as the bytes of its manifest, and back.

``rebuild`` stands on this being an exact inverse: ``read_manifest(build_manifest(p)) == p``.
The bytes depend on the package alone, so sealing twice gives the same manifest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from catchment._archive.check import list_faults
from catchment._archive.extension import (
    SCHEMA,
    Object,
    read_contact,
    read_date,
    read_fact,
    read_file,
    read_leg,
    read_party,
    read_recording,
    read_source,
)
from catchment._archive.hashes import read_token
from catchment._archive.mapping import build_document
from catchment._archive.package import Package, PackageDocument, PackageFile
from catchment.errors import Corrupt
from catchment.model import Contact, InteractionDraft

DEFAULT_AUTHORITY = "catchment.invalid"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def build_manifest(package: Package, authority: str = DEFAULT_AUTHORITY) -> bytes:
    """The vCon of *package*, always the same bytes for the same package.

    Files are addressed as ``https://<authority>/media/<sha256>``; readers resolve them by hash,
    never by host.  Halves of characters that a platform cut through, which no UTF-8 can hold,
    become U+FFFD.

    Raises:
        Corrupt: What would be written is no valid vCon.
    """
    document = build_document(package, authority)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    data = (_LONE_SURROGATE.sub("\ufffd", text) + "\n").encode()
    if faults := list_faults(json.loads(data)):
        raise Corrupt(f"the manifest of {package.interaction_id} would be wrong: {faults[0]}")
    return data


def read_manifest(data: bytes) -> Package:
    """The package that the manifest *data* was built from.

    Raises:
        Corrupt: It is no manifest of ours, or it was altered so that it is no valid one.
    """
    document = read_document(data)
    try:
        return _read_package(document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Corrupt(f"a manifest cannot be read: {type(error).__name__} {error}") from error


def read_document(data: bytes) -> Object:
    """The JSON object of the manifest *data*, checked by all rules.

    Raises:
        Corrupt: It is not JSON, no valid vCon, or of a newer schema than ours.
    """
    try:
        document = json.loads(data)
    except ValueError as error:
        raise Corrupt("a manifest is not JSON") from error
    if not isinstance(document, dict):
        raise Corrupt("a manifest is not a JSON object")
    if faults := list_faults(document):
        raise Corrupt(f"a manifest is wrong: {faults[0]}")
    if not isinstance(ours := document.get("catchment"), dict) or ours["schema"] != SCHEMA:
        raise Corrupt(f"a manifest is not one of schema {SCHEMA}")
    return document


def _read_package(document: Object) -> Package:
    ours = document["catchment"]
    return Package(
        interaction_id=ours["interaction"],
        version=ours["version"],
        document_id=document["uuid"],
        previous_document_id=document.get("amended", {}).get("uuid"),
        created_at=read_date(document["created_at"]),
        source=read_source(ours["source"]),
        writer=ours.get("writer", ""),
        draft=_read_draft(document, ours),
        recordings=tuple(read_recording(entry) for entry in ours.get("recordings", ())),
        facts=tuple(read_fact(entry) for entry in ours.get("facts", ())),
        files=tuple(_list_files(document, ours)),
        documents=tuple(_list_documents(document)),
        aliases=tuple(ours.get("aliases", ())),
    )


def _read_draft(document: Object, ours: Object) -> InteractionDraft:
    parties = [entry for entry in document["parties"] if "catchment" in entry]
    return InteractionDraft(
        kind=ours["kind"],
        external_id=ours.get("external_id", ""),
        started_at=read_date(ours["started_at"]),
        ended_at=read_date(ours["ended_at"]) if "ended_at" in ours else None,
        subject=document.get("subject", ""),
        direction=ours.get("direction", ""),
        ani=ours.get("ani", ""),
        dnis=ours.get("dnis", ""),
        associated_id=ours.get("session_id", ""),
        parties=tuple(read_party(entry) for entry in parties),
        legs=tuple(read_leg(entry) for entry in ours.get("legs", ())),
        contacts=tuple(_read_contact(document, entry) for entry in ours.get("contacts", ())),
        custom=ours.get("custom", {}),
        mapper=ours.get("mapper", ""),
    )


def _read_contact(document: Object, entry: Object) -> Contact:
    reports = [document["analysis"][index] for index in entry.get("wrap_up", ())]
    return read_contact(entry, reports[0]["body"]["label"] if reports else "")


def _list_files(document: Object, ours: Object) -> Iterator[PackageFile]:
    for array in ("dialog", "attachments", "analysis"):
        for entry in document.get(array, ()):
            if "kind" in entry.get("catchment", ()):
                hashes = _read_hashes(entry)
                yield read_file(entry["catchment"], hashes["sha256"], hashes["sha512"])
    for entry in ours.get("absent", ()):
        yield read_file(entry, entry.get("sha256", ""), entry.get("sha512", ""))


def _list_documents(document: Object) -> list[PackageDocument]:
    documents = []
    for entry in document.get("attachments", ()):
        if entry.get("purpose") != "platform-document":
            continue
        hashes, ours = _read_hashes(entry), entry["catchment"]
        documents.append(
            PackageDocument(
                recording_id=ours["recording"],
                name=ours["document"],
                seen_at=read_date(entry["start"]),
                sha256=hashes["sha256"],
                sha512=hashes["sha512"],
                size_bytes=ours["size_bytes"],
            )
        )
    return documents


def _read_hashes(entry: dict[str, Any]) -> dict[str, str]:
    return dict(read_token(token) for token in entry["content_hash"])
