"""The buffer's folder and volume: made, kept from filling up, and cleared of what is left over."""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress
from pathlib import Path

from catchment.errors import StorageUnavailable


def prepare_folder(folder: Path, what: str, setting: str) -> None:
    """Make *folder* and prove that it can be written.

    Raises:
        StorageUnavailable: It cannot; the sentence names folder and setting.
    """
    probe = folder / f".probe-{uuid.uuid4().hex}"  # another runner may be starting here
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StorageUnavailable(
            f"{what} {folder} cannot be written: {error.strerror or error}",
            remedy=f"Correct the setting {setting} or the rights of the folder.",
        ) from error


def explain(error: OSError, buffer: Path, archive: Path) -> StorageUnavailable:
    """What a step's *error* means: whatever else it opens belongs to the buffer or the archive."""
    where = error.filename or f"the buffer {buffer} or the archive {archive}"
    return StorageUnavailable(
        f"{where} cannot be read or written: {error.strerror or type(error).__name__}",
        remedy="Free some space, or look at the system's log and the rights of the folder.",
    )


def reserve(folder: Path, wanted_bytes: int, reserve_bytes: int) -> None:
    """Make sure that *wanted_bytes* fit and *reserve_bytes* stay free on the volume of *folder*.

    Raises:
        StorageUnavailable: They do not; downloads stop, listings go on.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageUnavailable(
            f"the buffer {folder} cannot be read: {error.strerror or error}"
        ) from error
    if free < wanted_bytes + reserve_bytes:
        raise StorageUnavailable(
            f"the volume of the buffer {folder} has no room for a file beside the reserve of "
            f"{reserve_bytes} bytes",
            remedy="Free some space, or lower the setting buffer.reserve.",
        )


def sweep_buffer(folder: Path, older_than: float) -> None:
    """Remove leftovers of the buffer that nobody has touched since *older_than*."""
    for path in folder.iterdir():
        with suppress(OSError):
            if path.is_file() and path.stat().st_mtime < older_than:
                path.unlink()
