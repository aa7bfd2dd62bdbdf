"""Downloads: bytes streamed to a file in the buffer, resumed, hashed, and never taken on trust."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from catchment.errors import Corrupt, Later, LinkDead, RateLimited, Unreachable
from catchment.model import Budget, Clock, Way
from catchment.transport import _http, _part
from catchment.transport._links import (
    Head,
    may_carry_token,
    name_host,
    read_head,
    read_target,
)
from catchment.transport.buckets import Buckets, LocalBuckets
from catchment.transport.limits import Limits
from catchment.transport.messages import read_date, read_retry_after
from catchment.transport.tokens import TokenSource, write_headers

if TYPE_CHECKING:
    import httpx

OnHead = Callable[[bytes, str | None], None]
"""Gets a file's first bytes (up to 4096) and its media type; raises ``Corrupt`` if they lie."""

_BLOCK_BYTES = 1024 * 1024
_HEAD_BYTES = 4096
_CHECKPOINT_BYTES = 128 * 1024 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10


class LinkRefused(LinkDead):
    """The server does not serve the link any more.

    Attributes:
        status: What it answered: 401 (an expired link, or a token that is not accepted even when
            new), 403, 404, 410, or another 4xx.
    """

    def __init__(self, what: str, *, status: int) -> None:
        super().__init__(what)
        self.status = status


class _Afresh(Exception):
    """What is kept cannot be continued; the file is fetched from zero."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was downloaded whole and is on disk.

    Attributes:
        size_bytes: Its size.
        sha256: Hex digest.
        sha512: Hex digest.
        media_type: As the server said, in lower case and without parameters.
        etag: As the server said.
        name: The file name that the server offered, without any folder; a label for people.
    """

    size_bytes: int
    sha256: str
    sha512: str
    media_type: str | None = None
    etag: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class _Errand:
    """The arguments of :meth:`Downloader.fetch`."""

    way: Way
    part: Path
    expected_bytes: int | None
    on_head: OnHead | None
    on_progress: Callable[[int], None] | None
    stop: threading.Event


