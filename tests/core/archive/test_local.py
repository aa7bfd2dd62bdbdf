"""The folder archive keeps what it took, whoever races with it and whenever it is killed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catchment._archive.durable import _rename_plainly, rename_once
from catchment._archive.local import LocalArchive
from catchment.errors import Absent, CatchmentError, Corrupt, LostRace, StorageUnavailable

ID = "5d0f6a3e-1a57-4c2e-9a39-0f6f2f7f1c11"
DATA = b"recorded" * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()
PUT = """
import sys
from pathlib import Path
from catchment._archive.local import LocalArchive
archive = LocalArchive(Path(sys.argv[1]))
archive.put_media(Path(sys.argv[2]), sys.argv[3])
"""
RACE = """
import sys
from pathlib import Path
from catchment._archive.local import LocalArchive
from catchment.errors import LostRace
archive, me, won = LocalArchive(Path(sys.argv[1])), sys.argv[2], 0
for number in range(60):
    archive.put_bytes(b"same %d" % number)
    try:
        archive.put_manifest(f"i-{number}", 1, f"{me} {number}".encode())
        won += 1
    except LostRace:
        pass
print(won)
"""
FULL = """
import hashlib, os, resource, sys
from pathlib import Path
from catchment._archive.local import LocalArchive
from catchment.errors import StorageUnavailable
archive, data = LocalArchive(Path(sys.argv[1])), os.urandom(200_000)
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, resource.RLIM_INFINITY))
try:
    archive.put_bytes(data)
except StorageUnavailable as error:
    print(error, "|", error.remedy)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert not archive.has(hashlib.sha256(data).hexdigest()), "a part is visible"
assert not list((archive.root / "tmp").iterdir()), "a part was left behind"
archive.put_bytes(data)
"""
ON_A_DISK = """
import os, subprocess, sys
from pathlib import Path
from catchment._archive.local import LocalArchive
from catchment.errors import StorageUnavailable
disk = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", disk], check=True)
archive = LocalArchive(disk / "archive")
archive.prepare()
def tell(what, *arguments):
    try:
        what(*arguments)
        print("done")
    except StorageUnavailable as error:
        print(error, "|", error.remedy)
rubbish = disk / "rubbish"
rubbish.write_bytes(b"x" * 300_000)
data = os.urandom(300_000)
tell(archive.put_bytes, data)
rubbish.unlink()
tell(archive.put_bytes, data)
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
tell(archive.prepare)
tell(archive.put_manifest, "i", 1, b"{}")
"""
TWICE = """
import subprocess, sys
from pathlib import Path
from catchment._archive.local import LocalArchive
root = Path(sys.argv[1])
for name in ("real", "buffer", "archive"):
    (root / name).mkdir()
