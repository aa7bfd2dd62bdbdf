"""Control requests against real servers: T4 for everything that is not a file."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from catchment.errors import (
    Absent,
    AdapterFault,
    CatchmentError,
    Later,
    RateLimited,
    Refused,
    Unreachable,
)
from catchment.model import Budget
from catchment.transport import (
    Answer,
    Client,
    Kit,
    Limits,
    Minted,
    Request,
    TokenRejected,
    read_links,
    read_retry_after,
)

GET = Request("GET", "/x")


class Tokens:
    """A token source that hands out t1, t2, … as they are rejected."""

    def __init__(self) -> None:
        self.rejected: list[str] = []

    def token(self) -> str:
        """The token that was not rejected yet."""
        return f"t{len(self.rejected) + 1}"

    def reject(self, token: str) -> None:
        """Remember what was rejected."""
        self.rejected.append(token)


@pytest.fixture
def kit(clock: Any) -> Iterator[Kit]:
    """A kit on the virtual clock, with one budget."""
    with Kit.for_tests(clock, {"api": Budget(2, "1s", 1)}) as kit:
        yield kit


def script(*replies: Any) -> Callable[[Any], Any]:
    """Answers one after the other; the last one for ever."""
    left = list(replies)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize(
    "path",
    [
        "/past_meetings/%252FkQ7v%252F%252F9TtK%253D%253D",
        "/past_meetings/Yt3mWq0RS5eG8hJk2LxNvA%3D%3D/participants?a=%2Bx",
        "/a//b/c%20d",
    ],
)
def test_the_server_gets_the_path_as_the_adapter_wrote_it(
    kit: Kit, serve: Any, reply: Any, path: str
) -> None:
    """A doubly encoded id arrives doubly encoded: nothing is encoded or decoded on the way."""
    server = serve(lambda asked: reply())
    kit.client(server.url + "/v2").send(Request("GET", path))
    assert server.asked[0].target == "/v2" + path


def test_parameters_arrive_encoded_once(kit: Kit, serve: Any, reply: Any) -> None:
    """A cursor with any character comes back to the platform as it was given."""
    server = serve(lambda asked: reply())
    kit.client(server.url).send(Request("GET", "/x", (("next", "a+b/c=%2F"), ("n", "30"))))
    assert server.asked[0].target == "/x?next=a%2Bb%2Fc%3D%252F&n=30"


def test_bodies_and_headers_are_sent(kit: Kit, serve: Any, reply: Any) -> None:
    """JSON and forms go out as such, with the adapter's headers and without a bearer of ours."""
    server = serve(lambda asked: reply())
    client = kit.client(server.url)
    client.send(Request("POST", "/j", json={"a": 1}))
    client.send(Request("POST", "/f", form={"grant": "a b"}, headers=(("Authorization", "B"),)))
    assert json.loads(server.asked[0].body) == {"a": 1}
    assert "authorization" not in server.asked[0].headers
    assert server.asked[1].body == b"grant=a+b"
    assert server.asked[1].headers["authorization"] == "B"


def test_an_answer_has_the_platforms_time(kit: Kit, clock: Any, serve: Any, reply: Any) -> None:
    """The ``Date`` header is the platform's clock; the offset is kept for windows."""
    server = serve(lambda asked: reply(headers={"Date": "Tue, 20 Oct 2026 08:01:30 GMT"}))
    client = kit.client(server.url)
    assert client.offset is None
    assert client.send(GET).at == clock.now() + timedelta(seconds=90)
    assert client.offset == kit.offset == timedelta(seconds=90)


def test_the_newest_answer_of_all_clients_tells_the_offset(
    kit: Kit, serve: Any, reply: Any
) -> None:
    """A token endpoint is asked now and then: what it told of the time may be of last week."""
    dates = iter(["08:00:00", "08:00:10", "08:01:30"])
    server = serve(lambda asked: reply(headers={"Date": f"Tue, 20 Oct 2026 {next(dates)} GMT"}))
    tokens, rows = kit.client(server.url), kit.client(server.url)
    told = []
    for client in (tokens, rows, rows):
        client.send(GET)
        told.append(kit.offset)
    assert told == [timedelta(seconds=seconds) for seconds in (0, 10, 90)]
    assert tokens.offset == timedelta()


@pytest.mark.parametrize("fault", [RateLimited, Later])
def test_until_when_to_wait_is_said_in_the_platforms_time(
    kit: Kit, clock: Any, serve: Any, reply: Any, fault: type[RateLimited | Later]
) -> None:
    """A minute from now is that also by a clock of ours that is ten minutes ahead."""
    server = serve(lambda asked: reply(423, headers={"Date": "Tue, 20 Oct 2026 07:50:00 GMT"}))

    def check(answer: Answer) -> CatchmentError:
        until = answer.at + timedelta(minutes=2)
        return Later("wait", at=until) if fault is Later else RateLimited("wait", retry_at=until)

    with pytest.raises(fault) as caught:
        kit.client(server.url, check=check).send(GET)
    said = vars(caught.value)
    assert said.get("at", said.get("retry_at")) == clock.now() + timedelta(minutes=2)


