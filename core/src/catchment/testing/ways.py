"""Step ``hooks``: the ways to files, what they carry, and who goes along them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from catchment._engine.sealing import withhold
from catchment.errors import CatchmentError
from catchment.model import Way
from catchment.sandbox import Answer
from catchment.testing.asking import SOUND
from catchment.testing.fetching import FILES, MEDIA, list_files
from catchment.testing.gate import Asked
from catchment.testing.listing import COMPLETE
from catchment.testing.rules import Declared, NotApplicable
from catchment.testing.subject import Subject
from catchment.transport import Downloader

PLAYED = ("audio", "video", "screen")
"""Kinds of files that are large."""

rule = Declared("hooks", *SOUND, COMPLETE)
RULES = rule.rules


@rule(
    "media.links",
    "No link to a file stands in a revision, or in a document after withheld fields are blanked.",
    "Name the fields that hold links in Adapter.withheld, and leave links out of revisions.",
    needs=(MEDIA,),
)
def check_links(subject: Subject) -> Iterator[str]:
    """Look for every address that leads to bytes."""
    scene = subject.scene
    ways = {way.url for _, file in list_files(scene.media) for way in file.ways}
    links = _build_pattern(ways)
    for recording in scene.recordings:
        for name, document in recording.documents.items():
            plain = withhold(_thaw(document), subject.kind.withheld)
            for path, text in _list_texts(plain):
                if links.search(text):
                    yield f"the document {name} of {recording.external_id!r} has a link in {path}"
        if links.search(recording.revision):
            yield f"the revision of {recording.external_id!r} has a link in it"


def _build_pattern(ways: Iterable[str]) -> re.Pattern[str]:
    """Finds the address of any of *ways* with any query: signatures change with each answer."""
    places = "|".join(sorted({re.escape(_find_place(url)) for url in ways}))
    return re.compile(rf"(?:{places})(?![\w/.%-])" if places else "(?!)")


def _find_place(url: str) -> str:
    """Host and path; all of it where there is no path that tells one file from another."""
    told = urlsplit(url)
    return url if told.path in ("", "/") else f"//{told.netloc}{told.path}"


def _thaw(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _thaw(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_thaw(one) for one in value]
    return value


def _list_texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _list_texts(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for one in value:
            yield from _list_texts(one, path)
    elif isinstance(value, str):
        yield path, value


@rule(
    "media.described",
    "Sound and film are described, and downloaded by nobody but the core.",
    "Give MediaFile.ways instead of bytes: the core goes on after a break, checks each byte, and "
    "holds no file in memory. MediaFile.inline is for texts that stand in a document.",
    needs=(FILES,),
)
def check_described(subject: Subject) -> Iterator[str]:
    """Look for bytes in answers, and at the simulator for downloads while a hook is asked."""
    scene = subject.scene
    before = len(scene.gate.seen)
    media = scene.fetch("fetch_media", scene.recordings, renew=True)
    urls = scene.stage.platform.urls
    asked = {f"{urls[one.host].rstrip('/')}{one.path}" for one in scene.gate.seen[before:]}
    for name, file in list_files(media):
        if file.inline is not None and file.kind in PLAYED:
            yield (
                f"the file {file.file_id!r} of {name!r} is {file.kind}, and fetch_media gave its "
                f"{len(file.inline)} bytes inline"
            )
        if any(way.url.partition("?")[0] in asked for way in file.ways):
            yield f"fetch_media asked for the file {file.file_id!r} of {name!r} itself"


@rule(
    "media.bearer",
    "A way that wants a bearer has one to carry.",
    "Give credentials() the token source of your clients, or say Way(url, auth=False).",
    needs=(MEDIA,),
)
def check_bearer(subject: Subject) -> Iterator[str]:
    """The engine refuses the others."""
    adapter = subject.scene.make()
    if subject.guard("credentials", adapter.credentials) is not None:
        return
    for name, file in list_files(subject.scene.media):
        if any(way.auth for way in file.ways):
            yield f"the file {file.file_id!r} of {name!r}: Way(auth=True), and no credentials()"


@rule(
    "media.budgets",
    "A way counts against a budget that is declared.",
    "Name in Way.budget one of budgets_of(settings), or none.",
    needs=(MEDIA,),
)
def check_budgets(subject: Subject) -> Iterator[str]:
    """Another name is a fault when the file is fetched."""
    scene = subject.scene
    known = subject.guard("budgets_of", lambda: subject.kind.budgets_of(scene.table.settings))
    for name, file in list_files(scene.media):
        for way in file.ways:
            if way.budget and way.budget not in known:
                yield f"the file {file.file_id!r} of {name!r} counts against {way.budget!r}"


@rule(
    "media.token",
    "No token stands in a way, and none reaches a host that it does not belong to.",
    "Put tokens into credentials(), never into Way.headers or an address, and name in token_hosts "
    "the platform's own hosts, with their ports where they are simulated.",
    needs=(FILES,),
)
def check_token(subject: Subject) -> Iterator[str]:
    """Read each way; have each kind redirected to a stranger, and look at what arrives there."""
    scene = subject.scene
    stranger = f"http://localhost:{_port_of(scene.stage.platform.urls)}/stranger"
    ways: dict[object, Way] = {}
    for name, file in list_files(scene.media):
        for way in file.ways:
            for leak in scene.list_leaks((*way.headers.values(), way.url)):
                yield f"the file {file.file_id!r} of {name!r} is asked for with {leak}"
        for way in file.ways[:1]:
            ways.setdefault((file.kind, way.auth, way.url.split("/")[2]), way)
    if not ways:
        raise NotApplicable("no file is downloaded")
    for way in ways.values():
        before = len(scene.gate.seen)
        _download(subject, way, stranger)
        for asked in scene.gate.seen[before:]:
            if asked.path.startswith("/stranger"):
                sent = [f"{name}: {text}" for name, text in asked.headers.items()]
                for name in scene.list_leaks([*sent, asked.query]):
                    yield f"redirected to another host, a download carried {name}"
                if "authorization" in asked.headers:
                    yield "redirected to another host, a download carried Authorization"


def _port_of(urls: Mapping[str, str]) -> str:
    return next(iter(urls.values())).rpartition(":")[2].strip("/")


def _download(subject: Subject, way: Way, stranger: str) -> None:
    """Fetch *way*, whose host sends it on to *stranger*."""
    scene = subject.scene
    adapter = scene.make()

    def redirect(asked: Asked) -> Answer | None:
        if asked.path.startswith("/stranger"):
            return Answer(404, b"")
        return Answer(302, b"", {"location": stranger})

    downloader = Downloader(
        scene.stage.clock,
        token=subject.guard("credentials", adapter.credentials),
        token_hosts=subject.guard("token_hosts", adapter.token_hosts),
        budgets=subject.kind.budgets_of(scene.table.settings),
        account="conform",
        ca_file=scene.table.ca_file,
    )
    part: Path = scene.stage.folder / "redirected.part"
    token = adapter.credentials()
    if token is not None:
        token.token()  # minted before everything is redirected
    try:
        with scene.gate.answering(redirect):
            downloader.fetch(way, part)
    except CatchmentError:
        pass  # the stranger has nothing: what matters is what it was sent
    finally:
        downloader.close()
