"""Proves each part that a run needs, one by one, without touching what was captured.

A part that fails never stops the others: somebody who sets up five things wants to be told of all
five.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from catchment._archive import layout
from catchment._archive.local import LocalArchive
from catchment._catalogue import holdings, schema, sources
from catchment._catalogue.database import Database, open_database
from catchment._engine import presence
from catchment._engine.polling import MOST_SKEW
from catchment._media.tool import find_ffmpeg
from catchment.adapters import Hooks, Source
from catchment.errors import CatchmentError, Unreachable, WrongAccount
from catchment.model import Account, Clock, Finding
from catchment.settings import Settings, SourceTable
from catchment.transport import Kit
from catchment.transport.messages import NO_ANSWER

Told = Iterator[tuple[str, Finding]]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Where simulated platforms are served."""


def check(settings: Settings, clock: Clock, names: Sequence[str]) -> Told:
    """Yield what was tried and what came of it: the part, and the finding.

    Parts are ``catalogue``, ``storage``, ``ffmpeg`` and each source by its name.  Nothing in
    catalogue, archive or at a platform is changed; harmless requests are sent.

    Args:
        settings: What is to be proved.
        clock: Where time comes from.
        names: The sources to ask; none means all that are enabled.

    Raises:
        BadSettings: A source that is named is not configured.
    """
    chosen = [settings.source(name) for name in names] or [
        table for table in settings.sources.values() if table.enabled
    ]
    for finding in _check_catalogue(settings):
        yield "catalogue", finding
    for finding in _check_storage(settings):
        yield "storage", finding
    yield "ffmpeg", _check_ffmpeg(settings)
    if not chosen:
        yield (
            "sources",
            Finding(
                "sources",
                "warn",
                "none is configured",
                "Add a table [sources.NAME] to the settings file ('catchment init').",
            ),
        )
    for table in chosen:
        for finding in _check_source(settings, clock, table):
            yield table.name, finding


def _fail(what: str, error: CatchmentError) -> Finding:
    return Finding(what, "fail", str(error), error.remedy)


# --- the catalogue ---------------------------------------------------------------------------


def _check_catalogue(settings: Settings) -> Iterator[Finding]:
    try:
        if presence.lacks_file(settings):
            presence.require_catalogue(settings, begin=True)
            path = Path(make_url(settings.catalogue.url).database or "")
            yield _try_writing("database", path, "catalogue.url", "it is made by the first run")
        else:
            yield from _ask_catalogue(settings)
    except CatchmentError as error:
        yield _fail("database", error)


def _ask_catalogue(settings: Settings) -> Iterator[Finding]:
    database = open_database(settings.catalogue.read_url())
    try:
        found, switched_off = _read_schema(database), database.list_switched_off()
        yield found
        for name in switched_off:
            yield Finding(
                "statistics",
                "warn",
                f"the database server does not count what its tables hold: {name} is off",
                f"Set {name} = on, as it is unless somebody changed it: listing and searching "
                "read whole tables otherwise.",
            )
    finally:
        database.close()


def _read_schema(database: Database) -> Finding:
    with database.read() as connection:
        revision = schema.read_revision(connection)
    if revision is None:
        return Finding("database", "pass", "it is empty; the first run makes its tables")
    number = revision.partition("_")[0]
    if not number.isdecimal():
        return Finding(
            "database",
            "fail",
            f"it holds the tables of another program (revision {revision})",
            "Give the catalogue a database of its own with the setting catalogue.url.",
        )
    if int(number) < schema.VERSION:
        told = f"schema {int(number)}, which the next run brings to {schema.VERSION}"
        return Finding("database", "warn", told, "Take a copy first: catchment backup.")
    schema.prepare(database)  # of a schema that is not old it only says whether it is too new
    return Finding("database", "pass", f"schema {int(number)}")


# --- storage ---------------------------------------------------------------------------------


