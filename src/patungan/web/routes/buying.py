"""Buying directly: the cart, checkout, and what a buyer does with an order: pay, cancel, complain, take the invoice."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.rendering import render
from patungan.web.routes.sessions import quantity_of
from patungan.web.site import AnyRequest, Here, TheSite, form_of
from patungan.web.visitor import Visitor

MOST_PHOTOS = 5
MAX_COMPLAINT_BYTES = 11_000_000
"""Five photos of two megabytes each, and the form."""
COURIER = "courier "
"""Begins the names of the fields that choose a parcel's courier."""
REASONS = ("damaged", "wrong_item", "missing_item", "not_as_described", "not_received", "other")
UNDECIDED = ("open", "returning")


async def _cart(visitor: Visitor, site: TheSite, address_id: str, refusal: ApiProblem | None = None) -> Template:
    addresses = await visitor.section("address", "/api/addresses", limit=50)
    own = addresses["items"] if addresses else []
    chosen = next((each["id"] for each in own if each["id"] == address_id), own[0]["id"] if own else "")
    cart = await visitor.get("order", "/api/orders/cart", address_id=chosen)
    return render(
        visitor,
        "cart.html",
        status=refusal.status if refusal else 200,
        cart=cart,
        addresses=addresses,
        address_id=chosen,
        refusal=refusal,
        key=str(site.chance.new_id()),
    )


@get("/cart")
async def show_cart(visitor: Here, site: TheSite, address_id: FromQuery[str] = "") -> Template:
    visitor.must_be_signed_in()
    return await _cart(visitor, site, address_id)


async def _change(visitor: Visitor, site: TheSite, method: str, path: str, body: Any = None) -> Redirect | Template:
    try:
        await visitor.call(method, "order", path, body=body, headers={"Idempotency-Key": str(site.chance.new_id())})
    except ApiProblem as refusal:
        return await _cart(visitor, site, "", refusal)
    return Redirect("/cart", status_code=303)


@post("/cart/items", status_code=303)
async def put_in_cart(visitor: Here, site: TheSite, request: AnyRequest) -> Redirect | Template:
    visitor.must_be_signed_in()
    form = await form_of(request)
    body = {name: form[name] for name in ("product_id", "variant_id", "seller_id") if form.get(name)}
    wanted = {**body, "quantity": quantity_of(form.get("quantity", ""))}
    return await _change(visitor, site, "PUT", "/api/orders/cart/items", wanted)


@post("/cart/items/{item_id:uuid}", status_code=303)
async def change_quantity(
    visitor: Here, site: TheSite, item_id: FromPath[UUID], request: AnyRequest
) -> Redirect | Template:
    visitor.must_be_signed_in()
    quantity = quantity_of((await form_of(request)).get("quantity", ""))
    return await _change(visitor, site, "PATCH", f"/api/orders/cart/items/{item_id}", {"quantity": quantity})


@post("/cart/items/{item_id:uuid}/delete", status_code=303)
async def take_out(visitor: Here, site: TheSite, item_id: FromPath[UUID]) -> Redirect | Template:
    visitor.must_be_signed_in()
    return await _change(visitor, site, "DELETE", f"/api/orders/cart/items/{item_id}")


@post("/cart/checkout", status_code=303)
async def check_out(visitor: Here, site: TheSite, request: AnyRequest) -> Redirect | Template:
    """Order what is in the cart at the prices that the page showed, and go on to the payment."""
    visitor.must_be_signed_in()
    form = await form_of(request)
    cart = await visitor.get("order", "/api/orders/cart")
    names = ("product_id", "variant_id", "seller_id", "quantity", "unit_price")
    body = {
        "lines": [{name: each[name] for name in names if each[name] is not None} for each in cart["items"]],
        "address_id": form.get("address_id", ""),
        "couriers": {name[len(COURIER) :]: value for name, value in form.items() if name.startswith(COURIER)},
    }
    try:
        made = await visitor.post("order", "/api/orders", body, key=form.get("key") or str(site.chance.new_id()))
    except ApiProblem as refusal:
        return await _cart(visitor, site, form.get("address_id", ""), refusal)
    payment_id = made["payment_id"]
    return Redirect(f"/payments/{payment_id}" if payment_id else "/orders", status_code=303)


async def order_by_number(visitor: Visitor, number: str) -> dict[str, Any]:
    """A person's order; raises ApiProblem where it is not theirs."""
    found: dict[str, Any] = await visitor.get("order", f"/api/orders/number/{quote(number, safe='')}")
    return found


async def order_page(
    visitor: Visitor,
    site: TheSite,
    order: dict[str, Any],
    *,
    notice: str = "",
    refusal: ApiProblem | None = None,
    told: dict[str, str] | None = None,
) -> Template:
    """An order's page; ``told`` is what a review that was refused said."""
    found, received = await asyncio.gather(
        visitor.section("order", f"/api/orders/{order['id']}/complaints"), _received(visitor, order)
    )
    complaints = found["items"] if found else []
    return render(
        visitor,
        "order.html",
        status=refusal.status if refusal else 200,
        order=order,
        complaints=complaints,
        open_complaint=any(each["status"] in UNDECIDED for each in complaints),
        reasons=REASONS,
        reviewable=_reviewable(order, received),
        told=told or {},
        notice=notice,
        refusal=refusal,
        key=str(site.chance.new_id()),
    )


