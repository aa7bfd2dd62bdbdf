"""Interactions: everything under the same keys, told by the adapter, kept so that it is found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from catchment import _crash
from catchment._catalogue import directory, facts, interactions, jobs, texts
from catchment._catalogue.database import Database
from catchment._catalogue.files import KnownFile, list_files
from catchment._catalogue.jobs import NewJob
from catchment._catalogue.recordings import list_recording_ids, read_recordings
from catchment._engine.application import Application
from catchment._engine.media import TEXTS
from catchment._engine.work import Work
from catchment._media.texts import read_text
from catchment._plain import to_plain
from catchment.errors import Absent, Corrupt
from catchment.model import Bundle, InteractionDraft, Kind, Measured, Party, Ref, StoredFile

TEXT_CHARACTERS = 2_000_000
"""What search keeps of one interaction's words; a day of talk is a tenth of it."""

Names = Mapping[Ref, tuple[str, str]]


def consolidate(work: Work) -> None:
    """Map one interaction again from all that is known under its keys."""
    app = work.app
    with app.database.read() as connection:
        row = interactions.read(connection, int(work.job.key))
        assert row is not None
        ids = list_recording_ids(connection, row.num)
        recordings = read_recordings(connection, ids)
        files = list_files(connection, ids)
        told = facts.list_facts(connection, row.num)
        external_ids = {recording.id: recording.value.external_id for recording in recordings}
    if not recordings and not told:
        _finish(work, row.num, None, "", {})
        return
    bundle = Bundle(
        recordings=tuple(recording.value for recording in recordings),
        facts=tuple(told),
        files=tuple(
            _store(file, external_ids[file.recording_id])
            for file in files
            if file.state == "archived"
        ),
        timezone=work.source.table.timezone,
    )
    draft = work.source.hooks.map_metadata(bundle)
    body = read_words(app, [_text(file) for file in files if file.state == "archived"])
    _crash.point("interaction.mapped")
    with app.database.read() as connection:
        refs = [party.ref for party in draft.parties if party.ref is not None]
        names = directory.names_of(connection, work.source.id, refs)
    _finish(work, row.num, draft, body, names)


def _store(file: KnownFile, external_id: str) -> StoredFile:
    return StoredFile(
        recording_id=external_id,
        file_id=file.file_id,
        version=file.version,
        kind=file.described.kind,
        form=file.form,
        origin="derived" if file.recipe else "original",
        recipe=file.recipe,
        sha256=file.sha256 or "",
        size_bytes=file.size_bytes or 0,
        of=file.described.of,
        timeline=file.described.timeline,
        measured=file.measured or Measured(),
    )


@dataclass(frozen=True, slots=True)
class Text:
    """An archived file with words in it, as far as they can be read.

    Attributes:
        name: What versions of one file share.
    """

    name: tuple[object, str]
    kind: Kind
    form: str
    sha256: str


def _text(file: KnownFile) -> Text:
    name = (file.recording_id, file.file_id)
    return Text(name, file.described.kind, file.form, file.sha256 or "")


def read_words(app: Application, files: Iterable[Text]) -> str:
    """The words of all chats, transcripts and captions, the newest version of each.

    Args:
        files: Archived files, versions of one file in rising order.
    """
    newest = {file.name: file for file in files if file.kind in TEXTS and file.sha256}
    words: list[str] = []
    room = TEXT_CHARACTERS
    for file in newest.values():
        try:
            with app.archive.open_media(file.sha256) as stream:
                for line in read_text(file.kind, file.form, stream):
                    words.append(line.text)
                    room -= len(line.text)
                    if room <= 0:
                        return "\n".join(words)
        except (Absent, Corrupt) as error:
            # What the archive lost is the matter of verify; the interaction must still be found.
            app.tell("text.damaged", sha256=file.sha256, error=str(error))
    return "\n".join(words)


def _finish(work: Work, num: int, draft: InteractionDraft | None, body: str, names: Names) -> None:
    app = work.app
    with app.database.write(work.source.id) as connection:
        now = work.now
        jobs.hold(connection, work.job)
        if draft is not None:
            known = replace(
                draft,
                mapper=work.source.adapter.mapper,
                parties=tuple(_name(party, names) for party in draft.parties),
            )
            save(app.database, connection, num, known, body, now)
            quiet = app.settings.seal.quiet
            job = NewJob("seal", str(num), work.source.id, now + quiet)
            jobs.want(app.database, connection, [job])
        jobs.finish(connection, work.job, now)


def _name(party: Party, names: Names) -> Party:
    """Give a party the name and address that the directory knows, where the platform gave none."""
    if party.ref is None or party.ref not in names:
        return party
    name, email = names[party.ref]
    return replace(party, name=party.name or name, email=party.email or email)


def save(
    database: Database,
    connection: Connection,
    num: int,
    draft: InteractionDraft,
    body: str,
    now: datetime,
) -> None:
    """Make an interaction what *draft* says, and findable by its words and by those of *body*."""
    parties = {party.party_id: party for party in draft.parties}
    agents = {contact.agent: parties.get(contact.agent) for contact in draft.contacts}
    interactions.save_draft(
        connection,
        num,
        draft,
        to_plain(draft),
        [_party_row(party) for party in parties.values()],
        [
            {
                "contact_id": contact.contact_id,
                "party_id": contact.agent,
                "agent": agent_label(agents[contact.agent]).casefold(),
                "agent_email": (agents[contact.agent] or Party("", "")).email.casefold(),
                "started_at": contact.start,
                "ended_at": contact.end,
                "queue": contact.queue,
                "wrap_up": contact.wrap_up,
                "doubt": contact.doubt,
            }
            for contact in draft.contacts
        ],
        now,
    )
    words = [draft.subject, draft.external_id, draft.ani, draft.dnis]
    words += [value for _, value in interactions.list_attributes(draft)]
    words += [part for party in parties.values() for part in (party.name, party.email, party.tel)]
    texts.save_text(database, connection, num, "\n".join([*filter(None, words), body]))


def agent_label(party: Party | None) -> str:
    """What an agent is found by: the name, else the address, else the platform's id."""
    if party is None:
        return ""
    return party.name or party.email or (party.ref.value if party.ref else party.party_id)


def _party_row(party: Party) -> dict[str, Any]:
    return {
        "party_id": party.party_id,
        "role": party.role,
        "name": party.name,
        "email": party.email,
        "tel": party.tel,
        "ref_space": party.ref.space if party.ref else None,
        "ref_value": party.ref.value if party.ref else None,
    }