def _check_storage(settings: Settings) -> Iterator[Finding]:
    archive, buffer = settings.archive.root, settings.buffer.root
    yield _check_archive(settings)
    yield _try_writing("buffer", buffer, "buffer.root", str(buffer))
    yield from _check_space(settings)
    try:
        same = _find_existing(archive).stat().st_dev == _find_existing(buffer).stat().st_dev
    except OSError:
        return  # told above
    if same:
        yield Finding("one volume", "pass", "files move from the buffer into the archive")
    else:
        yield Finding(
            "one volume",
            "warn",
            "archive and buffer are on two volumes, so every file is copied and hashed again",
            "Put buffer.root on the archive's volume, if that is not meant.",
        )


def _check_archive(settings: Settings) -> Finding:
    root = settings.archive.root
    try:
        found = "it holds an archive"
        if not (root / layout.MARKER).is_file():
            found = "it is made by the first run"
            if _knows_media(settings):
                LocalArchive(root).require()
    except OSError as error:
        return _cannot("archive", root, "be read", error, "archive.root")
    except CatchmentError as error:
        return _fail("archive", error)
    return _try_writing("archive", root, "archive.root", found)


def _knows_media(settings: Settings) -> bool:
    """Whether the catalogue knows of an archive; ``False`` also where it cannot be asked."""
    try:
        if presence.lacks_file(settings):
            return False
        database = open_database(settings.catalogue.read_url())
    except CatchmentError:
        return False  # told of the catalogue itself
    try:
        with database.read() as connection:
            if schema.read_revision(connection) is None:
                return False
        return holdings.holds_anything(database)
    except (CatchmentError, DBAPIError):
        return False  # told of the catalogue itself
    finally:
        database.close()


def _check_space(settings: Settings) -> Iterator[Finding]:
    reserve = settings.buffer.reserve
    for what, root, needed in (
        ("space for the archive", settings.archive.root, reserve),
        ("space for the buffer", settings.buffer.root, reserve),
    ):
        try:
            free = shutil.disk_usage(_find_existing(root)).free
        except OSError as error:
            yield Finding(what, "fail", f"it cannot be read: {error.strerror}")
            continue
        told = f"{free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB in reserve"
        if free < needed:
            yield Finding(what, "fail", told, "Free some space, or lower buffer.reserve.")
        elif free < 2 * needed:
            yield Finding(what, "warn", told, "Downloads stop when only the reserve is left.")
        else:
            yield Finding(what, "pass", told)


def _find_existing(path: Path) -> Path:
    """*path*, or the first folder above it that exists."""
    return next((one for one in (path, *path.parents) if one.exists()), path)


def _try_writing(what: str, path: Path, setting: str, found: str) -> Finding:
    """Write and remove a file in *path*, or in what there is of it; nothing stays."""
    folder = path
    try:
        folder = _find_existing(path)
        if not folder.is_dir():
            return _cannot(what, folder, "be used", "it is not a folder", setting)
        probe = folder / f".catchment-{uuid.uuid4().hex}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return _cannot(what, folder, "be written", error, setting)
    return Finding(what, "pass", found)


def _cannot(what: str, path: Path, do: str, why: OSError | str, setting: str) -> Finding:
    said = why if isinstance(why, str) else why.strerror or type(why).__name__
    remedy = f"Correct the setting {setting} or the rights of the folder."
    return Finding(what, "fail", f"{path} cannot {do}: {said}", remedy)


def _check_ffmpeg(settings: Settings) -> Finding:
    try:
        found = find_ffmpeg(settings.media.ffmpeg or None)
    except CatchmentError as error:
        return _fail("ffmpeg", error)
    return Finding("ffmpeg", "pass", f"{found.version} at {found.path}")


# --- sources ---------------------------------------------------------------------------------


def _check_source(settings: Settings, clock: Clock, table: SourceTable) -> Iterator[Finding]:
    kit = Kit(
        clock,
        account=f"{table.adapter}/{table.name}",
        budgets=table.kind.budgets_of(table.settings),
        ca_file=table.ca_file,
    )
    try:
        yield from _ask_source(settings, table, kit)
    except CatchmentError as error:
        yield _fail("source", error)
    finally:
        kit.close()