def test_without_a_date_the_time_is_ours(kit: Kit, clock: Any, serve: Any, reply: Any) -> None:
    """No ``Date``, no offset."""
    assert kit.client(serve(lambda asked: reply()).url).send(GET).at == clock.now()
    assert kit.offset == timedelta()


def test_without_a_date_the_time_is_as_far_from_ours_as_it_was(
    kit: Kit, clock: Any, serve: Any, reply: Any
) -> None:
    """A gateway that writes no ``Date`` is in front of a platform whose time is known."""
    headers: Iterator[dict[str, str]] = iter([{"Date": "Tue, 20 Oct 2026 08:01:30 GMT"}, {}])
    client = kit.client(serve(lambda asked: reply(headers=next(headers))).url)
    assert [client.send(GET).at for _ in range(2)] == [clock.now() + timedelta(seconds=90)] * 2


def test_a_compressed_answer_is_read(kit: Kit, serve: Any, reply: Any) -> None:
    """T4: gzip is taken off control answers."""
    packed = reply(body=gzip.compress(b'{"a":1}'), headers={"Content-Encoding": "gzip"})
    assert kit.client(serve(lambda asked: packed).url).send(GET).json() == {"a": 1}


def test_a_dead_token_is_replaced_once(kit: Kit, serve: Any, reply: Any) -> None:
    """T4: 401 in the middle of a run costs one new token and no error."""
    server = serve(
        lambda asked: reply(200 if asked.headers["authorization"] == "Bearer t2" else 401)
    )
    tokens = Tokens()
    kit.client(server.url, auth=tokens).send(GET)
    assert tokens.rejected == ["t1"]
    assert len(server.asked) == 2


def test_a_token_that_is_never_accepted_is_refused(kit: Kit, serve: Any, reply: Any) -> None:
    """A second 401 stops: a credential is not hammered against a platform."""
    server = serve(lambda asked: reply(401))
    with pytest.raises(Refused) as caught:
        kit.client(server.url, auth=Tokens()).send(GET)
    assert isinstance(caught.value, TokenRejected)
    assert len(server.asked) == 2


def test_check_may_read_a_dead_token_from_any_status(kit: Kit, serve: Any, reply: Any) -> None:
    """A vendor that says 400 for a dead token is understood through ``check``."""

    def check(answer: Answer) -> CatchmentError | None:
        return TokenRejected("code 124") if b"124" in answer.body else None

    server = serve(script(reply(400, b'{"code":124}'), reply(200, b"{}")))
    assert kit.client(server.url, auth=Tokens(), check=check).send(GET).status == 200


def test_check_may_read_an_error_from_status_200(kit: Kit, serve: Any, reply: Any) -> None:
    """A vendor that hides an error behind 200 is understood through ``check``."""
    client = kit.client(serve(lambda asked: reply()).url, check=lambda answer: Absent("no such"))
    with pytest.raises(Absent, match="no such"):
        client.send(GET)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, AdapterFault), (403, Refused), (404, Absent), (410, Absent), (401, TokenRejected)],
)
def test_other_statuses_are_errors_at_once(
    kit: Kit, serve: Any, reply: Any, status: int, kind: type[CatchmentError]
) -> None:
    """What another try cannot change is not tried again, and names method, path and status."""
    server = serve(lambda asked: reply(status))
    with pytest.raises(kind, match=f"GET /x was answered with status {status}"):
        kit.client(server.url).send(GET)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [500, 503, 302])
def test_a_broken_server_is_tried_again(
    kit: Kit, clock: Any, serve: Any, reply: Any, status: int
) -> None:
    """T4: 5xx costs growing waits of the clock and no error, if it passes."""
    server = serve(script(reply(status), reply(status), reply(body=b"{}")))
    assert kit.client(server.url).send(GET).json() == {}
    first, second = clock.waits
    assert 1 <= first <= 1.5
    assert 2 <= second <= 3


def test_a_broken_server_is_given_up(kit: Kit, clock: Any, serve: Any, reply: Any) -> None:
    """T4: after four tries the engine decides."""
    server = serve(lambda asked: reply(502))
    with pytest.raises(Unreachable, match="502"):
        kit.client(server.url).send(GET)
    assert len(server.asked) == 4
    assert len(clock.waits) == 3


