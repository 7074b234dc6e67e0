"""The SQL of reviews, their photos, votes, reports and decisions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.review.rules import Sort, Status, Subject


class ReviewRow(msgspec.Struct, frozen=True):
    """A review whole; ``helpful`` is how many found it so."""

    id: UUID
    subject: Subject
    subject_id: UUID
    product_id: UUID | None
    factory_id: UUID
    order_id: UUID
    order_item_id: UUID | None
    user_id: UUID
    author: str
    rating: int
    title: str
    comment: str
    photos: list[str]
    status: Status
    helpful: int
    answer: str | None
    answered_at: datetime | None
    answer_changed_at: datetime | None
    created_at: datetime
    changed_at: datetime | None


class DecisionRow(msgspec.Struct, frozen=True):
    """A change of a review's status: who made it and why; nobody where reports or a change did."""

    at: datetime
    actor: UUID | None
    before: Status | None
    after: Status
    reason: str


class ReportRow(msgspec.Struct, frozen=True):
    user_id: UUID
    reason: str
    note: str
    reported_at: datetime
    settled_at: datetime | None


_ROW = """id, subject, subject_id, product_id, factory_id, order_id, order_item_id, user_id, author, rating, title,
    comment, photos, status, helpful, answer, answered_at, answer_changed_at, created_at, changed_at"""
_VISIBLE = "status in ('approved', 'reported')"

find_review = sql.maybe(ReviewRow, f"select {_ROW} from reviews where id = $1")
lock_review = sql.maybe(ReviewRow, f"select {_ROW} from reviews where id = $1 for update")
insert_review = sql.run(
    """
    insert into reviews (
        id, subject, subject_id, product_id, factory_id, order_id, order_item_id, user_id, author, rating, title,
        comment, photos, status, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict do nothing
    """
)
update_review = sql.run(
    """
    update reviews set rating = $2, title = $3, comment = $4, photos = $5, status = $6, changed_at = $7 where id = $1
    """
)
update_status = sql.run("update reviews set status = $2 where id = $1")
update_answer = sql.run(
    """
    update reviews set answer = $2, answered_at = coalesce(answered_at, $3),
        answer_changed_at = case when answered_at is null then null else $3 end
    where id = $1
    """
)
add_helpful = sql.run("update reviews set helpful = helpful + $2 where id = $1")

_ABOUT = f"from reviews where subject = $1 and subject_id = $2 and {_VISIBLE} and ($3::int is null or rating = $3)"
count_about = sql.one(int, f"select count(*) {_ABOUT}")
list_newest = sql.many(ReviewRow, f"select {_ROW} {_ABOUT} order by created_at desc, id desc limit $4 offset $5")
list_highest = sql.many(ReviewRow, f"select {_ROW} {_ABOUT} order by rating desc, id desc limit $4 offset $5")
list_lowest = sql.many(ReviewRow, f"select {_ROW} {_ABOUT} order by rating, id limit $4 offset $5")
list_helpful = sql.many(ReviewRow, f"select {_ROW} {_ABOUT} order by helpful desc, id desc limit $4 offset $5")
LISTS = {
    Sort.NEWEST: list_newest,
    Sort.HIGHEST: list_highest,
    Sort.LOWEST: list_lowest,
    Sort.HELPFUL: list_helpful,
}

count_of_user = sql.one(int, "select count(*) from reviews where user_id = $1")
list_of_user = sql.many(
    ReviewRow, f"select {_ROW} from reviews where user_id = $1 order by created_at desc, id desc limit $2 offset $3"
)
_RECEIVED = f"from reviews where factory_id = any($1::uuid[]) and {_VISIBLE} and ($2 or answer is null)"
count_received = sql.one(int, f"select count(*) {_RECEIVED}")
list_received = sql.many(ReviewRow, f"select {_ROW} {_RECEIVED} order by created_at desc, id desc limit $3 offset $4")
_QUEUE = "from reviews where status in ('pending', 'reported')"
count_queue = sql.one(int, f"select count(*) {_QUEUE}")
list_queue = sql.many(ReviewRow, f"select {_ROW} {_QUEUE} order by created_at, id limit $1 offset $2")

insert_photo = sql.run(
    "insert into review_photos (user_id, name, uploaded_at) values ($1, $2, $3) on conflict do nothing"
)
count_photos = sql.one(int, "select count(*) from review_photos where user_id = $1 and name = any($2::text[])")
photo_is_shown = sql.one(
    bool, "select exists (select from reviews where photos @> array[$1::text] and status not in ('hidden', 'removed'))"
)

insert_vote = sql.run(
    "insert into helpful_votes (review_id, user_id, voted_at) values ($1, $2, $3) on conflict do nothing"
)
delete_vote = sql.run("delete from helpful_votes where review_id = $1 and user_id = $2")

insert_report = sql.run(
    """
    insert into abuse_reports (review_id, user_id, reason, note, reported_at) values ($1, $2, $3, $4, $5)
    on conflict do nothing
    """
)
count_open_reports = sql.one(int, "select count(*) from abuse_reports where review_id = $1 and settled_at is null")
settle_reports = sql.run("update abuse_reports set settled_at = $2 where review_id = $1 and settled_at is null")
list_reports = sql.many(
    ReportRow,
    """
    select user_id, reason, note, reported_at, settled_at from abuse_reports
    where review_id = $1 order by reported_at desc, user_id limit 100
    """,
)

write_decision = sql.run(
    """
    insert into review_decisions (review_id, at, actor, before, after, reason) values ($1, $2, $3, $4, $5, $6)
    """
)
list_decisions = sql.many(
    DecisionRow,
    "select at, actor, before, after, reason from review_decisions where review_id = $1 order by id limit 200",
)
