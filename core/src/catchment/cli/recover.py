"""``recover``: ask a platform again, by period, by ids, or for what is missing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catchment._words import name_feed
from catchment.cli import dates, run, telling
from catchment.cli.frame import Frame, json_option, pass_frame
from catchment.cli.printing import print_line
from catchment.cli.wording import count

if TYPE_CHECKING:
    from catchment._engine.application import Application


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for.

    Attributes:
        list_name: The name of the list of ids in the source's folder; empty for a period.
        said: What is done, for people; empty when nothing can be done.
        too_old: How many recordings are missing that nothing can be asked for any more.
    """

    list_name: str
    said: str
    too_old: int = 0


@click.command(epilog=dates.HELP)
@click.argument("source")
@dates.period_options(required=False)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, exists=False, dir_okay=False),
    metavar="FILE",
    help="Ask for each id that stands in FILE, one per line.",
)
@click.option("--missing", is_flag=True, help="Ask for everything that the report calls missing.")
@json_option
@pass_frame
def recover(
    frame: Frame,
    source: str,
    since: dates.Typed | None,
    until: dates.Typed | None,
    csv_file: Path | None,
    missing: bool,
    as_json: bool,
) -> int:
    """Ask SOURCE's platform again, fetch what was found, and say what came of it.

    Give --from and --to for a period, --csv for ids, or --missing.
    """
    if sum((since is not None, csv_file is not None, missing)) != 1:
        raise click.UsageError("give exactly one of --from, --csv and --missing")
    if until is not None and since is None:
        raise click.UsageError("--to needs --from")
    with frame.open(archive=True, begin=True, sources=(source,)) as app:
        wish: Wish | None
        if since is not None:
            wish = _want_period(app, source, since, until)
        elif csv_file is not None:
            wish = _want_list(app, source, csv_file)
        else:
            wish = _want_missing(app, source)
        if wish is None:
            print_line(f"{source}: nothing is missing")
            return 0
        if wish.too_old:
            click.echo(
                f"{count(wish.too_old, 'recording')} cannot be asked for any more: the platform "
                "gave no id, and no feed lists the time; the report goes on telling of it",
                err=True,
            )
        if not wish.said:
            return 1
        if not as_json:
            print_line(f"{source}: {wish.said}")
        return max(_work(app, source, wish, as_json=as_json), int(wish.too_old > 0))


def _want_period(
    app: Application, source: str, since: dates.Typed, until: dates.Typed | None
) -> Wish:
    from catchment._engine.wanted import want_period

    zone = app.settings.source(source).timezone
    start, end = dates.read_period(since, until, zone, app.now())
    feeds = want_period(app, app.connect(source), start, end)
    span = f"{start:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ}"
    return Wish("", f"asking {', '.join(feeds)} again for {span}")


def _want_list(app: Application, source: str, path: Path) -> Wish:
    from catchment._engine.recovery import drop_list, read_list

    table = app.settings.source(source)
    target = drop_list(table.recovery, path, table.kind.id_columns)
    _want_inbox(app, source)
    number = len(read_list(target.read_bytes(), table.kind.id_columns))
    return Wish(target.name, f"asking for {count(number, 'id')} of {path}")


def _want_missing(app: Application, source: str) -> Wish | None:
    from catchment._engine.wanted import want_missing

    missing = want_missing(app, app.connect(source))
    again = ", ".join(missing.feeds)
    said = f"asking {again} again for {count(missing.moments, 'moment')}" if again else ""
    if not missing.ids:
        return Wish("", said, missing.too_old) if said or missing.too_old else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"missing-{app.now():%Y%m%dT%H%M%SZ}.csv"
        rows = (f'"{one.replace(chr(34), chr(34) * 2)}"\n' for one in missing.ids)
        path.write_text("".join(rows), "utf-8")
        asked = _want_list(app, source, path)
    said = "; ".join(filter(None, (asked.said, said)))
    return Wish(asked.list_name, said, missing.too_old)


def _want_inbox(app: Application, source: str) -> None:
    """Have the folder looked at now, if the source was ever in contact; else it is anyway."""
    from catchment._catalogue import jobs, sources

    row: Any = sources.find(app.database, source)
    if row is None:
        return
    with app.database.write() as connection:
        new = jobs.NewJob("inbox", str(row.id), row.id, app.now())
        jobs.want(app.database, connection, [new])


def _work(app: Application, source: str, wish: Wish, *, as_json: bool) -> int:
    from catchment._engine.wanted import list_wanted

    answers: dict[str, Mapping[str, Any]] = {}
    with telling.telling(app.settings.log, app.clock, what=source) as teller:

        def tell(event: str, **fields: Any) -> None:
            if event == "recovery.processed":
                answers[fields["file"]] = fields
            teller(event, **fields)

        app.tell = tell
        with run.stopping(app) as stopped:
            if live := app.live.get(source):  # a list of ids needs no contact before the run
                list_wanted(app, live)
            outcome = run.work(app, [source], run.ROLES, once=True)
    if stopped:
        click.echo("stopped; nothing is lost, the next run goes on with it", err=True)
        return 0
    code = run.conclude(app, [source], outcome, teller.tallies, as_json=as_json)
    code = max(code, _tell_unlisted(app, source))
    if not wish.list_name:
        return code
    folder = app.settings.source(source).recovery
    return max(code, _tell_list(folder, wish.list_name, answers.get(wish.list_name)))


def _tell_unlisted(app: Application, source: str) -> int:
    """Say which feeds have not listed a period to its end; 1 if there are any."""
    from catchment._catalogue import listed, sources

    row: Any = sources.find(app.database, source)
    if row is None:
        return 0
    with app.database.read() as connection:
        unfinished = listed.list_unfinished(connection, row.id)
    for one in unfinished:
        feed = name_feed(one.feed, one.partition)
        span = f"{one.window.start:%Y-%m-%dT%H:%MZ} to {one.window.end:%Y-%m-%dT%H:%MZ}"
        why = one.why.rstrip(".") or "it was not asked yet"
        click.echo(
            f"feed {feed} is not listed for {span}: {why}; the next run asks again", err=True
        )
    return 1 if unfinished else 0


def _tell_list(folder: Path, name: str, answer: Mapping[str, Any] | None) -> int:
    if answer is None:
        waiting = folder / "csv" / name
        click.echo(
            f"{waiting} stays: not every id is answered, or what was found is in no package yet; "
            "the next run goes on",
            err=True,
        )
        return 1
    parts = [f"{answer['found']} found"]
    parts += [f"{answer['unknown']} unknown to the platform"] if answer["unknown"] else []
    parts += [f"{answer['denied']} refused by the platform"] if answer["denied"] else []
    bad = answer["bad_lines"]
    if bad:
        verb = "names" if len(bad) == 1 else "name"
        parts.append(f"{count(len(bad), 'line')} {verb} no id ({_join(bad)})")
    report = folder / "processed" / answer["report"]
    click.echo(f"{', '.join(parts)}; line by line in {report}", err=True)
    return 1 if answer["unknown"] or answer["denied"] or bad else 0


def _join(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:10]))
    return f"{'line' if len(lines) == 1 else 'lines'} {shown}{' …' if len(lines) > 10 else ''}"