def test_nobody_there_is_unreachable(kit: Kit) -> None:
    """A refused connection is an error of ours, with the host and without the path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1.*cannot be reached") as caught:
        kit.client(url).send(Request("GET", "/x?access_token=s3cret"))
    assert "s3cret" not in str(caught.value)


def test_a_truncated_answer_is_tried_again(kit: Kit, serve: Any, reply: Any) -> None:
    """T4: an answer shorter than its Content-Length is never read as whole."""
    server = serve(script(reply(body=b'{"a":', length=100), reply(body=b"{}")))
    assert kit.client(server.url).send(GET).json() == {}
    assert len(server.asked) == 2


def test_a_silent_server_is_given_up(clock: Any, serve: Any, reply: Any) -> None:
    """T4: a server that takes the request and says nothing does not hold a worker for ever."""
    release = threading.Event()
    server = serve(lambda asked: release.wait(10) and reply())
    limits = Limits(read=timedelta(seconds=0.1), tries=2)
    with Kit(clock, limits=limits) as kit, pytest.raises(Unreachable, match="silent"):
        kit.client(server.url).send(GET)
    release.set()


def test_an_endless_drip_is_given_up(clock: Any, serve: Any, reply: Any) -> None:
    """T4: an answer that comes byte by byte has an end, though each byte comes in time."""
    drip = reply(body=b"x" * 1000, drip=lambda: threading.Event().wait(0.01))
    limits = Limits(whole=timedelta(seconds=0.1), tries=1)
    with Kit(clock, limits=limits) as kit, pytest.raises(Unreachable, match="end of its answer"):
        kit.client(serve(lambda asked: drip).url).send(GET)


def test_an_answer_that_is_too_large_is_not_read(clock: Any, serve: Any, reply: Any) -> None:
    """Memory stays flat: a control answer has a largest size."""
    server = serve(lambda asked: reply(body=b"x" * 2000))
    limits = Limits(body_bytes=1000, tries=1)
    with Kit(clock, limits=limits) as kit, pytest.raises(Unreachable, match="more than we read"):
        kit.client(server.url).send(GET)


def test_a_short_wait_is_waited_out(kit: Kit, clock: Any, serve: Any, reply: Any) -> None:
    """T4: 429 with a short Retry-After costs that time and no error."""
    server = serve(script(reply(429, headers={"Retry-After": "7"}), reply()))
    kit.client(server.url, budget="api").send(GET)
    assert clock.waits == [7]


def test_a_wait_in_the_platforms_time_is_waited_in_ours(
    kit: Kit, clock: Any, serve: Any, reply: Any
) -> None:
    """An instant is the platform's: a clock that is wrong by an hour does not wait an hour."""
    headers = {
        "Date": "Tue, 20 Oct 2026 09:00:00 GMT",
        "Retry-After": "2026-10-20T09:00:05Z",
    }
    kit.client(serve(script(reply(429, headers=headers), reply())).url).send(GET)
    assert clock.waits == [5]


def test_a_429_that_says_nothing_is_waited_for_longer_and_longer(
    kit: Kit, clock: Any, serve: Any, reply: Any
) -> None:
    """T4: without Retry-After we wait a second and more, a few times, and then say until when."""
    server = serve(lambda asked: reply(429))
    with pytest.raises(RateLimited) as caught:
        kit.client(server.url).send(GET)
    assert len(server.asked) == 4
    assert caught.value.retry_at is not None
    assert caught.value.retry_at > clock.now()


def test_a_long_wait_is_the_engines(kit: Kit, clock: Any, serve: Any, reply: Any) -> None:
    """T4: a daily limit is not waited for here, and blocks the budget for everybody."""
    server = serve(lambda asked: reply(429, headers={"Retry-After": "2026-10-21T00:00:00Z"}))
    client = kit.client(server.url, budget="api", check=read_limit)
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            client.send(GET)
        assert caught.value.retry_at == clock.now() + timedelta(hours=16)
    assert len(server.asked) == 1
    assert clock.waits == []


def read_limit(answer: Answer) -> CatchmentError | None:
    """An adapter's check that reads 429 itself."""
    when = read_retry_after(answer.headers, answer.at)
    return RateLimited("daily limit", retry_at=when) if answer.status == 429 else None


def test_an_answer_knows_what_was_asked_for_its_links(kit: Kit, serve: Any, reply: Any) -> None:
    """A link to the next page may be relative, and is followed on the server that gave it."""

    def answer(asked: Any) -> Any:
        last = "page=2" in asked.target
        return reply(headers={} if last else {"Link": '<?page=2>; rel="next"'})

    server = serve(answer)
    client = kit.client(server.url)
    first = client.send(Request("GET", "/rows", (("page", "1"),)))
    assert read_links(first) == {"next": f"{server.url}/rows?page=2"}
    client.send(Request("GET", read_links(first)["next"]))
    assert [asked.target for asked in server.asked] == ["/rows?page=1", "/rows?page=2"]


