"""The earlier generations: CMSv1 of CWCC 1.0, and the transitional CMSv2 (7).

Both have the same questions and rows; they differ in who asks, and in ``orgId`` (7.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from catchment.errors import Absent, AdapterFault, TooWide, Truncated, Unreachable
from catchment.model import (
    Batch,
    Json,
    Nothing,
    NotYet,
    Outcome,
    Page,
    Ready,
    Recording,
    Span,
    Way,
    Window,
)
from catchment.transport import Answer
from catchment_webex_cc import cms_wire, listings
from catchment_webex_cc.access import Access
from catchment_webex_cc.activities import is_of_a_call, map_activity
from catchment_webex_cc.cms_wire import AGENT_ACTIVITIES, CHAIN, SESSIONS
from catchment_webex_cc.files import map_session_file
from catchment_webex_cc.ids import dash, read_task_id
from catchment_webex_cc.sessions import (
    count_missing,
    is_complete,
    read_dataset,
    read_session,
    strip_names,
)
from catchment_webex_cc.sightings import is_over, map_sighting, may_be_recorded, read_task
from catchment_webex_cc.view import SESSION_CHAIN_DOCUMENT, SESSION_DOCUMENT
from catchment_webex_cc.waiting import wait_for

_PATIENT = timedelta(hours=6)
"""So long after a call its chain is insisted on; then a server that cannot tell it is let be."""

_NO_RECORDING = (204, 404, 416)
_NOT_TOLD = (405, 501)
"""The server lets nobody look: whether there is a recording is seen when it is downloaded."""

_AROUND = timedelta(seconds=1)
_SHORTEST = timedelta(seconds=1)
"""Windows of activities that are not halved any more."""


class Cms:
    """Asks an earlier generation; what is answered is read elsewhere.

    Args:
        access: Under which credential.
        most: How many records one answer may hold.
    """

    def __init__(self, access: Access, most: int = cms_wire.MOST_RECORDS) -> None:
        self._access = access
        self._most = most
        self._also = access.settings.organisation_params

    # --- what there is -------------------------------------------------------------------------

    def poll(self, span: Span) -> Iterator[Page]:
        """The one page of a window of *span*'s feed.

        Raises:
            TooWide: More records than one answer holds; there is no next page.
        """
        if span.feed == listings.ACTIVITIES:
            rows = self._ask_records(AGENT_ACTIVITIES, span.window)
            facts = [map_activity(row, span.window.start) for row in rows if is_of_a_call(row)]
            yield Page(facts=tuple(facts), last=True)
            return
        rows = [row for row in self._ask_records(SESSIONS, span.window) if _is_call(row)]
        yield listings.build_page(rows, span, None)

    def _ask_records(self, resource: str, window: Window, session: str = "") -> list[Json]:
        body = self._access.ask(
            cms_wire.build_records(resource, window, self._also, session=session, most=self._most)
        )
        rows = read_dataset(body)
        if not is_complete(body) or len(rows) >= self._most:
            raise TooWide(f"more {resource} in {window} than one answer holds")
        if count_missing(body):
            raise Truncated(f"{count_missing(body)} of the {resource} in {window} are missing")
        return list(rows)

    def find(self, asked: str) -> Outcome:
        """The session with the id *asked*, in either spelling."""
        row = self._ask_session(asked)
        if row is None:
            return Nothing(asked, "the contact center knows no session of this id")
        if not is_over(row):
            return NotYet(asked, "the call has not ended yet")
        if not may_be_recorded(row):
            return Nothing(asked, "it was not recorded, because no agent took this call")
        return Ready(asked, sightings=(map_sighting(row, self._access.now()),))

    # --- one session ---------------------------------------------------------------------------

    def fetch_metadata(self, batch: Batch) -> Iterator[Outcome]:
        """The session's own record, and its activities."""
        for recording in batch:
            row = self._ask_session(spell(recording))
            documents: dict[str, Json] = {} if row is None else {SESSION_DOCUMENT: row}
            chain = self._ask_chain(recording, row)
            if chain:
                documents[SESSION_CHAIN_DOCUMENT] = {"nodes": chain}
            yield Ready(recording, documents=documents)

    def _ask_session(self, sid: str) -> Json | None:
        """One session; ``None`` where neither spelling of its id is known (7.5)."""
        for told in _list_spellings(sid):
            try:
                body = self._access.ask(cms_wire.build_session(told, self._also))
            except Absent:
                continue
            rows = read_dataset(body) if "data" in body else [dict(body)]
            for row in rows:
                if read_task(row).id:
                    return row
        return None

    def _ask_chain(self, recording: Recording, row: Json | None) -> list[Json]:
        """The session's activities, without those that are another's.

        How a question for one session is written is not told (7.2): where it is not understood, or
        answered with nothing, everybody's of the time are asked for.  In place of a chain that
        cannot be had, the agents' own activities say at least when the call was answered.

        Raises:
            Truncated: As below.
            Unreachable: Nothing was found of a call of today, and one question had no answer:
                where the sound begins is told once, so that it is asked again.
        """
        task = read_task(row or recording.documents.get("listing"))
        start = task.created_time or recording.occurred_at
        end = max(task.ended_time or start, start)
        window = Window(start - _AROUND, end + _AROUND)
        trouble: Truncated | Unreachable | None = None
        for ask in (
            partial(self._ask_records, CHAIN, window, spell(recording)),
            partial(self._ask_in_halves, CHAIN, window),
            partial(self._ask_in_halves, AGENT_ACTIVITIES, window),
        ):
            try:
                rows = ask()
            except (Truncated, Unreachable) as error:
                trouble = error
                continue
            except (AdapterFault, Absent, TooWide):
                continue  # a call without its chain is captured all the same
            own = [one for one in rows if _session_of(one) == recording.external_id]
            if own:
                return own
        if trouble is not None and self._access.now() - end < _PATIENT:
            raise trouble
        return []

    def _ask_in_halves(self, resource: str, window: Window) -> list[Json]:
        """Everybody's records in *window*, as often halved as one answer holds too few.

        Raises:
            TooWide: More records of a moment than one answer holds.
        """
        try:
            return self._ask_records(resource, window)
        except TooWide:
            if window.length <= _SHORTEST:
                raise
        middle = window.start + window.length / 2
        halves = (Window(window.start, middle), Window(middle, window.end))
        return [row for half in halves for row in self._ask_in_halves(resource, half)]

    def fetch_media(self, batch: Batch) -> Iterator[Outcome]:
        """The one recording of each session, if it is there."""
        for recording in batch:
            yield self._ask_media(recording)

    def _ask_media(self, recording: Recording) -> Outcome:
        for sid in _list_spellings(spell(recording)):
            status = self._look(sid)
            if status == 410:
                return Nothing(recording, "the recording was purged at the platform")
            if status not in _NO_RECORDING:
                break
        else:
            told = recording.documents
            task = read_task(told.get(SESSION_DOCUMENT) or told.get("listing"))
            return wait_for(recording, task, self._access.now())
        documents = recording.documents
        base = self._access.settings.media_url
        file = map_session_file(
            documents.get(SESSION_DOCUMENT) or documents.get("listing"),
            documents.get(SESSION_CHAIN_DOCUMENT),
            ways=(Way(cms_wire.build_media_url(base, sid, self._also)),),
        )
        return Ready(recording, files=(file,))

    def _look(self, sid: str) -> int:
        """The status of a recording: by its head, else by its first bytes.

        Some servers give the whole in place of the first bytes, so that a head that tells a length
        is believed.  Not every server tells heads, and some say yes to anything.
        """
        head = self._access.look(cms_wire.build_head(sid, self._also))
        length = head.headers.get("content-length", "")
        if head.status == 200 and length.isdigit() and int(length) > 0 and not _is_text(head):
            return 200
        try:
            answer = self._access.look(cms_wire.build_look(sid, self._also))
        except Unreachable:
            if head.status == 200:
                return 200  # more than is read of an answer: it is there
            raise
        if answer.status in (200, 206) and _is_text(answer):
            raise Unreachable(
                "a text was sent where a recording was asked for",
                remedy="If this persists, look for a proxy or a login page in between, and correct "
                "the setting media_url.",
            )
        return 200 if answer.status in _NOT_TOLD else answer.status


def _is_text(answer: Answer) -> bool:
    """Whether the answer is a page or a message, whatever its status says."""
    kind = answer.media_type
    return kind.startswith("text/") or kind.endswith(("json", "xml", "html"))


def spell(recording: Recording) -> str:
    """The id as the platform spells it, where its listing was seen."""
    told = read_session(recording.documents.get("listing")).get("id")
    return told if isinstance(told, str) and told else recording.external_id


def _list_spellings(sid: str) -> Iterator[str]:
    """*sid* as it was told, then in the other spelling, if it is a UUID (7.5)."""
    yield from dict.fromkeys((sid, read_task_id(sid), dash(sid)))


def _is_call(row: Json) -> bool:
    return read_task(row).channel_type.lower() in ("", "telephony", "voice")


def _session_of(row: Json) -> str:
    told = strip_names(row)
    return read_task_id(str(told.get("callSessionId") or told.get("sid") or ""))
