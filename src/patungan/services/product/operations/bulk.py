"""One change of many products, by an administrator; what cannot be changed is named and stays."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel.errors import Problem, Unavailable
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.product.operations import products
from patungan.services.product.rules import ProductStatus


class BulkOutcome(msgspec.Struct, frozen=True):
    """What became of a product; ``code`` and ``message`` say why it was refused."""

    product_id: UUID
    changed: bool
    code: str | None = None
    message: str | None = None


async def update(
    ctx: Context,
    caller: Caller,
    product_ids: list[UUID],
    changes: dict[str, object],
    status: ProductStatus | None,
) -> list[BulkOutcome]:
    """Change fields of each product, then its status; each product is one transaction a change, in the order given."""
    return [await _one(ctx, caller, product_id, changes, status) for product_id in dict.fromkeys(product_ids)]


async def _one(
    ctx: Context, caller: Caller, product_id: UUID, changes: dict[str, object], status: ProductStatus | None
) -> BulkOutcome:
    try:
        if changes:
            await products.change(ctx, caller, product_id, changes)
        if status is ProductStatus.ACTIVE:
            await products.publish(ctx, caller, product_id)
        elif status is ProductStatus.INACTIVE:
            await products.withdraw(ctx, caller, product_id)
        elif status is ProductStatus.OUT_OF_STOCK:
            await products.mark_out_of_stock(ctx, caller, product_id)
    except Unavailable:
        # Not the product's fault: the rest would fail as well, and asking again is safe.
        raise
    except Problem as problem:
        return BulkOutcome(product_id, False, problem.code, problem.detail)
    return BulkOutcome(product_id, True)
