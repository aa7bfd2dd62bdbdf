"""Step ``hooks``: metadata and files of what was listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catchment.errors import CatchmentError
from catchment.model import MediaFile, Outcome, Ready, Recording
from catchment.testing.asking import SOUND
from catchment.testing.listing import COMPLETE, add_fields, find_no_json
from catchment.testing.rules import Declared
from catchment.testing.subject import Subject

METADATA = "metadata.answers"
MEDIA = "media.answers"
FILES = "media.complete"
rule = Declared("hooks", *SOUND, COMPLETE)
RULES = rule.rules


@rule(
    METADATA,
    "fetch_metadata yields one outcome for each recording of the batch, and none for others.",
    "Yield Ready(recording, …) for each; a recording without an outcome counts as failed.",
)
def check_metadata(subject: Subject) -> Iterator[str]:
    """Ask for everything that is listed, in batches of the declared size."""
    scene = subject.scene
    listed = [scene.record(one) for one in scene.sightings.values()]
    yield from _check_outcomes(subject, "fetch_metadata", listed, scene.metadata)


def _check_outcomes(
    subject: Subject, hook: str, asked: list[Recording], found: Mapping[str, Outcome]
) -> Iterator[str]:
    ids = {one.external_id for one in asked}
    for name in sorted(ids - set(found)):
        yield f"{hook} gave no outcome for {name!r}"
    for name in sorted(set(found) - ids):
        yield f"{hook} gave an outcome for {name!r}, which was not asked"
    for name, outcome in found.items():
        if not isinstance(outcome, Outcome) or type(outcome) is Outcome:
            yield f"{hook} gave a {type(outcome).__name__} for {name!r}"
    known = {row.external_id for row in subject.scene.stage.platform.truth(subject.scene.now())}
    for name in sorted(known & set(found)):
        if not isinstance(found[name], Ready):
            why = getattr(found[name], "why", "")
            yield f"{hook} says {type(found[name]).__name__} of {name!r}, which is there: {why}"


@rule(
    "metadata.order",
    "What fetch_metadata says of a recording does not depend on what it is asked with.",
    "Match answers to recordings by id, never by their place.",
    needs=(METADATA,),
)
def check_metadata_order(subject: Subject) -> Iterator[str]:
    """Ask again, the other way round and one by one."""
    scene = subject.scene
    listed = [scene.record(one) for one in reversed(scene.sightings.values())]
    for size in (None, 1):
        again = scene.fetch("fetch_metadata", listed, size=size)
        for name, outcome in scene.metadata.items():
            if _sum_up(again.get(name)) != _sum_up(outcome):
                how = "alone" if size else "in another order"
                yield f"asked {how}, {name!r} has other documents, keys or another outcome"


def _sum_up(outcome: Outcome | None) -> object:
    """What must not change: links and times of an answer may."""
    if isinstance(outcome, Ready):
        return sorted(outcome.documents), sorted(set(outcome.keys))
    return type(outcome).__name__


@rule(
    "metadata.documents",
    "Documents are JSON objects by their names.",
    "Hand the parsed answer on as it is, under a name without a slash.",
    needs=(METADATA,),
)
def check_documents(subject: Subject) -> Iterator[str]:
    """Write each down and read it again."""
    for external_id, outcome in subject.scene.metadata.items():
        for name, document in outcome.documents.items() if isinstance(outcome, Ready) else ():
            fault = find_no_json(document)
            if fault:
                yield f"the document {name} of {external_id!r} {fault}"


@rule(
    "metadata.keys",
    "A recording has the keys that join it to its interaction, once its metadata is known.",
    "Give the ids by which the platform says 'the same call' as Sighting.keys or Ready.keys.",
    needs=(METADATA,),
)
def check_keys(subject: Subject) -> Iterator[str]:
    """Compare with the simulator's truth."""
    scene = subject.scene
    known = {r.external_id: {f"{k.space}:{k.value}" for k in r.keys} for r in scene.recordings}
    for row in scene.stage.platform.truth(scene.now()):
        missing = set(row.keys) - known.get(row.external_id, set())
        if missing:
            yield f"{row.external_id!r} lacks the key {sorted(missing)[0]}"


@rule(
    MEDIA,
    "fetch_media yields one outcome for each recording of the batch, and none for others.",
    "Yield Ready(recording, files=…), NotYet, Nothing or Denied for each.",
    needs=(METADATA,),
)
def check_media(subject: Subject) -> Iterator[str]:
    """Ask for everything whose metadata is known."""
    scene = subject.scene
    yield from _check_outcomes(subject, "fetch_media", scene.recordings, scene.media)


