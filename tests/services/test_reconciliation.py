"""The provider's list of transactions against our books: every fault that a list or its callbacks may have is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.kernel.identity import Role, Scope
from patungan.kernel.time import JAKARTA
from patungan.services.payment.reconciliation.rules import first_night
from tests.house import House, Person
from tests.paying import Till, send_webhook

A = 4_335_000


class Desk:
    """Somebody of finance at the sandbox's fault desk."""

    def __init__(self, house: House, clerk: Person) -> None:
        self.house, self.clerk = house, clerk
        self.till = Till(house)

    async def lay(self, operation: str, action: str, **more: Any) -> None:
        rule = {"provider": "xendit", "operation": operation, "action": action, **more}
        (await self.house.client.post(f"{self.house.sandbox_url}/_sandbox/faults", json=rule)).raise_for_status()

    async def clear(self) -> None:
        await self.house.client.delete(f"{self.house.sandbox_url}/_sandbox/faults")

    async def paid_at_provider(self, buyer: Person) -> tuple[UUID, str]:
        """A payment that was paid at the provider; its id and its invoice's."""
        owed = await self.till.owe(buyer)
        invoice = await self.till.open(buyer, owed.id)
        await self.till.pay(invoice)
        return owed.id, str(invoice["id"])

    async def reconcile(self, *, minutes: float = 3) -> tuple[Any, list[Any]]:
        """Let time pass, reconcile all of it; answers the run and its findings."""
        self.house.later(minutes=minutes)
        started = await self.clerk.post("payment", "/api/reconciliations")
        found: dict[str, Any] = {}

        async def ended() -> bool:
            found.update(await self.clerk.get("payment", f"/api/reconciliations/{started['id']}"))
            return found["ended_at"] is not None

        await self.house.eventually(ended, seconds=30)
        page = await self.clerk.get(
            "payment", "/api/reconciliations/findings", reconciliation_id=started["id"], limit=100
        )
        return found, page["items"]


def told(findings: list[Any]) -> list[tuple[str, str, str, int, int, str]]:
    """What findings say, without their ids and times."""
    return sorted(
        (each["kind"], each["transaction_type"], each["provider_id"], each["theirs"], each["ours"], each["status"])
        for each in findings
    )


@pytest.fixture(scope="module")
async def clerk(one_house: House) -> Person:
    return await one_house.person(Role.OFFICE_STAFF, Scope.FINANCE)


@pytest.fixture
async def desk(one_house: House, clerk: Person) -> AsyncIterator[Desk]:
    """The desk, at a time that no earlier test's transactions belong to."""
    one_house.later(days=2)
    desk = Desk(one_house, clerk)
    yield desk
    await desk.clear()


@pytest.fixture
async def buyer(one_house: House) -> Person:
    return await one_house.person()


async def test_what_is_alike_matches_and_nothing_is_found(desk: Desk, buyer: Person) -> None:
    for _ in range(3):
        await desk.till.owe_and_pay(buyer)
    run, findings = await desk.reconcile()
    assert (run["listed"], run["matched"], run["found"], run["repaired"]) == (3, 3, 0, 0)
    assert findings == []


async def test_refunds_are_matched_too(desk: Desk, buyer: Person) -> None:
    await desk.till.owe_and_pay(buyer, how={"payment_method": "CREDIT_CARD"})
    await desk.till.refund()
    await desk.house.eventually(lambda: desk.till.completed(1))
    run, findings = await desk.reconcile()
    assert (run["listed"], run["matched"], findings) == (2, 2, [])


async def test_a_lost_callback_is_found_and_booked(desk: Desk, buyer: Person) -> None:
    await desk.lay("callback.invoice", "lose")
    payment_id, invoice_id = await desk.paid_at_provider(buyer)
    run, findings = await desk.reconcile()
    assert told(findings) == [("missing_here", "payment", invoice_id, A, 0, "resolved")]
    assert (run["matched"], run["found"], run["repaired"]) == (0, 1, 1)
    (finding,) = findings
    assert (finding["resolved_by"], finding["note"]) == (
        None,
        "Fetched from the provider and booked by the way of its callback.",
    )
    assert await desk.till.status(payment_id) == "paid"
    assert await desk.till.balance() == A
    again, _ = await desk.reconcile(minutes=0)
    assert (again["matched"], again["found"]) == (1, 0)


