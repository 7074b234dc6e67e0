"""What whoever has a payment's code may see and do, and the receipts of its buyer."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.house import House, Person
from tests.paying import Checkout, Till


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


async def test_whoever_has_the_code_sees_what_is_to_be_paid_and_nobodys_data(one_house: House, buyer: Person) -> None:
    owed = await Till(one_house).owe(buyer)
    path = f"/api/payments/codes/{owed.code}"
    shown = (await one_house.request("GET", "payment", path)).json()
    assert (shown["total"], shown["product_amount"], shown["shipping_amount"], shown["fee_amount"]) == (
        4_335_000,
        4_000_000,
        215_000,
        120_000,
    )
    assert (shown["status"], shown["progress"], shown["paid_at"]) == ("pending", "none", None)
    assert not {"id", "user_id", "invoice_url", "session_id", "participant_id"} & set(shown)
    for code in ("PAY-20200101-ZZZZZZ", "nonsense", "%00"):
        for method, tail in (("GET", ""), ("POST", "/invoice")):
            answer = await one_house.request(method, "payment", f"/api/payments/codes/{code}{tail}")
            assert answer.status_code in (400, 404), (method, code)


async def test_anybody_may_pay_by_the_code_once(one_house: House, buyer: Person) -> None:
    till = Till(one_house)
    owed = await till.owe(buyer)
    path = f"/api/payments/codes/{owed.code}/invoice"
    answers = await asyncio.gather(*(one_house.request("POST", "payment", path) for _ in range(4)))
    assert len({answer.json()["invoice_url"] for answer in answers}) == 1
    invoice = await till.invoice(owed.id)
    await till.pay(invoice, payment_method="QR_CODE")
    await till.becomes(owed.id, "paid")
    shown = (await one_house.request("GET", "payment", f"/api/payments/codes/{owed.code}")).json()
    assert (shown["status"], shown["method"]) == ("paid", "qris")


@pytest.mark.parametrize(
    ("method", "channel", "known_as"),
    [
        ("BANK_TRANSFER", "MANDIRI", "bank_transfer"),
        ("EWALLET", "GOPAY", "ewallet_gopay"),
        ("QR_CODE", "QRIS", "qris"),
        ("CREDIT_CARD", "CREDIT_CARD", "credit_card"),
        ("RETAIL_OUTLET", "ALFAMART", "retail_outlet"),
    ],
)
async def test_every_channel_is_recorded(
    one_house: House, buyer: Person, method: str, channel: str, known_as: str
) -> None:
    paid = await Checkout(one_house, buyer).pay({"payment_method": method, "payment_channel": channel})
    shown = await buyer.get("payment", f"/api/payments/{paid.id}")
    assert (shown["method"], shown["channel"]) == (known_as, channel)


async def test_a_receipt_is_the_buyers_of_what_is_paid(one_house: House, buyer: Person) -> None:
    checkout = Checkout(one_house, buyer)
    owed = await checkout.owe()
    path = f"/api/payments/{owed.id}/receipt.pdf"
    early = await buyer.request("GET", "payment", path)
    assert (early.status_code, early.json()["code"]) == (409, "not_paid")
    await checkout.till.pay(await checkout.till.open(buyer, owed.id))
    await checkout.till.becomes(owed.id, "paid")
    first, second = [await buyer.request("GET", "payment", path) for _ in range(2)]
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["content-disposition"] == f'inline; filename="{owed.code}.pdf"'
    assert first.content.startswith(b"%PDF-") and first.content == second.content
    stranger = await one_house.person()
    assert (await stranger.request("GET", "payment", path)).status_code == 404
    assert (await one_house.request("GET", "payment", path)).status_code == 401
    assert (await buyer.request("GET", "payment", f"/api/payments/{uuid4()}/receipt.pdf")).status_code == 404
