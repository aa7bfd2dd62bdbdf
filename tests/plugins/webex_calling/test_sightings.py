"""From rows of the list to sightings: identity, keys, revision, and what is missing in rows."""

from __future__ import annotations

import pytest
from tests.plugins.webex_calling.samples import ANNA, HEX, ITEM, LINKS, LONG_AGO, RECORDING, nested

from catchment.errors import Unreachable
from catchment.model import Key, Sighting
from catchment_webex_calling.sightings import map_sighting


def sighting(**changed: object) -> Sighting:
    """The sample row with fields changed."""
    return map_sighting(ITEM | changed, LONG_AGO)


@pytest.mark.parametrize("spelled", [RECORDING, RECORDING.replace("-", ""), RECORDING.upper()])
def test_a_recording_is_one_with_and_without_dashes(spelled: str) -> None:
    """Both occur in examples (0)."""
    assert sighting(id=spelled).external_id == RECORDING


SESSIONS = [
    ("0-dashed", "c0a8017e-6f1b-4a52-9d3c-77e1b2f4a901"),
    ("0-bare", HEX),
    ("0-capitals", HEX.upper()),
    ("0-base64", "YzBhODAxN2UtNmYxYi00YTUyLTlkM2MtNzdlMWIyZjRhOTAx"),
]


@pytest.mark.parametrize("spelled", [row[1] for row in SESSIONS], ids=[row[0] for row in SESSIONS])
def test_the_session_is_the_key(spelled: str) -> None:
    """S001-11: the same session id in all of its spellings."""
    found = map_sighting(nested(ITEM, callSessionId=spelled), LONG_AGO)
    assert found.keys == (Key("session", HEX),)


@pytest.mark.parametrize("empty", [None, "", "NA", "00000000-0000-0000-0000-000000000000", {}])
def test_a_recording_without_session_stands_alone(empty: object) -> None:
    """``serviceData`` is not required (1.3); strangers never share nothing."""
    found = map_sighting(nested(ITEM, callSessionId=empty), LONG_AGO)
    assert found.keys == (Key("recording", RECORDING),)
    assert sighting(serviceData=None).keys == found.keys


UNCHANGED = [
    ("4.10-owner", {"ownerId": "other", "ownerEmail": "other@example.com"}),
    ("4.10-topic", {"topic": "other"}),
    ("4.8-service-spelling", {"serviceType": "CALLING"}),
    ("1.3-offset", {"createTime": "2026-03-10T15:22:07+01:00"}),
    ("1.4-links", {"temporaryDirectDownloadLinks": LINKS}),
    ("1.3-no-status", {"status": None}),
    ("0-dashes", {"id": RECORDING.replace("-", "")}),
]
CHANGED = [
    ("1.3-size", {"sizeBytes": 1}),
    ("1.3-duration", {"durationSeconds": 1}),
    ("1.3-made-anew", {"createTime": "2026-03-11T14:22:07Z"}),
    ("1.3-transcript", {"transcriptLanguage": "en"}),
    ("4.11-recycled", {"status": "deleted"}),
]


@pytest.mark.parametrize("changed", [r[1] for r in UNCHANGED], ids=[r[0] for r in UNCHANGED])
def test_what_changes_by_itself_is_no_news(changed: dict[str, object]) -> None:
    """Owner and topic change, and links with every answer."""
    assert sighting(**changed).revision == sighting().revision


@pytest.mark.parametrize("changed", [row[1] for row in CHANGED], ids=[row[0] for row in CHANGED])
def test_what_may_change_the_files_is_news(changed: dict[str, object]) -> None:
    """Also that a user moved it to the bin, or back: it is looked at again."""
    assert sighting(**changed).revision != sighting().revision


def test_links_never_come_into_a_document() -> None:
    """Recovery sees a recording with its links; the document has none."""
    found = sighting(temporaryDirectDownloadLinks=LINKS)
    assert found.document == ITEM
    assert "ticket" not in repr(found)


@pytest.mark.parametrize("missing", [None, "", "later"])
def test_a_recording_began_when_it_says_or_was_made(missing: object) -> None:
    """``timeRecorded``, else ``createTime``, else the window's begin."""
    assert f"{sighting(timeRecorded=missing).occurred_at:%H:%M}" == "14:22"
    assert sighting(timeRecorded=missing, createTime=missing).occurred_at == LONG_AGO


def test_a_row_without_an_id_is_not_passed_over() -> None:
    """It cannot be told from others, and nothing is lost in silence."""
    with pytest.raises(Unreachable):
        sighting(id="")


@pytest.mark.parametrize("field", sorted(set(ITEM) - {"id"}))
@pytest.mark.parametrize("odd", [None, 7, "x", [], {}])
def test_no_field_but_the_id_can_stop_a_listing(field: str, odd: object) -> None:
    """Everything but ``id`` is optional (1.5), whatever its type."""
    assert sighting(**{field: odd}).external_id == RECORDING
    assert ANNA not in sighting(**{field: odd}).revision
