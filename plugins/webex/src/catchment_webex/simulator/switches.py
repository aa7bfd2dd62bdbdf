"""The switchboard: what Webex does one way or the other, or what nobody knows.

Here stand the switches that every Webex product has; a product's simulator adds its own in a
dataclass that inherits from :class:`CommonSwitches`.  The number behind each name is the section of
the sheet on the common platform.  An unknown name or value is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from catchment.sandbox import Switchboard


@dataclass(frozen=True)
class CommonSwitches(Switchboard):
    """Switches of all Webex products, with their usual positions.

    Attributes:
        token_seconds: How long an access token lives (3.3).
        refresh_seconds: How long a refresh token lives after its last use (3.3).
        refresh_rotation: Each refresh gives the ``same`` refresh token or a ``new`` one (3.3).
        old_refresh: Whether an older refresh token still works after that (3.3).
        grant: The authorisation stands, or was ``revoked`` in Control Hub (3.3, 3.4).
        refused_status: Status of a refused refresh (3.3).
        grant_fields: ``bare`` leaves out ``scope`` and ``token_type`` (3.3).
        tokens: Several access tokens are valid at once, or the newest alone (3.3).
        host_email: ``hostEmail`` without an admin scope is ignored, or refused (3.6).

        max_above: ``max`` beyond the limit is clamped, or refused with 400 (5).
        links: ``Link`` has ``next`` alone, or ``first`` and ``prev`` as well (5).
        empty_pages: Before each further page comes an empty one that has ``next`` (5).
        link_null: ``next`` holds a literal ``max=null`` (5).
        link_drops: Query parameters that ``next`` loses, separated by commas (5).

        rate_per_minute: Calls per minute and token owner; ``0`` is no limit (7).
        retry_after: ``Retry-After`` in seconds, missing, or malformed (7).
        retry_after_seconds: What it says; ``0`` is the time until the next minute (7).
        rate_body: The 429's body: the JSON envelope, or ``html`` (6, 7).
        tracking: ``Trackingid``: the platform's own, or the caller's, echoed or suffixed (1).

        novelties: Objects have a field that nobody has documented (1).

        webhook_lose_every: One event in so many never comes; ``0`` none (9.5).
        webhook_duplicate_every: One delivery in so many comes twice (9.3).
        webhook_actor: ``actorId`` is told of meeting events, or absent (9.3).
        webhook_retries: So often is a failed delivery tried again, a minute apart (9.5).
        rest_delay_seconds: What a webhook tells is in REST so much later (9.5).
    """

    platform: ClassVar[str] = "Webex"

    token_seconds: int = 1209599
    refresh_seconds: int = 7775999
    refresh_rotation: Literal["same", "new"] = "new"
    old_refresh: Literal["alive", "dead"] = "alive"
    grant: Literal["active", "revoked"] = "active"
    refused_status: Literal[400, 401] = 400
    grant_fields: Literal["full", "bare"] = "full"
    tokens: Literal["many", "newest"] = "many"
    host_email: Literal["ignore", "reject"] = "ignore"

    max_above: Literal["clamp", "reject"] = "clamp"
    links: Literal["next", "all"] = "next"
    empty_pages: bool = False
    link_null: bool = False
    link_drops: str = ""

    rate_per_minute: int = 300
    retry_after: Literal["seconds", "missing", "malformed"] = "seconds"
    retry_after_seconds: int = 0
    rate_body: Literal["json", "html"] = "json"
    tracking: Literal["own", "echo", "suffix"] = "own"
    novelties: bool = False

    webhook_lose_every: int = 0
    webhook_duplicate_every: int = 0
    webhook_actor: Literal["present", "absent"] = "present"
    webhook_retries: int = 0
    rest_delay_seconds: int = 0