subprocess.run(["mount", "--bind", root / "real", root / "buffer"], check=True)
archive = LocalArchive(root / "archive")
archive.prepare()
staged = root / "buffer" / "staged"
staged.write_bytes(b"recorded" * 1000)
assert staged.stat().st_dev == archive.root.stat().st_dev
archive.put_media(staged, sys.argv[2])
assert not staged.exists()
"""


def run(script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run *script* in a process of its own."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def own_mounts() -> list[str]:
    """What to put before a command so that it may mount disks of its own."""
    unshare = shutil.which("unshare")
    own = [unshare or "", "-m" if os.geteuid() == 0 else "-rm"]
    if not unshare or subprocess.run([*own, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system gives no mount namespace")
    return own


def stage(folder: Path, data: bytes = DATA, name: str = "staged") -> Path:
    """A verified download in the buffer."""
    path = folder / name
    path.write_bytes(data)
    return path


# --- preparing -----------------------------------------------------------------------------------


def test_the_layout_is_explained_where_it_is(archive: LocalArchive) -> None:
    """Somebody who finds the folder can use it without the program."""
    assert "sha256sum" in (archive.root / "README.txt").read_text()
    marker = json.loads((archive.root / "catchment-archive.json").read_text())
    assert marker == {"format": "catchment-archive", "version": 1}
    archive.prepare()
    assert not list((archive.root / "tmp").iterdir())


def test_a_newer_format_is_refused(archive: LocalArchive) -> None:
    """An archive of a later program is left alone."""
    marker = archive.root / "catchment-archive.json"
    marker.unlink()
    marker.write_text('{"format": "catchment-archive", "version": 2}')
    with pytest.raises(StorageUnavailable, match="has format 2") as refused:
        archive.prepare()
    assert refused.value.remedy == "Upgrade the program."


def test_a_broken_marker_is_refused(archive: LocalArchive) -> None:
    """Nothing is written where nobody can tell the format."""
    marker = archive.root / "catchment-archive.json"
    marker.unlink()
    marker.write_text("{")
    with pytest.raises(StorageUnavailable, match="cannot be read"):
        archive.prepare()


def test_a_file_is_no_archive(tmp_path: Path) -> None:
    """A file where the folder should be is told in one sentence."""
    with pytest.raises(StorageUnavailable, match="is not a folder"):
        LocalArchive(stage(tmp_path)).prepare()


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    """The same for a file somewhere above the archive, or in place of one of its folders."""
    with pytest.raises(StorageUnavailable, match="a file stands where a folder is needed"):
        LocalArchive(stage(tmp_path) / "archive").prepare()
    stage(tmp_path, name="media")
    with pytest.raises(StorageUnavailable, match="a file stands where a folder is needed"):
        LocalArchive(tmp_path).prepare()


def test_an_empty_mount_point_can_be_refused(tmp_path: Path) -> None:
    """A folder that should be an archive and holds none is not made one."""
    with pytest.raises(StorageUnavailable, match="holds no archive"):
        LocalArchive(tmp_path).prepare(create=False)
    assert not list(tmp_path.iterdir())


# --- media ---------------------------------------------------------------------------------------


def test_media_moves_in_under_its_hash(archive: LocalArchive, tmp_path: Path) -> None:
    """The file is gone from the buffer and can only be read in the archive."""
    staged = stage(tmp_path)
    archive.put_media(staged, SHA256)
    assert not staged.exists()
    assert archive.has(SHA256)
    assert archive.open_media(SHA256).read() == DATA
    assert archive.path_of(SHA256).stat().st_mode & 0o777 == 0o444
    assert list(archive.list_media()) == [SHA256]


@pytest.fixture
def closed_to_others() -> Iterator[None]:
    """What is made belongs to its owner alone."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("closed_to_others")
def test_who_may_read_is_what_the_umask_says(tmp_path: Path) -> None:
    """A recording is not shown to everybody on the machine where its operator allowed nobody."""
    archive = LocalArchive(tmp_path / "archive")
    archive.prepare()
    archive.put_media(stage(tmp_path), SHA256)
    archive.put_manifest("01890000-0000-7000-8000-000000000001", 1, b"{}")
    archive.put_file(Path("books/leaf"), iter([b"row\n"]))
    entries = list(archive.root.rglob("*"))
    assert {one.stat().st_mode & 0o777 for one in entries if one.is_file()} == {0o400}
    assert {one.stat().st_mode & 0o777 for one in entries if one.is_dir()} == {0o700}


def test_media_is_copied_from_another_disk(archive: LocalArchive) -> None:
    """From another file system bytes are copied, and hashed again on the way."""
    disk = Path("/dev/shm")
    if not disk.is_dir() or disk.stat().st_dev == archive.root.stat().st_dev:
        pytest.skip("there is no second file system")
    staged = disk / f"catchment-test-{os.getpid()}"
    try:
        staged.write_bytes(DATA)
        with pytest.raises(Corrupt, match="has changed"):
            archive.put_media(staged, "0" * 64)
        archive.put_media(staged, SHA256)
        assert not staged.exists()
    finally:
        staged.unlink(missing_ok=True)
    assert archive.path_of(SHA256).stat().st_mode & 0o777 == 0o444
    assert list(archive.list_media()) == [SHA256]
    assert not list((archive.root / "tmp").iterdir())


