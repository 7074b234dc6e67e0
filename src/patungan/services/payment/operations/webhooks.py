"""What Xendit tells us: proven, stored, then processed in a transaction that may safely run again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from patungan.contracts.payment import WebhookEventDone, WebhookEventNotFound, WebhookRefused
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput, Unavailable
from patungan.kernel.service import Context
from patungan.providers.errors import ProviderError, ProviderRefused, UnreadableCallback
from patungan.providers.xendit import (
    Callback,
    InvoiceCallback,
    RefundCallback,
    parse_callback,
    verify_callback_token,
    verify_signature,
)
from patungan.services.payment.operations import gateway
from patungan.services.payment.operations.gateway import news_of
from patungan.services.payment.operations.news import apply_news
from patungan.services.payment.operations.refunds import apply_refund_news
from patungan.services.payment.queries import webhooks as queries
from patungan.services.payment.queries.refunds import find_refund_by_code
from patungan.services.payment.queries.webhooks import StoredWebhook
from patungan.services.payment.queries.workflows import start_all
from patungan.services.payment.rules import (
    Outcome,
    attempt_of,
    fingerprint,
    is_stale,
    next_event_attempt,
    provider_invoice,
)

ASK_PROVIDER = "payment.ask-provider"
"""The workflow that asks the provider itself (processes.py)."""

FIRST_ATTEMPT = timedelta(seconds=5)
"""How long the request that brought an event has it for itself before the timer takes it up."""
LEASE = timedelta(seconds=60)
MOST_AT_ONCE = 100


class AskProvider(msgspec.Struct, frozen=True):
    """Asks for an invoice by its id, or for a refund by our reference."""

    invoice_id: str | None = None
    refund_reference: str | None = None


async def receive(
    ctx: Context, token: str | None, signature: str | None, webhook_id: str | None, raw: bytes
) -> Outcome:
    """Take in a callback: prove it, store it, process it. What cannot be processed within a moment is worked off by the
    timer. Raises WebhookRefused, and InvalidInput for what is no callback, which is kept for finance to see."""
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
        ctx.log.error("webhook that cannot be read", reason=str(error))
        await _keep_unreadable(ctx, webhook_id, raw)
        raise InvalidInput(str(error)) from None
    event_id = await store(ctx, callback, webhook_id, raw)
    try:
        async with asyncio.timeout(ctx.settings.xendit_webhook_patience):
            return await process(ctx, event_id)
    except (TimeoutError, Unavailable) as error:
        ctx.log.warning("webhook is worked off later", webhook_event=str(event_id), reason=type(error).__name__)
        return Outcome.STORED


async def _keep_unreadable(ctx: Context, webhook_id: str | None, raw: bytes) -> None:
    digest, now = fingerprint(raw), ctx.clock.now()
    async with ctx.db.transaction() as tx:
        news = f"unreadable:{digest.hex()}"
        event_id = await queries.store_event(tx, ctx.chance.new_id(), digest, webhook_id, news, raw, now, None)
        await queries.finish_event(tx, event_id, Outcome.UNREADABLE, now)


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
        outcome = await _carry_out(ctx, tx, event)
        await queries.finish_event(tx, event_id, outcome, ctx.clock.now())
        return outcome


async def _carry_out(ctx: Context, tx: Transaction, event: StoredWebhook) -> Outcome:
    callback = parse_callback(event.body)
    if is_stale(_told_at(callback), event.received_at, timedelta(hours=ctx.settings.xendit_webhook_window_hours)):
        return await _ask_instead(ctx, tx, event, callback)
    match callback:
        case InvoiceCallback():
            return await apply_news(ctx, tx, news_of(callback, ctx.clock.now()))
        case RefundCallback():
            return await apply_refund_news(ctx, tx, callback.refund)
        case other:
            ctx.log.warning("webhook of no concern to us", kind=type(other).__name__)
            return Outcome.UNKNOWN


def _told_at(callback: Callback) -> datetime | None:
    """When the provider says that it happened."""
    match callback:
        case InvoiceCallback():
            return callback.updated
        case RefundCallback():
            return callback.created or callback.refund.updated
    return None


async def _ask_instead(ctx: Context, tx: Transaction, event: StoredWebhook, callback: Callback) -> Outcome:
    ctx.log.error("webhook outside the replay window", webhook_event=str(event.id))
    match callback:
        case InvoiceCallback():
            request = AskProvider(invoice_id=callback.id)
        case RefundCallback():
            request = AskProvider(refund_reference=callback.refund.reference_id)
        case _:
            return Outcome.UNKNOWN
    await start_all(tx, ASK_PROVIDER, [(f"ask-provider-{event.id}", request)])
    return Outcome.STALE


async def ask_about(ctx: Context, request: AskProvider) -> str:
    """Apply what the provider says of an invoice or a refund now; raises Unavailable while it does not answer."""
    try:
        if request.invoice_id is not None:
            invoice = await gateway.xendit(ctx).get_invoice(request.invoice_id)
            async with ctx.db.transaction() as tx:
                return (await apply_news(ctx, tx, news_of(invoice, ctx.clock.now()))).value
        named = attempt_of(request.refund_reference)
        refund = None if named is None else await find_refund_by_code(ctx.db, named[0])
        if refund is None:
            return Outcome.UNKNOWN.value
        for each in await gateway.xendit(ctx).list_refunds(provider_invoice(refund.invoice_id)):
            if each.reference_id == request.refund_reference:
                async with ctx.db.transaction() as tx:
                    return (await apply_refund_news(ctx, tx, each)).value
    except ProviderRefused as refusal:
        ctx.log.warning("the provider does not know it", code=refusal.code)
    except ProviderError as error:
        raise Unavailable("The payment provider does not answer") from error
    return Outcome.UNKNOWN.value


async def reopen(ctx: Context, event_id: UUID) -> Outcome:
    """Process an event again that was not understood when it came; raises WebhookEventNotFound, WebhookEventDone."""
    async with ctx.db.transaction() as tx:
        if await queries.find_event(tx, event_id) is None:
            raise WebhookEventNotFound()
        event = await queries.lock_event(tx, event_id)
        if event.outcome not in (Outcome.UNKNOWN, Outcome.UNREADABLE):
            raise WebhookEventDone()
        try:
            outcome = await _carry_out(ctx, tx, event)
        except UnreadableCallback:
            outcome = Outcome.UNREADABLE
        await queries.finish_event(tx, event_id, outcome, ctx.clock.now())
        return outcome


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
