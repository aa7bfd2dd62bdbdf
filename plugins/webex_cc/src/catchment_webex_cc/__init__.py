"""Webex Contact Center for Catchment: the adapter, and the simulated platform beside it."""
