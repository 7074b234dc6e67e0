"""Paying an invoice, the callback that tells it, and the books that keep it."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest

from .conftest import CALLBACK_TOKEN, HMAC_SECRET, Receiver, RunningSandbox, StartSandbox, until


async def create(sandbox: RunningSandbox, **changes: Any) -> str:
    answer = await sandbox.xendit.post("/v2/invoices", json={"external_id": "PAY-1", "amount": 185_000} | changes)
    invoice_id: str = answer.json()["id"]
    return invoice_id


async def pay(sandbox: RunningSandbox, invoice_id: str, **order: Any) -> Any:
    return await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice_id}/pay", json=order)


async def books(sandbox: RunningSandbox, **query: Any) -> Any:
    return (await sandbox.xendit.get("/_sandbox/books", params=query)).json()


async def states(sandbox: RunningSandbox, invoice_id: str) -> list[tuple[str, str, int]]:
    answer = await sandbox.http.get("/_sandbox/callbacks", params={"object_id": invoice_id})
    return [(each["event"], each["state"], each["attempts"]) for each in answer.json()["callbacks"]]


async def test_the_callback_carries_the_payment_and_both_proofs(
    start_sandbox: StartSandbox, receiver: Receiver
) -> None:
    sandbox: RunningSandbox = await start_sandbox(xendit_webhook_hmac_secret=HMAC_SECRET)
    invoice_id = await create(sandbox, description="Kopi")
    paid = (await pay(sandbox, invoice_id, payment_method="BANK_TRANSFER", payment_channel="BCA")).json()
    (callback,) = await receiver.wait(1)
    assert callback.headers["x-callback-token"] == CALLBACK_TOKEN
    assert len(callback.headers["webhook-id"]) == 36
    expected = hmac.new(HMAC_SECRET.encode(), callback.body, hashlib.sha256).hexdigest()
    assert callback.headers["x-callback-signature"] == expected
    fixed = {
        "id": invoice_id,
        "external_id": "PAY-1",
        "user_id": "5f0000000000000000000001",
        "status": "PAID",
        "merchant_name": "Patungan",
        "amount": 185_000,
        "paid_amount": 185_000,
        "currency": "IDR",
        "bank_code": "BCA",
        "payment_method": "BANK_TRANSFER",
        "payment_channel": "BCA",
        "description": "Kopi",
    }
    assert {name: callback.json[name] for name in fixed} == fixed
    assert callback.json["payment_id"] == paid["invoice"]["payment_id"]
    assert callback.json["payment_destination"] == paid["invoice"]["available_banks"][0]["bank_account_number"]
    assert {"id", "external_id", "paid_at", "payment_id"} <= (
        await sandbox.xendit.get(f"/v2/invoices/{invoice_id}")
    ).json().keys()


async def test_each_method_costs_its_fee(sandbox: RunningSandbox) -> None:
    fees = {
        ("BANK_TRANSFER", "MANDIRI"): 4_000,
        ("RETAIL_OUTLET", "ALFAMART"): 5_000,
        ("EWALLET", "GOPAY"): 2_775,
        ("QR_CODE", "QRIS"): 1_295,
        ("CREDIT_CARD", "CREDIT_CARD"): 7_365,
    }
    for (method, channel), fee in fees.items():
        invoice_id = await create(sandbox, external_id=method)
        await pay(sandbox, invoice_id, payment_method=method, payment_channel=channel)
        shown = [
            (row["kind"], row["external_id"], row["invoice_id"], row["effect"])
            for row in (await books(sandbox, reference=method))["movements"]
        ]
        assert shown == [("payment", method, invoice_id, 185_000), ("payment_fee", method, invoice_id, -fee)]
    page = await books(sandbox)
    assert page["balance"] == page["opening_balance"] + 5 * 185_000 - sum(fees.values())
    assert (await sandbox.xendit.get("/balance")).json() == {"balance": page["balance"]}


async def test_the_books_are_paged_and_totalled(sandbox: RunningSandbox) -> None:
    for number in range(4):
        await pay(sandbox, await create(sandbox, external_id=f"PAY-{number}", amount=10_000), payment_method="QR_CODE")
    first = await books(sandbox, limit=5)
    second = await books(sandbox, limit=5, after=first["after"])
    assert ([len(page["movements"]) for page in (first, second)], first["has_more"], second["has_more"]) == (
        [5, 3],
        True,
        False,
    )
    assert len({row["id"] for page in (first, second) for row in page["movements"]}) == 8
    totals = [
        {"kind": "payment", "status": "SUCCEEDED", "count": 4, "amount": 40_000},
        {"kind": "payment_fee", "status": "SUCCEEDED", "count": 4, "amount": 280},
    ]
    assert (first["totals"], second["totals"], second["balance"]) == (totals, totals, 1_039_720)
    assert [row["amount"] for row in (await books(sandbox, reference="PAY-2"))["movements"]] == [10_000, 70]
    assert len((await books(sandbox, kind="payment"))["movements"]) == 4


async def test_the_wrong_amount_and_an_earlier_time_are_told_as_they_are(
    sandbox: RunningSandbox, receiver: Receiver
) -> None:
    invoice_id = await create(sandbox)
    await pay(sandbox, invoice_id, amount=180_000, paid_at="2026-01-02T03:04:05.678Z")
    (callback,) = await receiver.wait(1)
    told = (callback.json["amount"], callback.json["paid_amount"], callback.json["paid_at"])
    assert told == (185_000, 180_000, "2026-01-02T03:04:05.678Z")
    assert (await books(sandbox))["movements"][0]["amount"] == 180_000


async def test_a_second_payment_and_a_closed_channel_are_refused(sandbox: RunningSandbox) -> None:
    invoice_id = await create(sandbox, payment_methods=["BCA", "OVO"])
    refused = await pay(sandbox, invoice_id, payment_method="QR_CODE")
    assert (refused.status_code, refused.json()["error_code"]) == (400, "UNAVAILABLE_PAYMENT_METHOD_ERROR")
    assert (await pay(sandbox, invoice_id, payment_method="EWALLET")).json()["invoice"]["payment_channel"] == "OVO"
    again = await pay(sandbox, invoice_id)
    assert (again.status_code, again.json()["error_code"]) == (409, "INVOICE_ALREADY_PAID")
    assert len((await books(sandbox))["movements"]) == 2


async def test_an_expired_invoice_is_paid_only_by_force(sandbox: RunningSandbox, receiver: Receiver) -> None:
    invoice_id = await create(sandbox)
    await sandbox.xendit.post(f"/invoices/{invoice_id}/expire!")
    refused = await pay(sandbox, invoice_id)
    assert (refused.status_code, refused.json()["error_code"]) == (409, "INVOICE_EXPIRED")
    assert (await pay(sandbox, invoice_id, force=True)).status_code == 200
    callbacks = await receiver.wait(2)
    assert [each.json["status"] for each in callbacks] == ["EXPIRED", "PAID"]


async def test_paid_can_be_told_before_expired(sandbox: RunningSandbox, receiver: Receiver) -> None:
    invoice_id = await create(sandbox)
    await pay(sandbox, invoice_id, callback="before_expired")
    callbacks = await receiver.wait(2)
    assert [each.json["status"] for each in callbacks] == ["PAID", "EXPIRED"]
    assert (await sandbox.xendit.get(f"/v2/invoices/{invoice_id}")).json()["status"] == "PAID"


async def test_a_doubled_callback_keeps_its_webhook_id(sandbox: RunningSandbox, receiver: Receiver) -> None:
    await pay(sandbox, await create(sandbox), callbacks=2)
    first, second = await receiver.wait(2)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


async def test_a_held_callback_waits_for_its_release(sandbox: RunningSandbox, receiver: Receiver) -> None:
    invoice_id = await create(sandbox)
    (number,) = (await pay(sandbox, invoice_id, callback="hold")).json()["callbacks"]
    other = await create(sandbox, external_id="PAY-2")
    await pay(sandbox, other)
    assert [each.json["id"] for each in await receiver.wait(1)] == [other]
    assert await states(sandbox, invoice_id) == [("invoice.paid", "held", 0)]
    assert (await sandbox.http.post(f"/_sandbox/callbacks/{number}/release")).json()["state"] == "waiting"
    assert [each.json["id"] for each in await receiver.wait(2)] == [other, invoice_id]
    assert (await sandbox.http.post("/_sandbox/callbacks/99999/release")).status_code == 404


async def test_a_refused_callback_is_sent_again_until_taken(sandbox: RunningSandbox, receiver: Receiver) -> None:
    receiver.answers = [500, 401]
    invoice_id = await create(sandbox)
    await pay(sandbox, invoice_id)
    assert len({each.headers["webhook-id"] for each in await receiver.wait(3)}) == 1

    async def delivered() -> bool:
        return await states(sandbox, invoice_id) == [("invoice.paid", "delivered", 3)]

    await until(delivered)


async def test_after_six_repeats_it_is_given_up_until_resent(start_sandbox: StartSandbox, receiver: Receiver) -> None:
    sandbox: RunningSandbox = await start_sandbox(retry_scale=0.0)
    receiver.answers = [500] * 7
    invoice_id = await create(sandbox)
    (number,) = (await pay(sandbox, invoice_id)).json()["callbacks"]

    async def given_up() -> bool:
        return await states(sandbox, invoice_id) == [("invoice.paid", "failed", 7)]

    await until(given_up)
    await sandbox.http.post(f"/_sandbox/callbacks/{number}/release")
    assert len(await receiver.wait(8)) == 8


@pytest.mark.parametrize(("again", "state"), [(False, "failed"), (True, "delivered")])
async def test_a_timed_out_callback_is_repeated_or_not(
    start_sandbox: StartSandbox, receiver: Receiver, again: bool, state: str
) -> None:
    sandbox: RunningSandbox = await start_sandbox(callback_timeout=0.1, retry_after_timeout=again)
    receiver.delay = 0.3
    invoice_id = await create(sandbox)
    await pay(sandbox, invoice_id)
    await receiver.wait(1)
    receiver.delay = 0.0

    async def ended() -> bool:
        return await states(sandbox, invoice_id) == [("invoice.paid", state, 2 if again else 1)]

    await until(ended)


async def test_books_and_callbacks_survive_a_restart(
    start_sandbox: StartSandbox, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers = [503]
    before: RunningSandbox = await start_sandbox(data=tmp_path, retry_scale=1 / 3_600)
    invoice_id = await create(before)
    await pay(before, invoice_id)
    await receiver.wait(1)
    after: RunningSandbox = await start_sandbox(data=tmp_path, opening_balance=7)
    assert (await after.xendit.get(f"/v2/invoices/{invoice_id}")).json()["status"] == "PAID"
    assert (await books(after))["opening_balance"] == 1_000_000
    after.clock.advance(10)
    assert (await receiver.wait(2))[1].json["id"] == invoice_id


async def test_settling_changes_the_status_only(sandbox: RunningSandbox) -> None:
    invoice_id = await create(sandbox)
    assert (await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice_id}/settle")).status_code == 400
    await pay(sandbox, invoice_id)
    settled = await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice_id}/settle")
    assert settled.json()["status"] == "SETTLED"
    assert len((await books(sandbox))["movements"]) == 2
