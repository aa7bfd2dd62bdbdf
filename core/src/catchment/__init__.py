"""Catchment captures every recording of an organisation and proves that none is missing.

Whoever writes an adapter imports from these modules; everything under an underscore may change any
day:

- ``catchment.model``: the words of the contract as values
- ``catchment.hookspecs``: the hooks of an adapter; their docstrings are the specification
- ``catchment.adapters``: what an adapter derives from
- ``catchment.errors``: what went wrong, sorted by what happens next
- ``catchment.transport``: the HTTP client that adapters share
- ``catchment.payloads``: the words of a foreign answer as values
- ``catchment.segments``: contacts, and what is heard in them, from who did what when
- ``catchment.secrets``: settings that stay where they are until they are needed
- ``catchment.sandbox``: simulated platforms

and in its tests from two more:

- ``catchment.clock``: where time comes from
- ``catchment.testing``: what proves an adapter

Nothing is imported here, so that the command line starts at once.
"""

PUBLIC = (
    *("adapters", "errors", "hookspecs", "model", "payloads"),
    *("sandbox", "secrets", "segments", "transport"),
)
"""Modules that an adapter and its simulator may import; what the pages say is held against it."""

PUBLIC_IN_TESTS = ("clock", "testing")
"""Modules that the tests of an adapter may import as well."""
