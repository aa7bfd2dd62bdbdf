"""What ``catchment check`` proves, each on the very endpoint that needs it (1.2, 2.5, 2.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    NeedsPerson,
    NotPermitted,
    Refused,
    Transient,
    Unreachable,
    WrongAccount,
)
from catchment.model import Finding, Way
from catchment.transport import Answer, Request
from catchment_dynamics import columns, refusals, wire
from catchment_dynamics.access import Access
from catchment_dynamics.columns import Columns, Table
from catchment_dynamics.ids import read_guid
from catchment_dynamics.listings import LISTINGS, list_feeds
from catchment_dynamics.offers import (
    LINK,
    PIECES,
    WHOLE,
    LinkAbsent,
    LinkUnavailable,
    build_ways,
    list_ways,
    make_link,
)
from catchment_dynamics.reader import Reader
from catchment_dynamics.refusals import TableMissing
from catchment_dynamics.tracking import prove_tracking

_CAPTURED = "recordings are captured without it, and how they are cut for each agent is in doubt"
_WORDS = {
    columns.CONVERSATIONS.name: "conversations",
    columns.SESSIONS.name: "sessions",
    columns.PARTICIPANTS.name: "participants of sessions",
    columns.PARTICIPANT_EVENTS.name: "holds of participants",
    columns.CALLS.name: "numbers and ids of calls",
    columns.RECORDINGS.name: "recordings",
    columns.TRANSCRIPTS.name: "transcripts",
    columns.VOICEMAILS.name: "voicemails",
    columns.NOTES.name: "notes",
    columns.FILE_ATTACHMENTS.name: "sizes of files",
    columns.USERS.name: "directory of users",
    columns.STATUSES.name: "who is an agent",
    columns.QUEUES.name: "directory of queues",
}

_DEPTH = (
    "Nothing, where the environment is empty. Else give the security role's privilege "
    "the access level Organization: a lower one shows fewer rows, and Dataverse does not say so."
)

_SOUND, _COLUMN = "download of sound", "msdyn_recording"
_UNDIVIDED = "0x80090017"
"""Dataverse's code for files that it has no pieces of (2.9)."""

_AUTO = 'Set audio = "auto".'
_WITHOUT_LINKS = 'Try again later; if it stays, set audio = "chunks", which asks for no links.'
_COMES = {
    LINK: "by signed link",
    PIECES: "in pieces",
    WHOLE: "whole, and what breaks off begins again from zero",
}
_REFUSED = {
    LINK: "{}",
    PIECES: "pieces are refused: {}",
    WHOLE: "whole files are refused: {}",
}


@dataclass(frozen=True, slots=True)
class Question:
    """Something to try.

    Attributes:
        table: What is read.
        needed: Whether a configured feed cannot do without it.
        why: What is lost otherwise.
    """

    table: Table
    needed: bool = True
    why: str = ""


def prove_organisation(access: Access) -> str:
    """The id of the environment's organisation, once it is seen to be the one of the settings.

    Raises:
        WrongAccount: It is another one.
        Refused: The application user may not ask, or the address is not an environment's.
        Unreachable: Dataverse did not say which it is.
    """
    try:
        told = access.ask(wire.build_who_am_i())
    except Absent as error:
        raise Refused(str(error), remedy=refusals.ADDRESS) from error
    except NotPermitted as error:
        raise Refused(str(error), remedy=error.remedy or refusals.APPLICATION_USER) from error
    found = read_guid(told.get("OrganizationId"))
    if not found:
        raise Unreachable("Dataverse does not say which organisation the environment is")
    expected = access.settings.organisation_id
    if expected and expected != found:
        raise WrongAccount(
            f"the environment at the setting url is organisation {found}, and the setting "
            f"organisation_id names {expected}",
            remedy="Correct url or organisation_id: both stand in the environment's details in the "
            "Power Platform admin center.",
        )
    return found


def list_findings(reader: Reader) -> Iterator[Finding]:
    """The token, the organisation, then what the feeds need and what only enriches.

    What is refused because of the credential itself would be refused many times over, and is told
    once.
    """
    access = reader.access
    try:
        expires = access.token.held().expires_at
    except CatchmentError as error:
        yield Finding("access token", "fail", str(error), error.remedy)
        return
    yield Finding("access token", "pass", f"good until {expires:%H:%M} UTC")
    try:
        organisation = prove_organisation(access)
    except CatchmentError as error:
        yield _tell("organisation", error, needed=True)
        return
    yield Finding("organisation", "pass", organisation)
    for question in _list_questions(reader):
        yield from _try_table(reader, question)
    if access.settings.listing == "change_tracking":
        for feed in list_feeds(access.settings):
            yield from _try_tracking(
                reader, LISTINGS[feed.name].table, LISTINGS[feed.name].optional
            )
    yield from _try_sound(reader)


