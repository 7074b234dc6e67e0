"""Whose a product is: only its factory's owner and administrators may touch it."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import factory
from patungan.contracts import product as contract
from patungan.kernel.database import Transaction
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.product.queries import products as queries
from patungan.services.product.queries.products import ProductRow


async def factories_of(ctx: Context, caller: Caller) -> list[factory.Factory]:
    """The factories that belong to the caller."""
    asked = factory.GetOwnedFactories(owner_id=caller.user_id, right=factory.Right.MANAGE)
    return (await ctx.call(factory.get_owned_factories, asked)).factories


async def editable_factory(ctx: Context, caller: Caller, factory_id: UUID) -> factory.Factory:
    """A factory that the caller may make products for; raises FactoryNotFound for another's."""
    if caller.is_admin:
        found = (await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[factory_id]))).factories
    else:
        found = await factories_of(ctx, caller)
    for each in found:
        if each.id == factory_id:
            return each
    raise factory.FactoryNotFound(field="factory_id")


async def editable_product(ctx: Context, caller: Caller, product_id: UUID) -> tuple[ProductRow, factory.Factory]:
    """A product that the caller may change, with its factory; raises ProductNotFound for another's."""
    product = await queries.find_product(ctx.db, product_id)
    if product is None:
        raise contract.ProductNotFound()
    try:
        return product, await editable_factory(ctx, caller, product.factory_id)
    except factory.FactoryNotFound:
        raise contract.ProductNotFound() from None


async def locked(tx: Transaction, product_id: UUID) -> ProductRow:
    """The product, whole, for this transaction alone to change."""
    await queries.lock_product(tx, product_id)
    product = await queries.find_product(tx, product_id)
    if product is None:
        raise contract.ProductNotFound()
    return product
