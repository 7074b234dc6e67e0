"""Reconciliations and their findings, for finance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody

from patungan.contracts import books as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.kernel.money import Rupiah
from patungan.kernel.workflows import start
from patungan.services.payment.reconciliation import operations, queries
from patungan.services.payment.reconciliation.processes import Reconcile, reconcile
from patungan.services.payment.reconciliation.queries import FindingRow, Reconciliation
from patungan.services.payment.reconciliation.rules import FindingKind, FindingStatus, TransactionType, advice

READERS = [Audience.FINANCE, Audience.ADMIN]
LONGEST = timedelta(days=31)


class FindingView(msgspec.Struct, frozen=True):
    """A finding with what is to be done about it; ``resolved_by`` is None where it resolved itself."""

    id: UUID
    reconciliation_id: UUID
    last_reconciliation_id: UUID
    kind: FindingKind
    transaction_type: TransactionType
    provider_id: str
    reference: str
    theirs: Rupiah
    ours: Rupiah
    occurred_at: datetime
    status: FindingStatus
    found_at: datetime
    resolved_at: datetime | None
    resolved_by: UUID | None
    note: str | None
    advice: str


class RunPage(msgspec.Struct, frozen=True):
    items: list[Reconciliation]
    page: int
    limit: int
    total: int


class FindingPage(msgspec.Struct, frozen=True):
    items: list[FindingView]
    page: int
    limit: int
    total: int


class StartReconciliation(Input, frozen=True):
    """Of which time, at most 31 days; without it the last 24 hours."""

    from_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    to_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class ResolveFinding(Input, frozen=True):
    note: Annotated[str, msgspec.Meta(min_length=3, max_length=1_000)]


class _Resolution(msgspec.Struct, frozen=True):
    finding_id: UUID
    note: str


def _view(row: FindingRow) -> FindingView:
    said = advice(row.kind, row.transaction_type)
    return FindingView(**msgspec.structs.asdict(row), advice=said)


def _time(now: datetime, asked: StartReconciliation | None) -> tuple[datetime, datetime]:
    to_at = (asked.to_at if asked else None) or now
    if not datetime(2000, 1, 2, tzinfo=now.tzinfo) < to_at <= now:
        raise InvalidInput("to_at lies in the future, or too far back", field="to_at")
    from_at = (asked.from_at if asked else None) or to_at - timedelta(days=1)
    if not timedelta(0) < to_at - from_at <= LONGEST:
        raise InvalidInput("from_at lies before to_at, at most 31 days", field="from_at")
    return from_at, to_at


@get("/api/reconciliations", audience=READERS)
async def reconciliations(ctx: Ctx, page: PageNumber = 1, limit: PageLimit = 20) -> RunPage:
    items = await queries.list_runs(ctx.db, limit, (page - 1) * limit)
    return RunPage(items, page, limit, await queries.count_runs(ctx.db))


@get("/api/reconciliations/{reconciliation_id:uuid}", audience=READERS)
async def reconciliation(ctx: Ctx, reconciliation_id: FromPath[UUID]) -> Reconciliation:
    found = await queries.find_run(ctx.db, reconciliation_id)
    if found is None:
        raise contract.ReconciliationNotFound()
    return found


@post("/api/reconciliations", audience=Audience.FINANCE, status=202)
async def start_reconciliation(
    ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey, data: JSONBody[StartReconciliation | None] = None
) -> Reconciliation:
    now = ctx.clock.now()
    from_at, to_at = _time(now, data)

    async def work(tx: Transaction) -> Reconciliation:
        run_id = ctx.chance.new_id()
        await queries.begin(tx, run_id, "manual", caller.user_id, from_at, to_at, now)
        await start(tx, reconcile, f"reconcile-{run_id}", Reconcile(run_id))
        begun = await queries.find_run(tx, run_id)
        if begun is None:
            raise contract.ReconciliationNotFound()
        return begun

    asked = data or StartReconciliation()
    return await once(ctx.db, caller.user_id, "reconcile", idempotency_key, asked, now, Reconciliation, work)


@get("/api/reconciliations/findings", audience=READERS)
async def findings(
    ctx: Ctx,
    status: FromQuery[FindingStatus | None] = None,
    kind: FromQuery[FindingKind | None] = None,
    reconciliation_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> FindingPage:
    items = await queries.list_findings(ctx.db, status, kind, reconciliation_id, limit, (page - 1) * limit)
    total = await queries.count_findings(ctx.db, status, kind, reconciliation_id)
    return FindingPage([_view(each) for each in items], page, limit, total)


@get("/api/reconciliations/findings/{finding_id:uuid}", audience=READERS)
async def finding(ctx: Ctx, finding_id: FromPath[UUID]) -> FindingView:
    found = await queries.find_finding(ctx.db, finding_id)
    if found is None:
        raise contract.FindingNotFound()
    return _view(found)


@post("/api/reconciliations/findings/{finding_id:uuid}/resolution", audience=Audience.FINANCE)
async def resolve(
    ctx: Ctx,
    caller: SignedIn,
    finding_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[ResolveFinding],
) -> FindingView:
    async def work(tx: Transaction) -> FindingView:
        return _view(await operations.resolve_finding(ctx, tx, finding_id, caller.user_id, data.note))

    request = _Resolution(finding_id, data.note)
    return await once(
        ctx.db, caller.user_id, "finding-resolution", idempotency_key, request, ctx.clock.now(), FindingView, work
    )


routes = [reconciliations, reconciliation, start_reconciliation, findings, finding, resolve]
