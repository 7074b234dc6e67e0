"""Lists of sessions: what everybody may see, and what a factory manages, drafts included."""

from __future__ import annotations

import enum
from datetime import timedelta
from uuid import UUID

import msgspec

from patungan.kernel.errors import InvalidInput
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.sessions import owned_factories
from patungan.services.group_buying.operations.views import Sessions, item_of
from patungan.services.group_buying.queries import sessions as queries

FAR = timedelta(days=36_500)


class Sort(enum.StrEnum):
    """The order of a list: those that end next first, the newest, the cheapest, the most people, the fullest."""

    ENDING = "ending"
    NEWEST = "newest"
    CHEAPEST = "cheapest"
    POPULAR = "popular"
    FULLEST = "fullest"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions are asked for; None asks for all. ``ending_within`` in hours, of sessions that take joins now."""

    status: str | None = None
    phase: rules.Phase | None = None
    factory_ids: list[UUID] | None = None
    product_id: UUID | None = None
    category_ids: list[UUID] | None = None
    q: str | None = None
    open: bool = False
    ending_within: int | None = None


async def list_sessions(
    ctx: Context, wanted: Filter, sort: Sort, page: int, limit: int, *, drafts: bool = False
) -> Sessions:
    """A page of sessions; drafts only where asked for. Raises InvalidInput for a status that there is not."""
    status = "forming" if wanted.status == "active" else wanted.status
    if status is not None and status not in list(rules.Status):
        raise InvalidInput(f"A session is never {status!r}", field="status")
    now = ctx.clock.now()
    ends_by = None
    if wanted.open or wanted.ending_within is not None:
        ends_by = now + (FAR if wanted.ending_within is None else timedelta(hours=wanted.ending_within))
    filters = (
        *(status, wanted.phase, wanted.factory_ids, wanted.product_id),
        [str(each) for each in wanted.category_ids] if wanted.category_ids else None,
        _like(wanted.q),
        *(ends_by, now, drafts),
    )
    rows = await queries.list_sessions[sort](ctx.db, *filters, limit, (page - 1) * limit)
    total = await queries.count_sessions(ctx.db, *filters)
    return Sessions([item_of(row, now) for row in rows], page, limit, total)


def _like(q: str | None) -> str | None:
    """A pattern that finds the text itself, whatever characters it has."""
    if not q:
        return None
    escaped = q[:100].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def list_managed(ctx: Context, caller: Caller, wanted: Filter, sort: Sort, page: int, limit: int) -> Sessions:
    """The sessions of a person's own factories, or all for an administrator, drafts included."""
    if not caller.is_admin:
        owned = await owned_factories(ctx, caller)
        asked = wanted.factory_ids
        mine = owned if asked is None else [each for each in owned if each in asked]
        wanted = msgspec.structs.replace(wanted, factory_ids=mine)
    return await list_sessions(ctx, wanted, sort, page, limit, drafts=True)
