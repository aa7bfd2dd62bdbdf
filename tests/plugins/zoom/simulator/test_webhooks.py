"""The webhook sender (sheet section 9), against a real endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.plugins.zoom.simulator.cloud import Cloud, Clouds

from catchment_zoom.simulator.webhooks import WebhookSender, encrypt_plain_token, sign, write_body

SECRET = "whsec_TestOnly_9f2"
DONE = "recording.archive_files_completed"


class Endpoint:
    """Keeps what arrives; answers with ``status``, and the handshake with ``secret``."""

    def __init__(self) -> None:
        self.status, self.secret = 204, SECRET
        self.arrived: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.arrived.append(({k.lower(): v for k, v in self.headers.items()}, body))
                event = json.loads(body)
                answer, status = b"", outer.status
                if event["event"] == "endpoint.url_validation":
                    plain = event["payload"]["plainToken"]
                    encrypted = encrypt_plain_token(outer.secret, plain)
                    answer = write_body({"plainToken": plain, "encryptedToken": encrypted})
                    status = 200
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    @property
    def events(self) -> list[dict[str, Any]]:
        """What arrived, read."""
        return [json.loads(body) for _, body in self.arrived]

    def of(self, event: str) -> list[dict[str, Any]]:
        """What arrived of one sort."""
        return [e for e in self.events if e["event"] == event]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A served endpoint."""
    made = Endpoint()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def day(cloud: Clouds, endpoint: Endpoint, **switches: object) -> tuple[Cloud, WebhookSender]:
    """A sender that was subscribed before the day began; the clock stands at its end."""
    zoom = cloud(**switches)
    zoom.clock.set(zoom.site.world.start)
    sender = zoom.simulator.webhooks(endpoint.url, SECRET)
    zoom.clock.set(zoom.site.world.end + timedelta(days=1))
    return zoom, sender


def single(cloud: Clouds, endpoint: Endpoint) -> tuple[Cloud, WebhookSender]:
    """A sender with exactly one event on its way."""
    zoom = cloud()
    sender = zoom.simulator.webhooks(endpoint.url, SECRET)
    zoom.site.happened.append((zoom.clock.now(), "recording.trashed", zoom.site.recordings[0].uuid))
    return zoom, sender


def test_the_published_vectors_hold() -> None:
    """9.2, 9.3: signature and handshake."""
    body = (
        b'{"event":"recording.archive_files_completed","event_ts":1791888712345,"payload":'
        b'{"account_id":"Zt4cQmP0R7yV1nKd3HsWbg","object":{"uuid":"/kQ7v//9TtK2mZpB3uXy4w=="}}}'
    )
    wanted = "v0=58c4dd7450d7ca927e57453d319a761a9279280b7a163d9425a65f416e8d5b16"
    assert sign(SECRET, "1791888713", body) == wanted
    assert write_body(json.loads(body)) == body
    hashed = "990c533ddceea05eb2df6ac89f47e97e1630e1a49c4438dbff8a6a0aba0700b8"
    assert encrypt_plain_token(SECRET, "qgg8vlvZRS6UYooatFL8Aw") == hashed


def test_an_endpoint_proves_that_it_knows_the_secret(cloud: Clouds, endpoint: Endpoint) -> None:
    """9.2: the handshake is signed like any event."""
    zoom = cloud()
    sender = zoom.simulator.webhooks(endpoint.url, SECRET)
    assert sender.validate()
    endpoint.secret = "another"
    assert not sender.validate()
    assert endpoint.arrived[0][0]["x-zm-signature"].startswith("v0=")


@pytest.mark.parametrize(("unit", "factor"), [("seconds", 1), ("milliseconds", 1000)])
def test_every_delivery_is_signed_over_its_raw_bytes(
    cloud: Clouds, endpoint: Endpoint, unit: str, factor: int
) -> None:
    """9.3: compact JSON; the unit of the timestamp is a switch."""
    zoom, sender = day(cloud, endpoint, webhook_timestamp=unit)
    assert sender.pump() == len(endpoint.arrived) > 0
    for headers, body in endpoint.arrived:
        timestamp = headers["x-zm-request-timestamp"]
        assert int(timestamp) == int(zoom.clock.now().timestamp()) * factor
        assert headers["x-zm-signature"] == sign(SECRET, timestamp, body)
        assert body == write_body(json.loads(body))
    assert sender.pump() == 0


def test_the_archive_event_tells_the_meeting_without_attachments(
    cloud: Clouds, endpoint: Endpoint
) -> None:
    """9.4: ``file_name`` is there, ``auto_delete`` and ``physical_files`` are not."""
    zoom, sender = day(cloud, endpoint, auto_delete_option=True)
    sender.pump()
    events = endpoint.of(DONE)
    assert len(events) == len(zoom.site.archive)
    for event in events:
        assert set(event) == {"event", "event_ts", "payload", "download_token"}
        told = event["payload"]["object"]
        assert "physical_files" not in told
        assert all("file_name" in f and "auto_delete" not in f for f in told["archive_files"])


