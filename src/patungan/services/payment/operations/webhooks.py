"""What Xendit tells us: proven, stored, then processed in a transaction that may safely run again.

What arrives together is stored and processed together; what is not plain is processed by itself (docs/decisions/0095).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from patungan.contracts.payment import WebhookEventDone, WebhookEventNotFound, WebhookRefused
from patungan.kernel.batching import Batcher
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
from patungan.services.payment.operations.incoming import Incoming, incoming, keep_unreadable, store_together
from patungan.services.payment.operations.news import apply_news, apply_together
from patungan.services.payment.operations.refunds import apply_refund_news
from patungan.services.payment.queries import webhooks as queries
from patungan.services.payment.queries.refunds import find_refund_by_code
from patungan.services.payment.queries.webhooks import StoredWebhook
from patungan.services.payment.queries.workflows import start_all
from patungan.services.payment.rules import (
    InvoiceNews,
    Outcome,
    attempt_of,
    is_stale,
    next_event_attempt,
    provider_invoice,
)

ASK_PROVIDER = "payment.ask-provider"
"""The workflow that asks the provider itself (processes.py)."""

LEASE = timedelta(seconds=60)
MOST_AT_ONCE = 100
LARGEST_BATCH = 250
GATHER = 0.5
"""The share of a batch's time by which the next one waits for those whom the last one has answered."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where callbacks that arrive together are stored, and their events processed; storing never waits for processing."""

    storing: Batcher[Incoming, UUID]
    processing: Batcher[UUID, Outcome | None]

    async def close(self) -> None:
        """Finish what is under way."""
        await self.storing.close()
        await self.processing.close()


def open_desk(ctx: Context) -> None:
    """Make this process's desk."""

    async def store(arrived: list[Incoming]) -> Sequence[UUID | Exception]:
        return await store_together(ctx, arrived)

    async def process(event_ids: list[UUID]) -> Sequence[Outcome | None | Exception]:
        return await process_together(ctx, event_ids)

    ctx.local["webhook_desk"] = Desk(
        Batcher(store, largest=LARGEST_BATCH, gather=GATHER), Batcher(process, largest=LARGEST_BATCH, gather=GATHER)
    )


async def close_desk(ctx: Context) -> None:
    """Finish what is under way at this process's desk."""
    desk: Desk = ctx.local["webhook_desk"]
    await desk.close()


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
        await keep_unreadable(ctx, webhook_id, raw)
        raise InvalidInput(str(error)) from None
    desk: Desk = ctx.local["webhook_desk"]
    event_id = await desk.storing.ask(incoming(callback, webhook_id, raw))
    try:
        async with asyncio.timeout(ctx.settings.xendit_webhook_patience):
            return await desk.processing.ask(event_id) or await process(ctx, event_id)
    except (TimeoutError, Unavailable) as error:
        ctx.log.warning("webhook is worked off later", webhook_event=str(event_id), reason=type(error).__name__)
        return Outcome.STORED


async def process_together(ctx: Context, event_ids: Sequence[UUID]) -> list[Outcome | None]:
    """Carry out what is plain of stored events, in one transaction; None for those that must be processed by themselves:
    what is not plain, what somebody else has under lock, a second mention, and all of them where the batch fails."""
    try:
        outcomes = await _process_plain(ctx, list(set(event_ids)))
    except Exception as error:
        # One event that cannot be processed must not keep the others waiting.
        ctx.log.warning("webhooks are processed one by one", events=len(event_ids), exc_info=error)
        return [None] * len(event_ids)
    return [outcomes.pop(each, None) for each in event_ids]


async def _process_plain(ctx: Context, event_ids: list[UUID]) -> dict[UUID, Outcome]:
    outcomes: dict[UUID, Outcome] = {}
    async with ctx.db.transaction() as tx:
        await tx.look_up_by_index()
        told: list[tuple[UUID, InvoiceNews]] = []
        for event in await queries.lock_free_events(tx, event_ids):
            if event.outcome is not None:
                outcomes[event.id] = _again(event.outcome)
                continue
            callback = parse_callback(event.body)
            if isinstance(callback, InvoiceCallback) and not _is_stale(ctx, event, callback):
                told.append((event.id, news_of(callback, ctx.clock.now())))
        applied = await apply_together(ctx, tx, [news for _, news in told])
        done = {event_id: outcome for (event_id, _), outcome in zip(told, applied, strict=True) if outcome is not None}
        await queries.finish_events(tx, list(done), [each.value for each in done.values()], ctx.clock.now())
    return outcomes | done


def _again(outcome: Outcome) -> Outcome:
    """What another delivery of a processed event is answered."""
    return outcome if outcome is Outcome.CONFLICT else Outcome.UNCHANGED


def _is_stale(ctx: Context, event: StoredWebhook, callback: Callback) -> bool:
    window = timedelta(hours=ctx.settings.xendit_webhook_window_hours)
    return is_stale(_told_at(callback), event.received_at, window)


async def process(ctx: Context, event_id: UUID) -> Outcome:
    """Carry a stored event out, once; a second call answers UNCHANGED, or the conflict that it is."""
    async with ctx.db.transaction() as tx:
        event = await queries.lock_event(tx, event_id)
        if event.outcome is not None:
            return _again(event.outcome)
        outcome = await _carry_out(ctx, tx, event)
        await queries.finish_event(tx, event_id, outcome, ctx.clock.now())
        return outcome


async def _carry_out(ctx: Context, tx: Transaction, event: StoredWebhook) -> Outcome:
    callback = parse_callback(event.body)
    if _is_stale(ctx, event, callback):
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
    outcomes = await process_together(ctx, due) if due else []
    for event_id in [each for each, outcome in zip(due, outcomes, strict=True) if outcome is None]:
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
