"""What a session must come to, worked out from DOMAIN.md 6 with no help from the services that it judges.

Money is whole rupiah, quantities are units.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session offers: prices by tier, the minimum order quantity, and the cost of the way to the warehouse."""

    moq: int
    base: int
    tiers: dict[int, int]
    bulk_shipping_cost: int

    def tier(self, paid_units: int) -> int:
        """The tier that paid units reach: the highest whose share of the minimum they are, never below 25."""
        share = Fraction(paid_units, self.moq)
        return max([25, *(tier for tier in (50, 75, 100) if share >= Fraction(tier, 100))])

    def platform_fill(self, paid_units: int) -> int:
        """Units that the platform guarantees so that a quarter of the minimum is there."""
        return max(0, ceil(Fraction(self.moq, 4)) - paid_units) if paid_units else 0

    @property
    def leg1_per_unit(self) -> int:
        """A unit's share of the way to the warehouse, rounded up."""
        return ceil(Fraction(self.bulk_shipping_cost, self.moq))


@dataclass(frozen=True, slots=True)
class Charge:
    """What a buyer pays: product, both legs of the way, and 3 % of the product price rounded up."""

    product: int
    leg1: int
    leg2: int
    fee: int

    @property
    def total(self) -> int:
        return self.product + self.leg1 + self.leg2 + self.fee


def charge(terms: Terms, adjustment: int, units: int, leg2: int) -> Charge:
    """What a join costs; ``adjustment`` is the variant's difference to the base price."""
    product = (terms.base + adjustment) * units
    return Charge(product, terms.leg1_per_unit * units, leg2, ceil(Fraction(3 * product, 100)))


def cashback(terms: Terms, tier: int, units: int) -> int:
    """What goes back to a wallet at the close."""
    return (terms.base - terms.tiers[tier]) * units


@dataclass(frozen=True, slots=True)
class Share:
    """A paid participation, as far as the division of the escrow needs it."""

    charge: Charge
    adjustment: int
    units: int


@dataclass(frozen=True, slots=True)
class Division:
    """Where a session's escrow goes (DOMAIN.md 6.2)."""

    cashback: int
    factory: int
    warehouse: int
    courier: int
    commission: int
    fee_income: int

    @property
    def total(self) -> int:
        return self.cashback + self.factory + self.warehouse + self.courier + self.commission + self.fee_income


def divide(terms: Terms, shares: list[Share], from_stock: list[tuple[int, int]]) -> Division:
    """Divide the escrow of paid shares; ``from_stock`` lists (variant's adjustment, units) that came from old stock.

    The commission is a tenth of all product value, and the factory's part of it a tenth of the value of new goods, each
    half a rupiah rounded up; old stock's value less its part of the commission is the warehouse's, with leg one.
    """
    tier = terms.tier(sum(share.units for share in shares))
    price = terms.tiers[tier]
    sold = sum((price + share.adjustment) * share.units for share in shares)
    old = sum((price + adjustment) * units for adjustment, units in from_stock)
    commission = _half_up(Fraction(sold, 10))
    of_factory = _half_up(Fraction(sold - old, 10))
    return Division(
        cashback=sum(cashback(terms, tier, share.units) for share in shares),
        factory=sold - old - of_factory,
        warehouse=sum(share.charge.leg1 for share in shares) + old - (commission - of_factory),
        courier=sum(share.charge.leg2 for share in shares),
        commission=commission,
        fee_income=sum(share.charge.fee for share in shares),
    )


def rounded_purchase(missing: int, wholesale_unit: int) -> int:
    """What is ordered of a product that is not sold in bundles: whole wholesale units that cover what is missing."""
    return ceil(Fraction(missing, wholesale_unit)) * wholesale_unit


def _half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))
