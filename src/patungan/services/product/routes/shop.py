"""What everybody sees of the catalogue: lists, search, and a product's page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, QueryParameter

from patungan.contracts import factory
from patungan.contracts import product as contract
from patungan.kernel.answers import Kept
from patungan.kernel.errors import InvalidInput, Unavailable
from patungan.kernel.http import Ctx, PageLimit, PageNumber, get
from patungan.kernel.identity import Audience
from patungan.kernel.service import Context
from patungan.services.product import queries
from patungan.services.product.queries import ProductRow
from patungan.services.product.routes.fields import FactoryRef, ProductDetail, ProductPage, Query, detail
from patungan.services.product.rules import LIKENESSES, PUBLIC_STATUSES, Sort, text_query

PriceLimit = Annotated[int | None, QueryParameter(ge=0, le=1_000_000_000)]


@get("/api/products", audience=Audience.PUBLIC, kept=Kept.LIST)
async def list_products(
    ctx: Ctx,
    q: Query = None,
    category: FromQuery[str | None] = None,
    factory_id: FromQuery[UUID | None] = None,
    min_price: PriceLimit = None,
    max_price: PriceLimit = None,
    sort: FromQuery[Sort | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> ProductPage:
    wanted = (factory_id, min_price, max_price, category or None)
    window = (limit, (page - 1) * limit)
    words = text_query(q or "")
    if words:
        for likeness in LIKENESSES:
            total = await queries.count_found(ctx.db, *wanted, words, q, likeness)
            if total:
                break
        search = queries.search_products[sort or Sort.RELEVANCE]
        items = await search(ctx.db, *wanted, words, q, likeness, *window) if total else []
    else:
        if sort is Sort.RELEVANCE:
            raise InvalidInput("Relevance needs something to search for", field="sort")
        total = await queries.count_browsed(ctx.db, *wanted)
        items = await queries.browse_products[sort or Sort.NEWEST](ctx.db, *wanted, *window)
    return ProductPage(items, page, limit, total)


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


shop_routes = [list_products, product_page, product_by_id]
