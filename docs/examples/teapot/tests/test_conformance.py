"""The rules of the contract, tried on the adapter for Teapot."""

from catchment.testing import conformance

TestTeapot = conformance("teapot")
