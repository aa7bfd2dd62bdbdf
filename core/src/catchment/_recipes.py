"""Names of what is made of recordings: a family, a version, and what it is made of.

``contact@1:3f0c…`` is of the family ``contact``.  A version goes up when the bytes that a recipe
makes change; what an older one made stays, and is of the same family.
"""

from __future__ import annotations

WHOLE_CALL = "call@1"
"""All sounds of a call on one time line, AAC in MP4, silence where nothing was recorded."""

CONTACT = "contact@1"
"""What is heard in one contact: samples of the originals in a WAV, or AAC in MP4."""


def is_alike(recipe: str, other: str) -> bool:
    """Whether two recipes are of one family."""
    return name_family(recipe) == name_family(other)


def name_family(recipe: str) -> str:
    """The family of *recipe*, with the mark that ends its name; empty for an original."""
    family, mark, _ = recipe.partition("@")
    return family + mark
