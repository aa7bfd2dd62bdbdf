"""The smallest real adapter: it lists files of a plain server, and the engine does the rest.

``python -m benchmarks.plain {…}`` captures everything once and tells how long that took.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from benchmarks.measuring import read_arguments, tell
from catchment._catalogue import schema
from catchment._catalogue.database import open_database
from catchment._catalogue.tables import file, interaction
from catchment._engine.application import Application
from catchment._engine.runner import Runner
from catchment.adapters import Adapter, Source, SourceSettings
from catchment.clock import SystemClock
from catchment.hookspecs import hookimpl
from catchment.model import (
    Account,
    Batch,
    Bundle,
    Feed,
    InteractionDraft,
    Key,
    MediaFile,
    Outcome,
    Page,
    Ready,
    Sighting,
    Span,
    Way,
)
from catchment.settings import Settings
from catchment.settings.tables import (
    ArchiveTable,
    BufferTable,
    CatalogueTable,
    RunnerTable,
    SourceTable,
)
from catchment.transport import Answer, Kit, Request, walk

PAGE = 300
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


class PlainSettings(SourceSettings):
    """Where the files are."""

    base_url: str


class Plain(Adapter):
    """Lists what :func:`write_listing` wrote."""

    name, platform, Settings = "plain", "Plain", PlainSettings
    feeds = (Feed("files", every="1h", max_window="3650d", horizon="3650d"),)
    batch = {"fetch_metadata": 50, "fetch_media": 50}  # noqa: RUF012 - as the contract has it

    def __init__(self, source: Source, kit: Kit) -> None:
        self.base_url = source.settings.base_url
        self.api = kit.client(self.base_url)

    @hookimpl
    def account(self) -> Account:
        """The one account that there is."""
        return Account("plain")

    @hookimpl
    def poll(self, span: Span) -> Iterator[Page]:
        """All files, page by page."""
        ask = partial(_build_request)
        return walk(self.api.send, ask, _read_page, span)

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """The listing is all there is."""
        return (Ready(one) for one in batch)

    @hookimpl
    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """One file each, at the place that the listing named."""
        for one in batch:
            row = one.documents["listing"]
            ways = (Way(f"{self.base_url}/{row['name']}", auth=False, ranged=True),)
            offer = MediaFile("1", row["kind"], row["form"], ways=ways, size_bytes=row["bytes"])
            yield Ready(one, files=(offer,))

    @hookimpl
    def map_metadata(self, bundle: Bundle) -> InteractionDraft:
        """A name and a time."""
        one = min(bundle.recordings, key=lambda recording: recording.external_id)
        return InteractionDraft("call", one.external_id, one.occurred_at, subject=one.external_id)

    @hookimpl
    def recover(self, ids: Sequence[str]) -> Iterator[Outcome]:
        """Nothing is asked for by id here."""
        return iter(())


def _build_request(span: Span, cursor: str | None) -> Request:
    return Request("GET", f"/listing-{cursor or 0}.json")


def _read_page(answer: Answer, span: Span) -> Page:
    body = answer.json()
    rows = tuple(
        Sighting(
            row["name"],
            datetime.fromisoformat(row["at"]),
            (Key("name", row["name"]),),
            "1",
            document=row,
        )
        for row in body["files"]
    )
    return Page(rows, cursor=body["next"], total=body["total"], last=body["next"] is None)


def write_listing(folder: Path, files: Sequence[Path], kind: str, form: str) -> None:
    """Put links to *files* into *folder*, and the pages that list them.

    Args:
        kind: What they are.
        form: Their format as the adapter tells it.
    """
    rows: list[dict[str, Any]] = []
    for number, path in enumerate(files):
        (folder / path.name).symlink_to(path)
        at = MIDNIGHT + timedelta(minutes=number)
        row = {"name": path.name, "bytes": path.stat().st_size, "at": at.isoformat()}
        rows.append({**row, "kind": kind, "form": form})
    pages = range(0, len(rows), PAGE)
    for number, start in enumerate(pages):
        following = str(number + 1) if number + 1 < len(pages) else None
        body = {"files": rows[start : start + PAGE], "next": following, "total": len(rows)}
        (folder / f"listing-{number}.json").write_text(json.dumps(body))


def build_settings(root: Path, url: str, base_url: str, parallel: int) -> Settings:
    """Settings as a file would give them: everything under *root*, *parallel* of each work."""
    source = SourceTable(
        adapter="plain",
        name="plain",
        kind=Plain,
        settings=PlainSettings(base_url=base_url),
        recovery=root / "recovery",
    )
    return Settings(
        catalogue=CatalogueTable(url=url),
        archive=ArchiveTable(root=root / "archive"),
        buffer=BufferTable(root=root / "buffer"),
        runner=RunnerTable(downloads=parallel, conversions=parallel),
        sources={"plain": source},
    )


def capture(root: Path, base_url: str, parallel: int) -> dict[str, Any]:
    """Capture everything once; how long it took, and how much is in the archive then."""
    url = f"sqlite:///{root / 'catchment.db'}"
    database = open_database(url)
    schema.prepare(database)  # the first start ever makes the tables; that is not measured
    database.close()
    begun, before = time.perf_counter(), sum(os.times()[:4])
    with Application.open(
        build_settings(root, url, base_url, parallel), SystemClock()
    ) as application:
        outcome = Runner(application, ["plain"], once=True).run()
        seconds, cpu_s = time.perf_counter() - begun, sum(os.times()[:4]) - before
        with application.database.read() as connection:
            count, size = connection.execute(
                select(func.count(), func.sum(file.c.size_bytes)).where(
                    file.c.state == "archived", file.c.recipe == ""
                )
            ).one()
            made = connection.execute(
                select(func.count()).where(file.c.state == "archived", file.c.recipe != "")
            ).scalar_one()
            sealed = connection.execute(
                select(func.count()).where(interaction.c.version > 0)
            ).scalar_one()
    assert not outcome.unreachable, outcome
    assert not outcome.stopped, outcome
    counts = {"count": count, "bytes": size, "made": made, "sealed": sealed}
    return {"seconds": seconds, "cpu_s": cpu_s, **counts}


if __name__ == "__main__":
    given = read_arguments()
    tell(**capture(Path(given["root"]), given["base_url"], given["parallel"]))
