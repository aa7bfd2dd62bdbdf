"""Step ``hooks``: ``map_metadata``, which must be pure, and ``recover``, which must be patient."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from catchment.adapters import Hooks
from catchment.errors import CatchmentError
from catchment.model import (
    Bundle,
    Fact,
    InteractionDraft,
    Key,
    Measured,
    Nothing,
    Outcome,
    Ready,
    Recording,
    StoredFile,
)
from catchment.testing.asking import SOUND
from catchment.testing.fetching import FILES, list_files
from catchment.testing.listing import COMPLETE
from catchment.testing.rules import Declared, HookFailed
from catchment.testing.subject import Subject

MAP = "map.answers"
RECOVER = "recover.answers"
MOST_BUNDLES = 12

rule = Declared("hooks", *SOUND)
RULES = rule.rules


def list_bundles(subject: Subject) -> list[Bundle]:
    """What would be mapped: recordings and facts that share keys, the fullest first."""
    scene = subject.scene
    rows: list[Recording | Fact] = [*scene.recordings, *scene.facts.values()]
    homes: dict[Key, int] = {}
    groups: dict[int, list[Recording | Fact]] = {}
    for number, row in enumerate(rows):
        met = {homes[key] for key in row.keys if key in homes}
        groups[number] = [one for old in sorted(met) for one in groups.pop(old)] + [row]
        for key, home in list(homes.items()):
            if home in met:
                homes[key] = number
        homes |= dict.fromkeys(row.keys, number)
    files = _store_files(subject)
    found = []
    for group in sorted(groups.values(), key=len, reverse=True)[:MOST_BUNDLES]:
        recordings = tuple(one for one in group if isinstance(one, Recording))
        facts = tuple(one for one in group if isinstance(one, Fact))
        held = tuple(f for r in recordings for f in files.get(r.external_id, ()))
        found.append(Bundle(recordings, facts, held, scene.table.timezone))
    return found


def _store_files(subject: Subject) -> dict[str, list[StoredFile]]:
    found: dict[str, list[StoredFile]] = {}
    for name, file in list_files(subject.scene.media):
        audio = (1,) if file.kind in ("audio", "video") else ()
        stored = StoredFile(
            name,
            file.file_id,
            1,
            file.kind,
            file.form,
            "original",
            "",
            (file.sha256 or "0" * 64),
            file.size_bytes or 1,
            file.of,
            file.timeline,
            Measured(duration=file.timeline.length or None, audio=audio),
        )
        found.setdefault(name, []).append(stored)
    return found


def _map(subject: Subject, bundle: Bundle) -> Any:
    return subject.scene.ask("map_metadata", bundle=bundle)


@rule(
    MAP,
    "map_metadata gives an InteractionDraft whose ids are unique and whose references are found.",
    "Return what is known; name each party, leg and contact once, contacts and legs with parties "
    "of the same draft, and what is heard by recordings of the same interaction.",
    needs=(FILES,),
)
def check_map(subject: Subject) -> Iterator[str]:
    """Map everything once, through the engine's own checks."""
    for bundle in list_bundles(subject):
        draft = _map(subject, bundle)
        if not isinstance(draft, InteractionDraft):
            yield f"it gave a {type(draft).__name__}"
            continue
        try:
            Hooks(subject.scene.adapter).map_metadata(bundle)
        except CatchmentError as error:
            yield str(error)


@rule(
    "map.same",
    "map_metadata gives the same draft of the same bundle, whenever it is asked.",
    "Use no clock, no chance and no counter: ids must be the same whenever it is mapped again.",
    needs=(MAP,),
)
def check_same(subject: Subject) -> Iterator[str]:
    """Map each twice, one after all the others."""
    bundles = list_bundles(subject)
    adapter = subject.scene.make()
    first = [subject.scene.ask("map_metadata", adapter, bundle=one) for one in bundles]
    again = [subject.scene.ask("map_metadata", adapter, bundle=one) for one in reversed(bundles)]
    for before, after in zip(first, reversed(again), strict=True):
        yield from _compare(before, after, "asked again")


