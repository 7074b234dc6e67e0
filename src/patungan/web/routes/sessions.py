"""A session's page, what couriers ask to bring it, and joining it."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from patungan.kernel.money import ceil_percent
from patungan.web.api import ApiProblem
from patungan.web.rendering import render
from patungan.web.sessions import Shown, shown
from patungan.web.site import AnyRequest, Here, TheSite, form_of
from patungan.web.visitor import Visitor

FEE_PERCENT = 3
"""Gateway fee to the customer, of the product price (DOMAIN.md 1.1). Only for showing: the service decides."""
PEOPLE_SHOWN = 12
MAX_QUANTITY = 1_000_000


async def session_of(visitor: Visitor, code: str) -> dict[str, Any]:
    """A session by its code; raises ApiProblem."""
    found: dict[str, Any] = await visitor.look("group-buying", f"/api/group-buying/code/{quote(code, safe='')}")
    return found


def quantity_of(text: str) -> int:
    """The quantity that a form asks for; one where it is no number that could be."""
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_QUANTITY else 1


def _variant(facts: dict[str, Any], wanted: str) -> dict[str, Any]:
    """The chosen variant, else the first that can be had, else the first."""
    variants: list[dict[str, Any]] = facts["variants"]
    chosen = [each for each in variants if each["id"] is not None and each["id"] == wanted]
    free = [each for each in variants if each["available"] is None or each["available"] > 0]
    return (chosen or free or variants)[0]


def _charge(facts: dict[str, Any], variant: dict[str, Any], quantity: int, shipping: int) -> dict[str, int]:
    unit = int(facts["base_price"]) + int(variant["price_adjustment"])
    product, leg1 = unit * quantity, int(facts["leg1_per_unit"]) * quantity
    fee = ceil_percent(product, FEE_PERCENT)
    lowest = (int(facts["base_price"]) - int(facts["price_tier_100"])) * quantity
    total = product + leg1 + shipping + fee
    return {"product": product, "leg1": leg1, "leg2": shipping, "fee": fee, "total": total, "back": lowest}


async def _offers(visitor: Visitor, facts: dict[str, Any], chosen: dict[str, str]) -> dict[str, Any]:
    """What couriers ask, each with the sum that it leads to; ``offers`` is None where it cannot be had."""
    variant = _variant(facts, chosen.get("variant_id", ""))
    quantity = quantity_of(chosen.get("quantity", ""))
    refusal, options = None, None
    try:
        options = await visitor.get(
            "group-buying",
            f"/api/group-buying/{facts['id']}/shipping-options",
            address_id=chosen.get("address_id", ""),
            quantity=quantity,
            variant_id=variant["id"],
        )
    except ApiProblem as problem:
        refusal = problem
    rates = options["items"] if options else []
    offers = [{**rate, "sums": _charge(facts, variant, quantity, int(rate["price"]))} for rate in rates]
    wanted = chosen.get("courier_service")
    picked = next((each for each in offers if each["service"] == wanted), offers[0] if offers else None)
    return {"offers": offers, "picked": picked, "courier_refusal": refusal, "quantity": quantity}


async def _page(
    visitor: Visitor,
    site: TheSite,
    facts: dict[str, Any],
    chosen: dict[str, str],
    *,
    refusal: ApiProblem | None = None,
    with_offers: bool = False,
) -> Template:
    session = shown(facts, visitor.now)
    product, people, addresses = await asyncio.gather(
        visitor.glance("product", f"/api/products/{quote(facts['product']['slug'], safe='')}"),
        visitor.glance("group-buying", f"/api/group-buying/{facts['id']}/participants", limit=PEOPLE_SHOWN),
        _addresses(visitor, session),
    )
    own = addresses["items"] if addresses else []
    address_id = chosen.get("address_id") or (own[0]["id"] if own else "")
    offers: dict[str, Any] = {"offers": None, "picked": None, "courier_refusal": None}
    if with_offers and address_id:
        offers = await _offers(visitor, facts, {**chosen, "address_id": address_id})
    return render(
        visitor,
        "session.html",
        status=refusal.status if refusal else 200,
        each=session,
        s=facts,
        product=product,
        people=people,
        addresses=addresses,
        address_id=address_id,
        variant=_variant(facts, chosen.get("variant_id", "")),
        public_url=site.settings.public_url.rstrip("/"),
        key=chosen.get("key") or str(site.chance.new_id()),
        refusal=refusal,
        **{"quantity": quantity_of(chosen.get("quantity", "")), **offers},
    )


async def _addresses(visitor: Visitor, session: Shown) -> Any:
    if not visitor.signed_in or not session.joinable:
        return None
    return await visitor.section("address", "/api/addresses", limit=50)


@get("/sessions/{code:str}")
async def show_session(
    visitor: Here,
    site: TheSite,
    code: FromPath[str],
    variant_id: FromQuery[str] = "",
    quantity: FromQuery[str] = "",
    address_id: FromQuery[str] = "",
) -> Template:
    """With ``address_id`` the couriers' offers are part of the page, for browsers without script."""
    chosen = {"variant_id": variant_id, "quantity": quantity, "address_id": address_id}
    return await _page(visitor, site, await session_of(visitor, code), chosen, with_offers=bool(address_id))


