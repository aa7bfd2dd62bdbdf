"""The inventory of an OCFL 1.1 object: every version of one interaction in one folder.

An unchanged file is stored once, in the version that brought it; an inventory says for each
version which logical path is which digest.  See the OCFL specification 1.1, section 3.5.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catchment._archive.extension import build_date
from catchment._archive.hashes import Digests
from catchment._archive.layout import MANIFEST
from catchment._archive.naming import NamedFile, list_named_files
from catchment._archive.package import Package

DECLARATION = "ocfl_object_1.1"
DIGESTS = "sha512"


@dataclass(frozen=True, slots=True)
class OcflVersion:
    """One version of the object.

    Attributes:
        number: 1, 2, 3, …
        new: The content files that this version brings, by path below the object.
        inventory: The bytes of its inventory.
    """

    number: int
    new: tuple[NamedFile, ...]
    inventory: bytes


def build_versions(packages: Sequence[Package], manifests: Sequence[Digests]) -> list[OcflVersion]:
    """Plan the object for *packages*, oldest first, whose manifests have these digests.

    OCFL counts versions without gaps, so they are numbered by position; the version of the
    package stands in the message.
    """
    versions: list[OcflVersion] = []
    stored: dict[str, str] = {}
    sha256: dict[str, list[str]] = {}
    states: dict[str, Any] = {}
    for number, (package, manifest) in enumerate(zip(packages, manifests, strict=True), 1):
        logical = [NamedFile(MANIFEST, manifest), *list_named_files(package)]
        new = []
        for file in logical:
            if file.digests.sha512 not in stored:
                path = f"v{number}/content/{file.path}"
                stored[file.digests.sha512] = path
                sha256.setdefault(file.digests.sha256, []).append(path)
                new.append(NamedFile(path, file.digests))
        states[f"v{number}"] = _build_state(package, logical)
        inventory = {
            "id": f"urn:uuid:{packages[0].interaction_id}",
            "type": "https://ocfl.io/1.1/spec/#inventory",
            "digestAlgorithm": DIGESTS,
            "head": f"v{number}",
            "manifest": {digest: [path] for digest, path in stored.items()},
            "versions": states,
            "fixity": {"sha256": sha256},
        }
        data = json.dumps(inventory, indent=1, ensure_ascii=False).encode() + b"\n"
        versions.append(OcflVersion(number, tuple(new), data))
    return versions


def _build_state(package: Package, logical: Sequence[NamedFile]) -> dict[str, Any]:
    state: dict[str, list[str]] = {}
    for file in logical:
        state.setdefault(file.digests.sha512, []).append(file.path)
    return {
        "created": build_date(package.created_at),
        "state": state,
        "message": f"version {package.version} of the interaction",
        "user": {"name": package.writer or "catchment"},
    }
