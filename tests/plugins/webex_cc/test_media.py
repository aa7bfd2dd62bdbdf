"""Sound through the hooks of the contract, over HTTP, against the simulated platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.plugins.webex_cc.center import MakeCenter

from catchment.model import Nothing, NotYet, Ready
from catchment.transport import Downloader
from catchment_webex_cc.adapter import WebexContactCenter
from catchment_webex_cc.simulator.contacts import from_ms

GENERATIONS = ["programmatic", "cms2", "cms1"]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_files_are_downloaded_with_what_they_need(
    make_center: MakeCenter, tmp_path: Path, generation: str
) -> None:
    """Links of their own right without a bearer (3); else the credential, to one host (7.4)."""
    center = make_center(generation=generation)
    truth = {(r.external_id, r.file_id): r.sha256 for r in center.simulator.truth(center.now)}
    adapter = center.hooks.adapter
    hosts = adapter.token_hosts()
    assert bool(hosts) is (generation != "programmatic")
    loader = Downloader(center.clock, token=adapter.credentials(), token_hosts=hosts)
    recordings = center.describe([center.record(one) for one in center.sightings().values()])
    ready = [one for one in center.media(recordings).values() if isinstance(one, Ready)]
    for answer in ready[:5]:
        for file in answer.files:
            (way,) = file.ways
            assert way.auth is (generation != "programmatic")
            assert not way.headers
            fetched = loader.fetch(way, tmp_path / f"{answer.item_id}{file.file_id}")
            assert fetched.sha256 == truth[answer.item_id, file.file_id]
    loader.close()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_sound_that_is_not_there_yet_is_waited_for(
    make_center: MakeCenter, generation: str
) -> None:
    """S002-147: the call is listed, its recording is not there yet, and then it is."""
    center = make_center(generation=generation, recording_after_s=1800, visible_after_s=60)
    told = next(one for one in center.simulator.tenant.contacts if one.audio_ms)
    assert told.audio_ms is not None
    center.clock.set(from_ms(told.visible_ms) + timedelta(minutes=2))
    recording = center.record(center.sightings()[told.external_id])
    assert isinstance(center.media([recording])[told.external_id], NotYet)
    center.clock.set(from_ms(told.audio_ms))
    assert isinstance(center.media([recording])[told.external_id], Ready)


@pytest.mark.parametrize("generation", ["cms2", "cms1"])
def test_sound_that_was_purged_is_gone(make_center: MakeCenter, generation: str) -> None:
    """7.5: 410."""
    center = make_center(generation=generation, purged_every=1)
    recordings = [center.record(one) for one in center.sightings().values()]
    center.clock.advance(timedelta(days=2))
    answers = center.media(recordings)
    recorded = {one.external_id for one in center.simulator.tenant.contacts if one.audio_ms}
    assert {name for name, one in answers.items() if isinstance(one, Nothing)} == recorded


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"isRecordingDeleted": True}, "deleted"), ({"captureRequested": False}, "not recorded")],
    ids=repr,
)
def test_what_the_task_itself_denies_is_not_asked_for(
    make_center: MakeCenter, changed: dict[str, object], why: str
) -> None:
    """The newest document counts, and no question is needed."""
    center = make_center()
    recording = center.record(next(iter(center.sightings().values())))
    task = {**recording.documents["listing"], **changed}
    recording = replace(recording, documents={**recording.documents, "task": task})
    answer = center.media([recording])[recording.external_id]
    assert isinstance(answer, Nothing)
    assert why in answer.why


def test_links_are_never_archived() -> None:
    """The engine blanks them wherever they stand in a document."""
    assert "filePath" in WebexContactCenter.withheld
