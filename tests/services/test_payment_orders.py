"""Payments of checkouts over several orders: made once, paid, released and refunded order by order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from patungan.contracts import payment as contract
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts
from tests.house import House, Person
from tests.paying import FIRST, SECOND, Checkout, invoice_callback, send_webhook

A, B = 329_000, 171_000


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


@pytest.fixture
def checkout(one_house: House, buyer: Person) -> Checkout:
    return Checkout(one_house, buyer)


async def test_a_checkout_has_one_payment_however_often_it_is_asked(checkout: Checkout) -> None:
    request = checkout.request()
    first, *others = await asyncio.gather(
        *(checkout.ctx.call(contract.create_order_payments, request) for _ in range(4))
    )
    assert all(other == first for other in others)
    assert (first.status, first.total, first.wallet_amount, first.xendit_amount) == ("pending", A + B, 0, A + B)
    assert first.order_ids == sorted(each.order_id for each in checkout.orders)
    (created,) = await checkout.events("order_payment.created")
    assert (created["amount"], created["checkout_id"], created["user_id"]) == (
        A + B,
        str(checkout.id),
        str(checkout.buyer.id),
    )
    assert await checkout.held() == [0, 0]


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"orders": []}, "orders"),
        ({"wallet_amount": -1}, "wallet_amount"),
        ({"wallet_amount": A + B + 1}, "wallet_amount"),
    ],
)
async def test_a_checkout_of_nonsense_is_refused(checkout: Checkout, other: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await checkout.owe(**other)
    assert caught.value.field == field
    assert await checkout.events("order_payment.created") == []


@pytest.mark.parametrize("part", [{"fee_amount": -1}, {"product_amount": 0, "shipping_amount": 0, "fee_amount": 0}])
async def test_an_order_of_nothing_or_less_is_refused(one_house: House, buyer: Person, part: dict[str, int]) -> None:
    checkout = Checkout(one_house, buyer, FIRST | part)
    with pytest.raises(InvalidInput):
        await checkout.owe()
    twice = Checkout(one_house, buyer, FIRST)
    twice.orders *= 2
    with pytest.raises(InvalidInput):
        await twice.owe()


async def test_another_content_of_a_known_checkout_is_a_conflict(checkout: Checkout) -> None:
    await checkout.owe()
    for other in ({"orders": checkout.orders[:1]}, {"user_id": uuid4()}):
        with pytest.raises(Conflict):
            await checkout.owe(**other)


async def test_an_order_is_paid_by_one_payment_at_a_time(checkout: Checkout) -> None:
    owed = await checkout.owe()
    again = Checkout(checkout.house, checkout.buyer)
    again.orders = checkout.orders[1:]
    with pytest.raises(contract.OrderIsBeingPaid):
        await again.owe()
    cancelled = await checkout.ctx.call(
        contract.cancel_order_payments, contract.CancelOrderPayments(checkout_ids=[checkout.id])
    )
    assert [(each.id, each.status) for each in cancelled.payments] == [(owed.id, "expired")]
    assert [each["payment_id"] for each in await checkout.events("order_payment.expired")] == [str(owed.id)]
    assert (await again.owe()).total == B
    known = await checkout.ctx.call(
        contract.get_order_payments, contract.GetOrderPayments(order_ids=[checkout.orders[1].order_id, uuid4()])
    )
    assert sorted(each.status for each in known.payments) == ["expired", "pending"]


async def test_of_two_checkouts_of_one_order_at_once_one_is_made(one_house: House, buyer: Person) -> None:
    both = [Checkout(one_house, buyer, FIRST) for _ in range(2)]
    both[1].orders = both[0].orders
    made = await asyncio.gather(*(each.owe() for each in both), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["OrderIsBeingPaid", "OrderPaymentSummary"]


async def test_paid_orders_are_held_apart(checkout: Checkout) -> None:
    paid = await checkout.pay({"payment_method": "BANK_TRANSFER", "payment_channel": "BCA"})
    assert paid.status == "paid"
    assert await checkout.held() == [A, B]
    entries = await checkout.till.entries(paid.code)
    assert sorted(entries, key=lambda each: each[1]) == [
        (f"order_escrow/{checkout.orders[0].order_id}", -A),
        (f"order_escrow/{checkout.orders[1].order_id}", -B),
        (accounts.GATEWAY_CLEARING, A + B),
    ]
    (event,) = await checkout.events("order_payment.paid")
    assert (event["amount"], event["wallet_amount"], sorted(event["order_ids"])) == (
        A + B,
        0,
        sorted(str(each.order_id) for each in checkout.orders),
    )
    shown = await checkout.buyer.get("payment", f"/api/payments/{paid.id}")
    assert (shown["status"], shown["method"], shown["session_id"], shown["progress"]) == (
        "paid",
        "bank_transfer",
        None,
        "none",
    )
    assert [(each["order_number"], each["total"]) for each in shown["orders"]] == [("ORD-1", A), ("ORD-2", B)]


async def test_the_providers_fee_is_posted_once_when_it_tells(checkout: Checkout) -> None:
    owed = await checkout.owe()
    invoice = await checkout.till.open(checkout.buyer, owed.id)
    now = checkout.house.clock.now()
    silent = invoice_callback(owed.code, A + B, now, invoice_id=invoice["id"])
    assert (await send_webhook(checkout.house, silent)).json() == {"outcome": "paid"}
    assert await checkout.till.entries(invoice["id"]) == []
    for webhook_id in ("first", "second"):
        told = silent | {"fees_paid_amount": 7_500, "status": "SETTLED"}
        answer = await send_webhook(checkout.house, told, webhook_id=f"{owed.code}-{webhook_id}")
        assert answer.json() == {"outcome": "unchanged"}
        assert await checkout.till.entries(invoice["id"]) == [
            (accounts.GATEWAY_EXPENSE, 7_500),
            (accounts.GATEWAY_CLEARING, -7_500),
        ]


async def test_payments_of_an_order_are_its_buyers_alone(checkout: Checkout) -> None:
    owed = await checkout.owe()
    path = f"/api/payments/orders/{checkout.orders[0].order_id}"
    assert [each["id"] for each in (await checkout.buyer.get("payment", path))["items"]] == [str(owed.id)]
    stranger = await checkout.house.person()
    for who, where in ((stranger, path), (checkout.buyer, f"/api/payments/orders/{uuid4()}")):
        hidden = await who.request("GET", "payment", where)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "payment_not_found")
    assert (await checkout.house.request("GET", "payment", path)).status_code == 401


async def test_unpaid_it_expires_and_late_money_goes_back(checkout: Checkout) -> None:
    owed = await checkout.owe(expires_at=checkout.house.clock.now() + timedelta(minutes=2))
    invoice = await checkout.till.open(checkout.buyer, owed.id)
    checkout.house.later(minutes=3)
    await checkout.till.becomes(owed.id, "expired")
    await checkout.till.pay(invoice, force=True, payment_method="EWALLET")
    await checkout.settled("completed")
    (refund,) = await checkout.refunds()
    assert (refund["kind"], refund["amount"], refund["destination"]) == ("late", A + B, "source")
    (event,) = await checkout.events("order_refund.completed")
    assert (event["amount"], event["destination"], event["borne_by"]) == (A + B, "source", "escrow")
    assert len(await checkout.events("order_payment.late_paid")) == 1
    assert await checkout.held() == [0, 0]


async def test_an_order_is_released_once_with_its_commission(checkout: Checkout) -> None:
    await checkout.pay()
    seller = uuid4()
    first, *others = await asyncio.gather(*(checkout.release(seller_id=seller) for _ in range(3)))
    assert all(other == first for other in others)
    assert (first.seller, first.commission, first.courier, first.fee_income) == (270_000, 30_000, 20_000, 9_000)
    order_id = checkout.orders[0].order_id
    assert dict(await checkout.till.entries(str(order_id))) == {
        f"order_escrow/{order_id}": A,
        f"payable_seller/{seller}": -270_000,
        accounts.PAYABLE_COURIER: -20_000,
        accounts.COMMISSION_REVENUE: -30_000,
        accounts.FEE_INCOME: -9_000,
    }
    assert await checkout.held() == [0, B]
    (event,) = await checkout.events("order_escrow.released")
    assert (event["order_id"], event["total"]) == (str(order_id), A)


async def test_an_order_of_the_warehouse_is_released_to_it(checkout: Checkout) -> None:
    await checkout.pay()
    released = await checkout.release(1, seller_id=None, seller_revenue=0, warehouse_revenue=150_000)
    assert (released.seller, released.warehouse, released.commission) == (0, 135_000, 15_000)
    assert await checkout.held() == [A, 0]


async def test_a_release_that_does_not_fit_changes_nothing(checkout: Checkout) -> None:
    with pytest.raises(contract.PaymentNotFound):
        await checkout.release()
    owed = await checkout.owe()
    with pytest.raises(Conflict):
        await checkout.release()
    await checkout.till.pay(await checkout.till.open(checkout.buyer, owed.id))
    await checkout.till.becomes(owed.id, "paid")
    for other in ({"shipping": 20_001}, {"fee": 0}):
        with pytest.raises(contract.EscrowMismatch):
            await checkout.release(**other)
    for bad in ({"fee": -1}, {"seller_id": None}, {"seller_revenue": 0, "warehouse_revenue": 300_000}):
        with pytest.raises(InvalidInput):
            await checkout.release(**bad)
    assert await checkout.held() == [A, B]


async def test_an_order_is_refunded_in_parts_and_no_more_than_whole(checkout: Checkout) -> None:
    paid = await checkout.pay({"payment_method": "CREDIT_CARD"})
    request_id = uuid4()
    started = [await checkout.refund(amount=29_000, request_id=request_id) for _ in range(2)]
    assert started == [contract.RefundsStarted(count=1, amount=Rupiah(29_000))] * 2
    with pytest.raises(Conflict):
        await checkout.refund(amount=30_000, request_id=request_id)
    with pytest.raises(contract.RefundNotPossible):
        await checkout.refund(amount=300_001)
    await checkout.settled("completed")
    assert await checkout.held() == [300_000, B]
    assert await checkout.till.status(paid.id) == "paid"
    shown = await checkout.buyer.get("payment", f"/api/payments/{paid.id}")
    assert (shown["refunded_amount"], [each["refunded_amount"] for each in shown["orders"]]) == (29_000, [29_000, 0])
    await checkout.refund()
    await checkout.refund(1, reason="out_of_stock")
    await checkout.settled("completed", "completed", "completed")
    assert await checkout.held() == [0, 0]
    await checkout.till.becomes(paid.id, "refunded")
    assert [each["reason"] for each in await checkout.events("order_refund.requested")] == [
        "order_cancelled",
        "order_cancelled",
        "out_of_stock",
    ]
    with pytest.raises(contract.RefundNotPossible):
        await checkout.refund()


async def test_of_many_refunds_at_once_no_more_goes_back_than_was_paid(checkout: Checkout) -> None:
    await checkout.pay({"payment_method": "EWALLET"})
    asked = await asyncio.gather(*(checkout.refund(amount=200_000) for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in asked) == [*["RefundNotPossible"] * 3, "RefundsStarted"]
    await checkout.settled("completed")
    assert await checkout.held() == [129_000, B]


async def test_after_its_release_the_platform_bears_a_refund(checkout: Checkout) -> None:
    await checkout.pay({"payment_method": "EWALLET"})
    await checkout.release()
    before = await checkout.till.balance(accounts.GOODWILL)
    await checkout.refund(amount=50_000, reason="quality_issue")
    await checkout.settled("completed")
    assert await checkout.till.balance(accounts.GOODWILL) == before + 50_000
    (event,) = await checkout.events("order_refund.requested")
    assert (event["borne_by"], event["order_ids"]) == ("platform", [str(checkout.orders[0].order_id)])


async def test_a_release_after_a_partial_refund_is_of_the_rest(checkout: Checkout) -> None:
    await checkout.pay()
    await checkout.refund(amount=100_000)
    with pytest.raises(contract.EscrowMismatch):
        await checkout.release()
    assert (await checkout.release(seller_revenue=200_000)).total == 229_000
    assert await checkout.held() == [0, B]


@pytest.mark.parametrize("bad", [{"reason": "because"}, {"reason": ""}])
async def test_a_refund_without_a_reason_is_refused(checkout: Checkout, bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        await checkout.refund(**bad)
    with pytest.raises(contract.RefundNotPossible):
        await checkout.refund()


async def test_the_database_refuses_more_for_an_order_than_was_paid_for_it(checkout: Checkout) -> None:
    paid = await checkout.pay()
    db = checkout.house.context("payment").db
    receipt = await checkout.till.value("select invoice_id from payment.receipts where payment_id = $1", paid.id)
    insert = """
        insert into payment.refunds (id, code, payment_id, invoice_id, kind, amount, reason, status, destination,
                                     next_look_at, requested_at, order_id)
        values ($1, $2, $3, $4, 'order', $5, 'other', 'pending', 'wallet', $6, $6, $7)
    """
    far = checkout.house.clock.now() + timedelta(days=365)

    async def write(code: str, amount: int, order_id: UUID) -> None:
        await db.execute(insert, uuid4(), f"REF-20261123-{code}", paid.id, receipt, amount, far, order_id)

    first, second = (each.order_id for each in checkout.orders)
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid for the order"):
        await write("AAAAA1", A + 1, first)
    await write("AAAAA2", A, first)
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid"):
        await write("AAAAA3", 1, first)
    await db.execute("update payment.refunds set status = 'failed' where payment_id = $1", paid.id)
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid"):
        await write("AAAAA4", 1, first)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await write("AAAAA5", 1, uuid4())
    await write("AAAAA6", B, second)
    await db.execute("delete from payment.refunds where payment_id = $1", paid.id)


async def test_sums_of_the_example() -> None:
    assert [sum(FIRST.values()), sum(SECOND.values())] == [A, B]
