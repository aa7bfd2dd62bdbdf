"""Downloads: bytes streamed to a file in the buffer, resumed, hashed, and never taken on trust."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from catchment.errors import Corrupt, Later, LinkDead, RateLimited, Unreachable
from catchment.model import Budget, Clock, Way
from catchment.transport import _http, _part
from catchment.transport._links import Ask, may_carry_token, name_host, read_head, read_target
from catchment.transport._stream import Afresh, Errand, Fetched, OnHead, Pace, Stream
from catchment.transport.buckets import Buckets, LocalBuckets
from catchment.transport.limits import Limits, find_budget
from catchment.transport.messages import read_date, read_retry_after
from catchment.transport.tokens import TokenSource, write_headers

if TYPE_CHECKING:
    import httpx

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


class Downloader:
    """Downloads the files of one source.  Thread-safe.

    Args:
        clock: For waits and for the times at which to ask again.
        token: The source's bearer; ``None`` where it has none.
        token_hosts: Where the bearer may go, as in :func:`may_carry_token`.
        buckets: Where downloads are counted, under ``<account>/downloads`` or, along a way that
            names a budget, under ``<account>/<budget>`` like the requests of a :class:`Client`.
        budget: How often a file, or a piece of one, may be asked for; ``None`` for as often as
            wanted.
        budgets: The adapter's budgets by name, for ways that name one; ``None`` counts nothing of
            these and accepts any name.
        account: Whom the platform counts.
        limits: ``connect`` and ``read`` time limits, and ``longest_wait``.
        slowest_bytes: A server that gives less within ``slowest_per`` is given up.
        slowest_per: See ``slowest_bytes``.
        ca_file: Certificates, as PEM, of authorities that are trusted beside the usual ones.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        token: TokenSource | None = None,
        token_hosts: Sequence[str] = (),
        buckets: Buckets | None = None,
        budget: Budget | None = None,
        budgets: Mapping[str, Budget] | None = None,
        account: str = "",
        limits: Limits | None = None,
        slowest_bytes: int = 64 * 1024,
        slowest_per: timedelta = timedelta(minutes=1),
        ca_file: Path | None = None,
    ) -> None:
        self._clock = clock
        self._token = token
        self._token_hosts = tuple(token_hosts)
        self._buckets: Buckets = buckets or LocalBuckets(clock)
        self._budget = budget
        self._budgets = budgets
        self._account = account
        self._limits = limits or Limits()
        self._slowest_bytes = slowest_bytes
        self._slowest_per = slowest_per.total_seconds()
        self._ca_file = ca_file
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

        A *part* that an earlier call left is continued where the server that gave it repeats the
        strong ``ETag`` or else the ``Last-Modified`` of then, and is fetched again from zero where
        it does not.  A way with ``piece_bytes`` is asked for piece by piece, until the file has the
        size that was told; of a server without an ``ETag`` or a ``Last-Modified``, the size is all
        that is known to be the same in every piece.

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
            AdapterFault: The way names a budget that the adapter does not declare.
        """
        errand = Errand(way, part, expected_bytes, on_head, on_progress, stop or threading.Event())
        self._take(errand)
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

    def _bucket(self, way: Way) -> tuple[str, Budget | None]:
        if way.budget:
            return f"{self._account}/{way.budget}", find_budget(way.budget, self._budgets)
        return f"{self._account}/downloads", self._budget

    def _take(self, errand: Errand) -> None:
        key, budget = self._bucket(errand.way)
        waited = 0.0
        while budget and (wait := self._buckets.take(key, budget)):
            waited += wait
            if waited > self._limits.longest_wait.total_seconds() or errand.stop.is_set():
                at = self._clock.now() + timedelta(seconds=wait)
                what = errand.way.budget or "downloads"
                raise RateLimited(f"the budget for {what} is used up", retry_at=at)
            self._clock.wait(wait)

    # --- from the link to the answer that has the bytes -----------------------------------------

    @contextmanager
    def _opened(self, errand: Errand, ask: Ask) -> Iterator[tuple[httpx.Response, bool]]:
        """The answer at the end of all redirects, and whether there were any."""
        import httpx

        with _http.reading_errors(""):
            url = httpx.URL(errand.way.url)
        first, method, renewed, hops = url, errand.way.method, False, 0
        while hops <= _MOST_REDIRECTS:
            bearer = self._bearer(errand.way, url)
            headers = _build_headers(errand.way, ask, same=_origin(url) == _origin(first))
            if bearer is not None and self._token is not None:
                headers |= write_headers(self._token, bearer)
            with _http.reading_errors(url.host, self._ca_file):
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
                    if response.status_code == 429:
                        raise self._read_rate_limit(response, errand.way)
                    self._judge(response, ask, self._explain(errand.way, url, hops))
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

    def _judge(self, response: httpx.Response, ask: Ask, without_token: str) -> None:
        status, host = response.status_code, response.url.host
        if status == 200 or (status == 206 and ask.ranged):
            return
        if status == 416 and ask.start:
            raise Afresh
        if 400 <= status < 500 and status != 408:
            why = without_token if status in (401, 403) else ""
            raise LinkRefused(f"{host} answered {status} for a file{why}", status=status)
        raise Unreachable(f"{host} answered {status} for a file")

    def _read_rate_limit(self, response: httpx.Response, way: Way) -> RateLimited:
        now = self._clock.now()
        theirs = read_date(response.headers.get("date", "")) or now
        headers = {name.lower(): value for name, value in response.headers.items()}
        retry_at = read_retry_after(headers, theirs)
        if retry_at is not None:
            retry_at -= theirs - now
            self._buckets.block(self._bucket(way)[0], retry_at)
        return RateLimited(f"{response.url.host} asked us to wait", retry_at=retry_at)

    def _client(self) -> httpx.Client:
        with self._opening:
            if self._http is None:
                self._http = _http.open_client(self._limits, self._ca_file)
            return self._http

    # --- from the answer to the file ------------------------------------------------------------

    def _continue(self, errand: Errand) -> Fetched:
        kept = _part.read_kept(errand.part) if errand.way.ranged is not False else None
        for start in (kept or _part.Kept(), _part.Kept(), _part.Kept()):
            with suppress(Afresh):
                return self._fetch(errand, start)
        raise Corrupt("the file changed again and again while it was fetched, piece by piece")

    def _fetch(self, errand: Errand, kept: _part.Kept) -> Fetched:
        pace = Pace(self._slowest_bytes, self._slowest_per)
        with Stream(errand, kept) as stream:
            try:
                while not stream.done:
                    if stream.begun:
                        self._take(errand)
                    self._receive(errand, stream, pace)
            except (Unreachable, RateLimited, LinkDead, Later):
                stream.keep()
                raise
            return stream.finish()

    def _receive(self, errand: Errand, stream: Stream, pace: Pace) -> None:
        """One answer: the whole file, what is missing of it, or its next piece."""
        ask = stream.ask()
        with self._opened(errand, ask) as (response, redirected):
            head = read_head(response, redirected, ask, errand.way.size_header)
            stream.begin(head, response.url.host)
            with _http.reading_errors(response.url.host, self._ca_file):
                self._read(response, stream, pace, errand.stop)
            stream.end(head)

    def _read(
        self, response: httpx.Response, stream: Stream, pace: Pace, stop: threading.Event
    ) -> None:
        pace.begin()
        for chunk in response.iter_raw():
            stream.add(chunk)
            if stop.is_set():
                raise Later("the download was stopped", at=self._clock.now())
            if not pace.keeps_up(len(chunk)):
                raise Unreachable(f"{response.url.host} gives bytes too slowly")


def _build_headers(way: Way, ask: Ask, same: bool) -> dict[str, str]:
    headers = dict(way.headers) if same else {}
    return headers | {"Accept": "*/*", "Accept-Encoding": "identity"} | ask.write_headers()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
