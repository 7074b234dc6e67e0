"""The address service: addresses and locations. Port 3015."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import address as contract
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret
from patungan.providers.maps import BASE_URL, GoogleMaps
from patungan.services.address.operations.geocoding import open_maps
from patungan.services.address.processes import timers
from patungan.services.address.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of address. Without a key the seat of the city stands for an address."""

    google_maps_api_key: Annotated[Secret, "GOOGLE_MAPS_API_KEY: geocoding by Google Maps"] = Secret("")
    google_maps_api_url: Annotated[str, "GOOGLE_MAPS_API_URL: Google Maps' base address"] = BASE_URL
    google_maps_daily_quota: Annotated[
        int, "GOOGLE_MAPS_DAILY_QUOTA: questions a day of Asia/Jakarta, each of which costs money"
    ] = 1_000


async def _open(ctx: Context) -> None:
    ctx.local["maps"] = open_maps(ctx)


async def _close(ctx: Context) -> None:
    maps: GoogleMaps | None = ctx.local["maps"]
    if maps is not None:
        await maps.aclose()


service = Service(
    name="address",
    purpose="Addresses and locations",
    settings=Settings,
    routes=routes,
    operations=[contract.get_address, contract.get_addresses, contract.get_coverage],
    timers=timers,
    on_start=_open,
    on_stop=_close,
)
