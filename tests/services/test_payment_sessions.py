"""The end of paying for a session: closed, released to the rupiah, refunded once, whatever happens at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
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
from tests.paying import PART_B, Till, invoice_callback, send_webhook

A, B = 4_335_000, 4_116_000


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


@pytest.fixture
def till(one_house: House) -> Till:
    return Till(one_house)


async def paid_session(till: Till, buyer: Person, how: dict[str, Any] | None = None) -> tuple[UUID, UUID]:
    """Both buyers of DOMAIN.md 6.2 have paid."""
    return await till.owe_and_pay(buyer, how=how), await till.owe_and_pay(buyer, how=how, **PART_B)


def release_request(till: Till, factory_id: UUID, **other: int) -> contract.ReleaseEscrow:
    parts = {
        "cashback": 1_560_000,
        "factory_revenue": 6_240_000,
        "warehouse_revenue": 0,
        "leg1": 390_000,
        "leg2": 27_000,
        "fee": 234_000,
    } | other
    amounts = {name: Rupiah(amount) for name, amount in parts.items()}
    return contract.ReleaseEscrow(session_id=till.session_id, factory_id=factory_id, **amounts)


async def shared_balances(till: Till) -> dict[str, int]:
    names = (accounts.PAYABLE_WAREHOUSE, accounts.PAYABLE_COURIER, accounts.COMMISSION_REVENUE, accounts.FEE_INCOME)
    return {name: await till.balance(name) for name in names}


async def test_a_session_is_closed_and_released_as_the_domain_says(till: Till, buyer: Person) -> None:
    await paid_session(till, buyer)
    assert await till.balance() == 8_451_000
    closed = await till.close()
    assert (closed.paid_count, closed.paid_amount) == (2, 8_451_000)
    before, factory_id = await shared_balances(till), uuid4()
    request = release_request(till, factory_id)
    released, *again = await asyncio.gather(*(till.ctx.call(contract.release_escrow, request) for _ in range(3)))
    assert released == contract.Released(
        session_id=till.session_id,
        total=Rupiah(8_451_000),
        cashback=Rupiah(1_560_000),
        factory=Rupiah(5_616_000),
        warehouse=Rupiah(390_000),
        commission=Rupiah(624_000),
        courier=Rupiah(27_000),
        fee_income=Rupiah(234_000),
    )
    assert again == [released, released]
    assert await till.entries(str(till.session_id)) == [
        (f"escrow/{till.session_id}", 8_451_000),
        (f"cashback_payable/{till.session_id}", -1_560_000),
        (f"payable_factory/{factory_id}", -5_616_000),
        ("payable_warehouse", -390_000),
        ("payable_courier", -27_000),
        ("commission_revenue", -624_000),
        ("fee_income", -234_000),
    ]
    assert await till.balance() == 0
    after = await shared_balances(till)
    assert [after[name] - before[name] for name in after] == [390_000, 27_000, 624_000, 234_000]
    assert [event["total"] for event in await till.events("escrow.released")] == [8_451_000]
    assert await till.value(
        "select released_at is not null from payment.escrows where session_id = $1", till.session_id
    )


@pytest.mark.parametrize("other", [{"fee": 233_999}, {"cashback": 1_560_001}, {"factory_revenue": 0}])
async def test_parts_that_do_not_add_up_release_nothing(till: Till, buyer: Person, other: dict[str, int]) -> None:
    await paid_session(till, buyer)
    await till.close()
    with pytest.raises(contract.EscrowMismatch):
        await till.ctx.call(contract.release_escrow, release_request(till, uuid4(), **other))
    assert await till.balance() == 8_451_000
    assert await till.events("escrow.released") == []
    await till.ctx.call(contract.release_escrow, release_request(till, uuid4()))
    assert await till.balance() == 0


async def test_what_is_not_closed_or_is_refunded_is_not_released(till: Till, buyer: Person) -> None:
    request = release_request(till, uuid4())
    with pytest.raises(Conflict):
        await till.ctx.call(contract.release_escrow, request)
    await paid_session(till, buyer)
    with pytest.raises(Conflict):
        await till.ctx.call(contract.release_escrow, request)
    with pytest.raises(InvalidInput):
        await till.ctx.call(contract.release_escrow, release_request(till, uuid4(), fee=-1, leg2=261_001))
    await till.close()
    await till.refund()
    with pytest.raises(Conflict):
        await till.ctx.call(contract.release_escrow, request)
    assert await till.balance() == 0
    assert await till.entries(str(till.session_id)) == []


async def test_a_released_session_is_not_refunded(till: Till, buyer: Person) -> None:
    await paid_session(till, buyer)
    await till.close()
    await till.ctx.call(contract.release_escrow, release_request(till, uuid4()))
    with pytest.raises(Conflict):
        await till.refund()
    assert await till.refunds() == []
    assert await till.events("refund.requested") == []


async def test_closing_ends_what_is_open_and_counts_what_was_paid(till: Till, buyer: Person) -> None:
    paid = await till.owe_and_pay(buyer)
    unopened, opened, untold = [await till.owe(buyer) for _ in range(3)]
    await till.open(buyer, opened.id)
    # Paid at the provider, whose callback does not come: the close asks.
    await till.pay(await till.open(buyer, untold.id), callback="hold", payment_method="QR_CODE")
    closed, *again = await asyncio.gather(till.close(), till.close(), till.close())
    assert (closed.paid_count, closed.paid_amount) == (2, 2 * A)
    assert again == [closed, closed]
    statuses = [await till.status(each) for each in (paid, unopened.id, opened.id, untold.id)]
    assert statuses == ["paid", "expired", "expired", "paid"]
    assert (await till.invoice(opened.id))["status"] == "EXPIRED"
    assert await till.balance() == 2 * A
    assert sorted(event["payment_id"] for event in await till.events("payment.expired")) == sorted(
        str(each.id) for each in (unopened, opened)
    )
    assert await till.close() == closed


async def test_a_session_without_payments_closes(till: Till) -> None:
    closed = await till.close()
    assert (closed.paid_count, closed.paid_amount) == (0, 0)
    nothing = dict.fromkeys(["cashback", "factory_revenue", "warehouse_revenue", "leg1", "leg2", "fee"], 0)
    released = await till.ctx.call(contract.release_escrow, release_request(till, uuid4(), **nothing))
    assert released.total == 0


async def test_after_the_close_nothing_is_opened_and_joins_come_too_late(till: Till, buyer: Person) -> None:
    await till.close()
    owed = await till.owe(buyer)
    assert owed.status == "expired"
    refused = await buyer.request("POST", "payment", f"/api/payments/{owed.id}/invoice")
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_closed")
    assert [event["payment_id"] for event in await till.events("payment.created")] == [str(owed.id)]
    assert [event["payment_id"] for event in await till.events("payment.expired")] == [str(owed.id)]


async def test_money_after_the_close_goes_back_by_itself(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    invoice = await till.open(buyer, owed.id)
    assert (await till.close()).paid_count == 0
    await till.pay(invoice, force=True, payment_method="EWALLET")
    await till.house.eventually(lambda: till.completed(1))
    (refund,) = await till.refunds()
    assert (refund["kind"], refund["amount"], refund["destination"]) == ("late", A, "source")
    assert await till.status(owed.id) == "expired"
    assert await till.moved(accounts.REFUND_CLEARING, owed.code, refund["code"]) == 0
    assert await till.balance() == 0
    assert await till.entries(refund["code"]) == [(accounts.REFUND_CLEARING, A), (accounts.GATEWAY_CLEARING, -A)]
    assert [event["payment_id"] for event in await till.events("payment.late_paid")] == [str(owed.id)]
    assert await till.events("payment.paid") == []


async def test_paid_and_closed_at_once_is_counted_or_goes_back(till: Till, buyer: Person) -> None:
    owed = [await till.owe(buyer) for _ in range(6)]
    invoices = [await till.open(buyer, each.id) for each in owed]
    told = [
        invoice_callback(each.code, A, till.house.clock.now(), invoice_id=invoice["id"])
        for each, invoice in zip(owed, invoices, strict=True)
    ]
    closing = asyncio.create_task(till.close())
    answers = await asyncio.gather(*(send_webhook(till.house, body) for body in told))
    closed = await closing
    outcomes = [answer.json()["outcome"] for answer in answers]
    assert set(outcomes) <= {"paid", "late"}
    assert closed.paid_count == outcomes.count("paid")
    assert closed.paid_amount == await till.balance() == outcomes.count("paid") * A
    assert len(await till.refunds()) == outcomes.count("late")


def names_of(refunds: Iterable[dict[str, Any]]) -> list[str]:
    """What refunds are called in the books: by payment, and by the wallet."""
    return [name for refund in refunds for name in (refund["code"], f"refund/{refund['id']}")]


async def test_a_session_is_refunded_once_to_source_and_wallet(till: Till, buyer: Person) -> None:
    card = await till.owe_and_pay(buyer, how={"payment_method": "CREDIT_CARD"})
    transfer = await till.owe_and_pay(buyer, how={"payment_method": "BANK_TRANSFER"}, **PART_B)
    await till.close()
    started = await asyncio.gather(*(till.refund() for _ in range(4)))
    assert all((each.count, each.amount) == (2, A + B) for each in started)
    await till.house.eventually(lambda: till.completed(2))
    refunds = {refund["payment_id"]: refund for refund in await till.refunds()}
    assert (refunds[card]["destination"], refunds[card]["amount"]) == ("source", A)
    assert (refunds[transfer]["destination"], refunds[transfer]["amount"]) == ("wallet", B)
    assert await till.entries(refunds[card]["code"]) == [
        (f"escrow/{till.session_id}", A),
        (accounts.REFUND_CLEARING, -A),
        (accounts.REFUND_CLEARING, A),
        (accounts.GATEWAY_CLEARING, -A),
    ]
    assert [await till.status(each) for each in (card, transfer)] == ["refunded", "refunded"]
    assert await till.balance() == 0
    assert await till.moved(accounts.REFUND_CLEARING, *names_of(refunds.values())) == 0
    assert await till.balance(accounts.wallet(buyer.id)) == B
    requested, done = await till.events("refund.requested"), await till.events("refund.completed")
    assert [event["reason"] for event in requested] == ["order_cancelled"] * 2
    assert sorted((event["destination"], event["amount"]) for event in done) == [("source", A), ("wallet", B)]
    assert (await till.refund()).count == 2
    assert len(await till.events("refund.requested")) == 2


async def test_refunding_an_open_session_ends_what_is_unpaid(till: Till, buyer: Person) -> None:
    owed = await till.owe(buyer)
    invoice = await till.open(buyer, owed.id)
    started = await till.refund("group_failed_moq")
    assert (started.count, started.amount) == (0, 0)
    assert await till.status(owed.id) == "expired"

    async def closed() -> bool:
        return str((await till.invoice(owed.id))["status"]) == "EXPIRED"

    await till.house.eventually(closed)
    await till.pay(invoice, force=True, payment_method="EWALLET")
    await till.house.eventually(lambda: till.completed(1))
    assert [refund["kind"] for refund in await till.refunds()] == ["late"]
    assert await till.balance() == 0


async def test_no_reason_no_refund(till: Till, buyer: Person) -> None:
    await till.owe_and_pay(buyer)
    with pytest.raises(InvalidInput):
        await till.refund("because")
    assert await till.refunds() == []
    assert await till.balance() == A


async def test_the_database_refuses_to_give_back_more_than_came_in(till: Till, buyer: Person) -> None:
    payment_id = await till.owe_and_pay(buyer)
    invoice_id = await till.value("select invoice_id from payment.payments where id = $1", payment_id)
    insert = """
        insert into payment.refunds (id, code, payment_id, invoice_id, kind, amount, reason, status, destination,
                                     next_look_at, requested_at)
        values ($1, $2, $3, $4, $5, $6, 'other', $7, 'wallet', $8, $8)
    """
    now = till.house.clock.now() + timedelta(days=365)
    db = till.house.context("payment").db

    async def write(number: int, kind: str, amount: int, status: str = "pending") -> None:
        code = f"REF-20261123-{till.session_id.hex[:5].upper()}{number}"
        await db.execute(insert, uuid4(), code, payment_id, invoice_id, kind, amount, status, now)

    await write(1, "session", A - 1_000)
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid"):
        await write(2, "late", 1_001)
    await write(3, "late", 1_000)
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid"):
        await write(4, "twice", 1)
    await write(5, "twice", 5_000, "rejected")
    with pytest.raises(asyncpg.CheckViolationError, match="exceeds what was paid"):
        await db.execute("update payment.refunds set status = 'pending' where payment_id = $1", payment_id)
    with pytest.raises(asyncpg.UniqueViolationError):
        await write(6, "session", 1, "rejected")
    await db.execute("delete from payment.refunds where payment_id = $1", payment_id)
    both = await asyncio.gather(write(7, "session", A), write(8, "late", A), return_exceptions=True)
    refused = [each for each in both if each is not None]
    assert [type(each) for each in refused] == [asyncpg.CheckViolationError]
