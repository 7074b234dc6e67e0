"""Reviews in the storefront: shown with a product, narrowed and paged, found helpful, and written from a delivered order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.bazaar import Bazaar
from tests.house import PASSWORD, House
from tests.people import jpeg, received, reviewed, send
from tests.shop import published_product, selling_factory
from tests.web.browser import Browser, Page, fields_of


@pytest.fixture(scope="module")
async def shelf(one_house: House) -> tuple[Any, Any]:
    """A product with its factory's owner."""
    owner, factory = await selling_factory(one_house)
    return await published_product(one_house, owner, factory["id"], name="Sarung Tenun"), owner


async def some_reviews(house: House, product: Any, *ratings: int) -> list[Any]:
    """Reviews of a product by as many buyers, an hour apart."""
    made = []
    for number, rating in enumerate(ratings, 1):
        person = await house.person()
        order = await received(house, person, UUID(product["id"]), UUID(product["factory_id"]))
        made.append(await reviewed(person, order, rating, title=f"Ulasan {number}", comment="Bagus\nsekali"))
        house.later(minutes=1)
    return made


def headlines(page: Page) -> list[str]:
    return [each.one("h3").text for each in page.tree.one("ul", class_="reviews").all("li", class_="review")]


async def test_a_product_shows_its_reviews(browser: Browser, one_house: House, shelf: tuple[Any, Any]) -> None:
    product, owner = shelf
    path = f"/products/{product['slug']}"
    assert "Belum ada ulasan." in (await browser.open(path)).tree.one("section", id="reviews").text
    made = await some_reviews(one_house, product, *[5] * 8, 4, 2, 1)
    person = await one_house.person()
    order = await received(one_house, person, UUID(product["id"]), UUID(product["factory_id"]))
    picture = (await send(person, "POST", "review", "/api/reviews/photos", jpeg())).json()
    last = await reviewed(person, order, 5, title="<b>Terakhir</b>", photos=[picture["name"]])
    answered = await owner.request("PUT", "review", f"/api/reviews/{made[10]['id']}/answer", {"answer": "Mohon maaf."})
    assert answered.status_code == 200

    page = await browser.open(path)
    section = page.tree.one("section", id="reviews")
    # (9 x 5 + 4 + 2 + 1) / 12 = 4.33
    assert section.one("strong", class_="big-price").text == "4,3"
    assert section.one("p", class_="rating").one("span", class_="muted").text == "12 ulasan"
    counts = [each.text for each in section.one("ul", class_="star-counts").all("li")]
    assert counts == ["5 ★ 9 ulasan", "4 ★ 1 ulasan", "3 ★ 0 ulasan", "2 ★ 1 ulasan", "1 ★ 1 ulasan"]
    assert "4,3 dari 5 · 12 ulasan" in page.tree.one("a", class_="rating-link").text
    assert headlines(page) == ["<b>Terakhir</b>", *(f"Ulasan {n}" for n in range(11, 2, -1))]
    first = section.one("li", id=f"review-{last['id']}")
    assert first.one("img").attributes["src"] == picture["url"]
    assert "5 dari 5 bintang" in first.text and "Pembelian terverifikasi" in first.text
    (answer,) = section.all("blockquote")
    assert "Jawaban pabrik" in answer.text and "Mohon maaf." in answer.text
    following = section.one("nav", class_="paging").one("a", rel="next").attributes["href"]
    assert following == f"{path}?page=2#reviews"
    assert headlines(await browser.open(following)) == ["Ulasan 2", "Ulasan 1"]

    only = next(each for each in section.all("a") if each.text == "4 ★ 1 ulasan").attributes["href"]
    assert only == f"{path}?stars=4#reviews"
    narrowed = await browser.open(only)
    assert headlines(narrowed) == ["Ulasan 9"]
    assert narrowed.tree.one("ul", class_="star-counts").one("a", aria_current="true").text == "4 ★ 1 ulasan"
    assert "Belum ada ulasan dengan bintang itu." in (await browser.open(f"{path}?stars=3")).text
    assert headlines(await browser.open(f"{path}?sort=lowest"))[:2] == ["Ulasan 11", "Ulasan 10"]
    for nonsense in ("stars=6", "sort=nonsense", "page=abc", "page=99", "stars=%00"):
        assert (await browser.open(f"{path}?{nonsense}")).tree.one("section", id="reviews")
    browser.client.headers["Accept-Language"] = "en"
    english = (await browser.open(path)).tree.one("section", id="reviews").text
    assert "4.3" in english and "12 reviews" in english and "The factory's answer" in english


