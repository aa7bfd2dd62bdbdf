"""Recovery by people: periods, and lists of ids dropped into a source's folder.

Recovery by the system needs nothing here: a feed's ladder of lookback is a period that the system
sets itself, on a schedule, and a lost watermark makes the next poll start at the feed's horizon.

A list is a CSV in ``recovery/<source>/csv``.  It is moved to ``processed`` only when every id of it
was answered and packages of the archive tell of what it found: until then a lost catalogue would
know of that by this list alone.  A list that was changed meanwhile is read again.

A list is moved in two steps.  It gets a hidden name in ``processed`` first, under which nobody
replaces it, and is read once more; what is found under such a name later was left by a try that was
killed, and goes back.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from catchment import _crash
from catchment._archive.durable import rename_once
from catchment._catalogue import jobs, sightings, wanted, watermark
from catchment._engine import rhythm
from catchment._engine.work import Work
from catchment.errors import Absent, AdapterFault, Misuse, StorageUnavailable
from catchment.model import Denied, Nothing, NotYet, Outcome, Ready

EVERY = timedelta(minutes=5)
AGAIN = timedelta(minutes=15)
TAKEN = ".taken-"
"""Begins the name of a list that is about to be moved."""

MOST_CHARACTERS = 256
COLUMNS = ("id", "external_id")
"""Names of a header under which the ids stand, besides those that the adapter declares; without a
header they stand in the first column."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list; ``fault`` says why it names no id."""

    line: int
    value: str
    fault: str = ""


def read_list(data: bytes, columns: Sequence[str] = ()) -> list[Entry]:
    """Read a CSV of ids; every line that is neither empty nor a comment is an entry.

    Names in a header are compared without case, blanks, dashes and underscores: a platform calls
    the same column ``Task ID`` in one export and ``task_id`` in another.

    Args:
        data: The file.
        columns: The adapter's names for the column of the ids, the best first.

    Raises:
        Misuse: It is no text at all.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Misuse(
            f"line {line} is not UTF-8 text", remedy="Save the list as CSV in UTF-8 and try again."
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    names = [_plain(name) for name in (*columns, *COLUMNS)]
    entries: list[Entry] = []
    column, first = 0, True
    for number, content in enumerate(text.split("\n"), 1):
        try:
            cells = _read_cells(content)
        except csv.Error as error:
            entries.append(Entry(number, "", f"it is not CSV: {error}"))
            continue
        if not any(cells) or cells[0].startswith("#"):
            continue
        named = [i for i, cell in enumerate(cells) if _plain(cell) in names]
        if first and named:
            column = min(named, key=lambda i: names.index(_plain(cells[i])))
        else:
            entries.append(_read_entry(number, cells, column))
        first = False
    return entries


def _plain(name: str) -> str:
    """The name of a column as it is compared."""
    return re.sub(r"[\s_-]", "", name.casefold())


def _read_cells(line: str) -> list[str]:
    """The cells of one line, read by itself: what is wrong with it costs no other line its id.

    Raises:
        csv.Error: A quote is not closed, or closed in the middle of a cell.
    """
    return [cell.strip() for row in csv.reader([line], strict=True) for cell in row]


def _read_entry(line: int, cells: Sequence[str], column: int) -> Entry:
    value = cells[column] if column < len(cells) else ""
    if not value:
        return Entry(line, "", f"there is no id in column {column + 1}")
    plain = value.isprintable() and "\N{REPLACEMENT CHARACTER}" not in value
    if len(value) > MOST_CHARACTERS or not plain:
        return Entry(line, value[:MOST_CHARACTERS], "this cannot be an id")
    return Entry(line, value)


# --- the folder ------------------------------------------------------------------------------


def inbox_of(source_folder: Path) -> tuple[Path, Path]:
    """The folders ``csv`` and ``processed`` of a source, made if they are not there.

    Raises:
        StorageUnavailable: They cannot be made.
    """
    folders = source_folder / "csv", source_folder / "processed"
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(
            f"the recovery folder {source_folder} cannot be made: {error.strerror}",
            remedy="Correct the source's setting 'recovery' or the rights of the folder.",
        ) from error
    return folders


def drop_list(source_folder: Path, path: Path, columns: Sequence[str] = ()) -> Path:
    """Put a copy of a list into the source's folder, whole or not at all.

    Args:
        source_folder: The source's setting ``recovery``.
        path: The list.
        columns: As for :func:`read_list`.

    Raises:
        Misuse: The list cannot be read, or has no line that could name an id.
        StorageUnavailable: The folder cannot be written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Misuse(
            f"the list {path} cannot be read: {error.strerror}",
            remedy="Name a file that is there and that this user may read.",
        ) from error
    try:
        entries = read_list(data, columns)
    except Misuse as error:
        raise Misuse(f"the list {path}: {error}", remedy=error.remedy) from error
    if not entries:
        raise Misuse(
            f"the list {path} is empty: below its header, if it has one, stands no id",
            remedy="Write one id on each line.",
        )
    inbox, _ = inbox_of(source_folder)
    target = _free_name(inbox, path.with_suffix(".csv").name)
    temporary = inbox / f".{target.name}.{os.getpid()}"
    try:
        shutil.copyfile(path, temporary)
        os.replace(temporary, target)
    except OSError as error:
        raise StorageUnavailable(
            f"the folder {inbox} cannot be written: {error.strerror}",
            remedy="Correct the setting recovery of the source, or the rights of the folder.",
        ) from error
    return target


