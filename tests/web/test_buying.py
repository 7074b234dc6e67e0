"""A buyer's way through the storefront: address, couriers, joining, paying, and what is theirs afterwards."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.house import PASSWORD, House
from tests.market import HOME, Buyer, Market
from tests.web.browser import Browser, Page, fields_of, read, storefront


@pytest.fixture(scope="module")
async def session(market: Market) -> Any:
    return await market.session(hours=400)


async def signed_in_buyer(browser: Browser, market: Market) -> Buyer:
    buyer = await market.buyer()
    await browser.sign_in(buyer.person.phone, PASSWORD)
    return buyer


async def with_couriers(browser: Browser, session: Any, **choices: str) -> tuple[Page, dict[str, str]]:
    """The session's page, and what its form would send once the couriers' part is loaded into it."""
    page = await browser.open(f"/sessions/{session['code']}")
    chosen = {**fields_of(page.tree.one("form", id="join-form")), **choices}
    wanted = {name: chosen[name] for name in ("variant_id", "quantity", "address_id")}
    part = await browser.open(f"/sessions/{session['code']}/couriers?{urlencode(wanted)}", HX_Request="true")
    return page, {**chosen, **fields_of(part.tree)}


async def join(browser: Browser, session: Any, **choices: str) -> Page:
    page, chosen = await with_couriers(browser, session, **choices)
    return await browser.send(page, f"/sessions/{session['code']}/join", 200, **chosen)


async def test_the_couriers_part_shows_offers_and_the_sum(browser: Browser, market: Market, session: Any) -> None:
    buyer = await signed_in_buyer(browser, market)
    path = f"/sessions/{session['code']}/couriers"
    wanted = {"variant_id": market.variants["Merah"], "quantity": "4", "address_id": buyer.address_id}
    part = await browser.open(f"{path}?{urlencode(wanted)}")
    offers = part.tree.all("input", name="courier_service")
    assert offers
    assert "checked" in offers[0].attributes
    sums = [each.text for each in part.tree.one("dl", class_="sums").all("dd")]
    shipping = int(offers[0].attributes["data-shipping"].removeprefix("Rp ").replace(".", ""))
    # 4 x 100,000; leg one 500,000 / 100 a unit; the fee 3 % of the product.
    total = 400_000 + 20_000 + shipping + 12_000
    shown = f"{total:,}".replace(",", ".")
    assert sums == ["Rp 400.000", "Rp 20.000", offers[0].attributes["data-shipping"], "Rp 12.000", f"Rp {shown}"]
    assert offers[0].attributes["data-total"] == f"Rp {shown}"
    assert "Rp 120.000 kembali ke dompet Anda" in part.text


async def test_without_script_the_couriers_come_with_the_page(browser: Browser, market: Market, session: Any) -> None:
    buyer = await signed_in_buyer(browser, market)
    page = await browser.open(f"/sessions/{session['code']}?quantity=3&address_id={buyer.address_id}")
    form = page.tree.one("form", id="join-form")
    assert fields_of(form)["courier_service"]
    assert form.one("input", id="quantity").attributes["value"] == "3"


async def test_joining_leads_to_a_payment_of_the_sum_that_was_shown(
    browser: Browser, market: Market, session: Any
) -> None:
    buyer = await signed_in_buyer(browser, market)
    page, chosen = await with_couriers(browser, session, quantity="2", variant_id=market.variants["Hitam"])
    payment = await browser.send(page, f"/sessions/{session['code']}/join", 200, **chosen)
    assert payment.response.url.path.startswith("/payments/")
    mine = await buyer.person.get("group-buying", "/api/group-buying/mine")
    assert mine["total"] == 1
    assert (mine["items"][0]["quantity"], mine["items"][0]["variant_id"]) == (2, market.variants["Hitam"])
    shown = f"Rp {mine['items'][0]['total']:,}".replace(",", ".")
    assert payment.tree.one("dd", class_="total").text == shown
    status = payment.tree.one("section", id="payment-status")
    assert "every 2s" in status.attributes["hx-trigger"]


async def test_a_double_click_joins_once(browser: Browser, market: Market, session: Any) -> None:
    buyer = await signed_in_buyer(browser, market)
    page, chosen = await with_couriers(browser, session)
    action = f"/sessions/{session['code']}/join"
    one, other = await asyncio.gather(browser.post(page, action, **chosen), browser.post(page, action, **chosen))
    assert (one.status_code, other.status_code) == (303, 303)
    assert one.headers["location"] == other.headers["location"]
    assert (await buyer.person.get("group-buying", "/api/group-buying/mine"))["total"] == 1


async def test_every_showing_of_the_form_is_a_join_of_its_own(browser: Browser, market: Market, session: Any) -> None:
    await signed_in_buyer(browser, market)
    pages = [await browser.open(f"/sessions/{session['code']}") for _ in range(2)]
    keys = {fields_of(page.tree.one("form", id="join-form"))["key"] for page in pages}
    assert len(keys) == 2


async def test_a_refused_join_says_why_and_keeps_the_choices(browser: Browser, market: Market, session: Any) -> None:
    await signed_in_buyer(browser, market)
    page, chosen = await with_couriers(browser, session)
    refused = await browser.send(
        page, f"/sessions/{session['code']}/join", 400, **{**chosen, "courier_service": "none:such", "quantity": "3"}
    )
    assert refused.tree.one("p", role="alert").text == "Kurir itu tidak melayani alamat ini. Pilih kurir lain."
    form = fields_of(refused.tree.one("form", id="join-form"))
    assert form["quantity"] == "3"
    assert form["key"] != chosen["key"]
    assert form["courier_service"] != "none:such"
    assert (await browser.open(f"/sessions/{session['code']}/join")).response.url.path == f"/sessions/{session['code']}"


async def test_too_many_unpaid_joins_are_refused_in_english_too(browser: Browser, market: Market, session: Any) -> None:
    await signed_in_buyer(browser, market)
    await browser.send(await browser.open("/"), "/language", language="en")
    for _ in range(3):
        await join(browser, session)
    page, chosen = await with_couriers(browser, session)
    refused = await browser.send(page, f"/sessions/{session['code']}/join", 409, **chosen)
    assert refused.tree.one("p", role="alert").text == "Pay or leave your unpaid reservations in this session first."


async def test_paying_leads_to_the_provider_and_the_page_sees_it_paid(
    browser: Browser, market: Market, session: Any, one_house: House
) -> None:
    buyer = await signed_in_buyer(browser, market)
    page = await join(browser, session)
    path = page.response.url.path
    assert "form-action 'self' https: http:" in page.response.headers["Content-Security-Policy"]
    first = await browser.post(page, f"{path}/pay")
    again = await browser.post(page, f"{path}/pay")
    assert first.status_code == 303
    assert first.headers["location"].startswith(one_house.sandbox_url)
    assert again.headers["location"] == first.headers["location"]
    asked = page.tree.one("section", id="payment-status").attributes["hx-get"]
    assert (await browser.client.get(asked)).status_code == 204, "nothing new is nothing to put in anew"
    assert "Menunggu pembayaran" in (await browser.open(f"{path}/status")).text
    await buyer.pay_invoice(first.headers["location"].rsplit("/", 1)[-1], "EWALLET", "OVO")

    async def paid() -> bool:
        return "Lunas" in (await browser.open(f"{path}/status")).text

    await one_house.eventually(paid)
    part = await browser.open(asked, HX_Request="true")
    assert "hx-trigger" not in part.tree.one("section", id="payment-status").attributes
    assert part.tree.all("form") == []

    async def listed() -> bool:
        return "Sudah dibayar" in (await browser.open("/me")).text

    await one_house.eventually(listed)

    async def notified() -> bool:
        return bool((await browser.open("/notifications/badge")).tree.all("span", class_="badge"))

    await one_house.eventually(notified)
    notifications = await browser.open("/notifications")
    letter = next(
        form for form in notifications.tree.all("form", action="/notifications/read") if "id" in fields_of(form)
    )
    opened = await browser.client.post("/notifications/read", data=fields_of(letter))
    assert opened.status_code == 303
    assert opened.headers["location"].startswith(("/payments/", "/sessions/"))


async def test_an_unpaid_join_can_be_left(browser: Browser, market: Market, session: Any, one_house: House) -> None:
    await signed_in_buyer(browser, market)
    await join(browser, session)
    page = await browser.open("/me")
    assert "Bayar sekarang" in page.text
    leaving = next(form for form in page.tree.all("form") if form.attributes["action"].startswith("/me/leave/"))
    left = await browser.send(page, leaving.attributes["action"])
    assert "Keikutsertaan dibatalkan." in left.text

    async def released() -> bool:
        return "Dilepas" in (await browser.open("/me")).text

    await one_house.eventually(released)


async def test_another_buyer_s_payment_is_not_there(browser: Browser, market: Market, session: Any) -> None:
    other = await market.buyer()
    joined = await other.join(session, 1, market.variants["Merah"])
    await signed_in_buyer(browser, market)
    await browser.open(f"/payments/{joined['payment']['id']}", 404)
    await browser.open("/orders/ORD-20260101-AAAAAAA", 404)


async def test_orders_and_cashback_are_shown_after_the_session(browser: Browser, market: Market) -> None:
    for name in ("Merah", "Hitam"):
        await market.stock(200, name)
    session = await market.session()
    buyer = await signed_in_buyer(browser, market)
    joined = await buyer.join(session, 100, market.variants["Merah"])
    await buyer.pay(joined)
    await market.paid_units(session, 100)
    await market.end(session)
    await market.reaches(session, "orders_created")
    orders = await browser.open("/orders")
    link = next(a for a in orders.tree.all("a") if a.attributes.get("href", "").startswith("/orders/ORD-"))
    order = await browser.open(link.attributes["href"])
    assert "Rp 7.000.000" in order.text
    assert HOME["line"] in order.text
    wallet = await browser.open("/wallet")
    assert wallet.tree.one("p", class_="big-price").text == "Rp 3.000.000"
    assert "+Rp 3.000.000" in wallet.text
    own = await browser.open("/me")
    assert "Uang kembali Rp 3.000.000" in own.text
    assert link.attributes["href"] in {a.attributes.get("href") for a in own.tree.all("a")}


async def test_an_address_is_looked_up_added_and_made_default(browser: Browser, one_house: House) -> None:
    person = await one_house.person()
    await browser.sign_in(person.phone, PASSWORD)
    found = await browser.open("/addresses/search?place=10110")
    button = found.tree.all("button")[0]
    assert button.one("strong").text == "Gambir"
    assert button.one("span").text.startswith("Gambir, Kota Administrasi Jakarta Pusat")
    place = await browser.open(button.attributes["hx-get"])
    filled = fields_of(place.tree)
    assert filled["postal_code"] == "10110"
    assert (filled["district"], filled["village"]) == ("Gambir", "Gambir")
    rest = {"label": "Kantor", "recipient": "Sari Wijaya", "phone": "081234567890", "line": "Jl. Medan Merdeka 1"}
    page = await browser.open("/addresses?next=/wallet")
    assert (await browser.send(page, "/addresses", 200, **filled, **rest)).response.url.path == "/wallet"
    page = await browser.open("/addresses")
    refused = await browser.send(page, "/addresses", 400, **{**filled, "postal_code": "99999"}, **rest)
    assert refused.tree.one("input", name="postal_code").attributes["aria-invalid"] == "true"
    assert refused.tree.one("input", name="line").attributes["value"] == rest["line"]
    page = await browser.send(page, "/addresses", 200, **filled, **{**rest, "label": "Rumah"})
    assert "Alamat tersimpan." in page.text
    form = next(each for each in page.tree.all("form") if each.attributes["action"].endswith("/default"))
    await browser.send(page, form.attributes["action"])
    own = await person.get("address", "/api/addresses/default")
    assert own["label"] == "Rumah"


async def test_a_part_of_a_page_that_needs_signing_in_sends_the_whole_page_there(
    browser: Browser, session: Any
) -> None:
    here = f"http://toko.example/sessions/{session['code']}"
    response = await browser.client.get(
        f"/sessions/{session['code']}/couriers", headers={"HX-Request": "true", "HX-Current-URL": here}
    )
    assert response.headers["HX-Redirect"] == f"/login?next=%2Fsessions%2F{session['code']}"


@pytest.mark.parametrize(
    ("service", "path"),
    [("WALLET", "/wallet"), ("ORDER", "/orders"), ("NOTIFICATION", "/notifications"), ("GROUP_BUYING", "/me")],
)
async def test_an_own_page_without_its_service_says_so(one_house: House, service: str, path: str) -> None:
    person = await one_house.person()
    async with storefront(one_house, **{f"{service}_SERVICE_URL": "http://127.0.0.1:9"}) as browser:
        page = await browser.sign_in(person.phone, PASSWORD, "/login")
        page = await browser.open(path)
        assert "Bagian ini belum dapat dimuat." in page.text
        assert read(page.response.text)
