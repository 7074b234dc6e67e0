"""Withdrawals in the storefront: the form, its refusals, the states, and taking one back."""

from __future__ import annotations

from tests.house import PASSWORD, House
from tests.purse import becomes, rich, run_batch
from tests.web.browser import Browser

TYPED = {"bank_code": "BCA", "account_number": "8410 0001 01", "holder_name": "Sari Wijaya"}


async def test_a_withdrawal_from_the_form_to_its_end(browser: Browser, one_house: House) -> None:
    sari = await rich(one_house, 200_000)
    await browser.sign_in(sari.phone, PASSWORD)
    wallet = await browser.open("/wallet")
    assert "/wallet/withdrawals" in {a.attributes.get("href") for a in wallet.tree.all("a")}
    page = await browser.open("/wallet/withdrawals")
    assert "Belum ada penarikan" in page.text
    refused = await browser.send(page, "/wallet/withdrawals", 400, amount="9.999", **TYPED)
    assert "Jumlahnya di bawah batas penarikan." in refused.text
    wrong = await browser.send(
        refused,
        "/wallet/withdrawals",
        400,
        amount="100.000",
        bank_code="BCA",
        account_number="12345678",
        holder_name="Sari Wijaya",
    )
    assert "Nomor itu bukan nomor rekening bank tersebut." in wrong.text
    done = await browser.send(wrong, "/wallet/withdrawals", 200, amount="100.000", save="yes", **TYPED)
    assert "Menunggu dikirim" in done.text
    assert "Rp 97.500 ke bank, biaya Rp 2.500" in done.text
    assert "8410000101" not in done.text
    assert "****0101" in done.text
    assert "Rp 100.000 sedang ditarik" in (await browser.open("/wallet")).text
    (made,) = (await sari.get("wallet", "/api/withdrawals"))["items"]
    await run_batch(one_house)
    await becomes(sari, made, "completed")
    assert "Selesai" in (await browser.open("/wallet/withdrawals")).text


async def test_to_a_saved_account_and_taken_back(browser: Browser, one_house: House) -> None:
    sari = await rich(one_house, 50_000)
    await browser.sign_in(sari.phone, PASSWORD)
    body = {"bank_code": "BCA", "account_number": "8410000101", "holder_name": "Sari Wijaya"}
    saved = await sari.post("wallet", "/api/wallet/bank-accounts", body)
    page = await browser.open("/wallet/withdrawals")
    done = await browser.send(page, "/wallet/withdrawals", amount="20000", account=saved["id"])
    (made,) = (await sari.get("wallet", "/api/withdrawals"))["items"]
    back = await browser.send(done, f"/wallet/withdrawals/{made['id']}/cancel")
    assert "Penarikan dibatalkan; uangnya kembali ke dompet." in back.text
    assert "Dibatalkan" in back.text
    gone = await browser.send(back, f"/wallet/bank-accounts/{saved['id']}/delete")
    assert "Rekening dihapus." in gone.text
    assert (await sari.get("wallet", "/api/wallet/bank-accounts"))["items"] == []
