"""What a person is told of each contact: by ``show``, and by ``report`` where it is in doubt."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.core.engine.platform import DAY, HOUR, START, Cloud, Stage, TinOfPeople, draft
from tests.core.engine.test_contacts import TRANSFER, anew, at, hold, part, window

from catchment._catalogue.show import Shown, read_interaction
from catchment._engine import reporting
from catchment.cli.printing import print_json
from catchment.cli.showing import print_interaction
from catchment.model import Bundle, Contact, InteractionDraft, Party, Person, Ref

ANN, BOB = Ref("user", "ann"), Ref("user", "bob")


def doubt(cloud: Cloud, *told: tuple[Party, str]) -> None:
    """Have the adapter tell these agents, each with a contact and what is not sure of it."""

    def map_call(bundle: Bundle) -> InteractionDraft:
        contacts = (
            Contact(f"{one.party_id}:1", one.party_id, at(0), doubt=why) for one, why in told
        )
        parties = tuple(one for one, _ in told)
        return replace(draft(bundle), parties=parties, contacts=tuple(contacts))

    cloud.map = map_call
    cloud.hold("c1")


def know(cloud: Cloud, *refs: Ref) -> None:
    """Have the directory of the platform list these people."""
    cloud.people = lambda: iter([Person((ref,), ref.value.title()) for ref in refs])


def report(stage: Stage) -> reporting.Report:
    """The report of the whole day."""
    return reporting.report(stage.app, "tin", START - DAY, START + HOUR, ask=False)


def list_doubtful(stage: Stage) -> list[tuple[str, str, str]]:
    """What is in doubt: what, which one, and why."""
    found = [one for one in report(stage).differences if one.kind == "doubtful"]
    return [(one.what, one.external_id, one.reason) for one in found]


def test_a_contact_in_doubt_is_listed(stage: Stage, cloud: Cloud) -> None:
    """What was wrong with the agent's times is told, and nothing is said to be missing for it."""
    doubt(cloud, (Party("p1", "agent", ANN), "the activities of the agent overlap"))
    stage.run()
    told = report(stage)
    assert list_doubtful(stage) == [("contact", "c1/p1:1", "the activities of the agent overlap")]
    assert told.gaps == {"doubtful": 1}
    assert told.differences[0].age == timedelta(hours=1)
    assert told.complete


def test_a_contact_outside_the_period_is_not_listed(stage: Stage, cloud: Cloud) -> None:
    """A report is about the time that was asked for."""
    doubt(cloud, (Party("p1", "agent", ANN), "the activities of the agent overlap"))
    stage.run()
    later = reporting.report(stage.app, "tin", START - HOUR / 2, START, ask=False)
    assert later.differences == ()


def test_an_agent_whom_the_directory_does_not_know_is_listed(stage: Stage, cloud: Cloud) -> None:
    """Named as well as can be; whoever the directory knows is not, nor who cannot be in it.

    That is who has no ref, or one of a kind that the directory never tells, as rooms and lines do.
    """
    stage.configure(base=TinOfPeople)
    know(cloud, ANN)
    known, unknown = Party("p1", "agent", ANN), Party("p2", "agent", BOB, "Bob Example")
    nobody, room = Party("p3", "agent", None, "Cy"), Party("p4", "agent", Ref("line", "l1"), "Room")
    doubt(cloud, (known, ""), (unknown, "they end nowhere"), (nobody, ""), (room, ""))
    stage.run()
    why = "they end nowhere; the directory does not know the agent Bob Example"
    assert list_doubtful(stage) == [("contact", "c1/p2:1", why)]
    assert report(stage).complete


class TinOfSomePeople(TinOfPeople):
    """Tin whose settings leave people out of the directory."""

    @classmethod
    def reads_whole_directory_of(cls, settings: Any) -> bool:
        """It does not."""
        return False


def test_where_people_are_left_out_on_purpose_an_unknown_agent_is_no_doubt(
    stage: Stage, cloud: Cloud
) -> None:
    """Half of all contacts would be listed, and what is not sure of the others drown."""
    stage.configure(base=TinOfSomePeople)
    know(cloud, ANN)
    doubt(cloud, (Party("p1", "agent", BOB), ""), (Party("p2", "agent", BOB), "they end nowhere"))
    stage.run()
    assert list_doubtful(stage) == [("contact", "c1/p2:1", "they end nowhere")]


