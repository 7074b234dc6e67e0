"""Xendit's list of transactions: what moved on the account, from the provider's side. Amounts are whole rupiah."""

from __future__ import annotations

from datetime import datetime

import msgspec

from patungan.providers.messages import Status


class TransactionType(Status):
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    DISBURSEMENT = "DISBURSEMENT"
    BATCH_DISBURSEMENT = "BATCH_DISBURSEMENT"
    REMITTANCE = "REMITTANCE"
    TRANSFER = "TRANSFER"
    PLATFORM_FEE = "PLATFORM_FEE"
    TOPUP = "TOPUP"
    WITHDRAWAL = "WITHDRAWAL"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class TransactionStatus(Status):
    """Money has moved for good with SUCCESS alone; REVERSED has moved there and back."""

    SUCCESS = "SUCCESS"
    PENDING = "PENDING"
    FAILED = "FAILED"
    REVERSED = "REVERSED"
    VOIDED = "VOIDED"
    UNKNOWN = "UNKNOWN"


class TransactionFee(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider took for it, its tax apart."""

    xendit_fee: int = 0
    value_added_tax: int = 0


class ListedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list; ``product_id`` is the invoice, refund or payout, ``reference_id`` our name of it."""

    id: str
    product_id: str
    type: TransactionType
    status: TransactionStatus
    reference_id: str
    amount: int
    currency: str
    created: datetime
    fee: TransactionFee = TransactionFee()
