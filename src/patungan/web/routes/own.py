"""What a person has: participations, orders and notifications."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.paging import page_of, pages
from patungan.web.rendering import has_ended, local_path, render
from patungan.web.site import AnyRequest, Here, form_of
from patungan.web.visitor import Visitor

LIMIT = 20


async def _participations(
    visitor: Visitor, number: int, *, notice: str | None = None, refusal: ApiProblem | None = None
) -> Template:
    found = await visitor.section("group-buying", "/api/group-buying/mine", page=number, limit=LIMIT)
    items: list[dict[str, Any]] = found["items"] if found else []
    return render(
        visitor,
        "me.html",
        status=refusal.status if refusal else 200,
        notice=notice,
        refusal=refusal,
        available=found is not None,
        items=[
            {**each, "payable": each["status"] == "held" and not has_ended(each["expires_at"], visitor)}
            for each in items
        ],
        paging=pages("/me", number, LIMIT, found["total"] if found else 0),
    )


@get("/me")
async def show_me(visitor: Here, page: FromQuery[str] = "1", notice: FromQuery[str] = "") -> Template:
    visitor.must_be_signed_in()
    return await _participations(visitor, page_of(page), notice=notice)


@post("/me/leave/{session_id:uuid}/{participant_id:uuid}", status_code=303)
async def leave(visitor: Here, session_id: FromPath[UUID], participant_id: FromPath[UUID]) -> Redirect | Template:
    visitor.must_be_signed_in()
    path = f"/api/group-buying/{session_id}/participants/{participant_id}"
    try:
        await visitor.call("DELETE", "group-buying", path)
    except ApiProblem as refusal:
        return await _participations(visitor, 1, refusal=refusal)
    return Redirect("/me?notice=left", status_code=303)


@get("/orders")
async def show_orders(visitor: Here, page: FromQuery[str] = "1") -> Template:
    visitor.must_be_signed_in()
    number = page_of(page)
    orders = await visitor.section("order", "/api/orders", page=number, limit=LIMIT)
    total = orders["total"] if orders else 0
    return render(visitor, "orders.html", orders=orders, paging=pages("/orders", number, LIMIT, total))


@get("/notifications")
async def show_notifications(visitor: Here, page: FromQuery[str] = "1", notice: FromQuery[str] = "") -> Template:
    visitor.must_be_signed_in()
    number = page_of(page)
    found, unread = await asyncio.gather(
        visitor.section("notification", "/api/notifications", page=number, limit=LIMIT),
        visitor.section("notification", "/api/notifications/unread-count"),
    )
    total = found["total"] if found else 0
    return render(
        visitor,
        "notifications.html",
        notice=notice,
        found=found,
        unread=unread["count"] if unread else 0,
        paging=pages("/notifications", number, LIMIT, total),
    )


@get("/notifications/badge")
async def show_badge(visitor: Here) -> Template:
    """Part of every page: how many notifications are unread. Nothing at all where that cannot be told."""
    unread = await visitor.section("notification", "/api/notifications/unread-count") if visitor.signed_in else None
    return render(visitor, "badge.html", count=unread["count"] if unread else 0)


@post("/notifications/read", status_code=303)
async def read_notifications(visitor: Here, request: AnyRequest) -> Redirect:
    """Mark one notification as read, and go where it leads; or all of them."""
    visitor.must_be_signed_in()
    form = await form_of(request)
    if "id" in form:
        read = await visitor.post("notification", f"/api/notifications/{_uuid(form['id'])}/read")
        return Redirect(local_path(read["action_url"]) or "/notifications?notice=read", status_code=303)
    await visitor.post("notification", "/api/notifications/read-all")
    return Redirect("/notifications?notice=read", status_code=303)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ApiProblem("not_found", 404) from None


routes = [
    *(show_me, leave, show_orders),
    *(show_notifications, show_badge, read_notifications),
]
