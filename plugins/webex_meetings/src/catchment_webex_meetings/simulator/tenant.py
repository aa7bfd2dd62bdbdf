"""The organisation's meetings and recordings as they stand, and what calls did to them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from catchment.model import Clock
from catchment.sandbox import Faults, World
from catchment_webex.simulator import Call, Tenant
from catchment_webex.simulator.account import User
from catchment_webex.simulator.answers import forbidden, malformed, not_found
from catchment_webex.simulator.oauth import Credentials
from catchment_webex_meetings.simulator.links import Links
from catchment_webex_meetings.simulator.names import Names
from catchment_webex_meetings.simulator.operations import SCOPES
from catchment_webex_meetings.simulator.records import Instance, Recording, Status
from catchment_webex_meetings.simulator.switches import Switches
from catchment_webex_meetings.simulator.telling import Teller


class MeetingsTenant(Tenant[Switches]):
    """One organisation with Webex Meetings.

    Attributes:
        instances: By start.
        recordings: Of meetings and uploaded ones, newest ``createTime`` first (4.2).
        moved: What calls did to recordings: their status, and since when.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults,
        switches: Switches,
        credentials: Credentials,
    ) -> None:
        scopes = dict(SCOPES)
        if switches.scopes:
            scopes[switches.profile] = frozenset(switches.scopes.split())
        super().__init__(world, clock, faults, switches, credentials, scopes, switches.profile)
        self.names = Names(self.ids)
        self.links = Links(credentials.client_secret.encode())
        self.moved: dict[str, tuple[Status, datetime]] = {}
        self.turn(switches)

    def turn(self, switches: Switches) -> None:
        """Put the switches into another position; the World is told anew."""
        super().turn(switches)
        teller = Teller(self.account, self.ids, self.faults, switches)
        self.instances = list(teller.tell_instances(self.world))
        self.by_id = {one.instance_id: one for one in self.instances}
        self._by_series: dict[str, list[Instance]] = defaultdict(list)
        for one in self.instances:
            self._by_series[one.series_id].append(one)
            if one.scheduled_id:
                self._by_series[one.scheduled_id].append(one)
        found = [r for one in self.instances for r in one.recordings]
        found += teller.tell_uploads(self.world)
        self.recordings = sorted(found, key=lambda r: r.created_at, reverse=True)
        self.recordings_by_id = {r.recording_id: r for r in self.recordings}
        self._by_meeting: dict[str, list[Recording]] = defaultdict(list)
        for one in self.instances:
            for name in {one.instance_id, one.series_id, one.scheduled_id} - {""}:
                self._by_meeting[name] += one.recordings

    def base(self, host: str) -> str:
        """The address of one of our hosts; that of the media follows no rule (4.4)."""
        usual = {"media": "https://fra2wss.webex.com", "site": "https://corp.webex.com"}
        return self.urls.get(host) or usual.get(host) or super().base(host)

    # --- meetings ------------------------------------------------------------------------

    def visible(self, now: datetime) -> list[Instance]:
        """Instances that REST knows at *now*."""
        return [one for one in self.instances if one.visible_at <= now]

    def find_instances(self, meeting_id: str, now: datetime) -> list[Instance]:
        """The instances behind an id of any of the three kinds, oldest first (1)."""
        one = self.by_id.get(meeting_id)
        found = [one] if one else self._by_series.get(meeting_id, [])
        return [one for one in found if one.visible_at <= now]

    def instance_of(self, call: Call) -> Instance:
        """The instance that ``meetingId`` of a call names, where only instances are taken.

        Raises:
            Rejection: 400 for a missing id, or for one of a series (11.11); 404 for an unknown one.
        """
        meeting_id = call.query.get("meetingId", "")
        if not meeting_id or meeting_id in self._by_series:
            raise malformed("'meetingId' must be the id of an ended meeting instance.")
        found = self.find_instances(meeting_id, call.now)
        if not found:
            raise not_found("the meeting")
        return found[0]

    def reads(self, user: User, instance: Instance) -> bool:
        """Whether *user* is host or invitee."""
        people = [stay.person for stay in instance.meeting.attendances]
        return user is instance.host or (user.agent is not None and user.agent in people)

    def acting(self, call: Call, name: str = "hostEmail") -> User | None:
        """As in every product; and only for users of sites that one administers (11.14).

        Raises:
            Rejection: 403 for a user of another site.
        """
        user = super().acting(call, name)
        if user is not None:
            self.check_site(user.sites[0])
        return user

    def check_site(self, site: str) -> None:
        """Let an administrator into *site*.

        Raises:
            Rejection: 403: it is not ours, or somebody else administers it (11.14).
        """
        theirs = self.switches.administered == "preferred" and site != self.account.sites[0]
        if theirs or site not in self.account.sites:
            raise forbidden()

    # --- recordings ----------------------------------------------------------------------

    def recordings_of(self, meeting_id: str) -> list[Recording]:
        """Those behind an id of any of the three kinds; newest ``createTime`` first."""
        found = self._by_meeting.get(meeting_id, [])
        return sorted(found, key=lambda r: r.created_at, reverse=True)

    def status(self, recording: Recording, now: datetime) -> Status:
        """``available``, ``deleted`` (recycle bin) or ``purged`` (4.6)."""
        moved = self.moved.get(recording.recording_id)
        if moved is not None:
            return moved[0]
        if recording.purged_at is not None and now >= recording.purged_at:
            return "purged"
        if recording.deleted_at is not None and now >= recording.deleted_at:
            return "deleted"
        return "available"

    def reader(self, call: Call) -> User | None:
        """As whom recordings, participants and texts are read; ``None`` reads everything.

        A compliance officer does not say for whom (3.6 of the common sheet, 11.8).

        Raises:
            Rejection: 403: a compliance officer has sent ``hostEmail``, where that is refused.
        """
        named = bool(call.query.get("hostEmail"))
        if "compliance" in call.levels and not (named and "admin" in call.levels):
            if named and self.switches.compliance_host_email == "reject":
                raise forbidden()
            return None
        return self.acting(call) or call.user

    def check_host(self, call: Call, reader: User | None, *holders: str) -> None:
        """Let *reader* see what belongs to the people with the raw UUIDs *holders*.

        Raises:
            Rejection: 404; an administrator with the wrong ``hostEmail``, or none, as switched.
        """
        if reader is None or reader.uuid in holders:
            return
        if "admin" in call.levels and self.switches.admin_without_host == 403:
            raise forbidden()
        raise not_found()
