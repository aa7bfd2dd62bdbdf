"""The hooks of the contract for Microsoft Dynamics 365 Contact Center.  Thin.

Everything is read from Dataverse tables (0): recordings, transcripts and voicemails are what is
captured; conversations, their sessions, participants and calls are the books beside them, which say
whose call it was when, and that a recording should exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from catchment.adapters import Adapter, Source
from catchment.errors import Absent, Refused
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Budget,
    Bundle,
    Feed,
    Finding,
    InteractionDraft,
    Outcome,
    Page,
    Person,
    Queue,
    Span,
    Team,
)
from catchment.transport import Kit, TokenSource
from catchment_dynamics import checks, mapping, refusals
from catchment_dynamics.access import Access, name_budget
from catchment_dynamics.directory import list_directory
from catchment_dynamics.documents import fetch_documents
from catchment_dynamics.listings import FEEDS, Listings, list_feeds
from catchment_dynamics.offers import Offering
from catchment_dynamics.probing import Probe
from catchment_dynamics.reader import Reader
from catchment_dynamics.recovery import Finder
from catchment_dynamics.settings import DynamicsSettings
from catchment_dynamics.tracking import list_tracked

REQUESTS, PER = 6000, "5m"
"""So many requests an application user may send per web server, in a sliding window (2.8)."""


class Dynamics(Adapter):
    """Calls of one environment of Dynamics 365, cut into one contact for each agent."""

    name = "dynamics"
    platform = "Microsoft Dynamics 365"
    Settings = DynamicsSettings
    feeds = FEEDS
    batch: ClassVar[Mapping[str, int]] = {"fetch_metadata": 10, "fetch_media": 10}
    links_live = "50m"  # of an hour (2.9)
    patience = "3d"
    revisit = ("30m", "3h", "24h")
    young = "1h"
    mapper = mapping.MAPPER
    withheld = frozenset({"msdyn_mediauri", "msdyn_transcripturi"})
    id_columns = (
        "msdyn_ocliveworkitemid",
        "activityid",
        "conversationid",
        "msdyn_ocrecordingid",
        "id",
    )

    def __init__(self, source: Source, kit: Kit) -> None:
        self._settings: DynamicsSettings = source.settings
        self._access = Access(self._settings, kit)
        self._reader = Reader(self._access, Probe(self._access))

    @classmethod
    def feeds_of(cls, settings: DynamicsSettings) -> tuple[Feed, ...]:
        """The feeds that *settings* ask for."""
        return list_feeds(settings)

    @classmethod
    def budgets_of(cls, settings: DynamicsSettings) -> Mapping[str, Budget]:
        """The platform's limit for this application user, of which the source takes its share."""
        return {name_budget(settings): Budget(REQUESTS, PER, share=settings.share)}

    @classmethod
    def keeps_of(cls, settings: DynamicsSettings) -> str | None:
        """For ever, unless the customer's own deletion jobs say otherwise (4.4) [D21].

        Then the setting ``platform_keeps`` says it.
        """
        return None

    def credentials(self) -> TokenSource:
        """The API's own opens files too; signed links carry their own right (2.9)."""
        return self._access.token

    def token_hosts(self) -> Sequence[str]:
        """The environment alone: where signed links lead must not be sent a token (2.9)."""
        return (self._access.token_host,)

    # --- who we are ----------------------------------------------------------------------------

    @hookimpl
    def account(self) -> Account:
        """The environment's organisation.

        Raises:
            WrongAccount: It is not the one that the settings name.
            Refused: The application user may not ask, or there is none.
        """
        return Account(checks.prove_organisation(self._access))

    @hookimpl
    def check(self) -> Iterator[Finding]:
        """The token, the organisation, each table's privilege, then how sound comes."""
        return checks.list_findings(self._reader)

    # --- what there is -------------------------------------------------------------------------

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """The pages of one window of *span*'s feed, or of what changed since its mark."""
        listings = Listings(self._reader, self._settings)
        tracked = self._settings.listing == "change_tracking"
        pages = list_tracked(listings, span) if tracked else listings.list_modified(span)
        try:
            yield from pages
        except Absent as error:
            raise Refused(str(error), remedy=refusals.ADDRESS) from error

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """The rows themselves, and what is told of their conversations."""
        return fetch_documents(self._reader, batch)

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """Every file, with links that were made by asking."""
        return Offering(self._reader).fetch(batch)

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """The conversation with one contact per agent."""
        return mapping.map_conversation_bundle(bundle, self._settings)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """Conversations and recordings by id, in any spelling."""
        finder = Finder(Listings(self._reader, self._settings))
        return map(finder.find, ids)

    # --- people --------------------------------------------------------------------------------

    @hookimpl
    def sync_directory(self) -> Iterator[Person | Team | Queue]:
        """Users and public queues.

        Raises:
            NotPermitted: Users may not be read; capture goes on.
        """
        return list_directory(self._reader)
