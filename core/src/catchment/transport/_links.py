"""Where a token may go, where a redirect leads, and how the head of a download is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import unquote

from catchment.errors import Corrupt, LinkDead, Unreachable

if TYPE_CHECKING:
    import httpx

    from catchment.transport._part import Kept

_PORTS = {"http": 80, "https": 443}
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)", re.IGNORECASE)
_FILE_NAME = re.compile(r"[^/]{1,200}\.[A-Za-z0-9]{2,5}")


def may_carry_token(url: str, token_hosts: Sequence[str]) -> bool:
    """Whether the source's bearer may be sent to *url*.

    An entry of *token_hosts* is a domain, which allows ``https`` to it and to what is under it,
    on the standard port; or ``host:port``, which allows exactly that, also over ``http`` (for
    simulated platforms on this machine).
    """
    import httpx

    # Read by httpx, because it is httpx that will go there.
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    if target.userinfo or target.scheme not in _PORTS:
        return False
    return any(_allows(entry.strip().lower(), target) for entry in token_hosts)


def _allows(entry: str, target: httpx.URL) -> bool:
    host, port = target.host.lower(), target.port or _PORTS[target.scheme]
    if re.search(r":\d+$", entry):
        name, _, number = entry.rpartition(":")
        return name.strip("[]") == host and int(number) == port
    domain = entry.lstrip(".")
    inside = host == domain or host.endswith("." + domain)
    return bool(domain) and inside and target.scheme == "https" and port == _PORTS["https"]


def name_host(url: httpx.URL) -> str:
    """Where *url* leads, as an entry of ``token_hosts`` that would allow it."""
    port = url.port or _PORTS.get(url.scheme)
    if url.scheme == "https" and port == _PORTS["https"]:
        return url.host
    return f"[{url.host}]:{port}" if ":" in url.host else f"{url.host}:{port}"


def name_origin(url: httpx.URL) -> str:
    """Scheme, host and port of *url*, and nothing of what may be secret in it."""
    return f"{url.scheme}://{url.host}:{url.port or _PORTS.get(url.scheme)}"


def read_target(url: httpx.URL, response: httpx.Response) -> httpx.URL:
    """Where *response*, a redirect, leads.

    Raises:
        LinkDead: Nowhere, or from an encrypted connection to an open one.
    """
    import httpx

    try:
        target = url.join(response.headers.get("location", ""))
    except httpx.InvalidURL:
        raise LinkDead(f"{url.host} redirects to something that is not a url") from None
    if target == url or target.scheme not in _PORTS:
        raise LinkDead(f"{url.host} redirects to nowhere")
    if url.scheme == "https" and target.scheme != "https":
        raise LinkDead(f"{url.host} redirects to {target.host} without encryption")
    return target


@dataclass(frozen=True, slots=True)
class Ask:
    """Which bytes of a file a request is for: all of them, unless it says otherwise.

    Attributes:
        start: The first byte.
        end: The byte after the last one; ``None`` for the end of the file.
        validator: What the file must still have (``If-Range``), where that is known.
    """

    start: int = 0
    end: int | None = None
    validator: str | None = None

    @property
    def ranged(self) -> bool:
        """Whether a part of the file is asked for."""
        return self.start > 0 or self.end is not None

    def write_headers(self) -> dict[str, str]:
        """The headers that ask for it."""
        if not self.ranged:
            return {}
        last = "" if self.end is None else self.end - 1
        headers = {"Range": f"bytes={self.start}-{last}"}
        # Without a start there is nothing yet that the bytes would have to fit to.
        return headers | ({"If-Range": self.validator} if self.start and self.validator else {})


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of an answer says about the bytes that follow.

    Attributes:
        start: Where in the file they begin.
        length_bytes: How many they are, if told.
        total_bytes: How large the whole file is, if told.
        partial: They are a range that was asked for, and not the whole file.
        placed: The server itself said which range; else it is taken to be the one asked for.
        framed: Their end is where the server ended them, and not where a connection broke.
        media_type: In lower case, without parameters.
        etag: As received.
        last_modified: As received.
        name: A file name without any folder.
        origin: Scheme, host and port of the server that gave the answer.
    """

    start: int
    length_bytes: int | None
    total_bytes: int | None
    partial: bool
    placed: bool
    framed: bool
    media_type: str | None
    etag: str | None
    last_modified: str | None
    name: str | None
    origin: str

    @property
    def strong_etag(self) -> str | None:
        """The entity tag, if it stands for exactly these bytes."""
        return self.etag if self.etag and self.etag.startswith('"') else None

    @property
    def reaches_end(self) -> bool:
        """Whether the last of these bytes is surely the last one of the file."""
        if not self.partial:
            return True
        if self.length_bytes is None or self.total_bytes is None:
            return False
        return self.start + self.length_bytes == self.total_bytes

    def continues(self, kept: Kept) -> bool:
        """Whether the bytes are what follows *kept*, as far as the server's words can tell."""
        same_tag = kept.etag is None or self.etag is None or self.etag == kept.etag
        totals = {kept.total_bytes, self.total_bytes} - {None}
        return self.start == kept.synced_bytes and same_tag and len(totals) < 2

    def fits(self, first: Head) -> bool:
        """Whether nothing says that it is of another version of the file than *first* is.

        An entity tag belongs into every answer, so one that comes and goes is no longer the same;
        a date need not be repeated.  Without either, this proves nothing.
        """
        if self.etag or first.etag:
            return self.etag == first.etag
        return len({self.last_modified, first.last_modified} - {None}) < 2

    def proves(self, kept: Kept) -> bool:
        """Whether a range that continues an earlier download's *kept* is of the same file.

        The same server must repeat what the file had there: many ignore ``If-Range`` and say which
        range they send, and what another one has under the same validator may be another file.
        """
        if kept.validator is None or self.origin != kept.origin:
            return False
        if kept.etag:
            return self.strong_etag == kept.etag
        return self.last_modified == kept.last_modified


