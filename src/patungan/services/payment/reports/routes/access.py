"""Who sees what of the books: finance and administrators all, a factory's owner the factory's own account."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import factory
from patungan.kernel.identity import Audience, Caller
from patungan.kernel.service import Context

READERS = [Audience.FINANCE, Audience.ADMIN]
READERS_AND_OWNERS = [Audience.FINANCE, Audience.ADMIN, Audience.FACTORY_OWNER]


def sees_all(caller: Caller) -> bool:
    """Whether all of the books are open to the caller."""
    return caller.belongs_to(Audience.FINANCE) or caller.belongs_to(Audience.ADMIN)


async def require_factory(ctx: Context, caller: Caller, factory_id: UUID) -> None:
    """Raises FactoryNotFound unless the factory exists and is the caller's own, or all of the books are open to them."""
    if sees_all(caller):
        found = await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[factory_id]))
        known = [each.id for each in found.factories]
    else:
        owned = await ctx.call(factory.get_owned_factories, factory.GetOwnedFactories(owner_id=caller.user_id))
        known = [each.id for each in owned.factories]
    if factory_id not in known:
        raise factory.FactoryNotFound()
