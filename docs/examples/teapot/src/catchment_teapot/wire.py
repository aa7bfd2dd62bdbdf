"""Teapot's requests and answers: values in, values out, no I/O."""

from urllib.parse import quote

from catchment.errors import CatchmentError, CursorLost
from catchment.model import Span
from catchment.transport import Answer, Request


def build_page(span: Span, cursor: str | None) -> Request:
    """Ask for a page of the calls that changed inside the window."""
    start, end = span.window.start.isoformat(), span.window.end.isoformat()
    return Request("GET", "/calls", (("from", start), ("to", end), ("page", cursor or "0")))


def build_call(call_id: str) -> Request:
    """Ask for one call; an id is anything that somebody typed, so it is encoded."""
    return Request("GET", f"/calls/{quote(call_id, safe='')}")


def read_fault(answer: Answer) -> CatchmentError | None:
    """What only Teapot words like this; all other answers are read by their status."""
    return CursorLost("Teapot no longer knows the page") if answer.status == 409 else None
