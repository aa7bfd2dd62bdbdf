"""What cannot be the promised form is refused by its first bytes (pain C)."""

from __future__ import annotations

from pathlib import Path

import pytest

from catchment._media.signature import HEAD_BYTES, check_signature
from catchment.errors import Corrupt
from catchment.model import Kind

PAGE = b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"
NOTE_59 = b'{"status":false,"errorCode":401,"errorMessage":"Forbidden"}'
MEDIA: tuple[tuple[Kind, str], ...] = (
    ("video", "mp4"),
    ("audio", "m4a"),
    ("audio", "mp3"),
    ("audio", "wav"),
)
TEXTS: tuple[tuple[Kind, str], ...] = (
    ("captions", "vtt"),
    ("transcript", "json"),
    ("chat", "txt"),
)


@pytest.mark.parametrize("name", ["film.mp4", "fragments.mp4", "sound.m4a", "sound.mp3"])
@pytest.mark.parametrize("media_type", [None, "video/mp4", "application/octet-stream"])
def test_real_media_pass(corpus: Path, name: str, media_type: str | None) -> None:
    """The first bytes of whole media pass, whatever they are called."""
    path = corpus / name
    check_signature("video", path.suffix[1:].upper(), path.read_bytes()[:HEAD_BYTES], media_type)


def test_real_sound_passes(corpus: Path) -> None:
    """A WAV passes as such, and as nothing else."""
    head = (corpus / "sound.wav").read_bytes()[:HEAD_BYTES]
    check_signature("audio", "wav", head, "audio/x-wav")
    with pytest.raises(Corrupt, match="something else was sent where mp3"):
        check_signature("audio", "mp3", head, None)


@pytest.mark.parametrize(
    ("kind", "form", "head"),
    [
        ("audio", "mp3", b"\xff\xfb\x90\x64" + b"\x00" * 20),
        ("captions", "vtt", b"WEBVTT\n\n"),
        ("captions", "vtt", b"\xef\xbb\xbfWEBVTT - title\r\n"),
        ("captions", "vtt", b"WEBVTT"),
        ("chat", "json", b'{"uuid":"a","messages":[]}'),
        ("transcript", "json", b' \n[{"text":"hi","error":null}'),
        ("transcript", "json", b'{"error_rate":0.1,"segments":[]}'),
        ("attachment", "json", NOTE_59),
        ("chat", "txt", b""),
        ("chat", "txt", b"09:00:00 From Ada : <b>hello</b>"),
        ("chat", "txt", "Grüße".encode("utf-16")),
        ("attachment", "xlsx", b"PK\x03\x04"),
        ("attachment", "xlsx", b""),
        ("attachment", "html", PAGE),
        ("attachment", "svg", b"<html>"),
    ],
)
def test_what_may_be_passes(kind: Kind, form: str, head: bytes) -> None:
    """Whatever can be the beginning of the form passes, and of an unknown form anything."""
    check_signature(kind, form, head, None)


@pytest.mark.parametrize("media_type", ["text/html; charset=utf-8", "video/mp4", None])
@pytest.mark.parametrize(("kind", "form"), MEDIA + TEXTS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"<!-- x -->", b'<?xml version="1.0"?>'])
def test_page_is_refused(kind: Kind, form: str, media_type: str | None, mark: bytes) -> None:
    """A web page with status 200 is refused, also when its content type lies."""
    with pytest.raises(Corrupt, match=f"a web page was sent where {form} was promised"):
        check_signature(kind, form, mark + PAGE, media_type)


def test_declared_page_is_refused_for_any_form() -> None:
    """Who says that it is a web page is believed, whatever was promised."""
    with pytest.raises(Corrupt, match="web page was sent where xlsx"):
        check_signature("attachment", "xlsx", b"PK\x03\x04", "Text/HTML;charset=utf-8")


@pytest.mark.parametrize(("kind", "form"), MEDIA)
def test_note_instead_of_media_is_refused(kind: Kind, form: str) -> None:
    """Pain C: 59 bytes of JSON are no recording, also when the content type lies."""
    assert len(NOTE_59) == 59
    with pytest.raises(Corrupt, match=f"a JSON document was sent where {form}"):
        check_signature(kind, form, NOTE_59, "video/mp4")


@pytest.mark.parametrize(
    "body",
    [
        NOTE_59,
        b'{"code":124,"message":"Invalid access token."}',
        b'{"error":{"code":404}}',
        b'{"error":"invalid_token","error_description":"expired"}',
    ],
)
def test_note_instead_of_json_is_refused(body: bytes) -> None:
    """An error message is JSON and still not the transcript."""
    with pytest.raises(Corrupt, match="an error message was sent where the transcript"):
        check_signature("transcript", "json", body, "application/json")


@pytest.mark.parametrize(("kind", "form"), [*MEDIA, ("captions", "vtt"), ("transcript", "json")])
@pytest.mark.parametrize("head", [b"\x00" * 64, b"plain words", b"\x89PNG\r\n\x1a\n\x00\x00"])
def test_wrong_beginning_is_refused(kind: Kind, form: str, head: bytes) -> None:
    """Zeros, words and pictures are none of the forms that are known."""
    with pytest.raises(Corrupt, match="something else was sent"):
        check_signature(kind, form, head, None)


@pytest.mark.parametrize(("kind", "form"), [*MEDIA, ("captions", "vtt"), ("transcript", "json")])
def test_nothing_is_refused(kind: Kind, form: str) -> None:
    """Pain C: an answer of zero bytes is no file."""
    with pytest.raises(Corrupt, match="nothing was sent"):
        check_signature(kind, form, b"", None)


def test_binary_is_no_chat() -> None:
    """Bytes with zeros in them are no plain text."""
    with pytest.raises(Corrupt, match="something else was sent where txt"):
        check_signature("chat", "txt", b"\x00\x01\x02", "text/plain")


@pytest.mark.parametrize("media_type", ["application/octet-stream", None])
def test_a_page_is_no_recording_in_a_form_that_nobody_else_reads(media_type: str | None) -> None:
    """An ARF may begin with anything but a sign-in page, and with something (S000-23)."""
    check_signature("attachment", "arf", b"\x01\x02ARF", media_type)
    for head in (b"<!DOCTYPE html><html>", b""):
        with pytest.raises(Corrupt):
            check_signature("attachment", "arf", head, media_type)
