"""Drawing up, opening, publishing, changing, deleting and renewing sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import factory, product, warehouse
from patungan.contracts import group_buying as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Forbidden, InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.kernel.time import jakarta_day
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.closing import locked, session_facts
from patungan.services.group_buying.operations.life import PLATFORM, Actor, actor_of, take
from patungan.services.group_buying.operations.views import any_session_or_404, session_or_404
from patungan.services.group_buying.queries import sessions as queries
from patungan.services.group_buying.queries.sessions import Session, SignedHistoryEntry
from patungan.services.group_buying.rules import Status

UNSELLABLE = (
    *(product.ProductNotFound, factory.FactoryNotActive, warehouse.WarehouseNotFound, warehouse.ToleranceTooSmall),
    InvalidInput,
)
"""Why a product that sold yesterday is not offered for the next day."""


class Terms(msgspec.Struct, frozen=True):
    """What a session offers; money in rupiah, ``bulk_shipping_cost`` for the whole way from factory to warehouse.

    ``max_units_per_buyer`` None: a buyer may take as many units as there are.
    """

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
    max_units_per_buyer: int | None = None

    def check(self, now: datetime) -> None:
        """Raises TiersOutOfOrder or InvalidInput where the terms cannot be offered (DOMAIN.md 3.4, create)."""
        if not self.prices.in_order:
            raise contract.TiersOutOfOrder(field="price_tier_25")
        if self.target_moq < rules.MIN_MOQ:
            raise InvalidInput(f"The minimum order quantity is at least {rules.MIN_MOQ}", field="target_moq")
        if not self.starts_at < self.ends_at or self.ends_at <= now:
            raise InvalidInput("A session ends after it starts, and in the future", field="ends_at")

    @property
    def prices(self) -> rules.Prices:
        return rules.Prices(
            self.base_price, self.price_tier_25, self.price_tier_50, self.price_tier_75, self.price_tier_100
        )


class Offer(msgspec.Struct, frozen=True):
    """What other services know of a session's goods, gathered before its transaction."""

    goods: product.Product
    maker: factory.Factory
    depot: warehouse.Warehouse
    bundles: list[warehouse.VariantRule]

    def check(self, terms: Terms) -> None:
        """Raises InvalidInput where a variant would cost nothing, and ToleranceTooSmall where no bundle could start."""
        rows = [each for each in self.goods.variants if each.is_active]
        if not all(terms.prices.sound_for(each.price_adjustment) for each in rows):
            raise InvalidInput("Every variant costs at least 1 rupiah at every tier", field="price_tier_100")
        states = [
            rules.VariantState(rule.variant_id, 0, rule.free_stock, rule.units_per_bundle, rule.max_excess_units)
            for rule in self.bundles
        ]
        if not rules.bundles_can_start(states):
            raise warehouse.ToleranceTooSmall(field="product_id")


async def gather(ctx: Context, product_id: UUID, warehouse_id: UUID, *, draft: bool = False) -> Offer:
    """Ask the other services for the goods; raises their not-found errors, and FactoryNotActive.

    A draft may be drawn up before its product is on sale and its factory may sell.
    """
    products = await ctx.call(product.get_products, product.GetProducts(product_ids=[product_id]))
    if not products.products or not (draft or products.products[0].status == "active"):
        raise product.ProductNotFound(field="product_id")
    goods = products.products[0]
    factories = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[goods.factory_id]))
    if not factories.factories or not (draft or factories.factories[0].may_sell):
        raise factory.FactoryNotActive()
    asked = warehouse.GetWarehouses(warehouse_ids=[warehouse_id])
    warehouses = await ctx.call(warehouse.get_warehouses, asked)
    if not warehouses.warehouses:
        raise warehouse.WarehouseNotFound(field="warehouse_id")
    bundles = await ctx.call(
        warehouse.get_bundle_rules, warehouse.GetBundleRules(product_id=product_id, warehouse_id=warehouse_id)
    )
    return Offer(goods, factories.factories[0], warehouses.warehouses[0], bundles.rules)


