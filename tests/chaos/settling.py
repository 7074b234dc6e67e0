"""A round's payees: what they sold arrives, is partly refunded, and is settled with them on Fridays."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx

from patungan.contracts import order as orders
from patungan.contracts import payment as contract
from patungan.kernel.money import Rupiah
from patungan.kernel.time import JAKARTA
from patungan.services.settlement.rules import friday_from, local_day, payout_day
from tests.chaos.plan import LateRefund, Payee
from tests.house import Person
from tests.payday import BANK, FAILING, RETURNING

if TYPE_CHECKING:
    from tests.chaos.acts import Round

ACCOUNTS = {
    "good": BANK,
    "failing": FAILING,
    "late_failing": {**BANK, "account_number": "0000999999"},
    "returning": RETURNING,
}
WAY = ("processing", "ready_for_pickup", "picked_up", "in_transit", "delivered")
"""What an order goes through from its payment to its buyer."""


class Settlements:
    """What a round does for its payees: the factory of its session, the sellers of its orders, and their agents' office."""

    def __init__(self, round_: Round) -> None:
        self._round, self._stack, self._plan = round_, round_.stack, round_.plan
        self.house = round_.house
        self.paid_on: date | None = None
        """The last Friday that came."""
        self._began = self._came_at = self.house.clock.now()
        self._delivered: list[tuple[str, UUID, int]] = []
        """What was delivered and paid out: orders and participants by their ids, with the value of their goods."""

    async def agree(self) -> None:
        """Give every payee the account and the terms of the plan."""
        for number, payee in enumerate(self._plan.payees):
            await self._use_account(number, payee.account)
            await self._agree(number, payee)
        # Whoever changes the account of a verified factory waits for another look at its papers.
        factory_id = self._stack.payees[0].id
        standing = await self._stack.value(
            "select verification_status from factory.factories where id = $1", factory_id
        )
        if standing == "pending":
            path, body = f"/api/factories/{factory_id}/verification", {"decision": "verified"}
            await self._say(self._stack.market.admin, "POST", "factory", path, body)

    async def _use_account(self, number: int, account: str) -> None:
        payee, bank = self._stack.payees[number], ACCOUNTS[account]
        if payee.kind == "office":
            path = f"/api/offices/{payee.id}/bank-account"
            body = {"bank_code": bank["code"], **{name: bank[name] for name in ("account_number", "account_name")}}
            await self._say(payee.owner, "PUT", "office", path, body)
        else:
            path = "/api/sellers/mine" if payee.kind == "seller" else f"/api/factories/{payee.id}"
            await self._say(payee.owner, "PATCH", payee.kind, path, {"bank": bank})

    async def _agree(self, number: int, payee: Payee) -> None:
        payable, office = self._stack.payees[number], self._stack.payees[-1]
        terms: dict[str, Any] = {"cycle": payee.cycle}
        if payee.office and payable is not office:
            terms |= {"office_id": str(office.id), "office_percent": payee.office}
        if payee.on_hold:
            terms["on_hold"] = "Papers are looked at again"
        path = f"/api/settlements/agreements/{payable.kind}/{payable.id}"
        await self._say(self._stack.finance[0], "PUT", "settlement", path, terms)

    async def _say(self, person: Person, method: str, service: str, path: str, body: Any = None) -> httpx.Response:
        response = await self._stack.ask(person, method, service, path, body)
        assert response.status_code < 300, f"{method} {path}: {response.text}"
        return response

    async def deliver(self, buyer_id: UUID, sold: contract.OrderAllocation, seller: int) -> None:
        """A seller's order arrives, and its escrow is released."""
        payee_id, product = self._stack.payees[1 + seller].id, self._stack.market.product
        item = orders.DeliveredItem(
            order_item_id=uuid4(),
            product_id=UUID(product["id"]),
            variant_id=None,
            factory_id=UUID(product["factory_id"]),
            quantity=1,
            unit_price=sold.product_amount,
            subtotal=sold.product_amount,
        )
        ctx = self.house.context("order")
        told = orders.OrderDelivered(
            order_id=sold.order_id,
            number=sold.order_number,
            user_id=buyer_id,
            factory_id=item.factory_id,
            session_id=None,
            items=[item],
            product_value=sold.product_amount,
            delivered_at=ctx.clock.now(),
            seller_id=payee_id,
            source="seller",
        )
        async with ctx.db.transaction() as tx:
            await ctx.publish(tx, told)
        request = contract.ReleaseOrderEscrow(
            order_id=sold.order_id,
            seller_id=payee_id,
            seller_revenue=sold.product_amount,
            warehouse_revenue=Rupiah(0),
            shipping=sold.shipping_amount,
            fee=sold.fee_amount,
        )
        await self._stack.call(contract.release_order_escrow, request)
        self._delivered.append(("order", sold.order_id, sold.product_amount))
        self._round.done["releases"] += 1

    async def goods_arrive(self) -> None:
        """The factory makes what the session has sold, and the warehouse takes it in."""
        market, path = self._stack.market, "/api/warehouse/purchase-orders"
        found = await self._say(market.owner, "GET", "warehouse", f"{path}?session_id={self._round.session['id']}")
        for bought in found.json()["items"]:
            if bought["status"] != "pending":
                continue
            for status in ("confirmed", "in_production", "shipped"):
                body = {"status": status}
                await self._say(market.owner, "POST", "warehouse", f"{path}/{bought['id']}/status", body)
            lines = [{"received": each["ordered"]} for each in bought["lines"]]
            await self._say(market.admin, "POST", "warehouse", f"{path}/{bought['id']}/receipts", {"lines": lines})
            self._round.done["purchase orders"] += 1

    async def session_orders_arrive(self) -> None:
        """The orders of the round's session go their way to their buyers."""
        query = 'select id, participant_id, subtotal from "order".orders where session_id = $1 order by id'
        found = await self._stack.rows(query, UUID(self._round.session["id"]))
        if not found:
            return
        for status in WAY:
            body = {"order_ids": [str(each["id"]) for each in found], "status": status}
            moved = await self._say(self._stack.market.admin, "POST", "order", "/api/orders/all/status", body)
            assert moved.json()["moved"] == len(found), moved.text
        self._delivered += [("participant", each["participant_id"], each["subtotal"]) for each in found]
        self._round.done["session orders delivered"] += len(found)

    async def refund(self, wish: LateRefund) -> None:
        """Part of what was delivered goes back, be it settled or not; payees bear it."""
        if not self._delivered:
            return
        kind, subject, value = self._delivered[wish.order % len(self._delivered)]
        amount = Rupiah(max(1, value * wish.share // 100))
        wanted: contract.RefundOrder | contract.RefundParticipant
        if kind == "order":
            operation: Any = contract.refund_order
            wanted = contract.RefundOrder(request_id=uuid4(), order_id=subject, reason="quality_issue", amount=amount)
        else:
            operation = contract.refund_participant
            wanted = contract.RefundParticipant(
                request_id=uuid4(), participant_id=subject, reason="quality_issue", amount=amount
            )
        try:
            await self._stack.call(operation, wanted)
            self._round.done["refunds of what was delivered"] += 1
        except contract.RefundNotPossible:
            self._round.done["refused: refund_not_possible"] += 1

    async def make(self) -> None:
        """What a scheduler does that had missed the moment, or was not sure."""
        await self._stack.have_done("settlement", "/api/settlements/run")

    async def until_friday(self) -> None:
        """Let the complaint window of all that was delivered pass, until the Friday on which it is paid; and after it, a
        week."""
        now = self.house.clock.now()
        day = friday_from(local_day(now) + timedelta(days=1)) if self.paid_on else payout_day(now)
        self.house.clock.advance(datetime.combine(day, time(10), tzinfo=JAKARTA) - now)
        self.paid_on, self._came_at = day, self.house.clock.now()

    async def work_off(self) -> None:
        """Finance does what waits for it: approves what is large, releases what is held, and has what failed paid to an
        account that takes it."""
        query = """
            select id, status, payee_id, requires_approval,
                (select count(*) from settlement.approvals a where a.settlement_id = s.id) as approvals
            from settlement.settlements s where status in ('pending', 'on_hold', 'failed')
        """
        for row in await self._stack.rows(query):
            if row["status"] == "failed":
                await self._have_paid(row)
                continue
            if row["requires_approval"] and row["approvals"] < 2:
                for person in self._stack.finance:
                    await self._decide(person, row["id"], "approve")
            if row["status"] == "on_hold":
                await self._decide(self._stack.finance[0], row["id"], "release")

    async def _have_paid(self, failed: Any) -> None:
        number = next(place for place, one in enumerate(self._stack.payees) if one.id == failed["payee_id"])
        await self._use_account(number, "good")
        await self._decide(self._stack.finance[0], failed["id"], "retry")

    async def _decide(self, person: Person, settlement_id: UUID, what: str) -> None:
        response = await self._stack.ask(person, "POST", "settlement", f"/api/settlements/{settlement_id}/{what}")
        assert response.status_code in (200, 409), response.text
        self._round.done[f"settlements: {what}"] += response.status_code == 200

    async def assert_paid(self) -> None:
        """Fails unless every settlement was paid once as its statement says, nothing that was due is left, and payees'
        accounts hold exactly what is not yet due."""
        query = """
            select id, code, payout_amount, carried_out, attempt from settlement.settlements
            where created_at >= $1 or ended_at >= $1 order by code
        """
        settled = await self._stack.rows(query, self._began)
        for row in settled:
            await self._assert_statement(row)
        self._round.done["settlements"] += len(settled)
        self._round.done["settlements' attempts"] += sum(each["attempt"] for each in settled)
        left = await self._stack.rows(_LEFT, self.paid_on, self._came_at)
        assert not left, f"due and not settled: {[dict(each) for each in left]}"
        differing = [dict(each) for each in await self._stack.rows(_OWED)]
        assert not differing, f"payees' accounts do not hold what is not yet due: {differing}"

    async def _assert_statement(self, settlement: Any) -> None:
        path = f"/api/settlements/{settlement['id']}/statement"
        shown = (await self._say(self._stack.finance[0], "GET", "settlement", path)).json()
        total, paid, code = sum(each["amount"] for each in shown["lines"]), 0, settlement["code"]
        for attempt in range(1, settlement["attempt"] + 1):
            paid += await self._paid_under(code if attempt == 1 else f"{code}-{attempt}")
        assert paid == settlement["payout_amount"], f"{code}: the provider paid {paid}"
        carried = settlement["carried_out"]
        assert total == paid + carried, f"{code}: its lines are {total}, of which {carried} are carried over"

    async def _paid_under(self, reference: str) -> int:
        answer = await self.house.client.get(
            f"{self.house.sandbox_url}/xendit/v2/payouts",
            params={"reference_id": reference},
            auth=(self.house.environment["XENDIT_SECRET_KEY"], ""),
        )
        return sum(int(each["amount"]) for each in answer.json()["data"] if each["status"] == "SUCCEEDED")


# An order with an open refund waits for a later period (docs/decisions/0053).
_LEFT = """
    select kind, description, due_on from settlement.lines l
    where settlement_id is null and kind <> 'carried_over' and due_on < $1 and not exists (
        select from settlement.refunds r
        where (r.order_id = l.order_id or r.participant_id = l.participant_id) and r.completed_at >= $2)
"""
_OWED = """
    with owed as (
        select payee_kind, payee_id, amount from settlement.lines where settlement_id is null
        union all
        select 'seller', r.seller_id, r.payable from settlement.order_releases r
        where r.seller_id is not null and not exists (
            select from settlement.orders o where o.order_id = r.order_id and o.reckoned_at is not null)
        union all
        select 'factory', s.factory_id, s.payable
            - coalesce((select sum(l.value - l.commission) from settlement.lines l
                        where l.session_id = s.session_id and l.kind = 'order'), 0)
        from settlement.sessions s where s.factory_id is not null
    ), due as (
        select payee_kind, payee_id, sum(amount) as amount from owed group by 1, 2
    )
    select payee_kind, payee_id, coalesce(amount, 0) as expected,
        ledger.balance_of('payable_' || payee_kind || '/' || payee_id) as found
    from due where ledger.balance_of('payable_' || payee_kind || '/' || payee_id) <> coalesce(amount, 0)
"""
