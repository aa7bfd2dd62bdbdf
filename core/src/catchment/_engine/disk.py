"""The buffer's folder and volume: made, kept from filling up, and cleared of what is left over."""

from __future__ import annotations

import shutil
from pathlib import Path

from catchment.errors import StorageUnavailable


def prepare_folder(folder: Path, what: str, setting: str) -> None:
    """Make *folder* and prove that it can be written.

    Raises:
        StorageUnavailable: It cannot; the sentence names folder and setting.
    """
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StorageUnavailable(
            f"{what} {folder} cannot be written: {error.strerror or error}",
            remedy=f"Correct the setting {setting} or the rights of the folder.",
        ) from error


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