async def create_session(
    ctx: Context, caller: Caller, terms: Terms, key: str, asked: msgspec.Struct, *, draft: bool
) -> Session:
    """Open a session for an own product (an administrator for any), or draw it up as a draft; once for the key and what
    was asked. Raises what ``gather``, ``Terms.check`` and ``Offer.check`` raise.
    """
    terms.check(ctx.clock.now())
    offer = await gather(ctx, terms.product_id, terms.warehouse_id, draft=draft)
    if offer.maker.owner_id != caller.user_id and not caller.is_admin:
        raise Forbidden("Only the factory itself opens sessions for its products")
    offer.check(terms)
    status, reason = (Status.DRAFT, "drawn up") if draft else (Status.FORMING, "opened")

    async def work(tx: Transaction) -> UUID:
        inserted = await insert(ctx, tx, terms, offer, actor_of(caller), reason, status=status)
        if inserted is None:
            raise AssertionError("a session without a parent has nothing to collide with")
        return inserted[0]

    session_id = await once(ctx.db, caller.user_id, "create-session", key, asked, ctx.clock.now(), UUID, work)
    return await any_session_or_404(ctx.db, session_id)


async def insert(
    ctx: Context,
    tx: Transaction,
    terms: Terms,
    offer: Offer,
    actor: Actor,
    reason: str,
    *,
    status: Status = Status.FORMING,
    parent: Session | None = None,
) -> tuple[UUID, str] | None:
    """Write a session with its variants, history and event; answers id and code, None where its parent has a child."""
    now = ctx.clock.now()
    goods = offer.goods
    session_id = ctx.chance.new_id()
    code = f"GB-{jakarta_day(now)}-{ctx.chance.code(5)}"
    started_at = terms.starts_at if terms.starts_at <= now and status is not Status.DRAFT else None
    created = await queries.insert_session(
        tx,
        *(session_id, code, goods.id, goods, goods.factory_id, offer.maker.name, offer.maker.city),
        *(offer.depot.id, offer.depot.city, offer.depot.postal_code, status),
        *(terms.target_moq, terms.base_price, terms.price_tier_25, terms.price_tier_50, terms.price_tier_75),
        *(terms.price_tier_100, terms.bulk_shipping_cost, terms.starts_at, terms.ends_at),
        *(parent.id if parent else None, parent.created_by if parent else actor.user_id, now, started_at),
        terms.max_units_per_buyer,
    )
    if not created:
        # The code is taken (one in 24 million a day), or the parent has its child.
        if parent is not None and await queries.find_child(tx, parent.id) is not None:
            return None
        return await insert(ctx, tx, terms, offer, actor, reason, status=status, parent=parent)
    await queries.insert_variants(tx, session_id, *unzip(_variant_rows(goods, offer.bundles), 8))
    step = rules.DRAW_UP if status is Status.DRAFT else rules.OPEN_UP
    await queries.write_history(tx, session_id, now, step.name, None, status, actor.role, actor.user_id, reason)
    if status is not Status.DRAFT:
        await _announce(ctx, tx, await session_or_404(tx, session_id))
    return session_id, code


async def _announce(ctx: Context, tx: Transaction, session: Session) -> None:
    opened = contract.SessionOpened(**session_facts(session), ends_at=session.ends_at)  # type: ignore[arg-type]
    await ctx.publish(tx, opened)


async def publish_session(ctx: Context, caller: Caller, session_id: UUID, key: str) -> Session:
    """Publish a draft: what it is bound by is taken now, and it starts now where its time has come.

    Raises SessionStatusRefused for what is no draft, and what opening a session raises.
    """
    draft = await owned_session(ctx, caller, session_id)
    offer = await gather(ctx, draft.product_id, draft.warehouse_id)

    async def work(tx: Transaction) -> UUID:
        now = ctx.clock.now()
        session = await locked(tx, session_id)
        await take(ctx, tx, session, rules.PUBLISH, "published", actor_of(caller))
        terms = msgspec.structs.replace(terms_of(session), starts_at=max(session.starts_at, now))
        terms.check(now)
        offer.check(terms)
        await queries.publish_draft(
            tx,
            *(session_id, offer.goods, offer.maker.name, offer.maker.city, offer.depot.city, offer.depot.postal_code),
            *(terms.starts_at, terms.starts_at if terms.starts_at <= now else None),
        )
        await queries.delete_variants(tx, session_id)
        await queries.insert_variants(tx, session_id, *unzip(_variant_rows(offer.goods, offer.bundles), 8))
        await _announce(ctx, tx, await session_or_404(tx, session_id))
        return session_id

    await once(ctx.db, caller.user_id, "publish-session", key, str(session_id), ctx.clock.now(), UUID, work)
    return await any_session_or_404(ctx.db, session_id)


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


