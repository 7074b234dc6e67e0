"""The wallet service: balances and credits. Port 3010."""

from __future__ import annotations

from patungan.contracts import wallet as contract
from patungan.kernel.service import Service

# Imported for what it implements.
from patungan.services.wallet.operations import cashbacks as _cashbacks  # noqa: F401
from patungan.services.wallet.routes import routes

service = Service(
    name="wallet",
    purpose="User wallet, credits, withdrawals",
    routes=routes,
    operations=[contract.credit_cashbacks, contract.credit_refund],
)
