"""Paying, for tests: escrow payments, the sandbox's acts of a buyer, callbacks of one's own making, and the books."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from patungan.contracts import payment as contract
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger.accounts import Account, escrow, order_escrow
from patungan.ledger.posting import balance_of
from tests.house import House, Person

PART_A = {"product_amount": 4_000_000, "leg1_amount": 200_000, "leg2_amount": 15_000, "fee_amount": 120_000}
PART_B = {"product_amount": 3_800_000, "leg1_amount": 190_000, "leg2_amount": 12_000, "fee_amount": 114_000}
"""The two buyers of DOMAIN.md 6.2: 4,335,000 and 4,116,000."""


def escrow_payment(house: House, buyer: Person, session_id: UUID, **other: Any) -> contract.EscrowPayment:
    """A payment as group buying asks for one, half an hour long unless said otherwise."""
    fields: dict[str, Any] = {
        "participant_id": uuid4(),
        "session_id": session_id,
        "user_id": buyer.id,
        "description": "40 x Kopi Gayo, GB-20261123-AAAAA",
        "expires_at": house.clock.now() + timedelta(minutes=30),
        **PART_A,
    }
    return contract.EscrowPayment(**(fields | other))


class Till:
    """Payments of one session."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.session_id = uuid4()

    @property
    def ctx(self) -> Context:
        """Whoever calls payment by its contract."""
        return self.house.context("group-buying")

    async def owe(self, buyer: Person, **other: Any) -> contract.PaymentSummary:
        """A new payment of a new participant."""
        wanted = escrow_payment(self.house, buyer, self.session_id, **other)
        made = await self.ctx.call(contract.create_escrow_payments, contract.CreateEscrowPayments(payments=[wanted]))
        return made.payments[0]

    async def open(self, buyer: Person, payment_id: UUID) -> dict[str, Any]:
        """The buyer opens the payment; answers the sandbox's invoice."""
        await buyer.post("payment", f"/api/payments/{payment_id}/invoice")
        return await self.invoice(payment_id)

    async def invoice(self, payment_id: UUID) -> dict[str, Any]:
        """The one invoice that the provider has of a payment."""
        found = await self.invoices(payment_id)
        assert len(found) == 1
        return found[0]

    async def invoices(self, payment_id: UUID) -> list[dict[str, Any]]:
        code = await self.value("select code from payment.payments where id = $1", payment_id)
        answer = await self.house.client.get(
            f"{self.house.sandbox_url}/xendit/v2/invoices",
            params={"external_id": code},
            auth=(self.house.environment["XENDIT_SECRET_KEY"], ""),
        )
        found: list[dict[str, Any]] = answer.json()
        return found

    async def pay(self, invoice: dict[str, Any], **how: Any) -> list[int]:
        """Pay at the sandbox; answers the numbers of its callbacks."""
        answer = await self.house.client.post(
            f"{self.house.sandbox_url}/xendit/_sandbox/invoices/{invoice['id']}/pay", json=how
        )
        assert answer.status_code == 200, answer.text
        numbers: list[int] = answer.json()["callbacks"]
        return numbers

    async def owe_and_pay(self, buyer: Person, *, how: dict[str, Any] | None = None, **other: Any) -> UUID:
        """A payment, opened and paid in time."""
        owed = await self.owe(buyer, **other)
        await self.pay(await self.open(buyer, owed.id), **(how or {}))
        await self.becomes(owed.id, "paid")
        return owed.id

    async def becomes(self, payment_id: UUID, status: str) -> None:
        """Wait until the payment has that status."""

        async def there() -> bool:
            return await self.status(payment_id) == status

        await self.house.eventually(there)

    async def status(self, payment_id: UUID) -> str:
        return str(await self.value("select status from payment.payments where id = $1", payment_id))

    async def value(self, query: str, *args: Any) -> Any:
        return (await self.house.context("payment").db.fetchrow(query, *args))[0]

    async def close(self) -> contract.SessionPaid:
        return await self.ctx.call(
            contract.close_session_payments, contract.CloseSessionPayments(session_id=self.session_id)
        )

    async def refund(self, reason: str = "order_cancelled") -> contract.RefundsStarted:
        return await self.ctx.call(
            contract.refund_session, contract.RefundSession(session_id=self.session_id, reason=reason)
        )

    async def balance(self, account: Account | None = None) -> int:
        """What an account holds; the session's escrow unless another is named."""
        return await balance_of(self.house.context("payment").db, account or escrow(self.session_id))

    async def refunds(self) -> list[dict[str, Any]]:
        rows = await self.house.context("payment").db.fetch(
            "select r.* from payment.refunds r join payment.payments p on p.id = r.payment_id where p.session_id = $1"
            " order by r.requested_at, r.id",
            self.session_id,
        )
        return [dict(row) for row in rows]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of payment's events of a kind about this session, in order."""
        rows = await self.house.context("payment").db.fetch(
            "select payload::text from payment.events where type = $1 and payload->>'session_id' = $2"
            " order by xid, position",
            kind,
            str(self.session_id),
        )
        return [msgspec.json.decode(row[0]) for row in rows]

    async def completed(self, count: int) -> bool:
        """Whether the session has that many refunds, all of them carried out."""
        return [refund["status"] for refund in await self.refunds()] == ["completed"] * count

    async def moved(self, account: str, *references: str) -> int:
        """The sum of what some references moved on an account; debits positive."""
        entries = [entry for reference in references for entry in await self.entries(reference)]
        return sum(amount for name, amount in entries if name == account)

    async def entries(self, reference: str) -> list[tuple[str, int]]:
        """What a reference moved in the books: account and amount, debits positive."""
        rows = await self.house.context("payment").db.fetch("select * from ledger.entries_of($1)", reference)
        return [(row["account"], row["amount"]) for row in rows]


