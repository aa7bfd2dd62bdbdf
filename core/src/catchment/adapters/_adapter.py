"""What a plugin derives from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from catchment.model import Budget, Feed

if TYPE_CHECKING:
    from catchment.transport import Kit, TokenSource


class SourceSettings(BaseModel):
    """What every adapter's ``Settings`` derive from.  Unknown names are refused.

    The fields that all sources share (time zone, start, enabled feeds) are not here: they belong
    to the program, see :class:`catchment.settings.SourceTable`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Source:
    """One configured account of a platform, as its adapter sees it.

    Attributes:
        name: The label in the settings file; for messages only, never an identity.
        settings: An instance of the adapter's ``Settings``.
        timezone: IANA name of the zone in which the source's days are told.
    """

    name: str
    settings: Any
    timezone: str = "UTC"


class Adapter:
    """Speaks to one platform.  A plugin derives from it and implements the hooks of the contract.

    One instance serves one source in one runner; several threads may call its hooks at once, so
    it keeps no state between calls.  What the engine needs to know before it asks anything stands
    in class attributes.

    Attributes:
        name: How sources name the adapter (``adapter = "zoom"``); the entry point's name.
        platform: The platform for people: ``"Zoom"``.
        Settings: What an administrator must enter; derives from :class:`SourceSettings`.
        feeds: All listings that the adapter can ask for.
        budgets: How often the platform may be asked, by name.
        batch: How many recordings a hook takes per call; one where it is not named.
        links_live: How long a link works after it was asked for.
        patience: How long "not yet" is believed before the item is gone.
        revisit: Ages of a recording at which it is looked at again although nothing changed.
        young: A recording younger than this that the platform denies to know is "not yet".
        imports_left: Whether people whom the platform calls inactive are kept although they were
            never seen active: old recordings may need their names.
        mapper: Name and version of ``map_metadata``; a new one has everything mapped again.
        withheld: Names of document fields that hold links, tokens or passwords: they are blanked
            wherever they stand before a document goes to the archive.
        id_columns: What the platform's own exports call the column of ids that ``recover`` takes,
            the best first: ``("meeting_uuid", "uuid")``.
    """

    name: ClassVar[str]
    platform: ClassVar[str]
    Settings: ClassVar[type[SourceSettings]]
    feeds: ClassVar[tuple[Feed, ...]] = ()
    budgets: ClassVar[Mapping[str, Budget]] = {}
    batch: ClassVar[Mapping[str, int]] = {}
    links_live: ClassVar[str] = "10m"
    patience: ClassVar[str] = "24h"
    revisit: ClassVar[tuple[str, ...]] = ()
    young: ClassVar[str] = "1h"
    imports_left: ClassVar[bool] = True
    mapper: ClassVar[str] = "1"
    withheld: ClassVar[frozenset[str]] = frozenset()
    id_columns: ClassVar[tuple[str, ...]] = ()

    def __init__(self, source: Source, kit: Kit) -> None:
        """Make the clients that the hooks will use.  No request is sent here."""

    @classmethod
    def feeds_of(cls, settings: Any) -> tuple[Feed, ...]:
        """Those of ``feeds`` that *settings* ask for, the main one first."""
        return cls.feeds

    @classmethod
    def batch_of(cls, settings: Any) -> Mapping[str, int]:
        """``batch``, as the interface in *settings* allows."""
        return cls.batch

    @classmethod
    def budgets_of(cls, settings: Any) -> Mapping[str, Budget]:
        """``budgets``, as the plan in *settings* allows."""
        return cls.budgets

    @classmethod
    def keeps_of(cls, settings: Any) -> str | None:
        """How long the platform keeps a recording after it began, under *settings*.

        Then the platform deletes it by itself; what is not archived is told of in time and fetched
        before everything else.  ``None`` where the platform keeps it for ever, where only the
        customer knows (the setting ``platform_keeps``), or where it is told of each recording
        (``Sighting.kept_until``).
        """
        return None

    @classmethod
    def directory_every_of(cls, settings: Any) -> str:
        """How often the directory is read, as *settings* ask for it."""
        return "6h"

    @classmethod
    def reads_whole_directory_of(cls, settings: Any) -> bool:
        """Whether ``sync_directory`` tells everybody who may be an agent, under *settings*.

        Where it leaves people out on purpose, that the directory does not know an agent is no doubt
        that a person should be told of.
        """
        return True

    def credentials(self) -> TokenSource | None:
        """Whose bearer downloads may carry; ``None`` where links carry their own right.

        Then every ``Way`` says ``auth=False``; one that wants a bearer is a fault.
        """
        return None

    def token_hosts(self) -> Sequence[str]:
        """Hosts that may be sent the bearer; everybody else never is.

        A plain domain (``"example.com"``) allows ``https`` on port 443, to it and to its
        subdomains.  Everything else, as a simulated platform, is named with its port
        (``"127.0.0.1:8791"``), which allows exactly that host and port, over ``http`` too.
        """
        return ()
