"""The address service: addresses and locations. Port 3015."""

from __future__ import annotations

from patungan.contracts import address as contract
from patungan.kernel.service import Service
from patungan.services.address.routes import routes

service = Service(
    name="address",
    purpose="Addresses and locations",
    routes=routes,
    operations=[contract.get_address, contract.get_addresses],
)
