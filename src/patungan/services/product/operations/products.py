"""Products: made as drafts, changed, published, withdrawn, and shown to other services."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from patungan.contracts import product as contract
from patungan.contracts.group_buying import TiersOutOfOrder
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.identity import Caller
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context, implements
from patungan.services.product.operations.indexing import index, know_factories
from patungan.services.product.operations.ownership import editable_factory, editable_product, locked
from patungan.services.product.queries import categories as category_queries
from patungan.services.product.queries import prices as price_queries
from patungan.services.product.queries import products as queries
from patungan.services.product.queries.products import ProductRow
from patungan.services.product.rules import (
    RESERVED_SLUGS,
    STATUS_MOVES,
    ProductStatus,
    adjustment_fits,
    prices_in_order,
    slug_of,
    what_publishing_lacks,
)


class ProductFields(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner says of a product; prices in rupiah, weight in grams, dimensions in centimetres.

    The defaults are the platform's own (DOMAIN.md 1.1).
    """

    category_id: UUID
    name: str
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    name_en: str = ""
    description: str = ""
    description_en: str = ""
    cost_price: Rupiah | None = None
    min_order_quantity: int = 50
    group_duration_hours: int = 48
    weight_grams: int = 500
    length_cm: int = 10
    width_cm: int = 10
    height_cm: int = 10
    renews: bool = True


FIXED_IN_SESSION = (
    "base_price",
    "price_tier_25",
    "price_tier_50",
    "price_tier_75",
    "price_tier_100",
    "min_order_quantity",
)
"""What stays as it is while a session of the product is open (DOMAIN.md 3.2)."""


def _check_prices(fields: ProductFields | ProductRow) -> None:
    tiers = (fields.price_tier_25, fields.price_tier_50, fields.price_tier_75, fields.price_tier_100)
    if not prices_in_order(fields.base_price, *tiers):
        raise TiersOutOfOrder(field="base_price")


async def _check_category(tx: Transaction, category_id: UUID) -> None:
    category = await category_queries.find_category(tx, category_id)
    if category is None or not category.is_active:
        raise contract.CategoryNotFound(field="category_id")


async def create(
    ctx: Context,
    caller: Caller,
    factory_id: UUID,
    sku: str,
    slug: str | None,
    fields: ProductFields,
    *,
    has_variants: bool,
) -> ProductRow:
    """Make a draft. Raises FactoryNotFound for another's, CategoryNotFound, TiersOutOfOrder, SkuTaken, SlugTaken."""
    _check_prices(fields)
    if slug in RESERVED_SLUGS:
        raise InvalidInput("This slug is a path of the shop", field="slug")
    factory = await editable_factory(ctx, caller, factory_id)
    product_id = ctx.chance.new_id()
    async with ctx.db.transaction() as tx:
        await _check_category(tx, fields.category_id)
        await _insert(ctx, tx, product_id, factory_id, sku.upper(), slug, fields, has_variants)
        await queries.write_history(tx, product_id, ctx.clock.now(), caller.user_id, None, ProductStatus.DRAFT)
        await price_queries.write_prices(tx, [product_id], ctx.clock.now(), caller.user_id)
        await know_factories(tx, [factory])
        return await locked(tx, product_id)


async def _insert(
    ctx: Context,
    tx: Transaction,
    product_id: UUID,
    factory_id: UUID,
    sku: str,
    slug: str | None,
    fields: ProductFields,
    has_variants: bool,
) -> None:
    base = slug_of(fields.name) or sku.lower()
    proposals = [slug] if slug is not None else [base, *(f"{base}-{ctx.chance.code(5).lower()}" for _ in range(4))]
    for proposal in proposals:
        if proposal in RESERVED_SLUGS:
            continue
        inserted = await queries.insert_product(
            tx,
            product_id,
            factory_id,
            fields.category_id,
            sku,
            proposal,
            fields.name,
            fields.name_en,
            fields.description,
            fields.description_en,
            fields.base_price,
            fields.price_tier_25,
            fields.price_tier_50,
            fields.price_tier_75,
            fields.price_tier_100,
            fields.cost_price,
            fields.min_order_quantity,
            fields.group_duration_hours,
            fields.weight_grams,
            fields.length_cm,
            fields.width_cm,
            fields.height_cm,
            fields.renews,
            has_variants,
            ctx.clock.now(),
        )
        if inserted:
            return
        if await queries.sku_is_known(tx, sku):
            raise contract.SkuTaken(field="sku")
    raise contract.SlugTaken(field="slug")


