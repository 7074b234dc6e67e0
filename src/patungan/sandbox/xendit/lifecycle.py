"""What happens at Xendit while nobody calls: invoices expire, refunds are decided, payouts go their way."""

from __future__ import annotations

from patungan.sandbox.context import Sandbox
from patungan.sandbox.xendit import invoices, payouts, refunds


def progress(sandbox: Sandbox) -> None:
    """Do what is due now, a bounded share of it at a time."""
    invoices.expire_due(sandbox)
    refunds.decide_due(sandbox)
    payouts.advance_due(sandbox)
