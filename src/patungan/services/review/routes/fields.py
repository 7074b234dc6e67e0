"""The limits of what clients send to review, and how a review is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from patungan.kernel.http import Input, Page
from patungan.services.review import rules
from patungan.services.review.operations.summaries import NOTHING
from patungan.services.review.operations.writing import Words
from patungan.services.review.queries.received import ReceivedItem
from patungan.services.review.queries.reviews import ReviewRow
from patungan.services.review.queries.summaries import Difference, SummaryRow
from patungan.services.review.rules import MOST_PHOTOS, Decision, ReportReason, Status, Subject

Stars = Annotated[int, Meta(ge=1, le=5)]
Title = Annotated[str, Meta(max_length=100)]
Comment = Annotated[str, Meta(max_length=2000)]
PhotoName = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\.(png|jpg|webp)$")]
Photos = Annotated[list[PhotoName], Meta(max_length=MOST_PHOTOS)]
Reason = Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^\S(.*\S)?$")]
Answer = Annotated[str, Meta(min_length=3, max_length=1000, pattern=r"^\S[\s\S]*\S$")]


class _WordsInput(Input, frozen=True, kw_only=True):
    rating: Stars
    title: Title = ""
    comment: Comment = ""
    photos: Photos = msgspec.field(default_factory=list)

    def words(self) -> Words:
        return Words(self.rating, self.title.strip(), self.comment.strip(), self.photos)


class ProductReviewInput(_WordsInput, frozen=True, kw_only=True):
    """``photos`` by the names that their uploads answered, five at most."""

    order_item_id: UUID


class FactoryReviewInput(_WordsInput, frozen=True, kw_only=True):
    """``photos`` by the names that their uploads answered, five at most."""

    order_id: UUID
    factory_id: UUID


class ReviewChange(Input, frozen=True):
    """A change of some parts; what is left out stays."""

    rating: Stars | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    comment: Comment | UnsetType = UNSET
    photos: Photos | UnsetType = UNSET


class AnswerInput(Input, frozen=True):
    answer: Answer


class ReportInput(Input, frozen=True):
    reason: ReportReason
    note: Annotated[str, Meta(max_length=500)] = ""


class ModerationInput(Input, frozen=True):
    """``reason`` is kept, and told to the author where the review is taken from view."""

    decision: Decision
    reason: Reason


class Photo(msgspec.Struct, frozen=True):
    name: str
    url: str


class ReviewView(msgspec.Struct, frozen=True):
    """A review as everybody sees it; ``author`` is a masked name."""

    id: UUID
    subject: Subject
    product_id: UUID | None
    factory_id: UUID
    author: str
    rating: int
    title: str
    comment: str
    photos: list[Photo]
    is_verified_purchase: bool
    helpful: int
    answer: str | None
    answered_at: datetime | None
    answer_changed_at: datetime | None
    created_at: datetime
    changed_at: datetime | None


class OwnReview(ReviewView, frozen=True):
    """A review as its author and administrators see it; it may be changed until ``changeable_until``."""

    order_id: UUID
    order_item_id: UUID | None
    status: Status
    changeable_until: datetime


class SummaryView(msgspec.Struct, frozen=True):
    """The ratings that are shown: the average in stars to two decimals, None without any, and how many of each."""

    count: int
    average: float | None
    stars: dict[str, int]


class ReviewList(Page, frozen=True, kw_only=True):
    summary: SummaryView
    items: list[ReviewView]


class OwnReviewList(Page, frozen=True, kw_only=True):
    items: list[OwnReview]


class ReceivedReviewList(Page, frozen=True, kw_only=True):
    items: list[ReviewView]


class ReceivedList(Page, frozen=True, kw_only=True):
    items: list[ReceivedItem]


class Rebuilt(msgspec.Struct, frozen=True):
    """The ratings that were wrong and are right now."""

    corrected: list[Difference]


def photo(name: str) -> Photo:
    """A photo with the address that shows it."""
    return Photo(name, f"/api/reviews/photos/{name}")


def view(row: ReviewRow) -> ReviewView:
    """A review for everybody."""
    return ReviewView(**_shared(row))


def own(row: ReviewRow) -> OwnReview:
    """A review for its author and for administrators."""
    return OwnReview(
        **_shared(row),
        order_id=row.order_id,
        order_item_id=row.order_item_id,
        status=row.status,
        changeable_until=row.created_at + rules.CHANGE_WITHIN,
    )


def _shared(row: ReviewRow) -> dict[str, Any]:
    shared = {name: getattr(row, name) for name in ReviewView.__struct_fields__ if hasattr(row, name)}
    return {**shared, "photos": [photo(name) for name in row.photos], "is_verified_purchase": True}


def summary(row: SummaryRow | None) -> SummaryView:
    """Sums as they are shown."""
    known = row or NOTHING
    stars = (known.stars_1, known.stars_2, known.stars_3, known.stars_4, known.stars_5)
    by_stars = {str(number): count for number, count in enumerate(stars, 1)}
    return SummaryView(known.count, rules.average(known.count, known.total), by_stars)
