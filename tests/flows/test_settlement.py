"""From a session to its factory's bank, in every shape: delivered, settled on its Friday, paid, and the books whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from patungan.ledger import accounts
from patungan.services.settlement.rules import payout_day
from tests.books import assert_books_whole, nothing_under_way
from tests.house import House, Person
from tests.market import Buyer, Market
from tests.payday import FAILING, Payday, clerk, recomputed
from tests.people import office_with
from tests.purse import faults, payouts

ORDERS = "/api/warehouse/purchase-orders"
OWED = 4_752_000 + 480_000 - 16_906
"""What the factory is paid: what was sold of its goods, what was over, less the card fees beyond those that buyers paid."""


async def sold_out(market: Market, session: Any) -> list[Buyer]:
    """The two buyers of DOMAIN.md 6.2, 40 and 38 units, 12 of them from old stock; the rest is bought, with 6 to spare."""
    buyers = [await market.buyer() for _ in range(2)]
    for buyer, quantity in zip(buyers, (40, 38), strict=True):
        # The provider keeps more of a card's money than buyers pay for it.
        await buyer.pay(await buyer.join(session, quantity), "CREDIT_CARD", "CREDIT_CARD")
    await market.paid_units(session, 78)
    await market.end(session)
    await market.reaches(session, "pending_stock")
    (bought,) = (await market.owner.get("warehouse", ORDERS, session_id=session["id"]))["items"]
    for status in ("confirmed", "in_production", "shipped"):
        await market.owner.post("warehouse", f"{ORDERS}/{bought['id']}/status", {"status": status})
    await market.admin.post("warehouse", f"{ORDERS}/{bought['id']}/receipts", {"lines": [{"received": 72}]})
    await market.reaches(session, "orders_created")
    return buyers


async def deliver(market: Market, buyer: Buyer) -> str:
    """Have a buyer's order delivered; answers its id."""
    (order,) = (await buyer.person.get("order", "/api/orders"))["items"]
    for status in ("processing", "ready_for_pickup", "picked_up", "in_transit", "delivered"):
        body = {"status": status, "note": "sampai"}
        answer = await market.admin.request("POST", "order", f"/api/orders/{order['id']}/status", body)
        assert answer.status_code == 200, answer.text
    return str(order["id"])


async def test_from_the_session_to_the_bank(house: House) -> None:
    market = await Market.open(house)
    await market.stock(12)
    session = await market.session()
    buyers = await sold_out(market, session)
    factory_id = UUID(market.product["factory_id"])
    payday = Payday(house, market.owner, {"id": str(factory_id)}, await clerk(house))
    office, ((manager, _),) = await office_with(house, market.admin, "office_manager")
    account = {"bank_code": "BRI", "account_number": "034101000743303", "account_name": "Kantor Pekalongan"}
    given = await manager.request("PUT", "office", f"/api/offices/{office['id']}/bank-account", account)
    assert given.status_code == 200, given.text
    await payday.agree(office_id=office["id"], office_percent=10)
    await payday.has_lines("surplus")
    assert await payday.balance() == 4_752_000 + 480_000
    for place, buyer in enumerate(buyers, 1):
        await deliver(market, buyer)
        await payday.has_lines("order", place)
    await assert_books_whole(house)
    day = payout_day(house.clock.now())
    shown = await market.owner.get("settlement", "/api/settlements/preview", payee_id=str(factory_id))
    assert shown["net_amount"] in (480_000, OWED)
    payday.until(day, hour=8)
    payday.until(day)
    await house.eventually(lambda: _one(payday), seconds=60)
    made = await payday.becomes((await payday.settlements())[0], "completed")
    assert (made["pay_on"], made["value"], made["commission"]) == (day.isoformat(), 5_280_000, 528_000)
    assert (made["net_amount"], made["payout_amount"], made["carried_out"]) == (OWED, OWED, 0)
    statement = await payday.statement(made)
    orders = [each for each in statement["lines"] if each["kind"] == "order"]
    assert [(each["quantity"], each["amount"]) for each in orders] == [(28, 2_016_000), (38, 2_736_000)]
    assert {each["ledger_key"] for each in orders} == {f"escrow/{session['id']}/released"}
    assert [each["amount"] for each in statement["lines"] if each["kind"] == "gateway_fee"] == [OWED - 5_232_000]
    assert recomputed(statement) == made["net_amount"] == -sum(each["amount"] for each in statement["postings"])
    assert await payday.balance() == 0
    assert [each["amount"] for each in await payouts(house, made["code"])] == [OWED]
    assert (made["office_share"], await payday.balance(accounts.payable_office(UUID(office["id"])))) == (52_800, 52_800)
    await assert_books_whole(house)
    await _refunded_afterwards(payday, buyers[0], day)
    await _office_paid(payday, manager, UUID(office["id"]), made["code"])


