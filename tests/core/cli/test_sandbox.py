"""Which simulated platforms are served."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from catchment.cli.sandbox import load_kinds
from catchment.errors import NotInstalled


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
