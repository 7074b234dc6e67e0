"""What finance agrees with payees, and corrections that two persons make."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, PageLimit, PageNumber, SignedIn, get, post, put
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Audience
from patungan.services.settlement.operations import adjustments, payees
from patungan.services.settlement.operations.payees import FINANCE
from patungan.services.settlement.queries import agreements as queries
from patungan.services.settlement.queries.agreements import Adjustment, Agreement
from patungan.services.settlement.routes.settlements import NoteInput, Reason
from patungan.services.settlement.rules import AdjustmentStatus, Cycle, PayeeKind

MOST = 100_000_000_000
"""Rupiah of an adjustment, at most."""


class AgreementInput(Input, frozen=True):
    """``office_percent`` of our commission is the office's; ``on_hold`` says why new settlements wait."""

    cycle: Cycle = Cycle.WEEKLY
    office_id: UUID | None = None
    office_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    on_hold: Reason | None = None


class AdjustmentInput(Input, frozen=True):
    """Below zero the amount is taken from the payee; rupiah."""

    payee_id: UUID
    amount: Annotated[int, Meta(ge=-MOST, le=MOST)]
    reason: Reason
    payee_kind: PayeeKind = PayeeKind.FACTORY


class AgreementPage(msgspec.Struct, frozen=True):
    items: list[Agreement]
    page: int
    limit: int
    total: int


class AdjustmentPage(msgspec.Struct, frozen=True):
    items: list[Adjustment]
    page: int
    limit: int
    total: int


class _DecisionOn(msgspec.Struct, frozen=True):
    adjustment_id: UUID
    approve: bool
    note: str


class _AgreementWith(msgspec.Struct, frozen=True):
    payee_kind: PayeeKind
    payee_id: UUID
    terms: AgreementInput


@get("/api/settlements/agreements", audience=FINANCE)
async def list_agreements(ctx: Ctx, page: PageNumber = 1, limit: PageLimit = 20) -> AgreementPage:
    items = await queries.list_agreements(ctx.db, limit, (page - 1) * limit)
    return AgreementPage(items, page, limit, await queries.count_agreements(ctx.db))


@put("/api/settlements/agreements/{payee_kind:str}/{payee_id:uuid}", audience=Audience.FINANCE)
async def put_agreement(
    ctx: Ctx,
    caller: SignedIn,
    payee_kind: FromPath[str],
    payee_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[AgreementInput],
) -> Agreement:
    if payee_kind not in list(PayeeKind):
        raise InvalidInput("A payee is a factory, a seller or an office", field="payee_kind")
    if data.office_id is None and data.office_percent:
        raise InvalidInput("A percentage is an office's", field="office_id")
    kind = PayeeKind(payee_kind)
    if kind is PayeeKind.OFFICE and data.office_id is not None:
        raise InvalidInput("An office shares with no other", field="office_id")
    await payees.require_known(ctx, kind, payee_id)

    async def work(tx: Transaction) -> Agreement:
        terms = (data.cycle, data.office_id, data.office_percent, data.on_hold)
        return await queries.put_agreement(tx, kind, payee_id, *terms, caller.user_id, ctx.clock.now())

    request = _AgreementWith(kind, payee_id, data)
    return await once(
        ctx.db, caller.user_id, "settlement-agreement", idempotency_key, request, ctx.clock.now(), Agreement, work
    )


@get("/api/settlements/adjustments", audience=FINANCE)
async def list_adjustments(
    ctx: Ctx,
    status: FromQuery[AdjustmentStatus | None] = None,
    payee_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> AdjustmentPage:
    items = await queries.list_adjustments(ctx.db, status, payee_id, limit, (page - 1) * limit)
    return AdjustmentPage(items, page, limit, await queries.count_adjustments(ctx.db, status, payee_id))


@post("/api/settlements/adjustments", audience=Audience.FINANCE, status=201)
async def ask_adjustment(
    ctx: Ctx, caller: SignedIn, idempotency_key: IdempotencyKey, data: JSONBody[AdjustmentInput]
) -> Adjustment:
    if data.amount == 0:
        raise InvalidInput("An adjustment moves something", field="amount")
    await payees.require_known(ctx, data.payee_kind, data.payee_id)

    async def work(tx: Transaction) -> Adjustment:
        return await adjustments.ask(ctx, tx, caller.user_id, data.payee_kind, data.payee_id, data.amount, data.reason)

    return await once(
        ctx.db, caller.user_id, "settlement-adjustment", idempotency_key, data, ctx.clock.now(), Adjustment, work
    )


async def _decide(
    ctx: Ctx, caller: SignedIn, adjustment_id: UUID, key: str, data: NoteInput | None, *, approve: bool
) -> Adjustment:
    decision = _DecisionOn(adjustment_id, approve, "" if data is None else data.note)

    async def work(tx: Transaction) -> Adjustment:
        return await adjustments.decide(ctx, tx, caller.user_id, adjustment_id, approve=approve, note=decision.note)

    scope = "settlement-adjustment-decision"
    return await once(ctx.db, caller.user_id, scope, key, decision, ctx.clock.now(), Adjustment, work)


@post("/api/settlements/adjustments/{adjustment_id:uuid}/approve", audience=Audience.FINANCE)
async def approve_adjustment(
    ctx: Ctx,
    caller: SignedIn,
    adjustment_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[NoteInput | None] = None,
) -> Adjustment:
    return await _decide(ctx, caller, adjustment_id, idempotency_key, data, approve=True)


@post("/api/settlements/adjustments/{adjustment_id:uuid}/reject", audience=Audience.FINANCE)
async def reject_adjustment(
    ctx: Ctx,
    caller: SignedIn,
    adjustment_id: FromPath[UUID],
    idempotency_key: IdempotencyKey,
    data: JSONBody[NoteInput | None] = None,
) -> Adjustment:
    return await _decide(ctx, caller, adjustment_id, idempotency_key, data, approve=False)


routes = [
    *(list_agreements, put_agreement, list_adjustments, ask_adjustment, approve_adjustment, reject_adjustment),
]
