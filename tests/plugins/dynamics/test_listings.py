"""Feeds by time and by change tracking, over HTTPS, against the simulated platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.plugins.dynamics.organisation import (
    BOOKS,
    FEEDS,
    HOUR,
    START,
    MakeOrganisation,
    Organisation,
)

from catchment.adapters import Hooks
from catchment.errors import CursorLost, NotPermitted, Refused, Unreachable
from catchment.model import Page, Window
from catchment.sandbox import Faults
from catchment_dynamics.simulator.schema import build_schema

ALL = (*FEEDS, *BOOKS)
Ids = set[tuple[str, str]]


def read_ids(pages: Iterator[Page] | list[Page]) -> Ids:
    """Everything on *pages*, by kind and id."""
    return {
        found
        for page in pages
        for found in (
            *(("sighting", one.external_id) for one in page.sightings),
            *((one.kind, one.fact_id) for one in page.facts),
        )
    }


# --- by time --------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", ALL)
def test_pages_give_all_that_one_page_gives(make_organisation: MakeOrganisation, feed: str) -> None:
    """2.4: however small the pages of the platform are, and from whichever one goes on."""
    organisation = make_organisation(page_most=5)
    pages = list(organisation.poll(feed))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    found = read_ids(pages)
    assert found == read_ids(make_organisation().poll(feed))
    for number, page in enumerate(pages[:-1][:3]):
        rest = organisation.poll(feed, cursor=page.cursor)
        assert read_ids(rest) | read_ids(pages[: number + 1]) == found


@pytest.mark.parametrize("feed", ["recordings", "participants", "conversations"])
def test_windows_side_by_side_pass_over_nothing(
    make_organisation: MakeOrganisation, feed: str
) -> None:
    """2.3: half-open windows of whole seconds; each row stands in exactly one of them."""
    organisation = make_organisation()
    found: list[Ids] = []
    at = START - HOUR
    while at < organisation.now:
        end = min(at + timedelta(minutes=50), organisation.window().end)
        if end > at:
            found.append(read_ids(organisation.poll(feed, Window(at, end))))
        at += timedelta(minutes=50)
    whole = read_ids(organisation.poll(feed))
    assert whole
    assert set().union(*found) == whole
    assert sum(map(len, found)) == len(whole)


def test_the_books_are_of_calls_alone(make_organisation: MakeOrganisation) -> None:
    """3.1, 3.2: chats have conversations, sessions and participants in the same tables."""
    organisation = make_organisation()
    calls = {*organisation.simulator.plot.calls}
    assert calls
    for feed in BOOKS:
        facts = organisation.facts(feed).values()
        keys = {key.value for one in facts for key in one.keys if key.space == "sound"}
        assert keys
        assert keys <= calls


@pytest.mark.parametrize("feed", ["recordings", "sessions"])
def test_cursors_that_lead_nowhere_are_lost(make_organisation: MakeOrganisation, feed: str) -> None:
    """The window then starts again; a cursor never leads our token to another host."""
    organisation = make_organisation()
    root = f"{organisation.settings.url}/api/data/v9.2"
    for cursor in (
        f"{root}/msdyn_ocrecordings?$skiptoken=nonsense",
        f"{root}/msdyn_nothings?$skiptoken=1",
        "https://files.example/api/data/v9.2/msdyn_ocrecordings",
        '{"next": "", "mark": ""}',
    ):
        with pytest.raises(CursorLost):
            list(organisation.poll(feed, cursor=cursor))


@pytest.mark.parametrize(
    "switches",
    [
        {"extra_columns": True},
        {"unknown_options_every": 1},
        {"missing_columns": "msdyn_ocliveworkitem.msdyn_intent msdyn_ocrecording.msdyn_name"},
        {"access": "null"},
        {"voicemail_columns": "voicemail"},
        {"bot_rows": "participant"},
        {"channel_eq": "nothing"},
        {"file_bumps": False},
    ],
    ids=repr,
)
def test_environments_differ_and_nothing_is_lost(
    make_organisation: MakeOrganisation, switches: dict[str, object]
) -> None:
    """6, pain 3: more columns, fewer columns, options that nobody knows."""
    organisation = make_organisation(**switches)
    assert organisation.files() == organisation.truth()
    assert all(organisation.facts(feed) for feed in BOOKS)


def test_unreadable_metadata_costs_nothing(make_organisation: MakeOrganisation) -> None:
    """Then all columns are asked for, as nothing is known to be missing."""
    organisation = make_organisation(missing_columns="msdyn_ocsession.msdyn_botengagementmode")
    organisation.simulator.refuse = lambda _verb, path: (
        (403, "0x80040220") if "EntityDefinitions" in path else (0, "")
    )
    assert organisation.files() == organisation.truth()
    assert all(organisation.facts(feed) for feed in BOOKS)


def test_columns_that_go_away_are_noticed(make_organisation: MakeOrganisation) -> None:
    """A query that names one fails as a whole; then it is asked anew what there is."""
    organisation = make_organisation()
    before = organisation.facts("sessions")
    organisation.simulator.environment.schema = build_schema(
        [], ["msdyn_ocsession.msdyn_closurereason"]
    )
    after = organisation.facts("sessions")
    assert {*after} == {name for name in before if name.startswith("session/")}
    assert all("msdyn_closurereason" not in one.document for one in after.values())


def test_columns_are_asked_for_once_an_hour(make_organisation: MakeOrganisation) -> None:
    """What an environment has changes with its updates, not between two polls."""
    organisation = make_organisation()

    def count() -> int:
        list(organisation.poll("calls"))
        return sum("EntityDefinitions" in path for path, _ in organisation.simulator.seen)

    assert count() == count() == 1
    organisation.clock.advance(timedelta(minutes=61))
    assert count() == 2


@pytest.mark.parametrize("feed", ["transcripts", "voicemails"])
def test_tables_that_are_not_there_list_nothing(
    make_organisation: MakeOrganisation, feed: str
) -> None:
    """Not every environment has them; the rest goes on, also where the metadata is hidden."""
    organisation = make_organisation(missing_tables="msdyn_transcript msdyn_ocvoicemail")
    assert [(page.last, read_ids([page])) for page in organisation.poll(feed)] == [(True, set())]


@pytest.mark.parametrize("listing", ["modifiedon", "change_tracking"])
@pytest.mark.parametrize("code", ["0x80040217", "0x8006088a", ""])
@pytest.mark.parametrize("place", ["/Attributes", "/msdyn_transcripts", "'msdyn_transcript')"])
def test_one_answer_does_not_prove_that_a_table_is_missing(
    make_organisation: MakeOrganisation, place: str, code: str, listing: str
) -> None:
    """A frontier that ran past it would never come back; nothing of it is remembered."""
    organisation = make_organisation()
    hooks = organisation.changed(listing=listing)
    organisation.simulator.refuse = lambda _verb, path: (404, code) if place in path else (0, "")
    with pytest.raises((Unreachable, Refused, NotPermitted)):
        list(organisation.poll("transcripts", hooks=hooks))
    organisation.simulator.refuse = lambda _verb, _path: (0, "")
    assert read_ids(organisation.poll("transcripts", hooks=hooks))


def test_without_metadata_a_table_is_not_proved_to_be_missing(
    make_organisation: MakeOrganisation,
) -> None:
    """It fails by name, and says what would prove it, or do without it."""
    organisation = make_organisation(missing_tables="msdyn_ocvoicemail")
    organisation.simulator.refuse = lambda _verb, path: (
        (403, "") if "EntityDefinitions" in path else (0, "")
    )
    with pytest.raises(NotPermitted, match="msdyn_ocvoicemail seems to be missing") as refused:
        list(organisation.poll("voicemails"))
    assert "voicemails" in refused.value.remedy


@pytest.mark.parametrize("feed", ["recordings", "sessions"])
def test_404_of_somebody_else_stops_no_source(
    make_organisation: MakeOrganisation, feed: str
) -> None:
    """A gateway's: the window is asked for again."""
    organisation = make_organisation()
    organisation.simulator.refuse = lambda _verb, path: (
        (404, "") if path.endswith("s") and "EntityDefinitions" not in path else (0, "")
    )
    with pytest.raises(Unreachable):
        list(organisation.poll(feed))


