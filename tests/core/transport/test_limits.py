"""Budgets, tokens and pages: what a client keeps to before it sends anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from catchment.errors import AdapterFault, Truncated
from catchment.model import Budget, Clock, Page, Span, Window
from catchment.transport import (
    Answer,
    Kit,
    LocalBuckets,
    LocalTokens,
    Minted,
    OAuthToken,
    Request,
    Token,
    walk,
)

START = datetime(2026, 10, 20, tzinfo=UTC)
SPAN = Span("archive", "", Window(START, START + timedelta(days=1)))


def spend(buckets: LocalBuckets, clock: Clock, budget: Budget, period: timedelta) -> int:
    """How many requests a greedy caller gets within *period*."""
    ends, taken = clock.now() + period, 0
    while clock.now() < ends:
        wait = buckets.take("a/api", budget)
        if wait:
            clock.wait(wait)
        else:
            taken += 1
    return taken


@pytest.mark.parametrize(
    ("budget", "period", "most"),
    [
        (Budget(80, "1s", 0.5), timedelta(seconds=1), 80),
        (Budget(80, "1s", 0.5), timedelta(seconds=10), 440),
        (Budget(20, "1m", 0.5), timedelta(minutes=1), 11),
        (Budget(6000, "1d", 0.5), timedelta(days=1), 3001),
    ],
)
def test_a_greedy_caller_keeps_to_our_share(
    clock: Clock, budget: Budget, period: timedelta, most: int
) -> None:
    """Over any period we take our share, plus at most one second's worth at its beginning."""
    taken = spend(LocalBuckets(clock), clock, budget, period)
    assert most * 0.9 <= taken <= most


def test_an_idle_bucket_does_not_overflow(clock: Clock) -> None:
    """An hour of silence does not buy an hour's requests at once."""
    buckets, budget = LocalBuckets(clock), Budget(80, "1s", 0.5)
    buckets.take("a/api", budget)
    clock.wait(3600)
    assert spend(buckets, clock, budget, timedelta(seconds=1)) <= 80


def test_waiting_for_what_was_not_taken_takes_nothing(clock: Clock) -> None:
    """Asking again and again while the bucket is empty does not push the end further away."""
    buckets, budget = LocalBuckets(clock), Budget(1, "10s", 1)
    assert buckets.take("k", budget) == 0
    assert [buckets.take("k", budget) for _ in range(5)] == [10.0] * 5
    clock.wait(10)
    assert buckets.take("k", budget) == 0


def test_a_large_count_is_given_when_full_and_paid_back(clock: Clock) -> None:
    """A count above what the bucket holds is not refused for ever; it is paid for afterwards."""
    buckets, budget = LocalBuckets(clock), Budget(1, "1s", 1)
    assert buckets.take("k", budget, 5) == 0
    assert buckets.take("k", budget) == 5


def test_a_block_holds_until_its_end(clock: Clock) -> None:
    """A platform's "not before" stops one bucket, and no earlier block shortens it."""
    buckets, budget = LocalBuckets(clock), Budget(100)
    buckets.block("k", clock.now() + timedelta(hours=1))
    buckets.block("k", clock.now() + timedelta(minutes=1))
    assert buckets.take("k", budget) == 3600
    assert buckets.take("other", budget) == 0
    clock.wait(3600)
    assert buckets.take("k", budget) == 0


@dataclass
class Mint:
    """A token endpoint that counts how often it is asked."""

    lasts: timedelta = timedelta(hours=1)
    count: int = 0
    pause: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> Minted:
        """Mint t1, t2, …."""
        self.count += 1
        self.pause.wait(0.01)
        return Minted(f"t{self.count}", self.lasts, "read", {"api_url": "https://api.example"})


def test_a_token_is_minted_once_and_before_it_expires(clock: Clock) -> None:
    """A token is used until shortly before its end, then another is minted."""
    mint = Mint()
    source = OAuthToken(mint, clock)
    assert [source.token(), source.token()] == ["t1", "t1"]
    clock.wait(3600 - 121)
    assert source.token() == "t1"
    clock.wait(2)
    assert source.token() == "t2"


def test_many_threads_mint_one_token(clock: Clock) -> None:
    """However many ask at once, one mints."""
    mint = Mint()
    source = OAuthToken(mint, clock)
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: source.token(), range(32)))
    assert (tokens, mint.count) == ({"t1"}, 1)


