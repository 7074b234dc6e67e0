"""What a factory's owner does to the variants of a product."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.kernel.http import Ctx, Input, SignedIn, patch, post
from patungan.services.product.operations import variants
from patungan.services.product.queries.products import VariantRow
from patungan.services.product.routes.fields import Grams, Sku
from patungan.services.product.routes.owners import EDITORS, given

VariantName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
VariantNameEn = Annotated[str, Meta(max_length=100)]
Attribute = Annotated[str, Meta(min_length=1, max_length=100)]
Attributes = Annotated[dict[Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,29}$")], Attribute], Meta(max_length=10)]
"""``{"size": "S", "colour": "merah"}``"""
Adjustment = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]


class VariantInput(Input, frozen=True):
    """A new variant; ``price_adjustment`` (rupiah, may be negative) is added to each of the product's prices."""

    sku: Sku
    name: VariantName
    weight_grams: Grams
    name_en: VariantNameEn = ""
    attributes: Attributes = msgspec.field(default_factory=dict)
    price_adjustment: Adjustment = 0
    is_active: bool = True


class VariantChange(Input, frozen=True):
    """A change of some fields; what is left out stays."""

    name: VariantName | UnsetType = UNSET
    name_en: VariantNameEn | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    price_adjustment: Adjustment | UnsetType = UNSET
    weight_grams: Grams | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


@post("/api/products/id/{product_id:uuid}/variants", audience=EDITORS, status=201)
async def add_variant(
    ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], data: JSONBody[VariantInput]
) -> VariantRow:
    variant = VariantRow(id=product_id, **given(data))  # type: ignore[arg-type]
    return await variants.add(ctx, caller, product_id, variant)


@patch("/api/products/id/{product_id:uuid}/variants/{variant_id:uuid}", audience=EDITORS)
async def change_variant(
    ctx: Ctx,
    caller: SignedIn,
    product_id: FromPath[UUID],
    variant_id: FromPath[UUID],
    data: JSONBody[VariantChange],
) -> VariantRow:
    return await variants.change(ctx, caller, product_id, variant_id, given(data))


variant_routes = [add_variant, change_variant]
