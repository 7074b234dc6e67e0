"""What Xendit tells us of payouts: proven and stored at once, then worked off many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from patungan.contracts import wallet as contract
from patungan.contracts.payment import WebhookRefused
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.providers.disbursing import news_of
from patungan.providers.errors import UnreadableCallback
from patungan.providers.payouts import Outcome, PayoutNews
from patungan.providers.xendit import Callback, PayoutCallback, parse_callback, verify_callback_token, verify_signature
from patungan.services.wallet.operations import news
from patungan.services.wallet.operations.bank_accounts import vault
from patungan.services.wallet.queries import webhooks as queries
from patungan.services.wallet.queries.webhooks import StoredEvent
from patungan.services.wallet.rules import fingerprint, next_event_attempt

LEASE = timedelta(seconds=60)
MOST_AT_ONCE = 500

HANDED_ON = ("SET-",)
"""How references of payouts begin that are not withdrawals: the provider tells of all payouts at one address."""


async def receive(ctx: Context, token: str | None, signature: str | None, webhook_id: str | None, raw: bytes) -> UUID:
    """Take in a callback: prove it and store it; answers the stored event, the same for the same news.

    Raises WebhookRefused, and InvalidInput for what is no callback.
    """
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
    named, digest = _named(callback, raw)
    event_id = ctx.chance.new_id()
    sealed = vault(ctx).seal(raw.decode(), event_id)
    return await queries.store_event(ctx.db, event_id, digest, webhook_id, named, sealed, ctx.clock.now())


def _named(callback: Callback, raw: bytes) -> tuple[str, bytes]:
    """What a callback is about, and the fingerprint of what it says about it."""
    match callback:
        case PayoutCallback(payout=payout):
            said = (payout.reference_id, payout.amount, payout.currency, payout.failure_code)
            return callback.dedupe_key, fingerprint(callback.dedupe_key, *said)
    digest = fingerprint(raw)
    return f"other:{digest.hex()}", digest


async def work_off(ctx: Context) -> int:
    """Process stored events, a share of them in one transaction; answers how many were taken up."""
    now = ctx.clock.now()
    due = await queries.take_open(ctx.db, now, MOST_AT_ONCE, now + LEASE)
    if not due:
        return 0
    try:
        await _process(ctx, due)
    except Exception as error:
        # One event that cannot be processed must not keep the others waiting: each goes by itself.
        ctx.log.warning("stored webhooks are processed one by one", events=len(due), exc_info=error)
        for each in due:
            await _process_alone(ctx, each)
    return len(due)


async def _process_alone(ctx: Context, event: StoredEvent) -> None:
    try:
        await _process(ctx, [event])
    except Exception as error:
        ctx.log.error("stored webhook failed", webhook_event=str(event.id), exc_info=error)
        await queries.postpone(ctx.db, event.id, next_event_attempt(event.attempts, ctx.clock.now()))


async def _process(ctx: Context, events: Sequence[StoredEvent]) -> None:
    callbacks = {each.id: parse_callback(vault(ctx).open(each.body_sealed, each.id).encode()) for each in events}
    async with ctx.db.transaction() as tx:
        await tx.look_up_by_index()
        # Another worker may have processed some of them after this one's lease had run out.
        open_ids = await queries.lock_open(tx, list(callbacks))
        outcomes = await _carry_out(ctx, tx, [callbacks[each] for each in open_ids])
        rows = [(event_id, outcome.value) for event_id, outcome in zip(open_ids, outcomes, strict=True)]
        await queries.finish(tx, *unzip(rows, 2), ctx.clock.now())


async def _carry_out(ctx: Context, tx: Transaction, callbacks: Sequence[Callback]) -> list[Outcome]:
    payouts = [news_of(each.payout) for each in callbacks if isinstance(each, PayoutCallback)]
    told = iter(await _hand_on(ctx, tx, payouts, await news.apply(ctx, tx, payouts)))
    outcomes = [next(told) if isinstance(each, PayoutCallback) else Outcome.UNKNOWN for each in callbacks]
    unknown = outcomes.count(Outcome.UNKNOWN)
    if unknown:
        ctx.log.warning("webhooks of no payout of ours", events=unknown)
    return outcomes


async def _hand_on(
    ctx: Context, tx: Transaction, payouts: Sequence[PayoutNews], outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """Announce news of payouts that are another service's by their reference (docs/decisions/0051)."""
    ends = [
        Outcome.HANDED_ON if each.reference.startswith(HANDED_ON) else outcome
        for each, outcome in zip(payouts, outcomes, strict=True)
    ]
    await ctx.publish(
        tx,
        *(
            contract.PayoutTold(
                reference=each.reference,
                payout_id=each.payout_id,
                amount=Rupiah(each.amount),
                currency=each.currency,
                told=each.told,
                reason=each.reason,
            )
            for each, end in zip(payouts, ends, strict=True)
            if end is Outcome.HANDED_ON
        ),
    )
    return ends
