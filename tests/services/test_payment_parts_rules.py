"""Payment's decisions on parts: refunds over receipts, persons, replay window, what a buyer is told, an order's escrow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.money import Rupiah
from patungan.services.payment.rules import (
    PaymentStatus,
    Progress,
    Receivable,
    Source,
    UnderWay,
    divide_order,
    is_stale,
    persons_needed,
    progress_of,
    provider_invoice,
    split_refund,
)

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WINDOW = timedelta(hours=25)


def receipts(*lefts: int) -> list[Receivable]:
    """The wallet's part first, as if the order of the rows decided."""
    return [
        Receivable(f"r{place}", "x", Source.WALLET if place == 0 else Source.XENDIT, Rupiah(left))
        for place, left in enumerate(lefts)
    ]


def test_the_providers_part_goes_back_first() -> None:
    parts = split_refund(250, receipts(150, 200))
    assert parts is not None
    assert [(receipt.source, amount) for receipt, amount in parts] == [(Source.XENDIT, 200), (Source.WALLET, 50)]


@given(st.lists(st.integers(0, 1_000), max_size=5), st.integers(1, 5_000))
def test_a_split_refund_is_whole_or_not_at_all(lefts: list[int], amount: int) -> None:
    parts = split_refund(amount, receipts(*lefts))
    if amount > sum(lefts):
        assert parts is None
        return
    assert parts is not None
    assert sum(part for _, part in parts) == amount
    assert all(0 < part <= receipt.left for receipt, part in parts)
    assert len({receipt.invoice_id for receipt, _ in parts}) == len(parts)


@pytest.mark.parametrize(("amount", "persons"), [(1, 1), (1_000_000, 1), (1_000_001, 2)])
def test_two_persons_above_the_limit(amount: int, persons: int) -> None:
    assert persons_needed(amount, 1_000_000) == persons


@pytest.mark.parametrize(
    ("told_at", "stale"),
    [
        (None, False),
        (NOW, False),
        (NOW - WINDOW, False),
        (NOW - WINDOW - timedelta(seconds=1), True),
        (NOW + timedelta(minutes=5), False),
        (NOW + timedelta(minutes=5, seconds=1), True),
    ],
)
def test_the_replay_window(told_at: datetime | None, stale: bool) -> None:
    assert is_stale(told_at, NOW, WINDOW) is stale


def under_way(**other: Any) -> UnderWay:
    fields: dict[str, Any] = {
        "expires_at": NOW + timedelta(minutes=5),
        "wallet_state": None,
        "invoice_asked": False,
        "invoice_known": False,
        "quarantined": False,
        "refunding": False,
    }
    return UnderWay(**(fields | other))


@pytest.mark.parametrize(
    ("status", "facts", "fails", "expected"),
    [
        (PaymentStatus.PENDING, {}, False, Progress.NONE),
        (PaymentStatus.PENDING, {}, True, Progress.PROVIDER_UNAVAILABLE),
        (PaymentStatus.PENDING, {"invoice_asked": True}, False, Progress.OPENING),
        (PaymentStatus.PENDING, {"invoice_asked": True}, True, Progress.PROVIDER_UNAVAILABLE),
        (PaymentStatus.PENDING, {"invoice_asked": True, "invoice_known": True}, True, Progress.NONE),
        (PaymentStatus.PENDING, {"invoice_asked": True, "expires_at": NOW}, False, Progress.CONFIRMING),
        (PaymentStatus.PENDING, {"wallet_state": "asked"}, True, Progress.HOLDING_WALLET),
        (PaymentStatus.PENDING, {"wallet_state": "held"}, False, Progress.NONE),
        (PaymentStatus.PENDING, {"quarantined": True}, True, Progress.QUARANTINED),
        (PaymentStatus.EXPIRED, {"wallet_state": "returning"}, False, Progress.REFUNDING),
        (PaymentStatus.EXPIRED, {"invoice_asked": True, "expires_at": NOW}, True, Progress.NONE),
        (PaymentStatus.PAID, {"refunding": True, "quarantined": True}, False, Progress.REFUNDING),
        (PaymentStatus.PAID, {"wallet_state": "captured"}, True, Progress.NONE),
    ],
)
def test_what_a_buyer_is_told(status: PaymentStatus, facts: dict[str, Any], fails: bool, expected: Progress) -> None:
    assert progress_of(status, under_way(**facts), NOW, provider_fails=fails) is expected


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 100))
def test_an_orders_parts_add_up(seller: int, warehouse: int, shipping: int, fee: int, percent: int) -> None:
    parts = divide_order(
        seller_revenue=seller, warehouse_revenue=warehouse, shipping=shipping, fee=fee, commission_percent=percent
    )
    assert parts.total == seller + warehouse + shipping + fee
    assert min(parts.seller, parts.commission, parts.courier, parts.fee_income) >= 0


def test_an_order_with_a_negative_part_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        divide_order(seller_revenue=-1, warehouse_revenue=2, shipping=0, fee=0, commission_percent=10)


def test_a_decided_receipt_is_of_the_same_invoice() -> None:
    assert [provider_invoice(each) for each in ("67ab", "67ab/returned", "67ab/accepted")] == ["67ab"] * 3
