"""Opening, changing and renewing sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import factory, product, warehouse
from patungan.contracts import group_buying as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Forbidden, InvalidInput
from patungan.kernel.identity import Caller
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.kernel.time import jakarta_day, jakarta_midnight_after
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.views import session_or_404
from patungan.services.group_buying.queries import sessions as queries
from patungan.services.group_buying.queries.sessions import Session


class Terms(msgspec.Struct, frozen=True):
    """What a session offers; money in rupiah, ``bulk_shipping_cost`` for the whole way from factory to warehouse."""

    product_id: UUID
    warehouse_id: UUID
    target_moq: int
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    bulk_shipping_cost: Rupiah
    starts_at: datetime
    ends_at: datetime

    def check(self, now: datetime) -> None:
        """Raises TiersOutOfOrder or InvalidInput where the terms cannot be offered (DOMAIN.md 3.4, create)."""
        prices = rules.Prices(
            self.base_price, self.price_tier_25, self.price_tier_50, self.price_tier_75, self.price_tier_100
        )
        if not prices.in_order:
            raise contract.TiersOutOfOrder(field="price_tier_25")
        if self.target_moq < rules.MIN_MOQ:
            raise InvalidInput(f"The minimum order quantity is at least {rules.MIN_MOQ}", field="target_moq")
        if not self.starts_at < self.ends_at or self.ends_at <= now:
            raise InvalidInput("A session ends after it starts, and in the future", field="ends_at")


class Offer(msgspec.Struct, frozen=True):
    """What other services know of a session's goods, gathered before its transaction."""

    goods: product.Product
    maker: factory.Factory
    depot: warehouse.Warehouse
    bundles: list[warehouse.VariantRule]


async def gather(ctx: Context, product_id: UUID, warehouse_id: UUID) -> Offer:
    """Ask the other services for the goods; raises their not-found errors, and FactoryNotActive."""
    products = await ctx.call(product.get_products, product.GetProducts(product_ids=[product_id]))
    if not products.products or products.products[0].status != "active":
        raise product.ProductNotFound(field="product_id")
    goods = products.products[0]
    factories = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[goods.factory_id]))
    if not factories.factories or not factories.factories[0].may_sell:
        raise factory.FactoryNotActive()
    asked = warehouse.GetWarehouses(warehouse_ids=[warehouse_id])
    warehouses = await ctx.call(warehouse.get_warehouses, asked)
    if not warehouses.warehouses:
        raise warehouse.WarehouseNotFound(field="warehouse_id")
    bundles = await ctx.call(
        warehouse.get_bundle_rules, warehouse.GetBundleRules(product_id=product_id, warehouse_id=warehouse_id)
    )
    return Offer(goods, factories.factories[0], warehouses.warehouses[0], bundles.rules)


async def create_session(ctx: Context, caller: Caller, terms: Terms) -> Session:
    """Open a session for an own product (an administrator for any); raises what ``gather`` and ``Terms.check`` raise."""
    terms.check(ctx.clock.now())
    offer = await gather(ctx, terms.product_id, terms.warehouse_id)
    if offer.maker.owner_id != caller.user_id and not caller.is_admin:
        raise Forbidden("Only the factory itself opens sessions for its products")
    async with ctx.db.transaction() as tx:
        session_id = await insert(ctx, tx, terms, offer, created_by=caller.user_id, parent=None)
        if session_id is None:
            raise AssertionError("a session without a parent has nothing to collide with")
        return await session_or_404(tx, session_id)


async def insert(
    ctx: Context, tx: Transaction, terms: Terms, offer: Offer, *, created_by: UUID, parent: UUID | None
) -> UUID | None:
    """Write a session with its variants, history and event; None where its parent has a child already."""
    now = ctx.clock.now()
    goods = offer.goods
    session_id = ctx.chance.new_id()
    code = f"GB-{jakarta_day(now)}-{ctx.chance.code(5)}"
    created = await queries.insert_session(
        tx,
        *(session_id, code, goods.id, goods, goods.factory_id, offer.maker.name, offer.maker.city),
        *(offer.depot.id, offer.depot.city, offer.depot.postal_code),
        *(terms.target_moq, terms.base_price, terms.price_tier_25, terms.price_tier_50, terms.price_tier_75),
        *(terms.price_tier_100, terms.bulk_shipping_cost, terms.starts_at, terms.ends_at, parent, created_by, now),
    )
    if not created:
        # The code is taken (one in 24 million a day), or the parent has its child.
        if parent is not None and await queries.find_child(tx, parent) is not None:
            return None
        return await insert(ctx, tx, terms, offer, created_by=created_by, parent=parent)
    await queries.insert_variants(tx, session_id, *unzip(_variant_rows(goods, offer.bundles), 8))
    await queries.write_history(tx, session_id, now, None, rules.Status.FORMING, created_by, "opened")
    await ctx.publish(
        tx,
        contract.SessionOpened(
            session_id=session_id,
            code=code,
            product_id=goods.id,
            product_name=goods.name,
            factory_id=goods.factory_id,
            ends_at=terms.ends_at,
        ),
    )
    return session_id