def _list_questions(reader: Reader) -> Iterator[Question]:
    settings = reader.access.settings
    for table in (columns.RECORDINGS, columns.CONVERSATIONS, columns.SESSIONS):
        yield Question(table)
    for table in (columns.PARTICIPANTS, columns.PARTICIPANT_EVENTS, columns.CALLS):
        yield Question(table, why=_CAPTURED)
    if settings.transcripts:
        yield Question(columns.TRANSCRIPTS, False, "transcripts are not captured")
        yield Question(columns.NOTES, False, "transcripts in notes are not captured")
    if settings.voicemails:
        yield Question(columns.VOICEMAILS, False, "voicemails are not captured")
    yield Question(columns.FILE_ATTACHMENTS, False, "sizes of files are told by the download alone")
    yield Question(columns.USERS, False, "agents have no names")
    yield Question(columns.STATUSES, False, "who is an agent is not known")
    yield Question(columns.QUEUES, False, "queues have no names")


# --- tables --------------------------------------------------------------------------------------


def _try_table(reader: Reader, question: Question) -> Iterator[Finding]:
    """Ask for one row with all columns that are asked for otherwise."""
    table, what = question.table, _WORDS[question.table.name]

    def ask(there: Columns) -> tuple[Columns, bool]:
        request = wire.build_list(table.entity_set, select=there.select(table), top=1)
        return there, bool(reader.access.ask_page(request).rows)

    try:
        there, any_row = reader.probe.asking(table, ask)
    except CatchmentError as error:
        yield _tell(what, error, question.needed, table, question.why)
        return
    yield Finding(what, "pass", "permitted")
    if not any_row and table in (columns.RECORDINGS, columns.CONVERSATIONS):
        yield Finding(
            f"rows of {what}",
            "warn",
            "no row is told: an empty environment, or a role that reads less than the organisation "
            "(Depth)",
            _DEPTH,
        )
    if there.types is None:
        yield Finding(
            f"columns of {what}",
            "warn",
            f"the metadata of the table {table.name} cannot be read; all columns are asked for",
            "Give the application user's security role read access of the customization "
            "entities (Entity, Attribute).",
        )
        return
    if table is columns.VOICEMAILS:  # nobody knows what it should have
        return
    lacking = [name for name in table.welcome if name in table.used and not there.has(name)]
    if lacking:
        yield Finding(
            f"columns of {what}",
            "warn",
            f"the table {table.name} lacks {', '.join(lacking)}; what they tell stays unknown",
            "Nothing needs to be done, unless the voice channel can be updated.",
        )


def _try_tracking(reader: Reader, table: Table, optional: bool) -> Iterator[Finding]:
    what = f"change tracking of {_WORDS[table.name]}"
    try:
        if optional and reader.probe.find(table) is None:
            return
        prove_tracking(reader.access, table)
    except CatchmentError as error:
        yield _tell(what, error, needed=True, table=table)
    else:
        yield Finding(what, "pass", "on")


