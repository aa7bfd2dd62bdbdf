"""The three ways to a file of the simulated platform (2.9)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.plugins.dynamics.simulator.service import (
    NOON,
    SOUND,
    Row,
    Service,
    Starter,
    conversation,
    error_of,
    recording,
    starting,
)

from catchment.sandbox import Faults

BODY = SOUND + bytes([1])
VALUE = f"msdyn_ocrecordings({recording(1)})/msdyn_recording/$value"
SAS = "GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')"


@pytest.fixture
def start() -> Iterator[Starter]:
    """Serve with switches."""
    with starting() as starter:
        yield starter


@pytest.fixture
def service(start: Starter) -> Service:
    """All switches in their usual positions."""
    return start()


def target(number: int, quote: str = "'") -> str:
    """The alias that names a recording."""
    told = f"{{'@odata.id':'msdyn_ocrecordings({recording(number)})'}}".replace("'", quote)
    return f"@p1={told}"


def link(service: Service, number: int = 1) -> str:
    """A link to the file of a recording."""
    return str(service.data(f"{SAS}?{target(number)}")["Result"]["SasUrl"])


# --- the value --------------------------------------------------------------------------------


def test_the_value_is_the_whole_file(service: Service) -> None:
    """With its size, name and type in headers of their own."""
    answer = service.get(VALUE)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["x-ms-file-size"] == str(len(BODY))
    assert answer.headers["x-ms-file-name"] == "recording%201.mp4"
    assert answer.headers["mimetype"] == "video/mp4"


def test_a_range_is_a_part_of_it(start: Starter) -> None:
    """206 with the recommended size of parts; ``Content-Range`` is a switch."""
    service, telling = start(), start(range_header=True)
    for one in (service, telling):
        answer = one.get(VALUE, headers={"range": "bytes=10-19"})
        assert (answer.status_code, answer.content) == (206, BODY[10:20])
        assert answer.headers["x-ms-chunk-size"] == "4194304"
        assert answer.headers["x-ms-file-size"] == str(len(BODY))
    assert answer.headers["content-range"] == f"bytes 10-19/{len(BODY)}"
    assert "content-range" not in service.get(VALUE, headers={"range": "bytes=0-9"}).headers
    past = service.get(VALUE, headers={"range": f"bytes={len(BODY)}-"})
    assert past.status_code == 416


def test_what_does_not_say_its_part_is_no_other_part(start: Starter) -> None:
    """A fault may send another part only where ``Content-Range`` tells which."""
    service = start(Faults(seed=1, rates={"wrong_range": {"download": 1.0}}))
    assert service.get(VALUE, headers={"range": "bytes=10-19"}).content == BODY[10:20]


def test_a_file_that_is_not_there(service: Service) -> None:
    """Not yet, not in this row any more, or not a file at all."""
    early = service.get(f"msdyn_ocrecordings({recording(6)})/msdyn_recording/$value")
    assert error_of(early)[:2] == (404, "0x80040217")
    wrong = service.get(f"msdyn_ocrecordings({recording(1)})/msdyn_name/$value")
    assert wrong.status_code == 400
    service.environment.store.delete("msdyn_ocrecording", recording(1), NOON)
    gone = service.get(VALUE)
    assert error_of(gone)[:2] == (404, "0x80040217")
    assert recording(1) in error_of(gone)[2]


# --- blocks -----------------------------------------------------------------------------------


def begin(service: Service, number: int = 1) -> httpx.Response:
    """Ask for the blocks of a recording."""
    body = {
        "Target": {
            "msdyn_ocrecordingid": recording(number),
            "@odata.type": "Microsoft.Dynamics.CRM.msdyn_ocrecording",
        },
        "FileAttributeName": "msdyn_recording",
    }
    return service.send("POST", "InitializeFileBlocksDownload", json=body)


def block(service: Service, told: Row, offset: int, length: int) -> httpx.Response:
    """Ask for one block."""
    token: Any = told["FileContinuationToken"]
    body = {"Offset": offset, "BlockLength": length, "FileContinuationToken": token}
    return service.send("POST", "DownloadBlock", json=body)


def test_blocks_make_the_file(service: Service) -> None:
    """Until the offset reaches the size."""
    told = begin(service).json()
    assert told["FileSizeInBytes"] == len(BODY)
    assert told["FileName"] == "recording 1.mp4"
    assert told["IsChunkingSupported"] is True
    parts = [block(service, told, at, 4000).json()["Data"] for at in range(0, len(BODY), 4000)]
    assert b"".join(map(base64.b64decode, parts)) == BODY
    assert block(service, {"FileContinuationToken": "x.y.z"}, 0, 1).status_code == 400
    assert service.get("DownloadBlock").status_code == 405


def test_files_in_the_database_come_whole(start: Starter) -> None:
    """Where keys are the customer's own, neither ranges nor blocks work (2.9)."""
    service = start(chunking=False)
    told = begin(service).json()
    assert told["IsChunkingSupported"] is False
    for refused in (
        block(service, told, 0, 4000),
        service.get(VALUE, headers={"range": "bytes=0-9"}),
    ):
        assert error_of(refused)[:2] == (400, "0x80090017")
    assert service.get(VALUE).content == BODY


