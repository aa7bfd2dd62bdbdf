"""Throw-away plugins, as an installer leaves them in an environment."""

from __future__ import annotations

from pathlib import Path

GOOD = """
from catchment.adapters import Adapter, SourceSettings
from catchment.hookspecs import hookimpl
from catchment.model import Feed

class Good(Adapter):
    name, platform, Settings = "{name}", "Good", SourceSettings
    feeds = (Feed("calls", every="5m", max_window="1d"),)
    @hookimpl
    def account(self): ...
    @hookimpl
    def poll(self, span): ...
    @hookimpl
    def fetch_metadata(self, batch): ...
    @hookimpl
    def fetch_media(self, batch): ...
    @hookimpl
    def map_metadata(self, bundle): ...
    @hookimpl
    def recover(self, ids): ...
"""


def install(
    site: Path, distribution: str, adapter: str, code: str, *, version: str = "1.2.3"
) -> None:
    """Leave in *site* what an installer leaves there."""
    module = "throwaway_" + distribution.replace("-", "_")
    site.mkdir(exist_ok=True)
    (site / f"{module}.py").write_text(code.replace("{name}", adapter))
    told = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    )
    (told / "entry_points.txt").write_text(f"[catchment.adapters]\n{adapter} = {module}:Good\n")
