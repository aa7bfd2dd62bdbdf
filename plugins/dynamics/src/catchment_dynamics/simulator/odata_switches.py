"""The switchboard of the simulated Dataverse: what differs, is disputed, or is known to nobody.

Numbers in brackets are sections of the sheet on Microsoft Dynamics 365.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from catchment.sandbox import Switchboard


@dataclass(frozen=True)
class ODataSwitches(Switchboard):
    """Switches of identity, tables and files with their usual positions.

    Attributes:
        lacks: Tables that the application user may not read, by logical name, separated by
            spaces; all activities share one privilege (1.2).
        missing_tables: Tables that the environment does not have.
        missing_columns: Columns that it does not have, as ``table.column`` (6.3); never a key.
        rejected_columns: Columns that the dictionary tells, likewise spelt, and that rows are
            without and queries are refused for (6.3).
        extra_columns: Every table has columns that stand in no reference (3.3).
        other_org: ``WhoAmI`` names another organisation.
        no_app_user: The application has no user in the environment: 403 (1.2).
        credentials: The applications' secrets are ``good``, or have ``expired`` (1.1).
        identity_refused: Status of a wrong or expired secret (1.1).
        identity_requests: So many tokens are given out in a minute, then 429; ``0`` is any number.
        token_s: How long a token lives, in seconds (1.1).

        change_tracking: Whether tables can be asked for their changes (2.5).
        depth: How far the user's privileges reach: ``user`` is not enough for change tracking, and
            shows no other users' rows (1.2).
        tracking_days: So long is a delta token good (2.5).
        channel_eq: An integer compared with a multi-select choice is 400, or finds nothing (6.2).
        page_most: The largest page, in rows (2.4).
        too_long: Status of an address of more than 32 768 characters (2.2).

        throttle_requests: Requests that an application user may make in 300 s (2.8).
        throttle_time_s: Seconds of execution that it has in 300 s.
        throttle_concurrency: Requests that it may have under way at once.
        request_cost_ms: What a request costs of the execution time; a download five times as much.

        range_header: Whether a part of a file comes with ``Content-Range`` (2.9).
        content_length: Whether a whole file comes with ``Content-Length``.
        sas: Whether ``GetFileSasUrl`` works; ``400`` or ``403`` where keys are the customer's own,
            ``500`` or ``503`` where it is out of order.
        sas_post: What ``POST`` of it is answered (2.9).
        sas_ip_restricted: Links are refused with 401 at download.
        sas_authorization: What the file host does with a bearer: ``refuse`` it, or ``ignore`` it.
        sas_minutes: How long a link is good, in minutes.
        chunking: Whether files can be read in parts; not where they lie in the database (2.9).
        file_type: The MIME type of every file instead of its own; its own, if empty (2.9).
    """

    platform: ClassVar[str] = "Dynamics"

    lacks: str = ""
    missing_tables: str = ""
    missing_columns: str = ""
    rejected_columns: str = ""
    extra_columns: bool = False
    other_org: bool = False
    no_app_user: bool = False
    credentials: Literal["good", "expired"] = "good"
    identity_refused: Literal[401, 400] = 401
    identity_requests: int = 0
    token_s: int = 3599

    change_tracking: bool = True
    depth: Literal["organisation", "user"] = "organisation"
    tracking_days: int = 7
    channel_eq: Literal["400", "nothing"] = "400"
    page_most: int = 5000
    too_long: Literal[414, 400] = 414

    throttle_requests: int = 6000
    throttle_time_s: int = 1200
    throttle_concurrency: int = 52
    request_cost_ms: int = 60

    range_header: bool = False
    content_length: bool = True
    sas: Literal["200", "400", "403", "500", "503"] = "200"
    sas_post: Literal["405", "200"] = "405"
    sas_ip_restricted: bool = False
    sas_authorization: Literal["refuse", "ignore"] = "refuse"
    sas_minutes: int = 60
    chunking: bool = True
    file_type: str = ""
