"""The hooks of the contract for Zoom Meetings.  Thin: it asks, and others read and map.

Two products (sheet 0, fact 1), three feeds.  ``archive_completed`` finds what was completed;
``archive_started`` sweeps by start time over all that Zoom still keeps and finds what the first
cannot see: meetings in processing, failed and late ones (section 11).  ``recordings`` lists cloud
recordings.  Zoom keeps archive files for 30 days at most, then they are gone (fact 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from catchment.adapters import Adapter, Source
from catchment.errors import Absent, CatchmentError, Refused, WrongAccount
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Budget,
    Bundle,
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
    Ref,
    Span,
    period,
)
from catchment.payloads import read_as
from catchment.transport import Kit, TokenRejected, TokenSource, walk
from catchment_zoom import checks, listings, mapping, refusals, scopes, wire
from catchment_zoom.api import Api
from catchment_zoom.files import map_archive_files, map_cloud_files
from catchment_zoom.payloads import ArchiveMeeting, User
from catchment_zoom.recovery import Finder
from catchment_zoom.settings import ZoomSettings
from catchment_zoom.sightings import ended_at, split_id

_RATES: dict[str, dict[str, float]] = {
    "free": {"light": 4, "medium": 2, "heavy": 1},
    "pro": {"light": 30, "medium": 20, "heavy": 10},
    "business": {"light": 80, "medium": 60, "heavy": 40},
}
"""Requests per second and account, by plan and rate label (8.1)."""

_ARCHIVE_FEEDS = (
    Feed(
        "archive_completed",
        every="5m",
        max_window="1d",
        lookback={"5m": "3h", "6h": "3d", "24h": "30d"},
        settle="5s",
        horizon="30d",
        by="completion",
        lists="archive",
        lag="3h",
    ),
    Feed(
        "archive_started",
        every="30m",
        max_window="7d",
        lookback={"30m": "1d", "12h": "30d"},
        settle="5s",
        horizon="30d",
        lists="archive",
        lag="3h",
    ),
)
_RECORDINGS_FEED = Feed(
    "recordings",
    every="15m",
    max_window="21d",  # and a day at both ends stays below the month that may be asked (5.1)
    lookback={"1h": "2d", "24h": "30d"},
    settle="5s",
    horizon="180d",
    resolution="1d",
    lag="3h",
)


class Zoom(Adapter):
    """Archive files and cloud recordings of one Zoom account."""

    name = "zoom"
    platform = "Zoom"
    Settings = ZoomSettings
    feeds = (*_ARCHIVE_FEEDS, _RECORDINGS_FEED)
    budgets = {label: Budget(rate) for label, rate in _RATES["business"].items()}  # noqa: RUF012
    links_live = "10m"
    patience = "3d"
    revisit = ("30m", "3h", "24h")
    young = "1h"
    mapper = mapping.MAPPER
    id_columns = ("meeting_uuid", "meeting uuid", "uuid", "meeting_id", "meeting id")
    withheld = frozenset(
        {
            "download_access_token",
            "download_url",
            "password",
            "play_url",
            "recording_play_passcode",
            "share_url",
        }
    )

    def __init__(self, source: Source, kit: Kit) -> None:
        self._settings: ZoomSettings = source.settings
        self._api = Api(self._settings, kit)

    @classmethod
    def feeds_of(cls, settings: ZoomSettings) -> tuple[Feed, ...]:
        """The feeds of the products that *settings* name."""
        archive = _ARCHIVE_FEEDS if settings.source != "recordings" else ()
        return (*archive, _RECORDINGS_FEED) if settings.source != "archive" else archive

    @classmethod
    def budgets_of(cls, settings: ZoomSettings) -> Mapping[str, Budget]:
        """Zoom's limits for the plan, of which the source takes its share (8.1)."""
        rates = _RATES[settings.plan]
        return {label: Budget(rate, share=settings.share) for label, rate in rates.items()}

    @classmethod
    def keeps_of(cls, settings: ZoomSettings) -> str | None:
        """Archive files 30 days at most (fact 2); of cloud recordings each says it itself (5.1).

        An account may have a shorter time for its archive: the setting ``platform_keeps``.
        """
        return "30d" if settings.source != "recordings" else None

    def credentials(self) -> TokenSource:
        """The API's token opens downloads too (6.2, rule 1)."""
        return self._api.token

    def token_hosts(self) -> Sequence[str]:
        """Zoom's own hosts, and nobody to whom a download is redirected beyond (6.2, rule 3)."""
        return self._settings.token_hosts

    # --- who we are ----------------------------------------------------------------------------

    @hookimpl
    def account(self) -> Account:
        """The account for which Zoom grants the app a token.

        ``account_credentials`` names the account, and Zoom grants it to an app of that account
        alone: the token is the proof, also for an app with no scope but the archive's.  Where the
        app may read users, its owner's account is compared as well.
        """
        account_id = self._settings.account_id
        owner = self._api.optional(scopes.USER, lambda: self._api.ask(wire.build_user("me")))
        told = read_as(User, owner).account_id
        if told and told != account_id:
            raise WrongAccount(
                f"Zoom's token for the account {account_id} belongs to the account {told}",
                remedy="Correct the setting account_id, or create the app in the right account.",
            )
        return Account(account_id)

    @hookimpl
    def check(self) -> Iterator[Finding]:
        """The credentials, then each scope on its own endpoint (2.3; 10, row 11)."""
        self._api.forget_token()
        try:
            scope = self._api.token.held().scope
        except CatchmentError as error:
            yield Finding("access token", "fail", str(error), error.remedy)
            return
        yield Finding("access token", "pass", f"{len(scope.split())} scopes granted")
        yield from checks.list_findings(self._settings, self._api.send, self._api.now())

    # --- what there is -------------------------------------------------------------------------

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """The pages of one window of *span*'s feed."""
        pages = self._recordings(span) if span.feed == "recordings" else self._archive(span)
        try:
            yield from pages
        except TokenRejected:
            raise
        except Refused:
            self._api.forget_token()
            raise
        except Absent as error:
            raise Refused(str(error), remedy=refusals.ARCHIVING) from error

    def _archive(self, span: Span) -> Iterator[Page]:
        listing = listings.ArchiveListing(span, self._settings.group_ids)
        return walk(self._api.send, listing.ask, listing.read, span)

    def _recordings(self, span: Span) -> Iterator[Page]:
        """The account's list, or where there is none (5.2), that of each user."""
        listing = listings.AccountListing(span)
        pages = walk(self._api.send, listing.ask, listing.read, span)
        first = self._first_of_account(pages, span)
        if first is None:
            yield from listings.list_users_recordings(self._api.send, self._list_users(), span)
        else:
            yield first
            yield from pages

    def _first_of_account(self, pages: Iterator[Page], span: Span) -> Page | None:
        """The first page of the account's list; ``None`` where the users are to be asked."""
        if span.cursor:
            return None if listings.Place.from_cursor(span.cursor).user else next(pages)
        return self._api.optional(scopes.ACCOUNT_RECORDINGS, lambda: next(pages))

    def _list_users(self) -> list[User]:
        """Everybody, once, also those who left: their recordings stay (10, row 12)."""
        found: dict[str, User] = {}
        for status in ("active", "inactive"):
            build = partial(wire.build_users, status)
            for row in self._api.rows(build, "users"):
                user = read_as(User, row)
                if user.id:  # who was only invited has none (7.6)
                    found.setdefault(user.id, user)
        return list(found.values())

    # --- one recording -------------------------------------------------------------------------

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """The listing is the metadata; beside it what the app's scopes allow to know.

        Right after a large meeting the participants' durations are 0 (7.3): ``revisit`` asks again.
        """
        for recording in batch:
            yield Ready(recording, documents=self._documents(recording))

    def _documents(self, recording: Recording) -> dict[str, Json]:
        """Documents by name; one that Zoom does not have or may not show is left out.

        Nothing is asked about external meetings, which belong to another account (fact 8), and
        only the host of a breakout room, which 7.1 does not list among its types.
        """
        meeting = read_as(ArchiveMeeting, recording.documents.get("listing"))
        uuid = split_id(recording.external_id)[1]
        if meeting.external:
            return {}
        asked: dict[str, Json | None] = {}
        if not meeting.is_breakout_room:
            past = wire.build_past_meeting(uuid)
            asked["past_meeting"] = self._api.optional(
                scopes.PAST_MEETING, lambda: self._api.ask(past)
            )
            asked["participants"] = self._api.optional(
                scopes.PAST_PARTICIPANTS, lambda: self._participants(uuid)
            )
        if meeting.host_id:
            host = wire.build_user(meeting.host_id)
            asked["host"] = self._api.optional(scopes.USER, lambda: self._api.ask(host))
        return {name: document for name, document in asked.items() if document}

    def _participants(self, uuid: str) -> Json:
        """All pages of 7.3 as one document."""
        rows = self._api.rows(partial(wire.build_participants, uuid), "participants")
        return {"participants": list(rows)}

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """Every file, from the listing while it is young, else asked anew (6.2, rule 7)."""
        for recording in batch:
            yield self._media(recording, batch)

    def _media(self, recording: Recording, batch: Batch) -> Outcome:
        cloudy = split_id(recording.external_id)[0]
        try:
            row = self._row(recording, batch)
        except Absent as error:
            gone = f"{error}; it was deleted, or Zoom's time of keeping it is over"
            return self._deny(recording, batch.now, gone)
        compare = self._settings.verify_fingerprint
        files = map_cloud_files(row) if cloudy else map_archive_files(row, compare=compare)
        if files:
            return Ready(recording, files=files)
        if read_as(ArchiveMeeting, row).status == "processing":
            return NotYet(recording, "Zoom is still processing this meeting")
        return self._deny(recording, batch.now, "Zoom made no file of it")

    def _row(self, recording: Recording, batch: Batch) -> Json:
        """The meeting with its files and links.

        A cloud recording is always asked for: participants' own audio stands only in the answer
        of 5.3, not in the listing.
        """
        cloudy, uuid = split_id(recording.external_id)
        if cloudy:
            return self._api.ask(wire.build_meeting_recordings(uuid))
        listing = recording.documents.get("listing")
        seen_at = recording.seen_at
        aged = seen_at is None or batch.now - seen_at > period(self.links_live)
        if listing and not aged and not batch.renew:
            return listing
        return self._api.ask(wire.build_archive_files(uuid))

    def _deny(self, recording: Recording, now: datetime, why: str) -> Outcome:
        """Young things that Zoom does not have are still to come, old ones are gone (8.3)."""
        ended = ended_at(recording.documents.get("listing", {}), recording.occurred_at)
        if now - ended < period(self.young):
            return NotYet(recording, why)
        return Nothing(recording, why)

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """The meeting with everything that is known of it."""
        return mapping.map_meeting(bundle)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """Meeting UUIDs, raw or encoded, and meeting numbers with all their instances."""
        finder = Finder(self._settings.source, self._api.ask, self._api.now())
        return map(finder.find, ids)

    # --- people --------------------------------------------------------------------------------

    @hookimpl
    def sync_directory(self) -> Iterator[Person]:
        """Everybody, also those who left; nobody where the app may not list users."""
        for user in self._api.optional(scopes.USERS, self._list_users) or ():
            refs = [Ref("user", user.id)]
            email = user.email.strip().lower()
            yield Person(
                refs=(*refs, Ref("email", email)) if email else tuple(refs),
                name=user.name,
                email=email,
                team=user.dept,
                active=user.status != "inactive",
            )