def _compare(before: InteractionDraft, after: InteractionDraft, when: str) -> Iterator[str]:
    """In what two drafts differ, if they do."""
    for name in InteractionDraft.__dataclass_fields__:
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            yield f"{before.external_id!r}, {when}, has other {name}: {_cut(one)} and {_cut(other)}"
            return


def _cut(value: object) -> str:
    return repr(value)[:160]


@rule(
    "map.order",
    "map_metadata gives the same draft in whatever order recordings, facts and files are.",
    "Sort by times and ids before anything is chosen or listed.",
    needs=("map.same",),
)
def check_order(subject: Subject) -> Iterator[str]:
    """Shuffle each bundle three times."""
    chance = random.Random(11)
    for bundle in list_bundles(subject):
        before = _map(subject, bundle)
        for _ in range(3):
            shuffled = replace(
                bundle,
                recordings=tuple(chance.sample(bundle.recordings, len(bundle.recordings))),
                facts=tuple(chance.sample(bundle.facts, len(bundle.facts))),
                files=tuple(chance.sample(bundle.files, len(bundle.files))),
            )
            yield from _compare(before, _map(subject, shuffled), "in another order")


@rule(
    "map.partial",
    "map_metadata says what is known where documents, facts, files or recordings are missing.",
    "Treat every document but the recording's listing, every fact and every file as something "
    "that may come later, or never.",
    needs=(MAP,),
)
def check_partial(subject: Subject) -> Iterator[str]:
    """Leave out each in turn."""
    for bundle in list_bundles(subject):
        for what, part in _list_parts(bundle):
            try:
                draft = _map(subject, part)
            except HookFailed as failure:
                yield f"without {what}: {failure}"
                return
            except CatchmentError as error:
                yield f"without {what} it raised {type(error).__name__}: {error}"
                return
            if not isinstance(draft, InteractionDraft):
                yield f"without {what} it gave a {type(draft).__name__}"


def _list_parts(bundle: Bundle) -> Iterator[tuple[str, Bundle]]:
    yield "files", replace(bundle, files=())
    if bundle.recordings:
        yield "facts", replace(bundle, facts=())
        yield "facts and files", replace(bundle, facts=(), files=())
    if bundle.facts:
        yield "recordings", replace(bundle, recordings=(), files=())
    names = {name for one in bundle.recordings for name in one.documents} - {"listing"}
    for left_out in sorted(names):
        recordings = tuple(
            replace(one, documents={n: d for n, d in one.documents.items() if n != left_out})
            for one in bundle.recordings
        )
        yield f"the document {left_out}", replace(bundle, recordings=recordings)
    for kind in sorted({fact.kind for fact in bundle.facts}):
        others = tuple(fact for fact in bundle.facts if fact.kind != kind)
        if bundle.recordings or others:
            yield f"facts of the kind {kind}", replace(bundle, facts=others)


@rule(
    "map.quiet",
    "map_metadata asks nobody.",
    "Let fetch_metadata get what the mapping needs: it is mapped again when nobody is there.",
    needs=(MAP,),
)
def check_quiet(subject: Subject) -> Iterator[str]:
    """Watch the simulator, and the sockets of this process."""
    scene = subject.scene
    adapter = scene.make()
    for bundle in list_bundles(subject):
        before = len(scene.gate.seen)
        with _listening() as heard:
            scene.ask("map_metadata", adapter, bundle=bundle)
        for asked in scene.gate.seen[before:]:
            yield f"it asked for {asked.path} of the host {asked.host}"
        yield from (f"it called {event}" for event in heard)


class _listening:  # noqa: N801 - used as a function is
    """What this thread does with sockets until the block is left."""

    def __enter__(self) -> list[str]:
        _install_watch()
        _HEARING.heard = []
        return _HEARING.heard

    def __exit__(self, *_: object) -> None:
        _HEARING.heard = None


class _Hearing(threading.local):
    heard: list[str] | None = None


_HEARING = _Hearing()