def test_columns_that_queries_reject_are_left_out(make_organisation: MakeOrganisation) -> None:
    """6, pain 3: the metadata lists them, and each fails the whole query."""
    rejected = (
        "msdyn_ocrecording.msdyn_name msdyn_ocliveworkitem.msdyn_intent "
        "msdyn_ocliveworkitem.msdyn_queueid"
    )
    organisation = make_organisation(rejected_columns=rejected)
    found = organisation.facts("conversations").values()
    assert found
    assert all("msdyn_intent" not in one.document for one in found)
    assert organisation.files() == organisation.truth()
    organisation.simulator.seen.clear()
    list(organisation.poll("recordings"))
    assert sum("msdyn_ocrecordings" in path for path, _ in organisation.simulator.seen) == 1


def test_a_needed_column_that_queries_reject_is_named(make_organisation: MakeOrganisation) -> None:
    """Recordings are listed all the same where it is one of conversations."""
    organisation = make_organisation(rejected_columns="msdyn_ocliveworkitem.msdyn_channel")
    with pytest.raises(NotPermitted, match="lists a column msdyn_channel and rejects"):
        list(organisation.poll("conversations"))
    assert read_ids(organisation.poll("recordings"))
    organisation = make_organisation()
    organisation.simulator.refuse = lambda _verb, path: (
        (400, "0x80060888") if path.endswith("/msdyn_ocliveworkitems") else (0, "")
    )
    assert read_ids(organisation.poll("recordings"))


