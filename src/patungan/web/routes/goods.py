"""The catalogue: products found by words, narrowed by facets and sorted; suggestions as one types; a product's page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from patungan.kernel.money import format_rupiah
from patungan.web.paging import page_of, pages
from patungan.web.rendering import render
from patungan.web.routes.reviews import reviews_of
from patungan.web.sessions import shown
from patungan.web.site import Here
from patungan.web.texts import Words

LIMIT = 24
SORTS = ("newest", "price", "-price", "popularity", "ending_soon")
CHOICES = 12
"""How many values of a facet are offered, the most frequent first."""


@get("/products")
async def products(
    visitor: Here,
    q: FromQuery[str] = "",
    category: FromQuery[str] = "",
    city: FromQuery[str] = "",
    min_price: FromQuery[str] = "",
    max_price: FromQuery[str] = "",
    open_session: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    page: FromQuery[str] = "1",
) -> Template:
    query = q.strip()[:200]
    chosen = {
        "category": category[:120],
        "city": city[:120],
        "min_price": _price(min_price),
        "max_price": _price(max_price),
        "open_session": open_session if open_session in ("true", "false") else "",
    }
    order = sort if sort in SORTS else ""
    number = page_of(page)
    found: dict[str, Any] = await visitor.get(
        "product", "/api/products", q=query, sort=order, page=number, limit=LIMIT, facets="true", **chosen
    )
    return render(
        visitor,
        "products.html",
        items=found["items"],
        total=found["total"],
        corrected=found["corrected"],
        facets=_facets(found["facets"], chosen, Words(visitor.language), visitor.language, q=query, sort=order),
        paging=pages("/products", number, LIMIT, found["total"], q=query, sort=order, **chosen),
        q=query,
        sort=order,
        sorts=("relevance", *SORTS) if query else SORTS,
        chosen={name: value for name, value in chosen.items() if value},
    )


def _price(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= 9 else ""


def _facets(
    facets: dict[str, Any], chosen: dict[str, str], words: Words, language: str, **kept: str
) -> list[dict[str, Any]]:
    """The facets as groups of choices, each with the address that makes it, or takes it back where it is made."""
    named = "name_en" if language == "en" else "name"

    def choice(label: str, count: int, **fields: str) -> dict[str, Any]:
        made = all(chosen[name] == value for name, value in fields.items())
        wanted = {**kept, **chosen, **(dict.fromkeys(fields, "") if made else fields)}
        query = urlencode({name: value for name, value in wanted.items() if value})
        return {
            "label": label,
            "count": count,
            "chosen": made,
            "address": f"/products?{query}" if query else "/products",
        }

    groups = {
        "category": [choice(each[named], each["count"], category=each["value"]) for each in facets["category"]],
        "price": [
            choice(
                _band(words, each["min_price"], each["max_price"]),
                each["count"],
                min_price=str(each["min_price"] or ""),
                max_price=str(each["max_price"] or ""),
            )
            for each in facets["price"]
        ],
        "city": [choice(each["name"], each["count"], city=each["value"]) for each in facets["city"]],
        "session": [
            choice(words.text(f"goods.facet.session.{each['value']}"), each["count"], open_session=each["value"])
            for each in facets["session"]
        ],
    }
    return [
        {"name": name, "choices": choices[:CHOICES], "open": any(each["chosen"] for each in choices)}
        for name, choices in groups.items()
        if choices
    ]


def _band(words: Words, least: int | None, greatest: int | None) -> str:
    if least is None:
        return words.text("goods.below", price=format_rupiah((greatest or 0) + 1))
    if greatest is None:
        return words.text("goods.above", price=format_rupiah(least))
    return words.text("goods.between", least=format_rupiah(least), greatest=format_rupiah(greatest))


@get("/products/suggestions")
async def suggestions(visitor: Here, q: FromQuery[str] = "") -> Template:
    query = q.strip()[:200]
    found = await visitor.section("product", "/api/products/suggestions", q=query) if query else None
    named = "text_en" if visitor.language == "en" else "text"
    offered = list(dict.fromkeys(each[named] or each["text"] for each in (found or {"items": []})["items"]))
    return render(visitor, "suggestions.html", offered=offered)


@get("/products/{slug:str}")
async def product(
    visitor: Here,
    slug: FromPath[str],
    stars: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    page: FromQuery[str] = "1",
) -> Template:
    found: dict[str, Any] = await visitor.get("product", f"/api/products/{slug}")
    path = f"/api/products/id/{found['id']}"
    related = await visitor.section("product", f"{path}/related", limit=4)
    prices = await visitor.section("product", f"{path}/prices")
    sessions = await visitor.section("group-buying", "/api/group-buying", product_id=found["id"], open="true", limit=6)
    offers = await visitor.section("order", "/api/orders/offers", product_id=found["id"])
    return render(
        visitor,
        "product.html",
        reviews=await reviews_of(visitor, found, stars, sort, page),
        offers=(offers or {"items": []})["items"],
        p=found,
        image=next((each for each in found["images"] if each["is_primary"]), None),
        related=(related or {"items": []})["items"],
        prices=list(reversed((prices or {"items": []})["items"]))[:12],
        sessions=[shown(each, visitor.now) for each in (sessions or {"items": []})["items"]],
        sessions_known=sessions is not None,
    )


routes = [products, suggestions, product]
