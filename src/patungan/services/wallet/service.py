"""The wallet service: balances, credits, holds, withdrawals. Port 3010."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import wallet as contract
from patungan.kernel.forgetting import MONEY_KEYS_KEPT
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret, SecretRule
from patungan.providers.disbursing import open_gateway, xendit
from patungan.providers.xendit import BASE_URL

# Imported for what they implement.
from patungan.services.wallet.operations import cashbacks as _cashbacks  # noqa: F401
from patungan.services.wallet.operations import credits as _credits  # noqa: F401
from patungan.services.wallet.operations.watching import start_watching, stop_watching
from patungan.services.wallet.processes import schedules, subscriptions, timers, workflows
from patungan.services.wallet.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of wallet; amounts in rupiah."""

    xendit_secret_key: Annotated[
        Secret, "XENDIT_SECRET_KEY: the account that pays withdrawals out", SecretRule(24, prefix="xnd_production_")
    ] = Secret("")
    xendit_webhook_verification_token: Annotated[
        Secret, "XENDIT_WEBHOOK_VERIFICATION_TOKEN: proves Xendit's callbacks, from its dashboard", SecretRule(32)
    ] = Secret("")
    xendit_webhook_hmac_secret: Annotated[
        Secret, "XENDIT_WEBHOOK_HMAC_SECRET: set where a relay before us signs callbacks (HMAC-SHA256)"
    ] = Secret("")
    xendit_api_url: Annotated[str, "XENDIT_API_URL: where Xendit's API is"] = BASE_URL
    data_encryption_key: Annotated[
        Secret, "DATA_ENCRYPTION_KEY: encrypts bank account numbers at rest", SecretRule(44)
    ] = Secret("")
    withdrawal_minimum: Annotated[int, "WITHDRAWAL_MINIMUM: the smallest withdrawal"] = 10_000
    withdrawal_fee: Annotated[int, "WITHDRAWAL_FEE: our fee, inside the amount"] = 2_500
    withdrawal_daily_count: Annotated[int, "WITHDRAWAL_DAILY_COUNT: withdrawals of a person a day"] = 5
    withdrawal_daily_amount: Annotated[int, "WITHDRAWAL_DAILY_AMOUNT: what a person withdraws a day"] = 250_000_000
    payout_fee: Annotated[int, "PAYOUT_FEE: what the provider charges for a payout, by its contract"] = 0


async def _open(ctx: Context) -> None:
    open_gateway(ctx)
    start_watching(ctx)


async def _close(ctx: Context) -> None:
    await stop_watching(ctx)
    await xendit(ctx).aclose()


service = Service(
    name="wallet",
    purpose="User wallet, credits, withdrawals",
    settings=Settings,
    routes=routes,
    operations=[contract.credit_cashbacks, contract.credit_refund, contract.hold_funds, contract.release_hold],
    subscriptions=subscriptions,
    workflows=workflows,
    schedules=schedules,
    timers=timers,
    on_start=_open,
    on_stop=_close,
    keys_kept=MONEY_KEYS_KEPT,
)
