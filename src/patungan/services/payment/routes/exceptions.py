"""What finance works off: quarantined money, and what the provider told that was not understood."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody

from patungan.contracts import payment as contract
from patungan.kernel.database import Transaction
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.services.payment.operations.quarantine import resolve
from patungan.services.payment.operations.webhooks import reopen
from patungan.services.payment.queries import receipts, webhooks
from patungan.services.payment.queries.receipts import Quarantined
from patungan.services.payment.queries.webhooks import WebhookEvent
from patungan.services.payment.rules import Outcome, Resolution


class QuarantinePage(msgspec.Struct, frozen=True):
    items: list[Quarantined]
    page: int
    limit: int
    total: int


class ResolveQuarantine(Input, frozen=True):
    """``accepted``: the payment counts and the excess goes back; ``refunded``: all of it goes back."""

    resolution: Resolution


class _ResolutionOf(msgspec.Struct, frozen=True):
    invoice_id: str
    resolution: Resolution


class WebhookEventPage(msgspec.Struct, frozen=True):
    items: list[WebhookEvent]
    page: int
    limit: int
    total: int


class Reprocessed(msgspec.Struct, frozen=True):
    outcome: Outcome


@get("/api/payments/quarantine", audience=[Audience.FINANCE, Audience.ADMIN])
async def quarantined(
    ctx: Ctx, resolved: FromQuery[bool] = False, page: PageNumber = 1, limit: PageLimit = 20
) -> QuarantinePage:
    """What waits for a decision; with ``resolved`` what was decided as well."""
    items = await receipts.list_quarantined(ctx.db, resolved, limit, (page - 1) * limit)
    return QuarantinePage(items, page, limit, await receipts.count_quarantined(ctx.db, resolved))


@post("/api/payments/quarantine/{invoice_id:str}/resolution", audience=Audience.FINANCE)
async def resolve_quarantine(
    ctx: Ctx,
    caller: SignedIn,
    invoice_id: FromPath[str],
    data: JSONBody[ResolveQuarantine],
    idempotency_key: IdempotencyKey,
) -> Quarantined:
    async def work(tx: Transaction) -> Quarantined:
        return await resolve(ctx, tx, caller.user_id, invoice_id, data.resolution)

    request = _ResolutionOf(invoice_id, data.resolution)
    return await once(
        ctx.db, caller.user_id, "quarantine", idempotency_key, request, ctx.clock.now(), Quarantined, work
    )


@get("/api/payments/webhook-events", audience=[Audience.FINANCE, Audience.ADMIN])
async def webhook_events(
    ctx: Ctx,
    outcome: FromQuery[Outcome | None] = None,
    unprocessed: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> WebhookEventPage:
    items = await webhooks.list_events(ctx.db, outcome, unprocessed, limit, (page - 1) * limit)
    return WebhookEventPage(items, page, limit, await webhooks.count_events(ctx.db, outcome, unprocessed))


@get(
    "/api/payments/webhook-events/{event_id:uuid}/body",
    audience=[Audience.FINANCE, Audience.ADMIN],
    media_type="application/octet-stream",
)
async def webhook_body(ctx: Ctx, event_id: FromPath[UUID]) -> Response[bytes]:
    """The event as it came, byte for byte."""
    found = await webhooks.find_body(ctx.db, event_id)
    if found is None:
        raise contract.WebhookEventNotFound()
    # As plain bytes to be saved: whoever sent it, a browser must not take it for a page.
    headers = {"Content-Disposition": f'attachment; filename="{event_id}.json"', "X-Content-Type-Options": "nosniff"}
    return Response(found.body, media_type="application/octet-stream", headers=headers)


@post("/api/payments/webhook-events/{event_id:uuid}/processing", audience=[Audience.FINANCE, Audience.ADMIN])
async def process_again(ctx: Ctx, event_id: FromPath[UUID], idempotency_key: IdempotencyKey) -> Reprocessed:
    """Process an event again that was not understood when it came; what it changes, it changes once."""
    return Reprocessed(await reopen(ctx, event_id))
