"""Proves each permission on the endpoint that needs it: to list proves nothing about the sound.

(Sheet 4, row 1.)  Administrators list every recording and are given no link to any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from catchment.errors import Absent, CatchmentError, Later, RateLimited
from catchment.model import Finding, Json, Window
from catchment.payloads import read_as
from catchment.transport import Answer, Request
from catchment_webex.api import Api
from catchment_webex.payloads import read_items
from catchment_webex.refusals import WrongRegion
from catchment_webex_calling import wire
from catchment_webex_calling.files import COMPLIANCE
from catchment_webex_calling.payloads import Item
from catchment_webex_calling.settings import WebexCallingSettings

OWN = "spark:recordings_read"
ADMIN = "spark-admin:recordings_read"
CDR_SCOPE = "spark-admin:calling_cdr_read"
PEOPLE = "spark-admin:people_read"

_MONTH = timedelta(days=29)
_HOUR = timedelta(hours=1)
_ROLE = (
    "The role 'Webex Calling Detailed Call History API access' is needed beside the scope; in "
    "Control Hub it is a permission of a custom administrator role."
)
_REMOVED = {
    "deleted": "recordings in the recycle bin",
    "purged": "recordings that were purged",
}
_LINKS = "links to the sound of a recording"

Send = Callable[[Request], Answer]


def list_findings(
    settings: WebexCallingSettings, api: Api, send_cdr: Send, may_download: bool
) -> Iterator[Finding]:
    """One finding per permission: first what the source cannot do without."""
    now = api.now()
    scope = OWN if settings.whose == "own" else COMPLIANCE
    month = Window(now - _MONTH, now)
    listed: list[Json] = []

    def ask_list() -> None:
        request = wire.build_recordings(month, "available", settings.whose, page_size=1)
        listed.extend(read_items(api.send(request))[:1])

    yield api.probe(
        "list of recordings", ask_list, scope=scope, absent_passes=False, why=_explain(settings)
    )
    yield _check_links(settings, api, listed, may_download)
    yield _check_metadata(api, listed, scope)
    for status, what in _REMOVED.items():
        if status in settings.statuses:
            yield _check_removed(api, status, what, month, settings, scope)
    if settings.call_records:
        yield check_cdr(send_cdr, now)
    yield api.probe(
        "directory of users",
        lambda: api.send(Request("GET", "/people", params=(("max", "1"),))),
        scope=PEOPLE,
        needed=False,
        why="people are searchable only by what calls tell of them",
    )


def advise_without(status: str) -> str:
    """How to do without the recordings of a *status* that may not be listed."""
    return (
        f"Or take '{status}' out of the setting 'removed': recordings that are {status} before "
        "they are captured are lost then."
    )


def _check_removed(
    api: Api, status: str, what: str, month: Window, settings: WebexCallingSettings, scope: str
) -> Finding:
    """Whether what was removed may be listed: where not, the watermark would wait for ever."""
    request = wire.build_recordings(month, status, settings.whose, page_size=1)
    found = api.probe(
        what,
        lambda: read_items(api.send(request)),
        scope=scope,
        why=f"the part '{status}' of the recordings fails and keeps the watermark back",
        absent_passes=False,
    )
    if found.verdict != "fail":
        return found
    return replace(found, remedy=f"{found.remedy} {advise_without(status)}")


def _explain(settings: WebexCallingSettings) -> str:
    if settings.whose == "own":
        return ""
    return (
        "if the app is to capture the authorising account's own recordings only, set whose = 'own'"
    )


def _check_links(
    settings: WebexCallingSettings, api: Api, listed: list[Json], may_download: bool
) -> Finding:
    """Whether the newest recording comes with links; where there is none, what the token says."""
    scope = OWN if settings.whose == "own" else COMPLIANCE
    remedy = (
        f"Add the scope {scope} to the app and have it authorised by "
        + ("the owner of the recordings" if settings.whose == "own" else "a compliance officer")
        + ", then set profile = 'compliance_officer'."
    )
    missed = f"no sound is captured: Webex gives links only with the scope {scope}"
    if not listed:
        if may_download:
            return Finding(_LINKS, "warn", "no recording of the last 29 days to try it on")
        return Finding(_LINKS, "fail", missed, remedy)
    recording = read_as(Item, listed[0])
    try:
        details = read_as(Item, api.ask(wire.build_details(recording.id)))
    except Absent:
        return Finding(_LINKS, "warn", "the recording to try it on was deleted", "Try again.")
    except WrongRegion as error:
        return Finding(_LINKS, "fail", str(error), error.remedy)
    except (Later, RateLimited) as error:
        return Finding(_LINKS, "warn", f"could not be tried: {error}", "Try again later.")
    except CatchmentError as error:
        return Finding(_LINKS, "fail", f"{error}; {missed}", remedy)
    if details.links is not None:
        return Finding(_LINKS, "pass", "permitted")
    made_at = details.create_time
    if may_download and made_at is not None and api.now() - made_at < _HOUR:
        return Finding(_LINKS, "warn", "the newest recording has none yet", "Try again in an hour.")
    return Finding(
        _LINKS,
        "fail",
        missed,
        f"{remedy} If it has it: look whether downloading is "
        "switched off for recordings in Control Hub.",
    )


def _check_metadata(api: Api, listed: list[Json], scope: str) -> Finding:
    item = read_as(Item, listed[0]) if listed else Item()
    request = wire.build_metadata(item.id or wire.NO_SUCH_RECORDING)
    return api.probe(
        "metadata of a recording",
        lambda: api.send(request),
        scope=scope,
        needed=False,
        why="parties, direction, queue and pauses are not known",
    )


def check_cdr(send: Send, now: datetime) -> Finding:
    """The detailed call history: its scope, its role, and its region (2.1)."""
    what = "detailed call history"
    end = now - timedelta(minutes=2)
    try:
        send(wire.build_cdr("cdr_stream", end - _HOUR, end, 500))
    except WrongRegion as error:
        return Finding(what, "fail", str(error), error.remedy)
    except RateLimited:
        return Finding(
            what,
            "warn",
            "could not be tried: Webex answers one such question per minute",
            "Try again in a minute, or see 'catchment status' for the feed cdr.",
        )
    except CatchmentError as error:
        transient = isinstance(error, Later)
        told = f"{error}; transfers are not joined and missing recordings are not noticed"
        remedy = f"Add the scope {CDR_SCOPE} to the app and authorise it anew. {_ROLE}"
        return Finding(what, "warn" if transient else "fail", told, remedy)
    return Finding(what, "pass", "permitted")
