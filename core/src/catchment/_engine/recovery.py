"""Recovery by people: periods, and lists of ids dropped into a source's folder.

Recovery by the system needs nothing here: a feed's ladder of lookback is a period that the system
sets itself, on a schedule, and a lost watermark makes the next poll start at the feed's horizon.

A list is a CSV in ``recovery/<source>/csv``.  It is moved to ``processed`` only when every id of it
was answered; a list that was changed meanwhile is read again, and nothing is asked twice.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from catchment import _crash
from catchment._catalogue import jobs, sightings, sources, wanted
from catchment._engine import rhythm
from catchment._engine.application import Application, LiveSource
from catchment._engine.work import Work, feed_key
from catchment.errors import Absent, AdapterFault, Misuse, StorageUnavailable
from catchment.model import Denied, Nothing, NotYet, Outcome, Ready, Window, period

EVERY = timedelta(minutes=5)
AGAIN = timedelta(minutes=15)
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
        raise Misuse(f"the list {path} cannot be read: {error.strerror}") from error
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
            f"the folder {inbox} cannot be written: {error.strerror}"
        ) from error
    return target


def read_inbox(work: Work) -> None:
    """Read the lists in the folder, ask for what they name, move those that are answered."""
    inbox, processed = inbox_of(work.source.table.recovery)
    lists = sorted(inbox.glob("*.csv"))
    waiting = [path.name for path in lists if not _handle(work, path, processed)]
    wanted.forget_unreadable(work.app.database, work.source.id, waiting)
    with work.app.database.write() as connection:
        now = work.now
        jobs.finish(connection, work.job, now, again_at=now + (AGAIN if waiting else EVERY))


def _handle(work: Work, path: Path, processed: Path) -> bool:
    """Process one list; whether it is done with.

    Raises:
        StorageUnavailable: It cannot be moved; it stays, and nothing is asked twice.
    """
    database, source = work.app.database, work.source
    try:
        data = path.read_bytes()
        entries = read_list(data, source.adapter.id_columns)
    except (OSError, Misuse) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        work.app.tell("recovery.unreadable", source=source.name, file=path.name, error=str(why))
        wanted.enter_unreadable(database, source.id, path.name, str(why), work.now)
        return False
    digest = hashlib.sha256(data).hexdigest()
    rows = [(entry.line, entry.value, entry.fault) for entry in entries]
    wanted.enter(database, source.id, path.name, digest, rows)
    _crash.point("recovery.listed")
    _ask(work, digest)
    answers = wanted.list_answers(database, source.id, digest)
    if any(answer.state == "open" for answer in answers):
        return False
    database.make_durable()
    try:
        if path.read_bytes() != data:
            return False  # somebody is still writing it: what was added is read the next time
        report = _write_report(processed, path.name, answers)
        os.replace(path, _free_name(processed, path.name))
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
    return True


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
                complete_to=sources.watermark(connection, source.id, source.lags).at,
                rank=lambda at: rhythm.rank(at, platform_now, source.horizon),
                again=True,
            )
        wanted.answer(connection, source.id, digest, outcome.item_id, state, reason, now)


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


# --- periods ---------------------------------------------------------------------------------


def want_period(app: Application, source: LiveSource, start: datetime, end: datetime) -> list[str]:
    """Have every feed of a source list a period again; the feeds that can still be asked for it.

    Raises:
        Misuse: The period lies before what any feed of the source can be asked for.
    """
    now = source.platform_now(app.clock)
    asked: dict[str, Window] = {}
    for feed in source.feeds.values():
        first = max(start, now - period(feed.horizon))
        # Platforms answer to the second: a walk to a fraction of one would never be at its end.
        last = rhythm.floor(min(end, now - period(feed.settle)), timedelta(seconds=1))
        if first < last:
            asked[feed.name] = Window(first, last)
    # The platform may be asked for its parts: never inside a transaction.
    parts = {name: source.hooks.partitions(source.feeds[name]) for name in asked}
    with app.database.write(source.id) as connection:
        for name, window in asked.items():
            for partition in parts[name]:
                sources.begin_walk(
                    connection,
                    source_id=source.id,
                    name=name,
                    partition=partition,
                    purpose="recovery",
                    start_at=window.start,
                    end_at=window.end,
                )
                key = feed_key(source.id, name, partition)
                job = jobs.NewJob("poll", key, source.id, app.now())
                jobs.want(app.database, connection, [job])
    if not asked:
        raise Misuse(
            f"source {source.name} cannot be asked for {start:%Y-%m-%d} to {end:%Y-%m-%d} any more",
            remedy="The platform keeps its lists for "
            f"{max(source.feeds.values(), key=lambda f: period(f.horizon)).horizon}.",
        )
    return list(asked)


def sweep_buffer(folder: Path, older_than: float) -> None:
    """Remove leftovers of the buffer that nobody has touched since *older_than*."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_mtime < older_than:
                path.unlink()
