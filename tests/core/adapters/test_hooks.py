"""The one class that calls hooks believes nothing: each answer is checked, each fault is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catchment.adapters import Adapter, Hooks, Source, SourceSettings, list_hooks
from catchment.clock import ManualClock
from catchment.errors import AdapterFault, Later, Refused, Truncated
from catchment.hookspecs import MAY, MUST, hookimpl
from catchment.model import (
    Account,
    Batch,
    Bundle,
    Contact,
    Feed,
    Heard,
    InteractionDraft,
    MediaFile,
    Nothing,
    NotYet,
    Page,
    Party,
    Person,
    Queue,
    Ready,
    Recording,
    Ref,
    Span,
    Team,
    Way,
    Window,
)
from catchment.transport import Kit

AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SPAN = Span("calls", "", Window(AT, AT + timedelta(hours=1)))
FEED = Feed("calls", every="5m", max_window="1d")
BATCH = Batch((Recording("a", AT), Recording("b", AT)), AT)
SECRET = "https://example.com/?sig=secret"


class Scripted(Adapter):
    """Answers to every hook with what the test puts into ``answers``."""

    name = "scripted"
    platform = "Scripted"
    Settings = SourceSettings
    feeds = (FEED,)

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[], Any]] = {}

    @hookimpl
    def account(self) -> Any:
        """Whatever the script says."""
        return self._answer("account")

    @hookimpl
    def poll(self, span: Span) -> Any:
        """Whatever the script says."""
        return self._answer("poll")

    @hookimpl
    def fetch_metadata(self, batch: Batch) -> Any:
        """Whatever the script says."""
        return self._answer("fetch_metadata")

    @hookimpl
    def fetch_media(self, batch: Batch) -> Any:
        """Whatever the script says."""
        return self._answer("fetch_media")

    @hookimpl
    def map_metadata(self, bundle: Any) -> Any:
        """Whatever the script says."""
        return self._answer("map_metadata")

    @hookimpl
    def recover(self, ids: Any) -> Any:
        """Whatever the script says."""
        return self._answer("recover")

    def _answer(self, hook: str) -> Any:
        return self.answers[hook]()


class Bearer:
    """A token that is always the same."""

    def token(self) -> str:
        """The token."""
        return "t"

    def reject(self, token: str) -> None:
        """Nothing."""


class Optional(Scripted):
    """Implements also what may be left out."""

    @hookimpl
    def partitions(self, feed: Feed) -> Any:
        """Whatever the script says."""
        return self._answer("partitions")

    @hookimpl
    def sync_directory(self) -> Any:
        """Whatever the script says."""
        return self._answer("sync_directory")

    @hookimpl
    def check(self) -> Any:
        """Whatever the script says."""
        return self._answer("check")

    @hookimpl
    def upkeep(self) -> Any:
        """Whatever the script says."""
        return self._answer("upkeep")


def hooks(kind: type[Scripted] = Scripted, /, **answers: Callable[[], Any]) -> Hooks:
    """The hooks of an adapter that answers so."""
    adapter = kind()
    adapter.answers = answers
    return Hooks(adapter)


def poll(*pages: Page) -> list[Page]:
    """What comes of a poll that yields *pages*."""
    return list(hooks(poll=lambda: iter(pages)).poll(SPAN))


def test_a_poll_gives_its_pages() -> None:
    """Pages come through as they are, in their order."""
    pages = [Page(cursor="1"), Page(last=True)]
    assert poll(*pages) == pages


def test_a_poll_without_a_last_page_has_failed() -> None:
    """A listing that just ends is never taken for a whole one (promise 1)."""
    with pytest.raises(Truncated, match="scripted: the listing calls ended without its last page"):
        poll(Page(cursor="1"))


def test_a_poll_without_any_page_has_failed() -> None:
    """Not even an empty listing is believed without its last page (promise 1)."""
    with pytest.raises(Truncated):
        poll()


def test_a_page_after_the_last_is_a_fault() -> None:
    """What an adapter calls the last page must be the last."""
    with pytest.raises(AdapterFault, match="poll gave a page after the last one"):
        poll(Page(last=True), Page(last=True))


def test_a_page_that_cannot_be_continued_is_a_fault() -> None:
    """A page that is not the last needs a cursor, or a restart would lose its place."""
    with pytest.raises(AdapterFault, match="is not the last and has no cursor"):
        poll(Page(), Page(last=True))


def test_a_mark_before_the_last_page_is_a_fault() -> None:
    """From where to go on is known when all was told, and not before."""
    with pytest.raises(AdapterFault, match="poll gave a mark on a page that is not the last"):
        poll(Page(cursor="1", mark="token"), Page(last=True))
    assert [page.mark for page in poll(Page(last=True, mark="token"))] == ["token"]


def test_pages_come_one_by_one() -> None:
    """The second page is not asked for before the first was taken: it is committed meanwhile."""
    asked: list[int] = []

    def pages() -> Iterator[Page]:
        asked.append(1)
        yield Page(cursor="1")
        asked.append(2)
        yield Page(last=True)

    listing = hooks(poll=pages).poll(SPAN)
    next(listing)
    assert asked == [1]


def test_a_contact_that_hears_a_foreign_recording_is_a_fault() -> None:
    """What is heard must be of the interaction: anything else could never be cut."""
    heard = tuple(Heard(one, "audio", SPAN.window) for one in ("a", "z"))
    draft = InteractionDraft(
        kind="call",
        external_id="c",
        started_at=AT,
        parties=(Party("ann", "agent"),),
        contacts=(Contact("ann:1", "ann", AT, heard=heard),),
        mapper="scripted 1",
    )
    asked = hooks(map_metadata=lambda: draft)
    known = Bundle((Recording("a", AT), Recording("z", AT)))
    assert asked.map_metadata(known) is draft
    with pytest.raises(AdapterFault, match="map_metadata gave a contact that hears 'z', which is"):
        asked.map_metadata(Bundle((Recording("a", AT),)))


def test_a_way_that_wants_a_token_that_there_is_not_is_a_fault() -> None:
    """Without a token every such download would be refused, and nobody would know why."""
    one = Recording("a", AT)
    wants, needs_none = (
        Ready(one, files=(MediaFile("f", "audio", "wav", ways=(Way(SECRET, auth=auth),)),))
        for auth in (True, False)
    )
    assert list(hooks(fetch_media=lambda: iter([needs_none])).fetch_media(BATCH)) == [needs_none]
    with pytest.raises(AdapterFault, match=r"the file 'f' with Way\(auth=True\), and credentials"):
        list(hooks(fetch_media=lambda: iter([wants])).fetch_media(BATCH))
    asked = hooks(fetch_media=lambda: iter([wants]))
    asked.adapter.credentials = Bearer  # type: ignore[method-assign]
    assert list(asked.fetch_media(BATCH)) == [wants]


@pytest.mark.parametrize("hook", ["fetch_metadata", "fetch_media"])
def test_an_answer_for_what_was_not_asked_is_a_fault(hook: str) -> None:
    """An outcome must stand for a recording of the batch."""
    asked = getattr(hooks(**{hook: lambda: iter([Nothing(Recording("c", AT))])}), hook)
    with pytest.raises(AdapterFault, match=f"{hook} answered for 'c', which was not asked"):
        list(asked(BATCH))


@pytest.mark.parametrize("hook", ["fetch_metadata", "fetch_media"])
def test_a_second_answer_is_a_fault(hook: str) -> None:
    """One recording has one outcome: which of two should count?"""
    twice = [Nothing(Recording("a", AT)), NotYet(Recording("a", AT))]
    asked = getattr(hooks(**{hook: lambda: iter(twice)}), hook)
    with pytest.raises(AdapterFault, match="answered for 'a'"):
        list(asked(BATCH))


def test_an_answer_that_is_missing_is_left_to_the_engine() -> None:
    """Whoever is not answered for is simply not among the outcomes."""
    given = hooks(fetch_metadata=lambda: iter([Nothing(Recording("b", AT))])).fetch_metadata(BATCH)
    assert [outcome.item_id for outcome in given] == ["b"]


def test_recovered_ids_are_checked_likewise() -> None:
    """An outcome of ``recover`` must stand for an id that was asked for."""
    asked = hooks(recover=lambda: iter([Nothing("x")]))
    assert [outcome.item_id for outcome in asked.recover(["x"])] == ["x"]
    with pytest.raises(AdapterFault, match="recover answered for 'x'"):
        list(asked.recover(["y"]))


WRONG = [
    ("account", "Account", lambda one: one.account(), lambda: {"account_id": "1"}),
    ("account", "Account", lambda one: one.account(), lambda: None),
    ("poll", "Page", lambda one: list(one.poll(SPAN)), lambda: iter([{"last": True}])),
    ("fetch_media", "Outcome", lambda one: list(one.fetch_media(BATCH)), lambda: iter(["a"])),
    ("map_metadata", "InteractionDraft", lambda one: one.map_metadata(None), lambda: "a call"),
]


@pytest.mark.parametrize(("hook", "kind", "call", "answer"), WRONG)
def test_a_value_of_the_wrong_kind_is_a_fault(
    hook: str, kind: str, call: Callable[[Hooks], Any], answer: Callable[[], Any]
) -> None:
    """Every answer must be of the type in the contract; the fault names hook and types."""
    with pytest.raises(AdapterFault, match=f"adapter scripted: {hook} must give {kind}, not "):
        call(hooks(**{hook: answer}))


def test_no_iterator_is_a_fault() -> None:
    """A hook that should yield and gives nothing at all is named."""
    with pytest.raises(AdapterFault, match="poll"):
        list(hooks(poll=lambda: None).poll(SPAN))


def stumble() -> Any:
    """Fail as foreign code does."""
    raise ValueError(SECRET)


def stumble_later() -> Iterator[Page]:
    """Fail as a generator does: while it is iterated."""
    yield Page(cursor="1")
    raise ValueError(SECRET)


@pytest.mark.parametrize("answer", [stumble, stumble_later])
def test_a_foreign_error_becomes_a_fault_that_quotes_nothing(answer: Callable[[], Any]) -> None:
    """Adapter, hook, kind of error, file and line are named.

    What the error says may be a secret and is not. Proves promises 5 and 6.
    """
    with pytest.raises(AdapterFault) as caught:
        list(hooks(poll=answer).poll(SPAN))
    said = str(caught.value)
    assert said.startswith("adapter scripted: poll failed with ValueError at test_hooks.py:")
    assert said.endswith("; this is a bug of the adapter")
    assert "secret" not in said + caught.value.remedy


def test_a_value_that_cannot_be_is_told_in_full() -> None:
    """What our own values refuse quotes nothing foreign, and tells the author what to mend."""

    def files() -> Any:
        yield Ready(Recording("a", AT), files=(MediaFile("f", "podcast", "mp3"),))  # type: ignore[arg-type]

    with pytest.raises(AdapterFault, match="fetch_media made a value that cannot be") as caught:
        list(hooks(fetch_media=files).fetch_media(BATCH))
    assert "MediaFile.kind cannot be 'podcast', only one of 'audio', " in str(caught.value)


def test_what_was_yielded_before_an_error_was_given() -> None:
    """A page that came before the failure was handed on, so that it is kept."""
    listing = hooks(poll=stumble_later).poll(SPAN)
    assert next(listing) == Page(cursor="1")
    with pytest.raises(AdapterFault):
        next(listing)


@pytest.mark.parametrize("error", [Refused("no"), Later("not now", at=AT)])
def test_errors_of_the_contract_pass(error: Exception) -> None:
    """What the contract allows an adapter to raise reaches the engine as it is."""

    def fail() -> Any:
        raise error

    with pytest.raises(type(error)) as caught:
        hooks(account=fail).account()
    assert caught.value is error


def test_an_unknown_hook_is_refused() -> None:
    """A misspelt hook would never be called, so its adapter is not used."""

    class Misspelt(Scripted):
        @hookimpl
        def fetch_medai(self, batch: Batch) -> None:
            """A typing error."""

    with pytest.raises(AdapterFault, match=r"adapter scripted: .*fetch_medai"):
        Hooks(Misspelt())


def test_an_argument_that_the_contract_does_not_know_is_refused() -> None:
    """A hook that asks for what it is not given is found before it is called."""

    class Greedy(Scripted):
        @hookimpl
        def upkeep(self, credentials: str) -> None:
            """Asks for too much."""

    with pytest.raises(AdapterFault, match="credentials"):
        Hooks(Greedy())


def test_optional_hooks_may_be_left_out() -> None:
    """An adapter without them has one part, no people, no findings, and nothing to keep up."""
    bare = hooks()
    assert bare.partitions(FEED) == ("",)
    assert (list(bare.sync_directory()), list(bare.check())) == ([], [])
    bare.upkeep()
    assert not any(bare.has(hook) for hook in MAY)


def test_optional_hooks_are_called_where_they_are() -> None:
    """What an adapter offers beside the six is used."""
    person = Person((Ref("user", "1"),))
    offered = hooks(
        Optional,
        partitions=lambda: ["east"],
        sync_directory=lambda: iter([person]),
        check=lambda: iter(()),
        upkeep=lambda: None,
    )
    assert offered.partitions(FEED) == ("east",)
    assert list(offered.sync_directory()) == [person]
    offered.upkeep()


def test_a_directory_holds_people_teams_and_queues() -> None:
    """The three come in any order; anything else is a fault that is named."""
    ref = Ref("team", "1")
    told = [Team(ref, "Tier 1"), Person((Ref("user", "1"),)), Queue(ref, "Sales")]
    assert list(hooks(Optional, sync_directory=lambda: iter(told)).sync_directory()) == told
    with pytest.raises(AdapterFault, match="sync_directory must give Person, Team or Queue, not s"):
        list(hooks(Optional, sync_directory=lambda: ["Anna"]).sync_directory())


def test_no_parts_are_one_part() -> None:
    """A feed whose parts are an empty list is still listed."""
    assert hooks(Optional, partitions=list).partitions(FEED) == ("",)


def test_parts_that_are_no_names_are_a_fault() -> None:
    """A part must be a name: anything else would become a key that nobody can read."""
    with pytest.raises(AdapterFault, match="partitions"):
        hooks(Optional, partitions=lambda: [1]).partitions(FEED)


def test_one_text_is_not_several_parts() -> None:
    """A forgotten bracket must not make a part of every letter."""
    with pytest.raises(AdapterFault, match="scripted: partitions must give several values, not a"):
        hooks(Optional, partitions=lambda: "east").partitions(FEED)


def test_hooks_are_listed_in_the_order_of_the_contract() -> None:
    """Which hooks an adapter has does not depend on the order in which it writes them."""
    assert list_hooks(Scripted) == MUST
    assert list_hooks(Optional) == (*MUST, "check", "partitions", "sync_directory", "upkeep")


def test_sources_of_one_adapter_never_share_a_plugin_manager() -> None:
    """Two accounts on one platform have nothing in common: each is asked for itself alone."""
    one = hooks(account=lambda: Account("1"))
    two = hooks(account=lambda: Account("2"))
    assert (one.account().account_id, two.account().account_id) == ("1", "2")


def test_the_base_class_asks_for_nothing() -> None:
    """An adapter that declares no credentials gets none sent anywhere (promise 5)."""
    kit = Kit.for_tests(ManualClock(AT))
    adapter = Adapter(Source("calls", None), kit)
    assert adapter.credentials() is None
    assert adapter.token_hosts() == ()
