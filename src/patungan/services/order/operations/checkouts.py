"""Checkout: goods are checked against the services' own prices, their stock is held at once, orders are made, one payment.

A checkout is a row from its beginning, under its buyer's idempotency key: whatever cuts it off, the same key goes on where it
stood, and the timer gives back what nobody goes on with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import address, logistics, payment, seller, wallet, warehouse
from patungan.contracts import order as contract
from patungan.kernel.contract import Message
from patungan.kernel.database import Transaction
from patungan.kernel.errors import IdempotencyKeyReused, InvalidInput, Problem, Unavailable, problem_from
from patungan.kernel.idempotency import input_hash
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.kernel.time import jakarta_day
from patungan.kernel.workflows import enqueue
from patungan.services.order import rules
from patungan.services.order.operations.baskets import Basket, Line, baskets_of, check_lines, rates_of
from patungan.services.order.operations.moving import Move, carry_out
from patungan.services.order.operations.offers import market_of
from patungan.services.order.queries import checkouts as queries
from patungan.services.order.queries import orders as order_queries
from patungan.services.order.queries.checkouts import CheckoutRow, PlannedOrder
from patungan.services.order.rules import Actor, OrderStatus, Source

PAY_WITHIN = timedelta(hours=24)
"""How long a direct order waits for its payment (DOMAIN.md 4.5)."""
HELD_LONGER = timedelta(hours=2)
"""Stock is held beyond that until the payment's end is known for certain."""
CUT_OFF = timedelta(minutes=1)
"""After it a checkout that is still reserving is taken for dead."""
PAYMENT_AGAIN = timedelta(seconds=10)

GIVE_BACK = "order.give-back-stock"
"""The workflow that gives back the stock of orders (processes.py)."""


class GiveBack(Message, frozen=True):
    order_ids: list[UUID]
    reason: str


class Wish(msgspec.Struct, frozen=True):
    """A checkout as it is asked for: ``couriers`` by the parcels' keys, ``wallet_amount`` in rupiah."""

    lines: list[Line]
    address_id: UUID
    couriers: dict[str, str]
    wallet_amount: Rupiah = Rupiah(0)


async def check_out(ctx: Context, user_id: UUID, wish: Wish, key: str) -> CheckoutRow:
    """Carry a checkout out, once for its key.

    Raises NotOnOffer, PriceChanged, NotEnoughStock, AddressNotFound, CourierServiceUnknown, InsufficientBalance, and
    CheckoutLapsed where it was cut off and given up meanwhile.
    """
    digest = input_hash(wish)
    known = await queries.find_checkout_by_key(ctx.db, user_id, key)
    if known is None:
        known = await _begin(ctx, user_id, wish, key, digest)
    if known.input_hash != digest:
        raise IdempotencyKeyReused(field="Idempotency-Key")
    if known.status == "reserving":
        await _reserve(ctx, known)
        known = await _open(ctx, known)
    if known.refusal is not None:
        raise problem_from(known.refusal) or contract.CheckoutLapsed()
    if known.status == "pending_payment" and known.payment_id is None:
        await make_payment(ctx, known)
    return await _found(ctx, known.id)


async def _found(ctx: Context, checkout_id: UUID) -> CheckoutRow:
    found = await queries.find_checkout(ctx.db, checkout_id)
    if found is None:
        raise contract.CheckoutNotFound()
    if found.refusal is not None:
        raise problem_from(found.refusal) or contract.CheckoutLapsed()
    return found


async def _begin(ctx: Context, user_id: UUID, wish: Wish, key: str, digest: bytes) -> CheckoutRow:
    goes_to, market = await asyncio.gather(
        ctx.call(address.get_address, address.GetAddress(user_id=user_id, address_id=wish.address_id)),
        market_of(ctx, [each.product_id for each in wish.lines]),
    )
    check_lines(market, wish.lines)
    baskets = await baskets_of(ctx, market, wish.lines)
    shipping = await asyncio.gather(*(_shipping(ctx, each, goes_to, wish.couriers) for each in baskets))
    plan = await _plan(ctx, baskets, wish.couriers, shipping)
    total = sum(each.total for each in plan)
    if wish.wallet_amount > total:
        raise InvalidInput(f"The wallet's part is from 0 to {total} rupiah", field="wallet_amount")
    now = ctx.clock.now()
    await queries.insert_checkout(
        ctx.db,
        ctx.chance.new_id(),
        user_id,
        key,
        digest,
        plan,
        goes_to,
        total,
        wish.wallet_amount,
        now,
        now + PAY_WITHIN,
        now + CUT_OFF,
    )
    made = await queries.find_checkout_by_key(ctx.db, user_id, key)
    if made is None:
        raise Unavailable("The checkout is not there yet")
    return made