def test_the_same_bytes_are_kept_once(archive: LocalArchive, tmp_path: Path) -> None:
    """A second arrival changes nothing and cleans up after itself."""
    archive.put_media(stage(tmp_path), SHA256)
    first = archive.path_of(SHA256).stat()
    again = stage(tmp_path)
    archive.put_media(again, SHA256)
    assert not again.exists()
    assert archive.put_bytes(DATA).sha256 == SHA256
    assert archive.path_of(SHA256).stat() == first


def test_a_damaged_object_is_not_taken_for_the_file(archive: LocalArchive, tmp_path: Path) -> None:
    """When the archive's own copy has another size, the good one is not thrown away."""
    archive.put_media(stage(tmp_path), SHA256)
    os.truncate(archive.path_of(SHA256), 7)
    staged = stage(tmp_path)
    with pytest.raises(Corrupt, match="damaged"):
        archive.put_media(staged, SHA256)
    assert staged.read_bytes() == DATA


def test_what_is_not_there_is_absent(archive: LocalArchive, tmp_path: Path) -> None:
    """A missing object is told as such, and a lost buffer file as a fault of storage."""
    assert not archive.has(SHA256)
    with pytest.raises(Absent):
        archive.open_media(SHA256)
    with pytest.raises(StorageUnavailable):
        archive.put_media(tmp_path / "nothing", SHA256)
    with pytest.raises(ValueError, match="no SHA-256"):
        archive.has("../../etc/passwd")


