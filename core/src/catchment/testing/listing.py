"""Step ``hooks``: listings, page by page, against what the simulator has made available."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from catchment._engine import rhythm
from catchment.errors import CatchmentError, RateLimited
from catchment.model import Fact, Page, Sighting, Span, Window, period
from catchment.testing.asking import ACCOUNT, SOUND
from catchment.testing.declared import require_hook
from catchment.testing.rules import Declared, NotApplicable
from catchment.testing.scene import Listed, Scene
from catchment.testing.subject import Subject

POLL = "poll.answers"
PAGES = "poll.pages"
LAST = "poll.last"
COMPLETE = "poll.complete"
rule = Declared("hooks", *SOUND, ACCOUNT)
RULES = rule.rules

MOST_RESUMED = 6
"""So many cursors of each listing are tried."""


def say_span(span: Span) -> str:
    """*span* for people: the feed, its part and the window."""
    part = f" of {span.partition}" if span.partition else ""
    return f"{span.feed}{part} {span.window}"


@rule(
    "partitions.answers",
    "partitions names the parts of a feed, each once, the same whenever it is asked.",
    "Return the platform's own ids of the parts, as texts.",
)
def check_partitions(subject: Subject) -> Iterator[str]:
    """A part that comes and goes leaves gaps."""
    require_hook(subject, "partitions")
    scene = subject.scene
    for feed in scene.feeds:
        parts = list(scene.ask("partitions", feed=feed) or ())
        if not all(isinstance(part, str) for part in parts) or len(parts) != len(set(parts)):
            yield f"of {feed.name}: {parts!r}"
        elif set(parts) != set(scene.ask("partitions", feed=feed) or ()):
            yield f"of {feed.name}: another answer when asked again"


@rule(
    POLL,
    "poll lists every feed, in any window that the feed's limits allow, and yields Page.",
    "Let only what hookspecs names leave the hook; an answer of the platform that cannot be read "
    "is Unreachable.",
)
def check_poll(subject: Subject) -> Iterator[str]:
    """List everything once, as the engine would cut it."""
    for listed in subject.scene.listings:
        for page in listed.pages:
            if not isinstance(page, Page):
                yield f"{say_span(listed.span)}: it yielded a {type(page).__name__}"


@rule(
    LAST,
    "The last page of a listing says last=True, and no other page does.",
    "Yield Page(last=True) when, and only when, the platform says that there is no further page; "
    "a poll that ends without it has failed.",
    needs=(POLL,),
)
def check_last(subject: Subject) -> Iterator[str]:
    """Look at the pages in order."""
    for listed in _list_all(subject):
        told = [page.last for page in listed.pages]
        if not told or not told[-1]:
            yield f"{say_span(listed.span)} ended after {len(told)} pages without a last one"
        elif sum(told) > 1:
            number = len(told)
            yield f"{say_span(listed.span)} gave {number} pages, of which {sum(told)} are the last"


def _list_all(subject: Subject) -> Iterator[Listed]:
    yield from subject.scene.listings
    yield from subject.scene.paged


@rule(
    PAGES,
    "A page that is not the last has a cursor and no mark, and every fact has a key.",
    "Give Page.cursor all that the next page needs, Page.mark on the last page alone, and every "
    "Fact the keys that its recordings have.",
    needs=(LAST,),
)
def check_pages(subject: Subject) -> Iterator[str]:
    """The engine refuses the others."""
    for listed in _list_all(subject):
        for number, page in enumerate(listed.pages, 1):
            place = f"{say_span(listed.span)}, page {number}"
            if not page.last and not isinstance(page.cursor, str):
                yield f"{place} is not the last and its cursor is {page.cursor!r}"
            if not page.last and page.mark:
                yield f"{place} is not the last and has a mark"
            yield from (
                f"{place}: {f.kind} {f.fact_id} has no key" for f in page.facts if not f.keys
            )


@rule(
    COMPLETE,
    "What the platform has made available is listed, under the platform's own ids.",
    "Follow every page, and take for external_id the id that the simulator's truth tells.",
    needs=(LAST,),
)
def check_complete(subject: Subject) -> Iterator[str]:
    """Compare with the simulator, which knows every file that it ever offered."""
    scene = subject.scene
    sightings = scene.sightings
    rows = {row.external_id: row for row in scene.stage.platform.truth(scene.now())}
    if not rows:
        yield "the simulator says that it has made nothing available, so nothing is proved"
    missing = sorted(rows.keys() - sightings.keys())
    if missing:
        told = len(rows) - len(missing)
        yield f"the truth has {len(rows)} recordings until now, and the listings tell {told}"
    for external_id in missing:
        at = rows[external_id].available_at
        near = [one for one in scene.listings if one.span.window.start <= at < one.span.window.end]
        where = "; ".join(f"{say_span(one.span)} tells {len(one.names)} rows" for one in near)
        yield f"{external_id!r}, there since {at:%Y-%m-%dT%H:%M:%SZ}, is in no listing: {where}"


@rule(
    "poll.resume",
    "A listing goes on from the cursor of any of its pages, with a new instance of the adapter.",
    "Keep nothing between calls: a later call, in another process, begins at the cursor alone.",
    needs=(PAGES,),
)
def check_resume(subject: Subject) -> Iterator[str]:
    """Begin at each cursor and compare with what followed it."""
    scene, tried = subject.scene, 0
    for listed in scene.paged:
        for number, page in list(enumerate(listed.pages, 1))[:MOST_RESUMED]:
            if page.last or page.cursor is None:
                continue
            tried += 1
            with scene.small_pages():
                span = replace(listed.span, cursor=page.cursor)
                rest = scene.ask("poll", scene.make(), span=span)
            wanted = Listed(listed.span, listed.pages[number:]).names
            found = Listed(listed.span, tuple(rest)).names
            if wanted - found:
                lost = sorted(wanted - found)[0]
                yield f"{say_span(listed.span)}, from page {number + 1} on: {lost[1]!r} is not told"
    if not tried:
        raise NotApplicable("no listing of the small World has a second page")


@rule(
    "poll.alone",
    "Two listings by one instance at the same time are each what they are alone.",
    "Keep nothing in attributes while a hook runs: several threads call one instance.",
    needs=(PAGES,),
)
def check_alone(subject: Subject) -> Iterator[str]:
    """Take pages of two listings in turn."""
    fullest = sorted(subject.scene.paged, key=lambda one: -len(one.names))[:4]
    tried = 0
    for first, second in pairwise(fullest):
        try:
            told = _poll_in_turn(subject, first, second)
        except RateLimited:
            continue  # so seldom may this be asked
        tried += 1
        for alone, beside, pages in zip((first, second), (second, first), told, strict=True):
            found = Listed(alone.span, tuple(pages)).names
            if found != alone.names:
                yield (
                    f"{say_span(alone.span)} gave {len(alone.names)} rows alone, and {len(found)} "
                    f"beside {say_span(beside.span)}"
                )
                return
    if not tried:
        raise NotApplicable("two listings may not be asked for at the same time")


def _poll_in_turn(subject: Subject, *listings: Listed) -> list[list[Page]]:
    """The pages of each, as one instance gives them when each is asked for a page in turn."""
    scene = subject.scene
    adapter = scene.make()
    told: list[list[Page]] = [[] for _ in listings]
    with scene.small_pages():
        running = {
            number: iter(scene.begin("poll", adapter, span=one.span))
            for number, one in enumerate(listings)
        }
        while running:
            for number, one in list(running.items()):
                page = subject.guard("poll", partial(next, one, None))
                if page is None:
                    del running[number]
                else:
                    told[number].append(page)
    return told


@rule(
    "poll.same",
    "Nothing changed, so the same listing tells the same rows with the same revisions.",
    "Make the revision of what changes when metadata or files change: never of a link, of the time "
    "of the answer, or of an order.",
    needs=(COMPLETE,),
)
def check_same(subject: Subject) -> Iterator[str]:
    """List again, a little later."""
    scene = subject.scene
    scene.stage.clock.wait(2)
    before = {(o.span.feed, s.external_id): s for o in scene.listings for s in o.sightings}
    for listed in scene.listings:
        for again in scene.poll(listed.span):
            for lost in sorted(listed.names - again.names)[:1]:
                yield f"{say_span(listed.span)}: {lost[1]!r} is not told any more"
            for one in again.sightings:
                known = before.get((listed.span.feed, one.external_id))
                if known is not None and known.revision != one.revision:
                    yield f"{one.external_id!r} has the revision {_cut(known)} and then {_cut(one)}"


def _cut(sighting: Sighting) -> str:
    return repr(sighting.revision[:60])


@rule(
    "poll.total",
    "Where a listing says how many rows it has, it tells as many.",
    "Take Page.total from the platform only where it counts what you tell; else leave it out.",
    needs=(LAST,),
)
def check_total(subject: Subject) -> Iterator[str]:
    """Count what is different, as the engine does."""
    for listed in _list_all(subject):
        totals = [page.total for page in listed.pages if page.total is not None]
        if totals and len(listed.names) < totals[-1]:
            told = len(listed.names)
            yield f"{say_span(listed.span)} announced {totals[-1]} rows and told {told}"


@rule(
    "poll.covers",
    "What a listing covers begins no later than its window, and all of it is told.",
    "Let Page.covers begin no later than the window, and reach beyond its end only as far as the "
    "rows do; raise TooWide where the platform answers for less.",
    needs=(LAST,),
)
def check_covers(subject: Subject) -> Iterator[str]:
    """What covers leaves out at the start, or takes in at the end, is never asked again."""
    for listed in subject.scene.listings:
        for page in listed.pages:
            if page.covers is not None and page.covers.start > listed.span.window.start:
                yield f"{say_span(listed.span)} was answered for {page.covers}"
    for feed in subject.scene.feeds:
        listings = [one for one in subject.scene.listings if one.span.feed == feed.name]
        if any(page.covers for one in listings for page in one.pages):
            fullest = max(listings, key=lambda one: len(one.names))
            for listed in _list_half(subject.scene, fullest, period(feed.resolution)):
                yield from _list_beyond(subject.scene, listed)


def _list_half(scene: Scene, listed: Listed, grain: timedelta) -> list[Listed]:
    """The first half of a window, behind which there are rows."""
    window = listed.span.window
    middle = rhythm.floor(window.start + window.length / 2, grain)
    if middle <= window.start:
        return []
    return scene.poll(replace(listed.span, window=Window(window.start, middle)))


def _list_beyond(scene: Scene, listed: Listed) -> Iterator[str]:
    """What is covered behind the end of a window, and not told."""
    end = max((one.covers.end for one in listed.pages if one.covers), default=None)
    if end is None or end <= listed.span.window.end:
        return
    feed = next(one for one in scene.feeds if one.name == listed.span.feed)
    for window in scene.list_windows(feed, listed.span.window.end, min(end, scene.now())):
        rest = scene.poll(replace(listed.span, window=window))
        for _, name in sorted({n for one in rest for n in one.names} - listed.names)[:1]:
            yield f"{say_span(listed.span)} covers {window} as well, and does not tell {name!r}"


@rule(
    "poll.utc",
    "Every time that is told is aware and in UTC.",
    "Convert in wire, with the zone that the platform names: .astimezone(UTC).",
    needs=(POLL,),
)
def check_utc(subject: Subject) -> Iterator[str]:
    """A naive time is refused where it is made; one in another zone is not."""
    scene = subject.scene
    moments: list[tuple[str, datetime]] = [
        (one.external_id, one.occurred_at) for one in scene.sightings.values()
    ]
    moments += [(f"{one.kind} {one.fact_id}", one.at) for one in scene.facts.values()]
    for name, at in moments:
        if at.utcoffset() != timedelta():
            yield f"{name} is at {at.isoformat()}, which is {at.astimezone(UTC).isoformat()}"


@rule(
    "poll.facts",
    "A fact's id is one row's alone, within its kind.",
    "Make fact_id of what tells rows apart at the platform; two of one id are one row to us.",
    needs=(POLL,),
)
def check_facts(subject: Subject) -> Iterator[str]:
    """Two rows of one id in one listing, that tell of different times."""
    known: dict[tuple[str, str], Fact] = {}
    for listed in subject.scene.listings:
        for fact in listed.facts:
            before = known.setdefault((fact.kind, fact.fact_id), fact)
            if before.at != fact.at:
                yield f"{fact.kind} {fact.fact_id!r} is at {before.at} and at {fact.at}"


@rule(
    "poll.documents",
    "Documents are JSON objects, as the platform gave them.",
    "Hand the parsed answer on as it is: no models, no datetimes, no sets.",
    needs=(POLL,),
)
def check_documents(subject: Subject) -> Iterator[str]:
    """Write each down and read it again."""
    scene = subject.scene
    rows: list[tuple[str, Any]] = [(o.external_id, o.document) for o in scene.sightings.values()]
    rows += [(f"{one.kind} {one.fact_id}", one.document) for one in scene.facts.values()]
    for name, document in rows:
        fault = find_no_json(document)
        if fault:
            yield f"the document of {name!r} {fault}"


def find_no_json(document: Any) -> str:
    """Why *document* is no JSON object, as half a sentence; empty where it is one."""
    try:
        same = json.loads(json.dumps(dict(document), allow_nan=False)) == document
    except (TypeError, ValueError) as error:
        return f"is no JSON object: {error}"
    return "" if same else "changes when it is written down and read again"


@rule(
    "poll.fields",
    "Fields that nobody knows yet do no harm.",
    "Read tolerantly: let models ignore what they do not name (pydantic's extra='ignore').",
    needs=(COMPLETE,),
)
def check_fields(subject: Subject) -> Iterator[str]:
    """Put a field into every JSON object that the platform answers."""
    scene = subject.scene
    wanted = {name for one in scene.listings for name in one.names}
    found: set[tuple[str, str]] = set()
    with scene.gate.changing(add_fields):
        try:
            for feed in scene.feeds:
                found |= {name for one in scene.list_feed(feed) for name in one.names}
        except CatchmentError as error:
            yield f"with an unknown field in each object: {type(error).__name__}: {error}"
            return
    for _, name in sorted(wanted - found)[:1]:
        yield f"with an unknown field in each object {name!r} is not listed"


def add_fields(value: Any) -> Any:
    """*value* with one more field in every object that is an item of a list, and in the whole."""
    return {**_add(value), **NEWS} if isinstance(value, dict) else _add(value)


NEWS: dict[str, Any] = {"fieldOfTomorrow": {"deep": [1, None, "x"]}, "flag_of_tomorrow": True}


def _add(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _add(one) for name, one in value.items()}
    if isinstance(value, list):
        return [{**_add(one), **NEWS} if isinstance(one, dict) else _add(one) for one in value]
    return value
