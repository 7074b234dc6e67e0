"""What everybody sees of the catalogue: lists, search, and a product's page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, QueryParameter

from patungan.contracts import factory
from patungan.contracts import product as contract
from patungan.kernel.answers import Kept
from patungan.kernel.errors import Unavailable
from patungan.kernel.http import Ctx, PageLimit, PageNumber, get
from patungan.kernel.identity import Audience
from patungan.kernel.service import Context
from patungan.services.product.operations import searching
from patungan.services.product.operations.searching import Filters
from patungan.services.product.queries import prices as price_queries
from patungan.services.product.queries import products as queries
from patungan.services.product.queries.prices import PricePoint
from patungan.services.product.queries.products import ProductItem, ProductRow
from patungan.services.product.queries.search import Suggestion
from patungan.services.product.routes.fields import FactoryRef, ProductDetail, ProductPage, Query, detail
from patungan.services.product.rules import PUBLIC_STATUSES, Sort

PriceLimit = Annotated[int | None, QueryParameter(ge=0, le=1_000_000_000)]


Text = Annotated[str | None, QueryParameter(max_length=120)]
CursorText = Annotated[str | None, QueryParameter(max_length=1_000)]
Few = Annotated[int, QueryParameter(ge=1, le=24)]


class Suggestions(msgspec.Struct, frozen=True):
    """What a query may become, words first."""

    items: list[Suggestion]


class ProductList(msgspec.Struct, frozen=True):
    items: list[ProductItem]


class PriceSeries(msgspec.Struct, frozen=True):
    """The latest hundred prices since the product was first on sale, the oldest first."""

    items: list[PricePoint]


@get("/api/products", audience=Audience.PUBLIC, kept=Kept.LIST)
async def list_products(
    ctx: Ctx,
    q: Query = None,
    category: Text = None,
    city: Text = None,
    factory_id: FromQuery[UUID | None] = None,
    min_price: PriceLimit = None,
    max_price: PriceLimit = None,
    open_session: FromQuery[bool | None] = None,
    sort: FromQuery[Sort | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
    cursor: CursorText = None,
    facets: FromQuery[bool] = False,
) -> ProductPage:
    filters = Filters(factory_id, min_price, max_price, category or None, city or None, open_session)
    found = await searching.find(
        ctx, q or "", filters, sort, page=page, limit=limit, cursor=cursor or None, facets=facets
    )
    return ProductPage(found.items, page, limit, found.total, found.next_cursor, found.corrected, found.facets)


@get("/api/products/suggestions", audience=Audience.PUBLIC)
async def suggest(ctx: Ctx, q: Query = None) -> Suggestions:
    return Suggestions(await searching.suggestions(ctx, q or ""))


@get("/api/products/id/{product_id:uuid}/related", audience=Audience.PUBLIC)
async def related_products(ctx: Ctx, product_id: FromPath[UUID], limit: Few = 8) -> ProductList:
    return ProductList(await searching.related(ctx, product_id, limit))


@get("/api/products/id/{product_id:uuid}/prices", audience=Audience.PUBLIC)
async def price_series(ctx: Ctx, product_id: FromPath[UUID]) -> PriceSeries:
    product = await queries.find_product(ctx.db, product_id)
    if product is None or product.status not in PUBLIC_STATUSES:
        raise contract.ProductNotFound()
    return PriceSeries(await price_queries.find_price_points(ctx.db, product_id))


@get("/api/products/{slug:str}", audience=Audience.PUBLIC, kept=Kept.PAGE)
async def product_page(ctx: Ctx, slug: FromPath[str]) -> ProductDetail:
    return await _shown(ctx, await queries.find_product_by_slug(ctx.db, slug))


@get("/api/products/id/{product_id:uuid}", audience=Audience.PUBLIC, kept=Kept.PAGE)
async def product_by_id(ctx: Ctx, product_id: FromPath[UUID]) -> ProductDetail:
    return await _shown(ctx, await queries.find_product(ctx.db, product_id))


async def _shown(ctx: Context, product: ProductRow | None) -> ProductDetail:
    if product is None or product.status not in PUBLIC_STATUSES:
        raise contract.ProductNotFound()
    return detail(product, await _maker(ctx, product.factory_id))


async def _maker(ctx: Context, factory_id: UUID) -> FactoryRef | None:
    try:
        found = (await ctx.call(factory.get_factories, factory.GetFactories(factory_ids=[factory_id]))).factories
    except Unavailable as error:
        # A page without its maker's name is better than none.
        ctx.log.warning("product shown without its factory", factory=str(factory_id), code=error.code)
        return None
    return next((FactoryRef(each.id, each.name, each.city, each.province) for each in found), None)


shop_routes = [list_products, suggest, product_page, product_by_id, related_products, price_series]
