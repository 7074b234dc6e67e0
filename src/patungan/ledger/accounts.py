"""The chart of accounts as Python names them. An account's code is ``kind`` or ``kind/<id>``."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

Account = NewType("Account", str)

GATEWAY_CLEARING = Account("gateway_clearing")
BANK = Account("bank")
PAYABLE_WAREHOUSE = Account("payable_warehouse")
PAYABLE_COURIER = Account("payable_courier")
REFUND_CLEARING = Account("refund_clearing")
WITHDRAWAL_CLEARING = Account("withdrawal_clearing")
COMMISSION_REVENUE = Account("commission_revenue")
FEE_INCOME = Account("fee_income")
WITHDRAWAL_FEE_INCOME = Account("withdrawal_fee_income")
GATEWAY_EXPENSE = Account("gateway_expense")
GOODWILL = Account("goodwill")
QUARANTINE = Account("quarantine")


def escrow(session_id: UUID) -> Account:
    """What buyers paid for a session that is not settled yet."""
    return Account(f"escrow/{session_id}")


def order_escrow(order_id: UUID) -> Account:
    """What a buyer paid for a direct order that is not delivered yet."""
    return Account(f"order_escrow/{order_id}")


def cashback_payable(session_id: UUID) -> Account:
    """Tier refunds released from a session's escrow, on their way to wallets."""
    return Account(f"cashback_payable/{session_id}")


def wallet(user_id: UUID) -> Account:
    """What a user may spend or withdraw; never below zero."""
    return Account(f"wallet/{user_id}")


def wallet_hold(user_id: UUID) -> Account:
    """Wallet money held for a payment that is not complete; never below zero."""
    return Account(f"wallet_hold/{user_id}")


def payable_factory(factory_id: UUID) -> Account:
    """What we owe a factory."""
    return Account(f"payable_factory/{factory_id}")


def payable_seller(seller_id: UUID) -> Account:
    """What we owe a seller."""
    return Account(f"payable_seller/{seller_id}")


def payable_office(office_id: UUID) -> Account:
    """What we owe an agent's office of commissions."""
    return Account(f"payable_office/{office_id}")
