"""Webex Calling for Catchment: the adapter, and the simulated platform beside it."""
