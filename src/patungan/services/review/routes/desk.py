"""What factories answer, and what administrators decide."""

from __future__ import annotations

from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody

from patungan.contracts import factory
from patungan.kernel.http import Ctx, PageLimit, PageNumber, SignedIn, delete, get, post, put
from patungan.kernel.identity import Audience
from patungan.services.review.operations import judging, summaries
from patungan.services.review.operations.judging import History
from patungan.services.review.queries import reviews as queries
from patungan.services.review.routes.fields import (
    AnswerInput,
    ModerationInput,
    OwnReview,
    OwnReviewList,
    Rebuilt,
    ReceivedReviewList,
    ReviewView,
    own,
    view,
)
from patungan.services.review.rules import Decision


@get("/api/reviews/received", audience=Audience.FACTORY_OWNER)
async def reviews_of_own_factories(
    ctx: Ctx, caller: SignedIn, answered: FromQuery[bool] = True, page: PageNumber = 1, limit: PageLimit = 20
) -> ReceivedReviewList:
    """Reviews of the caller's factories and their products; ``answered`` false leaves out those with an answer."""
    asked = factory.GetOwnedFactories(owner_id=caller.user_id, right=factory.Right.ANSWER_REVIEWS)
    owned = [each.id for each in (await ctx.call(factory.get_owned_factories, asked)).factories]
    total = await queries.count_received(ctx.db, owned, answered)
    rows = await queries.list_received(ctx.db, owned, answered, limit, (page - 1) * limit)
    return ReceivedReviewList(items=[view(row) for row in rows], page=page, limit=limit, total=total)


@put("/api/reviews/{review_id:uuid}/answer", audience=Audience.FACTORY_OWNER)
async def answer_review(
    ctx: Ctx, caller: SignedIn, review_id: FromPath[UUID], data: JSONBody[AnswerInput]
) -> ReviewView:
    return view(await judging.answer(ctx, caller, review_id, data.answer))


@get("/api/reviews/queue", audience=Audience.ADMIN)
async def moderation_queue(ctx: Ctx, page: PageNumber = 1, limit: PageLimit = 20) -> OwnReviewList:
    """Reviews that wait for somebody to look at them, the oldest first."""
    total = await queries.count_queue(ctx.db)
    rows = await queries.list_queue(ctx.db, limit, (page - 1) * limit)
    return OwnReviewList(items=[own(row) for row in rows], page=page, limit=limit, total=total)


@post("/api/reviews/{review_id:uuid}/moderation", audience=Audience.ADMIN)
async def moderate_review(
    ctx: Ctx, caller: SignedIn, review_id: FromPath[UUID], data: JSONBody[ModerationInput]
) -> OwnReview:
    return own(await judging.decide(ctx, caller, review_id, data.decision, data.reason))


@delete("/api/reviews/{review_id:uuid}", audience=Audience.ADMIN)
async def remove_review(ctx: Ctx, caller: SignedIn, review_id: FromPath[UUID]) -> None:
    """Take a review from view for good; its row stays."""
    await judging.decide(ctx, caller, review_id, Decision.REMOVE, "removed")


@get("/api/reviews/{review_id:uuid}/history", audience=Audience.ADMIN)
async def review_history(ctx: Ctx, review_id: FromPath[UUID]) -> History:
    return await judging.history(ctx, review_id)


@post("/api/reviews/summaries/rebuild", audience=Audience.ADMIN)
async def rebuild_summaries(ctx: Ctx) -> Rebuilt:
    """Count every rating anew."""
    return Rebuilt(await summaries.rebuild(ctx))


desk_routes = [
    reviews_of_own_factories,
    answer_review,
    moderation_queue,
    moderate_review,
    remove_review,
    review_history,
    rebuild_summaries,
]
