"""The catalogue's tables, and the full text of interactions."""

import sqlalchemy as sa
from alembic import op

revision = "0001_0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    make_tables()
    if op.get_bind().dialect.name == "sqlite":
        make_text_sqlite()
    else:
        make_text_postgresql()


def make_text_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE interaction_text"
        " USING fts5(body, tokenize = 'ascii', detail = 'none', columnsize = 0)"
    )
    op.execute(
        "CREATE TABLE interaction_text_place (num INTEGER PRIMARY KEY, place INTEGER NOT NULL)"
    )


def make_text_postgresql() -> None:
    op.execute("CREATE TABLE interaction_text (num BIGINT PRIMARY KEY, body TSVECTOR NOT NULL)")
    op.execute("CREATE INDEX ix_interaction_text_body ON interaction_text USING gin (body)")


def make_tables() -> None:
    op.create_table(
        "bucket",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("filled_at", MOMENT, nullable=False),
        sa.Column("blocked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bucket")),
    )
    op.create_table(
        "media",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sha512", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", MOMENT, nullable=False),
        sa.Column("verified_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_media")),
    )
    op.create_index(op.f("ix_media_verified_at"), "media", ["verified_at"], unique=False)
    op.create_table(
        "runner",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_runner")),
    )
    op.create_table(
        "token",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("held_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_token")),
    )
    op.create_table(
        "damage",
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("what", "name", name=op.f("pk_damage")),
    )
    op.create_table(
        "outage",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_outage")),
    )
    op.create_table(
        "source",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(), server_default="main", nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("adapter", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="1", nullable=False),
        sa.Column("pinned_at", MOMENT, nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.Column("skew_s", sa.Integer(), nullable=True),
        sa.Column("stopped_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint(
            "tenant", "platform", "account_id", name=op.f("uq_source_tenant_platform_account_id")
        ),
    )
    op.create_table(
        "book",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("written", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_book_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book")),
    )
    op.create_index("ix_book_written", "book", ["written", "source_id", "id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_decision_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_table(
        "feed",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("frontier", MOMENT, nullable=True),
        sa.Column("listed_from", MOMENT, nullable=True),
        sa.Column("mark", sa.Text(), server_default="", nullable=False),
        sa.Column("rungs", sa.JSON(), nullable=False),
        sa.Column("walked_at", MOMENT, nullable=True),
        sa.Column("failed_at", MOMENT, nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("lasting", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("news_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_feed_source_id")),
        sa.PrimaryKeyConstraint("source_id", "feed", "partition", name=op.f("pk_feed")),
    )
    op.create_table(
        "gap",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("start_at", MOMENT, nullable=False),
        sa.Column("end_at", MOMENT, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_gap_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
    )
    op.create_table(
        "interaction",
        sa.Column("num", ID, nullable=False),
        sa.Column("interaction_id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), server_default="main", nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("survivor_num", ID, nullable=True),
        sa.Column("kind", sa.String(), server_default="", nullable=False),
        sa.Column("external_id", sa.String(), server_default="", nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("direction", sa.String(), server_default="", nullable=False),
        sa.Column("ani", sa.String(), server_default="", nullable=False),
        sa.Column("dnis", sa.String(), server_default="", nullable=False),
        sa.Column("associated_id", sa.String(), server_default="", nullable=False),
        sa.Column("mapper", sa.String(), server_default="", nullable=False),
        sa.Column("draft", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("news_at", MOMENT, nullable=False),
        sa.Column("unsealed_since", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("document_id", sa.String(), nullable=True),
        sa.Column("sealed_at", MOMENT, nullable=True),
        sa.Column("sealing", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("parked_kind", sa.String(), nullable=True),
        sa.Column("parked_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_interaction_source_id")
        ),
        sa.PrimaryKeyConstraint("num", name=op.f("pk_interaction")),
        sa.UniqueConstraint("interaction_id", name=op.f("uq_interaction_interaction_id")),
    )
    op.create_index("ix_interaction_ani", "interaction", ["ani", "started_at"], unique=False)
    op.create_index("ix_interaction_dnis", "interaction", ["dnis", "started_at"], unique=False)
    op.create_index(
        "ix_interaction_external", "interaction", ["source_id", "external_id"], unique=False
    )
    op.create_index("ix_interaction_started", "interaction", ["tenant", "started_at"], unique=False)
    for name, columns, where in (
        ("mapper", ["source_id", "mapper"], "mapper != ''"),
        ("parked", ["source_id"], "parked_why IS NOT NULL"),
        ("survivor", ["survivor_num"], "survivor_num IS NOT NULL"),
        ("unsealed", ["source_id", "started_at"], "unsealed_since IS NOT NULL"),
    ):
        op.create_index(
            f"ix_interaction_{name}",
            "interaction",
            columns,
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "job",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("rank", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("wanted", sa.Integer(), server_default="1", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("runner", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_job_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("key", "kind", name=op.f("uq_job_key_kind")),
    )
    op.create_index(
        "ix_job_due",
        "job",
        ["kind", "rank", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_job_runner", "job", ["runner"], unique=False)
    op.create_table(
        "team",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_team_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint(
            "source_id", "space", "value", name=op.f("uq_team_source_id_space_value")
        ),
    )
    op.create_table(
        "queue",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_queue_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
        sa.UniqueConstraint(
            "source_id", "space", "value", name=op.f("uq_queue_source_id_space_value")
        ),
    )
    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("assigned_id", ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("agent", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["assigned_id"], ["team.id"], name=op.f("fk_person_assigned_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_person_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("source_id", "key", name=op.f("uq_person_source_id_key")),
    )
    op.create_table(
        "walk",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("start_at", MOMENT, nullable=False),
        sa.Column("end_at", MOMENT, nullable=False),
        sa.Column("position", MOMENT, nullable=False),
        sa.Column("slice_end", MOMENT, nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("paged_at", MOMENT, nullable=True),
        sa.Column("listed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("covers_from", MOMENT, nullable=True),
        sa.Column("covers_to", MOMENT, nullable=True),
        sa.Column("restarts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_walk_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk")),
    )
    op.create_index(
        op.f("ix_walk_source_id_feed_partition"),
        "walk",
        ["source_id", "feed", "partition"],
        unique=False,
    )
    op.create_table(
        "wanted_id",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("found", sa.JSON(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_wanted_id_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wanted_id")),
        sa.UniqueConstraint(
            "source_id", "digest", "line", name=op.f("uq_wanted_id_source_id_digest_line")
        ),
    )
    op.create_table(
        "attribute",
        sa.Column("interaction_num", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interaction_num"], ["interaction.num"], name=op.f("fk_attribute_interaction_num")
        ),
        sa.PrimaryKeyConstraint("interaction_num", "name", "value", name=op.f("pk_attribute")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attribute_value", "attribute", ["name", "value"], unique=False)
    op.create_table(
        "contact",
        sa.Column("interaction_num", ID, nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("party_id", sa.String(), server_default="", nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("agent_email", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("wrap_up", sa.String(), nullable=False),
        sa.Column("doubt", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["interaction_num"], ["interaction.num"], name=op.f("fk_contact_interaction_num")
        ),
        sa.PrimaryKeyConstraint("interaction_num", "contact_id", name=op.f("pk_contact")),
        sqlite_with_rowid=False,
    )
    for name in ("agent", "agent_email"):
        columns = [name, "started_at", "interaction_num"]
        op.create_index(f"ix_contact_{name}", "contact", columns, unique=False)
    op.create_index("ix_contact_started", "contact", ["started_at"], unique=False)
    op.create_table(
        "fact",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fact_id", sa.String(), nullable=False),
        sa.Column("interaction_num", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("expects", sa.String(), nullable=False),
        sa.Column("absence", sa.String(), nullable=False),
        sa.Column("ask", sa.String(), nullable=True),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("gone_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interaction_num"], ["interaction.num"], name=op.f("fk_fact_interaction_num")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_fact_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact")),
        sa.UniqueConstraint(
            "source_id", "kind", "fact_id", name=op.f("uq_fact_source_id_kind_fact_id")
        ),
    )
    op.create_index("ix_fact_at", "fact", ["source_id", "at"], unique=False)
    op.create_index(op.f("ix_fact_interaction_num"), "fact", ["interaction_num"], unique=False)
    op.create_table(
        "key",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("interaction_num", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["interaction_num"], ["interaction.num"], name=op.f("fk_key_interaction_num")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_key_source_id")),
        sa.PrimaryKeyConstraint("source_id", "space", "value", name=op.f("pk_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_key_interaction_num"), "key", ["interaction_num"], unique=False)
    op.create_table(
        "party",
        sa.Column("interaction_num", ID, nullable=False),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("tel", sa.String(), nullable=False),
        sa.Column("ref_space", sa.String(), nullable=True),
        sa.Column("ref_value", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interaction_num"], ["interaction.num"], name=op.f("fk_party_interaction_num")
        ),
        sa.PrimaryKeyConstraint("interaction_num", "party_id", name=op.f("pk_party")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_ref",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_ref_person_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_person_ref_source_id")),
        sa.PrimaryKeyConstraint("source_id", "space", "value", name=op.f("pk_person_ref")),
    )
    op.create_index(op.f("ix_person_ref_person_id"), "person_ref", ["person_id"], unique=False)
    op.create_table(
        "recording",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="1", nullable=False),
        sa.Column("interaction_num", ID, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_kind", sa.String(), nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("state_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", MOMENT, nullable=True),
        sa.Column("late_by_s", sa.Float(), nullable=True),
        sa.Column("kept_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["interaction_num"], ["interaction.num"], name=op.f("fk_recording_interaction_num")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_recording_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint(
            "source_id", "external_id", name=op.f("uq_recording_source_id_external_id")
        ),
    )
    op.create_index(
        op.f("ix_recording_interaction_num"), "recording", ["interaction_num"], unique=False
    )
    op.create_index(
        "ix_recording_state", "recording", ["source_id", "state", "occurred_at"], unique=False
    )
    op.create_table(
        "document",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_document_recording_id")
        ),
        sa.PrimaryKeyConstraint("recording_id", "name", name=op.f("pk_document")),
    )
    op.create_table(
        "file",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recipe", sa.String(), server_default="", nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_kind", sa.String(), nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("state_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", MOMENT, nullable=True),
        sa.Column("description", sa.JSON(), nullable=False),
        sa.Column("ways", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ways_at", MOMENT, nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("measured", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("archived_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_file_recording_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sa.UniqueConstraint(
            "recording_id",
            "file_id",
            "version",
            "recipe",
            name=op.f("uq_file_recording_id_file_id_version_recipe"),
        ),
    )
    op.create_index("ix_file_sha256", "file", ["sha256"], unique=False)
    op.create_index("ix_file_state", "file", ["state", "recording_id"], unique=False)
    op.create_table(
        "recording_key",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_key_recording_id")
        ),
        sa.PrimaryKeyConstraint("recording_id", "space", "value", name=op.f("pk_recording_key")),
        sqlite_with_rowid=False,
    )
