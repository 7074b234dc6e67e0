"""What notification does when asked: text messages for other services, and a person's own notifications."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from patungan.contracts import notification as contract
from patungan.kernel.errors import InvalidInput, NotFound, Unavailable
from patungan.kernel.phones import normalise_phone
from patungan.kernel.service import Context, implements
from patungan.services.notification import queries
from patungan.services.notification.gateway import sms_gateway_of
from patungan.services.notification.queries import Delivery, NotificationRow
from patungan.services.notification.rules import (
    CLAIM_SECONDS,
    LONGEST_DEDUPE_KEY,
    LONGEST_SMS,
    DeliveryStatus,
    Failure,
    Language,
)

LOOK_AGAIN_SECONDS = 0.2


@implements(contract.send_sms)
async def send_sms(ctx: Context, request: contract.SendSms) -> contract.SentSms:
    """Hand a text over before answering; a repeat of the key answers the first, or tries again if that surely failed.

    Raises InvalidInput, also for a number that the provider refuses, and Unavailable when the text did or may not go out.
    """
    phone = normalise_phone(request.phone)
    if phone is None:
        raise InvalidInput("This is not an Indonesian mobile number", field="phone")
    if not 1 <= len(request.text.strip()) <= LONGEST_SMS:
        raise InvalidInput(f"A text has 1 to {LONGEST_SMS} characters", field="text")
    if not 1 <= len(request.dedupe_key) <= LONGEST_DEDUPE_KEY:
        raise InvalidInput(f"A dedupe key has 1 to {LONGEST_DEDUPE_KEY} characters", field="dedupe_key")
    now = ctx.clock.now()
    await queries.insert_delivery(ctx.db, ctx.chance.new_id(), phone, request.dedupe_key, now)
    until = now + timedelta(seconds=CLAIM_SECONDS)
    delivery_id = await queries.claim_delivery(ctx.db, request.dedupe_key, now, until)
    if delivery_id is not None:
        await _attempt(ctx, delivery_id, phone, request.text)
    return _answer(await _outcome(ctx, request.dedupe_key))


async def _attempt(ctx: Context, delivery_id: UUID, phone: str, text: str) -> None:
    outcome = await sms_gateway_of(ctx).hand_over(phone, text)
    now = ctx.clock.now()
    await queries.record_outcome(
        ctx.db, delivery_id, now, outcome.status, outcome.failure, outcome.error_code, outcome.provider_id
    )
    if outcome.failure is not None:
        level = ctx.log.error if outcome.failure is Failure.REFUSED else ctx.log.warning
        level(
            "SMS not handed over",
            delivery=str(delivery_id),
            failure=outcome.failure.value,
            code=outcome.error_code,
        )


async def _outcome(ctx: Context, dedupe_key: str) -> Delivery:
    """How a delivery ended; waits while another call has it in hand."""
    for _ in range(round(CLAIM_SECONDS / LOOK_AGAIN_SECONDS)):
        delivery = await queries.find_delivery(ctx.db, dedupe_key)
        if delivery.status is not DeliveryStatus.QUEUED:
            return delivery
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise Unavailable("The text is still being handed over")


def _answer(delivery: Delivery) -> contract.SentSms:
    if delivery.failure is Failure.REFUSED_RECIPIENT:
        raise InvalidInput("This number takes no text messages", field="phone")
    if delivery.status is not DeliveryStatus.SENT:
        raise Unavailable("Text messages cannot be sent at the moment")
    return contract.SentSms(delivery_id=delivery.id)


async def mark_read(ctx: Context, user_id: UUID, notification_id: UUID, language: Language) -> NotificationRow:
    """Mark a person's notification as read; raises NotFound for one that is not theirs."""
    row = await queries.mark_read(ctx.db, user_id, language, notification_id, ctx.clock.now())
    if row is None:
        raise NotFound("You have no such notification")
    return row


async def delete(ctx: Context, user_id: UUID, notification_id: UUID) -> None:
    """Delete a person's notification; raises NotFound for one that is not theirs."""
    if not await queries.delete_notification(ctx.db, user_id, notification_id):
        raise NotFound("You have no such notification")
