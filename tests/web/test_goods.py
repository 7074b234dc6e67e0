"""The catalogue in the storefront: found, narrowed, sorted, suggested, and a product's page."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.house import House
from tests.market import Market
from tests.shop import published_product, selling_factory, upload
from tests.web.browser import Browser


async def test_products_are_found_in_spite_of_a_slip(browser: Browser, market: Market) -> None:
    page = await browser.open("/products?q=kuas+plos")
    assert "Hasil untuk “kuas plos”" in page.text
    assert "Menampilkan hasil untuk “kaus polos”." in page.text
    (card,) = page.tree.all("article")
    assert "Kaus Polos" in card.text and "Rp 100.000" in card.text and "bisa turun sampai Rp 70.000" in card.text
    link = card.one("a").attributes["href"]
    assert link.startswith("/products/kaus-polos")
    assert (await browser.open(link)).tree.one("h1").text == "Kaus Polos"


async def test_facets_lead_on_and_back(browser: Browser, market: Market) -> None:
    page = await browser.open("/products?q=kaus&sort=price")
    facets = page.tree.one("aside", class_="facets")
    city = next(link for link in facets.all("a") if "Kota Pekalongan" in link.text)
    assert city.attributes["href"] == "/products?q=kaus&sort=price&city=Kota+Pekalongan"
    assert "(1)" in city.text
    narrowed = await browser.open(city.attributes["href"])
    made = narrowed.tree.one("a", aria_current="true")
    assert "Kota Pekalongan" in made.text and made.attributes["href"] == "/products?q=kaus&sort=price"
    assert narrowed.tree.one("input", name="city").attributes["value"] == "Kota Pekalongan"
    assert len(narrowed.tree.all("article")) == 1
    band = next(link for link in facets.all("a") if "Rp 100.000 – Rp 249.999" in link.text)
    assert "min_price=100000&max_price=249999" in band.attributes["href"]
    nothing = await browser.open("/products?q=kaus&city=Atlantis")
    assert "Tidak ada produk yang cocok." in nothing.text


@pytest.mark.parametrize(
    "query",
    ["page=abc", "min_price=abc", "min_price=99999999999999", "sort=nonsense", "open_session=2", "q=%00", "q=%25_"],
)
async def test_a_question_that_makes_no_sense_shows_a_page(browser: Browser, query: str) -> None:
    page = await browser.open(f"/products?{query}")
    assert page.tree.one("main")


async def test_suggestions_as_options(browser: Browser, market: Market) -> None:
    offered = await browser.open("/products/suggestions?q=kau")
    values = [option.attributes["value"] for option in offered.tree.all("option")]
    assert "kaus" in values and "Kaus Polos" in values
    assert (await browser.open("/products/suggestions")).tree.all("option") == []
    box = (await browser.open("/products")).tree.one("input", name="q")
    assert (box.attributes["list"], box.attributes["hx-get"]) == ("suggestions", "/products/suggestions")


async def test_a_products_page_in_english_with_pictures_in_modern_formats(browser: Browser, one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    variants = [{"name": "Kecil", "name_en": "Small"}]
    product = await published_product(
        one_house, owner, factory["id"], name="Tas Rajut", name_en="Knitted Bag", variants=variants
    )
    written = io.BytesIO()
    Image.new("RGB", (700, 500), "teal").save(written, "PNG")
    sent = await upload(owner, product["id"], written.getvalue(), primary="true")
    stem = sent.json()["name"].split(".")[0]
    await owner.request("PATCH", "product", f"/api/products/id/{product['id']}", {"base_price": 120_000})
    browser.client.headers["Accept-Language"] = "en"
    page = await browser.open("/products/tas-rajut")
    assert page.tree.one("h1").text == "Knitted Bag"
    assert "Small" in page.text and "Price history" in page.text and "Rp 120.000" in page.text
    sources = page.tree.all("picture")[0].all("source")
    assert [each.attributes["type"] for each in sources] == ["image/avif", "image/webp"]
    assert sources[1].attributes["srcset"] == ", ".join(
        f"/api/images/{stem}-{width}.webp {width}w" for width in (160, 320, 640)
    )
    card = (await browser.open("/products?q=knitted")).tree.one("article")
    assert card.one("img").attributes["width"] == "700"
    missing = await browser.open("/products/tidak-ada", status=404)
    assert missing.tree.one("main")
