"""Hears what an adapter logs and says, and finds the secrets in it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

OURS = ("httpx", "httpcore", "uvicorn", "asyncio")
"""Loggers of parts that are not the adapter's and say what they send."""


class Overheard(logging.Handler):
    """Keeps what is logged, and whatever else is said.

    Attributes:
        hook: What is being asked just now.
        said: Who said what, in order: a hook, and a text.
    """

    def __init__(self, hook: str = "__init__") -> None:
        super().__init__(logging.DEBUG)
        self.hook = hook
        self.said: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the whole text of *record*."""
        if not record.name.startswith(OURS):
            self.note(self.format(record))

    def note(self, text: str) -> None:
        """Keep *text*, of the hook that is being asked."""
        if text:
            self.said.append((self.hook, text))

    def list_leaks(self, secrets: Iterable[str]) -> Iterator[str]:
        """Each text in which one of *secrets* stands, without it: once, with who said it."""
        found: Counter[tuple[str, str]] = Counter()
        for hook, text in self.said:
            plain = text
            for secret in secrets:
                plain = plain.replace(secret, "<the secret>")
            if plain != text:
                found[hook, plain[:200]] += 1
        for (hook, text), number in found.items():
            often = f" {number} times" if number > 1 else ""
            yield f"{hook} said{often}: {text}"

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear every logger until the block is left."""
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            root.removeHandler(self)
            root.setLevel(level)
