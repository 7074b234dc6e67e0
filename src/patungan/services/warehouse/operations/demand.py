"""Meeting a session's demand, once for the whole session, and giving it back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from patungan.contracts import factory, product
from patungan.contracts import warehouse as contract
from patungan.kernel import sql
from patungan.kernel.contract import Nothing
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context, implements
from patungan.services.warehouse.operations.ordering import Purchase, make_purchase_order
from patungan.services.warehouse.operations.purchase_orders import announce_surplus
from patungan.services.warehouse.operations.shelf import Cause, Change, Shelf
from patungan.services.warehouse.queries import configuration
from patungan.services.warehouse.queries import demand as queries
from patungan.services.warehouse.queries import purchase_orders as order_queries
from patungan.services.warehouse.rules import Demand, MovementType, Plan, VariantId, plan_purchase, unit_costs


class _Known(msgspec.Struct, frozen=True):
    """What other services know of the goods; asked before the transaction."""

    factory: factory.Factory
    names: dict[VariantId, str]
    adjustments: dict[VariantId, int]


@implements(contract.fulfil_demand)
async def fulfil_demand(ctx: Context, request: contract.FulfilDemand) -> contract.Fulfilment:
    """Reserve what is there and order the rest; raises WarehouseNotFound, FactoryNotFound, DemandReleased."""
    _check(request)
    known = await queries.find_demand(ctx.db, request.session_id)
    if known is not None and known.status != "released":
        return known.reply
    about = await _ask(ctx, request)
    async with ctx.db.transaction() as tx:
        await queries.lock_session(tx, request.session_id)
        if await queries.find_release(tx, request.session_id) is not None:
            raise contract.DemandReleased()
        known = await queries.find_demand(tx, request.session_id)
        if known is not None:
            return known.reply
        if await configuration.find_warehouse(tx, request.warehouse_id) is None:
            raise contract.WarehouseNotFound(field="warehouse_id")
        return await _meet(ctx, tx, request, about)


def _check(request: contract.FulfilDemand) -> None:
    variants = [line.variant_id for line in request.lines]
    if len(set(variants)) != len(variants):
        raise InvalidInput("A variant is named twice", field="lines")
    if any(line.quantity < 0 or line.unit_cost < 0 for line in request.lines):
        raise InvalidInput("Quantities and costs are not negative", field="lines")
    if not any(line.quantity for line in request.lines):
        raise InvalidInput("A demand has at least one unit", field="lines")


async def _ask(ctx: Context, request: contract.FulfilDemand) -> _Known:
    factories, products = await asyncio.gather(
        ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[request.factory_id])),
        ctx.call(product.get_products, product.GetProducts(product_ids=[request.product_id])),
    )
    if not factories.factories:
        raise factory.FactoryNotFound(field="factory_id")
    # What was paid for is met even where the catalogue has dropped it: then a variant goes by its id.
    variants = [variant for each in products.products for variant in each.variants]
    return _Known(
        factories.factories[0],
        {variant.id: variant.name for variant in variants},
        {variant.id: variant.price_adjustment for variant in variants},
    )


async def _meet(ctx: Context, tx: Transaction, request: contract.FulfilDemand, about: _Known) -> contract.Fulfilment:
    bundle = await configuration.find_bundle(tx, request.product_id)
    composition = {each.variant_id: each.units_per_bundle for each in bundle}
    variants = list(dict.fromkeys([*(line.variant_id for line in request.lines), *composition]))
    shelf = await Shelf.lock(ctx, tx, request.warehouse_id, request.product_id, variants)
    demands = [
        Demand(line.variant_id, line.quantity, shelf.available(line.variant_id))
        for line in request.lines
        if line.quantity > 0
    ]
    plan = plan_purchase(demands, composition, about.factory.wholesale_unit)
    code = None
    if plan.missing:
        names = {each.variant_id: each.variant_name for each in bundle} | about.names
        costs = unit_costs(variants, {line.variant_id: line.unit_cost for line in request.lines}, about.adjustments)
        code = await make_purchase_order(
            ctx,
            tx,
            Purchase(
                session_id=request.session_id,
                product_id=request.product_id,
                product_name=request.product_name,
                factory_id=request.factory_id,
                factory_name=about.factory.name,
                warehouse_id=request.warehouse_id,
                wholesale_unit=about.factory.wholesale_unit,
                expected_at=request.needed_by,
                plan=plan,
                names=names,
                costs=costs,
            ),
        )
    reply = _reply(request, plan, code)
    await _reserve(ctx, tx, shelf, request, plan, reply)
    return reply


def _reply(request: contract.FulfilDemand, plan: Plan, code: str | None) -> contract.Fulfilment:
    planned = {line.variant_id: line for line in plan.lines}
    lines = []
    for asked in request.lines:
        from_stock = planned[asked.variant_id].from_stock if asked.quantity else 0
        lines.append(
            contract.FulfilledLine(
                variant_id=asked.variant_id,
                quantity=asked.quantity,
                from_stock=from_stock,
                to_order=asked.quantity - from_stock,
            )
        )
    return contract.Fulfilment(
        session_id=request.session_id,
        has_stock=plan.missing == 0,
        bundles=plan.bundles,
        lines=lines,
        purchase_order_code=code,
    )


async def _reserve(
    ctx: Context,
    tx: Transaction,
    shelf: Shelf,
    request: contract.FulfilDemand,
    plan: Plan,
    reply: contract.Fulfilment,
) -> None:
    await queries.insert_demand(
        tx,
        request.session_id,
        request.session_code,
        request.product_id,
        request.factory_id,
        request.warehouse_id,
        reply,
        ctx.clock.now(),
        reply.has_stock,
    )
    wanted = [line for line in plan.lines if line.quantity > 0]
    rows = [(ctx.chance.new_id(), line.variant_id, line.quantity, line.from_stock) for line in wanted]
    await queries.insert_reservations(tx, request.session_id, *sql.unzip(rows, 4))
    await shelf.move(
        MovementType.RESERVED,
        [Change(line.variant_id, line.from_stock, reserved=line.from_stock) for line in wanted if line.from_stock],
        Cause(None, f"Sold in session {request.session_code}", request.session_id),
    )
    await shelf.close()
    await ctx.publish(tx, _planned(request, reply))
    session = {"session_id": request.session_id, "product_id": request.product_id}
    if reply.purchase_order_code is None:
        await ctx.publish(tx, contract.StockReserved(**session, units=sum(line.quantity for line in wanted)))
    else:
        short = contract.StockShort(**session, units=plan.missing, purchase_order_code=reply.purchase_order_code)
        await ctx.publish(tx, short)


def _planned(request: contract.FulfilDemand, reply: contract.Fulfilment) -> contract.DemandPlanned:
    return contract.DemandPlanned(
        session_id=request.session_id,
        product_id=request.product_id,
        factory_id=request.factory_id,
        lines=[
            contract.PlannedUnits(variant_id=each.variant_id, quantity=each.quantity, from_stock=each.from_stock)
            for each in reply.lines
        ],
    )


@implements(contract.release_demand)
async def release_demand(ctx: Context, request: contract.ReleaseDemand) -> Nothing:
    """Give back what is held for a session and drop what it waits for; what becomes free goes to those who wait.

    A release that comes before the demand stays, and refuses the demand when it arrives.
    """
    async with ctx.db.transaction() as tx:
        await queries.lock_session(tx, request.session_id)
        now = ctx.clock.now()
        if not await queries.insert_release(tx, request.session_id, request.reason, now):
            return Nothing()
        known = await queries.find_demand(tx, request.session_id)
        if known is None:
            return Nothing()
        shelf = await Shelf.lock(ctx, tx, known.warehouse_id, known.product_id, [])
        held = await queries.find_reservations(tx, request.session_id)
        await queries.release_reservations(tx, request.session_id)
        await queries.release_demand(tx, request.session_id, now)
        await _give_back(shelf, held, known, f"was given up: {request.reason}")
        await shelf.feed()
        await shelf.close()
        cut_short = await order_queries.find_cut_short(tx, request.session_id)
        order = None if cut_short is None else await order_queries.find_purchase_order(tx, cut_short)
        if order is not None:
            await announce_surplus(ctx, tx, order)
    return Nothing()


@implements(contract.lower_demand)
async def lower_demand(ctx: Context, request: contract.LowerDemand) -> Nothing:
    """Have a session wait for less; raises DemandUnknown. A demand that is met or released stays as it is, and so do
    variants that are asked for in the same or a smaller number."""
    wanted = {each.variant_id: each.quantity for each in request.lines}
    async with ctx.db.transaction() as tx:
        await queries.lock_session(tx, request.session_id)
        known = await queries.find_demand(tx, request.session_id)
        if known is None:
            raise contract.DemandUnknown()
        if known.status != "waiting":
            return Nothing()
        shelf = await Shelf.lock(ctx, tx, known.warehouse_id, known.product_id, [])
        cut_short = await order_queries.find_cut_short(tx, request.session_id)
        asked = await queries.find_asked(tx, request.session_id)
        lowered = {each.variant_id: min(each.quantity, max(0, wanted.get(each.variant_id, 0))) for each in asked}
        beyond = [
            queries.Reservation(each.variant_id, each.held - lowered[each.variant_id])
            for each in asked
            if each.held > lowered[each.variant_id]
        ]
        left = [(variant_id, units) for variant_id, units in lowered.items() if units]
        await queries.drop_lines(tx, request.session_id, [each for each, units in lowered.items() if not units])
        await queries.lower_lines(tx, request.session_id, *sql.unzip(left, 2))
        await queries.update_reply(tx, request.session_id, _lowered(known.reply, lowered))
        await _give_back(shelf, beyond, known, "needs less")
        met = await queries.meet_demands(tx, [request.session_id], ctx.clock.now())
        await ctx.publish(tx, *(contract.StockReceived(session_id=each, product_id=known.product_id) for each in met))
        await shelf.feed()
        await shelf.close()
        order = None if cut_short is None else await order_queries.find_purchase_order(tx, cut_short)
        if order is not None and met:
            await announce_surplus(ctx, tx, order)
    return Nothing()


def _lowered(reply: contract.Fulfilment, units: dict[VariantId, int]) -> contract.Fulfilment:
    """The answer to a demand as it would be to the lower one: what was there is still used first."""
    lines = []
    for each in reply.lines:
        quantity = min(each.quantity, units.get(each.variant_id, 0))
        from_stock = min(each.from_stock, quantity)
        lines.append(
            msgspec.structs.replace(each, quantity=quantity, from_stock=from_stock, to_order=quantity - from_stock)
        )
    return msgspec.structs.replace(reply, lines=lines)


async def _give_back(shelf: Shelf, held: Sequence[queries.Reservation], known: queries.Demanded, reason: str) -> None:
    await shelf.move(
        MovementType.RELEASED,
        [Change(each.variant_id, each.held, reserved=-each.held) for each in held],
        Cause(None, f"Session {known.session_code} {reason}"[:500], known.session_id),
    )


@implements(contract.get_bundle_rules)
async def get_bundle_rules(ctx: Context, request: contract.GetBundleRules) -> contract.BundleRules:
    return contract.BundleRules(rules=await configuration.find_rules(ctx.db, request.product_id, request.warehouse_id))


@implements(contract.get_warehouses)
async def get_warehouses(ctx: Context, request: contract.GetWarehouses) -> contract.Warehouses:
    if not request.warehouse_ids:
        return contract.Warehouses(warehouses=await configuration.find_active_warehouses(ctx.db))
    return contract.Warehouses(warehouses=await configuration.find_warehouses(ctx.db, request.warehouse_ids))
