"""The seller service: sellers and their inventory. Port 3012."""

from __future__ import annotations

from patungan.contracts import seller as contract
from patungan.kernel.service import Service

# Imported for what they implement.
from patungan.services.seller.operations import inventory as _inventory  # noqa: F401
from patungan.services.seller.operations import stores as _stores  # noqa: F401
from patungan.services.seller.operations.holds import release_expired_holds
from patungan.services.seller.processes import welcome_seller
from patungan.services.seller.routes import routes

service = Service(
    name="seller",
    purpose="Sellers and their inventory",
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
)