@cache
def _install_watch() -> None:
    """Python lets nobody take an audit hook back, so there is one, and it mostly does nothing."""

    def watch(event: str, _told: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo") and _HEARING.heard is not None:
            _HEARING.heard.append(event)

    sys.addaudithook(watch)


@rule(
    "map.process",
    "map_metadata gives the same draft in every process.",
    "Sort what comes out of a set before it is listed, and make no id with hash().",
    needs=("map.same",),
)
def check_process(subject: Subject) -> Iterator[str]:
    """Map in two processes of their own, whose sets have another order."""
    scene, bundles = subject.scene, list_bundles(subject)
    told = pickle.dumps((subject.name, scene.table.settings, scene.table.timezone, bundles))
    found: list[list[InteractionDraft]] = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "catchment.testing.remap"],
            input=told,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            timeout=180,
            check=False,
        )
        if done.returncode:
            yield f"mapped in a process of its own: {done.stderr.decode()[-200:]}"
            return
        found.append(pickle.loads(done.stdout))  # noqa: S301 - from our own process
    for one, other in zip(*found, strict=True):
        yield from _compare(one, other, "in another process")


# --- recovery by id ----------------------------------------------------------------------------

GARBAGE = (
    "no-such-id",
    "../../etc/passwd",
    "a/b?c=d#e&f",
    "100%",
    "%2F%00",
    "ä ö ü 漢字 😀",
    "'\"; DROP TABLE recording; --",
    "0",
    "-1",
    "x" * 256,
    "{}",
    "00000000-0000-0000-0000-000000000000",
)
"""What people paste into lists; none is an id of the small World."""


@rule(
    RECOVER,
    "recover yields one outcome for each id, and finds what the platform has listed.",
    "Answer Ready(id, sightings=…) with the subject as it was asked; take the ids that stand in "
    "the platform's own pages, and external_id among them.",
    needs=(COMPLETE,),
)
def check_recover(subject: Subject) -> Iterator[str]:
    """Ask for each recording by its id, or by another id that is told of it."""
    scene = subject.scene
    for sighting in list(scene.sightings.values())[:6]:
        names = [sighting.external_id, *(key.value for key in sighting.keys)]
        told: list[str] = []
        for name in dict.fromkeys(names):
            outcomes = _recover(subject, [name])
            yield from _check_answers("recover", [name], outcomes)
            for outcome in outcomes:
                if isinstance(outcome, Ready):
                    told += [one.external_id for one in outcome.sightings]
            if sighting.external_id in told:
                break
        else:
            yield f"{sighting.external_id!r} is not found by {names}; found: {told[:3]}"


def _recover(subject: Subject, ids: list[str]) -> list[Outcome]:
    size = subject.scene.batch.get("recover", 1)
    parts = [ids[start : start + size] for start in range(0, len(ids), size)]
    return [one for part in parts for one in subject.scene.ask("recover", ids=part)]


def _check_answers(hook: str, asked: list[str], found: list[Outcome]) -> Iterator[str]:
    told = [one.subject for one in found]
    for name in asked:
        if told.count(name) != 1:
            yield f"{hook} gave {told.count(name)} outcomes for {name!r}"
    for one in found:
        if one.subject not in asked:
            yield f"{hook} answered for {one.subject!r}, which was not asked"


@rule(
    "recover.unknown",
    "An id that the platform does not know is answered with an outcome, whatever was pasted.",
    "Encode ids in paths (quote(id, safe='')), catch Absent for the one id, and yield Nothing.",
    needs=(RECOVER,),
)
def check_unknown(subject: Subject) -> Iterator[str]:
    """Ask for what cannot be, alone and beside each other."""
    known = set(subject.scene.sightings)
    for name in GARBAGE:
        outcomes = _recover(subject, [name])
        yield from _check_answers("recover", [name], outcomes)
        for one in outcomes:
            if isinstance(one, Ready) and any(s.external_id in known for s in one.sightings):
                yield f"{name!r} was answered with {one.sightings[0].external_id!r}"
            elif not isinstance(one, Nothing) and name == GARBAGE[0]:
                yield f"{name!r} was answered with {type(one).__name__}"
    outcomes = _recover(subject, list(GARBAGE))
    yield from _check_answers("recover", list(GARBAGE), outcomes)
