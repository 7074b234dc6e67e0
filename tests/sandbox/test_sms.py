"""SMS by Twilio and by Zenziva."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl

import pytest

from patungan.sandbox.settings import DEVELOPMENT_KEY
from patungan.sandbox.sms import segments

from .conftest import Receiver, RunningSandbox, StartSandbox, until

KEY = DEVELOPMENT_KEY
SID = "AC" + "0" * 32


@pytest.fixture
async def sandbox(start_sandbox: StartSandbox) -> RunningSandbox:
    running: RunningSandbox = await start_sandbox(sms_api_key=KEY)
    return running


async def send(sandbox: RunningSandbox, auth: tuple[str, str] = (SID, KEY), **form: str) -> Any:
    return await sandbox.http.post(f"/sms/2010-04-01/Accounts/{SID}/Messages.json", data=form, auth=auth)


async def test_twilio_takes_a_message_and_delivers_it(sandbox: RunningSandbox) -> None:
    answer = await send(sandbox, To="+6281234567890", From="+6281100003900", Body="Kode OTP Anda 482913.")
    assert answer.status_code == 201
    body = answer.json()
    fixed = {
        "account_sid": SID,
        "body": "Kode OTP Anda 482913.",
        "num_segments": "1",
        "direction": "outbound-api",
        "from": "+6281100003900",
        "to": "+6281234567890",
        "status": "queued",
        "error_code": None,
        "api_version": "2010-04-01",
        "uri": f"/2010-04-01/Accounts/{SID}/Messages/{body['sid']}.json",
    }
    assert {name: body[name] for name in fixed} == fixed

    async def delivered() -> bool:
        found = await sandbox.http.get(f"/sms{body['uri']}", auth=(SID, KEY))
        return bool(found.json()["status"] == "delivered")

    await until(delivered)
    (message,) = (await sandbox.http.get("/_sandbox/messages", params={"channel": "sms"})).json()["messages"]
    assert (message["phone"], message["code"], message["provider"]) == ("+6281234567890", "482913", "twilio")


async def test_twilio_tells_each_status_signed(sandbox: RunningSandbox, receiver: Receiver) -> None:
    url = f"{receiver.url}/sms"
    await send(sandbox, To="+6281234569999", From="+6281100003900", Body="Halo", StatusCallback=url)
    callbacks = await receiver.wait(2)
    forms = [dict(parse_qsl(callback.body.decode())) for callback in callbacks]
    assert [(form["MessageStatus"], form.get("ErrorCode")) for form in forms] == [
        ("sent", None),
        ("undelivered", "30003"),
    ]
    signed = url + "".join(name + forms[0][name] for name in sorted(forms[0]))
    expected = base64.b64encode(hmac.new(KEY.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    assert callbacks[0].headers["x-twilio-signature"] == expected


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": "+1", "Body": "x"}, 21604),
        ({"To": "12", "From": "+1", "Body": "x"}, 21211),
        ({"To": "+6281234567890", "Body": "x"}, 21603),
        ({"To": "+6281234567890", "From": "+1"}, 21602),
        ({"To": "+6281234567890", "From": "+1", "Body": "x" * 1601}, 21617),
    ],
)
async def test_twilio_refuses_with_its_codes(refusing_sandbox: RunningSandbox, form: dict[str, Any], code: int) -> None:
    answer = await send(refusing_sandbox, **form)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (400, code, 400)


async def test_twilio_asks_for_the_account(refusing_sandbox: RunningSandbox) -> None:
    for auth in ((SID, "wrong"), ("AC1", KEY)):
        answer = await send(refusing_sandbox, auth=auth, To="+6281234567890", From="+1", Body="x")
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    unknown = await refusing_sandbox.http.get(f"/sms/2010-04-01/Accounts/{SID}/Messages/SM1.json", auth=(SID, KEY))
    assert (unknown.status_code, unknown.json()["code"]) == (404, 20404)


async def test_zenziva_tells_by_status_only(sandbox: RunningSandbox) -> None:
    form = {"userkey": "patungan", "passkey": KEY, "to": "081234567890", "message": "Kode OTP Anda 123456"}
    answer = await sandbox.http.post("/sms/reguler/api/sendsms/", data=form)
    assert (answer.status_code, answer.json()["status"], answer.json()["to"]) == (200, "1", "081234567890")
    refused = await sandbox.http.post("/sms/reguler/api/sendsms/", data=form | {"passkey": "wrong"})
    assert (refused.status_code, refused.json()["status"]) == (200, "0")
    bad = await sandbox.http.post("/sms/reguler/api/sendsms/", data=form | {"to": "x"})
    assert bad.json()["status"] == "0"
    await sandbox.http.post("/sms/reguler/api/sendsms/", data=form | {"to": "6281234567890"})
    found = (await sandbox.http.get("/_sandbox/messages", params={"phone": "081234567890"})).json()["messages"]
    assert [(each["code"], each["provider"], each["status"]) for each in found] == [("123456", "zenziva", "sent")] * 2


@pytest.mark.parametrize(
    ("body", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 307, 3), ("ö" * 160, 1), ("✓" * 70, 1), ("✓" * 71, 2)],
)
def test_segments_follow_the_alphabet(body: str, count: int) -> None:
    assert segments(body) == count
