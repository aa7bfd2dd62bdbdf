"""FetchXML, as much of it as recorders and Microsoft's own clients need (2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote
from xml.etree import ElementTree

from catchment_dynamics.simulator.conditions import build_predicate
from catchment_dynamics.simulator.filters import Compare, Joined, Node, Special, Text, Value
from catchment_dynamics.simulator.filters import read_literal as read_plain
from catchment_dynamics.simulator.query import Preferences, Query
from catchment_dynamics.simulator.refusals import Refusal, unparsable
from catchment_dynamics.simulator.rows import Renderer, Shown, View, sort_key
from catchment_dynamics.simulator.store import Current

COMPARISONS = {"eq", "ne", "gt", "ge", "lt", "le"}
UNTAKEN = ("link-entity",)


def run_fetch(view: View, query: Query, preferences: Preferences) -> Shown:
    """One page of what a FetchXML query finds.

    Raises:
        Refusal: It cannot be read, or takes more than is simulated.
    """
    query.check(frozenset({"fetchXml"}))
    root, entity = _read_document(view, query.get("fetchXml") or "")
    names = [_name(view, one.get("name", "")) for one in entity.findall("attribute")]
    renderer = Renderer(view, preferences, ",".join(names) if names else None)
    rows = view.list_rows()
    conditions = [_read_filter(view, one) for one in entity.findall("filter")]
    terms = view.build_terms()
    for node in (one for one in conditions if one is not None):
        keep = build_predicate(node, terms)
        rows = [row for row in rows if keep(row)]
    _sort(view, rows, entity.findall("order"))
    size = int(root.get("count") or root.get("top") or view.environment.switches.page_most)
    page = 1 if root.get("top") else int(root.get("page") or "1")
    told = rows[(page - 1) * size : page * size]
    context = f"{view.environment.api}/$metadata#{renderer.context}"
    shown: Shown = {"@odata.context": context}
    if len(rows) > page * size and not root.get("top"):
        inner = quote(quote(f'<cookie page="{page}"></cookie>', safe=""), safe="")
        shown["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"] = (
            f'<cookie pagenumber="{page + 1}" pagingcookie="{inner}" istracking="False" />'
        )
        shown["@Microsoft.Dynamics.CRM.morerecords"] = True
    shown["value"] = [renderer.render(row) for row in told]
    return shown


def _read_document(view: View, text: str) -> tuple[ElementTree.Element, ElementTree.Element]:
    try:
        if "<!" in text:
            raise unparsable("The FetchXML query must not declare anything.")
        root = ElementTree.fromstring(text)  # noqa: S314 - declarations were refused above
    except ElementTree.ParseError as error:
        raise unparsable("Invalid XML.") from error
    entity = root.find("entity")
    if root.tag != "fetch" or entity is None or entity.get("name") != view.table.name:
        raise unparsable("The FetchXML query is not about this entity set.")
    for name in UNTAKEN:
        if entity.find(name) is not None:
            raise Refusal(501, "", f"FetchXML with {name} is not simulated.")
    return root, entity


def _name(view: View, name: str) -> str:
    """FetchXML speaks of lookups by their logical names."""
    column = view.table.columns.get(name)
    if column is None:
        raise Refusal(
            400,
            "0x80041103",
            f"'{view.table.name}' entity doesn't contain attribute with Name = '{name}'.",
        )
    return column.property_name


def _read_filter(view: View, element: ElementTree.Element) -> Node | None:
    parts: list[Node] = []
    for child in element:
        node = _read_filter(view, child) if child.tag == "filter" else _read_condition(view, child)
        if node is not None:
            parts.append(node)
    if len(parts) < 2:
        return parts[0] if parts else None
    return Joined("or" if element.get("type") == "or" else "and", tuple(parts))


def _read_condition(view: View, element: ElementTree.Element) -> Node:
    name = _name(view, element.get("attribute", ""))
    operator = element.get("operator", "")
    sort = view.find_operand(name).sort
    if operator in ("null", "not-null"):
        return Compare(name, "eq" if operator == "null" else "ne", Value("null", None))
    if operator == "in":
        values = tuple(_read_value(one.text or "", sort) for one in element.findall("value"))
        return Special("In", name, values)
    if operator in ("contain-values", "on-or-after", "last-x-hours"):
        function = {"contain-values": "ContainValues", "on-or-after": "OnOrAfter"}
        told = [one.text or "" for one in element.findall("value")] or [element.get("value", "")]
        return Special(
            function.get(operator, "LastXHours"),
            name,
            tuple(Value("string", text) for text in told),
        )
    if operator == "like":
        text = re.sub("^%|%$", "", element.get("value", ""))
        return Text("contains", name, Value("string", text))
    if operator in COMPARISONS:
        return Compare(name, operator, _read_value(element.get("value", ""), sort))
    raise Refusal(501, "", f"The FetchXML operator {operator} is not simulated.")


def _read_value(text: str, sort: str) -> Value:
    if sort in ("text", "multi"):
        return Value("string", text)
    if sort == "bool":
        return Value("bool", text in ("1", "true"))
    return read_plain(text.strip("{}"))


def _sort(view: View, rows: list[Current], orders: list[ElementTree.Element]) -> None:
    rows.sort(key=lambda row: row.row_id)
    for order in reversed(orders):
        read = view.find_operand(_name(view, order.get("attribute", ""))).read
        rows.sort(key=_by(read), reverse=order.get("descending") == "true")


def _by(read: Callable[[Current], object]) -> Callable[[Current], tuple[bool, object]]:
    return lambda row: sort_key(read(row))