async def change(ctx: Context, caller: Caller, product_id: UUID, changes: dict[str, object]) -> ProductRow:
    """Change fields by the names of ProductFields. Raises ProductNotFound for another's, CategoryNotFound,
    TiersOutOfOrder, ProductInSession, and InvalidInput where a variant would cost nothing."""
    await editable_product(ctx, caller, product_id)
    async with ctx.db.transaction() as tx:
        before = await locked(tx, product_id)
        after = msgspec.structs.replace(before, **changes)
        _check_prices(after)
        if after.category_id != before.category_id:
            await _check_category(tx, after.category_id)
        fixed = [name for name in FIXED_IN_SESSION if getattr(before, name) != getattr(after, name)]
        if fixed and await queries.product_is_in_session(tx, product_id):
            raise contract.ProductInSession(field=fixed[0])
        lowest = min((each.price_adjustment for each in before.variants), default=0)
        if not adjustment_fits(after.price_tier_100, lowest):
            raise InvalidInput("A variant would cost less than one rupiah", field="price_tier_100")
        await queries.update_product(
            tx,
            product_id,
            after.category_id,
            after.name,
            after.name_en,
            after.description,
            after.description_en,
            after.base_price,
            after.price_tier_25,
            after.price_tier_50,
            after.price_tier_75,
            after.price_tier_100,
            after.cost_price,
            after.min_order_quantity,
            after.group_duration_hours,
            after.weight_grams,
            after.length_cm,
            after.width_cm,
            after.height_cm,
            after.renews,
            ctx.clock.now(),
        )
        if fixed:
            await note_prices(ctx, tx, caller, [after])
        await index(tx, [product_id])
        return await locked(tx, product_id)


async def note_prices(ctx: Context, tx: Transaction, caller: Caller, changed: Sequence[ProductRow]) -> None:
    """Record what these products cost from now on, and announce it."""
    await price_queries.write_prices(tx, [each.id for each in changed], ctx.clock.now(), caller.user_id)
    await ctx.publish(
        tx,
        *(
            contract.ProductPriceChanged(
                product_id=each.id,
                factory_id=each.factory_id,
                base_price=each.base_price,
                price_tier_25=each.price_tier_25,
                price_tier_50=each.price_tier_50,
                price_tier_75=each.price_tier_75,
                price_tier_100=each.price_tier_100,
            )
            for each in changed
        ),
    )


async def publish(ctx: Context, caller: Caller, product_id: UUID) -> ProductRow:
    """Put a product on sale; one that is on sale stays so. Raises ProductNotReady, whose ``data.lacks`` names what is
    missing (image, variant, factory), and ProductNotFound for another's."""
    _, factory = await editable_product(ctx, caller, product_id)
    async with ctx.db.transaction() as tx:
        product = await locked(tx, product_id)
        if product.status is ProductStatus.ACTIVE:
            return product
        lacks = what_publishing_lacks(
            images=len(product.images),
            has_variants=product.has_variants,
            active_variants=sum(each.is_active for each in product.variants),
            factory_may_sell=factory.may_sell,
        )
        if lacks:
            raise contract.ProductNotReady("Missing: " + ", ".join(lacks), lacks=lacks)
        await know_factories(tx, [factory])
        await _move(ctx, tx, caller, product, ProductStatus.ACTIVE)
        await ctx.publish(tx, contract.ProductPublished(product_id=product_id, factory_id=product.factory_id))
        return await locked(tx, product_id)


async def withdraw(ctx: Context, caller: Caller, product_id: UUID) -> None:
    """Take a product off sale for good or until it is published again; raises ProductNotFound for another's."""
    await editable_product(ctx, caller, product_id)
    async with ctx.db.transaction() as tx:
        product = await locked(tx, product_id)
        if product.status is ProductStatus.INACTIVE:
            return
        await _move(ctx, tx, caller, product, ProductStatus.INACTIVE)
        if product.status is not ProductStatus.DRAFT:
            await ctx.publish(tx, contract.ProductDeactivated(product_id=product_id, factory_id=product.factory_id))


async def mark_out_of_stock(ctx: Context, caller: Caller, product_id: UUID) -> ProductRow:
    """Show a product as sold out; publishing it puts it back on sale. Raises ProductStatusRefused unless it is on sale."""
    await editable_product(ctx, caller, product_id)
    async with ctx.db.transaction() as tx:
        product = await locked(tx, product_id)
        await _move(ctx, tx, caller, product, ProductStatus.OUT_OF_STOCK)
        await ctx.publish(tx, contract.ProductDeactivated(product_id=product_id, factory_id=product.factory_id))
        return await locked(tx, product_id)


async def _move(ctx: Context, tx: Transaction, caller: Caller, product: ProductRow, after: ProductStatus) -> None:
    if after not in STATUS_MOVES[product.status]:
        raise contract.ProductStatusRefused(f"From {product.status} to {after} is no move")
    now = ctx.clock.now()
    await queries.update_status(tx, product.id, after, now)
    await queries.write_history(tx, product.id, now, caller.user_id, product.status, after)
    await index(tx, [product.id])


@implements(contract.get_products)
async def get_products(ctx: Context, request: contract.GetProducts) -> contract.Products:
    return contract.Products(products=await queries.find_contract_products(ctx.db, request.product_ids))
