"""The public API of logistics: what a parcel costs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar.params import JSONBody
from msgspec import Meta

from patungan.kernel.http import Ctx, Input, SignedIn, post
from patungan.kernel.identity import Audience
from patungan.services.logistics.operations import goods
from patungan.services.logistics.operations.goods import Quoted

PostalCode = Annotated[str, Meta(pattern=r"^[0-9]{5}$")]


class RatesInput(Input, frozen=True):
    """Goods and where they go, by ``address_id`` or by ``postal_code``; they start at the product's warehouse unless an
    origin is given."""

    product_id: UUID
    quantity: Annotated[int, Meta(ge=1, le=10_000)]
    variant_id: UUID | None = None
    address_id: UUID | None = None
    postal_code: PostalCode | None = None
    origin_postal_code: PostalCode | None = None


@post("/api/logistics/rates", audience=Audience.CUSTOMER, changes=False)
async def rates(ctx: Ctx, caller: SignedIn, data: JSONBody[RatesInput]) -> Quoted:
    return await goods.quote_product(
        ctx,
        caller.user_id,
        product_id=data.product_id,
        variant_id=data.variant_id,
        quantity=data.quantity,
        address_id=data.address_id,
        postal_code=data.postal_code,
        origin_postal_code=data.origin_postal_code,
    )


routes = [rates]
