"""Secrets by reference: the settings file says where a secret is, never what it is.

A settings file is copied, backed up and mailed; a secret in it is a secret no more.  So the type
that adapters give their secret fields accepts a reference alone, and the value is read at the
moment it is needed: a secret that is rotated needs no restart, and there is nothing to redact.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from catchment._words import say_install
from catchment.errors import BadSettings, NotInstalled

HOW = 'write {env = "NAME"}, {file = "PATH"} or {keyring = "service/user"}'
"""How a secret is written, for messages."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is kept.  A field of this type is written as a table of one entry.

    ``{env = "NAME"}`` is an environment variable, ``{file = "PATH"}`` the whole content of a file
    without the line ends after it, ``{keyring = "service/user"}`` an entry of the system's keyring.

    Attributes:
        kind: Which of the three.
        name: The variable, the path, or service and user.
    """

    kind: Literal["env", "file", "keyring"]
    name: str

    def __str__(self) -> str:
        """Where it is, for people: ``environment variable ZOOM_SECRET``."""
        words = {"env": "environment variable", "file": "file", "keyring": "keyring entry"}
        return f"{words[self.kind]} {self.name}"

    def read(self) -> str:
        """The secret itself, as it is now.  Keep it no longer than the one request needs it.

        Raises:
            BadSettings: It is not there, or is empty; the message names the reference.
            NotInstalled: It is in a keyring and the extra ``keyring`` is not installed.
        """
        readers = {"env": _read_env, "file": _read_file, "keyring": _read_keyring}
        value = readers[self.kind](self.name)
        if not value:
            raise BadSettings(
                f"the secret in {self} is not there or is empty",
                remedy=f"Set it, or let the setting name another place: {HOW}.",
            )
        return value

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Let pydantic read a reference out of a settings file, and write it back."""
        return core_schema.no_info_plain_validator_function(
            _read_reference,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda secret: {secret.kind: secret.name}
            ),
        )


def _read_reference(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, str):
        raise ValueError(
            "a secret does not belong into the settings file, because the file is copied and "
            f"backed up; {HOW}"
        )
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ValueError(f"a secret is named by exactly one reference; {HOW}")
    kind, name = next(iter(value.items()))
    if kind not in ("env", "file", "keyring") or not isinstance(name, str) or not name.strip():
        raise ValueError(f"a secret cannot be read from {kind!r}; {HOW}")
    if kind == "keyring" and not all(name.partition("/")):
        raise ValueError('a keyring entry is written as {keyring = "service/user"}')
    return Secret(kind, name.strip())


def _read_env(name: str) -> str:
    return os.environ.get(name, "")


def _read_file(name: str) -> str:
    try:
        return Path(name).expanduser().read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadSettings(
            f"the secret in file {name} cannot be read: {why}",
            remedy="Create the file with the secret as its only line, readable for this program.",
        ) from None


def _read_keyring(name: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise NotInstalled(
            f"the secret in keyring entry {name} needs the extra 'keyring'",
            remedy=f"Install it: {say_install('catchment[keyring]')}",
        ) from None
    service, _, user = name.partition("/")
    try:
        return keyring.get_password(service, user) or ""
    except KeyringError as error:
        raise BadSettings(
            f"the keyring does not open for {name}: {type(error).__name__}",
            remedy="Unlock the keyring, or let the setting name another place.",
        ) from None