class Downloader:
    """Downloads the files of one source.  Thread-safe.

    Args:
        clock: For waits and for the times at which to ask again.
        token: The source's bearer; ``None`` where it has none.
        token_hosts: Where the bearer may go, as in :func:`may_carry_token`.
        buckets: Where downloads are counted, under ``<account>/downloads``.
        budget: How often a download may be started; ``None`` for as often as wanted.
        account: Whom the platform counts.
        limits: ``connect`` and ``read`` time limits, and ``longest_wait``.
        slowest_bytes: A server that gives less within ``slowest_per`` is given up.
        slowest_per: See ``slowest_bytes``.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        token: TokenSource | None = None,
        token_hosts: Sequence[str] = (),
        buckets: Buckets | None = None,
        budget: Budget | None = None,
        account: str = "",
        limits: Limits | None = None,
        slowest_bytes: int = 64 * 1024,
        slowest_per: timedelta = timedelta(minutes=1),
    ) -> None:
        self._clock = clock
        self._token = token
        self._token_hosts = tuple(token_hosts)
        self._buckets: Buckets = buckets or LocalBuckets(clock)
        self._budget = budget
        self._key = f"{account}/downloads"
        self._limits = limits or Limits()
        self._slowest_bytes = slowest_bytes
        self._slowest_per = slowest_per.total_seconds()
        self._http: httpx.Client | None = None
        self._opening = threading.Lock()

    def fetch(
        self,
        way: Way,
        part: Path,
        *,
        expected_bytes: int | None = None,
        on_head: OnHead | None = None,
        on_progress: Callable[[int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Fetched:
        """Download *way* into *part* and return what it is, once all of it is on disk.

        A *part* that an earlier call left is continued where the server proves that the file is
        still the same, and is fetched again from zero where it does not.

        Args:
            way: Where the bytes are.
            part: The file to write; ``<part>.resume`` beside it remembers how to continue.
            expected_bytes: The exact size, where the platform told one.
            on_head: Judges the first bytes before more is fetched.
            on_progress: Is told now and then how many bytes of the file are there.
            stop: Ends the download when it is set; the part is kept.

        Raises:
            Corrupt: The bytes are not what was announced; the part was removed.
            LinkDead: The link must be renewed.  :class:`LinkRefused` says what was answered.
            RateLimited: The server asked us to wait.
            Unreachable: The transfer broke off; the part is kept and the next call continues it.
            Later: The download was stopped; the part is kept.
            StorageUnavailable: The buffer cannot be written.
        """
        errand = _Errand(way, part, expected_bytes, on_head, on_progress, stop or threading.Event())
        self._take(errand.stop)
        try:
            return self._continue(errand)
        except Corrupt:
            _part.remove(part)
            raise

    def close(self) -> None:
        """Close all connections; the next download opens new ones."""
        with self._opening:
            client, self._http = self._http, None
        if client is not None:
            client.close()

    def _take(self, stop: threading.Event) -> None:
        while self._budget and (wait := self._buckets.take(self._key, self._budget)):
            if wait > self._limits.longest_wait.total_seconds() or stop.is_set():
                at = self._clock.now() + timedelta(seconds=wait)
                raise RateLimited("the budget for downloads is used up", retry_at=at)
            self._clock.wait(wait)

    # --- from the link to the answer that has the bytes -----------------------------------------

    @contextmanager
    def _opened(self, errand: _Errand, kept: _part.Kept) -> Iterator[tuple[httpx.Response, bool]]:
        """The answer at the end of all redirects, and whether there were any."""
        import httpx

        with _http.reading_errors(""):
            url = httpx.URL(errand.way.url)
        first, method, renewed, hops = url, errand.way.method, False, 0
        while hops <= _MOST_REDIRECTS:
            bearer = self._bearer(errand.way, url)
            headers = _build_headers(errand.way, kept, same=_origin(url) == _origin(first))
            if bearer is not None and self._token is not None:
                headers |= write_headers(self._token, bearer)
            with _http.reading_errors(url.host):
                response = self._client().send(
                    self._client().build_request(method, url, headers=headers), stream=True
                )
            try:
                if response.status_code in _REDIRECTS:
                    target = read_target(url, response)
                    method = method if response.status_code in (307, 308) else "GET"
                    url, hops = target, hops + 1
                elif response.status_code == 401 and bearer and self._token and not renewed:
                    self._token.reject(bearer)
                    url, method, renewed, hops = first, errand.way.method, True, 0
                else:
                    self._judge(response, kept, self._explain(errand.way, url, hops))
                    yield response, hops > 0
                    return
            finally:
                response.close()
        raise LinkDead(f"{first.host} redirects without end")

    def _bearer(self, way: Way, url: httpx.URL) -> str | None:
        if not way.auth or self._token is None:
            return None
        return self._token.token() if may_carry_token(str(url), self._token_hosts) else None

    def _explain(self, way: Way, url: httpx.URL, hops: int) -> str:
        """Why the adapter's own link got no token although it asked for one; mostly empty.

        Not told of where a redirect led: a link there mostly carries its own right, and whoever
        allowed that host would give the token away.
        """
        if not way.auth or self._token is None or hops:
            return ""
        if may_carry_token(str(url), self._token_hosts):
            return ""
        return f"; no token was sent, because token_hosts() does not allow {name_host(url)}"

    def _judge(self, response: httpx.Response, kept: _part.Kept, without_token: str) -> None:
        status, host = response.status_code, response.url.host
        if status == 200 or (status == 206 and kept.synced_bytes):
            return
        if status == 416 and kept.synced_bytes:
            raise _Afresh
        if status == 429:
            raise self._read_rate_limit(response)
        if 400 <= status < 500 and status != 408:
            why = without_token if status in (401, 403) else ""
            raise LinkRefused(f"{host} answered {status} for a file{why}", status=status)
        raise Unreachable(f"{host} answered {status} for a file")

    def _read_rate_limit(self, response: httpx.Response) -> RateLimited:
        now = self._clock.now()
        theirs = read_date(response.headers.get("date", "")) or now
        headers = {name.lower(): value for name, value in response.headers.items()}
        retry_at = read_retry_after(headers, theirs)
        if retry_at is not None:
            retry_at -= theirs - now
            self._buckets.block(self._key, retry_at)
        return RateLimited(f"{response.url.host} asked us to wait", retry_at=retry_at)

    def _client(self) -> httpx.Client:
        with self._opening:
            if self._http is None:
                self._http = _http.open_client(self._limits)
            return self._http

    # --- from the answer to the file ------------------------------------------------------------

    def _continue(self, errand: _Errand) -> Fetched:
        kept = _part.read_kept(errand.part) if errand.way.ranged is not False else None
        if kept is not None:
            with suppress(_Afresh):
                return self._fetch(errand, kept)
        return self._fetch(errand, _part.Kept())

    def _fetch(self, errand: _Errand, kept: _part.Kept) -> Fetched:
        with self._opened(errand, kept) as (response, redirected):
            head = read_head(response, redirected)
            if response.status_code == 206 and not head.continues(kept):
                raise _Afresh
            _judge_head(response, head, errand.expected_bytes)
            fresh = _part.Kept(0, head.strong_etag, head.last_modified, head.total_bytes)
            with _part.PartFile(errand.part, kept if head.start else fresh) as file:
                self._receive(response, head, errand, file)
                sha256, sha512 = file.finish()
        return Fetched(file.size_bytes, sha256, sha512, head.media_type, head.etag, head.name)

    def _receive(
        self, response: httpx.Response, head: Head, errand: _Errand, file: _part.PartFile
    ) -> None:
        stream = _Stream(errand, head, file)
        try:
            with _http.reading_errors(response.url.host):
                self._read(response, stream, errand)
            stream.end()
        except (Unreachable, Later):
            stream.keep()
            raise

    def _read(self, response: httpx.Response, stream: _Stream, errand: _Errand) -> None:
        minute_ends, minute_bytes = time.monotonic() + self._slowest_per, 0
        for chunk in response.iter_raw():
            stream.add(chunk)
            minute_bytes += len(chunk)
            if errand.stop.is_set():
                raise Later("the download was stopped", at=self._clock.now())
            if time.monotonic() > minute_ends:
                if minute_bytes < self._slowest_bytes:
                    raise Unreachable(f"{response.url.host} gives bytes too slowly")
                minute_ends, minute_bytes = time.monotonic() + self._slowest_per, 0


class _Stream:
    """Gathers what arrives in small pieces, and judges, writes and counts it in large ones."""

    def __init__(self, errand: _Errand, head: Head, file: _part.PartFile) -> None:
        self._errand = errand
        self._head = head
        self._file = file
        self._waiting = bytearray()
        self._judged = file.size_bytes > 0  # its first bytes were judged before they were kept
        self._checkpoint = file.size_bytes + _CHECKPOINT_BYTES

    def add(self, chunk: bytes) -> None:
        """Take *chunk*."""
        self._waiting += chunk
        if len(self._waiting) >= (_BLOCK_BYTES if self._judged else _HEAD_BYTES):
            self._flush()

    def end(self) -> None:
        """Write the rest and judge the whole.

        Raises:
            Unreachable: The connection broke off where the server had announced no length.
            Corrupt: The size is not what the platform told.
        """
        self._flush()
        expected = self._errand.expected_bytes
        got = self._file.size_bytes
        total = expected if expected is not None else self._head.total_bytes
        if total is None or got == total:
            return
        if got < total and not self._head.framed:
            raise Unreachable(f"the transfer broke off at {got} of {total} bytes")
        raise Corrupt(f"the file has {got} bytes, and {total} were announced")

    def keep(self) -> None:
        """Write the rest and remember it; a first piece too short to be judged is dropped."""
        if self._judged or len(self._waiting) >= _HEAD_BYTES:
            self._flush()
            self._file.checkpoint()

    def _flush(self) -> None:
        errand = self._errand
        if not self._judged and errand.on_head:
            errand.on_head(bytes(self._waiting[:_HEAD_BYTES]), self._head.media_type)
        self._judged = True
        if not self._waiting:
            return
        self._file.write(self._waiting)
        self._waiting = bytearray()
        got = self._file.size_bytes
        if errand.expected_bytes is not None and got > errand.expected_bytes:
            raise Corrupt(f"the file is longer than the {errand.expected_bytes} bytes announced")
        if got >= self._checkpoint:
            self._file.checkpoint()
            self._checkpoint = got + _CHECKPOINT_BYTES
        if errand.on_progress:
            errand.on_progress(got)


def _judge_head(response: httpx.Response, head: Head, expected_bytes: int | None) -> None:
    host = response.url.host
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        # Taken off, they might not be the bytes that the platform hashed; left on, they are not
        # the file.  A server that ignores what was asked is not relied on for either.
        raise Corrupt(f"{host} compressed the file, although it was asked not to")
    if None not in (expected_bytes, head.total_bytes) and head.total_bytes != expected_bytes:
        raise Corrupt(
            f"{host} offers {head.total_bytes} bytes, and {expected_bytes} were announced"
        )


def _build_headers(way: Way, kept: _part.Kept, same: bool) -> dict[str, str]:
    headers = dict(way.headers) if same else {}
    headers |= {"Accept": "*/*", "Accept-Encoding": "identity"}
    if kept.synced_bytes and kept.validator:
        headers |= {"Range": f"bytes={kept.synced_bytes}-", "If-Range": kept.validator}
    return headers


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
