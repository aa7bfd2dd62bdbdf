"""Users and queues (3.9)."""

from __future__ import annotations

from collections.abc import Iterator

from catchment.errors import NotPermitted
from catchment.model import Json, Person, Queue, Ref
from catchment_dynamics import columns
from catchment_dynamics.columns import Table
from catchment_dynamics.ids import read_id
from catchment_dynamics.payloads import read_count, read_lookup, read_text
from catchment_dynamics.reader import Reader, Row

_PUBLIC = 1
"""``queuetypecode`` of queues that are not one person's (3.9)."""


def list_directory(reader: Reader) -> Iterator[Person | Queue]:
    """Everybody who signs in, and the queues; applications and bots are no people.

    Raises:
        NotPermitted: Users may not be read.
    """
    agents = _list_agents(reader)
    for row in reader.list_all(columns.USERS):
        person = map_person(row, agents)
        if person is not None:
            yield person
    for row in _list_optional(reader, columns.QUEUES):
        queue = map_queue(row)
        if queue is not None:
            yield queue


def map_person(row: Json, agents: frozenset[str]) -> Person | None:
    """A row of ``systemuser`` by all ids of the user, the stable one first; ``None`` for no person.

    Args:
        row: The row.
        agents: Ids of all who have a presence in the contact center.
    """
    user_id = read_id(row.get(columns.USERS.key))
    if not user_id or any(
        read_text(row, column) for column in ("applicationid", "msdyn_botapplicationid")
    ):
        return None
    email = read_text(row, "internalemailaddress").lower()
    told = (
        ("user", user_id),
        ("entra", read_id(row.get("azureactivedirectoryobjectid"))),
        ("login", read_text(row, "domainname").lower()),
        ("email", email),
        ("employee", read_text(row, "employeeid")),
    )
    return Person(
        refs=tuple(Ref(space, value) for space, value in told if value),
        name=read_text(row, "fullname"),
        email=email,
        active=row.get("isdisabled") is not True,
        agent=user_id in agents,
    )


def map_queue(row: Json) -> Queue | None:
    """A row of ``queue``; ``None`` for one person's own, by its type or its ``<name>`` (3.9)."""
    queue_id, name = read_id(row.get(columns.QUEUES.key)), read_text(row, "name")
    kind = read_count(row, "queuetypecode")
    private = "<" in name or kind not in (_PUBLIC, None)
    if not queue_id or not name or private:
        return None
    return Queue(Ref("queue", queue_id), name, active=read_count(row, "statecode") in (0, None))


def _list_agents(reader: Reader) -> frozenset[str]:
    """Who has a presence: an agent has one row in its table, nobody else has (5.1)."""
    rows = _list_optional(reader, columns.STATUSES)
    return frozenset(read_lookup(row, "msdyn_agentid") for row in rows) - {""}


def _list_optional(reader: Reader, table: Table) -> list[Row]:
    try:
        return reader.list_all(table)
    except NotPermitted:
        return []
