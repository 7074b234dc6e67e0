"""Who an order is open to."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import factory, seller
from patungan.contracts import order as contract
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.service import Context
from patungan.services.order.queries.orders import OrderRow
from patungan.services.order.rules import Actor, Source


def is_staff(caller: Caller) -> bool:
    """Whether this person works with everybody's orders: administrators and the warehouse."""
    return caller.belongs_to(Audience.WAREHOUSE)


def visible(caller: Caller, order: OrderRow | None) -> OrderRow:
    """The order, for its buyer and for staff; raises OrderNotFound for everybody else."""
    if order is None or (order.user_id != caller.user_id and not is_staff(caller)):
        raise contract.OrderNotFound()
    return order


async def owned_factories(ctx: Context, owner_id: UUID) -> list[UUID]:
    """The factories of a person."""
    found = await ctx.call(
        factory.get_owned_factories, factory.GetOwnedFactories(owner_id=owner_id, right=factory.Right.FULFIL)
    )
    return [each.id for each in found.factories]


async def owned_store(ctx: Context, owner_id: UUID) -> seller.Seller:
    """The store of a person; raises SellerNotFound."""
    found = await ctx.call(seller.get_owned_seller, seller.GetOwnedSeller(user_id=owner_id))
    if not found.sellers:
        raise seller.SellerNotFound("You have no store yet")
    return found.sellers[0]


async def actor_of(ctx: Context, caller: Caller, order: OrderRow) -> Actor:
    """What this person is to the order; raises OrderNotFound for a stranger."""
    if caller.is_admin:
        return Actor.ADMIN
    if is_staff(caller):
        return Actor.WAREHOUSE
    if order.source is Source.SELLER:
        found = await ctx.call(seller.get_owned_seller, seller.GetOwnedSeller(user_id=caller.user_id))
        if order.seller_id not in {each.id for each in found.sellers}:
            raise contract.OrderNotFound()
        return Actor.SELLER
    if order.source is not Source.SESSION or order.factory_id not in await owned_factories(ctx, caller.user_id):
        raise contract.OrderNotFound()
    return Actor.FACTORY
