"""Proves each permission on the endpoint that needs it, and says whose recordings are out of reach.

Every question is harmless.  Where one is about a recording or meeting that cannot exist, "no such
thing" is the answer of an open door.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from catchment.errors import AdapterFault, CatchmentError, NeedsPerson
from catchment.model import Finding
from catchment.transport import Request
from catchment_webex.payloads import read_items
from catchment_webex_meetings import scopes, wire
from catchment_webex_meetings.asking import MeetingsApi
from catchment_webex_meetings.settings import WebexMeetingsSettings

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Checker:
    """Asks for each permission.

    Attributes:
        api: Asks Webex.
        settings: What is to be captured.
    """

    api: MeetingsApi
    settings: WebexMeetingsSettings

    def list_findings(self) -> Iterator[Finding]:
        """One finding per permission: first what the source cannot do without."""
        yield from self.api.check_token()
        try:
            sites = self.api.list_sites()
        except CatchmentError as error:
            yield Finding("sites", "fail", str(error), error.remedy)
            return
        yield Finding("sites", "pass", ", ".join(sites))
        listed = [(site, self._check_site(site)) for site in sites]
        yield from (finding for _, finding in listed)
        if all(finding.verdict == "fail" for _, finding in listed):
            yield from self._check_own()
        yield from self._check_single()
        yield from self._check_books(sites[0])
        yield from self._check_people()

    # --- what the source cannot do without -----------------------------------------------------

    def _check_site(self, site: str) -> Finding:
        """Whether the recordings of everybody on *site* may be listed (11, point 14)."""
        until = self.api.now()
        request = wire.build_recordings(site, until - _WEEK, until, max_rows=1)
        finding = self._probe(
            f"recordings of the site {site}",
            request,
            "recordings",
            why="nothing of this site would be captured",
        )
        if finding.verdict != "fail" or self.api.officer:
            return finding
        also = f"The account must be administrator of the site {site} as well. "
        return Finding(finding.what, "fail", finding.detail, also + finding.remedy)

    def _check_own(self) -> Iterator[Finding]:
        """No site may be listed: is it the token of somebody who sees only his own?"""
        until = self.api.now()
        try:
            self.api.send(wire.build_own_recordings(until - _WEEK, until))
        except CatchmentError:
            return
        yield Finding(
            "whose recordings",
            "fail",
            "the credential sees only the recordings of its own account and those shared with it; "
            "the recordings of everybody else would be missed",
            "Let a full administrator, who also administers the sites, or a compliance officer "
            "authorise the app.",
        )

    def _check_single(self) -> Iterator[Finding]:
        """Details and links of one recording, and what is told of its meeting."""
        host = "" if self.api.officer else self._own_address()
        yield self._probe(
            "links of one recording",
            wire.build_recording(wire.NO_SUCH_RECORDING, host),
            "recordings",
            why="no file could be downloaded",
        )
        none = wire.NO_SUCH_MEETING
        meeting = (
            wire.build_admin_meeting(none) if self.api.officer else wire.build_meeting(none, host)
        )
        yield self._enrich("details of a meeting", meeting, "meetings", "titles and times")
        yield self._enrich(
            "participants of a meeting",
            wire.build_participants(none, host),
            "participants",
            "everybody but the host",
        )
        yield self._enrich(
            "transcripts of a meeting",
            wire.build_transcripts(none, self.api.now(), host),
            "transcripts",
            "transcripts of whole meetings",
        )
        if self.api.officer:
            yield self._enrich("chats", wire.build_chats(none), "texts", "chats")
            yield self._enrich("captions", wire.build_captions(none), "texts", "captions")

    def _own_address(self) -> str:
        me = self.api.optional(self.api.me)
        return next(iter(me.emails), "") if me else ""

    # --- what is compared with -----------------------------------------------------------------

    def _check_books(self, site: str) -> Iterator[Finding]:
        until = self.api.now()
        since = until - _WEEK
        if "meetings" in self.settings.cross_check and not self.api.officer:
            yield self._enrich(
                "list of ended meetings",
                wire.build_meetings(since, until, max_rows=1),
                "meetings",
                "the comparison with the meetings that were recorded",
            )
        if "report" in self.settings.cross_check:
            yield self._enrich(
                "report of recordings",
                wire.build_report(site, since, until, self.api.everybody, max_rows=1),
                "recordings",
                "the comparison with the site's report",
            )

    def _check_people(self) -> Iterator[Finding]:
        yield self.api.probe(
            "directory of people",
            lambda: read_items(self.api.send(wire.build_people(1))),
            scope=scopes.PEOPLE,
            needed=False,
            why="people are not searchable by name unless they host",
        )

    # --- asking --------------------------------------------------------------------------------

    def _enrich(self, what: str, request: Request, scope: str, lost: str) -> Finding:
        return self._probe(what, request, scope, needed=False, why=f"missing without it: {lost}")

    def _probe(
        self, what: str, request: Request, scope: str, *, needed: bool = True, why: str = ""
    ) -> Finding:
        def ask() -> None:
            try:
                self.api.send(request)
            except NeedsPerson:
                raise
            except AdapterFault:
                pass  # the id of nothing was looked at and not liked: that is past the door

        return self.api.probe(
            what,
            ask,
            scope=scopes.NEEDED[scope][self.settings.profile],
            needed=needed,
            why=why,
        )
