"""Proves each permission on the endpoint that needs it: a green ``/users/me`` proves nothing.

(Sheet 10, row 11.)  Every question is harmless, and where one about a meeting that cannot exist is
answered with "no such meeting", the door was open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from catchment.errors import Absent, CatchmentError, NeedsPerson
from catchment.model import Finding
from catchment.payloads import read_as
from catchment.transport import Answer, Request
from catchment_zoom import scopes, wire
from catchment_zoom.listings import write_time
from catchment_zoom.payloads import Listing, read_object
from catchment_zoom.refusals import ARCHIVING
from catchment_zoom.scopes import Scope
from catchment_zoom.settings import ZoomSettings

Send = Callable[[Request], Answer]
_WEEK = timedelta(days=7)
_NUMBER = "10000000000"


@dataclass(frozen=True, slots=True)
class Probe:
    """One permission and the question that proves it.

    Attributes:
        what: What it is, in a few words.
        scope: What the app needs for it.
        request: The question.
        unless: The verdict when it is not permitted.
        why: What is lost without it.
        absent: "No such thing" proves the permission, because the question was about nothing.
    """

    what: str
    scope: Scope
    request: Request
    unless: Literal["warn", "fail"] = "fail"
    why: str = ""
    absent: bool = True


def list_findings(settings: ZoomSettings, send: Send, now: datetime) -> Iterator[Finding]:
    """One finding per permission: first what the source cannot do without."""
    if settings.source != "recordings":
        yield _check_archive_list(send, now)
        yield judge(
            Probe(
                "files of one archived meeting",
                scopes.ARCHIVE_FILES,
                wire.build_archive_files(wire.NO_SUCH_MEETING),
            ),
            send,
        )
    if settings.source != "archive":
        yield from _check_recordings(send, now)
    for probe in _list_enriching():
        yield judge(probe, send)


def judge(probe: Probe, send: Send) -> Finding:
    """Ask *probe*'s question and say what came of it."""
    try:
        send(probe.request)
    except Absent as error:
        if probe.absent:
            return Finding(probe.what, "pass", "permitted")
        return Finding(probe.what, probe.unless, _tell(error, probe), probe.scope.advice)
    except NeedsPerson as error:
        remedy = probe.scope.advice
        if error.remedy and "code 4711" not in str(error) and "lacks" not in str(error):
            remedy = f"{error.remedy} If it is not that: {remedy}"
        return Finding(probe.what, probe.unless, _tell(error, probe), remedy)
    except CatchmentError as error:
        return Finding(probe.what, "warn", f"could not be tried: {error}", "Try again later.")
    return Finding(probe.what, "pass", "permitted")


def _tell(error: CatchmentError, probe: Probe) -> str:
    return f"{error}; {probe.why}" if probe.why else str(error)


def _check_archive_list(send: Send, now: datetime) -> Finding:
    """The archive's list, and whether there is anything in it: archiving may be off (3)."""
    counts: list[int] = []

    def count(request: Request) -> Answer:
        answer = send(request)
        listing = read_as(Listing, read_object(answer))
        counts.append(max(listing.total_records or 0, len(listing.meetings)))
        return answer

    until = now - timedelta(seconds=5)
    request = wire.build_archive_list(
        write_time(until - _WEEK), write_time(until), by="archive_complete_time", page_size=1
    )
    probe = Probe("list of archived meetings", scopes.ARCHIVE_LIST, request, absent=False)
    finding = judge(probe, count)
    if finding.verdict != "pass":
        return finding
    if counts == [0]:
        return Finding(probe.what, "warn", "permitted, but empty for the last 7 days", ARCHIVING)
    return Finding(probe.what, "pass", f"permitted; {counts[0]} meetings in the last 7 days")


def _check_recordings(send: Send, now: datetime) -> Iterator[Finding]:
    """The account's list, or else the users and their lists (5.2)."""
    since, until = f"{now - timedelta(days=1):%Y-%m-%d}", f"{now:%Y-%m-%d}"
    account = judge(
        Probe(
            "recordings of the account in one list",
            scopes.ACCOUNT_RECORDINGS,
            wire.build_account_recordings(since, until, page_size=1),
            unless="warn",
            why="each user is asked instead, one request per user",
            absent=False,
        ),
        send,
    )
    yield account
    needed: Literal["warn", "fail"] = "warn" if account.verdict == "pass" else "fail"
    users = wire.build_users("inactive", page_size=1)
    listed = wire.build_user_recordings("me", since, until, page_size=1)
    single = wire.build_meeting_recordings(wire.NO_SUCH_MEETING)
    yield judge(Probe("list of users", scopes.USERS, users, needed, absent=False), send)
    yield judge(Probe("recordings of a user", scopes.USER_RECORDINGS, listed, needed), send)
    yield judge(Probe("files of one recording", scopes.MEETING_RECORDINGS, single), send)


def _list_enriching() -> Iterator[Probe]:
    """What the capture can do without, each with what is then missing."""
    none = wire.NO_SUCH_MEETING
    yield Probe(
        "details of a past meeting",
        scopes.PAST_MEETING,
        wire.build_past_meeting(none),
        "warn",
        "department, exact end and host's name are missing",
    )
    yield Probe(
        "participants of a past meeting",
        scopes.PAST_PARTICIPANTS,
        wire.build_participants(none),
        "warn",
        "participants are known only where they have streams of their own",
    )
    yield Probe(
        "instances of a meeting number",
        scopes.PAST_INSTANCES,
        wire.build_instances(_NUMBER),
        "warn",
        "meetings can be recovered by UUID only, not by number",
    )
    yield Probe("users", scopes.USER, wire.build_user("me"), "warn", "hosts have ids but no names")
    yield Probe(
        "directory of users",
        scopes.USERS,
        wire.build_users("active", page_size=1),
        "warn",
        "people are not searchable by name",
    )