def _ask_source(settings: Settings, table: SourceTable, kit: Kit) -> Iterator[Finding]:
    try:
        adapter = table.kind(Source(table.name, table.settings, table.timezone), kit)
    except CatchmentError as error:
        yield _fail("adapter", error)
        return
    except Exception as error:  # noqa: BLE001 - a plugin may fail in any way while it is made
        told = f"the adapter {table.adapter} cannot be made: {type(error).__name__}"
        yield Finding("adapter", "fail", told, "This is a bug of the adapter.")
        return
    hooks = Hooks(adapter)
    yield Finding("adapter", "pass", _say_adapter(table))
    failed: Finding | None = None
    try:
        account = hooks.account()
    except Unreachable as error:
        if is_local(table):
            yield _not_served(error)
            return  # whatever else is asked has the same answer
        failed = _fail("account", error)
    except CatchmentError as error:
        failed = _fail("account", error)
    yield failed or _compare_account(settings, table, account)
    for finding in _try_permissions(hooks):
        # What keeps everything from being asked is told once, not for each permission again.
        if failed is None or finding.verdict == "pass" or _sum_up(finding) != _sum_up(failed):
            yield finding
    yield from _compare_clocks(kit)


def _compare_clocks(kit: Kit) -> Iterator[Finding]:
    """That this machine's clock is wrong, by the dates of the platform's answers; else nothing."""
    minutes = kit.offset / timedelta(minutes=1)
    if abs(kit.offset) > MOST_SKEW:
        yield Finding(
            "clock",
            "warn",
            f"this machine's clock is {abs(minutes):.0f} minutes "
            f"{'slow' if minutes > 0 else 'fast'}, by the platform's",
            "Set it, and keep it set (NTP): leases of several runners are counted by it.",
        )


def _say_adapter(table: SourceTable) -> str:
    """The platform, the adapter, and the hosts of the settings: another region is another host."""
    hosts = dict.fromkeys(one.netloc.rpartition("@")[2] for one in _list_addresses(table))
    at = f", at {' and '.join(hosts)}" if hosts else ""
    return f"{table.kind.platform}, by {table.adapter}{at}"


def _try_permissions(hooks: Hooks) -> Iterator[Finding]:
    try:
        yield from hooks.check()
    except CatchmentError as error:
        yield _fail("permissions", error)


def _sum_up(finding: Finding) -> tuple[str, str]:
    """What a finding says, without the brackets, in which every request has its own number."""
    return finding.detail.partition(" (")[0], finding.remedy


def is_local(table: SourceTable) -> bool:
    """Whether a source talks to this very machine, as the settings of a sandbox and a demo do."""
    addresses = _list_addresses(table)
    return bool(addresses) and all(one.hostname in LOOPBACK for one in addresses)


def _list_addresses(table: SourceTable) -> list[SplitResult]:
    values = table.settings.model_dump().values()
    return [urlsplit(value) for value in values if _is_address(value)]


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _not_served(error: Unreachable) -> Finding:
    remedy = (
        "Correct the address, or start what should answer there. If it was a simulated platform, "
        "start another with 'catchment sandbox ADAPTER --config-out FILE', which writes settings "
        "of its own; what was captured already can be searched, shown and verified all the same."
    )
    known = error.remedy if error.remedy != NO_ANSWER else ""
    return Finding("account", "fail", str(error), known or remedy)


def _compare_account(settings: Settings, table: SourceTable, account: Account) -> Finding:
    """Whether it is the account to which the source was pinned."""
    told = f"{account.account_id} {account.name}".strip()
    pinned = _read_pinned(settings, table)
    if pinned in (None, *account.names):
        return Finding("account", "pass", told)
    return _fail(
        "account",
        WrongAccount(
            f"the credential belongs to account {account.account_id}, and the source was pinned to "
            f"account {pinned} at first contact",
            remedy="Correct the credential, or give the other account a source of its own"
            f"{sources.MOVED}.",
        ),
    )


def _read_pinned(settings: Settings, table: SourceTable) -> str | None:
    try:
        if presence.lacks_file(settings):
            return None
        database = open_database(settings.catalogue.read_url())
    except CatchmentError:
        return None  # told of the catalogue itself
    try:
        with database.read() as connection:
            if schema.read_revision(connection) is None:
                return None
        row = sources.find(database, table.name)
        return None if row is None or row.adapter != table.adapter else str(row.account_id)
    except CatchmentError:
        return None
    finally:
        database.close()
