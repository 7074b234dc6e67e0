"""The SQL of the sums of ratings."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.review.rules import Subject


class SummaryRow(msgspec.Struct, frozen=True):
    """Sums of the reviews that are shown: how many, the sum of their stars, and how many of each number of stars."""

    count: int
    total: int
    stars_1: int
    stars_2: int
    stars_3: int
    stars_4: int
    stars_5: int
    revision: int


class Difference(msgspec.Struct, frozen=True):
    """A summary that was not what its reviews add up to."""

    subject: Subject
    subject_id: UUID
    count_before: int
    total_before: int
    count: int
    total: int
    revision: int


_ROW = "count, total, stars_1, stars_2, stars_3, stars_4, stars_5, revision"
find_summary = sql.maybe(SummaryRow, f"select {_ROW} from summaries where subject = $1 and subject_id = $2")

ensure_summary = sql.run(
    """
    insert into summaries (subject, subject_id, count, total, stars_1, stars_2, stars_3, stars_4, stars_5, revision)
    values ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0) on conflict do nothing
    """
)
# One statement adds to what is there, so that two at once both count, whichever comes first.
add_to_summary = sql.one(
    SummaryRow,
    f"""
    update summaries set count = count + $3::int + $4::int + $5::int + $6::int + $7::int,
        total = total + $3::int + 2 * $4::int + 3 * $5::int + 4 * $6::int + 5 * $7::int,
        stars_1 = stars_1 + $3::int, stars_2 = stars_2 + $4::int, stars_3 = stars_3 + $5::int,
        stars_4 = stars_4 + $6::int, stars_5 = stars_5 + $7::int, revision = revision + 1
    where subject = $1 and subject_id = $2 returning {_ROW}
    """,
)

# Waits for whoever has added already, and makes wait who has not: what is counted then is counted once.
lock_summaries = sql.run("lock table summaries in share row exclusive mode")
rebuild_summaries = sql.many(
    Difference,
    """
    with counted as (
        select subject, subject_id, count(*)::int as count, sum(rating)::bigint as total,
            count(*) filter (where rating = 1)::int as s1, count(*) filter (where rating = 2)::int as s2,
            count(*) filter (where rating = 3)::int as s3, count(*) filter (where rating = 4)::int as s4,
            count(*) filter (where rating = 5)::int as s5
        from reviews where status in ('approved', 'reported') group by subject, subject_id),
    compared as (
        select coalesce(c.subject, s.subject) as subject, coalesce(c.subject_id, s.subject_id) as subject_id,
            coalesce(s.count, 0) as count_before, coalesce(s.total, 0) as total_before,
            coalesce(c.count, 0) as count, coalesce(c.total, 0) as total, coalesce(c.s1, 0) as s1,
            coalesce(c.s2, 0) as s2, coalesce(c.s3, 0) as s3, coalesce(c.s4, 0) as s4, coalesce(c.s5, 0) as s5
        from counted c full join summaries s using (subject, subject_id)
        where (s.stars_1, s.stars_2, s.stars_3, s.stars_4, s.stars_5) is distinct from
            (coalesce(c.s1, 0), coalesce(c.s2, 0), coalesce(c.s3, 0), coalesce(c.s4, 0), coalesce(c.s5, 0))),
    mended as (
        insert into summaries (subject, subject_id, count, total, stars_1, stars_2, stars_3, stars_4, stars_5, revision)
        select subject, subject_id, count, total, s1, s2, s3, s4, s5, 1 from compared
        on conflict (subject, subject_id) do update set
            count = excluded.count, total = excluded.total, stars_1 = excluded.stars_1, stars_2 = excluded.stars_2,
            stars_3 = excluded.stars_3, stars_4 = excluded.stars_4, stars_5 = excluded.stars_5,
            revision = summaries.revision + 1
        returning subject, subject_id, revision)
    select c.subject, c.subject_id, c.count_before, c.total_before, c.count, c.total, m.revision
    from compared c join mended m using (subject, subject_id) order by c.subject, c.subject_id
    """,
)
