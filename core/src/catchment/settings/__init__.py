"""Settings: one TOML file, read and judged as a whole before anything else happens.

A person who repairs a settings file wants to hear everything that is wrong with it at once, and
where: every fault is told with setting, file and line.  Nothing here does I/O but reading the file;
secrets stay references until an adapter asks for them.
"""

from catchment.settings.kinds import Period, Size, read_period, read_size
from catchment.settings.reading import find_settings, read_settings
from catchment.settings.tables import (
    ArchiveTable,
    BufferTable,
    CatalogueTable,
    LogTable,
    MediaTable,
    RunnerTable,
    SealTable,
    Settings,
    SourceTable,
)
from catchment.settings.template import build_template

__all__ = [
    "ArchiveTable",
    "BufferTable",
    "CatalogueTable",
    "LogTable",
    "MediaTable",
    "Period",
    "RunnerTable",
    "SealTable",
    "Settings",
    "Size",
    "SourceTable",
    "build_template",
    "find_settings",
    "read_period",
    "read_settings",
    "read_size",
]
