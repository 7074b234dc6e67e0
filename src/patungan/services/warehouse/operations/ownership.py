"""Which factories a caller speaks for: a factory's owner sees and moves what is the own factories' only."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import factory, product
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.service import Context


async def factories_of(ctx: Context, caller: Caller) -> list[UUID] | None:
    """The factories whose purchase orders a person may see; None for warehouse staff, who see all."""
    if caller.belongs_to(Audience.WAREHOUSE):
        return None
    owned = await ctx.call(
        factory.get_owned_factories, factory.GetOwnedFactories(owner_id=caller.user_id, right=factory.Right.FULFIL)
    )
    return [each.id for each in owned.factories]


async def product_of(ctx: Context, product_id: UUID) -> product.Product:
    """A product by id; raises ProductNotFound."""
    found = await ctx.call(product.get_products, product.GetProducts(product_ids=[product_id]))
    if not found.products:
        raise product.ProductNotFound(field="product_id")
    return found.products[0]


async def own_product(ctx: Context, caller: Caller, product_id: UUID) -> product.Product:
    """A product that the caller may set rules for; raises ProductNotFound for another factory's."""
    found = await product_of(ctx, product_id)
    if not caller.is_admin:
        owned = await ctx.call(
            factory.get_owned_factories, factory.GetOwnedFactories(owner_id=caller.user_id, right=factory.Right.MANAGE)
        )
        if found.factory_id not in {each.id for each in owned.factories}:
            raise product.ProductNotFound(field="product_id")
    return found
