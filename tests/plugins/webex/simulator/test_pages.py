"""Listings in pages: the ``Link`` header in all its forms (5)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.plugins.webex.simulator.cloud import Cloud, Clouds

from catchment.sandbox import Faults


def follow(webex: Cloud, answer: httpx.Response) -> Iterator[httpx.Response]:
    """Every page, as a client that follows ``rel="next"`` unchanged gets them."""
    while True:
        assert answer.status_code == 200, answer.text
        yield answer
        if "next" not in answer.links:
            return
        answer = webex.get(answer.links["next"]["url"])


def ids(pages: list[httpx.Response]) -> list[int]:
    """Ids of all rows."""
    return [row["id"] for page in pages for row in page.json()["items"]]


@pytest.mark.parametrize(("asked", "sizes"), [({}, [10, 10, 5]), ({"max": 25}, [25])])
def test_pages_have_ten_rows_unless_told(
    webex: Cloud, asked: dict[str, int], sizes: list[int]
) -> None:
    """5: default 10; the last page has no ``Link`` header at all."""
    pages = list(follow(webex, webex.get("/numbers", **asked)))
    assert [len(page.json()["items"]) for page in pages] == sizes
    assert ids(pages) == list(range(25))
    assert "link" not in pages[-1].headers


def test_the_next_address_is_absolute_and_repeats_the_query(webex: Cloud) -> None:
    """5: it is followed unchanged."""
    answer = webex.get("/numbers", max=7, colour="a+b c")
    url = answer.links["next"]["url"]
    assert url.startswith(f"{webex.api}/numbers?")
    query = parse_qs(urlsplit(url).query)
    assert query == {"max": ["7"], "colour": ["a+b c"], "offset": ["7"]}


@pytest.mark.parametrize("text", ["0", "-1", "ten", ""])
def test_a_size_that_cannot_be_is_malformed(webex: Cloud, text: str) -> None:
    """5: at least 1."""
    answer = webex.get("/numbers", max=text)
    assert answer.status_code == 400
    assert "'max'" in answer.json()["errors"][0]["description"]


@pytest.mark.parametrize(("position", "status"), [("clamp", 200), ("reject", 400)])
def test_a_size_beyond_the_limit_is_clamped_or_refused(
    cloud: Clouds, position: str, status: int
) -> None:
    """5, 12: which of the two is not known."""
    assert cloud(max_above=position).get("/numbers", max=101).status_code == status


@pytest.mark.parametrize(
    ("position", "rels"), [("next", {"next"}), ("all", {"first", "prev", "next"})]
)
def test_other_relations_may_be_there(cloud: Clouds, position: str, rels: set[str]) -> None:
    """5: only ``next`` is guaranteed."""
    webex = cloud(links=position)
    second = webex.get(webex.get("/numbers").links["next"]["url"])
    assert set(second.links) == rels


def test_with_all_relations_the_last_page_has_a_link_without_next(cloud: Clouds) -> None:
    """5: whoever loops while there is a ``Link`` header never ends."""
    webex = cloud(links="all")
    pages = list(follow(webex, webex.get("/numbers")))
    assert set(pages[-1].links) == {"first", "prev"}
    assert ids(pages) == list(range(25))


def test_an_empty_page_may_lead_on(cloud: Clouds) -> None:
    """5: stop only when ``next`` is missing."""
    webex = cloud(empty_pages=True)
    pages = list(follow(webex, webex.get("/numbers")))
    assert [len(page.json()["items"]) for page in pages] == [10, 0, 10, 0, 5]
    assert ids(pages) == list(range(25))


def test_next_may_hold_a_literal_null(cloud: Clouds) -> None:
    """5: followed unchanged it is refused; without it the listing goes on."""
    webex = cloud(link_null=True)
    url = webex.get("/numbers").links["next"]["url"]
    assert "max=null" in url
    assert webex.get(url).status_code == 400
    assert ids([webex.get(url.replace("max=null&", ""))]) == list(range(10, 20))


def test_next_may_have_lost_parameters(cloud: Clouds) -> None:
    """5: those that a switch names."""
    webex = cloud(link_drops="colour,shade")
    url = webex.get("/numbers", colour="red", shade="dark", size="big").links["next"]["url"]
    assert set(parse_qs(urlsplit(url).query)) == {"max", "offset", "size"}


def test_rows_may_repeat_and_change_places(cloud: Clouds) -> None:
    """5: lists are live; none is lost."""
    rates = {"repeat": {"list": 1.0}, "shuffle": {"list": 1.0}}
    webex = cloud(Faults(seed=3, rates=rates))
    told = ids(list(follow(webex, webex.get("/numbers"))))
    assert len(told) > 25
    assert set(told) == set(range(25))
