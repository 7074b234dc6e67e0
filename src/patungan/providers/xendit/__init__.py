"""Xendit, the payment gateway: invoices to be paid, refunds, payouts, and the callbacks that tell how they ended."""

from patungan.providers.xendit.callbacks import (
    Callback,
    InvoiceCallback,
    PayoutCallback,
    RefundCallback,
    UnknownCallback,
    parse_callback,
    verify_callback_token,
    verify_signature,
)
from patungan.providers.xendit.channels import (
    BANKS,
    E_WALLETS,
    InvalidAccountNumber,
    UnknownChannel,
    payout_account_number,
    payout_channel,
)
from patungan.providers.xendit.client import BASE_URL, Xendit
from patungan.providers.xendit.invoices import (
    Invoice,
    InvoiceCustomer,
    InvoiceFee,
    InvoiceItem,
    InvoiceRequest,
    InvoiceStatus,
)
from patungan.providers.xendit.payouts import (
    PASSING_PAYOUT_FAILURES,
    Payout,
    PayoutAccount,
    PayoutReceipt,
    PayoutRequest,
    PayoutStatus,
)
from patungan.providers.xendit.refunds import Refund, RefundReason, RefundRequest, RefundStatus
from patungan.providers.xendit.transactions import (
    ListedTransaction,
    TransactionFee,
    TransactionStatus,
    TransactionType,
)

__all__ = [
    "BANKS",
    "BASE_URL",
    "E_WALLETS",
    "PASSING_PAYOUT_FAILURES",
    "Callback",
    "InvalidAccountNumber",
    "Invoice",
    "InvoiceCallback",
    "InvoiceCustomer",
    "InvoiceFee",
    "InvoiceItem",
    "InvoiceRequest",
    "InvoiceStatus",
    "ListedTransaction",
    "Payout",
    "PayoutAccount",
    "PayoutCallback",
    "PayoutReceipt",
    "PayoutRequest",
    "PayoutStatus",
    "Refund",
    "RefundCallback",
    "RefundReason",
    "RefundRequest",
    "RefundStatus",
    "TransactionFee",
    "TransactionStatus",
    "TransactionType",
    "UnknownCallback",
    "UnknownChannel",
    "Xendit",
    "parse_callback",
    "payout_account_number",
    "payout_channel",
    "verify_callback_token",
    "verify_signature",
]
