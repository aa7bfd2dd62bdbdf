"""Platforms that are simulated over TLS: served, spoilt, and handed out to a capture run."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.core.sandbox.cloud import START, Cloud, make_cloud

from catchment.clock import ManualClock
from catchment.errors import Unreachable
from catchment.model import Way
from catchment.sandbox import Faults, World, serve, write_config
from catchment.transport import Downloader, Fetched, Kit, Request

LIST = Request("GET", "/list")
ROOT = Path(__file__).parents[3]


class SafeCloud(Cloud):
    """The same platform, over TLS."""

    name = "safe"
    tls = True


def make_safe(faults: Faults | None = None) -> SafeCloud:
    """A cloud of four meetings over TLS."""
    return SafeCloud(World(3, START, meetings=4), ManualClock(START), faults)


@contextmanager
def trusting(cloud: Cloud) -> Iterator[httpx.Client]:
    """A client that trusts the authority of *cloud* and no other."""
    assert cloud.ca_file is not None
    with httpx.Client(verify=ssl.create_default_context(cafile=str(cloud.ca_file))) as client:
        yield client


def test_each_host_is_served_over_tls() -> None:
    """Addresses say https, and the certificate holds for the address and for localhost."""
    cloud = make_safe()
    with serve([cloud]) as urls, trusting(cloud) as client:
        assert all(url.startswith("https://127.0.0.1:") for url in urls["safe"].values())
        assert urls["safe"] == cloud.urls
        for url in (urls["safe"]["api"], urls["safe"]["api"].replace("127.0.0.1", "localhost")):
            assert client.get(f"{url}/list").json() == sorted(cloud.takes())
        for meeting_id, take in cloud.takes().items():
            assert client.get(f"{urls['safe']['files']}/{meeting_id}").content == take.read()


def test_only_platforms_that_want_tls_have_it() -> None:
    """Beside one over TLS, another is served as ever, and has no authority."""
    plain, safe = make_cloud(), make_safe()
    with serve([plain, safe]) as urls:
        assert plain.ca_file is None
        assert urls["cloud"]["api"].startswith("http://")
        assert httpx.get(f"{urls['cloud']['api']}/list").status_code == 200


def test_an_authority_lasts_as_long_as_it_is_served() -> None:
    """Its certificate is there before the addresses are told, and is removed with them."""

    class Early(SafeCloud):
        bound_with: Path | None = None

        def bind(self, urls: Any) -> None:
            super().bind(urls)
            self.bound_with = self.ca_file

    cloud = Early(World(3, START, meetings=4), ManualClock(START))
    with serve([cloud]):
        first = cloud.bound_with
        assert first is not None
        assert "BEGIN CERTIFICATE" in first.read_text()
        known = first.read_bytes()
    assert cloud.ca_file is None
    assert not first.exists()
    with serve([cloud]):
        assert cloud.ca_file is not None
        assert cloud.ca_file.read_bytes() != known


def test_nothing_waits_for_a_client_that_is_idle() -> None:
    """The end of the block closes a connection that is open, without an answer to that."""
    before = threading.active_count()
    cloud = make_safe()
    with serve([cloud]), trusting(cloud) as client:
        client.get(f"{cloud.urls['api']}/list")
    assert threading.active_count() == before


def test_a_cut_connection_breaks_off_at_once() -> None:
    """The fault layer's cut works under TLS, and the next request is answered."""
    faults = Faults(seed=1, rates={"reset": {"list": 0.5}})
    cloud = make_safe(faults)
    with serve([cloud]), trusting(cloud) as client:
        answered = broken = 0
        for _ in range(30):
            try:
                client.get(f"{cloud.urls['api']}/list")
                answered += 1
            except (httpx.RemoteProtocolError, httpx.ReadError):
                broken += 1
    assert answered
    assert broken == faults.counts["reset"] > 0


def test_the_client_and_the_downloader_trust_the_authority(tmp_path: Path) -> None:
    """With ca_file, requests are answered and files are fetched, cut connections or not."""
    faults = Faults(seed=2, rates={"reset": {"list": 0.5, "download": 0.2}})
    cloud = make_safe(faults)
    with serve([cloud]), Kit(cloud.clock, ca_file=cloud.ca_file) as kit:
        loader = Downloader(cloud.clock, ca_file=cloud.ca_file)
        for meeting_id in kit.client(cloud.urls["api"]).send(LIST).json():
            take, way = cloud.takes()[meeting_id], Way(f"{cloud.urls['files']}/{meeting_id}")
            assert fetch(loader, way, tmp_path / meeting_id).sha256 == take.sha256
        loader.close()
    assert faults.counts["reset"] > 1


def fetch(loader: Downloader, way: Way, part: Path) -> Fetched:
    """What *loader* has in the end, however often it breaks off."""
    for _ in range(5):
        with suppress(Unreachable):
            return loader.fetch(way, part)
    pytest.fail("it never came to its end")


def test_without_the_authority_nothing_is_asked(tmp_path: Path) -> None:
    """Neither the client nor the downloader talks to a server that nobody vouches for."""
    cloud = make_safe()
    with serve([cloud]), Kit(cloud.clock) as kit:
        with pytest.raises(Unreachable, match="its certificate is not trusted: ") as caught:
            kit.client(cloud.urls["api"]).send(LIST)
        assert "ca_file" in caught.value.remedy
        with pytest.raises(Unreachable, match="its certificate is not trusted: ") as caught:
            Downloader(cloud.clock).fetch(Way(f"{cloud.urls['files']}/x"), tmp_path / "x")
        assert "ca_file" in caught.value.remedy
    assert not cloud.faults.counts


WITHOUT = """
import sys
sys.modules["trustme"] = None
from tests.core.sandbox.test_tls import make_safe
from catchment.errors import NotInstalled
from catchment.sandbox import serve
try:
    with serve([make_safe()]):
        print("it is served")
except NotInstalled as error:
    print(error, error.remedy, sep="; ")
"""


def test_what_makes_certificates_is_asked_for_by_name() -> None:
    """Where it is not installed, one sentence says so and what to do."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == (
        "a platform that is simulated over TLS needs the package trustme, which is missing; "
        f"Install it: {sys.executable} -m pip install trustme\n"
    )


def test_the_settings_name_a_copy_of_the_certificate(tmp_path: Path) -> None:
    """What is handed out stays readable when nothing is served any more."""
    plain, safe = make_cloud(), make_safe()
    config = tmp_path / "catchment.toml"
    with serve([plain, safe]):
        assert safe.ca_file is not None
        known = safe.ca_file.read_text()
        write_config(config, [plain, safe], secrets=tmp_path / "secrets")
    sources = tomllib.loads(config.read_text("utf-8"))["sources"]
    assert "ca_file" not in sources["cloud"]
    assert sources["safe"]["ca_file"] == f"{config}.ca.pem"
    assert Path(sources["safe"]["ca_file"]).read_text() == known


def test_without_tls_no_certificate_is_written(tmp_path: Path) -> None:
    """Settings of platforms that are served as ever stand alone."""
    cloud = make_cloud()
    with serve([cloud]):
        write_config(tmp_path / "catchment.toml", [cloud])
    assert [path.name for path in tmp_path.iterdir()] == ["catchment.toml"]
