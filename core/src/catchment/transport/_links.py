"""Where a token may go, where a redirect leads, and how the head of a download is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import unquote

from catchment.errors import LinkDead, Unreachable

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
class Head:
    """What the head of an answer says about the bytes that follow.

    Attributes:
        start: Where in the file they begin.
        total_bytes: How large the whole file is, if told.
        framed: The end of these bytes is the end of the file, and not where a connection broke.
        media_type: In lower case, without parameters.
        etag: As received.
        last_modified: As received.
        name: A file name without any folder.
    """

    start: int
    total_bytes: int | None
    framed: bool
    media_type: str | None
    etag: str | None
    last_modified: str | None
    name: str | None

    @property
    def strong_etag(self) -> str | None:
        """The entity tag, if it stands for exactly these bytes."""
        return self.etag if self.etag and self.etag.startswith('"') else None

    def continues(self, kept: Kept) -> bool:
        """Whether the bytes are what follows *kept*, as far as the server's words can tell."""
        same_tag = kept.etag is None or self.etag is None or self.etag == kept.etag
        totals = {kept.total_bytes, self.total_bytes} - {None}
        return self.start == kept.synced_bytes and same_tag and len(totals) < 2


def read_head(response: httpx.Response, redirected: bool) -> Head:
    """Read the head of an answer with status 200 or 206.

    Raises:
        Unreachable: A range was answered that cannot be understood.
    """
    headers = response.headers
    length = headers.get("content-length", "")
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    start, total = 0, int(length) if length.isdigit() and not chunked else None
    framed = chunked or length.isdigit()
    if response.status_code == 206:
        found = _RANGE.fullmatch(headers.get("content-range", "").strip())
        if found is None:
            raise Unreachable(f"{response.url.host} answered a range without saying which")
        start, total = int(found[1]), None if found[3] == "*" else int(found[3])
        framed = framed and total == int(found[2]) + 1
    return Head(
        start,
        total,
        framed,
        headers.get("content-type", "").partition(";")[0].strip().lower() or None,
        headers.get("etag"),
        headers.get("last-modified"),
        _read_name(response, redirected),
    )


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