def test_a_budget_that_nobody_declared_is_not_without_a_limit(
    kit: Kit, serve: Any, reply: Any
) -> None:
    """A misspelt budget would be kept by nobody; the error names it and those that there are."""
    server = serve(lambda asked: reply())
    with pytest.raises(AdapterFault, match=r"'apis' and declares only 'api'"):
        kit.client(server.url, budget="api").send(Request("GET", "/x", budget="apis"))
    with pytest.raises(AdapterFault, match="'other'"):
        kit.client(server.url, budget="other")
    assert server.asked == []


def test_the_budget_is_kept_to(kit: Kit, clock: Any, serve: Any, reply: Any) -> None:
    """Requests wait for their budget by the clock; those without one do not."""
    client = kit.client(serve(lambda asked: reply()).url)
    for _ in range(6):
        client.send(Request("GET", "/x", budget="api"))
    assert sum(clock.waits) == pytest.approx(2, abs=0.01)
    client.send(GET)
    assert sum(clock.waits) == pytest.approx(2, abs=0.01)


def test_nothing_is_tried_again_when_the_program_ends(kit: Kit, serve: Any, reply: Any) -> None:
    """A runner that is asked to stop does not sit out its retries."""
    kit.stop.set()
    server = serve(lambda asked: reply(500))
    with pytest.raises(Unreachable):
        kit.client(server.url).send(GET)
    assert len(server.asked) == 1


def test_the_bearer_does_not_follow_a_link_to_another_host(
    kit: Kit, serve: Any, reply: Any
) -> None:
    """A next-page link that points elsewhere is refused before anything is sent."""
    ours, theirs = serve(lambda asked: reply()), serve(lambda asked: reply())
    with pytest.raises(AdapterFault, match="token"):
        kit.client(ours.url, auth=Tokens()).send(Request("GET", theirs.url + "/x"))
    assert theirs.asked == []
    kit.client(ours.url, auth=Tokens()).send(Request("GET", ours.url + "/next"))
    assert ours.asked[0].headers["authorization"] == "Bearer t1"


def test_a_redirect_of_a_control_request_is_not_followed(kit: Kit, serve: Any, reply: Any) -> None:
    """T4: the bearer cannot be carried away by a redirect."""
    theirs = serve(lambda asked: reply())
    ours = serve(lambda asked: reply(302, headers={"Location": theirs.url}))
    with pytest.raises(Unreachable):
        kit.client(ours.url, auth=Tokens()).send(GET)
    assert theirs.asked == []


def test_cookies_are_not_kept(kit: Kit, serve: Any, reply: Any) -> None:
    """Nothing but the bearer says who we are: calls have no state between them."""
    server = serve(lambda asked: reply(headers={"Set-Cookie": "a=b; Path=/"}))
    client = kit.client(server.url)
    client.send(GET)
    client.send(GET)
    assert "cookie" not in server.asked[1].headers


def test_no_url_reaches_the_log(
    kit: Kit, serve: Any, reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Promise: what is signed or secret in a url is in no log, at no level."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    server = serve(script(reply(500), reply()))
    kit.client(server.url, auth=Tokens()).send(Request("GET", "/x?sig=s3cret"))
    assert "s3cret" not in caplog.text
    assert "Bearer" not in caplog.text


def test_a_token_is_minted_through_a_client(kit: Kit, serve: Any, reply: Any) -> None:
    """The shape an adapter uses: a client without bearer mints for the client with one."""
    minted = reply(body=b'{"access_token": "fresh", "expires_in": 3600}')
    server = serve(lambda asked: minted if asked.target == "/oauth/token" else reply())
    tokens: Client = kit.client(server.url)

    def mint() -> Minted:
        told = tokens.send(Request("POST", "/oauth/token", form={"grant_type": "x"})).json()
        return Minted(told["access_token"], timedelta(seconds=told["expires_in"]))

    api = kit.client(server.url, auth=kit.oauth(mint, "app"), budget="api")
    api.send(GET)
    api.send(GET)
    assert [asked.target for asked in server.asked] == ["/oauth/token", "/x", "/x"]
    assert server.asked[2].headers["authorization"] == "Bearer fresh"


def test_an_accepted_status_is_an_answer(kit: Kit, serve: Any, reply: Any) -> None:
    """A vendor that says 404 for an empty list is read by whoever asked for the list."""
    server = serve(script(reply(404, body=b"{}"), reply(404)))
    api = kit.client(server.url)
    assert api.send(Request("GET", "/x", accept=(404,))).status == 404
    with pytest.raises(Absent):
        api.send(GET)
