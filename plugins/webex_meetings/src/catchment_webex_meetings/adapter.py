"""The hooks of the contract for Webex Meetings.  Thin: it asks, and others read and map.

Three feeds (sheet 2, 12).  ``recordings`` lists what there is, site by site.  ``meetings`` and
``report`` are the platform's books: they name what must be there, and so find what no list shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from catchment.adapters import Adapter, Source
from catchment.errors import Absent, CatchmentError, NotPermitted, Refused
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
    Key,
    MediaFile,
    Nothing,
    NotYet,
    Outcome,
    Page,
    Person,
    Ready,
    Recording,
    Span,
)
from catchment.payloads import read_as
from catchment.transport import Kit, Request, TokenRejected, TokenSource, walk
from catchment_webex.api import BUDGET, PER_MINUTE
from catchment_webex_meetings import files, listings, mapping, wire
from catchment_webex_meetings import scopes as needed
from catchment_webex_meetings.asking import MeetingsApi
from catchment_webex_meetings.checks import Checker
from catchment_webex_meetings.payloads import RecordingRow
from catchment_webex_meetings.recovery import Finder
from catchment_webex_meetings.settings import WebexMeetingsSettings
from catchment_webex_meetings.sightings import LINKS, MEETING
from catchment_webex_meetings.view import View

_RECORDINGS = Feed(
    listings.RECORDINGS,
    every="10m",
    max_window="7d",  # 30 days may be asked (2); shorter lists shift less while they are paged
    lookback={"30m": "2d", "24h": "30d"},
    settle="1m",
    horizon="365d",
    by="creation",
    lag="3h",
)
_MEETINGS = Feed(
    listings.MEETINGS,
    every="15m",
    max_window="7d",
    lookback={"1h": "2d", "24h": "30d"},
    settle="20m",  # an ended meeting is listed 15 minutes after its end (3.1)
    horizon="365d",
    lag="3h",
)
_REPORT = Feed(
    listings.REPORT,
    every="1h",
    max_window="30d",
    lookback={"12h": "3d", "24h": "30d"},
    settle="20m",
    horizon="364d",  # its start may be 365 days ago (2 D)
    lag="3h",
)
_BOOKS = {"meetings": _MEETINGS, "report": _REPORT}
_PREVENTED = (
    "Webex gives no download link for this recording, because 'Prevent downloading' is switched "
    "on: let its host switch it off, or a compliance officer authorise the app"
)


class WebexMeetings(Adapter):
    """Recordings of the meetings and webinars of one Webex organisation."""

    name = "webex_meetings"
    platform = "Webex Meetings"
    Settings = WebexMeetingsSettings
    feeds = (_RECORDINGS, _MEETINGS, _REPORT)
    budgets = {BUDGET: Budget(PER_MINUTE, "1m")}  # noqa: RUF012
    batch = {"recover": 50}  # noqa: RUF012
    links_live = "2h30m"
    patience = "3d"
    revisit = ("30m", "3h", "24h")
    young = "1h"
    mapper = mapping.MAPPER
    withheld = frozenset(
        {
            LINKS,
            "audioDownloadLink",
            "downloadUrl",
            "hostKey",
            "panelistPassword",
            "password",
            "phoneAndVideoSystemPanelistPassword",
            "phoneAndVideoSystemPassword",
            "playbackUrl",
            "recordingDownloadLink",
            "transcriptDownloadLink",
            "txtDownloadLink",
            "vttDownloadLink",
        }
    )

    def __init__(self, source: Source, kit: Kit) -> None:
        self._settings: WebexMeetingsSettings = source.settings
        self._api = MeetingsApi(self._settings, kit)

    @classmethod
    def feeds_of(cls, settings: WebexMeetingsSettings) -> tuple[Feed, ...]:
        """The recordings, and the books that *settings* name.

        A compliance officer may look at single meetings and not list them (common 3.5).
        """
        officer = settings.profile == "compliance_officer"
        books = [_BOOKS[name] for name in _BOOKS if name in settings.cross_check]
        return (_RECORDINGS, *(feed for feed in books if not (officer and feed is _MEETINGS)))

    @classmethod
    def budgets_of(cls, settings: WebexMeetingsSettings) -> Mapping[str, Budget]:
        """Webex's limit per account, of which the source takes its share (common 7)."""
        return {BUDGET: Budget(PER_MINUTE, "1m", share=settings.share)}

    @classmethod
    def keeps_of(cls, settings: WebexMeetingsSettings) -> str | None:
        """Only the customer knows: the site's own rules delete (4.6), their default is unverified.

        The setting ``platform_keeps`` says it.
        """
        return None

    def credentials(self) -> TokenSource:
        """The bearer that transcripts of meetings need, and no other file (4.4, 6)."""
        return self._api.token

    def token_hosts(self) -> Sequence[str]:
        """The API alone: a media host answers a bearer with a sign-in page (4.4)."""
        parts = urlsplit(self._settings.api_url)
        if parts.port is None:
            return (parts.hostname or "",)
        return (f"{parts.hostname}:{parts.port}",)

    # --- who we are ----------------------------------------------------------------------------

    @hookimpl
    def account(self) -> Account:
        """The organisation that authorised the app."""
        return self._api.account()

    @hookimpl
    def check(self) -> Iterator[Finding]:
        """The credential, then each site and each permission on its own endpoint."""
        yield from Checker(self._api, self._settings).list_findings()

    # --- what there is -------------------------------------------------------------------------

    @hookimpl
    def partitions(self, feed: Feed) -> Sequence[str]:
        """The sites; meetings are listed for the whole organisation at once (3.1).

        A compliance officer is also told of what lies in the recycle bins, and is given it (4.4):
        so what a host deletes before it was captured is captured all the same.
        """
        if feed.name == listings.MEETINGS:
            return ("",)
        sites = self._api.list_sites()
        if feed.name == listings.RECORDINGS and self._api.officer:
            return (*sites, *(site + listings.BIN for site in sites))
        return sites

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """The pages of one window of *span*'s feed and site."""
        listing = listings.Listing(listings.build_first(span, everybody=self._api.everybody))
        try:
            yield from walk(self._api.send, listing.ask, listing.read, span)
        except TokenRejected:
            raise
        except (Refused, Absent) as error:
            raise _judge_refusal(span, error) from error

    # --- one recording -------------------------------------------------------------------------

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """The meeting, who was there, which transcripts it has; what may not be seen is left out.

        An uploaded recording has no meeting.  A row without ``meetingId`` may have one all the
        same, which the details then tell (4.3).

        Raises:
            AdapterFault: Webex did not understand a question.  That says nothing of what there is,
                and nobody would ask again for good: so the recording is tried again, and parked
                with the reason, for a person to see.
        """
        for recording in batch:
            view = View(recording)
            keys: tuple[Key, ...] = ()
            meeting_id = view.meeting_id
            if not meeting_id:
                meeting_id = self._ask_meeting_id(view)
                keys = (Key(MEETING, meeting_id),) if meeting_id else ()
            documents = self._documents(meeting_id, view) if meeting_id else {}
            yield Ready(recording, documents=documents, keys=keys)

    def _ask_meeting_id(self, view: View) -> str:
        request = self._build_details(view)
        return read_as(RecordingRow, self._api.find(request)).meeting_id

    def _documents(self, meeting_id: str, view: View) -> dict[str, Json]:
        """Documents by name; one that Webex does not have or may not show is left out."""
        host, at = self._api.host(view.host_email), view.recording.occurred_at
        asked = {
            "meeting": self._ask_meeting(meeting_id, host),
            "participants": self._api.find_list(wire.build_participants(meeting_id, host)),
            "transcripts": self._api.find_list(wire.build_transcripts(meeting_id, at, host)),
        }
        return {name: document for name, document in asked.items() if document is not None}

    def _ask_meeting(self, meeting_id: str, host: str) -> Json | None:
        """The meeting; the administrators' own call hides some fields, so it comes second (3.3)."""
        admin = wire.build_admin_meeting(meeting_id)
        if self._api.officer:
            return self._api.find(admin)
        return self._api.find(wire.build_meeting(meeting_id, host)) or self._api.find(admin)

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """Every file, with links that were made for this very call and live three hours (4.4)."""
        for recording in batch:
            yield self._media(recording, batch)

    def _media(self, recording: Recording, batch: Batch) -> Outcome:
        view = View(recording)
        try:
            details = read_as(RecordingRow, self._api.ask(self._build_details(view)))
        except Absent as error:
            why = f"{error}; it was deleted, or is in the recycle bin"
            return Nothing(recording, why)
        except TokenRejected:
            raise
        except Refused as error:
            return Denied(recording, f"{error}; the links of this recording are not to be had")
        links = details.temporary_direct_download_links
        if links is None:
            return self._judge_linkless(recording, details)
        found = [*files.map_recording_files(_complete(view.row, details), links)]
        meeting_id = view.meeting_id or details.meeting_id
        if meeting_id:
            found += self._list_meeting_files(view, meeting_id, renew=batch.renew)
        return Ready(recording, files=tuple(found))

    def _build_details(self, view: View) -> Request:
        host = self._api.host(view.host_email)
        return wire.build_recording(view.recording.external_id, host)

    def _judge_linkless(self, recording: Recording, details: RecordingRow) -> Outcome:
        """Why there is no link: deleted, not made yet, or kept from administrators (4.4, 4.6)."""
        if details.status in ("deleted", "purged"):
            return NotYet(recording, "it is in the recycle bin; it is captured when it is restored")
        if self._api.officer:
            return NotYet(recording, "Webex gives no download link for this recording yet")
        return Denied(recording, _PREVENTED)

    def _list_meeting_files(
        self, view: View, meeting_id: str, *, renew: bool
    ) -> Iterator[MediaFile]:
        """What belongs to the meeting as a whole, with the first of its recordings.

        What may not be seen is left out, as ``check`` tells.  A question that Webex did not
        understand fails the recording, as in :meth:`fetch_metadata`: what is not named now may
        never be asked for again.
        """
        api, url = self._api, self._settings.api_url
        host, at = api.host(view.host_email), view.recording.occurred_at
        named: list[MediaFile] = []
        # To renew links, what was listed before is enough: theirs are not signed.
        known: Json | None = view.recording.documents.get("transcripts") if renew else None
        transcripts = known or api.find_list(wire.build_transcripts(meeting_id, at, host))
        named += files.map_meeting_transcripts(transcripts, url, host)
        if api.officer:
            captions = api.find_list(wire.build_captions(meeting_id))
            named += files.map_captions(captions, url, meeting_id)
            named += files.map_chat(api.find_text(wire.build_chats(meeting_id)))
        if named and self._is_first(view, meeting_id):
            yield from named

    def _is_first(self, view: View, meeting_id: str) -> bool:
        """Whether this is the first part that can be captured: an officer sees deleted ones too.

        Where the other parts may not be listed each counts as the first, so that the meeting's
        files are captured twice rather than not at all.
        """
        statuses: tuple[wire.Status, ...] = ("available", "deleted")
        rows = [
            read_as(RecordingRow, row)
            for status in statuses[: 2 if self._api.officer else 1]
            for row in self._api.list_rows(wire.build_meeting_recordings(meeting_id, status))
        ]
        return files.is_first(view.row, rows)

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """The meeting with everything that is known of it."""
        return mapping.map_meeting(bundle)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """Recordings, instances, series and planned meetings by id, and meeting numbers."""
        yield from Finder(self._api, self._api.now()).find(ids)

    # --- people --------------------------------------------------------------------------------

    @hookimpl
    def sync_directory(self) -> Iterator[Person]:
        """Everybody in the organisation; nobody where the app may not list people."""
        if self._api.may(needed.PEOPLE):
            yield from self._api.optional(lambda: list(self._api.people())) or ()


def _complete(row: RecordingRow, details: RecordingRow) -> RecordingRow:
    """The details, with what only the list told: some answers lack some fields (4.3)."""
    told = {name: value for name, value in details if value not in (None, "", ())}
    return row.model_copy(update=told)


def _judge_refusal(span: Span, error: CatchmentError) -> NotPermitted:
    """What it means that *span* may not be listed.

    A site that the account does not administer (11, point 14), or a book that it may not read,
    must not keep the others from being captured.
    """
    if span.feed in _BOOKS:
        return NotPermitted(
            f"the book {span.feed!r} cannot be compared with: {error}",
            remedy=f"{error.remedy} Or take it out of the setting 'cross_check'.".strip(),
        )
    site = span.partition.partition(listings.BIN)[0]
    return NotPermitted(
        f"the recordings of the site {site} may not be listed: {error}", remedy=error.remedy
    )
