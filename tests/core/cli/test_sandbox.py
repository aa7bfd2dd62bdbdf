"""Which simulated platforms are served."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from catchment.cli.demo import print_ways
from catchment.cli.sandbox import FAULTS, load_kinds
from catchment.errors import NotInstalled
from catchment.sandbox import read_faults


def test_the_example_of_faults_in_the_help_can_be_read(tmp_path: Path) -> None:
    """What people copy from the help is a file of faults."""
    path = tmp_path / "faults.toml"
    path.write_text(FAULTS, "utf-8")
    faults = read_faults(path)
    assert (faults.seed, faults.most, faults.late.share) == (7, 2, 0.3)
    assert faults.rates["throttle"]["download"] == 0.2


def test_a_demo_of_nothing_proposes_no_word_to_search_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A world without meetings and calls has nothing that could be found."""
    print_ways(tmp_path / "catchment.toml", [])
    told = capsys.readouterr().out
    assert " verify" in told
    assert "search" not in told


def test_a_broken_distribution_does_not_keep_the_others_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be loaded is named and left out; asked for by name it is refused."""
    told = tmp_path / "broken-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[catchment.simulators]\nbroken = nowhere:Nothing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with suppress(NotInstalled):  # where nothing else is installed
        assert load_kinds()
    assert "broken is left out: " in capsys.readouterr().err
    with pytest.raises(NotInstalled, match="the simulator of broken cannot be loaded"):
        load_kinds(["broken"])
