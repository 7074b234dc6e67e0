"""The contract of seller: stores as other services see them, what they offer, and their stock promised to orders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from patungan.kernel.contract import Message, Nothing, event, operation
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class GetSellers(Message, frozen=True):
    """Asks for sellers by id; unknown ids are left out of the answer."""

    seller_ids: list[UUID]


class GetOwnedSeller(Message, frozen=True):
    """Asks for the store of a person, who has one at most."""

    user_id: UUID


class Seller(Message, frozen=True):
    """A store and where its parcels start."""

    id: UUID
    user_id: UUID
    name: str
    slug: str
    status: str
    verification_status: str
    phone: str
    line: str
    district: str
    city: str
    province: str
    postal_code: str

    @property
    def may_sell(self) -> bool:
        """Whether it takes new orders."""
        return self.status == "active" and self.verification_status == "verified"


class Sellers(Message, frozen=True):
    sellers: list[Seller]


class BankAccount(Message, frozen=True):
    """Where a seller is paid; for the payout alone, never to be shown or logged."""

    seller_id: UUID
    bank_code: str
    account_number: str
    account_name: str


class BankAccounts(Message, frozen=True):
    """Of the sellers that have given one."""

    accounts: list[BankAccount]


class GetOffers(Message, frozen=True):
    """Asks what sellers that may sell offer of products."""

    product_ids: list[UUID]


class Offer(Message, frozen=True):
    """A variant in a seller's stock: the seller's own price of a unit in rupiah, and the units that are free."""

    seller_id: UUID
    seller_name: str
    seller_slug: str
    city: str
    postal_code: str
    product_id: UUID
    variant_id: UUID | None
    price: Rupiah
    available: int


class Offers(Message, frozen=True):
    offers: list[Offer]


class StockLine(Message, frozen=True):
    """Units of a variant; ``variant_id`` None: no variants."""

    product_id: UUID
    variant_id: UUID | None
    quantity: int


class StockHold(Message, frozen=True):
    """What an order wants of a seller's stock: all of it or nothing."""

    order_id: UUID
    order_number: str
    seller_id: UUID
    lines: list[StockLine]
    expires_at: datetime


class ReserveStock(Message, frozen=True):
    """Promises stock to orders, first come, first served within the batch; a known order is answered as it stands."""

    holds: list[StockHold]


class Shortage(Message, frozen=True):
    """A line that could not be held, and the units that are free of it."""

    product_id: UUID
    variant_id: UUID | None
    available: int


class HoldOutcome(Message, frozen=True):
    """Whether an order has its stock; ``short`` says what was missing."""

    order_id: UUID
    held: bool
    short: list[Shortage]


class HoldOutcomes(Message, frozen=True):
    """In the order of the holds asked for."""

    outcomes: list[HoldOutcome]


class SellStock(Message, frozen=True):
    """Turns what paid orders hold into sales; once an order."""

    order_ids: list[UUID]


class SoldStock(Message, frozen=True):
    """``missing`` held nothing any more: their stock was given back or never promised."""

    sold: list[UUID]
    missing: list[UUID]


class GiveBackStock(Message, frozen=True):
    """Ends what orders have of the stock: a hold is released, a sale comes back as a return; once an order.

    An order that is not known yet is remembered as ended, so that a hold that arrives later is refused.
    """

    order_ids: list[UUID]
    reason: str


get_sellers = operation("seller", "get-sellers", GetSellers, Sellers)
get_owned_seller = operation("seller", "get-owned-seller", GetOwnedSeller, Sellers)
get_bank_accounts = operation("seller", "get-bank-accounts", GetSellers, BankAccounts)
get_offers = operation("seller", "get-offers", GetOffers, Offers)
reserve_stock = operation("seller", "reserve-stock", ReserveStock, HoldOutcomes, timeout=15.0)
sell_stock = operation("seller", "sell-stock", SellStock, SoldStock, timeout=15.0)
give_back_stock = operation("seller", "give-back-stock", GiveBackStock, Nothing, timeout=15.0)


class SellerNotFound(Problem):
    code, status, title = "seller_not_found", 404, "There is no such store"


class StoreExists(Problem):
    code, status, title = "store_exists", 409, "This account has a store already"


class StoreSlugTaken(Problem):
    code, status, title = "store_slug_taken", 409, "Another store has this address already"


class SellerNotVerifiable(Problem):
    code, status, title = "seller_not_verifiable", 409, "Documents for the verification are missing"


class SellerStatusRefused(Problem):
    code, status, title = "seller_status_refused", 409, "The store's status cannot change that way"


class SellerNotActive(Problem):
    code, status, title = "seller_not_active", 409, "The store is not verified and active"


class SellerItemNotFound(Problem):
    code, status, title = "seller_item_not_found", 404, "The store does not sell this"


class SellerItemExists(Problem):
    code, status, title = "seller_item_exists", 409, "The store sells this product already"


class SellerStockRefused(Problem):
    """``data.available`` tells how many units are free."""

    code, status, title = "seller_stock_refused", 409, "There are not that many free units"


class _SellerEvent(Message, frozen=True):
    """``user_id`` is the store's owner."""

    seller_id: UUID
    user_id: UUID
    name: str


@event("seller", "seller.verified")
class SellerVerified(_SellerEvent, frozen=True):
    pass


@event("seller", "seller.rejected")
class SellerRejected(_SellerEvent, frozen=True):
    """The documents were not accepted, with the reason."""

    reason: str


@event("seller", "seller.status_changed")
class SellerStatusChanged(_SellerEvent, frozen=True):
    status: str


@event("seller", "seller.stock_low")
class SellerStockLow(_SellerEvent, frozen=True):
    """The free units fell to the threshold just now."""

    product_id: UUID
    variant_id: UUID | None
    product_name: str
    available: int


@event("seller", "seller.order_received")
class SellerOrderReceived(_SellerEvent, frozen=True):
    """An order was paid: its goods are sold and wait to be packed."""

    order_id: UUID
    order_number: str
    units: int