async def test_a_review_is_found_helpful(browser: Browser, one_house: House, shelf: tuple[Any, Any]) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"], name="Selendang Sutra")
    (review,) = await some_reviews(one_house, product, 4)
    path, action = f"/products/{product['slug']}", f"/reviews/{review['id']}/helpful"
    page = await browser.open(path)
    sent = await browser.client.post(action, data=fields_of(page.form(action)), headers={"Referer": f"http://x{path}"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/login?next=%2Fproducts%2F{product['slug']}")
    reader = await one_house.person()
    await browser.sign_in(reader.phone, PASSWORD)
    for _ in range(2):
        answer = await browser.post(await browser.open(path), action)
        assert answer.headers["location"] == f"{path}#review-{review['id']}"
    assert "Membantu (1)" in (await browser.open(path)).text
    away = await browser.post(await browser.open(path), action, next="https://evil.example/")
    assert away.headers["location"] == f"/products#review-{review['id']}"


async def test_a_buyer_reviews_a_delivered_order(browser: Browser, one_house: House) -> None:
    bazaar = await Bazaar.open(one_house)
    buyer = await bazaar.market.buyer()
    (order,) = (await bazaar.bought(buyer, bazaar.line(2)))["orders"]
    await browser.sign_in(buyer.person.phone, PASSWORD)
    path = f"/orders/{order['number']}"
    action = f"{path}/reviews"
    assert (await browser.open(path)).tree.all("form", action=action) == []
    await bazaar.deliver(order)

    async def offered() -> bool:
        return len((await browser.open(path)).tree.all("form", action=action)) == 2

    await one_house.eventually(offered, seconds=30)
    page = await browser.open(path)
    goods, maker = page.tree.all("form", action=action)
    stars = goods.all("input", type="radio", name="rating")
    assert [each.attributes["value"] for each in stars] == ["1", "2", "3", "4", "5"]
    assert goods.one("fieldset").one("legend").text == "Bintang"
    assert all("required" in each.attributes for each in stars)
    assert goods.attributes["enctype"] == "multipart/form-data"

    told = {**fields_of(goods), "rating": "", "title": "Bahan halus", "comment": "Jahitannya rapi"}
    wrong = await browser.client.post(action, data=told, files={"photos": ("", b"")})
    refused = await browser._shown(wrong, 400)
    assert refused.tree.one("p", role="alert")
    kept = refused.tree.all("form", action=action)[0]
    assert fields_of(kept)["title"] == "Bahan halus" and kept.one("textarea").text == "Jahitannya rapi"
    no_photo = await browser.client.post(action, data={**told, "rating": "4"}, files={"photos": ("a.jpg", b"nothing")})
    assert (await browser._shown(no_photo, 400)).tree.one("p", role="alert").text == (
        "Foto itu tidak dapat dipakai. Kirim JPEG, PNG atau WebP."
    )
    files = [("photos", (f"{n}.jpg", jpeg(60 + n))) for n in range(2)]
    written = await browser._shown(await browser.client.post(action, data={**told, "rating": "4"}, files=files), 200)
    assert "Terima kasih atas ulasan Anda." in written.text and "Anda sudah mengulas Kemeja Batik Pria." in written.text
    again = await browser.client.post(
        action, data={**told, "rating": "5", "key": "another"}, files={"photos": ("", b"")}
    )
    assert (await browser._shown(again, 409)).tree.one("p", role="alert").text == "Anda sudah mengulas ini."
    (review,) = (await buyer.person.get("review", "/api/reviews/mine"))["items"]
    assert (review["rating"], review["title"], review["comment"], len(review["photos"])) == (
        4, "Bahan halus", "Jahitannya rapi", 2,
    )  # fmt: skip
    rated = await browser.client.post(action, data={**fields_of(maker), "rating": "5"}, files={"photos": ("", b"")})
    assert (await browser._shown(rated, 200)).tree.all("form", action=action) == []
    mine = (await buyer.person.get("review", "/api/reviews/mine"))["items"]
    assert [(each["subject"], each["rating"]) for each in mine] == [("factory", 5), ("product", 4)]
    shown = await browser.open(f"/products/{bazaar.product['slug']}")
    assert "Bahan halus" in shown.tree.one("section", id="reviews").text
    stranger = await one_house.person()
    await browser.sign_in(stranger.phone, PASSWORD)
    token = fields_of(goods)["_csrf_token"]
    foreign = await browser.client.post(action, data={**told, "rating": "1", "_csrf_token": token})
    assert foreign.status_code in (403, 404)
    assert (await buyer.person.get("review", "/api/reviews/mine"))["total"] == 2