# --- sound ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one way to the newest recording's sound.

    Attributes:
        way: ``"sas"``, ``"chunks"`` or ``"whole"``.
        host: The file host that a signed link leads to.
        fault: Why the way cannot be taken; ``None`` where its first byte came.
    """

    way: str
    host: str = ""
    fault: CatchmentError | None = None


class HostCloses(LinkUnavailable):
    """The file host lets nobody follow a signed link from here."""


def _try_sound(reader: Reader) -> Iterator[Finding]:
    """Try every way that the settings allow with the first byte of the newest recording (2.9)."""
    table, access = columns.RECORDINGS, reader.access
    newest = wire.build_list(
        table.entity_set, select=table.key, where=f"{_COLUMN} ne null",
        order="createdon desc", top=1, annotations=(),
    )  # fmt: skip
    try:
        rows = access.ask_page(newest).rows
    except CatchmentError:
        return  # told of the table itself
    row_id = read_guid(rows[0].get(table.key)) if rows else ""
    if not row_id:
        why = "there is no recording yet to try it with"
        yield Finding(_SOUND, "warn", why, "Try again later.")
        return
    ways = build_ways(access, table.entity_set, row_id, _COLUMN)
    try:
        trials = [
            _try_link(access, row_id) if name == LINK else _try_bytes(access, name, ways[name])
            for name in list_ways(access.settings.audio)
        ]
    except CatchmentError as error:
        yield _tell(_SOUND, error, needed=True)
    else:
        yield _sum_up(trials)


def _try_link(access: Access, row_id: str) -> Trial:
    """Have a signed link made, and ask its host for the first byte, without our token."""
    try:
        way = make_link(access, columns.RECORDINGS.entity_set, row_id, _COLUMN).way
    except LinkUnavailable as error:
        return Trial(LINK, fault=error)
    except Unreachable as error:
        return Trial(LINK, fault=Unreachable(f"signed links cannot be had: {error}"))
    host = urlsplit(way.url).netloc.rpartition("@")[2]
    # Access itself asks the environment alone; this is the one place that asks somebody else.
    client = access._kit.client(f"https://{host}", check=partial(_read_host, host))
    try:
        client.send(_build_first_byte(way))
    except HostCloses as error:
        return Trial(LINK, host, error)
    except Unreachable as error:
        remedy = f'Let this machine reach {host} (firewall, proxy), or set audio = "chunks".'
        what = f"signed links lead to {host}, which is not reached: {error}"
        return Trial(LINK, host, HostCloses(what, remedy=remedy))
    return Trial(LINK, host)


def _read_host(host: str, answer: Answer) -> CatchmentError | None:
    """What the file host means; never with its words, which may hold the link."""
    if 200 <= answer.status < 300:
        return None
    code = answer.headers.get("x-ms-error-code", "")
    told = f"status {answer.status}" + (f", {code}" if code.isalnum() and len(code) < 80 else "")
    what = f"the file host {host} refuses signed links ({told})"
    if answer.status in (401, 403):
        return HostCloses(
            what,
            remedy="Look whether the tenant restricts signed links to certain addresses (IP "
            "restriction of storage SAS) and add this machine's, look for a proxy in between, or "
            'set audio = "chunks".',
        )
    if 400 <= answer.status < 500 and answer.status not in (408, 429):
        return HostCloses(what, remedy='Try again later, or set audio = "chunks".')
    return Unreachable(f"the file host {host} is in trouble ({told})")


def _try_bytes(access: Access, name: str, way: Way) -> Trial:
    """Ask for the first byte where our token is needed.

    Whole files are asked for in the same way, so as not to download one: that the platform has no
    pieces of what it stores in its database says that it has the file.
    """
    request = replace(_build_first_byte(way), accept=(400,))
    try:
        answer = access.send(request)
    except (Absent, AdapterFault, NotPermitted, Unreachable) as error:
        return Trial(name, fault=error)
    undivided = answer.status == 400 and refusals.read_trouble(answer.body).code == _UNDIVIDED
    if answer.status == 206 or (name == WHOLE and (undivided or answer.status == 200)):
        return Trial(name)
    if undivided:
        why = f"files in a database, as of self-managed keys, have none ({_UNDIVIDED})"
        return Trial(name, fault=NotPermitted(why, remedy=_AUTO))
    if answer.status == 400:
        return Trial(name, fault=refusals.read_error(answer))
    why = "the whole file comes where a piece is asked for"
    return Trial(name, fault=NotPermitted(why, remedy=_AUTO))


def _build_first_byte(way: Way) -> Request:
    headers = (*way.headers.items(), ("Range", "bytes=0-0"))
    return Request(way.method, way.url, headers=headers)


def _sum_up(trials: Sequence[Trial]) -> Finding:
    """Which way is taken, and which were refused and why.

    A way that is refused only when it is gone costs each file an attempt, and is a warning.
    """
    faults = [one.fault for one in trials if one.fault is not None]
    refused = "; ".join(_REFUSED[one.way].format(one.fault) for one in trials if one.fault)
    good = next((one for one in trials if one.fault is None), None)
    if good is None:
        if any(isinstance(one, Transient | Absent | LinkAbsent) for one in faults):
            return Finding(_SOUND, "warn", f"could not be tried: {refused}", "Try again later.")
        remedy = next((one.remedy for one in faults if one.remedy), _AUTO)
        return Finding(_SOUND, "fail", refused, remedy)
    detail = f"sound comes {_COMES[good.way]}" + (f" from {good.host}" if good.host else "")
    detail += f"; {refused}" if refused else ""
    dear = next((one for one in faults if isinstance(one, HostCloses | Unreachable)), None)
    if dear is None:
        return Finding(_SOUND, "pass", detail)
    return Finding(_SOUND, "warn", detail, dear.remedy or _WITHOUT_LINKS)


def _tell(
    what: str, error: CatchmentError, needed: bool, table: Table | None = None, why: str = ""
) -> Finding:
    """What came of a question that ended with *error*."""
    detail = "; ".join(part for part in (str(error), why) if part)
    if isinstance(error, TableMissing) and not needed:
        return Finding(what, "warn", detail, "Nothing needs to be done where it is not used.")
    remedy = error.remedy
    if isinstance(error, NotPermitted) and table is not None and not remedy:
        remedy = refusals.ask_for_privilege(table.privilege)
    if isinstance(error, NeedsPerson | Absent):
        return Finding(what, "fail" if needed else "warn", detail, remedy or refusals.ADDRESS)
    return Finding(what, "warn", f"could not be tried: {detail}", remedy or "Try again later.")