# --- links ------------------------------------------------------------------------------------


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_link_leads_to_another_host(service: Service, quote: str) -> None:
    """Whoever holds it may download; name, size and type are told beside it."""
    result = service.data(f"{SAS}?{target(1, quote)}")["Result"]
    assert result["FileSizeInBytes"] == len(BODY)
    assert (result["FileName"], result["MimeType"]) == ("recording 1.mp4", "video/mp4")
    assert result["SasUrl"].startswith(service.urls["files"])
    answer = service.http.get(result["SasUrl"])
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["x-ms-blob-type"] == "BlockBlob"
    part = service.http.get(result["SasUrl"], headers={"x-ms-range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, BODY[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(BODY)}"
    changed = {"range": "bytes=5-9", "if-range": '"other"'}
    assert service.http.get(result["SasUrl"], headers=changed).status_code == 200
    assert service.http.get(result["SasUrl"], headers={"if-match": '"other"'}).status_code == 412


def test_a_link_lives_for_an_hour(service: Service) -> None:
    """And is worth nothing when it was changed (2.9)."""
    good = link(service)
    assert service.http.get(good.replace("sp=r", "sp=w")).status_code == 403
    service.clock.advance(timedelta(minutes=59, seconds=59))
    assert service.http.head(good).headers["content-length"] == str(len(BODY))
    service.clock.advance(timedelta(seconds=1))
    past = service.http.get(good)
    assert past.status_code == 403
    assert past.headers["x-ms-error-code"] == "AuthenticationFailed"


def test_blob_storage_wants_no_bearer(start: Starter) -> None:
    """It refuses a foreign one, or ignores it."""
    service, other = start(), start(sas_authorization="ignore")
    for one, status in ((service, 401), (other, 200)):
        headers = {"authorization": f"Bearer {one.bearer()}"}
        assert one.http.get(link(one), headers=headers).status_code == status


def test_links_may_not_work(start: Starter) -> None:
    """With keys of the customer's own there is none; from a wrong address it is refused."""
    for status in ("400", "403"):
        refused = start(sas=status).get(f"{SAS}?{target(1)}")
        assert refused.status_code == int(status)
    restricted = start(sas_ip_restricted=True)
    assert restricted.http.get(link(restricted)).status_code == 401


def test_links_may_be_out_of_order(start: Starter) -> None:
    """An error of the server, while the value can be had."""
    for status in ("500", "503"):
        service = start(sas=status)
        refused = service.get(f"{SAS}?{target(1)}")
        assert refused.status_code == int(status)
        assert "customer managed keys" not in error_of(refused)[2]
        assert service.get(VALUE).content == BODY


def test_links_may_be_good_for_less_than_an_hour(start: Starter) -> None:
    """Whoever gives them out decides (2.9)."""
    service = start(sas_minutes=5)
    told = link(service)
    service.clock.advance(timedelta(seconds=299))
    assert service.http.get(told).status_code == 200
    service.clock.advance(timedelta(seconds=1))
    assert service.http.get(told).status_code == 403


def test_a_link_is_asked_for_with_get(start: Starter) -> None:
    """It is a function; what POST does is a switch (2.9, 9.7)."""
    assert start().send("POST", f"{SAS}?{target(1)}").status_code == 405
    assert start(sas_post="200").send("POST", f"{SAS}?{target(1)}").status_code == 200


def test_the_file_of_a_deleted_row_is_gone(service: Service) -> None:
    """Also behind a link that is good; the recycle bin still gives one (4.4)."""
    good = link(service)
    service.environment.store.delete("msdyn_ocrecording", recording(1), NOON)
    assert service.http.get(good).status_code == 404
    assert service.get(f"{SAS}?{target(1)}").status_code == 404
    kept = "GetFileSasUrl(Target=@p1,FileAttributeName=@p2,DataSource='bin')"
    assert service.get(f"{kept}?{target(1)}&@p2='msdyn_recording'").status_code == 200
    retained = kept.replace("bin", "retained")
    assert service.get(f"{retained}?{target(2)}&@p2='msdyn_recording'").status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        f"{SAS}?@p1={{'@odata.id':'nothings({recording(1)})'}}",
        f"{SAS}?@p2=1",
        f"GetFileSasUrl(Target=@p1)?{target(1)}",
        f"GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_name')?{target(1)}",
    ],
)
def test_a_link_needs_a_row_and_a_column(service: Service, asked: str) -> None:
    """Anything else is 400."""
    assert service.get(asked).status_code == 400


def test_the_type_of_files_is_a_switch(start: Starter) -> None:
    """What recordings are called is known to nobody (9.3)."""
    service = start(file_type="audio/mp4", content_length=False)
    assert service.data(f"{SAS}?{target(1)}")["Result"]["MimeType"] == "audio/mp4"
    answer = service.get(VALUE)
    assert answer.headers["mimetype"] == "audio/mp4"
    assert "content-length" not in answer.headers


def test_rows_show_files_when_they_are_there(service: Service) -> None:
    """The id and name appear with the file, and ``modifiedon`` moves (2.9)."""
    path = f"msdyn_ocrecordings({recording(6)})"
    before = service.data(path)
    assert before["msdyn_recording"] is before["msdyn_recording_name"] is None
    service.clock.advance(timedelta(hours=2))
    after = service.data(path)
    assert after["msdyn_recording"]
    assert after["msdyn_recording_name"] == "recording 6.mp4"
    assert after["modifiedon"] > before["modifiedon"]
    assert after["_msdyn_liveworkitemid_value"] == conversation(0)
