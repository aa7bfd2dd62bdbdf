"""A manifest says what a package says, in the words of the draft, and can be read back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catchment._archive.check import list_faults
from catchment._archive.manifest import build_manifest, read_manifest
from catchment._archive.package import (
    Package,
    PackageDocument,
    PackageFact,
    PackageFile,
    PackageRecording,
    PackageSource,
    build_document_id,
)
from catchment.errors import Corrupt
from catchment.model import (
    Contact,
    Fact,
    InteractionDraft,
    Key,
    Leg,
    Measured,
    Party,
    Ref,
    Timeline,
    Window,
)

MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
TEXTS = st.text(max_size=8)
LENGTHS = st.timedeltas(timedelta(), timedelta(days=9))
REFS = st.builds(Ref, TEXTS, TEXTS)
HASHES = st.binary(max_size=4).map(lambda data: (hashlib.sha256(data), hashlib.sha512(data)))
KEYS = st.lists(st.builds(Key, TEXTS, TEXTS), max_size=3, unique=True).map(tuple)
CUSTOM = st.dictionaries(TEXTS, TEXTS, max_size=2)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
PARTY_IDS = st.sampled_from(["p1", "p2", "p3", ""])


def tuples(strategy: st.SearchStrategy[Any], size: int = 3) -> st.SearchStrategy[Any]:
    """A few of what *strategy* gives, as a tuple."""
    return st.lists(strategy, max_size=size).map(tuple)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any stretch of time."""
    start = draw(MOMENTS)
    return Window(start, start + draw(LENGTHS))


TIMELINES = st.builds(
    Timeline, tuples(windows()), st.sampled_from(["exact", "declared", "guessed"])
)
MEASURED = st.builds(
    Measured,
    TEXTS,
    st.none() | LENGTHS,
    tuples(st.integers(0, 4), 2),
    tuples(st.tuples(st.integers(1, 4000), st.integers(1, 4000)), 2),
)


@st.composite
def files(draw: st.DrawFn) -> PackageFile:
    """Any file, archived or not."""
    sha256, sha512 = draw(HASHES)
    return PackageFile(
        recording_id=draw(st.sampled_from(["r1", "r2", ""])),
        file_id=draw(TEXTS),
        version=draw(st.integers(1, 3)),
        kind=draw(
            st.sampled_from(
                ["audio", "video", "screen", "chat", "transcript", "captions", "attachment"]
            )
        ),
        form=draw(st.sampled_from(["mp4", "m4a", "vtt", "odd"])),
        origin=draw(st.sampled_from(["original", "derived"])),
        recipe=draw(TEXTS),
        derived_from=draw(st.none() | st.just(hashlib.sha256(b"").hexdigest())),
        state=draw(st.sampled_from(["archived", "archived", "gone", "skipped", "parked"])),
        reason=draw(TEXTS),
        sha256=sha256.hexdigest(),
        sha512=sha512.hexdigest(),
        size_bytes=draw(st.integers(0, 2**40)),
        media_type=draw(st.none() | TEXTS),
        name=draw(st.none() | TEXTS),
        of=draw(st.none() | REFS),
        channels=draw(tuples(REFS, 2)),
        timeline=draw(TIMELINES),
        measured=draw(MEASURED),
        claimed_sha256=draw(st.none() | TEXTS),
        archived_at=draw(st.none() | MOMENTS),
        extra=draw(st.dictionaries(TEXTS, JSON, max_size=2)),
    )


@st.composite
def documents(draw: st.DrawFn) -> PackageDocument:
    """Any document."""
    sha256, sha512 = draw(HASHES)
    identity = sha256.hexdigest(), sha512.hexdigest(), draw(st.integers(0, 99))
    return PackageDocument(draw(TEXTS), draw(TEXTS), draw(MOMENTS), *identity)