def read_head(response: httpx.Response, redirected: bool, ask: Ask, size_header: str = "") -> Head:
    """Read the head of an answer with status 200 or 206 to *ask*.

    Raises:
        Unreachable: A range was answered that cannot be understood.
        Corrupt: The bytes are compressed, or two sizes are told for one file.
    """
    headers, host = response.headers, response.url.host
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        # Taken off, they might not be the bytes that the platform hashed; left on, they are not
        # the file.  A server that ignores what was asked is not relied on for either.
        raise Corrupt(f"{host} compressed the file, although it was asked not to")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower() or None
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    told = None if chunked else _read_number(headers.get("content-length", ""))
    partial = response.status_code == 206
    start, length, total = 0, told, None if partial else told
    said = headers.get("content-range", "").strip() if partial else ""
    placed = _RANGE.fullmatch(said)
    if placed is not None:
        start, total = int(placed[1]), _read_number(placed[3])
        length = int(placed[2]) + 1 - start
    elif partial and (said or ask.end is None or (media_type or "").startswith("multipart/")):
        raise Unreachable(f"{host} answered a range without saying which")
    elif partial:
        start = ask.start
    also = _read_number(headers.get(size_header, "")) if size_header else None
    if None not in (also, total) and also != total:
        raise Corrupt(f"{host} says of one file that it has {total} bytes and that it has {also}")
    return Head(
        start,
        length,
        also if total is None else total,
        partial,
        placed is not None,
        chunked or told is not None,
        media_type,
        headers.get("etag"),
        headers.get("last-modified"),
        _read_name(response, redirected),
        name_origin(response.url),
    )


def _read_number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _read_name(response: httpx.Response, redirected: bool) -> str | None:
    message = Message()
    message["Content-Disposition"] = response.headers.get("content-disposition", "")
    offered = message.get_filename()
    if not offered and redirected:
        # Only the target of a redirect has a name in its path; a first link has a secret there.
        last = unquote(response.url.path).rpartition("/")[2]
        offered = last if _FILE_NAME.fullmatch(last) else None
    if not offered:
        return None
    bare = re.split(r"[/\\]", offered)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "", bare).strip()[:255] or None
