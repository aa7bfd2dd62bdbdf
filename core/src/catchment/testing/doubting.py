"""Step ``hooks``: what is not known is never told as the end of a recording or of a file.

The client and the engine ask again, and a platform's short trouble is over before a recording is no
longer young.  So trouble that lasts is put here in front of each hook alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from catchment.errors import CatchmentError
from catchment.model import Nothing, Outcome, Ready, Recording
from catchment.sandbox import Answer
from catchment.testing.asking import ACCOUNT, SOUND
from catchment.testing.drafting import RECOVER
from catchment.testing.fetching import FILES, METADATA, list_files
from catchment.testing.gate import CUTS, Asked
from catchment.testing.listing import COMPLETE
from catchment.testing.quiet import HORIZON
from catchment.testing.rules import Declared, HookFailed, NotApplicable
from catchment.testing.scene import Scene
from catchment.testing.subject import Subject

MOST_RECORDINGS = 3
"""So many recordings are asked for amid trouble, each with other kinds of files."""

MOST_PASSED = 4
"""So many requests of a hook come through at most before the trouble begins."""

rule = Declared("hooks", *SOUND, ACCOUNT, COMPLETE)
RULES = rule.rules

HOOKS: Mapping[str, tuple[str, str]] = {
    "fetch_metadata": ("metadata.cut", METADATA),
    "fetch_media": ("media.cut", FILES),
    "recover": ("recover.cut", RECOVER),
}
"""The rule of each hook that answers for single items, and what it needs."""


class _Trouble:
    """Lets some requests through and answers the others in the platform's place."""

    def __init__(self, answer: Answer, passed: int) -> None:
        self._answer, self._left = answer, passed
        self.begun = False

    def __call__(self, asked: Asked) -> Answer | None:
        if self._left > 0:
            self._left -= 1
            return None
        self.begun = True
        return self._answer


def check_cut(subject: Subject, *, hook: str) -> Iterator[str]:
    """Let some requests come through, and break off all that follow."""
    scene = subject.scene
    for recording in _choose(scene):
        sound = _ask(scene, hook, recording)
        for what, answer in CUTS.items():
            for passed in range(MOST_PASSED):
                trouble = _Trouble(answer, passed)
                found = _ask(scene, hook, recording, trouble)
                if not trouble.begun:
                    break
                for fault in _list_faults(sound, found):
                    yield f"{hook} of {recording.external_id!r}: an answer {what}, and {fault}"


def _choose(scene: Scene) -> list[Recording]:
    """Some recordings, of which no two have the same kinds of files."""
    kinds: dict[str, set[str]] = {}
    for name, file in list_files(scene.media):
        kinds.setdefault(name, set()).add(file.kind)
    known = {frozenset(kinds.get(one.external_id, ())): one for one in scene.recordings}
    return [known[one] for one in sorted(known, key=len, reverse=True)[:MOST_RECORDINGS]]


def _ask(
    scene: Scene, hook: str, recording: Recording, trouble: _Trouble | None = None
) -> Sequence[Outcome]:
    """What a new instance says of *recording*, amid trouble; nothing where it raises."""
    adapter = scene.make()
    scene.ask("account", adapter)  # the token is there before anything breaks
    found: list[Outcome] = []
    with scene.gate.answering(trouble or (lambda asked: None)):
        try:
            if hook != "recover":
                told = scene.fetch(hook, [recording], size=1, renew=True, adapter=adapter)
                return list(told.values())
            for name in dict.fromkeys((recording.external_id, *(k.value for k in recording.keys))):
                found += scene.ask(hook, adapter, ids=[name])
        except (CatchmentError, HookFailed):
            pass  # so it should be
    return found


def _list_faults(sound: Sequence[Outcome], found: Sequence[Outcome]) -> Iterator[str]:
    """What was lost, by a hook that did not say that anything went wrong."""
    before = {one.item_id: one for one in sound}
    for outcome in found:
        known = before.get(outcome.item_id)
        if not isinstance(known, Ready):
            continue
        if isinstance(outcome, Nothing):
            yield f"it was told as Nothing ({outcome.why})"
        elif isinstance(outcome, Ready):
            yield from _list_lost(known, outcome)


def _list_lost(known: Ready, found: Ready) -> Iterator[str]:
    for name in sorted(known.documents.keys() - found.documents.keys()):
        yield f"it was told as Ready without the document {name}"
    if known.sightings and not found.sightings:
        yield "it was told as Ready without a sighting, which is as good as Nothing"
    files = {file.file_id: file for file in found.files}
    for file in known.files if files else ():  # none at all is "not yet"
        now = files.get(file.file_id)
        if now is None:
            yield f"it was told as Ready without the file {file.file_id!r}"
        elif now.offered == "failed" != file.offered:
            yield f"the file {file.file_id!r} was told as failed ({now.why})"


for _hook, (_id, _needed) in HOOKS.items():
    rule(
        _id,
        f"An answer that breaks off or cannot be read is no answer: {_hook} calls nothing gone, "
        "and leaves nothing out.",
        "Let what the client raises leave the hook, and raise Unreachable for an answer that "
        "cannot be read: Nothing, and what is left out, is not asked for again. Catch Absent "
        "alone.",
        needs=(_needed,),
    )(partial(check_cut, hook=_hook))


@rule(
    "media.early",
    "A file that is not there yet, and comes later, is never called gone.",
    "Say NotYet, or MediaFile(offered='not_yet'), while the platform may still be working on it; "
    "Nothing and 'failed' are for what the platform says will never come.",
    needs=(FILES,),
)
def check_early(subject: Subject) -> Iterator[str]:
    """Ask some hours after the day, when many files come still later."""
    scene = subject.late_scene
    now = scene.now()
    coming = [row for row in scene.stage.platform.truth(now + HORIZON) if row.available_at > now]
    media = {**scene.metadata, **scene.media}
    asked = [row for row in coming if row.external_id in media]
    if not asked:
        raise NotApplicable("nothing is listed before its files are there")
    files = {(name, file.file_id): file for name, file in list_files(media)}
    for row in asked:
        outcome, file = media[row.external_id], files.get((row.external_id, row.file_id))
        hours = (row.available_at - now) / timedelta(hours=1)
        later = f"{hours:.0f} hours before it comes" if hours >= 1 else "just before it comes"
        if isinstance(outcome, Nothing):
            yield f"{row.external_id!r} is told as Nothing ({outcome.why}), {later}"
        elif file is not None and file.offered == "failed":
            yield (
                f"the file {row.file_id!r} of {row.external_id!r} is told as failed ({file.why}), "
                f"{later}"
            )
