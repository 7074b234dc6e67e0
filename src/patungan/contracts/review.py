"""The contract of review: what changes in the ratings of products and factories, for those who show them."""

from __future__ import annotations

from uuid import UUID

from patungan.kernel.contract import Message, event
from patungan.kernel.errors import Problem


class Rating(Message, frozen=True):
    """The ratings of what a review is about, after it: how many, and the sum of their stars.

    ``revision`` grows with each change; of two the one with the greater is the newer.
    """

    count: int
    total: int
    revision: int


class ReviewNotFound(Problem):
    code, status, title = "review_not_found", 404, "There is no such review"


class NothingReceived(Problem):
    code, status, title = "nothing_received", 404, "Only what you received can be reviewed"


class AlreadyReviewed(Problem):
    code, status, title = "already_reviewed", 409, "You have reviewed this already"


class ReviewClosed(Problem):
    code, status, title = "review_closed", 409, "This review can no longer be changed"


class OwnReview(Problem):
    code, status, title = "own_review", 409, "This is your own review"


class ReviewStatusRefused(Problem):
    code, status, title = "review_status_refused", 409, "The review's status cannot change that way"


class PhotoUnknown(Problem):
    code, status, title = "photo_unknown", 400, "Upload the photo first"


@event("review", "review.created")
class ReviewCreated(Message, frozen=True):
    """``subject`` is product or factory, ``subject_id`` which one; ``rating`` in stars."""

    review_id: UUID
    subject: str
    subject_id: UUID
    factory_id: UUID
    user_id: UUID
    stars: int
    status: str
    rating: Rating


@event("review", "review.changed")
class ReviewChanged(Message, frozen=True):
    """Its author changed a review."""

    review_id: UUID
    subject: str
    subject_id: UUID
    stars: int
    status: str
    rating: Rating


@event("review", "review.moderated")
class ReviewModerated(Message, frozen=True):
    """An administrator showed, hid or removed a review; ``reason`` is for its author."""

    review_id: UUID
    subject: str
    subject_id: UUID
    user_id: UUID
    status: str
    reason: str
    rating: Rating


@event("review", "review.answered")
class ReviewAnswered(Message, frozen=True):
    """The factory answered a review for the first time."""

    review_id: UUID
    subject: str
    subject_id: UUID
    user_id: UUID


@event("review", "review.reminded")
class ReviewReminded(Message, frozen=True):
    """An order was delivered three days ago, and not all of it was reviewed yet."""

    order_id: UUID
    number: str
    user_id: UUID


@event("review", "review.rating_corrected")
class RatingCorrected(Message, frozen=True):
    """A rating was counted anew and was another before."""

    subject: str
    subject_id: UUID
    rating: Rating
