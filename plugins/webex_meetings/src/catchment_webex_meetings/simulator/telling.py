"""Tells the World as Webex Meetings: instances, recordings, transcripts, captions (1, 4.5, 6, 7).

Meetings of other organisations are not on our sites.  Breakout rooms have neither an instance nor
a recording of their own: their people are told among the participants (5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from catchment.sandbox import Agent, Content, Faults, Meeting, Recorded, Take, World, Written
from catchment_webex.simulator.account import Account, User
from catchment_webex.simulator.ids import Ids, one_in
from catchment_webex_meetings.simulator import content
from catchment_webex_meetings.simulator.names import Names
from catchment_webex_meetings.simulator.records import Format, Instance, Recording, Text
from catchment_webex_meetings.simulator.switches import Switches


class Teller:
    """Makes one record at a time: pure, apart from asking the faults."""

    def __init__(self, account: Account, ids: Ids, faults: Faults, switches: Switches) -> None:
        self._account, self._ids, self._faults = account, ids, faults
        self._switches = switches
        self._names = Names(ids)

    def tell_instances(self, world: World) -> Iterator[Instance]:
        """Every meeting that one of our people hosted, by start."""
        for meeting in world.meetings:
            if isinstance(meeting.host, Agent) and not meeting.external:
                yield self._instance(meeting, self._account.user(meeting.host))

    def tell_uploads(self, world: World) -> Iterator[Recording]:
        """Files that people have put into their recordings themselves (4.3)."""
        for agent in world.agents:
            host = self._account.user(agent)
            chance = self._ids.chance("upload", agent.agent_id)
            if host.active and one_in(self._switches.uploaded_every, chance):
                yield self._upload(host, world.start + timedelta(hours=9, seconds=chance % 3600))

    def _instance(self, meeting: Meeting, host: User) -> Instance:
        names, switches = self._names, self._switches
        instance_id = names.instance(meeting)
        sites = host.sites
        site = sites[self._ids.chance("site", meeting.meeting_id) % len(sites)]
        recordings = tuple(self._recordings(meeting, host, site, instance_id))
        lost = not meeting.recorded and one_in(
            switches.lost_every, self._ids.chance("lost", instance_id)
        )
        delay = timedelta(seconds=switches.rest_delay_seconds)
        visible = meeting.ended_at + timedelta(minutes=switches.ended_minutes) + delay
        return Instance(
            instance_id=instance_id,
            series_id=names.series(meeting),
            scheduled_id=names.scheduled(meeting),
            number=names.number(meeting),
            meeting=meeting,
            host=host,
            site=site,
            visible_at=visible,
            recordings=recordings,
            claims_recording=bool(recordings) or lost,
            transcript=self._transcript(meeting, visible),
            captions=self._captions(meeting, visible),
        )

    def _recordings(
        self, meeting: Meeting, host: User, site: str, instance_id: str
    ) -> Iterator[Recording]:
        switches, ids = self._switches, self._ids
        late = self._faults.delay(instance_id)
        usual = meeting.ended_at + timedelta(
            minutes=switches.processing_minutes, seconds=ids.chance("made", instance_id) % 60
        )
        arf = one_in(switches.arf_every, ids.chance("arf", instance_id))
        prevented = one_in(switches.prevented_every, ids.chance("prevent", instance_id))
        service = switches.webinar_service if meeting.kind == "webinar" else "MeetingCenter"
        others = [s.person for s in meeting.attendances if isinstance(s.person, Agent)]
        friends = [self._account.user(one).uuid for one in others if one is not meeting.host]
        shared = friends[:1] if one_in(4, ids.chance("shared", instance_id)) else []
        for number, part in enumerate(meeting.recorded, 1):
            own = timedelta(seconds=7 * number) if switches.part_times == "own" else timedelta()
            created = usual + own + (late if switches.late_shows == "created" else timedelta())
            listed = usual + own + late + timedelta(seconds=switches.rest_delay_seconds)
            recording_id = self._names.recording(part.recorded_id)
            deleted, purged = self._removal(recording_id, created)
            transcript, transcript_at = self._own_transcript(meeting, part, recording_id, listed)
            form: Format = "ARF" if arf else "MP4"
            yield Recording(
                recording_id=recording_id,
                host=host,
                site=site,
                topic=f"{meeting.topic}-{part.window.start:%Y%m%d %H%M}-{number}",
                meeting=meeting,
                part=number,
                created_at=created,
                recorded_at=part.window.start,
                listed_at=listed,
                format=form,
                service=service,
                content=self._media(part, form),
                audio=None if arf else part.take("mp3"),
                transcript=None if arf else transcript,
                transcript_at=transcript_at,
                seconds=part.seconds,
                prevented=prevented,
                deleted_at=deleted,
                purged_at=purged,
                shared_with=frozenset(shared),
                absent=self._absent(recording_id),
            )

    def _media(self, part: Recorded, form: Format) -> Content:
        if form == "ARF":
            write = partial(content.write_arf, self._ids, part.recorded_id)
            return Written(write, "application/octet-stream")
        return part.take("mp4", video=True)

    def _removal(
        self, recording_id: str, created: datetime
    ) -> tuple[datetime | None, datetime | None]:
        switches = self._switches
        if not one_in(switches.deleted_every, self._ids.chance("deleted", recording_id)):
            return None, None
        deleted = created + timedelta(minutes=switches.deleted_after_minutes)
        days = switches.purged_after_days
        return deleted, deleted + timedelta(days=days) if days else None

    def _absent(self, recording_id: str) -> frozenset[str]:
        switches = self._switches
        names = [name for name in switches.absent_fields.split(",") if name]
        hit = one_in(switches.absent_every, self._ids.chance("absent", recording_id))
        return frozenset(names if hit else ())

    def _own_transcript(
        self, meeting: Meeting, part: Recorded, recording_id: str, listed: datetime
    ) -> tuple[Content | None, datetime]:
        """The transcript of one recording, which has a link of its own (6)."""
        missing = one_in(self._switches.no_transcript_every, self._ids.chance("no", recording_id))
        if missing or not meeting.spoken:
            return None, listed
        write = partial(
            content.write_vtt, meeting, part.window.start, part.window.end, recording_id
        )
        return Written(write, "text/vtt"), listed + self._later(meeting)

    def _transcript(self, meeting: Meeting, visible: datetime) -> Text | None:
        """The transcript of the whole meeting, of every other one that was spoken in (6)."""
        if not meeting.spoken or not one_in(2, self._ids.chance("assistant", meeting.meeting_id)):
            return None
        text_id = self._names.transcript(meeting)
        return self._text(meeting, text_id, visible + self._later(meeting))

    def _captions(self, meeting: Meeting, visible: datetime) -> Text | None:
        """The captions of one meeting in three (7)."""
        if not meeting.spoken or not one_in(3, self._ids.chance("captions", meeting.meeting_id)):
            return None
        return self._text(meeting, self._names.captions(meeting), visible)

    def _text(self, meeting: Meeting, text_id: str, ready: datetime) -> Text:
        since, until = meeting.started_at, meeting.ended_at
        vtt: Callable[[], bytes] = partial(content.write_vtt, meeting, since, until, text_id)
        txt: Callable[[], bytes] = partial(content.write_txt, meeting, since)
        return Text(text_id, Written(vtt, "text/vtt"), Written(txt, "text/plain"), ready)

    def _later(self, meeting: Meeting) -> timedelta:
        chance = self._ids.chance("late transcript", meeting.meeting_id)
        hit = one_in(self._switches.late_transcript_every, chance)
        return timedelta(minutes=self._switches.late_transcript_minutes if hit else 0)

    def _upload(self, host: User, at: datetime) -> Recording:
        """A film that somebody brought along: no meeting, no transcript."""
        chance = self._ids.chance("uploaded film", host.uuid)
        film = Take(chance, 5 + chance % 20)
        return Recording(
            recording_id=self._ids.hex("uploaded", host.uuid),
            host=host,
            site=host.sites[0],
            topic="Holiday film.mp4",
            meeting=None,
            part=1,
            created_at=at,
            recorded_at=at,
            listed_at=at,
            format="UPLOADED",
            service="MeetingCenter",
            content=film,
            audio=None,
            transcript=None,
            transcript_at=at,
            seconds=film.seconds,
        )
