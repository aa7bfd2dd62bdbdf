"""How the engine reads a directory: as often and as much as the adapter says."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.engine.platform import HOUR, MINUTE, Stage, TinOfPeople

from catchment._catalogue import roster
from catchment._catalogue.roster import KnownPerson
from catchment.errors import LostRace
from catchment.model import Person, Ref

ADA = Person((Ref("user", "u1"),), "Ada Example", "ada@example.com")
BEN = Person((Ref("user", "u2"),), "Ben Example", "ben@example.com", active=False)


class TenMinutes(TinOfPeople):
    """Tin with a directory that its settings want read every ten minutes."""

    @classmethod
    def directory_every_of(cls, settings: Any) -> str:
        """What the settings say."""
        return "10m"


def list_people(stage: Stage) -> list[KnownPerson]:
    """Everybody in the directory."""
    with stage.app.database.read() as connection:
        return roster.list_people(connection)


@pytest.mark.parametrize(
    ("imports_left", "names"), [(True, [ADA.name, BEN.name]), (False, [ADA.name])]
)
def test_the_adapter_says_whether_who_left_is_imported(
    stage: Stage, imports_left: bool, names: list[str]
) -> None:
    """S002-119: where the platform's rule is so, nobody is imported who is not active."""
    stage.configure(base=TinOfPeople, imports_left=imports_left)
    stage.cloud.people = lambda: iter([ADA, BEN])
    stage.run()
    assert [one.name for one in list_people(stage)] == names


@pytest.mark.parametrize(("base", "wait"), [(TinOfPeople, 6 * HOUR), (TenMinutes, 10 * MINUTE)])
def test_the_directory_is_read_as_often_as_the_adapter_says(
    stage: Stage, base: type[TinOfPeople], wait: Any
) -> None:
    """S002-112: every six hours, or as the settings of the source want it."""
    stage.configure(base=base)
    stage.cloud.people = lambda: iter([ADA])
    stage.run()
    stage.cloud.people = lambda: iter([ADA, BEN])
    stage.wait(wait - MINUTE)
    stage.run()
    assert [one.name for one in list_people(stage)] == ["Ada Example"]
    stage.wait(MINUTE)
    stage.run()
    assert [one.name for one in list_people(stage)] == ["Ada Example", "Ben Example"]


def test_what_a_sync_changed_is_told(stage: Stage) -> None:
    """One event for each look at the directory, with how many of what are new or gone."""
    stage.configure(base=TinOfPeople)
    stage.cloud.people = lambda: iter([ADA, BEN])
    stage.run()
    stage.cloud.people = lambda: iter([BEN])
    stage.wait(6 * HOUR)
    stage.run()
    nothing = {"source": "tin", "new": 0, "changed": 0, "left": 0, "teams": 0, "queues": 0}
    assert stage.events("directory.synced") == [nothing | {"new": 2}, nothing | {"left": 1}]


def test_a_runner_that_lost_the_job_tells_nobody_to_have_left(stage: Stage) -> None:
    """Whoever reads the directory by an older look writes nothing into the newer one (T14)."""
    stage.configure(base=TinOfPeople)
    stage.cloud.people = lambda: iter([ADA])
    stage.run()
    stage.wait(6 * HOUR)
    (late,) = stage.claim("directory", "r1")
    stage.wait(11 * MINUTE)
    assert len(stage.claim("directory", "r2")) == 1
    stage.cloud.people = lambda: iter([Person((Ref("user", "u3"),), "Cy Example")])
    assert isinstance(stage.work(late), LostRace)
    assert [(one.name, one.active) for one in list_people(stage)] == [(ADA.name, True)]