DRAFTS = st.builds(
    InteractionDraft,
    kind=st.sampled_from(["call", "meeting", "webinar"]),
    external_id=TEXTS,
    started_at=MOMENTS,
    ended_at=st.none() | MOMENTS,
    subject=TEXTS,
    direction=st.sampled_from(["inbound", "outbound", ""]),
    ani=TEXTS,
    dnis=TEXTS,
    associated_id=TEXTS,
    parties=tuples(
        st.builds(
            Party,
            PARTY_IDS,
            st.sampled_from(["agent", "customer", ""]),
            st.none() | REFS,
            *(TEXTS, TEXTS, TEXTS),
        )
    ),
    legs=tuples(
        st.builds(
            Leg, TEXTS, PARTY_IDS, st.none() | MOMENTS, st.none() | MOMENTS, tuples(windows(), 2)
        )
    ),
    contacts=tuples(
        st.builds(
            Contact,
            *(TEXTS, PARTY_IDS, MOMENTS, st.none() | MOMENTS, tuples(TEXTS), TEXTS, TEXTS, CUSTOM),
        )
    ),
    custom=CUSTOM,
    mapper=TEXTS,
)
RECORDINGS = st.builds(
    PackageRecording,
    external_id=st.sampled_from(["r1", "r2", ""]),
    epoch=st.integers(1, 3),
    occurred_at=MOMENTS,
    state=st.sampled_from(["open", "quiet", "gone", "skipped"]),
    reason=TEXTS,
    revision=TEXTS,
    keys=KEYS,
    late_by=LENGTHS,
)
FACTS = st.builds(
    PackageFact,
    st.builds(
        Fact, TEXTS, TEXTS, MOMENTS, KEYS, TEXTS, st.sampled_from(["", "unanswered", "paused"])
    ),
    st.sampled_from(["", hashlib.sha256(b"").hexdigest()]),
)
PACKAGES = st.builds(
    Package,
    interaction_id=st.uuids().map(str),
    version=st.integers(1, 99),
    document_id=st.builds(
        build_document_id, MOMENTS, st.integers(0, 9999), st.just("a.example.com")
    ),
    previous_document_id=st.none() | st.uuids().map(str),
    created_at=MOMENTS,
    source=st.builds(PackageSource, TEXTS, TEXTS, TEXTS, st.integers(1, 3)),
    writer=TEXTS,
    draft=DRAFTS,
    recordings=st.lists(RECORDINGS, max_size=2, unique_by=lambda r: r.external_id),
    facts=st.lists(FACTS, max_size=2, unique_by=lambda f: f.fact.fact_id),
    files=st.lists(files(), max_size=4, unique_by=lambda f: f.file_id),
    documents=st.lists(documents(), max_size=2, unique_by=lambda d: d.name),
    aliases=tuples(st.uuids().map(str)),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PACKAGES)
def test_reading_is_the_inverse_of_building(package: Package) -> None:
    """What is sealed can be rebuilt, whatever a platform says (T12)."""
    assert read_manifest(build_manifest(package)) == package


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(PACKAGES, st.randoms())
def test_the_order_of_rows_does_not_matter(package: Package, chance: Any) -> None:
    """The same package gives the same bytes, in whatever order the catalogue tells it."""
    names = ("recordings", "facts", "files", "documents", "aliases")
    mixed = {
        name: chance.sample(getattr(package, name), len(getattr(package, name))) for name in names
    }
    assert build_manifest(replace(package, **mixed)) == build_manifest(package)


def read(package: Package) -> dict[str, Any]:
    """The manifest of *package* as JSON."""
    document: dict[str, Any] = json.loads(build_manifest(package))
    return document


def test_a_manifest_has_no_faults(package: Package, later: Package) -> None:
    """What is written passes every rule of the draft."""
    assert list_faults(read(package)) == []
    assert list_faults(read(later)) == []


def test_a_recorded_stretch_is_one_dialog(package: Package) -> None:
    """The original is the dialog, what was made from it is attached and points back."""
    document = read(package)
    assert [dialog["type"] for dialog in document["dialog"]] == ["recording"]
    purposes = {entry["purpose"]: entry for entry in document["attachments"]}
    assert set(purposes) == {"rendition:audio", "rendition:voiceless-video", "platform-document"}
    assert purposes["rendition:audio"]["catchment"]["rendition_of"] == {"dialog": 0}
    assert document["analysis"][0]["type"] == "transcript"
    assert document["analysis"][1]["body"] == {"agent": 0, "label": "done"}
    assert document["catchment"]["contacts"][0]["wrap_up"] == [1]


def test_bytes_are_found_by_hash(package: Package) -> None:
    """Each file says both its hashes, and an address that ends with one of them."""
    dialog = read(package)["dialog"][0]
    video = package.archived[0]
    assert dialog["url"] == f"https://catchment.invalid/media/{video.sha256}"
    assert [token.partition("-")[0] for token in dialog["content_hash"]] == ["sha512", "sha256"]


def test_two_channels_are_nested(package: Package) -> None:
    """Stereo of unknown assignment says of each channel that anyone may be on it."""
    assert read(package)["dialog"][0]["parties"] == [[0, 1], [0, 1]]


def test_known_channels_name_their_party(package: Package) -> None:
    """Where the platform says who is on which channel, the dialog does."""
    dana = Ref("user", "abc")
    video, *rest = package.files
    known = replace(package, files=(replace(video, channels=(dana, Ref("user", "?"))), *rest))
    assert read(known)["dialog"][0]["parties"] == [[0], None]


def test_a_pause_says_where_in_the_file_it_is(package: Package) -> None:
    """Between two stretches there was a pause, at the end of the first."""
    (pause,) = read(package)["dialog"][0]["catchment"]["pauses"]
    assert (pause["offset"], pause["start"]) == (1200, "2026-09-14T09:20:00Z")


