"""Settlements for tests: a factory with sales that other services tell of, days that pass, and what became of it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from patungan.contracts import order, payment, warehouse
from patungan.kernel.identity import Role, Scope
from patungan.kernel.money import Rupiah, half_up_percent
from patungan.kernel.time import JAKARTA
from patungan.ledger import accounts
from patungan.ledger.accounts import Account
from patungan.ledger.posting import balance_of, credit, debit, journal, post
from patungan.services.settlement.rules import payout_day
from tests.house import House, Person
from tests.shop import registered_factory

BANK = {"code": "BCA", "account_number": "8410000101", "account_name": "Pabrik Contoh"}
FAILING = {**BANK, "account_number": "0000121212"}
"""The sandbox fails a payout to it with INVALID_DESTINATION."""
RETURNING = {**BANK, "account_number": "0000654321"}
"""A payout to it succeeds, and comes back."""
STAYING = {**BANK, "account_number": "0000131313"}
"""A payout to it stays where it is."""


async def clerk(house: House) -> Person:
    return await house.person(Role.OFFICE_STAFF, Scope.FINANCE)


def recomputed(statement: Any) -> int:
    """A statement's sum as its payee recomputes it: each line from its own figures, with 10 % rounded half up."""
    total = 0
    for line in statement["lines"]:
        if line["kind"] in ("order", "surplus"):
            assert line["value"] == line["quantity"] * line["unit_price"]
        if line["kind"] == "order":
            before, after = line["before"], line["before"] + line["value"]
            assert line["commission"] == (after * 10 + 50) // 100 - (before * 10 + 50) // 100
            assert line["order_id"] and line["order_item_id"] and line["transaction_id"]
        assert line["amount"] == line["value"] - line["commission"]
        total += line["amount"]
    return total


