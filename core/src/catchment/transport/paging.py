"""The loop over pages that every listing shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from catchment.errors import AdapterFault, Truncated
from catchment.model import Page, Span
from catchment.transport.messages import Answer, Request


def walk(
    send: Callable[[Request], Answer],
    ask: Callable[[Span, str | None], Request],
    read: Callable[[Answer, Span], Page],
    span: Span,
) -> Iterator[Page]:
    """Yield the pages of *span* one by one, from its cursor on, until one says it is the last.

    Args:
        send: Sends a request: :meth:`Client.send`.
        ask: Builds the request for the page that starts at a cursor; ``None`` for the first.
        read: Reads an answer into a page.
        span: What shall be listed.

    Raises:
        Truncated: The platform gave a cursor that it gave before; the listing would never end.
        AdapterFault: *read* made a page that is neither the last nor says where the next starts.
    """
    cursor = span.cursor
    seen = {cursor}
    while True:
        page = read(send(ask(span, cursor)), span)
        yield page
        if page.last:
            return
        cursor = page.cursor
        if cursor is None:
            raise AdapterFault(f"a page of {span.feed} is not the last, and has no cursor")
        if cursor in seen:
            raise Truncated(f"{span.feed}: the platform gave the same cursor twice")
        seen.add(cursor)
