"""Writing notifications: a batch at a time, each event once for a person, never for the platform's own user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel.service import Context
from patungan.kernel.sql import Executor, unzip
from patungan.services.notification import queries
from patungan.services.notification.notice import Notice


class Addressed(msgspec.Struct, frozen=True):
    """A notice for somebody, with the event that it comes from."""

    event_id: UUID
    occurred_at: datetime
    user_id: UUID
    notice: Notice


async def write(ctx: Context, on: Executor, notices: Sequence[Addressed]) -> int:
    """Store notices that are not stored yet; answers how many were new."""
    rows = [
        (
            ctx.chance.new_id(),
            each.event_id,
            each.user_id,
            each.notice.type.value,
            each.notice.indonesian.title,
            each.notice.english.title,
            each.notice.indonesian.message,
            each.notice.english.message,
            each.notice.action_url,
            each.notice.related_id,
            each.occurred_at,
        )
        for each in notices
        if each.user_id != ctx.settings.bot_user_id
    ]
    return await queries.insert_notifications(on, *unzip(rows, 11)) if rows else 0
