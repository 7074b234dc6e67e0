"""A withdrawal's beginning, and its end by its owner: requested with the money set aside at once, cancelled while pending."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from patungan.contracts import wallet as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InternalError
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import Journal, credit, debit, journal
from patungan.providers.xendit import payout_channel
from patungan.services.wallet.operations import bank_accounts
from patungan.services.wallet.operations.bank_accounts import BankAccount
from patungan.services.wallet.operations.funds import Move, lock, move
from patungan.services.wallet.queries import withdrawals as queries
from patungan.services.wallet.queries.withdrawals import WithdrawalRow
from patungan.services.wallet.rules import (
    CODE_ATTEMPTS,
    CODE_LENGTH,
    Refusal,
    Terms,
    TransactionType,
    WithdrawalStatus,
    jakarta_day_start,
    judge_request,
    new_code,
)


def terms_of(ctx: Context) -> Terms:
    """What withdrawals must keep to, from the settings."""
    settings = ctx.settings
    return Terms(
        settings.withdrawal_minimum,
        settings.withdrawal_fee,
        settings.withdrawal_daily_count,
        settings.withdrawal_daily_amount,
    )


def requested_journal(withdrawal: WithdrawalRow) -> Journal:
    """DOMAIN.md 6.5: the wallet gives the amount, of which the fee is ours and the rest is on its way to the bank."""
    return journal(
        f"withdrawal/{withdrawal.id}/requested",
        "adjustment",
        withdrawal.code,
        debit(accounts.wallet(withdrawal.user_id), withdrawal.amount),
        credit(accounts.WITHDRAWAL_CLEARING, withdrawal.net_amount),
        credit(accounts.WITHDRAWAL_FEE_INCOME, withdrawal.fee),
    )


def returned_move(withdrawal_id: UUID, code: str, user_id: UUID, net_amount: int, fee: int) -> Move:
    """What gives a withdrawal back whole, its fee too; unique for the withdrawal, so never twice."""
    amount = net_amount + fee
    return Move(
        user_id=user_id,
        amount=amount,
        type=TransactionType.WITHDRAWAL,
        reference_type="withdrawal_return",
        reference_id=withdrawal_id,
        reference=code,
        withdrawn=-amount,
        journal=journal(
            f"withdrawal/{withdrawal_id}/returned",
            "adjustment",
            code,
            debit(accounts.WITHDRAWAL_CLEARING, net_amount),
            debit(accounts.WITHDRAWAL_FEE_INCOME, fee),
            credit(accounts.wallet(user_id), amount),
        ),
    )


async def request(ctx: Context, tx: Transaction, user_id: UUID, amount: int, account: BankAccount) -> WithdrawalRow:
    """Request a withdrawal and set its money aside.

    Raises WithdrawalTooSmall, InsufficientBalance, WithdrawalLimitReached.
    """
    balances = await lock(ctx, tx, [user_id])
    now = ctx.clock.now()
    terms = terms_of(ctx)
    today = await queries.today(tx, user_id, jakarta_day_start(now))
    refusal = judge_request(terms, amount, balances[user_id], today.count, today.amount)
    if refusal is not None:
        raise _problem(refusal, terms)
    withdrawal = await _insert(ctx, tx, user_id, amount, terms.fee, account)
    taken = Move(
        user_id=user_id,
        amount=-amount,
        type=TransactionType.WITHDRAWAL,
        reference_type="withdrawal",
        reference_id=withdrawal.id,
        reference=withdrawal.code,
        withdrawn=amount,
        journal=requested_journal(withdrawal),
    )
    await move(ctx, tx, [taken])
    await ctx.publish(tx, contract.WithdrawalRequested(**event_fields(withdrawal), requested_at=now))
    return withdrawal


def _problem(refusal: Refusal, terms: Terms) -> Exception:
    match refusal:
        case Refusal.TOO_SMALL:
            return contract.WithdrawalTooSmall(
                f"A withdrawal is {terms.minimum} rupiah or more", field="amount", minimum=terms.minimum
            )
        case Refusal.INSUFFICIENT:
            return contract.InsufficientBalance(field="amount")
        case Refusal.TOO_MANY_TODAY:
            return contract.WithdrawalLimitReached(f"There are {terms.daily_count} withdrawals a day at most")
        case Refusal.TOO_MUCH_TODAY:
            return contract.WithdrawalLimitReached(
                f"At most {terms.daily_amount} rupiah are withdrawn a day", field="amount"
            )


async def _insert(
    ctx: Context, tx: Transaction, user_id: UUID, amount: int, fee: int, account: BankAccount
) -> WithdrawalRow:
    now = ctx.clock.now()
    for _ in range(CODE_ATTEMPTS):
        withdrawal_id = ctx.chance.new_id()
        row = await queries.insert_withdrawal(
            tx,
            withdrawal_id,
            new_code("WD", now, ctx.chance.code(CODE_LENGTH)),
            user_id,
            amount,
            fee,
            amount - fee,
            account.bank_code,
            payout_channel(account.bank_code),
            bank_accounts.vault(ctx).seal(account.account_number, withdrawal_id),
            account.last4,
            account.holder_name,
            now,
        )
        if row is not None:
            return row
    raise InternalError("no free withdrawal code was found")


def event_fields(withdrawal: WithdrawalRow) -> dict[str, Any]:
    """What every event of a withdrawal says."""
    return {
        "withdrawal_id": withdrawal.id,
        "code": withdrawal.code,
        "user_id": withdrawal.user_id,
        "amount": withdrawal.amount,
        "fee": withdrawal.fee,
        "net_amount": withdrawal.net_amount,
        "bank_code": withdrawal.bank_code.value,
        "account_last4": withdrawal.number_last4,
    }


async def cancel(ctx: Context, tx: Transaction, user_id: UUID, withdrawal_id: UUID) -> WithdrawalRow:
    """Take back a withdrawal that no batch has claimed; raises WithdrawalNotFound, WithdrawalNotPending."""
    withdrawal = await queries.lock_own(tx, withdrawal_id, user_id)
    if withdrawal is None:
        raise contract.WithdrawalNotFound()
    if withdrawal.status is not WithdrawalStatus.PENDING:
        raise contract.WithdrawalNotPending(f"It is {withdrawal.status}", field="status")
    back = returned_move(withdrawal.id, withdrawal.code, user_id, withdrawal.net_amount, Rupiah(withdrawal.fee))
    return await queries.cancel(tx, withdrawal.id, await move(ctx, tx, [back]))
