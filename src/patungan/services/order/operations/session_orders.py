"""The orders of a closing session: created by the batch, one a participant however often it is asked."""

from __future__ import annotations

from patungan.contracts import order as contract
from patungan.kernel.database import checking_rows
from patungan.kernel.errors import InvalidInput, Unavailable
from patungan.kernel.service import Context, implements
from patungan.kernel.time import jakarta_day
from patungan.services.order import rules
from patungan.services.order.queries import session_orders as queries

NUMBER_ATTEMPTS = 5
"""How often clashing numbers are drawn anew; with 30 letters in 7 places a second clash is next to impossible."""


@implements(contract.create_session_orders)
async def create_session_orders(ctx: Context, request: contract.CreateSessionOrders) -> contract.CreatedOrders:
    """Create what does not exist yet, with items, history and events, in one transaction; answers everybody's order."""
    if min(request.unit_length_cm, request.unit_width_cm, request.unit_height_cm) < 1:
        raise InvalidInput("Goods have a size", field="unit_length_cm")
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        await tx.look_up_by_index()
        with checking_rows("orders"):
            fault = await queries.find_fault(tx, request.orders, ctx.settings.bot_user_id)
            if fault.without_units:
                raise InvalidInput("An order has one unit or more", field="quantity")
            if fault.of_platform:
                raise InvalidInput("The platform's own units become no orders", field="user_id")
            for _attempt in range(NUMBER_ATTEMPTS):
                await queries.create_orders(
                    tx,
                    request.orders,
                    now,
                    ctx.chance.secret(),
                    rules.number(jakarta_day(now), ""),
                    rules.NUMBER_LETTERS,
                    request.session_id,
                    request.session_code,
                    request.factory_id,
                    request.factory_name,
                    request.product_id,
                    request.product_name,
                    request.product_slug,
                    request.image_url,
                    request.unit_weight_grams,
                    request.unit_length_cm,
                    request.unit_width_cm,
                    request.unit_height_cm,
                    request.warehouse_id,
                )
                standing = await queries.find_standing(tx, request.orders)
                if not standing.missing:
                    return contract.CreatedOrders(orders=standing.orders)
    raise Unavailable("No free order number was found")
