"""The setting ``ca_file``: judged with all others, before anything is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from tests.core.settings.examples import GOOD, read_text, refuse

TEXT = GOOD + 'ca_file = "trust/ca.pem"'
FAULT = "catchment.toml:5: sources.birds.ca_file: trust/ca.pem "
REMEDY = "; name a file that holds certificates in PEM"


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    """Where the settings expect certificates; nothing is there."""
    (tmp_path / "trust").mkdir()
    return tmp_path / "trust" / "ca.pem"


def test_the_usual_authorities_are_trusted_by_default(tmp_path: Path) -> None:
    """Without the setting there is nothing besides."""
    assert read_text(tmp_path, GOOD).source("birds").ca_file is None


def test_a_file_with_certificates_is_found_beside_the_settings(
    tmp_path: Path, ca_file: Path
) -> None:
    """Several certificates, and names in any encoding around them, are as good as one."""
    first, second = (trustme.CA().cert_pem.bytes() for _ in range(2))
    ca_file.write_bytes("# Überwachung\n".encode() + first + b"\n# \xff\n" + second)
    assert read_text(tmp_path, TEXT).source("birds").ca_file == ca_file


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, ca_file: Path) -> None:
    """One sentence names the file and what to do."""
    assert not ca_file.exists()
    assert refuse(tmp_path, TEXT) == [
        f"{FAULT}cannot be read: no such file or directory{REMEDY}",
    ]


def test_a_folder_is_refused(tmp_path: Path, ca_file: Path) -> None:
    """A folder is no file with certificates."""
    ca_file.mkdir()
    assert refuse(tmp_path, TEXT) == [f"{FAULT}cannot be read: is a directory{REMEDY}"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"what the proxy's people sent\n", id="text"),
        pytest.param(trustme.CA().private_key_pem.bytes(), id="a key"),
        pytest.param(b"\x30\x82\x01\x0a\xff\xfe", id="bytes"),
        pytest.param(trustme.CA().cert_pem.bytes()[:300], id="a part"),
        pytest.param(
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", id="no certificate"
        ),
    ],
)
def test_a_file_without_a_certificate_is_refused(
    tmp_path: Path, ca_file: Path, content: bytes
) -> None:
    """What no server could be believed by is refused before one is asked."""
    ca_file.write_bytes(content)
    assert refuse(tmp_path, TEXT) == [f"{FAULT}holds no certificate that can be read{REMEDY}"]
