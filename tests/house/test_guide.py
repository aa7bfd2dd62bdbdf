"""The pieces of code that the guide for adapters shows are code that works."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catchment.model import (
    Bundle,
    Fact,
    Heard,
    InteractionDraft,
    Key,
    Measured,
    Recording,
    StoredFile,
    Timeline,
    Window,
)

DOCS = Path(__file__).parents[2] / "docs"
NINE = datetime(2026, 10, 13, 9, tzinfo=UTC)


def at(seconds: int) -> datetime:
    """A moment of the call."""
    return NINE + timedelta(seconds=seconds)


def window(start: int, end: int) -> Window:
    """A stretch of the call."""
    return Window(at(start), at(end))


def load(name: str) -> Any:
    """An example of the guide, as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tell(*lines: tuple[str, str, int, int | None]) -> Iterator[Fact]:
    """Activities of agents: who, the state, from, to."""
    for agent, state, start, end in lines:
        document = {"agent": agent, "state": state, "start": at(start).isoformat()}
        document["end"] = "" if end is None else at(end).isoformat()
        yield Fact(
            "activity", f"{agent}-{start}", at(start), (Key("call", "c"),), document=document
        )


def store(
    name: str, *stretches: Window, origin: Any = "original", kind: Any = "audio"
) -> StoredFile:
    """An archived file of the call."""
    timeline = Timeline(stretches, "declared")
    return StoredFile(
        "c", name, 1, kind, "wav", origin, "", name, 1, None, timeline, Measured(audio=(1,))
    )


def map_call(*files: StoredFile) -> InteractionDraft:
    """What the example makes of a consultation, a transfer and a word that it does not know."""
    lines = tell(
        ("ann", "ringing", 0, 5),
        ("ann", "connected", 5, 60),
        ("ann", "consulting", 30, 50),
        ("ann", "wrap-up", 60, 90),
        ("bob", "ringing", 25, 30),
        ("bob", "consulted", 30, 50),
        ("bob", "musing", 50, 60),
        ("bob", "connected", 60, None),
    )
    call = {"ended": at(100).isoformat()}
    recording = Recording("c", NINE, documents={"call": call})
    draft: InteractionDraft = load("several_agents").map_call(
        Bundle((recording,), tuple(lines), files)
    )
    return draft


def test_the_example_of_several_agents_cuts_what_each_heard() -> None:
    """Of the original sound whose time is known: who asks keeps the customer (S002-143)."""
    draft = map_call(
        store("line", window(5, 20), window(25, 100)),
        store("consult", window(30, 50)),
        store("made", window(0, 100), origin="derived"),
        store("film", window(0, 100), kind="video"),
        store("undated"),
    )
    assert {one.contact_id: (one.start, one.end, one.heard) for one in draft.contacts} == {
        "ann:1": (at(5), at(60), (Heard("c", "line", window(5, 60)),)),
        "bob:1": (
            at(30),
            at(100),
            (Heard("c", "consult", window(30, 50)), Heard("c", "line", window(50, 100))),
        ),
    }
    assert {one.agent for one in draft.contacts} == {one.party_id for one in draft.parties}


def test_the_example_of_several_agents_needs_no_file() -> None:
    """Before anything is archived the contacts are there, and nothing is heard yet."""
    assert [one.heard for one in map_call().contacts] == [(), ()]
