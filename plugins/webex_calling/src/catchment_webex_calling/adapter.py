"""The hooks of the contract for Webex Calling.  Thin: it asks, and others read and map.

Three feeds.  ``recordings`` lists what was recorded, also what users moved to the recycle bin.
``cdr`` follows the detailed call history by the minute, and ``cdr_history`` looks back over the
30 days that Webex keeps it: they say how calls hang together and which recordings must exist
(sheet 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from catchment.adapters import Adapter, Source
from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    NotPermitted,
    PollFailed,
    Refused,
)
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Budget,
    Bundle,
    Denied,
    Feed,
    Finding,
    InteractionDraft,
    Json,
    Nothing,
    NotYet,
    Outcome,
    Page,
    Person,
    Ready,
    Recording,
    Span,
    period,
)
from catchment.payloads import read_as
from catchment.transport import Answer, Kit, TokenRejected, TokenSource
from catchment_webex.api import BUDGET, PER_MINUTE, Api
from catchment_webex.payloads import read_object
from catchment_webex.refusals import WrongRegion, read_error
from catchment_webex_calling import checks, listings, mapping, wire
from catchment_webex_calling.files import COMPLIANCE, map_files
from catchment_webex_calling.payloads import Item, Metadata
from catchment_webex_calling.recovery import Finder, look
from catchment_webex_calling.settings import WebexCallingSettings
from catchment_webex_calling.sightings import AVAILABLE, began_at, made_at, map_keys

_DELETED, _PURGED = "deleted", "purged"

_RECORDINGS = Feed(
    listings.RECORDINGS,
    every="5m",
    max_window="29d",  # below the 30 days that may be asked (1.2)
    # Which time is filtered by is not known (1.2): a long call may be listed hours back.
    lookback={"5m": "2h", "1h": "12h", "24h": "30d"},
    settle="5s",
    horizon="365d",
    lag="2h",
)
_RECORDS = (
    Feed(
        listings.LIVE,
        every="2m",  # one question a minute is allowed: every other one is for the history
        max_window="2h",
        settle="1m",
        horizon="11h59m",  # a second beyond twelve hours is refused (2.1)
        by="storing",
        lists="cdr",
        lag="2h",
    ),
    Feed(
        listings.HISTORY,
        every="1h",
        max_window="8h",  # and the longest call before it makes twelve hours (2.1)
        lookback={"7d": "29d"},  # what is stored late is in the stream, if we were there then
        settle="5m",
        horizon="29d23h59m",
        lists="cdr",
        lag="2h",
    ),
)


def read_cdr_error(answer: Answer) -> CatchmentError | None:
    """As for all of Webex; where the region is wrong, the remedy names the setting (2.1)."""
    error = read_error(answer)
    if isinstance(error, WrongRegion) and error.host:
        error.remedy = f'Set cdr_url = "https://{error.host}/v1".'
    elif isinstance(error, WrongRegion):
        error.remedy = "Let the setting cdr_url name the host of the organisation's region."
    return error


class WebexCalling(Adapter):
    """Recordings and call records of one Webex Calling organisation."""

    name = "webex_calling"
    platform = "Webex Calling"
    Settings = WebexCallingSettings
    feeds = (_RECORDINGS, *_RECORDS)
    budgets = {  # noqa: RUF012
        BUDGET: Budget(PER_MINUTE, "1m"),
        wire.CDR_BUDGET: Budget(1, "1m", share=1.0),
        wire.CDR_PAGES: Budget(10, "1m", share=1.0),
    }
    links_live = "2h45m"
    patience = "3d"
    revisit = ("30m", "3h", "24h")
    young = "1h"
    mapper = mapping.MAPPER
    withheld = frozenset(
        {
            "temporaryDirectDownloadLinks",
            "audioDownloadLink",
            "transcriptDownloadLink",
            "suggestedNotesDownloadLink",
            "shortNotesDownloadLink",
            "actionItemsDownloadLink",
        }
    )

    def __init__(self, source: Source, kit: Kit) -> None:
        self._settings: WebexCallingSettings = source.settings
        self._api = Api(self._settings, kit)
        self._cdr = self._api.client(self._settings.cdr_url, check=read_cdr_error)

    @classmethod
    def feeds_of(cls, settings: WebexCallingSettings) -> tuple[Feed, ...]:
        """The recordings, and call records unless they are switched off."""
        return cls.feeds if settings.call_records else (_RECORDINGS,)

    @classmethod
    def budgets_of(cls, settings: WebexCallingSettings) -> Mapping[str, Budget]:
        """Webex's limit, of which the source takes its share; call records have their own."""
        shared = Budget(PER_MINUTE, "1m", share=settings.share)
        return {**cls.budgets, BUDGET: shared}

    @classmethod
    def keeps_of(cls, settings: WebexCallingSettings) -> str | None:
        """About one year, which is the organisation's default (1.6) [doc, 2025]."""
        return "365d"

    def credentials(self) -> TokenSource:
        """The API's token.  Downloads never carry it: links have a right of their own (1.4)."""
        return self._api.token

    # --- who we are ----------------------------------------------------------------------------

    @hookimpl
    def account(self) -> Account:
        """The organisation of the authorising account."""
        self._prove_token()
        return self._api.account()

    @hookimpl
    def check(self) -> Iterator[Finding]:
        """The credentials, then each permission on its own endpoint."""
        for finding in self._api.check_token():
            yield finding
            if finding.what == "access token" and finding.verdict == "fail":
                return
        yield from checks.list_findings(
            self._settings, self._api, self._cdr.send, self._may_download()
        )

    def _prove_token(self) -> None:
        """A dead authorisation stops the source and is never taken for a missing permission."""
        self._api.token.token()

    def _may_download(self) -> bool:
        """Whether the token is given links: by its scopes, or where untold, by its profile."""
        if self._settings.whose == "own":
            return self._api.may(checks.OWN)
        told = self._api.token.held().scope
        by_profile = self._settings.profile == "compliance_officer"
        return self._api.may(COMPLIANCE) if told else by_profile

    @hookimpl
    def partitions(self, feed: Feed) -> Sequence[str]:
        """Recordings by their status: a user may have moved one to the bin (4, row 11)."""
        return self._settings.statuses if feed.name == listings.RECORDINGS else ("",)

    # --- what there is -------------------------------------------------------------------------

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """The pages of one window of *span*'s feed."""
        self._prove_token()
        return self._recordings(span) if span.feed == listings.RECORDINGS else self._records(span)

    def _recordings(self, span: Span) -> Iterator[Page]:
        """The recordings of one status.

        Raises:
            NotPermitted: The account may not list them.  That part fails alone: a bin that is
                closed must not be taken for an empty one.
        """
        status = span.partition or AVAILABLE
        first = wire.build_recordings(span.window, status, self._settings.whose)
        try:
            yield from listings.list_recordings(self._api.send, first, span)
        except TokenRejected:
            raise
        except Refused as error:
            instead = "" if status == AVAILABLE else f" {checks.advise_without(status)}"
            raise NotPermitted(
                f"the {status} recordings may not be listed: {error}",
                remedy=f"{error.remedy}{instead}".strip(),
            ) from error

    def _records(self, span: Span) -> Iterator[Page]:
        """Call records.  That they are not permitted fails this feed and stops nothing else."""
        first = listings.build_records(span, self._api.now())
        if first is None:
            yield Page(last=True)
            return
        try:
            yield from listings.list_records(self._cdr.send, first, span)
        except TokenRejected:
            raise
        except Refused as error:
            remedy = f"{error.remedy} Or set call_records = false.".strip()
            raise NotPermitted(f"call records may not be read: {error}", remedy=remedy) from error
        except Absent as error:
            raise PollFailed(str(error), remedy=error.remedy) from error

    # --- one recording -------------------------------------------------------------------------

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """Parties, direction, queue and pauses (1.5), where there are any and they may be read.

        What comes later than the recording is found by ``revisit``.
        """
        self._prove_token()
        for recording in batch:
            metadata = self._metadata(recording)
            documents = {"metadata": metadata} if metadata else {}
            session = read_as(Metadata, metadata).service_data.call_session_id
            yield Ready(recording, documents=documents, keys=map_keys(session))

    def _metadata(self, recording: Recording) -> Json | None:
        """The metadata; ``None`` for 204, 404, and what may not be read."""
        answer = self._api.optional(
            lambda: self._api.send(wire.build_metadata(_wire_id(recording)))
        )
        if answer is None or answer.status == 204:
            return None
        return read_object(answer) or None

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """Sound and transcript, with links that are minted by asking (1.4)."""
        self._prove_token()
        for recording in batch:
            yield self._media(recording, batch)

    def _media(self, recording: Recording, batch: Batch) -> Outcome:
        try:
            details = look(self._api.ask, _wire_id(recording))
        except Absent as error:
            return self._deny(recording, batch, f"{error}; it was deleted, or kept no longer")
        except TokenRejected:
            raise
        except Refused as error:
            return Denied(recording, str(error))
        item = read_as(Item, details)
        if item.links is None:
            return self._unlinked(recording, batch, item)
        metadata = recording.documents.get("metadata")
        files = map_files(
            details,
            metadata,
            young=self._is_young(recording, batch),
            exact_size=self._settings.exact_size,
        )
        return Ready(recording, files=files)

    def _unlinked(self, recording: Recording, batch: Batch, item: Item) -> Outcome:
        """Details without links: not permitted, not yet, in the bin, or switched off (1.4)."""
        if not self._may_download():
            needed = checks.OWN if self._settings.whose == "own" else COMPLIANCE
            return Denied(
                recording,
                f"Webex gives links to recordings only with the scope {needed}; add it to the app "
                "and have it authorised anew",
            )
        if self._is_young(recording, batch):
            return NotYet(recording, "Webex has not made links to this recording yet")
        if item.status.lower() in (_DELETED, _PURGED):
            return Nothing(
                recording, f"it is {item.status.lower()}, and Webex gives no links to it"
            )
        return Denied(
            recording,
            "Webex gives no links to this recording: downloading is switched off for it, or the "
            f"authorising account is no compliance officer (scope {COMPLIANCE})",
        )

    def _deny(self, recording: Recording, batch: Batch, why: str) -> Outcome:
        """What is young may still come; what is old is gone."""
        if self._is_young(recording, batch):
            return NotYet(recording, why)
        return Nothing(recording, why)

    def _is_young(self, recording: Recording, batch: Batch) -> bool:
        item = read_as(Item, recording.documents.get("listing"))
        made = made_at(item, began_at(item) or recording.occurred_at)
        return batch.now - made < period(self.young)

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """The call with everything that is known of it."""
        return mapping.map_call(bundle)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """Recordings by id, with or without dashes."""
        self._prove_token()
        finder = Finder(self._api.ask, self._api.now())
        return map(finder.find, ids)

    # --- people --------------------------------------------------------------------------------

    @hookimpl
    def sync_directory(self) -> Iterator[Person]:
        """Everybody, by UUID and address; nobody where the app may not list people.

        Without an administrator's scope Webex does not refuse and wants a name to look for: 400.
        """
        if not self._api.may(checks.PEOPLE):
            return iter(())
        try:
            return iter(self._api.optional(lambda: tuple(self._api.people())) or ())
        except AdapterFault:
            return iter(())


def _wire_id(recording: Recording) -> str:
    """The id as Webex itself spells it, where its listing was seen (0)."""
    told = recording.documents.get("listing", {}).get("id")
    return told if isinstance(told, str) and told else recording.external_id
