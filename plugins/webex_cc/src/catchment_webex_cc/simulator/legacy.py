"""Session and activity records of CMSv1 and CMSv2, asked for with a ``q`` document (7.2)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from functools import partial

from catchment_webex.simulator import Call
from catchment_webex.simulator.answers import Answer, malformed, not_found
from catchment_webex.simulator.api import Handler
from catchment_webex_cc.simulator.host import read
from catchment_webex_cc.simulator.legacy_agents import list_logins, list_spells
from catchment_webex_cc.simulator.legacy_questions import Question, read_question
from catchment_webex_cc.simulator.legacy_records import (
    Row,
    list_acts,
    list_contacts,
    write_contact,
)
from catchment_webex_cc.simulator.tenant import ContactCenterTenant

KINDS = ("csrs", "cars", "asrs", "aars")
OPERATIONS = (
    *(read(kind, f"/{kind}") for kind in KINDS),
    *(read(f"one {kind}", f"/{kind}/{{id}}", "document") for kind in KINDS),
)

Writer = Callable[[ContactCenterTenant, Question], list[Row]]


def build_legacy(tenant: ContactCenterTenant) -> Mapping[str, Handler]:
    """What answers :data:`OPERATIONS`."""
    writers = {
        "csrs": list_contacts,
        "cars": list_acts,
        "asrs": list_logins,
        "aars": list_spells,
    }
    handlers: dict[str, Handler] = {}
    for kind, writer in writers.items():
        handlers[kind] = partial(_answer_list, tenant, kind, writer)
        handlers[f"one {kind}"] = partial(_answer_one, tenant, kind, writer)
    return handlers


def _answer_list(tenant: ContactCenterTenant, kind: str, writer: Writer, call: Call) -> Answer:
    asked = read_question(call.query.get("q", ""))
    if asked.conditions and tenant.switches.q_filter == "400":
        raise malformed("Filters are not supported by this query.")
    conditions = asked.conditions if tenant.switches.q_filter == "honoured" else ()
    question = asked.move(-tenant.switches.legacy_skew_ms)
    rows = [
        row
        for row in writer(tenant, question)
        if all(str(row.get(name)) in values for name, values in conditions)
    ]
    cut = rows[-question.most :] if question.last else rows[: question.most]
    if "text/csv" in call.headers.get("accept", ""):
        return _write_csv(cut)
    key = f"{kind} {asked.begin_ms} {asked.end_ms}"
    told = tenant.faults.rows(cut, key)
    columns = list(dict.fromkeys(name for row in cut for name in row))
    layout = tenant.switches.data_rows
    data = [list(row.values()) if layout == "arrays" else row for row in told]
    meta = {
        "lastAccessTimestamp": tenant.now_ms,
        "numberOfRecordsFound": len(rows),
        "numberOfRecordsInDataset": len(told),
        "isComplete": len(cut) == len(rows),
    }
    return Answer(200, {"datasetMetadata": meta, "columns": columns, "data": data})


def _answer_one(tenant: ContactCenterTenant, kind: str, writer: Writer, call: Call) -> Answer:
    asked, everything = call.path["id"], Question(0, tenant.now_ms, 1, False, ())
    if kind == "csrs":
        contact = tenant.find_session(asked)
        if contact is not None and tenant.is_listed(contact, tenant.now_ms):
            return Answer(200, write_contact(tenant, contact))
        raise not_found("the session")
    for row in writer(tenant, everything):
        if row["id"] == asked:
            return Answer(200, row)
    raise not_found("the activity")


def _write_csv(rows: list[Row]) -> Answer:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Answer(200, raw=text.getvalue().encode(), media_type="text/csv")
