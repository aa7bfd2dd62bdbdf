"""Interactions: everything under the same keys, told by the adapter, kept so that it is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from catchment import _crash
from catchment._catalogue import directory, facts, interactions, jobs, texts
from catchment._catalogue.database import Database
from catchment._catalogue.files import KnownFile, list_files
from catchment._catalogue.jobs import NewJob
from catchment._catalogue.recordings import KnownRecording, list_recordings_of, read_recordings
from catchment._engine.application import Application, LiveSource
from catchment._engine.media import TEXTS
from catchment._engine.work import Work, hand_over
from catchment._media.texts import read_text
from catchment._plain import to_plain
from catchment.errors import Absent, Corrupt
from catchment.model import Bundle, Fact, InteractionDraft, Kind, Measured, Party, Ref, StoredFile

TEXT_CHARACTERS = 2_000_000
"""What search keeps of one interaction's words; a day of talk is a tenth of it."""

Names = Mapping[Ref, tuple[str, str]]


def consolidate(works: Sequence[Work]) -> None:
    """Map some interactions of one source again, each from all that is known under its keys.

    They are read in one transaction and kept in another, which costs a fraction of one for each.
    """
    app, source = works[0].app, works[0].source
    with app.database.read() as connection:
        known = _read(connection, works)
    mapped = {
        num: _map(app, source, one) for num, one in known.items() if one.recordings or one.facts
    }
    drafts = (draft for draft, _ in mapped.values())
    refs = [party.ref for draft in drafts for party in draft.parties if party.ref is not None]
    with app.database.write(source.id) as connection:
        now = app.now()
        # Here: a directory that comes meanwhile names only the parties that it finds.
        names = directory.names_of(connection, source.id, refs) if refs else {}
        claimed = [work.job for work in works]
        jobs.hold_all(connection, claimed)
        rows = interactions.read_all(connection, [int(job.key) for job in claimed])
        told = [
            Mapped(num, _complete(source, draft, names), body)
            for num, (draft, body) in mapped.items()
            if rows[num].num == num
        ]
        # What was joined meanwhile was read apart.
        joined = sorted({rows[num].num for num in mapped if rows[num].num != num})
        apart = [NewJob("map", str(num), source.id, now) for num in joined]
        save(app.database, connection, told, now)
        due_at = now + app.settings.seal.quiet
        seals = [NewJob("seal", str(one.num), source.id, due_at) for one in told]
        jobs.want(app.database, connection, [*seals, *apart, *hand_over(works, rows)])
        jobs.finish_all(connection, [(job, None) for job in claimed], now)


@dataclass(slots=True)
class _Known:
    """What is known of an interaction."""

    recordings: list[KnownRecording]
    files: list[KnownFile]
    facts: list[Fact]


def _read(connection: Connection, works: Sequence[Work]) -> dict[int, _Known]:
    rows = interactions.read_all(connection, [int(work.job.key) for work in works])
    nums = sorted(num for num, row in rows.items() if num == row.num)
    ids = list_recordings_of(connection, nums)
    every = [one for some in ids.values() for one in some]
    recordings, files = read_recordings(connection, every), list_files(connection, every)
    told = facts.list_facts(connection, nums)
    known = {num: _Known([], [], told[num]) for num in nums}
    of = {one: num for num, some in ids.items() for one in some}
    for recording in recordings:
        known[of[recording.id]].recordings.append(recording)
    for file in files:
        known[of[file.recording_id]].files.append(file)
    return known


def _map(app: Application, source: LiveSource, known: _Known) -> tuple[InteractionDraft, str]:
    """What the adapter makes of an interaction, and the words in its files."""
    external_ids = {recording.id: recording.value.external_id for recording in known.recordings}
    archived = [file for file in known.files if file.state == "archived"]
    bundle = Bundle(
        recordings=tuple(recording.value for recording in known.recordings),
        facts=tuple(known.facts),
        files=tuple(_store(file, external_ids[file.recording_id]) for file in archived),
        timezone=source.table.timezone,
    )
    draft = source.hooks.map_metadata(bundle)
    body = read_words(app, [_text(file) for file in archived])
    _crash.point("interaction.mapped")
    return draft, body


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


def _complete(source: LiveSource, draft: InteractionDraft, names: Names) -> InteractionDraft:
    parties = tuple(_name(party, names) for party in draft.parties)
    return replace(draft, mapper=source.adapter.mapper, parties=parties)


def _name(party: Party, names: Names) -> Party:
    """Give a party the name and address that the directory knows, where the platform gave none."""
    if party.ref is None or party.ref not in names:
        return party
    name, email = names[party.ref]
    return replace(party, name=party.name or name, email=party.email or email)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What an interaction is said to be, and the words in its files."""

    num: int
    draft: InteractionDraft
    body: str


def save(
    database: Database, connection: Connection, mapped: Sequence[Mapped], now: datetime
) -> None:
    """Make interactions what their drafts say, and findable by these words and their files'."""
    interactions.save_drafts(connection, [_build_rows(one.num, one.draft) for one in mapped], now)
    bodies = {one.num: "\n".join([*_list_words(one.draft), one.body]) for one in mapped}
    texts.save_texts(database, connection, bodies)


def _build_rows(num: int, draft: InteractionDraft) -> interactions.Drafted:
    parties = {party.party_id: party for party in draft.parties}
    agents = {contact.agent: parties.get(contact.agent) for contact in draft.contacts}
    contacts = [
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
    ]
    rows = [_party_row(party) for party in parties.values()]
    return interactions.Drafted(num, draft, to_plain(draft), rows, contacts)


def _list_words(draft: InteractionDraft) -> Iterator[str]:
    words = [draft.subject, draft.external_id, draft.ani, draft.dnis]
    words += [value for _, value in interactions.list_attributes(draft)]
    parties = {party.party_id: party for party in draft.parties}
    words += [part for party in parties.values() for part in (party.name, party.email, party.tel)]
    return filter(None, words)


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
