"""Which servers are believed: by the usual authorities, and by those in ``ca_file``."""

from __future__ import annotations

import datetime
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from tests.core.transport.conftest import VirtualClock

from catchment.errors import BadSettings, Unreachable
from catchment.transport import Kit, Limits, Request
from catchment.transport.trust import build_context, build_usual_context

PAST = datetime.datetime(2001, 2, 3, tzinfo=datetime.UTC)


@pytest.fixture
def ca() -> trustme.CA:
    """An authority of our own."""
    return trustme.CA()


@pytest.fixture
def ca_file(tmp_path: Path, ca: trustme.CA) -> Path:
    """Its certificate."""
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


@contextmanager
def greeting(certificate: trustme.LeafCert) -> Iterator[str]:
    """A server that shows *certificate* to one client after the other, and says no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            with suppress(OSError):  # the client leaves, or the listener is closed
                while True:
                    connection, _ = listener.accept()
                    with suppress(OSError), context.wrap_socket(connection, server_side=True):
                        pass

        thread = threading.Thread(target=greet)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def ask(clock: VirtualClock, url: str, ca_file: Path | None) -> Unreachable:
    """What one request to *url* ends with."""
    with Kit(clock, limits=Limits(tries=1), ca_file=ca_file) as kit:
        with pytest.raises(Unreachable) as caught:
            kit.client(url).send(Request("GET", "/secret"))
        return caught.value


def test_an_authority_that_nobody_knows_is_named_with_its_remedy(
    clock: VirtualClock, ca: trustme.CA
) -> None:
    """What a proxy that looks into TLS shows is one sentence, with the setting that helps."""
    with greeting(ca.issue_cert("127.0.0.1")) as url:
        error = ask(clock, url, None)
    host = url.removeprefix("https://")
    assert str(error) == (
        f"{host} cannot be reached: its certificate is not trusted: "
        "unable to get local issuer certificate"
    )
    assert "with the setting ca_file" in error.remedy


def test_another_authority_does_not_help(clock: VirtualClock, tmp_path: Path) -> None:
    """Only who issued the certificate vouches for it."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with greeting(trustme.CA().issue_cert("127.0.0.1")) as url:
        error = ask(clock, url, tmp_path / "other.pem")
    assert "its certificate is not trusted" in str(error)
    assert f"The setting ca_file names {tmp_path / 'other.pem'}, which lacks" in error.remedy


def test_a_certificate_of_another_host_is_not_a_matter_of_trust(
    clock: VirtualClock, ca: trustme.CA, ca_file: Path
) -> None:
    """Where the authority is trusted and the name is wrong, the address is to be corrected."""
    with greeting(ca.issue_cert("elsewhere.example")) as url:
        error = ask(clock, url, ca_file)
    assert "its certificate is not trusted: IP address mismatch" in str(error)
    assert error.remedy == "Correct the address in the settings."


def test_a_certificate_that_has_expired_is_told_as_that(
    clock: VirtualClock, ca: trustme.CA, ca_file: Path
) -> None:
    """Where the authority is trusted and the time is over, no further authority would help."""
    with greeting(ca.issue_cert("127.0.0.1", not_after=PAST)) as url:
        error = ask(clock, url, ca_file)
    assert "its certificate is not trusted: certificate has expired" in str(error)
    assert "clock" in error.remedy


def test_the_usual_authorities_stay_trusted(
    ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the file come besides: to httpx's own, or to those that SSL_CERT_FILE names."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert build_context(ca_file).cert_store_stats()["x509_ca"] > 50
    trustme.CA().cert_pem.write_to_path(tmp_path / "usual.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "usual.pem"))
    again = tmp_path / "again.pem"
    again.write_bytes(ca_file.read_bytes())
    assert build_context(again).cert_store_stats()["x509_ca"] == 2


def test_clients_share_what_is_costly_until_the_file_changes(ca_file: Path) -> None:
    """It is built once for a file, and anew for a new authority in its place."""
    first = build_context(ca_file)
    assert build_context(ca_file) is first
    trustme.CA().cert_pem.write_to_path(ca_file)
    os.utime(ca_file, ns=(0, 1))
    assert build_context(ca_file) is not first


def test_clients_without_a_file_share_the_usual_authorities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read once, and anew where the environment names others."""
    first = build_usual_context()
    assert build_usual_context() is first
    trustme.CA().cert_pem.write_to_path(tmp_path / "usual.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "usual.pem"))
    assert build_usual_context().cert_store_stats()["x509_ca"] == 1


def test_a_file_that_has_gone_is_a_matter_of_settings(
    clock: VirtualClock, ca: trustme.CA, ca_file: Path
) -> None:
    """Where the file goes while a runner works, the source stops with the sentence."""
    ca_file.unlink()
    with (
        greeting(ca.issue_cert("127.0.0.1")) as url,
        Kit(clock, ca_file=ca_file) as kit,
        pytest.raises(BadSettings, match=r"ca\.pem cannot be read: no such file"),
    ):
        kit.client(url).send(Request("GET", "/"))
