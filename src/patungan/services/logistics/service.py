"""The logistics service: shipping rates, booking and tracking. Port 3011."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import logistics as contract
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret
from patungan.providers.couriers import biteship, jne, sicepat
from patungan.services.logistics.couriers import open_couriers
from patungan.services.logistics.operations.areas import ServiceAreas
from patungan.services.logistics.operations.couriers import SwitchedOff
from patungan.services.logistics.operations.rates import RateBook
from patungan.services.logistics.processes import subscriptions, timers
from patungan.services.logistics.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of logistics. Without any courier's key every parcel has the flat rate, marked as an estimate."""

    biteship_api_key: Annotated[Secret, "BITESHIP_API_KEY: rates of all couriers through Biteship"] = Secret("")
    biteship_api_url: Annotated[str, "BITESHIP_API_URL: Biteship's base address"] = biteship.BASE_URL
    biteship_couriers: Annotated[str, "BITESHIP_COURIERS: comma-separated couriers to ask Biteship for"] = ",".join(
        biteship.DEFAULT_COURIERS
    )
    jne_api_key: Annotated[Secret, "JNE_API_KEY: JNE's own API, used without Biteship"] = Secret("")
    jne_username: Annotated[str, "JNE_USERNAME: the user that JNE's key belongs to"] = ""
    jne_api_url: Annotated[str, "JNE_API_URL: JNE's base address"] = jne.RATES_URL
    jnt_api_key: Annotated[Secret, "JNT_API_KEY: J&T Express's own API, used without Biteship"] = Secret("")
    jnt_tariff_key: Annotated[Secret, "JNT_TARIFF_KEY: signs J&T tariff requests; the API key unless set"] = Secret("")
    jnt_customer: Annotated[str, "JNT_CUSTOMER: our name at J&T Express"] = ""
    jnt_api_url: Annotated[str, "JNT_API_URL: J&T Express's base address, as its contract names it"] = ""
    sicepat_api_key: Annotated[Secret, "SICEPAT_API_KEY: SiCepat's own API, used without Biteship"] = Secret("")
    sicepat_api_url: Annotated[str, "SICEPAT_API_URL: SiCepat's base address"] = sicepat.BASE_URL
    jne_booking_url: Annotated[
        str, "JNE_BOOKING_URL: where JNE gives waybills; its base address if that is another"
    ] = ""
    jne_branch: Annotated[str, "JNE_BRANCH: the branch of our contract with JNE"] = ""
    jne_customer: Annotated[str, "JNE_CUSTOMER: our customer number at JNE"] = ""
    jnt_track_password: Annotated[Secret, "JNT_TRACK_PASSWORD: for J&T tracking; the API key unless set"] = Secret("")
    jnt_places: Annotated[str, "JNT_PLACES: file of J&T's place codes: city,district,city_code,area_code a line"] = ""
    shipper_name: Annotated[str, "SHIPPER_NAME: who sends parcels"] = "Patungan"
    shipper_phone: Annotated[str, "SHIPPER_PHONE: whom couriers call about parcels"] = "+628001234567"
    leg1_fallback_cost: Annotated[
        int, "LEG1_FALLBACK_COST: rupiah a purchase order until its carrier's price is known"
    ] = 50_000
    biteship_webhook_signature_key: Annotated[
        str, "BITESHIP_WEBHOOK_SIGNATURE_KEY: name of the header that proves Biteship's webhooks"
    ] = "x-biteship-signature"
    biteship_webhook_signature_secret: Annotated[
        Secret, "BITESHIP_WEBHOOK_SIGNATURE_SECRET: what that header carries"
    ] = Secret("")
    biteship_webhook_hmac_secret: Annotated[
        Secret, "BITESHIP_WEBHOOK_HMAC_SECRET: set where a relay before us signs Biteship's webhooks (HMAC-SHA256)"
    ] = Secret("")
    logistics_webhook_hmac_secret: Annotated[
        Secret, "LOGISTICS_WEBHOOK_HMAC_SECRET: signs what couriers push by contract (HMAC-SHA256)"
    ] = Secret("")
    flat_rate_per_kg: Annotated[int, "FLAT_RATE_PER_KG: rupiah a started kilogram while no courier answers"] = 20_000


async def _open(ctx: Context) -> None:
    ctx.local["couriers"] = open_couriers(ctx)
    ctx.local["rates"] = RateBook()
    ctx.local["switched_off"] = SwitchedOff()
    ctx.local["areas"] = ServiceAreas()


async def _close(ctx: Context) -> None:
    await ctx.local["rates"].close()
    await ctx.local["areas"].close()
    for courier in ctx.local["couriers"]:
        await courier.aclose()


service = Service(
    name="logistics",
    purpose="Shipping rates, booking and tracking",
    settings=Settings,
    routes=routes,
    operations=[contract.quote_rates],
    subscriptions=subscriptions,
    timers=timers,
    on_start=_open,
    on_stop=_close,
)
