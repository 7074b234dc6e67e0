"""What couriers tell us: proven, then carried into the parcel in one transaction. Told again it changes nothing."""

from __future__ import annotations

import enum

from patungan.contracts.logistics import LogisticsWebhookRefused
from patungan.kernel.errors import InvalidInput, NotFound
from patungan.kernel.service import Context
from patungan.providers.couriers.biteship_callbacks import (
    BiteshipCallback,
    PriceCallback,
    StatusCallback,
    WaybillCallback,
    parse_callback,
    verify_callback_secret,
)
from patungan.providers.couriers.pushes import PUSHING, parse_push, verify_push_signature
from patungan.providers.errors import UnreadableCallback
from patungan.services.logistics.operations.couriers import BITESHIP
from patungan.services.logistics.operations.news import News, locked, take
from patungan.services.logistics.queries import following
from patungan.services.logistics.queries import shipments as queries


class Outcome(enum.StrEnum):
    """What became of a callback: it moved the parcel, changed nothing, has the courier asked, or is of no parcel of ours."""

    MOVED = "moved"
    UNCHANGED = "unchanged"
    LOOKED_UP = "looked_up"
    UNKNOWN = "unknown"


async def receive_biteship(ctx: Context, secret: str | None, signature: str | None, raw: bytes) -> Outcome:
    """Take in Biteship's callback; raises LogisticsWebhookRefused, and InvalidInput for what is no callback."""
    if not raw.strip():
        # Biteship tries the address with an empty body before any secret is set.
        return Outcome.UNCHANGED
    settings = ctx.settings
    proven = verify_callback_secret(settings.biteship_webhook_signature_secret, secret)
    hmac_secret = settings.biteship_webhook_hmac_secret
    if not proven or (hmac_secret and not verify_push_signature(hmac_secret, raw, signature)):
        ctx.log.warning("courier's webhook without proof", courier=BITESHIP)
        raise LogisticsWebhookRefused()
    try:
        callback = parse_callback(raw)
    except UnreadableCallback as error:
        raise InvalidInput(str(error)) from None
    return Outcome.UNCHANGED if callback is None else await _carry_out(ctx, callback)


async def _carry_out(ctx: Context, callback: BiteshipCallback) -> Outcome:
    known = await queries.find_by_provider_order(ctx.db, BITESHIP, callback.order_id)
    if known is None:
        # The answer to our booking may still be on its way; the first look after it finds what was told here.
        ctx.log.info("news of a parcel that is not known yet", courier=BITESHIP)
        return Outcome.UNKNOWN
    async with ctx.db.transaction() as tx:
        shipment = await locked(tx, known.id)
        match callback:
            case PriceCallback(price=price):
                return Outcome.MOVED if await queries.set_cost(tx, shipment.id, price) else Outcome.UNCHANGED
            case WaybillCallback(waybill=waybill):
                return Outcome.MOVED if await queries.set_waybill(tx, shipment.id, waybill) else Outcome.UNCHANGED
            case StatusCallback(updated_at=None):
                # Without a time there is no telling whether it is old: the courier's own history decides.
                await following.look_soon(tx, shipment.id, ctx.clock.now())
                return Outcome.LOOKED_UP
            case StatusCallback(updated_at=at) if at is not None:
                news = News(callback.status, at, callback.provider_status, "webhook")
                return Outcome.MOVED if await take(ctx, tx, shipment, [news]) else Outcome.UNCHANGED
    return Outcome.UNCHANGED


async def receive_push(ctx: Context, courier: str, signature: str | None, raw: bytes) -> Outcome:
    """Take in news that a courier pushes by contract; raises NotFound, LogisticsWebhookRefused, InvalidInput."""
    if courier not in PUSHING:
        raise NotFound()
    if not verify_push_signature(ctx.settings.logistics_webhook_hmac_secret, raw, signature):
        ctx.log.warning("courier's webhook without proof", courier=courier)
        raise LogisticsWebhookRefused()
    try:
        push = parse_push(courier, raw)
    except UnreadableCallback as error:
        raise InvalidInput(str(error)) from None
    known = await queries.find_by_waybill(ctx.db, push.waybill)
    if known is None or known.courier != courier:
        return Outcome.UNKNOWN
    async with ctx.db.transaction() as tx:
        news = News(push.status, push.at, push.text, "webhook")
        moved = await take(ctx, tx, await locked(tx, known.id), [news])
    return Outcome.MOVED if moved else Outcome.UNCHANGED
