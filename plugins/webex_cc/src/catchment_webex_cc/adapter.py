"""The hooks of the contract for Webex Contact Center, in all three generations.  Thin.

Two feeds under one name in each generation.  ``tasks`` lists calls by their end (0, trap 2): each a
fact, and a sighting where there is or may be a recording.  ``activities`` lists what agents did in
them, which says whose call it was when.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from catchment.adapters import Adapter, Source
from catchment.errors import NotPermitted, Refused
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Budget,
    Bundle,
    Feed,
    Finding,
    InteractionDraft,
    Nothing,
    Outcome,
    Page,
    Person,
    Queue,
    Span,
    Team,
)
from catchment.transport import Kit, TokenRejected, TokenSource
from catchment_webex_cc import checks, listings, mapping
from catchment_webex_cc.access import BUDGET, Access
from catchment_webex_cc.cms import Cms
from catchment_webex_cc.directory import list_directory, open_directory
from catchment_webex_cc.programmatic import Programmatic
from catchment_webex_cc.settings import WebexContactCenterSettings

PER_MINUTE = 300
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class WebexContactCenter(Adapter):
    """Calls of one tenant of Webex Contact Center, cut into one contact for each agent."""

    name = "webex_cc"
    platform = "Webex Contact Center"
    Settings = WebexContactCenterSettings
    feeds = (
        Feed(
            listings.TASKS,
            every="5m",
            max_window="1d",
            lookback={"10m": "3h", "6h": "26h", "24h": "7d"},  # two hours late is normal (9)
            settle="1m",
            horizon="1094d",  # 36 months (2.3), in which there need be no leap day
            by="end",
            lag="2h",
        ),
        Feed(
            listings.ACTIVITIES,
            every="5m",
            max_window="1h",  # no more than 10,000 rows of a window are told (4.2)
            lookback={"30m": "12h", "24h": "7d"},  # states that last long are told when they end
            settle="1m",
            horizon="364d",
            lag="2h",
        ),
    )
    budgets: ClassVar[Mapping[str, Budget]] = {BUDGET: Budget(PER_MINUTE, "1m")}
    batch: ClassVar[Mapping[str, int]] = {"fetch_metadata": 10, "fetch_media": 10}
    links_live = "25m"
    patience = "24h"
    revisit = ("1h", "6h", "24h")
    young = "1h"
    imports_left = False
    mapper = mapping.MAPPER
    withheld = frozenset({"filePath"})
    id_columns = ("taskId", "task_id", "sessionId", "Session ID", "id")

    def __init__(self, source: Source, kit: Kit) -> None:
        self._settings: WebexContactCenterSettings = source.settings
        self._access = Access(self._settings, kit)
        newest = self._settings.generation == "programmatic"
        self._platform = Programmatic(self._access) if newest else Cms(self._access)

    @classmethod
    def batch_of(cls, settings: WebexContactCenterSettings) -> Mapping[str, int]:
        """Ten at a time, which captures are asked by (3); the earlier generations take each alone.

        There each session costs several questions, and one that fails would fail ten.
        """
        return cls.batch if settings.generation == "programmatic" else {}

    @classmethod
    def budgets_of(cls, settings: WebexContactCenterSettings) -> Mapping[str, Budget]:
        """The platform's limit, of which the source takes its share."""
        return {BUDGET: Budget(PER_MINUTE, "1m", share=settings.share)}

    @classmethod
    def keeps_of(cls, settings: WebexContactCenterSettings) -> str | None:
        """Only the customer knows: for ever in older organisations, 1095 days in newer (3) [doc].

        The setting ``platform_keeps`` says it.
        """
        return None

    @classmethod
    def directory_every_of(cls, settings: WebexContactCenterSettings) -> str:
        """How often users, teams and queues are read (S002-90)."""
        return settings.interval

    @classmethod
    def reads_whole_directory_of(cls, settings: WebexContactCenterSettings) -> bool:
        """Not where the setting ``teams`` leaves people out (S002-81)."""
        return not settings.teams

    def credentials(self) -> TokenSource:
        """The API's own; links of the Programmatic APIs carry their own right (3)."""
        return self._access.token

    def token_hosts(self) -> Sequence[str]:
        """Where recordings of the earlier generations are, and nowhere else (7.4)."""
        return self._access.media_hosts if self._settings.generation != "programmatic" else ()

    # --- who we are ----------------------------------------------------------------------------

    @hookimpl
    def account(self) -> Account:
        """The tenant of the settings, once the credential is seen to belong to it.

        Raises:
            WrongAccount: The credential belongs to another tenant (9).
        """
        checks.prove_account(self._access)
        former = self._settings.former_tenant_id
        return Account(self._settings.account_id, formerly=(former,) if former else ())

    @hookimpl
    def check(self) -> Iterator[Finding]:
        """The credential, whose it is, then each permission on its own endpoint."""
        return checks.list_findings(self._access)

    # --- what there is -------------------------------------------------------------------------

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """The pages of one window of *span*'s feed."""
        self._access.prove()
        return self._platform.poll(span)

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """What is told of the tasks, with their activities."""
        self._access.prove()
        return self._platform.fetch_metadata(batch)

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """Recordings and transcripts, with links that were made by asking."""
        self._access.prove()
        return self._platform.fetch_media(batch)

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """The call with one contact per agent."""
        return mapping.map_task(bundle, self._settings.acd_id)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """Tasks by id, in any spelling."""
        self._access.prove()
        return map(self._find, ids)

    def _find(self, asked: str) -> Outcome:
        bare = asked.strip()
        if not _ID.fullmatch(bare):
            return Nothing(
                asked, "this is no id of a task or session: letters, digits and dashes, 8 to 64"
            )
        return replace(self._platform.find(bare), subject=asked)

    # --- people --------------------------------------------------------------------------------

    @hookimpl
    def sync_directory(self) -> Iterator[Person | Team | Queue]:
        """Users, teams and queues, on the interval of the settings.

        Raises:
            NotPermitted: They may not be read; capture goes on.
        """
        self._access.prove()
        try:
            yield from list_directory(self._settings, open_directory(self._access))
        except TokenRejected:
            raise
        except Refused as error:
            what = f"users, teams and queues may not be read: {error}"
            raise NotPermitted(what, remedy=error.remedy) from error
