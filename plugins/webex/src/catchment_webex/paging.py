"""Link paging as Webex does it, with its known defects repaired (sheet 5).  Pure.

The next request keeps the path that we asked and takes the parameters of ``rel="next"``: a literal
``max=null`` is dropped and filters that the link lost are put back.  So the bearer goes nowhere but
where it went before, whatever host a link may name.  A cursor is these parameters as one string.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from catchment.errors import CursorLost
from catchment.transport import Answer, Request, read_links

PAGE_SIZE = 100
"""The most that the Meetings and Calling families list per page (5)."""

_NULL = "null"


def build_next(first: Request, answer: Answer) -> Request | None:
    """The request for the page after *answer*; ``None`` when it was the last.

    An empty page with a next one is legal (5), so only the link decides.

    Args:
        first: The request for the first page, with all filters; not that for the page before,
            which also holds what only led to that page.
        answer: Of any page.
    """
    url = read_links(answer).get("next", "")
    if not url:
        return None
    told = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    kept = [(name, value) for name, value in told if value != _NULL]
    names = {name for name, _ in kept}
    lost = [(name, value) for name, value in first.params if name not in names]
    return replace(first, params=(*kept, *lost))


def write_cursor(request: Request) -> str:
    """Where the page of *request* begins, as an opaque string for the ledger."""
    return urlencode(request.params)


def read_cursor(first: Request, cursor: str | None) -> Request:
    """*first*, or the page of the same listing at *cursor*.

    Raises:
        CursorLost: Nothing of ours wrote *cursor*.
    """
    if cursor is None:
        return first
    try:
        params = parse_qsl(cursor, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise CursorLost("the cursor of a Webex listing cannot be read") from None
    return replace(first, params=tuple(params))