async def test_a_lost_callback_of_a_refund_is_found_and_booked(desk: Desk, buyer: Person) -> None:
    await desk.till.owe_and_pay(buyer, how={"payment_method": "CREDIT_CARD"})
    await desk.lay("callback.refund", "lose")
    await desk.till.refund()

    async def gone() -> bool:
        (refund,) = await desk.till.refunds()
        return refund["provider_refund_id"] is not None

    await desk.house.eventually(gone)
    (refund,) = await desk.till.refunds()
    run, findings = await desk.reconcile()
    # Whoever asked first, the timer that looks after refunds or the reconciliation: it is booked, and nothing is open.
    assert [each for each in told(findings) if each[-1] == "open"] == []
    assert all(each["provider_id"] == refund["provider_refund_id"] for each in findings)
    assert run["matched"] + run["repaired"] == 2
    assert await desk.till.completed(1)


async def test_doubled_callbacks_leave_nothing_to_find(desk: Desk, buyer: Person) -> None:
    await desk.lay("callback.invoice", "double", copies=5)
    payment_id, _ = await desk.paid_at_provider(buyer)
    await desk.till.becomes(payment_id, "paid")
    run, findings = await desk.reconcile()
    assert (run["listed"], run["matched"], findings) == (1, 1, [])
    assert await desk.till.balance() == A


async def test_reordered_callbacks_leave_nothing_to_find(desk: Desk, buyer: Person) -> None:
    await desk.lay("callback.invoice", "reorder", seconds=1)
    payments = [await desk.paid_at_provider(buyer) for _ in range(3)]
    for payment_id, _ in payments:
        await desk.till.becomes(payment_id, "paid")
    run, findings = await desk.reconcile()
    assert (run["listed"], run["matched"], findings) == (3, 3, [])


async def test_a_delayed_callback_is_overtaken_and_changes_nothing_when_it_comes(desk: Desk, buyer: Person) -> None:
    await desk.lay("callback.invoice", "delay", seconds=600)
    payment_id, invoice_id = await desk.paid_at_provider(buyer)
    _, findings = await desk.reconcile()
    assert told(findings) == [("missing_here", "payment", invoice_id, A, 0, "resolved")]
    desk.house.later(minutes=10)
    run, _ = await desk.reconcile()
    assert (run["matched"], run["found"]) == (1, 0)
    assert await desk.till.status(payment_id) == "paid" and await desk.till.balance() == A


async def test_a_corrupted_callback_is_refused_and_its_payment_found(desk: Desk, buyer: Person) -> None:
    await desk.lay("callback.invoice", "corrupt", part="signature")
    await desk.lay("callback.invoice", "delay", seconds=1)
    payment_id, invoice_id = await desk.paid_at_provider(buyer)
    run, findings = await desk.reconcile()
    # The refused delivery is repeated by the provider; where the reconciliation was first, it booked it.
    assert told(findings) in ([], [("missing_here", "payment", invoice_id, A, 0, "resolved")])
    assert run["matched"] + run["repaired"] == 1
    assert await desk.till.status(payment_id) == "paid" and await desk.till.balance() == A


async def test_what_was_booked_late_is_told_once(desk: Desk, buyer: Person) -> None:
    await desk.lay("callback.invoice", "delay", seconds=15 * 60)
    payment_id, invoice_id = await desk.paid_at_provider(buyer)
    desk.house.later(minutes=16)
    await desk.till.becomes(payment_id, "paid")
    run, findings = await desk.reconcile()
    assert told(findings) == [("late", "payment", invoice_id, A, A, "resolved")]
    assert (run["matched"], run["found"], run["repaired"]) == (1, 1, 1)
    again, none = await desk.reconcile(minutes=0)
    assert (again["matched"], again["repaired"], none) == (1, 1, [])


async def test_a_row_lost_from_the_list_is_missing_there(desk: Desk, buyer: Person) -> None:
    await desk.lay("listed.payment", "lose", times=1)
    lost, kept = await desk.till.owe_and_pay(buyer), await desk.till.owe_and_pay(buyer)
    assert lost != kept
    invoice_id = (await desk.till.invoice(lost))["id"]
    run, findings = await desk.reconcile()
    assert told(findings) == [("missing_there", "payment", invoice_id, 0, A, "open")]
    assert (run["listed"], run["matched"], run["found"], run["repaired"]) == (1, 1, 1, 0)
    assert findings[0]["advice"].startswith("Ask the provider for the transaction by its id.")
    _, again = await desk.reconcile(minutes=0)
    assert [each["id"] for each in again] == [findings[0]["id"]]


async def test_a_refund_lost_from_the_list_is_missing_there(desk: Desk, buyer: Person) -> None:
    await desk.lay("listed.refund", "lose")
    await desk.till.owe_and_pay(buyer, how={"payment_method": "CREDIT_CARD"})
    await desk.till.refund()
    await desk.house.eventually(lambda: desk.till.completed(1))
    (refund,) = await desk.till.refunds()
    _, findings = await desk.reconcile()
    assert told(findings) == [("missing_there", "refund", refund["provider_refund_id"], 0, A, "open")]


