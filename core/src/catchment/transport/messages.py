"""What is asked and what is answered, as values: adapters build and read these without I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from catchment.errors import Unreachable

NO_ANSWER = "Look at the network, the proxy and the address in the settings."
"""What to do about a host that cannot be reached; who knows more says something better."""

_SECONDS = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, built by an adapter's ``wire`` and sent by :meth:`Client.send`.

    Attributes:
        method: The HTTP method.
        path: What follows the client's base url, percent-encoded already and sent as it stands;
            or an absolute url of the same origin (a link to the next page).
        params: Query parameters in order; names and values are encoded here, and nothing else is.
        json: A JSON body.
        form: A form body.
        headers: Further headers.  Never the bearer: that is what the client's ``auth`` is for, also
            where a token goes into another header (:class:`~catchment.transport.OwnHeaders`).
        budget: The budget this request counts against, if not the client's own.
        accept: Statuses besides 2xx that are an answer and no error: a vendor that says 404 for
            an empty list.  ``Check`` is not asked about them.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    json: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    budget: str | None = None
    accept: tuple[int, ...] = ()

    @property
    def absolute(self) -> bool:
        """Whether ``path`` is a whole url."""
        return self.path.lower().startswith(("http://", "https://"))

    def url(self, base_url: str) -> str:
        """The whole url under *base_url*; only ``params`` are encoded."""
        whole = self.path if self.absolute else base_url.rstrip("/") + self.path
        if not self.params:
            return whole
        return whole + ("&" if "?" in whole else "?") + urlencode(self.params, quote_via=quote)

    @property
    def label(self) -> str:
        """Method and path for messages to people: no parameters, no host, no secret."""
        path = re.sub(r"^https?://[^/?#]*", "", self.path, flags=re.IGNORECASE)
        return f"{self.method} {path.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform answered, read to its end.

    Attributes:
        status: The HTTP status.
        headers: By lower-case name.
        body: The bytes, with any content encoding taken off.
        at: The platform's time, from its ``Date`` header; where there is none, by what earlier
            answers told of it, or our clock's.
        url: What was asked, which relative links are read against; empty where that is not known.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    at: datetime
    url: str = field(default="", repr=False)

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty when none was told."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Unreachable: The body is not JSON; a proxy's or a login page, or a broken server.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            kind = self.media_type or "no media type"
            size = len(self.body)
            raise Unreachable(
                f"the platform answered {self.status} with {size} bytes ({kind}) that are not JSON",
                remedy="If this persists, look for a proxy or a login page in between.",
            ) from None


def read_retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read ``Retry-After``: whole seconds, an HTTP date, or an ISO-8601 instant.

    Args:
        headers: By lower-case name.
        now: The platform's time of the answer (:attr:`Answer.at`), from which seconds count.

    Returns:
        When to ask again; ``None`` where nothing was said that can be understood.
    """
    said = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        return now + timedelta(seconds=int(said))
    return read_date(said) or _read_instant(said)


_LINK = re.compile(r"<+([^<>]*)>+([^<]*)")
_RELATION = re.compile(r""";\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))""", re.IGNORECASE)


def read_links(answer: Answer) -> dict[str, str]:
    """Read the ``Link`` header (RFC 8288): addresses by relation, ``{"next": "https://…"}``.

    A relative address is one of the server that answered, and is made whole.

    Lenient: doubled angle brackets are one pair, relations are read without regard to case, and
    what is no link is passed over.  The first link of a relation counts.
    """
    links: dict[str, str] = {}
    for told, parameters in _LINK.findall(answer.headers.get("link", "")):
        url = _join(answer.url, told.strip())
        if not url:
            continue
        for quoted, bare in _RELATION.findall(";" + parameters.lstrip("; ")):
            for relation in (quoted or bare).lower().split():
                links.setdefault(relation, url)
    return links


def _join(base: str, told: str) -> str:
    """*told* as a whole address; empty for none, and for what cannot be one."""
    try:
        return urljoin(base, told) if told else ""
    except ValueError:
        return ""


def read_date(text: str) -> datetime | None:
    """Read an HTTP date (``Tue, 20 Oct 2026 08:00:00 GMT``); ``None`` for anything else."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _read_instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
