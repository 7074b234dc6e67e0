"""Invoices as a merchant's server sees them: fields, filters, refusals, expiry, limits."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .conftest import Receiver, RunningSandbox, StartSandbox


async def create(sandbox: RunningSandbox, **changes: Any) -> Any:
    answer = await sandbox.xendit.post("/v2/invoices", json={"external_id": "PAY-1", "amount": 185_000} | changes)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_new_invoice_answers_every_required_field(sandbox: RunningSandbox) -> None:
    invoice = await create(sandbox, description="Beras 5 kg", payer_email="sari@example.test", metadata={"a": 1})
    assert len(invoice["id"]) == 24
    fixed = {
        "external_id": "PAY-1",
        "user_id": "5f0000000000000000000001",
        "status": "PENDING",
        "merchant_name": "Patungan",
        "merchant_profile_picture_url": "",
        "amount": 185_000,
        "currency": "IDR",
        "description": "Beras 5 kg",
        "payer_email": "sari@example.test",
        "metadata": {"a": 1},
        "should_send_email": False,
        "should_exclude_credit_card": False,
        "available_qr_codes": [{"qr_code_type": "QRIS"}],
        "available_direct_debits": [],
        "available_paylaters": [],
        "invoice_url": f"{sandbox.url}/xendit/pay/{invoice['id']}",
    }
    assert {name: invoice[name] for name in fixed} == fixed
    assert [bank["bank_code"] for bank in invoice["available_banks"]][:4] == ["BCA", "BNI", "BRI", "MANDIRI"]
    assert [outlet["retail_outlet_name"] for outlet in invoice["available_retail_outlets"]] == ["ALFAMART", "INDOMARET"]
    assert {"paid_amount", "paid_at", "payment_method"}.isdisjoint(invoice)
    assert (await sandbox.xendit.get(f"/v2/invoices/{invoice['id']}")).json() == invoice


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount": "many"}, 400, "API_VALIDATION_ERROR"),
        ({"amount": 0}, 400, "API_VALIDATION_ERROR"),
        ({"amount": 10.5}, 400, "API_VALIDATION_ERROR"),
        ({"external_id": ""}, 400, "API_VALIDATION_ERROR"),
        ({"amount": 50_000_000_001}, 400, "MAXIMUM_TRANSFER_AMOUNT_ERROR"),
        ({"currency": "USD"}, 400, "UNSUPPORTED_CURRENCY"),
        ({"payer_email": "sari"}, 400, "EMAIL_FORMAT_ERROR"),
        ({"payment_methods": []}, 400, "NO_COLLECTION_METHODS_ERROR"),
        ({"payment_methods": ["BCA", "PIGEON"]}, 400, "UNAVAILABLE_PAYMENT_METHOD_ERROR"),
        ({"reminder_time": 1}, 400, "INVALID_REMINDER_TIME"),
        ({"callback_virtual_account_id": "x"}, 404, "CALLBACK_VIRTUAL_ACCOUNT_NOT_FOUND_ERROR"),
        ({"items": [{"name": "a", "price": 1, "quantity": 0}]}, 400, "API_VALIDATION_ERROR"),
    ],
)
async def test_a_bad_request_is_refused_with_xendits_code(
    refusing_sandbox: RunningSandbox, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await refusing_sandbox.xendit.post(
        "/v2/invoices", json={"external_id": "PAY-1", "amount": 1_000} | changes
    )
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert (await refusing_sandbox.xendit.get("/v2/invoices")).json() == []


async def test_a_validation_error_names_the_field(refusing_sandbox: RunningSandbox) -> None:
    answer = await refusing_sandbox.xendit.post("/v2/invoices", json={"amount": 1_000})
    problem = "Object missing required field `external_id`"
    assert answer.json() == {
        "error_code": "API_VALIDATION_ERROR",
        "message": problem,
        "errors": [{"path": "body", "message": problem}],
    }
    answer = await refusing_sandbox.xendit.post("/v2/invoices", content=b"{")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "API_VALIDATION_ERROR")


async def test_without_the_secret_key_nothing_is_told(refusing_sandbox: RunningSandbox) -> None:
    for auth in (None, ("wrong", ""), ("", "")):
        async with httpx.AsyncClient(base_url=f"{refusing_sandbox.url}/xendit", auth=auth, trust_env=False) as stranger:
            for path in ("/v2/invoices", "/balance", "/_sandbox/books"):
                answer = await stranger.get(path)
                assert (answer.status_code, answer.json()["error_code"]) == (401, "INVALID_API_KEY")


async def test_the_list_filters_and_pages(sandbox: RunningSandbox) -> None:
    ids = [(await create(sandbox, external_id=f"PAY-{n}"))["id"] for n in range(5)]
    await sandbox.xendit.post(f"/_sandbox/invoices/{ids[1]}/pay", json={"payment_method": "QR_CODE"})
    await sandbox.xendit.post(f"/invoices/{ids[2]}/expire!")

    async def listed(**query: Any) -> list[str]:
        answer = await sandbox.xendit.get("/v2/invoices", params=query)
        return [invoice["id"] for invoice in answer.json()]

    assert set(await listed()) == set(ids)
    assert await listed(external_id="PAY-3") == [ids[3]]
    assert await listed(statuses="PAID") == [ids[1]]
    assert set(await listed(statuses=["PAID", "EXPIRED"])) == {ids[1], ids[2]}
    assert set(await listed(statuses='["PAID","EXPIRED"]')) == {ids[1], ids[2]}
    assert await listed(payment_channels="QRIS") == [ids[1]]
    assert await listed(paid_after="2020-01-01T00:00:00Z") == [ids[1]]
    assert await listed(created_before="2020-01-01T00:00:00Z") == []
    first = await listed(limit=3)
    rest = await listed(limit=3, last_invoice=first[-1])
    assert (len(first), len(rest), {*first, *rest}) == (3, 2, set(ids))
    bad = await sandbox.xendit.get("/v2/invoices", params={"statuses": "BROKEN"})
    assert (bad.status_code, bad.json()["error_code"]) == (400, "API_VALIDATION_ERROR")
    assert (await sandbox.xendit.get("/v2/invoices", params={"created_after": "yesterday"})).status_code == 400
    assert (await sandbox.xendit.get("/v2/invoices", params={"limit": 0})).status_code == 400


async def test_expired_by_hand_it_tells_once(sandbox: RunningSandbox, receiver: Receiver) -> None:
    invoice = await create(sandbox)
    first = await sandbox.xendit.post(f"/invoices/{invoice['id']}/expire!")
    again = await sandbox.xendit.post(f"/invoices/{invoice['id']}/expire!")
    assert (first.status_code, first.json()["status"], again.json()) == (200, "EXPIRED", first.json())
    (callback,) = await receiver.wait(1)
    assert callback.json["status"] == "EXPIRED"
    queue = (await sandbox.http.get("/_sandbox/callbacks", params={"object_id": invoice["id"]})).json()["callbacks"]
    assert len(queue) == 1


async def test_time_expires_it_unasked(sandbox: RunningSandbox, receiver: Receiver) -> None:
    invoice = await create(sandbox, invoice_duration=900)
    sandbox.clock.advance(899)
    assert (await sandbox.xendit.get(f"/v2/invoices/{invoice['id']}")).json()["status"] == "PENDING"
    sandbox.clock.advance(2)
    (callback,) = await receiver.wait(1)
    assert (callback.path, callback.json["id"], callback.json["status"]) == (
        "/callbacks/payment",
        invoice["id"],
        "EXPIRED",
    )
    assert (await sandbox.xendit.get(f"/v2/invoices/{invoice['id']}")).json()["status"] == "EXPIRED"


async def test_a_paid_invoice_can_not_be_expired(sandbox: RunningSandbox) -> None:
    invoice = await create(sandbox)
    await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice['id']}/pay")
    answer = await sandbox.xendit.post(f"/invoices/{invoice['id']}/expire!")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "API_VALIDATION_ERROR")
    assert (await sandbox.xendit.get(f"/v2/invoices/{invoice['id']}")).json()["status"] == "PAID"


async def test_the_rate_limit_is_told_and_kept(start_sandbox: StartSandbox) -> None:
    sandbox: RunningSandbox = await start_sandbox(xendit_rate_limit=2)
    answers = [await sandbox.xendit.get("/balance") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[0].headers["rate-limit-limit"] == "2"
    assert 0 < float(answers[2].headers["rate-limit-reset"]) <= 60
    assert answers[2].json()["error_code"] == "RATE_LIMIT_EXCEEDED"
    assert (await sandbox.xendit.get("/v2/invoices")).status_code == 200