class Payday:
    """A factory that is owed money, and the ways to its settlement."""

    def __init__(self, house: House, owner: Person, factory: dict[str, Any], finance: Person) -> None:
        self.house, self.owner, self.finance = house, owner, finance
        self.factory_id = UUID(factory["id"])

    @classmethod
    async def open(cls, house: House, bank: dict[str, Any] | None = BANK) -> Payday:
        owner = await house.person()
        given = {} if bank is None else {"bank": bank}
        factory = await registered_factory(owner, **({"bank": None} | given))
        return cls(house, owner, factory, await clerk(house))

    async def sold(self, value: int, *, from_stock: int = 0, units: int = 1, percent: int = 10) -> Sale:
        """A session's sale of units at a price, whose escrow was released; so many units are from old stock."""
        price = value // units
        revenue = price * (units - from_stock)
        owed = revenue - half_up_percent(revenue, percent)
        sale = Sale(self, uuid4(), price)
        ctx = self.house.context("payment")
        sides = (
            debit(accounts.GATEWAY_CLEARING, revenue),
            credit(accounts.payable_factory(self.factory_id), owed),
            credit(accounts.COMMISSION_REVENUE, revenue - owed),
        )
        async with ctx.db.transaction() as tx:
            key = f"escrow/{sale.session_id}/released"
            await post(tx, ctx.chance, ctx.clock.now(), [journal(key, "escrow_released", str(sale.session_id), *sides)])
            released = payment.EscrowReleased(
                session_id=sale.session_id, total=Rupiah(revenue), factory_id=self.factory_id,
                factory_revenue=Rupiah(revenue), factory=Rupiah(owed), commission_percent=percent,
            )  # fmt: skip
            await ctx.publish(tx, released)
        ctx = self.house.context("warehouse")
        async with ctx.db.transaction() as tx:
            line = warehouse.PlannedUnits(variant_id=None, quantity=units, from_stock=from_stock)
            planned = warehouse.DemandPlanned(
                session_id=sale.session_id, product_id=sale.product_id, factory_id=self.factory_id, lines=[line]
            )
            await ctx.publish(tx, planned)
        return sale

    async def delivered(self, value: int) -> order.OrderDelivered:
        """A sale of one unit, delivered now and reckoned."""
        sale = await self.sold(value)
        return await sale.delivered()

    async def surplus(self, units: int, unit_cost: int) -> None:
        """Goods that came beyond what was sold."""
        ctx = self.house.context("warehouse")
        async with ctx.db.transaction() as tx:
            closed = warehouse.PurchaseOrderClosed(
                purchase_order_id=uuid4(), code="PO-20261123-ABCDE", factory_id=self.factory_id,
                product_name="Kemeja", session_id=None,
                surplus=[warehouse.SurplusUnits(variant_id=None, units=units, unit_cost=Rupiah(unit_cost))],
            )  # fmt: skip
            await ctx.publish(tx, closed)
        await self.has_lines("surplus")

    async def has_lines(self, kind: str, count: int = 1) -> None:
        """Wait until the factory has that many lines of a kind."""

        async def there() -> bool:
            return bool(await self.count(kind) == count)

        await self.house.eventually(there, seconds=120)

    async def count(self, kind: str) -> int:
        query = "select count(*) from lines where payee_id = $1 and kind = $2"
        return int(await self.value(query, self.factory_id, kind))

    async def value(self, query: str, *args: Any) -> Any:
        return (await self.house.context("settlement").db.fetchrow(query, *args))[0]

    def until(self, day: date, hour: int = 10) -> None:
        """Let time pass until a day in Jakarta; not back."""
        moment = datetime.combine(day, time(hour), tzinfo=JAKARTA)
        self.house.clock.advance(max(timedelta(0), moment - self.house.clock.now()))

    def until_payday(self) -> date:
        """Let time pass until what is delivered now is paid."""
        day = payout_day(self.house.clock.now())
        self.until(day)
        return day

    async def generate_response(self, pay_on: date | None = None, **other: Any) -> httpx.Response:
        body = {"payee_id": str(self.factory_id), **({"pay_on": pay_on.isoformat()} if pay_on else {}), **other}
        return await self.finance.request("POST", "settlement", "/api/settlements/generate", body)

    async def settlements(self) -> list[dict[str, Any]]:
        """The factory's settlements as its owner sees them, the newest first."""
        listed = await self.owner.get("settlement", "/api/settlements")
        items: list[dict[str, Any]] = listed["items"]
        return items

    async def settled(self, pay_on: date | None = None) -> dict[str, Any]:
        """The settlement of the last period."""
        answer = await self.generate_response(pay_on)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()["settlement"]
        assert made is not None
        return made

    async def becomes(self, settlement: dict[str, Any], status: str) -> dict[str, Any]:
        """Wait until a settlement has that status."""
        path = f"/api/settlements/{settlement['id']}"

        async def there() -> bool:
            return bool((await self.owner.get("settlement", path))["status"] == status)

        await self.house.eventually(there, seconds=120)
        shown: dict[str, Any] = await self.owner.get("settlement", path)
        return shown

    async def statement(self, settlement: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = await self.owner.get("settlement", f"/api/settlements/{settlement['id']}/statement")
        return shown

    async def balance(self, account: Account | None = None) -> int:
        """What we owe the factory, or what another account holds."""
        found = account or accounts.payable_factory(self.factory_id)
        return await balance_of(self.house.context("settlement").db, found)

    async def refund(self, delivered: order.OrderDelivered, amount: int) -> UUID:
        """A refund of a delivered order that the platform bore."""
        ctx, refund_id = self.house.context("payment"), uuid4()
        before = await self.count("refund")
        async with ctx.db.transaction() as tx:
            completed = payment.RefundCompleted(
                refund_id=refund_id, code="REF-20261123-ABCDEF", payment_id=uuid4(),
                participant_id=delivered.participant_id or uuid4(), session_id=delivered.session_id or uuid4(),
                user_id=delivered.user_id, amount=Rupiah(amount), reason="quality_issue", destination="wallet",
                borne_by="platform",
            )  # fmt: skip
            await ctx.publish(tx, completed)
        await self.has_lines("refund", before + 1)
        return refund_id

    async def agree(self, **terms: Any) -> dict[str, Any]:
        path = f"/api/settlements/agreements/factory/{self.factory_id}"
        answer = await self.finance.request("PUT", "settlement", path, terms)
        assert answer.status_code == 200, answer.text
        agreed: dict[str, Any] = answer.json()
        return agreed

    async def adjusted(self, amount: int, reason: str = "Potongan karena terlambat") -> dict[str, Any]:
        """A correction that two persons made."""
        body = {"payee_id": str(self.factory_id), "amount": amount, "reason": reason}
        asked = await self.finance.post("settlement", "/api/settlements/adjustments", body)
        second = await clerk(self.house)
        path = f"/api/settlements/adjustments/{asked['id']}/approve"
        decided: dict[str, Any] = await second.post("settlement", path)
        return decided

    async def do(
        self, settlement: dict[str, Any], what: str, body: Any = None, by: Person | None = None
    ) -> httpx.Response:
        """Do something with a settlement."""
        path = f"/api/settlements/{settlement['id']}/{what}"
        return await (by or self.finance).request("POST", "settlement", path, body)


class Sale:
    """A released sale of a session."""

    def __init__(self, payday: Payday, session_id: UUID, price: int) -> None:
        self.payday, self.session_id, self.price = payday, session_id, price
        self.product_id = uuid4()

    async def delivered(self, quantity: int = 1, *, lines: bool = True) -> order.OrderDelivered:
        """An order of the sale arrives; ``lines`` says whether it is owed for."""
        ctx, value = self.payday.house.context("order"), Rupiah(quantity * self.price)
        before = await self.payday.count("order")
        item = order.DeliveredItem(
            order_item_id=uuid4(), product_id=self.product_id, variant_id=None, factory_id=self.payday.factory_id,
            quantity=quantity, unit_price=Rupiah(self.price), subtotal=value,
        )  # fmt: skip
        told = order.OrderDelivered(
            order_id=uuid4(), number="ORD-20261123-ABCDEFG", user_id=uuid4(), factory_id=self.payday.factory_id,
            session_id=self.session_id, participant_id=uuid4(), items=[item], product_value=value,
            delivered_at=ctx.clock.now(),
        )  # fmt: skip
        async with ctx.db.transaction() as tx:
            await ctx.publish(tx, told)
        if lines:
            await self.payday.has_lines("order", before + 1)
        else:
            await self.payday.house.eventually(lambda: self._reckoned(told.order_id), seconds=120)
        return told

    async def _reckoned(self, order_id: UUID) -> bool:
        query = "select count(*) from orders where order_id = $1 and reckoned_at is not null"
        return bool(await self.payday.value(query, order_id))
