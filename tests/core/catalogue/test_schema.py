"""Making, upgrading and refusing the schema."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from catchment._catalogue import schema
from catchment._catalogue.database import Database, open_database
from catchment._catalogue.tables import metadata
from catchment.errors import CatalogueUnusable

OURS = ("interaction_text",)


def set_revision(database: Database, revision: str) -> None:
    """Let the database be one that another program upgraded."""
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    """A migrated database has the tables, columns, types, indexes and keys of the metadata."""
    with database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or not name.startswith(OURS),
                # Alembic cannot read an empty text as SQLite's default.
                "compare_server_default": not database.is_sqlite,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_the_metadata_names_every_foreign_key_and_key_of_the_database(database: Database) -> None:
    """Primary keys and foreign keys, which alembic does not compare, are the metadata's too."""
    with database.read() as connection:
        found = inspect(connection)
        for table in metadata.sorted_tables:
            primary = [column.name for column in table.primary_key]
            assert found.get_pk_constraint(table.name)["constrained_columns"] == primary
            foreign = {key.parent.name: key.column.table.name for key in table.foreign_keys}
            assert foreign == {
                key["constrained_columns"][0]: key["referred_table"]
                for key in found.get_foreign_keys(table.name)
            }


def test_this_program_is_made_for_the_newest_migration() -> None:
    """The number in the program is that of the last migration, and each is named by its floor."""
    script = ScriptDirectory.from_config(schema.alembic_config())
    numbers = [revision.revision.split("_") for revision in script.walk_revisions()]
    assert int(numbers[0][0]) == schema.VERSION
    assert all(int(floor) <= int(number) for number, floor in numbers)


def test_preparing_again_changes_nothing(database: Database) -> None:
    """A catalogue that is up to date is left alone."""
    schema.prepare(database)
    with database.read() as connection:
        assert schema.read_revision(connection) == "0001_0001"


def test_a_newer_catalogue_is_refused_in_one_sentence(database: Database) -> None:
    """What a newer program took away stops this one, and the remedy says what to upgrade."""
    set_revision(database, f"{schema.VERSION + 2:04}_{schema.VERSION + 1:04}")
    with pytest.raises(CatalogueUnusable, match="schema 3, and this program knows schema 1") as why:
        schema.prepare(database)
    assert "Upgrade catchment" in why.value.remedy


def test_an_older_runner_goes_on_while_the_floor_allows(database: Database) -> None:
    """Two runners are upgraded one after the other: the older one works on what was only added."""
    set_revision(database, f"{schema.VERSION + 1:04}_{schema.VERSION:04}")
    schema.prepare(database)
    with database.read() as connection:
        assert schema.read_revision(connection) == "0002_0001"


def test_the_database_of_another_program_is_refused(database: Database) -> None:
    """A database that another program's migrations made is not touched."""
    set_revision(database, "9f3a1c")
    with pytest.raises(CatalogueUnusable, match="another program"):
        schema.prepare(database)


def test_processes_that_start_together_make_one_catalogue(empty_url: str) -> None:
    """Several processes prepare an empty database at once; each of them succeeds."""
    code = (
        "import sys; from catchment._catalogue import schema, database as d;"
        "opened = d.open_database(sys.argv[1]); sys.stdin.read(1); schema.prepare(opened)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, empty_url], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"x")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0] * 4, answers
    opened = open_database(empty_url)
    with opened.read() as connection:
        assert schema.read_revision(connection) == "0001_0001"
    opened.close()


def test_alembic_stays_out_of_a_start_that_has_nothing_to_upgrade(sqlite_template: Path) -> None:
    """The time of a start is not spent on importing a tool that is not needed."""
    code = (
        "import sys; from catchment._catalogue import schema, database as d;"
        "schema.prepare(d.open_database(sys.argv[1])); print('alembic' in sys.modules)"
    )
    asked = [sys.executable, "-c", code, f"sqlite:///{sqlite_template}"]
    said = subprocess.run(asked, check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "False"
