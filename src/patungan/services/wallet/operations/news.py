"""The provider's word on payouts, carried into withdrawals, wallets and the books: many at a time, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from patungan.contracts import wallet as contract
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.ledger import accounts
from patungan.ledger.posting import Journal, credit, debit, journal, post
from patungan.providers.payouts import (
    ALARMING,
    FUNDS_AGAIN,
    Outcome,
    PayoutNews,
    Stage,
    Standing,
    Told,
    attempt_of,
    judge_news,
    next_look,
    next_return_look,
)
from patungan.services.wallet.operations.funds import Move, move
from patungan.services.wallet.operations.withdrawals import returned_move
from patungan.services.wallet.queries import payouts as queries
from patungan.services.wallet.queries.payouts import Payable
from patungan.services.wallet.rules import TransactionType, WithdrawalStatus

PREFIX = "WD"
"""Of withdrawals' codes."""


@dataclass(slots=True)
class _Decided:
    """What is to be written: each withdrawal ends at most once."""

    sent: list[tuple[Payable, PayoutNews]] = field(default_factory=list)
    completed: list[tuple[Payable, PayoutNews]] = field(default_factory=list)
    failed: list[tuple[Payable, PayoutNews]] = field(default_factory=list)
    reversed: list[tuple[Payable, PayoutNews]] = field(default_factory=list)
    retried: list[tuple[Payable, PayoutNews]] = field(default_factory=list)

    def of(self, outcome: Outcome) -> list[tuple[Payable, PayoutNews]] | None:
        return {
            Outcome.SENT: self.sent,
            Outcome.COMPLETED: self.completed,
            Outcome.FAILED: self.failed,
            Outcome.REVERSED: self.reversed,
            Outcome.RETRIED: self.retried,
        }.get(outcome)


async def apply(ctx: Context, tx: Transaction, told: Sequence[PayoutNews]) -> list[Outcome]:
    """Carry news out; answers what came of each. The same news again, or older news, changes nothing."""
    named = [attempt_of(PREFIX, each.reference) for each in told]
    codes = sorted({each[0] for each in named if each is not None})
    rows = {row.code: row for row in await queries.lock_payable(tx, codes)} if codes else {}
    decided, touched, outcomes = _Decided(), set[str](), list[Outcome]()
    postponed: list[tuple[int, PayoutNews]] = []
    for place, (each, name) in enumerate(zip(told, named, strict=True)):
        row = None if name is None else rows.get(name[0])
        if name is None or row is None:
            outcomes.append(Outcome.UNKNOWN)
            continue
        if row.code in touched:
            # A second word on the same withdrawal is judged once the first is written.
            outcomes.append(Outcome.UNCHANGED)
            postponed.append((place, each))
            continue
        outcome = judge_news(_standing(row), name[1], each)
        outcomes.append(outcome)
        bucket = decided.of(outcome)
        if bucket is not None:
            touched.add(row.code)
            bucket.append((row, each))
        elif outcome in ALARMING:
            ctx.log.error(
                "the provider's word contradicts a withdrawal",
                withdrawal=row.code,
                payout=each.payout_id,
                outcome=outcome,
            )
    await _write(ctx, tx, decided)
    if postponed:
        again = await apply(ctx, tx, [each for _, each in postponed])
        for (place, _), outcome in zip(postponed, again, strict=True):
            outcomes[place] = outcome
    return outcomes


def _standing(row: Payable) -> Standing:
    return Standing(Stage(row.status), row.net_amount, row.attempt, row.payout_id, row.reversed)


async def _write(ctx: Context, tx: Transaction, decided: _Decided) -> None:
    now = ctx.clock.now()
    if decided.sent:
        rows = [(row.id, each.payout_id, next_look(row.looks, now)) for row, each in decided.sent]
        await queries.store_payouts(tx, *unzip(rows, 3))
    if decided.retried:
        await queries.try_anew(tx, [row.id for row, _ in decided.retried], now + FUNDS_AGAIN)
        ctx.log.error("our money at the provider did not suffice", withdrawals=len(decided.retried))
    fee = ctx.settings.payout_fee
    # A reversal may be the first that we hear of a payout: then it was paid as well.
    paid = [*decided.completed, *(each for each in decided.reversed if each[0].status is WithdrawalStatus.PROCESSING)]
    await post(tx, ctx.chance, now, [made for row, _ in paid for made in _paid_journals(row, fee)])
    if decided.completed:
        arrived = [(row.id, each.payout_id) for row, each in decided.completed]
        await queries.complete(tx, *unzip(arrived, 2), now, next_return_look(now, now))
        await ctx.publish(
            tx, *(contract.WithdrawalCompleted(**_event(row), completed_at=now) for row, _ in decided.completed)
        )
    await _give_back(ctx, tx, [*decided.failed, *decided.reversed])


def _paid_journals(row: Payable, payout_fee: int) -> list[Journal]:
    """The money left our account at the provider, and so did the provider's fee (docs/decisions/0030)."""
    return [
        journal(
            f"withdrawal/{row.id}/completed",
            "adjustment",
            row.code,
            debit(accounts.WITHDRAWAL_CLEARING, row.net_amount),
            credit(accounts.GATEWAY_CLEARING, row.net_amount),
        ),
        journal(
            f"withdrawal/{row.id}/payout-fee",
            "fee_charged",
            row.code,
            debit(accounts.GATEWAY_EXPENSE, payout_fee),
            credit(accounts.GATEWAY_CLEARING, payout_fee),
        ),
    ]


def _reversed_move(row: Payable) -> Move:
    """The bank sent the money back to our account at the provider, and the whole amount goes back to the wallet."""
    return Move(
        user_id=row.user_id,
        amount=row.amount,
        type=TransactionType.WITHDRAWAL,
        reference_type="withdrawal_return",
        reference_id=row.id,
        reference=row.code,
        withdrawn=-row.amount,
        journal=journal(
            f"withdrawal/{row.id}/reversed",
            "adjustment",
            row.code,
            debit(accounts.GATEWAY_CLEARING, row.net_amount),
            debit(accounts.WITHDRAWAL_FEE_INCOME, row.fee),
            credit(accounts.wallet(row.user_id), row.amount),
        ),
    )


async def _give_back(ctx: Context, tx: Transaction, back: Sequence[tuple[Payable, PayoutNews]]) -> None:
    """Give withdrawals back to their wallets, all in one go, for wallets are locked in one order."""
    if not back:
        return
    now = await move(ctx, tx, [_reversed_move(row) if _is_reversal(each) else _failed_move(row) for row, each in back])
    rows = [(row.id, each.payout_id or None, each.failure, _is_reversal(each)) for row, each in back]
    ids, payout_ids, reasons, reversals = unzip(rows, 4)
    await queries.fail(tx, ids, payout_ids, reasons, now, reversals)
    events = [contract.WithdrawalFailed(**_event(row), failed_at=now, reason=each.failure) for row, each in back]
    await ctx.publish(tx, *events)


def _is_reversal(news: PayoutNews) -> bool:
    return news.told is Told.REVERSED


def _failed_move(row: Payable) -> Move:
    return returned_move(row.id, row.code, row.user_id, row.net_amount, row.fee)


def _event(row: Payable) -> dict[str, Any]:
    return {
        "withdrawal_id": row.id,
        "code": row.code,
        "user_id": row.user_id,
        "amount": row.amount,
        "fee": row.fee,
        "net_amount": row.net_amount,
        "bank_code": row.bank_code,
        "account_last4": row.number_last4,
    }
