"""Categories: a tree that administrators grow."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import product as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.service import Context
from patungan.services.product.operations.indexing import index
from patungan.services.product.queries import categories as queries
from patungan.services.product.queries import indexing as index_queries
from patungan.services.product.queries.categories import CategoryRow


async def create(
    ctx: Context, slug: str, name: str, name_en: str, parent_id: UUID | None, display_order: int
) -> CategoryRow:
    """Add a category; raises SlugTaken, CategoryNotFound for its parent."""
    category_id = ctx.chance.new_id()
    async with ctx.db.transaction() as tx:
        await _check_parent(tx, parent_id)
        inserted = await queries.insert_category(
            tx, category_id, parent_id, slug, name, name_en, display_order, ctx.clock.now()
        )
        if not inserted:
            raise contract.SlugTaken(field="slug")
    return CategoryRow(category_id, parent_id, slug, name, name_en, display_order, True)


async def change(ctx: Context, category_id: UUID, changes: dict[str, object]) -> CategoryRow:
    """Change a category's fields by name; raises CategoryNotFound, Conflict where it would stand below itself."""
    async with ctx.db.transaction() as tx:
        # Two moves at once could otherwise close a circle that neither of them sees.
        await queries.lock_categories(tx)
        before = await queries.find_category(tx, category_id)
        if before is None:
            raise contract.CategoryNotFound()
        after = msgspec.structs.replace(before, **changes)
        if after.parent_id != before.parent_id:
            await _check_parent(tx, after.parent_id)
            if after.parent_id is not None and await queries.category_is_below(tx, category_id, after.parent_id):
                raise Conflict("A category cannot stand below itself", field="parent_id")
        await queries.update_category(
            tx, category_id, after.parent_id, after.name, after.name_en, after.display_order, after.is_active
        )
        if (after.name, after.name_en) != (before.name, before.name_en):
            await index(tx, await index_queries.find_products_of_categories(tx, [category_id]))
        return after


async def reorder(ctx: Context, parent_id: UUID | None, category_ids: list[UUID]) -> None:
    """Put all categories below one parent (or at the top) in this order; raises InvalidInput where one is left out."""
    async with ctx.db.transaction() as tx:
        await queries.lock_categories(tx)
        siblings = [each.id for each in await queries.find_all_categories(tx) if each.parent_id == parent_id]
        if sorted(siblings) != sorted(category_ids):
            raise InvalidInput("Name every category below that parent once", field="category_ids")
        await queries.order_categories(tx, parent_id, category_ids)


async def _check_parent(tx: Transaction, parent_id: UUID | None) -> None:
    if parent_id is not None and await queries.find_category(tx, parent_id) is None:
        raise contract.CategoryNotFound(field="parent_id")