def test_a_download_token_opens_its_meeting_for_24_hours(cloud: Clouds, endpoint: Endpoint) -> None:
    """6.2, 9.4."""
    zoom, sender = day(cloud, endpoint)
    sender.pump()
    event = next(e for e in endpoint.of(DONE) if e["payload"]["object"]["archive_files"])
    url = event["payload"]["object"]["archive_files"][0]["download_url"]
    assert zoom.download(url, event["download_token"]).status_code == 302
    zoom.clock.advance(timedelta(hours=24))
    assert zoom.download(url, event["download_token"]).status_code == 401


def test_recordings_tell_completion_transcript_and_lifecycle(
    cloud: Clouds, endpoint: Endpoint
) -> None:
    """9.4: addresses of the webhook family; segments one by one; the end of meetings."""
    zoom, sender = day(cloud, endpoint)
    zoom.send("DELETE", f"/meetings/{zoom.twice(zoom.site.recordings[0].uuid)}/recordings")
    sender.pump()
    segments = sum(len(r.meeting.recorded) for r in zoom.site.recordings)
    assert len(endpoint.of("recording.completed")) == segments
    assert endpoint.of("recording.transcript_completed")
    assert len(endpoint.of("recording.trashed")) == 1
    assert endpoint.of("meeting.ended")
    files = endpoint.of("recording.completed")[0]["payload"]["object"]["recording_files"]
    assert "/rec/webhook_download/" in files[0]["download_url"]
    assert "file_name" in files[0]


def test_the_archive_event_needs_a_scope_of_another_family(
    cloud: Clouds, endpoint: Endpoint
) -> None:
    """2.3: without it the event never comes."""
    _zoom, sender = day(cloud, endpoint, webhook_secret_scope=False)
    sender.pump()
    assert not endpoint.of(DONE)
    assert endpoint.of("recording.completed")


@pytest.mark.parametrize(("repeats", "more"), [(False, False), (True, True)])
def test_whether_the_archive_event_repeats_is_a_switch(
    cloud: Clouds, endpoint: Endpoint, repeats: bool, more: bool
) -> None:
    """14: when files are added later."""
    zoom, sender = day(cloud, endpoint, webhook_archive_repeats=repeats, late_every=1)
    sender.pump()
    assert (len(endpoint.of(DONE)) > len(zoom.site.archive)) is more


def test_a_failure_is_tried_again_after_5_20_and_60_minutes_then_lost(
    cloud: Clouds, endpoint: Endpoint
) -> None:
    """9.1: on the platform's clock."""
    zoom, sender = single(cloud, endpoint)
    endpoint.status = 503
    assert sender.pump() == 1
    for minutes in (5, 20, 60):
        zoom.clock.advance(timedelta(minutes=minutes) - timedelta(seconds=1))
        assert sender.pump() == 0
        zoom.clock.advance(timedelta(seconds=1))
        assert sender.pump() == 1
    zoom.clock.advance(timedelta(days=1))
    assert sender.pump() == 0
    assert len(sender.lost) == 1
    assert len({body for _, body in endpoint.arrived}) == 1


@pytest.mark.parametrize("status", [302, 400, 404])
def test_other_refusals_are_not_tried_again(cloud: Clouds, endpoint: Endpoint, status: int) -> None:
    """9.1: only 5xx and silence are."""
    zoom, sender = single(cloud, endpoint)
    endpoint.status = status
    assert sender.pump() == 1
    zoom.clock.advance(timedelta(hours=2))
    assert sender.pump() == 0
    assert len(sender.lost) == 1


def test_silence_is_tried_again(cloud: Clouds) -> None:
    """9.1: nobody listens at the address."""
    zoom = cloud()
    answers = iter([(0, b""), (200, b"")])
    sender = zoom.simulator.webhooks("https://x.example", SECRET, lambda *_: next(answers))
    uuid = zoom.site.recordings[0].uuid
    zoom.site.happened.append((zoom.clock.now(), "recording.trashed", uuid))
    assert sender.pump() == 1
    zoom.clock.advance(timedelta(minutes=5))
    assert sender.pump() == 1
    assert not sender.lost


def test_six_failures_in_a_row_end_the_subscription(cloud: Clouds, endpoint: Endpoint) -> None:
    """9.1."""
    _zoom, sender = day(cloud, endpoint)
    endpoint.status = 500
    assert sender.pump() == 6
    assert sender.disabled
    endpoint.status = 204
    assert sender.pump() == 0


def test_duplicates_losses_and_another_order(cloud: Clouds, endpoint: Endpoint) -> None:
    """9.1: each by switch; usually every event comes once, in order."""
    _zoom, sender = day(cloud, endpoint)
    plain = sender.pump()
    told = [body for _, body in endpoint.arrived]
    stamps = [event["event_ts"] for event in endpoint.events]
    assert len(set(told)) == len(told)
    assert stamps == sorted(stamps)
    endpoint.arrived.clear()
    _zoom, sender = day(cloud, endpoint, webhook_duplicate_every=3)
    assert plain < sender.pump() < 2 * plain
    _zoom, sender = day(cloud, endpoint, webhook_lose_every=3)
    assert 0 < sender.pump() == plain - len(sender.lost) < plain
    endpoint.arrived.clear()
    _zoom, sender = day(cloud, endpoint, webhook_reorder=True)
    sender.pump()
    assert [event["event_ts"] for event in endpoint.events] == sorted(stamps, reverse=True)