def test_transcripts_are_held_back_while_nobody_knows_whose_they_are(
    make_organisation: MakeOrganisation,
) -> None:
    """1.2, 3.8: those of chats stand in the same table; recordings are captured all the same."""
    organisation = make_organisation(lacks="msdyn_ocliveworkitem", voicemail_columns="recording",
                                     voicemails_every=1)  # fmt: skip
    for feed in ("transcripts", "voicemails"):
        with pytest.raises(NotPermitted, match="held back") as refused:
            list(organisation.poll(feed))
        assert "prvReadActivity" in str(refused.value)
        assert "prvReadActivity" in refused.value.remedy
    blind = [one for page in organisation.poll("recordings") for one in page.sightings]
    assert blind
    seeing = make_organisation(voicemail_columns="recording", voicemails_every=1)
    known = {one.external_id: one for page in seeing.poll("recordings") for one in page.sightings}
    assert {one.external_id for one in blind} >= {*known}
    for one in blind:
        if one.external_id in known:
            assert one.revision != known[one.external_id].revision


def test_the_sound_of_voicemails_is_of_the_missed_call(make_organisation: MakeOrganisation) -> None:
    """3: a row among the recordings that points at a voicemail, and not at a conversation."""
    organisation = make_organisation(voicemail_columns="activity", voicemails_every=1)
    assert not read_ids(organisation.poll("voicemails"))
    left = [one for page in organisation.poll("recordings") for one in page.sightings
            if [key.space for key in one.keys] == ["conversation"]]  # fmt: skip
    assert left
    told = {row.external_id: {*row.keys} for row in organisation.simulator.truth(organisation.now)}
    for one in left:
        assert {f"conversation:{one.keys[0].value}"} == told[one.external_id]
    described = organisation.describe([organisation.record(one) for one in left])
    assert all(one.documents["conversation"]["rows"] for one in described)
    hooks = organisation.changed(voicemails=False)
    others = read_ids(organisation.poll("recordings", hooks=hooks))
    assert not others & {("sighting", one.external_id) for one in left}


@pytest.mark.parametrize(
    ("switches", "feed", "named"),
    [
        ({"missing_tables": "msdyn_ocrecording"}, "recordings", "no table msdyn_ocrecording"),
        ({"missing_columns": "msdyn_ocrecording.msdyn_recording"}, "recordings",
         "msdyn_ocrecording has no column msdyn_recording"),
        ({"lacks": "msdyn_ocrecording"}, "recordings", "prvReadmsdyn_ocrecording"),
        ({"lacks": "msdyn_ocsession"}, "conversations", "prvReadActivity"),
        ({"lacks": "msdyn_transcript"}, "transcripts", "prvReadmsdyn_transcript"),
    ],
)  # fmt: skip
def test_what_is_needed_and_missing_fails_by_name(
    make_organisation: MakeOrganisation, switches: dict[str, object], feed: str, named: str
) -> None:
    """One feed fails visibly and names what it needs; the others go on."""
    organisation = make_organisation(**switches)
    with pytest.raises(NotPermitted, match=named) as refused:
        list(organisation.poll(feed))
    assert refused.value.remedy
    assert read_ids(organisation.poll("calls"))


