"""Calls looked up by id: nothing is said to be gone that could not be asked."""

from __future__ import annotations

import pytest
from tests.plugins.dynamics.organisation import MakeOrganisation, Organisation

from catchment.model import Denied, NotYet, Outcome, Ready
from catchment_dynamics.simulator.store import Store

GUID = "00000000-0000-4000-8000-000000000000"


def find_recorded(organisation: Organisation) -> str:
    """A conversation that has a recording."""
    seen = [one for page in organisation.poll("recordings") for one in page.sightings]
    return next(one.keys[0].value for one in seen if len(one.keys) == 2)


def find_transcribed(organisation: Organisation) -> str:
    """A conversation that has a recording and a transcript."""
    seen = [one for page in organisation.poll("transcripts") for one in page.sightings]
    transcribed = {one.keys[0].value for one in seen}
    seen = [one for page in organisation.poll("recordings") for one in page.sightings]
    return next(one.keys[0].value for one in seen if one.keys[0].value in transcribed)


def recover(organisation: Organisation, asked: str) -> Outcome:
    """The answer about one id."""
    (answer,) = organisation.hooks.recover([asked])
    return answer


@pytest.mark.parametrize("known", [True, False])
def test_what_may_not_be_asked_is_not_gone(
    make_organisation: MakeOrganisation, known: bool
) -> None:
    """S004: a privilege is missing for a day, and calls of that day are not given up."""
    organisation = make_organisation()
    asked = find_recorded(organisation) if known else GUID
    organisation.simulator.refuse = lambda _verb, path: (
        (403, "0x80040220") if path.endswith("/msdyn_ocrecordings") else (0, "")
    )
    answer = recover(organisation, asked)
    assert isinstance(answer, Denied)
    assert "not everything could be asked" in answer.why


@pytest.mark.parametrize(
    ("lacks", "privilege"),
    [
        ("msdyn_ocliveworkitem", "prvReadActivity"),
        ("msdyn_ocrecording", "prvReadmsdyn_ocrecording"),
        ("msdyn_transcript", "prvReadmsdyn_transcript"),
    ],
)
def test_a_missing_privilege_is_named(
    make_organisation: MakeOrganisation, lacks: str, privilege: str
) -> None:
    """1.2: an id that nobody knows may be one of what may not be read."""
    answer = recover(make_organisation(lacks=lacks), GUID)
    assert isinstance(answer, Denied)
    assert privilege in answer.why


def test_a_call_without_its_recording_stays_open(make_organisation: MakeOrganisation) -> None:
    """Whatever else may not be read: the recording may come, and is asked for again."""
    organisation = make_organisation(lacks="msdyn_transcript")
    seen = [one for page in organisation.poll("recordings") for one in page.sightings]
    known = {key.value for one in seen for key in one.keys}
    facts = organisation.facts("conversations").values()
    silent = next(one.fact_id for one in facts if one.fact_id not in known)
    assert isinstance(recover(organisation, silent), NotYet)


def test_a_missing_table_is_not_a_missing_call(make_organisation: MakeOrganisation) -> None:
    """Recordings cannot do without theirs; others can, where that is proved."""
    answer = recover(make_organisation(missing_tables="msdyn_ocrecording"), GUID)
    assert isinstance(answer, Denied)
    assert "msdyn_ocrecording" in answer.why
    organisation = make_organisation(missing_tables="msdyn_ocvoicemail msdyn_transcript")
    assert isinstance(recover(organisation, find_recorded(organisation)), Ready)


def test_a_recording_is_found_without_its_conversation(
    make_organisation: MakeOrganisation,
) -> None:
    """What is there is captured, whatever else may not be read."""
    asked = find_recorded(make_organisation())
    answer = recover(make_organisation(lacks="msdyn_ocliveworkitem"), asked)
    assert isinstance(answer, Ready)
    assert answer.sightings


def test_transcripts_alone_are_not_the_recording(make_organisation: MakeOrganisation) -> None:
    """4.1: an answered call of which the recording is missing stays open."""
    organisation = make_organisation()
    asked = find_transcribed(organisation)
    environment = organisation.simulator.environment
    assert isinstance(recover(organisation, asked), Ready)
    hidden = {
        one.external_id for page in organisation.poll("recordings") for one in page.sightings
        if one.keys[0].value == asked
    }  # fmt: skip
    histories = organisation.simulator.plot.histories
    kept = [one for one in histories if one.row_id not in hidden]
    environment.store = Store(kept, environment.store.epoch)
    answer = recover(organisation, asked)
    assert isinstance(answer, NotYet)
    assert "no recording of it so far; its transcripts" in answer.why


def test_the_voicemail_of_a_missed_call_is_found(make_organisation: MakeOrganisation) -> None:
    """3: over the voicemail, which alone knows the conversation."""
    organisation = make_organisation(voicemails_every=1)
    seen = [one for page in organisation.poll("recordings") for one in page.sightings]
    left = next(one for one in seen if [key.space for key in one.keys] == ["conversation"])
    for asked in (left.keys[0].value, left.external_id):
        answer = recover(organisation, asked)
        assert isinstance(answer, Ready)
        assert answer.sightings == (left,)
