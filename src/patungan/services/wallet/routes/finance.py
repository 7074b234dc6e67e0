"""What finance sees and does: reports, batches, the provider's callbacks, and corrections that two persons make."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.providers.payouts import Outcome
from patungan.services.wallet.operations import adjustments, reports
from patungan.services.wallet.operations.reports import Totals, WithdrawalReport
from patungan.services.wallet.queries import adjustments as adjustment_queries
from patungan.services.wallet.queries import payouts, webhooks
from patungan.services.wallet.queries.adjustments import Adjustment
from patungan.services.wallet.queries.payouts import Batch
from patungan.services.wallet.queries.webhooks import WebhookEventRow
from patungan.services.wallet.routes.fields import Amount, Reason, period
from patungan.services.wallet.rules import AdjustmentStatus, TransactionType

FINANCE = (Audience.FINANCE, Audience.ADMIN)


class AdjustmentInput(Input, frozen=True):
    """``direction`` credit puts the amount in, debit takes it out; ``deposit`` is money that came to our bank. Rupiah."""

    user_id: UUID
    direction: Literal["credit", "debit"]
    amount: Amount
    reason: Reason
    deposit: bool = False


class DecisionInput(Input, frozen=True):
    note: Annotated[str, Meta(max_length=300)] = ""


class AdjustmentPage(msgspec.Struct, frozen=True):
    items: list[Adjustment]
    page: int
    limit: int
    total: int


class BatchPage(msgspec.Struct, frozen=True):
    items: list[Batch]
    page: int
    limit: int
    total: int


class WebhookEventPage(msgspec.Struct, frozen=True):
    items: list[WebhookEventRow]
    page: int
    limit: int
    total: int


class _DecisionOn(msgspec.Struct, frozen=True):
    adjustment_id: UUID
    approve: bool
    note: str


@get("/api/wallet/reports/totals", audience=FINANCE)
async def show_totals(
    ctx: Ctx, since: FromQuery[datetime | None] = None, until: FromQuery[datetime | None] = None
) -> Totals:
    return await reports.totals(ctx, *period(since, until))


@get("/api/withdrawals/report", audience=FINANCE)
async def show_withdrawal_report(
    ctx: Ctx, since: FromQuery[datetime | None] = None, until: FromQuery[datetime | None] = None
) -> WithdrawalReport:
    return await reports.withdrawals(ctx, *period(since, until))


@get("/api/withdrawals/batches", audience=FINANCE)
async def list_batches(ctx: Ctx, page: PageNumber = 1, limit: PageLimit = 20) -> BatchPage:
    items = await payouts.list_batches(ctx.db, limit, (page - 1) * limit)
    return BatchPage(items, page, limit, await payouts.count_batches(ctx.db))


@get("/api/withdrawals/webhook-events", audience=FINANCE)
async def list_webhook_events(
    ctx: Ctx, outcome: FromQuery[Outcome | None] = None, page: PageNumber = 1, limit: PageLimit = 20
) -> WebhookEventPage:
    items = await webhooks.list_events(ctx.db, outcome, limit, (page - 1) * limit)
    return WebhookEventPage(items, page, limit, await webhooks.count_events(ctx.db, outcome))


@get("/api/wallet/adjustments", audience=FINANCE)
async def list_adjustments(
    ctx: Ctx,
    status: FromQuery[AdjustmentStatus | None] = None,
    user_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AdjustmentPage:
    items = await adjustment_queries.list_adjustments(ctx.db, status, user_id, limit, (page - 1) * limit)
    return AdjustmentPage(items, page, limit, await adjustment_queries.count_adjustments(ctx.db, status, user_id))


@post("/api/wallet/adjustments", audience=Audience.FINANCE, status=201)
async def ask_adjustment(
    ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey, data: JSONBody[AdjustmentInput]
) -> Adjustment:
    if data.deposit and data.direction == "debit":
        raise InvalidInput("A deposit is a credit", field="direction")
    kind = TransactionType.DEPOSIT if data.deposit else TransactionType.ADJUSTMENT
    amount = data.amount if data.direction == "credit" else -data.amount

    async def work(tx: Transaction) -> Adjustment:
        return await adjustments.ask(ctx, tx, caller.user_id, data.user_id, kind, amount, data.reason)

    return await once(ctx.db, caller.user_id, "adjustment", idempotency_key, data, ctx.clock.now(), Adjustment, work)


async def _decide(
    ctx: Ctx, caller: SignedIn, adjustment_id: UUID, key: str, data: DecisionInput | None, *, approve: bool
) -> Adjustment:
    decision = _DecisionOn(adjustment_id, approve, "" if data is None else data.note)

    async def work(tx: Transaction) -> Adjustment:
        return await adjustments.decide(ctx, tx, caller.user_id, adjustment_id, approve=approve, note=decision.note)

    return await once(ctx.db, caller.user_id, "adjustment-decision", key, decision, ctx.clock.now(), Adjustment, work)


@post("/api/wallet/adjustments/{adjustment_id:uuid}/approve", audience=Audience.FINANCE)
async def approve_adjustment(
    ctx: Ctx,
    caller: SignedIn,
    adjustment_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[DecisionInput | None] = None,
) -> Adjustment:
    return await _decide(ctx, caller, adjustment_id, idempotency_key, data, approve=True)


@post("/api/wallet/adjustments/{adjustment_id:uuid}/reject", audience=Audience.FINANCE)
async def reject_adjustment(
    ctx: Ctx,
    caller: SignedIn,
    adjustment_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[DecisionInput | None] = None,
) -> Adjustment:
    return await _decide(ctx, caller, adjustment_id, idempotency_key, data, approve=False)


routes = [
    *(show_totals, show_withdrawal_report, list_batches, list_webhook_events),
    *(list_adjustments, ask_adjustment, approve_adjustment, reject_adjustment),
]
