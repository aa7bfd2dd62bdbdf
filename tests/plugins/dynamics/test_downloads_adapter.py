"""What one refused way, file or question does to a batch of recordings, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from tests.plugins.dynamics.organisation import MakeOrganisation, Organisation

from catchment.errors import RateLimited, Refused, Unreachable
from catchment.model import Denied, MediaFile, Nothing, Outcome, Ready, Recording

SOUND, SIDE, TEXT = "msdyn_recording", "msdyn_recordingmetadata", "msdyn_voicetranscript"
NO_SUCH_ROW = "0x80040217"

Choose = Callable[[str], bool]


def list_recordings(organisation: Organisation, column: str = SOUND) -> list[Recording]:
    """Rows with a file in *column*."""
    return organisation.describe(
        [one for one in organisation.recordings() if one.documents["listing"].get(column)]
    )


def refuse_links(
    organisation: Organisation, status: int, code: str = "", choose: Choose = lambda _: True
) -> None:
    """Refuse signed links, of the questions that *choose* says yes to."""
    seen = organisation.simulator.seen

    def refuse(_verb: str, path: str) -> tuple[int, str]:
        chosen = "GetFileSasUrl" in path and choose(unquote(f"{path}?{seen[-1][1]}"))
        return (status, code) if chosen else (0, "")

    organisation.simulator.refuse = refuse


def read_files(answer: Outcome) -> dict[str, MediaFile]:
    """The files of a ready answer by id."""
    assert isinstance(answer, Ready), answer
    return {one.file_id: one for one in answer.files}


def count_links(organisation: Organisation) -> int:
    """How often a link was asked for."""
    return sum("GetFileSasUrl" in path for path, _ in organisation.simulator.seen)


def test_a_404_of_one_sound_leaves_its_other_ways(make_organisation: MakeOrganisation) -> None:
    """2.9: a link that is not there says nothing of the row, nor of the other recordings."""
    organisation = make_organisation(calls=8, chains=0)
    recordings = list_recordings(organisation)[:4]
    one = recordings[0].external_id
    refuse_links(
        organisation, 404, NO_SUCH_ROW, lambda asked: one in asked and f"'{SOUND}'" in asked
    )
    answers = organisation.media(recordings)
    ways = {name: read_files(answer)["recording"].ways for name, answer in answers.items()}
    assert [way.auth for way in ways[one]] == [True, True]
    assert [way.ranged for way in ways[one]] == [True, False]
    assert all(len(ways[each.external_id]) == 3 for each in recordings[1:])


def test_a_404_of_a_side_file_leaves_the_sound(make_organisation: MakeOrganisation) -> None:
    """The side file is waited for, and its reason told."""
    organisation = make_organisation(calls=8, chains=0)
    recordings = list_recordings(organisation, SIDE)[:1]
    refuse_links(organisation, 404, NO_SUCH_ROW, lambda asked: f"'{SIDE}'" in asked)
    (answer,) = organisation.media(recordings).values()
    files = read_files(answer)
    assert (files["recording"].offered, len(files["recording"].ways)) == ("ready", 3)
    assert (files["metadata"].offered, files["metadata"].ways) == ("not_yet", ())
    assert SIDE in files["metadata"].why


def test_a_row_that_is_gone_when_it_is_read_again_is_gone(
    make_organisation: MakeOrganisation,
) -> None:
    """4.4: deleted between two questions of one batch; the file's 404 alone would not say so."""
    organisation = make_organisation(calls=8, chains=0)
    recordings = list_recordings(organisation)[:2]
    one, other = (each.external_id for each in recordings)
    simulator = organisation.simulator

    def refuse(_verb: str, path: str) -> tuple[int, str]:
        if "GetFileSasUrl" not in path or one not in simulator.seen[-1][1]:
            return 0, ""
        environment = simulator.environment
        environment.store.delete("msdyn_ocrecording", one, environment.now)
        return 404, NO_SUCH_ROW

    simulator.refuse = refuse
    answers = organisation.media(recordings)
    assert isinstance(answers[one], Nothing)
    assert isinstance(answers[other], Ready)


@pytest.mark.parametrize("status", [500, 501, 503])
def test_links_that_are_out_of_order_leave_the_other_ways(
    make_organisation: MakeOrganisation, status: int
) -> None:
    """2.9: a broken question fails no batch, and is put once to each."""
    organisation = make_organisation(calls=8, chains=0)
    recordings = list_recordings(organisation)[:4]
    refuse_links(organisation, status)
    organisation.simulator.seen.clear()
    answers = organisation.media(recordings)
    assert all(len(read_files(one)["recording"].ways) == 2 for one in answers.values())
    assert count_links(organisation) == (1 if status == 501 else organisation.kit.limits.tries)


def test_what_concerns_the_credential_stops_a_batch(make_organisation: MakeOrganisation) -> None:
    """A limit that is reached and a token that is refused are no word on links."""
    organisation = make_organisation(calls=8, chains=0)
    recordings = list_recordings(organisation)[:2]
    refuse_links(organisation, 429, "0x80072322")
    with pytest.raises(RateLimited):
        organisation.media(recordings)
    refuse_links(organisation, 401)
    with pytest.raises(Refused):
        organisation.media(recordings)


def test_links_alone_that_are_out_of_order_are_asked_for_again(
    make_organisation: MakeOrganisation,
) -> None:
    """There is no other way, and nothing was refused: the engine tries again."""
    organisation = make_organisation(calls=8, chains=0, changed={"audio": "sas"})
    recordings = list_recordings(organisation)[:1]
    refuse_links(organisation, 503)
    with pytest.raises(Unreachable):
        organisation.media(recordings)


@pytest.mark.parametrize("sas", ["400", "403"])
def test_notes_come_where_links_are_refused(make_organisation: MakeOrganisation, sas: str) -> None:
    """3.8: they stand in the row; only the files of a transcript are without a way."""
    organisation = make_organisation(calls=24, sas=sas, changed={"audio": "sas"})
    recordings = list_recordings(organisation, TEXT)
    answers = organisation.media(recordings)
    noted = [one for one in recordings if one.documents["notes"]["rows"]]
    assert noted
    for one in recordings:
        answer = answers[one.external_id]
        if one not in noted:
            assert isinstance(answer, Denied)
            continue
        files = read_files(answer)
        inline = [file for file in files.values() if file.inline is not None]
        assert inline
        assert all(file.offered == "ready" for file in inline)
        assert files["voicetranscript"].offered == "not_yet"
        assert files["voicetranscript"].ways == ()
        assert "signed links are refused" in files["voicetranscript"].why


def test_downloads_from_the_environment_count_as_its_questions(
    make_organisation: MakeOrganisation,
) -> None:
    """2.8: the platform counts both together; the file host counts nothing of ours."""
    organisation = make_organisation(calls=6, chains=0)
    (answer,) = organisation.media(list_recordings(organisation)[:1]).values()
    link, *others = read_files(answer)["recording"].ways
    assert link.budget == ""
    assert {way.budget for way in others} == {*(organisation.kit.budgets or {})}
