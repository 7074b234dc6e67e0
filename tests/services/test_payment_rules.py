"""Payment's decisions: what news does, how escrow is divided, how long invoices live, where refunds go."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.services.payment.rules import (
    Destination,
    InvoiceNews,
    Outcome,
    Owed,
    PaymentStatus,
    Told,
    attempt_of,
    divide_escrow,
    fingerprint,
    invoice_seconds,
    judge_invoice,
    next_event_attempt,
    next_refund_look,
    payment_method,
    refund_destination,
    refund_key,
    refund_reference,
)

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
END = NOW + timedelta(minutes=30)


def news(**other: Any) -> InvoiceNews:
    fields: dict[str, Any] = {
        "invoice_id": "inv-1",
        "code": "PAY-20261123-AAAAAA",
        "told": Told.MONEY,
        "amount": 4_335_000,
        "paid_amount": 4_335_000,
        "currency": "IDR",
        "paid_at": NOW,
        "method": "EWALLET",
        "channel": "OVO",
    }
    return InvoiceNews(**(fields | other))


def owed(**other: Any) -> Owed:
    fields: dict[str, Any] = {
        "status": PaymentStatus.PENDING,
        "total": 4_335_000,
        "expires_at": END,
        "invoice_id": "inv-1",
        "recorded": False,
        "taken": True,
    }
    return Owed(**(fields | other))


@pytest.mark.parametrize(
    ("told", "state", "now", "expected"),
    [
        ({}, {}, NOW, Outcome.PAID),
        ({}, {"invoice_id": None}, NOW, Outcome.PAID),
        ({"invoice_id": "inv-2"}, {}, NOW, Outcome.PAID),
        ({"paid_at": END}, {}, END + timedelta(minutes=5), Outcome.PAID),
        ({"paid_at": END + timedelta(hours=1)}, {}, END, Outcome.PAID),
        ({"paid_at": END + timedelta(seconds=1)}, {}, END + timedelta(seconds=1), Outcome.LATE),
        ({}, {"taken": False}, NOW, Outcome.LATE),
        ({}, {"status": PaymentStatus.EXPIRED}, NOW, Outcome.LATE),
        ({}, {"status": PaymentStatus.FAILED}, NOW, Outcome.LATE),
        ({"invoice_id": "inv-2"}, {"status": PaymentStatus.PAID}, NOW, Outcome.TWICE),
        ({"invoice_id": "inv-2"}, {"status": PaymentStatus.REFUNDED}, NOW, Outcome.TWICE),
        ({}, {"status": PaymentStatus.PAID, "recorded": True}, NOW, Outcome.UNCHANGED),
        ({}, {"status": PaymentStatus.EXPIRED, "recorded": True}, NOW, Outcome.UNCHANGED),
        ({"paid_amount": 4_334_999}, {}, NOW, Outcome.MISMATCH),
        ({"paid_amount": 4_335_001}, {}, NOW, Outcome.MISMATCH),
        ({"amount": 1}, {}, NOW, Outcome.MISMATCH),
        ({"currency": "USD"}, {}, NOW, Outcome.MISMATCH),
        ({"paid_amount": 1}, {"status": PaymentStatus.EXPIRED}, NOW, Outcome.MISMATCH),
        ({"told": Told.END}, {}, NOW, Outcome.EXPIRED),
        ({"told": Told.END}, {"invoice_id": None}, NOW, Outcome.EXPIRED),
        ({"told": Told.END, "invoice_id": "inv-2"}, {}, NOW, Outcome.UNCHANGED),
        ({"told": Told.END}, {"status": PaymentStatus.PAID}, NOW, Outcome.UNCHANGED),
        ({"told": Told.END}, {"status": PaymentStatus.EXPIRED}, NOW, Outcome.UNCHANGED),
        ({"told": Told.NOTHING}, {}, NOW, Outcome.UNCHANGED),
    ],
)
def test_what_news_does(told: dict[str, Any], state: dict[str, Any], now: datetime, expected: Outcome) -> None:
    assert judge_invoice(news(**told), owed(**state), now) is expected


@given(
    st.sampled_from(list(PaymentStatus)),
    st.booleans(),
    st.booleans(),
    st.sampled_from(list(Told)),
    st.integers(-2, 2),
    st.integers(-3, 3),
)
def test_only_an_open_payment_in_full_becomes_paid(
    status: PaymentStatus, recorded: bool, taken: bool, told: Told, off: int, minutes: int
) -> None:
    moment = END + timedelta(minutes=minutes)
    state = owed(status=status, recorded=recorded, taken=taken)
    outcome = judge_invoice(news(told=told, paid_amount=4_335_000 + off, paid_at=moment), state, moment)
    if outcome is Outcome.PAID:
        assert (status, recorded, taken, told, off) == (PaymentStatus.PENDING, False, True, Told.MONEY, 0)
        assert minutes <= 0
    if told is Told.MONEY and not recorded and off == 0:
        assert outcome in (Outcome.PAID, Outcome.LATE, Outcome.TWICE)


def test_the_full_session_is_divided_as_the_domain_says() -> None:
    parts = divide_escrow(
        cashback=1_560_000,
        factory_revenue=6_240_000,
        warehouse_revenue=0,
        leg1=390_000,
        leg2=27_000,
        fee=234_000,
        commission_percent=10,
    )
    assert dataclasses.asdict(parts) == {
        "cashback": 1_560_000,
        "factory": 5_616_000,
        "warehouse": 390_000,
        "commission": 624_000,
        "courier": 27_000,
        "fee_income": 234_000,
    }
    assert parts.total == 8_451_000


def test_commission_is_rounded_once_over_both_revenues() -> None:
    def divide(factory: int, warehouse: int) -> tuple[int, int, int]:
        parts = divide_escrow(
            cashback=0,
            factory_revenue=factory,
            warehouse_revenue=warehouse,
            leg1=0,
            leg2=0,
            fee=0,
            commission_percent=10,
        )
        return parts.factory, parts.warehouse, parts.commission

    assert divide(1_000_001, 0) == (900_001, 0, 100_000)
    assert divide(5, 0) == (4, 0, 1)
    assert divide(5, 5) == (4, 5, 1)
    assert divide(4, 4) == (4, 3, 1)
    assert divide(0, 1_000_005) == (0, 900_004, 100_001)


amounts = st.integers(0, 10**12)


@given(amounts, amounts, amounts, amounts, amounts, amounts, st.integers(0, 100))
def test_a_division_loses_nothing_and_takes_nothing_from_anyone(
    cashback: int, factory: int, warehouse: int, leg1: int, leg2: int, fee: int, percent: int
) -> None:
    parts = divide_escrow(
        cashback=cashback,
        factory_revenue=factory,
        warehouse_revenue=warehouse,
        leg1=leg1,
        leg2=leg2,
        fee=fee,
        commission_percent=percent,
    )
    assert parts.total == cashback + factory + warehouse + leg1 + leg2 + fee
    assert min(parts.factory, parts.commission) >= 0
    assert parts.warehouse >= leg1
    assert 2 * abs(100 * parts.commission - percent * (factory + warehouse)) <= 100


@pytest.mark.parametrize("part", ["cashback", "factory_revenue", "warehouse_revenue", "leg1", "leg2", "fee"])
def test_no_part_is_negative(part: str) -> None:
    fields = dict.fromkeys(["cashback", "factory_revenue", "warehouse_revenue", "leg1", "leg2", "fee"], 0)
    with pytest.raises(ValueError, match="negative"):
        divide_escrow(**(fields | {part: -1}), commission_percent=10)


def test_an_invoice_ends_before_its_payment() -> None:
    assert invoice_seconds(END, NOW) == 1_795
    assert invoice_seconds(NOW + timedelta(hours=24), NOW) == 86_395
    assert invoice_seconds(NOW + timedelta(seconds=10), NOW) == 5
    assert invoice_seconds(NOW + timedelta(seconds=12.9), NOW) == 7
    assert invoice_seconds(NOW + timedelta(seconds=9.999), NOW) is None
    assert invoice_seconds(NOW - timedelta(seconds=1), NOW) is None


@pytest.mark.parametrize(
    ("method", "channel", "ours", "destination"),
    [
        ("CREDIT_CARD", "CREDIT_CARD", "credit_card", Destination.SOURCE),
        ("EWALLET", "OVO", "ewallet_ovo", Destination.SOURCE),
        ("EWALLET", None, "ewallet_other", Destination.SOURCE),
        ("QR_CODE", "QRIS", "qris", Destination.SOURCE),
        ("QRIS", "QRIS", "qris", Destination.SOURCE),
        ("BANK_TRANSFER", "BCA", "bank_transfer", Destination.WALLET),
        ("POOL", "BCA", "bank_transfer", Destination.WALLET),
        ("RETAIL_OUTLET", "ALFAMART", "retail_outlet", Destination.WALLET),
        ("PAYLATER", "KREDIVO", "paylater", Destination.WALLET),
        (None, None, "unknown", Destination.WALLET),
    ],
)
def test_ways_of_paying_and_their_way_back(
    method: str | None, channel: str | None, ours: str, destination: Destination
) -> None:
    assert payment_method(method, channel) == ours
    assert refund_destination(ours) is destination


def test_attempts_of_a_refund_have_names_of_their_own() -> None:
    assert refund_reference("REF-20261123-ABCDEF", 1) == "REF-20261123-ABCDEF"
    assert attempt_of("REF-20261123-ABCDEF") == ("REF-20261123-ABCDEF", 1)
    assert attempt_of(refund_reference("REF-20261123-ABCDEF", 3)) == ("REF-20261123-ABCDEF", 3)
    assert refund_key("id", 1) == "id"
    assert refund_key("id", 2) == "id-2"
    for foreign in (None, "", "PAY-20261123-ABCDEF", "REF-20261123-ABCDE", "REF-20261123-ABCDEF-"):
        assert attempt_of(foreign) is None


def test_looks_and_attempts_grow_apart_up_to_a_limit() -> None:
    minutes = [(next_refund_look(looks, NOW) - NOW) / timedelta(minutes=1) for looks in range(10)]
    assert minutes == [5, 10, 20, 40, 60, 120, 240, 360, 360, 360]
    seconds = [(next_event_attempt(attempts, NOW) - NOW).total_seconds() for attempts in (0, 1, 2, 9, 10, 50)]
    assert seconds == [5, 10, 20, 2560, 3600, 3600]


def test_fingerprints_keep_fields_apart() -> None:
    assert fingerprint("a", 1) == fingerprint("a", 1)
    assert len({fingerprint("a", "bc"), fingerprint("ab", "c"), fingerprint("abc"), fingerprint("a", None)}) == 4
