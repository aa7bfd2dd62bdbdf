"""What can be heard and seen of an interaction, in words: "audio, video; chat: not yet, 3 h".

How old something is that is not there yet, is counted from when it was recorded: whoever waits for
a call of this morning is not helped by the hour at which we first heard of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from catchment._catalogue.among import among
from catchment._catalogue.database import chunks
from catchment._catalogue.tables import fact, file, recording, source
from catchment._words import say_age

# Every page of a search asks these: building them takes longer than finding the rows does.
_MEDIA = (
    select(
        recording.c.interaction_num,
        recording.c.state.label("recording_state"),
        recording.c.occurred_at,
        file.c.kind,
        file.c.state,
    )
    .join_from(recording, file, file.c.recording_id == recording.c.id, isouter=True)
    .where(among(recording.c.interaction_num, "nums"))
    .order_by(recording.c.id, file.c.kind, file.c.id)
)
_ABSENT = (
    select(
        fact.c.interaction_num,
        fact.c.at,
        fact.c.expects,
        fact.c.absence,
        fact.c.gone_why,
        source.c.name,
    )
    .join_from(fact, source, fact.c.source_id == source.c.id)
    .where(
        among(fact.c.interaction_num, "nums"),
        fact.c.absence != "",
        ~select(recording.c.id)
        .where(recording.c.interaction_num == fact.c.interaction_num)
        .exists(),
    )
    .order_by(fact.c.at, fact.c.id)
)


def summarise(
    connection: Connection, nums: Sequence[int], now: datetime, patience: Mapping[str, timedelta]
) -> dict[int, str]:
    """The media of each of these interactions: what is archived, then what is not, and why.

    Where there is no recording at all, it is what the platform's books say: "none: not recorded".
    While a recording is expected all the same, for the *patience* of the source of that name, it is
    not there yet.
    """
    there: dict[int, set[str]] = {}
    lacking: dict[int, dict[str, None]] = {}
    for some in chunks(nums):
        for row in connection.execute(_MEDIA, {"nums": some}).all():
            if row.state == "archived":
                there.setdefault(row.interaction_num, set()).add(row.kind)
            elif row.state is not None:
                said = _lacks(row.kind, row.state, now - row.occurred_at)
                lacking.setdefault(row.interaction_num, {})[said] = None
            elif row.recording_state != "quiet":
                said = _lacks("media", row.recording_state, now - row.occurred_at)
                lacking.setdefault(row.interaction_num, {})[said] = None
    told = {
        num: "; ".join([*_list_kinds(there.get(num)), *lacking.get(num, ())])
        for num in {*there, *lacking}
    }
    rest = [num for num in nums if num not in told]
    return told | _list_absent(connection, rest, now, patience)


def _list_absent(
    connection: Connection, nums: Sequence[int], now: datetime, patience: Mapping[str, timedelta]
) -> dict[int, str]:
    """Why there is no recording of an interaction, where the platform's books say it."""
    reasons: dict[int, dict[str, None]] = {}
    awaited: dict[int, str] = {}
    for some in chunks(nums):
        for row in connection.execute(_ABSENT, {"nums": some}).all():
            reasons.setdefault(row.interaction_num, {})[row.absence] = None
            age = now - row.at
            if row.expects and not row.gone_why and age < patience.get(row.name, timedelta()):
                awaited.setdefault(row.interaction_num, _lacks("media", "expected", age))
    return {num: f"none: {', '.join(told)}" for num, told in reasons.items()} | awaited


def _list_kinds(kinds: set[str] | None) -> list[str]:
    return [", ".join(sorted(kinds))] if kinds else []


def _lacks(what: str, state: str, age: timedelta) -> str:
    if state in ("expected", "open"):
        return f"{what}: not yet, {say_age(age)}"
    return f"{what}: {state}"
