"""Step ``hooks``: a window of a listing tells all of itself, up to its very end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from catchment.model import Window, period
from catchment.testing.asking import ACCOUNT, SOUND
from catchment.testing.listing import COMPLETE, say_span
from catchment.testing.rules import Declared
from catchment.testing.scene import Listed, Scene
from catchment.testing.subject import Subject

rule = Declared("hooks", *SOUND, ACCOUNT)
RULES = rule.rules


@rule(
    "poll.window",
    "A window that is cut in two, wherever that is, lists in its parts what the whole one lists.",
    "Ask the platform for exactly the window of the span, up to its very end; filter nothing by "
    "other times.",
    needs=(COMPLETE,),
)
def check_window(subject: Subject) -> Iterator[str]:
    """Cut the fullest window of each feed in the middle, and where a row begins to be told."""
    scene = subject.scene
    for feed in scene.feeds:
        listed = [one for one in scene.listings if one.span.feed == feed.name]
        fullest = max(listed, key=lambda one: len(one.names), default=None)
        if fullest is None or not fullest.names:
            continue
        grain = period(feed.resolution)
        steps = -(-fullest.span.window.length // grain)
        lost = fullest.names - _list_parts(scene, fullest, steps // 2 * grain)
        names = sorted(lost)[:1] or sorted(fullest.names)[:: max(1, len(fullest.names) - 1)]
        for name in names:
            cut = steps // 2 * grain if lost else _find_cut(scene, fullest, name, grain, steps)
            if cut and name not in _list_parts(scene, fullest, cut):
                at = fullest.span.window.start + cut
                yield (
                    f"{say_span(fullest.span)} lists {name[1]!r}; cut at {at:%Y-%m-%dT%H:%M:%SZ}, "
                    "neither of its parts does"
                )


def _find_cut(
    scene: Scene, listed: Listed, name: tuple[str, str], grain: timedelta, steps: int
) -> timedelta:
    """How far the longest beginning of a window reaches that does not tell *name* yet."""
    without, told = 0, steps
    while told - without > 1:
        middle = (without + told) // 2
        if name in _list_beginning(scene, listed, middle * grain):
            told = middle
        else:
            without = middle
    return without * grain


def _list_beginning(scene: Scene, listed: Listed, length: timedelta) -> set[tuple[str, str]]:
    window = listed.span.window
    span = replace(listed.span, window=Window(window.start, window.start + length))
    return {name for one in scene.poll(span) for name in one.names}


def _list_parts(scene: Scene, listed: Listed, cut: timedelta) -> set[tuple[str, str]]:
    """What both parts tell; the second one begins a grain early, as the engine's windows do."""
    window = listed.span.window
    feed = next(one for one in scene.feeds if one.name == listed.span.feed)
    start = max(window.start, window.start + cut - period(feed.resolution))
    rest = scene.poll(replace(listed.span, window=Window(start, window.end)))
    return _list_beginning(scene, listed, cut) | {name for one in rest for name in one.names}
