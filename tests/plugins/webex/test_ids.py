"""Ids of Webex: opaque, but the same thing must be known in both of its forms (sheet 2)."""

from __future__ import annotations

import pytest

from catchment_webex.ids import build_id, read_session, read_uuid

UUID = "5e0c1f7a-2b6d-4a91-9d3e-7c4f8a1b2c3d"
PUBLIC = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS81ZTBjMWY3YS0yYjZkLTRhOTEtOWQzZS03YzRmOGExYjJjM2Q"


def test_the_public_form_is_base64_without_padding() -> None:
    """Section 2's own example, both ways."""
    assert build_id("PEOPLE", UUID) == PUBLIC
    assert read_uuid(PUBLIC) == UUID


@pytest.mark.parametrize("region", ["us", "urn:TEAM:us-west-2_r", "eu"])
@pytest.mark.parametrize("padding", ["", "=", "=="])
def test_a_person_is_the_same_in_every_region_and_form(region: str, padding: str) -> None:
    """The region in the middle and the padding at the end say nothing about who it is."""
    import base64

    whole = f"ciscospark://{region}/PEOPLE/{UUID.upper()}"
    text = base64.b64encode(whole.encode()).decode().rstrip("=") + padding
    assert read_uuid(text) == UUID
    assert read_uuid(f" {UUID.upper()} ") == UUID


@pytest.mark.parametrize("text", ["", "x", "a1f3_I_48", "später", "C4f1e…", "ROUTER-7"])
def test_an_id_of_no_known_form_stays_as_it_is(text: str) -> None:
    """An id that nobody has seen yet is still an id."""
    assert read_uuid(text) == text
    assert read_session(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "c0a8017e-6f1b-4a52-9d3c-77e1b2f4a901",
        "C0A8017E6F1B4A529D3C77E1B2F4A901",
        "YzBhODAxN2UtNmYxYi00YTUyLTlkM2MtNzdlMWIyZjRhOTAx",
        build_id("CALL", "c0a8017e-6f1b-4a52-9d3c-77e1b2f4a901"),
    ],
)
def test_a_session_is_the_same_bare_dashed_and_in_base64(text: str) -> None:
    """A call's recording and its event write its session differently (Webex Calling, 0)."""
    assert read_session(text) == "c0a8017e6f1b4a529d3c77e1b2f4a901"