def test_where_there_is_no_directory_nobody_is_unknown(stage: Stage, cloud: Cloud) -> None:
    """A platform without a directory would have every contact listed."""
    doubt(cloud, (Party("p1", "agent", ANN), ""))
    stage.run()
    assert list_doubtful(stage) == []


def test_a_doubt_is_over_when_the_platform_says_more(stage: Stage, cloud: Cloud) -> None:
    """Mapped again without a doubt, the contact is not listed any more."""
    doubt(cloud, (Party("p1", "agent", ANN), "the activities of the agent have no end"))
    stage.run()
    doubt(cloud, (Party("p1", "agent", ANN), ""))
    stage.stir("map")
    assert stage.do("map") == [None]
    assert list_doubtful(stage) == []


def test_a_rebuilt_catalogue_knows_what_is_in_doubt(stage: Stage, cloud: Cloud) -> None:
    """The package says it too."""
    doubt(cloud, (Party("p1", "agent", ANN), "the activities of the agent overlap"))
    stage.run()
    again = anew(stage)
    assert list_doubtful(again) == [("contact", "c1/p1:1", "the activities of the agent overlap")]
    again.close()


# --- show ------------------------------------------------------------------------------------


def show(stage: Stage) -> Shown:
    """What is known of the one interaction."""
    shown = read_interaction(stage.app.database, "c1", stage.clock.now())
    assert shown is not None
    return shown


def as_json(stage: Stage, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The contacts as programs read them."""
    capsys.readouterr()
    print_json(show(stage))
    contacts: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["contacts"]
    return contacts


def short(contact: dict[str, Any]) -> str:
    """How both tables call the file of a contact."""
    family, _, digest = contact["recipe"].partition(":")
    return f"{family}:{digest[:8]}"


def test_show_tells_each_contact_and_its_audio(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Agent, start, end, and the own audio with its length, its silence and its talk-over."""
    sides = (Ref("side", "agent"), Ref("side", "customer"))
    quiet = ((0, 5, 8), (1, 6, 9))
    hold(cloud, "c1", 1, window(0, 9), channels=2, of_channels=sides, quiet=quiet)
    part(cloud, TRANSFER)
    stage.run()
    capsys.readouterr()
    print_interaction(show(stage), "UTC")
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    ann, bob = as_json(stage, capsys)
    day = f"{at(0):%Y-%m-%d}"
    assert f"ann {day} 11:00:00 {day} 11:00:04 0:04 archived 0:04 0:00 0:04 {short(ann)}" in lines
    assert f"bob {day} 11:00:04 {day} 11:00:09 0:05 archived 0:05 0:02 0:01 {short(bob)}" in lines
    for row in (ann, bob):  # the table of the files says whose audio each is
        assert any(line.startswith(f"{short(row)} {row['party_id']} audio") for line in lines)
    assert (ann["party_id"], ann["audio"], ann["audio_s"]) == ("ann", "archived", 4)
    assert bob["silence_s"] == pytest.approx(2, abs=0.05)
    assert bob["talk_over_s"] == pytest.approx(1, abs=0.05)
    assert stage.app.archive.has(bob["sha256"])


def test_show_says_that_audio_is_still_to_come(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """The contact stands there before its audio does, and says so."""
    hold(cloud, "c1", 1, window(0, 9))
    part(cloud, TRANSFER)
    stage.gather()
    assert [row["audio"] for row in as_json(stage, capsys)] == ["not yet", "not yet"]
    print_interaction(show(stage), "UTC")
    assert capsys.readouterr().out.count("not yet") == 2


def test_show_tells_a_doubt_and_no_audio_where_none_is_expected(
    stage: Stage, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Recordings that are one agent's each have no audio beside them."""
    doubt(cloud, (Party("p1", "agent", ANN, "Ann Example"), "the activities overlap"))
    stage.run()
    capsys.readouterr()
    print_interaction(show(stage), "UTC")
    told = capsys.readouterr().out
    assert "Ann Example: the activities overlap" in told
    assert "talk-over" not in told
    (contact,) = as_json(stage, capsys)
    assert (contact["doubt"], contact["audio"]) == ("the activities overlap", "")
