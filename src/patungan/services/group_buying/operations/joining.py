"""Joining a session: look up where the parcel goes and what it costs, take a place at the desk, make the payment."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import address, logistics, payment
from patungan.contracts import group_buying as contract
from patungan.contracts.product import VariantNotFound
from patungan.kernel.errors import Unavailable
from patungan.kernel.idempotency import input_hash
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.group_buying.operations.desk import Desks, JoinRequest, escrow_payment
from patungan.services.group_buying.operations.views import session_or_404
from patungan.services.group_buying.queries import participants
from patungan.services.group_buying.queries.sessions import Session
from patungan.services.group_buying.rules import JoinWish


class Wanted(msgspec.Struct, frozen=True):
    """What a buyer asks for; the price is never the buyer's to name."""

    session_id: UUID
    variant_id: UUID | None
    quantity: int
    address_id: UUID
    courier_service: str


class PaymentToMake(msgspec.Struct, frozen=True):
    """``id`` and ``code`` are None for the moment in which payment does not answer; the payment follows by itself."""

    id: UUID | None
    code: str | None
    status: str
    total: Rupiah
    expires_at: datetime


class Joined(msgspec.Struct, frozen=True):
    """An accepted join with what must be paid until when; amounts in rupiah."""

    participant_id: UUID
    session_id: UUID
    quantity: int
    unit_price: Rupiah
    product_amount: Rupiah
    leg1_amount: Rupiah
    leg2_amount: Rupiah
    fee_amount: Rupiah
    total: Rupiah
    expires_at: datetime
    payment: PaymentToMake


async def join(ctx: Context, user_id: UUID, wanted: Wanted, key: str) -> Joined:
    """Reserve units and answer with the payment to make; raises the contract's errors, and changes nothing then."""
    session = await session_or_404(ctx.db, wanted.session_id)
    variant_id = _variant_of(session, wanted.variant_id)
    goes_to = await ctx.call(address.get_address, address.GetAddress(user_id=user_id, address_id=wanted.address_id))
    leg2 = await _leg2(ctx, session, variant_id, wanted.quantity, goes_to, wanted.courier_service)
    desks: Desks = ctx.local["desks"]
    participant = await desks.submit(
        session.id,
        JoinRequest(
            JoinWish(user_id, variant_id, wanted.quantity),
            leg2,
            wanted.courier_service,
            goes_to,
            key,
            input_hash(wanted),
        ),
    )
    return Joined(
        participant.id,
        session.id,
        participant.quantity,
        participant.unit_price,
        *(participant.product_amount, participant.leg1_amount, participant.leg2_amount, participant.fee_amount),
        participant.total,
        participant.expires_at,
        await _payment_of(ctx, session, participant),
    )


def _variant_of(session: Session, variant_id: UUID | None) -> UUID | None:
    sold = [each.id for each in session.product.variants if each.is_active]
    if variant_id is None and sold:
        raise contract.VariantRequired(field="variant_id")
    if variant_id is not None and variant_id not in sold:
        raise VariantNotFound(field="variant_id")
    return variant_id


async def shipping_options(
    ctx: Context, user_id: UUID, session_id: UUID, address_id: UUID, variant_id: UUID | None, quantity: int
) -> list[logistics.Rate]:
    """What couriers ask for this buyer's parcel, cheapest first."""
    session = await session_or_404(ctx.db, session_id)
    goes_to = await ctx.call(address.get_address, address.GetAddress(user_id=user_id, address_id=address_id))
    return await _rates(ctx, session, variant_id, quantity, goes_to)


async def _rates(
    ctx: Context, session: Session, variant_id: UUID | None, quantity: int, goes_to: address.Address
) -> list[logistics.Rate]:
    product = session.product
    unit_weight = next((each.weight_grams for each in product.variants if each.id == variant_id), product.weight_grams)
    request = logistics.QuoteRates(
        origin_postal_code=session.warehouse_postal_code,
        destination_postal_code=goes_to.postal_code,
        weight_grams=unit_weight * quantity,
        length_cm=product.length_cm,
        width_cm=product.width_cm,
        height_cm=product.height_cm * quantity,
        value=Rupiah(session.base_price * quantity),
    )
    return (await ctx.call(logistics.quote_rates, request)).rates


async def _leg2(
    ctx: Context, session: Session, variant_id: UUID | None, quantity: int, goes_to: address.Address, service: str
) -> Rupiah:
    for rate in await _rates(ctx, session, variant_id, quantity, goes_to):
        if rate.service == service:
            return rate.price
    raise logistics.CourierServiceUnknown(field="courier_service")


async def _payment_of(ctx: Context, session: Session, participant: participants.Participant) -> PaymentToMake:
    """The payment, made by a direct call; should that fail, payment makes it from the event participant.joined."""
    owed = escrow_payment(session, participant)
    try:
        answer = await ctx.call(payment.create_escrow_payments, payment.CreateEscrowPayments(payments=[owed]))
    except Unavailable as error:
        ctx.log.warning("payment follows by event", participant=str(participant.id), code=error.code)
        return PaymentToMake(None, None, "pending", participant.total, participant.expires_at)
    made = answer.payments[0]
    return PaymentToMake(made.id, made.code, made.status, made.total, made.expires_at)


async def payments_of(ctx: Context, participant_ids: list[UUID]) -> dict[UUID, payment.PaymentSummary]:
    """The payments of participations, as far as payment answers now."""
    if not participant_ids:
        return {}
    try:
        found = await ctx.call(payment.get_payments, payment.GetPayments(participant_ids=participant_ids))
    except Unavailable:
        return {}
    return {each.participant_id: each for each in found.payments}


async def leave(ctx: Context, user_id: UUID, session_id: UUID, participant_id: UUID) -> None:
    """Let an unpaid reservation go; raises AlreadyPaid for a paid one, also for one that is paid at this very moment."""
    session = await session_or_404(ctx.db, session_id)
    own = await participants.find_own(ctx.db, participant_id, user_id, session_id)
    if own is None:
        raise contract.ParticipantNotFound()
    if own.status == "released":
        return
    # Payment decides who was first, the buyer's money or the buyer's leaving; the units return by its event.
    owed = escrow_payment(session, own)
    await ctx.call(payment.create_escrow_payments, payment.CreateEscrowPayments(payments=[owed]))
    answer = await ctx.call(payment.cancel_payments, payment.CancelPayments(participant_ids=[participant_id]))
    if any(each.status in ("paid", "refunded") for each in answer.payments):
        raise contract.AlreadyPaid()
