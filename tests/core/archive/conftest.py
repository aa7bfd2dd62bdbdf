"""One interaction with everything in it, and an archive that holds it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catchment._archive.local import LocalArchive
from catchment._archive.manifest import build_manifest
from catchment._archive.package import (
    Package,
    PackageDocument,
    PackageFact,
    PackageFile,
    PackageRecording,
    PackageSource,
    build_document_id,
)
from catchment.model import (
    Contact,
    Fact,
    Heard,
    InteractionDraft,
    Key,
    Leg,
    Measured,
    Party,
    Ref,
    Timeline,
    Window,
)

NINE = datetime(2026, 9, 14, 9, tzinfo=UTC)
VIDEO, VOICELESS, SPEECH, TEXT, LISTING = b"video" * 999, b"silent", b"speech", b"WEBVTT\n", b"{}"


def at(minutes: float) -> datetime:
    """A moment of the sample meeting."""
    return NINE + timedelta(minutes=minutes)


def describe(data: bytes) -> dict[str, Any]:
    """The hashes and the size of *data* as fields of a file."""
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "sha512": hashlib.sha512(data).hexdigest(),
        "size_bytes": len(data),
    }


def sample_files() -> tuple[PackageFile, ...]:
    """A recording with a pause, what was made of it, its transcript, and a file that never came."""
    stretches = (Window(at(0), at(20)), Window(at(22), at(60)))
    video = PackageFile(
        recording_id="rec/1==",
        file_id="f1",
        version=1,
        kind="video",
        form="mp4",
        timeline=Timeline(stretches, "exact"),
        measured=Measured("mov,mp4", timedelta(seconds=3480.04), (2,), ((1280, 720),)),
        archived_at=at(70),
        extra={"recording_type": "speaker_view"},
        **describe(VIDEO),
    )
    voiceless = PackageFile(
        *("rec/1==", "f1", 1, "video", "mp4"),
        origin="derived",
        recipe="v/1",
        derived_from=video.sha256,
        **describe(VOICELESS),
    )
    speech = replace(
        voiceless,
        kind="audio",
        form="m4a",
        recipe="a/1",
        measured=Measured(audio=(2,)),
        **describe(SPEECH),
    )
    return (
        video,
        voiceless,
        speech,
        PackageFile("rec/1==", "f2", 1, "transcript", "vtt", name="tr.vtt", **describe(TEXT)),
        PackageFile("rec/1==", "f3", 1, "chat", "txt", state="gone", reason="never offered"),
    )


def sample_draft() -> InteractionDraft:
    """A meeting of two, one of whom waited for three minutes."""
    return InteractionDraft(
        kind="meeting",
        external_id="rec/1==",
        started_at=at(0),
        ended_at=at(60),
        subject="Weekly a/b review ☕ Überblick",
        associated_id="series-9",
        parties=(
            Party("p1", "host", Ref("user", "abc"), "Dana Host", "dana@example.com"),
            Party("p2", "participant", None, "Fay Phone", tel="+15550100123"),
        ),
        legs=(
            Leg("l1", "p1", at(0), at(60)),
            Leg("l2", "p2", at(1), at(59), (Window(at(5), at(8)),)),
        ),
        contacts=(
            Contact(
                *("c1", "p1", at(0), at(60), ("l1",), "Design", "done", {"Tier": "gold"}),
                heard=(Heard("rec/1==", "v/1", Window(at(0), at(30))),),
                doubt="the end of the agent is not told",
            ),
        ),
        custom={"topic": "a/b"},
        mapper="zoom/1",
    )


def sample_package() -> Package:
    """Everything of one meeting."""
    return Package(
        interaction_id="5d0f6a3e-1a57-4c2e-9a39-0f6f2f7f1c11",
        version=1,
        document_id=build_document_id(at(80), 1, "catchment.invalid"),
        previous_document_id=None,
        created_at=at(80),
        source=PackageSource("zoom-main", "zoom", "acc/1", 1),
        writer="catchment 0.1.0",
        draft=sample_draft(),
        recordings=(
            PackageRecording(
                *("rec/1==", 1, at(0), "quiet"),
                revision="r7",
                keys=(Key("meeting", "series-9"), Key("meeting", "rec/1==")),
                late_by=timedelta(hours=3),
            ),
        ),
        facts=(PackageFact(Fact("ended", "e1", at(60), (Key("meeting", "rec/1=="),), "answered")),),
        files=sample_files(),
        documents=(PackageDocument("rec/1==", "listing", at(70), **describe(LISTING)),),
        aliases=("0f3e5c1a-1111-4222-8333-444455556666",),
    )


def bytes_by_hash() -> dict[str, bytes]:
    """What the sample's files and documents are made of."""
    contents = (VIDEO, VOICELESS, SPEECH, TEXT, LISTING)
    return {hashlib.sha256(data).hexdigest(): data for data in contents}


@pytest.fixture
def package() -> Package:
    """A meeting with everything in it."""
    return sample_package()


@pytest.fixture
def later(package: Package) -> Package:
    """Its second version, in which the chat has come."""
    chat = PackageFile("rec/1==", "f3", 1, "chat", "txt", **describe(b"hello"))
    return replace(
        package,
        version=2,
        document_id=build_document_id(at(99), 2, "catchment.invalid"),
        previous_document_id=package.document_id,
        created_at=at(99),
        files=(*package.archived, chat),
    )


@pytest.fixture
def archive(tmp_path: Path) -> LocalArchive:
    """An empty archive."""
    archive = LocalArchive(tmp_path / "archive")
    archive.prepare()
    return archive


@pytest.fixture
def fill(archive: LocalArchive) -> Callable[..., None]:
    """Puts packages and all that they refer to into the archive."""

    def fill(*packages: Package) -> None:
        for data in (*bytes_by_hash().values(), b"hello"):
            archive.put_bytes(data)
        for package in packages:
            archive.put_manifest(package.interaction_id, package.version, build_manifest(package))

    return fill
