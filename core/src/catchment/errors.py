"""Every exception of Catchment, sorted by what happens next.

CatchmentError
├── Misuse                     what was typed or configured cannot work      exit 2
│   ├── BadSettings            a setting is unknown, missing or of the wrong kind
│   └── NotInstalled           an adapter or an extra is not installed
├── NeedsPerson                the world must be changed first               exit 1
│   ├── Refused                the credential may not do this; the source stops
│   │   └── WrongAccount       the credential belongs to another account
│   ├── NotPermitted           the credential may not see this part; the rest goes on
│   ├── CatalogueUnusable      the database cannot be used as it is
│   ├── StorageUnavailable     the archive or the buffer cannot be written
│   └── ToolMissing            ffmpeg is not there
├── Transient                  another attempt may succeed; the engine decides when
│   ├── RateLimited            the platform asked us to wait
│   ├── Later                  the platform has not got it yet
│   └── Unreachable            no answer, or an answer of a broken server
├── PollFailed                 a listing did not come to its end; no frontier moves
│   ├── CursorLost             the cursor died; the window starts again
│   ├── TooWide                the window holds more than may be listed; it is halved
│   └── Truncated              the listing ended without its last page, or short of its total
├── LinkDead                   the way to a file no longer works; ask for a new one
├── Absent                     the platform says that there is no such thing
├── Corrupt                    the bytes are not what was announced; never archived
├── Unconvertible              ffmpeg could not make a rendition of good bytes
├── AdapterFault               an adapter broke the contract; a bug of the adapter
└── LostRace                   another runner has the job; its effect counts, ours is rolled back

The raiser states what happened, the family states what the engine does.  ``str(error)`` is one
sentence for a person; ``remedy`` is what to do about it.  Neither ever holds a secret or a signed
link: errors are built from names and numbers, not from requests.
"""

from __future__ import annotations

from datetime import datetime


class CatchmentError(Exception):
    """The root of the tree.

    Attributes:
        remedy: What a person can do, as a sentence; empty when the engine itself goes on.
        exit_code: What a command that ends with this error returns to the shell.
    """

    exit_code = 1

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return self.what


class Misuse(CatchmentError):
    """What was typed or configured cannot work; nothing was done."""

    exit_code = 2


class BadSettings(Misuse):
    """A setting is unknown, missing, or not of the kind it must be."""


class NotInstalled(Misuse):
    """An adapter or an extra is not installed, or failed to load."""


class NeedsPerson(CatchmentError):
    """Something outside the program must be changed before work can go on."""


class Refused(NeedsPerson):
    """The credential may not see this.  Stops the source and raises an alarm; never skipped."""


class WrongAccount(Refused):
    """The credential belongs to another account than the one this source was pinned to."""


class NotPermitted(NeedsPerson):
    """The credential may not see this feed, part or item.  It fails visibly, the rest goes on."""


class CatalogueUnusable(NeedsPerson):
    """The database cannot be reached, is newer than the program, or needs an upgrade."""


class StorageUnavailable(NeedsPerson):
    """The archive or the buffer cannot be read or written: full, read-only, or failing."""


class ToolMissing(NeedsPerson):
    """A program that we start (ffmpeg) is not there or does not run."""


class Transient(CatchmentError):
    """Another attempt may succeed.  The engine decides when."""


class RateLimited(Transient):
    """The platform asked us to wait.

    Attributes:
        retry_at: Aware UTC time by our clock before which nothing may be asked, if the platform
            said so.  Where a client's check returns it, it counts from the answer's time, and the
            client converts it.
    """

    def __init__(self, what: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(what)
        self.retry_at = retry_at


class Later(Transient):
    """The platform has not got it yet; the engine comes back at ``at``, by our clock.

    Where a client's check returns it, it counts from the answer's time, and the client converts it.
    """

    def __init__(self, what: str, *, at: datetime) -> None:
        super().__init__(what)
        self.at = at


class Unreachable(Transient):
    """No answer came, or the answer of a broken server."""


class PollFailed(CatchmentError):
    """A listing did not come to its end, so the frontier stays where it was."""


class CursorLost(PollFailed):
    """The platform no longer knows the cursor; the window is listed again from its first page."""


class TooWide(PollFailed):
    """The window holds more than the platform will list; the engine halves it."""


class Truncated(PollFailed):
    """A listing ended without a last page, or told fewer rows than its own total."""


class LinkDead(CatchmentError):
    """The way to a file no longer works; the engine asks the adapter for a new one."""


class Absent(CatchmentError):
    """The platform says that there is no such thing."""


class Corrupt(CatchmentError):
    """The bytes are not what was announced.  Never archived; fetched again from zero."""


class Unconvertible(CatchmentError):
    """ffmpeg could not make a rendition of bytes that are good in themselves."""


class AdapterFault(CatchmentError):
    """An adapter broke the contract.  The message names adapter, hook, and what was wrong."""


class LostRace(CatchmentError):
    """Another runner holds the job now.  Not an error to be shown: its effect counts."""
