"""Refunds and payouts: to whom, how much, how often, and how each ends."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Receiver, RunningSandbox, StartSandbox, until


async def paid_invoice(sandbox: RunningSandbox, method: str = "EWALLET", amount: int = 100_000) -> str:
    answer = await sandbox.xendit.post("/v2/invoices", json={"external_id": "PAY-1", "amount": amount})
    invoice_id: str = answer.json()["id"]
    await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice_id}/pay", json={"payment_method": method})
    return invoice_id


async def refund(sandbox: RunningSandbox, key: str | None = None, **body: Any) -> Any:
    headers = {} if key is None else {"idempotency-key": key}
    return await sandbox.xendit.post("/refunds", json=body, headers=headers)


async def pay_out(sandbox: RunningSandbox, key: str = "key-1", **changes: Any) -> Any:
    body = {
        "reference_id": "WD-1",
        "channel_code": "ID_BCA",
        "channel_properties": {"account_number": "1234567890", "account_holder_name": "Sari"},
        "amount": 97_500,
        "currency": "IDR",
        "description": "Penarikan",
    }
    return await sandbox.xendit.post("/v2/payouts", json=body | changes, headers={"Idempotency-key": key})


async def reaches(sandbox: RunningSandbox, path: str, status: str) -> Any:
    async def there() -> Any:
        found = (await sandbox.xendit.get(path)).json()
        return found if found["status"] == status else None

    return await until(there)


async def movements(sandbox: RunningSandbox, kind: str) -> list[tuple[int, str]]:
    page = (await sandbox.xendit.get("/_sandbox/books", params={"kind": kind})).json()
    return [(row["amount"], row["status"]) for row in page["movements"]]


async def balance(sandbox: RunningSandbox) -> int:
    found: int = (await sandbox.xendit.get("/balance")).json()["balance"]
    return found


async def test_a_refund_is_pending_then_told_as_succeeded(sandbox: RunningSandbox, receiver: Receiver) -> None:
    invoice_id = await paid_invoice(sandbox)
    await receiver.wait(1)
    created = (await refund(sandbox, invoice_id=invoice_id, amount=30_000, reason="CANCELLATION")).json()
    assert created["status"] == "PENDING"
    assert (created["payment_method_type"], created["channel_code"], created["country"]) == ("EWALLET", "OVO", "ID")
    callback = (await receiver.wait(2))[1]
    assert (callback.path, callback.json["event"]) == ("/callbacks/refund", "refund.succeeded")
    final = await reaches(sandbox, f"/refunds/{created['id']}", "SUCCEEDED")
    assert callback.json["data"] == final
    assert (final["invoice_id"], final["amount"], final["reason"]) == (invoice_id, 30_000, "CANCELLATION")
    assert await balance(sandbox) == 1_000_000 + 100_000 - 1_500 - 30_000


async def test_never_more_than_paid_goes_back(sandbox: RunningSandbox) -> None:
    invoice_id = await paid_invoice(sandbox)
    assert (await refund(sandbox, invoice_id=invoice_id, amount=60_000)).status_code == 200
    over = await refund(sandbox, invoice_id=invoice_id, amount=40_001)
    assert (over.status_code, over.json()["error_code"]) == (400, "REFUND_AMOUNT_EXCEEDED")
    assert (await refund(sandbox, invoice_id=invoice_id)).json()["amount"] == 40_000
    more = await refund(sandbox, invoice_id=invoice_id, amount=1)
    assert (more.status_code, more.json()["error_code"]) == (400, "MAXIMUM_REFUND_AMOUNT_REACHED")
    assert sum(amount for amount, _ in await movements(sandbox, "refund")) == 100_000


async def test_a_refund_key_repeats_the_answer(sandbox: RunningSandbox) -> None:
    invoice_id = await paid_invoice(sandbox)
    first = (await refund(sandbox, "k1", invoice_id=invoice_id, amount=10_000)).json()
    again = (await refund(sandbox, "k1", invoice_id=invoice_id, amount=10_000)).json()
    assert again["id"] == first["id"]
    other = await refund(sandbox, "k1", invoice_id=invoice_id, amount=20_000)
    assert (other.status_code, other.json()["error_code"]) == (409, "IDEMPOTENCY_ERROR")
    assert (await refund(sandbox, "k2", invoice_id=invoice_id, amount=10_000)).json()["id"] != first["id"]
    assert len(await movements(sandbox, "refund")) == 2


async def test_only_payments_with_a_way_back_are_refunded(start_sandbox: StartSandbox) -> None:
    sandbox: RunningSandbox = await start_sandbox(refund_qris=False)
    for method in ("BANK_TRANSFER", "RETAIL_OUTLET", "QR_CODE"):
        answer = await refund(sandbox, invoice_id=await paid_invoice(sandbox, method))
        assert (answer.status_code, answer.json()["error_code"]) == (400, "REFUND_NOT_SUPPORTED")
    card = (await refund(sandbox, invoice_id=await paid_invoice(sandbox, "CREDIT_CARD"))).json()
    assert (card["payment_method_type"], card["amount"]) == ("CARD", 100_000)


async def test_qris_is_refunded_by_default(sandbox: RunningSandbox) -> None:
    answer = await refund(sandbox, invoice_id=await paid_invoice(sandbox, "QR_CODE"))
    assert (answer.status_code, answer.json()["payment_method_type"]) == (200, "QR_CODE")


async def test_what_was_not_paid_or_is_unknown_is_not_refunded(sandbox: RunningSandbox) -> None:
    answer = await sandbox.xendit.post("/v2/invoices", json={"external_id": "PAY-1", "amount": 5_000})
    unpaid = await refund(sandbox, invoice_id=answer.json()["id"])
    assert (unpaid.status_code, unpaid.json()["error_code"]) == (400, "INELIGIBLE_TRANSACTION")
    unknown = await refund(sandbox, invoice_id="nothing")
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, "DATA_NOT_FOUND")
    nameless = await refund(sandbox, amount=1_000)
    assert (nameless.status_code, nameless.json()["error_code"]) == (400, "API_VALIDATION_ERROR")


async def test_a_cancelled_or_failed_refund_gives_its_money_back(
    start_sandbox: StartSandbox, receiver: Receiver
) -> None:
    sandbox: RunningSandbox = await start_sandbox(refund_delay=60.0)
    invoice_id = await paid_invoice(sandbox)
    before = await balance(sandbox)
    first = (await refund(sandbox, invoice_id=invoice_id)).json()["id"]
    assert await balance(sandbox) == before - 100_000
    assert (await sandbox.xendit.post(f"/refunds/{first}/cancel")).json()["status"] == "CANCELLED"
    assert (await sandbox.xendit.post(f"/refunds/{first}/cancel")).status_code == 400
    second = (await refund(sandbox, invoice_id=invoice_id)).json()["id"]
    decision = {"failure_code": "ACCOUNT_NOT_FOUND"}
    failed = (await sandbox.xendit.post(f"/_sandbox/refunds/{second}/decide", json=decision)).json()
    assert (failed["status"], failed["failure_code"]) == ("FAILED", "ACCOUNT_NOT_FOUND")
    assert (await receiver.wait(2))[1].json["event"] == "refund.failed"
    assert await balance(sandbox) == before
    assert await movements(sandbox, "refund") == [(100_000, "CANCELLED"), (100_000, "FAILED")]
    listed = (await sandbox.xendit.get("/refunds", params={"invoice_id": invoice_id, "limit": 1})).json()
    assert ([each["id"] for each in listed["data"]], listed["has_more"]) == ([second], True)
    older = (await sandbox.xendit.get("/refunds", params={"after_id": second})).json()
    assert ([each["id"] for each in older["data"]], older["has_more"]) == ([first], False)


async def test_a_payout_is_accepted_then_told_as_succeeded(sandbox: RunningSandbox, receiver: Receiver) -> None:
    accepted = (await pay_out(sandbox)).json()
    assert accepted["status"] == "ACCEPTED"
    assert accepted["channel_properties"] == {"account_number": "1234567890", "account_holder_name": "Sari"}
    (callback,) = await receiver.wait(1)
    assert (callback.path, callback.json["event"]) == ("/callbacks/disbursement", "payout.succeeded")
    final = await reaches(sandbox, f"/v2/payouts/{accepted['id']}", "SUCCEEDED")
    assert callback.json["data"] == final
    assert (final["reference_id"], final["amount"], final["description"]) == ("WD-1", 97_500, "Penarikan")
    assert await movements(sandbox, "payout") == [(97_500, "SUCCEEDED")]
    assert await balance(sandbox) == 902_500


async def test_a_payout_key_repeats_the_payout(sandbox: RunningSandbox) -> None:
    first = (await pay_out(sandbox, "k1")).json()
    assert (await pay_out(sandbox, "k1")).json()["id"] == first["id"]
    other = await pay_out(sandbox, "k1", amount=97_501)
    assert (other.status_code, other.json()["error_code"]) == (409, "DUPLICATE_ERROR")
    missing = await sandbox.xendit.post("/v2/payouts", json={})
    assert (missing.status_code, missing.json()["error_code"]) == (400, "API_VALIDATION_ERROR")
    listed = (await sandbox.xendit.get("/v2/payouts", params={"reference_id": "WD-1"})).json()
    assert ([each["id"] for each in listed["data"]], listed["has_more"]) == ([first["id"]], False)


async def test_test_numbers_fail_and_the_money_stays(sandbox: RunningSandbox, receiver: Receiver) -> None:
    failures = {
        "123456": "TEMPORARY_TRANSFER_ERROR",
        "999999": "REJECTED_BY_CHANNEL",
        "121212": "INVALID_DESTINATION",
    }
    for account in failures:
        payout = (await pay_out(sandbox, account, channel_properties={"account_number": account})).json()
        await reaches(sandbox, f"/v2/payouts/{payout['id']}", "FAILED")
    told = [each.json for each in await receiver.wait(3)]
    assert {each["event"] for each in told} == {"payout.failed"}
    codes = {each["data"]["channel_properties"]["account_number"]: each["data"]["failure_code"] for each in told}
    assert codes == failures
    assert await movements(sandbox, "payout") == [(97_500, "FAILED")] * 3
    assert await balance(sandbox) == 1_000_000


async def test_a_reversed_payout_brings_its_money_back(sandbox: RunningSandbox, receiver: Receiver) -> None:
    await pay_out(sandbox, channel_properties={"account_number": "654321"})
    callbacks = await receiver.wait(2)
    assert [each.json["event"] for each in callbacks] == ["payout.succeeded", "payout.reversed"]
    assert await movements(sandbox, "payout") == [(97_500, "SUCCEEDED")]
    assert await movements(sandbox, "payout_reversal") == [(97_500, "SUCCEEDED")]
    assert await balance(sandbox) == 1_000_000


async def test_an_accepted_payout_can_be_cancelled(sandbox: RunningSandbox) -> None:
    waiting = (await pay_out(sandbox, channel_properties={"account_number": "131313"})).json()
    assert (await sandbox.xendit.post(f"/v2/payouts/{waiting['id']}/cancel")).json()["status"] == "CANCELLED"
    again = await sandbox.xendit.post(f"/v2/payouts/{waiting['id']}/cancel")
    assert (again.status_code, again.json()["error_code"]) == (400, "API_VALIDATION_ERROR")
    assert await movements(sandbox, "payout") == []


async def test_too_little_money_fails_later(sandbox: RunningSandbox, receiver: Receiver) -> None:
    accepted = await pay_out(sandbox, amount=1_000_001)
    assert (accepted.status_code, accepted.json()["status"]) == (200, "ACCEPTED")
    (callback,) = await receiver.wait(1)
    assert callback.json["data"]["failure_code"] == "INSUFFICIENT_BALANCE"
    assert (await movements(sandbox, "payout"), await balance(sandbox)) == ([], 1_000_000)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel_code": "ID_PIGGYBANK"}, "CHANNEL_CODE_NOT_SUPPORTED"),
        ({"currency": "PHP"}, "API_VALIDATION_ERROR"),
        ({"amount": 7_499}, "MINIMUM_TRANSFER_LIMIT_ERROR"),
        ({"amount": 2_000_000_000}, "MAXIMUM_TRANSFER_LIMIT_ERROR"),
        ({"channel_properties": {}}, "API_VALIDATION_ERROR"),
        ({"reference_id": ""}, "API_VALIDATION_ERROR"),
    ],
)
async def test_a_bad_payout_is_refused(refusing_sandbox: RunningSandbox, changes: dict[str, Any], code: str) -> None:
    answer = await pay_out(refusing_sandbox, **changes)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


async def test_the_channels_are_all_there(refusing_sandbox: RunningSandbox) -> None:
    everything = (await refusing_sandbox.xendit.get("/payouts_channels")).json()
    wallets = (await refusing_sandbox.xendit.get("/payouts_channels", params={"channel_category": "EWALLET"})).json()
    assert (len(everything), len(wallets)) == (133, 5)
    assert (await refusing_sandbox.xendit.get("/balance", params={"account_type": "HOLDING"})).json() == {"balance": 0}
    assert (await refusing_sandbox.xendit.get("/balance", params={"account_type": "PIGGY"})).status_code == 400
