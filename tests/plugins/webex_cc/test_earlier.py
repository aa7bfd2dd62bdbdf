"""The earlier generations where nobody knows what they answer (7), over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.plugins.webex_cc.center import Center, MakeCenter

from catchment.errors import Unreachable
from catchment.model import Batch, Nothing, NotYet, Ready, Recording
from catchment_webex_cc.activities import read_nodes
from catchment_webex_cc.cms import Cms
from catchment_webex_cc.directory import is_queue
from catchment_webex_cc.files import find_beginning
from catchment_webex_cc.ids import dash, read_task_id
from catchment_webex_cc.simulator.contacts import from_ms
from catchment_webex_cc.view import SESSION_CHAIN_DOCUMENT, SESSION_DOCUMENT
from catchment_webex_cc.waiting import NO_LONGER

CHAINS, AGENTS = "/cars", "/aars"


def list_recordings(center: Center) -> list[Recording]:
    """Everything that was or may be recorded."""
    return [center.record(one) for one in center.sightings().values()]


def list_ready(center: Center) -> list[Recording]:
    """Those of them whose sound is there."""
    there = {name for name, _, _ in center.truth()}
    return [one for one in list_recordings(center) if one.external_id in there]


# --- chains -----------------------------------------------------------------------------------


@pytest.mark.parametrize("filtering", ["400", "ignored", "honoured"])
def test_a_chain_is_found_however_the_question_is_read(
    make_center: MakeCenter, filtering: str
) -> None:
    """7.2 does not say how one session's activities are asked for; no other's are taken."""
    center = make_center(generation="cms1", q_filter=filtering)
    found = center.describe(list_recordings(center))
    assert found
    for one in found:
        rows = one.documents[SESSION_CHAIN_DOCUMENT]["nodes"]
        assert {read_task_id(row["callSessionId"]) for row in rows} == {one.external_id}


@pytest.mark.parametrize("filtering", ["400", "ignored"])
def test_a_window_of_everybodys_activities_is_halved(
    make_center: MakeCenter, filtering: str
) -> None:
    """There is no second page."""
    center = make_center(generation="cms1", q_filter=filtering)
    batch = Batch(tuple(list_recordings(center)[:5]), center.now)
    whole, halved = (
        [one.documents for one in Cms(center.access, most=most).fetch_metadata(batch)
         if isinstance(one, Ready)]
        for most in (1000, 10)
    )  # fmt: skip
    assert len(whole) == 5
    assert whole == halved
    asked = [path for _, path in center.simulator.asked if path.endswith(CHAINS)]
    assert len(asked) > 2 * len(batch.recordings) * (2 if filtering == "400" else 1)


def test_without_a_chain_the_agents_activities_say_when_it_was_answered(
    make_center: MakeCenter,
) -> None:
    """The sound is taken to begin there, and not with the call."""
    center = make_center(generation="cms1")
    expected = {one.external_id: one for one in center.describe(list_ready(center))}
    center.simulator.refuse = lambda _verb, path: 400 * path.endswith(CHAINS)
    recordings = center.describe(list_ready(center))
    answers = center.media(recordings)
    assert recordings
    for one in recordings:
        chained = expected[one.external_id].documents[SESSION_CHAIN_DOCUMENT]
        answer = answers[one.external_id]
        assert isinstance(answer, Ready)
        start = answer.files[0].timeline.stretches[0].start
        assert start == find_beginning(read_nodes(chained))


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_a_chain_that_cannot_be_had_costs_nothing_else(
    make_center: MakeCenter, status: int
) -> None:
    """No chain, but a session and its sound: at once, or after some hours of trouble."""
    center = make_center(generation="cms1", calls=4, chains=0)
    center.clock.advance(timedelta(hours=24))
    center.simulator.refuse = lambda _verb, path: status * path.endswith((CHAINS, AGENTS))
    for one in center.describe(list_ready(center)):
        assert SESSION_DOCUMENT in one.documents
        assert SESSION_CHAIN_DOCUMENT not in one.documents
    assert center.files() == center.truth()


def test_a_chain_that_had_no_answer_is_asked_for_again(make_center: MakeCenter) -> None:
    """A server in trouble is no server without chains: where the sound begins is told once."""
    center = make_center(generation="cms1", calls=4, chains=0)
    center.clock.set(from_ms(max(one.ended_ms for one in center.simulator.tenant.contacts)))
    center.clock.advance(timedelta(hours=2))
    center.simulator.refuse = lambda _verb, path: 500 * path.endswith((CHAINS, AGENTS))
    with pytest.raises(Unreachable):
        list(center.hooks.fetch_metadata(Batch(tuple(list_ready(center)[-1:]), center.now)))


# --- sound ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("head", ["405", "200", "404"])
def test_a_look_tells_what_is_there(make_center: MakeCenter, head: str, ranges: bool) -> None:
    """7.4: whether heads and first bytes can be asked for nobody knows."""
    center = make_center(
        generation="cms1", media_head=head, media_range=ranges, recording_after_s=1800,
        visible_after_s=60,
    )  # fmt: skip
    told = next(one for one in center.simulator.tenant.contacts if one.audio_ms)
    assert told.audio_ms is not None
    center.clock.set(from_ms(told.visible_ms) + timedelta(minutes=2))
    recording = center.record(center.sightings()[told.external_id])
    assert isinstance(center.media([recording])[told.external_id], NotYet)
    center.clock.set(from_ms(told.audio_ms))
    assert isinstance(center.media([recording])[told.external_id], Ready)


def test_a_head_that_tells_a_length_saves_the_look(make_center: MakeCenter) -> None:
    """What would come whole for its first bytes is not fetched twice."""
    center = make_center(generation="cms1", media_head="404", media_range=False)
    recordings = list_ready(center)
    center.simulator.asked.clear()
    assert all(isinstance(one, Ready) for one in center.media(recordings).values())
    assert {verb for verb, _ in center.simulator.asked} == {"HEAD"}


@pytest.mark.parametrize("status", [405, 501])
def test_where_nobody_may_look_the_download_decides(make_center: MakeCenter, status: int) -> None:
    """Neither by head nor by first bytes."""
    center = make_center(generation="cms1", calls=4, chains=0)
    recordings = list_ready(center)
    center.simulator.refuse = lambda _verb, path: status * ("recording" in path)
    assert all(isinstance(one, Ready) for one in center.media(recordings).values())


@pytest.mark.parametrize("dashed", [True, False])
def test_the_spelling_that_is_answered_is_downloaded(make_center: MakeCenter, dashed: bool) -> None:
    """7.5: sessions have dashes here and none there, and one host may know one of them alone."""
    center = make_center(generation="cms1", sid_form="bare" if dashed else "dashed")
    recordings = list_ready(center)
    center.simulator.refuse = lambda _verb, path: (
        404 * ("recording" in path and ("-" in path.rpartition("/")[2]) is not dashed)
    )
    for name, answer in center.media(recordings).items():
        assert isinstance(answer, Ready)
        (way,) = answer.files[0].ways
        assert way.url.endswith(dash(name) if dashed else name)


@pytest.mark.parametrize("generation", ["programmatic", "cms2", "cms1"])
def test_of_a_call_of_long_ago_nothing_is_waited_for(
    make_center: MakeCenter, generation: str
) -> None:
    """What was purged is told like what is not there yet (0, trap 3)."""
    center = make_center(generation=generation, never_every=1, calls=4, chains=0)
    recordings = center.describe(list_recordings(center))
    assert recordings
    assert all(isinstance(one, NotYet) for one in center.media(recordings).values())
    center.clock.advance(timedelta(days=8))
    for answer in center.media(recordings).values():
        assert isinstance(answer, Nothing)
        assert answer.why == NO_LONGER


# --- beside them ------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "queue"), [(0, False), ("0", False), (1, True), (2, True)])
def test_what_is_no_entry_point_is_a_queue(kind: object, queue: bool) -> None:
    """7.3: which type queues have is not certain."""
    assert is_queue({"id": "1", "attributes": {"name__s": "Billing", "type__i": kind}}) is queue
    assert is_queue({"id": "1", "attributes": {"name__s": "Billing"}})


def test_a_call_that_a_search_does_not_find_is_told_as_listed(make_center: MakeCenter) -> None:
    """It was listed, so that it exists."""
    center = make_center(calls=4, chains=0)
    seen = center.record(next(iter(center.sightings().values())))
    lost = replace(seen, occurred_at=seen.occurred_at - timedelta(days=3))
    (found,) = center.describe([lost])
    assert found.documents["task"] == seen.documents["listing"]


def test_a_call_is_found_although_its_begin_is_told_otherwise(make_center: MakeCenter) -> None:
    """Another generation may have rounded it, to a second or to a minute."""
    center = make_center(calls=4, chains=0)
    seen = [center.record(one) for one in center.sightings().values()]
    for skew in (-59, 59):
        moved = [
            replace(one, occurred_at=one.occurred_at + timedelta(seconds=skew)) for one in seen
        ]
        for one in center.describe(moved):
            assert one.documents["activities"]["nodes"]


def test_the_call_is_waited_for_when_its_consultations_are_there(make_center: MakeCenter) -> None:
    """The main line comes forty minutes after them."""
    center = make_center(calls=0, chains=20, staggered=True, transcripts=False)
    tenant = center.simulator.tenant
    told = next(one for one in tenant.contacts if one.line_ms != one.audio_ms and one.line_ms)
    assert told.audio_ms is not None
    center.clock.set(from_ms(told.audio_ms) + timedelta(minutes=1))
    recording = center.record(center.sightings()[told.external_id])
    answer = center.media([recording])[told.external_id]
    assert isinstance(answer, Ready)
    offered = {file.file_id: file.offered for file in answer.files}
    assert offered.pop("main") == "not_yet"
    assert set(offered.values()) == {"ready"}
    assert told.line_ms is not None
    center.clock.set(from_ms(told.line_ms))
    answer = center.media([recording])[told.external_id]
    assert isinstance(answer, Ready)
    assert {file.offered for file in answer.files} == {"ready"}
