"""A person's addresses, and looking up a place as one types."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.rendering import local_path, render
from patungan.web.site import AnyRequest, Here, form_of
from patungan.web.visitor import Visitor

PLACE = ("province", "city", "district", "village", "postal_code")
FIELDS = ("label", "recipient", "phone", *PLACE, "line", "landmark", "notes")
MAX_ADDRESSES = 100
SHORTEST_SEARCH = 2
_POSTAL_CODE = re.compile(r"[0-9]{5}")


async def _page(
    visitor: Visitor,
    form: dict[str, str],
    *,
    refusal: ApiProblem | None = None,
    form_refusal: ApiProblem | None = None,
    notice: str | None = None,
) -> Template:
    addresses = await visitor.section("address", "/api/addresses", limit=MAX_ADDRESSES)
    failed = refusal or form_refusal
    given = {name: form.get(name, "") for name in FIELDS}
    return render(
        visitor,
        "addresses.html",
        status=failed.status if failed else 200,
        notice=notice,
        addresses=addresses,
        form=given,
        is_default="is_default" in form,
        postal_codes=[],
        next=local_path(form.get("next")) or "",
        refusal=refusal,
        form_refusal=form_refusal,
    )


@get("/addresses")
async def show_addresses(visitor: Here, next: FromQuery[str] = "", notice: FromQuery[str] = "") -> Template:
    visitor.must_be_signed_in()
    return await _page(visitor, {"next": next}, notice=notice)


@post("/addresses", status_code=303)
async def add_address(visitor: Here, request: AnyRequest) -> Redirect | Template:
    visitor.must_be_signed_in()
    form = await form_of(request)
    body: dict[str, Any] = {name: form.get(name, "") for name in FIELDS}
    try:
        await visitor.post("address", "/api/addresses", {**body, "is_default": "is_default" in form})
    except ApiProblem as refusal:
        return await _page(visitor, form, form_refusal=refusal)
    return Redirect(local_path(form.get("next")) or "/addresses?notice=address_added", status_code=303)


async def _change(visitor: Visitor, method: str, path: str, notice: str) -> Redirect | Template:
    visitor.must_be_signed_in()
    try:
        await visitor.call(method, "address", path)
    except ApiProblem as refusal:
        return await _page(visitor, {}, refusal=refusal)
    return Redirect(f"/addresses?notice={notice}", status_code=303)


@post("/addresses/{address_id:uuid}/default", status_code=303)
async def make_default(visitor: Here, address_id: FromPath[UUID]) -> Redirect | Template:
    return await _change(visitor, "POST", f"/api/addresses/{address_id}/default", "address_default")


@post("/addresses/{address_id:uuid}/delete", status_code=303)
async def delete_address(visitor: Here, address_id: FromPath[UUID]) -> Redirect | Template:
    return await _change(visitor, "DELETE", f"/api/addresses/{address_id}", "address_deleted")


@get("/addresses/search")
async def search_places(visitor: Here, place: FromQuery[str] = "") -> Template:
    """Part of the page: the places of any level that fit what was typed so far."""
    typed = place.strip()[:100]
    found = None
    if len(typed) >= SHORTEST_SEARCH:
        found = await visitor.section("address", "/api/regions/search", q=typed, limit=8)
    return render(
        visitor,
        "places.html",
        searched=len(typed) >= SHORTEST_SEARCH,
        places=found["items"] if found else None,
        typed=typed,
    )


@get("/addresses/place")
async def choose_place(
    visitor: Here,
    province: FromQuery[str] = "",
    city: FromQuery[str] = "",
    district: FromQuery[str] = "",
    village: FromQuery[str] = "",
    postal_codes: FromQuery[str] = "",
    typed: FromQuery[str] = "",
) -> Template:
    """Part of the page: the fields of a place, filled in with the chosen one."""
    codes = _POSTAL_CODE.findall(postal_codes[:2000])
    code = typed if typed in codes else codes[0] if codes else ""
    form = {"province": province, "city": city, "district": district, "village": village, "postal_code": code}
    return render(visitor, "place_chosen.html", form=form, postal_codes=codes, form_refusal=None)


routes = [show_addresses, add_address, make_default, delete_address, search_places, choose_place]
