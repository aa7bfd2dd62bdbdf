"""Control requests: counted, authorised, tried again a few times, and read into errors of ours."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    Later,
    RateLimited,
    Refused,
    Unreachable,
)
from catchment.model import Budget, Clock
from catchment.transport import _http
from catchment.transport.buckets import Buckets
from catchment.transport.limits import Limits, find_budget
from catchment.transport.messages import Answer, Request, read_date, read_retry_after
from catchment.transport.tokens import TokenSource, write_headers

if TYPE_CHECKING:
    import httpx

Check = Callable[[Answer], CatchmentError | None]
"""An adapter's reading of an answer: the error that it means, or ``None`` where it means none.

Asked for every answer, also for those with status 200 (some vendors hide errors there).  What it
says nothing about is read by status: 401 :class:`TokenRejected`, 403 ``Refused``, 404 and 410
``Absent``, 429 ``RateLimited``, 3xx and 5xx ``Unreachable``, any other 4xx ``AdapterFault``.  So
an answer that ``send`` returns has a status of 2xx, or one that the request accepts.

Until when to wait counts from :attr:`Answer.at`, the platform's time; the client converts it.
"""


class TokenRejected(Refused):
    """The platform does not accept the token.  A new one is tried once; then it is ``Refused``."""


class Client:
    """Sends requests to one platform under one credential.  Made by :meth:`Kit.client`.

    Thread-safe.  Redirects are not followed, and the bearer goes to the base url's origin alone.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        buckets: Buckets,
        auth: TokenSource | None = None,
        check: Check | None = None,
        budget: str | None = None,
        budgets: Mapping[str, Budget] | None = None,
        account: str = "",
        limits: Limits | None = None,
        stop: threading.Event | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._base_url = base_url
        self._clock = clock
        self._buckets = buckets
        self._auth = auth
        self._check = check
        self._budget = budget
        self._budgets = budgets
        self._account = account
        self._limits = limits or Limits()
        self._stop = stop or threading.Event()
        self._ca_file = ca_file
        self._http: httpx.Client | None = None
        self._opening = threading.Lock()
        self._offset: timedelta | None = None
        self._offset_at = 0.0

    @property
    def offset(self) -> timedelta | None:
        """How far the platform's clock is ahead of ours; ``None`` before the first answer."""
        return self._offset

    @property
    def offset_at(self) -> float:
        """When that was told, in seconds of a clock that nobody sets."""
        return self._offset_at

    def send(self, request: Request) -> Answer:
        """Send *request* and return its answer: of status 2xx, or one that the request accepts.

        Waits for the budget, adds the bearer, and tries again a few times what may pass: no
        answer, a broken server, a short wait that the platform asks for, a token that has died.

        Raises:
            RateLimited: The platform asked us to wait longer than is waited here.
            Unreachable: No answer, or that of a broken server, also after some tries.
            TokenRejected: A new token was not accepted either.
            AdapterFault: The request names a budget that the adapter does not declare.
            CatchmentError: Whatever else ``check`` read in the answer.
        """
        failures, renewed = 0, False
        while True:
            self._take(request)
            bearer = self._auth.token() if self._auth else None
            answer = self._try(request, bearer)
            if isinstance(answer, Answer):
                return answer
            if isinstance(answer, TokenRejected) and self._auth and bearer:
                self._auth.reject(bearer)
                if not renewed:
                    renewed = True
                    continue
            failures += 1
            self._wait_or_raise(answer, failures, request)

    def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        with self._opening:
            client, self._http = self._http, None
        if client is not None:
            client.close()

    # --- waiting -------------------------------------------------------------------------------

    def _bucket(self, request: Request) -> tuple[str, Budget | None]:
        name = request.budget or self._budget
        return f"{self._account}/{name}", find_budget(name, self._budgets)

    def _take(self, request: Request) -> None:
        key, budget = self._bucket(request)
        waited = 0.0
        while budget and (wait := self._buckets.take(key, budget)):
            waited += wait
            if waited > self._limits.longest_wait.total_seconds() or self._stop.is_set():
                at = self._clock.now() + timedelta(seconds=wait)
                raise RateLimited(
                    f"the budget of {key} is used up until {at:%Y-%m-%d %H:%M:%S}", retry_at=at
                )
            self._clock.wait(wait)

    def _wait_or_raise(self, fault: CatchmentError, failures: int, request: Request) -> None:
        # Not stamina: its sleeps are those of the machine, and ours are those of the clock.
        now = self._clock.now()
        grows = self._limits.first_delay * 2 ** (failures - 1) * random.uniform(1, 1.5)
        until = now + grows
        if isinstance(fault, RateLimited):
            fault.retry_at = until = fault.retry_at or until
            self._block(request, fault)
        elif not isinstance(fault, Unreachable):
            raise fault
        given_up = failures >= self._limits.tries or self._stop.is_set()
        if given_up or until - now > self._limits.longest_wait:
            raise fault
        self._clock.wait((until - now).total_seconds())

    def _block(self, request: Request, fault: RateLimited) -> None:
        key, budget = self._bucket(request)
        if budget is not None and fault.retry_at is not None:
            self._buckets.block(key, fault.retry_at)

    # --- one try -------------------------------------------------------------------------------

    def _try(self, request: Request, bearer: str | None) -> Answer | CatchmentError:
        try:
            answer = self._ask(request, bearer)
        except Unreachable as error:
            return error
        if answer.status in request.accept:
            return answer
        fault = self._check(answer) if self._check else None
        fault = fault or _read_fault(answer, request)
        if self._offset:  # an answer's time is the platform's, and so is what is counted from it
            if isinstance(fault, RateLimited) and fault.retry_at:
                fault.retry_at -= self._offset
            elif isinstance(fault, Later):
                fault.at -= self._offset
        return fault or answer

    def _ask(self, request: Request, bearer: str | None) -> Answer:
        import httpx

        with _http.reading_errors(_host(self._base_url), self._ca_file):
            url = httpx.URL(request.url(self._base_url))
            headers = dict(request.headers)
            if bearer is not None:
                self._judge_origin(url, request)
                assert self._auth is not None
                headers |= write_headers(self._auth, bearer)
            with self._opened().stream(
                request.method, url, headers=headers, json=request.json, data=_form(request)
            ) as response:
                return self._read_answer(response)

    def _judge_origin(self, url: httpx.URL, request: Request) -> None:
        import httpx

        base = httpx.URL(self._base_url)
        if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
            raise AdapterFault(
                f"{request.label} goes to {url.host}, and the token only to {base.host}"
            )

    def _read_answer(self, response: httpx.Response) -> Answer:
        now = self._clock.now()  # the head has come, and ``Date`` with it; the body may take longer
        body = bytearray()
        ends = time.monotonic() + self._limits.whole.total_seconds()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._limits.body_bytes:
                raise Unreachable(f"{response.url.host} answered with more than we read")
            if time.monotonic() > ends:
                raise Unreachable(f"{response.url.host} did not come to the end of its answer")
        at = read_date(response.headers.get("date", ""))
        if at is not None:
            self._offset, self._offset_at = at - now, time.monotonic()
        headers = {name.lower(): value for name, value in response.headers.items()}
        at = at or now + (self._offset or timedelta())
        return Answer(response.status_code, headers, bytes(body), at, str(response.url))

    def _opened(self) -> httpx.Client:
        with self._opening:
            if self._http is None:
                self._http = _http.open_client(self._limits, self._ca_file)
            return self._http


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _form(request: Request) -> dict[str, str] | None:
    return dict(request.form) if request.form is not None else None


def _read_fault(answer: Answer, request: Request) -> CatchmentError | None:
    status = answer.status
    what = f"{request.label} was answered with status {status}"
    if status == 429:
        return RateLimited(what, retry_at=read_retry_after(answer.headers, answer.at))
    kinds = {401: TokenRejected, 403: Refused, 404: Absent, 410: Absent, 408: Unreachable}
    if status in kinds:
        return kinds[status](what)
    if 400 <= status < 500:
        return AdapterFault(what)
    return None if 200 <= status < 300 else Unreachable(what)
