"""What people write to us: answers by button, reasons, wishes to get no more messages, and texts for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from patungan.contracts import whatsapp as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import NotFound
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.kernel.workflows import start
from patungan.providers.whatsapp import InboundKind, InboundMessage
from patungan.services.whatsapp import inbound_queries as queries
from patungan.services.whatsapp import queries as message_queries
from patungan.services.whatsapp.inbound_queries import Inbound
from patungan.services.whatsapp.processes import DeliverMessage, deliver_message
from patungan.services.whatsapp.rules import (
    LONGEST_INBOUND,
    LONGEST_REASON,
    REASON_HOURS,
    InboundOutcome,
    one_line,
    wish_of,
)
from patungan.services.whatsapp.templates import REASON_REQUEST


async def take_inbound(ctx: Context, messages: Sequence[InboundMessage]) -> int:
    """Keep what people wrote, each once however often it is delivered; answers how many were new."""
    new = 0
    async with ctx.db.transaction() as tx:
        # In one order, so that two callbacks at once do not wait for each other in a circle.
        for message in sorted(messages, key=lambda each: each.id):
            await queries.lock_inbound(tx, message.id)
        for message in sorted(messages, key=lambda each: each.at):
            if await queries.find_inbound(tx, message.id) is None:
                new += 1
                await _keep(ctx, tx, message)
    return new


async def _keep(ctx: Context, tx: Transaction, message: InboundMessage) -> None:
    answered: UUID | None = None
    match message.kind:
        case InboundKind.BUTTON:
            outcome, answered = await _pressed(ctx, tx, message)
        case InboundKind.TEXT:
            outcome = await _written(ctx, tx, message)
        case InboundKind.OTHER:
            outcome = InboundOutcome.FREE
    await queries.insert_inbound(
        tx,
        ctx.chance.new_id(),
        message.id,
        message.sender,
        message.kind,
        message.text[:LONGEST_INBOUND],
        outcome,
        answered,
        message.at,
        ctx.clock.now(),
    )


async def _pressed(ctx: Context, tx: Transaction, message: InboundMessage) -> tuple[InboundOutcome, UUID | None]:
    """A button counts only from the number that its message was sent to."""
    sent = await queries.find_pressed(tx, message.payload, message.sender, message.answers)
    if sent is None:
        return InboundOutcome.UNKNOWN_BUTTON, None
    pressed = contract.ButtonPressed(message_id=sent.id, payload=message.payload, pressed_at=message.at)
    await ctx.publish(tx, pressed)
    if message.payload in sent.reason_payloads:
        until = ctx.clock.now() + timedelta(hours=REASON_HOURS)
        await queries.open_question(tx, message.sender, message.payload, sent.language, until)
        await _ask_reason(ctx, tx, message, sent.language)
    else:
        await queries.withdraw_question(tx, message.sender, sent.reason_payloads)
    return InboundOutcome.ANSWER, sent.id


async def _ask_reason(ctx: Context, tx: Transaction, message: InboundMessage, language: str) -> None:
    message_id, now = ctx.chance.new_id(), ctx.clock.now()
    await message_queries.insert_message(
        tx,
        message_id,
        message.sender,
        REASON_REQUEST.name,
        language,
        [],
        f"reason-request:{message.id}"[:200],
        now,
        now + timedelta(hours=REASON_HOURS),
        [],
        [],
    )
    await start(tx, deliver_message, f"wa-{message_id}", DeliverMessage(message_id=message_id))


async def _written(ctx: Context, tx: Transaction, message: InboundMessage) -> InboundOutcome:
    now = ctx.clock.now()
    match wish_of(message.text):
        case InboundOutcome.OPT_OUT:
            await queries.opt_out(tx, message.sender, now)
            return InboundOutcome.OPT_OUT
        case InboundOutcome.OPT_IN:
            await queries.opt_in(tx, message.sender)
            return InboundOutcome.OPT_IN
    reason = one_line(message.text)[:LONGEST_REASON]
    question = await queries.close_question(tx, message.sender, now) if reason else None
    if question is None:
        return InboundOutcome.FREE
    given = contract.ReasonGiven(payload=question.payload, reason=reason, given_at=message.at)
    await ctx.publish(tx, given)
    return InboundOutcome.REASON


async def mark_handled(ctx: Context, caller: Caller, inbound_id: UUID) -> Inbound:
    """Note that somebody has seen to a message; the first one stays. Raises NotFound."""
    handled = await queries.mark_handled(ctx.db, inbound_id, caller.user_id, ctx.clock.now())
    if handled is None:
        raise NotFound("There is no such message")
    return handled
