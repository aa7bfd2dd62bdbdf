"""Writing so that it survives a power cut: temporary file, fsync, rename, fsync of the folder.

A rename here never replaces anything.  Where the operating system has no such rename, the target
is looked at first; names in the archive follow from content, so what a race could replace there
would be the same bytes.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from catchment.errors import StorageUnavailable

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY)
_UNKNOWN_CALL = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space, or give the archive a larger disk."),
    errno.EDQUOT: ("the disk quota is used up", "Raise the quota, or free some space."),
    errno.EFBIG: ("the file is larger than may be written", "Raise the limit on file sizes."),
    errno.EROFS: ("the disk is read-only", "Mount it so that it can be written."),
    errno.EACCES: ("the permission is missing", "Give the program's user write access."),
    errno.EPERM: ("the permission is missing", "Give the program's user write access."),
    errno.EIO: ("the disk reports errors", "Look at the system's log, and replace the disk."),
    errno.ENOTDIR: ("a file stands where a folder is needed", "Name another folder."),
    errno.EEXIST: ("a file stands where a folder is needed", "Name another folder."),
}


@contextlib.contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Turn what the operating system says into one sentence that says what to do."""
    try:
        yield
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        fallback = (said, "Name another place, or look at the rights of the folder and the disk.")
        why, remedy = _REASONS.get(error.errno or 0, fallback)
        raise StorageUnavailable(f"{doing} failed because {why}", remedy=remedy) from error


def sync(path: Path) -> None:
    """Wait until the file or folder at *path* is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create *folder* and all above it, so that they survive a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Write *data* to the new, read-only file *path* and wait until it is on the disk."""
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        protect(stream.fileno())
        os.fsync(stream.fileno())


def protect(file: int | Path) -> None:
    """Take the right to write from everybody; who may read is what the umask has allowed.

    Only rights that the file has are kept, because the umask cannot be asked for without changing
    it for every thread.
    """
    os.chmod(file, os.stat(file).st_mode & 0o444)


def rename_once(source: Path, target: Path) -> bool:
    """Rename a file or folder unless *target* exists; say whether it was done."""
    if _RENAMEAT2 is None:
        return _rename_plainly(source, target)
    result = _RENAMEAT2(
        _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE
    )
    if result == 0:
        return True
    code = ctypes.get_errno()
    if code in _TAKEN:
        return False
    if code in _UNKNOWN_CALL:
        return _rename_plainly(source, target)
    raise OSError(code, os.strerror(code), str(source), None, str(target))


def _rename_plainly(source: Path, target: Path) -> bool:
    """For systems without the call; a folder never replaces one that holds something."""
    if target.exists():
        return False
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def _find_renameat2() -> ctypes._NamedFuncPointer | None:
    if sys.platform != "linux":
        return None
    found = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if found is not None:
        found.argtypes = [
            *(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p),
            ctypes.c_uint,
        ]
    return found


_RENAMEAT2 = _find_renameat2()
