"""What whatsapp does: messages sent at once or queued, each stored first, and WhatsApp's news of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from patungan.contracts import whatsapp as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput, NotFound, Unavailable
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context, implements
from patungan.kernel.workflows import start
from patungan.providers.whatsapp import MessageState, MessageStatus
from patungan.services.whatsapp import queries
from patungan.services.whatsapp.delivery import attempt
from patungan.services.whatsapp.processes import DeliverMessage, deliver_message
from patungan.services.whatsapp.queries import State
from patungan.services.whatsapp.rules import (
    CLAIM_SECONDS,
    DELIVERY_HOURS,
    OUTCOME_UNKNOWN,
    UNAVAILABLE,
    Prepared,
    Status,
    Verdict,
    moved,
    prepare,
)

LOOK_AGAIN_SECONDS = 0.2
LONGEST_DEDUPE_KEY = 200


def _prepared(request: contract.SendTemplate) -> Prepared:
    if not 1 <= len(request.dedupe_key) <= LONGEST_DEDUPE_KEY:
        raise InvalidInput(f"A dedupe key has 1 to {LONGEST_DEDUPE_KEY} characters", field="dedupe_key")
    payloads = [button.payload for button in request.buttons]
    message = prepare(request.phone, request.template, request.language, request.parameters, payloads)
    if message.template.free_text:
        raise contract.UnknownTemplate(field="template")
    return message


@implements(contract.send_now)
async def send_now(ctx: Context, request: contract.SendTemplate) -> contract.SentMessage:
    """Hand a message over before answering; raises Undeliverable, or Unavailable when it may or did not go out."""
    message = _prepared(request)
    now = ctx.clock.now()
    await queries.insert_message(
        ctx.db,
        ctx.chance.new_id(),
        message.phone,
        message.template.name,
        message.language,
        message.stored_parameters,
        request.dedupe_key,
        now,
        None,
        message.payloads,
        [],
    )
    stored = await queries.find_by_key(ctx.db, request.dedupe_key)
    claimed = await queries.claim(ctx.db, stored.id, now, now + timedelta(seconds=CLAIM_SECONDS), True)
    if claimed is None:
        return _answer(await _first_outcome(ctx, stored.id))
    # The request's parameters, since those of a secret template are not stored.
    await attempt(ctx, claimed, message)
    return _answer(await queries.find_state(ctx.db, stored.id))


async def _first_outcome(ctx: Context, message_id: UUID) -> State:
    """How a message fares that another call, or an earlier one, hands over; waits while it is under way."""
    for _ in range(round(CLAIM_SECONDS / LOOK_AGAIN_SECONDS)):
        state = await queries.find_state(ctx.db, message_id)
        if state.status is not Status.QUEUED:
            return state
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise Unavailable("The message is still being handed to WhatsApp")


def _answer(state: State) -> contract.SentMessage:
    if state.status is Status.FAILED and state.failure not in (UNAVAILABLE, OUTCOME_UNKNOWN):
        raise contract.Undeliverable(field="phone")
    if state.status in (Status.FAILED, Status.QUEUED):
        raise Unavailable("WhatsApp does not take messages at the moment")
    return contract.SentMessage(message_id=state.id, status=state.status)


@implements(contract.queue_message)
async def queue_message(ctx: Context, request: contract.SendTemplate) -> contract.SentMessage:
    """Store a message and start its delivery, in one transaction."""
    message = _prepared(request)
    if message.template.secret:
        raise InvalidInput("What this template says is not stored, so it can only be sent at once", field="template")
    message_id, now = ctx.chance.new_id(), ctx.clock.now()
    async with ctx.db.transaction() as tx:
        created = await queries.insert_message(
            tx,
            message_id,
            message.phone,
            message.template.name,
            message.language,
            message.stored_parameters,
            request.dedupe_key,
            now,
            now + timedelta(hours=DELIVERY_HOURS),
            message.payloads,
            [button.payload for button in request.buttons if button.asks_reason],
        )
        if created:
            await start(tx, deliver_message, f"wa-{message_id}", DeliverMessage(message_id=message_id))
        state = await queries.find_by_key(tx, request.dedupe_key)
    return contract.SentMessage(message_id=state.id, status=state.status)


async def resend(ctx: Context, caller: Caller, message_id: UUID, key: str) -> None:
    """Queue a failed message once more, with a day to arrive in; once for the key.

    Raises NotFound; MessageNotResendable for one that did not fail, or whose words are stored nowhere.
    """

    async def work(tx: Transaction) -> bool:
        again = await queries.resend(tx, message_id, ctx.clock.now() + timedelta(hours=DELIVERY_HOURS))
        if again is None:
            if await queries.find_known(tx, message_id) is None:
                raise NotFound("There is no such message")
            raise contract.MessageNotResendable()
        workflow_id = f"wa-{message_id}-resent-{again.resent}"
        await start(tx, deliver_message, workflow_id, DeliverMessage(message_id=message_id))
        return True

    await once(ctx.db, caller.user_id, "message-resend", key, message_id, ctx.clock.now(), bool, work)


_STATUS = {
    MessageState.SENT: Status.SENT,
    MessageState.DELIVERED: Status.DELIVERED,
    MessageState.READ: Status.READ,
    MessageState.PLAYED: Status.READ,
    MessageState.FAILED: Status.FAILED,
}


async def take_news(ctx: Context, news: Sequence[MessageStatus]) -> int:
    """Store what WhatsApp tells of messages, in any order and any number of times; answers how much concerned ours."""
    known = 0
    # One row a message, locked in the order of their ids: two callbacks at once do not wait for each other in a circle.
    async with ctx.db.transaction() as tx:
        references = [reference for each in news if (reference := _reference(each)) is not None]
        locked = await queries.lock_named(tx, [each.message_id for each in news], references)
        by_provider_id = {state.provider_id: state for state in locked if state.provider_id is not None}
        by_id = {state.id: state for state in locked}
        for each in sorted(news, key=lambda one: one.at):
            state = by_provider_id.get(each.message_id) or by_id.get(_reference(each) or UUID(int=0))
            status = _STATUS.get(each.state)
            if state is None or status is None:
                continue
            known += 1
            # The same message may stand in a callback more than once.
            state = by_id[state.id]
            after = moved(state.status, state.failure, status)
            failure = None
            if after is Status.FAILED:
                told = each.trouble.value if each.trouble is not None else Verdict.REFUSED.value
                failure = state.failure if state.status is Status.FAILED else told
            code = str(each.error_codes[0]) if each.error_codes else None
            await queries.apply_news(tx, state.id, after, failure, code, each.message_id, status, each.at)
            if after is Status.FAILED is not state.status and state.deliver_until is not None:
                failed = contract.MessageFailed(
                    message_id=state.id, template=state.template, dedupe_key=state.dedupe_key, failure=failure or ""
                )
                await ctx.publish(tx, failed)
            by_id[state.id] = msgspec.structs.replace(state, status=after, failure=failure)
    if known < len(news):
        ctx.log.info("news of messages that are not ours", count=len(news) - known)
    return known


def _reference(news: MessageStatus) -> UUID | None:
    try:
        return UUID(news.reference)
    except ValueError:
        return None
