"""Where things lie in the archive, and what a person without this program is told about it.

Two levels of 256 folders each keep folders small with millions of files: every folder is named by
the next two digits of a hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

MARKER = "catchment-archive.json"
FORMAT = 1
MANIFEST = "vcon.json"
CHECKSUM = "vcon.json.sha256"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,99}")
_VERSION = re.compile(r"v([1-9][0-9]*)")

README = """\
This folder is an archive of recorded calls and meetings, written by Catchment.
Everything in it can be read without that program.

media/ab/cd/<hash>
    One file each: sound, pictures, transcripts, and what the platform said about them, exactly
    as it said it.  The name is the SHA-256 of the content, so it can be checked with
    "sha256sum"; the two folders are its first four digits.

packages/ab/cd/<interaction>/v1/vcon.json
    One call or meeting: who took part, when, and which media belong to it.  It is a vCon
    (draft-ietf-vcon-vcon-core-04), which is JSON.  A file is named by its "content_hash"; the
    last part of its "url" is the name in media/.  The host of the url need not exist.
    v2, v3, … are later and more complete descriptions of the same interaction; the highest
    counts.  "sha256sum -c vcon.json.sha256" checks one.

books/<platform>/<account>/<year>/<month>/<day>/<first>-<last>.jsonl
    What is known beside the interactions, one JSON object per line, with a checksum of the lines
    before it as the last line.

tmp/
    Files that are being written.  Never part of the archive.

damaged/
    Files whose bytes a disk has changed, set aside when good ones were fetched again.

Nothing else here is ever changed after it was written.
"""


def locate_media(sha256: str) -> Path:
    """Where the bytes with this hash lie, seen from the root.

    Raises:
        ValueError: It is no SHA-256 in lower-case hex.
    """
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256[:70]!r} is no SHA-256 in lower-case hex")
    return Path("media", sha256[:2], sha256[2:4], sha256)


def locate_package(interaction_id: str) -> Path:
    """Where the versions of an interaction lie, seen from the root.

    Raises:
        ValueError: It is no id of an interaction.
    """
    if not _ID.fullmatch(interaction_id):
        raise ValueError(f"{interaction_id[:100]!r} is no id of an interaction")
    digest = hashlib.sha256(interaction_id.encode()).hexdigest()
    return Path("packages", digest[:2], digest[2:4], interaction_id)


def locate_version(interaction_id: str, version: int) -> Path:
    """Where one version of an interaction lies, seen from the root."""
    if version < 1:
        raise ValueError(f"there is no version {version}")
    return locate_package(interaction_id) / f"v{version}"


def read_version(name: str) -> int | None:
    """The number in the name of a version's folder; ``None`` for any other name."""
    found = _VERSION.fullmatch(name)
    return int(found[1]) if found else None


def list_entries(folder: Path, depth: int) -> Iterator[Path]:
    """Yield what lies *depth* folders below *folder*, in one order, a folder at a time."""
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if depth == 0:
            yield entry
        else:
            yield from list_entries(entry, depth - 1)