def test_legs_become_joins_holds_and_drops(package: Package) -> None:
    """The party history is in the order of time."""
    history = read(package)["dialog"][0]["party_history"]
    assert [(entry["party"], entry["event"]) for entry in history] == [
        *((0, "join"), (1, "join"), (1, "hold")),
        *((1, "unhold"), (1, "drop"), (0, "drop")),
    ]


def test_the_archive_is_the_last_party(package: Package) -> None:
    """Documents are contributed by an organisation that is a party itself."""
    document = read(package)
    assert document["parties"][2]["type"] == "organization"
    assert document["attachments"][-1]["party"] == 2


def test_several_recordings_are_a_set(package: Package) -> None:
    """Members point at the set, the set at its members, and the history is the set's."""
    video = package.archived[0]
    second = replace(video, recording_id="rec2", timeline=Timeline())
    document = read(replace(package, files=(*package.files, second)))
    head, *members = document["dialog"]
    assert (head["type"], head["recordings"]) == ("recording-set", [1, 2])
    assert [member["recording_set"] for member in members] == [0, 0]
    assert "party_history" in head
    assert not any("party_history" in member for member in members)


def test_replaced_bytes_stay_as_an_attachment(package: Package) -> None:
    """Only the newest version of a file is the dialog."""
    video = package.archived[0]
    newer = replace(video, version=2, sha256="ab" * 32, sha512="cd" * 64)
    document = read(replace(package, files=(*package.files, newer)))
    assert document["dialog"][0]["catchment"]["version"] == 2
    assert "superseded:video" in [entry.get("purpose") for entry in document["attachments"]]


def test_an_interaction_without_media_has_a_placeholder(package: Package) -> None:
    """Attachments need a dialog, and the reason why there is no recording is in it."""
    gone = tuple(file for file in package.files if file.state == "gone")
    document = read(replace(package, files=gone))
    (dialog,) = document["dialog"]
    assert dialog["type"] == "recording"
    assert dialog["catchment"]["not_captured"] == "never offered"


def test_an_unanswered_call_is_incomplete(package: Package) -> None:
    """A call that nobody took says so in the draft's own words."""
    fact = Fact("cdr", "1", package.created_at, (), absence="unanswered")
    call = replace(package.draft, kind="call", direction="inbound")
    document = read(replace(package, files=(), facts=(PackageFact(fact),), draft=call))
    assert document["dialog"][0]["type"] == "incomplete"
    assert document["dialog"][0]["disposition"] == "no-answer"


def test_a_call_declares_the_contact_centre_extension(package: Package) -> None:
    """Roles and the call's id are told in the words that other contact centres use."""
    document = read(replace(package, draft=replace(package.draft, kind="call")))
    assert document["extensions"] == ["CC", "catchment"]
    assert document["dialog"][0]["interaction_id"] == "series-9"
    assert document["parties"][0]["role"] == "host"


def test_a_later_version_amends_the_one_before(package: Package, later: Package) -> None:
    """Versions are chained by the ids of their documents."""
    assert "amended" not in read(package)
    assert read(later)["amended"] == {"uuid": package.document_id}


def test_half_a_character_does_not_stop_sealing(package: Package) -> None:
    """A topic that a platform cut through the middle of a character becomes writable."""
    cut = replace(package, draft=replace(package.draft, subject="caf\ud83d"))
    assert read_manifest(build_manifest(cut)).draft.subject == "caf\ufffd"


def test_an_altered_manifest_is_not_read(package: Package) -> None:
    """What is no longer valid is refused with a sentence, not with a stack of ours."""
    data = build_manifest(package)
    for damaged in (b"", b"[]", data[:-9], data.replace(b'"interaction"', b'"interactiom"')):
        with pytest.raises(Corrupt):
            read_manifest(damaged)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_reading_damage_never_fails_otherwise(data: st.DataObject) -> None:
    """Whatever was done to a manifest, reading it gives a package or says Corrupt."""
    document = json.loads(build_manifest(data.draw(PACKAGES)))
    place: Any = document
    while isinstance(place, dict | list) and place:
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    with contextlib.suppress(Corrupt):
        read_manifest(json.dumps(document).encode())


def test_document_ids_follow_the_draft() -> None:
    """Version 8, the milliseconds, the counter, and the high bits of the host's SHA-1."""
    at = datetime(2026, 9, 14, 10, 5, tzinfo=UTC)
    found = uuid.UUID(build_document_id(at, 0x1003, "vcon.dev"))
    assert found.version == 8
    assert found.int >> 80 == int(at.timestamp() * 1000)
    assert str(found).endswith("8003-913f-56d3787bd0ad")


def test_an_archived_file_needs_its_hashes() -> None:
    """A file without hashes cannot be called archived."""
    with pytest.raises(ValueError, match="without its hashes"):
        PackageFile("r", "f", 1, "audio", "mp3")
