"""Money that comes in and goes back, by every path, in all three shapes; the books are whole after each."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from patungan.kernel.identity import Role, Scope
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from tests.books import assert_books_whole
from tests.house import House, Person
from tests.market import Market
from tests.paying import Checkout, Desk

A, B = 329_000, 171_000


async def clerk_of(house: House) -> Person:
    return await house.person(Role.OFFICE_STAFF, Scope.FINANCE)


async def has(buyer: Person, balance: int, held: int = 0) -> None:
    async def there() -> bool:
        shown = await buyer.get("wallet", "/api/wallet/balance")
        return (shown["balance"], shown["held"]) == (balance, held)

    await buyer.house.eventually(there, seconds=30)


async def with_money(house: House) -> Person:
    """A buyer with 329,000 rupiah in the wallet: an order paid by virtual account and refunded."""
    buyer = await house.person()
    checkout = Checkout(house, buyer)
    await checkout.pay({"payment_method": "BANK_TRANSFER"})
    await checkout.refund()
    await has(buyer, A)
    return buyer


async def test_two_orders_of_one_checkout_go_their_own_ways(house: House) -> None:
    buyer = await house.person()
    checkout = Checkout(house, buyer)
    paid = await checkout.pay({"payment_method": "BANK_TRANSFER", "payment_channel": "BCA"})
    assert await checkout.held() == [A, B]
    released = await checkout.release(0)
    assert (released.seller, released.commission) == (270_000, 30_000)
    await checkout.refund(1, 71_000, reason="quality_issue")
    await has(buyer, 71_000)
    await checkout.refund(1)
    await has(buyer, B)
    await checkout.settled("completed", "completed")
    assert await checkout.held() == [0, 0]
    shown = await buyer.get("payment", f"/api/payments/{paid.id}")
    assert (shown["status"], shown["refunded_amount"]) == ("paid", B)
    receipt = await buyer.request("GET", "payment", f"/api/payments/{paid.id}/receipt.pdf")
    assert (receipt.status_code, receipt.content[:5]) == (200, b"%PDF-")
    await assert_books_whole(house)


async def test_an_order_is_paid_in_part_from_the_wallet_and_refunded(house: House) -> None:
    buyer = await with_money(house)
    checkout = Checkout(house, buyer)
    owed = await checkout.owe(wallet_amount=150_000)
    assert (owed.wallet_amount, owed.xendit_amount) == (150_000, 350_000)
    await has(buyer, A - 150_000, 150_000)
    await checkout.till.pay(await checkout.till.open(buyer, owed.id), payment_method="EWALLET", payment_channel="DANA")
    await checkout.till.becomes(owed.id, "paid")
    await has(buyer, A - 150_000)
    await assert_books_whole(house)
    await checkout.refund(0)
    await checkout.refund(1)
    await checkout.till.becomes(owed.id, "refunded")
    await has(buyer, A)
    await assert_books_whole(house)


async def test_an_order_is_paid_from_the_wallet_alone(house: House) -> None:
    buyer = await with_money(house)
    checkout = Checkout(house, buyer, {"product_amount": 300_000, "shipping_amount": 20_000, "fee_amount": 9_000})
    assert (await checkout.owe(wallet_amount=A)).status == "paid"
    await has(buyer, 0)
    assert await checkout.held() == [A]
    await checkout.release()
    await assert_books_whole(house)


async def test_an_unpaid_split_payment_gives_everything_back(house: House) -> None:
    buyer = await with_money(house)
    checkout = Checkout(house, buyer)
    owed = await checkout.owe(wallet_amount=200_000, expires_at=house.clock.now() + timedelta(minutes=2))
    invoice = await checkout.till.open(buyer, owed.id)
    house.later(minutes=3)
    await checkout.till.becomes(owed.id, "expired")
    await has(buyer, A)
    await checkout.till.pay(invoice, force=True, payment_method="BANK_TRANSFER")
    await has(buyer, A + 300_000)
    await assert_books_whole(house)


async def test_other_amounts_than_asked_are_worked_off_by_finance(house: House) -> None:
    buyer, clerk = await house.person(), await clerk_of(house)
    over, under = Checkout(house, buyer), Checkout(house, buyer)
    invoices = []
    for checkout, amount in ((over, 505_000), (under, 495_000)):
        owed = await checkout.owe()
        invoices.append(await checkout.till.open(buyer, owed.id))
        await checkout.till.pay(invoices[-1], amount=amount, payment_method="BANK_TRANSFER")

    async def apart() -> bool:
        listed = await clerk.get("payment", "/api/payments/quarantine", limit=100)
        return {each["id"] for each in invoices} <= {each["invoice_id"] for each in listed["items"]}

    await house.eventually(apart)
    await assert_books_whole(house)
    for invoice, resolution in zip(invoices, ("accepted", "refunded"), strict=True):
        path = f"/api/payments/quarantine/{invoice['id']}/resolution"
        await clerk.post("payment", path, {"resolution": resolution})
    await has(buyer, 5_000 + 495_000)
    assert (await over.held(), await under.held()) == ([A, B], [0, 0])
    await assert_books_whole(house)


async def test_a_large_refund_waits_for_a_second_person(house: House) -> None:
    buyer, clerk, second = await house.person(), await clerk_of(house), await clerk_of(house)
    checkout = Checkout(house, buyer, {"product_amount": 2_000_000, "shipping_amount": 20_000, "fee_amount": 60_000})
    paid = await checkout.pay({"payment_method": "CREDIT_CARD"})
    body = {"payment_id": str(paid.id), "note": "Barang rusak", "reason": "quality_issue"}
    asked = await buyer.post("payment", "/api/refunds/requests", body)
    await assert_books_whole(house)
    path = f"/api/refunds/requests/{asked['id']}/approvals"
    assert (await clerk.post("payment", path))["status"] == "pending"
    assert await checkout.held() == [2_080_000]
    assert (await second.post("payment", path))["status"] == "approved"
    await checkout.till.becomes(paid.id, "refunded")
    assert [each["destination"] for each in await checkout.refunds()] == ["source"]
    await assert_books_whole(house)


async def test_a_failed_refund_is_sent_to_the_wallet_instead(house: House) -> None:
    buyer, clerk, desk = await house.person(), await clerk_of(house), Desk(house)
    checkout = Checkout(house, buyer)
    await checkout.pay({"payment_method": "EWALLET"})
    await desk.lay("create_refund", "fail", status=400, error_code="INELIGIBLE_TRANSACTION")
    await checkout.refund()
    await checkout.settled("failed")
    await desk.clear()
    await assert_books_whole(house)
    (refund,) = await checkout.refunds()
    await clerk.post("payment", f"/api/refunds/{refund['id']}/retry", {"destination": "wallet"})
    await has(buyer, A)
    await assert_books_whole(house)


async def test_the_provider_fails_in_every_way_and_nothing_is_lost_or_doubled(house: House) -> None:
    buyer, desk = await house.person(), Desk(house)
    checkout = Checkout(house, buyer)
    owed = await checkout.owe()
    path = f"/api/payments/{owed.id}/invoice"
    for operation, trouble in (
        ("create_invoice", {"action": "timeout_before", "times": 1}),
        ("create_invoice", {"action": "fail", "status": 503, "retry_after": 60, "times": 1}),
        ("create_invoice", {"action": "fail", "status": 500, "times": 1}),
    ):
        await desk.lay(operation, **trouble)  # type: ignore[arg-type]
        refused = await buyer.request("POST", "payment", path)
        assert (refused.status_code, refused.json()["code"]) == (503, "service_unavailable")
    await desk.lay("create_invoice", "timeout_after", times=1)
    assert (await buyer.request("POST", "payment", path)).status_code == 200
    await desk.lay("callback.invoice", "double", copies=3)
    await checkout.till.pay(await checkout.till.invoice(owed.id), payment_method="EWALLET", callback="before_expired")
    await checkout.till.becomes(owed.id, "paid")
    await desk.lay("create_refund", "timeout_after", times=3)
    await desk.lay("callback.refund", "double", copies=2)
    await checkout.refund()
    await checkout.settled("processing")
    await desk.clear()
    await checkout.settled("completed")
    assert await checkout.held() == [0, B]
    await assert_books_whole(house)


async def test_a_participant_pays_in_part_from_the_wallet_and_the_session_is_cancelled(house: House) -> None:
    market = await Market.open(house)
    buyer = await market.buyer()
    funding = Checkout(house, buyer.person)
    await funding.pay({"payment_method": "BANK_TRANSFER"})
    await funding.refund()
    await has(buyer.person, A)
    session = await market.session()
    joined = await buyer.join(session, 4)
    path = f"/api/payments/{joined['payment']['id']}/wallet"
    answers = await asyncio.gather(*(buyer.person.post("payment", path, {"amount": 100_000}) for _ in range(2)))
    assert [each["wallet_state"] for each in answers] == ["held", "held"]
    await buyer.pay(joined, "EWALLET", "OVO")
    await market.paid_units(session, 4)
    await has(buyer.person, A - 100_000)
    await assert_books_whole(house)
    await market.admin.post("group-buying", f"/api/group-buying/{session['id']}/cancel", {"reason": "banjir"})
    await has(buyer.person, A)

    async def refunded() -> bool:
        shown: Any = await buyer.person.get("payment", f"/api/payments/{joined['payment']['id']}")
        return bool(shown["status"] == "refunded")

    await house.eventually(refunded)
    assert await balance_of(house.context("payment").db, accounts.escrow(UUID(session["id"]))) == 0
    await assert_books_whole(house)
