"""Pages that everybody sees: the list, a session, the documentation, languages, and refusals."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

import patungan.web
from patungan.kernel.errors import known_problems
from patungan.registry import SERVICES
from tests.house import PASSWORD, House
from tests.market import Market
from tests.shop import category
from tests.web.browser import Browser, barriers_in, storefront


async def test_the_list_shows_open_sessions_as_cards(browser: Browser, market: Market) -> None:
    session = await market.session()
    page = await browser.open("/?q=Kaus")
    card = next(card for card in page.tree.all("article") if f"/sessions/{session['code']}" in str(card))
    assert "Kaus Polos" in card.text
    assert "Rp 100.000" in card.text
    assert "bisa turun sampai Rp 70.000" in card.text
    assert "0 dari target 100 buah" in card.text
    assert card.one("time", class_="countdown").attributes["datetime"] == session["ends_at"]
    assert card.one("img").attributes["src"].startswith("/api/images/")


async def test_the_list_is_searched_filtered_and_paged(browser: Browser, market: Market) -> None:
    nothing = await browser.open("/?q=tidak-ada-barang-ini")
    assert nothing.tree.all("article") == []
    assert "Tidak ada sesi yang cocok." in nothing.text
    for _ in range(13):
        await market.session()
    first = await browser.open("/?q=Kaus&show=all")
    assert len(first.tree.all("article")) == 12
    following = first.tree.one("a", rel="next").attributes["href"]
    assert "q=Kaus" in following and "show=all" in following and "page=2" in following
    second = await browser.open(following)
    assert second.tree.all("article")
    assert second.tree.one("a", rel="prev")


async def test_the_list_is_narrowed_to_a_category_and_to_what_ends_or_opens_soon(
    browser: Browser, one_house: House
) -> None:
    top = await category(one_house, name="Dapur Bersama")
    below = await category(one_house, name="Wajan", parent_id=top["id"])
    market = await Market.open(one_house, category_id=below["id"], name="Wajan Besi")
    soon = await market.session(hours=5, base_price=120_000)
    later = await market.session(hours=40)
    starts_at = (one_house.clock.now() + timedelta(hours=2)).isoformat()
    coming = await market.session(hours=50, starts_at=starts_at)

    async def listed(query: str) -> list[str]:
        page = await browser.open(f"/?{query}")
        return [card.one("h3").one("a").attributes["href"].rsplit("/", 1)[1] for card in page.tree.all("article")]

    one_house.later(minutes=2)  # the page keeps the categories for a minute
    assert await listed(f"category={top['slug']}") == [soon["code"], later["code"]]
    assert await listed(f"category={below['slug']}&sort=cheapest") == [later["code"], soon["code"]]
    assert await listed(f"category={below['slug']}&show=soon") == [soon["code"]]
    assert await listed(f"category={below['slug']}&show=coming") == [coming["code"]]
    page = await browser.open(f"/?category={top['slug']}&show=all&sort=newest")
    chosen = [each.attributes["value"] for each in page.tree.all("option") if "selected" in each.attributes]
    assert chosen == [top["slug"], "newest"]
    assert page.tree.one("input", name="show", value="all").attributes["checked"] == ""
    everything = await browser.open("/?category=there-is-none&sort=upwards&show=nothing")
    assert len(everything.tree.all("article")) >= 2


async def test_a_session_is_shared_by_a_short_link_and_a_code_to_scan(browser: Browser, market: Market) -> None:
    session = await market.session()
    page = await browser.open(f"/s/{session['code'].lower()}")
    assert page.response.url.path == f"/sessions/{session['code']}"
    preview = {
        each.attributes["property"]: each.attributes["content"] for each in page.tree.all("meta", property="og:url")
    }
    assert preview == {"og:url": f"http://127.0.0.1:8080/s/{session['code']}"}
    link = page.tree.one("section", id="share").one("a")
    assert link.attributes["href"] == link.attributes["hx-get"] == f"/sessions/{session['code']}/share"
    whole = await browser.open(link.attributes["href"])
    part = await browser.open(link.attributes["href"], HX_Request="true", Accept_Language="en")
    assert whole.tree.one("main")
    assert part.tree.all("main") == []
    for shown, words in ((whole, "Yuk patungan Kaus Polos!"), (part, "Buy Plain T-shirt together with me!")):
        assert shown.tree.one("img", class_="qr").attributes["src"] == f"/api/group-buying/{session['id']}/qr.svg"
        assert shown.tree.one("input", id="share-link").attributes["value"].endswith(f"/s/{session['code']}")
        assert shown.tree.one("textarea").text.startswith(words)
        (send,) = [a for a in shown.tree.all("a") if a.attributes["href"].startswith("https://wa.me/?text=")]
        assert send.attributes["rel"] == "noopener noreferrer"
    assert "Halaman tidak ditemukan" in (await browser.open("/s/GB-00000000-XXXXX", 404)).text


async def test_a_draft_has_no_page(browser: Browser, market: Market) -> None:
    draft = await market.session(draft=True)
    for path in (f"/s/{draft['code']}", f"/sessions/{draft['code']}", f"/sessions/{draft['code']}/share"):
        await browser.open(path, 404)


async def test_the_platform_s_guarantee_is_shown_as_what_it_is(browser: Browser, market: Market) -> None:
    session = await market.session(hours=1, base_price=105_000)
    buyer = await market.buyer()
    await buyer.pay(await buyer.join(session, 10, market.variants["Merah"]))
    await market.paid_units(session, 10)
    market.house.later(minutes=51)

    async def filled() -> bool:
        return bool((await market.look(session))["platform_quantity"] == 15)

    await market.house.eventually(filled)
    page = await browser.open(f"/sessions/{session['code']}")
    bar = page.tree.one("svg", data_live="bar")
    assert [rect.attributes["width"] for rect in bar.all("rect")] == ["100", "10.0", "15.0", "0.0"]
    assert [item.text for item in page.tree.one("ul", class_="legend").all("li")][:2] == [
        "10 dibayar pembeli",
        "15 dijamin Patungan",
    ]
    first = page.tree.one("ol", class_="tiers").all("li")[0]
    assert "reached" not in first.attributes["class"].split()
    assert first.one("span", class_="pill").text == "dijamin"
    people = page.tree.one("ul", class_="people").all("li")
    assert [each.attributes["class"] for each in people] == ["platform", "buyer"]
    assert "Patungan dijamin" in people[0].text
    assert page.tree.one("span", class_="count").text == "1"
    history = [each.text for each in page.tree.one("ol", class_="history").all("li")]
    assert history[-1].startswith("Jaminan Patungan diperbarui") and history[-1].endswith("oleh Patungan")
    listed = await browser.open("/?q=Kaus&show=soon")
    card = next(card for card in listed.tree.all("article") if f"/sessions/{session['code']}" in str(card))
    assert "10 dari target 100 buah" in card.text
    assert "+15 dijamin Patungan" in card.text


async def test_a_cancelled_session_says_who_cancelled_it_and_why(browser: Browser, market: Market) -> None:
    session = await market.session()
    path = f"/api/group-buying/{session['id']}/cancel"
    await market.owner.post("group-buying", path, {"reason": "Kain <habis> di gudang"})
    page = await browser.open(f"/sessions/{session['code']}")
    last = page.tree.one("ol", class_="history").all("li")[-1]
    assert last.one("strong").text == "Dibatalkan"
    assert "oleh pabrik" in last.text
    assert last.all("small")[-1].text == "Kain <habis> di gudang"


async def test_a_locked_variant_says_who_must_catch_up(browser: Browser, one_house: House) -> None:
    market = await Market.open(one_house, "Merah", "Hitam", name="Sarung", name_en="Sarong")
    shares = [
        {"variant_id": market.variants[name], "units_per_bundle": 3, "max_excess_units": 9}
        for name in ("Merah", "Hitam")
    ]
    path = f"/api/warehouse/bundles/{market.product['id']}"
    assert (await market.owner.request("PUT", "warehouse", path, {"variants": shares})).status_code == 200
    session, buyer = await market.session(), await market.buyer()
    await buyer.join(session, 9, market.variants["Merah"])
    await browser.sign_in(buyer.person.phone, PASSWORD)
    page = await browser.open(f"/sessions/{session['code']}")
    locked, free = page.tree.one("fieldset", id="variants").all("label")
    assert "terbuka lagi setelah 3 × Hitam ikut dipesan" in locked.text
    assert "disabled" in locked.one("input").attributes
    assert "tersedia 18" in free.text


async def test_a_page_number_that_is_none_is_the_first(browser: Browser) -> None:
    assert (await browser.open("/?page=-1")).tree.one("main")
    assert (await browser.open("/?page=abc")).tree.one("main")


async def test_a_session_tells_people_and_the_platform_apart(
    browser: Browser, market: Market, one_house: House
) -> None:
    session = await market.session()
    buyer = await market.buyer()
    joined = await buyer.join(session, 10, market.variants["Merah"])
    await buyer.pay(joined)
    await market.paid_units(session, 10)
    page = await browser.open(f"/sessions/{session['code']}")
    bar = page.tree.one("svg", data_live="bar")
    assert [rect.attributes["width"] for rect in bar.all("rect")] == ["100", "10.0", "0.0", "0.0"]
    legend = page.tree.one("ul", class_="legend")
    assert [item.text for item in legend.all("li")] == [
        "10 dibayar pembeli",
        "0 dijamin Patungan",
        "0 menunggu pembayaran",
    ]
    tiers = [
        (each.attributes["data-tier"], each.attributes["data-from"], each.attributes["class"].split())
        for each in page.tree.one("ol", class_="tiers").all("li")
    ]
    assert tiers == [("25", "25", ["current"]), ("50", "50", []), ("75", "75", []), ("100", "100", [])]
    events = page.tree.one("div", class_="session").attributes["data-events"]
    assert events == f"/api/group-buying/{session['id']}/events"
    assert "S*** W." in page.tree.one("ul", class_="people").text
    assert "Masuk untuk ikut" in page.text


async def test_a_session_that_is_over_or_not_begun_takes_no_joins(browser: Browser, market: Market) -> None:
    later = market.house.clock.now() + timedelta(hours=3)
    coming = await market.session(starts_at=later.isoformat(), hours=60)
    early = await browser.open(f"/sessions/{coming['code']}")
    assert "Sesi ini belum dimulai." in early.text
    assert early.tree.one("time", class_="countdown").attributes["datetime"] == coming["starts_at"]
    ended = await market.session()
    await market.end(ended)
    await market.reaches(ended, "failed")
    page = await browser.open(f"/sessions/{ended['code']}")
    assert "Sesi ini tidak menerima peserta baru." in page.text
    assert "Tidak tercapai" in page.text
    assert not any("data-events" in each.attributes for each in page.tree.all("div"))


@pytest.mark.parametrize(
    ("accept", "words"),
    [("en-GB,en;q=0.9,id;q=0.8", "Buy together"), ("id,en;q=0.5", "Beli bareng"), ("fr", "Beli bareng"), ("", "Beli")],
)
async def test_the_browser_s_language_is_spoken(browser: Browser, accept: str, words: str) -> None:
    page = await browser.open("/", Accept_Language=accept)
    assert words in page.tree.one("h1").text


async def test_the_language_is_chosen_and_remembered(browser: Browser, market: Market) -> None:
    session = await market.session()
    path = f"/sessions/{session['code']}"
    page = await browser.open(path)
    assert page.tree.one("html").attributes["lang"] == "id"
    english = await browser.send(page, "/language", language="en")
    assert english.response.url.path == path
    assert english.tree.one("html").attributes["lang"] == "en"
    assert "Plain T-shirt" in english.tree.one("h1").text
    assert (await browser.open("/", Accept_Language="id")).tree.one("html").attributes["lang"] == "en"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"])
async def test_no_form_sends_the_browser_to_another_site(browser: Browser, target: str) -> None:
    page = await browser.open("/")
    response = await browser.post(page, "/language", language="en", next=target)
    assert response.status_code == 303
    assert response.headers["location"] == "/"


@pytest.mark.parametrize("path", ["/nowhere", "/sessions/GB-00000000-XXXXX", "/docs/nothing", "/api-docs/nothing"])
async def test_what_is_not_there_is_a_404_page(browser: Browser, path: str) -> None:
    page = await browser.open(path, 404)
    assert page.tree.one("h1").text == "Halaman tidak ditemukan"


async def test_a_service_that_does_not_answer_is_a_503_page(one_house: House) -> None:
    async with storefront(one_house, GROUP_BUYING_SERVICE_URL="http://127.0.0.1:9") as browser:
        page = await browser.open("/", 503)
        assert page.tree.one("h1").text == "Sebentar, ya"
        assert page.response.headers["Retry-After"] == "2"
        ready = await browser.client.get("/ready")
        assert ready.status_code == 503
        assert ready.json()["faults"] == ["group-buying: service_unavailable"]


async def test_a_part_that_cannot_be_loaded_says_so(one_house: House, market: Market) -> None:
    session = await market.session()
    async with storefront(one_house, PRODUCT_SERVICE_URL="http://127.0.0.1:9") as browser:
        page = await browser.open(f"/sessions/{session['code']}")
        assert "Bagian ini belum dapat dimuat." in page.text
        assert "Kaus Polos" in page.tree.one("h1").text


async def test_health_and_readiness(browser: Browser) -> None:
    assert (await browser.client.get("/health")).json() == {"status": "ok", "service": "web"}
    assert (await browser.client.get("/ready")).json() == {"status": "ok", "service": "web", "faults": []}


async def test_the_documentation_names_every_service(browser: Browser) -> None:
    page = await browser.open("/docs")
    for entry in SERVICES:
        assert page.tree.one("a", href=f"/docs/{entry.name}")
        assert page.tree.one("a", href=f"/api-docs/{entry.name}")
    document = (await browser.client.get("/api-docs/group-buying")).json()
    assert document["info"]["title"] == "group-buying-service"
    operations = await browser.open("/docs/group-buying")
    assert "/api/group-buying/{session_id}/join" in operations.text
    assert "customer" in operations.text


async def test_every_error_code_has_its_place_in_the_documentation(browser: Browser) -> None:
    page = await browser.open("/docs/problems")
    shown = {row.attributes["id"] for row in page.tree.all("tr") if "id" in row.attributes}
    assert {"session_not_open", "otp_invalid", "insufficient_stock"} <= shown
    assert shown <= set(known_problems())


async def test_no_page_keeps_a_screen_reader_out(browser: Browser, market: Market) -> None:
    session = await market.session(hours=90)
    buyer = await market.buyer()
    joined = await buyer.join(session, 1, market.variants["Merah"])
    public = [
        "/", "/?q=tidak-ada", "/products", f"/products/{market.product['slug']}", f"/sessions/{session['code']}",
        f"/sessions/{session['code']}/share", "/login", "/register", "/reset-password", "/docs", "/docs/problems",
        "/docs/payment",
    ]  # fmt: skip
    own = [
        "/me", "/orders", "/wallet", "/wallet/withdrawals", "/notifications", "/account", "/addresses", "/cart",
        f"/payments/{joined['payment']['id']}", f"/sessions/{session['code']}",
    ]  # fmt: skip
    found: list[str] = []
    for language in ("id", "en"):
        async with storefront(market.house) as reader:
            for path in public:
                page = await reader.open(path, Accept_Language=language)
                found += [f"{language} {path}: {each}" for each in barriers_in(page.tree, language)]
            await reader.sign_in(buyer.person.phone, PASSWORD)
            for path in own:
                page = await reader.open(path, Accept_Language=language)
                found += [f"{language} {path}: {each}" for each in barriers_in(page.tree, language)]
    assert not found, "\n".join(found)


async def test_the_bar_of_a_phone_hides_nothing_that_has_the_focus() -> None:
    styles = (Path(patungan.web.__file__).parent / "static/css/parts.css").read_text()
    phone = styles[styles.index("@media (max-width: 48rem)") :]
    bar = float(re.search(r"\.has-tabs \{ padding-block-end: ([\d.]+)rem", phone)[1])  # type: ignore[index]
    kept = float(re.search(r"scroll-padding-block-end: ([\d.]+)rem", phone)[1])  # type: ignore[index]
    assert kept >= bar + 0.5
