"""What everybody reads: reviews of a product or a factory with their summary, and reviews' photos."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, FromQuery, QueryParameter

from patungan.contracts import review as contract
from patungan.kernel.errors import NotFound
from patungan.kernel.http import Ctx, PageLimit, PageNumber, get
from patungan.kernel.identity import Audience
from patungan.kernel.service import Context
from patungan.providers.storage.keeping import media_type, store_of
from patungan.services.review.operations.writing import PHOTOS
from patungan.services.review.queries import reviews as queries
from patungan.services.review.queries import summaries as summary_queries
from patungan.services.review.routes.fields import ReviewList, ReviewView, summary, view
from patungan.services.review.rules import SHOWN, Sort, Subject

Filter = Annotated[int | None, QueryParameter(ge=1, le=5)]


async def _about(
    ctx: Context, subject: Subject, subject_id: UUID, sort: Sort, rating: int | None, page: int, limit: int
) -> ReviewList:
    known = await summary_queries.find_summary(ctx.db, subject, subject_id)
    # The summary knows how many there are, and of each number of stars.
    shown = summary(known)
    total = shown.count if rating is None else shown.stars[str(rating)]
    rows = await queries.LISTS[sort](ctx.db, subject, subject_id, rating, limit, (page - 1) * limit)
    return ReviewList(summary=shown, items=[view(row) for row in rows], page=page, limit=limit, total=total)


@get("/api/reviews/products/{product_id:uuid}", audience=Audience.PUBLIC)
async def product_reviews(
    ctx: Ctx,
    product_id: FromPath[UUID],
    sort: FromQuery[Sort] = Sort.NEWEST,
    rating: Filter = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> ReviewList:
    return await _about(ctx, Subject.PRODUCT, product_id, sort, rating, page, limit)


@get("/api/reviews/factories/{factory_id:uuid}", audience=Audience.PUBLIC)
async def factory_reviews(
    ctx: Ctx,
    factory_id: FromPath[UUID],
    sort: FromQuery[Sort] = Sort.NEWEST,
    rating: Filter = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> ReviewList:
    return await _about(ctx, Subject.FACTORY, factory_id, sort, rating, page, limit)


@get("/api/reviews/{review_id:uuid}", audience=Audience.PUBLIC)
async def one_review(ctx: Ctx, review_id: FromPath[UUID]) -> ReviewView:
    found = await queries.find_review(ctx.db, review_id)
    if found is None or found.status not in SHOWN:
        raise contract.ReviewNotFound()
    return view(found)


@get("/api/reviews/photos/{name:str}", audience=Audience.PUBLIC)
async def review_photo(ctx: Ctx, name: FromPath[str]) -> Response[bytes]:
    """A photo of a review that was not taken from view."""
    content = await store_of(ctx).get(f"{PHOTOS}/{name}") if await queries.photo_is_shown(ctx.db, name) else None
    if content is None:
        raise NotFound("There is no such photo")
    # An hour: a photo that is taken from view is gone from browsers soon.
    headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(content, headers=headers, media_type=media_type(name))


public_routes = [product_reviews, factory_reviews, one_review, review_photo]