async def _office_paid(payday: Payday, manager: Person, office_id: UUID, code: str) -> None:
    """A week after its factory the office is paid: its share, less that of the commission that was given back."""
    house = payday.house

    async def there() -> bool:
        listed = await manager.get("settlement", "/api/settlements")
        return [each["status"] for each in listed["items"]] == ["completed"]

    await house.eventually(there, seconds=120)
    (paid,) = (await manager.get("settlement", "/api/settlements"))["items"]
    assert (paid["payee_kind"], paid["payee_name"], paid["payout_amount"]) == ("office", "Kantor Pekalongan", 47_200)
    statement = await manager.get("settlement", f"/api/settlements/{paid['id']}/statement")
    assert [(each["kind"], each["amount"]) for each in statement["lines"]] == [
        ("office_share", 52_800),
        ("office_share", -5_600),
    ]
    assert statement["lines"][0]["description"] == code
    assert -sum(each["amount"] for each in statement["postings"]) == 47_200
    assert await payday.balance(accounts.payable_office(office_id)) == 0
    assert [each["amount"] for each in await payouts(house, paid["code"])] == [47_200]
    await assert_books_whole(house)


async def _one(payday: Payday) -> bool:
    return len(await payday.settlements()) >= 1


async def _refunded_afterwards(payday: Payday, buyer: Buyer, day: Any) -> None:
    """10 of the 40 units go back after they were settled: the factory's part of them is missing from its next settlement."""
    house, second = payday.house, await clerk(payday.house)
    (paid,) = (await buyer.person.get("payment", "/api/payments"))["items"]
    body = {"payment_id": paid["id"], "note": "Sepuluh rusak", "reason": "quality_issue", "amount": 800_000}
    asked = await buyer.person.post("payment", "/api/refunds/requests", body)
    for person in (payday.finance, second)[: asked["needed"]]:
        await person.post("payment", f"/api/refunds/requests/{asked['id']}/approvals")
    await payday.has_lines("refund")
    # 800,000 of 3,200,000 is a quarter of the order; 28 of its 40 units were the factory's: 560,000 less 10 %.
    assert await payday.balance() == -504_000
    payday.until(day + timedelta(days=7), hour=8)
    payday.until(day + timedelta(days=7))
    carried = await payday.becomes(await payday.settled(), "completed")
    assert (carried["net_amount"], carried["payout_amount"], carried["carried_out"]) == (-504_000, 0, -504_000)
    assert carried["commission"] == -56_000
    await assert_books_whole(house)


async def test_failed_tried_again_and_lost_on_the_way(house: House) -> None:
    payday = await Payday.open(house, FAILING)
    await payday.adjusted(1_500_000, "Uang muka bahan baku")
    await payday.agree(cycle="daily", office_id=str(UUID(int=7)), office_percent=10)
    failed = await payday.becomes(await payday.settled(), "failed")
    assert (failed["failure_reason"], await payday.balance()) == ("INVALID_DESTINATION", 1_500_000)
    await assert_books_whole(house)
    changed = await payday.owner.request(
        "PATCH", "factory", f"/api/factories/{payday.factory_id}",
        {"bank": {"code": "BNI", "account_number": "0912345678", "account_name": "Pabrik Contoh"}},
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    # The provider carries the second attempt out and its answer is lost, and so is its callback.
    await faults(house, {"provider": "xendit", "operation": "create_payout", "action": "timeout_after"},
                 {"provider": "xendit", "operation": "callback.payout*", "action": "lose"})  # fmt: skip
    assert (await payday.do(failed, "retry")).status_code == 200

    async def sent() -> bool:
        return len(await payouts(house, f"{failed['code']}-2")) == 1

    await house.eventually(sent, seconds=30)
    await faults(house)
    house.later(minutes=5)
    paid = await payday.becomes(failed, "completed")
    assert (paid["attempt"], paid["bank_code"], paid["number_last4"]) == (2, "BNI", "5678")
    assert len(await payouts(house, f"{failed['code']}-2")) == 1
    assert (await payday.balance(), await payday.balance(accounts.payable_office(UUID(int=7)))) == (0, 0)
    await nothing_under_way(house)
    await assert_books_whole(house)
    await _approved_by_two(house)


async def _approved_by_two(house: House) -> None:
    """A large settlement waits for two persons."""
    payday, second = await Payday.open(house), await clerk(house)
    await payday.adjusted(50_000_001, "Uang muka bahan baku")
    await payday.agree(cycle="daily")
    made = await payday.settled()
    assert (made["status"], made["requires_approval"]) == ("pending", True)
    assert (await payday.do(made, "approve")).json()["status"] == "pending"
    assert (await payday.do(made, "approve")).status_code == 409
    assert (await payday.do(made, "approve", by=second)).json()["status"] == "scheduled"
    await payday.becomes(made, "completed")
    assert [each["amount"] for each in await payouts(house, made["code"])] == [50_000_001]
    assert await payday.balance() == 0
    await assert_books_whole(house)