def test_a_broken_answer_is_never_an_empty_list(make_organisation: MakeOrganisation) -> None:
    """The frontier stays where it was."""
    organisation = make_organisation()
    organisation.simulator.refuse = lambda _verb, path: (
        (200, "") if "msdyn_ocrecordings" in path else (0, "")
    )
    with pytest.raises(Unreachable, match="without a list of rows"):
        list(organisation.poll("recordings"))


# --- by change tracking ---------------------------------------------------------------------------


def tracked(organisation: Organisation) -> Hooks:
    """An adapter that lists by change tracking."""
    return organisation.changed(listing="change_tracking")


@pytest.mark.parametrize("feed", ALL)
def test_tracking_finds_what_time_finds(make_organisation: MakeOrganisation, feed: str) -> None:
    """2.5: poll after poll through a day, each from the mark of the one before."""
    organisation = make_organisation(
        calls=40, later=timedelta(hours=7), page_most=40, voicemails_every=1,
        voicemail_columns="recording",
    )  # fmt: skip
    hooks = tracked(organisation)
    found: Ids = set()
    mark, frontier = "", START - HOUR
    for _ in range(12):
        window = Window(frontier, organisation.now - timedelta(seconds=30))
        pages = list(organisation.poll(feed, window, mark=mark, hooks=hooks))
        found |= read_ids(pages)
        assert [bool(page.mark) for page in pages] == [False] * (len(pages) - 1) + [True]
        mark, frontier = pages[-1].mark, window.end
        organisation.clock.advance(timedelta(hours=2, minutes=7))
    organisation.clock.advance(timedelta(minutes=-127))
    by_time = read_ids(organisation.poll(feed))
    assert by_time
    assert found >= by_time


