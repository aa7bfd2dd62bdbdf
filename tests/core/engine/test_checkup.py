"""``catchment check``: every part is proved, and a failing one never stops the others."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from tests.core.engine.tiny import Site, make_cloud
from tests.databases import SERVER, fresh_postgres

from catchment._engine import checkup
from catchment.errors import BadSettings, Refused, Unreachable
from catchment.model import Finding
from catchment.settings import Settings


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that never ran."""
    return Site(tmp_path, make_cloud())


def check(site: Site, settings: Settings | None = None) -> dict[tuple[str, str], Finding]:
    """All findings by part and what was tried."""
    found = checkup.check(settings or site.settings, site.clock, ())
    return {(part, finding.what): finding for part, finding in found}


def test_a_site_that_never_ran_passes(site: Site) -> None:
    """Everything is proved before the first run, and nothing is left behind."""
    found = check(site)
    assert {finding.verdict for finding in found.values()} == {"pass"}
    assert {part for part, _ in found} == {"catalogue", "storage", "ffmpeg", "tiny"}
    assert list(site.root.iterdir()) == []


def test_a_site_at_work_passes_and_stays_as_it_is(site: Site) -> None:
    """A check changes neither catalogue nor archive."""
    site.run()

    def look() -> list[tuple[str, bytes]]:
        files = (path for path in sorted(site.root.rglob("*")) if path.is_file())
        return [(str(path), path.read_bytes()) for path in files if path.suffix != ".db-shm"]

    before = look()
    assert {finding.verdict for finding in check(site).values()} == {"pass"}
    assert look() == before


def test_ffmpeg_is_told_with_its_version(site: Site) -> None:
    """The version of ffmpeg and where it is are told."""
    assert " at /" in check(site)["ffmpeg", "ffmpeg"].detail


def test_a_missing_ffmpeg_fails_alone(site: Site) -> None:
    """Without ffmpeg everything else is proved all the same."""
    settings = site.settings
    media = settings.media.model_copy(update={"ffmpeg": "/nowhere/ffmpeg"})
    found = check(site, settings.model_copy(update={"media": media}))
    assert [key for key, one in found.items() if one.verdict == "fail"] == [("ffmpeg", "ffmpeg")]


def test_a_newer_catalogue_fails(site: Site) -> None:
    """A catalogue of a newer program is told with what to do, and not touched."""
    site.run()
    with sqlite3.connect(site.root / "catalogue.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999_9999'")
    found = check(site)["catalogue", "database"]
    assert found.verdict == "fail"
    assert "Upgrade" in found.remedy


def test_a_file_that_is_no_catalogue_fails(site: Site) -> None:
    """Something else under the catalogue's name fails, and the sources are asked all the same."""
    (site.root / "catalogue.db").write_bytes(b"not a database" * 100)
    found = check(site)
    assert found["catalogue", "database"].verdict == "fail"
    assert found["tiny", "account"].verdict == "pass"


def test_a_server_that_counts_nothing_is_a_warning(site: Site) -> None:
    """Without statistics PostgreSQL reads a whole table for each page that is listed.

    Which of the two is tried depends on the server at hand.
    """
    if not SERVER:
        pytest.skip("CATCHMENT_TEST_POSTGRES names no server")
    with fresh_postgres() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            off = connection.execute(text("SHOW autovacuum")).scalar() == "off"
        engine.dispose()
        catalogue = site.settings.catalogue.model_copy(update={"url": url})
        found = check(site, site.settings.model_copy(update={"catalogue": catalogue}))
    assert found["catalogue", "database"].verdict == "pass"
    told = found.get(("catalogue", "statistics"))
    assert (told is not None and told.verdict == "warn" and "autovacuum" in told.remedy) == off


def test_a_folder_that_is_a_file_fails(site: Site) -> None:
    """A buffer that cannot be written fails with its setting."""
    (site.root / "buffer").write_text("in the way")
    found = check(site)
    assert found["storage", "buffer"].verdict == "fail"
    assert "buffer.root" in found["storage", "buffer"].remedy
    assert found["storage", "archive"].verdict == "pass"


