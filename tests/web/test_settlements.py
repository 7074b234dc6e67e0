"""What a factory is paid, in the storefront: its settlements, the statement of each, and its files."""

from __future__ import annotations

from patungan.contracts import auth
from patungan.kernel.identity import Role
from patungan.services.settlement.rules import LineKind
from patungan.web.texts import TEXTS
from tests.house import PASSWORD, House
from tests.payday import Payday
from tests.web.browser import Browser


async def test_from_the_account_to_the_statement(browser: Browser, one_house: House) -> None:
    payday = await Payday.open(one_house)
    await one_house.eventually(lambda: _owns(payday), seconds=60)
    await payday.delivered(1_000_000)
    await payday.adjusted(-25_000)
    payday.until_payday()
    made = await payday.becomes(await payday.settled(), "completed")
    assert made["payout_amount"] == 875_000
    await browser.sign_in(payday.owner.phone, PASSWORD)
    listed = await browser.open("/settlements")
    path = f"/settlements/{made['id']}"
    assert path in {each.attributes.get("href") for each in listed.tree.all("a")}
    assert made["code"] in listed.text and "Rp 875.000" in listed.text
    page = await browser.open(path)
    assert page.tree.one("h1").text.strip() == made["code"]
    for shown in ("Rp 900.000", "Rp 875.000", "komisi Rp 100.000", "Potongan karena terlambat", "1 x Rp 1.000.000"):
        assert shown in page.text, page.text
    links = {each.text: each.attributes["href"] for each in page.tree.all("a") if each.text in ("PDF", "CSV")}
    printed = await browser.client.get(links["PDF"])
    assert (printed.headers["content-type"], printed.content[:5]) == ("application/pdf", b"%PDF-")
    sheet = await browser.client.get(links["CSV"])
    assert sheet.text.splitlines()[-1].startswith(f"total,{made['code']}")
    assert "875000" in sheet.text.splitlines()[-1]
    for tail in ("", "/statement.pdf", "/statement.csv"):
        assert (await browser.client.get(f"{path}{tail}")).status_code == 200


async def _owns(payday: Payday) -> bool:
    """Whether the account is one of a factory's owner by now."""
    found = await payday.house.context("order").call(auth.find_user, auth.FindUser(phone=payday.owner.phone))
    return found.users[0].role is Role.FACTORY_OWNER


async def test_nobody_elses_statement(browser: Browser, one_house: House) -> None:
    payday, stranger = await Payday.open(one_house), await Payday.open(one_house)
    await payday.adjusted(80_000, "Uang muka bahan baku")
    await payday.agree(cycle="daily")
    made = await payday.settled()
    path = f"/settlements/{made['id']}"
    assert (await browser.client.get(path)).status_code in (302, 303)
    await stranger.house.eventually(lambda: _owns(stranger), seconds=60)
    await browser.sign_in(stranger.owner.phone, PASSWORD)
    assert made["code"] not in (await browser.open("/settlements")).text
    for tail in ("", "/statement.pdf", "/statement.csv"):
        assert (await browser.client.get(f"{path}{tail}")).status_code == 404


def test_every_kind_of_line_has_its_texts() -> None:
    for kind in LineKind:
        assert f"settlements.kind.{kind}" in TEXTS
