"""Tells who and what rows refer to: users, queues, workstreams, presences, contacts (3.9, 5.3)."""

from __future__ import annotations

from datetime import datetime

from catchment.sandbox import World
from catchment_dynamics.simulator.ids import Ids
from catchment_dynamics.simulator.store import Reference
from catchment_dynamics.simulator.tell_calls import WORKSTREAMS
from catchment_dynamics.simulator.tell_rows import CHAT, VOICE_CALL, Book, refer

PRESENCES = {
    "Available": ("f523f628-c07a-e811-8162-000d3aa11f50", 192360000),
    "Busy": ("efdeb843-c07a-e811-8162-000d3aa11f50", 192360001),
    "Busy DND": ("08971864-c07a-e811-8162-000d3aa11f50", 192360002),
    "Away": ("3dacae76-c07a-e811-8162-000d3aa11f50", 192360003),
    "Offline": ("70139190-c07a-e811-8162-000d3aa11f50", 192360004),
}
"""The well-known ids, and the base status of each (5.3)."""

CLIENTS = ("a", "b")
"""The application users (1.2)."""


def make_service(ids: Ids) -> Reference:
    """In whose name the platform writes."""
    return refer("systemuser", ids.guid("service"), "# Contact Center")


def tell_directory(book: Book, world: World, ids: Ids, at: datetime) -> None:
    """Tell everybody and everything, as of the beginning."""
    _tell_people(book, world, ids, at)
    _tell_machines(book, ids, at)
    for queue in world.queues:
        row: dict[str, object] = {"name": queue.name, "queuetypecode": 1}
        book.write("queue", ids.queue(queue), [(at, row)])
    for name in WORKSTREAMS:
        row = {
            "msdyn_name": name,
            "msdyn_streamsource": CHAT if name == "chat" else VOICE_CALL,
            "msdyn_direction": 1 if name == "phone outbound" else 0,
        }
        book.write("msdyn_liveworkstream", ids.guid("workstream", name), [(at, row)])
    for name, (presence_id, base) in PRESENCES.items():
        row = {
            "msdyn_name": name,
            "msdyn_presencestatustext": name,
            "msdyn_basepresencestatus": base,
            "msdyn_canuserset": True,
        }
        book.write("msdyn_presence", presence_id, [(at, row)])
    for code, locale in (("en-US", 1033), ("de-DE", 1031)):
        row = {"msdyn_name": code, "msdyn_languagecode": code, "msdyn_localeid": locale}
        book.write("msdyn_oclanguage", ids.guid("language", code), [(at, row)])


def _tell_people(book: Book, world: World, ids: Ids, at: datetime) -> None:
    """Agents with a personal queue each, and customers."""
    for number, agent in enumerate(world.agents):
        row: dict[str, object] = {
            "fullname": agent.name,
            "domainname": agent.email,
            "internalemailaddress": agent.email,
            "azureactivedirectoryobjectid": ids.guid("directory", agent.agent_id),
            "employeeid": f"E{1000 + number}",
            "mobilephone": agent.tel,
            "isdisabled": not agent.active,
        }
        book.write("systemuser", ids.user(agent), [(at, row)])
        own: dict[str, object] = {"name": f"<{agent.name}>", "queuetypecode": 1}
        book.write("queue", ids.guid("queue", agent.agent_id), [(at, own)])
    for customer in world.customers:
        first, _, last = customer.name.partition(" ")
        row = {
            "fullname": customer.name,
            "firstname": first,
            "lastname": last,
            "telephone1": customer.tel,
            "emailaddress1": customer.email,
        }
        book.write("contact", ids.contact(customer), [(at, row)])


def _tell_machines(book: Book, ids: Ids, at: datetime) -> None:
    """Users who are nobody: the service, the virtual agent, the application users."""
    bot: dict[str, object] = {
        "fullname": "Voice bot",
        "domainname": "voice.bot@corp.example",
        "msdyn_botapplicationid": ids.guid("bot", "application"),
        "isdisabled": False,
    }
    book.write("systemuser", ids.guid("bot"), [(at, bot)])
    service = {"fullname": "# Contact Center", "applicationid": ids.guid("service", "application")}
    book.write("systemuser", ids.guid("service"), [(at, {**service, "isdisabled": False})])
    for client in CLIENTS:
        row: dict[str, object] = {
            "fullname": f"# Recorder {client}",
            "applicationid": ids.application(client),
            "isdisabled": False,
        }
        book.write("systemuser", ids.application_user(client), [(at, row)])
