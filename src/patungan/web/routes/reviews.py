"""Reviews: those of a product with their summary, written from a delivered order, and found helpful."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from litestar import post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.paging import page_of, pages
from patungan.web.rendering import local_path
from patungan.web.routes.buying import order_by_number, order_page
from patungan.web.site import AnyRequest, Here, TheSite, form_of
from patungan.web.visitor import Visitor

LIMIT = 10
SORTS = ("newest", "helpful", "highest", "lowest")
STARS = ("5", "4", "3", "2", "1")
MOST_PHOTOS = 5
MAX_REVIEW_BYTES = 11_000_000
"""Five photos of two megabytes each, and the form."""


async def reviews_of(visitor: Visitor, product: dict[str, Any], stars: str, sort: str, page: str) -> dict[str, Any]:
    """What a product's page shows of its reviews; ``summary`` is None where they cannot be had."""
    rating, order, number = stars if stars in STARS else "", sort if sort in SORTS else "newest", page_of(page)
    path, here = f"/api/reviews/products/{product['id']}", f"/products/{quote(product['slug'], safe='')}"
    found = await visitor.section("review", path, rating=rating, sort=order, page=number, limit=LIMIT)
    chosen = {"stars": rating, "sort": order if order != SORTS[0] else ""}
    total = found["total"] if found else 0
    return {
        "summary": found["summary"] if found else None,
        "items": found["items"] if found else [],
        "rating": rating,
        "by_stars": [_choice(here, each, {**chosen, "stars": each}, chosen=each == rating) for each in STARS],
        "all": _choice(here, "", {**chosen, "stars": ""}, chosen=not rating),
        "sorts": [_choice(here, each, {**chosen, "sort": each}, chosen=each == order) for each in SORTS],
        "paging": pages(here, number, LIMIT, total, anchor="reviews", **chosen),
        "here": here,
    }


def _choice(path: str, name: str, query: dict[str, str], *, chosen: bool) -> dict[str, Any]:
    given = urlencode({key: value for key, value in query.items() if value})
    return {"name": name, "chosen": chosen, "address": f"{path}?{given}#reviews" if given else f"{path}#reviews"}


@post("/reviews/{review_id:uuid}/helpful", status_code=303)
async def find_helpful(visitor: Here, review_id: FromPath[UUID], request: AnyRequest) -> Redirect:
    """Say that a review helps, and go back to it."""
    visitor.must_be_signed_in()
    form = await form_of(request)
    await visitor.call("PUT", "review", f"/api/reviews/{review_id}/helpful-vote")
    here = local_path(form.get("next")) or "/products"
    return Redirect(f"{here}#review-{review_id}", status_code=303)


@post("/orders/{number:str}/reviews", status_code=303, request_max_body_size=MAX_REVIEW_BYTES)
async def write_review(visitor: Here, site: TheSite, number: FromPath[str], request: AnyRequest) -> Redirect | Template:
    """Review goods of an order, or the factory that made them."""
    visitor.must_be_signed_in()
    sent, order = await asyncio.gather(request.form(), order_by_number(visitor, number))
    given = sent.getall("photos") if "photos" in sent else []
    files = [each for each in given if isinstance(each, UploadFile) and each.filename]
    told = {
        name: str(sent.get(name, "")).strip() for name in ("rating", "title", "comment", "order_item_id", "factory_id")
    }
    told["subject"] = told["order_item_id"] or told["factory_id"]
    try:
        body = {
            "rating": int(told["rating"]) if told["rating"] in STARS else 0,
            "title": told["title"],
            "comment": told["comment"],
            "photos": [await _photo(visitor, await each.read()) for each in files[:MOST_PHOTOS]],
        }
        key = str(sent.get("key") or site.chance.new_id())
        if told["order_item_id"]:
            path, about = "/api/reviews/products", {"order_item_id": told["order_item_id"]}
        else:
            path, about = "/api/reviews/factories", {"order_id": order["id"], "factory_id": told["factory_id"]}
        await visitor.post("review", path, {**body, **about}, key=key)
    except ApiProblem as refusal:
        return await order_page(visitor, site, order, refusal=refusal, told=told)
    return Redirect(f"/orders/{order['number']}?notice=reviewed", status_code=303)


async def _photo(visitor: Visitor, content: bytes) -> str:
    headers = {"Content-Type": "application/octet-stream"}
    return str((await visitor.call("POST", "review", "/api/reviews/photos", content=content, headers=headers))["name"])


routes = [find_helpful, write_review]
