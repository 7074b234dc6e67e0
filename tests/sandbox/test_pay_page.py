"""The page on which a buyer pays."""

from __future__ import annotations

from typing import Any

from lokal.qris import parse_qris

from patungan.sandbox.xendit.invoices import Invoice
from patungan.sandbox.xendit.qris import payload

from .conftest import Receiver, RunningSandbox


async def create(sandbox: RunningSandbox, **changes: Any) -> str:
    body = {"external_id": "PAY-7", "amount": 1_250_000, "description": "Beras <Rojolele> 25 kg"}
    answer = await sandbox.xendit.post("/v2/invoices", json=body | changes)
    invoice_id: str = answer.json()["id"]
    return invoice_id


async def test_it_shows_amount_goods_and_every_way_to_pay(sandbox: RunningSandbox) -> None:
    page = (await sandbox.http.get(f"/xendit/pay/{await create(sandbox)}")).text
    for text in ("Patungan", "Rp 1.250.000", "Beras &lt;Rojolele&gt; 25 kg", "PAY-7", "Bayar / Pay Rp 1.250.000"):
        assert text in page
    for code in ("BCA", "BNI", "BRI", "MANDIRI", "OVO", "DANA", "GOPAY", "SHOPEEPAY", "LINKAJA", "QRIS", "CREDIT_CARD"):
        assert f'name="channel" value="{code}"' in page
    assert "<svg" in page
    assert "<path" in page
    assert (await sandbox.http.get("/_static/sandbox.css")).headers["content-type"].startswith("text/css")


async def test_it_offers_only_what_the_invoice_allows(sandbox: RunningSandbox) -> None:
    page = (await sandbox.http.get(f"/xendit/pay/{await create(sandbox, payment_methods=['BNI'])}")).text
    assert 'value="BNI"' in page
    assert "QRIS" not in page
    assert 'value="OVO"' not in page


async def test_the_button_pays_and_leads_back(sandbox: RunningSandbox, receiver: Receiver) -> None:
    invoice_id = await create(sandbox, success_redirect_url="https://shop.test/thanks?a=1&b=2")
    answer = await sandbox.http.post(f"/xendit/pay/{invoice_id}", data={"channel": "GOPAY"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/xendit/pay/{invoice_id}")
    (callback,) = await receiver.wait(1)
    assert (callback.json["payment_method"], callback.json["payment_channel"]) == ("EWALLET", "GOPAY")
    page = (await sandbox.http.get(f"/xendit/pay/{invoice_id}")).text
    assert "Pembayaran berhasil" in page
    assert 'href="https://shop.test/thanks?a=1&amp;b=2"' in page
    assert "<button" not in page
    again = await sandbox.http.post(f"/xendit/pay/{invoice_id}", data={"channel": "GOPAY"})
    assert (again.status_code, "The invoice is paid already" in again.text) == (409, True)


async def test_what_can_not_be_paid_is_said(sandbox: RunningSandbox) -> None:
    invoice_id = await create(sandbox, failure_redirect_url="javascript:alert(1)")
    nothing = await sandbox.http.post(f"/xendit/pay/{invoice_id}", data={})
    assert (nothing.status_code, "Choose how to pay" in nothing.text) == (400, True)
    await sandbox.xendit.post(f"/invoices/{invoice_id}/expire!")
    page = (await sandbox.http.get(f"/xendit/pay/{invoice_id}")).text
    assert "This invoice has expired" in page
    assert "javascript:" not in page
    assert (await sandbox.http.get("/xendit/pay/nothing")).status_code == 404


def test_the_qr_code_is_a_valid_dynamic_qris() -> None:
    invoice = Invoice(
        id="67417c0fe1b2c3d4e5f60718",
        external_id="PAY-7",
        status="PENDING",
        amount=1_250_000,
        created=0,
        updated=0,
        expires=1,
        paid_amount=None,
        paid_at=None,
        payment_method=None,
        payment_channel=None,
        payment_id=None,
        payment_request_id=None,
        invoice_url="",
        document="{}",
    )
    read = parse_qris(payload(invoice, "Patungan"))
    assert (read.valid, read.errors, read.type, read.amount) == (True, [], "dynamic", "1250000")
    assert read.merchant_name == "Patungan"
    assert read.additional is not None
    assert read.additional.bill_number == invoice.id
