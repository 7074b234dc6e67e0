"""Joining a session: look up where the parcel goes and what it costs, take a place at the desk, make the payment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import address, logistics, payment
from patungan.contracts import group_buying as contract
from patungan.contracts.product import Product, VariantNotFound
from patungan.kernel.batching import Batcher
from patungan.kernel.errors import Unavailable
from patungan.kernel.idempotency import input_hash
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.group_buying.operations.desk import KEPT, Desks, JoinRequest, escrow_payment
from patungan.services.group_buying.operations.views import session_or_404
from patungan.services.group_buying.queries import participants, sessions
from patungan.services.group_buying.rules import JoinWish, ParticipantStatus, available

LOOKUPS_AT_ONCE = 500
GOODS_KEPT = 10_000
"""Sessions whose goods a process remembers."""


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


class Goods(msgspec.Struct, frozen=True):
    """What joins need of a session that never changes: its code, its product as it holds it, where parcels start."""

    code: str
    product: Product
    warehouse_postal_code: str
    base_price: Rupiah


class Lookups:
    """What joins ask of other services, batched over everybody who joins at the same moment."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._goods: dict[UUID, Goods] = {}
        self.addresses = Batcher(self._read_addresses, largest=LOOKUPS_AT_ONCE)
        self.payments = Batcher(self._make_payments, largest=LOOKUPS_AT_ONCE)

    async def close(self) -> None:
        """Finish what is under way."""
        await asyncio.gather(self.addresses.close(), self.payments.close())

    async def goods(self, session_id: UUID) -> Goods:
        """The goods of a session, read once a process; raises SessionNotFound."""
        known = self._goods.get(session_id)
        if known is None:
            session = await session_or_404(self._ctx.db, session_id)
            if len(self._goods) >= GOODS_KEPT:
                del self._goods[next(iter(self._goods))]
            known = Goods(session.code, session.product, session.warehouse_postal_code, session.base_price)
            self._goods[session_id] = known
        return known

    async def _read_addresses(self, wanted: list[address.GetAddress]) -> list[address.Address | Exception]:
        found = await self._ctx.call(address.get_addresses, address.GetAddresses(wanted=wanted))
        outside = found.outside or [False] * len(wanted)
        return [
            address.OutsideServiceArea(field="address_id") if beyond else each or address.AddressNotFound()
            for each, beyond in zip(found.addresses, outside, strict=True)
        ]

    async def _make_payments(self, owed: list[payment.EscrowPayment]) -> list[payment.PaymentSummary | Exception]:
        made = await self._ctx.call(payment.create_escrow_payments, payment.CreateEscrowPayments(payments=owed))
        return list(made.payments)


async def join(ctx: Context, user_id: UUID, wanted: Wanted, key: str) -> Joined:
    """Reserve units and answer with the payment to make; raises the contract's errors, and changes nothing then."""
    lookups: Lookups = ctx.local["lookups"]
    goods = await lookups.goods(wanted.session_id)
    variant_id = _variant_of(goods.product, wanted.variant_id)
    goes_to = await lookups.addresses.ask(address.GetAddress(user_id=user_id, address_id=wanted.address_id))
    leg2 = await _leg2(ctx, goods, variant_id, wanted.quantity, goes_to, wanted.courier_service)
    request = JoinRequest(
        JoinWish(user_id, variant_id, wanted.quantity),
        leg2,
        wanted.courier_service,
        goes_to,
        key,
        input_hash(wanted),
    )
    return await _at_the_desk(ctx, wanted.session_id, goods, request)


async def _at_the_desk(ctx: Context, session_id: UUID, goods: Goods, request: JoinRequest) -> Joined:
    desks: Desks = ctx.local["desks"]
    participant = await desks.submit(session_id, request)
    return Joined(
        participant.id,
        session_id,
        participant.quantity,
        participant.unit_price,
        *(participant.product_amount, participant.leg1_amount, participant.leg2_amount, participant.fee_amount),
        participant.total,
        participant.expires_at,
        await _payment_of(ctx, goods, participant),
    )


def _variant_of(goods: Product, variant_id: UUID | None) -> UUID | None:
    sold = [each.id for each in goods.variants if each.is_active]
    if variant_id is None and sold:
        raise contract.VariantRequired(field="variant_id")
    if variant_id is not None and variant_id not in sold:
        raise VariantNotFound(field="variant_id")
    return variant_id


async def shipping_options(
    ctx: Context, user_id: UUID, session_id: UUID, address_id: UUID, variant_id: UUID | None, quantity: int
) -> list[logistics.Rate]:
    """What couriers ask for this buyer's parcel, cheapest first."""
    lookups: Lookups = ctx.local["lookups"]
    goods = await lookups.goods(session_id)
    goes_to = await lookups.addresses.ask(address.GetAddress(user_id=user_id, address_id=address_id))
    return await _rates(ctx, goods, variant_id, quantity, goes_to)


