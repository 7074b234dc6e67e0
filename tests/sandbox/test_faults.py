"""The fault desk: calls delayed, refused, timed out; callbacks lost, doubled, delayed, reordered, spoilt."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import CALLBACK_TOKEN, HMAC_SECRET, Receiver, RunningSandbox, StartSandbox, until


async def lay(sandbox: RunningSandbox, **rule: Any) -> Any:
    answer = await sandbox.http.post("/_sandbox/faults", json={"provider": "xendit"} | rule)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def create(sandbox: RunningSandbox, **changes: Any) -> Any:
    return await sandbox.xendit.post("/v2/invoices", json={"external_id": "PAY-1", "amount": 10_000} | changes)


async def pay(sandbox: RunningSandbox, **changes: Any) -> str:
    invoice_id: str = (await create(sandbox, **changes)).json()["id"]
    await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice_id}/pay")
    return invoice_id


async def stored(sandbox: RunningSandbox) -> int:
    return len((await sandbox.xendit.get("/v2/invoices")).json())


async def test_it_fails_so_often_in_the_providers_form(sandbox: RunningSandbox) -> None:
    await lay(sandbox, operation="create_invoice", action="fail", status=503, times=2)
    answers = [await create(sandbox) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].json()["error_code"] == "SERVER_ERROR"
    assert await stored(sandbox) == 1
    (standing,) = (await sandbox.http.get("/_sandbox/faults")).json()["faults"]
    assert (standing["asked"], standing["used"]) == (3, 2)


async def test_other_operations_go_on(sandbox: RunningSandbox) -> None:
    await lay(sandbox, operation="create_*", action="fail", status=429, error_code="RATE_LIMIT_EXCEEDED")
    refused = await create(sandbox)
    assert (refused.status_code, refused.json()["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert (await sandbox.xendit.get("/balance")).status_code == 200


async def test_maintenance_says_when_to_come_back(sandbox: RunningSandbox) -> None:
    await lay(sandbox, operation="*", action="fail", status=503, retry_after=90)
    refused = await sandbox.xendit.get("/balance")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "90")


async def test_each_provider_fails_in_its_own_words(sandbox: RunningSandbox) -> None:
    await lay(sandbox, provider="*", operation="*", action="fail", status=500)
    whatsapp = await sandbox.http.post("/whatsapp/v23.0/1/messages", json={})
    assert (whatsapp.status_code, whatsapp.json()["error"]["code"]) == (500, 131000)
    twilio = await sandbox.http.post("/sms/2010-04-01/Accounts/AC1/Messages.json")
    assert (twilio.json()["status"], twilio.json()["code"]) == (500, 20500)
    assert (await sandbox.http.post("/sms/reguler/api/sendsms/")).json()["status"] == "0"
    biteship = (await sandbox.http.get("/biteship/v1/couriers")).json()
    assert (biteship["success"], biteship["code"]) == (False, 50000001)
    assert (await sandbox.http.post("/jne/insert/getorigin")).json()["status"] is False
    assert (await sandbox.http.post("/jnt/jandt_track/inquiry.action")).json()["is_success"] == "false"
    sicepat = (await sandbox.http.get("/sicepat/customer/origin")).json()
    assert sicepat["sicepat"]["status"]["code"] == 500
    assert (await sandbox.http.get("/health")).status_code == 200


async def test_it_times_out_before_or_after_the_deed(sandbox: RunningSandbox) -> None:
    await lay(sandbox, operation="create_invoice", action="timeout_before", seconds=0.05, times=1)
    assert (await create(sandbox)).status_code == 504
    assert await stored(sandbox) == 0
    await lay(sandbox, operation="create_invoice", action="timeout_after", seconds=0.05, times=1)
    assert (await create(sandbox)).status_code == 504
    assert await stored(sandbox) == 1


async def test_it_delays(sandbox: RunningSandbox) -> None:
    await lay(sandbox, operation="get_balance", action="delay", seconds=0.2)
    started = time.monotonic()
    assert (await sandbox.xendit.get("/balance")).status_code == 200
    assert time.monotonic() - started >= 0.2


async def test_chance_comes_from_the_seed(sandbox: RunningSandbox) -> None:
    async def run(seed: int) -> list[int]:
        rule = {"provider": "xendit", "operation": "get_balance", "action": "fail", "probability": 0.5, "seed": seed}
        await sandbox.http.put("/_sandbox/faults", json={"faults": [rule]})
        return [(await sandbox.xendit.get("/balance")).status_code for _ in range(20)]

    first = await run(7)
    assert await run(7) == first
    assert await run(8) != first
    assert set(first) == {200, 500}


async def test_rules_are_replaced_removed_and_checked(sandbox: RunningSandbox) -> None:
    first = await lay(sandbox, operation="a", action="delay")
    await lay(sandbox, operation="b", action="delay")
    assert (await sandbox.http.delete(f"/_sandbox/faults/{first['id']}")).status_code == 204
    assert (await sandbox.http.delete(f"/_sandbox/faults/{first['id']}")).status_code == 404
    listed = (await sandbox.http.get("/_sandbox/faults")).json()["faults"]
    assert [each["rule"]["operation"] for each in listed] == ["b"]
    replaced = await sandbox.http.put("/_sandbox/faults", json={"faults": [{"operation": "c", "action": "delay"}]})
    assert [each["rule"]["operation"] for each in replaced.json()["faults"]] == ["c"]
    assert (await sandbox.http.delete("/_sandbox/faults")).status_code == 204
    assert (await sandbox.http.get("/_sandbox/faults")).json() == {"faults": []}
    bad = await sandbox.http.post("/_sandbox/faults", json={"action": "explode"})
    assert (bad.status_code, "Invalid enum value 'explode'" in bad.json()["error"]) == (400, True)


async def test_rules_outlive_a_restart_with_their_count(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    before: RunningSandbox = await start_sandbox(data=tmp_path)
    await lay(before, operation="get_balance", action="fail", times=2)
    assert (await before.xendit.get("/balance")).status_code == 500
    after: RunningSandbox = await start_sandbox(data=tmp_path)
    assert [(await after.xendit.get("/balance")).status_code for _ in range(2)] == [500, 200]


async def test_a_callback_is_lost_until_resent(sandbox: RunningSandbox, receiver: Receiver) -> None:
    await lay(sandbox, operation="callback.invoice", action="lose", times=1)
    lost, told = await pay(sandbox), await pay(sandbox)
    assert [each.json["id"] for each in await receiver.wait(1)] == [told]
    (callback,) = (await sandbox.http.get("/_sandbox/callbacks", params={"object_id": lost})).json()["callbacks"]
    assert callback["state"] == "lost"
    await sandbox.http.post(f"/_sandbox/callbacks/{callback['id']}/release")
    assert (await receiver.wait(2))[1].json["id"] == lost


async def test_a_callback_comes_several_times(sandbox: RunningSandbox, receiver: Receiver) -> None:
    await lay(sandbox, operation="callback.*", action="double", copies=3)
    invoice_id = await pay(sandbox)
    received = await receiver.wait(3)
    assert [each.json["id"] for each in received] == [invoice_id] * 3
    assert len({each.headers["webhook-id"] for each in received}) == 1


async def test_a_delayed_callback_waits_its_time(sandbox: RunningSandbox, receiver: Receiver) -> None:
    await lay(sandbox, operation="callback.invoice", action="delay", seconds=60, times=1)
    late = await pay(sandbox)
    quick = await pay(sandbox)
    assert [each.json["id"] for each in await receiver.wait(1)] == [quick]
    sandbox.clock.advance(61)
    assert [each.json["id"] for each in await receiver.wait(2)] == [quick, late]


@pytest.mark.parametrize(("rules", "order"), [(0, ["EXPIRED", "PAID"]), (1, ["PAID", "EXPIRED"])])
async def test_order_is_kept_unless_told_otherwise(
    sandbox: RunningSandbox, receiver: Receiver, rules: int, order: list[str]
) -> None:
    for _ in range(rules):
        await lay(sandbox, operation="callback.invoice", action="reorder", seconds=600, times=1)
    invoice_id = (await create(sandbox)).json()["id"]
    await sandbox.xendit.post(f"/invoices/{invoice_id}/expire!")
    await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice_id}/pay", json={"force": True})
    await receiver.wait(1 if rules else 2)
    sandbox.clock.advance(601)
    assert [each.json["status"] for each in await receiver.wait(2)] == order


async def test_a_spoilt_proof_comes_first_then_the_right_one(start_sandbox: StartSandbox, receiver: Receiver) -> None:
    sandbox: RunningSandbox = await start_sandbox(xendit_webhook_hmac_secret=HMAC_SECRET)
    receiver.answers = [401]
    await lay(sandbox, operation="callback.invoice", action="corrupt", times=1)
    await pay(sandbox)
    wrong, right = await receiver.wait(2)
    assert (wrong.headers["x-callback-token"], right.headers["x-callback-token"]) == (
        CALLBACK_TOKEN[::-1],
        CALLBACK_TOKEN,
    )
    assert wrong.headers["x-callback-signature"] == right.headers["x-callback-signature"][::-1]
    assert wrong.body == right.body


async def test_a_cut_body_keeps_the_signature_of_the_whole(start_sandbox: StartSandbox, receiver: Receiver) -> None:
    sandbox: RunningSandbox = await start_sandbox(xendit_webhook_hmac_secret=HMAC_SECRET)
    receiver.answers = [400]
    await lay(sandbox, operation="callback.invoice", action="corrupt", part="body", times=1)
    await pay(sandbox)
    cut, whole = await receiver.wait(2)
    assert whole.body.startswith(cut.body)
    assert len(cut.body) == len(whole.body) // 2
    assert cut.headers["x-callback-signature"] == whole.headers["x-callback-signature"]


async def test_refunds_and_payouts_end_as_told(sandbox: RunningSandbox, receiver: Receiver) -> None:
    await lay(sandbox, operation="settle_refund", action="fail", error_code="INSUFFICIENT_BALANCE", times=1)
    await lay(sandbox, operation="settle_payout", action="fail", error_code="REJECTED_BY_CHANNEL", times=1)
    invoice_id = (await create(sandbox)).json()["id"]
    await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice_id}/pay", json={"payment_method": "EWALLET"})
    refund_id = (await sandbox.xendit.post("/refunds", json={"invoice_id": invoice_id})).json()["id"]
    body = {
        "reference_id": "WD-1",
        "channel_code": "ID_BCA",
        "channel_properties": {"account_number": "1234567890"},
        "amount": 10_000,
        "currency": "IDR",
    }
    payout = await sandbox.xendit.post("/v2/payouts", json=body, headers={"idempotency-key": "k"})

    async def ended() -> Any:
        paths = (f"/refunds/{refund_id}", f"/v2/payouts/{payout.json()['id']}")
        found = [(await sandbox.xendit.get(path)).json() for path in paths]
        return found if all(each["status"] == "FAILED" for each in found) else None

    ended_as = [each["failure_code"] for each in await until(ended)]
    assert ended_as == ["INSUFFICIENT_BALANCE", "REJECTED_BY_CHANNEL"]
    assert (await sandbox.xendit.get("/balance")).json() == {"balance": 1_009_850}


async def test_a_late_payout_stays_under_way(sandbox: RunningSandbox, receiver: Receiver) -> None:
    await lay(sandbox, operation="settle_payout", action="delay", seconds=3_600, times=1)
    body = {
        "reference_id": "WD-1",
        "channel_code": "ID_BCA",
        "channel_properties": {"account_number": "1234567890"},
        "amount": 10_000,
        "currency": "IDR",
    }
    payout = (await sandbox.xendit.post("/v2/payouts", json=body, headers={"idempotency-key": "k"})).json()

    async def requested() -> bool:
        found = (await sandbox.xendit.get(f"/v2/payouts/{payout['id']}")).json()
        (standing,) = (await sandbox.http.get("/_sandbox/faults")).json()["faults"]
        return bool(found["status"] == "REQUESTED" and standing["used"] == 1)

    await until(requested)
    sandbox.clock.advance(3_601)
    assert (await receiver.wait(1))[0].json["event"] == "payout.succeeded"
