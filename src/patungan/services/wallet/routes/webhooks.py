"""Where Xendit tells us what became of payouts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from patungan.kernel.http import Ctx, post
from patungan.kernel.identity import Audience
from patungan.services.wallet.operations.webhooks import receive


class WebhookAnswer(msgspec.Struct, frozen=True):
    """The stored event, which is worked off by itself; the provider only looks at the status code."""

    event_id: UUID


@post("/api/webhooks/disbursement", audience=Audience.PROVIDER)
async def disbursement_webhook(ctx: Ctx, request: Request[Any, Any, Any]) -> WebhookAnswer:
    headers = request.headers
    event_id = await receive(
        ctx,
        headers.get("x-callback-token"),
        headers.get("x-callback-signature"),
        headers.get("webhook-id"),
        await request.body(),
    )
    return WebhookAnswer(event_id)


routes = [disbursement_webhook]
