"""Pages that everybody sees: the list, a session, the documentation, languages, and refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from patungan.kernel.errors import known_problems
from patungan.registry import SERVICES
from tests.house import House
from tests.market import Market
from tests.web.browser import Browser, storefront


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
