"""The tables of the catalogue: what is known, and what is to be done, in one database.

Everything hangs on a source.  Reading from the top: who we talk to (source, outage, feed, walk,
gap), what the platform offers (recording, file, document, fact), what the archive holds of it
(media, damage), what it belongs to (interaction, key, recording_key, party, contact, attribute),
who works there (team, queue, person, person_ref), what people decided and asked for (decision,
wanted_id), what the archive is still to be told of that (book), and what is to be done (job,
runner, bucket, token).  Times are aware UTC datetimes, lengths are seconds, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Maybe = JSON(none_as_null=True)
"""JSON, or nothing at all: without this, nothing would be kept as the JSON value ``null``, which
no ``IS NULL`` finds."""

Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives only an INTEGER primary key a number by itself."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite has no time zones, so it is kept there as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Refuse naive times, which would be somebody's local time sooner or later."""
        return _write_moment if dialect.name == "sqlite" else _use_moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Give UTC back, whatever zone the server's session is in."""
        return _read_moment if dialect.name == "sqlite" else _use_moment


def _use_moment(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return value.astimezone(UTC)


def _write_moment(value: datetime | None) -> str | None:
    """As SQLAlchemy writes a time into SQLite, where texts sort as the times do."""
    moment = _use_moment(value)
    return None if moment is None else moment.isoformat(" ", "microseconds")[:26]


def _read_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def _index_where(name: str, *columns: str, where: str) -> Index:
    """An index of those rows for which *where* holds."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


# --- who we talk to --------------------------------------------------------------------------


source = Table(
    "source",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tenant", String, nullable=False, server_default="main"),
    Column("platform", String, nullable=False),
    Column("account_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("adapter", String, nullable=False),
    Column("epoch", Integer, nullable=False, server_default="1"),
    Column("pinned_at", Moment, nullable=False),
    Column("stopped_at", Moment),
    Column("stopped_why", Text),
    # By how much the platform's clock was ahead of ours at the last look; empty: not worth a word.
    Column("skew_s", Integer),
    UniqueConstraint("tenant", "platform", "account_id"),
)

outage = Table(
    "outage",
    metadata,
    Column("source", String, primary_key=True),  # its name in the settings
    Column("since", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("until", Moment),  # how long the platform asked us to wait; empty if it did not
)

feed = Table(
    "feed",
    metadata,
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("feed", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("frontier", Moment),
    Column("listed_from", Moment),  # from here to the frontier there is no gap; empty: not known
    Column("mark", Text, nullable=False, server_default=""),  # where a poll may go on, if told
    Column("rungs", JSON, nullable=False),  # {"24h": when that rung of the ladder was last begun}
    Column("walked_at", Moment),  # when a walk last came to its end
    Column("failed_at", Moment),  # since when it has been failing; empty while it works
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("lasting", Boolean, nullable=False, server_default="0"),  # it does not pass by itself
    Column("news_at", Moment),  # when it last listed anything
)

walk = Table(
    "walk",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("feed", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("purpose", String, nullable=False),  # frontier, lookback, recovery
    Column("start_at", Moment, nullable=False),
    Column("end_at", Moment, nullable=False),
    Column("position", Moment, nullable=False),  # the walk is complete up to here
    Column("slice_end", Moment),  # end of the window being listed, while one is
    Column("cursor", Text),
    Column("paged_at", Moment),  # when its last page was committed
    Column("listed", Integer, nullable=False, server_default="0"),  # distinct rows of this window
    Column("total", Integer),  # how many the platform announced for it
    Column("covers_from", Moment),  # what the platform says it answered for
    Column("covers_to", Moment),
    Column("restarts", Integer, nullable=False, server_default="0"),
    Index(None, "source_id", "feed", "partition"),
)

gap = Table(
    "gap",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("feed", String, nullable=False),
    Column("partition", String, nullable=False),
    Column("start_at", Moment, nullable=False),
    Column("end_at", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("found_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("closed_by", String),
    Column("closed_why", Text),
)

# --- what the platform offers ----------------------------------------------------------------

recording = Table(
    "recording",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("external_id", String, nullable=False),
    Column("epoch", Integer, nullable=False, server_default="1"),
    Column("interaction_num", Id, ForeignKey("interaction.num"), nullable=False, index=True),
    Column("occurred_at", Moment, nullable=False),
    Column("revision", String, nullable=False),
    Column("state", String, nullable=False),  # open, quiet, gone, parked, skipped
    Column("reason", Text),
    Column("reason_kind", String),  # of what is parked: one of reasons.KINDS
    Column("first_seen_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),  # when its documents and links were last told
    Column("state_at", Moment, nullable=False),  # since when it is in this state
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", Moment),
    Column("late_by_s", Float),  # how far behind the watermark it was found; empty if in time
    Column("kept_until", Moment),  # when the platform deletes it, where it says so itself
    UniqueConstraint("source_id", "external_id"),
    Index("ix_recording_state", "source_id", "state", "occurred_at"),
)

file = Table(
    "file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recording_id", Id, ForeignKey("recording.id"), nullable=False),
    Column("file_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("recipe", String, nullable=False, server_default=""),  # empty: the platform's original
    Column("kind", String, nullable=False),
    Column("form", String, nullable=False),
    Column("state", String, nullable=False),  # expected, archived, gone, parked, skipped
    Column("reason", Text),
    Column("reason_kind", String),  # as of a recording
    Column("first_seen_at", Moment, nullable=False),
    Column("state_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", Moment),
    Column("description", JSON, nullable=False),  # the MediaFile as told, without its ways
    Column("ways", Maybe),  # emptied as soon as the file is archived: links are secrets
    Column("ways_at", Moment),
    Column("sha256", String),
    Column("size_bytes", BigInteger),
    Column("measured", Maybe),
    Column("note", Text),  # what was odd about good bytes: a fingerprint that differs, a duration
    Column("archived_at", Moment),
    UniqueConstraint("recording_id", "file_id", "version", "recipe"),
    Index("ix_file_state", "state", "recording_id"),
    Index("ix_file_sha256", "sha256"),
)

media = Table(
    "media",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("sha512", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("archived_at", Moment, nullable=False),
    Column("verified_at", Moment, nullable=False, index=True),
)

damage = Table(
    "damage",
    metadata,
    Column("what", String, primary_key=True),  # media, manifest, leaf
    Column("name", String, primary_key=True),
    Column("verdict", String, nullable=False),  # damaged, missing
    Column("detail", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("found_at", Moment, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("recording_id", Id, ForeignKey("recording.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

fact = Table(
    "fact",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("fact_id", String, nullable=False),
    Column("interaction_num", Id, ForeignKey("interaction.num"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("expects", String, nullable=False),
    Column("absence", String, nullable=False),
    Column("ask", String),  # the id under which the platform is asked for it; empty: it cannot be
    Column("keys", JSON, nullable=False),
    Column("body", JSON, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("asked_at", Moment),  # when the platform was last asked for what it expects
    Column("gone_why", Text),  # what it answered, when there is nothing and will be nothing
    UniqueConstraint("source_id", "kind", "fact_id"),
    Index("ix_fact_at", "source_id", "at"),
)

# --- what it belongs to ----------------------------------------------------------------------

interaction = Table(
    "interaction",
    metadata,
    Column("num", Id, primary_key=True),
    Column("interaction_id", String, nullable=False, unique=True),
    Column("tenant", String, nullable=False, server_default="main"),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("survivor_num", Id),  # the interaction that this one was joined into
    Column("kind", String, nullable=False, server_default=""),
    Column("external_id", String, nullable=False, server_default=""),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("subject", Text, nullable=False, server_default=""),
    Column("direction", String, nullable=False, server_default=""),
    Column("ani", String, nullable=False, server_default=""),
    Column("dnis", String, nullable=False, server_default=""),
    Column("associated_id", String, nullable=False, server_default=""),
    Column("mapper", String, nullable=False, server_default=""),
    Column("draft", Maybe),  # the whole InteractionDraft, for show and seal
    Column("created_at", Moment, nullable=False),
    Column("news_at", Moment, nullable=False),  # last change under its keys
    Column("unsealed_since", Moment),  # since when there is news that no sealed version holds
    Column("version", Integer, nullable=False, server_default="0"),
    Column("document_id", String),  # the vCon uuid of the sealed version
    Column("sealed_at", Moment),
    Column("sealing", Maybe),  # version, uuid, time of a seal begun: a second try uses them again
    Column("parked_kind", String),  # unmapped, unjoined or person, of _catalogue.reasons
    Column("parked_why", Text),
    Index("ix_interaction_started", "tenant", "started_at"),
    Index("ix_interaction_external", "source_id", "external_id"),
    Index("ix_interaction_ani", "ani", "started_at"),
    Index("ix_interaction_dnis", "dnis", "started_at"),
    # Few are joined, unsealed or parked, and to look through all the others takes long: their
    # drafts are big.
    _index_where("ix_interaction_survivor", "survivor_num", where="survivor_num IS NOT NULL"),
    _index_where(
        "ix_interaction_unsealed", "source_id", "started_at", where="unsealed_since IS NOT NULL"
    ),
    _index_where("ix_interaction_parked", "source_id", where="parked_why IS NOT NULL"),
    # Whoever only lists writes nothing here: what is not mapped has no mapper.
    _index_where("ix_interaction_mapper", "source_id", "mapper", where="mapper != ''"),
)

key = Table(
    "key",
    metadata,
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("space", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("interaction_num", Id, ForeignKey("interaction.num"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

recording_key = Table(
    "recording_key",
    metadata,
    Column("recording_id", Id, ForeignKey("recording.id"), primary_key=True),
    Column("space", String, primary_key=True),
    Column("value", String, primary_key=True),
    sqlite_with_rowid=False,
)

party = Table(
    "party",
    metadata,
    Column("interaction_num", Id, ForeignKey("interaction.num"), primary_key=True),
    Column("party_id", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("tel", String, nullable=False),
    Column("ref_space", String),
    Column("ref_value", String),
    sqlite_with_rowid=False,
)

contact = Table(
    "contact",
    metadata,
    Column("interaction_num", Id, ForeignKey("interaction.num"), primary_key=True),
    Column("contact_id", String, primary_key=True),
    Column("party_id", String, nullable=False, server_default=""),  # the agent's
    Column("agent", String, nullable=False),  # name, else address, else the reference, folded
    Column("agent_email", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("queue", String, nullable=False),
    Column("wrap_up", String, nullable=False),
    Column("doubt", Text, nullable=False, server_default=""),  # why its times are not sure
    # With the interaction, by which what began at one moment is sorted.
    Index("ix_contact_agent", "agent", "started_at", "interaction_num"),
    Index("ix_contact_agent_email", "agent_email", "started_at", "interaction_num"),
    Index("ix_contact_started", "started_at"),
    sqlite_with_rowid=False,
)

attribute = Table(
    "attribute",
    metadata,
    Column("interaction_num", Id, ForeignKey("interaction.num"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", String, primary_key=True),
    Index("ix_attribute_value", "name", "value"),
    sqlite_with_rowid=False,
)

team = Table(
    "team",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("space", String, nullable=False),  # empty: a local team, which the platform never sees
    Column("value", String, nullable=False),
    Column("name", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),  # when the platform last listed it as active
    UniqueConstraint("source_id", "space", "value"),
)

queue = Table(
    "queue",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("space", String, nullable=False),
    Column("value", String, nullable=False),
    Column("name", String, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    UniqueConstraint("source_id", "space", "value"),
)

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("key", String, nullable=False),  # names them in the books, whatever ids come and go
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("team", String, nullable=False),  # as the platform tells it
    Column("assigned_id", Id, ForeignKey("team.id")),  # what a person said of it, which goes before
    Column("active", Boolean, nullable=False),
    Column("agent", Boolean, nullable=False, server_default="0"),
    Column("started_at", Moment, nullable=False),  # when a sync first told of them
    Column("seen_at", Moment, nullable=False),
    UniqueConstraint("source_id", "key"),
)

person_ref = Table(
    "person_ref",
    metadata,
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("space", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
)

# --- what people asked for and decided -------------------------------------------------------

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String, nullable=False),
    # What is captured: retry, park, skip.  The directory: make, rename, assign, unassign, revoke.
    Column("verb", String, nullable=False),
    Column("item", String, nullable=False),
    Column("why", Text, nullable=False),
)

wanted_id = Table(
    "wanted_id",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("file_name", String, nullable=False),
    Column("digest", String, nullable=False),  # of the whole CSV, so that a change of it is seen
    Column("line", Integer, nullable=False),
    Column("value", String, nullable=False),
    Column("state", String, nullable=False),  # open, found, unknown, refused
    Column("reason", Text),
    Column("found", JSON),  # external ids of the recordings that were found
    Column("asked_at", Moment),
    UniqueConstraint("source_id", "digest", "line"),
)

# --- what the archive's books still have to be told ------------------------------------------

book = Table(
    "book",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("at", Moment, nullable=False),
    # frontier, late, gap, decision, alias; of the directory: person, team, queue.
    Column("kind", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("written", Boolean, nullable=False, server_default="0"),
    Index("ix_book_written", "written", "source_id", "id"),
)

# --- what is to be done ----------------------------------------------------------------------

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("rank", BigInteger, nullable=False, server_default="0"),  # smaller goes first
    # When to run it next.  A claim moves it to the end of the lease, so that one index finds both
    # what is due and what a dead runner left behind.  Empty: nothing to do.
    Column("due_at", Moment),
    Column("wanted", Integer, nullable=False, server_default="1"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("runner", String),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    # The key first: by the kind alone all that is done would be found, and SQLite would walk it.
    UniqueConstraint("key", "kind"),
    # What is done keeps its row and has no time: it must not be looked through again and again.
    _index_where("ix_job_due", "kind", "rank", "due_at", where="due_at IS NOT NULL"),
    Index("ix_job_runner", "runner"),
)

runner = Table(
    "runner",
    metadata,
    Column("name", String, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("roles", String, nullable=False),
)

bucket = Table(
    "bucket",
    metadata,
    Column("name", String, primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("filled_at", Moment, nullable=False),
    Column("blocked_until", Moment),
)

token = Table(
    "token",
    metadata,
    Column("name", String, primary_key=True),
    Column("sealed", Text),  # a rotating token, sealed with the app's secret
    Column("holder", String),  # who renews it at the moment
    Column("held_until", Moment),
)