def _variant_rows(goods: product.Product, bundle_rules: Sequence[warehouse.VariantRule]) -> list[tuple[object, ...]]:
    """One row a variant that is sold, or one nameless row for a product without variants."""
    by_variant = {rule.variant_id: rule for rule in bundle_rules}
    sold = [(each.id, each.name, each.sku, each.price_adjustment) for each in goods.variants if each.is_active]
    rows: list[tuple[object, ...]] = []
    for position, (variant_id, name, sku, adjustment) in enumerate(sold or [(None, "", goods.sku, 0)]):
        rule = by_variant.get(variant_id)
        bounds = (rule.units_per_bundle, rule.max_excess_units, rule.free_stock) if rule else (None, None, 0)
        rows.append((position, variant_id, name, sku, adjustment, *bounds))
    return rows


def must_own(caller: Caller, session: Session, owner_id: UUID) -> None:
    """Raises SessionNotFound for anyone but the factory's owner and administrators: strangers learn nothing."""
    if owner_id != caller.user_id and not caller.is_admin:
        raise contract.SessionNotFound()


async def owner_of(ctx: Context, session: Session) -> UUID:
    """The user who owns the session's factory."""
    found = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[session.factory_id]))
    return found.factories[0].owner_id if found.factories else session.created_by


async def change_session(ctx: Context, caller: Caller, session_id: UUID, terms: Terms) -> Session:
    """Change the terms before anybody has joined; raises SessionHasBuyers afterwards."""
    session = await session_or_404(ctx.db, session_id)
    must_own(caller, session, await owner_of(ctx, session))
    terms.check(ctx.clock.now())
    async with ctx.db.transaction() as tx:
        await _lock_without_buyers(tx, session_id)
        await queries.update_terms(
            tx,
            *(session_id, terms.target_moq, terms.base_price, terms.price_tier_25, terms.price_tier_50),
            *(terms.price_tier_75, terms.price_tier_100, terms.starts_at, terms.ends_at, terms.bulk_shipping_cost),
        )
        status = rules.Status.FORMING
        await queries.write_history(tx, session_id, ctx.clock.now(), status, status, caller.user_id, "terms changed")
        return await session_or_404(tx, session_id)


async def delete_session(ctx: Context, caller: Caller, session_id: UUID) -> None:
    """Remove a session that nobody ever joined; raises SessionHasBuyers otherwise."""
    session = await session_or_404(ctx.db, session_id)
    must_own(caller, session, await owner_of(ctx, session))
    async with ctx.db.transaction() as tx:
        await _lock_without_buyers(tx, session_id)
        await queries.delete_session(tx, session_id)


async def _lock_without_buyers(tx: Transaction, session_id: UUID) -> Session:
    session = await queries.lock_session(tx, session_id)
    if session is None:
        raise contract.SessionNotFound()
    if session.status is not rules.Status.FORMING or session.claimed_at is not None:
        raise contract.SessionStatusRefused()
    if await queries.ever_joined(tx, session_id):
        raise contract.SessionHasBuyers()
    return session


async def renew_session(ctx: Context, session_id: UUID) -> bool:
    """Open the next day's session with the same terms, once; False where the product no longer sells (DOMAIN.md 4.4)."""
    ended = await session_or_404(ctx.db, session_id)
    if not ended.product.renews:
        return False
    try:
        offer = await gather(ctx, ended.product_id, ended.warehouse_id)
    except (product.ProductNotFound, factory.FactoryNotActive, warehouse.WarehouseNotFound):
        return False
    starts_at = jakarta_midnight_after(max(ended.ends_at, ctx.clock.now()))
    terms = Terms(
        ended.product_id,
        ended.warehouse_id,
        ended.target_moq,
        *(ended.base_price, ended.price_tier_25, ended.price_tier_50, ended.price_tier_75, ended.price_tier_100),
        ended.bulk_shipping_cost,
        starts_at,
        starts_at + rules.RENEWED_LENGTH,
    )
    async with ctx.db.transaction() as tx:
        return await insert(ctx, tx, terms, offer, created_by=ended.created_by, parent=session_id) is not None
