"""The contract of product: what other services need to know of a product and its variants."""

from __future__ import annotations

from uuid import UUID

from patungan.kernel.contract import Message, event, operation
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class GetProducts(Message, frozen=True):
    """Asks for products by id; unknown ids are left out of the answer."""

    product_ids: list[UUID]


class Variant(Message, frozen=True):
    """A variant; its price is the product's plus ``price_adjustment`` (rupiah, may be negative), weight in grams."""

    id: UUID
    sku: str
    name: str
    price_adjustment: int
    weight_grams: int
    is_active: bool


class Product(Message, frozen=True):
    """A product as it stands; prices in rupiah, weight in grams, dimensions in centimetres."""

    id: UUID
    factory_id: UUID
    category_id: UUID
    sku: str
    slug: str
    name: str
    name_en: str
    status: str
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    min_order_quantity: int
    group_duration_hours: int
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int
    renews: bool
    """Whether an ended session is followed by one for the next day (DOMAIN.md 4.4)."""
    image_url: str | None
    variants: list[Variant]


class Products(Message, frozen=True):
    products: list[Product]


get_products = operation("product", "get-products", GetProducts, Products)


class ProductNotFound(Problem):
    code, status, title = "product_not_found", 404, "There is no such product"


class CategoryNotFound(Problem):
    code, status, title = "category_not_found", 404, "There is no such category"


class VariantNotFound(Problem):
    code, status, title = "variant_not_found", 404, "This product has no such variant"


class ProductNotReady(Problem):
    code, status, title = "product_not_ready", 409, "The product cannot be published yet"


class SkuTaken(Problem):
    code, status, title = "sku_taken", 409, "This SKU is used already"


class SlugTaken(Problem):
    code, status, title = "slug_taken", 409, "This slug is used already"


class ProductStatusRefused(Problem):
    code, status, title = "product_status_refused", 409, "The product's status cannot change that way"


class ProductInSession(Problem):
    code, status, title = "product_in_session", 409, "Prices stay as they are while a session of the product is open"


class ImageNotFound(Problem):
    code, status, title = "image_not_found", 404, "This product has no such picture"


class TicketNotFound(Problem):
    code, status, title = "ticket_not_found", 404, "There is no such ticket for an upload"


class UploadRefused(Problem):
    code, status, title = "upload_refused", 403, "The ticket does not allow this upload"


class UploadMissing(Problem):
    code, status, title = "upload_missing", 409, "Nothing was uploaded with this ticket yet"


class ImportRefused(Problem):
    code, status, title = "import_refused", 400, "The file cannot be read as a list of products"


class ImportNotFound(Problem):
    code, status, title = "import_not_found", 404, "There is no such import"


@event("product", "product.published")
class ProductPublished(Message, frozen=True):
    product_id: UUID
    factory_id: UUID


@event("product", "product.deactivated")
class ProductDeactivated(Message, frozen=True):
    product_id: UUID
    factory_id: UUID


@event("product", "product.price_changed")
class ProductPriceChanged(Message, frozen=True):
    """What a product costs from now on, in rupiah."""

    product_id: UUID
    factory_id: UUID
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
