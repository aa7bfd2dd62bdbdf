"""Tin holds every rule of the conformance kit against its simulator."""

from __future__ import annotations

from catchment.testing import conformance

TestConformance = conformance("tin")
