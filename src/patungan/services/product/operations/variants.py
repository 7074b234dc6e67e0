"""Variants of a product: its sizes, colours and the like, each with a SKU and a price of its own."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import product as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.product.operations.indexing import index
from patungan.services.product.operations.ownership import editable_product, locked
from patungan.services.product.queries import products as queries
from patungan.services.product.queries.products import ProductRow, VariantRow
from patungan.services.product.rules import VARIANTS_PER_PRODUCT, ProductStatus, adjustment_fits


async def add(ctx: Context, caller: Caller, product_id: UUID, variant: VariantRow) -> VariantRow:
    """Add a variant; its id is made here. Raises ProductNotFound for another's, SkuTaken, InvalidInput where it would
    cost nothing, Conflict past fifty."""
    await editable_product(ctx, caller, product_id)
    variant = msgspec.structs.replace(variant, id=ctx.chance.new_id(), sku=variant.sku.upper())
    async with ctx.db.transaction() as tx:
        product = await locked(tx, product_id)
        if len(product.variants) >= VARIANTS_PER_PRODUCT:
            raise Conflict(f"A product has at most {VARIANTS_PER_PRODUCT} variants")
        _check_price(product, variant)
        inserted = await queries.insert_variant(
            tx,
            variant.id,
            product_id,
            variant.sku,
            variant.name,
            variant.name_en,
            variant.attributes,
            variant.price_adjustment,
            variant.weight_grams,
            variant.is_active,
            ctx.clock.now(),
        )
        if not inserted:
            raise contract.SkuTaken(field="sku")
        await queries.declare_variants(tx, product_id)
        await index(tx, [product_id])
        return variant


async def change(
    ctx: Context, caller: Caller, product_id: UUID, variant_id: UUID, changes: dict[str, object]
) -> VariantRow:
    """Change a variant's fields by name. Raises VariantNotFound, ProductInSession for a price, InvalidInput where it
    would cost nothing, Conflict where a product on sale would be left without a variant."""
    await editable_product(ctx, caller, product_id)
    async with ctx.db.transaction() as tx:
        product = await locked(tx, product_id)
        before = next((each for each in product.variants if each.id == variant_id), None)
        if before is None:
            raise contract.VariantNotFound()
        after = msgspec.structs.replace(before, **changes)
        _check_price(product, after)
        await _check_while_on_sale(tx, product, before, after)
        await queries.update_variant(
            tx,
            variant_id,
            after.name,
            after.name_en,
            after.attributes,
            after.price_adjustment,
            after.weight_grams,
            after.is_active,
        )
        await index(tx, [product_id])
        return after


def _check_price(product: ProductRow, variant: VariantRow) -> None:
    if not adjustment_fits(product.price_tier_100, variant.price_adjustment):
        raise InvalidInput("The variant would cost less than one rupiah", field="price_adjustment")


async def _check_while_on_sale(tx: Transaction, product: ProductRow, before: VariantRow, after: VariantRow) -> None:
    if before.price_adjustment != after.price_adjustment and await queries.product_is_in_session(tx, product.id):
        raise contract.ProductInSession(field="price_adjustment")
    others = any(each.is_active for each in product.variants if each.id != after.id)
    if product.status is ProductStatus.ACTIVE and before.is_active and not after.is_active and not others:
        raise Conflict("A product on sale keeps at least one variant; withdraw the product first", field="is_active")