def test_what_changes_around_the_mark_is_not_passed_over(
    make_organisation: MakeOrganisation,
) -> None:
    """The window ends 30 s ago, and the mark is of now: what lies between must be listed."""
    organisation = make_organisation()
    hooks = tracked(organisation)
    changes = sorted(
        {one.at for story in organisation.simulator.plot.histories
         if story.table == "msdyn_sessionparticipant" for one in story.snapshots}
    )  # fmt: skip
    organisation.clock.advance(changes[len(changes) // 2] - organisation.now)
    organisation.clock.advance(timedelta(seconds=5))
    late = Window(organisation.now - timedelta(minutes=5), organisation.now - timedelta(seconds=30))
    (page,) = organisation.poll("participants", late, mark="", hooks=hooks)
    everything = Window(late.start, organisation.now + timedelta(seconds=1))
    assert read_ids([page]) >= read_ids(organisation.poll("participants", everything))
    assert read_ids([page]) - read_ids(organisation.poll("participants", late))
    (again,) = organisation.poll("participants", late, mark=page.mark, hooks=hooks)
    assert read_ids([again]) == set()


def test_a_walk_that_was_killed_goes_on_with_its_mark(make_organisation: MakeOrganisation) -> None:
    """The mark is asked for before the first row, and is handed on in the cursor.

    Whichever page was the last one that was kept: of the walk over the ids, or of the rows.
    """
    organisation = make_organisation(page_most=6)
    hooks = tracked(organisation)
    pages = list(organisation.poll("sessions", hooks=hooks))
    walked = [page for page in pages if not page.last and not page.facts]
    assert len(walked) > 2
    assert len(pages) > len(walked) + 2
    for kept in (1, len(walked), len(walked) + 1):
        rest = list(organisation.poll("sessions", cursor=pages[kept - 1].cursor, hooks=hooks))
        assert rest[-1].mark == pages[-1].mark
        assert len(rest) == len(pages) - kept
        assert read_ids(rest) | read_ids(pages[:kept]) == read_ids(pages)


def test_a_list_that_breaks_off_between_its_pages_is_trouble(
    make_organisation: MakeOrganisation,
) -> None:
    """Faults of a cursor inside other questions pass; they are no fault of the adapter."""
    organisation = make_organisation(page_most=3, faults=Faults(1, {"cursor_lost": {"list": 1.0}}))
    with pytest.raises(Unreachable, match="broke off"):
        list(organisation.hooks.sync_directory())


def test_changes_come_in_pages_too(make_organisation: MakeOrganisation) -> None:
    """2.5: pages of changes are chained, and only the last has the next mark."""
    organisation = make_organisation(later=timedelta(hours=9), page_most=6)
    hooks = tracked(organisation)
    mark = list(organisation.poll("sessions", hooks=hooks))[-1].mark
    organisation.clock.advance(timedelta(hours=12))
    pages = list(organisation.poll("sessions", mark=mark, hooks=hooks))
    assert len(pages) > 2
    rest = list(organisation.poll("sessions", mark=mark, cursor=pages[0].cursor, hooks=hooks))
    assert read_ids(rest) | read_ids(pages[:1]) == read_ids(pages)
    assert rest[-1].mark


def test_old_windows_need_no_mark(make_organisation: MakeOrganisation) -> None:
    """Catching up and looking back walk over no ids: another window by time follows anyway."""
    organisation = make_organisation()
    window = Window(START, START + timedelta(hours=8))
    pages = list(organisation.poll("recordings", window, hooks=tracked(organisation)))
    assert pages[-1].mark == ""
    assert read_ids(pages) == read_ids(organisation.poll("recordings", window))


def test_a_mark_that_is_too_old_is_lost(make_organisation: MakeOrganisation) -> None:
    """2.5: seven days; the window is then listed by time, and nothing is missed."""
    organisation = make_organisation()
    hooks = tracked(organisation)
    mark = list(organisation.poll("recordings", hooks=hooks))[-1].mark
    organisation.clock.advance(timedelta(days=8))
    with pytest.raises(CursorLost):
        list(organisation.poll("recordings", mark=mark, hooks=hooks))
    again = list(organisation.poll("recordings", hooks=hooks))
    assert again[-1].mark not in ("", mark)


def test_a_cursor_of_the_other_way_is_lost(make_organisation: MakeOrganisation) -> None:
    """The setting was changed while a window was half done."""
    organisation = make_organisation(page_most=5, later=timedelta(hours=9))
    hooks = tracked(organisation)
    by_time = next(iter(organisation.poll("participants")))
    pages = list(organisation.poll("participants", hooks=hooks))
    mark = pages[-1].mark
    for given in ("", mark):
        with pytest.raises(CursorLost):
            list(organisation.poll("participants", cursor=by_time.cursor, mark=given, hooks=hooks))
    organisation.clock.advance(timedelta(hours=6))
    changes = next(iter(organisation.poll("participants", mark=mark, hooks=hooks)))
    for page in (pages[0], pages[-2], changes):
        assert page.cursor
        with pytest.raises(CursorLost):
            list(organisation.poll("participants", cursor=page.cursor))


def test_rows_without_times_are_never_taken_for_full_ones(
    make_organisation: MakeOrganisation,
) -> None:
    """A list of changes tells ids alone, and participants without a session would be dropped."""
    organisation = make_organisation(page_most=5, later=timedelta(hours=9))
    hooks = tracked(organisation)
    mark = list(organisation.poll("participants", hooks=hooks))[-1].mark
    organisation.clock.advance(timedelta(hours=6))
    changes = next(iter(organisation.poll("participants", mark=mark, hooks=hooks)))
    assert changes.cursor
    link = json.loads(changes.cursor)["delta"]
    forged = json.dumps({"by": "modifiedon", "next": link})
    with pytest.raises(CursorLost, match="another listing"):
        list(organisation.poll("participants", cursor=forged))


def test_untracked_tables_fail_by_name(make_organisation: MakeOrganisation) -> None:
    """2.5: which tables are tracked is not documented; nobody is left to guess."""
    organisation = make_organisation(change_tracking=False)
    with pytest.raises(NotPermitted, match="msdyn_ocrecording are not tracked") as refused:
        list(organisation.poll("recordings", hooks=tracked(organisation)))
    assert "modifiedon" in refused.value.remedy
    assert "msdyn_ocrecording" in refused.value.remedy


def test_tracking_wants_the_whole_organisation(make_organisation: MakeOrganisation) -> None:
    """2.5: read access at user level is enough for lists, and not for changes."""
    organisation = make_organisation(depth="user")
    with pytest.raises(NotPermitted):
        list(organisation.poll("recordings", hooks=tracked(organisation)))


def test_optional_tables_are_optional_when_tracked(make_organisation: MakeOrganisation) -> None:
    """An environment without voicemails lists none."""
    organisation = make_organisation(missing_tables="msdyn_ocvoicemail")
    (page,) = organisation.poll("voicemails", hooks=tracked(organisation))
    assert page == replace(Page(), last=True)
