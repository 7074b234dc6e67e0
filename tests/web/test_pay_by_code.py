"""The payment page of a code, for anybody, and the receipt of the buyer."""

from __future__ import annotations

import pytest

from tests.house import PASSWORD, House
from tests.paying import Checkout, Till
from tests.web.browser import Browser, storefront


async def test_anybody_pays_by_the_code(browser: Browser, one_house: House) -> None:
    till = Till(one_house)
    owed = await till.owe(await one_house.person())
    page = await browser.open(f"/pay/{owed.code}")
    assert "Rp 4.335.000" in page.text and "Rp 215.000" in page.text and "QRIS" in page.text
    assert page.tree.one("button", id="pay-button").text == "Bayar Rp 4.335.000"
    assert page.tree.all("time", class_="countdown")
    sent = await browser.post(page, f"/pay/{owed.code}")
    invoice = await till.invoice(owed.id)
    assert (sent.status_code, sent.headers["location"]) == (303, invoice["invoice_url"])
    await till.pay(invoice)
    await till.becomes(owed.id, "paid")
    done = await browser.open(f"/pay/{owed.code}")
    assert "Pembayaran sudah diterima" in done.text
    assert not done.tree.all("button", id="pay-button")


async def test_the_page_speaks_english_and_knows_no_other_codes(browser: Browser, one_house: House) -> None:
    owed = await Till(one_house).owe(await one_house.person())
    page = await browser.open(f"/pay/{owed.code}", Accept_Language="en")
    assert "Pay before" in page.text and "Bank virtual account" in page.text
    assert (await browser.open("/pay/PAY-20200101-ZZZZZZ", 404)).text


async def test_the_receipt_is_a_page_and_a_file(one_house: House) -> None:
    buyer = await one_house.person()
    checkout = Checkout(one_house, buyer)
    owed = await checkout.owe()
    async with storefront(one_house) as browser:
        await browser.sign_in(buyer.phone, PASSWORD)
        unpaid = await browser.open(f"/payments/{owed.id}/receipt")
        assert "Rp 500.000" in unpaid.text and unpaid.tree.all("button", id="pay-button")
        await checkout.till.pay(await checkout.till.open(buyer, owed.id))
        await checkout.till.becomes(owed.id, "paid")
        page = await browser.open(f"/payments/{owed.id}/receipt")
        assert "ORD-1" in page.text and "Rp 329.000" in page.text and owed.code in page.text
        file = await browser.client.get(f"/payments/{owed.id}/receipt.pdf")
        assert file.headers["content-type"] == "application/pdf" and file.content.startswith(b"%PDF-")
    async with storefront(one_house) as stranger:
        other = await one_house.person()
        await stranger.sign_in(other.phone, PASSWORD)
        assert (await stranger.open(f"/payments/{owed.id}/receipt", 404)).text


@pytest.mark.parametrize("path", ["receipt", "receipt.pdf"])
async def test_a_receipt_asks_for_signing_in(browser: Browser, one_house: House, path: str) -> None:
    owed = await Till(one_house).owe(await one_house.person())
    answer = await browser.client.get(f"/payments/{owed.id}/{path}")
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


async def test_a_part_is_paid_from_the_wallet(one_house: House) -> None:
    buyer = await one_house.person()
    funding = Checkout(one_house, buyer)
    await funding.pay({"payment_method": "BANK_TRANSFER"})
    await funding.refund()

    async def funded() -> bool:
        return bool((await buyer.get("wallet", "/api/wallet/balance"))["balance"] == 329_000)

    await one_house.eventually(funded)
    owed = await Checkout(one_house, buyer).owe()
    path = f"/payments/{owed.id}"
    async with storefront(one_house) as browser:
        await browser.sign_in(buyer.phone, PASSWORD)
        page = await browser.open(path)
        assert page.form(f"{path}/wallet").one("input", name="amount").attributes["value"] == "329000"
        for amount, status in (("0", 400), ("banyak", 400), ("329001", 409)):
            refused = await browser.send(page, f"{path}/wallet", status, amount=amount)
            assert refused.form(f"{path}/wallet")
        done = await browser.send(page, f"{path}/wallet", amount="150.000")
        assert "Rp 150.000" in done.text and not done.tree.all("form", action=f"{path}/wallet")
        assert done.tree.one("button", id="pay-button").text == "Bayar Rp 350.000"