@rule(
    FILES,
    "Every file that the platform has made available is named, ready, with a way to its bytes.",
    "Name all files of a recording, also those that are not ready; give a ready one a Way or its "
    "bytes inline.",
    needs=(MEDIA,),
)
def check_files(subject: Subject) -> Iterator[str]:
    """Compare with the simulator's truth."""
    scene = subject.scene
    found = {(name, file.file_id): file for name, file in list_files(scene.media)}
    for row in scene.stage.platform.truth(scene.now()):
        file = found.get((row.external_id, row.file_id))
        if file is None:
            yield f"the file {row.file_id!r} of {row.external_id!r} is not named"
        elif file.offered != "ready":
            yield f"the file {row.file_id!r} of {row.external_id!r} is {file.offered}: {file.why}"
        elif file.kind != row.kind:
            yield f"the file {row.file_id!r} is {file.kind}, and the platform says {row.kind}"
    for (name, file_id), file in found.items():
        if file.offered == "ready" and not file.ways and file.inline is None:
            yield f"the file {file_id!r} of {name!r} is ready and there is no way to it"


def list_files(media: Mapping[str, Outcome]) -> Iterator[tuple[str, MediaFile]]:
    """Every file of every recording."""
    for name, outcome in media.items():
        if isinstance(outcome, Ready):
            yield from ((name, file) for file in outcome.files)


@rule(
    "media.unique",
    "A file's id is its own within the recording.",
    "Take the platform's id of the file, or make one of what tells its files apart.",
    needs=(MEDIA,),
)
def check_unique(subject: Subject) -> Iterator[str]:
    """Two files of one id are one file to us."""
    for name, outcome in subject.scene.media.items():
        ids = [file.file_id for file in outcome.files] if isinstance(outcome, Ready) else []
        yield from (
            f"{name!r} has two files {one!r}" for one in sorted(set(ids)) if ids.count(one) > 1
        )


@rule(
    "media.stable",
    "A file keeps its id when it is asked for again, with links renewed, in any order.",
    "Never make an id of a link, of a place in a list, or of chance.",
    needs=(MEDIA,),
)
def check_stable(subject: Subject) -> Iterator[str]:
    """Ask again, the other way round, for new links."""
    scene = subject.scene
    scene.stage.clock.wait(2)
    again = scene.fetch("fetch_media", scene.recordings[::-1], renew=True)
    before = {(name, file.file_id) for name, file in list_files(scene.media)}
    after = {(name, file.file_id) for name, file in list_files(again)}
    for name, file_id in sorted(before - after):
        others = [other for one, other in sorted(after) if one == name]
        yield f"{name!r} had a file {file_id!r}, and asked again it has {others[:3]}"


@rule(
    "media.why",
    "Of a file that is not ready it is said why.",
    "Set MediaFile.why: it is what people read beside the file while it is waited for.",
    needs=(MEDIA,),
)
def check_why(subject: Subject) -> Iterator[str]:
    """Ask early in the day, when the platform is still working, and now."""
    for name, file in list_files(subject.scene.media):
        if file.offered != "ready" and not file.why.strip():
            yield f"the file {file.file_id!r} of {name!r} is {file.offered} for no reason"


@rule(
    "media.form",
    "A file's form is a lower-case file extension, without a dot.",
    "Write form='mp4'.",
    needs=(MEDIA,),
)
def check_form(subject: Subject) -> Iterator[str]:
    """It becomes part of names in an export."""
    for name, file in list_files(subject.scene.media):
        if not (file.form.isalnum() and file.form == file.form.lower()):
            yield f"the file {file.file_id!r} of {name!r} has the form {file.form!r}"


@rule(
    "media.fields",
    "Fields that nobody knows yet do no harm to metadata and files.",
    "Read tolerantly: let models ignore what they do not name (pydantic's extra='ignore').",
    needs=(FILES, "media.stable"),
)
def check_fields(subject: Subject) -> Iterator[str]:
    """Put a field into every JSON object that the platform answers."""
    scene = subject.scene
    listed = [scene.record(one) for one in scene.sightings.values()]
    with scene.gate.changing(add_fields):
        try:
            scene.fetch("fetch_metadata", listed)
            again = scene.fetch("fetch_media", scene.recordings, renew=True)
        except CatchmentError as error:
            yield f"with an unknown field in each object: {type(error).__name__}: {error}"
            return
    before = {(name, file.file_id) for name, file in list_files(scene.media)}
    after = {(name, file.file_id) for name, file in list_files(again)}
    for name, file_id in sorted(before - after)[:1]:
        yield f"with an unknown field in each object {name!r} has no file {file_id!r}"