async def test_a_doubled_row_is_found(desk: Desk, buyer: Person) -> None:
    await desk.lay("listed.payment", "double", copies=3)
    payment_id = await desk.till.owe_and_pay(buyer)
    invoice_id = (await desk.till.invoice(payment_id))["id"]
    run, findings = await desk.reconcile()
    assert told(findings) == [("duplicated", "payment", invoice_id, 3 * A, A, "open")]
    assert (run["listed"], run["matched"]) == (3, 1)


async def test_a_row_of_another_amount_is_found(desk: Desk, buyer: Person) -> None:
    await desk.lay("listed.payment", "corrupt")
    payment_id = await desk.till.owe_and_pay(buyer)
    invoice_id = (await desk.till.invoice(payment_id))["id"]
    run, findings = await desk.reconcile()
    assert told(findings) == [("different_amount", "payment", invoice_id, A + 1_000, A, "open")]
    assert (run["matched"], run["found"]) == (0, 1)


async def test_a_row_that_comes_late_is_missing_until_it_comes(desk: Desk, buyer: Person) -> None:
    await desk.lay("listed.payment", "delay", seconds=3_600)
    payment_id = await desk.till.owe_and_pay(buyer)
    invoice_id = (await desk.till.invoice(payment_id))["id"]
    _, findings = await desk.reconcile()
    assert told(findings) == [("missing_there", "payment", invoice_id, 0, A, "open")]
    run, _ = await desk.reconcile(minutes=60)
    assert (run["matched"], run["found"]) == (1, 0)


async def test_rows_in_another_order_are_all_matched(desk: Desk, buyer: Person) -> None:
    await desk.lay("listed.payment", "reorder", seconds=120)
    for _ in range(4):
        await desk.till.owe_and_pay(buyer)
    run, findings = await desk.reconcile()
    assert (run["listed"], run["matched"], findings) == (4, 4, [])


async def test_money_that_is_nobodys_is_left_to_a_person(desk: Desk, clerk: Person) -> None:
    http, sandbox = desk.house.client, desk.house.sandbox_url
    auth = (desk.house.environment["XENDIT_SECRET_KEY"], "")
    await desk.lay("callback.invoice", "lose")
    wanted = {"external_id": "PAY-20260101-ZZZZZZ", "amount": 50_000}
    invoice = (await http.post(f"{sandbox}/xendit/v2/invoices", json=wanted, auth=auth)).json()
    await http.post(f"{sandbox}/xendit/_sandbox/invoices/{invoice['id']}/pay")
    run, findings = await desk.reconcile()
    assert told(findings) == [("missing_here", "payment", invoice["id"], 50_000, 0, "open")]
    (finding,) = findings
    assert finding["reference"] == "PAY-20260101-ZZZZZZ" and "nobody's" in finding["advice"]
    rows = await desk.house.context("payment").db.fetch(
        "select payload from events where type = 'reconciliation.differed' and payload ->> 'reconciliation_id' = $1",
        run["id"],
    )
    assert len(rows) == 1
    path = f"/api/reconciliations/findings/{finding['id']}/resolution"
    body = {"note": "refunded at the provider's dashboard"}
    resolved = await clerk.post("payment", path, body, key="resolve-1")
    assert (resolved["status"], resolved["resolved_by"], resolved["note"]) == ("resolved", str(clerk.id), body["note"])
    assert await clerk.post("payment", path, body, key="resolve-1") == resolved
    other = await clerk.request("POST", "payment", path, {"note": "something else"}, key="resolve-1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    again = await clerk.request("POST", "payment", path, body)
    assert (again.status_code, again.json()["code"]) == (409, "finding_resolved")
    assert await clerk.get("payment", f"/api/reconciliations/findings/{finding['id']}") == resolved


async def test_a_payout_that_we_did_not_order_is_found(desk: Desk) -> None:
    http, sandbox = desk.house.client, desk.house.sandbox_url
    payout = {
        "reference_id": "WD-20260101-ZZZZZZ",
        "channel_code": "ID_BCA",
        "channel_properties": {"account_number": "1234567890", "account_holder_name": "Sari Wijaya"},
        "amount": 97_500,
        "currency": "IDR",
    }
    made = await http.post(
        f"{sandbox}/xendit/v2/payouts",
        json=payout,
        auth=(desk.house.environment["XENDIT_SECRET_KEY"], ""),
        headers={"idempotency-key": str(uuid4())},
    )
    payout_id = made.json()["id"]

    async def succeeded() -> bool:
        answer = await http.get(
            f"{sandbox}/xendit/v2/payouts/{payout_id}", auth=(desk.house.environment["XENDIT_SECRET_KEY"], "")
        )
        desk.house.later(seconds=1)
        return bool(answer.json()["status"] == "SUCCEEDED")

    await desk.house.eventually(succeeded)
    _, findings = await desk.reconcile()
    assert told(findings) == [("missing_here", "disbursement", payout_id, 97_500, 0, "open")]


async def test_a_provider_that_does_not_answer_is_asked_again(desk: Desk, buyer: Person) -> None:
    await desk.till.owe_and_pay(buyer)
    await desk.lay("list_transactions", "fail", status=503, times=4)
    run, findings = await desk.reconcile()
    assert (run["listed"], run["matched"], findings) == (1, 1, [])


async def test_a_forged_receipt_is_missing_there(desk: Desk, buyer: Person) -> None:
    """Somebody who knows the token says that a payment was paid; the provider's list knows nothing of it."""
    owed = await desk.till.owe(buyer)
    code = await desk.till.value("select code from payment.payments where id = $1", owed.id)
    moment = desk.house.clock.now().isoformat().replace("+00:00", "Z")
    body = {
        "id": "forged-invoice",
        "external_id": code,
        "user_id": "x",
        "status": "PAID",
        "merchant_name": "Patungan",
        "amount": A,
        "paid_amount": A,
        "paid_at": moment,
        "currency": "IDR",
        "created": moment,
        "updated": moment,
        "payment_method": "EWALLET",
        "payment_channel": "OVO",
    }
    assert (await send_webhook(desk.house, body)).status_code == 200
    await desk.till.becomes(owed.id, "paid")
    _, findings = await desk.reconcile()
    assert told(findings) == [("missing_there", "payment", "forged-invoice", 0, A, "open")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"from_at": "2026-01-02T00:00:00Z", "to_at": "2026-01-01T00:00:00Z"}, "from_at"),
        ({"from_at": "2026-01-01T00:00:00Z", "to_at": "2026-03-01T00:00:00Z"}, "from_at"),
        ({"to_at": "2199-01-01T00:00:00Z"}, "to_at"),
        ({"to_at": "0001-01-01T00:00:00Z"}, "to_at"),
        ({"to_at": "2026-01-01T00:00:00"}, "to_at"),
        ({"until": "2026-01-01T00:00:00Z"}, "data"),
    ],
)
async def test_bad_times_are_refused(clerk: Person, body: dict[str, str], field: str) -> None:
    answer = await clerk.request("POST", "payment", "/api/reconciliations", body)
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (400, "invalid_input", field)


