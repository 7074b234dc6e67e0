"""What a buyer does: sees what was received, writes reviews of it, and says what others' are worth."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UnsetType

from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import (
    Ctx,
    IdempotencyKey,
    PageLimit,
    PageNumber,
    SignedIn,
    delete,
    get,
    patch,
    post,
    put,
)
from patungan.kernel.identity import Audience
from patungan.providers.storage.keeping import MAX_PHOTO_BYTES
from patungan.services.review.operations import judging, writing
from patungan.services.review.queries import received
from patungan.services.review.queries import reviews as queries
from patungan.services.review.routes.fields import (
    FactoryReviewInput,
    OwnReview,
    OwnReviewList,
    Photo,
    ProductReviewInput,
    ReceivedList,
    ReportInput,
    ReviewChange,
    ReviewView,
    own,
    photo,
    view,
)

OrderNumber = Annotated[str | None, QueryParameter(max_length=40)]


@get("/api/reviews/received-items", audience=Audience.CUSTOMER)
async def received_items(
    ctx: Ctx,
    caller: SignedIn,
    order_number: OrderNumber = None,
    open_only: Annotated[bool, QueryParameter(name="open")] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> ReceivedList:
    """What the caller received and may review; ``open``: only goods that are not reviewed yet."""
    wanted = (caller.user_id, order_number or None, open_only)
    total = await received.count_own(ctx.db, *wanted)
    items = await received.list_own(ctx.db, *wanted, limit, (page - 1) * limit)
    return ReceivedList(items=items, page=page, limit=limit, total=total)


@post("/api/reviews/photos", audience=Audience.CUSTOMER, status=201, request_max_body_size=MAX_PHOTO_BYTES)
async def upload_photo(ctx: Ctx, caller: SignedIn, request: Request[Any, Any, Any]) -> Photo:
    """Send a photo as the body; its name goes into a review."""
    return photo(await writing.upload_photo(ctx, caller, await request.body()))


@post("/api/reviews/products", audience=Audience.CUSTOMER, status=201)
async def review_product(
    ctx: Ctx, caller: SignedIn, data: JSONBody[ProductReviewInput], idempotency_key: IdempotencyKey
) -> OwnReview:
    return own(await writing.review_product(ctx, caller, data.order_item_id, data.words(), idempotency_key))


@post("/api/reviews/factories", audience=Audience.CUSTOMER, status=201)
async def review_factory(
    ctx: Ctx, caller: SignedIn, data: JSONBody[FactoryReviewInput], idempotency_key: IdempotencyKey
) -> OwnReview:
    return own(await writing.review_factory(ctx, caller, data.order_id, data.factory_id, data.words(), idempotency_key))


@get("/api/reviews/mine", audience=Audience.CUSTOMER)
async def my_reviews(ctx: Ctx, caller: SignedIn, page: PageNumber = 1, limit: PageLimit = 20) -> OwnReviewList:
    total = await queries.count_of_user(ctx.db, caller.user_id)
    rows = await queries.list_of_user(ctx.db, caller.user_id, limit, (page - 1) * limit)
    return OwnReviewList(items=[own(row) for row in rows], page=page, limit=limit, total=total)


@patch("/api/reviews/{review_id:uuid}", audience=Audience.CUSTOMER)
async def change_review(
    ctx: Ctx, caller: SignedIn, review_id: FromPath[UUID], data: JSONBody[ReviewChange]
) -> OwnReview:
    changes = {
        name: value.strip() if isinstance(value, str) else value
        for name in ReviewChange.__struct_fields__
        if not isinstance(value := getattr(data, name), UnsetType)
    }
    if not changes:
        raise InvalidInput("Name what changes")
    return own(await writing.change(ctx, caller, review_id, changes))


@put("/api/reviews/{review_id:uuid}/helpful-vote", audience=Audience.CUSTOMER)
async def vote_helpful(ctx: Ctx, caller: SignedIn, review_id: FromPath[UUID]) -> ReviewView:
    return view(await judging.vote(ctx, caller, review_id, helpful=True))


@delete("/api/reviews/{review_id:uuid}/helpful-vote", audience=Audience.CUSTOMER, status=200)
async def withdraw_vote(ctx: Ctx, caller: SignedIn, review_id: FromPath[UUID]) -> ReviewView:
    return view(await judging.vote(ctx, caller, review_id, helpful=False))


@post("/api/reviews/{review_id:uuid}/reports", audience=Audience.CUSTOMER, status=202)
async def report_review(ctx: Ctx, caller: SignedIn, review_id: FromPath[UUID], data: JSONBody[ReportInput]) -> None:
    await judging.report(ctx, caller, review_id, data.reason, data.note.strip())


buyer_routes = [
    received_items,
    upload_photo,
    review_product,
    review_factory,
    my_reviews,
    change_review,
    vote_helpful,
    withdraw_vote,
    report_review,
]
