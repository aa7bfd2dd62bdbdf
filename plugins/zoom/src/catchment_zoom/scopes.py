"""Which scope opens which of Zoom's doors (sheet 2.3), for messages and for asking nothing in vain.

Apps of today have granular scopes, older ones classic scopes; either will do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """What an operation needs: one of ``granular`` or one of ``classic``; the first is advised."""

    granular: tuple[str, ...]
    classic: tuple[str, ...]

    @property
    def advice(self) -> str:
        """The sentence that says what to add and where."""
        return build_advice(self.granular[0], self.classic[0])

    def held(self, scope: str) -> bool:
        """Whether a token with *scope*, a list separated by spaces, can do it.

        An empty *scope* is a token endpoint that said nothing, so it may be tried.
        """
        held = set(scope.replace(",", " ").split())
        return not held or not held.isdisjoint((*self.granular, *self.classic))


def build_advice(granular: str, classic: str = "") -> str:
    """What to do about the missing scope *granular*."""
    older = f" (of an app with classic scopes: {classic})" if classic else ""
    return (
        f"In the Zoom App Marketplace open the server-to-server app under 'Manage', add {granular}"
        f"{older} on the page 'Scopes', and run 'catchment check'."
    )


def _cloud(name: str, *variants: str) -> tuple[str, ...]:
    return tuple(f"cloud_recording:read:{name}{variant}" for variant in variants)


ARCHIVE_LIST = Scope(
    ("archiving:read:list_archived_files:admin", "archiving:read:list_archived_files:master"),
    ("recording:read:admin",),
)
ARCHIVE_FILES = Scope(
    ("archiving:read:archived_files:admin", "archiving:read:archived_files"),
    ("recording:read:admin", "recording:read"),
)
USER_RECORDINGS = Scope(
    _cloud("list_user_recordings", ":admin", "", ":master"),
    ("recording:read:admin", "recording:read"),
)
ACCOUNT_RECORDINGS = Scope(
    _cloud("list_account_recordings", ":admin", ":master"),
    ("recording:read:admin", "recording:master"),
)
MEETING_RECORDINGS = Scope(
    _cloud("list_recording_files", ":admin", "", ":master"),
    ("recording:read:admin", "recording:read"),
)
PAST_MEETING = Scope(
    ("meeting:read:past_meeting:admin", "meeting:read:past_meeting"),
    ("meeting:read:admin", "meeting:read"),
)
PAST_INSTANCES = Scope(
    ("meeting:read:list_past_instances:admin", "meeting:read:list_past_instances"),
    ("meeting:read:admin", "meeting:read"),
)
PAST_PARTICIPANTS = Scope(
    ("meeting:read:list_past_participants:admin", "meeting:read:list_past_participants"),
    ("meeting:read:admin", "meeting:read"),
)
USER = Scope(("user:read:user:admin", "user:read:user"), ("user:read:admin", "user:read"))
USERS = Scope(("user:read:list_users:admin",), ("user:read:admin",))
