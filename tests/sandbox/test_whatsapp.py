"""WhatsApp messages: taken, refused, filled, delivered, answered."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from patungan.sandbox.settings import DEVELOPMENT_KEY

from .conftest import Receiver, RunningSandbox, StartSandbox

TOKEN = DEVELOPMENT_KEY
APP_SECRET = "app-secret-for-tests"
PHONE = "6281234567890"


@pytest.fixture
async def sandbox(start_sandbox: StartSandbox, receiver: Receiver) -> RunningSandbox:
    running: RunningSandbox = await start_sandbox(
        whatsapp_api_token=TOKEN,
        whatsapp_app_secret=APP_SECRET,
        whatsapp_callback_url=f"{receiver.url}/whatsapp",
    )
    return running


async def send(sandbox: RunningSandbox, token: str = TOKEN, **changes: Any) -> Any:
    message = {
        "messaging_product": "whatsapp",
        "to": PHONE,
        "type": "template",
        "template": {
            "name": "otp",
            "language": {"code": "id"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "482913"}]},
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [{"type": "text", "text": "482913"}],
                },
            ],
        },
    }
    headers = {"authorization": f"Bearer {token}"}
    return await sandbox.http.post("/whatsapp/v23.0/1234/messages", json=message | changes, headers=headers)


async def messages(sandbox: RunningSandbox, **query: Any) -> Any:
    return (await sandbox.http.get("/_sandbox/messages", params=query)).json()["messages"]


async def test_a_template_is_taken_and_can_be_read(sandbox: RunningSandbox) -> None:
    answer = await send(sandbox)
    assert answer.status_code == 200
    body = answer.json()
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": PHONE, "wa_id": PHONE}]
    assert body["messages"][0]["message_status"] == "accepted"
    assert body["messages"][0]["id"].startswith("wamid.")
    for spelling in ("+6281234567890", "081234567890"):
        (message,) = await messages(sandbox, phone=spelling, channel="whatsapp")
        assert message["provider_id"] == body["messages"][0]["id"]
        assert (message["template"], message["language"], message["parameters"]) == ("otp", "id", ["482913"])
        assert (message["text"], message["code"]) == ("[otp] 482913", "482913")
    assert await messages(sandbox, phone="+6281111111111") == []
    assert await messages(sandbox, channel="sms") == []
    assert await messages(sandbox, after=message["id"]) == []


async def test_newest_come_first(sandbox: RunningSandbox) -> None:
    for number in ("111111", "222222"):
        components = [{"type": "body", "parameters": [{"type": "text", "text": number}]}]
        await send(sandbox, template={"name": "otp", "language": {"code": "id"}, "components": components})
    found = await messages(sandbox)
    assert [each["code"] for each in found] == ["222222", "111111"]
    assert [each["code"] for each in await messages(sandbox, after=found[1]["id"])] == ["222222"]


async def test_each_step_of_delivery_is_told_signed_and_in_order(sandbox: RunningSandbox, receiver: Receiver) -> None:
    sent = (await send(sandbox, biz_opaque_callback_data="msg-7")).json()["messages"][0]["id"]
    callbacks = await receiver.wait(3)
    for callback in callbacks:
        expected = hmac.new(APP_SECRET.encode(), callback.body, hashlib.sha256).hexdigest()
        assert callback.headers["x-hub-signature-256"] == f"sha256={expected}"
    values = [callback.json["entry"][0]["changes"][0]["value"] for callback in callbacks]
    statuses = [value["statuses"][0] for value in values]
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    assert {(s["id"], s["recipient_id"], s["biz_opaque_callback_data"]) for s in statuses} == {(sent, PHONE, "msg-7")}
    assert values[0]["metadata"]["phone_number_id"] == "1234"
    assert (await messages(sandbox))[0]["status"] == "read"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"to": "6281234560000"}, 400, 131026),
        ({"to": "0"}, 400, 131009),
        ({"messaging_product": "telegram"}, 400, 100),
        ({"type": "text", "text": {"body": "Halo"}}, 400, 131047),
        ({"type": "text", "text": {"body": "x" * 4097}}, 400, 131009),
        ({"template": {"language": {"code": "id"}}}, 400, 131008),
        ({"type": "text"}, 400, 131008),
        ({"type": "sticker"}, 400, 131051),
    ],
)
async def test_what_is_refused_has_metas_code(
    refusing_sandbox: RunningSandbox, changes: dict[str, Any], status: int, code: int
) -> None:
    answer = await send(refusing_sandbox, **changes)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (status, code, "OAuthException")
    assert error["message"].startswith(f"(#{code}) ")
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert await messages(refusing_sandbox) == []


async def test_the_token_is_asked_for(refusing_sandbox: RunningSandbox) -> None:
    wrong = await send(refusing_sandbox, token="wrong")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, 190)
    none = await refusing_sandbox.http.post("/whatsapp/v23.0/1234/messages", json={})
    assert (none.status_code, none.json()["error"]["code"]) == (401, 0)


async def test_a_late_failure_comes_by_webhook(sandbox: RunningSandbox, receiver: Receiver) -> None:
    assert (await send(sandbox, to="6281234560001")).status_code == 200
    statuses = [each.json["entry"][0]["changes"][0]["value"]["statuses"][0] for each in await receiver.wait(2)]
    assert [status["status"] for status in statuses] == ["sent", "failed"]
    assert statuses[1]["errors"][0]["code"] == 131026
    (message,) = await messages(sandbox)
    assert (message["status"], message["error_code"]) == ("failed", 131026)


async def test_a_created_template_is_filled_and_counted(sandbox: RunningSandbox) -> None:
    template = {
        "name": "purchase_order",
        "language": "id",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Pesanan {{1}}"},
            {"type": "BODY", "text": "Halo {{1}}, mohon siapkan {{2}} sebelum {{3}}."},
            {"type": "FOOTER", "text": "Patungan"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Terima"}]},
        ],
    }
    headers = {"authorization": f"Bearer {TOKEN}"}
    created = await sandbox.http.post("/whatsapp/v23.0/9/message_templates", json=template, headers=headers)
    assert (created.status_code, created.json()["status"]) == (200, "APPROVED")
    listed = (await sandbox.http.get("/whatsapp/v23.0/9/message_templates", headers=headers)).json()["data"]
    assert [(each["name"], each["status"]) for each in listed] == [("purchase_order", "APPROVED")]

    def filled(*body: str) -> dict[str, Any]:
        parts = [("header", ["PO-7"]), ("body", list(body))]
        components = [
            {"type": part, "parameters": [{"type": "text", "text": text} for text in texts]} for part, texts in parts
        ]
        return {"name": "purchase_order", "language": {"code": "id"}, "components": components}

    short = await send(sandbox, template=filled("Pabrik A", "120 kg"))
    assert (short.status_code, short.json()["error"]["code"]) == (400, 132000)
    assert (await send(sandbox, template=filled("Pabrik A", "120 kg", "Jumat"))).status_code == 200
    (message,) = await messages(sandbox)
    assert message["text"] == "Pesanan PO-7\nHalo Pabrik A, mohon siapkan 120 kg sebelum Jumat.\nPatungan\n[Terima]"
    assert (message["parameters"], message["code"]) == (["Pabrik A", "120 kg", "Jumat"], None)


async def test_strict_templates_must_exist(start_sandbox: StartSandbox) -> None:
    strict: RunningSandbox = await start_sandbox(whatsapp_api_token=TOKEN, whatsapp_strict_templates=True)
    answer = await send(strict)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 132001)


async def test_an_answer_opens_the_service_window_for_a_day(sandbox: RunningSandbox, receiver: Receiver) -> None:
    inbound = {"phone": "081234567890", "button_text": "Terima", "button_payload": "accept:PO-7"}
    answer = await sandbox.http.post("/_sandbox/whatsapp/inbound", json=inbound)
    (callback,) = await receiver.wait(1)
    value = callback.json["entry"][0]["changes"][0]["value"]
    message = value["messages"][0]
    assert (message["from"], message["id"], message["type"]) == (PHONE, answer.json()["id"], "button")
    assert message["button"] == {"text": "Terima", "payload": "accept:PO-7"}
    free: dict[str, Any] = {"type": "text", "text": {"body": "Terima kasih"}}
    assert (await send(sandbox, **free)).status_code == 200
    sandbox.clock.advance(24 * 3600 + 1)
    late = await send(sandbox, **free)
    assert (late.status_code, late.json()["error"]["code"]) == (400, 131047)


async def test_the_senders_number_can_be_read(refusing_sandbox: RunningSandbox) -> None:
    answer = await refusing_sandbox.http.get("/whatsapp/v23.0/1234", headers={"authorization": f"Bearer {TOKEN}"})
    assert (answer.json()["id"], answer.json()["verified_name"]) == ("1234", "Patungan")


async def test_a_page_lets_one_press_buttons_write_and_set_states(sandbox: RunningSandbox, receiver: Receiver) -> None:
    buttons = [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": index,
            "parameters": [{"type": "payload", "payload": each}],
        }
        for index, each in (("1", "reject:abc"), ("0", "confirm:abc"))
    ]
    template = {"name": "purchase_order", "language": {"code": "id"}, "components": buttons}
    assert (await send(sandbox, template=template)).status_code == 200
    (message,) = await messages(sandbox)
    assert message["replies"] == ["confirm:abc", "reject:abc"]
    page = (await sandbox.http.get("/whatsapp")).text
    assert all(word in page for word in (">confirm</button>", ">reject</button>", 'name="text"', ">read</option>"))
    path = f"/_pages/messages/{message['id']}"
    acts: list[tuple[str, dict[str, str]]] = [
        ("press", {"button": "1"}),
        ("reply", {"text": "halo"}),
        ("status", {"status": "read"}),
    ]
    for act, form in acts:
        assert (await sandbox.http.post(f"{path}/{act}", data=form)).status_code == 303
    told = [each.json["entry"][0]["changes"][0]["value"] for each in await receiver.wait(3)]
    written = [each["messages"][0] for each in told if "messages" in each]
    by_kind = {each["type"]: each for each in written}
    assert by_kind["button"]["button"] == {"text": "reject", "payload": "reject:abc"}
    assert by_kind["button"]["context"]["id"] == message["provider_id"]
    assert by_kind["text"]["text"] == {"body": "halo"}
    assert (await messages(sandbox))[0]["status"] == "read"
    for act, form in (("press", {"button": "2"}), ("press", {}), ("status", {"status": "lost"})):
        assert (await sandbox.http.post(f"{path}/{act}", data=form)).status_code == 404
    assert (await sandbox.http.post("/_pages/messages/999/press", data={"button": "0"})).status_code == 404