async def _shipping(ctx: Context, basket: Basket, goes_to: address.Address, couriers: Mapping[str, str]) -> Rupiah:
    service = couriers.get(basket.key)
    if service is None:
        raise InvalidInput(f"Choose a courier for {basket.key}", field="couriers")
    for rate in await rates_of(ctx, basket, goes_to):
        if rate.service == service:
            return rate.price
    raise logistics.CourierServiceUnknown(field="couriers")


async def _plan(
    ctx: Context, baskets: Sequence[Basket], couriers: Mapping[str, str], shipping: Sequence[Rupiah]
) -> list[PlannedOrder]:
    base = rules.number(jakarta_day(ctx.clock.now()), ctx.chance.code(rules.NUMBER_LETTERS))
    while await queries.known_numbers(ctx.db, [base]):
        base = rules.number(jakarta_day(ctx.clock.now()), ctx.chance.code(rules.NUMBER_LETTERS))
    return [
        PlannedOrder(
            id=ctx.chance.new_id(),
            number=rules.order_number(base, place),
            source=basket.source,
            factory_id=basket.factory_id,
            factory_name=basket.factory_name,
            seller_id=basket.seller_id,
            seller_name=basket.seller_name,
            sender=basket.sender,
            warehouse_id=basket.warehouse_id,
            courier_service=couriers[basket.key],
            subtotal=basket.subtotal,
            shipping_cost=price,
            fee=basket.fee,
            items=basket.items,
        )
        for place, (basket, price) in enumerate(zip(baskets, shipping, strict=True), 1)
    ]


async def _reserve(ctx: Context, checkout: CheckoutRow) -> None:
    """Hold the stock of every order, or of none: then the checkout is refused. Raises NotEnoughStock."""
    until = checkout.expires_at + HELD_LONGER
    of_stock = [each for each in checkout.plan if each.source is Source.WAREHOUSE]
    of_sellers = [each for each in checkout.plan if each.source is Source.SELLER]
    short = [*await _hold_surplus(ctx, of_stock, until), *await _hold_of_sellers(ctx, of_sellers, until)]
    if not short:
        return
    problem = contract.NotEnoughStock(
        f"{short[0][1]} units are free", field="lines", available=short[0][1], product_id=str(short[0][0])
    )
    await _refuse(ctx, checkout, problem)
    raise problem


async def _hold_surplus(ctx: Context, orders: Sequence[PlannedOrder], until: Any) -> list[tuple[UUID, int]]:
    if not orders:
        return []
    request = warehouse.ReserveStock(
        orders=[
            warehouse.StockOrder(
                order_id=each.id,
                lines=[
                    warehouse.StockLine(
                        warehouse_id=each.warehouse_id,
                        product_id=item.product_id,
                        variant_id=item.variant_id,
                        quantity=item.quantity,
                    )
                    for item in each.items
                    if each.warehouse_id is not None
                ],
                expires_at=until,
            )
            for each in orders
        ]
    )
    answer = await ctx.call(warehouse.reserve_stock, request)
    short = [(one.product_id, one.available) for each in answer.orders for one in each.short]
    gone = [each for each in answer.orders if each.status not in ("held", "sold") and not each.short]
    return [*short, *((orders[0].items[0].product_id, 0) for _ in gone)]


async def _hold_of_sellers(ctx: Context, orders: Sequence[PlannedOrder], until: Any) -> list[tuple[UUID, int]]:
    if not orders:
        return []
    request = seller.ReserveStock(
        holds=[
            seller.StockHold(
                order_id=each.id,
                order_number=each.number,
                seller_id=each.seller_id,
                lines=[
                    seller.StockLine(product_id=item.product_id, variant_id=item.variant_id, quantity=item.quantity)
                    for item in each.items
                ],
                expires_at=until,
            )
            for each in orders
            if each.seller_id is not None
        ]
    )
    answer = await ctx.call(seller.reserve_stock, request)
    return [(one.product_id, one.available) for each in answer.outcomes for one in each.short]


async def _refuse(ctx: Context, checkout: CheckoutRow, problem: Problem) -> None:
    """End a checkout that made no orders, and have what it holds given back."""
    async with ctx.db.transaction() as tx:
        if await queries.refuse_checkout(tx, checkout.id, problem.document()):
            await have_given_back(tx, checkout.id, [each.id for each in checkout.plan], "The checkout was refused")


