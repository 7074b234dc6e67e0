"""Where couriers tell us of parcels, and where anybody with a number looks."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.params import FromPath

from patungan.contracts import logistics as contract
from patungan.kernel.http import Ctx, get, post
from patungan.kernel.identity import Audience
from patungan.services.logistics.operations import webhooks
from patungan.services.logistics.operations.webhooks import Outcome
from patungan.services.logistics.queries import following
from patungan.services.logistics.queries import shipments as queries
from patungan.services.logistics.routes.views import PublicTracking, public

SIGNATURE = "x-callback-signature"


class WebhookAnswer(msgspec.Struct, frozen=True):
    """What became of the callback; the courier only looks at the status code."""

    outcome: Outcome


@post("/api/webhooks/logistics", audience=Audience.PROVIDER)
async def biteship_webhook(ctx: Ctx, request: Request[Any, Any, Any]) -> WebhookAnswer:
    secret = request.headers.get(ctx.settings.biteship_webhook_signature_key)
    raw = await request.body()
    return WebhookAnswer(await webhooks.receive_biteship(ctx, secret, request.headers.get(SIGNATURE), raw))


@post("/api/webhooks/logistics/{courier:str}", audience=Audience.PROVIDER)
async def courier_webhook(ctx: Ctx, courier: FromPath[str], request: Request[Any, Any, Any]) -> WebhookAnswer:
    raw = await request.body()
    return WebhookAnswer(await webhooks.receive_push(ctx, courier, request.headers.get(SIGNATURE), raw))


@get("/api/logistics/tracking/{waybill:str}", audience=Audience.PUBLIC)
async def track(ctx: Ctx, waybill: FromPath[str]) -> PublicTracking:
    row = await queries.find_by_waybill(ctx.db, waybill.strip().upper())
    if row is None:
        raise contract.ShipmentNotFound()
    return public(row, await following.find_events(ctx.db, row.id))


routes = [biteship_webhook, courier_webhook, track]
