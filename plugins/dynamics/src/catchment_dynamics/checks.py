"""What ``catchment check`` proves, each on the very endpoint that needs it (1.2, 2.5, 2.9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    NeedsPerson,
    NotPermitted,
    Refused,
    Unreachable,
    WrongAccount,
)
from catchment.model import Finding
from catchment.transport import Request
from catchment_dynamics import columns, refusals, wire
from catchment_dynamics.access import Access
from catchment_dynamics.columns import Columns, Table
from catchment_dynamics.ids import read_guid
from catchment_dynamics.listings import LISTINGS, list_feeds
from catchment_dynamics.offers import LinkUnavailable, make_link
from catchment_dynamics.reader import Reader
from catchment_dynamics.refusals import PrivilegeMissing, TableMissing
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

    def ask(there: Columns) -> Columns:
        request = wire.build_list(table.entity_set, select=there.select(table), top=1)
        reader.access.ask_page(request)
        return there

    try:
        there = reader.probe.asking(table, ask)
    except CatchmentError as error:
        yield _tell(what, error, question.needed, table, question.why)
        return
    yield Finding(what, "pass", "permitted")
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
    lacking = [name for name in table.welcome if not there.has(name)]
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


def _try_sound(reader: Reader) -> Iterator[Finding]:
    """In which way the newest recording can be had (2.9), without downloading it."""
    table, what = columns.RECORDINGS, "download of sound"
    access = reader.access
    newest = wire.build_list(
        table.entity_set, select=table.key, where="msdyn_recording ne null",
        order="createdon desc", top=1, annotations=(),
    )  # fmt: skip
    try:
        rows = access.ask_page(newest).rows
    except CatchmentError:
        return  # told of the table itself
    row_id = read_guid(rows[0].get(table.key)) if rows else ""
    if not row_id:
        yield Finding(what, "warn", "there is no recording yet to try it with", "Try again later.")
        return
    why = ""
    if access.settings.audio in ("auto", "sas"):
        try:
            make_link(access, table.entity_set, row_id, "msdyn_recording")
        except LinkUnavailable as error:
            if access.settings.audio == "sas":
                yield Finding(what, "fail", str(error), error.remedy)
                return
            why = "customer-managed keys or a restriction: signed links are refused; "
        except CatchmentError as error:
            yield _tell(what, error, needed=True)
            return
        else:
            yield Finding(what, "pass", "sound comes by signed link")
            return
    yield from _try_bytes(access, table, row_id, what, why)


def _try_bytes(access: Access, table: Table, row_id: str, what: str, why: str) -> Iterator[Finding]:
    """Ask for the first byte; whoever answers with all of them gives it whole."""
    setting = access.settings.audio
    path = wire.file_path(table.entity_set, row_id, "msdyn_recording")
    if setting != "whole":
        piece = Request("GET", path, headers=(("Range", "bytes=0-0"),))
        try:
            in_pieces = access.send(piece).status == 206
        except AdapterFault as error:
            if setting == "chunks":
                refused = f"downloads in pieces are refused: {error}"
                yield Finding(what, "fail", refused, 'Set audio = "auto".')
                return
            in_pieces = False
        except CatchmentError as error:
            yield _tell(what, error, needed=True)
            return
        if in_pieces:
            yield Finding(what, "pass", f"{why}sound comes in pieces")
            return
    yield Finding(
        what, "pass", f"{why}sound comes whole, and what breaks off begins again from zero"
    )


def _tell(
    what: str, error: CatchmentError, needed: bool, table: Table | None = None, why: str = ""
) -> Finding:
    """What came of a question that ended with *error*."""
    detail = "; ".join(part for part in (str(error), why) if part)
    if isinstance(error, TableMissing) and not needed:
        return Finding(what, "warn", detail, "Nothing needs to be done where it is not used.")
    if isinstance(error, PrivilegeMissing):
        remedy = error.remedy
    elif isinstance(error, NotPermitted) and table is not None and not error.remedy:
        remedy = refusals.ask_for_privilege(table.privilege)
    else:
        remedy = error.remedy
    if isinstance(error, NeedsPerson | Absent):
        return Finding(what, "fail" if needed else "warn", detail, remedy or refusals.ADDRESS)
    return Finding(what, "warn", f"could not be tried: {detail}", remedy or "Try again later.")
