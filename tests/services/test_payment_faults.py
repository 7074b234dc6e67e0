"""The provider fails: answers lost, late or refused, callbacks lost. One invoice, one refund, nothing forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.contracts import payment as contract
from patungan.kernel.errors import Unavailable
from patungan.kernel.identity import Role, Scope
from patungan.ledger import accounts
from patungan.services.payment.operations import expiring
from patungan.services.payment.operations.invoices import ask_about_open
from tests.house import House, Person
from tests.paying import Desk, Till, invoice_callback, send_webhook

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


@pytest.fixture
async def desk(one_house: House) -> AsyncIterator[Desk]:
    desk = Desk(one_house)
    yield desk
    await desk.clear()


async def opened(buyer: Person, payment_id: UUID) -> tuple[int, str]:
    answer = await buyer.request("POST", "payment", f"/api/payments/{payment_id}/invoice")
    body = answer.json()
    return answer.status_code, body.get("code") or body["status"]


async def test_a_lost_answer_is_looked_up_and_no_second_invoice_made(till: Till, buyer: Person, desk: Desk) -> None:
    owed = await till.owe(buyer)
    await desk.lay("create_invoice", "timeout_after", times=1)
    assert await opened(buyer, owed.id) == (200, "pending")
    await till.invoice(owed.id)
    assert await opened(buyer, owed.id) == (200, "pending")


async def test_a_lost_answer_and_a_lost_look_up_leave_one_invoice(till: Till, buyer: Person, desk: Desk) -> None:
    owed = await till.owe(buyer)
    await desk.lay("create_invoice", "timeout_after", times=1)
    await desk.lay("list_invoices", "fail", times=3)
    assert await opened(buyer, owed.id) == (503, "service_unavailable")
    await desk.clear()
    answers = await asyncio.gather(*(opened(buyer, owed.id) for _ in range(4)))
    assert answers == [(200, "pending")] * 4
    await till.invoice(owed.id)


async def test_a_request_that_did_nothing_may_be_made_again(till: Till, buyer: Person, desk: Desk) -> None:
    owed = await till.owe(buyer)
    await desk.lay("create_invoice", "timeout_before", times=1)
    assert await opened(buyer, owed.id) == (503, "service_unavailable")
    assert await till.invoices(owed.id) == []
    assert await opened(buyer, owed.id) == (200, "pending")
    await till.invoice(owed.id)


@pytest.mark.parametrize(("status", "code"), [(429, None), (400, "API_VALIDATION_ERROR"), (500, None)])
async def test_a_refusal_or_limit_leaves_the_payment_open(
    till: Till, buyer: Person, desk: Desk, status: int, code: str | None
) -> None:
    owed = await till.owe(buyer)
    await desk.lay("create_invoice", "fail", status=status, error_code=code, times=1)
    assert await opened(buyer, owed.id) == (503, "service_unavailable")
    assert await till.status(owed.id) == "pending"
    assert await opened(buyer, owed.id) == (200, "pending")
    await till.invoice(owed.id)


async def test_who_opens_while_another_waits_gets_the_same_invoice(till: Till, buyer: Person, desk: Desk) -> None:
    owed = await till.owe(buyer)
    await desk.lay("create_invoice", "delay", seconds=0.6, times=1)
    answers = await asyncio.gather(*(opened(buyer, owed.id) for _ in range(3)))
    assert answers == [(200, "pending")] * 3
    await till.invoice(owed.id)


async def test_a_payment_that_ends_while_it_is_opened_leaves_no_open_invoice(
    till: Till, buyer: Person, desk: Desk
) -> None:
    owed = await till.owe(buyer)
    await desk.lay("create_invoice", "delay", seconds=0.8, times=1)
    opening = asyncio.create_task(opened(buyer, owed.id))
    await till.house.eventually(lambda: claimed(till, owed.id))
    closed = await till.close()
    assert closed.paid_count == 0
    assert await opening == (409, "payment_closed")

    async def ended() -> bool:
        return [str(invoice["status"]) for invoice in await till.invoices(owed.id)] == ["EXPIRED"]

    await till.house.eventually(ended)


async def claimed(till: Till, payment_id: UUID) -> bool:
    asked = "select invoice_claim is not null from payment.payments where id = $1"
    return bool(await till.value(asked, payment_id))


async def test_a_silent_provider_holds_up_the_close_for_ten_minutes_at_most(
    till: Till, buyer: Person, desk: Desk
) -> None:
    in_hours = till.house.clock.now() + timedelta(hours=5)
    paid, silent = await till.owe_and_pay(buyer), await till.owe(buyer, expires_at=in_hours)
    invoice = await till.open(buyer, silent.id)
    await desk.lay("expire_invoice", "fail")
    with pytest.raises(Unavailable):
        await till.close()
    assert await till.status(silent.id) == "pending"
    assert await opened(buyer, silent.id) == (200, "pending")
    till.house.later(minutes=9)
    with pytest.raises(Unavailable):
        await till.close()
    till.house.later(minutes=1, seconds=1)
    closed = await till.close()
    assert (closed.paid_count, closed.paid_amount) == (1, A)
    assert [await till.status(each) for each in (paid, silent.id)] == ["paid", "expired"]
    await till.pay(invoice, payment_method="CREDIT_CARD")
    await till.house.eventually(lambda: till.completed(1))
    assert await till.balance() == A
    assert [refund["kind"] for refund in await till.refunds()] == ["late"]


async def test_a_close_goes_on_where_it_was_held_up(till: Till, buyer: Person, desk: Desk) -> None:
    first, second = [await till.owe(buyer) for _ in range(2)]
    for each in (first, second):
        await till.open(buyer, each.id)
    await desk.lay("expire_invoice", "fail", times=1)
    with pytest.raises(Unavailable):
        await till.close()
    assert sorted([await till.status(first.id), await till.status(second.id)]) == ["expired", "pending"]
    late = await till.owe(buyer)
    assert late.status == "expired"
    pending = first if await till.status(first.id) == "pending" else second
    in_time = invoice_callback(
        pending.code, A, till.house.clock.now(), invoice_id=(await till.invoice(pending.id))["id"]
    )
    assert (await send_webhook(till.house, in_time)).json() == {"outcome": "paid"}
    assert (await till.close()).paid_count == 1
    assert len(await till.events("payment.expired")) == 2


async def test_lost_callbacks_are_made_up_for_by_asking(till: Till, buyer: Person, desk: Desk) -> None:
    await desk.lay("callback.invoice", "lose")
    ends = till.house.clock.now() + timedelta(minutes=3)
    paid, unpaid = [await till.owe(buyer, expires_at=ends) for _ in range(2)]
    await till.pay(await till.open(buyer, paid.id))
    await till.open(buyer, unpaid.id)
    till.house.later(minutes=3, seconds=10)
    await expiring.settle_overdue(till.house.context("payment"))
    assert [await till.status(each.id) for each in (paid, unpaid)] == ["pending", "pending"]
    till.house.later(seconds=25)
    await till.becomes(paid.id, "paid")
    await till.becomes(unpaid.id, "expired")
    assert await till.balance() == A


async def test_an_overdue_payment_of_a_silent_provider_ends_after_ten_minutes(
    till: Till, buyer: Person, desk: Desk
) -> None:
    await desk.lay("callback.invoice", "lose")
    await desk.lay("expire_invoice", "fail")
    await desk.lay("get_invoice", "fail")
    owed = await till.owe(buyer, expires_at=till.house.clock.now() + timedelta(minutes=2))
    await till.open(buyer, owed.id)
    till.house.later(minutes=4)
    await expiring.settle_overdue(till.house.context("payment"))
    assert await till.status(owed.id) == "pending"
    till.house.later(minutes=9)
    await till.becomes(owed.id, "expired")


async def test_a_refund_whose_answer_is_lost_is_looked_up(till: Till, buyer: Person, desk: Desk) -> None:
    await till.owe_and_pay(buyer, how={"payment_method": "EWALLET"})
    await desk.lay("create_refund", "timeout_after", times=3)
    await desk.lay("callback.refund", "lose")
    await till.refund()

    async def waits() -> bool:
        (refund,) = await till.refunds()
        soon = refund["next_look_at"] <= till.house.clock.now() + timedelta(seconds=30)
        return refund["asked_at"] is not None and soon

    await till.house.eventually(waits)
    assert [refund["status"] for refund in await till.refunds()] == ["processing"]
    till.house.later(seconds=61)
    await till.house.eventually(lambda: known(till))
    # The provider's news of it is lost as well: it is asked again after some minutes.
    till.house.later(minutes=11)
    await till.house.eventually(lambda: till.completed(1))
    assert await refunds_at_provider(till) == [(A, "SUCCEEDED")]
    assert await till.balance() == 0


async def known(till: Till) -> bool:
    return [refund["provider_refund_id"] is not None for refund in await till.refunds()] == [True]


async def refunds_at_provider(till: Till) -> list[tuple[int, str]]:
    invoice_id = (await till.refunds())[0]["invoice_id"]
    answer = await till.house.client.get(
        f"{till.house.sandbox_url}/xendit/refunds",
        params={"invoice_id": invoice_id},
        auth=(till.house.environment["XENDIT_SECRET_KEY"], ""),
    )
    return [(refund["amount"], refund["status"]) for refund in answer.json()["data"]]


async def test_a_source_that_takes_nothing_back_sends_it_to_the_wallet(till: Till, buyer: Person, desk: Desk) -> None:
    await till.owe_and_pay(buyer, how={"payment_method": "QR_CODE"})
    await desk.lay("create_refund", "fail", status=400, error_code="REFUND_NOT_SUPPORTED")
    await till.refund()
    await till.house.eventually(lambda: till.completed(1))
    assert [refund["destination"] for refund in await till.refunds()] == ["wallet"]
    assert await till.balance(accounts.wallet(buyer.id)) == A
    assert await till.events("refund.failed") == []


async def test_a_refund_that_failed_is_tried_again_by_finance(
    till: Till, buyer: Person, clerk: Person, desk: Desk
) -> None:
    payment_id = await till.owe_and_pay(buyer, how={"payment_method": "CREDIT_CARD"})
    await desk.lay("settle_refund", "fail", error_code="ACCOUNT_NOT_FOUND")
    await till.refund("group_failed_moq")
    await till.house.eventually(lambda: failed(till))
    assert await till.status(payment_id) == "paid"
    (event,) = await till.events("refund.failed")
    assert (event["detail"], event["reason"], event["amount"]) == ("ACCOUNT_NOT_FOUND", "group_failed_moq", A)
    (refund,) = await till.refunds()
    listed = await clerk.get("payment", "/api/refunds", status="failed", session_id=str(till.session_id))
    assert [(item["id"], item["failure"]) for item in listed["items"]] == [(str(refund["id"]), "ACCOUNT_NOT_FOUND")]
    await desk.clear()
    path, key = f"/api/refunds/{refund['id']}/retry", str(uuid4())
    answers = await asyncio.gather(*(clerk.post("payment", path, {}, key=key) for _ in range(2)))
    assert [answer["attempt"] for answer in answers] == [2, 2]
    await till.house.eventually(lambda: till.completed(1))
    assert sorted(await refunds_at_provider(till)) == [(A, "FAILED"), (A, "SUCCEEDED")]
    assert await till.moved(accounts.GATEWAY_CLEARING, refund["code"]) == -A
    assert await till.status(payment_id) == "refunded"
    refused = await clerk.request("POST", "payment", path, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_retry_refused")


async def failed(till: Till) -> bool:
    return [refund["status"] for refund in await till.refunds()] == ["failed"]


async def test_a_failed_refund_may_go_to_the_wallet_instead(
    till: Till, buyer: Person, clerk: Person, desk: Desk
) -> None:
    await till.owe_and_pay(buyer, how={"payment_method": "CREDIT_CARD"})
    await desk.lay("create_refund", "fail", status=400, error_code="INELIGIBLE_TRANSACTION")
    await till.refund()
    await till.house.eventually(lambda: failed(till))
    (refund,) = await till.refunds()
    path = f"/api/refunds/{refund['id']}/retry"
    for person, status, code in ((buyer, 403, "forbidden"), (clerk, 400, "invalid_input")):
        answer = await person.request("POST", "payment", path, {"destination": "elsewhere"})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    unknown = await clerk.request("POST", "payment", f"/api/refunds/{uuid4()}/retry", {})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "refund_not_found")
    answer = await clerk.post("payment", path, {"destination": "wallet"})
    assert (answer["destination"], answer["attempt"]) == ("wallet", 2)
    await till.house.eventually(lambda: till.completed(1))
    assert await till.balance(accounts.wallet(buyer.id)) == A
    assert await till.moved(accounts.GATEWAY_CLEARING, refund["code"]) == 0


async def test_refund_news_in_any_order_and_with_another_amount(
    till: Till, buyer: Person, clerk: Person, desk: Desk
) -> None:
    await till.owe_and_pay(buyer, how={"payment_method": "EWALLET"})
    await desk.lay("callback.refund", "lose")
    await desk.lay("settle_refund", "delay", seconds=86_400)
    await till.refund()
    await till.house.eventually(lambda: known(till))
    (refund,) = await till.refunds()

    async def told(status: str, **other: Any) -> str:
        data = {
            "id": refund["provider_refund_id"],
            "invoice_id": refund["invoice_id"],
            "amount": A,
            "currency": "IDR",
            "status": status,
            "reference_id": refund["code"],
        }
        body = {"event": f"refund.{status.lower()}", "data": data | other}
        outcome: str = (await send_webhook(till.house, body)).json()["outcome"]
        return outcome

    assert await told("SUCCEEDED", id=f"rfd-{uuid4()}", amount=A - 1) == "mismatch"
    assert await told("SUCCEEDED", id=f"rfd-{uuid4()}", reference_id="REF-20200101-ZZZZZZ") == "unknown"
    assert await told("SUCCEEDED", id=f"rfd-{uuid4()}", reference_id=f"{refund['code']}-7") == "unchanged"
    assert [item["status"] for item in await till.refunds()] == ["processing"]
    assert [await told("SUCCEEDED"), await told("SUCCEEDED"), await told("FAILED")] == [
        "refunded",
        "unchanged",
        "unchanged",
    ]
    assert await told("SUCCEEDED", amount=1) == "conflict"
    assert await till.completed(1)
    assert await till.entries(refund["code"]) == [
        (f"escrow/{till.session_id}", A),
        (accounts.REFUND_CLEARING, -A),
        (accounts.REFUND_CLEARING, A),
        (accounts.GATEWAY_CLEARING, -A),
    ]
    assert len(await till.events("refund.completed")) == 1
    assert await till.events("refund.failed") == []


async def test_a_provider_in_maintenance_is_left_alone_and_the_buyer_told(
    till: Till, buyer: Person, desk: Desk
) -> None:
    owed = await till.owe(buyer)
    await desk.lay("*", "fail", status=503, retry_after=120)
    for _ in range(5):
        assert await opened(buyer, owed.id) == (503, "service_unavailable")
    shown = await buyer.get("payment", f"/api/payments/{owed.id}")
    assert (shown["status"], shown["progress"], shown["invoice_url"]) == ("pending", "provider_unavailable", None)
    public = await till.house.request("GET", "payment", f"/api/payments/codes/{owed.code}")
    assert public.json()["progress"] == "provider_unavailable"
    await desk.clear()
    assert await opened(buyer, owed.id) == (200, "pending")
    assert (await buyer.get("payment", f"/api/payments/{owed.id}"))["progress"] == "none"


async def test_a_limit_is_waited_for_as_long_as_it_asks(till: Till, buyer: Person, desk: Desk) -> None:
    await till.owe_and_pay(buyer, how={"payment_method": "EWALLET"})
    await desk.lay("create_refund", "fail", status=429, error_code="RATE_LIMIT_EXCEEDED", retry_after=0.05, times=1)
    await till.refund()
    await till.house.eventually(lambda: till.completed(1))
    assert await refunds_at_provider(till) == [(A, "SUCCEEDED")]


async def test_an_unanswered_opening_is_shown_as_one(till: Till, buyer: Person, desk: Desk) -> None:
    owed = await till.owe(buyer)
    await desk.lay("create_invoice", "timeout_after", times=1)
    await desk.lay("list_invoices", "fail", times=3)
    assert await opened(buyer, owed.id) == (503, "service_unavailable")
    assert (await buyer.get("payment", f"/api/payments/{owed.id}"))["progress"] == "opening"
    await desk.clear()
    assert await opened(buyer, owed.id) == (200, "pending")
    await till.invoice(owed.id)


async def test_an_end_that_is_not_known_yet_is_shown_as_such(till: Till, buyer: Person, desk: Desk) -> None:
    await desk.lay("callback.invoice", "lose")
    await desk.lay("expire_invoice", "fail", status=400)
    await desk.lay("get_invoice", "fail", status=400)
    owed = await till.owe(buyer, expires_at=till.house.clock.now() + timedelta(minutes=2))
    await till.open(buyer, owed.id)
    till.house.later(minutes=2, seconds=20)
    assert (await buyer.get("payment", f"/api/payments/{owed.id}"))["progress"] == "confirming"
    await desk.clear()
    await till.becomes(owed.id, "expired")
    assert (await buyer.get("payment", f"/api/payments/{owed.id}"))["progress"] == "none"


async def test_a_provider_that_is_away_for_long_is_asked_until_it_tells_how_an_invoice_ended(
    till: Till, buyer: Person, desk: Desk
) -> None:
    owed = await till.owe(buyer)
    invoice = await till.open(buyer, owed.id)
    await desk.lay("callback", "lose")
    for operation in ("expire_invoice", "get_invoice", "list_invoices"):
        await desk.lay(operation, "fail")
    await till.pay(invoice)
    await till.ctx.call(contract.cancel_payments, contract.CancelPayments(participant_ids=[owed.participant_id]))
    assert await till.status(owed.id) == "expired"
    kept = "select count(*) from payment.open_invoices where code = $1"

    async def is_kept() -> bool:
        return bool(await till.value(kept, owed.code) == 1)

    await till.house.eventually(is_kept, seconds=60)
    # However long it is away: the invoice stays kept, and the money is found once it is back.
    till.house.later(hours=2)
    await ask_about_open(till.house.context("payment"))
    assert await is_kept()
    await desk.clear()
    till.house.later(hours=2)

    async def is_back() -> bool:
        return await till.completed(1) and not await is_kept()

    await till.house.eventually(is_back, seconds=60)