@get("/s/{code:str}")
async def follow_short_link(code: FromPath[str]) -> Redirect:
    """The link that is shared, as short as it can be."""
    return Redirect(f"/sessions/{quote(code.upper(), safe='')}", status_code=302)


@get("/sessions/{code:str}/share")
async def show_share(visitor: Here, request: AnyRequest, code: FromPath[str]) -> Template:
    """What to send to others: a part of the session's page, or a page of its own for browsers without script."""
    facts = await session_of(visitor, code)
    share = await visitor.get("group-buying", f"/api/group-buying/{facts['id']}/share")
    message = next(each for each in share["messages"] if each["language"] == visitor.language)
    part = request.headers.get("HX-Request") == "true"
    return render(
        visitor,
        "share.html" if part else "share_page.html",
        s=facts,
        share=share,
        message=message,
        qr=f"/api/group-buying/{facts['id']}/qr.svg",
    )


@get("/sessions/{code:str}/couriers")
async def show_couriers(
    visitor: Here,
    code: FromPath[str],
    variant_id: FromQuery[str] = "",
    quantity: FromQuery[str] = "",
    address_id: FromQuery[str] = "",
    courier_service: FromQuery[str] = "",
) -> Template:
    visitor.must_be_signed_in()
    facts = await session_of(visitor, code)
    chosen = {
        "variant_id": variant_id,
        "quantity": quantity,
        "address_id": address_id,
        "courier_service": courier_service,
    }
    return render(visitor, "couriers.html", s=facts, **await _offers(visitor, facts, chosen))


@post("/sessions/{code:str}/join", status_code=303)
async def join(visitor: Here, site: TheSite, code: FromPath[str], request: AnyRequest) -> Redirect | Template:
    visitor.must_be_signed_in()
    form = await form_of(request)
    facts = await session_of(visitor, code)
    body = {
        "quantity": quantity_of(form.get("quantity", "")),
        "address_id": form.get("address_id", ""),
        "courier_service": form.get("courier_service", ""),
        **({"variant_id": form["variant_id"]} if form.get("variant_id") else {}),
    }
    try:
        joined = await visitor.post(
            "group-buying", f"/api/group-buying/{facts['id']}/join", body, key=form.get("key") or None
        )
    except ApiProblem as refusal:
        if refusal.status >= 500:
            # Nothing is known of what happened; the same key makes the next try the same join.
            return await _page(visitor, site, facts, form, refusal=refusal, with_offers=False)
        # The refused key stays with the refused input; a mended form is another request.
        mended = {name: value for name, value in form.items() if name != "key"}
        return await _page(visitor, site, facts, mended, refusal=refusal, with_offers=True)
    payment_id = joined["payment"]["id"]
    return Redirect(f"/payments/{payment_id}?notice=joined" if payment_id else "/me?notice=joined", status_code=303)


@get("/sessions/{code:str}/join")
async def leave_join(code: FromPath[str]) -> Redirect:
    """Of a refused join the browser shows this address; opened anew it is the session's page."""
    return Redirect(f"/sessions/{quote(code, safe='')}", status_code=303)


routes = [show_session, follow_short_link, show_share, show_couriers, join, leave_join]