async def owned_session(ctx: Context, caller: Caller, session_id: UUID) -> Session:
    """A session, drafts included, for its factory's owner and administrators; SessionNotFound for anyone else."""
    session = await any_session_or_404(ctx.db, session_id)
    if not caller.is_admin and session.factory_id not in await owned_factories(ctx, caller):
        raise contract.SessionNotFound()
    return session


async def owned_factories(ctx: Context, caller: Caller) -> list[UUID]:
    """The factories that a person owns."""
    found = await ctx.call(
        factory.get_owned_factories, factory.GetOwnedFactories(owner_id=caller.user_id, right=factory.Right.MANAGE)
    )
    return [each.id for each in found.factories]


async def history_for(ctx: Context, caller: Caller, session_id: UUID) -> list[SignedHistoryEntry]:
    """A session's history with names to answer for it; SessionNotFound for strangers, and where nothing was recorded."""
    if not caller.is_admin:
        await owned_session(ctx, caller, session_id)
    history = await queries.signed_history_of(ctx.db, session_id)
    if not history:
        raise contract.SessionNotFound()
    return history


def terms_of(session: Session) -> Terms:
    """The terms that a session has."""
    return Terms(**{name: getattr(session, name) for name in Terms.__struct_fields__})


async def change_session(ctx: Context, caller: Caller, session_id: UUID, changes: Mapping[str, Any]) -> Session:
    """Change the terms before anybody has joined; raises SessionHasBuyers afterwards."""
    session = await owned_session(ctx, caller, session_id)
    offer = await gather(ctx, session.product_id, session.warehouse_id, draft=True)
    async with ctx.db.transaction() as tx:
        session = await _lock_without_buyers(tx, session_id)
        now = ctx.clock.now()
        terms = msgspec.structs.replace(terms_of(session), **changes)
        terms.check(now)
        offer.check(terms)
        if session.phase(now) is rules.Phase.FORMING and "starts_at" in changes and terms.starts_at > now:
            raise InvalidInput("This session has started already", field="starts_at")
        named = ", ".join(sorted(changes)) or "nothing"
        await take(ctx, tx, session, rules.CHANGE, f"changed: {named}", actor_of(caller))
        await queries.update_terms(
            tx,
            *(session_id, terms.target_moq, terms.base_price, terms.price_tier_25, terms.price_tier_50),
            *(terms.price_tier_75, terms.price_tier_100, terms.starts_at, terms.ends_at, terms.bulk_shipping_cost),
            terms.max_units_per_buyer,
        )
        return await any_session_or_404(tx, session_id)


async def delete_session(ctx: Context, caller: Caller, session_id: UUID) -> None:
    """Remove a session that nobody ever joined, its history excepted; raises SessionHasBuyers otherwise."""
    await owned_session(ctx, caller, session_id)
    async with ctx.db.transaction() as tx:
        session = await _lock_without_buyers(tx, session_id)
        await take(ctx, tx, session, rules.DELETE, "deleted before anybody joined", actor_of(caller))
        if session.status is not Status.DRAFT:
            # Others have heard of it: to them it ends like any session that is called off.
            facts: dict[str, Any] = session_facts(session)
            await ctx.publish(tx, contract.SessionCancelled(**facts, reason="deleted before anybody joined"))
        await queries.delete_session(tx, session_id)


async def _lock_without_buyers(tx: Transaction, session_id: UUID) -> Session:
    session = await locked(tx, session_id)
    if await queries.ever_joined(tx, session_id):
        raise contract.SessionHasBuyers()
    return session


async def renew_session(ctx: Context, session_id: UUID) -> bool:
    """Open the next day's session with the same terms, once; False where the product no longer sells (DOMAIN.md 4.4)."""
    ended = await session_or_404(ctx.db, session_id)
    starts_at, ends_at = rules.renewed_window(ended.ends_at, ctx.clock.now())
    terms = msgspec.structs.replace(terms_of(ended), starts_at=starts_at, ends_at=ends_at)
    try:
        offer = await gather(ctx, ended.product_id, ended.warehouse_id)
        offer.check(terms)
    except UNSELLABLE as reason:
        ctx.log.info("session not renewed", session=ended.code, code=reason.code)
        return False
    if not offer.goods.renews:
        return False
    async with ctx.db.transaction() as tx:
        parent = await locked(tx, session_id)
        child = await insert(ctx, tx, terms, offer, PLATFORM, f"renews {ended.code}", parent=parent)
        if child is None:
            return False
        await take(ctx, tx, parent, rules.RENEW, f"renewed as {child[1]}")
    return True