@pytest.mark.parametrize("part", ["archive", "buffer", "catalogue"])
def test_a_folder_that_cannot_be_looked_into_fails_alone(site: Site, part: str) -> None:
    """What the system refuses to look at is one finding, and all the rest is proved."""
    table = getattr(site.settings, part)
    where = site.root / ("n" * 300)  # refused by every file system, and for every user
    place = {"url": f"sqlite:///{where}/c.db"} if part == "catalogue" else {"root": where}
    found = check(site, site.settings.model_copy(update={part: table.model_copy(update=place)}))
    what = ("catalogue", "database") if part == "catalogue" else ("storage", part)
    assert found[what].verdict == "fail"
    assert "name too long" in found[what].detail
    assert f"{part}." in found[what].remedy
    assert found["tiny", "account"].verdict == "pass"
    assert found["ffmpeg", "ffmpeg"].verdict == "pass"


def test_too_little_space_fails(site: Site) -> None:
    """Less free space than the reserve means that nothing could be downloaded."""
    settings = site.settings
    buffer = settings.buffer.model_copy(update={"reserve": 10**18})
    found = check(site, settings.model_copy(update={"buffer": buffer}))
    assert found["storage", "space for the buffer"].verdict == "fail"


@pytest.mark.parametrize("hook", ["account", "check"])
def test_a_refused_credential_fails_with_its_remedy(site: Site, hook: str) -> None:
    """What the platform refuses is told as the adapter says it."""
    site.cloud.fails[hook] = Refused("the secret is wrong", remedy="Look at client_secret.")
    found = [one for one in check(site).values() if one.verdict == "fail"]
    assert [(one.detail, one.remedy) for one in found] == [
        ("the secret is wrong", "Look at client_secret.")
    ]


def test_what_keeps_all_from_being_asked_is_told_once(site: Site) -> None:
    """The same refusal for each permission would hide that one thing is to be mended."""
    remedy = "Look at client_secret."
    site.cloud.fails["account"] = Refused("the secret is wrong (request 1)", remedy=remedy)
    site.cloud.fails["check"] = Refused("the secret is wrong (request 2)", remedy=remedy)
    found = [one for one in check(site).values() if one.verdict == "fail"]
    assert [one.detail for one in found] == ["the secret is wrong (request 1)"]


def test_what_else_is_not_permitted_is_told_besides(site: Site) -> None:
    """Another refusal with the same remedy is another thing to be mended."""
    site.cloud.fails["account"] = Refused("no right to read users (1)", remedy="Add scopes.")
    site.cloud.fails["check"] = Refused("no right to read files (2)", remedy="Add scopes.")
    found = [one for one in check(site).values() if one.verdict == "fail"]
    assert len(found) == 2


def test_after_a_failing_account_the_permissions_are_still_tried(site: Site) -> None:
    """A platform that does not answer to one request is asked the others."""
    site.cloud.fails["account"] = Unreachable("no answer")
    assert check(site)["tiny", "listing"].verdict == "pass"


def test_an_adapter_that_cannot_be_made_fails_alone(site: Site) -> None:
    """An adapter that breaks while it is made is told by the kind of its error alone."""
    site.cloud.fails["made"] = ValueError("token=secret")
    found = check(site)["tiny", "adapter"]
    assert found.verdict == "fail"
    assert "ValueError" in found.detail
    assert "secret" not in found.detail


def test_another_account_than_the_pinned_one_fails(site: Site) -> None:
    """A credential of another account is found before a run would stop."""
    site.run()
    site.cloud.account_id = "other"
    found = check(site)["tiny", "account"]
    assert found.verdict == "fail"
    assert "acme" in found.detail
    assert "where the platform moved the account, enter its former id" in found.remedy


def test_no_source_is_a_warning(site: Site) -> None:
    """Settings without a source are no failure, and no success either."""
    found = check(site, site.settings.model_copy(update={"sources": {}}))
    assert found["sources", "sources"].verdict == "warn"


def test_a_source_that_is_not_configured_is_misuse(site: Site) -> None:
    """A misspelt name is told at once."""
    with pytest.raises(BadSettings, match="there is no source"):
        next(checkup.check(site.settings, site.clock, ["tyni"]))
