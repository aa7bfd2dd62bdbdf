"""Named places at which a test can kill the process, as a power cut would.

Each durable boundary of capture has a name here, so that a test can stop the program at every one
of them and prove that running it again loses and repeats nothing (T3).  Without the environment
variable a point costs one comparison.
"""

from __future__ import annotations

import os

POINTS = (
    "page.read",  # a page was read from the platform, nothing of it is in the catalogue
    "page.committed",  # its rows are in the catalogue, the next page was not asked for
    "poll.walked",  # the last page is committed and the frontier has moved
    "metadata.read",  # documents were fetched, nothing of them is in the catalogue
    "files.listed",  # files were listed, nothing of them is in the catalogue
    "media.part",  # the first bytes of a download are in the buffer
    "media.verified",  # the download is whole and verified, and still only in the buffer
    "archive.synced",  # the bytes are on disk under a temporary name
    "archive.renamed",  # the bytes have their final name, the catalogue does not know it
    "media.committed",  # the catalogue knows it
    "derive.made",  # a rendition was made, nothing of it is archived
    "interaction.mapped",  # the draft is computed, nothing of it is in the catalogue
    "seal.written",  # the manifest is in the archive, the catalogue does not know it
    "books.written",  # a leaf of the books is in the archive, the catalogue does not know it
    "recovery.listed",  # the ids of a CSV are in the catalogue, the file is still in its folder
    "recovery.taken",  # the file has a hidden name, under which it is compared and moved
    "recovery.moved",  # the file was moved to processed
)

_ARMED = os.environ.get("CATCHMENT_CRASH_AT", "")
CRASHED = 70
"""The exit code of a process that was ended at a point."""


def point(name: str, of: str = "") -> None:
    """End the process here, without any clean-up, if this point was asked for.

    Args:
        name: One of :data:`POINTS`.
        of: What is at hand there, where a test may want to wait for it: ``"page.read:recordings"``
            ends the process at the first page that has some.

    Raises:
        ValueError: The point is not in :data:`POINTS`; a test could never reach it.
    """
    if name not in POINTS:
        raise ValueError(f"{name!r} is not a crash point; add it to POINTS")
    if _ARMED and _ARMED in (name, f"{name}:{of}"):
        os._exit(CRASHED)
