"""The states of recordings and of files, in the order in which people are told of them."""

from __future__ import annotations

RECORDING_STATES = ("open", "quiet", "gone", "parked", "skipped")
FILE_STATES = ("expected", "archived", "gone", "parked", "skipped")
