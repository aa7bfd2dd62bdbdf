"""What stands where in a manifest, decided before anything of it is written.

All references of a vCon are positions in its arrays, so every place must be known first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from catchment._archive.extension import Object
from catchment._archive.package import Package, PackageFile
from catchment.model import Ref

TEXTS = ("transcript", "captions")


@dataclass(slots=True)
class Plan:
    """What goes where.

    Attributes:
        package: What is written.
        authority: The host in the addresses of files.
        originals: One recorded stretch each, in the order of their dialogs.
        attached: The files that become attachments, in order.
        texts: The files that become analyses, in order.
        party_of: Positions of parties by ``party_id``.
        ref_of: Positions of parties by who they are in the directory.
        dialog_of: Position of each recording's first dialog.
        place_of: Where a file stands, by SHA-256.
    """

    package: Package
    authority: str
    originals: tuple[PackageFile, ...]
    attached: tuple[PackageFile, ...]
    texts: tuple[PackageFile, ...]
    party_of: dict[str, int] = field(default_factory=dict)
    ref_of: dict[Ref, int] = field(default_factory=dict)
    dialog_of: dict[str, int] = field(default_factory=dict)
    place_of: dict[str, Object] = field(default_factory=dict)

    @property
    def archive_party(self) -> int:
        """The position of the archive, which is the last party."""
        return len(self.package.draft.parties)

    @property
    def everyone(self) -> list[int]:
        """The positions of all who took part."""
        return list(range(self.archive_party))

    @property
    def first_recording(self) -> int:
        """The position of the first recorded stretch; before several stands their set."""
        return 1 if len(self.originals) > 1 else 0


def plan_document(package: Package, authority: str) -> Plan:
    """Decide the place of every file and party of *package*."""
    newest = _find_newest(package.archived)
    originals = tuple(f for f in newest if f.origin == "original" and f.kind in ("audio", "video"))
    texts = tuple(f for f in newest if f.kind in TEXTS)
    attached = tuple(f for f in package.archived if f not in originals and f not in texts)
    plan = Plan(package, authority, originals, attached, texts)
    for index, party in enumerate(package.draft.parties):
        plan.party_of.setdefault(party.party_id, index)
        if party.ref:
            plan.ref_of.setdefault(party.ref, index)
    for index, file in enumerate(originals, plan.first_recording):
        plan.dialog_of.setdefault(file.recording_id, index)
        plan.place_of.setdefault(file.sha256, {"dialog": index})
    for index, file in enumerate(attached):
        plan.place_of.setdefault(file.sha256, {"attachment": index})
    return plan


def _find_newest(files: Sequence[PackageFile]) -> list[PackageFile]:
    """The files without those that the platform has replaced since."""
    newest = {(f.recording_id, f.file_id, f.origin, f.recipe, f.kind): f for f in files}
    return list(newest.values())  # files come in the order of their versions
