"""The pages that show what was sent."""

from __future__ import annotations

from patungan.sandbox.settings import DEVELOPMENT_KEY

from .conftest import Receiver, RunningSandbox

KEY = DEVELOPMENT_KEY


async def text(sandbox: RunningSandbox, path: str) -> str:
    answer = await sandbox.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return answer.text


async def test_every_page_opens_on_empty_books(refusing_sandbox: RunningSandbox) -> None:
    assert (await refusing_sandbox.http.get("/health")).json() == {"status": "ok", "service": "sandbox"}
    overview = await text(refusing_sandbox, "/")
    for address in ("/xendit", "/whatsapp", "/sms", "/biteship", "/jne", "/jnt", "/sicepat"):
        assert f"<code>{refusing_sandbox.url}{address}</code>" in overview
    assert "Rp 1.000.000" in overview
    for path in ("/xendit", "/couriers"):
        assert "Belum ada / None yet" in await text(refusing_sandbox, path)
    for path in ("/whatsapp", "/sms"):
        assert "Belum ada pesan" in await text(refusing_sandbox, path)
    assert "All is well" in await text(refusing_sandbox, "/faults")


async def test_the_xendit_page_shows_money_and_callbacks(sandbox: RunningSandbox, receiver: Receiver) -> None:
    created = await sandbox.xendit.post("/v2/invoices", json={"external_id": "PAY-<7>", "amount": 1_250_000})
    invoice_id = created.json()["id"]
    assert f'href="/xendit/pay/{invoice_id}"' in await text(sandbox, "/xendit")
    order = {"payment_method": "EWALLET", "payment_channel": "DANA", "callback": "hold"}
    paid = (await sandbox.http.post(f"/xendit/_sandbox/invoices/{invoice_id}/pay", json=order)).json()
    await sandbox.xendit.post("/refunds", json={"invoice_id": invoice_id, "reference_id": "REF-7", "amount": 50_000})
    page = await text(sandbox, "/xendit")
    for shown in ("PAY-&lt;7&gt;", "Rp 1.250.000, DANA", "REF-7", "Rp 50.000", "Lepaskan / Release", "Rp 2.181.250"):
        assert shown in page
    release = f"/_pages/callbacks/{paid['callbacks'][0]}/release"
    answer = await sandbox.http.post(release, data={"back": "/xendit"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/xendit")
    received = await receiver.wait(2)
    assert invoice_id in {each.json.get("id") for each in received}
    elsewhere = await sandbox.http.post(release, data={"back": "https://evil.test"})
    assert elsewhere.headers["location"] == "/"


async def test_messages_show_their_code_and_can_be_searched(sandbox: RunningSandbox) -> None:
    for phone, code in (("081234567890", "482913"), ("081100000002", "111222")):
        form = {"userkey": "x", "passkey": KEY, "to": phone, "message": f"Kode OTP Anda {code}"}
        await sandbox.http.post("/sms/reguler/api/sendsms/", data=form)
    assert '<span class="otp">482913</span>' in await text(sandbox, "/sms")
    filtered = await text(sandbox, "/sms?phone=0811-0000-0002")
    assert "111222" in filtered
    assert "482913" not in filtered
    assert "482913" not in await text(sandbox, "/whatsapp")


async def test_a_parcel_is_moved_from_its_page(sandbox: RunningSandbox) -> None:
    form = {"username": "P", "api_key": KEY, "OLSHOP_ORDERID": "SHP-7", "OLSHOP_ORIG": "CGK10000"}
    form |= {"OLSHOP_DEST": "BDO10000", "OLSHOP_SERVICE": "REG", "OLSHOP_WEIGHT": "1"}
    booked = await sandbox.http.post("/jne/tracing/api/generatecnote", data=form)
    waybill = booked.json()["detail"][0]["cnote_no"]
    page = await text(sandbox, "/couriers")
    assert waybill in page
    assert "<option selected>allocated</option>" in page
    (shipment,) = (await sandbox.http.get("/_sandbox/couriers/shipments")).json()["shipments"]
    path = f"/_pages/shipments/{shipment['id']}/advance"
    assert (await sandbox.http.post(path, data={"status": "delivered"})).headers["location"] == "/couriers"
    assert '<span class="state good">delivered</span>' in await text(sandbox, "/couriers")
    assert (await sandbox.http.post(path, data={"status": "eaten"})).status_code == 404


async def test_faults_are_laid_and_lifted_from_their_page(sandbox: RunningSandbox) -> None:
    rule = {"provider": "xendit", "operation": "get_balance", "action": "fail", "status": "503", "times": "1"}
    assert (await sandbox.http.post("/_pages/faults", data=rule)).status_code == 303
    assert (await sandbox.xendit.get("/balance")).status_code == 503
    assert "<code>get_balance</code>" in await text(sandbox, "/faults")
    bad = await sandbox.http.post("/_pages/faults", data=rule | {"status": "200"})
    assert (bad.status_code, "Expected `int` &gt;= 400" in bad.text) == (400, True)
    (fault,) = (await sandbox.http.get("/_sandbox/faults")).json()["faults"]
    await sandbox.http.post("/_pages/faults/clear", data={"number": str(fault["id"])})
    assert "All is well" in await text(sandbox, "/faults")
