"""Catchment captures every recording of an organisation and proves that none is missing.

Whoever writes an adapter imports from these modules; everything under an underscore may change any
day:

- ``catchment.model``: the words of the contract as values
- ``catchment.hookspecs``: the hooks of an adapter; their docstrings are the specification
- ``catchment.adapters``: what an adapter derives from
- ``catchment.errors``: what went wrong, sorted by what happens next
- ``catchment.transport``: the HTTP client that adapters share
- ``catchment.secrets``: settings that stay where they are until they are needed
- ``catchment.sandbox``: simulated platforms
- ``catchment.clock``: where time comes from

Nothing is imported here, so that the command line starts at once.
"""