async def have_given_back(tx: Transaction, cause: UUID, order_ids: Sequence[UUID], reason: str) -> None:
    """Start giving back the stock of orders, once for its cause."""
    request = GiveBack(order_ids=list(order_ids), reason=reason)
    await enqueue(tx, GIVE_BACK, f"give-back-{cause}", msgspec.json.encode(request).decode())


async def _open(ctx: Context, checkout: CheckoutRow) -> CheckoutRow:
    """Make the orders of a checkout whose stock is held; of two at once the second finds them made."""
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        locked = await queries.lock_checkout(tx, checkout.id)
        if locked.status != "reserving":
            return locked
        await queries.create_orders(tx, checkout.id, now)
        await queries.create_items(tx, checkout.id)
        born = [
            (each.id, None, OrderStatus.PENDING_PAYMENT, False, Actor.BUYER, checkout.user_id, "checkout", now)
            for each in checkout.plan
        ]
        await order_queries.write_history(tx, *unzip(born, 8))
        bought = [(item.product_id, item.variant_id, each.seller_id) for each in checkout.plan for item in each.items]
        await queries.forget_bought(tx, checkout.user_id, *unzip(bought, 3))
        await queries.open_checkout(tx, checkout.id, now + PAYMENT_AGAIN)
        await ctx.publish(tx, *(_created(checkout.user_id, each) for each in checkout.plan))
        return await queries.lock_checkout(tx, checkout.id)


def _created(user_id: UUID, planned: PlannedOrder) -> contract.OrderCreated:
    return contract.OrderCreated(
        order_id=planned.id,
        number=planned.number,
        user_id=user_id,
        factory_id=planned.factory_id,
        session_id=None,
        product_name=planned.items[0].product_name,
        quantity=sum(each.quantity for each in planned.items),
        total=planned.total,
    )


async def make_payment(ctx: Context, checkout: CheckoutRow) -> None:
    """Have the one payment of a checkout made; where payment does not answer it is made later.

    Raises InsufficientBalance, after which the orders are cancelled.
    """
    numbers = ", ".join(each.number for each in checkout.plan[:3])
    request = payment.CreateOrderPayments(
        checkout_id=checkout.id,
        user_id=checkout.user_id,
        description=f"{len(checkout.plan)} pesanan: {numbers}"[:200],
        orders=[
            payment.OrderAllocation(
                order_id=each.id,
                order_number=each.number,
                product_amount=each.subtotal,
                shipping_amount=each.shipping_cost,
                fee_amount=each.fee,
            )
            for each in checkout.plan
        ],
        expires_at=checkout.expires_at,
        wallet_amount=checkout.wallet_amount,
    )
    try:
        made = await ctx.call(payment.create_order_payments, request)
    except Unavailable as error:
        ctx.log.warning("a payment is made later", checkout=str(checkout.id), code=error.code)
        return
    except wallet.InsufficientBalance as problem:
        async with ctx.db.transaction() as tx:
            await queries.end_checkout(tx, checkout.id, problem.document())
            await end_unpaid(ctx, tx, [checkout.id], Actor.SYSTEM, None, "The wallet does not cover its part")
        raise
    await queries.store_payment(ctx.db, checkout.id, made.id, made.code)


async def end_unpaid(
    ctx: Context, tx: Transaction, checkout_ids: Sequence[UUID], actor: Actor, actor_id: UUID | None, note: str
) -> None:
    """Cancel the unpaid orders of checkouts and have their stock given back; those that are paid or ended stay."""
    now = ctx.clock.now()
    locked = await order_queries.lock_orders_of_checkouts(tx, list(checkout_ids))
    unpaid = [each for each in locked if each.status is OrderStatus.PENDING_PAYMENT]
    await carry_out(ctx, tx, [Move(each, [OrderStatus.CANCELLED], actor, actor_id, note, now) for each in unpaid])
    if unpaid:
        await have_given_back(tx, ctx.chance.new_id(), [each.id for each in unpaid], note)


async def look_after(ctx: Context) -> None:
    """Give up checkouts that were cut off, and make payments that could not be made at once."""
    now = ctx.clock.now()
    for checkout_id in await queries.claim_due(ctx.db, now, now + CUT_OFF, 50):
        found = await queries.find_checkout(ctx.db, checkout_id)
        if found is not None and found.status == "reserving":
            await _refuse(ctx, found, contract.CheckoutLapsed())
        elif found is not None and found.status == "pending_payment":
            try:
                await make_payment(ctx, found)
            except wallet.InsufficientBalance:
                ctx.log.info("a checkout ended without its wallet part", checkout=str(checkout_id))
