"""Where Xendit tells us what became of invoices and refunds."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request

from patungan.kernel.http import Ctx, post
from patungan.kernel.identity import Audience
from patungan.kernel.service import Context
from patungan.services.payment.operations.webhooks import receive
from patungan.services.payment.rules import Outcome


class WebhookAnswer(msgspec.Struct, frozen=True):
    """What became of the callback; the provider only looks at the status code."""

    outcome: Outcome


async def _receive(ctx: Context, request: Request[Any, Any, Any]) -> WebhookAnswer:
    headers = request.headers
    outcome = await receive(
        ctx,
        headers.get("x-callback-token"),
        headers.get("x-callback-signature"),
        headers.get("webhook-id"),
        await request.body(),
    )
    return WebhookAnswer(outcome)


@post(["/api/webhooks/payment", "/api/webhooks/refund"], audience=Audience.PROVIDER)
async def payment_webhook(ctx: Ctx, request: Request[Any, Any, Any]) -> WebhookAnswer:
    return await _receive(ctx, request)


@post(["/api/webhooks/xendit/invoice", "/api/webhooks/xendit/refund"], audience=Audience.PROVIDER)
async def invoice_webhook(ctx: Ctx, request: Request[Any, Any, Any]) -> WebhookAnswer:
    return await _receive(ctx, request)
