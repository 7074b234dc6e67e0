"""The settlement service: factory settlements and payouts. Port 3013."""

from __future__ import annotations

from typing import Annotated

from patungan.kernel.forgetting import MONEY_KEYS_KEPT
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret, SecretRule
from patungan.providers.disbursing import open_gateway, xendit
from patungan.providers.xendit import BASE_URL
from patungan.services.settlement.processes import schedules, subscriptions, timers, workflows
from patungan.services.settlement.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of settlement; amounts in rupiah."""

    xendit_secret_key: Annotated[
        Secret, "XENDIT_SECRET_KEY: the account that pays settlements out", SecretRule(24, prefix="xnd_production_")
    ] = Secret("")
    xendit_api_url: Annotated[str, "XENDIT_API_URL: where Xendit's API is"] = BASE_URL
    data_encryption_key: Annotated[
        Secret, "DATA_ENCRYPTION_KEY: encrypts bank account numbers at rest", SecretRule(44)
    ] = Secret("")
    settlement_approval_above: Annotated[
        int, "SETTLEMENT_APPROVAL_ABOVE: a larger payout is approved by two persons"
    ] = 50_000_000
    settlement_minimum_payout: Annotated[
        int, "SETTLEMENT_MINIMUM_PAYOUT: less than this is carried over to the next settlement"
    ] = 10_000
    payout_fee: Annotated[int, "PAYOUT_FEE: what the provider charges for a payout, by its contract"] = 0


async def _open(ctx: Context) -> None:
    open_gateway(ctx)


async def _close(ctx: Context) -> None:
    await xendit(ctx).aclose()


service = Service(
    name="settlement",
    purpose="Factory settlements and payouts",
    settings=Settings,
    routes=routes,
    subscriptions=subscriptions,
    workflows=workflows,
    schedules=schedules,
    timers=timers,
    on_start=_open,
    on_stop=_close,
    keys_kept=MONEY_KEYS_KEPT,
)