async def _received(visitor: Visitor, order: dict[str, Any]) -> list[dict[str, Any]]:
    """What of an order may be reviewed or was; nothing before it is delivered."""
    if order["status"] != "delivered":
        return []
    found = await visitor.section("review", "/api/reviews/received-items", order_number=order["number"], limit=100)
    return found["items"] if found else []


def _reviewable(order: dict[str, Any], received: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The goods of an order in its own order, then the factory that made them: what each is called, and the form's field
    that names it."""
    known = {each["order_item_id"]: each for each in received}
    subjects = [
        {
            "about": "product",
            "field": "order_item_id",
            "id": item["id"],
            "name": item["product_name"],
            "detail": item["variant_name"],
            "done": known[item["id"]]["product_review_id"] is not None,
        }
        for item in order["items"]
        if item["id"] in known
    ]
    makers = {each["factory_id"]: each["factory_review_id"] is not None for each in received}
    if len(makers) == 1:
        # A seller's parcel may hold goods of several factories, whose names the order does not tell.
        ((maker, done),) = makers.items()
        factory = {"about": "factory", "field": "factory_id", "id": maker, "name": order["factory_name"]}
        subjects.append({**factory, "detail": "", "done": done})
    return subjects


@get("/orders/{number:str}")
async def show_order(visitor: Here, site: TheSite, number: FromPath[str], notice: FromQuery[str] = "") -> Template:
    visitor.must_be_signed_in()
    return await order_page(visitor, site, await order_by_number(visitor, number), notice=notice)


@get("/orders/{number:str}/pay")
async def pay_order(visitor: Here, number: FromPath[str]) -> Redirect:
    visitor.must_be_signed_in()
    order = await order_by_number(visitor, number)
    try:
        payments = await visitor.get("payment", f"/api/payments/orders/{order['id']}")
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        return Redirect(f"/orders/{quote(number, safe='')}", status_code=303)
    return Redirect(f"/payments/{payments['items'][0]['id']}", status_code=303)


@get("/orders/{number:str}/invoice.pdf")
async def download_invoice(visitor: Here, number: FromPath[str]) -> Response[bytes]:
    visitor.must_be_signed_in()
    order = await order_by_number(visitor, number)
    content = await visitor.download("order", f"/api/orders/{order['id']}/invoice.pdf")
    headers = {"Content-Disposition": f'attachment; filename="{order["number"]}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@post("/orders/{number:str}/cancel", status_code=303)
async def cancel_order(visitor: Here, site: TheSite, number: FromPath[str], request: AnyRequest) -> Redirect | Template:
    visitor.must_be_signed_in()
    form, order = await asyncio.gather(form_of(request), order_by_number(visitor, number))
    key = form.get("key") or str(site.chance.new_id())
    try:
        await visitor.post("order", f"/api/orders/{order['id']}/cancel", {"reason": form.get("reason", "")}, key=key)
    except ApiProblem as refusal:
        return await order_page(visitor, site, order, refusal=refusal)
    return Redirect(f"/orders/{order['number']}?notice=order_cancelled", status_code=303)


@post("/orders/{number:str}/complaints", status_code=303, request_max_body_size=MAX_COMPLAINT_BYTES)
async def complain(visitor: Here, site: TheSite, number: FromPath[str], request: AnyRequest) -> Redirect | Template:
    visitor.must_be_signed_in()
    sent, order = await request.form(), await order_by_number(visitor, number)
    given = sent.getall("photos") if "photos" in sent else []
    files = [each for each in given if isinstance(each, UploadFile) and each.filename]
    key = str(sent.get("key") or site.chance.new_id())
    try:
        photos = [await _photo(visitor, await each.read(), f"{key}-{n}") for n, each in enumerate(files[:MOST_PHOTOS])]
        body = {
            "reason": str(sent.get("reason", "")),
            "description": str(sent.get("description", "")).strip(),
            "photo_ids": photos,
        }
        await visitor.post("order", f"/api/orders/{order['id']}/complaints", body, key=key)
    except ApiProblem as refusal:
        return await order_page(visitor, site, order, refusal=refusal)
    return Redirect(f"/orders/{order['number']}?notice=complained", status_code=303)


async def _photo(visitor: Visitor, content: bytes, key: str) -> str:
    headers = {"Idempotency-Key": key, "Content-Type": "application/octet-stream"}
    sent = await visitor.call("POST", "order", "/api/orders/photos", content=content, headers=headers)
    return str(sent["id"])


@post("/orders/{number:str}/complaints/{complaint_id:uuid}/withdraw", status_code=303)
async def withdraw(
    visitor: Here, site: TheSite, number: FromPath[str], complaint_id: FromPath[UUID]
) -> Redirect | Template:
    visitor.must_be_signed_in()
    path = f"/api/orders/complaints/{complaint_id}/withdrawal"
    try:
        await visitor.post("order", path, key=f"withdraw-{complaint_id}")
    except ApiProblem as refusal:
        return await order_page(visitor, site, await order_by_number(visitor, number), refusal=refusal)
    return Redirect(f"/orders/{quote(number, safe='')}?notice=complaint_withdrawn", status_code=303)


routes = [
    show_cart,
    put_in_cart,
    change_quantity,
    take_out,
    check_out,
    show_order,
    pay_order,
    download_invoice,
    cancel_order,
    complain,
    withdraw,
]
