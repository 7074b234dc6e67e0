"""The seller service: sellers and their inventory. Port 3012."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import seller as contract
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret, SecretRule

# Imported for what they implement.
from patungan.services.seller.operations import inventory as _inventory  # noqa: F401
from patungan.services.seller.operations import stores as _stores  # noqa: F401
from patungan.services.seller.operations.holds import Desk, open_desk, release_expired_holds
from patungan.services.seller.processes import welcome_seller
from patungan.services.seller.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of seller."""

    data_encryption_key: Annotated[
        Secret, "DATA_ENCRYPTION_KEY: encrypts bank account numbers at rest", SecretRule(44)
    ] = Secret("")


async def _start(ctx: Context) -> None:
    ctx.local["desk"] = open_desk(ctx)


async def _stop(ctx: Context) -> None:
    desk: Desk = ctx.local["desk"]
    await desk.close()


service = Service(
    name="seller",
    purpose="Sellers and their inventory",
    settings=Settings,
    routes=routes,
    operations=[
        contract.get_sellers,
        contract.get_owned_seller,
        contract.get_bank_accounts,
        contract.get_offers,
        contract.reserve_stock,
        contract.sell_stock,
        contract.give_back_stock,
    ],
    workflows=[welcome_seller],
    timers=[release_expired_holds],
    on_start=_start,
    on_stop=_stop,
)