class Desk:
    """The sandbox's fault desk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._url = f"{house.sandbox_url}/_sandbox"

    async def lay(self, operation: str, action: str, **more: Any) -> None:
        rule = {"provider": "xendit", "operation": operation, "action": action, **more}
        (await self._house.client.post(f"{self._url}/faults", json=rule)).raise_for_status()

    async def clear(self) -> None:
        """Take the faults back, and let the circuit breaker see a minute pass."""
        await self._house.client.delete(f"{self._url}/faults")
        self._house.later(seconds=61)


FIRST = {"product_amount": 300_000, "shipping_amount": 20_000, "fee_amount": 9_000}
SECOND = {"product_amount": 150_000, "shipping_amount": 15_500, "fee_amount": 5_500}
"""Two orders of one checkout: 329,000 and 171,000, together 500,000 (DOMAIN.md 3.5)."""


class Checkout:
    """A buyer's checkout over two orders, or as many as are given, whose payment is made by contract."""

    def __init__(self, house: House, buyer: Person, *parts: dict[str, int]) -> None:
        self.house, self.buyer = house, buyer
        self.id = uuid4()
        self.orders = [
            contract.OrderAllocation(order_id=uuid4(), order_number=f"ORD-{number}", **part)  # type: ignore[arg-type]
            for number, part in enumerate(parts or (FIRST, SECOND), 1)
        ]
        self.till = Till(house)

    @property
    def ctx(self) -> Context:
        """Whoever calls payment by its contract."""
        return self.house.context("order")

    def request(self, **other: Any) -> contract.CreateOrderPayments:
        fields: dict[str, Any] = {
            "checkout_id": self.id,
            "user_id": self.buyer.id,
            "description": "2 pesanan",
            "orders": self.orders,
            "expires_at": self.house.clock.now() + timedelta(hours=1),
        }
        return contract.CreateOrderPayments(**(fields | other))

    async def owe(self, **other: Any) -> contract.OrderPaymentSummary:
        """Make the payment, or ask for it again."""
        return await self.ctx.call(contract.create_order_payments, self.request(**other))

    async def pay(self, how: dict[str, Any] | None = None, **other: Any) -> contract.OrderPaymentSummary:
        """Make the payment, open it and pay it in time."""
        owed = await self.owe(**other)
        await self.till.pay(await self.till.open(self.buyer, owed.id), **(how or {}))
        await self.till.becomes(owed.id, "paid")
        return await self.owe(**other)

    async def held(self) -> list[int]:
        """What the orders' escrows hold."""
        return [await self.till.balance(order_escrow(each.order_id)) for each in self.orders]

    async def refund(self, place: int = 0, amount: int | None = None, **other: Any) -> contract.RefundsStarted:
        fields: dict[str, Any] = {"request_id": uuid4(), "reason": "order_cancelled"}
        request = contract.RefundOrder(
            order_id=self.orders[place].order_id, amount=None if amount is None else Rupiah(amount), **(fields | other)
        )
        return await self.ctx.call(contract.refund_order, request)

    async def release(self, place: int = 0, **other: Any) -> contract.OrderReleased:
        """Release an order to a seller, whole unless said otherwise."""
        order = self.orders[place]
        fields: dict[str, Any] = {
            "order_id": order.order_id,
            "seller_id": uuid4(),
            "seller_revenue": order.product_amount,
            "warehouse_revenue": 0,
            "shipping": order.shipping_amount,
            "fee": order.fee_amount,
        }
        return await self.ctx.call(contract.release_order_escrow, contract.ReleaseOrderEscrow(**(fields | other)))

    async def refunds(self) -> list[dict[str, Any]]:
        rows = await self.house.context("payment").db.fetch(
            "select r.* from payment.refunds r join payment.payments p on p.id = r.payment_id where p.checkout_id = $1"
            " order by r.requested_at, r.id",
            self.id,
        )
        return [dict(row) for row in rows]

    async def settled(self, *statuses: str) -> None:
        """Wait until the checkout's refunds have these statuses."""

        async def there() -> bool:
            return [each["status"] for each in await self.refunds()] == list(statuses)

        await self.house.eventually(there)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of payment's events of a kind about this checkout's payments, in order."""
        rows = await self.house.context("payment").db.fetch(
            "select e.payload::text from payment.events e join payment.payments p on p.id::text = e.payload->>'payment_id'"
            " where e.type = $1 and p.checkout_id = $2 order by e.xid, e.position",
            kind,
            self.id,
        )
        return [msgspec.json.decode(row[0]) for row in rows]


def invoice_callback(
    code: str, amount: int, at: datetime, /, *, invoice_id: str, status: str = "PAID", **other: Any
) -> dict[str, Any]:
    """A callback as Xendit sends it for an invoice."""
    moment = at.isoformat().replace("+00:00", "Z")
    body: dict[str, Any] = {
        "id": invoice_id,
        "external_id": code,
        "user_id": "5f0000000000000000000001",
        "status": status,
        "merchant_name": "Patungan",
        "amount": amount,
        "currency": "IDR",
        "created": moment,
        "updated": moment,
    }
    if status == "PAID":
        body |= {
            "paid_amount": amount,
            "paid_at": moment,
            "payment_method": "EWALLET",
            "payment_channel": "OVO",
            "payment_id": str(uuid4()),
        }
    return body | other


async def send_webhook(
    house: House,
    body: dict[str, Any] | bytes,
    *,
    token: str | None = "",
    webhook_id: str | None = None,
    hmac_secret: str = "",
    path: str = "/api/webhooks/payment",
) -> httpx.Response:
    """Post a callback; with the right token unless another, or None, is given."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["x-callback-token"] = token or house.environment["XENDIT_WEBHOOK_VERIFICATION_TOKEN"]
    if webhook_id is not None:
        headers["webhook-id"] = webhook_id
    if hmac_secret:
        headers["x-callback-signature"] = hmac.new(hmac_secret.encode(), raw, hashlib.sha256).hexdigest()
    return await house.client.post(house.url("payment", path), content=raw, headers=headers)
