"""Payments through the public API: made, opened, paid, listed, expired, and kept from others."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from patungan.contracts import payment as contract
from patungan.contracts.group_buying import ParticipantReleased, ParticipantsJoined
from patungan.kernel.errors import InvalidInput
from patungan.kernel.identity import Role, Scope
from patungan.kernel.settings import SettingsError, load
from patungan.ledger.accounts import GATEWAY_CLEARING
from patungan.services.payment.service import service
from tests.house import House, Person
from tests.paying import PART_B, Till, escrow_payment


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


@pytest.fixture
def till(one_house: House) -> Till:
    return Till(one_house)


async def test_payments_are_made_once_and_answered_as_they_stand(till: Till, buyer: Person) -> None:
    wanted = [escrow_payment(till.house, buyer, till.session_id, **part) for part in ({}, PART_B)]
    request = contract.CreateEscrowPayments(payments=wanted)
    first, *others = await asyncio.gather(*(till.ctx.call(contract.create_escrow_payments, request) for _ in range(4)))
    assert all(other == first for other in others)
    assert [(each.total, each.status) for each in first.payments] == [(4_335_000, "pending"), (4_116_000, "pending")]
    assert [each.participant_id for each in first.payments] == [each.participant_id for each in wanted]
    assert len({each.code for each in first.payments}) == 2
    created = await till.events("payment.created")
    assert sorted(event["amount"] for event in created) == [4_116_000, 4_335_000]
    assert await till.value("select count(*) from payment.payments where session_id = $1", till.session_id) == 2


async def test_a_batch_of_nothing_and_a_payment_of_nothing(till: Till, buyer: Person) -> None:
    empty = await till.ctx.call(contract.create_escrow_payments, contract.CreateEscrowPayments(payments=[]))
    assert empty.payments == []
    nothing = {"product_amount": 0, "leg1_amount": 0, "leg2_amount": 0, "fee_amount": 0}
    for parts in (nothing, {"fee_amount": -1}):
        with pytest.raises(InvalidInput):
            await till.owe(buyer, **parts)
    assert await till.value("select count(*) from payment.payments where session_id = $1", till.session_id) == 0


async def test_a_payment_is_opened_paid_and_in_the_books(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    invoice = await till.open(buyer, owed.id)
    assert (invoice["amount"], invoice["external_id"], invoice["status"]) == (4_335_000, owed.code, "PENDING")
    page = f"http://127.0.0.1:8080/payments/{owed.id}"
    assert (invoice["success_redirect_url"], invoice["failure_redirect_url"]) == (page, page)
    assert invoice["expiry_date"] <= owed.expires_at.isoformat().replace("+00:00", "Z")
    await till.pay(invoice, payment_method="EWALLET", payment_channel="OVO")
    await till.becomes(owed.id, "paid")
    shown = await buyer.get("payment", f"/api/payments/{owed.id}")
    assert (shown["status"], shown["method"], shown["channel"]) == ("paid", "ewallet_ovo", "OVO")
    assert shown["paid_at"] is not None and shown["invoice_url"] == invoice["invoice_url"]
    assert await till.balance() == 4_335_000
    assert await till.entries(owed.code) == [
        (GATEWAY_CLEARING, 4_335_000),
        (f"escrow/{till.session_id}", -4_335_000),
    ]
    paid = await till.events("payment.paid")
    assert [(event["payment_id"], event["amount"]) for event in paid] == [(str(owed.id), 4_335_000)]


async def test_opening_again_and_at_once_gives_one_invoice(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    path = f"/api/payments/{owed.id}/invoice"
    answers: list[Any] = await asyncio.gather(*(buyer.post("payment", path) for _ in range(6)))
    again = await buyer.post("payment", path)
    assert all(answer == again for answer in answers)
    assert again["status"] == "pending"
    assert (await till.invoice(owed.id))["invoice_url"] == again["invoice_url"]


async def test_a_paid_payment_answers_its_invoice_and_an_ended_one_is_closed(till: Till, buyer: Person) -> None:
    paid = await till.owe_and_pay(buyer)
    answer = await buyer.post("payment", f"/api/payments/{paid}/invoice")
    assert answer["status"] == "paid"
    ended = await till.owe(buyer)
    await till.ctx.call(contract.cancel_payments, contract.CancelPayments(participant_ids=[ended.participant_id]))
    refused = await buyer.request("POST", "payment", f"/api/payments/{ended.id}/invoice")
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_closed")
    assert await till.invoices(ended.id) == []


async def test_what_has_no_time_left_is_not_opened(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer, expires_at=till.house.clock.now() + timedelta(seconds=9))
    refused = await buyer.request("POST", "payment", f"/api/payments/{owed.id}/invoice")
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_closed")
    assert await till.invoices(owed.id) == []


async def test_others_and_nobody_see_nothing(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    stranger = await till.house.person()
    for method, path in (("GET", f"/api/payments/{owed.id}"), ("POST", f"/api/payments/{owed.id}/invoice")):
        for person, known in ((stranger, owed.id), (buyer, uuid4())):
            answer = await person.request(method, "payment", path.replace(str(owed.id), str(known)))
            assert (answer.status_code, answer.json()["code"]) == (404, "payment_not_found")
        answer = await till.house.request(method, "payment", path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert (await stranger.get("payment", "/api/payments"))["items"] == []
    assert await till.invoices(owed.id) == []


async def test_own_payments_are_listed_newest_first(till: Till, buyer: Person) -> None:
    owed = [await till.owe(buyer, **part) for part in ({}, PART_B, {})]
    await till.ctx.call(contract.cancel_payments, contract.CancelPayments(participant_ids=[owed[0].participant_id]))
    listed = await buyer.get("payment", "/api/payments")
    assert [item["id"] for item in listed["items"]] == [str(each.id) for each in reversed(owed)]
    assert (listed["page"], listed["limit"], listed["total"]) == (1, 20, 3)
    second = await buyer.get("payment", "/api/payments", page=2, limit=2)
    assert [item["code"] for item in second["items"]] == [owed[0].code]
    expired = await buyer.get("payment", "/api/payments", status="expired")
    assert ([item["code"] for item in expired["items"]], expired["total"]) == ([owed[0].code], 1)
    for params in ({"status": "gone"}, {"limit": 101}, {"page": 0}):
        answer = await buyer.request("GET", "payment", "/api/payments", **params)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


async def test_finance_lists_all_and_buyers_do_not(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    clerk = await till.house.person(Role.OFFICE_STAFF, Scope.FINANCE)
    for person in (clerk, await till.house.admin()):
        listed = await person.get("payment", "/api/payments/all", session_id=str(till.session_id))
        assert [(item["code"], item["user_id"]) for item in listed["items"]] == [(owed.code, str(buyer.id))]
        assert (await person.get("payment", "/api/payments/all", status="refunded", session_id=str(till.session_id)))[
            "total"
        ] == 0
    for path in ("/api/payments/all", "/api/refunds"):
        answer = await buyer.request("GET", "payment", path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_unopened_payments_expire_by_themselves(till: Till, buyer: Person) -> None:
    soon = [await till.owe(buyer, expires_at=till.house.clock.now() + timedelta(minutes=2)) for _ in range(3)]
    later = await till.owe(buyer)
    till.house.later(minutes=2)
    for each in soon:
        await till.becomes(each.id, "expired")
    assert await till.status(later.id) == "pending"
    expired = await till.events("payment.expired")
    assert sorted(event["payment_id"] for event in expired) == sorted(str(each.id) for each in soon)


async def test_an_opened_payment_expires_with_its_invoice(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer, expires_at=till.house.clock.now() + timedelta(minutes=2))
    await till.open(buyer, owed.id)
    till.house.later(minutes=2)
    await till.becomes(owed.id, "expired")
    assert [event["payment_id"] for event in await till.events("payment.expired")] == [str(owed.id)]


async def test_cancelling_ends_the_unpaid_and_leaves_the_paid(till: Till, buyer: Person) -> None:
    unopened, opened, unknown = await till.owe(buyer), await till.owe(buyer), uuid4()
    await till.open(buyer, opened.id)
    paid = await till.owe_and_pay(buyer)
    paid_participant = await till.value("select participant_id from payment.payments where id = $1", paid)
    request = contract.CancelPayments(
        participant_ids=[unopened.participant_id, opened.participant_id, paid_participant, unknown]
    )
    for _ in range(2):
        answer = await till.ctx.call(contract.cancel_payments, request)
        assert [each.status for each in answer.payments] == ["expired", "expired", "paid"]
    assert len(await till.events("payment.expired")) == 2

    async def closed() -> bool:
        return bool((await till.invoice(opened.id))["status"] == "EXPIRED")

    await till.house.eventually(closed)


async def test_payments_are_answered_by_participant(till: Till, buyer: Person) -> None:
    first, second = await till.owe(buyer), await till.owe(buyer, **PART_B)
    asked = contract.GetPayments(participant_ids=[second.participant_id, uuid4(), first.participant_id])
    assert (await till.ctx.call(contract.get_payments, asked)).payments == [second, first]


def test_production_needs_the_live_account_and_real_secrets() -> None:
    environment = {
        "PATUNGAN_ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://db/ecommerce",
        "REDIS_URL": "redis://cache",
        "JWT_SECRET": secrets.token_hex(48),
        "SERVICE_TOKEN_SECRET": secrets.token_hex(48),
        "XENDIT_SECRET_KEY": "xnd_development_" + secrets.token_hex(24),
        "XENDIT_WEBHOOK_VERIFICATION_TOKEN": "your_webhook_verification_token",
    }
    with pytest.raises(SettingsError) as refused:
        load(service.settings, environment)
    faults = {fault.split(" ", 1)[0].rstrip(":") for fault in refused.value.faults}
    assert faults == {"XENDIT_SECRET_KEY", "XENDIT_WEBHOOK_VERIFICATION_TOKEN"}
    real = environment | {
        "XENDIT_SECRET_KEY": "xnd_production_" + secrets.token_hex(24),
        "XENDIT_WEBHOOK_VERIFICATION_TOKEN": secrets.token_hex(24),
    }
    settings = load(service.settings, real)
    assert (settings.production, "Secret(***)" in repr(settings)) == (True, True)


async def test_a_join_whose_call_was_lost_gets_its_payment_and_a_released_one_ends(till: Till, buyer: Person) -> None:
    ctx = till.ctx
    kept, left = (escrow_payment(till.house, buyer, till.session_id) for _ in range(2))
    async with ctx.db.transaction() as tx:
        await ctx.publish(tx, ParticipantsJoined(payments=[kept, left]))
        released = ParticipantReleased(participant_id=left.participant_id, session_id=till.session_id, user_id=buyer.id)
        await ctx.publish(tx, released)

    async def arrived() -> bool:
        return len((await buyer.get("payment", "/api/payments"))["items"]) == 2

    await till.house.eventually(arrived)
    items = (await buyer.get("payment", "/api/payments"))["items"]
    assert {item["participant_id"]: item["status"] for item in items} == {
        str(kept.participant_id): "pending",
        str(left.participant_id): "expired",
    }
    assert len(await till.events("payment.created")) == 2
