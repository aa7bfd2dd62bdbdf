"""The switchboard of a simulated platform: what it does one way or the other, or nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import SequenceMatcher
from typing import Any, ClassVar, Literal, Self, get_args, get_origin, get_type_hints

from catchment.errors import BadSettings

_KINDS = {bool: "true or false", int: "a whole number from 0 on", str: "a text"}


@dataclass(frozen=True)
class Switchboard:
    """Inherited by a frozen dataclass whose fields are the switches in their usual positions.

    A switch is a ``bool``, an ``int`` from 0 on, a ``str``, or one of the values of a ``Literal``.
    What nobody has tested is refused: a misspelt switch would prove nothing.  A number or a truth
    that spells a text (``403``, ``true``) is that text, as somebody types it without quotes.

    Attributes:
        platform: Whose switches they are, as a person calls it.
    """

    platform: ClassVar[str] = "simulated"

    @classmethod
    def read(cls, given: Mapping[str, object]) -> Self:
        """The usual positions with those of *given* in their place.

        Raises:
            BadSettings: There is no such switch, or no such position.
        """
        return cls().turn(**given)

    def turn(self, **given: Any) -> Self:
        """A copy with some switches in another position.

        Raises:
            BadSettings: There is no such switch, or no such position.
        """
        hints = get_type_hints(type(self))
        names = [field.name for field in fields(self)]
        for name, value in given.items():
            if name not in names:
                near = sorted(names, key=lambda one: -SequenceMatcher(None, name, one).ratio())
                raise BadSettings(
                    f"the {self.platform} simulator has no switch {name!r}; "
                    f"it has {', '.join(near)}"
                )
            given[name] = _spell(value, hints[name])
            self._check(name, given[name], hints[name])
        return replace(self, **given)

    def _check(self, name: str, value: object, hint: Any) -> None:
        if get_origin(hint) is Literal:
            allowed = get_args(hint)
            fits = any(value == one and type(value) is type(one) for one in allowed)
            wanted = " | ".join(map(str, allowed))
        else:
            fits = type(value) is hint and not (isinstance(value, int) and value < 0)
            wanted = _KINDS[hint]
        if not fits:
            raise BadSettings(
                f"the {self.platform} simulator's switch {name} cannot be {value!r}",
                remedy=f"It takes {wanted}.",
            )


def _spell(value: object, hint: Any) -> object:
    """*value* as a text, where only its text is a position of the switch."""
    if type(value) not in (bool, int):
        return value
    text = str(value).lower()
    if get_origin(hint) is not Literal:
        return text if hint is str else value
    allowed = get_args(hint)
    known = any(value == one and type(value) is type(one) for one in allowed)
    return text if text in allowed and not known else value
