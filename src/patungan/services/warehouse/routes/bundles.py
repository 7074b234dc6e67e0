"""How products are bundled: their factory's owner says so."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from patungan.kernel.http import Ctx, Input, SignedIn, get, put
from patungan.kernel.identity import Audience
from patungan.services.warehouse.operations import configuration
from patungan.services.warehouse.operations.configuration import BundleShare
from patungan.services.warehouse.queries.configuration import BundleVariant
from patungan.services.warehouse.routes.fields import Units


class BundleVariantInput(Input, frozen=True):
    """A variant's share of a bundle and the excess that may be left after a session, in units."""

    units_per_bundle: Annotated[int, Meta(ge=1, le=10_000)]
    max_excess_units: Units
    variant_id: UUID | None = None
    clearance_percent: Annotated[int, Meta(ge=0, le=100)] = 0


class BundleInput(Input, frozen=True):
    """Every active variant at once; an empty list: the product is not bundled."""

    variants: Annotated[list[BundleVariantInput], Meta(max_length=200)]


class Bundle(msgspec.Struct, frozen=True):
    product_id: UUID
    variants: list[BundleVariant]


@get("/api/warehouse/bundles/{product_id:uuid}", audience=Audience.FACTORY_OWNER)
async def one_bundle(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID]) -> Bundle:
    return Bundle(product_id, await configuration.bundle_of(ctx, caller, product_id))


@put("/api/warehouse/bundles/{product_id:uuid}", audience=Audience.FACTORY_OWNER)
async def replace_bundle(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], data: JSONBody[BundleInput]) -> Bundle:
    shares = [
        BundleShare(each.variant_id, each.units_per_bundle, each.max_excess_units, each.clearance_percent)
        for each in data.variants
    ]
    return Bundle(product_id, await configuration.replace_bundle(ctx, caller, product_id, shares))


routes = [one_bundle, replace_bundle]
