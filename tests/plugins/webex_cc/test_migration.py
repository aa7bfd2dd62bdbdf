"""A tenant that Cisco moves to the next generation keeps what it has, and gets nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.plugins.webex_cc.center import Center, MakeCenter

from catchment.adapters import Hooks
from catchment.model import Batch, Ready, Recording, Sighting, Span, Window
from catchment_webex_cc.ids import dash

PAIRS = [("cms1", "programmatic"), ("cms2", "programmatic"), ("cms1", "cms2")]


def move(center: Center, generation: str) -> Hooks:
    """The hooks of an adapter whose settings name the next generation."""
    center.simulator.turn(generation=generation, migrated=True)
    return center.changed({})


def list_sightings(center: Center, hooks: Hooks) -> Mapping[str, Sighting]:
    """All recordings by id, as *hooks* list them."""
    pages = hooks.poll(Span("tasks", "", Window(center.start, center.now), None))
    return {one.external_id: one for page in pages for one in page.sightings}


@pytest.mark.parametrize(("before", "after"), PAIRS)
@pytest.mark.parametrize("sid_form", ["bare", "dashed"])
def test_the_same_call_is_the_same_recording(
    make_center: MakeCenter, before: str, after: str, sid_form: str
) -> None:
    """Id, key, time and revision are the same, so that nothing is news."""
    center = make_center(generation=before, sid_form=sid_form)
    old = center.sightings()
    new = list_sightings(center, move(center, after))
    assert len(old.keys() & new.keys()) > 10
    for name in old.keys() & new.keys():
        assert (old[name].keys, old[name].occurred_at, old[name].revision) == (
            new[name].keys,
            new[name].occurred_at,
            new[name].revision,
        )


@pytest.mark.parametrize(("before", "after"), PAIRS[:2])
def test_what_is_archived_is_described_as_it_was(
    make_center: MakeCenter, before: str, after: str
) -> None:
    """So that the same sound gets no second version, although it was mono then.

    What the generation before did not have is taken besides: consultations and transcripts.
    """
    center = make_center(generation=before)
    recordings = center.describe([center.record(one) for one in center.sightings().values()])
    answers = center.media(recordings)
    held = [one for one in recordings if isinstance(answers[one.external_id], Ready)]
    assert held
    hooks = move(center, after)
    for recording in held[:12]:
        old = answers[recording.external_id]
        assert isinstance(old, Ready)
        (main,) = (replace(file, ways=()) for file in old.files)
        kept = _describe(hooks, center, replace(recording, held={"main": main}))
        (answer,) = hooks.fetch_media(Batch((kept,), center.now))
        assert isinstance(answer, Ready)
        assert answer.files[0] == main
        others = {file.file_id.partition("-")[0] for file in answer.files[1:]}
        assert others <= {"consult", "transcript"}


def test_what_is_not_archived_yet_comes_from_the_new_generation(make_center: MakeCenter) -> None:
    """Listed before, and fetched after: in stereo, by its id with dashes."""
    center = make_center(generation="cms1")
    recordings = center.describe([center.record(one) for one in center.sightings().values()])
    hooks = move(center, "programmatic")
    truth = {row.external_id for row in center.simulator.truth(center.now)}
    found = {
        answer.item_id
        for at in range(0, len(recordings), 10)
        for answer in hooks.fetch_media(Batch(tuple(recordings[at : at + 10]), center.now))
        if isinstance(answer, Ready) and any(len(file.channels) == 2 for file in answer.files)
    }
    assert found == truth


def test_activities_of_both_generations_are_one(make_center: MakeCenter) -> None:
    """By login, start and state; what they spell differently is no part of a call."""
    center = make_center(generation="cms1", legacy_rows="rich")
    old = set(center.activities())
    center.hooks = move(center, "programmatic")
    new = set(center.activities())
    assert len(old & new) > 50
    assert all("respond" in name or "logged" in name for name in old ^ new)


def test_contacts_stay_what_they_were(make_center: MakeCenter) -> None:
    """Listed before, mapped again after."""
    center = make_center(generation="cms1", calls=30, chains=20)
    before = center.drafts()
    facts = [*center.tasks().values(), *center.activities().values()]
    recordings = center.describe([center.record(one) for one in center.sightings().values()])
    hooks = move(center, "programmatic")
    center.hooks = hooks
    facts = list({(one.kind, one.fact_id): one for one in (
        *facts, *center.tasks().values(), *center.activities().values())}.values())  # fmt: skip
    for recording in recordings:
        draft = center.map(_describe(hooks, center, recording), facts)
        old = before[recording.external_id]
        told = [(one.contact_id, one.start, one.end) for one in draft.contacts]
        assert told == [(one.contact_id, one.start, one.end) for one in old.contacts]
        assert (draft.external_id, draft.started_at) == (old.external_id, old.started_at)
        assert draft.associated_id == draft.external_id == dash(recording.external_id)


def test_a_call_has_one_spelling_in_every_generation(make_center: MakeCenter) -> None:
    """With dashes, so that the same id is found whichever generation told the call."""
    told = [
        {name: draft.external_id for name, draft in make_center(**switches).drafts().items()}
        for switches in (
            {"generation": "programmatic"},
            {"generation": "cms1"},
            {"generation": "cms2", "sid_form": "dashed"},
        )
    ]
    shared = told[0].keys() & told[1].keys() & told[2].keys()
    assert len(shared) > 5
    for name in shared:
        assert {ids[name] for ids in told} == {dash(name)}


def _describe(hooks: Hooks, center: Center, recording: Recording) -> Recording:
    """*recording* with what *hooks* tell of it besides what is told already."""
    (answer,) = hooks.fetch_metadata(Batch((recording,), center.now))
    assert isinstance(answer, Ready)
    return replace(recording, documents={**recording.documents, **answer.documents})
