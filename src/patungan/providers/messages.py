"""What the messages of all providers have in common: how personal data is kept out of sight, and states yet unknown."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec


class Private(msgspec.Struct, frozen=True):
    """A message with personal data in it: its representation, and so any log of it, shows only its type."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return []


class Status(StrEnum):
    """A provider's states. One that was added since reads as the member ``UNKNOWN``, which every subclass has."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        return cls["UNKNOWN"]


def rupiah() -> str:
    """The currency of every request; a factory, because a plain default would be left out of the JSON."""
    return "IDR"