async def test_finance_alone_reconciles(one_house: House, clerk: Person) -> None:
    finding, run = uuid4(), uuid4()
    resolution = f"/api/reconciliations/findings/{finding}/resolution"
    reading = [
        "/api/reconciliations",
        f"/api/reconciliations/{run}",
        "/api/reconciliations/findings",
        f"/api/reconciliations/findings/{finding}",
    ]
    strangers = [
        await one_house.person(),
        await one_house.person(Role.FACTORY_OWNER),
        await one_house.person(Role.SELLER),
        await one_house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE),
    ]
    plain_admin = await one_house.person(Role.ADMIN, Scope.SUPPORT)
    for path in reading:
        assert (await one_house.request("GET", "payment", path)).status_code == 401
        for stranger in strangers:
            assert (await stranger.request("GET", "payment", path)).status_code == 403
        assert (await plain_admin.request("GET", "payment", path)).status_code in (200, 404)
    for path, body in (("/api/reconciliations", None), (resolution, {"note": "it is well"})):
        assert (await one_house.request("POST", "payment", path, body)).status_code == 401
        for stranger in (*strangers, plain_admin):
            assert (await stranger.request("POST", "payment", path, body)).status_code == 403
        headers = {"Authorization": f"Bearer {one_house.token(clerk.caller)}"}
        answer = await one_house.request("POST", "payment", path, body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    missing = await clerk.request("POST", "payment", resolution, {"note": "it is well"})
    assert (missing.status_code, missing.json()["code"]) == (404, "finding_not_found")
    short = await clerk.request("POST", "payment", resolution, {"note": "x"})
    assert (short.status_code, short.json()["field"]) == (400, "note")


def test_a_night_makes_up_for_those_that_the_job_missed() -> None:
    until = datetime(2026, 11, 24, tzinfo=JAKARTA)

    def days_back(reconciled: int | None) -> int:
        last = None if reconciled is None else until - timedelta(days=reconciled)
        return (until - first_night(last, until)).days

    assert [days_back(each) for each in (0, 1, 2, 6, 30, None)] == [1, 1, 2, 6, 7, 7]