async def _rates(
    ctx: Context, goods: Goods, variant_id: UUID | None, quantity: int, goes_to: address.Address
) -> list[logistics.Rate]:
    product = goods.product
    unit_weight = next((each.weight_grams for each in product.variants if each.id == variant_id), product.weight_grams)
    request = logistics.QuoteRates(
        origin_postal_code=goods.warehouse_postal_code,
        destination_postal_code=goes_to.postal_code,
        weight_grams=unit_weight * quantity,
        length_cm=product.length_cm,
        width_cm=product.width_cm,
        height_cm=product.height_cm * quantity,
        value=Rupiah(goods.base_price * quantity),
    )
    return (await ctx.call(logistics.quote_rates, request)).rates


async def _leg2(
    ctx: Context, goods: Goods, variant_id: UUID | None, quantity: int, goes_to: address.Address, service: str
) -> Rupiah:
    for rate in await _rates(ctx, goods, variant_id, quantity, goes_to):
        if rate.service == service:
            return rate.price
    raise logistics.CourierServiceUnknown(field="courier_service")


async def _payment_of(ctx: Context, goods: Goods, participant: participants.Participant) -> PaymentToMake:
    """The payment, made by a direct call; should that fail, payment makes it from the event participants.joined."""
    lookups: Lookups = ctx.local["lookups"]
    owed = escrow_payment(goods.code, goods.product.name, participant)
    try:
        made = await lookups.payments.ask(owed)
    except Unavailable as error:
        ctx.log.warning("payment follows by event", participant=str(participant.id), code=error.code)
        return PaymentToMake(None, None, "pending", participant.total, participant.expires_at)
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
    own = await _own(ctx, user_id, session_id, participant_id)
    if own.status != ParticipantStatus.RELEASED:
        await _end_payment(ctx, own)


async def change_quantity(
    ctx: Context, user_id: UUID, session_id: UUID, participant_id: UUID, quantity: int, key: str
) -> Joined:
    """Take another reservation, of so many units, in the place of an unpaid one; answers it with its payment.

    Raises ReservationLapsed, AlreadyPaid, and what a join raises; where the units were taken by others meanwhile, the old
    quantity stays reserved, under a payment of its own.
    """
    lookups: Lookups = ctx.local["lookups"]
    goods = await lookups.goods(session_id)
    own = await _own(ctx, user_id, session_id, participant_id)
    sent = await participants.find_delivery(ctx.db, participant_id)
    leg2 = await _leg2(ctx, goods, own.variant_id, quantity, sent.address, sent.courier_service)
    digest = input_hash({"change": participant_id, "quantity": quantity})
    wish = JoinWish(user_id, own.variant_id, quantity)
    request = JoinRequest(wish, leg2, sent.courier_service, sent.address, key, digest, replaces=participant_id)
    if not await participants.known_joins(ctx.db, [user_id, user_id], [key, key + KEPT]):
        if own.status == ParticipantStatus.RELEASED:
            raise contract.ReservationLapsed()
        await _must_have_room(ctx, own, quantity)
        # Payment decides who was first, the buyer's money or the buyer's change.
        await _end_payment(ctx, own)
    return await _at_the_desk(ctx, session_id, goods, request)


async def _must_have_room(ctx: Context, own: participants.Participant, quantity: int) -> None:
    """Refuse what is not to be had before the old payment is ended; the desk decides in the end."""
    states = [each.state for each in await sessions.variants_of(ctx.db, own.session_id)]
    place = next(i for i, each in enumerate(states) if each.variant_id == own.variant_id)
    states[place] = replace(states[place], demand=states[place].demand - own.quantity)
    room = available(states, place)
    if room is not None and quantity > room:
        raise contract.QuantityRefused(field="quantity", available=room)


async def _own(ctx: Context, user_id: UUID, session_id: UUID, participant_id: UUID) -> participants.Participant:
    own = await participants.find_own(ctx.db, participant_id, user_id, session_id)
    if own is None:
        raise contract.ParticipantNotFound()
    return own


async def _end_payment(ctx: Context, own: participants.Participant) -> None:
    """End a reservation's payment; raises AlreadyPaid. The units return by payment's event."""
    lookups: Lookups = ctx.local["lookups"]
    goods = await lookups.goods(own.session_id)
    owed = escrow_payment(goods.code, goods.product.name, own)
    await ctx.call(payment.create_escrow_payments, payment.CreateEscrowPayments(payments=[owed]))
    answer = await ctx.call(payment.cancel_payments, payment.CancelPayments(participant_ids=[own.id]))
    if any(each.status in ("paid", "refunded") for each in answer.payments):
        raise contract.AlreadyPaid()