Stage = Literal["unreadable", "asked", "found", "done"]
"""How far a list is: while it is ``asked`` the platform or its writer is waited for, while it is
``found`` a package."""


def read_inbox(work: Work) -> None:
    """Read the lists in the folder, ask for what they name, move those that are done with."""
    database, source_id = work.app.database, work.source.id
    inbox, processed = inbox_of(work.source.table.recovery)
    stages: dict[str, Stage] = {}
    digests: set[str] = set()
    for path in _list_folder(inbox, processed):
        stages[path.name], digest = _handle(work, path, processed)
        digests.add(digest)
    unreadable = [name for name, stage in stages.items() if stage == "unreadable"]
    with database.write() as connection:
        # Another runner that has the job now may know of lists that were not there before.
        jobs.hold(connection, work.job)
        wanted.forget_unreadable(connection, source_id, unreadable)
        wanted.forget_others(connection, source_id, digests)
    waits = not {"unreadable", "asked"}.isdisjoint(stages.values())
    with database.write() as connection:
        now = work.now
        jobs.finish(connection, work.job, now, again_at=now + (AGAIN if waits else EVERY))


def _list_folder(inbox: Path, processed: Path) -> list[Path]:
    """What lies in *inbox*, by name; ``Path.glob`` finds nothing where it may not look.

    Hidden names are those of files that are being written.

    Raises:
        StorageUnavailable: The folder cannot be read.
    """
    try:
        for path in list(processed.iterdir()):
            if path.name.startswith(TAKEN):
                _put_back(path, inbox)
        return sorted(path for path in inbox.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise StorageUnavailable(
            f"the recovery folder {inbox} cannot be read: {error.strerror}",
            remedy="Correct the rights of the folder, or mend its volume.",
        ) from error


def _handle(work: Work, path: Path, processed: Path) -> tuple[Stage, str]:
    """Process one list; how far it is, and its digest.

    Raises:
        StorageUnavailable: It cannot be moved; it stays, and nothing is asked twice.
    """
    database, source = work.app.database, work.source
    if path.suffix.lower() != ".csv" and _is_being_written(path):
        return "asked", ""  # what is copied under another name is given its own at the end
    try:
        _refuse_stranger(path)
        data = path.read_bytes()
        entries = read_list(data, source.adapter.id_columns)
    except (OSError, Misuse) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        work.app.tell("recovery.unreadable", source=source.name, file=path.name, error=str(why))
        wanted.enter_unreadable(database, source.id, path.name, str(why), work.now)
        return "unreadable", ""
    digest = hashlib.sha256(data).hexdigest()
    rows = [(entry.line, entry.value, entry.fault) for entry in entries]
    wanted.enter(database, source.id, path.name, digest, rows)
    _crash.point("recovery.listed")
    _ask(work, digest)
    answers = wanted.list_answers(database, source.id, digest)
    lost = bool(entries) and not answers  # by a runner that took this one for dead
    if lost or any(answer.state == "open" for answer in answers) or _is_being_written(path):
        return "asked", digest
    if not wanted.is_sealed(database, source.id, digest):
        return "found", digest
    with database.write() as connection:
        jobs.hold(connection, work.job)
    database.make_durable()
    try:
        taken = take_list(path, processed, data)
        if taken is None:
            return "asked", digest  # what was added is read the next time
        report = _write_report(processed, path.name, answers)
        # Before it is moved: a kill between the two asks again, which does no harm.
        with database.write() as connection:
            wanted.forget(connection, source.id, digest)
        os.replace(taken, _free_name(processed, path.name))
    except OSError as error:
        raise StorageUnavailable(
            f"the list {path.name} cannot be moved to {processed}: {error.strerror or error}",
            remedy="Correct the rights of the folder, or make room on its volume.",
        ) from error
    _crash.point("recovery.moved")
    faulty = {entry.line for entry in entries if entry.fault}
    refused = [answer.line for answer in answers if answer.state == "refused"]
    work.app.tell(
        "recovery.processed",
        source=source.name,
        file=path.name,
        found=sum(answer.state == "found" for answer in answers),
        unknown=sum(answer.state == "unknown" for answer in answers),
        denied=sum(line not in faulty for line in refused),
        bad_lines=[line for line in refused if line in faulty],
        report=report.name,
    )
    return "done", digest


def _refuse_stranger(path: Path) -> None:
    """Make sure that what lies in the folder is a list.

    Raises:
        Misuse: It is something else, which nobody would read.
    """
    if path.suffix.lower() != ".csv":
        raise Misuse("its name does not end with .csv, so that nobody reads it: rename it")
    if path.is_dir():
        raise Misuse("it is a folder: put the lists that are in it beside it")


def take_list(path: Path, processed: Path, data: bytes) -> Path | None:
    """Give the list *path* a hidden name in *processed*, if it still is *data*.

    Returns:
        Where it is now; ``None`` if it is another list by now, is being written, or is gone.

    Raises:
        OSError: It cannot be moved or read.
    """
    taken = processed / f"{TAKEN}{path.name}"
    try:
        if not rename_once(path, taken):
            return None
    except FileNotFoundError:
        return None  # somebody took it away meanwhile
    _crash.point("recovery.taken")
    # Under this name nobody opens it any more, and whoever had it open before is still seen.
    if _is_being_written(taken) or taken.read_bytes() != data:
        _put_back(taken, path.parent)
        return None
    return taken


def _put_back(taken: Path, inbox: Path) -> None:
    """Give a list its own name back, or another if there is a new one by that name."""
    name = taken.name.removeprefix(TAKEN)
    while not rename_once(taken, _free_name(inbox, name)):
        pass  # the name was taken this moment


def _is_being_written(path: Path) -> bool:
    """Whether somebody has *path* open for writing; ``False`` where that cannot be told.

    Whoever copies a long list slowly would go on writing into it after it was moved, and nobody
    would ever read the rest.  Linux gives nobody a lease on a file that others write.
    """
    try:
        import fcntl
        import signal

        with path.open("rb") as stream:
            # What is sent if somebody begins to write amid this; unlike the usual, it ends nobody.
            fcntl.fcntl(stream, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except (ImportError, AttributeError, OSError):
        return False  # another system, or a file system that knows no leases
    return False


def _ask(work: Work, digest: str) -> None:
    """Ask the platform for what is still open of a list, and keep each answer at once."""
    source = work.source
    ids = wanted.list_open(work.app.database, source.id, digest)
    size = source.batch.get("recover", 1)
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        try:
            for outcome in source.hooks.recover(some):
                _keep(work, digest, outcome)
        except (AdapterFault, Absent) as error:
            # What the adapter stumbles over must not keep the other ids waiting.
            for value in set(some) & set(wanted.list_open(work.app.database, source.id, digest)):
                _keep(work, digest, Denied(value, str(error)))


def _keep(work: Work, digest: str, outcome: Outcome) -> None:
    app, source = work.app, work.source
    now, platform_now = work.now, work.platform_now
    state, reason = _read_outcome(outcome)
    asked_at = wanted.first_asked_at(app.database, source.id, digest, outcome.item_id)
    if state == "open" and asked_at is not None and now - asked_at > source.patience:
        state, reason = "unknown", f"nothing within {source.patience}: {reason}"
    with app.database.write(source.id) as connection:
        jobs.hold(connection, work.job)
        if isinstance(outcome, Ready):
            sightings.record(
                app.database,
                connection,
                source_id=source.id,
                epoch=source.epoch,
                sightings=outcome.sightings,
                facts=(),
                now=now,
                complete_to=watermark.compute(connection, source.id, source.lags).listed,
                rank=lambda at: rhythm.rank(at, platform_now, source.horizon),
                again=True,
            )
        found = [one.external_id for one in getattr(outcome, "sightings", ())]
        wanted.answer(connection, source.id, digest, outcome.item_id, state, reason, now, found)


def _read_outcome(outcome: Outcome) -> tuple[str, str]:
    if isinstance(outcome, Ready):
        names = ", ".join(sighting.external_id for sighting in outcome.sightings)
        return ("found", names) if outcome.sightings else ("unknown", "nothing is recorded for it")
    if isinstance(outcome, NotYet):
        return "open", outcome.why or "the platform has nothing for it yet"
    if isinstance(outcome, Denied):
        return "refused", outcome.why or "the credential may not see it"
    if isinstance(outcome, Nothing):
        return "unknown", outcome.why or "the platform does not know it"
    return "unknown", "the adapter gave no answer"


def _write_report(folder: Path, name: str, answers: Sequence[wanted.Answer]) -> Path:
    """Leave beside the processed list what became of each line, and say where."""
    target = _free_name(folder, f"{Path(name).stem}.report.csv")
    # One name for all tries: what a try that was killed has left is written over and renamed.
    temporary = folder / f".{target.name}"
    with temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["line", "id", "outcome", "detail"])
        writer.writerows([row.line, row.value, row.state, row.reason or ""] for row in answers)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, target)
    return target


def _free_name(folder: Path, name: str) -> Path:
    """*name* in *folder*, numbered if it is taken: nothing is ever overwritten."""
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return target
