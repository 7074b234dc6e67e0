"""A plan carried out: everybody acts at their moments, and asks on until they are answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from patungan.contracts import payment as contract
from patungan.kernel.money import Rupiah
from tests.chaos.plan import Batch, Join, Jump, Kill, Outage, Payday, Plan, Purchase, Trouble, Withdrawal
from tests.chaos.settling import Settlements
from tests.chaos.stack import PATIENCE, Stack
from tests.house import Person
from tests.market import Buyer
from tests.purse import ACCOUNT, FAILING, RETURNING

ACCOUNTS = {
    "good": ACCOUNT,
    "failing": FAILING,
    "late_failing": {**ACCOUNT, "account_number": "0000999999"},
    "returning": RETURNING,
}
PAID_WITHIN = 1.0
"""Seconds that a buyer waits to see a payment as paid, or money in the wallet; who does not comes back on the payday."""
PAYABLE_MINUTES = 120

EXPECTED_REFUSALS = {
    "payment_closed",
    "insufficient_balance",
    "withdrawal_too_small",
    "withdrawal_limit_reached",
    "withdrawal_not_pending",
    "refund_not_possible",
    "session_not_open",
    "session_ended",
    "too_many_holds",
    "quantity_refused",
}


class Round:
    """One round of chaos under way."""

    def __init__(self, stack: Stack, plan: Plan) -> None:
        self.stack, self.plan, self.house = stack, plan, stack.house
        self.buyers: list[Buyer] = []
        self.session: Any = None
        self.done: Counter[str] = Counter()
        self.settlements = Settlements(self)
        self.late: list[str] = []
        """Invoices that are paid once they are over."""
        self.promised: dict[str, list[UUID]] = {"wallet.withdrawals": [], "payment.refund_requests": []}
        """What was answered as done, by table: it must be there in the end."""
        self._unseen: list[tuple[UUID, contract.CreateOrderPayments, Purchase]] = []
        """Payments that nobody has seen as paid yet."""
        self._empty: list[Withdrawal] = []
        """Withdrawals for which there was nothing in the wallet yet."""
        self._began = 0.0
        self._joining = len(plan.joins)
        """Joins that are not answered yet."""

    async def prepare(self) -> None:
        """Buyers, payees with what is agreed, and a session with some goods for it."""
        market = self.stack.market
        self.buyers = await asyncio.gather(*(self.stack.patiently(market.buyer) for _ in range(self.plan.buyers)))
        await self.settlements.agree()
        await self.stack.patiently(lambda: market.stock(self.plan.stock))
        self.session = await self.stack.patiently(lambda: market.session(hours=24, target_moq=16))

    async def trade(self) -> None:
        """Everything that the plan says of the trade, all at its own time."""
        plan = self.plan
        acts: list[Awaitable[None]] = [self._at(each.at, self._purchase(each)) for each in plan.purchases]
        acts += [self._at(each.at, self._join(each)) for each in plan.joins]
        acts += [self._at(each.at, self._withdraw(each)) for each in plan.withdrawals]
        acts += [self._at(each.at, self.send_withdrawals(each)) for each in plan.batches]
        acts += [self._at(plan.session_end.at, self._end_session())]
        acts += [self._at(each.at, self._trouble(each)) for each in plan.troubles]
        acts += [self._at(each.at, self._kill(each)) for each in plan.kills]
        acts += [self._at(each.at, self._jump(each)) for each in plan.jumps]
        await self._all(acts)

    async def payday(self, payday: Payday) -> None:
        """A Friday: settlements are made and paid, beside what else happens on it and what trade has left over."""
        await self.settlements.until_friday()
        unseen, empty, self._unseen, self._empty = self._unseen, self._empty, [], []
        acts: list[Awaitable[None]] = [self._at(each.at, self.settlements.refund(each)) for each in payday.refunds]
        acts += [self._afterwards_if_paid(*each) for each in unseen]
        acts += [self._withdraw(each) for each in empty]
        acts += [self._at(each.at, self.settlements.make()) for each in payday.settlings]
        acts += [self._at(each.at, self._withdraw(each)) for each in payday.withdrawals]
        acts += [self._at(each.at, self.send_withdrawals(each)) for each in payday.batches]
        acts += [self._at(each.at, self._trouble(each)) for each in payday.troubles]
        acts += [self._at(each.at, self._kill(each)) for each in payday.kills]
        await self._all(acts)

    async def _all(self, acts: list[Awaitable[None]]) -> None:
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for act in acts:
                group.create_task(act)  # type: ignore[arg-type]

    async def _at(self, moment: float, act: Awaitable[None]) -> None:
        await asyncio.sleep(max(0.0, self._began + moment - time.monotonic()))
        await act

    async def ask(self, person: Person, method: str, service: str, path: str, body: Any = None) -> Any:
        """The answer, or None for a refusal of those that may be."""
        response = await self.stack.ask(person, method, service, path, body)
        if response.status_code < 400:
            return response.json() if response.content else {}
        code = response.json()["code"]
        assert code in EXPECTED_REFUSALS, f"{method} {path}: {response.text}"
        self.done[f"refused: {code}"] += 1
        return None

    async def _pay(self, invoice_id: str, method: tuple[str, str], **how: Any) -> bool:
        """Pay at the provider; False where the invoice is over."""
        response: httpx.Response = await self.house.client.post(
            f"{self.house.sandbox_url}/xendit/_sandbox/invoices/{invoice_id}/pay",
            json={"payment_method": method[0], "payment_channel": method[1], **how},
        )
        assert response.status_code in (200, 409), response.text
        return response.status_code == 200

    async def _open(self, person: Person, payment_id: str) -> str | None:
        opened = await self.ask(person, "POST", "payment", f"/api/payments/{payment_id}/invoice")
        return None if opened is None else str(opened["invoice_url"]).rstrip("/").rsplit("/", 1)[-1]

    async def _purchase(self, wish: Purchase) -> None:
        buyer = self.buyers[wish.buyer].person
        orders = [_allocation(amount) for amount in wish.orders]
        total = sum(wish.orders)
        shown = await self.ask(buyer, "GET", "wallet", "/api/wallet/balance")
        part = min(total, int(shown["balance"]) * wish.wallet // 100)
        request = contract.CreateOrderPayments(
            checkout_id=uuid4(),
            user_id=buyer.id,
            description="Pesanan",
            orders=orders,
            expires_at=self.house.clock.now() + timedelta(minutes=PAYABLE_MINUTES),
            wallet_amount=Rupiah(part),
        )
        try:
            owed = await self.stack.call(contract.create_order_payments, request)
        except Exception as refusal:
            if getattr(refusal, "code", "") != "insufficient_balance":
                raise
            self.done["refused: insufficient_balance"] += 1
            return
        self.done["payments"] += 1
        if owed.xendit_amount:
            await self._bring_to_end(buyer, owed, wish)
        if await self._is_paid(owed.id):
            await self._afterwards(request, wish)
        else:
            self._unseen.append((owed.id, request, wish))

    async def _bring_to_end(self, buyer: Person, owed: contract.OrderPaymentSummary, wish: Purchase) -> None:
        """Bring a payment to its end as far as the buyer is concerned."""
        if wish.end == "cancelled":
            request = contract.CancelOrderPayments(checkout_ids=[owed.checkout_id])
            await self.stack.call(contract.cancel_order_payments, request)
            self.done["purchases cancelled"] += 1
            return
        invoice_id = await self._open(buyer, str(owed.id))
        if invoice_id is None or wish.end == "unpaid":
            return
        if wish.end == "late":
            self.late.append(invoice_id)
            return
        how: dict[str, Any] = {"callbacks": 3} if wish.end == "told_twice" else {}
        if wish.end == "other_amount":
            how["amount"] = owed.xendit_amount + 1_000
        if await self._pay(invoice_id, wish.method, **how):
            self.done[f"invoices {wish.end}"] += 1

    async def _is_paid(self, payment_id: UUID) -> bool:
        until = time.monotonic() + PAID_WITHIN
        while (status := await self.stack.status_of(payment_id)) == "pending" and time.monotonic() < until:
            await asyncio.sleep(0.2)
        return status == "paid"

    async def _afterwards_if_paid(self, payment_id: UUID, bought: contract.CreateOrderPayments, wish: Purchase) -> None:
        if await self.stack.status_of(payment_id) == "paid":
            await self._afterwards(bought, wish)

    async def _afterwards(self, bought: contract.CreateOrderPayments, wish: Purchase) -> None:
        order = bought.orders[0]
        self.done["purchases paid"] += 1
        if wish.afterwards in ("release", "release_and_refund"):
            await self.settlements.deliver(bought.user_id, order, wish.seller)
        if wish.afterwards in ("refund", "refund_part", "release_and_refund"):
            amount = Rupiah(order.total // 3) if wish.afterwards != "refund" else None
            request_id = uuid4()
            wanted = contract.RefundOrder(
                request_id=request_id, order_id=order.order_id, reason="customer_request", amount=amount
            )
            await self.stack.call(contract.refund_order, wanted)
            self.done["refunds"] += 1

    async def _join(self, wish: Join) -> None:
        try:
            joined = await self._reserve(wish)
        finally:
            self._joining -= 1
        if joined is not None and wish.end != "unpaid":
            await self._pay_for(joined, wish)

    async def _reserve(self, wish: Join) -> Any:
        buyer, path = self.buyers[wish.buyer], f"/api/group-buying/{self.session['id']}"
        options = await self.ask(
            buyer.person, "GET", "group-buying", f"{path}/shipping-options?address_id={buyer.address_id}"
        )
        if options is None:
            return None
        body = {
            "quantity": wish.units,
            "address_id": buyer.address_id,
            "courier_service": options["items"][0]["service"],
        }
        joined = await self.ask(buyer.person, "POST", "group-buying", f"{path}/join", body)
        if joined is not None:
            self.done["joins"] += 1
            self.done["payments"] += 1
        return joined

    async def _pay_for(self, joined: Any, wish: Join) -> None:
        buyer, payment_id = self.buyers[wish.buyer], UUID(joined["payment"]["id"])
        await self.house.eventually(lambda: self._exists(payment_id), seconds=60)
        invoice_id = await self._open(buyer.person, str(payment_id))
        if invoice_id is None:
            return
        if wish.end == "late":
            self.late.append(invoice_id)
        elif await self._pay(invoice_id, wish.method):
            self.done["invoices paid"] += 1

    async def _exists(self, payment_id: UUID) -> bool:
        return bool(await self.stack.value("select exists (select from payment.payments where id = $1)", payment_id))

    async def _withdraw(self, wish: Withdrawal) -> None:
        person = self.buyers[wish.buyer].person
        amount = await self._balance(person) * wish.share // 100
        if amount < 1:
            self._empty.append(wish)
            return
        body = {"amount": amount, "bank_account": ACCOUNTS[wish.account]}
        made = await self.ask(person, "POST", "wallet", "/api/withdrawals", body)
        if made is None:
            return
        self.promised["wallet.withdrawals"].append(UUID(made["id"]))
        self.done["withdrawals"] += 1
        if wish.taken_back and await self.ask(person, "POST", "wallet", f"/api/withdrawals/{made['id']}/cancel"):
            self.done["withdrawals taken back"] += 1

    async def _balance(self, person: Person) -> int:
        """The wallet's balance, once there is something in it."""
        until = time.monotonic() + PAID_WITHIN
        while not (found := int((await self.ask(person, "GET", "wallet", "/api/wallet/balance"))["balance"])):
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.2)
        return found

    async def send_withdrawals(self, _: Batch | None = None) -> None:
        """What the scheduler does on Tuesdays and Fridays."""
        await self.stack.have_done("wallet", "/api/withdrawals/process-batch")

    async def _end_session(self) -> None:
        """By hand, once all have been answered who want to join, however slow the machine is."""
        await self.house.eventually(self._all_joined, seconds=PATIENCE)
        response = await self.stack.ask(
            self.stack.market.admin, "POST", "group-buying", f"/api/group-buying/{self.session['id']}/end"
        )
        assert response.status_code < 300 or response.status_code == 409, response.text

    async def _all_joined(self) -> bool:
        return self._joining == 0

    async def _trouble(self, trouble: Trouble) -> None:
        laid = await self._lay(trouble.rule)
        await asyncio.sleep(trouble.lasts)
        await self._take_back(laid)

    async def _lay(self, rule: dict[str, Any]) -> int:
        laid = await self.house.client.post(f"{self.house.sandbox_url}/_sandbox/faults", json=rule)
        assert laid.status_code < 300, laid.text
        return int(laid.json()["id"])

    async def _take_back(self, number: int) -> None:
        await self.house.client.delete(f"{self.house.sandbox_url}/_sandbox/faults/{number}")

    async def outage(self, outage: Outage) -> None:
        """The provider is away while time passes."""
        lost = {"provider": "xendit", "operation": "callback", "action": "lose", "probability": outage.lost}
        laid = [await self._lay(outage.rule), await self._lay(lost)]
        for _ in range(4):
            self.house.later(minutes=outage.minutes / 4)
            await asyncio.sleep(0.2)
        for number in laid:
            await self._take_back(number)

    async def _kill(self, kill: Kill) -> None:
        await self.stack.kill_and_start(kill.processes, kill.pause, remote=kill.remote)
        self.done[f"kills of {' and '.join(kill.processes)}"] += 1

    async def _jump(self, jump: Jump) -> None:
        self.house.later(seconds=jump.by)

    async def pay_late(self) -> None:
        """Bank transfers that were under way arrive for invoices that are over; their news may be lost."""
        lost = {"provider": "xendit", "operation": "callback.invoice", "action": "lose", "seed": self.plan.seed}
        laid = await self._lay({**lost, "probability": 0.5 if self.plan.night else 0.0})
        for invoice_id in self.late:
            if await self._pay(invoice_id, ("BANK_TRANSFER", "BCA"), force=True):
                self.done["invoices paid late"] += 1
        await self._take_back(laid)


def _allocation(amount: int) -> contract.OrderAllocation:
    order_id = uuid4()
    shipping, fee = Rupiah(9_000), Rupiah(amount // 50)
    product = Rupiah(amount - shipping - fee)
    return contract.OrderAllocation(
        order_id=order_id,
        order_number=f"ORD-{order_id.hex[-8:]}",
        product_amount=product,
        shipping_amount=shipping,
        fee_amount=fee,
    )
