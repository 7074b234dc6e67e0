"""New identifiers, unguessable codes and back-off jitter; replaceable by a seeded source so that a failure replays."""

from __future__ import annotations

import random
import secrets
from typing import Protocol
from uuid import UUID

import uuid_utils.compat

# Without 0/O, 1/I/L, U: codes are read over the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class Chance(Protocol):
    """A source of identifiers, codes and jitter."""

    def new_id(self) -> UUID:
        """A UUIDv7, so that new rows land at the end of an index."""
        ...

    def code(self, length: int) -> str:
        """An unguessable code of capital letters and digits."""
        ...

    def digits(self, length: int) -> str:
        """An unguessable number as text, leading zeros kept, for one-time passwords."""
        ...

    def secret(self) -> bytes:
        """32 unguessable bytes, of which a statement derives the identifiers and codes of many rows (platform.derived_id)."""
        ...

    def jitter(self) -> float:
        """A number from 0.5 up to 1.5 to multiply a waiting time with."""
        ...


class SystemChance:
    """The operating system's randomness."""

    def new_id(self) -> UUID:
        return uuid_utils.compat.uuid7()

    def code(self, length: int) -> str:
        return "".join(secrets.choice(ALPHABET) for _ in range(length))

    def digits(self, length: int) -> str:
        return "".join(secrets.choice("0123456789") for _ in range(length))

    def secret(self) -> bytes:
        return secrets.token_bytes(32)

    def jitter(self) -> float:
        return 0.5 + secrets.randbelow(1000) / 1000


class SeededChance:
    """Replays the same identifiers and codes from one seed; for tests and simulations, never for production."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = 0

    def new_id(self) -> UUID:
        self._count += 1
        return UUID(int=(self._count << 80) | (7 << 76) | (2 << 62) | self._random.getrandbits(62))

    def code(self, length: int) -> str:
        return "".join(self._random.choice(ALPHABET) for _ in range(length))

    def digits(self, length: int) -> str:
        return "".join(self._random.choice("0123456789") for _ in range(length))

    def secret(self) -> bytes:
        return self._random.randbytes(32)

    def jitter(self) -> float:
        return 0.5 + self._random.random()


def backoff_seconds(attempt: int, chance: Chance, *, first: float = 0.2, cap: float = 30.0) -> float:
    """Exponential waiting time in seconds before retry number ``attempt`` (from 1), with jitter."""
    return min(cap, first * 2.0 ** (attempt - 1)) * chance.jitter()
