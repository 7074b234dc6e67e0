"""What Xendit tells us: proven, stored, then processed in a transaction that may safely run again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from patungan.contracts.payment import WebhookRefused
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context
from patungan.providers.errors import UnreadableCallback
from patungan.providers.xendit import (
    Callback,
    InvoiceCallback,
    RefundCallback,
    parse_callback,
    verify_callback_token,
    verify_signature,
)
from patungan.services.payment.operations.gateway import news_of
from patungan.services.payment.operations.news import apply_news
from patungan.services.payment.operations.refunds import apply_refund_news
from patungan.services.payment.queries import webhooks as queries
from patungan.services.payment.rules import Outcome, fingerprint, next_event_attempt

FIRST_ATTEMPT = timedelta(seconds=5)
"""How long the request that brought an event has it for itself before the timer takes it up."""
LEASE = timedelta(seconds=60)
MOST_AT_ONCE = 100


async def receive(
    ctx: Context, token: str | None, signature: str | None, webhook_id: str | None, raw: bytes
) -> Outcome:
    """Take in a callback: prove it, store it, process it. Raises WebhookRefused, and InvalidInput for what is no callback."""
    if not verify_callback_token(ctx.settings.xendit_webhook_verification_token, token):
        ctx.log.warning("webhook with a wrong token")
        raise WebhookRefused()
    secret = ctx.settings.xendit_webhook_hmac_secret
    if secret and not verify_signature(secret, raw, signature):
        ctx.log.warning("webhook with a wrong signature")
        raise WebhookRefused()
    try:
        callback = parse_callback(raw)
    except UnreadableCallback as error:
        ctx.log.warning("webhook that cannot be read", reason=str(error))
        raise InvalidInput(str(error)) from None
    event_id = await store(ctx, callback, webhook_id, raw)
    return await process(ctx, event_id)


def _named(callback: Callback, raw: bytes) -> tuple[str, bytes]:
    """What a callback is about, and the fingerprint of what it says about it."""
    match callback:
        case InvoiceCallback():
            news = callback.dedupe_key
            paid = callback.paid_amount if callback.paid_amount is not None else callback.amount
            return news, fingerprint(news, callback.external_id, callback.amount, paid, callback.currency)
        case RefundCallback():
            news, refund = callback.dedupe_key, callback.refund
            return news, fingerprint(news, refund.reference_id, refund.invoice_id, refund.amount, refund.currency)
    digest = fingerprint(raw)
    return f"other:{digest.hex()}", digest


async def store(ctx: Context, callback: Callback, webhook_id: str | None, raw: bytes) -> UUID:
    """Keep a callback as it came. The same news with the same content is one event however often it is told; the names
    that it bears are its own, so that other content under one of them is found out."""
    news, digest = _named(callback, raw)
    now = ctx.clock.now()
    names = [f"news:{news}", *([f"webhook:{webhook_id}"] if webhook_id else [])]
    async with ctx.db.transaction() as tx:
        event_id = await queries.store_event(
            tx, ctx.chance.new_id(), digest, webhook_id, news, raw, now, now + FIRST_ATTEMPT
        )
        await queries.claim_names(tx, names, event_id)
        foreign = [each for each in await queries.name_holders(tx, names) if each.event_id != event_id]
        event = await queries.lock_event(tx, event_id)
        if foreign and event.outcome is None:
            ctx.log.error("webhook bears another one's name", news=news, names=[each.name for each in foreign])
            await queries.finish_event(tx, event_id, Outcome.CONFLICT, now)
    return event_id


async def process(ctx: Context, event_id: UUID) -> Outcome:
    """Carry a stored event out, once; a second call answers UNCHANGED, or the conflict that it is."""
    async with ctx.db.transaction() as tx:
        event = await queries.lock_event(tx, event_id)
        if event.outcome is not None:
            return event.outcome if event.outcome is Outcome.CONFLICT else Outcome.UNCHANGED
        outcome = await _carry_out(ctx, tx, event.body)
        await queries.finish_event(tx, event_id, outcome, ctx.clock.now())
        return outcome


async def _carry_out(ctx: Context, tx: Transaction, body: bytes) -> Outcome:
    match parse_callback(body):
        case InvoiceCallback() as callback:
            return await apply_news(ctx, tx, news_of(callback, ctx.clock.now()))
        case RefundCallback() as callback:
            return await apply_refund_news(ctx, tx, callback.refund)
        case other:
            ctx.log.warning("webhook of no concern to us", kind=type(other).__name__)
            return Outcome.UNKNOWN


async def process_open(ctx: Context) -> int:
    """Process stored events whose first processing failed; answers how many were taken up."""
    now = ctx.clock.now()
    due = await queries.claim_open_events(ctx.db, now, MOST_AT_ONCE, now + LEASE)
    for event_id in due:
        try:
            await process(ctx, event_id)
        except Exception as error:
            # One event that cannot be processed must not keep the others waiting; it is logged and tried again.
            ctx.log.error("stored webhook failed again", webhook_event=str(event_id), exc_info=error)
            await _postpone(ctx, event_id)
    return len(due)


async def _postpone(ctx: Context, event_id: UUID) -> None:
    async with ctx.db.transaction() as tx:
        event = await queries.lock_event(tx, event_id)
        await queries.postpone_event(tx, event_id, next_event_attempt(event.attempts, ctx.clock.now()))
