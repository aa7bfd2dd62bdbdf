"""Whether there is a catalogue to look into, and what a person is told where there is none.

Before the first run there is none, and nothing is wrong.  Where the archive holds what was captured
and the catalogue knows nothing, it was lost: beginning anew would look like a day without calls.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from catchment._archive import layout
from catchment._catalogue import schema, sources
from catchment._catalogue.database import Database, open_database
from catchment.errors import CatalogueUnusable, Misuse
from catchment.settings import Settings


def require_catalogue(settings: Settings, *, begin: bool = False) -> bool:
    """Make sure that a catalogue was made before; nothing is written.

    Args:
        settings: Say where catalogue and archive are.
        begin: The caller is one that makes the first catalogue, if none was lost.

    Returns:
        Whether there is one; ``False`` only where the caller makes the first.

    Raises:
        Misuse: There is none yet.
        CatalogueUnusable: There is none, and the archive holds what was captured.
    """
    if not lacks_file(settings) and _is_prepared(settings):
        return True
    if holds_captured(settings):
        raise _lost(settings, "there is no catalogue at")
    if not begin:
        raise Misuse(
            f"there is no catalogue at {name_catalogue(settings)} yet: nothing was captured so far",
            remedy="'catchment run' makes it; if there should be one, correct the setting "
            "catalogue.url.",
        )
    return False


def lacks_file(settings: Settings) -> bool:
    """Whether the catalogue is to be a file that is not there; a server may always know of one.

    Raises:
        CatalogueUnusable: The folder cannot be looked into.
    """
    url = make_url(settings.catalogue.url)
    if url.get_backend_name() != "sqlite":
        return False
    path = Path(url.database or "")
    try:
        return not path.exists()
    except OSError as error:
        raise CatalogueUnusable(
            f"the catalogue {path} cannot be looked for: {error.strerror}",
            remedy="Correct the setting catalogue.url or the rights of the folder.",
        ) from None


def require_memory(settings: Settings, database: Database) -> None:
    """Make sure that a catalogue that knows of no source does not stand beside a full archive.

    Raises:
        CatalogueUnusable: It does.
    """
    if not sources.knows_any(database) and holds_captured(settings):
        raise _lost(settings, "nothing is known in the catalogue")


def holds_captured(settings: Settings) -> bool:
    """Whether the archive holds a package or a leaf of the books."""
    root = settings.archive.root
    depths = {"packages": 2, "books": 5}
    try:
        entries = (
            entry
            for name, depth in depths.items()
            for entry in layout.list_entries(root / name, depth)
        )
        return next(entries, None) is not None
    except OSError:
        return False  # told by whoever opens the archive


def name_catalogue(settings: Settings) -> str:
    """Where the catalogue is, for people: a path, or an address without its password."""
    url = make_url(settings.catalogue.url)
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    return url.set(password=None).render_as_string()


def _is_prepared(settings: Settings) -> bool:
    database = open_database(settings.catalogue.read_url())
    try:
        with database.read() as connection:
            return schema.read_revision(connection) is not None
    finally:
        database.close()


def _lost(settings: Settings, what: str) -> CatalogueUnusable:
    return CatalogueUnusable(
        f"{what} {name_catalogue(settings)}, and the archive {settings.archive.root} holds what "
        "was captured",
        remedy="Run 'catchment rebuild' to make it again from the archive, or correct the setting "
        "catalogue.url or archive.root.",
    )
