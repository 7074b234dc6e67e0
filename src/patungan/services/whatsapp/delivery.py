"""Handing a stored message over: claimed by one process at a time, tried once, its outcome kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from patungan.contracts import whatsapp as contract
from patungan.contracts.whatsapp import UnknownTemplate
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput, Unavailable
from patungan.kernel.service import Context
from patungan.services.whatsapp import queries
from patungan.services.whatsapp.gateway import Gateway, needs_attention
from patungan.services.whatsapp.queries import Claimed
from patungan.services.whatsapp.rules import (
    CLAIM_SECONDS,
    OPTED_OUT,
    TEMPLATE_CHANGED,
    Outcome,
    Prepared,
    Settlement,
    Status,
    Verdict,
    prepare,
    settle,
)


def gateway_of(ctx: Context) -> Gateway:
    """This process's way to WhatsApp."""
    gateway: Gateway = ctx.local["whatsapp"]
    return gateway


async def deliver(ctx: Context, message_id: UUID) -> Status:
    """Try once to hand a queued message over; raises Unavailable while another process has it in hand."""
    now = ctx.clock.now()
    if await queries.take_slot(ctx.db, now, ctx.settings.whatsapp_messages_per_second) is None:
        # Not an attempt: the message only waits for its turn.
        await queries.put_off(ctx.db, message_id, await queries.next_slot(ctx.db, now))
        return (await queries.find_state(ctx.db, message_id)).status
    claimed = await queries.claim(ctx.db, message_id, now, now + timedelta(seconds=CLAIM_SECONDS), False)
    if claimed is not None:
        try:
            message = prepare(
                claimed.phone, claimed.template, claimed.language, claimed.parameters, claimed.button_payloads
            )
        except (UnknownTemplate, InvalidInput):
            # Stored by a release whose template was another.
            return await _conclude(ctx, claimed, Outcome(verdict=Verdict.REFUSED, failure=TEMPLATE_CHANGED))
        if await queries.find_opt_out(ctx.db, claimed.phone) is not None:
            return await _conclude(ctx, claimed, Outcome(verdict=Verdict.REFUSED, failure=OPTED_OUT))
        return await attempt(ctx, claimed, message)
    state = await queries.find_state(ctx.db, message_id)
    if state.status is Status.QUEUED:
        raise Unavailable("Another process hands this message over")
    return state.status


async def attempt(ctx: Context, claimed: Claimed, message: Prepared) -> Status:
    """Hand a claimed message over and keep what came of it; answers the status afterwards."""
    return await _conclude(ctx, claimed, await gateway_of(ctx).hand_over(message, reference=str(claimed.id)))


async def _conclude(ctx: Context, claimed: Claimed, outcome: Outcome) -> Status:
    now = ctx.clock.now()
    unknown = outcome.verdict is Verdict.UNKNOWN
    settled = settle(
        outcome,
        attempts=claimed.attempts,
        unknown_outcomes=claimed.unknown_outcomes + unknown,
        deliver_until=claimed.deliver_until,
        now=now,
        jitter=ctx.chance.jitter(),
    )
    async with ctx.db.transaction() as tx:
        await _record(ctx, tx, claimed, outcome, settled, unknown=unknown)
    _report(ctx, claimed, outcome, settled)
    return settled.status


async def _record(
    ctx: Context, tx: Transaction, claimed: Claimed, outcome: Outcome, settled: Settlement, *, unknown: bool
) -> None:
    now = ctx.clock.now()
    if outcome.pause:
        await queries.pause(tx, now + timedelta(seconds=outcome.pause))
    await queries.record_outcome(
        tx,
        claimed.id,
        now,
        settled.status,
        settled.failure,
        outcome.error_code,
        outcome.provider_id,
        unknown,
        settled.next_attempt_at,
    )
    if settled.status is Status.FAILED and claimed.deliver_until is not None:
        failed = contract.MessageFailed(
            message_id=claimed.id,
            template=claimed.template,
            dedupe_key=claimed.dedupe_key,
            failure=settled.failure or "",
        )
        await ctx.publish(tx, failed)


def _report(ctx: Context, claimed: Claimed, outcome: Outcome, settled: Settlement) -> None:
    if outcome.verdict is Verdict.ACCEPTED:
        return
    level = ctx.log.error if needs_attention(outcome) else ctx.log.warning
    level(
        "message not handed over",
        message=str(claimed.id),
        template=claimed.template,
        verdict=outcome.verdict.value,
        failure=outcome.failure,
        code=outcome.error_code,
        attempts=claimed.attempts,
        status=settled.status.value,
    )
