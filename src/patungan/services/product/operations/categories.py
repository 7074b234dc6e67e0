"""Categories: a tree that administrators grow."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import product as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict
from patungan.kernel.service import Context
from patungan.services.product import queries
from patungan.services.product.queries import CategoryRow


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
        return after


async def _check_parent(tx: Transaction, parent_id: UUID | None) -> None:
    if parent_id is not None and await queries.find_category(tx, parent_id) is None:
        raise contract.CategoryNotFound(field="parent_id")