def test_a_rejected_token_is_not_handed_out_again(clock: Clock) -> None:
    """A token that the platform refused is replaced, also where the store still has it."""
    source = OAuthToken(Mint(), clock, store=LocalTokens())
    source.reject(source.token())
    assert source.token() == "t2"


def test_a_late_rejection_does_not_cost_a_good_token(clock: Clock) -> None:
    """Two requests that die with the old token mint one new one."""
    mint = Mint()
    source = OAuthToken(mint, clock)
    old = source.token()
    source.reject(old)
    source.token()
    source.reject(old)
    assert (source.token(), mint.count) == ("t2", 2)


def test_a_short_lived_token_is_used_all_the_same(clock: Clock) -> None:
    """A token that lasts less than the margin is handed out once, not minted for ever."""
    mint = Mint(lasts=timedelta(seconds=30))
    assert OAuthToken(mint, clock).token() == "t1"
    assert mint.count == 1


def test_a_stored_token_is_shared_within_the_account(clock: Clock) -> None:
    """Two kits of one account share a token; another account has its own."""
    store, mint = LocalTokens(), Mint()
    for account in ("one", "one", "two"):
        with Kit(clock, account=account, tokens=store) as kit:
            kit.oauth(mint, "app").token()
    assert mint.count == 2


def test_scope_and_extras_are_kept(clock: Clock) -> None:
    """What the endpoint told beside the token is there for ``check`` and for base urls."""
    held = OAuthToken(Mint(), clock).held()
    assert (held.scope, held.extra) == ("read", {"api_url": "https://api.example"})


def test_no_repr_shows_a_token() -> None:
    """Secrets never reach a log by way of a repr."""
    minted = Minted("s3cret", timedelta(1), "", {"refresh_token": "s3cret"})
    assert "s3cret" not in repr(minted) + repr(Token("s3cret", START, "", {"x": "s3cret"}))


def test_an_undeclared_budget_is_the_adapters_fault(clock: Clock) -> None:
    """A typing error in the name of a budget is found when the client is made."""
    with (
        Kit.for_tests(clock, {"light": Budget(1)}) as kit,
        pytest.raises(AdapterFault, match="'lite'"),
    ):
        kit.client("https://api.example", budget="lite")


def listing(pages: dict[str | None, Page], span: Span = SPAN) -> tuple[list[str], Iterator[Page]]:
    """The cursors asked for, and the walk over *pages* by cursor."""
    asked: list[str] = []

    def ask(span: Span, cursor: str | None) -> Request:
        asked.append(cursor or "first")
        return Request("GET", cursor or "first")

    def send(request: Request) -> Answer:
        return Answer(200, {}, request.path.encode(), START)

    def read(answer: Answer, span: Span) -> Page:
        cursor = answer.body.decode()
        return pages[None if cursor == "first" else cursor]

    return asked, walk(send, ask, read, span)


def test_a_walk_ends_after_the_last_page() -> None:
    """Pages come one by one; nothing is asked after the last."""
    pages = {None: Page(cursor="b"), "b": Page(cursor="c"), "c": Page(last=True)}
    asked, walked = listing(pages)
    assert next(walked).cursor == "b"
    assert asked == ["first"]
    assert [page.last for page in walked] == [False, True]
    assert asked == ["first", "b", "c"]


def test_a_walk_goes_on_from_a_cursor() -> None:
    """A later call starts where the last committed page said the next one is."""
    pages: dict[str | None, Page] = {"b": Page(last=True)}
    asked, walked = listing(pages, Span("archive", "", SPAN.window, "b"))
    assert len(list(walked)) == 1
    assert asked == ["b"]


@pytest.mark.parametrize("back", ["b", "c"])
def test_a_cursor_that_comes_again_ends_the_walk(back: str) -> None:
    """A listing that goes in a circle fails instead of going on for ever."""
    pages = {None: Page(cursor="b"), "b": Page(cursor="c"), "c": Page(cursor=back)}
    with pytest.raises(Truncated, match="same cursor twice"):
        list(listing(pages)[1])


def test_a_page_without_next_and_last_is_the_adapters_fault() -> None:
    """A reader that forgets ``last`` is never taken for the end of a listing."""
    with pytest.raises(AdapterFault, match="not the last"):
        list(listing({None: Page()})[1])
