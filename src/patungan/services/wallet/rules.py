"""Decisions of the wallet. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from uuid import UUID


class TransactionType(enum.StrEnum):
    """Why money moved (DOMAIN.md 3.10, credit types)."""

    CASHBACK = "cashback"
    REFUND = "refund"
    DEPOSIT = "deposit"
    ADJUSTMENT = "adjustment"


_DESCRIPTIONS = {
    TransactionType.CASHBACK: ("Cashback patungan {}", "Cashback of group {}"),
    TransactionType.REFUND: ("Pengembalian dana {}", "Refund {}"),
    TransactionType.DEPOSIT: ("Setoran {}", "Deposit {}"),
    TransactionType.ADJUSTMENT: ("Penyesuaian {}", "Adjustment {}"),
}


def describe(kind: TransactionType, reference: str, *, english: bool) -> str:
    """A statement's line in words."""
    return _DESCRIPTIONS[kind][english].format(reference)


def prefers_english(accept_language: str) -> bool:
    """Whether the first language of an Accept-Language header is English; Indonesian otherwise."""
    return accept_language.split(",")[0].split(";")[0].strip().lower().split("-")[0] == "en"


def running_balances(before: dict[UUID, int], moves: Iterable[tuple[UUID, int]]) -> list[int]:
    """The balance after each move in order, a wallet at a time; rupiah. A wallet unknown so far starts at nothing."""
    balances = dict(before)
    after: list[int] = []
    for user_id, amount in moves:
        balances[user_id] = balances.get(user_id, 0) + amount
        after.append(balances[user_id])
    return after
