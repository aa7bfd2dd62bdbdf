"""Asks Webex Meetings: what may be missing is asked for so that its absence is an answer.

That is for what a recording can do without: "no such thing" and "not permitted" leave it out, and
``check`` says beforehand what is not permitted.  Whether a *recording* exists is never asked here:
there a refusal is no answer (:mod:`catchment_webex_meetings.recovery`).  A question that Webex did
not understand says nothing of what there is, so that it fails, is seen, and is asked again.

An administrator must name the host of what is asked for, a compliance officer must not (sheet 11,
point 8): :meth:`MeetingsApi.host` decides it in one place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from catchment.errors import Refused
from catchment.model import Json
from catchment.transport import Kit, Request
from catchment_webex.api import Api
from catchment_webex_meetings import scopes
from catchment_webex_meetings.settings import WebexMeetingsSettings


class MeetingsApi(Api):
    """Webex's API as an administrator or a compliance officer of the meetings uses it."""

    def __init__(self, settings: WebexMeetingsSettings, kit: Kit) -> None:
        super().__init__(settings, kit)
        self._sites = settings.sites

    @property
    def officer(self) -> bool:
        """Whether the credential is a compliance officer's."""
        return self.settings.profile == "compliance_officer"

    def host(self, email: str) -> str:
        """``hostEmail`` for something of the host with this address."""
        return "" if self.officer else email

    @property
    def everybody(self) -> str:
        """``hostEmail`` of the report on everybody's recordings (2 D)."""
        return self.host("all")

    def list_sites(self) -> tuple[str, ...]:
        """The sites that are captured.

        Raises:
            Refused: Nobody says which there are.
        """
        sites = self._sites or tuple(site.site_url for site in self.sites())
        if not sites:
            raise Refused(
                "Webex names no site of the authorising account",
                remedy=f"Add the scope {scopes.SITES} to the app and authorise it anew, or enter "
                "the setting 'sites'.",
            )
        return sites

    def find(self, request: Request) -> Json | None:
        """The answer to *request*; ``None`` where Webex has none or forbids it.

        Raises:
            AdapterFault: Webex did not understand the question.
        """
        return self.optional(lambda: self.ask(request))

    def list_rows(self, request: Request) -> list[Mapping[str, Any]]:
        """The rows of a list, each once; none where Webex has none or forbids it.

        Lists are live, and rows may shift from one page to the next (common 5); so they are put
        into an order of our own, that a list which says the same is the same.

        Raises:
            AdapterFault: Webex did not understand the question.
        """
        rows = self.optional(lambda: list(self.rows(request))) or []
        by_id = {str(row.get("id") or json.dumps(row, sort_keys=True)): row for row in rows}
        return [by_id[name] for name in sorted(by_id)]

    def find_list(self, request: Request) -> Json | None:
        """All rows of a list as one document; ``None`` where there are none.

        Raises:
            AdapterFault: Webex did not understand the question.
        """
        rows = self.list_rows(request)
        return {"items": rows} if rows else None

    def find_text(self, request: Request) -> bytes | None:
        """The rows of all pages of a list in one envelope, as bytes; ``None`` where there are none.

        Their order means something: it is what people wrote to each other.  However many pages
        they came on, the bytes are the same.

        Raises:
            AdapterFault: Webex did not understand the question.
        """
        rows = self.optional(lambda: list(self.rows(request))) or []
        return json.dumps({"items": rows}, ensure_ascii=False, indent=1).encode() if rows else None
