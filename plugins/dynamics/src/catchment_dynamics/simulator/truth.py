"""What is true of an environment: the files that it makes available."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from catchment.sandbox import Take, TruthRow
from catchment_dynamics.simulator.held import Held
from catchment_dynamics.simulator.plot import Plot
from catchment_dynamics.simulator.schema import build_schema
from catchment_dynamics.simulator.switches import DynamicsSwitches
from catchment_dynamics.simulator.tell_voicemails import VOICEMAIL


def list_truth(plot: Plot, until: datetime, source: str) -> Iterator[TruthRow]:
    """Every file of a voice conversation that could have been fetched up to *until*.

    Args:
        plot: What the environment tells.
        until: The platform's time.
        source: The name of the source in ``catchment.toml``.
    """
    switches = plot.switches
    if switches.other_org or switches.no_app_user or switches.depth != "organisation":
        return
    hidden = list_hidden(switches)
    for held in plot.held:
        if held.available_at <= until and not hidden & {held.table, held.body_table}:
            yield TruthRow(
                source=source,
                external_id=held.row_id,
                file_id=held.file_id,
                kind=held.kind,
                available_at=held.available_at,
                sha256=held.content.sha256,
                bytes=held.content.size_bytes,
                duration_s=held.content.seconds if isinstance(held.content, Take) else None,
                keys=_list_keys(held, until, hidden),
                began_at=plot.calls[held.conversation_id].started_at,
            )


def list_hidden(switches: DynamicsSwitches) -> frozenset[str]:
    """Tables that cannot be read, with all that share the privilege of one of them (1.2)."""
    tables = build_schema(voicemails=switches.voicemail_columns).tables
    lacks = switches.lacks.split()
    privileges = {tables[name].privilege for name in lacks if name in tables}
    lacking = {name for name, table in tables.items() if table.privilege in privileges}
    return frozenset({*lacks, *lacking, *switches.missing_tables.split()})


def _list_keys(held: Held, until: datetime, hidden: frozenset[str]) -> tuple[str, ...]:
    """What a row shares: a recording is what its conversation expects, and nothing else is.

    The conversation of a voicemail's recording is told by the voicemail alone.
    """
    if held.orphaned_at is not None and held.orphaned_at <= until:
        return (held.alone,)
    if held.voicemail_id and VOICEMAIL in hidden:
        return (held.alone,)
    shared = f"conversation:{held.conversation_id}"
    sound = f"sound:{held.conversation_id}"
    return (shared, sound) if held.expected else (shared,)
