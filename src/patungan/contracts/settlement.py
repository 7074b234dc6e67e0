"""The contract of settlement: what is announced of a payee's settlements, and its errors."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from patungan.kernel.contract import Message, event
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class SettlementNotFound(Problem):
    code, status, title = "settlement_not_found", 404, "There is no such settlement"


class SettlementStatusRefused(Problem):
    code, status, title = "settlement_status_refused", 409, "The settlement's status cannot change that way"


class ApprovalNotNeeded(Problem):
    code, status, title = "approval_not_needed", 409, "This settlement waits for nobody's approval"


class ApprovalNeedsAnother(Problem):
    code, status, title = "approval_needs_another", 409, "Another person than the first must approve this settlement"


class BankAccountMissing(Problem):
    code, status, title = "bank_account_missing", 409, "The payee has no bank account that can be paid to"


class AdjustmentNotFound(Problem):
    code, status, title = "settlement_adjustment_not_found", 404, "There is no such adjustment"


class AdjustmentDecided(Problem):
    code, status, title = "settlement_adjustment_decided", 409, "This adjustment is decided already"


class AdjustmentNeedsAnother(Problem):
    code, status, title = "settlement_adjustment_needs_another", 409, "Another person must decide this adjustment"


class PayeeNotFound(Problem):
    code, status, title = "payee_not_found", 404, "There is no such payee"


class _SettlementEvent(Message, frozen=True):
    """``payee_kind`` is factory, seller or office; ``amount`` is what is paid out, in rupiah."""

    settlement_id: UUID
    code: str
    payee_kind: str
    payee_id: UUID
    amount: Rupiah
    period_start: date
    period_end: date
    pay_on: date


@event("settlement", "settlement.scheduled")
class SettlementScheduled(_SettlementEvent, frozen=True):
    pass


@event("settlement", "settlement.on_hold")
class SettlementOnHold(_SettlementEvent, frozen=True):
    """``reason`` is missing_bank_account, or what finance said."""

    reason: str


@event("settlement", "settlement.paid")
class SettlementPaid(_SettlementEvent, frozen=True):
    """The money is at the payee's bank."""

    bank_code: str
    account_last4: str
    paid_at: datetime


@event("settlement", "settlement.failed")
class SettlementFailed(_SettlementEvent, frozen=True):
    """The money did not reach the bank, or came back; ``reason`` is the provider's code."""

    failed_at: datetime
    reason: str
