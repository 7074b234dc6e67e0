"""The contract of wallet: credits that other services decide on, holds for payments, withdrawals."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from patungan.kernel.contract import Message, Rows, event, operation
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class Cashback(Message, frozen=True):
    """A participant's tier refund, in rupiah."""

    participant_id: UUID
    user_id: UUID
    amount: Rupiah


class CreditCashbacks(Message, frozen=True):
    """Credits a batch of tier refunds of one session, each once however often it is asked."""

    session_id: UUID
    session_code: str
    cashbacks: Rows
    """Of Cashback."""


class CreditRefund(Message, frozen=True):
    """Credits a refund that cannot go back to its source, once for the refund."""

    refund_id: UUID
    refund_code: str
    user_id: UUID
    amount: Rupiah


class Credited(Message, frozen=True):
    """How many credits were new, and their sum in rupiah."""

    count: int
    amount: Rupiah


class HoldFunds(Message, frozen=True):
    """Sets wallet money aside for a payment, once for the payment; in rupiah. The payment takes it by its own posting
    (wallet_hold to escrow); ``payment.paid`` marks it captured.

    What was refused stays refused, however late it is asked again; ``attempt`` counts what the payment asks for anew.
    """

    payment_id: UUID
    payment_code: str
    user_id: UUID
    amount: Rupiah
    attempt: int = 0


class ReleaseHold(Message, frozen=True):
    """Gives held money back to its wallet, once; a hold that was captured stays, and the answer says so."""

    payment_id: UUID
    reason: str


class Hold(Message, frozen=True):
    """``status`` is held, captured or released; rupiah."""

    payment_id: UUID
    amount: Rupiah
    status: str


credit_cashbacks = operation("wallet", "credit-cashbacks", CreditCashbacks, Credited, timeout=15.0)
credit_refund = operation("wallet", "credit-refund", CreditRefund, Credited)
hold_funds = operation("wallet", "hold-funds", HoldFunds, Hold)
"""Raises InsufficientBalance, and Conflict for a payment that has a hold of another amount or person."""
release_hold = operation("wallet", "release-hold", ReleaseHold, Hold)
"""Raises HoldNotFound for a payment that nothing was held for."""


class InsufficientBalance(Problem):
    code, status, title = "insufficient_balance", 409, "The wallet does not hold that much"


class AccountNumberInvalid(Problem):
    code, status, title = "account_number_invalid", 400, "This cannot be an account of that bank"


class BankAccountNotFound(Problem):
    code, status, title = "bank_account_not_found", 404, "There is no such bank account"


class TooManyBankAccounts(Problem):
    code, status, title = "too_many_bank_accounts", 409, "No more bank accounts can be saved"


class WithdrawalTooSmall(Problem):
    code, status, title = "withdrawal_too_small", 400, "The amount is below the smallest withdrawal"


class WithdrawalLimitReached(Problem):
    code, status, title = "withdrawal_limit_reached", 409, "The limit of withdrawals for today is reached"


class WithdrawalNotFound(Problem):
    code, status, title = "withdrawal_not_found", 404, "There is no such withdrawal"


class WithdrawalNotPending(Problem):
    code, status, title = "withdrawal_not_pending", 409, "The withdrawal is on its way or has ended"


class AdjustmentNotFound(Problem):
    code, status, title = "adjustment_not_found", 404, "There is no such adjustment"


class AdjustmentDecided(Problem):
    code, status, title = "adjustment_decided", 409, "This adjustment is decided already"


class AdjustmentNeedsAnother(Problem):
    code, status, title = "adjustment_needs_another", 409, "Somebody else must ask for this, or decide it"


class HoldNotFound(Problem):
    code, status, title = "hold_not_found", 404, "No money is held for this payment"


@event("wallet", "wallet.credited")
class WalletCredited(Message, frozen=True):
    """``type`` is cashback, refund, deposit or adjustment; ``reference`` a human code."""

    user_id: UUID
    amount: Rupiah
    balance: Rupiah
    type: str
    reference: str


class _WithdrawalEvent(Message, frozen=True):
    """``fee`` is inside ``amount``, ``net_amount`` reaches the bank; rupiah."""

    withdrawal_id: UUID
    code: str
    user_id: UUID
    amount: Rupiah
    fee: Rupiah
    net_amount: Rupiah
    bank_code: str
    account_last4: str


@event("wallet", "withdrawal.requested")
class WithdrawalRequested(_WithdrawalEvent, frozen=True):
    requested_at: datetime


@event("wallet", "withdrawal.completed")
class WithdrawalCompleted(_WithdrawalEvent, frozen=True):
    completed_at: datetime


@event("wallet", "withdrawal.failed")
class WithdrawalFailed(_WithdrawalEvent, frozen=True):
    """The whole amount is back in the wallet; ``reason`` is the provider's code."""

    failed_at: datetime
    reason: str


@event("wallet", "payout.told")
class PayoutTold(Message, frozen=True):
    """The provider's word on a payout that is not a withdrawal, handed on to whom its reference belongs.

    ``told`` is under_way, paid, lacked_funds, failed or reversed; ``reason`` the provider's code; rupiah.
    """

    reference: str
    payout_id: str
    amount: Rupiah
    currency: str
    told: str
    reason: str
