"""The contract of logistics: what a parcel from the warehouse costs."""

from __future__ import annotations

from patungan.kernel.contract import Message, operation
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class QuoteRates(Message, frozen=True):
    """Asks what a parcel costs; weight in grams, dimensions in centimetres, value in rupiah, all of the whole parcel."""

    origin_postal_code: str
    destination_postal_code: str
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int
    value: Rupiah


class Rate(Message, frozen=True):
    """An offer; ``service`` names it in a join (``jne:reg``). ``estimated`` marks the flat fallback when no courier answers."""

    service: str
    courier: str
    name: str
    price: Rupiah
    min_days: int
    max_days: int
    estimated: bool = False


class Rates(Message, frozen=True):
    """Offers, cheapest first."""

    rates: list[Rate]


quote_rates = operation("logistics", "quote-rates", QuoteRates, Rates, timeout=8.0)


class CourierServiceUnknown(Problem):
    code, status, title = "courier_service_unknown", 400, "No courier offers this service for that place"
