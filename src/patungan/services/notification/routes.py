"""The public API of notification: a person's own notifications, in the language they ask for."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, HeaderParameter

from patungan.kernel.http import Ctx, PageLimit, PageNumber, SignedIn, delete, get, post
from patungan.kernel.identity import Audience
from patungan.services.notification import operations, queries
from patungan.services.notification.queries import NotificationRow
from patungan.services.notification.rules import preferred_language

AcceptLanguage = Annotated[str | None, HeaderParameter(name="Accept-Language")]


class Notifications(msgspec.Struct, frozen=True):
    """A person's notifications, the newest first."""

    items: list[NotificationRow]
    page: int
    limit: int
    total: int


class Count(msgspec.Struct, frozen=True):
    count: int


@get("/api/notifications", audience=Audience.CUSTOMER)
async def list_notifications(
    ctx: Ctx,
    caller: SignedIn,
    unread: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
    accepted: AcceptLanguage = None,
) -> Notifications:
    rows = queries.list_unread if unread else queries.list_notifications
    count = queries.count_unread if unread else queries.count_notifications
    items = await rows(ctx.db, caller.user_id, preferred_language(accepted), limit, (page - 1) * limit)
    return Notifications(items, page, limit, await count(ctx.db, caller.user_id))


@get("/api/notifications/unread-count", audience=Audience.CUSTOMER)
async def count_unread(ctx: Ctx, caller: SignedIn) -> Count:
    return Count(await queries.count_unread(ctx.db, caller.user_id))


@post("/api/notifications/read-all", audience=Audience.CUSTOMER)
async def read_all(ctx: Ctx, caller: SignedIn) -> Count:
    """Mark everything as read; answers how many were unread."""
    return Count(await queries.mark_all_read(ctx.db, caller.user_id, ctx.clock.now()))


@post("/api/notifications/{notification_id:uuid}/read", audience=Audience.CUSTOMER)
async def read_one(
    ctx: Ctx, caller: SignedIn, notification_id: FromPath[UUID], accepted: AcceptLanguage = None
) -> NotificationRow:
    return await operations.mark_read(ctx, caller.user_id, notification_id, preferred_language(accepted))


@delete("/api/notifications/{notification_id:uuid}", audience=Audience.CUSTOMER)
async def delete_one(ctx: Ctx, caller: SignedIn, notification_id: FromPath[UUID]) -> None:
    await operations.delete(ctx, caller.user_id, notification_id)


routes = [list_notifications, count_unread, read_all, read_one, delete_one]
