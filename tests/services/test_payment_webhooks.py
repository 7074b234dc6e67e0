"""Webhooks: proven, stored, processed once, in any order; what does not fit changes nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import hmac
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from patungan.contracts import payment as contract
from patungan.kernel.identity import Role, Scope
from patungan.ledger.accounts import GATEWAY_CLEARING, QUARANTINE, REFUND_CLEARING
from patungan.services.payment.operations import webhooks
from patungan.services.payment.rules import Outcome
from tests.house import House, Person
from tests.paying import Till, invoice_callback, send_webhook

TOTAL = 4_335_000


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


@pytest.fixture
def till(one_house: House) -> Till:
    return Till(one_house)


class Case:
    """An opened payment and callbacks about it."""

    def __init__(self, till: Till, owed: contract.PaymentSummary, invoice_id: str) -> None:
        self.till = till
        self.id: UUID = owed.id
        self.code = owed.code
        self.invoice_id = invoice_id

    def body(self, status: str = "PAID", **other: Any) -> dict[str, Any]:
        fields = {"invoice_id": self.invoice_id} | other
        return invoice_callback(self.code, TOTAL, self.till.house.clock.now(), status=status, **fields)

    async def told(self, status: str = "PAID", *, webhook_id: str | None = None, **other: Any) -> str:
        answer = await send_webhook(self.till.house, self.body(status, **other), webhook_id=webhook_id)
        assert answer.status_code == 200, answer.text
        outcome: str = answer.json()["outcome"]
        return outcome

    async def status(self) -> str:
        return await self.till.status(self.id)


@pytest.fixture
async def case(till: Till, buyer: Person) -> Case:
    owed = await till.owe(buyer)
    return Case(till, owed, (await till.open(buyer, owed.id))["id"])


async def stored(till: Till, invoice_id: str) -> list[tuple[str, str | None, int]]:
    rows = await till.house.context("payment").db.fetch(
        "select news, outcome, deliveries from payment.webhook_events where news like $1 order by received_at, id",
        f"%{invoice_id}%",
    )
    return [(row["news"].rsplit(":", 1)[1], row["outcome"], row["deliveries"]) for row in rows]


@pytest.mark.parametrize("token", [None, "wrong", "x" * 48])
@pytest.mark.parametrize("path", ["/api/webhooks/payment", "/api/webhooks/xendit/invoice"])
async def test_a_wrong_token_is_refused_and_nothing_is_stored(case: Case, token: str | None, path: str) -> None:
    answer = await send_webhook(case.till.house, case.body(), token=token, path=path)
    assert (answer.status_code, answer.json()["code"]) == (401, "webhook_refused")
    assert await stored(case.till, case.invoice_id) == []
    assert await case.status() == "pending"


async def test_both_paths_take_callbacks(case: Case) -> None:
    answer = await send_webhook(case.till.house, case.body(), path="/api/webhooks/xendit/invoice")
    assert (answer.status_code, answer.json()) == (200, {"outcome": "paid"})
    assert await case.told() == "unchanged"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b'{"merchant_name":"P","status":"PAID"}', b'{"event":"refund.succeeded"}', b"\xff"],
)
async def test_what_cannot_be_read_is_refused_and_kept(one_house: House, body: bytes) -> None:
    for deliveries in (1, 2):
        answer = await send_webhook(one_house, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
        kept = "select outcome || ' ' || deliveries from payment.webhook_events where body = $1"
        assert await Till(one_house).value(kept, body) == f"unreadable {deliveries}"


async def test_a_fraction_of_a_rupiah_is_no_amount(case: Case) -> None:
    answer = await send_webhook(case.till.house, case.body(paid_amount=TOTAL + 0.5))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert await case.status() == "pending"


async def test_paid_three_times_over_counts_once(case: Case) -> None:
    assert [await case.told(), await case.told(webhook_id="a" * 8), await case.told()] == [
        "paid",
        "unchanged",
        "unchanged",
    ]
    assert await case.status() == "paid"
    assert await case.till.balance() == TOTAL
    assert len(await case.till.events("payment.paid")) == 1
    assert await stored(case.till, case.invoice_id) == [("PAID", "paid", 3)]


async def test_paid_at_the_same_time_counts_once(case: Case) -> None:
    body = case.body()
    answers = await asyncio.gather(*(send_webhook(case.till.house, body) for _ in range(6)))
    assert sorted(answer.json()["outcome"] for answer in answers) == ["paid", *["unchanged"] * 5]
    assert await case.till.balance() == TOTAL


async def test_expired_after_paid_changes_nothing(case: Case) -> None:
    assert [await case.told(), await case.told("EXPIRED")] == ["paid", "unchanged"]
    assert await case.status() == "paid"
    assert await stored(case.till, case.invoice_id) == [("PAID", "paid", 1), ("EXPIRED", "unchanged", 1)]


async def test_paid_after_expired_goes_back_by_itself(case: Case) -> None:
    till = case.till
    before = await till.balance(REFUND_CLEARING)
    assert await case.told("EXPIRED") == "expired"
    assert await case.status() == "expired"
    assert await case.told() == "late"
    assert await case.status() == "expired"
    assert await till.balance() == 0
    assert await till.entries(case.code) == [(GATEWAY_CLEARING, TOTAL), (REFUND_CLEARING, -TOTAL)]
    assert [event["payment_id"] for event in await till.events("payment.late_paid")] == [str(case.id)]
    assert await till.events("payment.paid") == []
    (refund,) = await till.refunds()
    assert (refund["kind"], refund["amount"], refund["destination"]) == ("late", TOTAL, "source")
    assert [event["refund_id"] for event in await till.events("refund.requested")] == [str(refund["id"])]
    assert await till.balance(REFUND_CLEARING) == before + TOTAL
    assert await case.told() == "unchanged"
    assert len(await till.refunds()) == 1


async def test_money_after_the_payments_end_is_late_though_no_expiry_was_told(case: Case) -> None:
    late = case.till.house.clock.now() + timedelta(minutes=30, seconds=1)
    case.till.house.later(minutes=30, seconds=2)
    assert await case.told(paid_at=late.isoformat()) == "late"
    assert await case.status() == "expired"
    assert [refund["kind"] for refund in await case.till.refunds()] == ["late"]
    assert len(await case.till.events("payment.expired")) == 1


@pytest.mark.parametrize(
    "other",
    [{"paid_amount": TOTAL - 20_000}, {"paid_amount": TOTAL + 1}, {"amount": TOTAL - 1}, {"currency": "USD"}],
)
async def test_another_amount_is_quarantined(case: Case, other: dict[str, Any]) -> None:
    till = case.till
    assert await case.told(**other) == "mismatch"
    assert await case.status() == "pending"
    assert await till.balance() == 0
    came = other.get("paid_amount", TOTAL)
    in_rupiah = "currency" not in other
    assert await till.entries(case.code) == ([(GATEWAY_CLEARING, came), (QUARANTINE, -came)] if in_rupiah else [])
    (event,) = await till.events("payment.mismatch")
    assert (event["amount"], event["paid_amount"]) == (TOTAL, other.get("paid_amount", TOTAL))
    kind = await till.value("select kind from payment.receipts where invoice_id = $1", case.invoice_id)
    assert kind == "quarantined"
    assert await till.refunds() == []
    assert await case.told(**other) == "unchanged"
    assert len(await till.events("payment.mismatch")) == 1


@pytest.mark.parametrize("webhook_ids", [("one-webhook", "one-webhook"), ("first", "second"), (None, None)])
async def test_a_replay_with_another_amount_is_a_conflict(
    case: Case, webhook_ids: tuple[str | None, str | None]
) -> None:
    prefix = str(uuid4())
    first, second = (None if each is None else f"{prefix}-{each}" for each in webhook_ids)
    assert await case.told(webhook_id=first) == "paid"
    assert await case.told(webhook_id=second, paid_amount=1, amount=1) == "conflict"
    assert await case.told(webhook_id=second, paid_amount=1, amount=1) == "conflict"
    assert await case.status() == "paid"
    assert await case.till.balance() == TOTAL
    assert await case.till.events("payment.mismatch") == []
    assert await stored(case.till, case.invoice_id) == [("PAID", "paid", 1), ("PAID", "conflict", 2)]


async def test_a_webhook_id_used_for_another_payment_is_a_conflict(till: Till, buyer: Person, case: Case) -> None:
    owed = await till.owe(buyer)
    other = Case(till, owed, (await till.open(buyer, owed.id))["id"])
    webhook_id = str(uuid4())
    assert await case.told(webhook_id=webhook_id) == "paid"
    assert await other.told(webhook_id=webhook_id) == "conflict"
    assert await other.status() == "pending"
    assert await till.balance() == TOTAL


@pytest.mark.parametrize("status", ["PAID", "EXPIRED"])
async def test_unknown_invoices_are_kept_and_answered(one_house: House, status: str) -> None:
    invoice_id = uuid4().hex[:24]
    body = invoice_callback("PAY-20200101-ZZZZZZ", 5_000, one_house.clock.now(), invoice_id=invoice_id, status=status)
    answer = await send_webhook(one_house, body)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "unknown"})
    assert await stored(Till(one_house), invoice_id) == [(status, "unknown", 1)]


async def test_news_of_no_concern_is_kept_and_answered(one_house: House) -> None:
    for body in ({"event": "something.new", "data": {}}, {"id": str(uuid4())}):
        answer = await send_webhook(one_house, body)
        assert (answer.status_code, answer.json()) == (200, {"outcome": "unknown"})


async def test_a_second_invoice_that_is_paid_too_goes_back(case: Case) -> None:
    till = case.till
    second = uuid4().hex[:24]
    assert await case.told() == "paid"
    assert await case.told(invoice_id=second) == "twice"
    assert await case.told(invoice_id=second) == "unchanged"
    assert await case.told("EXPIRED", invoice_id=second) == "unchanged"
    assert await case.status() == "paid"
    assert await till.balance() == TOTAL
    (refund,) = await till.refunds()
    assert (refund["kind"], refund["invoice_id"], refund["amount"]) == ("twice", second, TOTAL)
    assert len(await till.events("payment.late_paid")) == 1


async def test_another_invoices_expiry_does_not_end_the_payment(case: Case) -> None:
    assert await case.told("EXPIRED", invoice_id=uuid4().hex[:24]) == "unchanged"
    assert await case.status() == "pending"


async def test_another_invoice_that_is_paid_counts_and_the_shown_one_is_closed(case: Case) -> None:
    assert await case.told(invoice_id=uuid4().hex[:24]) == "paid"
    assert await case.status() == "paid"

    async def closed() -> bool:
        return str((await case.till.invoice(case.id))["status"]) == "EXPIRED"

    await case.till.house.eventually(closed)
    assert await case.status() == "paid"


async def test_a_failed_processing_is_not_done(case: Case) -> None:
    till, owner = case.till, await case.till.house.owner()
    signature = "ledger.post(uuid[], text[], text[], text[], timestamptz, int[], text[], bigint[])"
    try:
        await owner.execute(f"revoke execute on function {signature} from patungan_payment")
        answer = await send_webhook(till.house, case.body())
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert await case.status() == "pending"
        assert await stored(till, case.invoice_id) == [("PAID", None, 1)]
        assert await till.value("select count(*) from payment.receipts where invoice_id = $1", case.invoice_id) == 0
        till.house.later(seconds=6)
        await till.house.eventually(lambda: _attempted(till, case.invoice_id))
        assert await case.status() == "pending"
    finally:
        await owner.execute(f"grant execute on function {signature} to patungan_payment")
        await owner.close()
    till.house.later(minutes=2)
    await till.becomes(case.id, "paid")
    assert await till.balance() == TOTAL
    assert await stored(till, case.invoice_id) == [("PAID", "paid", 1)]
    assert await case.told() == "unchanged"


async def _attempted(till: Till, invoice_id: str) -> bool:
    attempts = "select attempts from payment.webhook_events where news = $1"
    return int(await till.value(attempts, f"invoice:{invoice_id}:PAID")) > 0


async def test_a_signature_is_asked_for_where_a_secret_is_set(case: Case) -> None:
    ctx = case.till.house.context("payment")
    secret = "secret-of-the-relay"
    strict = dataclasses.replace(ctx, settings=msgspec.structs.replace(ctx.settings, xendit_webhook_hmac_secret=secret))
    token = case.till.house.environment["XENDIT_WEBHOOK_VERIFICATION_TOKEN"]
    raw = msgspec.json.encode(case.body())
    right = webhooks_signature(secret, raw)
    for signature in (None, "", "0" * 64, webhooks_signature("other", raw), webhooks_signature(secret, raw + b" ")):
        with pytest.raises(contract.WebhookRefused):
            await webhooks.receive(strict, token, signature, None, raw)
    with pytest.raises(contract.WebhookRefused):
        await webhooks.receive(strict, "wrong", right, None, raw)
    assert await stored(case.till, case.invoice_id) == []
    assert await webhooks.receive(strict, token, right.upper(), None, raw) is Outcome.PAID


def webhooks_signature(secret: str, raw: bytes) -> str:
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


async def test_the_sandboxs_own_callbacks_doubled_and_out_of_order(till: Till, buyer: Person) -> None:
    doubled = await till.owe(buyer)
    await till.pay(await till.open(buyer, doubled.id), callbacks=4)
    crossed = await till.owe(buyer)
    await till.pay(await till.open(buyer, crossed.id), callback="before_expired")
    await till.becomes(doubled.id, "paid")
    await till.becomes(crossed.id, "paid")
    assert await till.balance() == 2 * TOTAL
    assert await till.refunds() == []


@pytest.mark.parametrize("path", ["/api/webhooks/refund", "/api/webhooks/xendit/refund"])
async def test_refunds_have_paths_of_their_own(one_house: House, path: str) -> None:
    data = {"id": f"rfd-{uuid4()}", "amount": 1, "status": "SUCCEEDED", "reference_id": "REF-20200101-ZZZZZZ"}
    body = {"event": "refund.succeeded", "data": data}
    answer = await send_webhook(one_house, body, path=path)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "unknown"})
    assert (await send_webhook(one_house, body, path=path, token="wrong")).status_code == 401


async def test_what_is_too_old_is_not_believed_and_the_provider_is_asked(case: Case) -> None:
    till = case.till
    old = (till.house.clock.now() - timedelta(hours=25, seconds=1)).isoformat().replace("+00:00", "Z")
    assert await case.told(updated=old) == "stale"
    assert await case.status() == "pending"
    await till.pay({"id": case.invoice_id}, callback="hold")
    future = (till.house.clock.now() + timedelta(minutes=6)).isoformat().replace("+00:00", "Z")
    assert await case.told("EXPIRED", updated=future) == "stale"
    await till.becomes(case.id, "paid")
    assert await till.balance() == TOTAL


async def test_an_event_that_cannot_be_processed_at_once_is_kept_and_worked_off(case: Case) -> None:
    """A lock holds the payment for longer than the provider waits."""
    till = case.till
    owner = await till.house.owner()
    try:
        async with owner.transaction():
            await owner.execute("select 1 from payment.payments where id = $1 for update", case.id)
            assert await case.told() == "stored"
    finally:
        await owner.close()
    till.house.later(seconds=6)
    await till.becomes(case.id, "paid")
    assert await stored(till, case.invoice_id) == [("PAID", "paid", 1)]


async def test_what_is_not_understood_is_shown_and_processed_again_later(case: Case) -> None:
    till = case.till
    clerk = await till.house.person(Role.OFFICE_STAFF, Scope.FINANCE)
    unknown = {"event": "something.new", "data": {"id": str(uuid4())}}
    assert (await send_webhook(till.house, unknown)).json() == {"outcome": "unknown"}
    listed = await clerk.get("payment", "/api/payments/webhook-events", outcome="unknown")
    newest = listed["items"][0]
    assert (newest["outcome"], newest["deliveries"], newest["attempts"]) == ("unknown", 1, 0)
    base = f"/api/payments/webhook-events/{newest['id']}"
    body = await clerk.request("GET", "payment", f"{base}/body")
    assert (body.content, body.headers["content-type"]) == (msgspec.json.encode(unknown), "application/octet-stream")
    assert await clerk.post("payment", f"{base}/processing") == {"outcome": "unknown"}
    paid = await case.told()
    (event,) = [
        each
        for each in (await clerk.get("payment", "/api/payments/webhook-events", outcome=paid, limit=100))["items"]
        if case.invoice_id in each["news"]
    ]
    done = await clerk.request("POST", "payment", f"/api/payments/webhook-events/{event['id']}/processing")
    assert (done.status_code, done.json()["code"]) == (409, "webhook_event_done")
    nowhere = f"/api/payments/webhook-events/{uuid4()}"
    for method, tail in (("GET", "body"), ("POST", "processing")):
        answer = await clerk.request(method, "payment", f"{nowhere}/{tail}")
        assert (answer.status_code, answer.json()["code"]) == (404, "webhook_event_not_found")
    customer = await till.house.person()
    for method, path in (
        ("GET", "/api/payments/webhook-events"),
        ("GET", f"{base}/body"),
        ("POST", f"{base}/processing"),
    ):
        assert (await customer.request(method, "payment", path)).status_code == 403
        assert (await till.house.request(method, "payment", path)).status_code == 401
