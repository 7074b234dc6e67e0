"""Money that is not what was asked: apart in the books until finance accepts it or sends it back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from patungan.kernel.identity import Role, Scope
from patungan.ledger.accounts import GATEWAY_CLEARING, QUARANTINE, REFUND_CLEARING
from tests.house import House, Person
from tests.paying import Checkout, Till, invoice_callback, send_webhook

A = 4_335_000


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


@pytest.fixture
async def clerk(one_house: House) -> Person:
    return await one_house.person(Role.OFFICE_STAFF, Scope.FINANCE)


@pytest.fixture
def till(one_house: House) -> Till:
    return Till(one_house)


async def paid_otherwise(till: Till, buyer: Person, amount: int, **how: Any) -> tuple[Any, dict[str, Any]]:
    """A payment for which another amount was paid, in quarantine; answers the payment and the invoice."""
    owed = await till.owe(buyer)
    invoice = await till.open(buyer, owed.id)
    await till.pay(invoice, amount=amount, **({"payment_method": "CREDIT_CARD"} | how))
    await till.house.eventually(lambda: quarantined(till, invoice["id"]))
    return owed, invoice


async def quarantined(till: Till, invoice_id: str) -> bool:
    asked = "select count(*) from payment.receipts where invoice_id = $1 and kind = 'quarantined'"
    return bool(await till.value(asked, invoice_id))


def path(invoice: dict[str, Any]) -> str:
    return f"/api/payments/quarantine/{invoice['id']}/resolution"


async def test_an_overpayment_is_accepted_and_its_excess_goes_back(till: Till, buyer: Person, clerk: Person) -> None:
    owed, invoice = await paid_otherwise(till, buyer, A + 5_000)
    assert (await buyer.get("payment", f"/api/payments/{owed.id}"))["progress"] == "quarantined"
    apart = await till.balance(QUARANTINE)
    listed = await clerk.get("payment", "/api/payments/quarantine", limit=100)
    (mine,) = [each for each in listed["items"] if each["invoice_id"] == invoice["id"]]
    assert (mine["asked"], mine["amount"], mine["payment_code"], mine["resolution"]) == (A, A + 5_000, owed.code, None)
    key = str(uuid4())
    body = {"resolution": "accepted"}
    answers = await asyncio.gather(*(clerk.post("payment", path(invoice), body, key=key) for _ in range(3)))
    assert [each["resolution"] for each in answers] == ["accepted"] * 3
    assert await till.status(owed.id) == "paid"
    assert await till.balance() == A
    assert await till.balance(QUARANTINE) == apart - A - 5_000
    await till.house.eventually(lambda: till.completed(1))
    (refund,) = await till.refunds()
    assert (refund["kind"], refund["amount"], refund["destination"]) == ("quarantine", 5_000, "source")
    assert await till.moved(GATEWAY_CLEARING, owed.code, refund["code"]) == A
    assert (await clerk.request("POST", "payment", path(invoice), body)).json()["code"] == "quarantine_decided"
    listed = await clerk.get("payment", "/api/payments/quarantine", limit=100)
    assert invoice["id"] not in [each["invoice_id"] for each in listed["items"]]
    # What was accepted goes back with its session, the excess not again.
    await till.refund()
    await till.house.eventually(lambda: till.completed(2))
    assert sorted(each["amount"] for each in await till.refunds()) == [5_000, A]
    assert await till.balance() == 0


async def test_an_underpayment_goes_back_and_its_payment_ends(till: Till, buyer: Person, clerk: Person) -> None:
    owed, invoice = await paid_otherwise(till, buyer, A - 1, payment_method="BANK_TRANSFER")
    refused = await clerk.request("POST", "payment", path(invoice), {"resolution": "accepted"})
    assert (refused.status_code, refused.json()["code"]) == (409, "quarantine_decided")
    assert await till.status(owed.id) == "pending"
    answer = await clerk.post("payment", path(invoice), {"resolution": "refunded"})
    assert (answer["resolution"], answer["resolved_by"]) == ("refunded", str(clerk.id))
    assert await till.status(owed.id) == "expired"
    await till.house.eventually(lambda: till.completed(1))
    assert [(each["amount"], each["destination"]) for each in await till.refunds()] == [(A - 1, "wallet")]
    assert (await buyer.get("wallet", "/api/wallet/balance"))["balance"] == A - 1
    assert await till.balance() == 0


async def test_what_can_no_longer_count_is_not_accepted(till: Till, buyer: Person, clerk: Person) -> None:
    owed, invoice = await paid_otherwise(till, buyer, A + 1)
    till.house.later(minutes=31)
    await till.becomes(owed.id, "expired")
    refused = await clerk.request("POST", "payment", path(invoice), {"resolution": "accepted"})
    assert (refused.status_code, refused.json()["code"]) == (409, "quarantine_decided")
    await clerk.post("payment", path(invoice), {"resolution": "refunded"})
    await till.house.eventually(lambda: till.completed(1))
    assert [each["amount"] for each in await till.refunds()] == [A + 1]


async def test_the_quarantine_is_finances(till: Till, buyer: Person, clerk: Person) -> None:
    _, invoice = await paid_otherwise(till, buyer, A + 1)
    admin = await till.house.person(Role.ADMIN)
    assert (await admin.request("GET", "payment", "/api/payments/quarantine")).status_code == 200
    for person in (buyer, admin):
        answer = await person.request("POST", "payment", path(invoice), {"resolution": "refunded"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await buyer.request("GET", "payment", "/api/payments/quarantine")).status_code == 403
    for bad in ({"resolution": "kept"}, {}, {"resolution": "refunded", "more": 1}):
        assert (await clerk.request("POST", "payment", path(invoice), bad)).status_code == 400
    unknown = await clerk.request("POST", "payment", path({"id": "nobody"}), {"resolution": "refunded"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "quarantine_not_found")
    in_time = (await till.invoice(await till.owe_and_pay(buyer)))["id"]
    known = await clerk.request("POST", "payment", path({"id": in_time}), {"resolution": "refunded"})
    assert (known.status_code, known.json()["code"]) == (404, "quarantine_not_found")


async def test_money_in_another_currency_is_shown_and_not_in_the_books(
    till: Till, buyer: Person, clerk: Person
) -> None:
    owed = await till.owe(buyer)
    invoice = await till.open(buyer, owed.id)
    body = invoice_callback(owed.code, A, till.house.clock.now(), invoice_id=invoice["id"], currency="USD")
    assert (await send_webhook(till.house, body)).json() == {"outcome": "mismatch"}
    assert await till.entries(owed.code) == []
    refused = await clerk.request("POST", "payment", path(invoice), {"resolution": "refunded"})
    assert (refused.status_code, refused.json()["code"]) == (409, "quarantine_decided")


async def test_an_order_payment_is_accepted_as_well(one_house: House, buyer: Person, clerk: Person) -> None:
    checkout = Checkout(one_house, buyer)
    owed = await checkout.owe(expires_at=one_house.clock.now() + timedelta(hours=2))
    invoice = await checkout.till.open(buyer, owed.id)
    await checkout.till.pay(invoice, amount=500_500, payment_method="EWALLET")
    await one_house.eventually(_when(checkout, invoice["id"]))
    (event,) = await checkout.events("order_payment.mismatch")
    assert (event["amount"], event["paid_amount"]) == (500_000, 500_500)
    clearing = await checkout.till.balance(REFUND_CLEARING)
    await clerk.post("payment", path(invoice), {"resolution": "accepted"})
    assert await checkout.held() == [329_000, 171_000]
    await checkout.settled("completed")
    assert await checkout.till.balance(REFUND_CLEARING) == clearing


def _when(checkout: Checkout, invoice_id: str) -> Callable[[], Any]:
    return lambda: quarantined(checkout.till, invoice_id)