def test_threads_may_bring_the_same_bytes(archive: LocalArchive, tmp_path: Path) -> None:
    """Eight arrivals at once are one object and no error."""
    barrier = threading.Barrier(8)

    def bring(number: int) -> None:
        staged = stage(tmp_path, name=f"staged{number}")
        barrier.wait()
        archive.put_media(staged, SHA256)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bring, range(8)))
    assert archive.open_media(SHA256).read() == DATA
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_processes_race_and_one_wins(archive: LocalArchive) -> None:
    """Each version is sealed by exactly one process; the others learn that they lost."""
    command = [sys.executable, "-c", RACE, str(archive.root)]
    racers = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    wins = [int(racer.communicate()[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert sum(wins) == 60
    assert len(list(archive.manifests())) == 60
    assert len(list(archive.list_media())) == 60
    assert not list((archive.root / "tmp").iterdir())


@pytest.mark.parametrize("point", ["archive.synced", "archive.renamed"])
def test_a_killed_process_loses_nothing(archive: LocalArchive, tmp_path: Path, point: str) -> None:
    """Killed at either boundary, the bytes are in one place whole, and running again ends it."""
    staged = stage(tmp_path)
    killed = run(PUT, archive.root, staged, SHA256, CATCHMENT_CRASH_AT=point)
    assert killed.returncode == 70, killed.stderr
    assert archive.has(SHA256) is (point == "archive.renamed")
    assert staged.exists() is (point == "archive.synced")
    again = run(PUT, archive.root, staged, SHA256)
    assert again.returncode == 0, again.stderr
    assert archive.open_media(SHA256).read() == DATA
    assert not staged.exists()


# --- manifests -----------------------------------------------------------------------------------


def test_a_manifest_is_sealed_once(archive: LocalArchive) -> None:
    """The same bytes again are fine, others are refused, and later versions stand beside."""
    archive.put_manifest(ID, 1, b"{}")
    archive.put_manifest(ID, 1, b"{}")
    with pytest.raises(LostRace, match="version 1"):
        archive.put_manifest(ID, 1, b"[]")
    archive.put_manifest(ID, 10, b"10")
    archive.put_manifest(ID, 2, b"2")
    assert archive.read(ID, 1) == b"{}"
    assert archive.versions(ID) == [1, 2, 10]
    assert [version for _, version, _ in archive.manifests()] == [1, 2, 10]
    assert [(name, version) for name, version, _ in archive.newest()] == [(ID, 10)]


def test_a_manifest_is_checked_when_read(archive: LocalArchive) -> None:
    """Its checksum lies beside it, in the form that ``sha256sum -c`` reads."""
    archive.put_manifest(ID, 1, b"{}")
    ((_, _, path),) = archive.manifests()
    checksum = path.with_name("vcon.json.sha256").read_text()
    assert checksum == f"{hashlib.sha256(b'{}').hexdigest()}  vcon.json\n"
    path.unlink()
    path.write_bytes(b"{ }")
    with pytest.raises(Corrupt, match="altered"):
        archive.read(ID, 1)
    path.unlink()
    with pytest.raises(Absent):
        archive.read(ID, 1)


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "a" * 101])
def test_an_id_is_no_path(archive: LocalArchive, name: str) -> None:
    """No id leads out of the archive."""
    with pytest.raises(ValueError, match="no id"):
        archive.put_manifest(name, 1, b"{}")


# --- trouble with the disk -----------------------------------------------------------------------


def test_a_file_too_large_for_its_limit_leaves_no_part(archive: LocalArchive) -> None:
    """A write that fails in the middle is one sentence; when there is room it works (T8)."""
    tried = run(FULL, archive.root)
    assert tried.returncode == 0, tried.stderr
    assert "failed because the file is larger than may be written | Raise" in tried.stdout


def test_a_full_and_a_read_only_disk_are_told(tmp_path: Path) -> None:
    """On a real small disk: full, then with room again, then read-only (T8)."""
    command = [*own_mounts(), sys.executable, "-c", ON_A_DISK, str(tmp_path)]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    full, done, prepare, seal = tried.stdout.splitlines()
    assert "failed because the disk is full | Free some space" in full
    assert done == "done"
    assert "failed because the disk is read-only | Mount it" in prepare
    assert "failed because the disk is read-only | Mount it" in seal


def test_two_mounts_of_one_disk_are_two(tmp_path: Path) -> None:
    """A buffer that is mounted beside its archive's disk has the same device and no rename."""
    command = [*own_mounts(), sys.executable, "-c", TWICE, str(tmp_path), SHA256]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert LocalArchive(tmp_path / "archive").open_media(SHA256).read() == DATA


def test_what_dead_processes_left_is_swept(archive: LocalArchive) -> None:
    """Old temporary files and folders go, young ones stay, because somebody may be writing."""
    old, young = archive.root / "tmp" / "old", archive.root / "tmp" / "young"
    old.mkdir()
    (old / "vcon.json").write_bytes(b"{")
    young.write_bytes(b"x")
    os.utime(old, (0, 0))
    hour_ago = datetime.fromtimestamp(young.stat().st_mtime, UTC) - timedelta(hours=1)
    assert archive.sweep_temporary(hour_ago) == 1
    assert [path.name for path in (archive.root / "tmp").iterdir()] == ["young"]


@pytest.mark.parametrize("rename", [rename_once, _rename_plainly])
def test_a_rename_never_replaces(tmp_path: Path, rename: Callable[[Path, Path], bool]) -> None:
    """Neither a file nor a folder with something in it, with and without the system's help."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
        (tmp_path / f"{name}.d").mkdir()
        (tmp_path / f"{name}.d" / "x").write_text(name)
    assert rename(tmp_path / "one", tmp_path / "three")
    assert not rename(tmp_path / "two", tmp_path / "three")
    assert (tmp_path / "three").read_text() == "one"
    assert not rename(tmp_path / "one.d", tmp_path / "two.d")
    assert (tmp_path / "two.d" / "x").read_text() == "two"


def test_errors_are_of_our_tree(archive: LocalArchive) -> None:
    """Whatever the disk says arrives as one of our errors."""
    (archive.root / "media").rmdir()
    (archive.root / "media").write_bytes(b"")
    with pytest.raises(CatchmentError):
        archive.put_bytes(b"x")
