"""Orders in bulk for paid participants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from patungan.contracts import order as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput, Unavailable
from patungan.kernel.service import Context, implements
from patungan.kernel.sql import unzip
from patungan.kernel.time import jakarta_day
from patungan.services.order import queries, rules

NUMBER_ATTEMPTS = 5
"""How often clashing numbers are drawn anew; with 30 letters in 7 places a second clash is next to impossible."""


@implements(contract.create_session_orders)
async def create_session_orders(ctx: Context, request: contract.CreateSessionOrders) -> contract.CreatedOrders:
    """Create what does not exist yet, in one transaction, and answer every participant's order."""
    # In one order everywhere, so that two batches with common participants wait for each other instead of for ever.
    wanted = sorted({each.participant_id: each for each in request.orders}.values(), key=lambda o: o.participant_id)
    if any(each.quantity < 1 for each in wanted):
        raise InvalidInput("An order has one unit or more", field="quantity")
    if min(request.unit_length_cm, request.unit_width_cm, request.unit_height_cm) < 1:
        raise InvalidInput("Goods have a size", field="unit_length_cm")
    if any(each.user_id == ctx.settings.bot_user_id for each in wanted):
        raise InvalidInput("The platform's own units become no orders", field="user_id")
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        created = await _insert(ctx, tx, request, wanted, now)
        if created:
            await _complete(ctx, tx, request, wanted, created, now)
        orders = await queries.find_created(tx, [each.participant_id for each in wanted])
    return contract.CreatedOrders(orders=orders)


async def _insert(
    ctx: Context,
    tx: Transaction,
    request: contract.CreateSessionOrders,
    wanted: Sequence[contract.SessionOrder],
    now: datetime,
) -> dict[UUID, contract.CreatedOrder]:
    """Insert the orders that are missing; answers the new ones by participant."""
    created: dict[UUID, contract.CreatedOrder] = {}
    missing = list(wanted)
    for _attempt in range(NUMBER_ATTEMPTS):
        rows = [_row(ctx, each, jakarta_day(now)) for each in missing]
        shared = (
            request.session_id,
            request.session_code,
            request.factory_id,
            request.factory_name,
            now,
            request.warehouse_id,
        )
        for each in await queries.insert_orders(tx, *shared, *unzip(rows, 11)):
            created[each.participant_id] = each
        known = await queries.find_created(tx, [each.participant_id for each in missing])
        standing = {each.participant_id for each in known}
        missing = [each for each in missing if each.participant_id not in standing]
        if not missing:
            return created
    raise Unavailable("No free order number was found")


def _row(ctx: Context, wanted: contract.SessionOrder, day: str) -> tuple[object, ...]:
    goods = rules.subtotal(wanted.quantity, wanted.unit_price)
    return (
        ctx.chance.new_id(),
        rules.number(day, ctx.chance.code(rules.NUMBER_LETTERS)),
        wanted.participant_id,
        wanted.user_id,
        goods,
        wanted.shipping_cost,
        wanted.fee,
        rules.total(goods, wanted.shipping_cost, wanted.fee),
        wanted.cashback,
        wanted.courier_service,
        wanted.address,
    )


async def _complete(
    ctx: Context,
    tx: Transaction,
    request: contract.CreateSessionOrders,
    wanted: Sequence[contract.SessionOrder],
    created: dict[UUID, contract.CreatedOrder],
    now: datetime,
) -> None:
    """Give new orders their items, the first line of their history, and their events."""
    new = [(each, created[each.participant_id]) for each in wanted if each.participant_id in created]
    items = [
        (
            order.order_id,
            ctx.chance.new_id(),
            each.variant_id,
            each.sku,
            each.variant_name,
            each.quantity,
            each.unit_price,
        )
        for each, order in new
    ]
    await queries.insert_items(
        tx,
        request.product_id,
        request.factory_id,
        request.product_name,
        request.product_slug,
        request.image_url,
        request.unit_weight_grams,
        request.unit_length_cm,
        request.unit_width_cm,
        request.unit_height_cm,
        *unzip(items, 7),
    )
    note = f"session {request.session_code}"
    await queries.write_births(tx, [order.order_id for _, order in new], note, now)
    await ctx.publish(
        tx,
        *(
            contract.OrderCreated(
                order_id=order.order_id,
                number=order.number,
                user_id=each.user_id,
                factory_id=request.factory_id,
                session_id=request.session_id,
                product_name=request.product_name,
                quantity=each.quantity,
                total=rules.total(rules.subtotal(each.quantity, each.unit_price), each.shipping_cost, each.fee),
            )
            for each, order in new
        ),
    )
