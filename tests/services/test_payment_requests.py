"""Refunds that somebody asks for: a buyer, finance, above a limit with a second person; never more than was paid."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from patungan.contracts import payment as contract
from patungan.kernel.identity import Role, Scope
from patungan.kernel.money import Rupiah
from patungan.ledger import accounts
from tests.house import House, Person
from tests.paying import Checkout, Till

SMALL = {"product_amount": 100_000, "shipping_amount": 10_000, "fee_amount": 3_000}
LARGE = {"product_amount": 1_000_000, "shipping_amount": 20_000, "fee_amount": 30_000}
CARD = {"payment_method": "CREDIT_CARD"}


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


@pytest.fixture
async def clerk(one_house: House) -> Person:
    return await one_house.person(Role.OFFICE_STAFF, Scope.FINANCE)


@pytest.fixture
async def second(one_house: House) -> Person:
    return await one_house.person(Role.OFFICE_STAFF, Scope.FINANCE)


async def paid_checkout(house: House, buyer: Person, *parts: dict[str, int]) -> tuple[Checkout, str]:
    checkout = Checkout(house, buyer, *parts)
    return checkout, str((await checkout.pay(CARD)).id)


async def refused(person: Person, path: str, body: Any = None) -> tuple[int, str]:
    answer = await person.request("POST", "payment", path, body)
    return answer.status_code, answer.json()["code"]


async def test_finance_refunds_up_to_the_limit_alone(one_house: House, buyer: Person, clerk: Person) -> None:
    checkout, payment_id = await paid_checkout(one_house, buyer, SMALL, LARGE)
    body = {
        "payment_id": payment_id,
        "order_id": str(checkout.orders[1].order_id),
        "amount": 1_000_000,
        "note": "rusak",
    }
    key = str(uuid4())
    answers = await asyncio.gather(*(clerk.post("payment", "/api/refunds", body, key=key) for _ in range(3)))
    assert [(each["status"], each["needed"], each["approvals"]) for each in answers] == [("approved", 1, 1)] * 3
    await checkout.settled("completed")
    assert await checkout.held() == [113_000, 50_000]
    (refund,) = await checkout.refunds()
    assert (refund["kind"], refund["destination"], refund["reason"]) == ("order", "source", "customer_request")
    again = await clerk.request("POST", "payment", "/api/refunds", {**body, "amount": 1}, key=key)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_key_reused")


async def test_above_the_limit_a_second_person_agrees(
    one_house: House, buyer: Person, clerk: Person, second: Person
) -> None:
    checkout, payment_id = await paid_checkout(one_house, buyer, LARGE)
    asked = await clerk.post(
        "payment", "/api/refunds", {"payment_id": payment_id, "amount": 1_000_001, "note": "rusak"}
    )
    assert (asked["status"], asked["needed"], asked["approvals"]) == ("pending", 2, 1)
    assert [(each["status"], each["awaits_approval"]) for each in await checkout.refunds()] == [("pending", True)]
    assert await checkout.held() == [1_050_000]
    path = f"/api/refunds/requests/{asked['id']}/approvals"
    assert await refused(clerk, path) == (409, "second_person_needed")
    for person in (buyer, await one_house.person(Role.ADMIN)):
        assert await refused(person, path) == (403, "forbidden")
    assert (await one_house.request("POST", "payment", path)).status_code == 401
    with pytest.raises(contract.RefundUndecided):
        await checkout.release()
    both = await asyncio.gather(*(second.request("POST", "payment", path) for _ in range(3)))
    assert sorted(each.status_code for each in both) == [200, 409, 409]
    await checkout.settled("completed")
    assert await checkout.held() == [49_999]
    assert await refused(second, path) == (409, "refund_request_decided")
    assert await refused(second, path.replace(asked["id"], str(uuid4()))) == (404, "refund_request_not_found")


async def test_a_buyer_asks_and_finance_decides(one_house: House, buyer: Person, clerk: Person, second: Person) -> None:
    checkout, payment_id = await paid_checkout(one_house, buyer, LARGE)
    body = {"payment_id": payment_id, "note": "Barang tidak sampai", "reason": "delivery_failed"}
    asked = await buyer.post("payment", "/api/refunds/requests", body)
    assert (asked["status"], asked["amount"], asked["needed"], asked["approvals"]) == ("pending", 1_050_000, 2, 0)
    assert await refused(buyer, "/api/refunds/requests", body) == (409, "refund_not_possible")
    listed = await clerk.get("payment", "/api/refunds/requests/all", status="pending", user_id=str(buyer.id))
    assert [each["id"] for each in listed["items"]] == [asked["id"]]
    assert (await buyer.get("payment", "/api/refunds/requests"))["total"] == 1
    path = f"/api/refunds/requests/{asked['id']}"
    assert (await clerk.post("payment", f"{path}/approvals"))["status"] == "pending"
    assert (await second.post("payment", f"{path}/approvals"))["status"] == "approved"
    await checkout.settled("completed")
    await checkout.till.becomes((await checkout.owe()).id, "refunded")
    assert await checkout.held() == [0]


async def test_what_is_rejected_may_be_asked_for_again(one_house: House, buyer: Person, clerk: Person) -> None:
    checkout, payment_id = await paid_checkout(one_house, buyer, SMALL)
    body = {"payment_id": payment_id, "note": "Salah warna"}
    asked = await buyer.post("payment", "/api/refunds/requests", body)
    path = f"/api/refunds/requests/{asked['id']}/rejection"
    assert await refused(clerk, path, {"note": ""}) == (400, "invalid_input")
    assert await refused(buyer, path, {"note": "tidak"}) == (403, "forbidden")
    rejected = await clerk.post("payment", path, {"note": "Warna sesuai pesanan"})
    assert (rejected["status"], rejected["decision_note"]) == ("rejected", "Warna sesuai pesanan")
    assert await refused(clerk, path, {"note": "lagi"}) == (409, "refund_request_decided")
    assert [each["status"] for each in await checkout.refunds()] == ["rejected"]
    assert await checkout.held() == [113_000]
    assert (await buyer.post("payment", "/api/refunds/requests", body))["status"] == "pending"


async def test_nonsense_is_refused_and_changes_nothing(one_house: House, buyer: Person, clerk: Person) -> None:
    checkout, payment_id = await paid_checkout(one_house, buyer, SMALL, SMALL)
    first = str(checkout.orders[0].order_id)
    cases: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"order_id": first, "amount": 113_001}, (409, "refund_not_possible")),
        ({}, (409, "refund_not_possible")),
        ({"order_id": str(uuid4())}, (409, "refund_not_possible")),
        ({"order_id": first, "amount": 0}, (400, "invalid_input")),
        ({"order_id": first, "amount": -5}, (400, "invalid_input")),
        ({"order_id": first, "amount": 1.5}, (400, "invalid_input")),
        ({"order_id": first, "reason": "because"}, (400, "invalid_input")),
        ({"order_id": first, "note": "ab"}, (400, "invalid_input")),
        ({"order_id": first, "surprise": 1}, (400, "invalid_input")),
        ({"payment_id": str(uuid4())}, (404, "payment_not_found")),
        ({"payment_id": "x"}, (400, "invalid_input")),
    ]
    for other, expected in cases:
        body = {"payment_id": payment_id, "note": "rusak", **other}
        for person, path in ((buyer, "/api/refunds/requests"), (clerk, "/api/refunds")):
            assert await refused(person, path, body) == expected, (other, path)
    stranger = await one_house.person()
    body = {"payment_id": payment_id, "order_id": first, "note": "milik saya"}
    assert await refused(stranger, "/api/refunds/requests", body) == (404, "payment_not_found")
    assert await refused(buyer, "/api/refunds", body) == (403, "forbidden")
    without_key = await one_house.client.post(
        one_house.url("payment", "/api/refunds/requests"),
        json=body,
        headers={"Authorization": f"Bearer {one_house.token(buyer.caller)}"},
    )
    assert (without_key.status_code, without_key.json()["code"]) == (400, "idempotency_key_required")
    assert await checkout.refunds() == []


async def test_what_is_unpaid_or_in_a_running_session_is_not_refunded_alone(
    one_house: House, buyer: Person, clerk: Person
) -> None:
    owed = await Checkout(one_house, buyer, SMALL).owe()
    till = Till(one_house)
    in_session = await till.owe_and_pay(buyer)
    for payment_id in (owed.id, in_session):
        body = {"payment_id": str(payment_id), "note": "rusak"}
        assert await refused(clerk, "/api/refunds", body) == (409, "refund_not_possible")
        assert await refused(buyer, "/api/refunds/requests", body) == (409, "refund_not_possible")


async def test_after_a_sessions_release_the_platform_bears_it(one_house: House, buyer: Person, clerk: Person) -> None:
    till = Till(one_house)
    payment_id = await till.owe_and_pay(buyer, how=CARD)
    await till.close()
    await till.ctx.call(
        contract.release_escrow,
        contract.ReleaseEscrow(
            session_id=till.session_id,
            factory_id=uuid4(),
            cashback=Rupiah(800_000),
            factory_revenue=Rupiah(3_200_000),
            warehouse_revenue=Rupiah(0),
            leg1=Rupiah(200_000),
            leg2=Rupiah(15_000),
            fee=Rupiah(120_000),
        ),
    )
    before = await till.balance(accounts.GOODWILL)
    body = {"payment_id": str(payment_id), "amount": 80_000, "note": "satu rusak", "reason": "quality_issue"}
    assert (await clerk.post("payment", "/api/refunds", body))["status"] == "approved"
    await till.house.eventually(lambda: till.completed(1))
    assert await till.balance(accounts.GOODWILL) == before + 80_000
    (event,) = await till.events("refund.requested")
    assert (event["borne_by"], event["amount"], event["reason"]) == ("platform", 80_000, "quality_issue")
    assert (await buyer.get("payment", f"/api/payments/{payment_id}"))["refunded_amount"] == 80_000


async def test_two_parallel_requests_never_promise_more_than_was_paid(
    one_house: House, buyer: Person, clerk: Person
) -> None:
    checkout, payment_id = await paid_checkout(one_house, buyer, SMALL)
    body = {"payment_id": payment_id, "amount": 60_000, "note": "rusak"}
    answers = await asyncio.gather(*(clerk.request("POST", "payment", "/api/refunds", body) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    await checkout.settled("completed")
    assert await checkout.held() == [53_000]


async def test_the_database_refuses_an_approval_that_nobody_gave(
    one_house: House, buyer: Person, clerk: Person
) -> None:
    _, payment_id = await paid_checkout(one_house, buyer, LARGE)
    asked = await clerk.post(
        "payment", "/api/refunds", {"payment_id": payment_id, "amount": 1_000_001, "note": "rusak"}
    )
    with pytest.raises(asyncpg.CheckViolationError, match="is not agreed to by 2 persons"):
        await one_house.context("payment").db.execute(
            "update payment.refund_requests set status = 'approved', decided_at = $2 where id = $1",
            asked["id"],
            one_house.clock.now(),
        )
